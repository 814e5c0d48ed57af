"""What a teacher may name with --sheet, and what is filled, kept or refused of it."""

from __future__ import annotations

import csv
import io
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from grader.errors import UsageError
from grader.gradebook.exports import blackboard, brightspace, canvas, moodle
from grader.gradebook.exports.filling import Filled, Wanted, filled
from grader.gradebook.exports.platform import Platform
from grader.gradebook.exports.sheet import Sheet
from grader.gradebook.late import Lateness
from grader.gradebook.marks import Override
from grader.gradebook.standings import Person, Standing
from grader.results import Points, Verdict

POINTS = "    Points Possible,,,17"
HEADER = "Student,ID,Section,1 Convolution (4711)"


def standing(
    name: str = "Ana Roe",
    score: Points | None = 12.5,
    lesson: str = "convolution",
    verdict: Verdict = Verdict.FAILED,
    number: str = "",
    most: int = 17,
) -> Standing:
    """What stands for a student."""
    told: dict[str, Any] = {"graded": score, "earned": score, "score": score, "penalty": 0}
    return Standing(
        Person(name, number), lesson, verdict, max_score=most, lateness=Lateness(), **told
    )


def fill(
    text: str | bytes,
    *standings: Standing,
    platform: Platform = canvas,
    name: str = "sheet.csv",
    **wanted: Any,
) -> Filled:
    """A sheet, filled."""
    content = text if isinstance(text, bytes) else text.encode()
    return filled(
        Sheet.of(content, name),
        platform,
        list(standings or [standing()]),
        Wanted(**wanted),
    )


def cells(done: Filled) -> list[list[str]]:
    """The cells of a filled sheet."""
    return list(csv.reader(io.StringIO(done.content.decode("utf-8-sig"), newline="")))


@pytest.mark.parametrize(
    "content",
    [
        b'Student,ID\r\n"Doe, Jane",1\r\n',
        b'\xef\xbb\xbfName;ID\n"a\nb";3,5\n\n;\n',
        'Name\tUsername\n"a ""b"""\tc\r\nd'.encode("utf-16"),
        "Name\tUsername\nÄ\t1\n".encode("utf-16-be"),
        "Name,ID\nJ\xfcrgen,1\n".encode("cp1252"),
        b"sep=;\nName;ID\na;1;;;\nb\n",
        b"Name,ID\ra,1\rb,2",
        "Name,ID\n\ud800,1\n".encode("utf-8", "surrogatepass"),
    ],
)
def test_a_sheet_that_is_only_read_is_the_same_bytes(content: bytes) -> None:
    """In any encoding, with any delimiter, quotes and line ends, ragged rows and empty ones."""
    sheet = Sheet.of(content)
    assert sheet.content() == content
    assert "ID" in sheet.headers or "Username" in sheet.headers


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"PK\x03\x04xlsx", "spreadsheet or document"),
        (b"", "in which there are none"),
        (b"one column\nonly\n", "in which there are none"),
        (b'Name,ID\n"never closed,1\n', "no quote is left open"),
    ],
)
def test_what_is_no_sheet_is_refused(content: bytes, said: str) -> None:
    """A spreadsheet, nothing, one column and an open quote: told in one sentence."""
    with pytest.raises(UsageError, match=said):
        Sheet.of(content)


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    """The reason is the system's own."""
    with pytest.raises(UsageError, match="No such file"):
        Sheet.read(tmp_path / "none.csv")


@pytest.mark.parametrize(
    "title",
    [
        *("1 Convolution (4711)", "convolution (4711)", "Lesson 1: Convolution (4711)"),
        *("01_convolution.ipynb (4711)", "Lab 01 – CONVOLUTION (4711)", "Week 1: convolution"),
    ],
)
def test_a_column_is_found_by_its_lessons_title(title: str) -> None:
    """The lesson's name, title or file, with its number or without, whatever the case."""
    sheet = f"Student,ID,Section,Convolution quiz (9),{title}\nAna Roe,7,A,,\n"
    assert cells(fill(sheet))[1][4] == "12.5"


@pytest.mark.parametrize(
    ("headers", "wanted", "said"),
    [
        ("2 Convolution (1)", {}, "no column for convolution; those with marks are `2 Convolution"),
        ("A (2),Convolution quiz (1)", {}, "--column 'Convolution quiz \\(1\\)=convolution'"),
        ("A (2)", {}, "--column 'HEADER=convolution'"),
        ("Convolution (1),1 Convolution (2)", {}, "2 that may be convolution's: `Convolution \\(1"),
        ("Convolution (1),Convolution (1)", {}, "2 that may be convolution's"),
        ("A (1),A (1)", {"columns": {"A (1)": "convolution"}}, "stands 2 times in the sheet"),
        ("A (1)", {"columns": {"B": "convolution"}}, "Name one of these: `A \\(1\\)`"),
        ("A (1)", {"columns": {"A (1)": "pooling"}}, "Name one of convolution"),
        ("A Final Grade", {"columns": {"A Final Grade": "convolution"}}, "Canvas takes no marks"),
        ("Convolution (1)", {"lesson": "pooling"}, "Received: 'pooling'"),
    ],
)
def test_a_column_that_is_not_certain_is_refused(
    headers: str, wanted: dict[str, Any], said: str
) -> None:
    """Another number, another word, two that fit, none: with what there is, and what to write."""
    with pytest.raises(UsageError, match=said):
        fill(f"Student,ID,Section,{headers}\nAna Roe,7,A\n", **wanted)


def test_a_column_can_be_named() -> None:
    """By its header, or by its title without the platform's number; other lessons by theirs."""
    sheet = "Student,ID,Section,Homework A (1),Pooling (2)\nAna Roe,7,A,,\n"
    both = standing(), standing(score=3, lesson="pooling")
    for header in ("Homework A (1)", "Homework A"):
        done = fill(sheet, *both, columns={header: "convolution"})
        assert cells(done)[1][3:] == ["12.5", "3"]
    done = fill(sheet, *both)
    assert "No column in the sheet, and left out: convolution." in done.said


def test_a_mark_is_scaled_only_when_it_is_asked_for() -> None:
    """Another maximum is refused with both numbers; --scale turns points into the sheet's."""
    sheet = f"{HEADER}\n{POINTS.replace('17', '100')}\nAna Roe,7,A,\n"
    with pytest.raises(UsageError, match=r"100 for `1 Convolution.*, and 17 points of convolution"):
        fill(sheet)
    assert cells(fill(sheet, scale=True))[2][3] == "73.53"
    untold = f"{HEADER}\n{POINTS.replace('17', '0')}\nAna Roe,7,A,\n"
    assert "The sheet tells no maximum" in " ".join(fill(untold).said)
    with pytest.raises(UsageError, match="--scale needs the maximum"):
        fill(untold, scale=True)


def test_canvas_keeps_what_stands_where_there_is_no_mark() -> None:
    """Excused and not assigned stay, and so do scores of whom nobody can say one; all are told."""
    sheet = f"{HEADER}\n{POINTS}\n" + "".join(
        f"{name},{number},A,{cell}\n"
        for number, (name, cell) in enumerate(
            [
                ("Ana Roe", "EX"),
                ("Ben Li", "N/A"),
                ("Cyn Yu", "9.00"),
                ("Dan Oh", "8"),
                ("Eve Su", "12.50"),
            ]
        )
    )
    done = fill(
        sheet,
        standing("Ana Roe"),
        standing("Ben Li"),
        standing("Cyn Yu", None, verdict=Verdict.BROKEN),
        standing("Dan Oh", 0, verdict=Verdict.NOT_HANDED_IN),
        standing("Eve Su"),
    )
    assert done.content == sheet.encode()
    said = "\n".join(done.said)
    for told in ("excused: Ana Roe", "not assigned to them in Canvas: Ben Li"):
        assert told in said
    assert "withheld for a fault of ours" in said
    assert "Cyn Yu (the sheet keeps 9.00)" in said
    assert "not handed in; --zero-missing writes 0: Dan Oh (the sheet keeps 8)" in said
    assert "1 mark in `1 Convolution (4711)`." in said  # 12.50 is 12.5 already


def test_zeros_are_written_when_they_are_asked_for() -> None:
    """With --zero-missing; a mark by hand for what was not handed in counts anyway."""
    sheet = f"{HEADER}\nAna Roe,7,A,\nBen Li,8,A,\n"
    absent = standing("Ana Roe", 0, verdict=Verdict.NOT_HANDED_IN)
    given = Override("", 3, "Sent by mail.", "me", datetime(2026, 2, 3, tzinfo=UTC))
    by_hand = replace(standing("Ben Li", 3, verdict=Verdict.NOT_HANDED_IN), overrides=(given,))
    assert [row[3] for row in cells(fill(sheet, absent, by_hand))[1:]] == ["", "3"]
    done = fill(sheet, absent, by_hand, zero_missing=True)
    assert [row[3] for row in cells(done)[1:]] == ["0", "3"]


def test_what_changes_is_told() -> None:
    """A mark in another one's place, a refused notebook's zero, who is nowhere, who has no mark."""
    sheet = f"{HEADER}\n{POINTS}\nAna Roe,7,A,3\nBen Li,8,A,\nFay Ng,9,A,\n"
    rejected = standing("Ben Li", 0, verdict=Verdict.REJECTED)
    said = "\n".join(fill(sheet, standing(), rejected, standing("Gus Xu")).said)
    assert "Another mark stood there: Ana Roe 3 → 12.5." in said
    assert "0, as it could not be graded (rejected): Ben Li." in said
    assert "Graded, and in no row of the sheet: Gus Xu." in said
    assert "In the sheet, and not in the gradebook: Fay Ng." in said


def test_namesakes_are_never_guessed() -> None:
    """Two rows of one name, and an id that is nobody's or another's: nothing written, all told."""
    two = f'{HEADER}\nAna Roe,7,A,\n"Roe, Ana",8,A,\nBen Li,9,A,\n'
    done = fill(two, standing(), standing("Ben Li"))
    assert [row[3] for row in cells(done)[1:]] == ["", "", "12.5"]
    assert "Ana Roe may be Ana Roe in line 2 or Ana Roe in line 3" in "\n".join(done.said)
    done = fill(two, standing("Ana Roe (8)", number="8"), standing("Ben Li", number="9"))
    assert [row[3] for row in cells(done)[1:]] == ["", "12.5", "12.5"]
    one = f"{HEADER}\nAna Roe,7,A,\nBen Li,9,A,\nCyn Yu,10,A,\n"
    others = standing("Ben Li", number="9"), standing("Cyn Yu", number="10")
    done = fill(one, standing(number="6"), *others)
    assert [row[3] for row in cells(done)[1:]] == ["", "12.5", "12.5"]
    assert "Ana Roe has another id than Ana Roe in line 2" in "\n".join(done.said)
    done = fill(one, standing("Utter Stranger", number="7"), *others)
    assert cells(done)[1][3] == ""
    assert "who has quite another name" in "\n".join(done.said)


def test_canvas_id_in_a_path_tells_whoever_is_called_otherwise() -> None:
    """What Canvas's own download told is trusted, and such a match is named to be looked at."""
    sheet = f"{HEADER}\n王小明,70031,A,\n"
    one = replace(
        standing("wangxiaoming"), path="/in/all.zip/wangxiaoming_70031_556677_01_convolution.ipynb"
    )
    done = fill(sheet, one)
    assert cells(done)[1][3] == "12.5"
    assert "Found by the id, and called otherwise: look at these: wangxiaoming." in done.said


@pytest.mark.parametrize(
    ("platform", "sheet", "said"),
    [
        (canvas, "Name,ID,Section,Convolution\na,1,2,3\n", "begins with the columns `Student`"),
        (canvas, "Student,ID,Convolution (1)\na,1,2\n", "has a column `Section`"),
        (moodle, "Name,Section\na,1\n", "with a column `Identifier`"),
        (moodle, f"{HEADER}\nAna Roe,1,A,\n", "with a column `Identifier`"),
        (moodle, "First Name,Last Name,ID,A |12\nAna,Roe,1,\n", "or a gradebook with `First name`"),
        (moodle, "Identifier,Grade\nParticipant 1,2\n", "has a column `Last modified"),
        (moodle, "Identifier,Grade,Scale,Last modified (grade)\nParticipant 1,,x,-\n", "a scale"),
        (moodle, "Identifier,Mark,Last modified (grade)\nParticipant 1,,-\n", "one column `Grade`"),
        (blackboard, "Username,Convolution\na,1\n", "an id such as `|337483`"),
        (brightspace, "Name,Convolution Points Grade\na,1\n", "begins with `OrgDefinedId`"),
        (brightspace, "Username,Convolution Points Grade\na,1\n", "ends with the column `End-of-"),
        (canvas, f"{HEADER}\nSomebody Else,1,A,\n", "none of the graded students is found"),
    ],
)
def test_another_sheet_is_refused(platform: Platform, sheet: str, said: str) -> None:
    """What the platform would not take back is told, with what it looks like."""
    with pytest.raises(UsageError) as refused:
        fill(sheet, platform=platform)
    assert said in str(refused.value)
    assert "Received: " in str(refused.value)


def test_a_moodle_worksheet_is_of_the_lesson_that_its_name_or_a_person_tells() -> None:
    """One lesson, the file's name, --lesson or --column; else it is asked for."""
    sheet = "Identifier,Full name,Grade,Maximum Grade,Last modified (grade)\n"
    sheet += "Participant 12,Ana Roe,-,17.00,-\n"
    both = standing(), standing(score=3, lesson="pooling", most=17)
    for name, wanted, mark in (
        ("Grades-CNN101-1 Convolution-4711.csv", {}, "12.5"),
        ("Grades-CNN101-Pooling-4711.csv", {}, "3"),
        ("x.csv", {"lesson": "pooling"}, "3"),
        ("x.csv", {"columns": {"Grade": "pooling"}}, "3"),
    ):
        assert cells(fill(sheet, *both, platform=moodle, name=name, **wanted))[1][2] == mark
    with pytest.raises(UsageError, match="does not say of which"):
        fill(sheet, *both, platform=moodle, name="x.csv")


def test_moodle_gets_no_mark_above_the_maximum() -> None:
    """It would be skipped, or end the import; it stays out and is named."""
    sheet = "Identifier,Full name,Grade,Maximum Grade,Last modified (grade)\n"
    sheet += "Participant 12,Ana Roe,-,17.00,-\nParticipant 13,Ben Li,-,17.00,-\n"
    done = fill(sheet, standing(score=18), standing("Ben Li"), platform=moodle)
    assert [row[2] for row in cells(done)[1:]] == ["-", "12.5"]
    assert "more than 17 points, which Moodle refuses: Ana Roe." in "\n".join(done.said)


def test_a_decimal_comma_is_the_sheets_own() -> None:
    """Where numbers of the sheet have one; quoted where it separates cells, too."""
    semicolons = "Student;ID;Section;Convolution (1)\n    Points Possible;;;17,00\nAna Roe;7;A;\n"
    assert b"Ana Roe;7;A;12,5\n" in fill(semicolons).content
    commas = 'Student,ID,Section,Convolution (1)\n    Points Possible,,,"17,00"\nAna Roe,7,A,\n'
    assert b'Ana Roe,7,A,"12,5"\n' in fill(commas).content


def test_nothing_of_a_name_is_ever_written_into_a_sheet() -> None:
    """Only numbers are: a student called as a formula changes nothing beside the mark."""
    evil = "=cmd|'/C calc'!A0"
    sheet = f'{HEADER}\n"{evil}",7,A,\n'
    done = fill(sheet, standing(evil))
    assert done.content == sheet.replace("7,A,\n", "7,A,12.5\n").encode()


def test_canvas_may_tell_first_and_last_names_apart() -> None:
    """The other form of its export, with the names in two columns."""
    sheet = "LastName,FirstName,ID,SIS Login ID,Section,1 Convolution (4711)\n"
    sheet += "    Points Possible,,,,,17\nRoe,Ana,7,aroe,A,\n"
    assert cells(fill(sheet))[2][5] == "12.5"


def test_of_a_team_each_has_their_own_row() -> None:
    """Both have the path of the one who handed in; the id in it is that one's alone."""
    sheet = f"{HEADER}\nAna Roe,70031,A,\nBen Li,70032,A,\n"
    path, team = "all.zip/roeana_70031_90001_x.ipynb", ("Ana Roe", "Ben Li")
    ana = replace(standing(), person=Person("Ana Roe", "70031", group=team), path=path)
    ben = replace(standing(score=9), person=Person("Ben Li", group=team), path=path)
    assert [row[3] for row in cells(fill(sheet, ana, ben))[1:]] == ["12.5", "9"]


@pytest.mark.parametrize(
    "sheet",
    [
        "ID,氏名,評点,最大評点,最終更新日時 (評定)\n参加者 12,Ana Roe,-,17.00,-\n",
        (
            "Identifiant,Nom complet,Note,Note maximale,Dernière modification (note)\n"
            "Participant 12,Ana Roe,-,17.00,-\n"
        ),
        (
            "Identyfikator,Imię i nazwisko,Ocena,Maksymalna ocena,Ostatnia modyfikacja (ocena)\n"
            "Uczestnik 12,Ana Roe,-,17.00,-\n"
        ),
    ],
)
def test_a_moodle_worksheet_is_known_in_other_languages(sheet: str) -> None:
    """Its columns are called as Moodle's translations call them."""
    assert cells(fill(sheet, platform=moodle))[1][2] == "12.5"
    with pytest.raises(UsageError, match=r"17 for .*, and 20 points"):
        fill(sheet, standing(most=20), platform=moodle)


def test_text_that_a_sheet_says_is_shown_harmlessly(capsys: pytest.CaptureFixture[str]) -> None:
    """Names and headers of a sheet with controls in them come out as escapes, and bounded."""
    from grader.cli.app import say

    sheet = f"{HEADER}\n\x1b[31mEvil\x07,7,A,\nAna Roe,8,A,\n" + f"{'x' * 100_000},9,A,\nZoe,9,,\n"
    for line in fill(sheet).said:
        say(line)
    said = capsys.readouterr().err
    assert "\x1b" not in said
    assert "\\x1b[31mEvil" in said
    assert ", Zoe." in said
    assert len(said) < 1_000
