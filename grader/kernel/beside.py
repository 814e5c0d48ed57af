"""Puts files into the folder that a kernel works in, before any student code runs there."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path, PurePosixPath

# Others may add to a folder, and cannot remove from it what is not theirs.
_FOLDER, _FILE = 0o1777, 0o444


def put_beside(folder: Path, files: Mapping[str, bytes]) -> tuple[str, ...]:
    """Write read-only files into a kernel's folder, by names such as `data/prices.csv`.

    They belong to whoever calls this. What is there already stays as it is: the names of files that
    for this have no place are returned. Raises OSError where the folder is gone, or full.
    """
    if not files:
        return ()
    unplaced = []
    root = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        for name, content in files.items():
            *folders, last = PurePosixPath(name).parts
            try:
                with _opened(root, folders) as here:
                    _write(here, last, content)
            except (FileExistsError, NotADirectoryError):
                unplaced.append(name)
    finally:
        os.close(root)
    return tuple(unplaced)


@contextmanager
def _opened(root: int, folders: list[str]) -> Iterator[int]:
    """A descriptor of a folder inside `root`; what is missing of it is made."""
    here = os.dup(root)
    try:
        for folder in folders:
            with suppress(FileExistsError):  # another file has had it made
                os.mkdir(folder, dir_fd=here)
                os.chmod(folder, _FOLDER, dir_fd=here)
            flags = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
            inside = os.open(folder, flags, dir_fd=here)
            os.close(here)
            here = inside
        yield here
    finally:
        os.close(here)


def _write(folder: int, name: str, content: bytes) -> None:
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    with os.fdopen(os.open(name, flags, 0o600, dir_fd=folder), "wb") as file:
        file.write(content)
        os.fchmod(file.fileno(), _FILE)
