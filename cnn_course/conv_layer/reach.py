"""What padding, strides and kernel size do to the border: who is seen, and how deep one can go."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from cnn_course.conv_layer.references import (
    NETWORK_LIBRARIES,
    Case,
    Function,
    covering,
    places,
)
from cnn_course.references import Array, Rng
from grader import Exercise, expect
from grader.authoring.telling_apart import ask_all, draw_apart, outcomes

Size = tuple[int, int]

# ------------------------------------------------------------------------------------------------
pixel_uses = Exercise(
    "pixel_uses",
    title="How often is each pixel seen?",
    forbid=NETWORK_LIBRARIES,
    hints=(
        (
            "Slide a window as in lesson 1, but over an array of counts that starts with zeros: "
            "what happens to the counts under the window?"
        ),
        "`counts[top : top + k, left : left + l] += 1` adds 1 to every pixel of a window.",
        "With padding, count on the framed image. Which part of it is the image?",
        (
            "Cut the frame off by saying where the image starts and where it ends, counted from "
            "the start: a slice that ends at `-padding` is empty for `padding` = 0."
        ),
    ),
)


def _uses(size: Size, kernel_size: Size, padding: int, strides: int) -> Array:
    """Rows and columns cover pixels independently of each other: their counts multiply."""
    down, across = (
        covering(length, kernel, padding, strides)
        for length, kernel in zip(size, kernel_size, strict=True)
    )
    return np.outer(down, across)


def _use_cases(
    rng: Rng,
    paddings: tuple[int, ...],
    moves: tuple[int, ...],
    wanted: tuple[str, ...],
    where: Callable[[list[Case]], bool] = lambda _: True,
) -> list[Case]:
    """Small images, oblong kernels, on which the `wanted` wrong answers are told apart."""

    def draw() -> list[Case]:
        cases: list[Case] = []
        for padding, strides in zip(paddings, moves, strict=True):
            height, width = (int(n) for n in rng.choice(np.arange(4, 8), 2, replace=False))
            kernel_size = ((3, 2), (2, 3), (4, 3), (3, 4))[int(rng.integers(4))]
            cases.append(((height, width), kernel_size, padding, strides))
        return cases

    wrong = [known.function for known in pixel_uses.misconceptions if known.name in wanted]
    assert len(wrong) == len(wanted)
    return draw_apart(draw, lambda cases: outcomes([_uses, *wrong], cases), where=where)


def _expect_uses(pixel_uses: Function, cases: list[Case]) -> None:
    ask_all(pixel_uses, cases)
    for case in cases:
        expect.close(pixel_uses(*case), _uses(*case))


_ANYWHERE = ("the_same_everywhere", "starts_only", "rows_and_columns_exchanged")
_OF_PADDING = ("padding_ignored", "padding_on_one_side_only", "frame_not_cut_off")


@pixel_uses.check(points=1)
def sees_corners_once(pixel_uses: Function, rng: Rng) -> None:
    """Without padding, corners are in one window and pixels further inside in more."""
    _expect_uses(pixel_uses, _use_cases(rng, (0, 0), (1, 1), _ANYWHERE))


@pixel_uses.check(points=1)
def sees_the_border_more_often_with_padding(pixel_uses: Function, rng: Rng) -> None:
    """With padding, windows that stand partly on zeros count too, for the pixels they cover."""
    wanted = (*_ANYWHERE, *_OF_PADDING)
    _expect_uses(pixel_uses, _use_cases(rng, (1, 2), (1, 1), wanted))


@pixel_uses.check(points=1)
def leaves_gaps_between_large_steps(pixel_uses: Function, rng: Rng) -> None:
    """With strides, pixels are in fewer windows, and some in none at all: those have a 0."""
    wanted = (
        *(*_ANYWHERE, *_OF_PADDING),
        *("strides_ignored", "windows_side_by_side"),
    )

    def leave_some_out(cases: list[Case]) -> bool:
        return all((_uses(*case) == 0).any() for case in cases[1:])

    cases = _use_cases(rng, (0, 1, 0), (2, 3, 3), wanted, leave_some_out)
    _expect_uses(pixel_uses, cases)


@pixel_uses.misconception(
    "Your numbers are the same everywhere: every pixel counts once for each weight of the kernel. "
    "In the middle that is so. But which weights can ever come to lie on the corner?"
)
def the_same_everywhere(size: Size, kernel_size: Size, _padding: int, _strides: int) -> Array:
    return np.full(size, kernel_size[0] * kernel_size[1])


@pixel_uses.misconception(
    "You leave the padding out. On a framed image the window can also stand partly on the zeros; "
    "which pixels of the image does it cover then?"
)
def padding_ignored(size: Size, kernel_size: Size, _padding: int, strides: int) -> Array:
    return _uses(size, kernel_size, 0, strides)


@pixel_uses.misconception(
    "You have too few windows: when you ask how many fit, you count the zeros on one side only. Is "
    "it your `output_size` that says so? A frame makes the image longer at both ends."
)
def padding_on_one_side_only(size: Size, kernel_size: Size, padding: int, strides: int) -> Array:
    counts = np.zeros(np.add(size, 2 * padding), dtype=int)
    down, across = (
        (length + padding - kernel) // strides + 1
        for length, kernel in zip(size, kernel_size, strict=True)
    )
    for row, column in np.ndindex(max(down, 0), max(across, 0)):
        top, left = row * strides, column * strides
        counts[top : top + kernel_size[0], left : left + kernel_size[1]] += 1
    return counts[padding : padding + size[0], padding : padding + size[1]]


@pixel_uses.misconception(
    "You leave the strides out: your window stops at every pixel. With larger steps some of these "
    "windows are missing."
)
def strides_ignored(size: Size, kernel_size: Size, padding: int, _strides: int) -> Array:
    return _uses(size, kernel_size, padding, 1)


@pixel_uses.misconception(
    "You have as many windows as there are, but they start at 0, 1, 2, … in your image, whatever "
    "the stride. Window number 2 has made two steps: at which pixel does it start?"
)
def windows_side_by_side(size: Size, kernel_size: Size, padding: int, strides: int) -> Array:
    counts = np.zeros(np.add(size, 2 * padding), dtype=int)
    down, across = (
        len(places(length, kernel, padding, strides))
        for length, kernel in zip(size, kernel_size, strict=True)
    )
    for top, left in np.ndindex(down, across):
        counts[top : top + kernel_size[0], left : left + kernel_size[1]] += 1
    return counts[padding : padding + size[0], padding : padding + size[1]]


@pixel_uses.misconception(
    "You return the counts of the zeros around the image, too. Asked for are the pixels of the "
    "image: where in your array does it begin, and where does it end?"
)
def frame_not_cut_off(size: Size, kernel_size: Size, padding: int, strides: int) -> Array:
    height, width = (length + 2 * padding for length in size)
    return _uses((height, width), kernel_size, 0, strides)


@pixel_uses.misconception(
    "You count each window at its top-left corner only. A window covers all the pixels under the "
    "kernel: how many are they?"
)
def starts_only(size: Size, kernel_size: Size, padding: int, strides: int) -> Array:
    height, width = size
    counts = np.zeros((height + 2 * padding, width + 2 * padding))
    down = places(height, kernel_size[0], padding, strides)
    starts = down, places(width, kernel_size[1], padding, strides)
    counts[np.ix_(*starts)] = 1
    return counts[padding : padding + height, padding : padding + width]


@pixel_uses.misconception(
    "Rows and columns of the kernel are exchanged. The first number of `kernel_size` is its "
    "height: along which axis does it reach?"
)
def rows_and_columns_exchanged(size: Size, kernel_size: Size, padding: int, strides: int) -> Array:
    return _uses(size, (kernel_size[1], kernel_size[0]), padding, strides)


# ------------------------------------------------------------------------------------------------
deepest_stack = Exercise(
    "deepest_stack",
    title="How deep without padding?",
    forbid=NETWORK_LIBRARIES,
    hints=(
        "By how much does one layer shorten the row? Every layer takes off just as much.",
        (
            "Write down the sizes for 8 pixels and a kernel of 3 until no further layer fits. What "
            "must be true of the size so that one more layer fits?"
        ),
        "A loop is fine: `while` a layer still fits, take off what it takes off, and count.",
    ),
)


def _depth(size: int, kernel_size: int) -> int:
    """The layers that fit, found by asking for the places that each leaves for the next."""
    layers = 0
    while size >= kernel_size:
        size, layers = len(places(size, kernel_size, 0, 1)), layers + 1
    return layers


def _images(rng: Rng, *, ends_at_one: bool) -> list[Case]:
    """Sizes and kernels on which no two wrong answers agree.

    With `ends_at_one`, all that the last layer leaves is a single pixel: that layer still fits.
    """

    def draw() -> list[Case]:
        cases: list[Case] = []
        while len(cases) < 3:
            kernel_size = (3, 5, 4)[len(cases)]
            size = int(rng.integers(4 * kernel_size, 60))
            if ((size - 1) % (kernel_size - 1) == 0) == ends_at_one:
                cases.append((size, kernel_size))
        return cases

    # Right on such sizes, or (one too few, where all end at one pixel) as wrong as another one.
    right = {True: ("until_nothing_is_left", "one_too_few"), False: ("stops_at_the_kernels_size",)}
    wrong = [
        known.function
        for known in deepest_stack.misconceptions
        if known.name not in right[ends_at_one]
    ]
    return draw_apart(draw, lambda cases: outcomes([_depth, *wrong], cases))


@deepest_stack.check(points=1)
def knows_three_stacks(deepest_stack: Function) -> None:
    """On 32 pixels fit 15 layers with a kernel of 3, 7 with one of 5, and 5 with one of 7."""
    ask_all(deepest_stack, [(32, 3), (32, 5), (32, 7)])
    for kernel_size, layers in ((3, 15), (5, 7), (7, 5)):
        expect.equal(deepest_stack(32, kernel_size), layers)


@deepest_stack.check(points=1)
def stops_when_the_window_does_not_fit(deepest_stack: Function, rng: Rng) -> None:
    """Layers are stacked as long as the kernel fits into the map, even ones too."""
    cases = _images(rng, ends_at_one=False)
    ask_all(deepest_stack, cases)
    for case in cases:
        expect.equal(deepest_stack(*case), _depth(*case))


@deepest_stack.check(points=1)
def goes_down_to_a_single_pixel(deepest_stack: Function, rng: Rng) -> None:
    """A kernel as large as the map still fits once, and none fits where there was no room."""
    # The last two tell who stops at the kernel's size from who always counts one too few.
    cases = [*_images(rng, ends_at_one=True), (8, 4), (int(rng.integers(2, 4)), 5)]
    ask_all(deepest_stack, cases)
    for case in cases:
        expect.equal(deepest_stack(*case), _depth(*case))


@deepest_stack.misconception(
    "You divide the size by the kernel's, as if each layer took off a whole kernel. How many "
    "pixels does a kernel of 3 take off a row?"
)
def divides_by_the_kernel(size: int, kernel_size: int) -> int:
    return size // kernel_size


@deepest_stack.misconception(
    "You count one layer more than fits: your last window is larger than its map. Check the size "
    "before you count the layer."
)
def one_too_many(size: int, kernel_size: int) -> int:
    return _depth(size, kernel_size) + 1


@deepest_stack.misconception(
    "You count one layer too few. The first layer already stands on the image itself: start "
    "counting with it."
)
def one_too_few(size: int, kernel_size: int) -> int:
    return max(0, _depth(size, kernel_size) - 1)


@deepest_stack.misconception(
    "You divide by what a layer takes off until nothing is left, but the last pixel cannot be "
    "taken: a window as large as the map leaves one value. From what may you take off?"
)
def until_nothing_is_left(size: int, kernel_size: int) -> int:
    return size // (kernel_size - 1)


@deepest_stack.misconception(
    "You stop as soon as the map is as large as the kernel. Such a window has no room to move, but "
    "it has one place, and makes one value of it."
)
def stops_at_the_kernels_size(size: int, kernel_size: int) -> int:
    layers = 0
    while size > kernel_size:
        size, layers = size - kernel_size + 1, layers + 1
    return layers


@deepest_stack.misconception(
    "You take half a kernel off for each layer. It is lost at both ends of the row: how much is "
    "that together?"
)
def half_a_kernel_for_each(size: int, kernel_size: int) -> int:
    layers = 0
    while size >= kernel_size:
        size, layers = size - kernel_size // 2, layers + 1
    return layers
