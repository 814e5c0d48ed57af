"""From one channel to a layer: one kernel over a volume, then a bank of filters with biases."""

from __future__ import annotations

from typing import Any

import numpy as np

from cnn_course.conv_layer.references import (
    NETWORK_LIBRARIES,
    Case,
    Function,
    draw_weights,
    keras_maps,
    responses,
)
from cnn_course.references import Array, Rng, correlate, draw_image
from grader import Exercise, expect
from grader.authoring.telling_apart import ask_all, draw_apart, outcomes
from grader.judging.exercise import Misconception

# Ready-made layers and convolutions: in these exercises they are what the student builds.
READY_MADE = (*NETWORK_LIBRARIES, "scipy", "cv2", "skimage", "PIL.ImageFilter")

# ------------------------------------------------------------------------------------------------
convolve_volume = Exercise(
    "convolve_volume",
    title="One filter over a volume",
    forbid=READY_MADE,
    hints=(
        (
            "The kernel has as many slices as the image has channels. Which slice lies on which "
            "channel?"
        ),
        (
            "`image[:, :, channel]` is one channel and `kernel[:, :, channel]` its slice: two "
            "grids, and for two grids you have `convolve2d`."
        ),
        (
            "All those maps have the same size. In the end there is one map; what does the figure "
            "do with them?"
        ),
    ),
)


def _one_map(image: Array, kernel: Array) -> Array:
    return responses(image, kernel[..., None])[..., 0]


def _map_of_each(image: Array, kernel: Array) -> Array:
    """The map of every channel under its own slice, (H', W', C)."""
    slices = range(image.shape[2])
    return np.stack([correlate(image[..., i], kernel[..., i]) for i in slices], axis=2)


def _volumes(rng: Rng) -> list[Case]:
    """Images and kernels on which no two answers, right or wrong, are the same.

    The kernel of the first case is as deep as it is high, so that its axes can be exchanged.
    """

    def draw() -> list[Case]:
        sizes = (((4, 5, 3), (3, 3)), ((5, 4, 2), (2, 3)), ((4, 6, 4), (2, 2)), ((3, 4, 1), (2, 2)))
        return [(draw_image(rng, size), draw_weights(rng, (*k, size[2]))) for size, k in sizes]

    wrong = [known.function for known in convolve_volume.misconceptions]
    first = draw_apart(lambda: draw()[:1], lambda cases: outcomes([_one_map, *wrong], cases))
    return first + draw()[1:]


@convolve_volume.check(points=1)
def returns_one_map(convolve_volume: Function, rng: Rng) -> None:
    """However many channels come in, one kernel makes one map: (H − k + 1, W − l + 1)."""
    for image, kernel in _volumes(rng):
        expect.shape(convolve_volume(image, kernel), _one_map(image, kernel).shape)


@convolve_volume.check(points=2, after=returns_one_map)
def adds_up_over_the_channels(convolve_volume: Function, rng: Rng) -> None:
    """Each slice of the kernel is slid over its own channel, and the results are added up."""
    cases = _volumes(rng)
    ask_all(convolve_volume, cases)
    for image, kernel in cases:
        wanted = keras_maps(image, kernel[..., None], np.zeros(1, np.float32))[..., 0]
        expect.close(convolve_volume(image, kernel), wanted)


@convolve_volume.misconception(
    "You return a map for each channel. They are the right ones, but a filter gives one answer at "
    "each place, to which all channels contribute. How do several maps become one?"
)
def a_map_for_each_channel(image: Array, kernel: Array) -> Array:
    return _map_of_each(image, kernel)


@convolve_volume.misconception(
    "You average over the channels. A response is a sum of products, over rows, columns and "
    "channels alike; nothing in it is divided."
)
def averaged_over_the_channels(image: Array, kernel: Array) -> Array:
    averaged: Array = _map_of_each(image, kernel).mean(axis=2)
    return averaged


@convolve_volume.misconception(
    "You slide the kernel's first slice over every channel. Then red and blue would be asked the "
    "same question; what are the other slices for?"
)
def first_slice_for_all(image: Array, kernel: Array) -> Array:
    return _one_map(image, np.repeat(kernel[..., :1], kernel.shape[2], axis=2))


@convolve_volume.misconception(
    "Only the last channel is left in your map: in each turn of your loop the new map takes the "
    "place of the one before. Where could you keep the sum so far?"
)
def last_channel_only(image: Array, kernel: Array) -> Array:
    return correlate(image[..., -1], kernel[..., -1])


@convolve_volume.misconception(
    "You look at the first channel only. In a color image that is red: a blue thing on black "
    "ground could not be seen. Does your loop return before it has ended?"
)
def first_channel_only(image: Array, kernel: Array) -> Array:
    return correlate(image[..., 0], kernel[..., 0])


@convolve_volume.misconception(
    "You add the channels up before you slide the kernel. Then nobody knows any more what was red "
    "and what was blue. Each slice has to meet its own channel first; when do you add?"
)
def channels_added_first(image: Array, kernel: Array) -> Array:
    return correlate(image.sum(axis=2), kernel.sum(axis=2))


@convolve_volume.misconception(
    "You write `kernel[channel]`, which is a row of the kernel and not the slice for a channel. "
    "Here (as in Keras) the channels are the last axis: which index belongs where?"
)
def rows_of_the_kernel_for_slices(image: Array, kernel: Array) -> Any:
    return sum(correlate(image[..., i], kernel[i]) for i in range(image.shape[2]))


@convolve_volume.misconception(
    "Your kernel is flipped, top to bottom and left to right, as mathematicians do it. A layer "
    "slides its kernel as it is: the weight at the top left meets the pixel at the top left."
)
def kernel_flipped(image: Array, kernel: Array) -> Array:
    return _one_map(image, kernel[::-1, ::-1])


# ------------------------------------------------------------------------------------------------
conv_layer = Exercise(
    "conv_layer",
    title="A bank of filters",
    forbid=READY_MADE,
    hints=(
        "One filter makes one map, and that you can do. How many filters are there?",
        "`kernels[:, :, :, f]` is filter number f, with all its slices; `biases[f]` is its bias.",
        (
            "The bias is added to the finished map of its filter, once: the sum over the channels "
            "is already done."
        ),
        (
            "The maps become the channels of the output, its last axis. "
            "`np.stack(…, axis=…)` lays arrays of one shape on each other."
        ),
    ),
)


# Shape of an image, size of a kernel, number of filters; as many filters as channels or not.
_Sizes = tuple[tuple[int, int, int], tuple[int, int], int]
_SQUARE: tuple[_Sizes, ...] = (((4, 5, 2), (2, 2), 2), ((5, 4, 3), (3, 2), 3))
_ANY: tuple[_Sizes, ...] = (
    ((4, 5, 2), (2, 3), 4),
    ((5, 4, 3), (3, 3), 2),
    ((4, 4, 1), (2, 2), 3),
)


def _layer(image: Array, kernels: Array, biases: Array) -> Array:
    return responses(image, kernels) + biases


def _banks(rng: Rng, sizes: tuple[_Sizes, ...], *, biased: bool) -> list[Case]:
    """Images, kernels and biases of these sizes; all biases are 0, or no two are the same."""
    cases: list[Case] = []
    for image_shape, kernel_size, filters in sizes:
        kernels = draw_weights(rng, (*kernel_size, image_shape[2], filters))
        steps = rng.choice([-3, -2, -1, 1, 2, 3], size=filters, replace=False)
        biases = (steps / 2 * biased).astype(np.float32)
        cases.append((draw_image(rng, image_shape), kernels, biases))
    return cases


def _first_apart(
    rng: Rng, sizes: tuple[_Sizes, ...], known: tuple[Misconception, ...], *, biased: bool
) -> list[Case]:
    """Cases whose first one tells the right answer and the `known` wrong ones apart."""
    functions = (_layer, *(wrong.function for wrong in known))
    first = draw_apart(
        lambda: _banks(rng, sizes[:1], biased=biased), lambda cases: outcomes(functions, cases)
    )
    return first + _banks(rng, sizes[1:], biased=biased)


def _answers_as_keras(conv_layer: Function, cases: list[Case]) -> None:
    for image, kernels, biases in cases:
        expect.close(conv_layer(image, kernels, biases), keras_maps(image, kernels, biases))


@conv_layer.check(points=1)
def makes_a_map_with_each_filter(conv_layer: Function, rng: Rng) -> None:
    """The last axis of the output holds one map for each filter, in their order (biases are 0)."""
    wrong = (
        *(maps_first, reshaped, filters_and_channels_exchanged, filters_added_up),
        rows_of_the_kernels_for_filters,
    )
    cases = _first_apart(rng, _SQUARE, wrong, biased=False)
    ask_all(conv_layer, cases)
    _answers_as_keras(conv_layer, cases)


@conv_layer.check(points=1, after=makes_a_map_with_each_filter)
def adds_each_bias_once(conv_layer: Function, rng: Rng) -> None:
    """Every value of a map has the bias of its filter added to it, once."""
    wrong = (bias_left_out, bias_once_per_channel, first_bias_for_all)
    cases = _first_apart(rng, _SQUARE, wrong, biased=True)
    ask_all(conv_layer, cases)
    _answers_as_keras(conv_layer, cases)


@conv_layer.check(points=1, after=adds_each_bias_once)
def takes_any_number_of_filters(conv_layer: Function, rng: Rng) -> None:
    """The output is what Keras's `Conv2D` makes, with more or fewer filters than channels."""
    _answers_as_keras(conv_layer, _banks(rng, _ANY, biased=True))


@conv_layer.misconception(
    "Your maps lie along the first axis: (filters, height, width). Keras keeps the channels last, "
    "in its outputs as in its inputs, since the output is the input of the next layer. Which axis "
    "do you stack along?"
)
def maps_first(image: Array, kernels: Array, biases: Array) -> Array:
    return np.moveaxis(_layer(image, kernels, biases), 2, 0)


@conv_layer.misconception(
    "You reshape the maps to (height, width, filters). `reshape` keeps the numbers in their old "
    "order and only counts them off anew, so the maps get mixed up. What you want is to move an "
    "axis, or to stack along another one."
)
def reshaped(image: Array, kernels: Array, biases: Array) -> Array:
    maps = _layer(image, kernels, biases)
    return np.ascontiguousarray(np.moveaxis(maps, 2, 0)).reshape(maps.shape)


@conv_layer.misconception(
    "You take the filters from the third axis of `kernels` and the channels from the fourth. That "
    "runs while there are as many filters as channels, and means something else. What does the "
    "docstring say about the axes?"
)
def filters_and_channels_exchanged(image: Array, kernels: Array, biases: Array) -> Array:
    return _layer(image, kernels.swapaxes(2, 3), biases)


@conv_layer.misconception(
    "You write `kernels[f]`, which is row f of all the windows and not filter f. The filters are "
    "the last axis of `kernels`: how many colons have to stand before the index?"
)
def rows_of_the_kernels_for_filters(image: Array, kernels: Array, biases: Array) -> Array:
    filters = range(kernels.shape[3])
    return np.stack([_one_map(image, kernels[f]) + biases[f] for f in filters], axis=2)


@conv_layer.misconception(
    "You add up the maps of all filters. Channels are added up, because one filter looks at all of "
    "them; but every filter asks a question of its own. What becomes of its map?"
)
def filters_added_up(image: Array, kernels: Array, biases: Array) -> Array:
    summed: Array = _layer(image, kernels, biases).sum(axis=2)
    return summed


@conv_layer.misconception(
    "You leave the biases out. Besides its weights, each filter has one number more, which lifts "
    "or lowers all of its map. Where does it come in?"
)
def bias_left_out(image: Array, kernels: Array, _biases: Array) -> Array:
    return responses(image, kernels)


@conv_layer.misconception(
    "You add the bias to the map of every channel, so it counts once for each of them. A filter "
    "has a single bias: add it where the channels are already one map."
)
def bias_once_per_channel(image: Array, kernels: Array, biases: Array) -> Array:
    return _layer(image, kernels, biases * image.shape[2])


@conv_layer.misconception(
    "You add the first bias to all maps. There are as many biases as filters: which one belongs to "
    "map number 1?"
)
def first_bias_for_all(image: Array, kernels: Array, biases: Array) -> Array:
    return _layer(image, kernels, np.full_like(biases, biases[0]))


@conv_layer.misconception(
    "You make as many maps as the image has channels. That number says how deep each filter is. "
    "Which axis of `kernels` says how many filters there are?"
)
def as_many_maps_as_channels(image: Array, kernels: Array, biases: Array) -> Array:
    filters = range(image.shape[2])
    return np.stack([_one_map(image, kernels[..., f]) + biases[f] for f in filters], axis=2)
