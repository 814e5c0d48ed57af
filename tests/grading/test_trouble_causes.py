"""What goes wrong outside an exercise: the cell and the cause are named, and cost as little."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from rich.console import Console, RenderableType

from grader.grading.collecting.submissions import Submission
from grader.grading.global_settings import settings, without_settings
from grader.grading.other_machines import notes
from grader.grading.pool import Plan, grade_all
from grader.judging.exercise import Exercise
from grader.judging.judge import judge
from grader.judging.statements import names_meant
from grader.judging.testing import ask_here
from grader.kernel.limits import Limits
from grader.report.console import class_table, submission_report
from grader.report.feedback import feedback_html, feedback_text
from grader.report.github import summary
from grader.report.junit import to_xml
from grader.results import ExerciseResult, FailedCell, SubmissionResult, Verdict
from tests.exercises import doubling
from tests.notebooks import RIGHT, Cell, write_notebook

CASES = Path(__file__).parents[1] / "trouble"
# A cell that is stopped sleeps for longer, whatever else the machine does.
LIMITS = Limits(cell=15.0, submission=400.0)

SIZE = RIGHT["feature_map_size"]
PATCH = ("patch_response", "def patch_response(p, k):\n    return np.sum(p * k)")

NOTEBOOKS: dict[str, list[Cell]] = {
    "package": [
        "import math, surely_missing as sm, numpy as np\nsm.set_theme()\nscale = math.sqrt(1.0)",
        ("patch_response", "def patch_response(p, k):\n    return scale * np.sum(p * k)"),
    ],
    "package_in_a_function": [
        ("patch_response", "def patch_response(p, k):\n    import surely_missing\n    return 1.0"),
    ],
    "asks_for_colab": [
        """
            try:
                import google.colab
                here = False
            except ImportError:
                here = True
            if not here:
                from google.colab import drive
                drive.mount('/content')
                1 / 0
            import numpy as np
        """,
        PATCH,
    ],
    "colab": [
        """
            import os
            import google.colab as colab
            from google.colab import auth, files, userdata
            if True:
                from google.colab import output
                output.clear()
                import math
            auth.authenticate_user()
            for name in files.upload():
                1 / 0
            os.environ['TOKEN'] = userdata.get('TOKEN')
            colab.drive.mount('/content')
            import numpy as np
            math.pi
        """,
        PATCH,
    ],
    "browser": [
        """
            import piplite, js
            await piplite.install('seaborn')
            from js import document
            document.title = 1
            import micropip
            await micropip.install(['a'])
            import numpy as np
        """,
        PATCH,
    ],
    "installs": [
        """
            %pip install -q seaborn
            !pip install seaborn
            !apt-get -qq install -y graphviz
            %conda install seaborn
            !python -m pip install --upgrade pip
            %tensorflow_version 2.x
            import subprocess, sys
            subprocess.check_call([sys.executable, '-m', 'pip', 'install', 'surely-missing'])
            %matplotlib qt
            import numpy as np
        """,
        PATCH,
    ],
    "hidden_by_magics": [
        "%%capture\nimport surely_missing\nimport numpy as np",
        "%%time\nimport surely_missing\nscale = 1.0",
        "%%capture\nraise KeyError('no')\nlost = 1",
        ("patch_response", "def patch_response(p, k):\n    return scale * np.sum(p * k)"),
        ("feature_map_size", "def feature_map_size(a, b):\n    return a - b + lost"),
    ],
    "never_twice": [
        "runs = []",
        "runs.append(1)\nimport surely_missing\nruns.append(2)",
        ("feature_map_size", "def feature_map_size(a, b):\n    return a - b + (runs == [1, 2])"),
    ],
    "chain": [
        "1 / 0\nimport numpy as np",
        "ones = np.ones(3)\ndef helper(p, k):\n    return np.sum(p * k)",
        ("patch_response", "def patch_response(p, k):\n    return helper(p, k)"),
        ("feature_map_size", SIZE),
    ],
    "broken_helper": [
        "import numpy as np\ndef helper(p, k):\n    return np.sum(p * k\n",
        ("patch_response", "def patch_response(p, k):\n    return helper(p, k)"),
    ],
    "kernel_ends": [
        "one = 1\nimport os\nos._exit(3)",
        ("feature_map_size", "def feature_map_size(a, b):\n    return a - b + one"),
    ],
    "own_mistake": [
        "import numpy as np\nnp.nope",
        ("feature_map_size", "def feature_map_size(a, b):\n    return a - b + nowhere"),
    ],
    "in_a_helper": [
        "\n\ndef given(x):\n    return x.nope",
        ("feature_map_size", "def feature_map_size(a, b):\n    return given(a)"),
    ],
    "second_name": [
        ("edge_kernels", "import numpy as np\nvertical_edges = np.array([[-1, 0, 1]] * 3)"),
        "1 / 0\nhorizontal_edges = vertical_edges.T",
    ],
    "setting": [
        "import numpy as np\nimport warnings\nwarnings.simplefilter('ignore')",
        "np.seterr(all='raise')",
        (
            "patch_response",
            """
            def patch_response(p, k):
                np.float32(1e30) * np.float32(1e30)
                return np.sum(p * k)
        """,
        ),
        ("feature_map_size", "def feature_map_size(a, b):\n    return 0"),
    ],
    "forged": [
        "get_ipython().passed_over = [1, {'names': 3}, {'names': [1, 'np'], 'kind': []}]",
        "get_ipython().passed_over = {'names': ['np']}\nimport numpy as np",
        PATCH,
    ],
}


@pytest.fixture(scope="module")
def graded(tmp_path_factory: pytest.TempPathFactory) -> dict[str, SubmissionResult]:
    """All cases, graded in one run as a class, behind the walls."""
    folder = tmp_path_factory.mktemp("class")
    paths = {name: next((CASES / name).glob("*.ipynb")) for name in OURS}
    for name, cells in NOTEBOOKS.items():
        paths[name] = write_notebook(folder / f"{name}.ipynb", cells)
    found: dict[str, SubmissionResult] = {}
    grade_all(
        [Submission(name, path) for name, path in paths.items()],
        Plan(b"a secret for tests", LIMITS, jobs=1),
        lambda result: found.update({result.student: result}),
    )
    return found


OURS = (
    "colab_mount_same_cell",
    "files_beside",
    "helper_after_slow_training",
    "matplotlib_widget_same_cell",
    "mixed_precision",
    "syntax_error_in_import_cell",
)


def of(result: SubmissionResult, exercise: str) -> ExerciseResult:
    """The result of one exercise."""
    return next(found for found in result.exercises if found.id == exercise)


def cell(result: SubmissionResult, number: int) -> FailedCell:
    """What the record says of a cell that failed."""
    return next(found for found in result.failed_cells if found.number == number)


def page(shown: RenderableType) -> str:
    """What a wide terminal shows."""
    out = io.StringIO()
    Console(file=out, width=200, color_system=None).print(shown)
    return out.getvalue()


kernel = pytest.mark.kernel


@kernel
@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("colab_mount_same_cell", "Colab's drive was not mounted"),
        ("matplotlib_widget_same_cell", "`%matplotlib widget` does nothing"),
        ("colab", "Colab's drive was not mounted"),
        ("colab", "Colab's `userdata` does nothing"),
        ("browser", "`piplite` installed nothing"),
        ("installs", "`%pip` installed nothing"),
        ("installs", "`!apt-get` installed nothing"),
        ("installs", "`%matplotlib qt` does nothing"),
    ],
)
def test_what_prepares_another_machine_costs_nothing(
    name: str, says: str, graded: dict[str, SubmissionResult]
) -> None:
    """Colab's services, installing and screens do nothing, cost nothing, and are told once."""
    result = graded[name]
    assert result.score == (8 if name in OURS else 3)
    assert sum(says in note for note in result.notes) == 1


@kernel
def test_a_notebook_that_asks_is_told_that_this_is_not_colab(
    graded: dict[str, SubmissionResult],
) -> None:
    """Where code tries to import Colab and knows what to do without it, it does that."""
    assert graded["asks_for_colab"].score == 3
    assert not graded["asks_for_colab"].failed_cells


@kernel
def test_after_a_package_that_is_missing_the_rest_of_the_cell_is_run(
    graded: dict[str, SubmissionResult],
) -> None:
    """Only what needs the missing package is passed over, and the record says so."""
    result = graded["package"]
    assert result.score == 3
    says = "`surely_missing` is not installed where grading happens; the rest of cell 1 was run."
    assert [found.message for found in result.failed_cells] == [says]
    assert says in page(submission_report(result)).replace("\n", " ")


@kernel
def test_a_package_missed_later_is_told(graded: dict[str, SubmissionResult]) -> None:
    """A function that imports what is not there fails with what to do instead."""
    message = of(graded["package_in_a_function"], "patch_response").message
    assert "`surely_missing` is not installed where grading happens. Do without it" in message


@kernel
def test_no_statement_is_run_twice(graded: dict[str, SubmissionResult]) -> None:
    """Each statement before and after the one that is passed over has run exactly once."""
    assert graded["never_twice"].score == 2


@kernel
def test_magics_hide_no_failure(graded: dict[str, SubmissionResult]) -> None:
    """Under `%%capture` and `%%time` a cell goes on and fails as any other does."""
    result = graded["hidden_by_magics"]
    assert of(result, "patch_response").verdict is Verdict.PASSED
    assert "`lost` is missing: cell 3" in of(result, "feature_map_size").message
    assert "KeyError" in cell(result, 3).message


@kernel
def test_an_import_cell_with_a_syntax_error_is_the_cause(
    graded: dict[str, SubmissionResult],
) -> None:
    """What fails for want of an import names the import's cell, its first line and its error."""
    result = graded["syntax_error_in_import_cell"]
    why = "cell 2 (`Name: Ana, group 3`) did not run: SyntaxError: invalid syntax, in its line 1."
    for exercise in ("patch_response", "edge_kernels"):
        assert f"`np` is missing: {why} Fix that first." in of(result, exercise).message
    assert cell(result, 2).because_of is None
    assert cell(result, 3).because_of == 2
    assert "and because of it: cell 3" in page(submission_report(result))


@kernel
def test_a_cell_stopped_at_its_limit_is_the_cause(graded: dict[str, SubmissionResult]) -> None:
    """A helper below a training that is stopped is missing because of that cell and its limit."""
    found = of(graded["helper_after_slow_training"], "softmax")
    assert found.verdict is Verdict.ERROR
    assert "`limit_sum` is missing: cell 3 (`import time`) did not end within 15 s" in found.message


@kernel
def test_the_first_cause_is_told(graded: dict[str, SubmissionResult]) -> None:
    """From the helper's cell the cause is followed to the import's, and its exception."""
    result = graded["chain"]
    message = of(result, "patch_response").message
    assert "`helper` is missing: cell 2 (`ones = np.ones(3)`) needs `np`." in message
    assert "`np` is missing: cell 1 (`1 / 0`) raised ZeroDivisionError" in message
    assert of(result, "feature_map_size").verdict is Verdict.PASSED
    assert [(one.number, one.because_of) for one in result.failed_cells] == [(1, None), (2, 1)]


@kernel
def test_a_helper_with_a_syntax_error_is_the_cause(graded: dict[str, SubmissionResult]) -> None:
    """A function in a cell that does not parse is traced to that cell all the same."""
    message = of(graded["broken_helper"], "patch_response").message
    assert "`helper` is missing: cell 1 (`import numpy as np`) did not run: SyntaxError" in message


@kernel
def test_a_cell_that_ended_the_kernel_is_the_cause(graded: dict[str, SubmissionResult]) -> None:
    """What a cell bound before it ended the process is gone, and the message says why."""
    message = of(graded["kernel_ends"], "feature_map_size").message
    assert "`one` is missing: cell 1 (`one = 1`) ended the whole Python process" in message


@kernel
def test_a_name_that_no_cell_binds_is_nobodys_fault(graded: dict[str, SubmissionResult]) -> None:
    """A cell that failed is not blamed for a name that it never had."""
    message = of(graded["own_mistake"], "feature_map_size").message
    assert message.startswith("Your code raised NameError: name 'nowhere' is not defined")


@kernel
def test_an_errors_line_is_told_with_its_cell(graded: dict[str, SubmissionResult]) -> None:
    """The line of an error in a helper names the helper's cell, as it is counted there."""
    message = of(graded["in_a_helper"], "feature_map_size").message
    assert message.endswith("in line 2 of cell 1: `return x.nope`")


@kernel
def test_a_second_name_lost_to_a_failed_cell_is_told(graded: dict[str, SubmissionResult]) -> None:
    """Of an exercise with two names, the one whose cell failed is not called unanswered."""
    found = of(graded["second_name"], "edge_kernels")
    assert found.verdict is Verdict.ERROR
    assert "`horizontal_edges` is missing: cell 2 (`1 / 0`)" in str(found)


@kernel
def test_files_beside_the_notebook_are_told_to_be_the_cause(
    graded: dict[str, SubmissionResult],
) -> None:
    """Code that needs a file that was not handed in with the notebook says so."""
    result = graded["files_beside"]
    assert "hand it in beside the notebook" in of(result, "patch_response").message
    assert "Only what was handed in is there" in of(result, "edge_kernels").message
    assert of(result, "feature_map_size").verdict is Verdict.PASSED


@kernel
def test_a_policy_is_named_where_it_makes_the_difference(
    graded: dict[str, SubmissionResult],
) -> None:
    """Under mixed_float16, answers are judged, and a failed one that holds without it says so."""
    result = graded["mixed_precision"]
    assert of(result, "softmax").verdict is Verdict.PASSED
    assert of(result, "lenet5").score == 2
    said = str(of(result, "lenet5"))
    assert "The cause: cell 3 sets Keras's dtype policy" in said
    assert "mixed_float16" in said


@kernel
def test_a_setting_is_not_blamed_for_what_fails_without_it(
    graded: dict[str, SubmissionResult],
) -> None:
    """Only the exercise that holds without the setting names it; points stay as they are."""
    result = graded["setting"]
    found = of(result, "patch_response")
    assert "The cause: cell 2 sets that NumPy raises" in found.message
    assert found.score == 0
    assert "cause" not in str(of(result, "feature_map_size"))


@kernel
def test_forged_reports_gain_and_cost_nothing(graded: dict[str, SubmissionResult]) -> None:
    """A kernel that tells nonsense of what it passed over is graded as any other."""
    assert graded["forged"].score == 3


def test_a_forbidden_use_names_its_cell() -> None:
    """An exercise by hand that is not says in which cell the forbidden name stands."""
    exercise = Exercise("double", title="", forbid=("numpy.add",))
    exercise.checks = doubling().checks
    cells = ["import numpy as np\n\ndef plus(x): return np.add(x, x)", "double = plus"]
    asked = ask_here({})
    result = judge(exercise, asked, secret=b"", code="", cells=cells, numbers=[4, 7]).result
    assert "`numpy.add` in line 3 of cell 4. " in result.message


@pytest.mark.parametrize(
    ("source", "names"),
    [
        ("Name: Ana, group 3\nimport numpy as np\nfrom math import (\n    pi,\n)", {"np", "pi"}),
        ("def helper(x:\n    return x\nb = 2", {"helper", "b"}),
        ("import a\nx = [1, 2\ny = 3", {"a", "x", "y"}),
        ("async def later(:\n    pass\nclass Net(", {"later", "Net"}),
        ("x == 3 3\nx.y = 3 3", set()),
        ("ok = 1", {"ok"}),
    ],
)
def test_names_are_read_from_code_with_errors(source: str, names: set[str]) -> None:
    """What a cell was meant to define is known although it does not parse."""
    assert names_meant(source) == names


def test_only_settings_that_change_something_count() -> None:
    """Defaults and silenced warnings are no settings; what counts is found through any alias."""
    idle = [
        "import warnings\nwarnings.filterwarnings('ignore')",
        "keras.config.set_floatx('float32')",
        "keras.backend.set_image_data_format('channels_last')",
        "np.seterr(all='ignore')",
    ]
    assert settings(idle) == {}
    active = ["from keras.backend import set_floatx\nset_floatx('float64')", "x = 1"]
    assert list(settings(active)) == [0]
    assert settings([without_settings(source) for source in active]) == {}


def test_ordinary_notebooks_have_no_notes() -> None:
    """Imports, magics and commands that work where grading happens are not told."""
    cells = ["%matplotlib inline\n!ls\n!pip list", "import matplotlib\nmatplotlib.use('agg')"]
    assert notes([*cells, "from google.protobuf import message", "js = 1\npip = 'install'"]) == ()


def test_flags_are_for_the_teacher() -> None:
    """A flag stands in the teacher's reports, and nowhere in what a student sees."""
    flag = "Uses `getattr`, have a look"
    names = {"double": lambda x: 2 * x}
    found = judge(doubling(), ask_here(names), secret=b"", code="").result
    result = SubmissionResult.model_validate(
        {
            "student": "ana",
            "lesson": "convolution",
            "notebook": {"path": "ana.ipynb", "sha256": ""},
            "verdict": "passed",
            "isolation": {"level": "none"},
            "exercises": [found.model_copy(update={"flags": (flag,)})],
        }
    )
    [exercise] = result.exercises
    for shown in (
        feedback_html(exercise, hints_left=0),
        feedback_text(exercise, hints_left=0),
        page(submission_report(result)),
    ):
        assert "getattr" not in shown
    for shown in (page(class_table([result])), to_xml([result]).decode(), summary([result])):
        assert "getattr" in shown
    assert "getattr" in result.to_json()
