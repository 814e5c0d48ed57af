"""The shapes that pooling layers make, and their parameters."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from cnn_course.pooling.references import READY_MADE, Rng, counted
from grader import Exercise, expect
from grader.authoring.telling_apart import ask_all

Function = Callable[..., Any]

# ------------------------------------------------------------------------------------------------
pooled_shape = Exercise(
    "pooled_shape",
    title="Shapes and parameters of pooling layers",
    forbid=READY_MADE,
    hints=(
        (
            "Height and width follow the same rule, each on its own. Write it for one size first, "
            'for `padding="valid"`: how many windows fit?'
        ),
        (
            'For `"same"`, padding makes room for every window that is needed, so the size of the '
            "pool plays no part. How many steps of `strides` pixels does it take to get past the "
            "last pixel? Try 10 pixels with strides of 3, and 7 with strides of 1."
        ),
        "What would training have to change in a layer that takes the maximum? And the channels?",
    ),
)

# Input shape, pool size, strides: pixels are left over, windows overlap, windows leave gaps.
_Layer = tuple[tuple[int, int, int], int, int | None]


def _layers(rng: Rng) -> list[_Layer]:
    """Layers on which no two rules for the size agree; the first with strides left out."""
    channels = [int(n) for n in rng.choice(np.arange(5, 17), size=3, replace=False)]
    pool_size = int(rng.integers(3, 5))
    tall, wide = (
        pool_size * int(n) + pool_size - 1 for n in rng.choice([2, 3, 4, 5], 2, replace=False)
    )
    half = int(rng.integers(4, 8))
    return [
        ((tall, wide, channels[0]), pool_size, None),
        ((2 * half, 2 * half + 6, channels[1]), 3, 2),
        ((3 * half + 2, 3 * half + 8, channels[2]), 2, 3),
    ]


def _layers_for_same(rng: Rng) -> list[_Layer]:
    """The layers, and before them such as tell rules apart that round in another way than up."""
    channels = [int(n) for n in rng.choice(np.arange(5, 17), size=3, replace=False)]
    return [
        ((5, 4, channels[0]), 2, None),
        ((10, 13, channels[1]), 3, None),
        ((7, 9, channels[2]), 2, 1),
        *_layers(rng),
    ]


def _expected(layer: _Layer, padding: str) -> tuple[int, int, int]:
    (height, width, channels), pool_size, strides = layer
    return (
        counted(height, pool_size, strides, padding),
        counted(width, pool_size, strides, padding),
        channels,
    )


def _parts(answer: Any) -> tuple[Any, Any]:
    """A shape and a number of parameters, or a Mismatch that says how to return them."""
    expect.that(
        isinstance(answer, tuple | list) and len(answer) == 2,
        "Two things are expected: a shape, and a number of parameters. "
        "End with `return (rows, columns, channels), parameters`.",
        received=answer,
    )
    return answer[0], answer[1]


@pooled_shape.check(points=2)
def counts_whole_windows(pooled_shape: Function, rng: Rng) -> None:
    """Without padding, rows and columns are the whole windows that fit; all channels stay."""
    for layer in _layers(rng):
        shape, _ = _parts(pooled_shape(*layer))
        expect.equal(shape, _expected(layer, "valid"))


@pooled_shape.check(points=1)
def rounds_up_with_same(pooled_shape: Function, rng: Rng) -> None:
    """With `same`, rows and columns are size / strides, rounded up."""
    layers = _layers_for_same(rng)
    ask_all(pooled_shape, [(*layer, "same") for layer in layers])
    for layer in layers:
        shape, _ = _parts(pooled_shape(*layer, "same"))
        expect.equal(shape, _expected(layer, "same"))


@pooled_shape.check(points=1)
def counts_the_parameters(pooled_shape: Function, rng: Rng) -> None:
    """The number of parameters is what Keras's pooling layers report."""
    for layer in _layers(rng):
        _, parameters = _parts(pooled_shape(*layer))
        expect.equal(parameters, 0)


Answer = tuple[tuple[int, int, int], int]
Shape = tuple[int, int, int]


def _answer(
    input_shape: Shape, pool_size: int, strides: int | None, padding: str, parameters: int = 0
) -> Answer:
    return _expected((input_shape, pool_size, strides), padding), parameters


@pooled_shape.misconception(
    "You give the layer as many parameters as a convolution of this size has. Those are weights "
    "that are learned; what would there be to learn about taking a maximum?"
)
def parameters_of_a_convolution(
    input_shape: Shape, pool_size: int, strides: int | None = None, padding: str = "valid"
) -> Answer:
    channels = input_shape[2]
    parameters = (pool_size * pool_size * channels + 1) * channels
    return _answer(input_shape, pool_size, strides, padding, parameters)


@pooled_shape.misconception(
    "You count the cells of the window as parameters. In a convolution each of them holds a weight "
    "that training changes; what do the cells of a pool hold?"
)
def cells_as_parameters(
    input_shape: Shape, pool_size: int, strides: int | None = None, padding: str = "valid"
) -> Answer:
    return _answer(input_shape, pool_size, strides, padding, pool_size * pool_size)


@pooled_shape.misconception(
    "You reduce the channels along with height and width. Pooling looks at one channel at a time: "
    "as many maps come out as went in."
)
def channels_reduced(
    input_shape: Shape, pool_size: int, strides: int | None = None, padding: str = "valid"
) -> Answer:
    (rows, columns, channels), _ = _answer(input_shape, pool_size, strides, padding)
    return (rows, columns, channels // (strides or pool_size)), 0


@pooled_shape.misconception(
    "Left out, your `strides` are 1. A pooling layer then takes its own size, so that the windows "
    "lie side by side."
)
def strides_of_one(
    input_shape: Shape, pool_size: int, strides: int | None = None, padding: str = "valid"
) -> Answer:
    return _answer(input_shape, pool_size, strides or 1, padding)


@pooled_shape.misconception(
    "You count a window for the pixels that are left over. Without padding, a window that does not "
    "fit is dropped, and its pixels with it. Round the other way."
)
def rounded_up(
    input_shape: Shape, pool_size: int, strides: int | None = None, padding: str = "valid"
) -> Answer:
    step = strides or pool_size
    if padding == "same":
        return _answer(input_shape, pool_size, strides, padding)
    height, width, channels = input_shape
    return (-(-(height - pool_size) // step) + 1, -(-(width - pool_size) // step) + 1, channels), 0


@pooled_shape.misconception(
    "You forget the first window: (size − pool_size) // strides counts the steps from it to the "
    "last one. Three steps on a path leave how many footprints?"
)
def first_window_forgotten(
    input_shape: Shape, pool_size: int, strides: int | None = None, padding: str = "valid"
) -> Answer:
    (rows, columns, channels), _ = _answer(input_shape, pool_size, strides, padding)
    return (rows - 1, columns - 1, channels) if padding == "valid" else (rows, columns, channels), 0


@pooled_shape.misconception(
    "You divide the size by the stride, whatever the pool's size. That is right while the windows "
    "lie side by side; a window of 3 that moves by 2 needs room for its third pixel, too."
)
def divided_by_the_stride(
    input_shape: Shape, pool_size: int, strides: int | None = None, padding: str = "valid"
) -> Answer:
    if padding == "same":
        return _answer(input_shape, pool_size, strides, padding)
    height, width, channels = input_shape
    step = strides or pool_size
    return (height // step, width // step, channels), 0


@pooled_shape.misconception(
    "You divide by the pool's size even where `strides` says otherwise. How many windows there are "
    "depends on how far they move."
)
def divided_by_the_pool(
    input_shape: Shape, pool_size: int, _strides: int | None = None, padding: str = "valid"
) -> Answer:
    return _answer(input_shape, pool_size, pool_size, padding)


@pooled_shape.misconception(
    'With `"same"` you count whole windows only, as without padding. But there is padding, so that '
    "the last window is whole as well: how many steps does it take to get past the last pixel?"
)
def same_as_valid(
    input_shape: Shape, pool_size: int, strides: int | None = None, _padding: str = "valid"
) -> Answer:
    return _answer(input_shape, pool_size, strides, "valid")


@pooled_shape.misconception(
    'With `"same"` you keep height and width. The name is only true for strides of 1; with larger '
    "ones the map shrinks all the same."
)
def same_keeps_the_size(
    input_shape: Shape, pool_size: int, strides: int | None = None, padding: str = "valid"
) -> Answer:
    return _answer(input_shape, pool_size, 1 if padding == "same" else strides, padding)


def _ruled(
    rule: Callable[[int, int, int], int],
    input_shape: Shape,
    pool_size: int,
    strides: int | None,
    padding: str,
) -> Answer:
    """The answer with another rule than rounding up for what `same` makes of a size."""
    if padding != "same":
        return _answer(input_shape, pool_size, strides, padding)
    height, width, channels = input_shape
    rows, columns = (rule(size, pool_size, strides or pool_size) for size in (height, width))
    return (rows, columns, channels), 0


@pooled_shape.misconception(
    'With `"same"` you pad half a window on either side and count what fits. Keras pads only as '
    "much as its windows need, often less: does 4 pixels with pools of 2 side by side need any?"
)
def padded_by_half_a_window(
    input_shape: Shape, pool_size: int, strides: int | None = None, padding: str = "valid"
) -> Answer:
    def rule(size: int, pool: int, step: int) -> int:
        return (size + 2 * (pool // 2) - pool) // step + 1

    return _ruled(rule, input_shape, pool_size, strides, padding)


@pooled_shape.misconception(
    'With `"same"` you round size / strides to the nearest whole number. 10 / 3 is 3.33, and '
    "three windows of 3 leave one pixel over: which way do you have to round?"
)
def rounded_to_the_nearest(
    input_shape: Shape, pool_size: int, strides: int | None = None, padding: str = "valid"
) -> Answer:
    def rule(size: int, _pool: int, step: int) -> int:
        return int(size / step + 0.5)

    return _ruled(rule, input_shape, pool_size, strides, padding)


@pooled_shape.misconception(
    'With `"same"` you round size / strides as `round` does: 10 / 3 to 3, and even 2.5 to 2. No '
    "pixel is to be left over: which way do you have to round?"
)
def rounded_to_even(
    input_shape: Shape, pool_size: int, strides: int | None = None, padding: str = "valid"
) -> Answer:
    def rule(size: int, _pool: int, step: int) -> int:
        return round(size / step)

    return _ruled(rule, input_shape, pool_size, strides, padding)


@pooled_shape.misconception(
    'With `"same"` you add 1 to the size before you divide. For strides of 2 that rounds up, for '
    "others it does not: what would have to be added for strides of 1, and for strides of 3?"
)
def one_added_to_the_size(
    input_shape: Shape, pool_size: int, strides: int | None = None, padding: str = "valid"
) -> Answer:
    def rule(size: int, _pool: int, step: int) -> int:
        return (size + 1) // step

    return _ruled(rule, input_shape, pool_size, strides, padding)


@pooled_shape.misconception(
    'With `"same"` you round size / strides down. Then pixels are left over, and `"same"` is there '
    "so that none are: which way do you have to round?"
)
def rounded_down(
    input_shape: Shape, pool_size: int, strides: int | None = None, padding: str = "valid"
) -> Answer:
    def rule(size: int, _pool: int, step: int) -> int:
        return size // step

    return _ruled(rule, input_shape, pool_size, strides, padding)


@pooled_shape.misconception(
    "You return columns before rows. In Keras a shape is (height, width, channels): rows first."
)
def width_first(
    input_shape: Shape, pool_size: int, strides: int | None = None, padding: str = "valid"
) -> Answer:
    (rows, columns, channels), _ = _answer(input_shape, pool_size, strides, padding)
    return (columns, rows, channels), 0
