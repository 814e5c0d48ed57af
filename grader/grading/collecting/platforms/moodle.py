"""Moodle: `Full Name_123456_assignsubmission_file_/x.ipynb`, or the same flat, or online text."""

from __future__ import annotations

import re
from collections.abc import Sequence

from grader.grading.collecting.candidates import Owner
from grader.grading.collecting.platforms.components import owners_by
from grader.grading.collecting.tree import Entry

# Older ones leave `assignsubmission` out. Names of other plugins stand in the same place.
_PART = re.compile(
    r"(?P<name>.*?)_(?P<id>\d+)_(?:assignsubmission_[a-z]+|file|onlinetext)(?:_(?P<own>.*))?", re.S
)


def owners(entries: Sequence[Entry], at: int) -> dict[Entry, Owner]:
    """Whose the files of a Moodle assignment are: the id is the participant's."""
    return owners_by(_read, entries, at)


def told(part: str) -> re.Match[str] | None:
    """The `name`, the `id` and what follows, `own`, of a name that looks as Moodle writes them."""
    return _PART.fullmatch(part)


def _read(part: str, at: int) -> tuple[Owner, str] | None:
    found = told(part)
    if found is None:
        return None
    return Owner(found["name"].strip() or found["id"], (), at, id=found["id"]), found["own"] or ""
