"""The shapes that a stack of layers makes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from cnn_course.conv_layer.stack_references import (
    Shape,
    Stack,
    draw_layer,
    shapes_in_keras,
    starts,
)
from cnn_course.references import Rng
from grader import Exercise, expect
from grader.authoring.telling_apart import draw_apart, outcomes

Function = Callable[..., Any]

# ------------------------------------------------------------------------------------------------
feature_map_shapes = Exercise(
    "feature_map_shapes",
    title="Shapes through a stack",
    functions=("feature_map_shapes",),
    forbid=("keras", "tensorflow", "torch"),
    hints=(
        (
            "One layer first: height and width follow from kernel, strides and padding, and the "
            "last number is the easiest of all."
        ),
        (
            "`valid`: how often does a step of `strides` fit between the first window and the last "
            "possible one, plus the first itself. `same`: the size divided by `strides`, rounded "
            "up; `-(-size // strides)` rounds up."
        ),
        (
            "What comes out of a layer goes into the next: keep the shape in a variable, and "
            "replace it after every layer."
        ),
    ),
)


def _chain(
    input_shape: Shape, layers: Stack, places: Callable[[int, int, int, str], int] = starts
) -> list[Shape]:
    """Every output shape of a stack whose layers have `places` along a direction."""
    height, width, _ = input_shape
    shapes = []
    for filters, kernel_size, strides, padding in layers:
        height = places(height, kernel_size, strides, padding)
        width = places(width, kernel_size, strides, padding)
        shapes.append((height, width, filters))
    return shapes


def _leaves_pixels_over(size: int, kernel_size: int, strides: int) -> bool:
    return (size - kernel_size) % strides != 0 and size % strides != 0


def _single_layers(rng: Rng) -> Iterator[tuple[Shape, Stack]]:
    """One layer each: `valid` and `same` with a stride that leaves pixels over, then others.

    In the last one, a stride of 2 comes out even.
    """
    for strides, padding, over in (
        (2, "valid", True),
        (3, "same", True),
        (2, "same", True),
        (1, "valid", False),
        (2, "valid", False),
    ):

        def draw(strides: int = strides, padding: str = padding) -> tuple[Shape, Stack]:
            shape, filters, kernel_size, _, _ = draw_layer(rng, strides, padding)
            return shape, [(filters, kernel_size, strides, padding)]

        def rounds(case: tuple[Shape, Stack], over: bool = over) -> bool:  # noqa: FBT001
            (height, width, _), [(_, kernel_size, strides, _)] = case
            sizes = (height, width)
            if over:
                return all(_leaves_pixels_over(size, kernel_size, strides) for size in sizes)
            return all((size - kernel_size) % strides == 0 for size in sizes)

        yield draw_apart(draw, where=rounds)


def _deep_stacks(rng: Rng) -> Iterator[tuple[Shape, Stack]]:
    """Stacks of layers; no two answers, right or wrong, agree on any of them."""
    wrong = [known.function for known in feature_map_shapes.misconceptions]
    for depth in (3, 4, 5):

        def draw(depth: int = depth) -> tuple[Shape, Stack]:
            height = int(rng.integers(28, 40))
            layers = []
            for place in range(depth):
                filters, kernel_size = int(rng.integers(2, 17)), int(rng.integers(2, 6))
                # The first two layers have both kinds of padding and a stride.
                strides = 2 if place < 2 else int(rng.integers(1, 3))
                padding = ("valid", "same")[place if place < 2 else int(rng.integers(2))]
                layers.append((filters, kernel_size, strides, padding))
            return (height, height + int(rng.integers(2, 8)), int(rng.integers(1, 5))), layers

        def never_empty(case: tuple[Shape, Stack]) -> bool:
            return min(min(shape[:2]) for shape in _chain(*case)) > 0

        yield draw_apart(draw, lambda case: outcomes([_chain, *wrong], [case]), where=never_empty)


@feature_map_shapes.check(points=1)
def knows_the_shape_after_one_layer(feature_map_shapes: Function, rng: Rng) -> None:
    """A list of one layer gives a list of one shape: (height, width, channels) of its output."""
    for input_shape, layers in _single_layers(rng):
        _same_shapes(feature_map_shapes(input_shape, layers), input_shape, layers)


@feature_map_shapes.check(points=2)
def follows_the_stack(feature_map_shapes: Function, rng: Rng) -> None:
    """Each layer works on the output of the one before, and every output's shape is listed."""
    for input_shape, layers in _deep_stacks(rng):
        _same_shapes(feature_map_shapes(input_shape, layers), input_shape, layers)


def _same_shapes(received: Any, input_shape: Shape, layers: Stack) -> None:
    expect.equal(received, tuple(shapes_in_keras(input_shape, layers)))


@feature_map_shapes.misconception(
    "You begin your list with the input. It is the shapes of the layers' outputs that are asked "
    "for, one for each layer."
)
def input_listed_too(input_shape: Shape, layers: Stack) -> Any:
    return [input_shape, *_chain(input_shape, layers)]


@feature_map_shapes.misconception(
    "You return the last shape only. Collect the shape after every layer in a list."
)
def last_shape_only(input_shape: Shape, layers: Stack) -> Any:
    return _chain(input_shape, layers)[-1]


@feature_map_shapes.misconception(
    "Your shapes have four numbers, with Keras's batch axis in front. Here an image is (height, "
    "width, channels)."
)
def with_a_batch_axis(input_shape: Shape, layers: Stack) -> Any:
    return [(None, *shape) for shape in _chain(input_shape, layers)]


@feature_map_shapes.misconception(
    "Each of your layers looks at the input image. In a stack, a layer gets what the layer before "
    "it has made: which variable should change from one round of the loop to the next?"
)
def not_chained(input_shape: Shape, layers: Stack) -> Any:
    return [_chain(input_shape, [layer])[0] for layer in layers]


@feature_map_shapes.misconception(
    "Your number of channels stays that of the input. Each filter adds up over all input channels "
    "and makes one map: what counts the channels of the output?"
)
def channels_kept(input_shape: Shape, layers: Stack) -> Any:
    return [(*shape[:2], input_shape[2]) for shape in _chain(input_shape, layers)]


@feature_map_shapes.misconception(
    "You multiply the channels by the filters, as if each filter made a map for every input "
    "channel. It adds those up into one."
)
def channels_multiplied(input_shape: Shape, layers: Stack) -> Any:
    channels, shapes = input_shape[2], []
    for height, width, filters in _chain(input_shape, layers):
        channels *= filters
        shapes.append((height, width, channels))
    return shapes


@feature_map_shapes.misconception(
    "Height and width are exchanged. A shape begins with the rows: (height, width, channels)."
)
def height_and_width_exchanged(input_shape: Shape, layers: Stack) -> Any:
    return [(width, height, filters) for height, width, filters in _chain(input_shape, layers)]


@feature_map_shapes.misconception(
    "You leave the padding out, so your maps shrink even with `same`. What does `same` keep where "
    "the stride is 1?"
)
def always_valid(input_shape: Shape, layers: Stack) -> Any:
    return _chain(input_shape, layers, lambda size, kernel, step, _: (size - kernel) // step + 1)


@feature_map_shapes.misconception(
    "With `same`, your maps keep their size whatever the stride. `same` only says that the border "
    "costs nothing; a window that takes larger steps still stops less often."
)
def same_keeps_the_size(input_shape: Shape, layers: Stack) -> Any:
    return _chain(
        input_shape,
        layers,
        lambda size, kernel, step, padding: (
            size if padding == "same" else starts(size, kernel, step, padding)
        ),
    )


@feature_map_shapes.misconception(
    "With `same`, you round down. A window stands at every pixel that a step ends on, beginning "
    "with the first one: in a row of 7 with steps of 2, at 0, 2, 4 and 6."
)
def same_rounded_down(input_shape: Shape, layers: Stack) -> Any:
    return _chain(
        input_shape,
        layers,
        lambda size, kernel, step, padding: (
            size // step if padding == "same" else starts(size, kernel, step, padding)
        ),
    )


@feature_map_shapes.misconception(
    "For `same`, you pad half a kernel on both sides. With an odd kernel that comes out right. Try "
    "a kernel of 4 at stride 1 on 6 pixels: how many places have windows of 4 in your row?"
)
def half_a_kernel_for_same(input_shape: Shape, layers: Stack) -> Any:
    return _chain(
        input_shape,
        layers,
        lambda size, kernel, step, padding: (
            (size + 2 * (kernel // 2) - kernel) // step + 1
            if padding == "same"
            else starts(size, kernel, step, padding)
        ),
    )


@feature_map_shapes.misconception(
    "Without padding, you take half a kernel off. The window keeps away from both ends of the row: "
    "on 8 pixels, at which one does the last window of 3 start?"
)
def half_a_kernel_off(input_shape: Shape, layers: Stack) -> Any:
    return _chain(
        input_shape,
        layers,
        lambda size, kernel, step, padding: (
            starts(size, kernel, step, padding)
            if padding == "same"
            else (size - kernel // 2) // step + 1
        ),
    )


@feature_map_shapes.misconception(
    "Without padding, you add the 1 before you divide. What is divided into steps is the way from "
    "the first place to the last; the first place itself is not a part of that way."
)
def starts_divided(input_shape: Shape, layers: Stack) -> Any:
    return _chain(
        input_shape,
        layers,
        lambda size, kernel, step, padding: (
            starts(size, kernel, step, padding)
            if padding == "same"
            else (size - kernel + 1) // step
        ),
    )


@feature_map_shapes.misconception(
    "You leave the strides out: your maps are as large as if the window stopped at every pixel."
)
def no_strides(input_shape: Shape, layers: Stack) -> Any:
    return _chain(
        input_shape, layers, lambda size, kernel, _, padding: starts(size, kernel, 1, padding)
    )


@feature_map_shapes.misconception(
    "Without padding, your maps lack a row and a column: you count the steps. Before the first "
    "step the window has already stood in one place."
)
def steps_for_places(input_shape: Shape, layers: Stack) -> Any:
    return _chain(
        input_shape,
        layers,
        lambda size, kernel, step, padding: (
            starts(size, kernel, step, padding) if padding == "same" else (size - kernel) // step
        ),
    )


@feature_map_shapes.misconception(
    "Without padding, you round up. A last window that does not fit any more is left out, and the "
    "pixels that remain are simply not seen."
)
def valid_rounded_up(input_shape: Shape, layers: Stack) -> Any:
    return _chain(
        input_shape,
        layers,
        lambda size, kernel, step, padding: (
            starts(size, kernel, step, padding)
            if padding == "same"
            else -(-(size - kernel) // step) + 1
        ),
    )
