"""`check` and `hint` as students use them: in a notebook, in a kernel as JupyterLab starts it."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from textwrap import dedent

import pytest

from grader.grading.collecting.submissions import Submission
from grader.grading.grade import grade
from grader.kernel.limits import Limits
from grader.notebook.history import Run
from tests.lab import Lab, lab
from tests.notebooks import RIGHT, write_notebook

pytestmark = pytest.mark.kernel

IMPORTS = "from grader import check, hint"
ANSWER = dedent(RIGHT["patch_response"]).strip()
WRONG = "def patch_response(patch, kernel):\n    return patch.sum()"
SLIDE = dedent("""\
    def convolve2d(image, kernel):
        k, l = kernel.shape
        out = np.empty((image.shape[0] - k + 1, image.shape[1] - l + 1))
        for i in range(out.shape[0]):
            for j in range(out.shape[1]):
                out[i, j] = patch_response(image[i:i + k, j:j + l], kernel)
        return out
    """)
CHECK = 'check("patch_response")'
LOOP = "print('begun', flush=True)\nwhile True:\n    pass"


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """A notebook for tests that begin by defining the name they ask about."""
    with lab(tmp_path_factory.mktemp("shared")) as notebook:
        notebook.run(IMPORTS)
        yield notebook


@pytest.fixture
def fresh(tmp_path: Path) -> Iterator[Lab]:
    """A notebook in which no cell has run."""
    with lab(tmp_path) as notebook:
        yield notebook


def test_a_right_answer_passes_as_page_and_as_text(shared: Lab) -> None:
    """`check` displays HTML, with the same in plain text beside it, and prints nothing."""
    shared.run(ANSWER)
    shown = shared.run(CHECK)
    assert "Everything asked for holds" in shown.text
    assert "Passed" in shown.pages[0]
    assert not shown.streams
    assert not shown.raised


def test_a_wrong_answer_shows_the_call_and_both_values(shared: Lab) -> None:
    """What fails comes with what was expected and received; a right answer to it passes again."""
    shared.run(
        "def feature_map_size(image_size, kernel_size):\n    return image_size - kernel_size"
    )
    shown = shared.run('check("feature_map_size")')
    assert "where the last window starts" in shown.text
    assert "expected" in shown.text
    assert "received" in shown.text
    shared.run(RIGHT["feature_map_size"])
    assert "Everything" in shared.run('check("feature_map_size")').text


def test_each_hint_leads_on_and_the_last_stays(shared: Lab) -> None:
    """Three hints, one a call; `check` counts those that are left."""
    shared.run(WRONG)
    assert "(3 hints left)" in shared.run(CHECK).text
    shown = [shared.run('hint("patch_response")').text for _ in range(4)]
    assert [text.partition(":")[0] for text in shown] == [
        "Hint 1 of 3", "Hint 2 of 3", "Hint 3 of 3", "Hint 3 of 3",
    ]  # fmt: skip
    assert "hints left" not in shared.run(CHECK).text


@pytest.mark.parametrize("function", ["check", "hint"])
def test_a_misspelt_exercise_is_told(shared: Lab, function: str) -> None:
    """The exercise that was perhaps meant is named, and nothing is raised."""
    shown = shared.run(f'{function}("patch_respons")')
    assert 'Did you mean `check("patch_response")`?' in shown.text
    assert not shown.raised
    assert "Exercises: " in shared.run(f"{function}(7)").text


STOPPED = {
    "SyntaxError: invalid syntax": "def patch_response(patch kernel):\n    return 0.0",
    "SyntaxError: incomplete input": f"{ANSWER}\nprint(patch_response(",
    "IndentationError": "def patch_response(patch, kernel):\nreturn 0.0",
    "SyntaxError: 'return' outside function": f"return 1\n{ANSWER}",
    "ZeroDivisionError: division by zero, in line 2": f"\n1 / 1\n1 / 0\n{ANSWER}",
    "KeyError: 'nowhere', in line 2": "if True:\n    {}['nowhere']\n    patch_response = abs",
    "ZeroDivisionError": f"%%time\n1 / 0\n{ANSWER}",
    "NameError: name 'undecorated' is not defined, in line 1": f"@undecorated\n{ANSWER}",
}  # fmt: skip


@pytest.mark.parametrize("said", STOPPED)
def test_nothing_older_is_judged_than_the_newest_cell(
    shared: Lab, tmp_path: Path, said: str
) -> None:
    """A cell that stops before it defines the name is told, with what it raised, as when graded."""
    shared.run(ANSWER)
    assert shared.run(STOPPED[said]).raised
    shown = shared.run(CHECK)
    assert "The newest cell for `patch_response` did not run to its end." in shown.text
    assert said in shown.text
    assert "0/3" in shown.text
    path = write_notebook(tmp_path / "ana.ipynb", [("patch_response", STOPPED[said])])
    graded = grade(Submission("ana", path), secret=b"s" * 16, limits=Limits())
    assert graded.exercises[0].score == 0
    shared.run(ANSWER)
    assert "3/3" in shared.run(CHECK).text


def test_a_cell_that_was_interrupted_is_told(shared: Lab) -> None:
    """The stop button leaves the name as it was, which is not judged."""
    shared.run(ANSWER)
    shown = shared.run(f"{LOOP}\n{ANSWER}", interrupt_at="begun")
    assert shown.raised == "KeyboardInterrupt"
    assert "KeyboardInterrupt: it was stopped by hand, in line" in shared.run(CHECK).text


@pytest.mark.parametrize(
    ("cell", "line"),
    [
        (f"{ANSWER}\n\n1 / 0", 8),
        (f"{ANSWER}\nreturn patch_response", 7),
        (f"with open('/dev/null'):\n    patch_response = {{}}\n    {WRONG}\n    1 / 0", 5),
    ],
)
def test_what_a_cell_defined_before_it_stopped_is_judged(shared: Lab, cell: str, line: int) -> None:
    """The answer is the newest, as it is when graded; that its cell stopped is said beside it."""
    shared.run("patch_response = 0")
    cell = cell.replace(WRONG, WRONG.replace("\n", "\n    "))
    assert shared.run(cell).raised
    shown = shared.run(CHECK)
    assert "Its cell did not run to its end" in shown.text
    assert f"in line {line}. What stands above is judged." in shown.text
    assert ("3/3" in shown.text) == (ANSWER in cell)


def test_cells_that_only_use_the_name_do_not_count(shared: Lab) -> None:
    """A failing trial of the function, or one with a mistake in it, leaves the answer judged."""
    shared.run(ANSWER)
    for trial in (
        "patch_response(1)",
        "print patch_response(2)",
        "show(kernel=patch_response",
        "if patch_response == 3\n    pass",
        "other.patch_response = (",
    ):
        assert shared.run(trial).raised
        assert "3/3" in shared.run(CHECK).text, trial


def test_the_cell_that_calls_check_counts_up_to_the_call(shared: Lab) -> None:
    """An answer above the call is judged; one below it has not run, and the older is not judged."""
    shared.run(WRONG)
    assert "3/3" in shared.run(f"{ANSWER}\n{CHECK}").text
    assert "3/3" in shared.run(f"if True:\n    x = 1\n{ANSWER}\nfor _ in [1]:\n    {CHECK}").text
    assert "3/3" in shared.run(f"%%time\n{ANSWER}\n{CHECK}").text
    assert "3/3" in shared.run(f"import asyncio\n{ANSWER}\nawait asyncio.sleep(0)\n{CHECK}").text
    shown = shared.run(f"{CHECK}\n{ANSWER}")
    assert "is defined below this call of `check`, in the same cell" in shown.text
    assert "3/3" in shared.run(CHECK).text


def test_cells_before_the_import_count_too(fresh: Lab) -> None:
    """What became of a cell is known even if it ran before `check` was imported."""
    fresh.run(ANSWER)
    fresh.run(f"1 / 0\n{ANSWER}")
    fresh.run(IMPORTS)
    assert "ZeroDivisionError: division by zero" in fresh.run(CHECK).text
    fresh.run(ANSWER)
    assert "3/3" in fresh.run(CHECK).text


def test_a_broken_cell_before_the_import_is_told(fresh: Lab) -> None:
    """The very cell that imports `check` may be the first that runs well."""
    fresh.run(ANSWER)
    fresh.run("def patch_response(patch kernel):\n    return 0.0")
    assert "SyntaxError" in fresh.run(f"{IMPORTS}\n{CHECK}").text
    assert "3/3" in fresh.run(f"{ANSWER}\n{CHECK}").text


def test_a_cell_that_was_changed_counts_as_it_is_now(fresh: Lab) -> None:
    """Where the editor tells cells apart, what a cell defined before an edit is not judged."""
    fresh.run(IMPORTS, cell="first")
    fresh.run(ANSWER, cell="answer")
    fresh.run(ANSWER.replace("patch_response", "patchresponse"), cell="answer")
    shown = fresh.run(CHECK, cell="check")
    assert "its cell does not define it any more" in shown.text
    assert fresh.run("defpatch_response)", cell="answer").raised
    assert "SyntaxError" in fresh.run(CHECK, cell="check").text
    fresh.run(ANSWER, cell="another")
    assert "3/3" in fresh.run(CHECK, cell="check").text


def test_after_a_restart_the_cells_to_run_are_named(fresh: Lab) -> None:
    """A name that is not defined is not said to be unsolved, and its exercise is named."""
    fresh.run(f"import numpy as np\n{IMPORTS}")
    fresh.run(ANSWER)
    fresh.run(SLIDE)
    fresh.restart()
    fresh.run(IMPORTS)
    fresh.run(SLIDE)
    shown = fresh.run('check("convolve2d")').text
    assert "`np` is not defined: run the cell that gives it a value first." in shown
    assert "`patch_response` is not defined: run the cell of `patch_response` first." in shown
    assert "does not pass" not in shown
    fresh.run("import numpy as np")
    fresh.run(WRONG)
    shown = fresh.run('check("convolve2d")').text
    assert "`patch_response`, which does not pass yet" in shown
    assert "is not defined" not in shown


def test_an_exercise_behind_whose_cell_stopped_does_not_pass(fresh: Lab) -> None:
    """What rests on an exercise whose newest cell stopped is sent there first."""
    fresh.run(f"import numpy as np\n{IMPORTS}")
    fresh.run(ANSWER)
    fresh.run(SLIDE.replace("- k + 1", "- k"))
    fresh.run("def patch_response(patch kernel):\n    return 0.0")
    assert "`patch_response`, which does not pass yet" in fresh.run('check("convolve2d")').text


def test_a_script_gets_text() -> None:
    """Outside of a notebook `check` judges the names of the script, and prints."""
    program = f"{IMPORTS}\n{ANSWER}\n{CHECK}\nhint('convolve2d')"
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60
    )
    assert "3/3" in done.stdout
    assert "Hint 1 of " in done.stdout


@pytest.mark.parametrize(
    ("cell", "is_meant"),
    [
        ("image, kernel = (", True),
        ("    kernel: int = (", True),
        ("kernel[0] = (", True),
        ("kernel += (", True),
        ("async def kernel(a b):", True),
        ("deff kernel(a, b):", True),
        ("kernel(a, b):  # no def", True),
        ("if kernel(a) b:", False),
        ("if kernel == (", False),
        ("a.kernel = (", False),
        ("show(kernel=(3", False),
        ("# kernel = 3\n(", False),
        ("my_kernel = (", False),
        ("kernels = (", False),
    ],
)
def test_broken_cells_are_searched_for_what_they_define(cell: str, *, is_meant: bool) -> None:
    """A cell that is no Python is known by how a line would give the name a value."""
    assert Run(cell, "", "SyntaxError").should_bind("kernel") is is_meant
    assert not Run(cell, "").should_bind("kernel")
