"""The course: its lessons in order, each with its exercises."""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from grader.errors import AuthorError, UsageError
from grader.judging.exercise import Exercise
from grader.kernel.mounted import COURSE_VARIABLE, course_folder, course_package

_MOST_GIVEN = 64 * 2**20  # bytes


@dataclass(frozen=True)
class Lesson:
    """One lesson: `number` counts from 1; `exercises` in the order of the rubric.

    `packages` are what its notebooks and its rubric need beside NumPy and matplotlib, to be
    imported once for many submissions. `seconds` is what its solution may take from top to bottom,
    kernel and judge included; a rubric that needs more than usual says so as `SECONDS`.
    """

    name: str
    number: int
    title: str
    exercises: tuple[Exercise, ...]
    packages: tuple[str, ...] = ()
    seconds: float = 20.0

    @property
    def stem(self) -> str:
        """The name of its files without their suffix, `01_convolution`."""
        return _stem(self.number, self.name)

    @property
    def max_score(self) -> float:
        """The sum of the exercises' points."""
        return sum(exercise.max_score for exercise in self.exercises)

    def exercise(self, id: str) -> Exercise | None:  # noqa: A002 - the record's word
        """The exercise with this id, or None."""
        return next((exercise for exercise in self.exercises if exercise.id == id), None)


def lesson_names() -> tuple[str, ...]:
    """The names of all lessons, in the order in which they are taught."""
    return tuple(packages_of_lessons())


def stems() -> dict[str, str]:
    """What the files of each lesson are called, by its name; no rubric is read for it."""
    return {name: _stem(number, name) for number, name in enumerate(lesson_names(), start=1)}


def _stem(number: int, name: str) -> str:
    return f"{number:02d}_{name}"


@cache
def packages_of_lessons() -> dict[str, tuple[str, ...]]:
    """The lessons' names in the order in which they are taught, each with what it needs.

    They are those of `cnn_course`, or of the package that GRADER_COURSE names: a course of
    one's own. UsageError if there is none.
    """
    package = course_package()
    try:
        lessons = importlib.import_module(package).LESSONS
    except (ImportError, AttributeError) as error:
        raise UsageError(
            f"{COURSE_VARIABLE} names an installed package that has LESSONS. Received: {package!r} "
            f"({error}). Install the course, or correct the name."
        ) from error
    return dict(lessons)


@cache
def lesson(name: str) -> Lesson:
    """The lesson called `name`; UsageError if there is none."""
    if name not in lesson_names():
        raise UsageError(
            f"A lesson is one of {', '.join(lesson_names())}. Received: {name!r}. Use one of these."
        )
    module = importlib.import_module(f"{course_package()}.{name}")
    exercises = tuple(value for value in vars(module).values() if isinstance(value, Exercise))
    ids = [exercise.id for exercise in exercises]
    if len(set(ids)) != len(ids):
        raise AuthorError(f"An exercise's id is its own. Received: one twice in lesson {name}.")
    number = lesson_names().index(name) + 1
    seconds = getattr(module, "SECONDS", Lesson.seconds)
    packages = packages_of_lessons()[name]
    return Lesson(name, number, module.TITLE, exercises, packages, seconds)


def files_of_lesson(name: str) -> dict[str, Path]:
    """The files that a lesson gives beside its notebook, by the name that its code uses.

    They are what lies in the folder `files` of the lesson's package: `COURSE/LESSON/files`.
    """
    folder = course_folder()
    if folder is None:
        return {}
    root = folder / name / "files"
    inside = ((path.relative_to(root), path) for path in sorted(root.rglob("*")) if path.is_file())
    return {
        place.as_posix(): path
        for place, path in inside
        if not any(part.startswith((".", "__pycache__")) for part in place.parts)
    }


def given_files(name: str) -> dict[str, bytes]:
    """The content of the files that a lesson gives, by name; AuthorError if it is too much."""
    files = {place: path.read_bytes() for place, path in files_of_lesson(name).items()}
    size = sum(map(len, files.values()))
    if size > _MOST_GIVEN:
        raise AuthorError(
            f"A lesson gives files of at most {_MOST_GIVEN // 2**20} MiB together. Received: "
            f"{size // 2**20} MiB in `{name}/files`. Take some out, or make them smaller."
        )
    return files


def lessons() -> list[Lesson]:
    """All lessons, in the order in which they are taught."""
    return [lesson(name) for name in lesson_names()]


def lesson_of_exercise(id: str) -> Lesson | None:  # noqa: A002
    """The lesson that has the exercise `id`, or None; reads no later rubric than it must."""
    for name in lesson_names():
        if lesson(name).exercise(id):
            return lesson(name)
    return None
