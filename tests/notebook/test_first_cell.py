"""The first cell of each lesson: loads no more than it needs, and shows nothing in red."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from grader.authoring.build import lesson_path
from grader.judging.course import Lesson, lessons
from grader.judging.statements import bound_names
from tests.lab import lab
from tests.test_package import loaded_by

COURSE = Path(__file__).parents[2]
SLOW = (
    *("IPython", "ipykernel", "jinja2", "jsonschema", "jupyter_client", "jupytext", "keras"),
    *("matplotlib", "nbclient", "nbformat", "rich", "scipy", "sklearn", "tensorflow", "tornado"),
    *("typer", "zmq"),
)
each_lesson = pytest.mark.parametrize("lesson", lessons(), ids=lambda lesson: lesson.name)


def first_cell(lesson: Lesson) -> str:
    """The first code cell of the notebook that students get."""
    notebook = json.loads(lesson_path(lesson, COURSE).read_text(encoding="utf-8"))
    return next(
        "".join(cell["source"]) for cell in notebook["cells"] if cell["cell_type"] == "code"
    )


def test_check_and_hint_load_nothing_that_a_student_does_not_need() -> None:
    """What reads lessons' sources or notebooks, and what draws, is loaded when it is used."""
    loaded = loaded_by("from grader import check, hint")
    assert {"numpy", "pydantic"} <= loaded
    assert not loaded & set(SLOW)


def test_a_check_loads_no_notebook_format(tmp_path: Path) -> None:
    """Nor does calling `check`, in a lesson without Keras, load what only authors need."""
    loaded = loaded_by("from grader import check\nf = abs\ncheck('patch_response')")
    assert not loaded & {"jupytext", "nbformat", "jsonschema", "keras", "tensorflow", "matplotlib"}


@each_lesson
def test_the_names_of_the_first_cell_are_there(lesson: Lesson) -> None:
    """Whatever a `with` holds, the first cell gives the lesson `check`, `hint` and its imports."""
    names = bound_names(first_cell(lesson))
    assert {"check", "hint", "np"} <= names
    assert ("keras" in names) == ("keras" in lesson.packages)


@pytest.mark.kernel
@each_lesson
def test_the_first_cell_shows_nothing(lesson: Lesson, tmp_path: Path) -> None:
    """Nothing stands below it: no start-up lines of TensorFlow, no warning."""
    with lab(tmp_path) as notebook:
        shown = notebook.run(first_cell(lesson))
        assert not shown.raised
        assert shown.streams == {}
        assert shown.texts == []
        # Had there been something, it would stand here.
        late = notebook.run("import os; os.write(2, b'late\\n');", until="late\n")
        assert late.streams == {"stderr": "late\n"}


@pytest.mark.kernel
def test_quietly_holds_back_descriptors_only(tmp_path: Path) -> None:
    """A library's lines are kept away; what Python itself prints or warns of stands there."""
    with lab(tmp_path) as notebook:
        notebook.run("import os, sys, warnings\nfrom grader import quietly")
        shown = notebook.run(
            """
            with quietly():
                os.write(2, b"I0000 oneDNN custom operations are on\\n")
                warnings.warn("an old name")
            os.write(2, b"after\\n");
            """,
            until="after\n",
        )
        assert "oneDNN" not in shown.streams["stderr"]
        assert "an old name" in shown.streams["stderr"]
        assert "after" in shown.streams["stderr"]


@pytest.mark.kernel
def test_quietly_shows_everything_where_the_block_raises(tmp_path: Path) -> None:
    """What was held back says why an import fails."""
    with lab(tmp_path) as notebook:
        notebook.run("import os\nfrom grader import quietly")
        shown = notebook.run(
            """
            with quietly():
                os.write(2, b"your processor has no AVX2\\n")
                import nowhere
            """,
            until="AVX2\n",
        )
        assert shown.raised == "ModuleNotFoundError"
        assert shown.streams["stderr"] == "your processor has no AVX2\n"


def test_quietly_does_without_an_error_output() -> None:
    """A process that has closed its error output runs the block all the same."""
    program = (
        "import os, sys\n"
        "from grader import quietly\n"
        "os.close(2)\n"
        "sys.stderr = None\n"
        "with quietly():\n"
        "    print('ran')\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout == "ran\n"


def test_quietly_changes_no_arithmetic(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is switched off to have it quiet, and a level that is set stays."""
    from grader import quietly

    monkeypatch.setenv("TF_CPP_MIN_LOG_LEVEL", "1")
    before = dict(os.environ)
    with quietly():
        pass
    assert dict(os.environ) == before
