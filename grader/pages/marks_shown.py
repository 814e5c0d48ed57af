"""Marks as cells of a table: a text and a color each, and what is behind an unusual one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from grader.gradebook.standings import ExercisePoints, Standing
from grader.gradebook.tables import remarks
from grader.report.text import visible
from grader.report.words import SIGNS, points
from grader.results import ExerciseResult, Verdict

BY_HAND = "✎"
LATE = "◷"
NOT_JUDGED = ""
PARTLY = "◐"

LEGEND = (
    ("", SIGNS[Verdict.PASSED], "passed"),
    ("p", f"{PARTLY}2", "a part of the points"),
    ("f", SIGNS[Verdict.FAILED], "failed"),
    ("n", SIGNS[Verdict.NOT_ATTEMPTED], "not attempted"),
    ("e", "E T M O C", "error, time, memory, output, crash"),
    ("o", SIGNS[Verdict.BROKEN], "withheld: the fault is ours"),
    ("h", f"2{BY_HAND}", "given by hand"),
)
"""(class, text, meaning) of the cells of a heat map."""

_QUALITIES = {
    Verdict.PASSED: "",
    Verdict.FAILED: "f",
    Verdict.NOT_ATTEMPTED: "n",
    Verdict.SKIPPED: "n",
    Verdict.BROKEN: "o",
}


@dataclass(frozen=True)
class Cell:
    """A cell: its class, which names its color, and its text, which says the same."""

    quality: str
    text: str


def exercise_cell(result: ExerciseResult | None, given: ExercisePoints | None) -> Cell:
    """What became of one student's exercise, and whether a person gave its points."""
    if given is not None and given.by_hand:
        return Cell("h", f"{'' if given.points is None else points(given.points)}{BY_HAND}")
    if result is None:
        return Cell("m", NOT_JUDGED)
    quality = _QUALITIES.get(result.verdict, "e")
    if result.score and quality:
        return Cell("p" if quality == "f" else quality, f"{PARTLY}{points(result.score)}")
    return Cell(quality, SIGNS[result.verdict])


def share_of(standing: Standing) -> float | None:
    """The mark as a share of all points; None where there is none: it counts in no mean."""
    if standing.score is None or not standing.max_score:
        return None
    return standing.score / standing.max_score


def counts(standing: Standing) -> bool:
    """Whether a mark tells of something graded: of nothing handed in, only one given by hand."""
    if share_of(standing) is None:
        return False
    return standing.verdict not in (Verdict.NOT_HANDED_IN, Verdict.REJECTED) or bool(
        standing.overrides
    )


def lesson_cell(standing: Standing) -> Cell:
    """A student's mark of a lesson, with what is unusual about it."""
    share = share_of(standing)
    if standing.score is None:
        text = standing.status if standing.withdrawn_at else "withheld"
        return Cell("o", text)
    tags = f"{LATE if standing.lateness.steps else ''}{BY_HAND if standing.overrides else ''}"
    if not counts(standing):
        return Cell("m", f"{standing.status}{tags}")
    if any(one.points is None for one in standing.exercises):
        tags += SIGNS[Verdict.BROKEN]
    step = min(4, int((share or 0) * 5)) if standing.max_score else 0
    return Cell(f"s{step}", f"{points(standing.score)}{tags}")


def remarks_on(standing: Standing) -> list[str]:
    """What is behind a mark: a harmless line each."""
    return [line.plain for line in remarks(standing, whose=False)]


def points_by_exercise(standing: Standing) -> Mapping[str, ExercisePoints]:
    """The points of a student's lesson, by exercise."""
    return {one.exercise: one for one in standing.exercises}


def name_of(person_name: str) -> str:
    """A student's name as every page shows it."""
    return visible(person_name, limit=80)


def percent(share: float) -> str:
    """A share of 1 in whole percent, as `72 %`."""
    return f"{100 * share:.0f} %"
