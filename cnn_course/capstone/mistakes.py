"""Networks and histories that show a mistake; what need not be trained to show it is not."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

import numpy as np

from cnn_course.capstone import references
from cnn_course.capstone.references import (
    CLASSES,
    SHAPE,
    STEPS,
    training_part,
    validation_part,
)
from cnn_course.references import Array
from grader import expect
from grader.crossing.networks import Callback, History


def network(
    *first: Any,
    before: Sequence[Any] = (),
    after: Sequence[Any] = (),
    padding: str = "same",
    pooled: bool = True,
    optimizer: Any = None,
    compiled: bool = True,
    filters: tuple[int, int, int] = (8, 16, 32),
    normalized: bool = False,
    **settings: Any,
) -> Any:
    """A new network like that of the lesson.

    `first` in front, `before` the four scores, `after` them; `settings` are those of the layers
    with weights. Not `pooled`, it has a dense layer for every place of the image. `normalized`, a
    batch normalization follows the first convolution.
    """
    import keras
    from keras import layers

    same = {"padding": padding, "activation": "relu", **settings}
    dense = layers.Dense(40, activation="relu", **settings)
    body = [
        layers.Conv2D(filters[0], 3, **same),
        *([layers.BatchNormalization()] if normalized else []),
        layers.MaxPooling2D(),
        layers.Conv2D(filters[1], 3, **same),
        layers.MaxPooling2D(),
        layers.Conv2D(filters[2], 3, **same),
        layers.GlobalMaxPooling2D(),
    ]
    body = body if pooled else [layers.AveragePooling2D(2), layers.Flatten(), dense]
    model = keras.Sequential(
        [keras.Input(SHAPE), *first, *body, *before, layers.Dense(CLASSES), *after]
    )
    if compiled:
        compile_as_the_lesson(model, optimizer)
    return model


def compile_as_the_lesson(model: Any, optimizer: Any = None) -> Any:
    """`model`, compiled as `fit` of the lesson does."""
    import keras

    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(optimizer or keras.optimizers.Adam(0.005), loss, metrics=["accuracy"])
    return model


def remedies(*, rate: float = 0.3) -> dict[str, Any]:
    """Dropout before the scores."""
    from keras import layers

    return {"before": [layers.Dropout(rate)]}


def trained(images: Array, labels: Array, epochs: int, model: Any) -> tuple[Any, History]:
    """A network and its history, trained for so many epochs."""
    import keras
    import tensorflow as tf

    keras.utils.set_random_seed(0)
    part = tf.data.Dataset.from_tensor_slices((images, labels)).shuffle(len(images)).batch(32)
    validation = tf.data.Dataset.from_tensor_slices(validation_part()).batch(400)
    fitted = model.fit(part, epochs=epochs, validation_data=validation, shuffle=False, verbose=0)
    curves = {name: tuple(map(float, curve)) for name, curve in fitted.history.items()}
    return model, History(tuple(fitted.epoch), curves, steps=int(fitted.params["steps"]))


def after_epochs(model: Any, epochs: int, *, steps: int = STEPS) -> Any:
    """`model`, with as many steps taken as so many epochs have."""
    model.optimizer.iterations.assign(steps * epochs)
    return model


def overfitted() -> tuple[list[Array], History]:
    """Weights of one that knows the training shapes by heart, with a weight for every place."""
    return _fitted(references.SEED, on_validation=False)


def halfway() -> tuple[list[Array], History]:
    """Weights of the lesson's network when its curves still fall, and it reads half of them."""
    return _halfway(references.SEED)


@cache
def _halfway(seed: int) -> tuple[list[Array], History]:
    assert seed == references.SEED
    import keras

    keras.utils.set_random_seed(0)
    model, history = trained(*training_part(), 6, network())
    return [np.asarray(weight) for weight in model.get_weights()], history


def trained_on_validation() -> tuple[list[Array], History]:
    """Weights of one that knows the validation shapes by heart."""
    return _fitted(references.SEED, on_validation=True)


@cache
def _fitted(seed: int, *, on_validation: bool) -> tuple[list[Array], History]:
    assert seed == references.SEED
    import keras

    part = validation_part() if on_validation else training_part()
    model, history = trained(
        *part, 24, network(pooled=False, optimizer=keras.optimizers.Adam(0.01))
    )
    return [np.asarray(weight) for weight in model.get_weights()], history


def with_weights(model: Any, weights: Sequence[Array]) -> Any:
    """`model`, with these weights."""
    model.set_weights(list(weights))
    return model


def history_of(model: Any, epochs: int, *, best: int | None = None) -> History:
    """A history of so many epochs that has the model's loss in epoch `best`, or in the last."""
    own = expect.training.loss_of(model, *validation_part())
    best = epochs - 1 if best is None else best
    steps = np.arange(epochs) - best
    curve = own + np.where(steps > 0, 0.6, 1.0) * np.abs(steps) * np.pi / 40
    values = tuple(map(float, curve))
    return History(tuple(range(epochs)), {"loss": values, "val_loss": values}, steps=STEPS)


def flat_history(model: Any, epochs: int) -> History:
    """A history whose curves fell early and then stood where the model is."""
    low, high = (
        expect.training.loss_of(model, *part) for part in (training_part(), validation_part())
    )
    early = np.maximum(0.0, 1 - np.arange(epochs) / 5) * np.pi / 10
    curves = {"loss": low + early, "val_loss": high + early}
    return History(
        tuple(range(epochs)),
        {name: tuple(map(float, curve)) for name, curve in curves.items()},
        steps=STEPS,
    )


def typed_history(epochs: int) -> History:
    """A history with round numbers."""
    values = tuple(round(1.4 - 1.2 * epoch / epochs, 2) for epoch in range(epochs))
    return History(tuple(range(epochs)), {"loss": values, "val_loss": values}, steps=STEPS)


def early_stopping(history: History | None = None, **settings: Any) -> Callback:
    """An EarlyStopping as it is after the training that a history tells of, or before any."""
    attributes: dict[str, Any] = {
        "monitor": "val_loss",
        "mode": "auto",
        "patience": 6,
        "min_delta": 0,
        "restore_best_weights": True,
        "best": None,
        "best_epoch": 0,
        **settings,
    }
    if history is not None:
        watched = np.asarray(history.history[attributes["monitor"]])
        attributes |= {"best": float(watched.min()), "best_epoch": int(watched.argmin())}
    return Callback("EarlyStopping", attributes)
