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
_NAME = re.compile(r"^[ \t]*+\S+: .*\((?P<login>[^()\s]+)\)[ \t\r]*$", re.MULTILINE)
_MOST_READ = 4096  # bytes


def owners(entries: Sequence[Entry], at: int) -> dict[Entry, Owner]:
    """Whose the files of a gradebook's column are; several attempts stand side by side.

    A login may hold underscores, as may the names of course and column before it: the text beside
    the files tells it, or else what all have in common is no login.
    """
    here = [entry for entry in entries if len(entry.parts) > at]
    heads = {found["head"] for entry in here if (found := _match(entry.parts[at]))}
    if not heads:
        return {}
    logins = _logins(heads) | _told_logins([one for one in here if len(one.parts) == at + 1])

    def read(part: str, at: int) -> tuple[Owner, str] | None:
        if (found := _match(part)) is None:
            return None
        time = from_numbers(found["time"])
        own = found["own"] or (part if found["suffix"] else "")
        return Owner(logins[found["head"]], (), at, time=time, attempt=(time, 0)), own

    return owners_by(read, here, at)


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
    known = set(texts)
    return {
        text: next(
            (start for cut in re.finditer("_", text) if (start := text[: cut.start()]) in known),
            text,
        )
        for text in known - {""}
    } | {"": ""}


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
