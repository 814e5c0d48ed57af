"""Right and wrong answers of the exercises that train, as changes to the lessons' own sources."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np

from cnn_course.activation import decisions
from cnn_course.capstone import references as shapes
from cnn_course.dense import digits as ten_digits
from cnn_course.dense import moving
from cnn_course.dense import readers_references as readers
from cnn_course.regularization import comparing, remedies
from cnn_course.regularization import references as digits
from grader.judging.expect.training import CLOSE


@dataclass(frozen=True)
class Measure:
    """A number computed from the names that an answer defines, where right ones lie `above` and
    `below`.

    `of` is given the names and a generator of random numbers, for what the judge draws by lot.
    """

    of: Callable[[dict[str, Any], np.random.Generator], float]
    above: float = -np.inf
    below: float = np.inf

    def room(self, value: float) -> float:
        """How far a value is inside the bounds; below 0 where it is outside."""
        return float(min(value - self.above, self.below - value))


Measures = Mapping[str, Measure]


@dataclass(frozen=True)
class TrainingAnswer:
    """An answer to `exercise`: its solution with `changes` (old, new), after the code `before`.

    The solutions of the exercises that it `rests_on` stand before its own, and are changed, too.
    `measures` are numbers that the exercise's thresholds are about, by a short name.
    """

    lesson: str
    exercise: str
    name: str
    changes: tuple[tuple[str, str], ...] = ()
    before: str = ""
    rests_on: tuple[str, ...] = ()
    right: bool = True
    measures: Measures = field(default_factory=dict)


GIVEN = {
    "activation": ("import keras",),
    "dense": (
        "import matplotlib.pyplot as plt",
        "def fit_shapes(",
        "digits = load_digits()",
        "def fit_digits(",
    ),
    "capstone": ("import keras", "images, labels = draw_shapes(320, rng)", "def fit("),
    "regularization": (
        "import keras",
        "digits = noisy_digits(0)",
        "def fit(",
        "def network(",
        "def normalized_network(",
    ),
}
"""By what each lesson's given cells are known that its training answers rest on."""

DRAWINGS = (
    "noisy_digits({})",
    "np.random.default_rng({})\nimages",
    "np.random.default_rng({}).permutation(len(digit_images))",
)
"""How lessons draw their data, with the seed left open; what is redrawn is the draw 0."""


def _gap(name: str, *, above: float = -np.inf, below: float = np.inf) -> Measures:
    def gap(names: dict[str, Any], _rng: np.random.Generator) -> float:
        from cnn_course.regularization.references import gap_of

        return gap_of(names[name])

    return {"gap": Measure(gap, above, below)}


def _read(name: str) -> Measures:
    def accuracy(names: dict[str, Any], _rng: np.random.Generator) -> float:
        from grader.judging.expect.training import accuracy_of

        return accuracy_of(names[name], *digits.validation_part())

    return {"accuracy": Measure(accuracy, above=digits.LEARNED)}


def _above_the_best(names: dict[str, Any], _rng: np.random.Generator) -> float:
    from grader.judging.expect.training import loss_of

    best = float(min(names["stopped_history"].history["val_loss"]))
    return abs(loss_of(names["stopped_model"], *digits.validation_part()) - best)


def _share_of_zeros(names: dict[str, Any], _rng: np.random.Generator) -> float:
    return remedies.share_of_tiny(names["l1_model"])


def _norm(names: dict[str, Any], _rng: np.random.Generator) -> float:
    return remedies.norm(names["l2_model"])


def _curve(names: dict[str, Any]) -> Any:
    return np.asarray(names["baseline_history"].history["val_loss"])


def _rise(names: dict[str, Any], _rng: np.random.Generator) -> float:
    curve = _curve(names)
    return float(curve[-1] / curve.min())


def _best_after(names: dict[str, Any], _rng: np.random.Generator) -> float:
    curve = _curve(names)
    return float(curve.argmin() / len(curve))


def _on_moved(names: dict[str, Any], _rng: np.random.Generator) -> float:
    from cnn_course.regularization.augmenting import loss_on_moved

    claimed = names["augmented_history"].history["loss"][-1]
    return float(claimed / loss_on_moved(names["augmentation"], names["augmented_model"]))


def _gap_closed(names: dict[str, Any], rng: np.random.Generator) -> float:
    _, nothing, treated = comparing.gaps_after_training(names["build_remedy"], rng)
    return nothing - treated


def _faster(names: dict[str, Any], rng: np.random.Generator) -> float:
    plain, normalized = comparing.losses_after_a_few_steps(names["build_remedy"], rng)
    return normalized / plain


def _bent(names: dict[str, Any], rng: np.random.Generator) -> float:
    kinds = ("relu", "tanh", "relu")
    shares = decisions.accuracies([names["build_model"](kind) for kind in kinds], rng)
    return min(max(shares[0], shares[2]), shares[1])


def _straight(names: dict[str, Any], rng: np.random.Generator) -> float:
    return decisions.accuracies([names["build_model"]("linear")], rng)[0]


def _shares(build: str, place: int) -> Callable[[dict[str, Any], np.random.Generator], float]:
    """The share that a network reads of centered (0) or of moved shapes (1), trained once."""

    def share(names: dict[str, Any], rng: np.random.Generator) -> float:
        kept = names.setdefault("_shares", {})
        if build not in kept:
            kept[build] = moving.shares_read(names[build](), rng)
        return float(kept[build][place])

    return share


def _reads_hidden(names: dict[str, Any], rng: np.random.Generator) -> float:
    return readers.share_read(names["budget_network"], *readers.hidden_digits(rng))


def _is_surprised(names: dict[str, Any], rng: np.random.Generator) -> float:
    images, labels = readers.hidden_digits(rng)
    outputs = readers.outputs_of(names["budget_network"], images)
    return readers.cross_entropy_of(outputs.astype(np.float32), labels)


_OVERFITTED = {
    **_gap("baseline", above=digits.OVERFITS),
    "last loss / smallest": Measure(_rise, above=digits.RISES),
    "best epoch / epochs": Measure(_best_after, below=digits.SOONER),
}
_DROPPED = {**_gap("dropout_model", below=digits.STILL_OVERFITS), **_read("dropout_model")}
_AUGMENTED = {
    **_gap("augmented_model", below=remedies.MOVED_GAP),
    **_read("augmented_model"),
    "claimed loss / on moved digits": Measure(_on_moved, *remedies.MOVED_LOSS),
}
_NOISY = {**_gap("noisy_model", below=digits.OVERFITS), **_read("noisy_model")}
_STOPPED = {"loss above the smallest": Measure(_above_the_best, below=CLOSE)}
_PENALIZED = {
    "L1: share of zeros": Measure(_share_of_zeros, above=remedies.SPARSE),
    "L2: norm": Measure(_norm, below=remedies.SMALL_NORM),
}
_LEAGUE = {
    "gap closed": Measure(_gap_closed, above=remedies.MARGIN),
    "loss normalized / plain": Measure(_faster, below=remedies.FASTER),
}
_DECIDED = {
    "bent, accuracy": Measure(_bent, above=decisions.BENT),
    "linear, accuracy": Measure(_straight, below=decisions.STRAIGHT),
}
_MOVED = {
    "CNN, centered": Measure(_shares("build_cnn", 0), above=moving.CENTERED),
    "CNN, moved": Measure(_shares("build_cnn", 1), above=moving.STILL_READ),
    "dense, centered": Measure(_shares("build_dense", 0), above=moving.NO_LONGER_READ),
    "dense, moved": Measure(_shares("build_dense", 1), below=moving.NO_LONGER_READ),
}
_BUDGET = {
    "hidden accuracy": Measure(_reads_hidden, above=ten_digits.READS_WELL),
    "cross-entropy": Measure(_is_surprised, below=ten_digits.SURPRISE),
}
_BASELINE = "baseline = network()"
_EPOCHS = "fit(baseline)"
_CONVOLUTION = 'layers.Conv2D(16, 3, padding="same", activation="relu"),\n        '
_VALIDATED_ON_MOVED = """\
validation = np.asarray(augmentation(validation[0], training=True)), validation[1]
augmented_history = fit"""

_right = partial(TrainingAnswer, right=True)
_wrong = partial(TrainingAnswer, right=False)


def _hidden(names: dict[str, Any], _rng: np.random.Generator) -> float:
    from grader.judging.expect.training import accuracy_of

    return accuracy_of(names["my_model"], *shapes.other_shapes())


def _gap_of_mine(names: dict[str, Any], _rng: np.random.Generator) -> float:
    return shapes.gap_of(names["my_model"])


_DEFENDED = {
    "gap": Measure(_gap_of_mine, below=shapes.GAP),
    "hidden accuracy": Measure(_hidden, above=shapes.ACCURACY),
}
_BODY = """            layers.RandomFlip(),
            layers.Conv2D(8, 3, **same),
            layers.MaxPooling2D(),
            layers.Conv2D(16, 3, **same),
            layers.MaxPooling2D(),
            layers.Conv2D(32, 3, **same),
            layers.GlobalMaxPooling2D(),
            layers.Dropout(0.3),
"""
_NORMALIZED = """            layers.Conv2D(8, 3, **l2),
            layers.BatchNormalization(momentum=0.9),
            layers.ReLU(),
            layers.MaxPooling2D(),
            layers.Conv2D(16, 3, **l2),
            layers.BatchNormalization(momentum=0.9),
            layers.ReLU(),
            layers.MaxPooling2D(),
            layers.Conv2D(32, 3, **l2),
            layers.BatchNormalization(momentum=0.9),
            layers.ReLU(),
            layers.GlobalMaxPooling2D(),
"""
_L2 = """    l2 = {"padding": "same", "kernel_regularizer": keras.regularizers.L2(0.001)}
    return keras.Sequential("""
_STRIDED = """            layers.Conv2D(12, 3, strides=2, **same),
            layers.Conv2D(16, 3, **same),
            layers.MaxPooling2D(),
            layers.Conv2D(32, 3, **same),
            layers.GlobalMaxPooling2D(),
            layers.Dropout(0.3),
"""
_CARELESS = """            layers.Conv2D(8, 3, **same),
            layers.MaxPooling2D(),
            layers.Conv2D(8, 3, **same),
            layers.MaxPooling2D(),
            layers.Flatten(),
            layers.Dense(22, activation="relu"),
            layers.Dropout({rate}),
"""
_WITHOUT_CALLBACKS = (
    "[keras.callbacks.EarlyStopping(patience=6, restore_best_weights=True)]",
    "[]",
)
_HIDDEN = "            layers.Dense(16, activation=activation),\n"
_FIRST_MAPS = 'Conv2D(8, 3, padding="same", activation'
_SECOND_MAPS = 'Conv2D(16, 3, padding="same", activation'
_MORE_MAPS = 'keras.layers.Conv2D(32, 3, activation="relu")'
_MAXIMUM = "GlobalMaxPooling2D"
_mine = partial(
    TrainingAnswer, "capstone", "trained", measures=_DEFENDED, rests_on=("build_network",)
)

ANSWERS = (
    _right(
        "regularization",
        "overfit_on_purpose",
        "the network of the table",
        measures=_OVERFITTED,
    ),
    _right(
        "regularization",
        "overfit_on_purpose",
        "a single, larger convolution",
        (
            (
                f"{_CONVOLUTION}{_CONVOLUTION}",
                'layers.Conv2D(32, 3, padding="same", activation="relu"),\n        ',
            ),
        ),
        measures=_OVERFITTED,
    ),
    _wrong(
        "regularization",
        "overfit_on_purpose",
        "5 epochs",
        ((_EPOCHS, "fit(baseline, epochs=5)"),),
        measures=_OVERFITTED,
    ),
    _wrong(
        "regularization",
        "overfit_on_purpose",
        "no convolution, no hidden layer",
        (
            (f"{_CONVOLUTION}{_CONVOLUTION}", ""),
            ('layers.Dense(128, activation="relu"),\n        ', ""),
        ),
        measures=_OVERFITTED,
    ),
    _wrong(
        "regularization",
        "overfit_on_purpose",
        "dropout of 0.5 in it",
        (("layers.Dense(10)", "layers.Dropout(0.5), layers.Dense(10)"),),
        measures=_OVERFITTED,
    ),
    _wrong(
        "regularization",
        "overfit_on_purpose",
        "trained with the validation digits",
        before="training = tuple(np.concatenate(two) for two in zip(training, validation))",
        measures=_OVERFITTED,
    ),
    _right(
        "regularization",
        "with_dropout",
        "rate 0.5 behind the dense layer",
        before=_BASELINE,
        measures=_DROPPED,
    ),
    _wrong(
        "regularization",
        "with_dropout",
        "rate 0.2",
        (("layers.Dropout(0.5)", "layers.Dropout(0.2)"),),
        before=_BASELINE,
        measures=_DROPPED,
    ),
    _wrong(
        "regularization",
        "with_dropout",
        "rate 0",
        (("layers.Dropout(0.5)", "layers.Dropout(0.0)"),),
        before=_BASELINE,
        measures=_DROPPED,
    ),
    _wrong(
        "regularization",
        "with_dropout",
        "after the scores",
        (
            (
                "layers.Dropout(0.5),\n        layers.Dense(10),",
                "layers.Dense(10),\n        layers.Dropout(0.5),",
            ),
        ),
        before=_BASELINE,
        measures=_DROPPED,
    ),
    _right("regularization", "with_early_stopping", "patience 3, restored", measures=_STOPPED),
    _wrong(
        "regularization",
        "with_early_stopping",
        "not restored",
        ((", restore_best_weights=True", ""),),
        measures=_STOPPED,
    ),
    _wrong(
        "regularization",
        "with_early_stopping",
        "watches the training loss",
        (('monitor="val_loss"', 'monitor="loss"'),),
        measures=_STOPPED,
    ),
    _wrong(
        "regularization",
        "with_early_stopping",
        "only declared",
        ((", callbacks=[early_stopping]", ""),),
        measures=_STOPPED,
    ),
    _right("regularization", "with_l1_and_l2", "strengths as asked", measures=_PENALIZED),
    _wrong(
        "regularization",
        "with_l1_and_l2",
        "a hundredth of the strengths",
        (("L1(0.001)", "L1(0.00001)"), ("L2(0.01)", "L2(0.0001)")),
        measures=_PENALIZED,
    ),
    _wrong(
        "regularization",
        "with_l1_and_l2",
        "exchanged",
        (("L1(0.001)", "Lx(0.01)"), ("L2(0.01)", "L1(0.001)"), ("Lx(", "L2(")),
        measures=_PENALIZED,
    ),
    _right(
        "regularization",
        "augment",
        "in the model, as the lesson does",
        measures=_AUGMENTED,
    ),
    _right(
        "regularization",
        "augment",
        "with zoom, filled by zeros",
        (
            (
                'layers.RandomRotation(0.05, fill_mode="nearest")',
                'layers.RandomRotation(0.05, fill_mode="constant"), layers.RandomZoom(0.1)',
            ),
        ),
        measures=_AUGMENTED,
    ),
    _wrong(
        "regularization",
        "augment",
        "forgotten in the network",
        (("network(augmentation)", "network()"),),
        measures=_AUGMENTED,
    ),
    _wrong(
        "regularization",
        "augment",
        "dropout in its place",
        (("network(augmentation)", "network(layers.Dropout(0.2))"),),
        measures=_AUGMENTED,
    ),
    _wrong(
        "regularization",
        "augment",
        "validation digits augmented, too",
        (("augmented_history = fit", _VALIDATED_ON_MOVED),),
        measures=_AUGMENTED,
    ),
    _right(
        "regularization",
        "noise_injection",
        "0.4 on the input, 0.2 inside",
        measures=_NOISY,
    ),
    _wrong(
        "regularization",
        "noise_injection",
        "a twentieth of it",
        (
            ("GaussianNoise(0.4)", "GaussianNoise(0.02)"),
            ("GaussianNoise(0.2)", "GaussianNoise(0.01)"),
        ),
        measures=_NOISY,
    ),
    _wrong(
        "regularization",
        "noise_injection",
        "inside only",
        (("layers.GaussianNoise(0.4), ", ""),),
        measures=_NOISY,
    ),
    _right("regularization", "league_table", "the lesson's", measures=_LEAGUE),
    _wrong(
        "regularization",
        "league_table",
        "remedies too weak to act",
        (
            ("layers.Dropout(0.5)", "layers.Dropout(0.02)"),
            (
                "layers.RandomTranslation(0.1, 0.1), layers.RandomRotation(0.05)",
                "layers.RandomTranslation(0.002, 0.002)",
            ),
        ),
        measures=_LEAGUE,
    ),
    _wrong(
        "regularization",
        "league_table",
        "batch normalization of the image only",
        (
            (
                "return normalized_network()",
                "return network(layers.BatchNormalization(momentum=0.9))",
            ),
        ),
        measures=_LEAGUE,
    ),
    _mine("flips, dropout, early stopping"),
    _mine(
        "batch normalization, L2, early stopping",
        ((_BODY, _NORMALIZED), ("    return keras.Sequential(", _L2)),
    ),
    _mine(
        "strides, dropout, early stopping",
        ((_BODY, _STRIDED),),
    ),
    _mine(
        "Flatten, remedies in name only",
        ((_BODY, _CARELESS.format(rate=0.02)), _WITHOUT_CALLBACKS),
        right=False,
    ),
    _mine(
        "trained with the validation shapes",
        before="images, labels = validation_images, validation_labels",
        right=False,
    ),
    _mine("5 epochs", (("fit(my_model,", "fit(my_model, 5,"),), right=False),
    _right("activation", "boundary", "16 units", measures=_DECIDED),
    _right(
        "activation",
        "boundary",
        "two layers of 8 units",
        ((_HIDDEN, _HIDDEN.replace("16", "8") * 2),),
        measures=_DECIDED,
    ),
    _wrong(
        "activation",
        "boundary",
        "no activation",
        (("layers.Dense(16, activation=activation)", "layers.Dense(16)"),),
        measures=_DECIDED,
    ),
    _wrong(
        "activation",
        "boundary",
        "ReLU, whatever is asked for",
        (("activation=activation", 'activation="relu"'),),
        measures=_DECIDED,
    ),
    _wrong("activation", "boundary", "2 units", (("Dense(16", "Dense(2"),), measures=_DECIDED),
    _right("dense", "moved_test", "global maximum", measures=_MOVED),
    _right(
        "dense",
        "moved_test",
        "kernels of 5, not padded",
        (
            (_FIRST_MAPS, "Conv2D(8, 5, activation"),
            (_SECOND_MAPS, "Conv2D(16, 5, activation"),
            ("            keras.layers.MaxPooling2D(),\n", ""),
        ),
        measures=_MOVED,
    ),
    _wrong("dense", "moved_test", "Flatten head", ((_MAXIMUM, "Flatten"),), measures=_MOVED),
    _wrong(
        "dense",
        "moved_test",
        "global average",
        ((_MAXIMUM, "GlobalAveragePooling2D"),),
        measures=_MOVED,
    ),
    _right("dense", "budget_network", "the lesson's", measures=_BUDGET),
    _right(
        "dense",
        "budget_network",
        "a global maximum",
        (("keras.layers.Flatten()", f"{_MORE_MAPS},\n        keras.layers.{_MAXIMUM}()"),),
        measures=_BUDGET,
    ),
    _wrong(
        "dense",
        "budget_network",
        "another network was trained",
        (("fit_digits(budget_network)", "fit_digits(keras.models.clone_model(budget_network))"),),
        measures=_BUDGET,
    ),
    _wrong(
        "dense",
        "budget_network",
        "trained on pixels from 0 to 16",
        before="digit_images = digit_images * 16",
        measures=_BUDGET,
    ),
)
"""Every answer that is counted, in the order of the table."""
