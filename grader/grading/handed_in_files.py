"""Notebooks as they were handed in, kept beside the results: `FOLDER/kept_notebooks/SHA256.ipynb`.

A record names its notebook by the hash of its bytes, and so does the file: what is there has the
right content, whoever handed it in, and the same one is never kept twice. The folder is not called
`notebooks`: that is what a teacher calls the one with the hand-ins, into whose parent they grade.
"""

from __future__ import annotations

import os
import re
import stat
from pathlib import Path

from grader.errors import Rejected
from grader.files import replacing
from grader.grading.collecting.files import contents, fingerprint, opened
from grader.grading.collecting.own_output import KEPT_NOTEBOOKS
from grader.grading.collecting.submissions import Submission

LARGEST = 32 * 2**20
"""A notebook of more bytes is graded, or refused, but not kept: no page could show it."""

_HASH = re.compile(r"[0-9a-f]{64}")


def notebook_bytes(folder: Path, sha256: str) -> bytes | None:
    """The notebook of this hash as it was handed in, from the output folder `folder`.

    None where it was not kept (an older run, or more than LARGEST bytes), or is not what it was.
    No link inside `folder` is followed. Raises nothing for what is not there, whatever `sha256` is.
    """
    if not _HASH.fullmatch(sha256):
        return None
    try:
        descriptor = opened(path_of(folder, sha256), folder)
    except OSError:  # nothing there, a link, or no right to read it
        return None
    with os.fdopen(descriptor, "rb") as file:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode) or status.st_size > LARGEST:
            return None
        content = file.read(LARGEST)
    return content if fingerprint(content) == sha256 else None


def path_of(folder: Path, sha256: str) -> Path:
    """Where the notebook of this hash is kept."""
    return folder / KEPT_NOTEBOOKS / f"{sha256}.ipynb"


def keep_notebook(folder: Path, submission: Submission) -> str:
    """Keep what a student handed in, as it is now; the hash that it is kept under.

    It is there as a whole or not at all, and on the disk when this returns. "" where nothing is
    kept: it cannot be read, or has more than LARGEST bytes. OSError where it cannot be written.
    """
    if submission.refused:
        return ""
    try:
        content = contents(submission.path, submission.below)
    except Rejected:  # grading says why
        return ""
    if len(content) > LARGEST:
        return ""
    sha256 = fingerprint(content)
    if notebook_bytes(folder, sha256) is None:
        _put(content, path_of(folder, sha256))
    return sha256


def _put(content: bytes, path: Path) -> None:
    """Write a file at once or not at all, and to the disk, with its name in its folder."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with replacing(path, to_disk=True) as file:
        file.write(content)
    for folder in (path.parent, path.parent.parent):
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
