"""`grader export` and `grader feedback` as a teacher types them, over a real graded folder."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from pathlib import Path

import pytest
from openpyxl import load_workbook
from typer.testing import CliRunner, Result

from grader.cli.app import app
from grader.gradebook import gradebook_of
from tests.cli import test_cli
from tests.gradebook.exports import importers
from tests.gradebook.records import broken, exercise, missing, result

UPLOADS = {"70031": {"90001": "01_convolution.ipynb"}, "70032": {"90002": "hw.ipynb"}}
SHEET = (
    "\ufeffStudent,ID,SIS User ID,SIS Login ID,Section,1 Convolution (4711),Final Score\r\n"
    "    Points Possible,,,,,4.00,(read only)\r\n"
    '"Roe, Ana",70031,0071,aroe,"A, early",,81.2\r\n'
    '"Li, Ben",70032,0072,bli,B,3.00,\r\n'
    '"Yu, Cyn",70033,0073,cyu,B,,\r\n'
    '"Oh, Dan",70034,0074,doh,B,2,\r\n'
    '"Student, Test",70099,,,,,\r\n'
)


def run(*arguments: str | Path) -> Result:
    """Run `grader` with these arguments in this process: another one takes a second to start."""
    return CliRunner().invoke(app, [*map(str, arguments)], catch_exceptions=False)


@pytest.fixture
def graded(tmp_path: Path) -> Path:
    """A class out of Canvas's archive: one is late, one absent, one withheld."""
    folder = tmp_path / "graded"
    places = {
        "roeana": ("all.zip/roeana_LATE_70031_90001_01_convolution.ipynb", "70031"),
        "liben": ("all.zip/liben_70032_90002_hw.ipynb", "70032"),
    }
    with gradebook_of(folder, new=True) as book:
        for student, (path, number) in places.items():
            one = result(student, exercise(), exercise("pool", 1), id=number, late="LATE" in path)
            file = one.notebook.model_copy(update={"path": path})
            book.keep(one.model_copy(update={"notebook": file}), student)
        book.keep(missing("Cyn Yu"), "")
        book.keep(broken("Dan Oh"), "")
    return folder


def test_from_a_graded_folder_to_marks_in_canvas(graded: Path, tmp_path: Path) -> None:
    """The sheet comes back with the marks of the gradebook, and Canvas sets exactly these."""
    sheet, out = tmp_path / "Grades.csv", tmp_path / "upload.csv"
    sheet.write_bytes(SHEET.encode())
    run("override", graded, "liben", "convolution/pool", "2", "--reason", "Right.")
    done = run(
        *("export", graded, "--for", "canvas", "--sheet", sheet, "--out", out),
        *("--late", "10%/day"),
    )
    assert done.exit_code == 0, done.stderr
    assert done.stdout == ""
    known = [
        importers.Known(row[1], row[0]) for row in csv.reader(io.StringIO(SHEET)) if len(row) > 1
    ]
    scores = {("70032", "4711"): "3.0", ("70034", "4711"): "2.0"}
    marks = importers.canvas(out.read_bytes(), known, {"4711": "1 Convolution"}, scores)
    assert marks == {("70031", "4711"): "2.6", ("70032", "4711"): "4"}
    expected = SHEET.replace('"A, early",,', '"A, early",2.6,').replace("bli,B,3.00", "bli,B,4")
    assert out.read_bytes() == expected.encode()
    assert sheet.read_bytes() == SHEET.encode()
    said = " ".join(done.stderr.split())
    assert "convolution: 2 marks in `1 Convolution (4711)`, 1 in place of another one." in said
    assert "liben 3.00 → 4." in said
    assert "not handed in; --zero-missing writes 0: Cyn Yu." in said
    assert "Dan Oh (the sheet keeps 2)" in said
    printed = test_cli.run(
        *("export", str(graded), "--for", "canvas", "--sheet", str(sheet), "--out", "-")
    )
    assert printed.stdout.encode() == out.read_bytes().replace(b"\r\n", b"\n")  # read as text


def test_export_refuses_options_that_do_not_go_together(graded: Path, tmp_path: Path) -> None:
    """No sheet, the sheet itself, another format's option: told, and nothing is written."""
    sheet, out = tmp_path / "Grades.csv", tmp_path / "upload.csv"
    sheet.write_bytes(SHEET.encode())
    canvas = ("--for", "canvas")
    for arguments, sentence in (
        ((*canvas, "--out", out), "Canvas: Grades, Export"),
        ((*canvas, "--sheet", sheet, "--out", sheet), "--out is another file"),
        ((*canvas, "--sheet", sheet, "--wide", "--out", out), "--wide is for csv"),
        (("--for", "json", "--sheet", sheet, "--out", out), "--sheet is for canvas, moodle"),
        (("--for", "xlsx", "--out", "-"), "A spreadsheet is no text"),
        (("--for", "json", "--lesson", "x", "--out", out), "Name one of convolution"),
        ((*canvas, "--sheet", sheet, "--column", "A", "--out", out), "'HEADER=LESSON'"),
        (("--for", "moodle", "--sheet", sheet, "--out", out), "Received: "),
    ):
        refused = run("export", graded, *arguments)
        assert refused.exit_code == 2, arguments
        assert sentence in refused.stderr
        assert refused.stderr.count("\n") == 1
        assert not out.exists()
    assert sheet.read_bytes() == SHEET.encode()


def test_other_files_have_the_marks_as_well(graded: Path, tmp_path: Path) -> None:
    """JSON and nbgrader on standard output, a workbook in a file."""
    marks = json.loads(run("export", graded, "--for", "json", "--out", "-").stdout)
    assert {one["student"]: one["score"] for one in marks} == {
        "roeana": 3,
        "liben": 3,
        "Cyn Yu": 0,
        "Dan Oh": None,
    }
    done = run("export", graded, "--for", "nbgrader", "--out", "-", "--zero-missing")
    rows = list(csv.DictReader(io.StringIO(done.stdout)))
    assert [row["score"] for row in rows] == ["0", "", "3", "3"]
    assert "withheld for a fault of ours" in done.stderr
    out = tmp_path / "marks.xlsx"
    assert run("export", graded, "--for", "xlsx", "--out", out).exit_code == 0
    assert load_workbook(out)["Marks"]["A2"].value == "Cyn Yu"


def test_from_a_graded_folder_to_pages_in_canvas(graded: Path, tmp_path: Path) -> None:
    """Each student is sent their own page, and nobody another's; who is left out is told."""
    out = tmp_path / "feedback.zip"
    done = run("feedback", graded, "--for", "canvas", "--out", out)
    assert done.exit_code == 0, done.stderr
    back = importers.canvas_reupload(out.read_bytes(), UPLOADS)
    assert back.ignored == []
    [[(shown, ana)], [(_, ben)]] = [back.files["70031"], back.files["70032"]]
    assert shown == "01_convolution.ipynb"
    assert b"roeana" in ana
    assert b"liben" not in ana
    assert b"liben" in ben
    assert b"<script src" not in ana
    said = " ".join(done.stderr.split())
    assert "2 of 2 pages" in said
    assert "nothing was handed in: Cyn Yu." in said
    assert "To hand it back in Canvas: the assignment, Upload Submissions." in said


def test_feedback_for_nobodys_platform_is_a_folder_a_student(graded: Path, tmp_path: Path) -> None:
    """Plain needs no ids; Moodle's archive is refused for what came from Canvas."""
    out = tmp_path / "feedback.zip"
    assert run("feedback", graded, "--out", out).exit_code == 0
    with zipfile.ZipFile(out) as archive:
        assert archive.namelist() == ["liben/01_convolution.html", "roeana/01_convolution.html"]
    other = tmp_path / "moodle.zip"
    refused = run("feedback", graded, "--for", "moodle", "--out", other)
    assert refused.exit_code == 2
    assert "no name of Moodle's own download" in refused.stderr
    assert not other.exists()
    assert "An archive is no text" in run("feedback", graded, "--out", "-").stderr
    assert sorted(path.name for path in tmp_path.iterdir()) == ["feedback.zip", "graded"]


def test_help_teaches_with_examples() -> None:
    """Both commands show one that can be typed."""
    for command, example in (("export", "--for canvas --sheet"), ("feedback", "--for moodle")):
        shown = " ".join(run(command, "--help").stdout.split())
        assert f"Example: grader {command} graded {example}" in shown
