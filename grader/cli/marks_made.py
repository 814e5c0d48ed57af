"""What `grader export` writes: a platform's sheet with marks in it, or a file of its own."""

from __future__ import annotations

from pathlib import Path

from grader.cli.app import say
from grader.errors import UsageError
from grader.gradebook import Standing
from grader.gradebook.exports import blackboard, brightspace, canvas, moodle
from grader.gradebook.exports.as_json import to_json
from grader.gradebook.exports.filling import Wanted, filled, lessons_in
from grader.gradebook.exports.nbgrader import to_nbgrader
from grader.gradebook.exports.platform import Platform
from grader.gradebook.exports.sheet import Sheet
from grader.gradebook.marks_file import of_those_there, to_csv
from grader.report.text import visible
from grader.report.words import counted

_PLATFORMS: dict[str, Platform] = {
    "canvas": canvas,
    "moodle": moodle,
    "blackboard": blackboard,
    "brightspace": brightspace,
}
_UTF8_WITH_MARK = "utf-8-sig"  # by which spreadsheets know it


def sheet_with_marks(
    platform: str, source: Path, standings: list[Standing], folder: Path, wanted: Wanted
) -> bytes:
    """The sheet with the marks in it; what is to be known of it is said."""
    _refuse_nobody(standings, folder)
    done = filled(Sheet.read(source), _PLATFORMS[platform], standings, wanted)
    for line in done.said:
        say(line)
    return done.content


def table_of_marks(
    standings: list[Standing], *, wide: bool, exercises: bool, is_file: bool
) -> bytes:
    """The marks as CSV; in a file, a mark at its beginning tells the encoding."""
    text = to_csv(standings, wide=wide, exercises=exercises)
    return text.encode(_UTF8_WITH_MARK if is_file else "utf-8")


def workbook_of_marks(standings: list[Standing], *, exercises: bool) -> bytes:
    """The marks as a spreadsheet of Excel."""
    from grader.gradebook.exports.workbook import to_xlsx

    return to_xlsx(standings, exercises=exercises)


def json_of_marks(standings: list[Standing]) -> bytes:
    """The marks as JSON."""
    return to_json(standings).encode()


def nbgrader_of_marks(standings: list[Standing], *, zero_missing: bool) -> bytes:
    """The marks as nbgrader writes them; who has none is said."""
    text, said = to_nbgrader(standings, zero_missing=zero_missing)
    for line in said:
        say(line)
    return text.encode()


def those_exported(
    standings: list[Standing], folder: Path, lesson: str | None, *, withdrawn: bool
) -> list[Standing]:
    """The standings that go into a marks file; UsageError where there are none."""
    _refuse_nobody(standings, folder)
    lessons = lessons_in(standings, lesson)
    standings = [one for one in standings if one.lesson in lessons]
    there = standings if withdrawn else of_those_there(standings)
    left_out = {one.person.name for one in standings} - {one.person.name for one in there}
    if not there:
        raise UsageError(
            f"A marks file has the marks of what is handed in. Received: "
            f"{visible(str(folder))}, in which everything was withdrawn. Add --withdrawn to have "
            f"it."
        )
    if left_out:
        say(
            f"Left out: {counted(len(left_out), 'student')} of whom nothing is handed in any more; "
            f"--withdrawn has them."
        )
    return there


def _refuse_nobody(standings: list[Standing], folder: Path) -> None:
    if not standings:
        raise UsageError(
            f"A marks file has the marks of those who were graded. Received: "
            f"{visible(str(folder))}, in which nobody is graded yet. Run `grader grade` first."
        )
