"""What `pip install` gives: a wheel is all that a student and a teacher need."""

from __future__ import annotations

import io
import json
import subprocess
import sys
import sysconfig
import textwrap
import zipfile
from pathlib import Path

import nbformat
import pytest

from tests.notebooks import RIGHT, cells_of, write_notebook

COURSE = Path(__file__).parents[1]

pytestmark = pytest.mark.kernel


@pytest.fixture(scope="module")
def command(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """`grader` of a wheel, in an environment that has its dependencies and no checkout."""
    folder = tmp_path_factory.mktemp("wheel")
    pip: list[str | Path] = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet"]
    subprocess.run([*pip, "wheel", "--no-deps", "--wheel-dir", folder, COURSE], check=True)
    [wheel] = folder.glob("*.whl")
    environment = folder / "environment"
    subprocess.run([sys.executable, "-m", "venv", environment], check=True)
    python = environment / "bin" / "python"
    subprocess.run([python, *pip[1:], "install", "--no-deps", wheel], check=True)
    [packages] = (environment / "lib").glob("python3*/site-packages")
    # A path in such a file is searched; the files in it that lead on, to this checkout, are not.
    (packages / "dependencies.pth").write_text(sysconfig.get_path("purelib"), encoding="utf-8")
    found = subprocess.run(
        [
            python,
            "-I",
            "-c",
            "import grader, cnn_course; print(grader.__path__, cnn_course.__path__)",
        ],
        check=True,
        capture_output=True,
        text=True,
    )
    assert found.stdout.count(str(packages)) == 2
    return environment / "bin" / "grader"


def test_the_lessons_come_with_it(command: Path, tmp_path: Path) -> None:
    """In an empty folder, `grader lessons` writes seven notebooks that Jupyter can read."""
    subprocess.run([command, "lessons", "cnn"], cwd=tmp_path, check=True)
    notebooks = sorted((tmp_path / "cnn").glob("*.ipynb"))
    assert len(notebooks) == 7
    for path in notebooks:
        nbformat.read(path, as_version=4)  # type: ignore[no-untyped-call]


def test_a_class_is_graded_with_it(command: Path, tmp_path: Path) -> None:
    """In an empty folder, a right notebook is graded, and a student's own check agrees."""
    path = write_notebook(tmp_path / "class" / "ana" / "convolution.ipynb", cells_of(RIGHT))
    grade: list[str | Path] = [
        command,
        "grade",
        "class",
        "--to",
        "graded",
        "--isolation",
        "none",
        "--quiet",
    ]
    graded = subprocess.run(grade, cwd=tmp_path, check=False, capture_output=True, text=True)
    assert graded.returncode == 1, graded.stderr  # only some exercises of the lesson are solved
    record = tmp_path / "graded" / "results" / "ana" / "convolution.json"
    score = json.loads(record.read_text(encoding="utf-8"))["score"]
    show: list[str | Path] = [command, "show", "graded", "ana"]  # migrations come with the wheel
    shown = subprocess.run(show, cwd=tmp_path, check=False, capture_output=True, text=True)
    assert f"{score:g}" in shown.stdout, shown.stderr
    check: list[str | Path] = [command, "check", path]
    checked = subprocess.run(check, cwd=tmp_path, check=False, capture_output=True, text=True)
    assert checked.returncode == 1, checked.stderr
    assert score > 0
    assert f"{score:g}" in checked.stdout


def test_packs_are_made_with_it(command: Path, tmp_path: Path) -> None:
    """A wheel brings the templates of all services, and packs itself as the wheel that it was."""
    workflow = subprocess.run(
        [command, "pack", "github", "--to", "-"], cwd=tmp_path, check=True, capture_output=True
    ).stdout
    assert workflow == (COURSE / "examples" / "ci" / "grade.yml").read_bytes()
    subprocess.run([command, "pack", "gitlab", "--to", "ci.yml"], cwd=tmp_path, check=True)
    learn = ["pack", "prairielearn", "--image", "uni/image", "--to", "learn"]
    subprocess.run([command, *learn], cwd=tmp_path, check=True)
    subprocess.run([command, "pack", "gradescope", "--to", "ag.zip"], cwd=tmp_path, check=True)
    [wheel] = command.parents[2].glob("*.whl")
    with zipfile.ZipFile(tmp_path / "ag.zip") as pack, zipfile.ZipFile(wheel) as before:
        with zipfile.ZipFile(io.BytesIO(pack.read(wheel.name))) as after:
            packed, own = set(after.namelist()), set(before.namelist())
        assert b"numpy==" in pack.read("constraints.txt")
    assert {name for name in own if ".dist-info/" not in name} == {
        name for name in packed if ".dist-info/" not in name
    }


def test_check_works_in_a_notebook_with_it(command: Path, tmp_path: Path) -> None:
    """`from grader import check` judges an answer, and finds the lesson's data."""
    answer = textwrap.dedent(RIGHT["patch_response"])
    script = tmp_path / "own.py"
    script.write_text(
        f"import numpy as np\nfrom grader import check\n"
        f"from cnn_course.data.shapes import draw_shapes\n{answer}\n"
        f"check('patch_response')\n",
        encoding="utf-8",
    )
    python = command.with_name("python")
    told = subprocess.run(
        [python, script], cwd=tmp_path, check=True, capture_output=True, text=True
    ).stdout
    assert "Passed" in told or "✔" in told
