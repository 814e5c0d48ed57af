"""Commands over the gradebook: what stands, marks by hand, statistics."""

from __future__ import annotations

import sys
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from grader.cli.app import app, say, stdout, told_in_one_sentence
from grader.cli.options import Folder, GradebookUrl, Late, NoPager, RowOrder
from grader.cli.paging import paged
from grader.cli.places import opened
from grader.report.order import Order

if TYPE_CHECKING:
    from grader.gradebook.statistics import LessonStatistics


class StatsFormat(StrEnum):
    """How statistics are printed."""

    CONSOLE = "console"
    JSON = "json"


@app.command()
def show(
    folder: Folder,
    student: Annotated[
        str | None,
        typer.Argument(help="One student: a name or a part of one, an id, login or email address."),
    ] = None,
    late: Late = None,
    gradebook: GradebookUrl = None,
    order: RowOrder = Order.NAME,
    no_pager: NoPager = False,
) -> None:
    """Show the marks of a class, or all that is known of one student.

    A mark is what was graded, with what was given by hand, without what is taken off for being
    late. What is withheld for a fault of ours is no zero; what was withdrawn has no mark.

    Example: grader show graded --sort worst

    Example: grader show graded ana
    """
    with told_in_one_sentence():
        from grader.gradebook.standings_table import standings_table
        from grader.gradebook.student_table import past_table

        with opened(folder, gradebook, late) as book:
            standings = book.current()
            if student is None:
                table = standings_table(standings, book.late.text, order)
            else:
                past = book.attempts(student)
                for line in past.said:
                    say(line)
                own = [one for one in standings if one.person == past.person]
                table = past_table(past, own)
        paged(table, pager=not no_pager)


# Else -1 would be taken for an option. What is no option at all is refused as points are.
@app.command(context_settings={"ignore_unknown_options": True})
def override(
    folder: Folder,
    student: Annotated[str, typer.Argument(help="A name or a part of it, an id, login or email.")],
    place: Annotated[
        str,
        typer.Argument(
            metavar="LESSON[/EXERCISE]",
            help="What the points are for; EXERCISE is enough if one lesson has it.",
        ),
    ],
    points: Annotated[
        str | None,
        typer.Argument(help="The points, like 2; or with a sign, what is added: +1, -0.5."),
    ] = None,
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

    Points with a sign are added to what stands now, by hand or graded: +1 and -0.5 mean one more
    and half a point less. Of a lesson, that is the mark without what is taken off for being late.

    Example: grader override graded ana convolution/relu 2 --reason "The answer is right."

    Example: grader override graded ana convolution/relu -0.5 --reason "No loop was asked for."
    """
    with told_in_one_sentence():
        from grader.gradebook.by_hand import number_in, told

        _refuse_both(points, remove=remove)
        author = author.strip() or own_name()
        with opened(folder, gradebook) as book:
            if points is None:
                done = book.remove_override(student, place, reason=reason, author=author)
            else:
                number, relative = number_in(points)
                done = book.override(
                    student,
                    place,
                    number,
                    reason=reason,
                    author=author,
                    beyond=beyond,
                    relative=relative,
                )
        say(told(done))


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
        with opened(folder, gradebook) as book:
            lessons = book.statistics()
        if form is StatsFormat.JSON:
            sys.stdout.write(_json(lessons))
        else:
            from grader.gradebook.tables import statistics_table

            stdout().print(statistics_table(lessons))


def _refuse_both(points: str | None, *, remove: bool) -> None:
    from grader.errors import UsageError

    if (points is None) != remove:
        received = "neither" if points is None else "both"
        raise UsageError(f"Give POINTS, or --remove. Received: {received}. Write one of them.")


def own_name() -> str:
    """What this machine calls whoever runs the command; UsageError where it has no name."""
    import getpass

    from grader.errors import UsageError

    try:
        return getpass.getuser()
    except (OSError, KeyError) as error:
        raise UsageError(
            "A mark by hand has an author. Received: none, and this machine has no name for you. "
            "Write --author NAME."
        ) from error


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
