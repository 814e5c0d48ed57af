"""How answers moved: of each student's exercise, what the first attempt was and what stands."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, Subquery, func, select
from sqlalchemy.orm import aliased

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
    rank, files = ranked(), _files()
    first, last = aliased(ExerciseRow), aliased(ExerciseRow)
    question = (
        select(
            Student.name,
            Submission.lesson,
            last.exercise,
            first.verdict.label("was"),
            first.misconception.label("thought"),
            last.verdict.label("now"),
            last.misconception.label("thinks"),
        )
        .select_from(last)
        .join(rank, (rank.c.id == last.attempt_id) & (rank.c.rank == 1))
        .join(Attempt, (Attempt.id == last.attempt_id) & Attempt.withdrawn_at.is_(None))
        .join(Submission, Submission.id == Attempt.submission_id)
        .join(Student, Student.id == Submission.student_id)
        .join(files, (files.c.submission_id == Submission.id) & (files.c.number == 1))
        .join(first, (first.attempt_id == files.c.id) & (first.exercise == last.exercise))
        .where(files.c.sha256 != Attempt.sha256)
        .order_by(Student.name, Submission.lesson, last.position)
    )
    return [
        Move(
            row.name,
            row.lesson,
            row.exercise,
            Answer(verdict_in(row.was), row.thought or ""),
            Answer(verdict_in(row.now), row.thinks or ""),
        )
        for row in connection.execute(question)
    ]


def _files() -> Subquery:
    """The attempt that counts of all gradings of a file that has exercises.

    `number` 1 is the file that came first.
    """
    of_file = (Attempt.submission_id, Attempt.sha256)
    newest = (Attempt.knows.desc(), Attempt.kept_at.desc(), Attempt.id.desc())
    judged = select(ExerciseRow.attempt_id).where(ExerciseRow.position == 0)
    gradings = (
        select(
            Attempt.id,
            Attempt.submission_id,
            Attempt.sha256,
            func.row_number().over(partition_by=of_file, order_by=newest).label("place"),
            func.min(Attempt.id).over(partition_by=of_file).label("came"),
        )
        .where(Attempt.id.in_(judged))
        .subquery()
    )
    within, came = gradings.c.submission_id, gradings.c.came
    return (
        select(
            gradings.c.id,
            gradings.c.submission_id,
            gradings.c.sha256,
            func.row_number().over(partition_by=within, order_by=came).label("number"),
        )
        .where(gradings.c.place == 1)
        .subquery()
    )
