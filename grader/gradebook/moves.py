"""How answers moved: of each student's exercise, what the first attempt was and what stands."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Select, Subquery, func, select

from grader.gradebook.keeping import verdict_in
from grader.gradebook.models import Attempt, ExerciseRow, Student, Submission
from grader.gradebook.standings import ranked
from grader.results import Verdict


@dataclass(frozen=True)
class Answer:
    """What came of one attempt at an exercise; the misconception is empty where none was found."""

    verdict: Verdict
    misconception: str = ""


@dataclass(frozen=True)
class Move:
    """A student's exercise, from the first file that was handed in to the one that stands."""

    student: str
    lesson: str
    exercise: str
    first: Answer
    last: Answer


def moves_of(connection: Connection) -> list[Move]:
    """The moves of all who handed in more than one file with an exercise in it, by student.

    A file that was graded again counts once, as it was graded last. Whoever has withdrawn what
    they handed in has moved nowhere.
    """
    # Joined in Python: SQLite makes the numbered files anew for each exercise of each student.
    number = ranked()
    gradings, several = _gradings(), _of_several_files()
    files = connection.execute(select(gradings).where(gradings.c.place == 1)).all()
    first = {row.submission_id: row for row in sorted(files, key=lambda row: -row.came)}
    stands = connection.execute(
        select(Attempt.id, Attempt.sha256, Attempt.submission_id, Student.name, Submission.lesson)
        .join(number, (number.c.id == Attempt.id) & (number.c.rank == 1))
        .join(Submission, Submission.id == Attempt.submission_id)
        .join(Student, Student.id == Submission.student_id)
        .where(Attempt.withdrawn_at.is_(None), Attempt.submission_id.in_(several))
    ).all()
    answers = _answers(connection, several)
    found = [
        Move(row.name, row.lesson, exercise, answers[first[row.submission_id].id][exercise], last)
        for row in stands
        if row.submission_id in first and first[row.submission_id].sha256 != row.sha256
        for exercise, last in answers[row.id].items()
        if exercise in answers[first[row.submission_id].id]
    ]
    return sorted(found, key=lambda move: (move.student, move.lesson))


def _answers(connection: Connection, submissions: Select[Any]) -> Mapping[int, dict[str, Answer]]:
    """The answers of all attempts of these submissions, by attempt and exercise, in their order."""
    found: dict[int, dict[str, Answer]] = defaultdict(dict)
    question = (
        select(
            ExerciseRow.attempt_id,
            ExerciseRow.exercise,
            ExerciseRow.verdict,
            ExerciseRow.misconception,
        )
        .join(Attempt, Attempt.id == ExerciseRow.attempt_id)
        .where(Attempt.submission_id.in_(submissions))
        .order_by(ExerciseRow.attempt_id, ExerciseRow.position)
    )
    for attempt, exercise, verdict, misconception in connection.execute(question):
        found[attempt][exercise] = Answer(verdict_in(verdict), misconception or "")
    return found


def _of_several_files() -> Select[Any]:
    """The submissions of which more than one file was handed in."""
    return (
        select(Attempt.submission_id)
        .group_by(Attempt.submission_id)
        .having(func.count(Attempt.sha256.distinct()) > 1)
    )


def _gradings() -> Subquery:
    """All gradings of files that have exercises; `place` 1 counts of those of one file.

    `came` orders the files of a submission as they were handed in.
    """
    of_file = (Attempt.submission_id, Attempt.sha256)
    newest = (Attempt.knows.desc(), Attempt.kept_at.desc(), Attempt.id.desc())
    judged = select(ExerciseRow.attempt_id).where(ExerciseRow.position == 0)
    return (
        select(
            Attempt.id,
            Attempt.submission_id,
            Attempt.sha256,
            func.row_number().over(partition_by=of_file, order_by=newest).label("place"),
            func.min(Attempt.id).over(partition_by=of_file).label("came"),
        )
        .where(Attempt.id.in_(judged), Attempt.submission_id.in_(_of_several_files()))
        .subquery()
    )
