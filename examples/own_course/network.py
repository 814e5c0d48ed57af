"""A lesson of three exercises in Keras, small enough to be read in one go."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from grader import Exercise, expect

TITLE = "Three steps in Keras"

pointwise = Exercise(
    "pointwise", title="A 1×1 convolution is a matrix product", functions=("pointwise",)
)


@pointwise.check(points=2)
def mixes_the_channels_of_each_pixel(pointwise: Any, rng: np.random.Generator) -> None:
    """Every pixel's channels are multiplied by the (C, F) matrix, wherever the pixel lies."""
    for height, width, channels, filters in ((4, 6, 3, 2), (5, 3, 2, 4)):
        image = rng.normal(size=(height, width, channels)).astype("float32")
        matrix = rng.normal(size=(channels, filters)).astype("float32")
        expected = np.einsum("hwc,cf->hwf", image, matrix)
        expect.close(pointwise(image, matrix), expected, tolerance=1e-4)


@pointwise.misconception(
    "You sum over the pixels, too. A 1×1 kernel sees one pixel at a time: what stays of the sum?"
)
def sums_over_the_image(image: NDArray[Any], matrix: NDArray[Any]) -> NDArray[Any]:
    return np.asarray(np.einsum("hwc,cf->f", image, matrix))


ten_filters = Exercise(
    "ten_filters", title="Ten filters over a color image", names=("model",), functions=()
)


@ten_filters.check(points=2)
def keeps_height_and_width(model: Any) -> None:
    """An image of 32×32×3 becomes ten maps of 32×32."""
    expect.equal(tuple(model.output_shape), (None, 32, 32, 10))


@ten_filters.check(points=1)
def has_760_parameters(model: Any) -> None:
    """Ten filters of 5×5×3 and their biases are 760 numbers."""
    expect.equal(model.count_params(), 760)


@ten_filters.misconception(
    "Your maps are 28×28: a kernel of 5 needs a frame of 2 to keep the size.",
    recognize=lambda model: model.output_shape[1:3] == (28, 28),
)
def without_padding() -> dict[str, Any]:
    import keras

    layers = [keras.Input((32, 32, 3)), keras.layers.Conv2D(10, 5)]
    return {"model": keras.Sequential(layers)}


probabilities = Exercise(
    "probabilities",
    title="From ten maps to ten probabilities",
    names=("probabilities", "model"),
    functions=("probabilities",),
)


@probabilities.check(points=2)
def softmax_of_the_means(probabilities: Any, model: Any, rng: np.random.Generator) -> None:
    """The softmax of the ten maps' means, for the maps that your own model gives."""
    image = rng.uniform(size=(32, 32, 3)).astype("float32")
    means = np.asarray(model(image[None]))[0].mean(axis=(0, 1))
    powers = np.exp(means - means.max())
    expect.close(probabilities(image), powers / powers.sum(), tolerance=1e-4)


@probabilities.misconception(
    "You divide by the sum of the means. Softmax takes their exponentials."
)
def without_exponentials() -> dict[str, Any]:
    import keras

    model = keras.Sequential([keras.Input((32, 32, 3)), keras.layers.Conv2D(10, 5, padding="same")])

    def probabilities(image: NDArray[Any]) -> NDArray[Any]:
        means = np.asarray(model(image[None]))[0].mean(axis=(0, 1))
        return np.asarray(means / means.sum())

    return {"probabilities": probabilities, "model": model}
