"""Gradescope: `assignment_4455_export/submission_90011/x.ipynb`, with `submission_metadata.yml`."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import yaml

from grader.grading.collecting.candidates import Owner
from grader.grading.collecting.files import printable
from grader.grading.collecting.passed_over import PassedOver
from grader.grading.collecting.platforms.times import from_words, iso
from grader.grading.collecting.tree import Entry, Kind, beginning

METADATA = "submission_metadata.yml"
_LARGEST = 16 * 2**20  # bytes

_Safe: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class _Loader(_Safe):  # type: ignore[misc]  # which of the two is known at run time only
    """Plain values only; Ruby's names of classes are passed over, their values kept."""


def _plainly(loader: Any, _suffix: str, node: yaml.Node) -> Any:
    if isinstance(node, yaml.MappingNode):
        return loader.construct_mapping(node, deep=True)
    if isinstance(node, yaml.SequenceNode):
        return loader.construct_sequence(node, deep=True)
    return loader.construct_scalar(node)


_Loader.add_multi_constructor("!", _plainly)


def owners_and_absent(
    entries: Sequence[Entry], said: PassedOver
) -> tuple[dict[Entry, Owner], list[Owner]]:
    """Whose the folders of an export are, of a group its first member's; and who has no folder."""
    found: dict[Entry, Owner] = {}
    absent = []
    for metadata in entries:
        if metadata.name != METADATA or metadata.kind is not Kind.FILE:
            continue
        told = _read(metadata, said)
        *above, _ = metadata.parts
        at = len(above)
        there = set()
        for entry in entries:
            if entry.parts[:at] == tuple(above) and entry.parts[at] in told:
                there.add(entry.parts[at])
                found[entry] = told[entry.parts[at]](at, entry.parts[at + 1 :])
        absent += [owner(at, ()) for folder, owner in told.items() if folder not in there]
    return found, absent


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
        document = yaml.load(beginning(entry, _LARGEST), _Loader)  # noqa: S506 - a safe one
    except (yaml.YAMLError, ValueError, RecursionError, OverflowError, TypeError) as error:
        said.malformed.append(f"{entry.shown} (no readable YAML: {type(error).__name__})")
        return {}
    if not isinstance(document, dict):
        said.malformed.append(f"{entry.shown} (no list of submissions)")
        return {}
    named = ((_text(key).lstrip(":"), value) for key, value in document.items())
    return {name: _Told(name, value) for name, value in named if isinstance(value, dict) and name}


def _by_word(values: dict[Any, Any]) -> dict[str, Any]:
    """The values by their names, which are Ruby's symbols: `:name`."""
    return {key.lstrip(":"): value for key, value in values.items() if isinstance(key, str)}


def _name(person: dict[str, Any]) -> str:
    words = (_text(person.get(word)) for word in ("name", "email", "sid"))
    return next(filter(None, words), "")


def _text(value: Any) -> str:
    """A short text or a number as text; "" for anything else."""
    if isinstance(value, str | int) and not isinstance(value, bool):
        return printable(str(value).strip())[:200]
    return ""


def _time(value: Any) -> str:
    if isinstance(value, datetime):
        return iso(value)
    return from_words(value) if isinstance(value, str) else ""
