"""Blackboard: `gradebook_COURSE_ITEM_LOGIN_attempt_2026-02-03-10-11-12_x.ipynb`."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Collection, Sequence
from itertools import takewhile

from grader.grading.collecting.candidates import Owner
from grader.grading.collecting.platforms.components import owners_by
from grader.grading.collecting.platforms.times import from_numbers
from grader.grading.collecting.tree import Entry, Kind, beginning

_PART = re.compile(
    r"(?P<head>.+?)_attempt_(?P<time>\d{4}(?:-\d{1,2}){5})(?:_(?P<own>.+)|(?P<suffix>\.\w+)?)", re.S
)
# What Blackboard writes about an attempt beside its files.
_NAME = re.compile(r"^\s*\S+: .*\((?P<login>[^()\s]+)\)\s*$", re.MULTILINE)
_MOST_READ = 4096  # bytes


def owners(entries: Sequence[Entry]) -> dict[Entry, Owner]:
    """Whose the files of a gradebook's column are; several attempts stand side by side.

    A login may hold underscores, as may the names of course and column before it: the text beside
    the files tells it, or else what all have in common is no login.
    """
    parts = {found["head"] for entry in entries for part in entry.parts if (found := _match(part))}
    logins = _logins(parts) | _told_logins(entries)

    def read(part: str, at: int) -> tuple[Owner, str] | None:
        if (found := _match(part)) is None:
            return None
        time = from_numbers(found["time"])
        own = found["own"] or (part if found["suffix"] else "")
        return Owner(logins[found["head"]], (), at, time=time, attempt=(time, 0)), own

    return owners_by(read, entries)


def _match(part: str) -> re.Match[str] | None:
    return _PART.fullmatch(part)


def _logins(heads: Collection[str]) -> dict[str, str]:
    """The logins at the ends of `heads`, such as `gradebook_CNN101_Lesson201_jdoe`."""
    before = {head: head.rpartition("_")[0] for head in heads}
    counted = Counter(before.values())
    lasts = Counter(head.rpartition("_")[2] for head in heads)
    if len(heads) > 1 and max(counted.values()) == 1 and max(lasts.values()) == 1:
        words = [head.split("_")[:-1] for head in heads]
        shared = sum(
            1 for _ in takewhile(lambda same: len(set(same)) == 1, zip(*words, strict=False))
        )
        return {head: "_".join(head.split("_")[shared:]) for head in heads}
    bases = _shortest(before.values())
    return {head: head[len(bases[before[head]]) :].lstrip("_") for head in heads}


def _shortest(texts: Collection[str]) -> dict[str, str]:
    """For each text the shortest of them that it goes on from with an underscore, or itself."""
    ordered = sorted(set(texts), key=len)
    found: dict[str, str] = {}
    for text in ordered:
        shorter = (one for one in ordered if one and text.startswith(f"{one}_"))
        found[text] = next(shorter, text)
    return found


def _told_logins(entries: Sequence[Entry]) -> dict[str, str]:
    """The logins that Blackboard's own texts tell, where they agree with the names of the files."""
    told: defaultdict[str, str] = defaultdict(str)
    for entry in entries:
        found = _match(entry.name)
        if entry.kind is not Kind.FILE or found is None or found["suffix"] != ".txt":
            continue
        text = beginning(entry, _MOST_READ).decode("utf-8", "replace")
        for line in _NAME.finditer(text):
            if found["head"].endswith(f"_{line['login']}"):
                told[found["head"]] = line["login"]
    return dict(told)
