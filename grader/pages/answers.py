"""The exercises of a record as their student reads them: what holds, what does not, and why.

Nothing here says more than `check` shows a student in the notebook: no flag for a person, no trace
of a fault of ours, no name.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from markupsafe import Markup

from grader.gradebook import Standing
from grader.gradebook.standings import ExercisePoints
from grader.pages.drawn import curves_svg
from grader.report.exhibits import Exhibit, comparison, inputs
from grader.report.feedback import BROKEN, HEADINGS
from grader.report.words import SIGNS, points, score, unhappy
from grader.results import CheckResult, ExerciseResult, Points, Verdict

_KINDS = {
    Verdict.PASSED: "good",
    Verdict.FAILED: "bad",
    Verdict.NOT_ATTEMPTED: "quiet",
    Verdict.SKIPPED: "quiet",
    Verdict.BROKEN: "ours",
}
_SIGNED = (*_KINDS,)


@dataclass(frozen=True)
class Statement:
    """One check; `kind` is the class of its color. What explains it is empty where it holds."""

    kind: str
    sign: str
    words: str
    text: str
    score: str
    message: str = ""
    call: str = ""
    inputs: tuple[Exhibit, ...] = ()
    values: tuple[Exhibit, ...] = ()
    note: str = ""
    curves: Markup | None = None
    hint: str = ""


@dataclass(frozen=True)
class Answer:
    """One exercise: `first` is the statement to look at, `rest` are all others.

    `anchor` is its id in the page. `by_hand` says that a person gave the points, and `has_all`
    whether all of them count.
    """

    id: str
    anchor: str
    title: str
    kind: str
    sign: str
    heading: str
    score: str
    by_hand: str
    message: str
    diagnosis: str
    first: Statement | None
    rest: tuple[Statement, ...]
    cell: int | None
    has_all: bool

    @property
    def to_mend(self) -> bool:
        """Whether the student has something to do about it."""
        return self.kind not in ("good", "ours") and not self.has_all


def kind_of(verdict: Verdict) -> str:
    """The class that colors a verdict: good, bad, quiet, ours, or trouble."""
    return _KINDS.get(verdict, "trouble")


def sign_of(verdict: Verdict) -> str:
    """One sign for a verdict."""
    return SIGNS[verdict] if verdict in _SIGNED else "!"


def answers_of(
    exercises: tuple[ExerciseResult, ...], standing: Standing | None, *, drawn: bool = True
) -> list[Answer]:
    """The exercises of a record in their order, with what a person decided of their points.

    Unless they are `drawn`, statements have no pictures, and no values.
    """
    given = {one.exercise: one for one in standing.exercises} if standing else {}
    return [
        _answer(number, one, given, drawn=drawn) for number, one in enumerate(exercises, start=1)
    ]


def _answer(
    number: int, exercise: ExerciseResult, given: Mapping[str, ExercisePoints], *, drawn: bool
) -> Answer:
    broken = exercise.verdict is Verdict.BROKEN
    statements = [_statement(check, exercise.message, drawn=drawn) for check in exercise.checks]
    shown = next((s for s in statements if s.message or s.values or s.curves or s.call), None)
    first = shown or next((s for s in statements if s.kind not in ("good", "quiet")), None)
    if broken:
        first = None
    by_hand = given.get(exercise.id)
    return Answer(
        id=exercise.id,
        anchor=f"exercise-{number}",
        title=exercise.title,
        kind=kind_of(exercise.verdict),
        sign=sign_of(exercise.verdict),
        heading=HEADINGS[exercise.verdict],
        score=_score(exercise, by_hand),
        by_hand=_by_hand(exercise, by_hand),
        message=BROKEN if broken else exercise.message,
        diagnosis=exercise.diagnosis.message if exercise.diagnosis else "",
        first=first,
        rest=tuple(one for one in statements if one is not first),
        cell=exercise.cell,
        has_all=_counts(exercise, by_hand) == exercise.max_score,
    )


def _score(exercise: ExerciseResult, given: ExercisePoints | None) -> str:
    return score(_counts(exercise, given), exercise.max_score)


def _counts(exercise: ExerciseResult, given: ExercisePoints | None) -> Points | None:
    return given.points if given and given.by_hand else exercise.score


def _by_hand(exercise: ExerciseResult, given: ExercisePoints | None) -> str:
    if given is None or not given.by_hand:
        return ""
    was = "withheld" if exercise.score is None else points(exercise.score)
    return f"Points by hand; graded: {was}."


def _statement(check: CheckResult, said: str, *, drawn: bool) -> Statement:
    words = "to do" if check.verdict is Verdict.NOT_ATTEMPTED else check.verdict.words
    if check.verdict is Verdict.SKIPPED:
        words = "looked at when the one before holds"
    plain = Statement(
        kind=kind_of(check.verdict),
        sign=sign_of(check.verdict),
        words=words,
        text=check.statement,
        score="withheld"
        if check.verdict is Verdict.BROKEN
        else score(check.score, check.max_score),
    )
    if not unhappy(check.verdict) or check.verdict is Verdict.BROKEN:
        return plain
    values, note = comparison(check) if drawn else ((), "")
    return Statement(
        **vars(plain)
        | {
            "message": "" if check.message == said else check.message,
            "call": check.call,
            "inputs": inputs(check.given) if drawn else (),
            "values": values,
            "note": note,
            "curves": curves_svg(check.curves) if check.curves and drawn else None,
            "hint": check.hint,
        }
    )
