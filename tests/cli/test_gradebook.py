"""The gradebook's commands as a teacher types them, over real folders and databases."""

from __future__ import annotations

import csv
import io
import json
import re
import sqlite3
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from grader.cli.app import app
from grader.cli.whole_class import ClassRun
from grader.gradebook import gradebook_of
from grader.report import records
from tests.cli import test_cli
from tests.gradebook.records import broken, exercise, missing, rejected, result

SLOW = exercise(earned=0, misconception="counts_corners_twice")


def run(*arguments: str | Path) -> Result:
    """Run `grader` with these arguments in this process: another one takes a second to start."""
    return CliRunner().invoke(app, [*map(str, arguments)], catch_exceptions=False)


@pytest.fixture
def graded(tmp_path: Path) -> Path:
    """A folder that was graded twice: somebody is late, somebody gone, somebody refused now."""
    folder = tmp_path / "graded"
    with gradebook_of(folder, new=True) as book:
        first = book.begin_run("class")
        told: dict[str, Any] = {
            "time": "2026-05-02T13:00:00+00:00",
            "due": "2026-05-01T12:00:00+00:00",
        }
        book.keep(result("ana", SLOW, exercise("pool"), id="71", **told), "ana", first)
        for student in ("bea", "gus"):
            book.keep(result(student, exercise(), exercise("pool")), student, first)
        second = book.begin_run("class")
        late = result("ana", exercise(), exercise("pool"), file="b", id="71", **told)
        book.keep(late, "ana again", second)
        book.keep(rejected("bea"), "", second)
        book.keep(missing("cyn"), "", second)
        book.keep(broken("dan"), "", second)
        assert book.withdraw(second) == [("gus", "convolution")]
    return folder


def test_show_has_everybody_and_what_is_behind_a_mark(graded: Path) -> None:
    """Late, by hand, withdrawn, refused now, withheld and not handed in can all be seen."""
    run("override", graded, "cyn", "convolution/pool", "1", "--reason", "Sent by mail.")
    shown = run("show", graded, "--late", "10%/day, max 50%")
    assert shown.exit_code == 0, shown.stderr
    rows = dict(re.findall(r"^(\w{3})  +(.+?) *(?:  .+)?$", shown.stdout, re.MULTILINE))
    assert rows["ana"] == "3.2/4L"
    assert rows["bea"] == "4/4!"
    assert rows["cyn"] == "N 1/4*"
    assert rows["dan"] == "withheld"
    assert rows["gus"] == "withdrawn"
    said = " ".join(shown.stdout.split())
    assert "ana · convolution: late by 1 d 1 h, 2 steps of the policy: −0.8." in said
    assert "bea · convolution: now rejected; the earlier result stands." in said
    assert "by hand of" in said
    assert "Sent by mail." in said
    assert "10%/day, max 50%" in run("show", graded).stdout  # it was kept


def test_show_has_one_students_history(graded: Path) -> None:
    """Every attempt with its file and verdict, which of them stands, and every mark by hand."""
    run("override", graded, "71", "convolution", "1", "--reason", "Copied.", "--author", "Prof. X")
    run("override", graded, "ana", "convolution", "--remove", "--reason", "Not copied.")
    shown = run("show", graded, "71")
    assert shown.exit_code == 0, shown.stderr
    said = " ".join(shown.stdout.split())
    assert re.search(
        r"partly passed 2/4 · handed in 2026-05-0\d \d\d:00 · ana/convolution.ipynb", said
    )
    assert re.search(r"passed 4/4 · handed in 2026-05-0\d \d\d:00 · stands · ana/conv", said)
    assert "Prof. X convolution 1 by hand: Copied." in said
    assert "taken back: Not copied." in said


def test_an_override_changes_the_mark_and_is_told(graded: Path) -> None:
    """The command says what it did; what it refuses changes nothing and ends with status 2."""
    done = run("override", graded, "ana", "convolution/relu", "1.5", "--reason", "Half right.")
    assert done.exit_code == 0
    assert done.stdout == ""
    assert done.stderr == (
        "ana, convolution/relu: 1.5 of 2 points by hand (2 graded); the lesson has 3.5 of 4 now.\n"
    )
    for arguments, sentence in (
        (("ann", "convolution", "1"), "or 'ana'?"),
        (("ana", "convolution/rel", "1"), "Is it 'relu'"),
        (("ana", "convolution", "5"), "--beyond"),
        (("ana", "convolution"), "Give POINTS, or --remove. Received: neither"),
        (("ana", "convolution", "1", "--remove"), "Received: both"),
        (("ana", "convolution", "1,5"), "Received: '1,5'"),
        (("ana", "convolution", "--remve"), "Received: '--remve'"),
        (("ana", "convolution", "-9"), "Received: -9, which makes -5.5"),
        (("ana", "convolution", "nan"), "from 0 to"),
    ):
        refused = run("override", graded, *arguments, "--reason", "Why not.")
        assert refused.exit_code == 2
        assert sentence in refused.stderr
    marks = run("export", graded, "--for", "csv", "--out", "-").stdout
    assert next(csv.DictReader(io.StringIO(marks)))["score"] == "3.5"
    more = run("override", graded, "ana", "convolution", "5", "--reason", "Bonus.", "--beyond")
    assert more.exit_code == 0, more.stderr


def test_points_with_a_sign_are_added(graded: Path) -> None:
    """`+1` and `-0.5` change what stands, with or without `--`; the old and the new are told."""
    why = ("--reason", "Why.")
    for arguments, sentence in (
        (("ANA", "relu", "-1", *why), "ana, convolution/relu: 1 of 2 points by hand (2 graded); "),
        (("an", "relu", "+0.5", *why), "1.5 of 2 points by hand (1 by hand before, 2 graded); "),
        (("ana", "relu", *why, "--", "-0.5"), "the lesson has 3 of 4 now."),
        (("ana", "convolution", *why, "--", "-1"), "2 of 4 points by hand (3 before, 4 graded)."),
        (("ana", "relu", "2", *why), "the lesson has 2 of 4 now, as given by hand for all of it."),
        (("ana", "convolution", "--remove"), "taken back (2 by hand before, 4 graded); the lesson"),
        (("cyn", "relu", "+1", *why), "1 of 2 points by hand (not graded); the lesson has 1 of 4"),
    ):
        done = run("override", graded, *arguments)
        assert done.exit_code == 0, done.stderr
        assert sentence in done.stderr
    refused = run("override", graded, "dan", "convolution", "+1", *why)
    assert refused.exit_code == 2
    assert "which has no points now" in refused.stderr


def test_show_tells_what_a_student_did_wrong(tmp_path: Path) -> None:
    """Each exercise with its points, by hand too, and one harmless sentence; then the history."""
    message = "[bold]It has\x1b[31m\n4 rows.[/bold] " + "x" * 5000
    exercises = (
        exercise("relu"),
        exercise("pool", 1, misconception="counts_corners_twice"),
        exercise("edges", 0, message=message),
        exercise("blur", 0),
        *(exercise(f"more_{number}") for number in range(200)),
    )
    with gradebook_of(tmp_path, new=True) as book:
        book.keep(result("ana", exercise(earned=0)), "old")
        book.keep(result("ana", *exercises, file="b"), "new")
        for number in range(50):
            book.keep(rejected("ana", file=chr(97 + number % 26)), f"r{number}")
        book.override("ana", "convolution/edges", 1, reason="Fine.", author="me")
    shown = run("show", tmp_path, "ana").stdout
    said = " ".join(shown.split())
    assert re.search(r"✔ relu  2/2  passed *\n", shown)
    assert "✘ pool 1/2 partly passed You count the corners twice." in said
    assert "✘ edges 0/2 failed 1 by hand [bold]It has\\x1b[31m 4 rows.[/bold] xxx" in said
    assert "✘ blur 0/2 failed This does not hold: It holds." in said
    assert "and 144 exercises more" in said
    assert said.index("more_1 ") < said.index("stands · ana/convolution.ipynb")
    assert len(shown.splitlines()) < 130
    assert "\x1b" not in shown


def test_a_damaged_record_is_said_and_the_rest_shown(graded: Path) -> None:
    """The commands go on without it, in one sentence instead of a traceback."""
    with sqlite3.connect(graded / "gradebook.sqlite") as database:
        database.execute("UPDATE attempts SET record = 'nonsense'")
    database.close()
    shown = run("show", graded, "ana")
    assert shown.exit_code == 0
    assert "cannot be read" in shown.stderr
    assert shown.stderr.count("\n") == 1
    assert "4/4" in shown.stdout
    assert run("export", graded, "--out", "-").exit_code == 0
    with sqlite3.connect(graded / "gradebook.sqlite") as database:
        database.execute("UPDATE attempts SET verdict = 'nonsense'")
    database.close()
    refused = run("show", graded)
    assert refused.exit_code == 2
    assert "was changed or damaged" in refused.stderr


def test_a_run_says_once_who_is_called_otherwise(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """What was graded under the login is the name's now: one student, nothing withdrawn."""
    with gradebook_of(tmp_path, new=True) as book:
        for student in ("bauerben", "Ben Bauer", "Ben Bauer"):
            graded = ClassRun(book, tmp_path, book.begin_run("class"), lambda _: None)
            graded.add([result(student, exercise(), id="20101")])
            graded.rename()
            graded.withdraw(None)
    assert capsys.readouterr().err == "bauerben is called Ben Bauer now.\n"
    shown = run("show", tmp_path)
    assert "bauerben" not in shown.stdout
    assert "withdrawn" not in shown.stdout
    assert [one.student for one in records.read_all(tmp_path)] == ["Ben Bauer"]


def test_export_writes_what_a_spreadsheet_reads(graded: Path, tmp_path: Path) -> None:
    """A file with everybody, in an encoding that spreadsheets recognize; or standard output."""
    out = tmp_path / "marks.csv"
    done = run("export", graded, "--out", out)
    assert done.exit_code == 0, done.stderr
    assert "Left out: 1 student of whom nothing is handed in any more" in done.stderr
    text = out.read_text(encoding="utf-8-sig")
    assert out.read_bytes().startswith(b'\xef\xbb\xbf"student","id","email",')
    rows = {row["student"]: row for row in csv.DictReader(io.StringIO(text))}
    scores = {name: row["score"] for name, row in rows.items()}
    assert scores == {"ana": "4", "bea": "4", "cyn": "0", "dan": ""}
    everybody = run("export", graded, "--for", "csv", "--out", "-", "--withdrawn", "--exercises")
    rows = {row["student"]: row for row in csv.DictReader(io.StringIO(everybody.stdout))}
    assert (rows["gus"]["status"], rows["gus"]["score"]) == ("withdrawn", "")
    assert (rows["ana"]["convolution/pool"], rows["gus"]["convolution/pool"]) == ("2", "")
    wide = test_cli.run("export", graded, "--for", "csv", "--out", "-", "--wide").stdout
    marked = '"convolution","convolution max_score","total","total max_score"'
    assert wide.splitlines()[:2] == [
        f'"student","id","email","section","group",{marked}',
        '"ana","71","","","",4,4,4,4',
    ]


def test_export_refuses_what_makes_no_marks_file(graded: Path, tmp_path: Path) -> None:
    """A folder that is not there, a folder as a file, and marks of nobody: told, no file made."""
    for out, sentence in ((tmp_path / "no" / "x.csv", "does not exist"), (tmp_path, "is a folder")):
        refused = run("export", graded, "--out", out)
        assert refused.exit_code == 2
        assert sentence in refused.stderr
    empty = tmp_path / "empty"
    with gradebook_of(empty, new=True) as book:
        assert "nobody is graded yet" in run("export", empty, "--out", tmp_path / "x.csv").stderr
        book.keep(result("gus", exercise()), "key", book.begin_run("class"))
        book.withdraw(book.begin_run("class"))
    refused = run("export", empty, "--out", tmp_path / "x.csv")
    assert refused.exit_code == 2
    assert "everything was withdrawn" in refused.stderr
    assert not (tmp_path / "x.csv").exists()


def test_stats_tell_of_now_and_of_all_attempts(graded: Path) -> None:
    """As a table, and as JSON with every number."""
    table = run("stats", graded)
    assert table.exit_code == 0, table.stderr
    assert re.search(r"relu +2 of 2 +100% +2/2 +– +3 of 4 +75%", table.stdout)
    assert re.search(r"0 +1 +1 +relu · counts_corners_twice", table.stdout)
    [lesson] = json.loads(run("stats", graded, "--format", "json").stdout)
    assert lesson["lesson"] == "convolution"
    assert lesson["exercises"][0]["now"] == {"count": 2, "passed": 2, "mean": 2.0, "rate": 1.0}
    assert lesson["misconceptions"][0]["attempts"] == 1


def test_a_folder_of_an_older_version_can_be_shown(tmp_path: Path) -> None:
    """Records without a gradebook come into one, which is said on standard error, once."""
    records.write(result("ana", exercise()), tmp_path)
    first, second = run("show", tmp_path), run("show", tmp_path)
    assert "1 record in" in first.stderr
    assert second.stderr == ""
    assert first.stdout == second.stdout
    assert "2/2" in first.stdout


def test_another_database_can_be_named(graded: Path, tmp_path: Path) -> None:
    """`--gradebook` names it, for every command; what cannot be reached is one sentence."""
    other = tmp_path / "other.sqlite"
    with gradebook_of(tmp_path / "empty", str(other), new=True) as book:
        book.keep(result("zoe", exercise()), "key")
    for command in (
        ("show", graded),
        ("stats", graded),
        ("export", graded, "--for", "csv", "--out", "-"),
    ):
        done = run(*command, "--gradebook", other)
        assert done.exit_code == 0, done.stderr
        assert "ana" not in done.stdout
    refused = run("show", graded, "--gradebook", "postgresql://ana:s3cr3t@localhost:1/x")
    assert refused.exit_code == 2
    assert refused.stderr.count("\n") == 1
    assert "s3cr3t" not in refused.stderr
    nothing = test_cli.run("show", tmp_path / "nowhere")
    assert nothing.returncode == 2
    assert "Name the folder" in nothing.stderr
