"""How a class did: each exercise's pass rate, points and discrimination, and its misconceptions."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Subquery, case, func, select

from grader.gradebook.models import Attempt, ExerciseRow, Submission
from grader.gradebook.standings import ranked
from grader.report.words import place_of
from grader.results import Verdict

_PASSED = Verdict.PASSED.value
_FEWEST = 3  # students of whom a correlation says anything


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
    now = _now(connection)
    over_attempts = _over_attempts(connection)
    misconceptions = _misconceptions(connection)
    lessons = sorted({row.lesson for row in over_attempts}, key=place_of)
    return [
        _of_lesson(
            lesson,
            [row for row in now if row.lesson == lesson],
            [row for row in over_attempts if row.lesson == lesson],
            tuple(of for where, of in misconceptions if where == lesson),
        )
        for lesson in lessons
    ]


def _of_lesson(
    lesson: str,
    now: Sequence[Any],
    over_attempts: Sequence[Any],
    misconceptions: tuple[MisconceptionStatistics, ...],
) -> LessonStatistics:
    """The exercises in the order of the rubric; those that it no longer has come last."""
    rows: dict[str, list[Any]] = {}
    for row in now:
        rows.setdefault(row.exercise, []).append(row)
    ever = {row.exercise: row for row in over_attempts}
    order = sorted(ever, key=lambda e: (e not in rows, ever[e].position, e))
    points = _points(now)
    exercises = tuple(
        ExerciseStatistics(
            id=exercise,
            title=ever[exercise].title,
            max_score=ever[exercise].max_score,
            now=_passed(rows.get(exercise, ())),
            over_attempts=Passed(
                ever[exercise].known, ever[exercise].passed, _rounded(ever[exercise].mean)
            ),
            discrimination=_discrimination(exercise, points),
        )
        for exercise in order
    )
    students = len({row.submission for row in now})
    return LessonStatistics(lesson, students, exercises, misconceptions)


def _passed(rows: Sequence[Any]) -> Passed:
    """Of results whose points are withheld nobody knows: they count for nothing."""
    known = [row for row in rows if row.score is not None]
    passed = sum(row.verdict == _PASSED for row in known)
    mean = statistics.fmean(row.score for row in known) if known else None
    return Passed(len(known), passed, _rounded(mean))


def _points(rows: Sequence[Any]) -> list[dict[str, float]]:
    """The points of each exercise, of each submission of which all are known."""
    found: dict[int, dict[str, float]] = {}
    withheld = {row.submission for row in rows if row.score is None}
    for row in rows:
        if row.submission not in withheld:
            found.setdefault(row.submission, {})[row.exercise] = row.score
    return list(found.values())


def _discrimination(exercise: str, points: Sequence[dict[str, float]]) -> float | None:
    """The corrected item-total correlation: the exercise is not counted in the total."""
    pairs = [
        (one[exercise], sum(one.values()) - one[exercise]) for one in points if exercise in one
    ]
    if len(pairs) < _FEWEST:
        return None
    try:
        return _rounded(statistics.correlation(*zip(*pairs, strict=True)))
    except statistics.StatisticsError:  # all have the same points
        return None


def _rounded(number: float | None) -> float | None:
    return None if number is None else round(float(number), 4)


def _files() -> Subquery:
    """Every file that was handed in, once: of several gradings of it, the one that counts."""
    within = (Attempt.submission_id, Attempt.sha256)
    order = (Attempt.knows.desc(), Attempt.kept_at.desc(), Attempt.id.desc())
    place = func.row_number().over(partition_by=within, order_by=order).label("place")
    return select(Attempt.id, Attempt.submission_id, place).subquery()


def _now(connection: Connection) -> Sequence[Any]:
    """Each exercise of each record that stands."""
    rank = ranked()
    return connection.execute(
        select(
            Submission.lesson,
            Submission.id.label("submission"),
            ExerciseRow.exercise,
            ExerciseRow.verdict,
            ExerciseRow.score,
        )
        .select_from(ExerciseRow)
        .join(Attempt, Attempt.id == ExerciseRow.attempt_id)
        .join(rank, rank.c.id == Attempt.id)
        .join(Submission, Submission.id == Attempt.submission_id)
        .where(rank.c.rank == 1, Attempt.withdrawn_at.is_(None))
    ).all()


def _over_attempts(connection: Connection) -> Sequence[Any]:
    """Each exercise of each lesson, over every file that was handed in."""
    files = _files()
    return connection.execute(
        select(
            Submission.lesson,
            ExerciseRow.exercise,
            func.max(ExerciseRow.title).label("title"),
            func.max(ExerciseRow.max_score).label("max_score"),
            func.min(ExerciseRow.position).label("position"),
            func.count(ExerciseRow.score).label("known"),
            func.sum(case((ExerciseRow.verdict == _PASSED, 1), else_=0)).label("passed"),
            func.avg(ExerciseRow.score).label("mean"),
        )
        .select_from(ExerciseRow)
        .join(files, files.c.id == ExerciseRow.attempt_id)
        .join(Submission, Submission.id == files.c.submission_id)
        .where(files.c.place == 1)
        .group_by(Submission.lesson, ExerciseRow.exercise)
    ).all()


def _misconceptions(connection: Connection) -> list[tuple[str, MisconceptionStatistics]]:
    """Every misconception with its lesson, the most frequent ones first."""
    files, rank = _files(), ranked()
    stands = (rank.c.rank == 1) & Attempt.withdrawn_at.is_(None)
    in_files = func.sum(case((files.c.place == 1, 1), else_=0)).label("attempts")
    rows = connection.execute(
        select(
            Submission.lesson,
            ExerciseRow.exercise,
            ExerciseRow.misconception,
            func.max(ExerciseRow.explanation).label("explanation"),
            func.sum(case((stands, 1), else_=0)).label("now"),
            func.count(case((files.c.place == 1, Submission.student_id)).distinct()).label(
                "students"
            ),
            in_files,
        )
        .select_from(ExerciseRow)
        .join(Attempt, Attempt.id == ExerciseRow.attempt_id)
        .join(rank, rank.c.id == Attempt.id)
        .join(files, files.c.id == Attempt.id)
        .join(Submission, Submission.id == Attempt.submission_id)
        .where(ExerciseRow.misconception.is_not(None), stands | (files.c.place == 1))
        .group_by(Submission.lesson, ExerciseRow.exercise, ExerciseRow.misconception)
    ).all()
    found = [
        (
            row.lesson,
            MisconceptionStatistics(
                row.exercise,
                row.misconception,
                row.explanation,
                int(row.now),
                row.students,
                int(row.attempts),
            ),
        )
        for row in rows
    ]
    return sorted(found, key=lambda of: (-of[1].now, -of[1].students, of[1].exercise, of[1].name))
