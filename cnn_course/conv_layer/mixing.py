"""The layer whose windows are single pixels: it mixes channels."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from cnn_course.references import Array, Rng, draw_image
from grader import Exercise, expect
from grader.authoring.telling_apart import draw_apart, outcomes

Function = Callable[..., Any]
Case = tuple[Array, Array, Array]

# ------------------------------------------------------------------------------------------------
pointwise = Exercise(
    "pointwise",
    title="One pixel, all its channels",
    functions=("pointwise",),
    forbid=("keras", "tensorflow", "torch", "scipy"),
    hints=(
        (
            "Take a single pixel: C numbers go in, F numbers come out, and each of those is a "
            "weighted sum of all C. Which product of mathematics is that?"
        ),
        (
            "The first two axes of the kernel have length 1: there is only row 0 and column 0 of "
            "the window. What is left at that place has the shape (C, F)."
        ),
        (
            "NumPy's `@` multiplies the last axis of the left by the rows of the right, for every "
            "pixel at once, and `+` adds a bias to each of the F maps."
        ),
    ),
)


def _volumes(rng: Rng, *, biased: bool) -> Iterator[Case]:
    """Images with a kernel and biases each; no two answers, right or wrong, are the same.

    There are as many filters as channels in the first, so that a transposed matrix fits as well.
    No map count is 3, but the second image has three channels.
    """
    without_biases = (mean_over_channels,)
    with_biases = (*without_biases, bias_left_out, bias_for_every_channel)
    anywhere = [wrong.function for wrong in (with_biases if biased else without_biases)]
    for height, width, channels, filters in (
        (2, 2, 2, 2),
        (2, 4, 3, 2),
        (4, 2, 3, 5),
        (1, 5, 5, 1),
    ):
        shape = (height, width, channels)
        answers = [
            _mixed,
            *anywhere,
            *([matrix_transposed.function] if channels == filters else []),
        ]

        def draw(shape: tuple[int, int, int] = shape, filters: int = filters) -> Case:
            image = draw_image(rng, shape)
            kernel = rng.integers(-3, 4, (1, 1, shape[2], filters)).astype(np.float32)
            return image, kernel, rng.integers(1, 5, filters).astype(np.float32) * biased

        def outcomes_of(case: Case, answers: list[Function] = answers) -> dict[str, Any]:
            return outcomes(answers, [case])

        yield draw_apart(draw, outcomes_of)


def _mixed(image: Array, kernel: Array, bias: Array) -> Array:
    return np.asarray(np.einsum("hwc,ijcf->hwf", image, kernel, dtype=np.float64) + bias)


@pointwise.check(points=1)
def makes_a_map_for_every_filter(pointwise: Function, rng: Rng) -> None:
    """An image (H, W, C) and F filters give (H, W, F): no pixel is lost at the border."""
    for image, kernel, bias in _volumes(rng, biased=True):
        expect.shape(pointwise(image, kernel, bias), _mixed(image, kernel, bias).shape)


@pointwise.check(points=1, after=makes_a_map_for_every_filter)
def mixes_the_channels(pointwise: Function, rng: Rng) -> None:
    """Each value is a weighted sum over all channels of its own pixel (here the biases are 0)."""
    for image, kernel, bias in _volumes(rng, biased=False):
        expect.close(pointwise(image, kernel, bias), _mixed(image, kernel, bias))


@pointwise.check(points=1, after=makes_a_map_for_every_filter)
def adds_one_bias_to_every_map(pointwise: Function, rng: Rng) -> None:
    """Every value of a map gets the bias of its filter, once."""
    for image, kernel, bias in _volumes(rng, biased=True):
        expect.close(pointwise(image, kernel, bias), _mixed(image, kernel, bias))


@pointwise.misconception(
    "Your result has an axis too many: `@` took the kernel's first two axes along. They have "
    "length 1, for a window of one row and one column. Which index takes the weights out?"
)
def kernel_with_all_axes(image: Array, kernel: Array, bias: Array) -> Any:
    return image @ kernel + bias


@pointwise.misconception(
    "You return as many maps as the image has channels: each channel is multiplied by a number of "
    "its own, and none meets another. A filter, even of 1×1, reaches through all channels and adds "
    "up what it finds. How many maps do F filters make?",
    recognize=lambda pointwise: any(
        np.ndim(maps) == 3 and np.shape(maps)[-1] == 3 for maps in pointwise
    ),
)
def one_number_per_channel(image: Array, kernel: Array, _bias: Array) -> Any:
    return image * kernel[0, 0, :, 0]


@pointwise.misconception(
    "You hold all the products, channel by channel and filter by filter. As for any window, the "
    "products of one filter are added up. Over which axis?"
)
def products_not_summed(image: Array, kernel: Array, bias: Array) -> Any:
    return image[..., None] * kernel[0, 0] + bias


@pointwise.misconception(
    "You add up over all pixels as well, and one number for each filter is left. A 1×1 window sees "
    "a single pixel at a time: the picture stays a picture."
)
def summed_over_space(image: Array, kernel: Array, bias: Array) -> Any:
    return image.sum(axis=(0, 1)) @ kernel[0, 0] + bias


@pointwise.misconception(
    "Input channels and filters are exchanged in your product. Where there are as many of both, "
    "nobody warns you. In Keras's kernel the last axis counts the filters: what stands in a row, "
    "and what in a column, of `kernel[0, 0]`?"
)
def matrix_transposed(image: Array, kernel: Array, bias: Array) -> Any:
    return image @ kernel[0, 0].T + bias


@pointwise.misconception(
    "You average over the channels. The weights say how much each channel counts, and a filter "
    "adds up; if it should average, that is in its weights."
)
def mean_over_channels(image: Array, kernel: Array, bias: Array) -> Any:
    return image @ kernel[0, 0] / image.shape[-1] + bias


@pointwise.misconception(
    "You leave the biases out. Each filter has one, and adds it to every value of its map."
)
def bias_left_out(image: Array, kernel: Array, _bias: Array) -> Any:
    return image @ kernel[0, 0]


@pointwise.misconception(
    "You add the bias once for each input channel. It belongs to the filter: it comes on top when "
    "all the products are added up, once."
)
def bias_for_every_channel(image: Array, kernel: Array, bias: Array) -> Any:
    return image @ kernel[0, 0] + image.shape[-1] * bias
