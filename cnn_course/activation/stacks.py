"""Linear layers in a row are one layer: kernels in 1-D, in 2-D, and whole layers with biases."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from cnn_course.activation.references import (
    READY_MADE,
    collapsed,
    compose,
    whole_numbers,
)
from cnn_course.references import Array, Rng
from grader import Exercise, expect
from grader.authoring.telling_apart import Raised, ask_all, draw_apart, outcomes

Function = Callable[..., Any]
Weights = tuple[Array, Array, Array, Array]  # kernel1, bias1, kernel2, bias2

# ------------------------------------------------------------------------------------------------
compose_1d = Exercise(
    "compose_1d",
    title="Two kernels in a row, in one dimension",
    forbid=READY_MADE,
    hints=(
        (
            "Begin with the size: how many pixels of the row does one value of the second map "
            "depend on, by way of the first map?"
        ),
        (
            "Take the figure's numbers and ask for each pixel: on which ways does it get into the "
            "last value, and with which weights on each way?"
        ),
        (
            "The second kernel's weight `q` looks at a value of the first map `q` places further "
            "on, and that value looks at the pixels with `first`. So it puts `first`, times that "
            "weight, where in the composed kernel?"
        ),
    ),
)

_CORRELATES = (
    "You slide one kernel over the other as a CNN slides a kernel over an image. Then the weights "
    "of one of them come out in reverse order. Follow the first pixel of the row: which weight "
    "does it meet in the first kernel, and which in the second?"
)


def _kernels(rng: Rng, exercise: Exercise, shapes: tuple[Any, ...]) -> Iterator[tuple[Array, ...]]:
    """Pairs of kernels on which no two answers, right or wrong, are the same."""
    answers = [compose, *(known.function for known in exercise.misconceptions)]
    for pair in shapes:

        def draw(pair: tuple[Any, Any] = pair) -> tuple[Array, ...]:
            return tuple(whole_numbers(rng, shape) for shape in pair)

        yield draw_apart(draw, lambda kernels: _answered(answers, kernels))


def _answered(answers: list[Function], case: tuple[Array, ...]) -> dict[str, Any]:
    """What the answers are, of those that do not raise: a kernel does not fit into every other."""
    found = outcomes(answers, [case])
    return {name: made for name, [made] in found.items() if not isinstance(made, Raised)}


def _rows(rng: Rng) -> Iterator[tuple[Array, ...]]:
    shapes = (((3,), (3,)), ((2,), (4,)), ((5,), (3,)), ((3,), (2,)))
    return _kernels(rng, compose_1d, shapes)


@compose_1d.check(points=1)
def is_as_long_as_both_reach(compose_1d: Function, rng: Rng) -> None:
    """Kernels of k and l weights, one after the other, reach as far as one of k + l − 1."""
    for first, second in _rows(rng):
        expect.shape(compose_1d(first, second), (len(first) + len(second) - 1,))


@compose_1d.check(points=2, after=is_as_long_as_both_reach)
def answers_as_both_do(compose_1d: Function, rng: Rng) -> None:
    """On every row of pixels, it answers what the second kernel answers to the first one's map."""
    for first, second in _rows(rng):
        expect.close(compose_1d(first, second), compose(first, second))


@compose_1d.misconception(
    "You add the two kernels. That is the kernel of two maps side by side, added up. Here the "
    "second kernel never sees the pixels, only the map that the first one made: how far apart can "
    "two pixels be that meet in one value?"
)
def adds_1d(first: Array, second: Array) -> Array:
    return first + second


@compose_1d.misconception(
    "You multiply the kernels weight by weight. But each value of the first map goes into several "
    "values of the second, so every weight of one kernel meets every weight of the other. How many "
    "pixels does one last value depend on?"
)
def multiplies_1d(first: Array, second: Array) -> Array:
    return first * second


@compose_1d.misconception(_CORRELATES)
def correlates_1d(first: Array, second: Array) -> Array:
    return np.correlate(first, second, "full")


@compose_1d.misconception(_CORRELATES)
def correlates_the_other_way_1d(first: Array, second: Array) -> Array:
    return np.correlate(first, second, "full")[::-1]


@compose_1d.misconception(
    "Your kernel comes out in reverse order: both kernels were flipped. A CNN slides its kernels "
    "as they are, so the first weight of the one kernel meets the same pixel as the first weights "
    "of the two."
)
def reversed_1d(first: Array, second: Array) -> Array:
    return np.convolve(first, second)[::-1]


@compose_1d.misconception(
    "Where the copies of `first` overlap, the later one replaces the earlier: you set values where "
    "they should be added up. On how many ways does a pixel in the middle get into one last value?"
)
def overwrites_1d(first: Array, second: Array) -> Array:
    composed = np.zeros(len(first) + len(second) - 1)
    for place, weight in enumerate(second):
        composed[place : place + len(first)] = weight * first
    return composed


@compose_1d.misconception(
    "Your kernel is cut to the size of the longer of the two. Two kernels in a row see farther "
    "than each alone: a value of the second map looks at several values of the first, and each of "
    "those at several pixels."
)
def cut_1d(first: Array, second: Array) -> Array:
    return np.convolve(first, second, "same")


# ------------------------------------------------------------------------------------------------
compose_kernels = Exercise(
    "compose_kernels",
    title="Two kernels in a row",
    forbid=READY_MADE,
    hints=(
        "It is the same thought as in one dimension, along rows and along columns at once.",
        (
            "Begin with zeros, as large as both kernels reach together. Each weight of `second` "
            "adds a copy of `first`, times that weight, somewhere in it."
        ),
        (
            "The weight `second[i, j]` looks i rows further down and j columns further to the "
            "right. Where does its copy of `first` have its top-left corner?"
        ),
    ),
)


def _grids(rng: Rng) -> Iterator[tuple[Array, ...]]:
    shapes = (((2, 2), (2, 2)), ((3, 3), (3, 3)), ((2, 3), (3, 2)), ((1, 4), (3, 3)))
    return _kernels(rng, compose_kernels, shapes)


@compose_kernels.check(points=1)
def is_as_large_as_both_reach(compose_kernels: Function, rng: Rng) -> None:
    """A k×l and a p×q kernel, one after the other, reach as far as one of (k+p−1)×(l+q−1)."""
    for first, second in _grids(rng):
        expect.shape(compose_kernels(first, second), compose(first, second).shape)


@compose_kernels.check(points=2, after=is_as_large_as_both_reach)
def answers_as_both_do_on_images(compose_kernels: Function, rng: Rng) -> None:
    """On every image, it answers what the second kernel answers to the first one's map."""
    for first, second in _grids(rng):
        expect.close(compose_kernels(first, second), compose(first, second))


@compose_kernels.misconception(
    "You add the two kernels. That is the kernel of two maps side by side, added up. Here the "
    "second kernel sees only the map of the first: how far apart can two pixels be that meet in "
    "one value?"
)
def adds(first: Array, second: Array) -> Array:
    return first + second


@compose_kernels.misconception(
    "You multiply the kernels weight by weight. But each value of the first map goes into several "
    "values of the second, so every weight of one kernel meets every weight of the other. How many "
    "pixels does one last value depend on?"
)
def multiplies(first: Array, second: Array) -> Array:
    return first * second


@compose_kernels.misconception(
    "You multiply the kernels as matrices. A convolution is linear, but its matrix is another one: "
    "it has a row for every place of the window. Go back to copies of `first`, as in one dimension."
)
def multiplies_as_matrices(first: Array, second: Array) -> Array:
    return first @ second


@compose_kernels.misconception(_CORRELATES)
def correlates(first: Array, second: Array) -> Array:
    return compose(first, second[::-1, ::-1])


@compose_kernels.misconception(_CORRELATES)
def correlates_the_other_way(first: Array, second: Array) -> Array:
    return compose(first[::-1, ::-1], second)


@compose_kernels.misconception(
    "You flip one of the kernels along one axis only. What holds along the columns holds along the "
    "rows, too."
)
def flips_one_axis(first: Array, second: Array) -> Array:
    return compose(first, second[::-1])


@compose_kernels.misconception(
    "You flip one of the kernels along one axis only. What holds along the rows holds along the "
    "columns, too."
)
def flips_the_other_axis(first: Array, second: Array) -> Array:
    return compose(first, second[:, ::-1])


@compose_kernels.misconception(
    "Your kernel comes out turned around: both kernels were flipped. A CNN slides its kernels as "
    "they are, so their two top-left weights meet in the top-left weight of the composed one."
)
def turned_around(first: Array, second: Array) -> Array:
    return compose(first, second)[::-1, ::-1]


@compose_kernels.misconception(
    "Where the copies of `first` overlap, the later one replaces the earlier: you set values where "
    "they should be added up. On how many ways does a pixel in the middle get into one last value?"
)
def overwrites(first: Array, second: Array) -> Array:
    (height, width), (rows, columns) = first.shape, second.shape
    composed = np.zeros((height + rows - 1, width + columns - 1))
    for row, column in np.ndindex(rows, columns):
        composed[row : row + height, column : column + width] = second[row, column] * first
    return composed


@compose_kernels.misconception(
    "Your kernel is no larger than the first one. Two kernels in a row see farther than one alone: "
    "a value of the second map looks at several values of the first, and each of those at several "
    "pixels."
)
def cut_to_the_first(first: Array, second: Array) -> Array:
    return compose(first, second)[: first.shape[0], : first.shape[1]]


# ------------------------------------------------------------------------------------------------
collapse = Exercise(
    "collapse",
    title="Two layers become one",
    forbid=READY_MADE,
    hints=(
        (
            "Begin without biases, with one channel throughout: then the kernel is that of "
            "`compose_kernels`, in an array with two more axes of length 1."
        ),
        (
            "From an input channel c to an output channel f there is a way through each channel m "
            "between them. What the last value gets over all these ways is added up."
        ),
        (
            "For the bias imagine a black image. What stands everywhere in the first layer's maps "
            "then, and what does one window of the second layer make of such even maps?"
        ),
        (
            "`kernel1[:, :, c, m]` and `kernel2[:, :, m, f]` are two kernels in a row. To take all "
            "channels at once: at each place (i, j), `kernel2[i, j]` is a matrix (M, F). Which "
            "operation of matrices sums over m?"
        ),
    ),
)


def _layers(rng: Rng, *, channels: bool, biases: bool) -> Iterator[Weights]:
    """Weights of two layers; on each, and with these biases, no wrong answer looks like another.

    The first case has as many channels between the layers as behind them, the second has not.
    """
    if channels:
        shapes = (((2, 2, 1, 2), (2, 2, 2, 2)), ((2, 3, 2, 3), (3, 2, 3, 2)))
    else:
        shapes = (((2, 2, 1, 1), (2, 2, 1, 1)), ((3, 2, 1, 1), (2, 2, 1, 1)))
    for shape1, shape2 in shapes:

        def draw(shapes: tuple[Any, Any] = (shape1, shape2)) -> Weights:
            kernel1, kernel2 = (whole_numbers(rng, shape) for shape in shapes)
            bias1, bias2 = (whole_numbers(rng, shape[-1:]) * biases for shape in shapes)
            return kernel1, bias1, kernel2, bias2

        yield draw_apart(draw, _different_kernels, _different_biases, where=_mistakes_show)


def _pairs(weights: Weights) -> dict[str, tuple[Array, Array]]:
    """Kernel and bias of each answer that does not raise, the right one first."""
    wrong = [known.function for known in collapse.misconceptions]
    return _answered([collapsed, *wrong], weights)


def _different_kernels(weights: Weights) -> dict[str, Array]:
    """The right kernel and those of its shape that are not right."""
    (name, (truth, _)), *wrong = _pairs(weights).items()
    return {name: truth} | {
        name: kernel
        for name, (kernel, _) in wrong
        if not np.array_equal(kernel, truth) and kernel.shape == truth.shape
    }


def _different_biases(weights: Weights) -> dict[str, Array]:
    """The right bias and those that are not right."""
    (name, (_, truth)), *wrong = _pairs(weights).items()
    return {name: truth} | {
        name: bias for name, (_, bias) in wrong if not np.array_equal(bias, truth)
    }


def _mistakes_show(weights: Weights) -> bool:
    """Whether mistakes in kernels and biases are wrong, where there are channels and biases."""
    kernel1, bias1, *_ = weights
    kernels, biases = (len(answers(weights)) for answers in (_different_kernels, _different_biases))
    shown = kernel1.shape[3] == 1 or kernels == 1 + len(_WRONG_KERNELS)
    return shown and (not bias1.any() or biases >= len(_WRONG_BIASES))  # one of them may raise


def _expect(answer: Any, expected: tuple[Array, Array]) -> None:
    """The answer is a pair of a kernel and a bias, and both are the expected ones."""
    expect.that(
        isinstance(answer, tuple | list) and len(answer) == 2,
        "Return two arrays, `return kernel, bias`.",
        expected=expected,
        received=answer,
    )
    expect.close(answer[0], expected[0], name="kernel")
    expect.close(answer[1], expected[1])


@collapse.check(points=1)
def joins_two_kernels(collapse: Function, rng: Rng) -> None:
    """With one channel and biases of 0, it is the kernel of the two in a row, and a bias of 0."""
    for weights in _layers(rng, channels=False, biases=False):
        _expect(collapse(*weights), collapsed(*weights))


@collapse.check(points=2)
def joins_the_channels(collapse: Function, rng: Rng) -> None:
    """With several channels and biases of 0, all ways through the channels between are counted."""
    cases = list(_layers(rng, channels=True, biases=False))
    ask_all(collapse, cases)
    for weights in cases:
        _expect(collapse(*weights), collapsed(*weights))


@collapse.check(points=2)
def joins_the_biases(collapse: Function, rng: Rng) -> None:
    """With biases too, the one layer has the same outputs as the two layers together."""
    cases = list(_layers(rng, channels=True, biases=True))
    ask_all(collapse, cases)
    for weights in cases:
        _expect(collapse(*weights), collapsed(*weights))


@collapse.misconception(
    "The first layer's bias is lost. It stands in every value of the maps between, and the second "
    "layer's weights carry it on. What does the second layer make of a map that is the same "
    "everywhere?"
)
def bias1_dropped(kernel1: Array, bias1: Array, kernel2: Array, bias2: Array) -> Any:
    return collapsed(kernel1, bias1, kernel2, bias2)[0], bias2


@collapse.misconception(
    "You add the two biases as they are. The first one goes through the second layer before it "
    "gets out, like everything else in the maps between, and each weight it meets multiplies it."
)
def biases_added_only(kernel1: Array, bias1: Array, kernel2: Array, bias2: Array) -> Any:
    return collapsed(kernel1, bias1, kernel2, bias2)[0], bias1 + bias2


@collapse.misconception(
    "You carry the first layer's bias through a single weight of each kernel. A window of the "
    "second layer covers several places of the map between, and the bias stands in all of them."
)
def bias_through_one_weight(kernel1: Array, bias1: Array, kernel2: Array, bias2: Array) -> Any:
    kernel = collapsed(kernel1, bias1, kernel2, bias2)[0]
    return kernel, bias2 + bias1 @ kernel2[0, 0]


@collapse.misconception(
    "You average the second layer's weights for the bias. Each weight of a window meets the first "
    "bias once, and a layer adds up what its weights make. What is divided here?"
)
def bias_through_the_mean(kernel1: Array, bias1: Array, kernel2: Array, bias2: Array) -> Any:
    kernel = collapsed(kernel1, bias1, kernel2, bias2)[0]
    return kernel, bias2 + bias1 @ kernel2.mean(axis=(0, 1))


@collapse.misconception(
    "You add the first layer's biases up to a single number. But each of them stands in a map of "
    "its own, and the second layer has other weights for each of these maps."
)
def biases_summed(kernel1: Array, bias1: Array, kernel2: Array, bias2: Array) -> Any:
    return collapsed(kernel1, bias1, kernel2, bias2)[0], bias2 + bias1.sum()


@collapse.misconception(
    "You add the first layer's biases up before they meet any weights. But each of them stands in "
    "a map of its own, and the second layer has other weights for each of these maps."
)
def biases_summed_too_soon(kernel1: Array, bias1: Array, kernel2: Array, bias2: Array) -> Any:
    kernel = collapsed(kernel1, bias1, kernel2, bias2)[0]
    return kernel, bias2 + bias1.sum() * kernel2.sum(axis=(0, 1, 2))


@collapse.misconception(
    "The second layer's bias is lost. It is added at the very end, to each of the last maps."
)
def bias2_dropped(kernel1: Array, bias1: Array, kernel2: Array, bias2: Array) -> Any:
    kernel, bias = collapsed(kernel1, bias1, kernel2, bias2)
    return kernel, bias - bias2


@collapse.misconception(
    "You go through the first of the channels between the layers and leave the others out. The "
    "second layer looks at all of its input channels and adds up what it sees."
)
def first_channel_only(kernel1: Array, bias1: Array, kernel2: Array, bias2: Array) -> Any:
    return collapsed(kernel1[..., :1], bias1[:1], kernel2[:, :, :1], bias2)


@collapse.misconception(
    "You average over the channels between the layers. A layer adds up what it sees in its input "
    "channels; nothing is divided."
)
def channels_averaged(kernel1: Array, bias1: Array, kernel2: Array, bias2: Array) -> Any:
    kernel, bias = collapsed(kernel1, bias1, kernel2, bias2)
    return kernel / len(bias1), (bias - bias2) / len(bias1) + bias2


@collapse.misconception(
    "You keep the channels between the layers apart, as an axis of their own. Outside of the two "
    "layers nobody sees them: the second layer has added them up. Over which axis is a sum missing?"
)
def channels_kept(kernel1: Array, bias1: Array, kernel2: Array, bias2: Array) -> Any:
    parts = [
        collapsed(kernel1[..., [m]], bias1[[m]], kernel2[:, :, [m]], bias2)[0]
        for m in range(len(bias1))
    ]
    return np.stack(parts, axis=3), collapsed(kernel1, bias1, kernel2, bias2)[1]


@collapse.misconception(
    "One of the kernels is flipped on the way: you slide it over the other one as a CNN slides a "
    "kernel over an image. Compare with your `compose_kernels`, channel by channel."
)
def flipped(kernel1: Array, bias1: Array, kernel2: Array, bias2: Array) -> Any:
    return collapsed(kernel1, bias1, kernel2[::-1, ::-1], bias2)


@collapse.misconception(
    "One of the kernels is flipped on the way: you slide one over the other as a CNN slides a "
    "kernel over an image. Compare with your `compose_kernels`, channel by channel."
)
def flipped_the_other_way(kernel1: Array, bias1: Array, kernel2: Array, bias2: Array) -> Any:
    return collapsed(kernel1[::-1, ::-1], bias1, kernel2, bias2)


_WRONG_BIASES = (
    bias1_dropped,
    biases_added_only,
    bias_through_one_weight,
    bias_through_the_mean,
    biases_summed,
    biases_summed_too_soon,
    bias2_dropped,
)
_WRONG_KERNELS = (first_channel_only, channels_averaged, flipped, flipped_the_other_way)
