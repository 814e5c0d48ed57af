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


CANVAS = (
    *("doejane", "liwei", "rossirosa", "okaforchidiemeka", "garcialopezmaria", "grossjurgen"),
    *("smithjohn", "brownanna", "vandenbergpieter", "nguyenthi", "kimminjun", "oconnorsinead"),
)


@pytest.fixture
def canvas(tmp_path: Path) -> Path:
    """A folder of Canvas's with twelve students, every fourth of them late, each with own work."""
    folder = tmp_path / "some" / "deep" / "place" / "submissions"
    for place, name in enumerate(CANVAS):
        late = "_LATE" if place % 4 == 0 else ""
        write_notebook(
            folder / f"{name}{late}_{10231 + place}_{556677 + place}_01_convolution.ipynb",
            [("patch_response", f"def patch_response(patch, kernel):\n    return {place}")],
        )
    return folder


def zipped(folder: Path, archive: Path) -> Path:
    """An archive of the files in a folder."""
    with zipfile.ZipFile(archive, "w") as packed:
        for path in sorted(folder.rglob("*.*")):
            packed.write(path, path.relative_to(folder))
    return archive


def narrow(*arguments: str | Path, status: int = 0) -> Result:
    """The command in a terminal of 80 columns."""
    shown = CliRunner().invoke(app, ["collect", *map(str, arguments)], env={"COLUMNS": "80"})
    assert shown.exit_code == status, shown.output
    return shown


def test_a_class_of_canvas_is_a_line_each_at_80_columns(canvas: Path) -> None:
    """No column is empty, nothing is broken, and a file shows the end of its own name."""
    head, *lines, count = narrow(canvas).stdout.splitlines()
    assert head.split() == ["Student", "Lesson", "File", "Late"]
    assert [line.split()[0] for line in lines] == sorted(CANVAS)
    assert all("_01_convolution.ipynb" in line and len(line) <= 80 for line in lines)
    assert sum(line.rstrip().endswith(" late") for line in lines) == 3
    assert count == "12 notebooks of 12 students."
    assert str(rows(canvas)[0]["path"]).startswith(str(canvas))


def test_that_no_time_tells_how_late_is_said_once(canvas: Path) -> None:
    """A platform's `LATE` without a time is one line; with a time nothing is said."""
    [line] = narrow(canvas).stderr.splitlines()
    assert line.startswith("Late by the platform's word, which tells no time")
    assert line.endswith("doejane, garcialopezmaria, vandenbergpieter.")


def test_remarks_without_room_are_below_the_table(tmp_path: Path) -> None:
    """At 80 columns, what is said of somebody is whole, below the table, behind the name."""
    for day, number in ((3, 1), (4, 2)):
        name = f"gradebook_CNN_L1_jdoe_attempt_2026-02-0{day}-10-11-12_01_convolution.ipynb"
        write_notebook(tmp_path / name, [*CELLS, f"n = {number}"])
    paper = tmp_path / "gradebook_CNN_L1_zoe_attempt_2026-02-03-10-11-12_essay.docx"
    paper.write_text("x")
    lines = narrow(tmp_path, status=3).stdout.splitlines()
    assert lines[0].split() == ["Student", "Lesson", "File", "Attempt", "Handed", "in"]
    assert "not handed in" in lines[2]
    assert "jdoe: Passed over: 01_convolution.ipynb is an earlier attempt." in lines
    assert "zoe: There is: essay.docx." in lines


@pytest.mark.parametrize("second", ["submissions (1).zip", "again.zip", "folder", "same place"])
def test_the_same_twice_is_one_line(canvas: Path, tmp_path: Path, second: str) -> None:
    """The same archive, its copy, or its folder beside it: once each, and no remark for anybody."""
    first = zipped(canvas, tmp_path / "submissions.zip")
    if second == "folder":
        other = canvas.rename(tmp_path / "unzipped")
    elif second == "same place":
        other = tmp_path / "x" / ".." / "submissions.zip"
        (tmp_path / "x").mkdir()
    else:
        other = zipped(canvas, tmp_path / second)
    shown = run(first, other)
    assert "12 notebooks of 12 students." in shown.stdout
    assert "Passed over" not in shown.output
    said = [line for line in shown.stderr.splitlines() if "Late by" not in line]
    assert len(said) == 1
    assert said[0].endswith("has not.")
    if second.startswith("submissions"):
        assert said[0] == "submissions (1).zip holds nothing that submissions.zip has not."


def test_a_copy_in_a_folder_is_one_line_and_a_newer_download_is_not(
    canvas: Path, tmp_path: Path
) -> None:
    """Of a folder of downloads the copy is left out; what a later one has more is taken from it."""
    downloads = tmp_path / "downloads"
    downloads.mkdir()
    zipped(canvas, downloads / "submissions.zip")
    zipped(canvas, downloads / "submissions (1).zip")
    shown = run(downloads)
    assert "submissions (1).zip holds nothing that submissions.zip has not." in shown.stderr
    write_notebook(canvas / "zoe_20000_600000_01_convolution.ipynb", CELLS)
    zipped(canvas, downloads / "submissions (1).zip")
    shown = run(downloads)
    assert "13 notebooks of 13 students." in shown.stdout
    assert "submissions.zip holds nothing that submissions (1).zip has not." in shown.stderr
    write_notebook(canvas / "amy_20001_600001_01_convolution.ipynb", CELLS)
    shown = run(zipped(canvas, tmp_path / "newest.zip"), downloads)
    assert "14 notebooks of 14 students." in shown.stdout
    (downloads / "submissions.zip").rename(tmp_path / "first.zip")
    shown = run(tmp_path / "first.zip", downloads / "submissions (1).zip")
    assert "12 of 13 notebooks in " in shown.stderr
    assert "13 notebooks of 13 students." in shown.stdout


def test_two_students_with_the_same_archive_both_handed_in(tmp_path: Path) -> None:
    """The same file under two students' names is each one's hand-in, however it is named."""
    write_notebook(tmp_path / "own" / "01_convolution.ipynb", CELLS)
    archives = [zipped(tmp_path / "own", tmp_path / f"{name}.zip") for name in ("ana", "ben")]
    assert [row["student"] for row in rows(*archives)] == ["ana", "ben"]
    together = tmp_path / "together"
    together.mkdir()
    for archive in archives:
        archive.rename(together / archive.name)
    assert [row["student"] for row in rows(together)] == ["ana", "ben"]


def test_what_lies_beside_a_platforms_archive_is_no_student(canvas: Path, tmp_path: Path) -> None:
    """One level too high, programs and papers are told in a line; work remains a student's."""
    above = tmp_path / "above"
    for name in ("bin/run.sh", "README.md", "work/deep/table.csv", "kate/essay.txt", "max/hw.zip"):
        (above / name).parent.mkdir(parents=True, exist_ok=True)
        (above / name).write_text("x")
    write_notebook(above / "noor" / "01_convolution.ipynb", CELLS)
    zipped(canvas, above / "submissions.zip")
    shown = run(above / "bin" / "..", status=3)
    assert "13 notebooks of 13 students; 1 handed in no notebook." in shown.stdout
    assert "There is: hw.zip (a broken archive)." in shown.stdout
    assert "noor" in shown.stdout
    [line] = [line for line in shown.stderr.splitlines() if line.startswith("No notebook in")]
    assert {Path(name.strip(".,")).name for name in line.split()[3:]} >= {"bin", "work", "kate"}


@pytest.mark.parametrize("place", [".", "..", "../class/", "link", "link/", "ana/..", "absolute"])
def test_a_folder_may_be_named_in_any_way(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    """From inside, from above, with a slash, through a link: the same class, and the same files."""
    for name in ("ana", "ben"):
        write_notebook(tmp_path / "class" / name / "01_convolution.ipynb", CELLS)
    (tmp_path / "link").symlink_to(tmp_path / "class")
    inside = {"..": "class/ana", "link": "", "link/": ""}.get(place, "class")
    monkeypatch.chdir(tmp_path / inside)
    found = rows(str(tmp_path / "class") if place == "absolute" else place)
    assert [row["student"] for row in found] == ["ana", "ben"]
    shown = run(str(tmp_path / "class") if place == "absolute" else place).stdout
    assert " ana/01_convolution.ipynb" in shown


def test_a_column_without_a_roster_is_a_mistake(tmp_path: Path) -> None:
    """`--roster-column` alone is not passed over in silence."""
    write_notebook(tmp_path / "ana" / "01_convolution.ipynb", CELLS)
    shown = run(tmp_path, "--roster-column", "student=Name", status=2)
    assert "Name its file with --roster." in shown.stderr
