"""The mark of one submission: as graded, with what was decided by hand, without what is late."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Row

from grader.gradebook.late import Lateness, LatePolicy, exact, plain, rounded
from grader.results import Points


@dataclass(frozen=True)
class Override:
    """A mark that a person gave; `points` None takes back an earlier one.

    `exercise` is empty where it is of the whole lesson.
    """

    exercise: str
    points: Points | None
    reason: str
    author: str
    made_at: datetime


@dataclass(frozen=True)
class Mark:
    """How a mark came about; see `Standing`, which has the same words."""

    graded: Points | None
    earned: Points | None
    penalty: Points
    score: Points | None
    max_score: Points | None
    lateness: Lateness
    said: tuple[str, ...] = ()


def marked(
    row: Row[Any],
    given: Mapping[str, Override],
    parts: Mapping[str, Points | None],
    lateness: Lateness,
    policy: LatePolicy,
    highest: Points | None,
) -> Mark:
    """The mark of an attempt: its `row`, the overrides `given`, the points of its exercises.

    What a person gave for a whole lesson is final: nothing is taken off for being late. Where
    points are withheld or the hand-in was withdrawn, only such a mark gives any.
    """
    withdrawn = row.withdrawn_at is not None
    graded = None if withdrawn or row.withheld else rounded(row.score or 0)
    lost = [exercise for exercise in given if exercise and parts and exercise not in parts]
    said = [f"The override of {exercise!r} counts no more: it is gone." for exercise in lost]
    if lateness.said:
        said.append(lateness.said)
    if "" in given:
        earned = given[""].points
        return Mark(graded, earned, 0, earned, highest, lateness, tuple(said))
    by_hand = {e: override.points for e, override in given.items() if e not in lost}
    earned = graded
    if by_hand and not withdrawn and (parts or not row.withheld):
        earned = _sum({**parts, **by_hand})
    penalty: Points = 0
    if earned is not None:
        penalty = policy.penalty(lateness, earned, highest or 0)
    score = None if earned is None else plain(exact(earned) - exact(penalty))
    return Mark(graded, earned, penalty, score, highest, lateness, tuple(said))


def _sum(parts: Mapping[str, Points | None]) -> Points | None:
    """The points of all exercises; None where those of one are withheld."""
    total = Decimal(0)
    for points in parts.values():
        if points is None:
            return None
        total += exact(points)
    return plain(total)
