"""Platforms that put what they know into the name of a folder or of a file."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace

from grader.grading.collecting.candidates import Owner
from grader.grading.collecting.tree import Entry

Reader = Callable[[str, int], tuple[Owner, str] | None]
"""What one part of a path tells: the owner, and the file's own name where the part is a file's.

The second argument is how many parts stand before it. None where it tells nothing.
"""


def owners_by(read: Reader, entries: Iterable[Entry], at: int) -> dict[Entry, Owner]:
    """The owners that the part of each path tells before which `at` others stand."""
    found = {}
    for entry in entries:
        if len(entry.parts) > at and (told := read(entry.parts[at], at)):
            owner, name = told
            if not owner.student.strip():
                owner = replace(owner, student=entry.parts[at])
            found[entry] = with_own(owner, name, entry.parts[at + 1 :])
    return found


def with_own(owner: Owner, name: str, inside: tuple[str, ...]) -> Owner:
    """The owner, with the path inside what is theirs."""
    return replace(owner, own=((name,) if name else ()) + inside)
