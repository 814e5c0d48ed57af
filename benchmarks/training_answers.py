"""Right and wrong answers of the exercises that train, as changes to the lessons' own sources."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any


@dataclass(frozen=True)
class TrainingAnswer:
    """An answer to `exercise`: its solution with `changes` (old, new), after the code `before`.

    The solutions of the exercises that it `rests_on` stand before its own, and are changed, too.
    `measures` are numbers that the exercise's thresholds are about, computed from the names that
    the answer defines; each has a short name.
    """

    lesson: str
    exercise: str
    name: str
    changes: tuple[tuple[str, str], ...] = ()
    before: str = ""
    rests_on: tuple[str, ...] = ()
    right: bool = True
    measures: Mapping[str, Callable[[dict[str, Any]], float]] = field(default_factory=dict)


GIVEN = {
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
)
"""How lessons draw their data, with the seed left open; what is redrawn is the draw 0."""


def _gap(name: str) -> Mapping[str, Callable[[dict[str, Any]], float]]:
    def gap(names: dict[str, Any]) -> float:
        from grader.rubrics.regularization.references import gap_of

        return gap_of(names[name])

    return {"gap": gap}


def _above_the_best(names: dict[str, Any]) -> float:
    from grader.expect.training import loss_of
    from grader.rubrics.regularization.references import validation_part

    best = float(min(names["stopped_history"].history["val_loss"]))
    return loss_of(names["stopped_model"], *validation_part()) - best


def _share_of_zeros(names: dict[str, Any]) -> float:
    from grader.rubrics.regularization.remedies import share_of_tiny

    return share_of_tiny(names["l1_model"])


def _norm(names: dict[str, Any]) -> float:
    from grader.rubrics.regularization.remedies import norm

    return norm(names["l2_model"])


_STOPPED = {"loss above the smallest": _above_the_best}
_PENALIZED = {"L1: share of zeros": _share_of_zeros, "L2: norm": _norm}
_BASELINE = "baseline = network()"
_EPOCHS = "fit(baseline)"
_CONVOLUTION = 'layers.Conv2D(16, 3, padding="same", activation="relu"),\n        '
_VALIDATED_ON_MOVED = """\
validation = np.asarray(augmentation(validation[0], training=True)), validation[1]
augmented_history = fit"""

_right = partial(TrainingAnswer, right=True)
_wrong = partial(TrainingAnswer, right=False)


def _hidden(names: dict[str, Any]) -> float:
    from grader.expect.training import accuracy_of
    from grader.rubrics.capstone.references import other_shapes

    return accuracy_of(names["my_model"], *other_shapes())


def _gap_of_mine(names: dict[str, Any]) -> float:
    from grader.rubrics.capstone.references import gap_of

    return gap_of(names["my_model"])


_DEFENDED = {"gap": _gap_of_mine, "hidden accuracy": _hidden}
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
_mine = partial(
    TrainingAnswer, "capstone", "trained", measures=_DEFENDED, rests_on=("build_network",)
)

ANSWERS = (
    _right(
        "regularization",
        "overfit_on_purpose",
        "the network of the table",
        measures=_gap("baseline"),
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
        measures=_gap("baseline"),
    ),
    _wrong(
        "regularization",
        "overfit_on_purpose",
        "5 epochs",
        ((_EPOCHS, "fit(baseline, epochs=5)"),),
        measures=_gap("baseline"),
    ),
    _wrong(
        "regularization",
        "overfit_on_purpose",
        "no convolution, no hidden layer",
        (
            (f"{_CONVOLUTION}{_CONVOLUTION}", ""),
            ('layers.Dense(128, activation="relu"),\n        ', ""),
        ),
        measures=_gap("baseline"),
    ),
    _wrong(
        "regularization",
        "overfit_on_purpose",
        "dropout of 0.5 in it",
        (("layers.Dense(10)", "layers.Dropout(0.5), layers.Dense(10)"),),
        measures=_gap("baseline"),
    ),
    _wrong(
        "regularization",
        "overfit_on_purpose",
        "trained with the validation digits",
        before="training = tuple(np.concatenate(two) for two in zip(training, validation))",
        measures=_gap("baseline"),
    ),
    _right(
        "regularization",
        "with_dropout",
        "rate 0.5 behind the dense layer",
        before=_BASELINE,
        measures=_gap("dropout_model"),
    ),
    _wrong(
        "regularization",
        "with_dropout",
        "rate 0.2",
        (("layers.Dropout(0.5)", "layers.Dropout(0.2)"),),
        before=_BASELINE,
        measures=_gap("dropout_model"),
    ),
    _wrong(
        "regularization",
        "with_dropout",
        "rate 0",
        (("layers.Dropout(0.5)", "layers.Dropout(0.0)"),),
        before=_BASELINE,
        measures=_gap("dropout_model"),
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
        measures=_gap("dropout_model"),
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
        measures=_gap("augmented_model"),
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
        measures=_gap("augmented_model"),
    ),
    _wrong(
        "regularization",
        "augment",
        "forgotten in the network",
        (("network(augmentation)", "network()"),),
        measures=_gap("augmented_model"),
    ),
    _wrong(
        "regularization",
        "augment",
        "dropout in its place",
        (("network(augmentation)", "network(layers.Dropout(0.2))"),),
        measures=_gap("augmented_model"),
    ),
    _wrong(
        "regularization",
        "augment",
        "validation digits augmented, too",
        (("augmented_history = fit", _VALIDATED_ON_MOVED),),
        measures=_gap("augmented_model"),
    ),
    _right(
        "regularization",
        "noise_injection",
        "0.4 on the input, 0.2 inside",
        measures=_gap("noisy_model"),
    ),
    _wrong(
        "regularization",
        "noise_injection",
        "a twentieth of it",
        (
            ("GaussianNoise(0.4)", "GaussianNoise(0.02)"),
            ("GaussianNoise(0.2)", "GaussianNoise(0.01)"),
        ),
        measures=_gap("noisy_model"),
    ),
    _wrong(
        "regularization",
        "noise_injection",
        "inside only",
        (("layers.GaussianNoise(0.4), ", ""),),
        measures=_gap("noisy_model"),
    ),
    _right("regularization", "league_table", "the lesson's"),
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
)
"""Every answer that is counted, in the order of the table."""
