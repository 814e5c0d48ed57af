"""Who handed something in once, and no longer does: marked, never deleted."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from sqlalchemy import Connection, select, update
from sqlalchemy.orm import aliased

from grader.gradebook.models import Attempt, Run, Student, Submission
from grader.results import Verdict

_NOTHING = Verdict.NOT_HANDED_IN.value


Spared = Callable[[str, str], bool]
"""Whether a student's lesson stays as it is, though it is no longer there."""
Gone = list[tuple[str, str]]
"""Students with their lessons."""


def withdraw(
    connection: Connection, run: int, now: datetime, spared: Spared, *, marks: bool = True
) -> Gone:
    """Mark the attempts of who is no longer there; see `Gradebook.withdraw`.

    What came by another scope stays: it was never to be found in this one. Who has such a one is
    not told. Without `marks`, nothing is changed.
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
    found = connection.execute(question).all()
    gone = [row for row in found if not spared(row.name, row.lesson)]
    if marks:
        for row in gone:
            connection.execute(update(Attempt).where(Attempt.id == row.id).values(withdrawn_at=now))
    stands = select(Attempt.submission_id).where(Attempt.withdrawn_at.is_(None))
    stands = stands.where(Attempt.id.not_in([row.id for row in gone]))
    still = set(connection.scalars(stands.distinct())) if gone else set()
    handed_in_elsewhere = stands.where(Attempt.verdict != _NOTHING)
    elsewhere = set(connection.scalars(handed_in_elsewhere.distinct())) if gone else set()
    told = (
        row
        for row in gone
        if row.submission_id not in (elsewhere if row.verdict != _NOTHING else still)
    )
    return sorted({(row.name, row.lesson) for row in told})
