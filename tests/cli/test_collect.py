"""`grader collect`: who handed in what, as a table and as JSON, and what the exit status says."""

from __future__ import annotations

import json
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from grader.cli.app import app
from tests.notebooks import RIGHT, cells_of, write_notebook

CELLS = cells_of(RIGHT)
KEYS = {
    *("student", "id", "lesson", "path", "attempts", "time", "late", "group", "not_handed_in"),
    "said",
}


def run(*arguments: str | Path, status: int = 0) -> Result:
    """The command, in this process, in a wide terminal."""
    shown = CliRunner().invoke(app, ["collect", *map(str, arguments)], env={"COLUMNS": "300"})
    assert shown.exit_code == status, shown.output
    return shown


def rows(*arguments: str | Path, status: int = 0) -> list[dict[str, Any]]:
    """What the command says in JSON."""
    found: list[dict[str, Any]] = json.loads(
        run(*arguments, "--format", "json", status=status).stdout
    )
    return found


@pytest.fixture
def moodle(tmp_path: Path) -> Path:
    """An archive of Moodle's: two notebooks, and one who wrote online text."""
    folder = tmp_path / "moodle"
    for name in ("Jane Doe_81231", "Wei Li_81232"):
        write_notebook(folder / f"{name}_assignsubmission_file_" / "01_convolution.ipynb", CELLS)
    text = folder / "Rosa Rossi_81234_assignsubmission_onlinetext_" / "onlinetext.html"
    text.parent.mkdir()
    text.write_text("<p>Here</p>")
    archive = tmp_path / "Lesson 1.zip"
    with zipfile.ZipFile(archive, "w") as packed:
        for path in folder.rglob("*.*"):
            packed.write(path, path.relative_to(folder))
    return archive


def test_a_table_says_who_handed_in_what(moodle: Path) -> None:
    """The table names everybody and what there is; 3 says that somebody has no notebook."""
    shown = run(moodle, status=3)
    assert "Jane Doe" in shown.stdout
    assert "onlinetext.html" in shown.stdout
    assert "2 notebooks of 2 students; 1 handed in no notebook." in shown.stdout
    assert "No notebook in" in shown.stderr


def test_json_has_an_object_for_each(moodle: Path) -> None:
    """Each object has exactly the published keys; what is not known is null."""
    jane, rosa, wei = rows(moodle, status=3)
    assert set(jane) == set(rosa) == KEYS
    assert (jane["student"], jane["id"], jane["lesson"]) == ("Jane Doe", "81231", "convolution")
    assert jane["path"].endswith(
        "Lesson 1.zip/Jane Doe_81231_assignsubmission_file_/01_convolution.ipynb"
    )
    assert (jane["time"], jane["late"], jane["group"], jane["attempts"]) == (None, False, [], 1)
    assert jane["not_handed_in"] is None
    assert (rosa["not_handed_in"], rosa["path"], rosa["lesson"]) == ("onlinetext.html", None, None)
    assert wei["student"] == "Wei Li"


def test_all_handed_in_is_0(tmp_path: Path) -> None:
    """Where everybody has a notebook, the exit status is 0, and nothing is said but the table."""
    for name in ("ana", "ben"):
        write_notebook(tmp_path / name / "01_convolution.ipynb", CELLS)
    assert run(tmp_path).stderr == ""


def test_a_file_of_nobody_is_refused_alone(tmp_path: Path) -> None:
    """Its student is null, and what to do is said; the others are as they were."""
    write_notebook(tmp_path / "Jane Doe - 01_convolution.ipynb", CELLS)
    write_notebook(tmp_path / "Copy of 01_convolution.ipynb", CELLS)
    nobody, jane = rows(tmp_path, status=3)
    assert (nobody["student"], jane["student"]) == (None, "Jane Doe")
    assert "--student" in nobody["said"]
    assert jane["said"] == ""


def test_one_student_and_one_lesson_can_be_asked_for(tmp_path: Path) -> None:
    """`--student` and `--lesson` leave out all others; who has nothing of the lesson is told."""
    for name in ("ana", "ben"):
        write_notebook(tmp_path / name / "01_convolution.ipynb", CELLS)
    write_notebook(tmp_path / "ana" / "02_conv_layer.ipynb", CELLS, "conv_layer")
    assert len(rows(tmp_path)) == 3
    [only] = rows(tmp_path, "--student", "ana", "--lesson", "conv_layer")
    assert (only["student"], only["lesson"]) == ("ana", "conv_layer")
    _, ben = rows(tmp_path, "--lesson", "conv_layer", status=3)
    assert ben["not_handed_in"] == "01_convolution.ipynb (convolution)"


def test_a_layout_can_be_named(tmp_path: Path) -> None:
    """`--layout folders` takes each folder for a student, where the guess passes through it."""
    for name in ("lesson-1/ana", "lesson-1/ben"):
        write_notebook(tmp_path / name / "01_convolution.ipynb", CELLS)
    assert [row["student"] for row in rows(tmp_path)] == ["ana", "ben"]
    [only] = rows(tmp_path, "--layout", "folders")
    assert only["student"] == "lesson-1"
    assert only["said"] == "Passed over: ben/01_convolution.ipynb is the same file."


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (("--layout", "webct"), "A layout is one of canvas, moodle"),
        (("--lesson", "poetry"), "A lesson is one of"),
        (("--student", "zoe"), "--student picks one of the students"),
    ],
)
def test_a_mistake_is_told_in_a_sentence(
    tmp_path: Path, options: tuple[str, str], sentence: str
) -> None:
    """What cannot be asked for is said on standard error, with 2."""
    for name in ("ana", "ben"):
        write_notebook(tmp_path / name / "01_convolution.ipynb", CELLS)
    shown = run(tmp_path, *options, status=2)
    assert sentence in " ".join(shown.stderr.split())
    assert shown.stdout == ""


def test_a_broken_archive_is_told_in_a_sentence(tmp_path: Path) -> None:
    """An archive that was named and cannot be opened is said, with 2."""
    archive = tmp_path / "class.zip"
    archive.write_bytes(b"PK\x03\x04 torn")
    assert "An archive is a zip or a tar file" in run(archive, status=2).stderr


def test_nothing_in_a_name_moves_the_terminal(tmp_path: Path) -> None:
    """A name with an escape sequence is shown as text, in the table and in JSON."""
    write_notebook(tmp_path / "ana\x1b[2J" / "01_convolution.ipynb", CELLS)
    assert "\x1b[2J" not in run(tmp_path).stdout
    assert rows(tmp_path)[0]["student"] == "ana\x1b[2J"


def test_nothing_is_left_behind(moodle: Path, tmp_path: Path) -> None:
    """What was unpacked to look into it is removed."""
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    command = [sys.executable, "-m", "grader", "collect", str(moodle)]
    subprocess.run(
        command, capture_output=True, check=False, env={"TMPDIR": str(scratch), "PATH": "/usr/bin"}
    )
    assert list(scratch.iterdir()) == []
