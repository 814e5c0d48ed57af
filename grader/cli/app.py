"""The `grader` command: arguments → one call → exit status, and what all commands share.

Whatever a command needs beyond reading its arguments is imported when it runs, so that `--help`
answers at once.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperGroup

if TYPE_CHECKING:
    from rich.console import Console

_LONGEST_LINE = 4000

ALL_PASSED, POINTS_MISSING, USAGE, NOT_GRADED, INTERRUPTED = 0, 1, 2, 3, 130


class _Commands(TyperGroup):
    """The commands. The program's own options are flags, and off unless they are given.

    Typer leaves them at None, and before each command it loads pydantic to find that None is no
    flag: that takes longer than all else that `grader check --help` needs.
    """

    def get_params(self, ctx: Any) -> list[Any]:
        """Called by Typer to read the arguments, and for `--help`."""
        options = super().get_params(ctx)
        for option in options:
            option.default = bool(option.default)
        return options


app = typer.Typer(
    name="grader",
    cls=_Commands,
    help="Grade the exercises of a course on convolutional networks in Keras.",
    epilog="Exit status: 0 all passed, 1 points missing, 2 usage, 3 something was not graded.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,  # loading rich takes twice as long as all else that --help needs
    context_settings={"help_option_names": ["-h", "--help"]},
)


class IsolationLevel(StrEnum):
    """What stands between a student's code and this machine."""

    SANDBOX = "sandbox"
    USER = "user"
    NONE = "none"


CellSeconds = Annotated[
    int, typer.Option("--timeout", min=1, help="How long one cell may run, in seconds.")
]


def main() -> None:
    """Run the command line."""
    # jsonschema, which nbformat imports, loads a grammar of URIs if one is installed: 2.6 s, for
    # nothing that a notebook needs.
    sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]  # None means "absent"
    app()


@contextmanager
def told_in_one_sentence() -> Iterator[None]:
    """Turn our own exceptions, and files we may not write, into a sentence and exit status 2."""
    from grader.errors import AuthorError, UsageError

    try:
        yield
    except (UsageError, AuthorError) as error:
        sentence = str(error)
    except OSError as error:
        if error.filename is None:
            raise
        sentence = (
            f"A file could not be read or written. Received: {error.strerror} for "
            f"{error.filename}. Name another place, or change its rights."
        )
    else:
        return
    say(f"grader: {sentence}")
    raise typer.Exit(USAGE)


def stdout() -> Console:
    """Where answers go."""
    from rich.console import Console

    return Console(highlight=False)


def stderr() -> Console:
    """Where progress and what is wrong go."""
    from rich.console import Console

    return Console(stderr=True, highlight=False)


def say(line: str) -> None:
    """One line on standard error; names in it are of students."""
    from grader.report.text import visible

    stderr().print(visible(line, limit=_LONGEST_LINE), markup=False, soft_wrap=True)


def refuse_missing_isolation(isolation: IsolationLevel, private: list[Path]) -> None:
    """UsageError where this machine cannot keep student code away from itself in that way.

    Another user must not be able to read what is `private`, nor the course's rubrics and solutions.
    """
    from grader.errors import UsageError
    from grader.kernel import mounted, sandbox

    if isolation is IsolationLevel.USER:
        own = [mounted.course_folder(), mounted.PACKAGE.parent / "solutions"]
        secret = [path for path in (*own, *private) if path is not None and path.exists()]
        if wrong := sandbox.why_no_other_user(secret):
            raise UsageError(f"With --isolation user, student code runs as another user. {wrong}")
    if isolation is IsolationLevel.SANDBOX and (wrong := sandbox.works()):
        raise UsageError(
            f"Student code is kept away from this machine by a sandbox. Received: a machine where "
            f"it does not work ({wrong}). `grader doctor` says what helps; for code that you "
            f"would run yourself, write --isolation none."
        )
