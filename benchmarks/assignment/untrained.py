"""The assignment without a training: the third exercise asks the model instead."""

from __future__ import annotations

from typing import Any

import numpy as np

from benchmarks.assignment.exercises import feature_map, network
from grader import Exercise, expect

__all__ = ["feature_map", "network", "read"]

TITLE = "Digits, untrained"

read = Exercise("read", title="Read a digit", names=("model", "read"), functions=("read",))


@read.check(points=3)
def names_the_most_probable_class(model: Any, read: Any, rng: np.random.Generator) -> None:
    """`read` gives the class that the model finds most probable."""
    for _ in range(3):
        image = rng.uniform(size=(8, 8, 1)).astype("float32")
        expected = int(np.argmax(np.asarray(model(image[None]))[0]))
        expect.equal(read(image), expected)


@read.misconception("You give the least probable class: which function finds the largest value?")
def least_probable() -> dict[str, Any]:
    import keras

    parts = [keras.Input((8, 8, 1)), keras.layers.Flatten(), keras.layers.Dense(10)]
    model = keras.Sequential(parts)

    def read(image: Any) -> int:
        return int(np.argmin(np.asarray(model(image[None]))[0]))

    return {"model": model, "read": read}
