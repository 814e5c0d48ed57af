"""Networks and histories that show a mistake; what need not be trained to show it is not."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

import numpy as np

from grader import expect
from grader.networks import Callback, History
from grader.rubrics.capstone import references
from grader.rubrics.capstone.references import (
    CLASSES,
    SHAPE,
    training_part,
    validation_part,
)
from grader.rubrics.oracles import Array


def network(
    *first: Any,
    before: Sequence[Any] = (),
    after: Sequence[Any] = (),
    padding: str = "same",
    pooled: bool = True,
    optimizer: Any = None,
    compiled: bool = True,
    **settings: Any,
) -> Any:
    """A new network like that of the lesson.

    `first` in front, `before` the four scores, `after` them; `settings` are those of the layers
    with weights. Not `pooled`, it has a dense layer for every place of the image.
    """
    import keras
    from keras import layers

    same = {"padding": padding, "activation": "relu", **settings}
    dense = layers.Dense(40, activation="relu", **settings)
    body = [
        layers.Conv2D(8, 3, **same),
        layers.MaxPooling2D(),
        layers.Conv2D(16, 3, **same),
        layers.MaxPooling2D(),
        layers.Conv2D(32, 3, **same),
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
    return model, History(tuple(fitted.epoch), curves)


def overfitted() -> tuple[list[Array], History]:
    """Weights of one that knows the training shapes by heart, with a weight for every place."""
    return _fitted(references.SEED, on_validation=False)


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
    return History(tuple(range(epochs)), {"loss": values, "val_loss": values})


def typed_history(epochs: int) -> History:
    """A history with round numbers."""
    values = tuple(round(1.4 - 1.2 * epoch / epochs, 2) for epoch in range(epochs))
    return History(tuple(range(epochs)), {"loss": values, "val_loss": values})


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
