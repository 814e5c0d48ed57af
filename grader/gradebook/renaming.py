"""A student who is called otherwise now: two names of one id become one student."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, delete, func, select, update

from grader.gradebook.models import (
    Attempt,
    CommentRow,
    ExerciseRow,
    OverrideRow,
    Run,
    Student,
    Submission,
)


@dataclass(frozen=True)
class Renamed:
    """Who was called `old` is called `new` now; `lessons` are what there was under the old name."""

    old: str
    new: str
    lessons: tuple[str, ...]


def rename(connection: Connection, run: int) -> list[Renamed]:
    """Join those who have one id in one scope; see `Gradebook.rename`."""
    scope = connection.scalar(select(Run.scope).where(Run.id == run)) or ""
    seen = _seen(connection, scope)
    found = []
    for group in _of_one_id(connection):
        now = [row for row in group if any(r == run for _, r in seen[row.id])]
        if len(now) != 1:
            continue
        [new] = now
        for old in group:
            apart = old.id == new.id or not seen[old.id] or _together(old, new)
            if apart or seen[old.id] & seen[new.id]:
                continue
            found.append(Renamed(old.name, new.name, _join(connection, old, new)))
            seen[new.id] |= seen[old.id]
    return sorted(found, key=lambda renamed: (renamed.new, renamed.old))


_TWICE = (
    select(Student.number)
    .where(Student.number != "")
    .group_by(Student.number)
    .having(func.count(Student.id) > 1)
)


def _of_one_id(connection: Connection) -> Iterator[Sequence[Row[Any]]]:
    """The students of each id that more than one has."""
    columns = list(Student.__table__.columns)
    by_number: dict[str, list[Row[Any]]] = defaultdict(list)
    for row in connection.execute(select(*columns).where(Student.number.in_(_TWICE))):
        by_number[row.number].append(row)
    yield from by_number.values()


def _seen(connection: Connection, scope: str) -> dict[int, set[tuple[str, int]]]:
    """The lessons of each of these students with the runs of this scope that had them.

    An attempt tells of its last run only. When it was graded tells of the first.
    """
    runs = connection.execute(
        select(Run.id, Run.began_at).where(Run.scope == scope).order_by(Run.id.desc())
    ).all()
    numbers = {run.id for run in runs}
    question = (
        select(Submission.student_id, Submission.lesson, Attempt.run_id, Attempt.graded_at)
        .join(Attempt, Attempt.submission_id == Submission.id)
        .join(Student, Student.id == Submission.student_id)
        .where(Student.number.in_(_TWICE), Attempt.run_id.is_not(None))
    )
    seen: dict[int, set[tuple[str, int]]] = defaultdict(set)
    for student, lesson, last, graded_at in connection.execute(question):
        if last is not None and last in numbers:
            seen[student].add((lesson, last))
            first = next((run.id for run in runs if run.began_at <= graded_at), last)
            seen[student].add((lesson, int(first)))
    return seen


def _together(one: Row[Any], other: Row[Any]) -> bool:
    """Whether they hand in together, which only two people do."""
    return other.name in one.group.split("\n") or one.name in other.group.split("\n")


def _join(connection: Connection, old: Row[Any], new: Row[Any]) -> tuple[str, ...]:
    """Give all of `old` to `new`; the lessons that it was of."""
    ours = select(Submission.lesson, Submission.id).where(Submission.student_id == new.id)
    mine = {row.lesson: row.id for row in connection.execute(ours)}
    theirs = connection.execute(
        select(Submission.lesson, Submission.id).where(Submission.student_id == old.id)
    ).all()
    for lesson, submission in theirs:
        if lesson in mine:
            _merge(connection, submission, mine[lesson])
        else:
            whose = update(Submission).where(Submission.id == submission)
            connection.execute(whose.values(student_id=new.id))
    told = {
        column: getattr(old, column)
        for column in ("email", "section")
        if getattr(old, column) and not getattr(new, column)
    }
    if told:
        connection.execute(update(Student).where(Student.id == new.id).values(**told))
    connection.execute(delete(Student).where(Student.id == old.id))
    return tuple(lesson for lesson, _ in theirs)


def _merge(connection: Connection, old: int, new: int) -> None:
    """Give the attempts, overrides and comments of one submission to another of the same lesson.

    What both have under one key is one attempt, which was graded when the older one was.
    """
    ours = {
        row.key: row
        for row in connection.execute(
            select(Attempt.id, Attempt.key, Attempt.graded_at).where(Attempt.submission_id == new)
        )
    }
    theirs = select(Attempt.id, Attempt.key, Attempt.graded_at).where(Attempt.submission_id == old)
    for row in connection.execute(theirs).all():
        if row.key not in ours:
            moved = update(Attempt).where(Attempt.id == row.id)
            connection.execute(moved.values(submission_id=new))
            continue
        same = ours[row.key]
        first = min(row.graded_at, same.graded_at)
        connection.execute(update(Attempt).where(Attempt.id == same.id).values(graded_at=first))
        connection.execute(delete(ExerciseRow).where(ExerciseRow.attempt_id == row.id))
        connection.execute(delete(Attempt).where(Attempt.id == row.id))
    for table in (OverrideRow, CommentRow):
        decided = update(table).where(table.submission_id == old)
        connection.execute(decided.values(submission_id=new))
    connection.execute(delete(Submission).where(Submission.id == old))
