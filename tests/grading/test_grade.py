"""One submission graded in a real kernel: when exercises are judged, and what cannot cheat."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

import pytest

from grader.grading.collecting.submissions import Submission
from grader.grading.grade import grade
from grader.kernel.limits import Limits
from grader.results import ExerciseResult, SubmissionResult, Verdict
from tests.notebooks import POINTS, RIGHT, WRONG, Cell, cells_of, write_notebook
from tests.processes import busy_machine

pytestmark = pytest.mark.kernel

LIMITS = Limits(cell=3.0, submission=60.0)
ALL = sum(POINTS.values())


def graded(folder: Path, cells: list[Cell], lesson: str | None = "convolution") -> SubmissionResult:
    """What comes of grading a notebook of these cells."""
    path = write_notebook(folder / "work.ipynb", cells, lesson)
    return grade(Submission("student", path), secret=b"a secret for tests", limits=LIMITS)


def of(result: SubmissionResult, exercise: str) -> ExerciseResult:
    """The result of one exercise."""
    return next(found for found in result.exercises if found.id == exercise)


def test_right_answers_get_their_points(tmp_path: Path) -> None:
    """Right answers earn all their points; what was not tried reads not attempted."""
    result = graded(tmp_path, cells_of(RIGHT))
    assert result.score == ALL
    assert of(result, "shift").verdict is Verdict.NOT_ATTEMPTED


def test_wrong_answers_get_none(tmp_path: Path) -> None:
    """Wrong answers earn only what of them is right."""
    result = graded(tmp_path, cells_of(WRONG))
    assert of(result, "feature_map_size").score == 0
    assert of(result, "patch_response").score == 1  # it does return one number


def test_a_name_used_again_later_costs_nothing(tmp_path: Path) -> None:
    """An exercise is judged when its cell has run, before its name means something else."""
    result = graded(tmp_path, [*cells_of(RIGHT), "patch_response = feature_map_size = None"])
    assert result.score == ALL


def test_an_answer_in_an_added_cell_counts(tmp_path: Path) -> None:
    """A right answer in a cell of the student's own counts beside the untouched starter."""
    starter = ("feature_map_size", "def feature_map_size(image_size, kernel_size):\n    ...")
    result = graded(tmp_path, [starter, RIGHT["feature_map_size"], "feature_map_size = 1"])
    assert of(result, "feature_map_size").verdict is Verdict.PASSED


def test_names_find_the_exercises_where_metadata_is_gone(tmp_path: Path) -> None:
    """A notebook stripped of all metadata is graded by the names that its cells bind."""
    result = graded(tmp_path, list(RIGHT.values()), lesson=None)
    assert (result.lesson, result.score) == ("convolution", ALL)


def test_a_helper_defined_further_down_counts(tmp_path: Path) -> None:
    """What is not right yet when its cell has run is judged once more at the end."""
    answer = ("feature_map_size", "def feature_map_size(a, b):\n    return places(a, b)")
    result = graded(tmp_path, [answer, "def places(a, b):\n    return a - b + 1"])
    assert of(result, "feature_map_size").verdict is Verdict.PASSED


def test_an_endless_cell_costs_only_what_depends_on_it(tmp_path: Path) -> None:
    """A loop that never ends takes no points from exercises before and after it."""
    first, second = cells_of(RIGHT)
    assert graded(tmp_path, [first, "while True:\n    pass", second]).score == ALL


def test_loops_in_functions_cost_little_and_nobody_elses_points(tmp_path: Path) -> None:
    """Functions that never end, and cells that call them, are not waited for again and again."""
    loops = ("zero_pad", "true_convolution", "shift", "strongest_match")
    cells: list[Cell] = []
    for name in loops:
        cells.append((name, f"def {name}(*args, **named):\n    while True:\n        pass"))
        cells += [f"def use_{name}():\n    return {name}(1, 2)", f"use_{name}()"]
    path = write_notebook(tmp_path / "work.ipynb", [*cells, *cells_of(RIGHT)])
    limits = Limits(cell=20.0, submission=300.0)
    result = grade(Submission("student", path), secret=b"secret", limits=limits)
    assert {of(result, name).verdict for name in loops} == {Verdict.TIMEOUT}
    assert result.score == ALL
    # 20 s on an idle machine, and 80 s at most; with whole limits it would be more than 160 s.
    assert result.seconds < 120


def test_a_function_written_anew_has_its_time_again(tmp_path: Path) -> None:
    """A right answer below one that looped is asked like any other, and what calls it runs on."""
    endless = "def patch_response(patch, kernel):\n    while True:\n        pass"
    used = "import time\ntime.sleep(2.5)\npatch_response(np.ones((2, 2)), np.ones((2, 2)))"
    cells: list[Cell] = [
        "import numpy as np",
        ("patch_response", endless),
        RIGHT["patch_response"],
        ("feature_map_size", f"{used}\n{dedent(RIGHT['feature_map_size'])}"),
    ]
    path = write_notebook(tmp_path / "work.ipynb", cells)
    limits = Limits(cell=20.0, submission=300.0)
    result = grade(Submission("student", path), secret=b"secret", limits=limits)
    assert result.score == ALL


def test_an_exercise_in_an_endless_cell_reads_timeout(tmp_path: Path) -> None:
    """An exercise whose cell never got to its name says so: the cell and the limit."""
    cells: list[Cell] = [("shift", "while True:\n    pass\ndef shift(m, r, c):\n    return m")]
    found = of(graded(tmp_path, cells), "shift")
    assert found.verdict is Verdict.TIMEOUT
    assert "cell 1 (`while True:`)" in found.message
    assert "3 s" in found.message


def test_a_cell_that_raises_before_its_name_reads_error(tmp_path: Path) -> None:
    """An exercise whose cell raised first reads as an error with the exception."""
    found = of(graded(tmp_path, [("shift", "oops\ndef shift(m, r, c):\n    return m")]), "shift")
    assert found.verdict is Verdict.ERROR
    assert "NameError" in found.message


def test_a_cell_that_exits_costs_only_itself(tmp_path: Path) -> None:
    """After `os._exit`, the cells before it are run again and the exercises after it count."""
    first, second = cells_of(RIGHT)
    cells = [first, "import os\nos._exit(1)", "assert patch_response", second]
    assert graded(tmp_path, cells).score == ALL


def test_a_function_that_exits_costs_only_itself(tmp_path: Path) -> None:
    """A function that ends the process reads crashed; exercises after it count."""
    first, second = cells_of(RIGHT)
    exits = ("shift", "import os\ndef shift(m, r, c):\n    os._exit(0)")
    result = graded(tmp_path, [first, exits, second])
    assert result.score == ALL
    assert of(result, "shift").verdict is Verdict.CRASHED


def test_a_submissions_own_time_ends_it(tmp_path: Path) -> None:
    """When the whole submission is out of time, what was judged stays and the rest says so."""
    first, second = cells_of(RIGHT)
    path = write_notebook(tmp_path / "w.ipynb", [first, "while True:\n    pass", second])
    limits = Limits(cell=2.0, submission=1.0)
    result = grade(Submission("student", path), secret=b"secret", limits=limits)
    assert of(result, "patch_response").verdict is Verdict.PASSED
    assert of(result, "feature_map_size").verdict is Verdict.TIMEOUT


FLOODS = {
    "lines": "line = 'x' * 1023\nfor _ in range(48 * 1024):\n    print(line)",
    "one piece": "print('x' * (48 * 2**20))",
}


@pytest.mark.parametrize("flood", FLOODS)
def test_a_right_answer_after_a_flood_gets_its_points(tmp_path: Path, flood: str) -> None:
    """A cell that prints 48 MiB is charged with it, on a busy machine too; the next never is."""
    first, second = cells_of(RIGHT)
    cells: list[Cell] = [first, ("shift", FLOODS[flood]), second]
    path = write_notebook(tmp_path / "work.ipynb", cells)
    limits = Limits(cell=60.0, submission=300.0)
    with busy_machine():
        for number in range(3):
            result = grade(Submission("student", path), secret=bytes([number]), limits=limits)
            assert of(result, "shift").verdict is Verdict.OUTPUT_LIMIT
            assert result.score == ALL


PATCHES = """
    import builtins, sys, types
    import numpy, numpy.testing

    numpy.allclose = numpy.array_equal = numpy.isclose = lambda *a, **k: True
    numpy.testing.assert_allclose = numpy.testing.assert_array_equal = lambda *a, **k: None
    numpy.abs = lambda *a, **k: 0
    print = builtins.print = lambda *a, **k: None
    builtins.isinstance = lambda *a: True
    fake = types.ModuleType("grader")
    fake.check = lambda *a, **k: "passed"
    sys.modules["grader"] = fake
    """


def test_patching_gains_nothing(tmp_path: Path) -> None:
    """Replacing NumPy's comparisons, builtins and `grader` gains a wrong answer no point."""
    honest = graded(tmp_path, cells_of(WRONG))
    patched = graded(tmp_path, [PATCHES, *cells_of(WRONG)])
    assert (patched.score or 0) <= (honest.score or 0)


def test_patching_costs_a_right_answer_nothing(tmp_path: Path) -> None:
    """The same notebook with right code keeps full marks."""
    patches = PATCHES.replace("builtins.isinstance = lambda *a: True", "")
    assert graded(tmp_path, [patches, *cells_of(RIGHT)]).score == ALL


EQUALS_EVERYTHING = """
    import numpy as np

    class Yes(float):
        def __eq__(self, other): return True
        def __ne__(self, other): return False
        def __lt__(self, other): return True
        __gt__ = __le__ = __ge__ = __lt__
        def __hash__(self): return 0
        def __sub__(self, other): return 0.0
        __rsub__ = __sub__
        def __array__(self, dtype=None, copy=None): return np.zeros(())

    class YesArray(np.ndarray):
        def __eq__(self, other): return True
        def __array_ufunc__(self, *args, **kwargs): return np.zeros(())
    """


@pytest.mark.parametrize(
    "value",
    ["Yes(1)", "np.zeros((3, 3)).view(YesArray)", "type('Y', (), {'__eq__': lambda s, o: True})()"],
)
def test_objects_that_equal_everything_gain_nothing(tmp_path: Path, value: str) -> None:
    """Only plain numbers cross, so an object's own idea of equality never meets a check."""
    cells: list[Cell] = [
        EQUALS_EVERYTHING,
        ("patch_response", f"def patch_response(patch, kernel):\n    return {value}"),
        ("feature_map_size", f"def feature_map_size(a, b):\n    return {value}"),
    ]
    result = graded(tmp_path, cells)
    assert of(result, "feature_map_size").score == 0
    assert (of(result, "patch_response").score or 0) <= 1


@pytest.mark.parametrize(
    "source",
    [
        """
        from cnn_course.references import correlate
        def patch_response(p, k):
            return correlate(p, k)[0, 0]
        """,
        """
        import cnn_course.references as o
        def patch_response(p, k):
            return o.correlate(p, k)[0, 0]
        """,
        """
        def patch_response(p, k):
            from cnn_course.references import correlate
            return correlate(p, k)[0, 0]
        """,
        """
        import importlib
        def patch_response(p, k):
            return importlib.import_module("cnn_course.references").correlate(p, k)[0, 0]
        """,
    ],
)
def test_the_references_cannot_be_imported(tmp_path: Path, source: str) -> None:
    """A submission that imports the grader's own references gains no point."""
    assert of(graded(tmp_path, [("patch_response", source)]), "patch_response").score == 0


def test_planted_files_are_never_imported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A `numpy.py`, `grader.py` or `ipython_config.py` beside a submission is not run by anyone."""
    mark = tmp_path / "mark"
    for name in ("numpy.py", "grader.py", "ipython_config.py", "sitecustomize.py", "conftest.py"):
        (tmp_path / name).write_text(f"open({str(mark)!r}, 'a').write(__name__)\n")
    monkeypatch.chdir(tmp_path)
    result = graded(tmp_path, ["import numpy as np", *cells_of(RIGHT)])
    assert result.score == ALL
    assert not mark.exists()


def test_another_lessons_notebook_is_rejected(tmp_path: Path) -> None:
    """A notebook of a lesson that the course does not have is rejected with a sentence."""
    result = graded(tmp_path, cells_of(RIGHT), lesson="cooking")
    assert result.verdict is Verdict.REJECTED
    assert "cooking" in result.message


def test_a_notebook_without_exercises_is_rejected(tmp_path: Path) -> None:
    """A notebook that solves nothing of the course is rejected, not graded with zero."""
    result = graded(tmp_path, ["x = 1"], lesson=None)
    assert result.verdict is Verdict.REJECTED
