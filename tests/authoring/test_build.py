"""Students get the lesson without its solutions, the same from every build."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from pathlib import Path

import nbformat
import pytest

from grader.authoring.build import lesson_path, notebook_text, solution_notebook, student_notebook
from grader.authoring.source import BEGIN, END, STARTER, Answer, read_source, source_path
from grader.errors import AuthorError
from grader.grading.collecting.reading import read
from grader.judging.course import Lesson, lessons
from grader.judging.exercise import Exercise
from grader.judging.testing import tiny_lesson

COURSE = Path(__file__).parents[2]
PIXEL = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNiAAAABgADNjd8qAAAAABJRU5ErkJggg=="
)
SOURCE = f"""\
# %% [markdown]
# # A tiny lesson
#
# ![One, and
# twice as much.](figures/double.png)

# %%
import numpy as np

# %% exercise="double"
def double(x):
    {BEGIN}
    return 2 * x
    {END}

# %%
check("double")
"""

each_lesson = pytest.mark.parametrize("lesson", lessons(), ids=lambda lesson: lesson.name)


@pytest.fixture
def tiny(tmp_path: Path) -> Lesson:
    """A lesson with a picture, written below the test's folder."""
    lesson = tiny_lesson(tmp_path, SOURCE, [Exercise("double", title="")])
    (tmp_path / "solutions" / "figures").mkdir()
    (tmp_path / "solutions" / "figures" / "double.png").write_bytes(PIXEL)
    return lesson


def test_a_student_gets_the_starter(tiny: Lesson, tmp_path: Path) -> None:
    """Code stands as in the source, with `...` in the place of the solution."""
    sources = [cell.source for cell in student_notebook(tiny, tmp_path).cells[1:]]
    assert sources == ["import numpy as np", "def double(x):\n    ...", 'check("double")']


def test_the_solution_notebook_is_solved(tiny: Lesson, tmp_path: Path) -> None:
    """The same notebook, with the solution in its place and no trace of markers."""
    solved = solution_notebook(tiny, tmp_path).cells
    assert solved[2].source == "def double(x):\n    return 2 * x"
    given = student_notebook(tiny, tmp_path).cells
    assert [cell.id for cell in solved] == [cell.id for cell in given]


def test_metadata_tell_lesson_and_exercises(tiny: Lesson, tmp_path: Path) -> None:
    """The lesson stands in the notebook's metadata, an exercise in those of its answer cells."""
    notebook = student_notebook(tiny, tmp_path)
    assert notebook.metadata.grader == {"lesson": "tiny"}
    marks = [cell.metadata.get("grader") for cell in notebook.cells]
    assert marks == [None, None, {"exercise": "double"}, None]


def test_pictures_travel_with_the_notebook(tiny: Lesson, tmp_path: Path) -> None:
    """A picture is attached to its cell, byte for byte, and keeps its alternative text."""
    cell = student_notebook(tiny, tmp_path).cells[0]
    assert "![One, and\ntwice as much.](attachment:double.png)" in cell.source
    assert base64.b64decode(cell.attachments["double.png"]["image/png"]) == PIXEL


def test_a_missing_picture_is_refused(tiny: Lesson, tmp_path: Path) -> None:
    """A lesson is not built with a hole in it."""
    (tmp_path / "solutions" / "figures" / "double.png").unlink()
    with pytest.raises(AuthorError, match=r"Received: figures/double.png. Draw it."):
        student_notebook(tiny, tmp_path)


def test_a_picture_without_words_is_refused(tmp_path: Path) -> None:
    """Who cannot see a picture reads what it shows."""
    lesson = tiny_lesson(tmp_path, "# %% [markdown]\n# ![ ](figures/x.png)\n", [])
    with pytest.raises(AuthorError, match=r"Received: none for figures/x.png."):
        student_notebook(lesson, tmp_path)


def test_building_twice_gives_the_same_bytes(tiny: Lesson, tmp_path: Path) -> None:
    """Nothing of the hour or of chance is in a notebook."""
    first, second = (notebook_text(student_notebook(tiny, tmp_path)) for _ in range(2))
    assert first == second
    assert first.endswith("}\n")


def test_every_cell_has_an_id_of_its_own(tmp_path: Path) -> None:
    """Cells are told apart, also several of one exercise and one with a very long name."""
    name = "a_very_long_name_" * 5
    cell = f'# %% exercise="{{}}"\n{BEGIN}\na = 1\n{END}\n\n'
    source = (cell.format("code") + cell.format(name)) * 2 + "# %%\nb = 1\n\n# %%\nc = 1\n"
    lesson = tiny_lesson(tmp_path, source, [Exercise(id, title="") for id in ("code", name)])  # noqa: A001
    ids = [cell.id for cell in student_notebook(lesson, tmp_path).cells]
    assert len(ids) == len(set(ids)) == 6
    assert max(map(len, ids)) <= 64


@each_lesson
def test_no_solution_reaches_a_student(lesson: Lesson) -> None:
    """No line that stands only in solutions is anywhere in the notebook, nor is any marker."""
    text = "\n".join(cell.source for cell in student_notebook(lesson, COURSE).cells)
    given = {line.strip() for line in text.splitlines()}
    source = source_path(lesson, COURSE).read_text(encoding="utf-8")
    elsewhere = {line.strip() for line in outside_solutions(source)}
    secret = {line.strip() for line in source.splitlines()} - elsewhere
    assert secret, "a lesson has solutions"
    assert not secret & given
    assert not [marker for marker in (BEGIN, STARTER, END) if marker in text]


def outside_solutions(source: str) -> Iterator[str]:
    """The lines of a source that students may see, read without the grader's own parser."""
    hidden = False
    for line in source.splitlines():
        mark = line.strip()
        if mark == BEGIN:
            hidden = True
        elif mark in (STARTER, END):
            hidden = False
        elif not hidden:
            yield line
            yield line.strip().removeprefix("#")


@each_lesson
def test_every_exercise_starts_empty(lesson: Lesson) -> None:
    """The student's answer cells parse, and each holds a place to write in."""
    for cell in read_source(lesson, COURSE):
        if isinstance(cell, Answer):
            compile(cell.starter, cell.exercise, "exec")
            assert "..." in cell.starter


@each_lesson
def test_a_lesson_is_a_valid_notebook(lesson: Lesson) -> None:
    """Jupyter's own check accepts it, with every picture inside and no output."""
    notebook = student_notebook(lesson, COURSE)
    nbformat.validate(notebook)
    for cell in notebook.cells:
        for name in cell.get("attachments", {}):
            assert f"(attachment:{name})" in cell.source
        assert "](figures/" not in cell.source
        assert not cell.get("outputs")


@each_lesson
def test_a_built_lesson_can_be_handed_in(lesson: Lesson, tmp_path: Path) -> None:
    """The notebook is read back as the lesson that it is, with all of its exercises."""
    path = tmp_path / "ana.ipynb"
    path.write_text(notebook_text(student_notebook(lesson, COURSE)), encoding="utf-8")
    submitted = read(path)
    assert submitted.lesson is lesson
    marked = {cell.exercise for cell in submitted.cells if cell.exercise}
    assert marked == {exercise.id for exercise in lesson.exercises}


def test_a_lesson_has_a_place(tiny: Lesson) -> None:
    """Built notebooks stand in `lessons/` under number and name."""
    assert lesson_path(tiny, Path("here")) == Path("here/lessons/01_tiny.ipynb")


HEADED = f"""\
# %% [markdown]
# # A tiny lesson

# %% [markdown]
# ## First
#
# ### Exercise

# %% exercise="double"
{BEGIN}
double = 2
{END}

# %% [markdown]
# ## Second
#
# ## Summary
"""


def test_headings_get_their_numbers_and_titles(tmp_path: Path) -> None:
    """Sections are numbered, the summary is not; an exercise's heading is its title."""
    lesson = tiny_lesson(tmp_path, HEADED, [Exercise("double", title="Twice as much")])
    texts = [cell.source for cell in student_notebook(lesson, tmp_path).cells]
    assert texts[0] == "# Lesson 1 · A tiny lesson"
    assert texts[1] == "## 1. First\n\n### Exercise: Twice as much"
    assert texts[3] == "## 2. Second\n\n## Summary"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (("A tiny lesson", "Another"), "begins with its rubric's title"),
        (("## Summary", "### Exercise"), "stands above an answer cell"),
    ],
)
def test_headings_that_belong_to_nothing_are_refused(
    tmp_path: Path, change: tuple[str, str], said: str
) -> None:
    """Another title than the rubric's, and an exercise's heading without an answer, are told."""
    exercise = Exercise("double", title="Twice as much")
    lesson = tiny_lesson(tmp_path, HEADED.replace(*change), [exercise])
    with pytest.raises(AuthorError, match=said):
        student_notebook(lesson, tmp_path)
