"""Commands over the gradebook: what stands, marks by hand, a marks file, statistics."""

from __future__ import annotations

import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from grader.cli.app import app, say, stdout, told_in_one_sentence
from grader.cli.options import GradebookUrl

if TYPE_CHECKING:
    from grader.gradebook import Gradebook
    from grader.gradebook.statistics import LessonStatistics

Folder = Annotated[
    Path, typer.Argument(help="The folder that `grader grade … --to FOLDER` filled.")
]
Late = Annotated[
    str | None,
    typer.Option(
        metavar="POLICY",
        help="From now on, what is taken off for being late: '10%/day, max 50%, grace 15min', "
        "'2/hour' (points), or none. Percent are of all points of the lesson; a day counts when it "
        "has begun after the grace. 'zone Europe/Berlin' is for times that name no zone.",
    ),
]


class MarksFormat(StrEnum):
    """What reads the marks."""

    CSV = "csv"


class StatsFormat(StrEnum):
    """How statistics are printed."""

    CONSOLE = "console"
    JSON = "json"


@app.command()
def show(
    folder: Folder,
    student: Annotated[
        str | None, typer.Argument(help="One student's history: a name, id or email address.")
    ] = None,
    late: Late = None,
    gradebook: GradebookUrl = None,
) -> None:
    """Show the marks of a class, or one student's history.

    A mark is what was graded, with what was given by hand, without what is taken off for being
    late. What is withheld for a fault of ours is no zero; what was withdrawn has no mark.

    Example: grader show graded ana
    """
    with told_in_one_sentence():
        from grader.gradebook.tables import past_table, standings_table

        with _opened(folder, gradebook, late) as book:
            standings = book.current()
            if student is None:
                table = standings_table(standings, book.late.text)
            else:
                past = book.attempts(student)
                own = [one for one in standings if one.person == past.person]
                table = past_table(past, own)
        stdout().print(table)


@app.command()
def override(
    folder: Folder,
    student: Annotated[str, typer.Argument(help="A name, id or email address.")],
    place: Annotated[
        str, typer.Argument(metavar="LESSON[/EXERCISE]", help="What the points are for.")
    ],
    points: Annotated[float | None, typer.Argument(help="The points, from 0 on.")] = None,
    reason: Annotated[str, typer.Option(help="Why; the gradebook keeps it.")] = "",
    author: Annotated[str, typer.Option(help="Who decided it.", show_default="you")] = "",
    beyond: Annotated[
        bool, typer.Option("--beyond", help="More than the maximum is meant.")
    ] = False,
    remove: Annotated[
        bool, typer.Option("--remove", help="Take back what was given by hand.")
    ] = False,
    gradebook: GradebookUrl = None,
) -> None:
    """Give points by hand, for a lesson or one exercise.

    They stay when the lesson is graded again, and the last ones count; `grader show FOLDER STUDENT`
    has them all. Points for a whole lesson are final: nothing is taken off for being late.

    Example: grader override graded ana convolution/relu 2 --reason "The answer is right."
    """
    with told_in_one_sentence():
        from grader.report.words import points as written

        _refuse_both(points, remove=remove)
        author = author.strip() or _own_name()
        with _opened(folder, gradebook) as book:
            if points is None:
                found = book.remove_override(student, place, reason=reason, author=author)
                what = "taken back"
            else:
                found = book.override(
                    student, place, points, reason=reason, author=author, beyond=beyond
                )
                of = "" if found.max_score is None else f" of {written(found.max_score)}"
                what = f"{written(points)}{of} points by hand"
        exercise = f"/{found.exercise}" if found.exercise else ""
        say(f"{found.student}, {found.lesson}{exercise}: {what}.")


@app.command()
def export(
    folder: Folder,
    out: Annotated[Path, typer.Option(help="The file to write, or - for standard output.")],
    what: Annotated[MarksFormat, typer.Option("--for", help="What reads the marks.")],
    wide: Annotated[
        bool, typer.Option("--wide", help="A row a student, a column a lesson.")
    ] = False,
    late: Late = None,
    gradebook: GradebookUrl = None,
) -> None:
    """Write the marks of a class to a file.

    A row is one student's lesson: `points` as graded or given by hand, `penalty` for being late,
    `score` the mark. It is empty where it is withheld for a fault of ours, and where a hand-in was
    withdrawn. A text that a spreadsheet would compute begins with an apostrophe.

    Example: grader export graded --for csv --out marks.csv
    """
    with told_in_one_sentence():
        from grader.gradebook.marks_file import to_csv

        assert what is MarksFormat.CSV
        with _opened(folder, gradebook, late) as book:
            text = to_csv(book.current(), wide=wide)
        if str(out) == "-":
            sys.stdout.buffer.write(text.encode())
            sys.stdout.flush()
            return
        _put(text, out)
        say(f"Marks: {out}")


@app.command()
def stats(
    folder: Folder,
    form: Annotated[
        StatsFormat, typer.Option("--format", help="A table, or all numbers as JSON.")
    ] = StatsFormat.CONSOLE,
    gradebook: GradebookUrl = None,
) -> None:
    """Show how each exercise went, and what was misunderstood.

    Of each exercise: how many passed, their part, and the mean of the points; of what stands now,
    and over every file that was ever handed in. Who was not graded counts nowhere, nor does what is
    withheld.

    Discrimination tells whether those who do well elsewhere do well here: the correlation of the
    exercise's points with those of the rest of the lesson, from -1 to 1. About 0.3 and more is
    usual; near 0, the exercise measures something else, or luck; below 0, look at its rubric. There
    is none for fewer than three students, or where all have the same points.

    Of each misconception: how many students show it now, how many ever did, and in how many files.

    Example: grader stats graded --format json
    """
    with told_in_one_sentence():
        with _opened(folder, gradebook) as book:
            lessons = book.statistics()
        if form is StatsFormat.JSON:
            sys.stdout.write(_json(lessons))
        else:
            from grader.gradebook.tables import statistics_table

            stdout().print(statistics_table(lessons))


def _opened(folder: Path, url: str | None, late: str | None = None) -> Gradebook:
    """The gradebook, with what is to be said of it said, and the late policy set."""
    from grader.gradebook import gradebook_of
    from grader.gradebook.late import LatePolicy

    if late is not None:
        LatePolicy.parse(late)
    book = gradebook_of(folder, url)
    for line in book.said:
        say(line)
    if late is not None:
        book.set_late(late)
    return book


def _refuse_both(points: float | None, *, remove: bool) -> None:
    from grader.errors import UsageError

    if (points is None) != remove:
        received = "neither" if points is None else "both"
        raise UsageError(f"Give POINTS, or --remove. Received: {received}. Write one of them.")


def _own_name() -> str:
    import getpass

    from grader.errors import UsageError

    try:
        return getpass.getuser()
    except (OSError, KeyError) as error:
        raise UsageError(
            "A mark by hand has an author. Received: none, and this machine has no name for you. "
            "Write --author NAME."
        ) from error


def _put(text: str, path: Path) -> None:
    """Write a file at once or not at all. Spreadsheets tell UTF-8 by the mark at its beginning."""
    import secrets

    temporary = path.with_name(f".{secrets.token_hex(8)}.tmp")
    try:
        temporary.write_bytes(text.encode("utf-8-sig"))
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def _json(lessons: list[LessonStatistics]) -> str:
    import dataclasses
    import json

    document = []
    for lesson in lessons:
        one = dataclasses.asdict(lesson)
        for exercise, shown in zip(lesson.exercises, one["exercises"], strict=True):
            shown["now"]["rate"] = exercise.now.rate
            shown["over_attempts"]["rate"] = exercise.over_attempts.rate
        document.append(one)
    return json.dumps(document, indent=2) + "\n"
