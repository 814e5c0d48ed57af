"""The command that serves the pages of a class on this machine, with the teacher's desk."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from grader.cli.app import (
    INTERRUPTED,
    CellSeconds,
    IsolationLevel,
    app,
    say,
    told_in_one_sentence,
)
from grader.cli.gradebook import own_name
from grader.cli.options import Folder, GradebookUrl

_PORT = 8765


@app.command()
def serve(
    folder: Folder,
    port: Annotated[
        int, typer.Option(min=0, max=65535, help="Where to listen; 0 takes any free port.")
    ] = _PORT,
    host: Annotated[
        str,
        typer.Option(help="The address to listen at; others than this machine's are open to all."),
    ] = "127.0.0.1",
    gradebook: GradebookUrl = None,
    author: Annotated[str, typer.Option(help="Who decides.", show_default="you")] = "",
    browser: Annotated[
        bool, typer.Option("--browser/--no-browser", help="Open the class in a browser.")
    ] = True,
    seed: Annotated[
        Path | None,
        typer.Option(help="For grading again: the secret, if the class was graded with --seed."),
    ] = None,
    isolation: Annotated[
        IsolationLevel, typer.Option(help="For grading again, as of `grader grade`.")
    ] = IsolationLevel.SANDBOX,
    timeout: CellSeconds = 20,
) -> None:
    """Show the pages of a class, live, with a desk for marks.

    Marks and words by hand go into the gradebook, as with `grader override`; one hand-in can be
    graded again. While `grader grade` is at work in the folder, its results are shown as they come.

    The address that is printed has a secret: whoever has it can read and change all marks. Pages
    of other places, in the same browser, can do neither. Ctrl-C ends it.

    Example: grader serve graded
    """
    with told_in_one_sentence():
        from grader.desk.regrades import Way
        from grader.desk.serving import Desk, run
        from grader.gradebook import gradebook_of

        name = author.strip() or own_name()
        with gradebook_of(folder, gradebook) as book:
            for line in book.said:
                say(line)
            way = Way(folder.absolute(), gradebook, seed, isolation.value, timeout)
            try:
                left = run(Desk(book, way, name), host, port, say=say, browser=browser)
            except KeyboardInterrupt:  # before it was open, or once more while it is closed
                say("Stopped before the end. What was decided is kept.")
                raise typer.Exit(INTERRUPTED) from None
        if left:
            say(f"Stopped while something was graded again: {left}. What was graded before stands.")
            raise typer.Exit(INTERRUPTED)
        say("Stopped. What was decided is kept.")
