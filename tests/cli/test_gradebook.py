"""The gradebook's commands as a teacher types them, over real folders and databases."""

from __future__ import annotations

import csv
import io
import json
import re
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from grader.cli.app import app
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
    rows = dict(re.findall(r"^(\w{3})  +(.+?) *$", shown.stdout, re.MULTILINE))
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
    assert re.search(r"failed 2/4 · handed in 2026-05-0\d \d\d:00 · ana/convolution.ipynb", said)
    assert re.search(r"passed 4/4 · handed in 2026-05-0\d \d\d:00 · stands · ana/conv", said)
    assert "Prof. X convolution 1 by hand: Copied." in said
    assert "taken back: Not copied." in said


def test_an_override_changes_the_mark_and_is_told(graded: Path) -> None:
    """The command says what it did; what it refuses changes nothing and ends with status 2."""
    done = run("override", graded, "ana", "convolution/relu", "1.5", "--reason", "Half right.")
    assert done.exit_code == 0
    assert done.stdout == ""
    assert "ana, convolution/relu: 1.5 of 2 points by hand." in done.stderr
    for arguments, sentence in (
        (("ann", "convolution", "1"), "or 'ana'?"),
        (("ana", "convolution/rel", "1"), "Is it 'relu'"),
        (("ana", "convolution", "5"), "--beyond"),
        (("ana", "convolution"), "Give POINTS, or --remove. Received: neither"),
        (("ana", "convolution", "1", "--remove"), "Received: both"),
    ):
        refused = run("override", graded, *arguments, "--reason", "Why not.")
        assert refused.exit_code == 2
        assert sentence in refused.stderr
    marks = run("export", graded, "--for", "csv", "--out", "-").stdout
    assert next(csv.DictReader(io.StringIO(marks)))["score"] == "3.5"
    more = run("override", graded, "ana", "convolution", "5", "--reason", "Bonus.", "--beyond")
    assert more.exit_code == 0, more.stderr


def test_export_writes_what_a_spreadsheet_reads(graded: Path, tmp_path: Path) -> None:
    """A file with everybody, in an encoding that spreadsheets recognize; or standard output."""
    out = tmp_path / "marks.csv"
    done = run("export", graded, "--for", "csv", "--out", out)
    assert done.exit_code == 0, done.stderr
    text = out.read_text(encoding="utf-8-sig")
    assert out.read_bytes().startswith(b'\xef\xbb\xbf"student","id","email",')
    rows = {row["student"]: row for row in csv.DictReader(io.StringIO(text))}
    scores = {name: row["score"] for name, row in rows.items()}
    assert scores == {"ana": "4", "bea": "4", "cyn": "0", "dan": "", "gus": ""}
    assert rows["gus"]["status"] == "withdrawn"
    wide = test_cli.run("export", graded, "--for", "csv", "--out", "-", "--wide").stdout
    assert wide.splitlines()[:2] == [
        '"student","id","email","section","group","convolution","total"',
        '"ana","71","","","",4,4',
    ]
    refused = run("export", graded, "--for", "csv", "--out", tmp_path / "no" / "marks.csv")
    assert refused.exit_code == 2


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
