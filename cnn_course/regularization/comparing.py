"""The league table: the same data, the same start, one remedy at a time."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from cnn_course.data.digits import NoisyDigits, noisy_digits
from cnn_course.references import Rng
from cnn_course.regularization.remedies import (
    COMPARED,
    FASTER,
    LEARNED_FROM,
    MARGIN,
    NORMALIZED_STEPS,
    start_alike,
    train_side_by_side,
)
from grader import Exercise, expect
from grader.judging.expect import training

Function = Callable[..., Any]

REMEDIES = ("nothing", "dropout", "augmentation", "batch normalization")
ORDER = ("augmentation", "dropout", "nothing")
"""From the smallest gap to the largest. In 25 epochs, 20 seeds each, in shares of D's gap:
augmentation −.53 / −.41 / −.25, dropout .5 .21 / .36 / .51, nothing .79 / 1.00 / 1.15.
"""
_SIGNS = {"dropout": "Dropout", "augmentation": "Random", "batch normalization": "Normalization"}

league_table = Exercise(
    "league_table",
    title="The league table",
    names=("build_remedy", "league", "batch_norm_changes"),
    functions=("build_remedy",),
    seconds=10.0,
    slow=True,
    hints=(
        (
            "You have built three of the four networks in this lesson already. `network()` is the "
            "one with nothing, `network(…)` the one with layers in front."
        ),
        (
            "The league goes by the gap: validation loss minus training loss, both measured "
            "without dropout or moving. Which network has a training loss of nearly 0, and why is "
            "that no praise?"
        ),
        (
            "Which networks can never see the same picture twice? And what became of the training "
            "loss of the normalized network, compared with the plain one, after two epochs?"
        ),
    ),
)


@league_table.check(points=2)
def builds_one_remedy_at_a_time(build_remedy: Function) -> None:
    """`build_remedy` builds the network with that one remedy, from 8×8×1 to ten scores."""
    for remedy in REMEDIES:
        model = build_remedy(remedy)
        expect.model(model)
        expect.input_shape(model, (8, 8, 1))
        expect.output_shape(model, (10,))
        found = _remedies(model)
        wanted = {remedy} - {"nothing"}
        named = f'build_remedy("{remedy}")'
        expect.that(
            found == wanted,
            f"{named} should have {_listed(wanted)} as its remedy. Received: {_listed(found)}.",
        )
        expect.that(
            not _flips(model),
            f"{named} flips digits (`RandomFlip`), so that their labels are no longer true. It "
            "should move them by up to a tenth and turn them by up to 18 degrees.",
        )
        expect.that(
            _last_kind_is_scores(model),
            f"In {named} dropout comes after the ten scores, where it erases answers.",
        )


@league_table.check(points=1)
def ranks_by_the_gap(league: Any) -> None:
    """The league goes from the smallest gap to the largest."""
    names = tuple(league) if isinstance(league, list | tuple) else ()
    expect.that(
        sorted(map(str, names)) == sorted(ORDER),
        f"`league` is a tuple of the names of three rows of the table, {_listed(set(ORDER))}, each "
        "once.",
        received=league,
    )
    expect.that(
        names == ORDER,
        "Trained on twenty draws, the three networks came in another order, and always the same. "
        "Their gaps were far apart.",
        received=league,
    )


@league_table.check(points=1)
def names_what_batch_norm_changes(batch_norm_changes: Any) -> None:
    """What batch normalization changes most in this network has its right name."""
    options = ("gap", "sparsity", "speed")
    expect.that(
        isinstance(batch_norm_changes, str) and batch_norm_changes in options,
        f"The answer is one of {', '.join(map(repr, options))}.",
        received=batch_norm_changes,
    )
    expect.that(
        batch_norm_changes == "speed",
        "Look at the curves of the normalized and the plain network: where do they differ most?",
        received=batch_norm_changes,
    )


@league_table.check(points=2, after=builds_one_remedy_at_a_time)
def the_gap_shrinks(build_remedy: Function, rng: Rng) -> None:
    """Trained by us on other digits, your network with a remedy has a smaller gap than without."""
    remedy, nothing, treated = gaps_after_training(build_remedy, rng)
    expect.that(
        treated < nothing - MARGIN,
        f"After {COMPARED} epochs on other digits, from the same weights, the gap is {nothing:.2f} "
        f"with nothing and {treated:.2f} with {remedy}. It should be smaller by {MARGIN} at least.",
    )


@league_table.check(points=1, after=builds_one_remedy_at_a_time)
def batch_norm_is_faster(build_remedy: Function, rng: Rng) -> None:
    """Trained by us for 30 steps of plain SGD, the normalized network is far ahead."""
    plain, normalized = losses_after_a_few_steps(build_remedy, rng)
    expect.that(
        normalized < FASTER * plain,
        f"After {NORMALIZED_STEPS} steps of SGD the training loss is {plain:.2f} with nothing and "
        f"{normalized:.2f} with batch normalization; below {FASTER:.0%} of it is expected.",
    )


def gaps_after_training(build_remedy: Function, rng: Rng) -> tuple[str, float, float]:
    """A remedy drawn from two, and the gaps of the network without and with it, from one start."""
    import keras

    digits = _fewer(noisy_digits(rng))
    remedy = str(rng.choice(["dropout", "augmentation"]))
    models = [build_remedy("nothing"), build_remedy(remedy)]
    start_alike(models, rng)
    keras.utils.set_random_seed(int(rng.integers(2**31)))
    optimizer = keras.optimizers.Adam(0.003)
    train_side_by_side(models, digits.images, digits.labels, optimizer, COMPARED, rng)
    nothing, treated = (_gap(model, digits) for model in models)
    return remedy, nothing, treated


def losses_after_a_few_steps(build_remedy: Function, rng: Rng) -> tuple[float, float]:
    """The training losses of the plain and the normalized network, the mean of the last steps."""
    import keras

    digits = noisy_digits(rng)
    models = [build_remedy("nothing"), build_remedy("batch normalization")]
    start_alike(models, rng)
    epochs = NORMALIZED_STEPS // 10
    optimizer = keras.optimizers.SGD(0.05)
    losses = train_side_by_side(models, digits.images, digits.labels, optimizer, epochs, rng)
    plain, normalized = losses[-1].tolist()
    return plain, normalized


def _fewer(digits: NoisyDigits) -> NoisyDigits:
    """Fewer training digits: the sooner they are known by heart."""
    few = slice(LEARNED_FROM)
    return digits._replace(
        images=digits.images[few], labels=digits.labels[few], true_labels=digits.true_labels[few]
    )


def _gap(model: Any, digits: NoisyDigits) -> float:
    """Validation loss minus training loss; the model need not be compiled."""
    import keras

    if not getattr(model, "compiled", False):
        model.compile(loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    validation = digits.validation_images, digits.validation_labels
    return training.gap(model, (digits.images, digits.labels), validation)


def _remedies(model: Any) -> set[str]:
    """The remedies whose layers are in the model."""
    kinds = [type(layer).__name__ for layer in expect.every_layer(model)]
    return {remedy for remedy, sign in _SIGNS.items() if any(sign in kind for kind in kinds)}


def _flips(model: Any) -> bool:
    return any(type(layer).__name__ == "RandomFlip" for layer in expect.every_layer(model))


def _last_kind_is_scores(model: Any) -> bool:
    return not any(
        type(layer).__name__ == "Dropout" and tuple(layer.output.shape[1:]) == (10,)
        for layer in expect.every_layer(model)
    )


def _listed(names: set[str]) -> str:
    """The names in the order of the exercise's table, which is not that of the league."""
    return ", ".join(repr(name) for name in REMEDIES if name in names) or "'nothing'"


def _ranked(league: Any) -> tuple[str, ...]:
    return tuple(league)


@league_table.misconception(
    "That is the order of the training losses: the network without a remedy has the smallest. It "
    "is also the one that learned wrong labels by heart. Which curve tells how it does on digits "
    "that it has not seen?",
    recognize=lambda league: _ranked(league) == ORDER[::-1],
)
def order_by_training_loss() -> dict[str, Any]:
    return {"league": ORDER[::-1]}


@league_table.misconception(
    "You rank dropout above augmentation. Dropout leaves the pictures as they are, and even with "
    "half of its units a network sees each of them 25 times; augmentation never shows the same "
    "picture twice. Compare the two gaps that you measured: what sign has each of them?",
    recognize=lambda league: _ranked(league) == ("dropout", "augmentation", "nothing"),
)
def dropout_first() -> dict[str, Any]:
    return {"league": ("dropout", "augmentation", "nothing")}


@league_table.misconception(
    "You say that batch normalization changes the gap most. It does shrink it a little, and it is "
    "often listed among the remedies; but its network still learned every training label by heart. "
    "What did its curve do in the first two epochs?",
    recognize=lambda batch_norm_changes: batch_norm_changes == "gap",
)
def batch_norm_closes_the_gap() -> dict[str, Any]:
    return {"batch_norm_changes": "gap"}


@league_table.misconception(
    "You say that batch normalization makes weights sparse. It changes what flows between the "
    "layers, not the kernels. Which remedy pulls weights to zero?",
    recognize=lambda batch_norm_changes: batch_norm_changes == "sparsity",
)
def batch_norm_makes_sparse() -> dict[str, Any]:
    return {"batch_norm_changes": "sparsity"}


@league_table.misconception(
    "Your function builds the same network whatever the remedy. A fair comparison changes exactly "
    "one thing at a time, but that one it does change. Where does `remedy` come in?",
    recognize=lambda build_remedy: (
        len(build_remedy) > 1 and not any(_remedies(model) for model in build_remedy)
    ),
)
def remedy_ignored() -> dict[str, Any]:
    return {"build_remedy": lambda _remedy: _network()}


@league_table.misconception(
    "One of your networks has several remedies at once. If it wins, which of them was it? Give "
    "each network one remedy.",
    recognize=lambda build_remedy: any(len(_remedies(model)) > 1 for model in build_remedy),
)
def several_at_once() -> dict[str, Any]:
    return {"build_remedy": lambda remedy: _network({*REMEDIES} if remedy != "nothing" else set())}


@league_table.misconception(
    "Your augmentation flips digits. A mirrored 2 is no 2, and a 6 on its head is a 9: the network "
    "is told labels that are not true. Which two changes does the table name?",
    recognize=lambda build_remedy: any(map(_flips, build_remedy)),
)
def flips_digits() -> dict[str, Any]:
    return {"build_remedy": lambda remedy: _network({remedy}, flips=True)}


@league_table.misconception(
    "Your dropout comes after the ten scores. There it erases answers at random, the right one as "
    "often as any other. Which units should not rely on each other?",
    recognize=lambda build_remedy: any(not _last_kind_is_scores(model) for model in build_remedy),
)
def dropout_on_the_scores() -> dict[str, Any]:
    return {"build_remedy": lambda remedy: _network({remedy}, on_scores=True)}


def _is_input_only(model: Any) -> bool:
    """Whether only the image is normalized, and nothing inside the network."""
    shapes = [
        tuple(layer.output.shape[1:])
        for layer in expect.every_layer(model)
        if type(layer).__name__ == "BatchNormalization"
    ]
    return bool(shapes) and all(shape == (8, 8, 1) for shape in shapes)


@league_table.misconception(
    "You normalize the image only, in front of the first layer. Pixels lie between 0 and 1 anyway; "
    "it is the inputs of the later layers whose spread nobody controls. Where else could the "
    "layer stand?",
    recognize=lambda build_remedy: any(map(_is_input_only, build_remedy)),
)
def normalizes_the_image_only() -> dict[str, Any]:
    return {"build_remedy": lambda remedy: _network({remedy}, image_only=True)}


def _weak(model: Any) -> bool:
    """Whether a remedy is there, with a rate or factors of nearly nothing."""
    strengths = []
    for layer in expect.every_layer(model):
        settings = layer.get_config()
        for name in ("rate", "factor", "height_factor", "width_factor"):
            value = settings.get(name)
            if value is not None:
                strengths += list(value) if isinstance(value, list | tuple) else [value]
    return bool(strengths) and max(map(abs, strengths)) < 0.02


@league_table.misconception(
    "The layers of a remedy are there, but with a rate or with factors of nearly 0, so they do "
    "nothing. Take the rate and the factors that the exercise names.",
    recognize=lambda build_remedy: any(map(_weak, build_remedy)),
)
def without_effect() -> dict[str, Any]:
    return {"build_remedy": lambda remedy: _network({remedy}, strength=0.0)}


def _network(
    remedies: set[str] | frozenset[str] = frozenset(),
    *,
    strength: float = 1.0,
    on_scores: bool = False,
    image_only: bool = False,
    flips: bool = False,
) -> Any:
    """The network with some remedies, weaker by `strength`; in wrong places where told so."""
    import keras
    from keras import layers

    found: list[Any] = [keras.Input((8, 8, 1))]
    if "augmentation" in remedies:
        found += [layers.RandomTranslation(0.1 * strength, 0.1 * strength)]
        found += [layers.RandomRotation(0.05 * strength)]
        found += [layers.RandomFlip("horizontal")] if flips else []
    normalizes = "batch normalization" in remedies
    found += [layers.BatchNormalization(momentum=0.9)] if normalizes and image_only else []
    for _ in range(2):
        found += [layers.Conv2D(16, 3, padding="same")]
        found += [layers.BatchNormalization(momentum=0.9)] if normalizes and not image_only else []
        found += [layers.ReLU()]
    dropout = [layers.Dropout(0.5 * strength)] if "dropout" in remedies else []
    found += [layers.Flatten(), layers.Dense(128, activation="relu")]
    found += [layers.Dense(10), *dropout] if on_scores else [*dropout, layers.Dense(10)]
    return keras.Sequential(found)
