"""D2L Brightspace: `10231-556677 - Jane Doe - Feb 3, 2026 1011 AM/x.ipynb`."""

from __future__ import annotations

import re
from collections.abc import Sequence

from grader.grading.collecting.candidates import Owner
from grader.grading.collecting.platforms.components import owners_by
from grader.grading.collecting.platforms.times import from_words
from grader.grading.collecting.tree import Entry

_IDS = re.compile(r"(?P<id>\d++)-\d++ ?- (?=.)", re.S)
_YEAR = re.compile(r"\d{4}")


def owners(entries: Sequence[Entry], at: int) -> dict[Entry, Owner]:
    """Whose the files of an assignment folder are; each attempt has a folder with its time."""
    return owners_by(_read, entries, at)


def _read(part: str, at: int) -> tuple[Owner, str] | None:
    if (ids := _IDS.match(part)) is None:
        return None
    # A name may hold ` - ` as well: the first piece after it with a year, and no hyphen, is a time.
    pieces = part[ids.end() :].split("- ")
    for number, piece in enumerate(pieces[1:], start=1):
        if "-" in piece or _YEAR.search(piece) is None:
            continue
        is_last = number == len(pieces) - 1
        if not (is_last or piece.endswith(" ")):
            continue
        name = "- ".join(pieces[:number]).strip()
        time = from_words(piece)
        owner = Owner(name, (), at, id=ids["id"], time=time, attempt=(time, 0))
        return owner, "- ".join(pieces[number + 1 :])
    return None
