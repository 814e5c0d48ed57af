"""Who handed something in once, and no longer does: marked, never deleted."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, select, update
from sqlalchemy.orm import aliased

from grader.gradebook.models import Attempt, Run, Student, Submission
from grader.results import Verdict

_NOTHING = Verdict.NOT_HANDED_IN.value


def withdraw(
    connection: Connection, run: int, now: datetime, *, lesson: str | None, student: str | None
) -> list[tuple[str, str]]:
    """Mark the attempts of who is no longer there; see `Gradebook.withdraw`.

    What came by another scope stays: it was never to be found in this one. Who has such a one is
    not told.
    """
    scope = select(Run.scope).where(Run.id == run).scalar_subquery()
    there = aliased(Attempt)
    handed_in = select(there.id).where(
        there.submission_id == Submission.id, there.run_id == run, there.verdict != _NOTHING
    )
    question = (
        select(Attempt.id, Attempt.submission_id, Attempt.verdict, Student.name, Submission.lesson)
        .join(Submission, Submission.id == Attempt.submission_id)
        .join(Student, Student.id == Submission.student_id)
        .join(Run, Run.id == Attempt.run_id)
        .where(Run.scope == scope, Run.id < run, Attempt.withdrawn_at.is_(None))
        .where(~handed_in.exists())
    )
    if lesson is not None:
        question = question.where(Submission.lesson == lesson)
    if student is not None:
        question = question.where(Student.name == student)
    gone = connection.execute(question).all()
    for row in gone:
        connection.execute(update(Attempt).where(Attempt.id == row.id).values(withdrawn_at=now))
    stands = select(Attempt.submission_id).where(Attempt.withdrawn_at.is_(None))
    still = set(connection.scalars(stands.distinct())) if gone else set()
    handed_in_elsewhere = stands.where(Attempt.verdict != _NOTHING)
    elsewhere = set(connection.scalars(handed_in_elsewhere.distinct())) if gone else set()
    told = (
        row
        for row in gone
        if row.submission_id not in (elsewhere if row.verdict != _NOTHING else still)
    )
    return sorted({(row.name, row.lesson) for row in told})
