"""Marks that a person gives: checked against what there is, and added to the history."""

from __future__ import annotations

import difflib
import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import Connection, insert, select

from grader.errors import UsageError
from grader.gradebook.keeping import storable, submission_of
from grader.gradebook.late import MOST_POINTS, exact, plain, rounded
from grader.gradebook.models import Attempt, ExerciseRow, OverrideRow, Student, Submission
from grader.gradebook.people import close_to, student_called
from grader.gradebook.standings import Standing, max_scores, overrides_of
from grader.judging import course
from grader.report.words import place_of
from grader.report.words import points as written
from grader.results import Points

BEYOND = "add --beyond"
"""How a command is told that more points than there are is what is meant; others say it theirs."""


@dataclass(frozen=True)
class Decision:
    """Points, or None to take them back; why, who and when.

    `relative` points are added to what stands.
    """

    points: float | None
    reason: str
    author: str
    made_at: datetime
    relative: bool = False


@dataclass(frozen=True)
class Place:
    """What an override is of; `exercise` is empty for all of the lesson."""

    student: str
    lesson: str
    exercise: str
    max_score: Points | None

    @property
    def text(self) -> str:
        """LESSON/EXERCISE, or LESSON."""
        return f"{self.lesson}/{self.exercise}" if self.exercise else self.lesson


@dataclass(frozen=True)
class Overridden:
    """What became of a mark: its `points` by hand, None where they were taken back.

    `before` is what stood until now, which was `by_hand` or as `graded`; None where nobody could
    say. `lesson` is what stands for the whole of it now.
    """

    place: Place
    points: Points | None
    before: Points | None
    by_hand: bool
    graded: Points | None
    lesson: Standing


Stands = Callable[[int], Standing]
"""Tells what stands for a submission, by its number, with all of its exercises."""


def override(
    connection: Connection,
    student: str,
    place: str,
    decision: Decision,
    stands: Stands,
    *,
    beyond: bool = False,
) -> Overridden:
    """Add a decision to the history; see `Gradebook.override`."""
    if not decision.reason.strip() and decision.points is not None:
        raise UsageError("A mark by hand has a reason. Received: none. Write --reason TEXT.")
    submission, found = submission_at(connection, student, place)
    by_hand = found.exercise in overrides_of(connection)[submission]
    if decision.points is None and not by_hand:
        raise UsageError(
            f"--remove takes back a mark that was given by hand. Received: {place!r} of "
            f"{found.student!r}, which has none. `grader show FOLDER STUDENT` shows what there is."
        )
    before, graded, highest = _until_now(stands(submission), found.exercise)
    if highest is not None:  # as the student's own record has it
        found = replace(found, max_score=highest)
    points = None if decision.points is None else _points(decision, found, before, beyond=beyond)
    row = {
        "submission_id": submission,
        "exercise": found.exercise,
        "points": None if points is None else float(points),
        "reason": storable(decision.reason.strip()),
        "author": storable(decision.author),
        "made_at": decision.made_at,
    }
    connection.execute(insert(OverrideRow), [row])
    return Overridden(found, points, before, by_hand, graded, stands(submission))


def submission_at(connection: Connection, student: str, place: str) -> tuple[int, Place]:
    """The number of a student's lesson, and what `place` names of it; UsageError if unknown."""
    number = student_called(connection, student)
    found = _place(connection, number, place)
    return submission_of(connection, number, found.lesson), found


def _until_now(
    lesson: Standing, exercise: str
) -> tuple[Points | None, Points | None, Points | None]:
    """The points of a lesson or an exercise of it: what stands, what was graded, and the most."""
    if not exercise:
        return lesson.score, lesson.graded, lesson.max_score
    for one in lesson.exercises:
        if one.exercise == exercise:
            return one.points, one.graded, one.max_score
    # Nothing of it was handed in, which is 0; or it is withheld or withdrawn, which nobody can say.
    return (None if lesson.graded is None else 0), None, None


def _place(connection: Connection, student: int, text: str) -> Place:
    """The lesson, or exercise of a lesson, that `text` names."""
    name = connection.scalar(select(Student.name).where(Student.id == student)) or ""
    most = max_scores(connection)
    lessons = {*most, *connection.scalars(select(Submission.lesson).distinct())}
    lessons |= set(course.lesson_names())
    if text in lessons:  # whatever a lesson is called
        return Place(name, text, "", most.get(text) or _of_course(text))
    lesson, slash, exercise = text.partition("/")
    if lesson not in lessons and not slash:
        lesson, exercise = _lesson_with(connection, text, lessons), text
    if lesson not in lessons:
        raise UsageError(
            f"A mark is of a LESSON or a LESSON/EXERCISE. Received: {text!r}. "
            f"{close_to(lesson, lessons)}"
        )
    exercises = exercises_of(connection, lesson)
    if exercise not in exercises:
        raise UsageError(
            f"A mark is of a LESSON or a LESSON/EXERCISE. Received: {exercise!r}, which is no "
            f"exercise of {lesson!r}. {close_to(exercise, exercises)}"
        )
    return Place(name, lesson, exercise, exercises[exercise])


def _of_course(lesson: str) -> Points | None:
    if lesson not in course.lesson_names():
        return None
    return rounded(course.lesson(lesson).max_score)


def _lesson_with(connection: Connection, exercise: str, lessons: set[str]) -> str:
    """The only lesson that has this exercise; UsageError where there is none, or several."""
    graded = set(connection.scalars(select(Submission.lesson).distinct()))
    near: dict[str, str] = {}
    for some in (graded, lessons - graded):
        for lesson in sorted(some, key=place_of):
            for one in exercises_of(connection, lesson):
                near[f"{lesson}/{one}"] = one
        found = [place for place, one in near.items() if one == exercise]
        if len(found) == 1:
            return found[0].removesuffix(f"/{exercise}")
        if found:
            raise UsageError(
                f"A mark is of a LESSON or a LESSON/EXERCISE. Received: {exercise!r}, which "
                f"several lessons have: {', '.join(found)}. Write one of them."
            )
    close = difflib.get_close_matches(exercise, {*near.values(), *lessons}, n=3)
    places = [each for each in [*lessons, *near] if near.get(each, each) in close]
    hint = f"Is it {' or '.join(map(repr, places))}?" if places else close_to(exercise, lessons)
    raise UsageError(f"A mark is of a LESSON or a LESSON/EXERCISE. Received: {exercise!r}. {hint}")


def exercises_of(connection: Connection, lesson: str) -> dict[str, Points]:
    """The exercises of a lesson with their points: those of records, else the course's."""
    rows = connection.execute(
        select(ExerciseRow.exercise, ExerciseRow.max_score)
        .join(Attempt, Attempt.id == ExerciseRow.attempt_id)
        .join(Submission, Submission.id == Attempt.submission_id)
        .where(Submission.lesson == lesson)
        .order_by(Attempt.graded_at, Attempt.id)
    )
    found = {exercise: rounded(score) for exercise, score in rows}
    if not found and lesson in course.lesson_names():
        exercises = course.lesson(lesson).exercises
        return {exercise.id: rounded(exercise.max_score) for exercise in exercises}
    return found


def _points(decision: Decision, place: Place, before: Points | None, *, beyond: bool) -> Points:
    """The points that a decision comes to; UsageError where they are none, or too many."""
    given = decision.points or 0.0
    told = f"{given:+g}" if decision.relative else f"{given:g}"
    if not math.isfinite(given) or abs(given) > MOST_POINTS:
        raise UsageError(
            f"Points are a number from 0 to {MOST_POINTS:,}. Received: {told}. Correct it."
        )
    total = exact(given)
    if decision.relative:
        if before is None:
            raise UsageError(
                f"What is added is added to what stands. Received: {told} for {place.text} of "
                f"{place.student!r}, which has no points now. Write all of the points, without a "
                f"sign."
            )
        total += exact(before)
        told = f"{told}, which makes {written(plain(total))}"
    if not 0 <= total <= MOST_POINTS:
        raise UsageError(
            f"Points are a number from 0 to {MOST_POINTS:,}. Received: {told}. Correct it."
        )
    if total and not plain(total):
        raise UsageError(
            f"Points have two decimals at most: 0.01 is the least above 0. Received: {told}. Write "
            f"0, or more."
        )
    if place.max_score is not None and total > exact(place.max_score) and not beyond:
        raise UsageError(
            f"{place.text} is worth {place.max_score:g}. Received: {told}. If more is meant, "
            f"{BEYOND}."
        )
    return plain(total)
