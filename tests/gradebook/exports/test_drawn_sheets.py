"""A thousand drawn classes: sheets are filled, go through the importers, and nobody is mistaken."""

from __future__ import annotations

import contextlib
import os
import random
from collections.abc import Callable
from dataclasses import dataclass, replace

import pytest

from grader.errors import UsageError
from grader.gradebook.exports import blackboard, brightspace, canvas, moodle
from grader.gradebook.exports.filling import Filled, Wanted, filled
from grader.gradebook.exports.platform import Platform
from grader.gradebook.exports.sheet import Sheet
from grader.report.text import visible
from grader.results import Verdict
from tests.gradebook.exports import importers
from tests.gradebook.exports.cells import decoded, written
from tests.gradebook.exports.drawn import TITLES, Class, Drawn, Form, drawn_class, make_certain

_SEED = int(os.environ.get("MARKS_SEED", "20260301"))
_ROUNDS = 200  # of each of five sheets


@dataclass(frozen=True)
class Made:
    """A sheet of a drawn class, and how to give it back to its platform."""

    of: Class
    platform: Platform
    form: Form
    rows: list[list[str]]
    columns: dict[str, int]
    students: dict[int, Drawn]
    back: Callable[[bytes], importers.Marks]
    ids: dict[str, str]
    comma: bool = False
    one_lesson: bool = False


def _number(value: float, *, comma: bool) -> str:
    text = f"{value:.2f}"
    return text.replace(".", ",") if comma else text


def _before(of: Class, one: Drawn, lesson: str, own: str, *, comma: bool) -> str:
    """What stands in a cell already, as the platform has it."""
    if of.rng.random() < 0.7:
        return ""
    value = _number(round(of.rng.random() * of.maxima[lesson], 2), comma=comma)
    of.before[one.known.id, own] = value.replace(",", ".")
    return value


def _form(of: Class, delimiter: str = ",") -> Form:
    encoding = of.rng.choice(("utf-8", "utf-8-sig"))
    return Form(delimiter, encoding, of.rng.choice(("\n", "\r\n")), of.rng.random() < 0.3)


def _in_sheet(of: Class) -> list[Drawn]:
    there = [one for one in of.students if one.in_sheet]
    of.rng.shuffle(there)
    return there


def _titles(of: Class) -> dict[str, str]:
    return {lesson: of.rng.choice(TITLES[lesson]) for lesson in of.lessons}


def canvas_sheet(rng: random.Random) -> Made:
    """The gradebook's export of Canvas, with what else may stand in it."""
    of = drawn_class(rng, "canvas")
    for one in of.students:  # Canvas looks at the lines of a file before it reads cells
        one.known = replace(one.known, name=" ".join(one.known.name.split()))
    delimiter = rng.choice(",;")
    comma = delimiter == ";"
    ids = {lesson: str(4711 + number) for number, lesson in enumerate(of.lessons)}
    titles = _titles(of)
    sis = rng.random() < 0.8
    make_certain(of.students, {"path", "id"} | ({"sis", "bare", "login"} if sis else set()))
    for one in of.students:  # where most have Canvas's ids, another id speaks against a name
        one.certain = one.certain and (sis or one.way not in ("sis", "bare"))
    people = ["Student", "ID", *(["SIS User ID", "SIS Login ID"] if sis else []), "Section"]
    others = {"99": "Convolution quiz", "98": 'Attendance, with "quotes"'}
    marked = [f"{titles[lesson]} ({ids[lesson]})" for lesson in of.lessons]
    header = [
        *people,
        'Attendance, with "quotes" (98)',
        *marked,
        "Convolution quiz (99)",
        "Final Grade",
    ]
    blank = [""] * (len(people) - 1)
    maxima = [_number(of.maxima[lesson], comma=comma) for lesson in of.lessons]
    rows = [header]
    if rng.random() < 0.5:
        rows.append(["", *blank, "", *(["Manual Posting"] * len(marked)), "", ""])
    rows.append(["    Points Possible", *blank, "10", *maxima, "5", "(read only)"])
    students: dict[int, Drawn] = {}
    for one in _in_sheet(of):
        students[len(rows)] = one
        own = [one.known.sis, one.known.login] if sis else []
        cells = [_before(of, one, lesson, ids[lesson], comma=comma) for lesson in of.lessons]
        cells = [cell or rng.choice(("", "", "", "EX", "N/A")) for cell in cells]
        of.before |= {
            (one.known.id, ids[lesson]): cell
            for lesson, cell in zip(of.lessons, cells, strict=True)
            if cell in ("EX", "N/A")
        }
        rows.append(
            [one.known.name, one.known.id, *own, "A", "", *cells, "", "87,5" if comma else "87.5"]
        )
    rows.append(
        ["Student, Test", "1", *(["", ""] if sis else []), "", "", *[""] * len(marked), "", ""]
    )
    known = [one.known for one in of.students] + [importers.Known("1", "Student, Test")]
    titles_by_id = {ids[lesson]: titles[lesson] for lesson in of.lessons} | others

    def back(content: bytes) -> importers.Marks:
        return importers.canvas(content, known, titles_by_id, of.before)

    columns = {lesson: len(people) + 1 + n for n, lesson in enumerate(of.lessons)}
    return Made(of, canvas, _form(of, delimiter), rows, columns, students, back, ids, comma)


def moodle_worksheet(rng: random.Random) -> Made:
    """An assignment's worksheet of Moodle, in English or German, with names or blind."""
    of = drawn_class(rng, "moodle", lessons=1)
    [lesson] = of.lessons
    german, blind = rng.random() < 0.5, rng.random() < 0.3
    words = {"id": "Identifier", "grade": "Grade", "modified": "Last modified (grade)"}
    words |= {"participant": "Participant ", "decimal": "."}
    names, rest = ["Full name", "Email address"], ["Maximum Grade", "Grade can be changed"]
    if german:
        words = {"id": "ID", "grade": "Bewertung", "modified": "Zuletzt geändert (Bewertung)"}
        words |= {"participant": "Teilnehmer/in", "decimal": ","}
        names = ["Vollständiger Name", "E-Mail-Adresse"]
        rest = ["Bestwertung", "Bewertung kann geändert werden"]
    names = [] if blind else names
    after = ["Yes", "Tuesday, 3 March 2026, 10:11 AM", 'Well, "done"\nso far']
    make_certain(of.students, {"path"} if blind else {"path", "email"}, names=not blind)
    header = [
        words["id"],
        *names,
        "Status",
        words["grade"],
        *rest,
        words["modified"],
        "Feedback comments",
    ]
    rows, students = [header], {}
    for one in _in_sheet(of):
        students[len(rows)] = one
        told = [] if blind else [f"{one.first} {one.last}", one.known.email]
        cell = _before(of, one, lesson, "", comma=german) or rng.choice(("", "-"))
        highest = _number(of.maxima[lesson], comma=german)
        rows.append(
            [f"{words['participant']}{one.participant}", *told, "Sent, late", cell, highest, *after]
        )
    participants = {one.participant: one.known.id for one in of.students}

    def back(content: bytes) -> importers.Marks:
        return importers.moodle_worksheet(content, participants, of.maxima[lesson], words)

    columns = {lesson: len(names) + 2}
    return Made(of, moodle, _form(of), rows, columns, students, back, {lesson: ""}, german, True)


def moodle_gradebook(rng: random.Random) -> Made:
    """The export of a course's gradebook, with two columns of one name beside the marks."""
    of = drawn_class(rng, "moodle")
    make_certain(of.students, {"email"})
    titles = _titles(of)
    marked = [f"Assignment: {titles[lesson]} (Real)" for lesson in of.lessons]
    header = [
        "First name",
        "Surname",
        "ID number",
        "Email address",
        "Quiz: a (Real)",
        "Quiz: a (Real)",
    ]
    header += [*marked, "Course total (Real)", "Last downloaded from this course"]
    rows, students = [header], {}
    for one in _in_sheet(of):
        students[len(rows)] = one
        cells = [_before(of, one, lesson, lesson, comma=False) or "-" for lesson in of.lessons]
        rows.append(
            [one.first, one.last, "", one.known.email, "1.00", "-", *cells, "50.00", "1770000000"]
        )
    mapped = dict(zip(marked, of.lessons, strict=True))
    maxima = {lesson: float(of.maxima[lesson]) for lesson in of.lessons}
    known = [one.known for one in of.students]

    def back(content: bytes) -> importers.Marks:
        return importers.moodle_gradebook(content, known, "Email address", mapped, maxima)

    columns = {lesson: 6 + number for number, lesson in enumerate(of.lessons)}
    ids = {lesson: lesson for lesson in of.lessons}
    return Made(of, moodle, _form(of), rows, columns, students, back, ids)


def blackboard_sheet(rng: random.Random) -> Made:
    """The gradebook's download of Blackboard: tabs in UTF-16, or commas."""
    of = drawn_class(rng, "blackboard")
    make_certain(of.students, {"login", "sis", "bare"})
    ids = {lesson: str(337_483 + number) for number, lesson in enumerate(of.lessons)}
    titles = _titles(of)
    marked = [
        f"{titles[lesson]} [Total Pts: {of.maxima[lesson]} Score] |{ids[lesson]}"
        for lesson in of.lessons
    ]
    header = ["Last Name", "First Name", "Username", "Student ID", "Last Access", "Availability"]
    header += ["Weighted Total [Total Pts: up to 100 Percentage] |12", *marked]
    rows, students = [header], {}
    for one in _in_sheet(of):
        students[len(rows)] = one
        cells = [_before(of, one, lesson, ids[lesson], comma=False) for lesson in of.lessons]
        cells = [cell or rng.choice(("", "Needs Grading")) for cell in cells]
        rows.append(
            [
                one.last,
                one.first,
                one.known.login,
                one.known.sis,
                "2026-02-03",
                "Yes",
                "55.5",
                *cells,
            ]
        )
    form = Form("\t", "utf-16", "\n", True) if rng.random() < 0.7 else _form(of)
    known, own = [one.known for one in of.students], {ids[lesson]: lesson for lesson in of.lessons}

    def back(content: bytes) -> importers.Marks:
        return importers.blackboard(content, known, own)

    columns = {lesson: 7 + number for number, lesson in enumerate(of.lessons)}
    return Made(of, blackboard, form, rows, columns, students, back, ids)


def brightspace_sheet(rng: random.Random) -> Made:
    """The grades' export of Brightspace, with its sign at the end of each line."""
    of = drawn_class(rng, "brightspace")
    make_certain(of.students, {"login", "sis", "bare", "email"})
    titles = _titles(of)
    marked = [
        f"{titles[lesson]} Points Grade <Numeric MaxPoints:{of.maxima[lesson]} Weight:10>"
        for lesson in of.lessons
    ]
    header = ["OrgDefinedId", "Username", "Last Name", "First Name", "Email", *marked]
    header += ["Calculated Final Grade Numerator", "End-of-Line Indicator"]
    rows, students = [header], {}
    for one in _in_sheet(of):
        students[len(rows)] = one
        cells = [_before(of, one, lesson, titles[lesson], comma=False) for lesson in of.lessons]
        own = [f"#{one.known.sis}", f"#{one.known.login}"]
        rows.append([*own, one.last, one.first, one.known.email, *cells, "0", "#"])
    items = {titles[lesson]: float(of.maxima[lesson]) for lesson in of.lessons}
    known = [one.known for one in of.students]

    def back(content: bytes) -> importers.Marks:
        return importers.brightspace(content, known, items)

    columns = {lesson: 5 + number for number, lesson in enumerate(of.lessons)}
    return Made(of, brightspace, _form(of), rows, columns, students, back, titles)


_SHEETS = [canvas_sheet, moodle_worksheet, moodle_gradebook, blackboard_sheet, brightspace_sheet]


@pytest.mark.parametrize("sheet", _SHEETS, ids=lambda sheet: sheet.__name__)
def test_right_rows_get_their_marks_and_nothing_else_changes(
    sheet: Callable[[random.Random], Made],
) -> None:
    """Through 200 drawn sheets of each kind, the importer sets each student's own marks only."""
    print(f"MARKS_SEED={_SEED}")  # noqa: T201 - pytest shows it where a round fails
    wrote = 0
    for number in range(_ROUNDS):
        rng = random.Random(f"{_SEED} {sheet.__name__} {number}")
        made = sheet(rng)
        content = made.form.content(made.rows)
        wanted = Wanted(
            lesson=made.of.lessons[0] if made.one_lesson else None,
            zero_missing=rng.random() < 0.5,
        )
        print(number, content, [one.person for one in made.of.students])  # noqa: T201
        if not made.of.standings:
            continue
        if not _has_somebody(made):
            with contextlib.suppress(UsageError):  # a namesake may still be found
                filled(Sheet.of(content), made.platform, made.of.standings, wanted)
            continue
        done = filled(Sheet.of(content), made.platform, made.of.standings, wanted)
        wrote += done.written
        _check_marks(made, content, done, wanted)
        _check_bytes(made, content, done.content)
    assert wrote > 2 * _ROUNDS


def _has_somebody(made: Made) -> bool:
    """Whether somebody was graded whose row must be found."""
    graded = {standing.person.name for standing in made.of.standings}
    there = (one for one in made.students.values() if one.certain and one.person)
    return any(one.person is not None and one.person.name in graded for one in there)


def _expected(made: Made, one: Drawn, lesson: str, wanted: Wanted) -> float | None:
    """The mark that a student must get; None where none is written."""
    assert one.person is not None
    standing = made.of.mark(one.person.name, lesson)
    if standing is None:
        return 0.0 if wanted.zero_missing else None
    if standing.score is None:
        return None
    if standing.verdict is Verdict.NOT_HANDED_IN:
        return 0.0 if wanted.zero_missing else None
    if made.platform.REFUSES_MORE and standing.score > made.of.maxima[lesson]:
        return None
    return float(standing.score)


def _check_marks(made: Made, content: bytes, done: Filled, wanted: Wanted) -> None:
    """The importer sets what it did before, and the marks of those whose row is certain."""
    try:
        before = made.back(content)
    except importers.Refused as refused:  # the sheet's own fault, such as a mark that is too high
        raise AssertionError(content) from refused
    after = made.back(done.content)
    there = {one.known.id: one for one in made.students.values()}
    said = "\n".join(done.said)
    changed = {key: value for key, value in after.items() if before.get(key) != value}
    for (student, own), value in changed.items():
        lesson = next(name for name, number in made.ids.items() if number == own)
        one = there[student]
        assert one.person is not None, "a mark for somebody who was not graded"
        expected = _expected(made, one, lesson, wanted)
        assert expected is not None
        capped = (
            expected if made.platform is not brightspace else min(expected, made.of.maxima[lesson])
        )
        assert float(value) == pytest.approx(capped, abs=0.001)
    for one in made.students.values():
        if one.person is None:
            assert "In the sheet, and not in the gradebook" in said
            continue
        graded = {standing.lesson for standing in made.of.standings}
        for lesson, own in made.ids.items():
            if lesson not in graded:
                continue
            expected = _expected(made, one, lesson, wanted) if one.certain else None
            left = made.of.before.get((one.known.id, own), "") in ("EX", "N/A")
            if expected is None or left:
                assert visible(one.person.name) in said or not one.certain
                continue
            stands = float(made.of.before.get((one.known.id, own)) or "nan")
            if made.platform is brightspace:
                expected = min(expected, made.of.maxima[lesson])
            key = one.known.id, own
            assert key in after or stands == pytest.approx(expected), (one, lesson)
            assert float(after.get(key, stands)) == pytest.approx(expected, abs=0.001)
    for one in made.of.students:
        if (
            one.person is not None
            and not one.in_sheet
            and made.of.mark(one.person.name, made.of.lessons[0])
        ):
            assert visible(one.person.name) in said


def _check_bytes(made: Made, content: bytes, after: bytes) -> None:
    """Cell for cell, quotes and line ends included, all is as it was but for the marks."""
    assert after[:3] == content[:3]
    old = written(decoded(content), made.form.delimiter)
    new = written(decoded(after), made.form.delimiter)
    assert len(old) == len(new)
    for number, (row, other) in enumerate(zip(old, new, strict=True)):
        assert len(row) == len(other)
        for column, (cell, now) in enumerate(zip(row, other, strict=True)):
            if cell != now:
                assert column in made.columns.values()
                assert number in made.students
                assert cell.startswith('"') <= now.startswith('"')
                ended = "\r\n" if cell.endswith("\r\n") else "\n" if cell.endswith("\n") else ""
                assert now.endswith(ended)
                text = now.removesuffix(ended).strip('"')
                assert ("." not in text) if made.comma and "," in text else ("," not in text)
