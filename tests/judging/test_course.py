"""The course's lessons are found by name, and source and rubric agree about their exercises."""

from __future__ import annotations

from pathlib import Path

import pytest

from grader.authoring.source import Answer, read_source
from grader.errors import AuthorError, UsageError
from grader.judging import course
from grader.judging.course import Lesson
from grader.judging.exercise import Exercise
from grader.judging.testing import tiny_lesson
from tests.exercises import doubling

HERE = Path(__file__).parents[2]


def test_lessons_stand_in_the_order_in_which_they_are_taught() -> None:
    """Lessons are numbered from 1, and their files are named for number and name."""
    lessons = course.lessons()
    assert [lesson.name for lesson in lessons] == list(course.lesson_names())
    assert [lesson.number for lesson in lessons] == list(range(1, len(lessons) + 1))
    assert lessons[0].stem == "01_convolution"


def test_a_lesson_is_found_once() -> None:
    """The same lesson is the same object, however often it is asked for."""
    assert course.lesson("convolution") is course.lesson("convolution")


@pytest.mark.parametrize("name", ["poetry", "", "../convolution", "references", "os", "__init__"])
def test_an_unknown_lesson_is_told(name: str) -> None:
    """Nothing but a lesson is ever imported by its name."""
    with pytest.raises(UsageError, match=r"A lesson is one of convolution.* Received: "):
        course.lesson(name)


def test_exercises_are_found_by_id() -> None:
    """An exercise is found in its lesson, and a lesson by its exercise."""
    convolution = course.lesson("convolution")
    for exercise in convolution.exercises:
        assert convolution.exercise(exercise.id) is exercise
        assert course.lesson_of_exercise(exercise.id) is convolution
    assert convolution.exercise("nope") is None
    assert course.lesson_of_exercise("nope") is None


def test_no_two_lessons_share_an_exercise() -> None:
    """An exercise's id tells its lesson."""
    ids = [exercise.id for lesson in course.lessons() for exercise in lesson.exercises]
    assert len(set(ids)) == len(ids)


def test_points_add_up() -> None:
    """A lesson is worth what its exercises are worth."""
    lesson = Lesson("tiny", 1, "Tiny", (doubling(), doubling()))
    assert (lesson.max_score, lesson.exercises[0].max_score) == (6, 3)


def test_every_source_names_the_exercises_of_its_rubric() -> None:
    """The lessons of this course have their sources, with an answer cell for each exercise."""
    for lesson in course.lessons():
        answers = [cell for cell in read_source(lesson, HERE) if isinstance(cell, Answer)]
        assert {answer.exercise for answer in answers} == {e.id for e in lesson.exercises}


def test_a_missing_source_is_told(tmp_path: Path) -> None:
    """Outside a checkout, the person is told where to go."""
    with pytest.raises(UsageError, match=r"Received: no .*01_convolution.py. Run this in"):
        read_source(course.lesson("convolution"), tmp_path)


def answer(name: str) -> str:
    """The source of an answer cell."""
    return f'# %% exercise="{name}"\n### BEGIN SOLUTION\n{name} = 1\n### END SOLUTION\n\n'


@pytest.mark.parametrize(
    ("in_source", "in_rubric", "sentence"),
    [
        ("a b", "a", "only in 01_tiny.py: b; only in the rubric: none."),
        ("a", "a b c", "only in 01_tiny.py: none; only in the rubric: b, c."),
        ("a", "b", "only in 01_tiny.py: a; only in the rubric: b."),
    ],
)
def test_source_and_rubric_name_the_same_exercises(
    tmp_path: Path, in_source: str, in_rubric: str, sentence: str
) -> None:
    """An exercise that only one of them knows is told with its name and place."""
    source = "".join(map(answer, in_source.split()))
    exercises = [Exercise(name, title="") for name in in_rubric.split()]
    with pytest.raises(AuthorError, match=sentence):
        read_source(tiny_lesson(tmp_path, source, exercises), tmp_path)
