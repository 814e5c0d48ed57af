"""What a record says of its cells and of what wrong answers compute, from real kernels."""

from __future__ import annotations

from pathlib import Path

import pytest

from grader.grading.collecting.submissions import Submission
from grader.grading.execute import Kernel
from grader.grading.grade import grade
from grader.grading.pool import Plan, grade_all
from grader.kernel.limits import KernelLimits, Limits
from grader.results import CellStatus, SubmissionResult, Verdict
from tests.notebooks import RIGHT, WRONG, Cell, cells_of, write_notebook

pytestmark = pytest.mark.kernel

LIMITS = Limits(cell=3.0, submission=60.0)
SECRET = b"a secret for tests"
COMPUTED = "grader.grading.notebook_grading.computed"


def graded(folder: Path, cells: list[Cell], limits: Limits = LIMITS) -> SubmissionResult:
    """What comes of grading a notebook of these cells, in a kernel with our rights."""
    path = write_notebook(folder / "work.ipynb", cells)
    return grade(Submission("student", path), secret=SECRET, limits=limits)


def computes_of(result: SubmissionResult) -> dict[str, str]:
    """What the record says of what each answer computes, where it says something."""
    return {one.id: one.computes for one in result.exercises if one.computes}


def test_every_cell_tells_what_it_did(tmp_path: Path) -> None:
    """Each cell has its number, how it ended, and the exercises that were judged after it."""
    first, second = cells_of(RIGHT)
    endless = (
        "feature_map_size",
        "def feature_map_size(image_size, kernel_size):\n    return 1 / 0",
    )
    cells = [first, "1 / 0", "while True:\n    pass", "import os\nos._exit(3)", second, endless]
    limits = Limits(cell=3.0, submission=60.0, kernel=KernelLimits(output=100_000))
    result = graded(tmp_path, [*cells, "print('x' * 300_000)"], limits)
    told = [(one.number, one.status, one.judged) for one in result.cells]
    assert [status.value for _, status, _ in told] == [
        *("ran", "failed", "interrupted", "ended_the_kernel", "ran", "ran", "interrupted")
    ]
    assert [number for number, _, _ in told] == [1, 2, 3, 4, 5, 6, 7]
    assert told[0][2] == ("patch_response",)
    # Judged after the last cell with its id, and once more at the end.
    assert [judged for _, _, judged in told[4:6]] == [(), ("feature_map_size",)]
    assert "feature_map_size" in told[6][2]
    of = {one.id: one for one in result.exercises}
    assert (of["patch_response"].cell, of["feature_map_size"].cell) == (1, 6)
    assert of["shift"].cell is None
    assert 2.0 < result.cells[2].seconds < 30.0
    assert sum(one.seconds for one in result.cells) <= result.seconds
    failed = {one.number for one in result.failed_cells}
    assert failed == {number for number, status, _ in told if status != CellStatus.RAN}


def test_cells_that_nobody_got_to_did_not_run(tmp_path: Path) -> None:
    """When the time for a whole notebook is over, the rest says so, and took none."""
    limits = Limits(cell=5.0, submission=1.0)
    result = graded(tmp_path, ["import time\ntime.sleep(2)", *cells_of(RIGHT)], limits)
    assert [one.status for one in result.cells] == [
        *(CellStatus.RAN, CellStatus.DID_NOT_RUN, CellStatus.DID_NOT_RUN)
    ]
    assert [one.seconds for one in result.cells[1:]] == [0.0, 0.0]
    assert not any(one.judged for one in result.cells)


def test_an_answer_without_metadata_has_its_cell(tmp_path: Path) -> None:
    """Where an editor has dropped the ids, the first cell that binds the name is the answer's."""
    result = graded(tmp_path, ["x = 1", *RIGHT.values(), "feature_map_size = 2"])
    of = {one.id: one for one in result.exercises}
    assert (of["patch_response"].cell, of["feature_map_size"].cell) == (2, 3)


NO_PLUS_ONE = "def feature_map_size({0}, {1}):\n    return {0} - {1}"


def test_the_same_mistake_of_two_students_is_one_group(tmp_path: Path) -> None:
    """In sandboxes, in whatever order: same mistake, same hash; none where an answer passes."""
    answers = {
        "ana": NO_PLUS_ONE.format("image_size", "kernel_size"),
        "ben": NO_PLUS_ONE.format("image_size", "kernel_size").replace(" - ", " + -1 * "),
        "cleo": WRONG["feature_map_size"],
        "dan": RIGHT["feature_map_size"],
        "eva": "def feature_map_size(image_size, kernel_size):\n    ...",
    }
    submissions = [
        Submission(
            name,
            write_notebook(tmp_path / name / "convolution.ipynb", [("feature_map_size", answer)]),
        )
        for name, answer in answers.items()
    ]
    runs: list[dict[str, SubmissionResult]] = []
    for these, jobs in ((submissions, 2), (submissions[::-1], 1)):
        results: list[SubmissionResult] = []
        grade_all(these, Plan(SECRET, Limits(cell=30.0), jobs=jobs), results.append)
        runs.append({one.student: one.timeless() for one in results})
    assert runs[0] == runs[1]
    told = {name: computes_of(one) for name, one in runs[0].items()}
    assert told["ana"] == told["ben"] != {}
    assert told["cleo"] not in (told["ana"], {})
    assert told["dan"] == told["eva"] == {}


COUNTS = """
calls = 0
def feature_map_size(image_size, kernel_size):
    global calls
    calls += 1
    if calls > LIMIT:
        {later}
    return 0
"""


@pytest.fixture(scope="module")
def asked(tmp_path_factory: pytest.TempPathFactory) -> int:
    """How many calls judging takes, as the student's own code counts them."""
    counted: list[int] = []
    seen = tmp_path_factory.mktemp("calls") / "calls.txt"

    def counting(kernel: Kernel, *_: object, **__: object) -> dict[str, str]:
        kernel.run(f"open({str(seen)!r}, 'w').write(str(calls))")
        counted.append(int(seen.read_text()))
        return {}

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(COMPUTED, counting)
        endless = COUNTS.format(later="pass").replace("LIMIT", "10**9")
        graded(seen.parent, [("feature_map_size", endless)])
    return counted[0]


@pytest.mark.parametrize("later", ["import os; os._exit(1)", "while True: pass", "return 7"])
def test_comparing_changes_nothing_else(tmp_path: Path, asked: int, later: str) -> None:
    """Code that loops, ends its kernel or answers otherwise once it was judged loses nothing."""
    cells: list[Cell] = [
        ("patch_response", WRONG["patch_response"]),
        ("feature_map_size", COUNTS.format(later=later).replace("LIMIT", str(asked))),
    ]
    compared = graded(tmp_path, cells)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(COMPUTED, lambda *_, **__: {})
        without = graded(tmp_path, cells)
    assert without_computes(compared) == without_computes(without)
    assert computes_of(without) == {}
    assert "patch_response" in computes_of(compared)
    of = {one.id: one for one in compared.exercises}
    assert of["feature_map_size"].verdict is Verdict.FAILED


def without_computes(result: SubmissionResult) -> SubmissionResult:
    """The record but for what is told of what answers compute, and its times."""
    exercises = tuple(one.model_copy(update={"computes": ""}) for one in result.exercises)
    return result.timeless().model_copy(update={"exercises": exercises})


def test_what_a_name_means_later_is_not_compared(tmp_path: Path) -> None:
    """An answer whose name is used again after it was judged is not told of as what it is then."""
    wrong = ("feature_map_size", NO_PLUS_ONE.format("image_size", "kernel_size"))
    later = [f"feature_map_size = {number}" for number in range(3)]
    assert computes_of(graded(tmp_path, [wrong, *later])) == {}
