"""A table that is longer than the terminal goes through a pager, as Git's output does."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from grader.cli.app import stdout

if TYPE_CHECKING:
    from rich.console import RenderableType

# What Git sets: end at once if all fits, show colors, leave the text on the screen.
_LESS = "FRX"


def paged(what: RenderableType, *, pager: bool = True) -> None:
    """Print something; through a pager where standard output is a terminal that it does not fit.

    `pager` False never takes one. The program is $GRADER_PAGER, else $PAGER, else `less`; an empty
    one, and `cat`, mean none.
    """
    out = stdout()
    # Asked of the file itself: with FORCE_COLOR, Rich takes a pipe for a terminal, too.
    if not (pager and sys.stdout.isatty() and sys.stdin.isatty()):
        out.print(what)
        return
    with out.capture() as captured:
        out.print(what)
    text = captured.get()
    command = _pager()
    if not command or text.count("\n") < out.height:
        _write(text)
        return
    import signal
    import subprocess

    # Ctrl-C is for the pager, which stays. A handler, unlike being deaf, is not inherited by it.
    before = signal.signal(signal.SIGINT, lambda *_: None)
    try:
        # It reads its keys from the terminal. Whoever leaves it early has seen enough.
        subprocess.run(
            command,
            input=text.encode(sys.stdout.encoding, "replace"),
            env={"LESS": _LESS, **os.environ},
            check=False,
        )
    except OSError:
        _write(text)
    finally:
        signal.signal(signal.SIGINT, before)


def _write(text: str) -> None:
    sys.stdout.write(text)
    sys.stdout.flush()


def _pager() -> list[str]:
    """The command of the pager; empty where there is none, or none is wanted."""
    import shlex
    import shutil

    default = "less" if shutil.which("less") else ""
    chosen = os.environ.get("GRADER_PAGER", os.environ.get("PAGER", default))
    try:
        command = shlex.split(chosen)
    except ValueError:  # an unclosed quote
        return []
    return [] if command in ([], ["cat"]) else command
