"""A result → its rows, in one transaction: what is there already is brought up to date."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from pydantic import ValidationError
from sqlalchemy import Connection, Insert, bindparam, delete, insert, select, update

from grader.errors import UsageError
from grader.gradebook.models import Attempt, ExerciseRow, Run, Student, Submission
from grader.report.records import ALL, document_of, knows
from grader.report.text import visible
from grader.report.words import withheld
from grader.results import ExerciseResult, HandedIn, SubmissionResult, Verdict

WHOLE = ALL
"""What `knows` is of a record that tells all."""


@dataclass(frozen=True)
class Kept:
    """What came of keeping a result.

    `new` says that there was no such attempt, `stands` that it is what counts for the student and
    lesson now. Where it does not, another one does that knows more, or is newer.
    """

    new: bool
    stands: bool
    document: str = field(default="", compare=False, repr=False)
    """The record as it was kept."""


@dataclass(frozen=True)
class Row:
    """A result as its columns: of the student, of the attempt, and of each exercise."""

    student: str
    lesson: str
    person: dict[str, str]
    attempt: dict[str, Any]
    exercises: tuple[dict[str, Any], ...]

    @classmethod
    def of(cls, result: SubmissionResult, key: str) -> Row:
        """The rows of a result. What is not whole has no key but its content."""
        document = document_of(result)
        known = knows(result)
        whole = known == WHOLE and not withheld(result)
        if not (key and whole):
            key = f"content:{hashlib.sha256(_timeless(result).encode()).hexdigest()}"
        handed_in = result.handed_in
        return cls(
            storable(result.student),
            storable(result.lesson),
            _person(handed_in),
            {
                "key": storable(key),
                "sha256": storable(result.notebook.sha256)[:64],
                "path": storable(result.notebook.path),
                "verdict": result.verdict.value,
                "message": storable(result.message),
                "knows": known,
                "withheld": withheld(result),
                "score": result.score,
                "max_score": result.max_score,
                "handed_in": storable(handed_in.time),
                "due": storable(handed_in.due),
                "late": handed_in.late,
                "record": document,
            },
            tuple(_exercise(*item) for item in enumerate(result.exercises)),
        )


# Made once, since making one takes longer than asking it.
_STUDENT = select(Student.id, Student.number, Student.email, Student.section, Student.group).where(
    Student.name == bindparam("name")
)
_SUBMISSION = select(Submission.id).where(
    Submission.student_id == bindparam("student_id"), Submission.lesson == bindparam("lesson")
)
_SCOPE = select(Run.scope).where(Run.id == bindparam("run"))
_RECORD = select(Attempt.record).where(Attempt.id == bindparam("attempt"))
_ATTEMPTS = (
    select(
        Attempt.id,
        Attempt.key,
        Attempt.sha256,
        Attempt.knows,
        Attempt.kept_at,
        Attempt.withdrawn_at,
        Attempt.run_id,
        (Run.scope == _SCOPE.scalar_subquery()).label("is_of_scope"),
    )
    .outerjoin(Run, Run.id == Attempt.run_id)
    .where(Attempt.submission_id == bindparam("submission"))
)


def record_in(document: str, student: str, lesson: str) -> SubmissionResult:
    """The record that is stored of a student's lesson; UsageError where it was damaged."""
    try:
        return SubmissionResult.from_json(document)
    except ValidationError as error:
        raise UsageError(
            f"A gradebook holds records as they were graded. Received: one of "
            f"{visible(student)}'s {visible(lesson)} that cannot be read: its database was "
            f"changed or damaged. Grade it again, or take the database from a backup."
        ) from error


def verdict_in(text: str) -> Verdict:
    """The verdict that is stored; UsageError for what is none."""
    try:
        return Verdict(text)
    except ValueError as error:
        raise UsageError(
            f"A gradebook holds the verdicts {', '.join(Verdict)}. Received: {visible(text)!r}: "
            f"its database was changed or damaged. Take it from a backup."
        ) from error


def storable(text: str) -> str:
    """The text as every database takes it: lone surrogates and NUL are visible escapes."""
    return text.encode("utf-8", "backslashreplace").decode().replace("\0", "\\x00")


def keep(
    connection: Connection, row: Row, run: int | None, now: datetime, *, again: bool = False
) -> Kept:
    """Put a result in its place; `again` says that it was graded before, and is used again."""
    student = student_of(connection, row.student, row.person)
    submission = submission_of(connection, student, row.lesson)
    attempts = connection.execute(_ATTEMPTS, {"submission": submission, "run": run}).all()
    found = next((one for one in attempts if one.key == row.attempt["key"]), None)
    since = _newest_since(attempts, found, row, run, now)
    seen = {"run_id": run, "kept_at": since, "withdrawn_at": None}
    if found is None:
        values = {**row.attempt, **seen, "submission_id": submission, "graded_at": now}
        number = _new(connection, insert(Attempt), values)
        _put_exercises(connection, number, row)
    else:
        number = found.id
        _update(connection, number, row, seen, {} if again else {"graded_at": now})
    own = (row.attempt["knows"], since, run or 0, number)
    others = (one for one in attempts if one.withdrawn_at is None and one.id != number)
    stands = all((one.knows, one.kept_at, one.run_id or 0, one.id) < own for one in others)
    return Kept(new=found is None, stands=stands, document=row.attempt["record"])


def _update(
    connection: Connection, number: int, row: Row, seen: dict[str, Any], graded: dict[str, Any]
) -> None:
    """Bring an attempt up to date with what is kept of it now."""
    record = connection.scalar(_RECORD, {"attempt": number})
    changed = record != row.attempt["record"]
    values = {**row.attempt, **graded} if changed else {}
    connection.execute(update(Attempt).where(Attempt.id == number).values(**values, **seen))
    if changed:
        connection.execute(delete(ExerciseRow).where(ExerciseRow.attempt_id == number))
        _put_exercises(connection, number, row)


def _newest_since(
    attempts: Sequence[Any], found: Any, row: Row, run: int | None, now: datetime
) -> datetime:
    """Since when this has been the newest of its student's lesson.

    It is now for a file that nobody had before, and where the scope's last run had another one: the
    student has replaced it. A file that is graded or used once more is as old as it was, so that
    it takes nothing back that came from another place since. Without a run it is now.
    """
    sha256 = row.attempt["sha256"]
    same = [one for one in attempts if one is found or (sha256 and one.sha256 == sha256)]
    if run is None or not same:
        return now
    if found is not None and found.run_id == run:  # decided already, when it was kept first
        return _time(found)
    before = [one for one in attempts if one.is_of_scope and one.run_id < run]
    last = max((one.run_id for one in before), default=0)
    there = [one for one in before if one.run_id == last]
    if there and not any(one in same for one in there):
        return now
    return max(map(_time, same))


def _time(attempt: Any) -> datetime:
    kept_at: datetime = attempt.kept_at
    return kept_at


def student_of(connection: Connection, name: str, told: dict[str, str]) -> int:
    """The number of a student, who is made where unknown; what is told anew replaces the old."""
    found = connection.execute(_STUDENT, {"name": name}).one_or_none()
    if found is None:
        values = {"number": "", "email": "", "section": "", "group": "", **told, "name": name}
        return _new(connection, insert(Student), values)
    number = int(found.id)
    if any(getattr(found, column) != value for column, value in told.items()):
        connection.execute(update(Student).where(Student.id == number).values(**told))
    return number


def submission_of(connection: Connection, student: int, lesson: str) -> int:
    """The number of a student's lesson, which is made where there is none."""
    values = {"student_id": student, "lesson": lesson}
    found: int | None = connection.scalar(_SUBMISSION, values)
    return _new(connection, insert(Submission), values) if found is None else found


def _new(connection: Connection, into: Insert, values: dict[str, Any]) -> int:
    """The number of a new row."""
    made = connection.execute(into, values).inserted_primary_key
    assert made is not None  # every database we use tells it
    return int(made[0])


def _put_exercises(connection: Connection, attempt: int, row: Row) -> None:
    if row.exercises:
        rows = [{**exercise, "attempt_id": attempt} for exercise in row.exercises]
        connection.execute(insert(ExerciseRow), rows)


def _person(told: HandedIn) -> dict[str, str]:
    columns = {
        "number": told.id,
        "email": told.email,
        "section": told.section,
        "group": "\n".join(told.group),
    }
    return {column: storable(value) for column, value in columns.items() if value}


def _exercise(position: int, result: ExerciseResult) -> dict[str, Any]:
    diagnosis = result.diagnosis
    return {
        "position": position,
        "exercise": storable(result.id),
        "title": storable(result.title),
        "verdict": result.verdict.value,
        "score": result.score,
        "max_score": result.max_score,
        "misconception": storable(diagnosis.misconception) if diagnosis else None,
        "explanation": storable(diagnosis.message) if diagnosis else None,
    }


def _timeless(result: SubmissionResult) -> str:
    """A record without what differs from one grading to the next."""
    return document_of(result.timeless())
