"""Commands for students: their notebooks, and what these would be graded."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from grader.cli.app import CellSeconds, app, stderr, stdout, told_in_one_sentence
from grader.cli.grading import graded, plan_of, status_of


@app.command()
def check(
    notebook: Annotated[Path, typer.Argument(help="Your notebook, an .ipynb file.")],
    timeout: CellSeconds = 20,
) -> None:
    """Check your own notebook the way it will be graded.

    It is run from top to bottom, in a fresh kernel.
    """
    from grader.grading.collecting.submissions import collect
    from grader.judging.judge import PUBLIC_SECRET
    from grader.report.console import submission_report

    with told_in_one_sentence():
        submissions = collect([notebook]).submissions
        if len(submissions) != 1:
            from grader.errors import UsageError

            raise UsageError(
                f"One notebook is checked at a time. Received: {len(submissions)} in {notebook}. "
                f"Name one .ipynb file, or use `grader grade` for a folder."
            )
        result = graded(submissions[0], plan_of(PUBLIC_SECRET, timeout, None, 1))
        stdout().print(submission_report(result))
    raise typer.Exit(status_of([result]))


@app.command()
def lessons(
    folder: Annotated[
        Path, typer.Argument(help="Where to put the notebooks; made if it is not there.")
    ] = Path("lessons"),
) -> None:
    """Put the lessons' notebooks into a folder, to work through.

    A notebook that is there already is kept: it may be your work.

    Example: grader lessons cnn
    """
    from grader.notebook.lessons import write_lessons

    with told_in_one_sentence():
        for path, written in write_lessons(folder).items():
            stdout().print(f"{path}{'' if written else ' is there already: kept.'}", markup=False)
        stderr().print(f"Open the first one: jupyter lab {folder}", markup=False, soft_wrap=True)
