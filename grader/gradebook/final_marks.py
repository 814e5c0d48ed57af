"""The marks that count, as services are told them: without names of teachers and their reasons."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from grader.gradebook.standings import Standing
from grader.gradebook.tables import duration
from grader.report.final_marks import LATE, FinalMark, FinalMarks
from grader.report.words import OURS, points


def final_marks(standings: Iterable[Standing]) -> FinalMarks:
    """The final mark of each student and lesson; of what was withdrawn, there is none."""
    return {
        (one.person.name, one.lesson): FinalMark(
            one.score, one.max_score, tuple(_said(one)), is_by_hand=bool(one.overrides)
        )
        for one in standings
        if one.withdrawn_at is None
    }


def _said(standing: Standing) -> Iterator[str]:
    """What is behind a mark, for the student who reads it."""
    if standing.score is None:
        yield OURS
    for override in standing.overrides:
        if override.points is not None:
            of = f"{override.exercise}: " if override.exercise else "The whole lesson: "
            yield f"{of}{points(override.points)} of the points, given by hand."
    if not standing.lateness.steps:
        return
    by = standing.lateness.by
    late = LATE if by is None else f"Handed in {duration(by)} late."
    if standing.penalty:
        taken = "is" if standing.penalty == 1 else "are"
        number = points(standing.penalty)
        noun = "point" if standing.penalty == 1 else "points"
        yield f"{late} {number} {noun} {taken} taken off."
    else:
        yield f"{late} Nothing is taken off."
