"""Where a run finds a class and puts its results: one run at a time, and the same class again."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

_LOCK = ".lock"
# What a browser adds to a file that was downloaded once more. Week-1 and week-2 are two classes.
_AGAIN = re.compile(r" ?\(\d+\)(?=\.[A-Za-z])")


@contextmanager
def alone_in(folder: Path) -> Iterator[None]:
    """Hold a folder of results for one run; UsageError where another one is at work in it.

    Two runs would unpack their archives in each other's place. The lock goes with the process.
    """
    import fcntl

    from grader.errors import UsageError

    is_new = not folder.exists()
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / _LOCK).open("w") as lock, ExitStack() as afterwards:
        if is_new:  # what was refused before anything was done leaves nothing behind
            afterwards.callback(_remove_empty, folder)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
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
