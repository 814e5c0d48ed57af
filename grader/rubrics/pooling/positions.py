"""Which places pooling forgets, and which ones it keeps."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from grader import Exercise, expect
from grader.rubrics.pooling.references import Array, Rng, draw_volume, windows

Function = Callable[..., Any]
Place = tuple[int, int]
Case = tuple[Array, Array, int | None]  # two maps, and after how many poolings they are equal

SIZE = 8  # of the maps with one dot, in pixels on a side

# ------------------------------------------------------------------------------------------------
near_and_far = Exercise(
    "near_and_far",
    title="Dots that merge, and dots that do not",
    names=("merging", "staying"),
    functions=(),
    hints=(
        (
            "The pools lie like the squares of a chessboard: columns 0 and 1, columns 2 and 3, and "
            "so on, and rows likewise. Two dots become one where they lie in the same pool."
        ),
        (
            "Neighbors can lie in one pool or in two. Which column do 1 and 2 each become after "
            "the first pooling? And after the second?"
        ),
        (
            "Pooling takes half of a column's number and drops what is left over. Which two "
            "neighbors in 0 to 7 keep different halves, and halves of halves?"
        ),
    ),
)


@near_and_far.check(points=1)
def merging_maps_differ_at_first(merging: Any) -> None:
    """`merging` is two maps (8, 8, 1) with one bright dot each, in different places."""
    first, second = _dots("merging", merging)
    expect.that(
        first != second,
        f"Both dots of `merging` are at {first}, so the maps are equal before any pooling.",
    )


@near_and_far.check(points=1, after=merging_maps_differ_at_first)
def merging_maps_become_equal(merging: Any) -> None:
    """A single 2×2 max pooling makes both maps of `merging` equal."""
    first, second = (_pooled_place(dot, 1) for dot in _dots("merging", merging))
    expect.that(
        first == second,
        f"After one pooling, the dots of `merging` are at {first} and at {second}.",
    )


@near_and_far.check(points=1)
def staying_maps_hold_neighbors(staying: Any) -> None:
    """`staying` is two maps (8, 8, 1) with one bright dot each, on pixels that share a side."""
    (row, column), (other_row, other_column) = _dots("staying", staying)
    expect.that(
        abs(row - other_row) + abs(column - other_column) == 1,
        f"The dots of `staying` are at {(row, column)} and at {(other_row, other_column)}: these "
        "pixels do not share a side.",
    )


@near_and_far.check(points=2, after=staying_maps_hold_neighbors)
def staying_maps_stay_apart(staying: Any) -> None:
    """After one and after two 2×2 max poolings, the maps of `staying` still differ."""
    places = _dots("staying", staying)
    for count, times in ((1, "one pooling"), (2, "two poolings")):
        first, second = (_pooled_place(place, count) for place in places)
        expect.that(
            first != second, f"After {times}, both dots of `staying` are at {first}: they merged."
        )


def _place(received: Any) -> Place | None:
    """Where the only pixel of a map that is not 0 lies; None if there is no such pixel."""
    try:
        values = np.asarray(received, dtype=np.float64)
    except (TypeError, ValueError):
        return None
    if values.shape not in ((SIZE, SIZE, 1), (SIZE, SIZE)):
        return None
    rows, columns = np.nonzero(values.reshape(SIZE, SIZE) > 0)
    if len(rows) != 1 or np.count_nonzero(values) != 1:
        return None
    return int(rows[0]), int(columns[0])


def _places(pair: Any) -> tuple[Place, Place] | None:
    """The places of the dots in a pair of maps; None if it is not a pair of such maps."""
    if not isinstance(pair, tuple | list | np.ndarray) or len(pair) != 2:
        return None
    first, second = _place(pair[0]), _place(pair[1])
    return None if first is None or second is None else (first, second)


def _dots(name: str, pair: Any) -> tuple[Place, Place]:
    """The places of both dots, or a Mismatch that says what a pair of maps is."""
    places = _places(pair)
    if places is None:
        expect.that(
            condition=False,
            message=f"`{name}` should be two maps, each with one dot: "
            f"`{name} = dot(row, column), dot(row, column)`, rows and columns from 0 to 7. "
            f"Received: {_described(pair)}.",
        )
        raise AssertionError  # not reached: `that` has raised
    expect.that(
        float(np.max(pair[0])) == float(np.max(pair[1])),
        f"The dots of `{name}`, at {places[0]} and at {places[1]}, differ in brightness, so no "
        "pooling can make the maps equal.",
    )
    return places


def _described(pair: Any) -> str:
    """In a few words what came in the place of two maps with a dot each."""
    if isinstance(pair, np.ndarray) and _place(pair) is not None:
        return f"one map, with its dot at {_place(pair)}"
    if isinstance(pair, np.ndarray):
        return f"an array of shape {pair.shape}"
    if not isinstance(pair, tuple | list):
        return f"a value of type {type(pair).__name__}"
    if len(pair) != 2:
        return f"a {type(pair).__name__} of {len(pair)}"
    places = [_place(one) for one in pair]
    words = [f"a map with a dot at {place}" if place else "no such map" for place in places]
    return f"{words[0]}, and {words[1]}"


def _pooled_place(place: Place, count: int) -> Place:
    return place[0] >> count, place[1] >> count


def _distance(places: tuple[Place, Place]) -> int:
    return int(np.abs(np.subtract(*places)).max())


def _equal_from_the_start(merging: Any) -> bool:
    places = _places(merging)
    return places is not None and places[0] == places[1]


def _across_a_border(merging: Any) -> bool:
    places = _places(merging)
    if places is None or _distance(places) != 1:
        return False
    return _pooled_place(places[0], 1) != _pooled_place(places[1], 1)


def _too_far(merging: Any) -> bool:
    places = _places(merging)
    return places is not None and _distance(places) > 1


def _in_one_pool(staying: Any) -> bool:
    places = _places(staying)
    if places is None or places[0] == places[1]:
        return False
    return _pooled_place(places[0], 1) == _pooled_place(places[1], 1)


def _merging_later(staying: Any) -> bool:
    places = _places(staying)
    if places is None or _distance(places) != 1:
        return False
    return _pooled_place(places[0], 1) != _pooled_place(places[1], 1) and (
        _pooled_place(places[0], 2) == _pooled_place(places[1], 2)
    )


def _no_neighbors(staying: Any) -> bool:
    places = _places(staying)
    if places is None or _pooled_place(places[0], 2) == _pooled_place(places[1], 2):
        return False
    return int(np.abs(np.subtract(*places)).sum()) > 1


def _pair(first: Place, second: Place) -> tuple[Array, Array]:
    maps = np.zeros((2, SIZE, SIZE, 1), dtype=np.float32)
    maps[0][first] = maps[1][second] = 1
    return maps[0], maps[1]


MERGING, STAYING = ((0, 0), (0, 1)), ((0, 3), (0, 4))


def _maps(merging: Any = MERGING, staying: Any = STAYING) -> dict[str, Any]:
    return {"merging": _pair(*merging), "staying": _pair(*staying)}


@near_and_far.misconception(
    "Both maps of `merging` are equal from the start, so pooling has nothing to forget. Put the "
    "dots in two places that pooling cannot tell apart.",
    recognise=_equal_from_the_start,
)
def equal_from_the_start() -> dict[str, Any]:
    return _maps(merging=((2, 2), (2, 2)))


@near_and_far.misconception(
    "The dots of `merging` are neighbors, but the border between two pools lies between them. It "
    "is not the distance alone that counts: where do the pools begin?",
    recognise=_across_a_border,
)
def merging_across_a_border() -> dict[str, Any]:
    return _maps(merging=((0, 1), (0, 2)))


@near_and_far.misconception(
    "The dots of `merging` are too far apart for one pooling. Its pools have 2 by 2 pixels: how "
    "far can two pixels of one pool be from each other?",
    recognise=_too_far,
)
def merging_too_far() -> dict[str, Any]:
    return _maps(merging=((0, 0), (0, 3)))


@near_and_far.misconception(
    "The dots of `staying` lie in the same pool, so the first pooling already makes one of them. "
    "Which neighbors lie on two sides of a border?",
    recognise=_in_one_pool,
)
def staying_in_one_pool() -> dict[str, Any]:
    return _maps(staying=((0, 4), (0, 5)))


@near_and_far.misconception(
    "The dots of `staying` survive the first pooling, but the second one merges them: both "
    "together make pools of 4 by 4 pixels. Where are the borders of those?",
    recognise=_merging_later,
)
def staying_for_one_pooling() -> dict[str, Any]:
    return _maps(staying=((0, 1), (0, 2)))


@near_and_far.misconception(
    "The dots of `staying` do stay apart, but they are no neighbors: far apart is easy. Can pixels "
    "that share a side stay apart, too?",
    recognise=_no_neighbors,
)
def staying_far_apart() -> dict[str, Any]:
    return _maps(staying=((0, 0), (7, 7)))


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
    for first, second, _ in cases:
        poolings_until_equal(first, second)  # all answers tell which mistake it is; one may be luck
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
    while True:
        start = block * rng.integers(0, size // block, 2)
        left = start + rng.integers(0, half, 2)
        right = start + half + rng.integers(0, half, 2)
        right[0] = left[0]
        dots = [tuple(left), tuple(right)]
        if int(rng.integers(2)):
            dots.reverse()
        below = [ground[dot] for dot in dots]
        if not ground.any() or bool(np.all(np.abs(below[0] - below[1]) > 0.05)):
            break
    first, second = ground.copy(), ground.copy()
    first[dots[0]] = second[dots[1]] = 2.0
    return first, second


def _two_channels(rng: Rng, counts: tuple[int, int]) -> tuple[Array, Array]:
    """Two maps whose channels become equal after `counts` poolings, and their sums not before."""
    while True:
        ground = draw_volume(rng, (8, 8, 2), 0.1, 0.9)
        meeting = [_meeting_after(rng, ground, count) for count in counts]
        first, second = (
            np.stack([one[..., 0], other[..., 1]], axis=-1)
            for one, other in zip(*meeting, strict=True)
        )
        if compares_sums.function(first, second) == max(counts):
            return first, second


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
    while found is None:
        pass
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
