"""Commands for instructors: a class is graded, and the machine that grades it examined."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from grader.cli.app import (
    ALL_PASSED,
    INTERRUPTED,
    NOT_GRADED,
    CellSeconds,
    IsolationLevel,
    app,
    refuse_missing_isolation,
    say,
    stderr,
    stdout,
    told_in_one_sentence,
)
from grader.cli.collecting import collected_class
from grader.cli.grading import class_secret, plan_of, refuse_unknown_lesson, status_of
from grader.cli.options import (
    GradebookUrl,
    LayoutName,
    NoPager,
    RosterColumns,
    RosterFile,
    RowOrder,
)
from grader.cli.places import alone_in, scope_of
from grader.report.order import Order

if TYPE_CHECKING:
    from grader.gradebook import Gradebook


@app.command()
def grade(
    paths: Annotated[
        list[Path],
        typer.Argument(help="What a learning platform gave: archives, folders, notebooks."),
    ],
    to: Annotated[Path, typer.Option("--to", help="The folder that the results go to.")],
    isolation: Annotated[
        IsolationLevel,
        typer.Option(
            help="What keeps student code away from this machine: a sandbox, being another user "
            "(for containers that refuse a sandbox; see docs/isolation.md), or nothing."
        ),
    ] = IsolationLevel.SANDBOX,
    lesson: Annotated[
        str | None, typer.Option(help="Grade this lesson only, and pass over other notebooks.")
    ] = None,
    student: Annotated[
        str | None,
        typer.Option(
            help="Grade this student's only; where no folder tells whose they are: theirs."
        ),
    ] = None,
    layout: LayoutName = None,
    roster: RosterFile = None,
    roster_columns: RosterColumns = None,
    due: Annotated[
        str | None, typer.Option(help="When it is due, like 2026-05-31T23:59; kept from then on.")
    ] = None,
    late: Annotated[
        str | None,
        typer.Option(
            help="What is taken off for being late, like '10%/day, max 50%, grace 15min' (percent "
            "of all points of the lesson, not of those earned), or none; kept from then on."
        ),
    ] = None,
    gradebook: GradebookUrl = None,
    jobs: Annotated[
        int | None, typer.Option(min=1, help="How many at a time.", show_default="cores")
    ] = None,
    cluster: Annotated[
        str | None,
        typer.Option(
            help="Grade on the workers of the Dask scheduler at this address, like "
            "tls://host:8786; see docs/scale.md."
        ),
    ] = None,
    seed: Annotated[
        Path | None,
        typer.Option(
            help="A file with the secret that random cases are drawn from, or - for standard "
            "input. Without it, one is drawn and kept in the results folder."
        ),
    ] = None,
    timeout: CellSeconds = 20,
    fresh: Annotated[
        bool, typer.Option("--fresh", help="Grade again what has not changed, too.")
    ] = False,
    formats: Annotated[
        list[str],
        typer.Option(
            "--format",
            help="console, json, junit, github, classroom, gitlab, gradescope or prairielearn: one "
            "or more, by commas or by giving this again; see docs/services.md.",
        ),
    ] = ["console"],  # noqa: B006 - Typer copies it
    order: RowOrder = Order.NAME,
    no_pager: NoPager = False,
    with_pages: Annotated[
        bool, typer.Option("--report", help="Write the pages, too, to TO/pages: `grader report`.")
    ] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Say nothing of progress.")] = False,
) -> None:
    """Grade a class: archives, folders of students, or notebooks.

    Results: TO/results/STUDENT/LESSON.json and TO/gradebook.sqlite, as they come; Ctrl-C keeps
    them, and the next run goes on from there: only what has changed is graded again. What cannot be
    graded now never takes the place of what was graded before. `grader collect` tells beforehand
    who handed in what; `grader show TO` shows the marks, `grader export TO` writes them to a file.

    Example: grader grade submissions.zip --roster class.csv --to graded
    """
    from grader.cli.formats import Report, formats_in, refuse_several
    from grader.cli.whole_class import grade_class
    from grader.gradebook import gradebook_of
    from grader.gradebook.final_marks import final_marks
    from grader.report.records import read_each
    from grader.report.words import in_order

    with told_in_one_sentence():
        wanted = formats_in(formats)
        refuse_unknown_lesson(lesson)
        refuse_missing_isolation(isolation, [*(path for path in paths if path.exists()), to])
        with alone_in(to):
            collected = collected_class(
                paths, student, lesson, layout, roster, roster_columns, unpacked=to / "handed_in"
            )
            refuse_several(wanted, collected)
            for line in collected.said:
                say(line)
            secret = class_secret(seed, to)
            cores = os.cpu_count() or 1
            plan = plan_of(secret, timeout, lesson, jobs or cores, isolation=isolation.value)
            with gradebook_of(to, gradebook, new=True) as book:
                for line in book.said:
                    say(line)
                if due is not None:
                    book.set_due(due, lesson or "")
                if late is not None:
                    book.set_late(late)
                try:
                    run = grade_class(
                        collected,
                        plan,
                        book,
                        to,
                        scope=scope_of(paths),
                        fresh=fresh,
                        student=student,
                        cluster=cluster,
                        quiet=quiet,
                    )
                except KeyboardInterrupt:
                    stderr().print(
                        f"Stopped. What was graded stands in {to / 'results'}; the same command "
                        f"goes on from there.",
                        markup=False,
                    )
                    raise typer.Exit(INTERRUPTED) from None
                remarks = book.remarks()
                failed = with_pages and _write_pages(to, book, quiet=quiet)
                marks = final_marks(book.current())
        results = in_order(run.results)
        Report(
            results, lambda: read_each(run.paths), marks, to, order=order, pager=not no_pager
        ).write(wanted)
        for line in remarks:
            say(line)
    raise typer.Exit(NOT_GRADED if failed else status_of(results))


def _write_pages(to: Path, book: Gradebook, *, quiet: bool) -> bool:
    from grader.cli.pages import write_pages  # `grader --help` lists its command further down

    return write_pages(to, book, quiet=quiet)


@app.command()
def doctor() -> None:
    """Say what this machine lacks for grading, and what helps."""
    from grader.cli.doctor import examine

    findings = examine()
    out = stdout()
    for finding in findings:
        out.print(f"{'✔' if finding.fine else '✘'} {finding.what}", markup=False)
        if finding.mend:
            out.print(f"    {finding.mend}", markup=False)
    needed = [finding for finding in findings if finding.needed and not finding.fine]
    raise typer.Exit(NOT_GRADED if needed else ALL_PASSED)
