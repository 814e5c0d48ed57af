"""Paths → candidates: the files that may have been handed in, and whose they are.

Each platform is asked for the files that it knows; for what none does, the shape of the tree tells.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from pathlib import Path

from grader.errors import UsageError
from grader.grading.collecting import plain
from grader.grading.collecting.archives import is_archive
from grader.grading.collecting.candidates import Candidate, Owner
from grader.grading.collecting.files import printable
from grader.grading.collecting.folders import SUFFIX
from grader.grading.collecting.levels import Level, levels
from grader.grading.collecting.names import archive_stem, is_copy, lesson_in
from grader.grading.collecting.nodes import Folder, folder_of
from grader.grading.collecting.own_output import refuse_own_output
from grader.grading.collecting.passed_over import PassedOver
from grader.grading.collecting.plain import Shape
from grader.grading.collecting.platforms import (
    blackboard,
    brightspace,
    canvas,
    gradescope,
    moodle,
    nbgrader,
)
from grader.grading.collecting.reading import named_lesson
from grader.grading.collecting.repeated import says_nothing_new
from grader.grading.collecting.tree import (
    Entry,
    Kind,
    Opener,
    entries_below,
    holds_notebook,
    is_file_archive,
)

_FOLDERS = (Kind.BARE, Kind.CLOSED, Kind.LINKED_FOLDER)
_MOST_ARCHIVES = 5  # of one student that are looked into


class Layout(StrEnum):
    """The layouts that a person may name: platforms, and plain shapes.

    `github` and `folders` take each folder for a student's, `drive` and `files` each file, and
    `one` takes all for one student's.
    """

    CANVAS = "canvas"
    MOODLE = "moodle"
    BLACKBOARD = "blackboard"
    BRIGHTSPACE = "brightspace"
    GRADESCOPE = "gradescope"
    NBGRADER = "nbgrader"
    GITHUB = "github"
    DRIVE = "drive"
    FOLDERS = "folders"
    FILES = "files"
    ONE = "one"


_Owners = Callable[[Sequence[Entry], int], dict[Entry, Owner]]
# The surest first. Gradescope's come before all, as its metadata say more than names.
_PLATFORMS: Mapping[Layout, _Owners] = {
    Layout.MOODLE: moodle.owners,
    Layout.BRIGHTSPACE: brightspace.owners,
    Layout.BLACKBOARD: blackboard.owners,
    Layout.NBGRADER: nbgrader.owners,
    Layout.CANVAS: canvas.owners,
}
_SHAPES = {
    Layout.GITHUB: Shape.FOLDERS,
    Layout.FOLDERS: Shape.FOLDERS,
    Layout.DRIVE: Shape.FILES,
    Layout.FILES: Shape.FILES,
    Layout.ONE: Shape.ONE,
}


@dataclass
class Found:
    """What one path holds: candidates, and students of whom there is none, with what there is."""

    candidates: list[Candidate] = field(default_factory=list)
    without: list[tuple[str, Owner, str]] = field(default_factory=list)


def found_at(path: Path, layout: Layout | None, opener: Opener, said: PassedOver) -> Found:
    """What a folder, an archive or a notebook holds; UsageError where nobody's work can be told."""
    if path.is_dir():
        refuse_own_output(path)
        parts = (path.resolve().name or "folder",)
        return _in_tree(path, entries_below(path, parts, said), layout, opener, said)
    if os.path.lexists(path) and not path.is_symlink() and is_archive(path):
        if (same := opener.same_as(path)) is not None:
            said.repeated.append(says_nothing_new(printable(str(path)), [printable(str(same))]))
            return Found()
        entries = opener.entries(path, (path.name,), printable(str(path)))
        if path in opener.wrong:
            raise UsageError(opener.wrong[path])
        return _in_tree(path, entries, layout, opener, said)
    return Found([_named_file(path, layout)])


def _named_file(path: Path, layout: Layout | None) -> Candidate:
    """A notebook that was named by itself; UsageError if it is none, or is not there."""
    if not os.path.lexists(path):
        raise UsageError(
            f"A submission is a file or a folder that exists. Received: {printable(str(path))}. "
            f"Look for a typing mistake in the path."
        )
    if path.suffix.lower() != SUFFIX and not holds_notebook(path):
        raise UsageError(
            f"A submission is an .ipynb file or a folder of them. Received: "
            f"{printable(str(path))}. Save it as a notebook, or name the folder it lies in."
        )
    entry = Entry((path.name,), path, path.parent, Kind.NOTEBOOK, shown=printable(str(path)))
    if owner := _by_platform([entry], 0, layout).get(entry):
        return Candidate(printable(owner.student), entry, owner, is_named=True)
    # The file itself is not resolved: it may be a link to itself.
    name = path.parent.resolve().name if named_lesson(path) else path.stem
    return Candidate(printable(name), entry, Owner(name, (path.name,)), is_named=True)


def _in_tree(
    root: Path, entries: list[Entry], layout: Layout | None, opener: Opener, said: PassedOver
) -> Found:
    """The candidates below a folder or in an archive."""
    entries = _with_archives(entries, opener, said)
    owners, absent = _owners(entries, layout, said)
    found = Found(without=[(printable(owner.student), owner, "") for owner in absent])
    of_student: dict[tuple[str, str], list[tuple[Entry, Owner]]] = {}
    for entry, owner in owners.items():
        key = (printable(owner.student), owner.id)
        of_student.setdefault(key, []).append((entry, owner))
    for (student, _), own in of_student.items():
        _take(student, own, found, opener, said)
    if layout is Layout.ONE and not found.candidates:
        # A person said whose all of it is. That there is no notebook is not that person's mistake.
        name = root.resolve().name or "folder"
        found.without = found.without or [(printable(name), Owner(name, ()), "")]
        return found
    if not found.candidates and not (found.without and _tells_students(entries, owners)):
        raise UsageError(
            f"A folder of submissions holds notebooks, as STUDENT/NOTEBOOK.ipynb or STUDENT.ipynb, "
            f"or is as a learning platform makes it. Received: {printable(str(root))}, with no "
            f".ipynb file in it{said.beside_own_output()}. Name another folder."
        )
    return found


def _tells_students(entries: Sequence[Entry], owners: Mapping[Entry, Owner]) -> bool:
    """Whether what lies there was handed in, though there is no notebook."""
    tells = (owner.id or owner.time or owner.upload is not None for owner in owners.values())
    return any(tells) or any(
        entry.kind is Kind.FILE and (lesson_in(entry.name) or is_file_archive(entry))
        for entry in entries
    )


def _with_archives(entries: list[Entry], opener: Opener, said: PassedOver) -> list[Entry]:
    """The entries, with what is in archives that lie directly in the folder that was named."""
    archives = [one for one in entries if len(one.parts) == 2 and is_file_archive(one)]
    archives.sort(key=lambda one: is_copy(archive_stem(one.name)))  # what a copy is of comes first
    inside: dict[Entry, list[Entry]] = {}
    for one in archives:
        if (same := opener.same_as(one.path)) is not None:
            said.repeated.append(says_nothing_new(one.name, [same.name]))
            inside[one] = []
        else:
            inside[one] = opener.entries(one.path, one.parts, one.shown, one.below) or [one]
    return [each for one in entries for each in inside.get(one, [one])]


def _owners(
    entries: Sequence[Entry], layout: Layout | None, said: PassedOver
) -> tuple[dict[Entry, Owner], list[Owner]]:
    """Whose each entry is; and those of whom a platform tells that they have none."""
    owners, absent = _of_platforms(entries, layout, said)
    aside = nbgrader.aside(entries, owners)
    said.platforms += sorted(set(aside.values()))
    rest = [entry for entry in entries if entry not in owners and entry not in aside]
    if layout is not None and layout not in _SHAPES:
        said.nobodys += [entry.shown for entry in rest if entry.is_notebook]
        return nbgrader.with_timestamps(owners), absent
    wrappers = {
        entry.parts[:depth] for entry, owner in owners.items() for depth in range(1, owner.at + 1)
    }
    shape = Shape.GUESSED if layout is None else _SHAPES[layout]
    others, nobodys = plain.owners(rest, wrappers, shape)
    held = {entry.parts[:2] for entry in owners | others}
    said.without += sorted(
        {
            _top(entry)
            for entry in nobodys
            if (len(entry.parts) > 2 or entry.kind in _FOLDERS) and entry.parts[:2] not in held
        }
    )
    said.nobodys += [
        entry.shown for entry in nobodys if len(entry.parts) == 2 and _is_worth_a_word(entry)
    ]
    return nbgrader.with_timestamps(owners | others), absent


def _top(entry: Entry) -> str:
    """The folder in the named one that an entry lies in, for a person."""
    above = Path(entry.shown)
    for _ in entry.parts[2:]:
        above = above.parent
    return str(above)


def _is_worth_a_word(entry: Entry) -> bool:
    return entry.is_notebook or is_file_archive(entry)


def _of_platforms(
    entries: Sequence[Entry], layout: Layout | None, said: PassedOver
) -> tuple[dict[Entry, Owner], list[Owner]]:
    """Whose the entries are at the platforms' own levels, and those who have none."""

    def read(folder: Folder) -> Level:
        inside, at = list(folder.everything()), len(folder.parts)
        level = Level()
        if layout in (None, Layout.GRADESCOPE):
            level.owners, level.absent = gradescope.owners_and_absent(inside, at, said)
        left = [entry for entry in inside if entry not in level.owners]
        level.owners |= _by_platform(left, at, layout)
        return level

    if not entries or layout in _SHAPES:
        return {}, []
    found = levels(folder_of(entries), read, is_sure=layout is not None)
    owners = {entry: owner for level in found for entry, owner in level.owners.items()}
    return owners, [owner for level in found for owner in level.absent]


def _by_platform(entries: Sequence[Entry], at: int, layout: Layout | None) -> dict[Entry, Owner]:
    """The owners that the parts of paths tell before which `at` others stand."""
    owners: dict[Entry, Owner] = {}
    for name, owners_of in _PLATFORMS.items():
        if layout in (None, name):
            left = [entry for entry in entries if entry not in owners]
            told = owners_of(left, at)
            owners |= {
                entry: replace(owner, platform=name, level=entry.parts[:at])
                for entry, owner in told.items()
            }
    return owners


def _take(
    student: str,
    own: Sequence[tuple[Entry, Owner]],
    found: Found,
    opener: Opener,
    said: PassedOver,
) -> None:
    """Put what one student handed in into `found`."""
    notebooks = [(entry, owner) for entry, owner in own if entry.is_notebook]
    if not notebooks:
        notebooks = _unpacked(own, opener)
    # Beside notebooks, a link to a folder is no business of ours; without, it is the hand-in.
    folders = (Kind.LINKED_FOLDER, Kind.CLOSED)
    linked = [(entry, owner) for entry, owner in own if entry.kind in folders]
    if not notebooks:
        notebooks = linked[:1]
    note = _newer_without(own, notebooks)
    found.candidates += [Candidate(student, entry, owner, note) for entry, owner in notebooks]
    if not notebooks:
        files = [(entry, owner) for entry, owner in own if entry.kind is Kind.FILE]
        latest = max(own, key=lambda one: one[1].attempt or ("", 0))[1]
        found.without.append((student, latest, _what_was_there(files, opener)))
        said.without += sorted({_folder_of(entry, owner) for entry, owner in own})


def _newer_without(
    own: Sequence[tuple[Entry, Owner]], notebooks: Sequence[tuple[Entry, Owner]]
) -> str:
    """What is said where a student's newest attempt holds no notebook; "" where it does."""
    newest = max((owner.attempt for _, owner in own if owner.attempt), default=None)
    held = {owner.attempt for _, owner in notebooks}
    if newest is None or newest in held or None in held:
        return ""
    return f"The newest attempt ({newest[0] or newest[1]}) holds no notebook."


def _folder_of(entry: Entry, owner: Owner) -> str:
    """What of a student's lies in the class, for a person: a folder, or the file itself."""
    above = Path(entry.shown)
    for _ in entry.parts[owner.at + 1 :]:
        above = above.parent
    return str(above)


def _unpacked(own: Sequence[tuple[Entry, Owner]], opener: Opener) -> list[tuple[Entry, Owner]]:
    """The notebooks in a student's archives."""
    archives = [(entry, owner) for entry, owner in own if is_file_archive(entry)]
    notebooks = []
    for entry, owner in archives[:_MOST_ARCHIVES]:
        if entry.path in opener.wrong:
            continue
        for inner in opener.entries(entry.path, entry.parts, entry.shown, entry.below):
            if inner.is_notebook:
                inside = inner.parts[len(entry.parts) :]
                notebooks.append((inner, replace(owner, own=(*owner.own, *inside))))
    return notebooks


def _what_was_there(files: Sequence[tuple[Entry, Owner]], opener: Opener) -> str:
    names = []
    for entry, owner in files:
        name = printable("/".join(owner.own) or entry.name)
        if entry.path in opener.wrong:
            name += " (a broken archive)"
        elif is_file_archive(entry):
            name += " (an archive without a notebook)"
        names.append(name)
    shown = names[:5]
    return ", ".join(shown) + (f" and {len(names) - 5} more" if len(names) > 5 else "")
