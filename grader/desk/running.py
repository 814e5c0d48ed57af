"""How far a run of `grader grade` is, in a small file of its folder that others may read.

It is there while the run is; of one that was killed, it is left, and is known by its dead process.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from time import monotonic, time
from typing import Any

from grader.files import replacing

_FILE = ".progress.json"
_BETWEEN = 0.3  # seconds between two writes: results that are used again come by the thousand
_MOST_NAMED = 20


@dataclass(frozen=True)
class Progress:
    """How far a run is: `done` of `total`, and who is graded now; times in seconds since 1970."""

    total: int
    done: int = 0
    now: tuple[str, ...] = ()
    began_at: float = 0.0


class Told:
    """Tells the progress of a run in a file of `folder`, many small steps at once."""

    def __init__(self, folder: Path, total: int) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._path = folder / _FILE
        self._total, self._done, self._now = total, 0, dict[str, int]()
        self._began_at = time()
        self._process = {"pid": os.getpid(), "started": _started(os.getpid())}
        self._written = -_BETWEEN
        self._write()

    def begin(self, name: str) -> None:
        """Say that somebody is graded now."""
        self._now[name] = self._now.get(name, 0) + 1
        self._write()

    def end(self, name: str) -> None:
        """Say that the result of somebody stands."""
        self._done += 1
        self._now.pop(name, None)
        self._write()

    def close(self) -> None:
        """Take the file away."""
        self._path.unlink(missing_ok=True)

    def _write(self) -> None:
        if monotonic() - self._written < _BETWEEN and self._done < self._total:
            return
        self._written = monotonic()
        names = tuple(self._now)[:_MOST_NAMED]
        told = asdict(Progress(self._total, self._done, names, self._began_at))
        text = json.dumps({**told, "process": self._process})
        with replacing(self._path) as file:
            file.write(text.encode())


@contextmanager
def told(folder: Path, total: int) -> Iterator[Told]:
    """Tell the progress of a run over `total` submissions until it is left."""
    teller = Told(folder, total)
    try:
        yield teller
    finally:
        teller.close()


def progress_of(folder: Path) -> Progress | None:
    """How far the run is that is at work in `folder`; None where none is."""
    try:
        found: dict[str, Any] = json.loads((folder / _FILE).read_bytes())
        process = found.pop("process")
        is_there = process["started"] == _started(int(process["pid"]))
        progress = Progress(
            int(found["total"]),
            int(found["done"]),
            tuple(map(str, found["now"])),
            float(found["began_at"]),
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None  # nobody is at work, or what is there was not written by a run
    return progress if is_there and process["started"] else None


def _started(pid: int) -> str:
    """When a process was started, in ticks since this machine was; empty where there is none."""
    try:
        told = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
    fields = told.rpartition(")")[2].split()  # what stands before may be any name
    return fields[19] if len(fields) > 19 and fields[0] != "Z" else ""  # a zombie's file is left
