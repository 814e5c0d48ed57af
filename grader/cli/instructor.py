"""Commands for instructors: a class is graded, and the machine that grades it examined."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

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
from grader.cli.grading import (
    class_secret,
    formats_in,
    grade_to,
    plan_of,
    refuse_unknown_lesson,
    report,
    status_of,
)


@app.command()
def grade(
    paths: Annotated[
        list[Path],
        typer.Argument(help="Notebooks, or folders as STUDENT/NOTEBOOK.ipynb or STUDENT.ipynb."),
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
    jobs: Annotated[
        int | None, typer.Option(min=1, help="How many at a time.", show_default="cores")
    ] = None,
    seed: Annotated[
        Path | None,
        typer.Option(
            help="A file with the secret that random cases are drawn from, or - for standard "
            "input. Without it, one is drawn and kept in the results folder."
        ),
    ] = None,
    timeout: CellSeconds = 20,
    formats: Annotated[
        str, typer.Option("--format", help="console, json, junit, github: one or more, by commas.")
    ] = "console",
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Say nothing of progress.")] = False,
) -> None:
    """Grade notebooks: one, a folder of them, or several folders.

    Results: TO/results/STUDENT/LESSON.json, as they come; Ctrl-C keeps them. What cannot be graded
    now never takes the place of what was graded before: it goes to LESSON~not_graded.json.

    Example: grader grade examples/class --to graded
    """
    from grader.grading.collecting.submissions import collect

    with told_in_one_sentence():
        wanted = formats_in(formats)
        refuse_unknown_lesson(lesson)
        collected = collect(paths, student, lesson)
        refuse_missing_isolation(isolation, [*paths, to])
        for line in collected.said:
            say(line)
        plan = plan_of(
            class_secret(seed, to),
            timeout,
            lesson,
            jobs or os.cpu_count() or 1,
            isolation=isolation.value,
        )
        try:
            results = grade_to(collected.submissions, plan, to, quiet=quiet)
        except KeyboardInterrupt:
            stderr().print(f"Stopped. What was graded stands in {to / 'results'}.")
            raise typer.Exit(INTERRUPTED) from None
        report(results, wanted, to)
    raise typer.Exit(status_of(results))


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
