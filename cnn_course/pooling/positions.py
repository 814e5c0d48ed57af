"""Which places pooling forgets, and which ones it keeps: pairs of maps with a dot each."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from cnn_course.pooling.references import Array
from grader import Exercise, expect

Function = Callable[..., Any]
Place = tuple[int, int]

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
    recognize=_equal_from_the_start,
)
def equal_from_the_start() -> dict[str, Any]:
    return _maps(merging=((2, 2), (2, 2)))


@near_and_far.misconception(
    "The dots of `merging` are neighbors, but the border between two pools lies between them. It "
    "is not the distance alone that counts: where do the pools begin?",
    recognize=_across_a_border,
)
def merging_across_a_border() -> dict[str, Any]:
    return _maps(merging=((0, 1), (0, 2)))


@near_and_far.misconception(
    "The dots of `merging` are too far apart for one pooling. Its pools have 2 by 2 pixels: how "
    "far can two pixels of one pool be from each other?",
    recognize=_too_far,
)
def merging_too_far() -> dict[str, Any]:
    return _maps(merging=((0, 0), (0, 3)))


@near_and_far.misconception(
    "The dots of `staying` lie in the same pool, so the first pooling already makes one of them. "
    "Which neighbors lie on two sides of a border?",
    recognize=_in_one_pool,
)
def staying_in_one_pool() -> dict[str, Any]:
    return _maps(staying=((0, 4), (0, 5)))


@near_and_far.misconception(
    "The dots of `staying` survive the first pooling, but the second one merges them: both "
    "together make pools of 4 by 4 pixels. Where are the borders of those?",
    recognize=_merging_later,
)
def staying_for_one_pooling() -> dict[str, Any]:
    return _maps(staying=((0, 1), (0, 2)))


@near_and_far.misconception(
    "The dots of `staying` do stay apart, but they are no neighbors: far apart is easy. Can pixels "
    "that share a side stay apart, too?",
    recognize=_no_neighbors,
)
def staying_far_apart() -> dict[str, Any]:
    return _maps(staying=((0, 0), (7, 7)))
