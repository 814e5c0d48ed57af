"""Marks in files of their own: JSON, Excel's, nbgrader's; and what hostile text does in them."""

from __future__ import annotations

import csv
import io
import json
import zipfile

import pytest
from openpyxl import load_workbook

from grader.gradebook.exports.as_json import to_json
from grader.gradebook.exports.nbgrader import to_nbgrader
from grader.gradebook.exports.workbook import to_xlsx
from grader.gradebook.late import Lateness
from grader.gradebook.marks_file import to_csv
from grader.gradebook.standings import ExercisePoints, Person, Standing
from grader.results import Points, Verdict

HOSTILE = (
    "=cmd|'/C calc'!A0",
    "@SUM(1+1)*cmd",
    "<script>alert(1)</script>",
    "\x1b[31mred\x00\x07",
    "\ud800 alone",
    "\u202eesrever",
    "]]>&amp;\ufffe",
    "x" * 1_000_000,
    "a\r\n=1+1",
)


def standing(
    name: str = "Ana Roe",
    score: Points | None = 12.5,
    verdict: Verdict = Verdict.FAILED,
    message: str = "",
    penalty: Points = 0,
    number: str = "",
) -> Standing:
    """What stands for a student in the lesson `convolution`."""
    earned = None if score is None else score + penalty
    return Standing(
        person=Person(name, number, "ana@example.org", "A", ("Ana Roe", "Ben Li")),
        lesson="convolution",
        verdict=verdict,
        graded=earned,
        earned=earned,
        penalty=penalty,
        score=score,
        max_score=17,
        lateness=Lateness(1 if penalty else 0),
        handed_in="2026-02-03T10:11:00+01:00",
        due="2026-02-02",
        message=message,
        exercises=(ExercisePoints("relu", 2, 2, 2, by_hand=False),),
    )


def test_json_has_every_number_of_a_mark() -> None:
    """Points, penalty, mark and maximum; null where a mark is withheld, never 0."""
    late, broken = standing(penalty=1.7), standing("Ben Li", None, Verdict.BROKEN)
    first, second = json.loads(to_json([late, broken]))
    assert (first["points"], first["penalty"], first["score"]) == (14.2, 1.7, 12.5)
    assert (first["max_score"], first["late_steps"], first["group"]) == (
        17,
        1,
        ["Ana Roe", "Ben Li"],
    )
    assert first["exercises"] == [{"exercise": "relu", "points": 2, "max_score": 2}]
    assert (second["score"], second["status"]) == (None, "broken")


def test_nbgraders_columns_are_filled() -> None:
    """As `nbgrader export` has them; who has no mark is blank, and told."""
    broken = standing("Ben Li", None, Verdict.BROKEN)
    absent = standing("Cyn van Yu", 0, Verdict.NOT_HANDED_IN)
    text, said = to_nbgrader(
        [standing(penalty=1.7, number="71"), broken, absent], zero_missing=False
    )
    first, second, third = csv.DictReader(io.StringIO(text, newline=""))
    columns = "assignment duedate timestamp student_id last_name first_name email raw_score"
    assert list(first) == [*columns.split(), "late_submission_penalty", "score", "max_score"]
    assert (first["student_id"], first["last_name"], first["first_name"]) == ("71", "Roe", "Ana")
    told = (first["raw_score"], first["late_submission_penalty"], first["score"])
    assert told == ("14.2", "1.7", "12.5")
    assert (second["score"], third["score"], third["last_name"]) == ("", "", "Cyn van Yu")
    assert len(said) == 2
    zeros, _ = to_nbgrader([absent], zero_missing=True)
    assert next(csv.DictReader(io.StringIO(zeros, newline="")))["score"] == "0"


def test_a_workbook_opens_with_numbers_and_texts() -> None:
    """Two sheets, numbers as numbers, an empty cell for what is withheld, columns of exercises."""
    content = to_xlsx([standing(), standing("Ben Li", None, Verdict.BROKEN)], exercises=True)
    book = load_workbook(io.BytesIO(content))
    assert book.sheetnames == ["Marks", "Details"]
    rows = list(book["Marks"].values)
    assert rows[0][:6] == ("student", "id", "email", "section", "group", "convolution")
    assert rows[1][5] == 12.5
    assert rows[2][5] is None
    assert "convolution/relu" in rows[0]
    assert book["Details"].freeze_panes == "B2"


@pytest.mark.parametrize("evil", HOSTILE, ids=[ascii(text[:12]) for text in HOSTILE])
def test_hostile_text_does_nothing_in_any_file(evil: str) -> None:
    """Formulas are texts, controls and lone surrogates are escapes, and a megabyte is cut."""
    marks = [standing(evil, message=evil)]
    for text in (
        to_csv(marks),
        to_csv(marks, wide=True),
        to_nbgrader(marks, zero_missing=False)[0],
    ):
        for row in csv.reader(io.StringIO(text, newline="")):
            for cell in row:
                assert not cell.startswith(("=", "+", "-", "@"))
                assert len(cell) < 32_767
                assert all(sign.isprintable() or sign == "\t" for sign in cell)
        text.encode()
    document = to_json(marks)
    assert len(document.encode()) < 100_000
    assert len(json.loads(document)) == 1
    content = to_xlsx(marks)
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert not any("<f>" in archive.read(name).decode() for name in archive.namelist())
    book = load_workbook(io.BytesIO(content))
    assert {cell.data_type for sheet in book for row in sheet.rows for cell in row} <= {"s", "n"}
