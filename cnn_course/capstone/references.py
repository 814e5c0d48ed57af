"""References of lesson 7: the data, the rules of the challenge, and what is measured.

All measurements are on 320 shapes, batches of 32, Adam with a rate of 0.005, 20 epochs. Numbers are
lowest / median / highest.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import cache
from typing import Any, NamedTuple

import numpy as np

from cnn_course.data.shapes import NAMES, draw_shapes
from cnn_course.references import Array, Rng
from grader import expect
from grader.crossing.networks import Callback
from grader.errors import Mismatch
from grader.judging.expect.training import CLOSE
from grader.judging.expect.training import is_typed_by_hand as is_typed_by_hand

SEED = 0
"""Which draw of the shapes the lesson uses; a script that measures on others sets it."""
IMAGES, VALIDATION, HIDDEN = 320, 400, 800
"""How many shapes to train with, to validate with, and to be judged on."""
BATCH = 32
STEPS = IMAGES // BATCH
"""Batches of an epoch, each of which moves the weights once."""
SHAPE, CLASSES = (28, 28, 1), len(NAMES)

BUDGET = 10_000
"""Parameters at most."""
WORK = 4_000_000_000  # the solution takes 3,252 million in 20 epochs, 5 to 6 s of one slow core
"""Multiplications of the whole training, forwards: of one image, times 320, times the epochs."""
KINDS = 2
"""Kinds of regularization at least."""
ACCURACY = 0.85
"""Of the hidden shapes, at least. On three draws of the data:

the lesson's solution (63 trainings, 20 seeds on each draw) .94 / .99 / 1.00; other designs with a
global maximum or with normalization, 3 trainings each, .92 and up; normalization, a global average
and early stopping .94 / .95 / .98; Flatten behind three poolings, with dropout and early stopping
.81 / .88 / .94, and with flips, normalization and dropout .88 / .93 / .94; input noise and L2 .68 /
.94 / .98, which has not learned enough after 20 epochs. Careless ones within the budget (Flatten
behind two poolings, no remedy 15, or dropout .02 and L2 1e-6, 15 trainings) .59 / .68 / .78.
"""
GAP = 0.4
"""Below it. The solution .00 / .03 / .07, other designs up to .25; the careless ones .50 / .80 /
1.32 without a remedy, .31 / .76 / .94 with weak ones: 1 of 30 below, and none of them is accurate.
"""

LEAST, LEAST_PENALTY = 0.01, 1e-6
"""Dropout rates, factors, noise, and the strengths of penalties below these do not act."""

SEEN, BETTER = 0.5, 0.25
"""Trained on the validation shapes: their loss is below half of that of new ones, and by 0.25."""
LEARNED = 0.5
"""Networks that read less of the training shapes have hardly been trained; guessing reads .25."""
GUESSING = math.log(len(NAMES))
"""The loss of a network that gives every class the same probability: 1.39."""
STILL, SHARE = 0.03, 0.05
"""A curve still falls if three epochs later it is lower by so much, and by such a share of it."""


class Shapes(NamedTuple):
    """The shapes of the lesson."""

    images: Array
    labels: Array
    validation_images: Array
    validation_labels: Array


def lesson_shapes() -> Shapes:
    """The shapes that the lesson trains and validates with."""
    return _shapes(SEED)


@cache
def _shapes(seed: int) -> Shapes:
    rng = np.random.default_rng(seed)
    return Shapes(*draw_shapes(IMAGES, rng), *draw_shapes(VALIDATION, rng))


def training_part() -> tuple[Array, Array]:
    """The training images (320, 28, 28, 1) and their labels."""
    shapes = lesson_shapes()
    return shapes.images, shapes.labels


def validation_part() -> tuple[Array, Array]:
    """The validation images (400, 28, 28, 1) and their labels."""
    shapes = lesson_shapes()
    return shapes.validation_images, shapes.validation_labels


def hidden_part(rng: Rng, count: int = HIDDEN) -> tuple[Array, Array]:
    """Shapes that were never seen before."""
    return draw_shapes(count, rng)


@cache
def other_shapes() -> tuple[Array, Array]:
    """Shapes in neither part, always the same: for diagnoses."""
    return draw_shapes(HIDDEN, 10_000)


def is_reader(model: Any) -> None:
    """`model` takes shapes, gives four scores and is compiled with the loss of the lesson."""
    gives_four_scores(model)
    expect.compiled(model, loss="sparse_categorical_crossentropy")
    expect.that(
        not takes_softmax_twice(model),
        "The four outputs of your model are probabilities: they add up to 1 for every image. The "
        "loss expects scores (`from_logits=True`) and applies softmax itself.",
    )
    expect.that(
        not takes_scores_for_probabilities(model),
        "The four outputs of your model are scores, and its loss takes them for probabilities. "
        "Compile it with the loss of `fit`, which has `from_logits=True`.",
    )


def gives_four_scores(model: Any) -> None:
    """`model` takes an image of 28×28×1 and gives four numbers."""
    expect.model(model)
    expect.input_shape(model, SHAPE)
    expect.output_shape(model, (CLASSES,))


def gives_probabilities(model: Any) -> bool:
    """Whether the outputs are positive and add up to 1, whatever goes in."""
    noise = np.random.default_rng(0).normal(0, 3, size=(8, *SHAPE)).astype(np.float32)
    outputs = np.asarray(model(noise, training=False))
    return bool((outputs >= 0).all() and np.allclose(outputs.sum(axis=-1), 1, atol=1e-3))


def takes_softmax_twice(model: Any) -> bool:
    """Whether the outputs are probabilities already, and the loss makes some of them again."""
    return _expects_scores(model) is True and gives_probabilities(model)


def takes_scores_for_probabilities(model: Any) -> bool:
    """Whether the outputs are scores, and the loss was not told so."""
    return _expects_scores(model) is False and not gives_probabilities(model)


def _expects_scores(model: Any) -> bool | None:
    """Whether the loss applies the softmax; None for a model that is not compiled with it."""
    try:
        expect.compiled(model, loss="sparse_categorical_crossentropy")
    except Mismatch:
        return None
    try:
        expect.compiled(model, from_logits=True)
    except Mismatch:
        return False
    return True


def gap_of(model: Any) -> float:
    """How much larger the loss is on the validation shapes than on the training shapes."""
    return expect.training.gap(model, training_part(), validation_part())


# Work.


def multiplications(model: Any) -> int:
    """The multiplications of one image: every weight of a kernel once for each place of its output.

    Biases are added, pooling compares or adds, and a normalization's are not counted.
    """
    total = 0
    for layer in expect.every_layer(model):
        if type(layer).__name__ == "BatchNormalization":
            continue
        kernels = sum(math.prod(weight.shape) for weight in layer.weights if len(weight.shape) > 1)
        total += kernels * math.prod(layer.output.shape[1:-1]) if kernels else 0
    return int(total)


def work_of(model: Any, history: Any) -> int:
    """The multiplications of a whole training, forwards: all that the network went through."""
    seen = max(IMAGES * len(history.epoch), BATCH * (iterations_of(model) or 0))
    return multiplications(model) * seen


def claimed_work_of(model: Any, history: Any) -> int:
    """The multiplications of the epochs that a history tells of."""
    return multiplications(model) * IMAGES * len(history.epoch)


# Steps.


def steps_of(history: Any) -> int | None:
    """How many batches made an epoch; None where the history does not say so."""
    return getattr(history, "steps", None)


def iterations_of(model: Any) -> int | None:
    """How often a training moved the weights of `model`; None where it is not compiled."""
    if not getattr(model, "compiled", False) or model.optimizer is None:
        return None
    return int(model.optimizer.iterations)


def told_iterations(history: Any) -> int | None:
    """How often the epochs of a history moved the weights; None where it does not say so."""
    steps = steps_of(history)
    return None if steps is None else steps * len(history.epoch)


def is_of_ten_steps(history: Any) -> None:
    """An epoch of `history` is one pass over the training shapes."""
    steps = steps_of(history)
    expect.that(
        steps in (None, STEPS),
        f"One epoch took {steps} steps. The {IMAGES} training shapes in batches of {BATCH} make "
        f"{STEPS}: train with `fit` as it is given.",
    )


def tells_of_all_steps(model: Any, history: Any) -> None:
    """`history` tells of the whole training of `model`."""
    taken, told = iterations_of(model), told_iterations(history)
    if taken is None or told is None:
        return
    expect.that(
        taken > 0,
        "The optimizer of this network has taken 0 steps: this network was never trained, or was "
        "compiled again afterwards. Hand in the network as `fit` left it.",
    )
    expect.that(
        taken <= told,
        f"The network took {taken} steps, your history tells of {told}: it was trained before. "
        f"Build it anew, and train it once.",
    )
    accumulates = getattr(model.optimizer, "gradient_accumulation_steps", None)
    expect.that(
        taken == told or bool(accumulates),
        f"The network took {taken} steps, your history tells of {told}: they do not belong "
        f"together.",
    )


def was_never_trained(model: Any, history: Any) -> bool:
    """Whether no step was taken, though a history tells of some."""
    return iterations_of(model) == 0 and bool(told_iterations(history))


def was_trained_before(model: Any, history: Any) -> bool:
    """Whether more steps were taken than the history tells of."""
    taken, told = iterations_of(model), told_iterations(history)
    return taken is not None and told is not None and taken > told


# Regularization.

AUGMENTS = ("Flip", "Rotation", "Translation", "Zoom", "Crop", "Brightness", "Contrast")


def remedies_of(model: Any, callbacks: Sequence[Any] = ()) -> set[str]:
    """The kinds of regularization that act in training, by the words of the lesson."""
    found = {kind for layer in expect.every_layer(model) if (kind := _kind_of(layer))}
    found |= {"penalty" for layer in expect.every_layer(model) if is_penalized(layer)}
    found |= remedies_of_optimizer(model)
    if any(stops_early(callback) for callback in callbacks):
        found.add("early stopping")
    return found


def remedies_of_optimizer(model: Any) -> set[str]:
    """A penalty, where the optimizer of a model lets its weights decay."""
    return {"penalty"} if _acts(_decay_of(model), LEAST_PENALTY) else set()


def _kind_of(layer: Any) -> str:
    kind, settings = type(layer).__name__, layer.get_config()
    if "Dropout" in kind:
        return "dropout" if _acts(settings.get("rate")) else ""
    if kind == "GaussianNoise":
        return "noise" if _acts(settings.get("stddev")) else ""
    if kind == "BatchNormalization":
        return "batch normalization"
    if kind.startswith("Random"):
        return "augmentation" if kind == "RandomFlip" or _acts(_largest_factor(settings)) else ""
    return ""


def _acts(strength: Any, least: float = LEAST) -> bool:
    """Whether it is at least as strong as the rules ask for; a float32 may be a little less."""
    return float(strength or 0) >= least * (1 - 1e-6)


def _largest_factor(settings: dict[str, Any]) -> float:
    """The largest factor of a random layer, without its sign; a crop has none and acts."""
    names = [name for name in settings if name.endswith("factor")]
    if not names:
        return 1.0
    values = [np.abs(np.asarray(settings[name], float)) for name in names if settings[name]]
    return float(max((value.max(initial=0.0) for value in values), default=0.0))


def is_penalized(layer: Any) -> bool:
    """Whether a penalty with a strength stands on a layer's weights."""
    settings = layer.get_config()
    regularizers = [
        settings.get(f"{part}_regularizer") for part in ("kernel", "depthwise", "pointwise")
    ]
    return any(
        _acts(strength, LEAST_PENALTY)
        for regularizer in regularizers
        if regularizer
        for name, strength in _strengths(regularizer).items()
        if name in ("l1", "l2")
    )


def _strengths(regularizer: Any) -> dict[str, Any]:
    settings = regularizer.get("config", regularizer)
    return {name: np.max(value) for name, value in settings.items() if name in ("l1", "l2")}


def _decay_of(model: Any) -> float:
    """The weight decay of the optimizer, 0 where there is none."""
    if not getattr(model, "compiled", False):
        return 0.0
    return float(getattr(model.optimizer, "weight_decay", None) or 0.0)


def stops_early(callback: Any) -> bool:
    """Whether it is an EarlyStopping that watches the validation and brings back its best."""
    return (
        isinstance(callback, Callback)
        and callback.name == "EarlyStopping"
        and str(callback.attributes.get("monitor")).startswith("val_")
        and callback.attributes.get("restore_best_weights") is True
    )


def was_in_training(callback: Any, history: Any) -> bool:
    """Whether a callback that stops early took part in the training that `history` tells of."""
    if not stops_early(callback) or callback.attributes.get("best") is None:
        return False
    best = float(callback.attributes["best"])
    watched = np.asarray(history.history.get(callback.attributes["monitor"], ()), np.float64)
    return bool((np.abs(watched - best) <= CLOSE * max(1.0, abs(best))).any())


# Histories.


def belongs(model: Any, history: Any, callbacks: Sequence[Any] = ()) -> None:
    """`history` is that of `model`: it ends with its loss, or has it where weights came back."""
    restores = any(was_in_training(one, history) for one in callbacks)
    if restores and stands_in(model, history):
        return
    expect.training.belongs(model, history, *validation_part(), restored=restores)


def stands_in(model: Any, history: Any) -> bool:
    """Whether the model's loss on the validation shapes is that of some epoch."""
    own = expect.training.loss_of(model, *validation_part())
    claimed = np.asarray(history.history["val_loss"], np.float64)
    return bool((np.abs(claimed - own) <= CLOSE * max(1.0, own)).any())


def still_falls(history: Any) -> bool:
    """Whether the training loss still fell in the last epochs."""
    losses = np.asarray(history.history["loss"], np.float64)
    if len(losses) < 4:
        return True
    half = min(3, len(losses) // 2)
    before, end = losses[-2 * half : -half].mean(), losses[-half:].mean()
    return bool(before - end > max(STILL, SHARE * end))


def stays_at_guessing(history: Any) -> bool:
    """Whether both curves end where guessing is, or above it."""
    ends = [np.mean(history.history[name][-3:]) for name in ("loss", "val_loss")]
    return bool(min(ends) > GUESSING - 0.2)


def has_seen_the_validation_shapes(model: Any, unseen: tuple[Array, Array]) -> bool:
    """Whether it reads the validation shapes far better than `unseen` ones."""
    on_validation = expect.training.loss_of(model, *validation_part(), penalties=False)
    on_unseen = expect.training.loss_of(model, *unseen, penalties=False)
    return on_validation < SEEN * on_unseen and on_unseen - on_validation > BETTER
