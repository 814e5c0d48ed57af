"""Gradescope: `assignment_4455_export/submission_90011/x.ipynb`, with `submission_metadata.yml`."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from grader.grading.collecting.candidates import Owner
from grader.grading.collecting.files import printable
from grader.grading.collecting.passed_over import PassedOver
from grader.grading.collecting.platforms.plain_yaml import NoPlainYaml, plain_yaml
from grader.grading.collecting.platforms.times import from_words
from grader.grading.collecting.tree import Entry, Kind, beginning

METADATA = "submission_metadata.yml"
_LARGEST = 16 * 2**20  # bytes

_FOLDER = re.compile(r"submission_\d+")


def owners_and_absent(
    entries: Sequence[Entry], at: int, said: PassedOver
) -> tuple[dict[Entry, Owner], list[Owner]]:
    """Whose the folders of an export are, of a group its first member's; and who has no folder.

    The export's folder has `at` parts itself. Its metadata count only beside folders that are
    called as Gradescope calls them.
    """
    files = (one for one in entries if one.kind is Kind.FILE and one.parts[at:] == (METADATA,))
    metadata = next(files, None)
    inside = [
        one for one in entries if len(one.parts) > at + 1 and _FOLDER.fullmatch(one.parts[at])
    ]
    if metadata is None or not inside:
        return {}, []
    told = _read(metadata, said)
    found = {}
    for entry in inside:
        folder = entry.parts[at]
        owner = told.get(folder) or _Told(folder, {})
        found[entry] = owner(at, entry.parts[at + 1 :])
    there = {entry.parts[at] for entry in found}
    return found, [owner(at, ()) for folder, owner in told.items() if folder not in there]


class _Told:
    """What the metadata tell of one submission; called with where it lies, it is its owner."""

    def __init__(self, folder: str, told: dict[Any, Any]) -> None:
        values = _by_word(told)
        people = values.get("submitters")
        self._people = (
            [_by_word(one) for one in people if isinstance(one, dict)]
            if isinstance(people, list)
            else []
        )
        history = values.get("history")
        self._earlier = len(history) if isinstance(history, list) else 0
        self._time = _time(values.get("created_at"))
        self._folder = folder

    def __call__(self, at: int, own: tuple[str, ...]) -> Owner:
        members = [
            (name, _text(one.get("sid")), _text(one.get("email")))
            for one in self._people
            if (name := _name(one))
        ]
        names = [name for name, _, _ in members]
        first = self._people[0] if self._people else {}
        return Owner(
            names[0] if names else self._folder,
            own,
            at,
            id=_text(first.get("sid")),
            time=self._time,
            group=tuple(names) if len(names) > 1 else (),
            email=_text(first.get("email")),
            members=tuple(members) if len(names) > 1 else (),
            attempt=(self._time, 0),
            earlier=self._earlier,
        )


def _read(entry: Entry, said: PassedOver) -> dict[str, _Told]:
    try:
        document = plain_yaml(beginning(entry, _LARGEST + 1), _LARGEST)
    except NoPlainYaml as error:
        said.malformed.append(f"{entry.shown} ({error})")
        return {}
    if not isinstance(document, dict):
        said.malformed.append(f"{entry.shown} (no list of submissions)")
        return {}
    named = ((_text(key).lstrip(":"), value) for key, value in document.items())
    return {
        name: _Told(name, value)
        for name, value in named
        if isinstance(value, dict) and _FOLDER.fullmatch(name)
    }


def _by_word(values: dict[Any, Any]) -> dict[str, Any]:
    """The values by their names, which are Ruby's symbols: `:name`."""
    return {key.lstrip(":"): value for key, value in values.items() if isinstance(key, str)}


def _name(person: dict[str, Any]) -> str:
    words = (_text(person.get(word)) for word in ("name", "email", "sid"))
    return next(filter(None, words), "")


def _text(value: Any) -> str:
    """A short text; "" for anything else."""
    return printable(value.strip())[:200] if isinstance(value, str) else ""


def _time(value: Any) -> str:
    return from_words(value) if isinstance(value, str) else ""
