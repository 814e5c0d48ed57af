"""Networks and histories that show a mistake; what need not be trained to show it is not."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

import numpy as np

from cnn_course.data.digits import noisy_digits
from cnn_course.references import Array
from cnn_course.regularization import references
from cnn_course.regularization.references import validation_part
from grader import expect
from grader.crossing.networks import History


def network(before: Sequence[Any] = (), after: Sequence[Any] = (), *, small: bool = False) -> Any:
    """A new network of the lesson, with layers `before` the ten scores and `after` them.

    The `small` one has a single layer.
    """
    import keras
    from keras import layers

    hidden = [
        layers.Conv2D(16, 3, padding="same", activation="relu"),
        layers.Conv2D(16, 3, padding="same", activation="relu"),
        layers.Flatten(),
        layers.Dense(128, activation="relu"),
    ]
    body = [layers.Flatten()] if small else hidden
    model = keras.Sequential([keras.Input((8, 8, 1)), *body, *before, layers.Dense(10), *after])
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.Adam(0.003), loss, metrics=["accuracy"])
    return model


def trained(images: Array, labels: Array, epochs: int) -> tuple[Any, History]:
    """A network of the lesson, trained for so many epochs."""
    import keras
    import tensorflow as tf

    keras.utils.set_random_seed(0)
    model = network()
    part = tf.data.Dataset.from_tensor_slices((images, labels)).shuffle(len(images)).batch(32)
    validation = tf.data.Dataset.from_tensor_slices(validation_part()).batch(400)
    fitted = model.fit(part, epochs=epochs, validation_data=validation, shuffle=False, verbose=0)
    curves = {name: tuple(map(float, curve)) for name, curve in fitted.history.items()}
    return model, History(tuple(fitted.epoch), curves)


def overfitted() -> tuple[Any, History]:
    """One that has learned the training digits by heart."""
    return _overfitted(references.SEED)


@cache
def _overfitted(seed: int) -> tuple[Any, History]:
    digits = noisy_digits(seed)
    return trained(digits.images, digits.labels, references.EPOCHS)


def trained_on_validation() -> tuple[Any, History]:
    """One that was trained with the validation digits."""
    return _trained_on_validation(references.SEED)


@cache
def _trained_on_validation(seed: int) -> tuple[Any, History]:
    digits = noisy_digits(seed)
    return trained(digits.validation_images, digits.validation_labels, 12)


def with_weights_of(model: Any, other: Any) -> Any:
    """`model`, with the weights of `other`, which has the same."""
    model.set_weights(other.get_weights())
    return model


def history_of(model: Any, epochs: int, *, best: int | None = None) -> History:
    """A history of so many epochs that ends where the model stands, and is best in epoch `best`."""
    own = expect.training.loss_of(model, *validation_part())
    best = epochs - 1 if best is None else best
    steps = np.arange(epochs) - best
    away = np.where(steps > 0, 0.6, 1.0) * np.abs(steps) * np.pi / 40
    curve = own - away[-1] + away
    values = tuple(map(float, curve))
    return History(tuple(range(epochs)), {"loss": values, "val_loss": values})


def typed_history(epochs: int, best: int) -> History:
    """A history with round numbers that falls to epoch `best`, and rises after it."""
    values = [round(0.5 + 0.05 * abs(epoch - best), 2) for epoch in range(epochs)]
    falling = [round(2.0 - 1.9 * epoch / epochs, 2) for epoch in range(epochs)]
    return History(tuple(range(epochs)), {"loss": tuple(falling), "val_loss": tuple(values)})
