"""What was handed in is an ordinary file, read once, without following any link to it."""

from __future__ import annotations

import errno
import hashlib
import os
import stat
from pathlib import Path

from grader.errors import Rejected

_MAX_FILE = 128 * 2**20


def contents(path: Path, below: Path | None = None) -> bytes:
    """The bytes of a notebook; Rejected if it is no ordinary file of bounded size.

    Links are not followed: not the file itself, nor a folder on the way to it from `below`, which
    is the folder that it lies in where none is given.
    """
    try:
        descriptor = opened(path, path.parent if below is None else below)
        try:
            _ensure_file(os.fstat(descriptor))
            with os.fdopen(descriptor, "rb", closefd=False) as file:
                return file.read(_MAX_FILE)
        finally:
            os.close(descriptor)
    except OSError as error:
        if error.errno in (errno.ELOOP, errno.ENOTDIR):
            raise Rejected(linked()) from error
        raise Rejected(
            f"A notebook is a file that can be read. Received: {error.strerror}. Hand in again."
        ) from error


def linked() -> str:
    """Why a notebook is refused that is a link, or lies in a folder that is one."""
    return (
        "What is handed in is an ordinary file in the student's own folder. Received: a symbolic "
        "link. Put the file itself in its place, and hand in again."
    )


def fingerprint(content: bytes) -> str:
    """The SHA-256 of what was read."""
    return hashlib.sha256(content).hexdigest()


def printable(text: str) -> str:
    """`text` as one that can be written anywhere: of lone surrogates, the escapes are left.

    Two names of files never become one: where a name could be taken for such an escape, each of
    its backslashes is doubled.
    """
    escaped = text.encode("utf-8", "backslashreplace").decode("utf-8")
    if escaped == text and "\\ud" not in text:
        return text
    return text.replace("\\", "\\\\").encode("utf-8", "backslashreplace").decode("utf-8")


def opened(path: Path, below: Path) -> int:
    """A descriptor of a file below the folder `below`, reached without following a link.

    Each step is taken from the folder before, so none can change. OSError where it cannot be.
    """
    *folders, name = path.relative_to(below).parts
    here = os.open(below, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        for folder in folders:
            flags = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
            inside = os.open(folder, flags, dir_fd=here)
            os.close(here)
            here = inside
        # A pipe that nobody writes to would be waited for.
        flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
        return os.open(name, flags, dir_fd=here)
    finally:
        os.close(here)


def _ensure_file(status: os.stat_result) -> None:
    if not stat.S_ISREG(status.st_mode):
        raise Rejected("A notebook is an ordinary file. Received: something else. Hand in again.")
    if status.st_size > _MAX_FILE:
        raise Rejected(
            f"A notebook has at most {_MAX_FILE // 2**20} MiB. Received: "
            f"{status.st_size // 2**20} MiB. Clear its outputs and hand it in again."
        )
