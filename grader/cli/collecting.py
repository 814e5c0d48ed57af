"""The command that says who handed in what, and grades nothing."""

from __future__ import annotations

import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from grader.cli.app import (
    ALL_PASSED,
    NOT_GRADED,
    app,
    say,
    stdout,
    told_in_one_sentence,
)
from grader.cli.grading import refuse_unknown_lesson
from grader.cli.options import LayoutName, RosterColumns, RosterFile

if TYPE_CHECKING:
    from grader.grading.collecting.submissions import Collected, Missing, Submission


class _Shape(StrEnum):
    """How the answer is written."""

    CONSOLE = "console"
    JSON = "json"


@app.command()
def collect(
    paths: Annotated[
        list[Path],
        typer.Argument(help="What a learning platform gave: archives, folders, notebooks."),
    ],
    student: Annotated[
        str | None,
        typer.Option(help="This student only; where nothing tells whose they are: theirs."),
    ] = None,
    lesson: Annotated[str | None, typer.Option(help="This lesson only.")] = None,
    layout: LayoutName = None,
    roster: RosterFile = None,
    roster_columns: RosterColumns = None,
    shape: Annotated[
        _Shape, typer.Option("--format", help="A table, or JSON for programs.")
    ] = _Shape.CONSOLE,
) -> None:
    """Say who handed in what, and grade nothing.

    Takes what Canvas, Moodle, Blackboard, Brightspace, Gradescope, GitHub Classroom, nbgrader or
    Google Drive make, as a folder, a zip or a tar.gz file, and any folder of students. Exit status:
    0, or 3 where somebody has no notebook or is refused.

    Example: grader collect submissions.zip
    """
    import json
    import tempfile

    with (
        told_in_one_sentence(),
        tempfile.TemporaryDirectory(prefix="grader-collect-") as unpacked,
    ):
        refuse_unknown_lesson(lesson)
        collected = collected_class(
            paths, student, lesson, layout, roster, roster_columns, unpacked=Path(unpacked)
        )
        if shape is _Shape.JSON:
            sys.stdout.write(json.dumps(as_json(collected), indent=2) + "\n")
        else:
            from grader.cli.collected_table import table_of

            out = stdout()
            for part in table_of(as_json(collected), paths, out.width):
                out.print(part)
            out.print(_in_words(collected), markup=False)
        for line in collected.said:
            say(line)
    refused = any(submission.refused for submission in collected.submissions)
    raise typer.Exit(NOT_GRADED if refused or collected.missing else ALL_PASSED)


def collected_class(
    paths: list[Path],
    student: str | None,
    lesson: str | None,
    layout: str | None,
    roster: Path | None,
    roster_columns: list[str] | None,
    *,
    unpacked: Path,
) -> Collected:
    """Who handed in what, with what the roster tells; archives are extracted to `unpacked`."""
    from grader.errors import UsageError
    from grader.grading.collecting.submissions import collect as collected_from

    if roster is None and roster_columns:
        raise UsageError(
            f"--roster-column says what a column of the roster tells. Received: "
            f"{roster_columns[0]!r}, and no roster. Name its file with --roster."
        )
    if roster is None:
        return collected_from(paths, student, lesson, layout=layout, unpacked=unpacked)
    from grader.grading.collecting.roster import Roster

    people = Roster.read(roster, _columns(roster_columns or []))  # before what takes longer
    return people.matched(collected_from(paths, student, lesson, layout=layout, unpacked=unpacked))


def _columns(named: list[str]) -> dict[str, str]:
    """The columns that `--roster-column` names, by what they tell."""
    from grader.errors import UsageError

    pairs = [text.partition("=") for text in named]
    wrong = [text for text, (what, sign, header) in zip(named, pairs, strict=True) if not sign]
    if wrong:
        raise UsageError(
            f"--roster-column says what a column tells, like student=Name. Received: {wrong[0]!r}. "
            f"Write an = between."
        )
    return {what.strip().lower(): header.strip() for what, _, header in pairs}


def as_json(collected: Collected) -> list[dict[str, Any]]:
    """An object for each submission and each student without one; None for what is not known."""
    return [_object(one) for one in _in_order(collected)]


def _in_order(collected: Collected) -> list[Submission | Missing]:
    rows: list[Submission | Missing] = [*collected.submissions, *collected.missing]
    return sorted(rows, key=lambda one: one.student)


def _object(one: Submission | Missing) -> dict[str, Any]:
    from grader.grading.collecting.files import printable
    from grader.grading.collecting.submissions import Missing

    told = one.handed_in
    is_missing = isinstance(one, Missing)
    said = [] if isinstance(one, Missing) else [one.refused, *one.said]
    return {
        "student": one.student if isinstance(one, Missing) or one.is_told else None,
        "id": told.id or None,
        "lesson": None if isinstance(one, Missing) else one.lesson,
        "path": None if isinstance(one, Missing) else one.shown or printable(str(one.path)),
        "attempts": 0 if is_missing else told.attempts,
        "time": told.time or None,
        "late": told.late,
        "group": list(told.group),
        "not_handed_in": (one.found or "nothing") if isinstance(one, Missing) else None,
        "said": " ".join(filter(None, said)),
    }


def _in_words(collected: Collected) -> str:
    """How many there are, in a line."""
    students = {one.student for one in collected.submissions if one.is_told}
    refused = [one for one in collected.submissions if one.refused]
    count = len(collected.submissions)
    line = f"{count} notebook{'' if count == 1 else 's'} of {len(students)} "
    line += f"student{'' if len(students) == 1 else 's'}"
    if collected.missing:
        line += f"; {len(collected.missing)} handed in no notebook"
    if refused:
        line += f"; {len(refused)} refused"
    return line + "."
