"""One student's past: every attempt, and every mark that a person gave or took back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select

from grader.errors import UsageError
from grader.gradebook.keeping import record_in, verdict_in
from grader.gradebook.late import rounded
from grader.gradebook.marks import Override
from grader.gradebook.models import Attempt, OverrideRow, Student, Submission
from grader.gradebook.people import student_called
from grader.gradebook.standings import Person, override_of, person_of, ranked
from grader.report.words import in_words, place_of
from grader.results import Points, SubmissionResult, Verdict


@dataclass(frozen=True)
class PastAttempt:
    """One graded result; `score` is as graded, None where withheld. `stands` if it counts now.

    `run` is the number of the last run that had it.
    """

    lesson: str
    verdict: Verdict
    message: str
    score: Points | None
    max_score: Points
    handed_in: str
    due: str
    late: bool
    path: str
    sha256: str
    graded_at: datetime
    kept_at: datetime
    withdrawn_at: datetime | None
    stands: bool
    run: int | None = None

    @property
    def status(self) -> str:
        """The verdict in words; who has some of the points passed a part."""
        return in_words(self.verdict, self.score, self.max_score)


@dataclass(frozen=True)
class Past:
    """All that was graded and decided, oldest first; overrides with the lesson that they are of.

    `records` are those that stand, by lesson; `said` tells of those that cannot be read.
    """

    person: Person
    attempts: tuple[PastAttempt, ...]
    overrides: tuple[tuple[str, Override], ...]
    records: dict[str, SubmissionResult]
    said: tuple[str, ...] = ()


def past_of(connection: Connection, student: str) -> Past:
    """All of a student, called by name, id or email; UsageError if nobody is called so."""
    number = student_called(connection, student)
    person = connection.execute(
        select(*(c for c in Student.__table__.columns if c.name != "id")).where(
            Student.id == number
        )
    ).one()
    records, said = _records(connection, number, person.name)
    return Past(
        person_of(person),
        _attempts(connection, number),
        _overrides(connection, number),
        records,
        tuple(said),
    )


def _records(
    connection: Connection, student: int, name: str
) -> tuple[dict[str, SubmissionResult], list[str]]:
    """The records that stand, by lesson, and why others cannot be read."""
    rank = ranked()
    question = (
        select(Submission.lesson, Attempt.record)
        .join(Submission, Submission.id == Attempt.submission_id)
        .join(rank, rank.c.id == Attempt.id)
        .where(Submission.student_id == student)
        .where(rank.c.rank == 1, Attempt.withdrawn_at.is_(None))
    )
    found: dict[str, SubmissionResult] = {}
    said: list[str] = []
    for lesson, document in connection.execute(question):
        try:
            found[lesson] = record_in(document, name, lesson)
        except UsageError as error:
            said.append(str(error))
    return found, said


def _attempts(connection: Connection, student: int) -> tuple[PastAttempt, ...]:
    found = _past_attempts(connection, student).values()
    return next(iter(found), ())


def all_attempts(connection: Connection) -> dict[str, tuple[PastAttempt, ...]]:
    """The attempts of every student who has any, by name; as in `Past`."""
    return _past_attempts(connection, None)


def _past_attempts(
    connection: Connection, student: int | None
) -> dict[str, tuple[PastAttempt, ...]]:
    """The attempts by student, lesson by lesson and oldest first, without their records."""
    rank = ranked()
    columns = [c for c in Attempt.__table__.columns if c.name != "record"]
    question = (
        select(*columns, Submission.lesson, rank.c.rank, Student.name.label("student"))
        .join(Submission, Submission.id == Attempt.submission_id)
        .join(Student, Student.id == Submission.student_id)
        .join(rank, rank.c.id == Attempt.id)
        .order_by(Attempt.graded_at, Attempt.id)
    )
    if student is not None:
        question = question.where(Submission.student_id == student)
    found: dict[str, list[PastAttempt]] = {}
    for row in connection.execute(question):
        found.setdefault(row.student, []).append(_past_attempt(row))
    return {
        name: tuple(sorted(attempts, key=lambda attempt: place_of(attempt.lesson)))
        for name, attempts in found.items()
    }


def _past_attempt(row: Any) -> PastAttempt:
    return PastAttempt(
        lesson=row.lesson,
        verdict=verdict_in(row.verdict),
        message=row.message,
        score=None if row.withheld or row.score is None else rounded(row.score),
        max_score=rounded(row.max_score),
        handed_in=row.handed_in,
        due=row.due,
        late=row.late,
        path=row.path,
        sha256=row.sha256,
        graded_at=row.graded_at,
        kept_at=row.kept_at,
        withdrawn_at=row.withdrawn_at,
        stands=row.rank == 1 and row.withdrawn_at is None,
        run=row.run_id,
    )


def _overrides(connection: Connection, student: int) -> tuple[tuple[str, Override], ...]:
    rows = connection.execute(
        select(*OverrideRow.__table__.columns, Submission.lesson)
        .join(Submission, Submission.id == OverrideRow.submission_id)
        .where(Submission.student_id == student)
        .order_by(OverrideRow.id)
    ).all()
    return tuple((row.lesson, override_of(row)) for row in rows)
