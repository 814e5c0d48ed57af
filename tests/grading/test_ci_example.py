"""The workflow that `grader pack github` writes, run step by step in a scratch repository."""

from __future__ import annotations

import os
import shutil
import subprocess
import sysconfig
import venv
from pathlib import Path
from typing import Any

import pytest
import xmlschema
import yaml

from grader.packing.packs import Settings, github
from grader.results import SubmissionResult
from tests.notebooks import RIGHT, WRONG, Cell, cells_of, write_notebook
from tests.schemas import junit_xsd

pytestmark = pytest.mark.kernel

COURSE = Path(__file__).resolve().parents[2]
EXAMPLE = COURSE / "examples" / "ci" / "grade.yml"
WORKFLOW = github(Settings(), None, None, classroom=False)

# Everything that a notebook can say, said as commands to GitHub.
COMMANDS = """
    print("::error title=Forged::all tests passed")
    print("::set-output name=score::100")
    print("##[error]forged")
    raise ValueError("\\n::error title=Forged::from an exception\\r\\n::stop-commands::x")
    """


@pytest.fixture(scope="module")
def runner(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A machine as the workflow finds it: the course checked out, and the grader installed."""
    temp = tmp_path_factory.mktemp("runner")
    for name in ("grader", "cnn_course", "lessons"):
        shutil.copytree(COURSE / name, temp / "course" / name)
    for name in ("pyproject.toml", "README.md", "LICENSE", "constraints.txt"):
        shutil.copy(COURSE / name, temp / "course" / name)
    # The packages that the grader needs are seen as installed, which saves downloading 300 MB; the
    # grader itself is built and installed from the course's own files.
    venv.create(temp / "grader", with_pip=True)
    packages = next((temp / "grader" / "lib").glob("python*")) / "site-packages"
    (packages / "shared.pth").write_text(sysconfig.get_paths()["purelib"] + "\n")
    installed = step(temp, "Install the grader")
    assert installed.returncode == 0, installed.stderr
    return temp


def step(runner: Path, name: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run one step of the workflow with the shell that GitHub uses."""
    [job] = yaml.safe_load(WORKFLOW)["jobs"].values()
    [found] = [candidate for candidate in job["steps"] if candidate.get("name") == name]
    at = runner / found.get("working-directory", ".")
    # The packages lie in another environment here (see `runner`), which a sandbox does not show.
    script = found["run"].replace("--isolation sandbox", "--isolation none")
    return subprocess.run(
        ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", script],
        cwd=at,
        env={
            **{name: os.environ[name] for name in os.environ if name.startswith("PIP_")},
            "PATH": os.environ["PATH"],
            "HOME": str(runner),
            "RUNNER_TEMP": str(runner),
            "GITHUB_ACTOR": "octo-ana",
            "GITHUB_ACTIONS": "true",
            "GITHUB_STEP_SUMMARY": str(runner / "summary.md"),
            "GRADER_SEED": "0123456789abcdef0123456789abcdef",
            **environment,
        },
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


def push(runner: Path, cells: list[Cell]) -> subprocess.CompletedProcess[str]:
    """A student's push of one notebook, graded."""
    for left in ("submission", "graded"):
        shutil.rmtree(runner / left, ignore_errors=True)
    (runner / "summary.md").unlink(missing_ok=True)
    write_notebook(runner / "submission" / "01_convolution.ipynb", cells)
    return step(runner, "Grade")


def obeyed(output: str) -> list[str]:
    """The lines that GitHub would take as commands, as its runner reads them."""
    found, token = [], None
    for line in output.splitlines():
        text = line.strip()
        if token is not None:
            token = None if text == f"::{token}::" else token
        elif text.startswith("::stop-commands::"):
            token = text.removeprefix("::stop-commands::")
        elif text.startswith("::") or "##[" in text:
            found.append(text)
    return found


def record(runner: Path) -> SubmissionResult:
    """The record that the workflow keeps."""
    path = runner / "graded" / "results" / "octo-ana" / "convolution.json"
    return SubmissionResult.from_json(path.read_bytes())


def test_a_push_is_graded_and_annotated(runner: Path) -> None:
    """A push with points missing fails the job, and leaves records, JUnit, summary, annotations."""
    ran = push(runner, cells_of({**RIGHT, "feature_map_size": WRONG["feature_map_size"]}))
    assert ran.returncode == 1, ran.stderr
    assert record(runner).score == 3
    xmlschema.XMLSchema(str(junit_xsd())).validate(str(runner / "graded" / "junit.xml"))
    assert "feature_map_size" in (runner / "summary.md").read_text(encoding="utf-8")
    found = [line for line in obeyed(ran.stdout) if "feature_map_size" in line]
    assert [line.split()[1].split(",")[0] for line in found] == ["file=01_convolution.ipynb"]


def test_a_notebook_issues_no_command(runner: Path) -> None:
    """Whatever a notebook prints or raises, GitHub obeys no line of it."""
    forging = 'def feature_map_size(a, b):\n    raise ValueError("\\n::error title=Forged::x")'
    ran = push(runner, [COMMANDS, ("feature_map_size", forging)])
    assert record(runner).verdict.value == "error"
    assert obeyed(ran.stdout)
    for line in obeyed(ran.stdout):
        assert line.startswith("::error ")
        assert "title=Forged" not in line.partition("::error ")[2].partition("::")[0]


def test_the_example_is_what_the_command_writes() -> None:
    """The workflow in the examples is that of `grader pack github`, to the letter."""
    assert EXAMPLE.read_text(encoding="utf-8") == WORKFLOW


def test_student_code_runs_in_a_sandbox() -> None:
    """The workflow installs bubblewrap, lets it make namespaces, and grades in a sandbox."""
    [job] = yaml.safe_load(WORKFLOW)["jobs"].values()
    scripts = "".join(step.get("run", "") for step in job["steps"])
    assert "apt-get install -y -qq bubblewrap" in scripts
    assert "kernel.apparmor_restrict_unprivileged_userns=0" in scripts
    assert "--isolation sandbox" in scripts


def test_the_points_can_go_to_classroom() -> None:
    """With Classroom, the step that grades has an id, and its output is what the reporter reads."""
    text = github(Settings("dense"), "uni/course", "v1", classroom=True)
    workflow = yaml.safe_load(text)
    *_, grade, _, tell = workflow["jobs"]["grade"]["steps"]
    assert "--lesson dense" in grade["run"]
    assert "junit,github,classroom" in grade["run"]
    assert tell["env"] == {"GRADE_RESULTS": "${{ steps.grade.outputs.result }}"}
    assert tell["with"] == {"runners": grade["id"]}  # the reporter reads $GRADE_RESULTS
    assert {"repository": "uni/course", "ref": "v1"}.items() <= workflow["jobs"]["grade"]["steps"][
        1
    ]["with"].items()


def test_the_workflow_asks_for_no_rights() -> None:
    """The workflow may only read, and leaves no credentials where student code runs."""
    workflow: dict[str, Any] = yaml.safe_load(WORKFLOW)
    assert workflow["permissions"] == {"contents": "read"}
    [job] = workflow["jobs"].values()
    checkouts = [s["with"] for s in job["steps"] if "checkout" in s.get("uses", "")]
    assert len(checkouts) == 2
    assert all(options["persist-credentials"] is False for options in checkouts)
