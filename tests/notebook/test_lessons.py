"""`grader lessons` writes the notebooks out, and nothing over a student's work."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

from grader.errors import UsageError
from grader.judging import course
from grader.judging.course import lessons
from grader.notebook.lessons import lesson_notebooks, write_lessons


def test_every_lesson_is_written(tmp_path: Path) -> None:
    """The folder has one readable notebook for each lesson, in the order of the course."""
    written = write_lessons(tmp_path / "new" / "cnn")
    assert [path.stem for path in written] == [lesson.stem for lesson in lessons()]
    assert all(written.values())
    for path in written:
        nbformat.read(path, as_version=4)  # type: ignore[no-untyped-call]


def test_a_students_work_is_kept(tmp_path: Path) -> None:
    """A notebook that is there already is not written over, and the others are."""
    first, *others = (tmp_path / path.name for path in lesson_notebooks())
    first.write_text("my work", encoding="utf-8")
    assert write_lessons(tmp_path) == {first: False, **dict.fromkeys(others, True)}
    assert first.read_text(encoding="utf-8") == "my work"


def test_the_command_says_what_it_did(tmp_path: Path) -> None:
    """Each notebook stands on a line of standard output, a kept one with that word."""
    command = [sys.executable, "-m", "grader", "lessons", str(tmp_path)]
    subprocess.run(command, check=True, capture_output=True)
    again = subprocess.run(command, check=True, capture_output=True, text=True)
    lines = again.stdout.replace("\n is", " is").count("kept")
    assert lines == len(lessons())
    assert json.loads((tmp_path / "01_convolution.ipynb").read_text(encoding="utf-8"))["cells"]


def test_a_course_without_notebooks_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    """A package that has none, and stands beside none, is named with what to do."""
    monkeypatch.setenv("GRADER_COURSE", "tests.two_lessons")
    with pytest.raises(UsageError, match=r"none in the package 'tests.two_lessons'. Install"):
        lesson_notebooks()


def test_files_that_lessons_give_are_written_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A notebook that reads the lesson's data finds it beside it; what is there already stays."""
    data = tmp_path / "course" / "convolution" / "files" / "data"
    data.mkdir(parents=True)
    (data / "prices.csv").write_text("1.0")
    monkeypatch.setattr(course, "course_folder", lambda: tmp_path / "course")
    path = tmp_path / "cnn" / "data" / "prices.csv"
    assert write_lessons(tmp_path / "cnn")[path]
    assert path.read_text() == "1.0"
    assert not write_lessons(tmp_path / "cnn")[path]
