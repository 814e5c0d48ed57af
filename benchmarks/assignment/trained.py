"""The assignment with a training of three epochs."""

from __future__ import annotations

from typing import Any

import numpy as np

from benchmarks.assignment.exercises import feature_map, network
from grader import Exercise, expect
from grader.judging.expect import training

__all__ = ["feature_map", "network", "three_epochs"]

TITLE = "Digits, trained"

three_epochs = Exercise(
    "three_epochs", title="Train for three epochs", names=("model", "history"), functions=()
)


@three_epochs.check(points=1)
def trained_for_three_epochs(history: Any) -> None:
    """The history has three epochs."""
    expect.equal(len(training.curve(history, "loss")), 3)


@three_epochs.check(points=2)
def reads_digits(model: Any) -> None:
    """More than half of the digits that the model was not trained with are read rightly."""
    from sklearn.datasets import load_digits

    digits = load_digits()
    images = (digits.images[1500:, ..., None] / 16).astype("float32")
    right = np.mean(np.argmax(np.asarray(model(images)), axis=-1) == digits.target[1500:])
    expect.that(bool(right > 0.5), f"Of these digits {right:.0%} are read rightly.")


@three_epochs.misconception(
    "You trained for one epoch, and the exercise asks for three.",
    recognize=lambda history: len(training.curve(history, "loss")) == 1,
)
def one_epoch() -> dict[str, Any]:
    import keras
    from sklearn.datasets import load_digits

    digits = load_digits()
    parts = [keras.Input((8, 8, 1)), keras.layers.Flatten(), keras.layers.Dense(10)]
    model = keras.Sequential(parts)
    model.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    return {
        "model": model,
        "history": model.fit(digits.images[..., None], digits.target, verbose=0),
    }
