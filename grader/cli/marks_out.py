"""Commands that hand on: marks to a platform or a file, pages to students."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from grader.cli.app import NOT_GRADED, app, say, told_in_one_sentence
from grader.cli.options import Folder, GradebookUrl, Late
from grader.cli.places import at_once, opened, refuse_no_place

if TYPE_CHECKING:
    from collections.abc import Sequence

    from grader.gradebook import Gradebook
    from grader.gradebook.exports.handing_back import Page


class Reader(StrEnum):
    """What reads the marks."""

    CSV = "csv"
    JSON = "json"
    XLSX = "xlsx"
    NBGRADER = "nbgrader"
    CANVAS = "canvas"
    MOODLE = "moodle"
    BLACKBOARD = "blackboard"
    BRIGHTSPACE = "brightspace"


class PagesReader(StrEnum):
    """What takes the pages."""

    PLAIN = "plain"
    CANVAS = "canvas"
    MOODLE = "moodle"


_SHEETS = {  # where each platform's sheet comes from, and goes
    Reader.CANVAS: "Canvas: Grades, Export; and to take it back, Import",
    Reader.MOODLE: "Moodle: the assignment's Submissions, Download grading worksheet; and to take "
    "it back, Upload grading worksheet",
    Reader.BLACKBOARD: "Blackboard: Gradebook, Download Grades; and to take it back, Upload Grades",
    Reader.BRIGHTSPACE: "Brightspace: Grades, Enter Grades, Export, with Points grade; and to take "
    "it back, Import",
}
_TAKERS = {
    PagesReader.CANVAS: "Canvas: the assignment, Upload Submissions. Students see each page under "
    "the name of the file that they handed in; it opens in a browser when its name ends in .html",
    PagesReader.MOODLE: "Moodle: the assignment, Upload multiple feedback files in a zip",
}
_FOR = {  # which options a format has beyond those of all
    "--wide": (Reader.CSV,),
    "--exercises": (Reader.CSV, Reader.JSON, Reader.XLSX),
    "--withdrawn": (Reader.CSV, Reader.JSON, Reader.XLSX, Reader.NBGRADER),
    "--zero-missing": (*_SHEETS, Reader.NBGRADER),
    "--sheet": tuple(_SHEETS),
    "--column": tuple(_SHEETS),
    "--scale": tuple(_SHEETS),
}

OnlyLesson = Annotated[str | None, typer.Option("--lesson", help="Of this lesson only.")]


@app.command()
def export(
    folder: Folder,
    out: Annotated[Path, typer.Option(help="The file to write, or - for standard output.")],
    what: Annotated[Reader, typer.Option("--for", help="What reads the marks.")] = Reader.CSV,
    sheet: Annotated[
        Path | None,
        typer.Option(help="The sheet that the platform exported; it stays, and OUT is filled."),
    ] = None,
    lesson: OnlyLesson = None,
    column: Annotated[
        list[str] | None,
        typer.Option(
            metavar="HEADER=LESSON",
            help="Which column of the sheet is which lesson, where titles do not tell; more than "
            "once for several.",
        ),
    ] = None,
    scale: Annotated[
        bool,
        typer.Option("--scale", help="Where the sheet counts to another maximum, convert points."),
    ] = False,
    zero_missing: Annotated[
        bool, typer.Option("--zero-missing", help="Write 0 for what was not handed in.")
    ] = False,
    wide: Annotated[
        bool, typer.Option("--wide", help="A row a student, two columns a lesson: mark, maximum.")
    ] = False,
    exercises: Annotated[
        bool, typer.Option("--exercises", help="A column for the points of each exercise, too.")
    ] = False,
    withdrawn: Annotated[
        bool,
        typer.Option("--withdrawn", help="Students, too, of whom nothing is handed in any more."),
    ] = False,
    late: Late = None,
    gradebook: GradebookUrl = None,
) -> None:
    """Write the marks to a file, or into a platform's own sheet.

    Canvas, Moodle, Blackboard and Brightspace: export the grades there, name that file with
    --sheet, and import OUT. Only marks are written, all else in the sheet stays as it is. Students
    are found by id, login or email, then by name, and never guessed; a column is found by its
    title, such as `1 Convolution`. Whoever has no mark (not handed in, withheld for a fault of
    ours, withdrawn) is listed, and their cell is left as it is.

    csv, xlsx, json, nbgrader: a row is one student's lesson: `points` as graded or given by hand,
    `penalty` for being late, `score` the mark. It is empty where it is withheld for a fault of
    ours, and where a hand-in was withdrawn. `status` is what became of what was graded. A text
    that a spreadsheet would compute begins with an apostrophe.

    Example: grader export graded --for canvas --sheet Grades-CNN101.csv --out upload.csv

    Example: grader export graded --for moodle --sheet Grades.csv --lesson pooling --out upload.csv

    Example: grader export graded --out marks.csv --wide
    """
    given = {
        "--wide": wide,
        "--exercises": exercises,
        "--withdrawn": withdrawn,
        "--zero-missing": zero_missing,
        "--sheet": sheet is not None,
        "--column": bool(column),
        "--scale": scale,
    }
    with told_in_one_sentence():
        _refuse_unused(what, [option for option, is_given in given.items() if is_given])
        refuse_no_place(out)
        if what is Reader.XLSX:
            _refuse_standard_output(out, "A spreadsheet")
        source = _sheet(what, sheet, out) if what in _SHEETS else None

        from grader.cli import marks_made
        from grader.gradebook.exports.filling import Wanted
        from grader.gradebook.exports.items import named

        wanted = Wanted(lesson, named(column or []), scale, zero_missing)
        with opened(folder, gradebook, late) as book:
            standings = book.current(exercises=exercises)
        if source is None:
            standings = marks_made.those_exported(standings, folder, lesson, withdrawn=withdrawn)
        if source is not None:
            content = marks_made.sheet_with_marks(what, source, standings, folder, wanted)
        elif what is Reader.XLSX:
            content = marks_made.workbook_of_marks(standings, exercises=exercises)
        elif what is Reader.JSON:
            content = marks_made.json_of_marks(standings)
        elif what is Reader.NBGRADER:
            content = marks_made.nbgrader_of_marks(standings, zero_missing=zero_missing)
        else:
            content = marks_made.table_of_marks(
                standings, wide=wide, exercises=exercises, is_file=str(out) != "-"
            )
        with at_once(out) as file:
            file.write(content)
        if str(out) != "-":
            say(f"Marks: {out}")


@app.command()
def feedback(
    folder: Folder,
    out: Annotated[Path, typer.Option(help="The archive to write, such as feedback.zip.")],
    what: Annotated[
        PagesReader, typer.Option("--for", help="What takes it; plain is a folder a student.")
    ] = PagesReader.PLAIN,
    lesson: OnlyLesson = None,
    gradebook: GradebookUrl = None,
) -> None:
    """Write the students' pages as an archive to hand back.

    A page is one student's lesson: what holds and what does not, and their notebook with it. It is
    one HTML file, and has nothing of anybody else.

    Canvas and Moodle take the pages of one assignment, and find students by the ids in the names
    of the files that they once handed out. So grade what "Download Submissions" (Canvas) or
    "Download all submissions" (Moodle) gave you, as it is. Whoever is left out is listed.

    Example: grader feedback graded --for moodle --lesson convolution --out feedback.zip
    """
    with told_in_one_sentence():
        from grader.gradebook.exports.handing_back import Recipient, going_back, write_archive

        refuse_no_place(out)
        _refuse_standard_output(out, "An archive")
        with opened(folder, gradebook) as book:
            back = going_back(book.results(), Recipient(what.value), lesson)
            for line in back.said:
                say(line)
            with at_once(out) as file:
                wrong = write_archive(file, back, _pages(folder, book))
                for student, why in wrong.items():
                    say(f"The page of {student} could not be made, a fault of ours: {why}.")
                if len(wrong) == len(back.pages):  # an empty archive takes no other one's place
                    raise typer.Exit(NOT_GRADED)
        say(f"Feedback: {out}, {len(back.pages) - len(wrong)} of {len(back.pages)} pages.")
        if what in _TAKERS:
            say(f"To hand it back in {_TAKERS[what]}.")
    if wrong:
        raise typer.Exit(NOT_GRADED)


def _pages(folder: Path, book: Gradebook) -> Page:
    """What makes a student's page of a lesson."""
    from grader.pages.lesson_page import self_contained
    from grader.pages.material import Material

    material = Material.of(folder, book)
    return lambda student, lesson: self_contained(material, student, lesson)


def _refuse_unused(what: Reader, given: Sequence[str]) -> None:
    from grader.errors import UsageError

    for option in given:
        if what not in _FOR[option]:
            raise UsageError(
                f"{option} is for {', '.join(_FOR[option])}. Received: --for {what}. Leave one of "
                f"them out."
            )


def _sheet(what: Reader, sheet: Path | None, out: Path) -> Path:
    """The sheet to be filled; UsageError where none is named, or the same as is to be written."""
    from grader.errors import UsageError
    from grader.report.text import visible

    if sheet is None:
        raise UsageError(
            f"The platform's own sheet is filled. Received: no --sheet. It comes from "
            f"{_SHEETS[what]}. Name it with --sheet."
        )
    if out.exists() and sheet.exists() and out.samefile(sheet):
        raise UsageError(
            f"The sheet stays as it is, and --out is another file. Received: {visible(str(out))} "
            f"for both. Name another one with --out."
        )
    return sheet


def _refuse_standard_output(out: Path, what: str) -> None:
    from grader.errors import UsageError

    if str(out) == "-":
        raise UsageError(
            f"{what} is no text, and goes into a file. Received: - for --out. Name a file."
        )
