"""nbgrader: `submitted/STUDENT/ASSIGNMENT/x.ipynb`, and `STUDENT+ASSIGNMENT+TIME+RANDOM/x.ipynb`.

The latter are inbound: what students have sent and nobody has collected yet.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from grader.grading.collecting.candidates import Owner
from grader.grading.collecting.platforms.components import owners_by, with_own
from grader.grading.collecting.platforms.times import from_numbers, from_words
from grader.grading.collecting.tree import Entry, Kind, beginning

SUBMITTED = "submitted"
TIMESTAMP = "timestamp.txt"
_MOST_READ = 200  # bytes

_INBOUND = re.compile(
    r"(?P<name>.+?)\+(?P<assignment>[^+]+)\+(?P<time>\d{4}-\d\d-\d\d[ T_]\d\d.\d\d.\d\d[^+]*)"
    r"(?:\+.*)?",
    re.S,
)
# What nbgrader keeps beside `submitted`; nobody handed in any of it.
_ITS_OWN = frozenset({"source", "release", "autograded", "feedback", "gradebook.db"})


def owners(entries: Sequence[Entry]) -> dict[Entry, Owner]:
    """Whose the files of a course folder or of an exchange are.

    Where `submitted` lies in several folders, these are people's, and it is a word like another.
    """
    found = owners_by(_read_inbound, entries)
    roots = {
        entry.parts[: entry.parts.index(SUBMITTED)]
        for entry in entries
        if SUBMITTED in entry.parts[:-1]
    }
    if len(roots) != 1:
        return found
    [root] = roots
    at = len(root) + 1
    below = [entry for entry in entries if entry.parts[:at] == (*root, SUBMITTED)]
    if not any(len(entry.parts) > at + 2 for entry in below):
        return found
    for entry in below:
        if entry not in found and (len(entry.parts) > at + 1 or entry.kind is Kind.BARE):
            found[entry] = with_own(Owner(entry.parts[at], (), at), "", entry.parts[at + 1 :])
    return found


def aside(entries: Sequence[Entry], found: dict[Entry, Owner]) -> dict[Entry, str]:
    """What nbgrader keeps beside `submitted`: each entry with the path of the folder that it is in.

    These are the course's own files, and what was graded before.
    """
    roots = {
        entry.parts[: owner.at - 1]
        for entry, owner in found.items()
        if entry.parts[owner.at - 1 : owner.at] == (SUBMITTED,)
    }
    return {
        entry: "/".join(entry.parts[: len(root) + 1])
        for root in roots
        for entry in entries
        if entry.parts[: len(root)] == root and entry.parts[len(root)] in _ITS_OWN
    }


def _read_inbound(part: str, at: int) -> tuple[Owner, str] | None:
    found = _INBOUND.fullmatch(part)
    if found is None:
        return None
    time = from_words(found["time"].replace("_", " "))
    return Owner(found["name"], (), at, time=time, attempt=(time, 0)), ""


def with_timestamps(found: dict[Entry, Owner]) -> dict[Entry, Owner]:
    """The owners, with the time of a `timestamp.txt` beside a file, where nothing else tells one.

    Sakai writes such texts, too. Whatever lies in its folder, or deeper, was handed in then.
    """
    times = {}
    for entry in found:
        if entry.name == TIMESTAMP and entry.kind is Kind.FILE:
            text = beginning(entry, _MOST_READ).decode("utf-8", "replace")
            times[entry.parts[:-1]] = (
                from_numbers(text) if text.strip().isdigit() else from_words(text)
            )
    if not times:
        return found
    dated = {}
    for entry, owner in found.items():
        folders = (entry.parts[:depth] for depth in range(len(entry.parts) - 1, owner.at, -1))
        time = owner.time or next((times[one] for one in folders if one in times), "")
        is_new = bool(time) and not owner.time
        dated[entry] = replace(owner, time=time, attempt=(time, 0)) if is_new else owner
    return dated
