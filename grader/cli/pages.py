"""The command that writes the pages of a class."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from grader.cli.app import NOT_GRADED, app, say, told_in_one_sentence
from grader.cli.options import GradebookUrl
from grader.cli.progress import progress

if TYPE_CHECKING:
    from grader.gradebook import Gradebook

PAGES = "pages"
"""Where the pages are in the folder of the results, unless told."""
_MOST_NAMED = 5


@app.command()
def report(
    folder: Annotated[
        Path, typer.Argument(help="The folder that `grader grade … --to FOLDER` filled.")
    ],
    to: Annotated[
        Path | None,
        typer.Option(
            "--to",
            help="The folder for the pages: a new one, an empty one, or one of earlier pages.",
            show_default="FOLDER/pages",
        ),
    ] = None,
    gradebook: GradebookUrl = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Say nothing of progress.")] = False,
) -> None:
    """Write the pages of a class, to be opened in a browser.

    index.html has the class: what to talk about next, how each lesson and exercise went, and who
    needs a look. It leads to a page for each exercise, each student, and each student's lesson.
    Nothing in them is loaded from elsewhere. Names of students stand in them: mind where you put
    them.

    Written again, pages are replaced one by one, and those of students who are gone are removed.

    Example: grader report graded
    """
    with told_in_one_sentence():
        from grader.gradebook import gradebook_of

        with gradebook_of(folder, gradebook) as book:
            for line in book.said:
                say(line)
            failed = write_pages(folder, book, to, quiet=quiet)
    if failed:
        raise typer.Exit(NOT_GRADED)


def write_pages(folder: Path, book: Gradebook, to: Path | None = None, *, quiet: bool) -> bool:
    """Write the pages of what stands in `book`, and say where; whether one could not be made."""
    from grader.errors import UsageError
    from grader.pages.material import Material
    from grader.pages.site import jobs_of, write_site
    from grader.report.text import visible
    from grader.report.words import counted

    place = folder / PAGES if to is None else to
    material = Material.of(folder, book)
    if not material.people:
        raise UsageError(
            f"Pages show a class that was graded. Received: {visible(str(folder))}, in which "
            f"nobody is graded yet. Run `grader grade` first."
        )
    with progress("Pages", len(jobs_of(material)), quiet=quiet) as step:
        written = write_site(material, place, processes=os.cpu_count() or 1, on_job=step)
    removed = f", and {counted(written.removed, 'old one')} removed" if written.removed else ""
    say(f"{counted(written.pages, 'page')} written{removed}. Open {place / 'index.html'}")
    for one in written.failures[:_MOST_NAMED]:
        say(f"The fault is ours: {one.address} could not be made ({one.reason}).")
    if (more := len(written.failures) - _MOST_NAMED) > 0:
        say(f"So it is with {more} more.")
    return bool(written.failures)
