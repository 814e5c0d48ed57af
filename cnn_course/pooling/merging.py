"""How many poolings it takes until two maps cannot be told apart."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from cnn_course.pooling.references import Array, Rng, draw_volume, windows
from grader import Exercise, expect
from grader.authoring.telling_apart import ask_all, draw_apart

Function = Callable[..., Any]
Place = tuple[int, int]
Case = tuple[Array, Array, int | None]  # two maps, and after how many poolings they are equal

# ------------------------------------------------------------------------------------------------
poolings_until_equal = Exercise(
    "poolings_until_equal",
    title="How often until they are the same?",
    # Whoever forgets when to stop waits for this.
    seconds=2.0,
    hints=(
        "Before any pooling, compare: `np.array_equal(first, second)`. How many were needed then?",
        "Otherwise pool both, count, and compare again: a loop that ends when they are equal.",
        (
            "Maps of 1×1 cannot be pooled any more. If they still differ then, no number is right: "
            "what does the docstring say?"
        ),
    ),
)


@poolings_until_equal.check(points=1)
def counts_until_dots_merge(poolings_until_equal: Function, rng: Rng) -> None:
    """Two maps with a dot each: the number of 2×2 max poolings after which they are equal."""
    ground = np.zeros((8, 8, 1), dtype=np.float32)
    cases: list[Case] = [(*_meeting_after(rng, ground, count), count) for count in (2, 1)]
    cases.append((*_neighbors_across_the_middle(rng), 3))
    _expect_counts(poolings_until_equal, cases)


@poolings_until_equal.check(points=1)
def needs_none_for_equal_maps(poolings_until_equal: Function, rng: Rng) -> None:
    """Maps that are equal from the start need 0 poolings."""
    volume = draw_volume(rng, (4, 4, 2))
    _expect_counts(poolings_until_equal, [(volume, volume.copy(), 0)])


@poolings_until_equal.check(points=1, after=counts_until_dots_merge)
def compares_every_value(poolings_until_equal: Function, rng: Rng) -> None:
    """Maps with more in them, and with several channels, are equal when all their values are."""
    cases: list[Case] = [(*_two_channels(rng, counts), max(counts)) for counts in ((1, 2), (2, 1))]
    cases.append((*_means_first(rng), 2))
    _expect_counts(poolings_until_equal, cases)


@poolings_until_equal.check(points=1, after=counts_until_dots_merge)
def knows_when_to_stop(poolings_until_equal: Function, rng: Rng) -> None:
    """Maps that still differ when one pixel is left never become equal: None."""
    cases: list[Case] = []
    for shape in ((4, 4, 1), (8, 8, 1), (4, 4, 2)):
        first = draw_volume(rng, shape, 0.1, 0.9)
        second = first.copy()
        row, column = rng.integers(0, shape[0], 2)
        first[row, column], second[row, column] = 1.2, 1.5
        cases.append((first, second, None))
    _expect_counts(poolings_until_equal, cases)


def _expect_counts(poolings_until_equal: Function, cases: list[Case]) -> None:
    ask_all(poolings_until_equal, [(first, second) for first, second, _ in cases])
    for first, second, count in cases:
        received = poolings_until_equal(first, second)
        places = [_only_place(one) for one in (first, second)]
        if None not in places:
            expect.that(
                not _differs(received, count),
                f"The maps of {len(first)}×{len(first)} have a single dot each, at {places[0]} and "
                f"at {places[1]}.",
                expected=count,
                received=received,
            )
        expect.equal(received, count, or_none=True)


def _differs(received: Any, count: int | None) -> bool:
    """Whether None or a whole number was received, but not `count`."""
    return (received is None or isinstance(received, int | np.integer)) and received != count


def _only_place(volume: Array) -> Place | None:
    """Where the only value of a map that is not 0 lies; None if there are more."""
    rows, columns = np.nonzero(volume.any(axis=-1))
    return (int(rows[0]), int(columns[0])) if len(rows) == 1 else None


def _neighbors_across_the_middle(rng: Rng) -> tuple[Array, Array]:
    """Two maps (8, 8, 1) with dots on neighbors that only the last pooling brings together."""
    maps = np.zeros((2, 8, 8, 1), dtype=np.float32)
    row = int(rng.integers(8))
    maps[0, row, 3] = maps[1, row, 4] = 2.0
    return maps[0], maps[1]


def _means_first(rng: Rng) -> tuple[Array, Array]:
    """Two maps equal after 2 poolings by the maximum, and after 1 already by the mean.

    All values are whole quarters, whose sums are exact.
    """
    first = (rng.integers(1, 5, (8, 8, 1)) / 4).astype(np.float32)
    top, left = 4 * rng.integers(0, 2, 2)
    first[top + 2 : top + 4, left + 2] = 2.0  # strongest where the maps are the same
    second = first.copy()
    first[top, left : left + 2, 0], second[top, left : left + 2, 0] = (1.25, 1.75), 1.5
    return first, second


def _meeting_after(rng: Rng, ground: Array, count: int) -> tuple[Array, Array]:
    """Two maps with a dot each on the same ground that `count` poolings make equal, and no fewer.

    The pixels of the ground under the two dots differ, so that sums and averages do, too.
    """
    size = len(ground)
    block, half = 2**count, 2 ** (count - 1)

    def draw() -> list[Place]:
        start = block * rng.integers(0, size // block, 2)
        left = start + rng.integers(0, half, 2)
        right = start + half + rng.integers(0, half, 2)
        dots: list[Place] = [(left[0], left[1]), (left[0], right[1])]
        return dots[::-1] if int(rng.integers(2)) else dots

    def on_other_pixels(dots: list[Place]) -> bool:
        below = [ground[dot] for dot in dots]
        return not ground.any() or bool(np.all(np.abs(below[0] - below[1]) > 0.05))

    dots = draw_apart(draw, where=on_other_pixels)
    first, second = ground.copy(), ground.copy()
    first[dots[0]] = second[dots[1]] = 2.0
    return first, second


def _two_channels(rng: Rng, counts: tuple[int, int]) -> tuple[Array, Array]:
    """Two maps whose channels become equal after `counts` poolings, and their sums not before."""

    def draw() -> tuple[Array, Array]:
        ground = draw_volume(rng, (8, 8, 2), 0.1, 0.9)
        meeting = [_meeting_after(rng, ground, count) for count in counts]
        first, second = (
            np.stack([one[..., 0], other[..., 1]], axis=-1)
            for one, other in zip(*meeting, strict=True)
        )
        return first, second

    return draw_apart(draw, where=lambda maps: compares_sums.function(*maps) == max(counts))


def _levels(first: Array, second: Array, reduce: Any = np.max) -> list[bool]:
    """Whether the maps are equal after 0, 1, 2, … poolings, down to one pixel.

    Pooling by 2 some times is pooling by a power of 2 once.
    """
    sizes = [2**level for level in range(len(first).bit_length())]
    return [
        bool(
            np.allclose(
                reduce(windows(first, size, size), axis=(-2, -1)),
                reduce(windows(second, size, size), axis=(-2, -1)),
                atol=1e-5,
            )
        )
        for size in sizes
    ]


def _first_true(levels: list[bool]) -> int | None:
    return levels.index(True) if True in levels else None


@poolings_until_equal.misconception(
    "Your search never ends where the maps do not become equal. Maps of a single pixel do not get "
    "any smaller: what should the loop look at before it pools again?"
)
def no_end(first: Array, second: Array) -> int:
    found = _first_true(_levels(first, second))
    while found is None:  # one pixel stays one, however often it is pooled and compared again
        found = _first_true(_levels(first, second))
    return found


@poolings_until_equal.misconception(
    "You pool until nothing is left: a map of 1×1 becomes an empty one, and two empty maps are "
    "equal. When one pixel is left and differs, the search is over: what is the answer then?"
)
def empty_maps_equal(first: Array, second: Array) -> int:
    levels = _levels(first, second)
    found = _first_true(levels)
    return len(levels) if found is None else found


@poolings_until_equal.misconception(
    "Where the maps never become equal, you return the number of poolings that were possible. That "
    "number would say that they are equal by then: return None instead."
)
def last_instead_of_none(first: Array, second: Array) -> int:
    levels = _levels(first, second)
    found = _first_true(levels)
    return len(levels) - 1 if found is None else found


@poolings_until_equal.misconception(
    "You never compare the 1×1 maps: your loop ends when they are made. The last pooling may be "
    "just the one that makes the maps equal; what comes after it in your loop?"
)
def last_not_compared(first: Array, second: Array) -> int | None:
    return _first_true(_levels(first, second)[:-1])


@poolings_until_equal.misconception(
    "You look at the `size` of the maps to see that one pixel is left. That counts the values of "
    "all channels: how many are there in a map of 1×1 with 2 channels?"
)
def size_counts_channels(first: Array, second: Array) -> int | None:
    found = _first_true(levels := _levels(first, second))
    if found is None and first.shape[-1] > 1:
        return len(levels)  # pooled once more, both are empty, and equal
    return found


@poolings_until_equal.misconception(
    "You compute the number from the distance of the two dots. Neighbors may merge at once or at "
    "the very end: between which pixels do the borders of the pools lie? Pool, and look."
)
def from_the_distance(first: Array, second: Array) -> int:
    size = first.shape[1]
    row, column = divmod(int(first[..., 0].argmax()), size)
    other_row, other_column = divmod(int(second[..., 0].argmax()), size)
    distance = max(abs(row - other_row), abs(column - other_column))
    return int(np.ceil(np.log2(distance + 1)))


@poolings_until_equal.misconception(
    "You count one pooling too many. Compare before you pool for the first time: how many were "
    "needed by then?"
)
def one_too_many(first: Array, second: Array) -> int | None:
    found = _first_true(_levels(first, second))
    return None if found is None else found + 1


@poolings_until_equal.misconception(
    "You count the poolings that left a difference. Asked for is the pooling after which there is "
    "none any more: one later."
)
def one_too_few(first: Array, second: Array) -> int | None:
    found = _first_true(_levels(first, second))
    return None if found is None else max(0, found - 1)


@poolings_until_equal.misconception(
    "You pool by averages. They keep a little of every pixel, so most maps never become equal; the "
    "maximum forgets all but the strongest."
)
def by_averages(first: Array, second: Array) -> int | None:
    return _first_true(_levels(first, second, np.mean))


@poolings_until_equal.misconception(
    "You compare one number of each map, such as its sum. Two maps with one dot each have the same "
    "sum wherever the dots are: compare value by value."
)
def compares_sums(first: Array, second: Array) -> int | None:
    def pooled_sum(volume: Array, size: int) -> float:
        return float(windows(volume, size, size).max(axis=(-2, -1)).sum())

    sizes = [2**level for level in range(len(first).bit_length())]
    same = [abs(pooled_sum(first, size) - pooled_sum(second, size)) < 1e-4 for size in sizes]
    return _first_true(same)


@poolings_until_equal.misconception(
    "You compare the first channel only. Two volumes are equal when all their channels are."
)
def first_channel_only(first: Array, second: Array) -> int | None:
    return _first_true(_levels(first[..., :1], second[..., :1]))
