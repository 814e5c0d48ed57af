"""Canvas: `lastfirst_LATE_10231_556677_x.ipynb`, all in one folder."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence

from grader.grading.collecting.candidates import Owner
from grader.grading.collecting.names import archive_stem, is_generic, names_nobody, stem_of
from grader.grading.collecting.people import person_in
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
_MOST_IDS = 2  # of two students of one name; more are no ids


def owners(entries: Sequence[Entry], at: int) -> dict[Entry, Owner]:
    """Whose the files of "Download submissions" are: the larger the last number, the later.

    Their names have `at` parts before them. Other schemes look the same by chance: where many
    people would become one, nobody's are.
    """
    found: dict[Entry, re.Match[str]] = {}
    for entry in entries:
        if len(entry.parts) > at and (match := told(entry.parts[at])):
            found[entry] = match
    files = {entry.parts[at]: match for entry, match in found.items()}
    # Canvas makes no folders: one that stands alone was called so by somebody else.
    is_folder = any(
        len(one.parts) > at + 1 and one.parts[at] == archive_stem(one.parts[at]) for one in found
    )
    if (len(files) == 1 and is_folder) or not _are_canvas(list(files.values())):
        return {}
    return {entry: _owner(entry, at, match) for entry, match in found.items()}


def told(part: str) -> re.Match[str] | None:
    """What a name tells that looks as Canvas writes them: small letters and digits first.

    The groups are `name`, `late`, `id`, `upload` and `own`; None where it does not look so.
    """
    found = _LONG.fullmatch(part) or _PART.fullmatch(part)
    if found is None:
        return None
    name = found["name"].strip()
    is_name = not name or (name == name.lower() and not any(map(str.isspace, name)))
    return found if is_name and not is_generic(name or "x") else None


def _are_canvas(names: Sequence[re.Match[str]]) -> bool:
    """Whether files beside each other have Canvas's numbers in their names."""
    if len(names) < 2:
        return all(min(len(one["id"]), len(one["upload"])) >= _ALONE for one in names)
    uploads: defaultdict[str, set[str]] = defaultdict(set)
    ids: defaultdict[str, set[str]] = defaultdict(set)
    for one in names:
        uploads[one["upload"]].add(one["id"])
        ids[one["name"]].add(one["id"])
    is_each_once = len(uploads) == len(names)
    if not is_each_once or max(map(len, ids.values())) > _MOST_IDS:
        return False
    if len(ids) > 1:
        return True
    # One name: either they uploaded several files, or it is the course's, and people's follow.
    people = {person_in(stem_of(one["own"])) for one in names}
    return not (len(people) > 1 and all(name and not names_nobody(name) for name in people))


def _owner(entry: Entry, at: int, match: re.Match[str]) -> Owner:
    owner = Owner(
        match["name"] if match["name"].strip() else entry.parts[at],
        (),
        at,
        id=match["id"],
        late=match["late"] is not None,
        upload=int(match["upload"]),
    )
    return with_own(owner, match["own"], entry.parts[at + 1 :])
