"""What a layer costs to compute."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from cnn_course.conv_layer.stack_references import (
    Layer,
    Shape,
    draw_layer,
    starts,
)
from cnn_course.references import Rng
from grader import Exercise, expect
from grader.authoring.telling_apart import ask_all, draw_apart, outcomes

Function = Callable[..., Any]

# ------------------------------------------------------------------------------------------------
multiply_adds = Exercise(
    "multiply_adds",
    title="What does a layer cost?",
    functions=("multiply_adds",),
    hints=(
        (
            "Begin with a single value of a single map: how many pairs of weight and pixel does "
            "one window hold, all input channels counted?"
        ),
        "Every filter answers at every place of the window. How many values is that in all?",
        (
            "Places along one direction: with `valid`, the first window starts at 0 and the last "
            "at `size - kernel_size` at most; with `same`, a window stands at every pixel that a "
            "step ends on."
        ),
        (
            "The number of places is that of the output map, so padding and strides matter, and "
            "biases do not: they are added, never multiplied."
        ),
    ),
)


def _multiplications(
    input_shape: Shape, filters: int, kernel_size: int, strides: int, padding: str
) -> int:
    """Counted map by map: the products behind each value are one window's weights."""
    height, width, channels = input_shape
    values = sum(
        starts(height, kernel_size, strides, padding) * starts(width, kernel_size, strides, padding)
        for _ in range(filters)
    )
    return sum(kernel_size * kernel_size * channels for _ in range(values))


def _plain_layers(rng: Rng) -> Iterator[Layer]:
    """Layers of stride 1 without padding, on which answers differ unless they must agree."""
    agree = {
        "padding_ignored",
        "strides_ignored",
        "strides_ignored_with_same",
        "same_rounded_down",
        "valid_rounded_up",
        "paddings_exchanged",  # a window for every pixel
    }
    wrong = [one.function for one in multiply_adds.misconceptions if one.name not in agree]
    for _ in range(3):
        yield draw_apart(
            lambda: draw_layer(rng, 1, "valid"),
            lambda case: outcomes([_multiplications, *wrong], [case]),
        )


def _other_layers(rng: Rng) -> list[Layer]:
    """Layers with strides and padding, on which no two answers, right or wrong, are the same.

    No single layer could do that: each has one of the two paddings.
    """
    kinds = ((2, "valid"), (2, "same"), (3, "same"), (1, "same"))
    wrong = [one.function for one in multiply_adds.misconceptions]
    return draw_apart(
        lambda: [draw_layer(rng, strides, padding) for strides, padding in kinds],
        lambda cases: outcomes([_multiplications, *wrong], cases),
    )


@multiply_adds.check(points=1)
def counts_every_product(multiply_adds: Function, rng: Rng) -> None:
    """Without padding, stride 1: every weight of every filter, at every place of the window."""
    for case in _plain_layers(rng):
        expect.equal(multiply_adds(*case), _multiplications(*case))


@multiply_adds.check(points=2)
def counts_places_of_the_output(multiply_adds: Function, rng: Rng) -> None:
    """With strides and padding, windows are counted where they stand: once a value of the map."""
    cases = _other_layers(rng)
    ask_all(multiply_adds, cases)
    for case in cases:
        expect.equal(multiply_adds(*case), _multiplications(*case))


@multiply_adds.misconception(
    "You count the weights. Each weight is used anew at every place where its window stands, and "
    "that is where the cost comes from. How many places are there?"
)
def places_left_out(
    input_shape: Shape, filters: int, kernel_size: int, _strides: int, _padding: str
) -> int:
    return kernel_size**2 * input_shape[2] * filters


@multiply_adds.misconception(
    "You count the parameters. They say how much is stored; what is computed is more, as every "
    "weight is used at every place of the window (and biases are not multiplied at all)."
)
def parameters_instead(
    input_shape: Shape, filters: int, kernel_size: int, _strides: int, _padding: str
) -> int:
    return (kernel_size**2 * input_shape[2] + 1) * filters


def _output_places(input_shape: Shape, kernel_size: int, strides: int, padding: str) -> int:
    height, width, _ = input_shape
    return starts(height, kernel_size, strides, padding) * starts(
        width, kernel_size, strides, padding
    )


@multiply_adds.misconception(
    "You count a window for every pixel of the input. Windows stand where the output has a value: "
    "without padding and with strides these are fewer."
)
def input_positions(
    input_shape: Shape, filters: int, kernel_size: int, _strides: int, _padding: str
) -> int:
    height, width, channels = input_shape
    return height * width * kernel_size**2 * channels * filters


@multiply_adds.misconception(
    "You leave the padding out, and count as for `valid`. With `same`, a window stands at every "
    "step inside the image, also where it reaches over the border."
)
def padding_ignored(
    input_shape: Shape, filters: int, kernel_size: int, strides: int, _padding: str
) -> int:
    places = _output_places(input_shape, kernel_size, strides, "valid")
    return places * kernel_size**2 * input_shape[2] * filters


def _with_places(places: Callable[[int, int, int, str], int], case: Layer) -> int:
    """All multiplications of a layer that has `places` along a direction."""
    (height, width, channels), filters, kernel_size, strides, padding = case
    rows = places(height, kernel_size, strides, padding)
    columns = places(width, kernel_size, strides, padding)
    return rows * columns * filters * kernel_size**2 * channels


@multiply_adds.misconception(
    "With `same`, you round down. In a row of 7 with steps of 2, windows stand at 0, 2, 4 and 6; "
    "how many do you count there?"
)
def same_rounded_down(
    input_shape: Shape, filters: int, kernel_size: int, strides: int, padding: str
) -> int:
    return _with_places(
        lambda size, kernel, step, kind: (
            size // step if kind == "same" else starts(size, kernel, step, kind)
        ),
        (input_shape, filters, kernel_size, strides, padding),
    )


@multiply_adds.misconception(
    "Without padding, you round up. A last window that does not fit any more is left out, and what "
    "is left out is not multiplied."
)
def valid_rounded_up(
    input_shape: Shape, filters: int, kernel_size: int, strides: int, padding: str
) -> int:
    return _with_places(
        lambda size, kernel, step, kind: (
            starts(size, kernel, step, kind) if kind == "same" else -(-(size - kernel) // step) + 1
        ),
        (input_shape, filters, kernel_size, strides, padding),
    )


@multiply_adds.misconception(
    "Without padding, you count the steps of the window. Before its first step it has already "
    "stood in one place, and multiplied there, too."
)
def steps_for_places(
    input_shape: Shape, filters: int, kernel_size: int, strides: int, padding: str
) -> int:
    return _with_places(
        lambda size, kernel, step, kind: (
            starts(size, kernel, step, kind) if kind == "same" else (size - kernel) // step
        ),
        (input_shape, filters, kernel_size, strides, padding),
    )


@multiply_adds.misconception(
    "With `same`, you leave the strides out. `same` keeps the size at stride 1 only: a window that "
    "takes larger steps stops less often, with zeros around the image or without."
)
def strides_ignored_with_same(
    input_shape: Shape, filters: int, kernel_size: int, strides: int, padding: str
) -> int:
    return _with_places(
        lambda size, kernel, step, kind: (
            size if kind == "same" else starts(size, kernel, step, kind)
        ),
        (input_shape, filters, kernel_size, strides, padding),
    )


@multiply_adds.misconception(
    "The two paddings are exchanged: you count as for `same` where it says `valid`, and the other "
    "way round. Which of the two keeps the window inside the image?"
)
def paddings_exchanged(
    input_shape: Shape, filters: int, kernel_size: int, strides: int, padding: str
) -> int:
    other = "valid" if padding == "same" else "same"
    return _multiplications(input_shape, filters, kernel_size, strides, other)


@multiply_adds.misconception(
    "You leave the strides out. A window that moves by 2 stops at every second column of every "
    "second row: what is that as a share of all places?"
)
def strides_ignored(
    input_shape: Shape, filters: int, kernel_size: int, _strides: int, padding: str
) -> int:
    places = _output_places(input_shape, kernel_size, 1, padding)
    return places * kernel_size**2 * input_shape[2] * filters


@multiply_adds.misconception(
    "You count one filter. All of them answer at every place, each with its own weights."
)
def one_filter_counted(
    input_shape: Shape, _filters: int, kernel_size: int, strides: int, padding: str
) -> int:
    places = _output_places(input_shape, kernel_size, strides, padding)
    return places * kernel_size**2 * input_shape[2]


@multiply_adds.misconception(
    "Your windows are flat. A filter is as deep as its input: in every window it has weights for "
    "each of the input's channels."
)
def channels_left_out(
    input_shape: Shape, filters: int, kernel_size: int, strides: int, padding: str
) -> int:
    return _output_places(input_shape, kernel_size, strides, padding) * kernel_size**2 * filters


@multiply_adds.misconception(
    "You count one for the bias at every value. A bias is added, not multiplied, and here only "
    "multiplications count."
)
def biases_counted(
    input_shape: Shape, filters: int, kernel_size: int, strides: int, padding: str
) -> int:
    places = _output_places(input_shape, kernel_size, strides, padding)
    return places * (kernel_size**2 * input_shape[2] + 1) * filters


@multiply_adds.misconception(
    "You count multiplications and additions apart, which gives twice as many. (Both ways are "
    "found in papers.) Here each multiplication, with the addition that goes with it, counts one."
)
def counted_twice(
    input_shape: Shape, filters: int, kernel_size: int, strides: int, padding: str
) -> int:
    return 2 * _multiplications(input_shape, filters, kernel_size, strides, padding)
