"""How large the maps are, and where Keras puts its zeros."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from cnn_course.conv_layer.references import (
    NETWORK_LIBRARIES,
    Case,
    Function,
    keras_padding,
    places,
)
from cnn_course.references import Rng
from grader import Exercise, expect
from grader.authoring.telling_apart import ask_all, draw_apart, outcomes

Size = tuple[int, int]
Rule = Callable[[int, int, int, int], int]

# ------------------------------------------------------------------------------------------------
output_size = Exercise(
    "output_size",
    title="The size of a map",
    forbid=NETWORK_LIBRARIES,
    hints=(
        "Height and width do not know of each other: write the rule for one of them first.",
        (
            "How long is the row with its zeros? How far can the window move in it, from its first "
            "place to its last possible one?"
        ),
        (
            "Count the steps that fit into that way. A step that does not fit completely is not "
            "taken: `//` divides like that."
        ),
        "The window has already stood in one place before its first step.",
    ),
)


def _each(rule: Rule, size: Size, kernel_size: Size, padding: int, strides: int) -> Size:
    """The rule for one direction, for both of them."""
    down = rule(size[0], kernel_size[0], padding, strides)
    return down, rule(size[1], kernel_size[1], padding, strides)


def _right(size: Size, kernel_size: Size, padding: int, strides: int) -> Size:
    return _each(lambda n, k, p, s: len(places(n, k, p, s)), size, kernel_size, padding, strides)


def _size_cases(
    rng: Rng, moves: tuple[Size, ...], alike: tuple[str, ...], *, leaves_over: bool = False
) -> list[Case]:
    """Oblong images and kernels for these (strides, padding), on which no two wrong answers agree.

    With `leaves_over`, pixels are left over in both directions. `alike` are wrong answers that
    cannot be told from others, or from the right one, at such strides.
    """

    def draw() -> list[Case]:
        cases: list[Case] = []
        while len(cases) < len(moves):
            strides, padding = moves[len(cases)]
            size = tuple(int(n) for n in rng.choice(np.arange(9, 34), 2, replace=False))
            kernel = tuple(int(k) for k in rng.choice(np.arange(2, 8), 2, replace=False))
            over = (np.add(size, 2 * padding) - kernel) % strides
            if over.all() if leaves_over else not over.any():
                cases.append((size, kernel, padding, strides))
        return cases

    wrong = [known.function for known in output_size.misconceptions if known.name not in alike]
    return draw_apart(draw, lambda cases: outcomes([_right, *wrong], cases))


def _expect_sizes(output_size: Function, cases: list[Case]) -> None:
    ask_all(output_size, cases)
    for case in cases:
        expect.equal(output_size(*case), _right(*case))


@output_size.check(points=1)
def counts_the_places_at_stride_1(output_size: Function, rng: Rng) -> None:
    """At stride 1, height and width count the places of the window in the framed image."""
    alike = ("strides_left_out", "rounds_up", "starts_divided")
    _expect_sizes(output_size, _size_cases(rng, ((1, 2), (1, 0), (1, 3)), alike))


@output_size.check(points=1)
def counts_larger_steps(output_size: Function, rng: Rng) -> None:
    """Larger strides make fewer places; here the last window ends exactly at the border."""
    alike = ("rounds_up", "starts_divided")
    _expect_sizes(output_size, _size_cases(rng, ((2, 2), (3, 0), (4, 3)), alike))


@output_size.check(points=1)
def leaves_out_what_does_not_fit(output_size: Function, rng: Rng) -> None:
    """A window that would reach past the border is left out, and some pixels are left over."""
    # With padding = strides − 1, padding counted once would be the 1 added before dividing.
    cases = _size_cases(rng, ((3, 1), (2, 2), (4, 1)), (), leaves_over=True)
    _expect_sizes(output_size, cases)


@output_size.misconception(
    "You count the padding once. There are zeros at the top and at the bottom (left and right, "
    "too): by how much does the image grow?"
)
def padding_counted_once(size: Size, kernel_size: Size, padding: int, strides: int) -> Size:
    return _each(lambda n, k, p, s: (n + p - k) // s + 1, size, kernel_size, padding, strides)


@output_size.misconception(
    "You leave the padding out. The frame comes first; the window then slides over the larger "
    "image."
)
def padding_left_out(size: Size, kernel_size: Size, _padding: int, strides: int) -> Size:
    return _right(size, kernel_size, 0, strides)


@output_size.misconception(
    "You count the steps of the window. Before its first step it has already stood in one place, "
    "and that place makes a value, too."
)
def steps_for_places(size: Size, kernel_size: Size, padding: int, strides: int) -> Size:
    return _each(lambda n, k, p, s: (n + 2 * p - k) // s, size, kernel_size, padding, strides)


@output_size.misconception(
    "You round up, so your last window reaches past the border. With `padding` given as a number "
    "nothing is added there: what happens to a window that does not fit?"
)
def rounds_up(size: Size, kernel_size: Size, padding: int, strides: int) -> Size:
    return _each(
        lambda n, k, p, s: -((k - n - 2 * p) // s) + 1, size, kernel_size, padding, strides
    )


@output_size.misconception(
    "You add the 1 before you divide. What is divided into steps is the way from the first place "
    "to the last; the first place itself is not a part of that way."
)
def starts_divided(size: Size, kernel_size: Size, padding: int, strides: int) -> Size:
    return _each(lambda n, k, p, s: (n + 2 * p - k + 1) // s, size, kernel_size, padding, strides)


@output_size.misconception(
    "You leave the strides out: your window stops at every pixel. How many of those places remain "
    "if it only stops at every second one?"
)
def strides_left_out(size: Size, kernel_size: Size, padding: int, _strides: int) -> Size:
    return _right(size, kernel_size, padding, 1)


@output_size.misconception(
    "Height and width are exchanged. In Keras, as in NumPy, the number of rows comes first, then "
    "the number of columns."
)
def width_before_height(size: Size, kernel_size: Size, padding: int, strides: int) -> Size:
    height, width = _right(size, kernel_size, padding, strides)
    return width, height


@output_size.misconception(
    "You use one side of the kernel for both directions. A kernel may be oblong: which of its two "
    "numbers belongs to the width?"
)
def square_kernels_only(size: Size, kernel_size: Size, padding: int, strides: int) -> Size:
    return _right(size, (kernel_size[0], kernel_size[0]), padding, strides)


@output_size.misconception(
    "You divide with `/` and get numbers that are not whole, but a map has no half a row. A window "
    "that does not fit any more does not count. Which division rounds down?"
)
def not_rounded(size: Size, kernel_size: Size, padding: int, strides: int) -> tuple[float, float]:
    way = np.add(size, 2 * padding) - kernel_size
    return float(way[0] / strides + 1), float(way[1] / strides + 1)


# ------------------------------------------------------------------------------------------------
same_padding = Exercise(
    "same_padding",
    title="Where Keras puts its zeros",
    forbid=NETWORK_LIBRARIES,
    hints=(
        (
            "Look at stride 1 first. How long must the row become, zeros included, so that the "
            "window has `size` places? What if the number of zeros is odd?"
        ),
        (
            "With strides, `same` does not keep the size. Print a few rows for strides of 2 and "
            "count the windows: how many are there for 6 pixels, and how many for 7?"
        ),
        (
            "There are `size / strides` windows, rounded up. From the start of the first to the "
            "end of the last, how many pixels do they need? The row has `size` of its own."
        ),
        (
            "A kernel smaller than the stride may need fewer pixels than there are. Zeros are "
            "never taken away: `max(…, 0)`."
        ),
    ),
)


def _zeros(size: int, kernel_size: int, strides: int) -> int:
    """All zeros of a row, in front and behind."""
    return max((-(-size // strides) - 1) * strides + kernel_size - size, 0)


def _same(size: int, kernel_size: int, strides: int) -> Size:
    zeros = _zeros(size, kernel_size, strides)
    return zeros // 2, zeros - zeros // 2


def _rows(
    rng: Rng,
    kernels: tuple[int, ...],
    moves: tuple[int, ...],
    wanted: tuple[str, ...] = (),
    where: Callable[[list[Case]], bool] = lambda _: True,
) -> list[Case]:
    """Rows with these kernels and strides that tell the `wanted` wrong answers apart, or all.

    Every row is longer than its kernel, and `where` holds for all of them together.
    """

    def draw() -> list[Case]:
        pairs = zip(kernels, moves, strict=True)
        return [(int(rng.integers(8, 17)), kernel, strides) for kernel, strides in pairs]

    wrong = [
        known.function
        for known in same_padding.misconceptions
        if not wanted or known.name in wanted
    ]
    return draw_apart(draw, lambda cases: outcomes([_same, *wrong], cases), where=where)


def _expect_as_keras(same_padding: Function, cases: list[Case]) -> None:
    ask_all(same_padding, cases)
    for case in cases:
        expect.equal(same_padding(*case), keras_padding(*case))


@same_padding.check(points=1)
def keeps_the_size_with_odd_kernels(same_padding: Function, rng: Rng) -> None:
    """At stride 1 and with an odd kernel, as many zeros stand before the row as after it."""
    _expect_as_keras(same_padding, _rows(rng, (3, 7, 5), (1, 1, 1), ("all_on_each_side",)))


@same_padding.check(points=1)
def puts_the_odd_zero_where_keras_does(same_padding: Function, rng: Rng) -> None:
    """With an even kernel the number of zeros is odd, and one side gets one more, as in Keras."""
    wanted = ("all_on_each_side", "half_a_kernel", "odd_one_in_front", "halves_rounded_down")
    _expect_as_keras(same_padding, _rows(rng, (4, 2, 6), (1, 1, 1), wanted))


@same_padding.check(points=2)
def counts_the_strides_in(same_padding: Function, rng: Rng) -> None:
    """With strides it pads just as much as size / strides windows need, rounded up."""
    kernels, moves = (3, 5, 4, 3, 1, 2), (2, 2, 3, 2, 3, 4)

    def telling(cases: list[Case]) -> bool:
        # Even rows with odd kernels at stride 2 are where the two sides differ; a stride larger
        # than its kernel is where nothing is left to pad.
        needs = [
            (-(-size // strides) - 1) * strides + kernel_size - size
            for size, kernel_size, strides in cases
        ]
        return bool(cases[0][0] % 2 == 0 and min(needs) < -1)

    _expect_as_keras(same_padding, _rows(rng, kernels, moves, where=telling))


@same_padding.misconception(
    "One of your numbers is negative. Where the stride is larger than the kernel, the windows may "
    "need fewer pixels than there are; Keras then adds no zeros, and takes no pixels away either.",
    recognize=lambda same_padding: any(min(pair) < 0 for pair in same_padding),
)
def fewer_than_none(size: int, kernel_size: int, strides: int) -> Size:
    zeros = (-(-size // strides) - 1) * strides + kernel_size - size
    return zeros // 2, zeros - zeros // 2


@same_padding.misconception(
    "You return one number, all the zeros of the row. How many of them stand before it, and how "
    "many after it? Return both: `return before, after`."
)
def total_only(size: int, kernel_size: int, strides: int) -> int:
    return _zeros(size, kernel_size, strides)


@same_padding.misconception(
    "You take the kernel less the stride for the number of zeros. That is right where the stride "
    "divides the size. For 7 pixels, a kernel of 3 and steps of 2: where does the last of the "
    "windows start that Keras has, and where does it end?"
)
def kernel_less_stride(_size: int, kernel_size: int, strides: int) -> Size:
    zeros = max(kernel_size - strides, 0)
    return zeros // 2, zeros - zeros // 2


@same_padding.misconception(
    "You give half a kernel to both sides. That keeps the size for odd kernels at stride 1. For "
    "the others, count the windows: with a kernel of 2, does 1 zero on both sides keep the size?"
)
def half_a_kernel(_size: int, kernel_size: int, _strides: int) -> Size:
    return kernel_size // 2, kernel_size // 2


@same_padding.misconception(
    "You give all the zeros to each side, twice as many as needed. By how much does a valid "
    "convolution shorten the row in all?"
)
def all_on_each_side(size: int, kernel_size: int, strides: int) -> Size:
    return (_zeros(size, kernel_size, strides),) * 2


@same_padding.misconception(
    "Where the number of zeros is odd, you put the one more in front. Keras decided otherwise: in "
    "the printed windows, is there a 0 before the row, with a kernel of 2?"
)
def odd_one_in_front(size: int, kernel_size: int, strides: int) -> Size:
    before, after = _same(size, kernel_size, strides)
    return after, before


@same_padding.misconception(
    "You halve the number of zeros and round down on both sides, so that an odd one gets lost. "
    "What is left for the second side when the first has its half?"
)
def halves_rounded_down(size: int, kernel_size: int, strides: int) -> Size:
    return (_zeros(size, kernel_size, strides) // 2,) * 2


@same_padding.misconception(
    "Your zeros do not depend on the strides. With larger steps there are fewer windows, and the "
    "last one need not end where it ended before. How many pixels do they need now?"
)
def strides_ignored(size: int, kernel_size: int, _strides: int) -> Size:
    return _same(size, kernel_size, 1)


@same_padding.misconception(
    "You add zeros until the map is as large as the image, in spite of the stride. `same` keeps "
    "the size at stride 1 only: count Keras's windows for a row of 6 pixels at stride 2."
)
def as_large_as_the_image(size: int, kernel_size: int, strides: int) -> Size:
    zeros = (size - 1) * strides + kernel_size - size
    return zeros // 2, zeros - zeros // 2


@same_padding.misconception(
    "You round the number of windows down. Keras rounds up: where the stride does not divide the "
    "size, it rather adds zeros for one more window than leave pixels unseen."
)
def windows_rounded_down(size: int, kernel_size: int, strides: int) -> Size:
    zeros = max((size // strides - 1) * strides + kernel_size - size, 0)
    return zeros // 2, zeros - zeros // 2
