"""In which order a class is shown.

The command line reads this to explain its options: nothing heavy is imported here.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from enum import StrEnum
from typing import TypeVar

_Row = TypeVar("_Row")


class Order(StrEnum):
    """By name; those with the least of the points first; or the latest hand-in first."""

    NAME = "name"
    WORST = "worst"
    TIME = "time"


def arranged(
    rows: Sequence[_Row],
    order: Order,
    *,
    share: Callable[[_Row], float | None],
    time: Callable[[_Row], str],
) -> list[_Row]:
    """Rows that are by name already, in another order; of equal ones, by name.

    `share` is how much of the points somebody has; whoever's are withheld, None, comes last. `time`
    is when it was handed in, in ISO 8601; where nothing tells it, that comes last.
    """
    match order:
        case Order.NAME:
            return list(rows)
        case Order.WORST:
            shares = [share(row) for row in rows]
            keys = [2.0 if one is None else one for one in shares]
        case Order.TIME:
            keys = [-_moment(time(row)) for row in rows]
    places = sorted(range(len(rows)), key=keys.__getitem__)
    return [rows[place] for place in places]


def _moment(text: str) -> float:
    """Seconds since 1970; 0 where the text tells no time. Without a zone, this machine's is meant.

    A time of which the zone leads out of the calendar is read as if it were UTC.
    """
    from datetime import UTC, datetime

    try:
        told = datetime.fromisoformat(text)
    except ValueError:
        return 0.0
    try:
        return told.timestamp()
    except (OverflowError, ValueError, OSError):
        return told.replace(tzinfo=UTC).timestamp()
