"""Where commands find a class and put what they make: one run at a time, the same class again."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING

if TYPE_CHECKING:
    from grader.gradebook import Gradebook

_LOCK = ".lock"
# What a browser adds to a file that was downloaded once more. Week-1 and week-2 are two classes.
_AGAIN = re.compile(r" ?\(\d+\)(?=\.[A-Za-z])")


@contextmanager
def alone_in(folder: Path) -> Iterator[None]:
    """Hold a folder of results for one run; UsageError where another one is at work in it.

    Two runs would unpack their archives in each other's place. The lock goes with the process.
    """
    from grader.errors import UsageError
    from grader.files import held

    is_new = not folder.exists()
    folder.mkdir(parents=True, exist_ok=True)
    with ExitStack() as afterwards:
        if is_new:  # what was refused before anything was done leaves nothing behind
            afterwards.callback(_remove_empty, folder)
        try:
            afterwards.enter_context(held(folder / _LOCK))
        except BlockingIOError as error:
            raise UsageError(
                f"One `grader grade` at a time works in a folder. Received: {folder}, in which "
                f"another one is at work. Wait until it has ended, or name another folder."
            ) from error
        yield


def _remove_empty(folder: Path) -> None:
    """Remove a folder in which there is nothing but its lock."""
    if [path.name for path in folder.iterdir()] == [_LOCK]:
        (folder / _LOCK).unlink()
        folder.rmdir()


def scope_of(paths: Iterable[Path]) -> str:
    """What tells two runs over the same class: its places, whatever a browser calls the archive."""
    places = [path.resolve() for path in paths]  # `.` and `..` have no name
    return "\n".join(sorted(str(place.parent / _AGAIN.sub("", place.name)) for place in places))


def opened(folder: Path, url: str | None, late: str | None = None) -> Gradebook:
    """The gradebook, with what is to be said of it said, and the late policy set."""
    from grader.cli.app import say
    from grader.gradebook import gradebook_of
    from grader.gradebook.late import LatePolicy

    if late is not None:
        LatePolicy.parse(late)
    book = gradebook_of(folder, url)
    for line in book.said:
        say(line)
    if late is not None:
        book.set_late(late)
    return book


def refuse_no_place(out: Path) -> None:
    """UsageError where no file can be written to `out`; `-` is standard output."""
    from grader.errors import UsageError
    from grader.report.text import visible

    if str(out) == "-" or (out.parent.is_dir() and not out.is_dir()):
        return
    wrong = "which is a folder" if out.is_dir() else "whose folder does not exist"
    raise UsageError(
        f"--out names a file in a folder that is there. Received: {visible(str(out))}, {wrong}. "
        f"{'Name a file in it' if out.is_dir() else 'Make the folder, or name another one'}."
    )


@contextmanager
def at_once(out: Path) -> Iterator[IO[bytes]]:
    """A file that takes the place of `out` when all is written; `-` is standard output."""
    import sys

    from grader.files import replacing

    if str(out) == "-":
        yield sys.stdout.buffer
        sys.stdout.flush()
        return
    with replacing(out) as file:
        yield file
