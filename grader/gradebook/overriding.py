"""Marks that a person gives: checked against what there is, and added to the history."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, insert, select

from grader.errors import UsageError
from grader.gradebook.keeping import storable, submission_of
from grader.gradebook.late import MOST_POINTS, exact, plain
from grader.gradebook.models import Attempt, ExerciseRow, OverrideRow, Student, Submission
from grader.gradebook.people import close_to, student_called
from grader.gradebook.standings import max_scores, overrides_of
from grader.judging import course
from grader.results import Points


@dataclass(frozen=True)
class Decision:
    """Points, or None to take them back; why, who and when."""

    points: float | None
    reason: str
    author: str
    made_at: datetime


@dataclass(frozen=True)
class Place:
    """What an override is of; `exercise` is empty for all of the lesson."""

    student: str
    lesson: str
    exercise: str
    max_score: Points | None


def override(
    connection: Connection,
    student: str,
    place: str,
    decision: Decision,
    *,
    beyond: bool = False,
) -> Place:
    """Add a decision to the history; see `Gradebook.override`."""
    if not decision.reason.strip() and decision.points is not None:
        raise UsageError("A mark by hand has a reason. Received: none. Write --reason TEXT.")
    number = student_called(connection, student)
    found = _place(connection, number, place)
    if decision.points is not None:
        _refuse_points(decision.points, found, beyond=beyond)
    submission = submission_of(connection, number, found.lesson)
    if decision.points is None and found.exercise not in overrides_of(connection)[submission]:
        raise UsageError(
            f"--remove takes back a mark that was given by hand. Received: {place!r} of "
            f"{found.student!r}, which has none. `grader show FOLDER STUDENT` shows what there is."
        )
    row = {
        "submission_id": submission,
        "exercise": found.exercise,
        "points": None if decision.points is None else float(plain(exact(decision.points))),
        "reason": storable(decision.reason.strip()),
        "author": storable(decision.author),
        "made_at": decision.made_at,
    }
    connection.execute(insert(OverrideRow), [row])
    return found


def _place(connection: Connection, student: int, text: str) -> Place:
    """The lesson, or exercise of a lesson, that `text` names."""
    name = connection.scalar(select(Student.name).where(Student.id == student)) or ""
    most = max_scores(connection)
    lessons = {*most, *connection.scalars(select(Submission.lesson).distinct())}
    lessons |= set(course.lesson_names())
    if text in lessons:  # whatever a lesson is called
        return Place(name, text, "", most.get(text) or _of_course(text))
    lesson, _, exercise = text.partition("/")
    if lesson not in lessons:
        raise UsageError(
            f"A mark is of a LESSON or a LESSON/EXERCISE. Received: {text!r}. "
            f"{close_to(lesson, lessons)}"
        )
    exercises = _exercises(connection, lesson)
    if exercise not in exercises:
        raise UsageError(
            f"A mark is of a LESSON or a LESSON/EXERCISE. Received: {exercise!r}, which is no "
            f"exercise of {lesson!r}. {close_to(exercise, exercises)}"
        )
    return Place(name, lesson, exercise, exercises[exercise])


def _of_course(lesson: str) -> Points | None:
    if lesson not in course.lesson_names():
        return None
    return plain(exact(course.lesson(lesson).max_score))


def _exercises(connection: Connection, lesson: str) -> dict[str, Points]:
    """The exercises of a lesson with their points: those of records, else the course's."""
    rows = connection.execute(
        select(ExerciseRow.exercise, ExerciseRow.max_score)
        .join(Attempt, Attempt.id == ExerciseRow.attempt_id)
        .join(Submission, Submission.id == Attempt.submission_id)
        .where(Submission.lesson == lesson)
        .order_by(Attempt.graded_at, Attempt.id)
    )
    found = {exercise: plain(exact(score)) for exercise, score in rows}
    if not found and lesson in course.lesson_names():
        exercises = course.lesson(lesson).exercises
        return {exercise.id: plain(exact(exercise.max_score)) for exercise in exercises}
    return found


def _refuse_points(points: float, place: Place, *, beyond: bool) -> None:
    of = f"{place.lesson}/{place.exercise}" if place.exercise else place.lesson
    if not (math.isfinite(points) and 0 <= points <= MOST_POINTS):
        raise UsageError(
            f"Points are a number from 0 to {MOST_POINTS:,}. Received: {points:g}. Correct it."
        )
    if points and not plain(exact(points)):
        raise UsageError(
            f"Points have two decimals at most: 0.01 is the least above 0. Received: {points:g}. "
            f"Write 0, or more."
        )
    if place.max_score is not None and points > place.max_score and not beyond:
        raise UsageError(
            f"{of} is worth {place.max_score:g}. Received: {points:g}. If more is meant, add "
            f"--beyond."
        )
