"""The exercises that both forms of the assignment share: a function, and a model."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.signal import correlate2d

from grader import Exercise, expect

feature_map = Exercise("feature_map", title="Slide a kernel over an image")


@feature_map.check(points=2)
def sums_patch_times_kernel(feature_map: Any, rng: np.random.Generator) -> None:
    """Each value is the sum of one image patch times the kernel, element by element."""
    for height, width in ((5, 7), (8, 4), (6, 6)):
        image, kernel = rng.normal(size=(height, width)), rng.normal(size=(3, 3))
        expect.close(feature_map(image, kernel), correlate2d(image, kernel, mode="valid"))


@feature_map.misconception("You flip the kernel before you slide it. A CNN slides it as it is.")
def flipped_kernel(image: Any, kernel: Any) -> Any:
    return correlate2d(image, kernel[::-1, ::-1], mode="valid")


network = Exercise("network", title="A network for digits", names=("model",), functions=())


@network.check(points=2)
def takes_digits_and_gives_ten_scores(model: Any) -> None:
    """The model takes images of 8×8×1 and gives ten probabilities."""
    expect.input_shape(model, (8, 8, 1))
    expect.output_shape(model, (10,))


@network.check(points=1)
def has_2970_parameters(model: Any) -> None:
    """Eight kernels of 3×3 and a dense layer of 288×10 have 2,970 parameters."""
    expect.parameter_count(model, 8 * 10 + 288 * 10 + 10)


@network.misconception(
    "Your maps keep their size: without padding a kernel of 3 takes two rows and columns away.",
    recognize=lambda model: model.count_params() == 8 * 10 + 512 * 10 + 10,
)
def with_padding() -> dict[str, Any]:
    import keras

    parts = [keras.Input((8, 8, 1)), keras.layers.Conv2D(8, 3, padding="same")]
    return {"model": keras.Sequential([*parts, keras.layers.Flatten(), keras.layers.Dense(10)])}
