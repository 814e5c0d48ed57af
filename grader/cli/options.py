"""Options that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from grader.report.order import Order

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
GradebookUrl = Annotated[
    str | None,
    typer.Option(
        "--gradebook",
        metavar="URL",
        help="Another database than FOLDER/gradebook.sqlite: a SQLite file, or "
        "postgresql://USER@HOST/DATABASE. One database is one class.",
    ),
]
LayoutName = Annotated[
    str | None,
    typer.Option(
        "--layout",
        help="Where files come from, if the guess is wrong: canvas, moodle, blackboard, "
        "brightspace, gradescope, nbgrader, github, drive; folders (each is a student's), files "
        "(each is), one (all are one student's).",
    ),
]
RosterFile = Annotated[
    Path | None,
    typer.Option(
        "--roster",
        help="A CSV file of all students, as any platform exports it: names, ids, groups, sections "
        "and due dates of their own are taken from it, and who is missing is said.",
    ),
]
RosterColumns = Annotated[
    list[str] | None,
    typer.Option(
        "--roster-column",
        metavar="WHAT=HEADER",
        help="Which column of the roster tells what, if the guess is wrong: student, id, email, "
        "section, group or due; more than once for several. A group is a team that hands in "
        "together; group=none says that there are none.",
    ),
]
RowOrder = Annotated[
    Order,
    typer.Option(
        "--sort",
        help="The rows: by name, those with the least of the points first (worst), or the latest "
        "hand-in first (time).",
    ),
]
NoPager = Annotated[
    bool,
    typer.Option(
        "--no-pager", help="Print all at once, where a table is longer than the terminal."
    ),
]
