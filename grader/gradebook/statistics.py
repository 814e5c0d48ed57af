"""How a class did: each exercise's pass rate, points and discrimination, and its misconceptions."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, Subquery, case, func, literal, select

from grader.gradebook.models import Attempt, ExerciseRow, Submission
from grader.gradebook.standings import ranked
from grader.report.words import place_of
from grader.results import Verdict

_FEWEST = 3  # students of whom a correlation says anything
_NO_SPREAD = 1e-9


@dataclass(frozen=True)
class Passed:
    """How many results there are of an exercise, and how many of them passed.

    `mean` is of the points, None where all are withheld.
    """

    count: int
    passed: int
    mean: float | None

    @property
    def rate(self) -> float | None:
        """The part that passed, of those that were judged."""
        return self.passed / self.count if self.count else None


@dataclass(frozen=True)
class ExerciseStatistics:
    """One exercise: of what stands now, and `over_attempts` of every file that was handed in.

    `discrimination` is the correlation of its points with those of the rest of the lesson, from −1
    to 1; None where fewer than three students tell, or all have the same points.
    """

    id: str
    title: str
    max_score: float
    now: Passed
    over_attempts: Passed
    discrimination: float | None


@dataclass(frozen=True)
class MisconceptionStatistics:
    """How many students show a misconception now, how many ever did, and in how many files."""

    exercise: str
    name: str
    explanation: str
    now: int
    students: int
    attempts: int


@dataclass(frozen=True)
class LessonStatistics:
    """One lesson: `students` were judged in it, and stand."""

    lesson: str
    students: int
    exercises: tuple[ExerciseStatistics, ...]
    misconceptions: tuple[MisconceptionStatistics, ...]


def of_lessons(connection: Connection) -> list[LessonStatistics]:
    """The statistics of each lesson, as lessons are taught."""
    exercises = connection.execute(_exercises()).all()
    misconceptions = connection.execute(_misconceptions()).all()
    students = dict(connection.execute(_students()).all())
    return [
        LessonStatistics(
            lesson,
            students.get(lesson, 0),
            tuple(_exercise(row) for row in exercises if row.lesson == lesson),
            tuple(_misconception(row) for row in misconceptions if row.lesson == lesson),
        )
        for lesson in sorted({row.lesson for row in exercises}, key=place_of)
    ]


def _exercise(row: Any) -> ExerciseStatistics:
    return ExerciseStatistics(
        id=row.exercise,
        title=row.title,
        max_score=row.max_score,
        now=Passed(int(row.now), int(row.now_passed), _rounded(row.now_mean)),
        over_attempts=Passed(int(row.ever), int(row.ever_passed), _rounded(row.ever_mean)),
        discrimination=_discrimination(row),
    )


def _misconception(row: Any) -> MisconceptionStatistics:
    return MisconceptionStatistics(
        row.exercise,
        row.misconception,
        row.explanation,
        int(row.now),
        int(row.students),
        int(row.attempts),
    )


def _discrimination(row: Any) -> float | None:
    """The corrected item-total correlation: the exercise is not counted in the total."""
    count = int(row.known)
    if count < _FEWEST:
        return None
    own = count * row.own_own - row.own**2
    rest = count * row.rest_rest - row.rest**2
    if min(own, rest) < _NO_SPREAD:  # all have the same points
        return None
    return _rounded((count * row.own_rest - row.own * row.rest) / math.sqrt(own * rest))


def _rounded(number: float | None) -> float | None:
    return None if number is None else round(float(number), 4)


def _attempts() -> Subquery:
    """Every attempt: whether it `stands`, and is the one that counts of all gradings of its `file`.

    `total` are the points of all of it, None where some are withheld.
    """
    newest = (Attempt.knows.desc(), Attempt.kept_at.desc(), Attempt.id.desc())
    of_file = (Attempt.submission_id, Attempt.sha256)
    place = func.row_number().over(partition_by=of_file, order_by=newest)
    rank = ranked()
    return (
        select(
            Attempt.id,
            Attempt.submission_id,
            case((Attempt.withheld, None), else_=Attempt.score).label("total"),
            ((rank.c.rank == 1) & Attempt.withdrawn_at.is_(None)).label("stands"),
            place.label("place"),
        )
        .join(rank, rank.c.id == Attempt.id)
        .subquery()
    )


def _exercises() -> Select[*tuple[Any, ...]]:
    """All sums over each exercise, those of the rubric first; one way through the results."""
    attempts = _attempts()
    stands, file = attempts.c.stands, attempts.c.place == 1
    score, known = ExerciseRow.score, ExerciseRow.score.is_not(None)
    passed = known & (ExerciseRow.verdict == Verdict.PASSED.value)
    rest = attempts.c.total - score
    counted = stands & rest.is_not(None)

    def of(which: ColumnElement[bool], what: ColumnElement[Any]) -> ColumnElement[Any]:
        return func.coalesce(func.sum(case((which, what), else_=0)), 0)

    one = literal(1)
    return (
        select(
            Submission.lesson,
            ExerciseRow.exercise,
            func.max(ExerciseRow.title).label("title"),
            func.max(ExerciseRow.max_score).label("max_score"),
            of(stands & known, one).label("now"),
            of(stands & passed, one).label("now_passed"),
            func.avg(case((stands, score))).label("now_mean"),
            of(file & known, one).label("ever"),
            of(file & passed, one).label("ever_passed"),
            func.avg(case((file, score))).label("ever_mean"),
            of(counted, one).label("known"),
            of(counted, score.expression).label("own"),
            of(counted, rest).label("rest"),
            of(counted, score * score).label("own_own"),
            of(counted, rest * rest).label("rest_rest"),
            of(counted, score * rest).label("own_rest"),
        )
        .select_from(ExerciseRow)
        .join(attempts, attempts.c.id == ExerciseRow.attempt_id)
        .join(Submission, Submission.id == attempts.c.submission_id)
        .where(stands | file)
        .group_by(Submission.lesson, ExerciseRow.exercise)
        .order_by(of(stands, one) == 0, func.min(ExerciseRow.position), ExerciseRow.exercise)
    )


def _students() -> Select[*tuple[Any, ...]]:
    """How many were judged in each lesson, and stand."""
    attempts = _attempts()
    return (
        select(Submission.lesson, func.count(attempts.c.id))
        .join(Submission, Submission.id == attempts.c.submission_id)
        .where(attempts.c.stands)
        .where(attempts.c.id.in_(select(ExerciseRow.attempt_id).where(ExerciseRow.position == 0)))
        .group_by(Submission.lesson)
    )


def _misconceptions() -> Select[*tuple[Any, ...]]:
    """Every misconception of each lesson, the most frequent ones first."""
    attempts = _attempts()
    stands, file = attempts.c.stands, attempts.c.place == 1
    now = func.sum(case((stands, 1), else_=0))
    students = func.count(case((file, Submission.student_id)).distinct())
    return (
        select(
            Submission.lesson,
            ExerciseRow.exercise,
            ExerciseRow.misconception,
            func.max(ExerciseRow.explanation).label("explanation"),
            now.label("now"),
            students.label("students"),
            func.sum(case((file, 1), else_=0)).label("attempts"),
        )
        .select_from(ExerciseRow)
        .join(attempts, attempts.c.id == ExerciseRow.attempt_id)
        .join(Submission, Submission.id == attempts.c.submission_id)
        .where(ExerciseRow.misconception.is_not(None), stands | file)
        .group_by(Submission.lesson, ExerciseRow.exercise, ExerciseRow.misconception)
        .order_by(now.desc(), students.desc(), ExerciseRow.exercise, ExerciseRow.misconception)
    )
