"""What counts of a submission in the end, for services that take one number for it.

A record holds the points as graded. The gradebook adds what a person gave by hand and takes off
what is late; where it is not at hand, the record alone tells.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

from grader.report.words import OURS, withheld
from grader.results import Verdict

if TYPE_CHECKING:
    from grader.results import Points, SubmissionResult

LATE = "Handed in late."


@dataclass(frozen=True)
class FinalMark:
    """The mark of one submission: `score` is None where it is withheld, and then it is no zero.

    `max_score` is None where nobody knows it. `said` are sentences for the student: late, by hand,
    withheld. `is_by_hand` is whether a person gave points.
    """

    score: Points | None
    max_score: Points | None
    said: tuple[str, ...] = ()
    is_by_hand: bool = False

    @classmethod
    def as_graded(cls, result: SubmissionResult) -> FinalMark:
        """The mark that the record alone tells."""
        said = (LATE,) if result.handed_in.late else ()
        if withheld(result):
            return cls(None, result.max_score or None, (*said, OURS))
        return cls(result.score, result.max_score or None, said)


FinalMarks = Mapping[tuple[str, str], FinalMark]
"""Final marks by student and lesson."""

AS_GRADED: FinalMarks = MappingProxyType({})
"""No mark is known but what the records tell."""


def mark_of(result: SubmissionResult, marks: FinalMarks) -> FinalMark:
    """The mark of a result: as `marks` tell it, else as graded."""
    found = marks.get((result.student, result.lesson))
    return FinalMark.as_graded(result) if found is None else found


def total(marks: Iterable[FinalMark]) -> tuple[Points | None, Points]:
    """The sum of the scores, None where one is withheld; and of what could be had."""
    all_marks = list(marks)
    highest = sum(mark.max_score or 0 for mark in all_marks)
    scores = [mark.score for mark in all_marks]
    if not scores or any(score is None for score in scores):
        return None, highest
    return round(sum(score for score in scores if score is not None), 4), highest


def is_gradable(result: SubmissionResult, mark: FinalMark) -> bool:
    """Whether there is anything to give points for: a notebook that was judged, or a mark."""
    refused = result.verdict in (Verdict.REJECTED, Verdict.NOT_HANDED_IN)
    return mark.is_by_hand or not (refused and not result.exercises)
