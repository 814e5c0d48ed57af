"""References of lesson 6: the data, the thresholds with what they rest on, and what is measured.

All measurements are of a network D (two convolutions with 16 filters of 3×3, a dense layer of 128,
ten scores; 134,970 parameters) on 320 digits with a fifth of wrong labels, batches of 32, Adam with
a rate of 0.003, 25 epochs, each on 20 seeds. Numbers are lowest / median / highest.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np

from cnn_course.data.digits import NoisyDigits, noisy_digits
from cnn_course.references import Array
from grader import expect
from grader.crossing.networks import History
from grader.errors import Mismatch
from grader.judging.expect.training import is_typed_by_hand as is_typed_by_hand

SEED = 0
"""Which draw of the digits the lesson uses; a script that measures on others sets it."""

REFERENCE_GAP = 0.79
"""The gap of D: cross-entropy on validation digits minus that on training digits, in nats."""
OVERFITS = 0.3
"""Gaps above it overfit, where no remedy is in the network. D .61 / .85 / 1.04, with a single,
larger convolution .49 / .64 / .82; five epochs, linear networks and ones that saw the validation
digits below 0. Dropout of 0.5 has gaps of .16 / .29 / .44: whether it is there, the layers say.
"""
STILL_OVERFITS = 0.6
"""Gaps above it are those of a network without a remedy. Dropout .5 .16 / .29 / .44, D .61 and up.

It leaves room above the right ones: networks with another rate, or none, are told by their layers.
"""
RISES = 1.2
"""The last validation loss over the smallest one. D: 1.53 / 1.79 / 1.98; still learning: 1.00."""
SOONER = 0.7
"""The best epoch lies before this share of all epochs. D: epoch 3 to 10 of 25."""

SEEN = 0.5
"""The loss on validation digits over that on digits in neither part: below, it has seen them.

Honest networks .86 / 1.03 / 1.21; trained on the validation digits for 10 epochs .31, on both parts
for 25 epochs .03 (18 networks in all, three draws of the digits).
"""
LEARNED = 0.7
"""The share of validation digits that a trained network reads at least. D .74 / .76 / .78, with
dropout .5 .82 / .85 / .86; guessing reads .1.
"""

EPOCHS = 25
LONG = 20
"""How many epochs are a training as long as the baseline's, about."""
SHORT = 10
"""With fewer epochs D has not begun to learn the wrong labels by heart: its gap is below 0."""
SMALL = 20_000
"""Networks of fewer parameters are small: linear ones have 650, one with two poolings 7,290."""

RATE, PATIENCE = 0.5, 3
"""What the lesson asks for."""


def lesson_digits() -> NoisyDigits:
    """The digits that the lesson trains and validates with."""
    return noisy_digits(SEED)


def training_part() -> tuple[Array, Array]:
    """The training images (320, 8, 8, 1) and their labels, wrong ones among them."""
    digits = lesson_digits()
    return digits.images, digits.labels


def validation_part() -> tuple[Array, Array]:
    """The validation images (400, 8, 8, 1) and their labels."""
    digits = lesson_digits()
    return digits.validation_images, digits.validation_labels


def unseen_part() -> tuple[Array, Array]:
    """About 1,077 digits of the collection that are in neither part, and what they show."""
    return _unseen(SEED)


@cache
def _unseen(seed: int) -> tuple[Array, Array]:
    from sklearn.datasets import load_digits

    collection = load_digits()
    images = (collection.images / 16).astype(np.float32)[..., None]
    drawn = noisy_digits(seed)
    known = {image.tobytes() for part in (drawn[0], drawn[3]) for image in part}
    chosen = np.array([image.tobytes() not in known for image in images])
    return images[chosen], collection.target[chosen]


def is_reader(model: Any) -> None:
    """`model` takes digits, gives ten scores and is compiled with the loss of the lesson."""
    expect.model(model)
    expect.input_shape(model, (8, 8, 1))
    expect.output_shape(model, (10,))
    expect.compiled(model, loss="sparse_categorical_crossentropy")
    expect.that(
        not takes_softmax_twice(model),
        "The ten outputs of your model are probabilities: they add up to 1 for every digit. The "
        "loss expects scores (`from_logits=True`) and applies softmax itself.",
    )


def takes_softmax_twice(model: Any) -> bool:
    """Whether the outputs are probabilities already, and the loss makes some of them again."""
    try:
        expect.compiled(model, from_logits=True)
    except Mismatch:
        return False
    noise = np.random.default_rng(0).normal(0, 3, size=(8, 8, 8, 1)).astype(np.float32)
    outputs = np.asarray(model(noise, training=False))
    return bool((outputs >= 0).all() and np.allclose(outputs.sum(axis=-1), 1, atol=1e-3))


def gap_of(model: Any) -> float:
    """How much larger the loss is on the validation digits than on the training digits."""
    return expect.training.gap(model, training_part(), validation_part())


def has_seen_the_validation_digits(model: Any) -> bool:
    """Whether it reads the validation digits far better than others that nobody trained with."""
    on_validation = expect.training.loss_of(model, *validation_part(), penalties=False)
    on_unseen = expect.training.loss_of(model, *unseen_part(), penalties=False)
    return on_validation < SEEN * on_unseen


def was_trained_on_the_validation_digits(model: Any) -> bool:
    """Whether it knows the validation digits, or reads them far better than the training digits.

    Gaps of honest networks are above −0.6, after however few epochs; after five epochs on the
    validation digits it is below −1.
    """
    return has_seen_the_validation_digits(model) or gap_of(model) < -1


def honest_history(model: Any, history: Any, *, restored: bool = False) -> None:
    """`history` is that of `model`, validated on digits that it was not trained with."""
    expect.that(
        not isinstance(history, dict),
        "What `fit` returned is expected, a Keras History. Received: a dict, perhaps the one in "
        "it. Keep the whole of it, as `fit` returned it.",
    )
    expect.training.curve(history, "loss")
    expect.that(
        not is_typed_by_hand(history),
        "Most of these losses have at most four decimals, as numbers have that are typed in, and "
        "hardly any that is computed. A history is what `fit` returned, untouched.",
    )
    expect.training.belongs(model, history, *validation_part(), restored=restored)
    expect.that(
        not has_seen_the_validation_digits(model),
        "Your model reads the validation digits far better than digits of the same collection "
        "that are in neither part. It has seen them before: its `val_loss` says nothing.",
    )


# What is told of a history and its model, for diagnoses.


def belongs(model: Any, history: Any, *, restored: bool = False) -> bool:
    """Whether the history can be that of the model."""
    try:
        expect.training.belongs(model, history, *validation_part(), restored=restored)
    except Mismatch:
        return False
    return True


def is_of_another(model: Any, history: Any) -> bool:
    """Whether it is a computed history, and the model stands neither at its end nor at its best.

    Weights are those of the last epoch, or those that a callback brought back. The other epochs say
    nothing: among 25 of them, a loss as near as `CLOSE` is found by chance in one of 50 trainings.
    """
    if not isinstance(history, History) or is_typed_by_hand(history):
        return False
    stands_there = belongs(model, history) or belongs(model, history, restored=True)
    return not stands_there and not validated_on_training_digits(model, history)


def validated_on_training_digits(model: Any, history: Any) -> bool:
    """Whether the last `val_loss` is the model's loss on the training digits."""
    own = expect.training.loss_of(model, *training_part())
    return bool(abs(history.history["val_loss"][-1] - own) < 1e-3) and not belongs(model, history)


def kinds(model: Any) -> set[str]:
    """The names of the classes of all layers."""
    return {type(layer).__name__ for layer in expect.every_layer(model)}
