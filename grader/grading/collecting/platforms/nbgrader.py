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
# Sakai's folders of students, and what it puts into one.
_SAKAI = re.compile(r"[^()]+, [^()]+\([^()\s]+\)")
_ATTACHMENTS = "Submission attachment"
# What nbgrader keeps beside `submitted`; nobody handed in any of it.
ITS_OWN = frozenset({"source", "release", "autograded", "feedback", "gradebook.db"})


def owners(entries: Sequence[Entry], at: int) -> dict[Entry, Owner]:
    """Whose the files of a course folder or of an exchange are, which has `at` parts itself."""
    found = owners_by(_read_inbound, entries, at)
    below = [entry for entry in entries if entry.parts[at : at + 1] == (SUBMITTED,)]
    at += 1
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
        if entry.parts[: len(root)] == root and entry.parts[len(root)] in ITS_OWN
    }


def _read_inbound(part: str, at: int) -> tuple[Owner, str] | None:
    found = _INBOUND.fullmatch(part)
    if found is None:
        return None
    time = from_words(found["time"].replace("_", " "))
    return Owner(found["name"], (), at, time=time, attempt=(time, 0)), ""


def with_timestamps(found: dict[Entry, Owner]) -> dict[Entry, Owner]:
    """The owners, with the time of the `timestamp.txt` that nbgrader and Sakai put beside files.

    It counts only where these put it, and where nothing else tells a time or that it was late:
    elsewhere a student may have written it.
    """
    sakai = _sakai_levels(found)
    times = {}
    for entry, owner in found.items():
        if entry.name != TIMESTAMP or entry.kind is not Kind.FILE:
            continue
        is_nbgrader = entry.parts[owner.at - 1 : owner.at] == (SUBMITTED,)
        if len(owner.own) == (2 if is_nbgrader else 1) and (
            is_nbgrader or entry.parts[: owner.at] in sakai
        ):
            text = beginning(entry, _MOST_READ).decode("utf-8", "replace")
            times[entry.parts[:-1]] = (
                from_numbers(text) if text.strip().isdigit() else from_words(text)
            )
    if not times:
        return found
    dated = {}
    for entry, owner in found.items():
        folders = (entry.parts[:depth] for depth in (owner.at + 1, owner.at + 2))
        time = next((times[one] for one in folders if one in times), "")
        is_new = bool(time) and not (owner.time or owner.late)
        dated[entry] = replace(owner, time=time, attempt=(time, 0)) if is_new else owner
    return dated


def _sakai_levels(found: dict[Entry, Owner]) -> set[tuple[str, ...]]:
    """The folders in which every student's is as Sakai makes it: `Doe, Jane(jdoe)`."""
    of_folder: dict[tuple[str, ...], dict[str, bool]] = {}
    for entry, owner in found.items():
        if len(entry.parts) > owner.at + 1:
            kids = of_folder.setdefault(entry.parts[: owner.at], {})
            name = entry.parts[owner.at]
            has_marks = entry.parts[owner.at + 1].startswith((_ATTACHMENTS, TIMESTAMP))
            kids[name] = kids.get(name, False) or has_marks
    return {
        folder
        for folder, kids in of_folder.items()
        if all(_SAKAI.fullmatch(name) for name in kids) and 2 * sum(kids.values()) > len(kids)
    }
