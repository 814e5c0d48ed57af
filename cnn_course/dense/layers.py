"""The dense layer itself: what it answers, what it costs, and as a very large kernel."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from cnn_course.dense.references import READY_MADE, Function, Shape, laid_out
from cnn_course.references import Array, Rng, draw_image
from grader import Exercise, expect
from grader.authoring.telling_apart import ask_all, draw_apart, outcomes

Case = tuple[Array, Array, Array]  # images, weights, biases

# ------------------------------------------------------------------------------------------------
dense = Exercise(
    "dense",
    title="The dense layer",
    forbid=READY_MADE,
    hints=(
        (
            "Begin with one image and one unit: each input times its weight, all added up, plus a "
            "bias."
        ),
        (
            "Column `j` of the weights belongs to unit `j`. Rows times columns: which product of "
            "two matrices does that for all images and all units at once?"
        ),
        "The biases are one number for each unit, and every image gets the same ones.",
    ),
)


def _layers(rng: Rng) -> Iterator[Case]:
    """Inputs, weights and biases; the first two layers are square, where more mistakes hide."""
    for batch, inputs, units in ((3, 3, 3), (3, 3, 3), (2, 4, 3), (5, 2, 6), (1, 20, 4)):
        images = draw_image(rng, (batch, inputs))

        def draw(images: Array = images, units: int = units) -> Case:
            weights = rng.integers(-3, 4, size=(images.shape[1], units)).astype(np.float32)
            biases = rng.permutation([-7, -5, -3, -2, 2, 3, 5, 7])[:units].astype(np.float32)
            return images, weights, biases

        if batch == inputs == units:
            yield draw_apart(draw, _all_answers, where=_has_both_signs)
        else:
            yield draw()


def _right(images: Array, weights: Array, biases: Array) -> Array:
    return np.asarray(np.einsum("bi,iu->bu", images, weights) + biases[None])


def _all_answers(case: Case) -> dict[str, Any]:
    return outcomes([_right, *(wrong.function for wrong in dense.misconceptions)], [case])


def _has_both_signs(case: Case) -> bool:
    values = _right(*case)
    return bool((values < -0.1).any() and (values > 0.1).any())


@dense.check(points=3)
def weighs_adds_up_and_adds_the_bias(dense: Function, rng: Rng) -> None:
    """Each unit's output is the sum of all inputs times its weights, plus its own bias."""
    cases = list(_layers(rng))
    ask_all(dense, cases[:2])
    for case in cases:
        expect.close(dense(*case), _right(*case))


@dense.misconception(
    "You leave the biases out. Every unit adds a number of its own to its weighted sum."
)
def no_bias(inputs: Array, weights: Array, _biases: Array) -> Array:
    return inputs @ weights


@dense.misconception(
    "You use the weights transposed, which works only while there are as many inputs as units. "
    "Weights have the shape (inputs, units): which of their axes is summed over?"
)
def weights_transposed(inputs: Array, weights: Array, biases: Array) -> Array:
    return inputs @ weights.T + biases


@dense.misconception(
    "You add a bias to each input, before it is weighted. A bias belongs to a unit, and shifts "
    "what comes out of it."
)
def biases_on_the_inputs(inputs: Array, weights: Array, biases: Array) -> Any:
    return (inputs + biases) @ weights


@dense.misconception(
    "You give each image a bias of its own. There is one for each unit: along which axis of the "
    "output do the units stand?"
)
def biases_by_image(inputs: Array, weights: Array, biases: Array) -> Any:
    return inputs @ weights + biases[:, None]


@dense.misconception(
    "You multiply inputs and weights number by number. In a dense layer every unit sees every "
    "input, so each output is a sum over all of them. Which product of matrices is that?"
)
def number_by_number(inputs: Array, weights: Array, biases: Array) -> Array:
    return inputs * weights + biases


@dense.misconception(
    "You set negative sums to zero. The layer itself is only weights and biases; an activation, "
    "where there is one, is named on its own."
)
def drops_negative_sums(inputs: Array, weights: Array, biases: Array) -> Any:
    return np.maximum(inputs @ weights + biases, 0)


# ------------------------------------------------------------------------------------------------
dense_parameters = Exercise(
    "dense_parameters",
    title="The parameters of a dense layer",
    hints=(
        "Draw two inputs, three units and every line between them. What is learned besides these?",
        "One weight for each pair of an input and a unit. To what does a bias belong?",
    ),
)


def _connections(rng: Rng) -> Iterator[tuple[int, int]]:
    """A small layer on which no two answers agree, then layers of known networks."""

    def draw() -> tuple[int, int]:
        return int(rng.integers(3, 9)), int(rng.integers(3, 9))

    answers = [_size, *(wrong.function for wrong in dense_parameters.misconceptions)]
    yield draw_apart(draw, lambda case: outcomes(answers, [case]))
    yield from ((400, 120), (64, 10), (1, 1))


def _size(inputs: int, units: int) -> int:
    """How many numbers the arrays of a layer hold."""
    return np.empty((inputs, units)).size + np.empty(units).size


@dense_parameters.check(points=1)
def counts_weights_and_biases(dense_parameters: Function, rng: Rng) -> None:
    """Every weight counts, and every bias."""
    for inputs, units in _connections(rng):
        expect.equal(dense_parameters(inputs, units), _size(inputs, units))


@dense_parameters.misconception(
    "You count the weights only. Each unit also adds a bias, which is learned too."
)
def no_biases(inputs: int, units: int) -> int:
    return inputs * units


@dense_parameters.misconception(
    "You count a bias for each input. What a bias shifts is an output: how many of those are there?"
)
def a_bias_for_each_input(inputs: int, units: int) -> int:
    return inputs * units + inputs


@dense_parameters.misconception("You count one bias for the whole layer. Each unit has its own.")
def one_bias(inputs: int, units: int) -> int:
    return inputs * units + 1


@dense_parameters.misconception(
    "You count a bias for every weight. A unit adds up all its products first; how many biases "
    "does one sum need?"
)
def a_bias_for_each_weight(inputs: int, units: int) -> int:
    return 2 * inputs * units


@dense_parameters.misconception(
    "You add inputs and units. Every unit is connected to every input: how many connections are "
    "there between 2 inputs and 3 units?"
)
def inputs_plus_units(inputs: int, units: int) -> int:
    return inputs + units


# ------------------------------------------------------------------------------------------------
dense_as_conv = Exercise(
    "dense_as_conv",
    title="A dense layer is a very large kernel",
    forbid=READY_MADE,
    hints=(
        (
            "Row `i` of the weights belongs to value `i` of the flattened volume. From which "
            "position did that value come?"
        ),
        (
            "A kernel of Keras has the shape (rows, columns, channels, filters), and one filter "
            "does the work of one unit."
        ),
        (
            "Flatten turned (H, W, C) into one axis without moving anything. Turn the first axis "
            "of the weights back in the same way, and leave the units alone."
        ),
    ),
)


def _dense_weights(rng: Rng) -> Iterator[tuple[Array, Shape]]:
    """Weights that are all different, with the map that they belong to."""
    for map_shape, units in (((2, 3, 2), 2), ((3, 2, 4), 3), ((2, 2, 3), 4)):
        size = int(np.prod(map_shape)) * units
        weights = (rng.permutation(size) + 1).reshape(-1, units).astype(np.float32)
        yield weights, map_shape


@dense_as_conv.check(points=1)
def is_as_large_as_the_map(dense_as_conv: Function, rng: Rng) -> None:
    """The kernel covers the whole map, and has a filter for each unit: (H, W, C, units)."""
    for weights, map_shape in _dense_weights(rng):
        expect.shape(dense_as_conv(weights, map_shape), (*map_shape, weights.shape[1]))


@dense_as_conv.check(points=2, after=is_as_large_as_the_map)
def puts_each_weight_where_its_input_came_from(dense_as_conv: Function, rng: Rng) -> None:
    """Each weight lies on the position whose value it weighed, so both layers answer the same."""
    for weights, map_shape in _dense_weights(rng):
        expect.close(dense_as_conv(weights, map_shape), laid_out(weights, map_shape))


@dense_as_conv.misconception(
    "You put the units first. In Keras's kernels the filters are the last axis: (rows, columns, "
    "channels, filters). Which axis of the weights are the units?"
)
def units_in_front(weights: Array, map_shape: Shape) -> Array:
    return weights.T.reshape(-1, *map_shape)


@dense_as_conv.misconception(
    "The shape is right, but the weights of different units are mixed up: you cut the numbers as "
    "if the units came first. In the weights, (inputs, units), they are the last axis."
)
def units_mixed_up(weights: Array, map_shape: Shape) -> Array:
    return np.moveaxis(weights.reshape(-1, *map_shape), 0, -1)


@dense_as_conv.misconception(
    "You lay the weights out one channel after the other. Flatten had the channels fastest: the "
    "first weights of a unit all belong to the first pixel."
)
def laid_out_by_channel(weights: Array, map_shape: Shape) -> Array:
    height, width, channels = map_shape
    return weights.reshape(channels, height, width, -1).transpose(1, 2, 0, 3)


@dense_as_conv.misconception(
    "You lay the weights out column by column. Flatten went along the rows: after the first pixel "
    "came its neighbor on the right."
)
def laid_out_by_column(weights: Array, map_shape: Shape) -> Array:
    height, width, channels = map_shape
    return weights.reshape(width, height, channels, -1).transpose(1, 0, 2, 3)


@dense_as_conv.misconception(
    "You flip the kernel. Mathematicians' convolution would need that; a CNN lays the kernel on "
    "the map as it is."
)
def flipped(weights: Array, map_shape: Shape) -> Array:
    return weights.reshape(*map_shape, -1)[::-1, ::-1]


@dense_as_conv.misconception(
    "You let the first axis run fastest while laying out. Flatten ran through the last one "
    "fastest; what does NumPy do without being told?"
)
def laid_out_as_fortran_does(weights: Array, map_shape: Shape) -> Array:
    return weights.reshape(*map_shape, -1, order="F")
