"""Canvas: `lastfirst_LATE_10231_556677_x.ipynb`, all in one folder."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Sequence

from grader.grading.collecting.candidates import Owner
from grader.grading.collecting.platforms.components import with_own
from grader.grading.collecting.tree import Entry

_PART = re.compile(
    r"(?P<name>.+?)(?P<late>_LATE)?_(?P<id>[1-9]\d*)_(?P<upload>[1-9]\d*)_(?P<own>.+)", re.S
)
# Ids of a school are this long; of a name with numbers of its own, these are not taken for ids.
_LONG = re.compile(
    r"(?P<name>.+?)(?P<late>_LATE)?_(?P<id>[1-9]\d{3,})_(?P<upload>[1-9]\d{3,})_(?P<own>.+)", re.S
)
_ALONE = 3  # how long ids are at least where no file beside it looks the same


def owners(entries: Sequence[Entry]) -> dict[Entry, Owner]:
    """Whose the files of "Download submissions" are: the larger the last number, the later."""
    found: dict[Entry, tuple[int, re.Match[str]]] = {}
    folders: defaultdict[tuple[str, ...], set[str]] = defaultdict(set)
    for entry in entries:
        for at, part in enumerate(entry.parts):
            if told := _LONG.fullmatch(part) or _PART.fullmatch(part):
                found[entry] = (at, told)
                folders[entry.parts[:at]].add(part)
                break
    alike = Counter({folder: len(parts) for folder, parts in folders.items()})
    return {
        entry: _owner(entry, at, told)
        for entry, (at, told) in found.items()
        if alike[entry.parts[:at]] > 1 or min(len(told["id"]), len(told["upload"])) >= _ALONE
    }


def _owner(entry: Entry, at: int, told: re.Match[str]) -> Owner:
    owner = Owner(
        told["name"] if told["name"].strip() else entry.parts[at],
        (),
        at,
        id=told["id"],
        late=told["late"] is not None,
        upload=int(told["upload"]),
    )
    return with_own(owner, told["own"], entry.parts[at + 1 :])
