"""D2L Brightspace: `10231-556677 - Jane Doe - Feb 3, 2026 1011 AM/x.ipynb`."""

from __future__ import annotations

import re
from collections.abc import Sequence

from grader.grading.collecting.candidates import Owner
from grader.grading.collecting.platforms.components import owners_by
from grader.grading.collecting.platforms.times import from_words
from grader.grading.collecting.tree import Entry

_PART = re.compile(
    r"(?P<id>\d+)-(?P<item>\d+) ?- (?P<name>.+?) ?- (?P<time>[^-]*\d{4}[^-]*?)(?: - (?P<own>.+))?",
    re.S,
)


def owners(entries: Sequence[Entry]) -> dict[Entry, Owner]:
    """Whose the files of an assignment folder are; each attempt has a folder with its time."""
    return owners_by(_read, entries)


def _read(part: str, at: int) -> tuple[Owner, str] | None:
    found = _PART.fullmatch(part)
    if found is None:
        return None
    time = from_words(found["time"])
    owner = Owner(found["name"].strip(), (), at, id=found["id"], time=time, attempt=(time, 0))
    return owner, found["own"] or ""
