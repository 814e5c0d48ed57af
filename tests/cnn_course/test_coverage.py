"""The table of what is taught where agrees with the lessons and their rubrics."""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pytest

from grader.authoring.build import lesson_path
from grader.judging.course import lesson, lesson_names, lessons

COURSE = Path(__file__).parents[2]


class Row(NamedTuple):
    """One statement, the lesson and the section that teach it, and the exercises that test it."""

    statement: str
    lesson: str
    section: str
    exercises: tuple[str, ...]


def rows() -> list[Row]:
    """The rows of docs/coverage.md."""
    found = []
    for line in (COURSE / "docs" / "coverage.md").read_text(encoding="utf-8").splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if not line.startswith("|") or cells[0] == "statement" or set(cells[0]) == {"-"}:
            continue
        statement, name, section, exercises = cells
        found.append(Row(statement, name, section, tuple(re.findall(r"\w+", exercises))))
    return found


@cache
def headings(name: str) -> set[str]:
    """The headings of a lesson's built notebook, below its title."""
    text = lesson_path(lesson(name), COURSE).read_text(encoding="utf-8")
    sources = ("".join(cell["source"]) for cell in json.loads(text)["cells"])
    return {found.strip() for one in sources for found in re.findall(r"(?m)^#{2,3} (.+)$", one)}


@pytest.mark.parametrize("row", rows(), ids=lambda row: row.statement[:40])
def test_every_statement_has_its_section_and_exercises(row: Row) -> None:
    """The section is a heading of the lesson, and the exercises are of its rubric."""
    assert row.section in headings(row.lesson)
    known = {exercise.id for exercise in lesson(row.lesson).exercises}
    assert set(row.exercises) <= known


def test_every_exercise_tests_a_statement() -> None:
    """No exercise of the course is missing from the table, and no lesson."""
    covered = {(row.lesson, exercise) for row in rows() for exercise in row.exercises}
    asked = {(one.name, exercise.id) for one in lessons() for exercise in one.exercises}
    assert asked - covered == set()
    assert {row.lesson for row in rows()} == set(lesson_names())
