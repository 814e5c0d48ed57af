"""Files beside a notebook: which of them travel with it, and what of them is read."""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from grader.grading.collecting.files import opened, printable
from grader.grading.collecting.folders import SUFFIX, is_environment, is_tool
from grader.grading.collecting.passed_over import some

MOST_FILES, MOST_BYTES = 200, 64 * 2**20
"""How many files travel with a notebook, and how many bytes they may have together."""
_MOST_SEEN = 1000  # of what lies there; nobody needs to know more about what is left behind
_MOST_FOLDERS, _DEEPEST = 500, 10


@dataclass(frozen=True)
class Carried:
    """The files that travel with a notebook, by the name that its code uses.

    `notes` say what was left behind, and why.
    """

    files: Mapping[str, bytes]
    notes: tuple[str, ...] = ()


def companions_of(notebook: Path, below: Path) -> dict[str, Path]:
    """The files that lie beside a notebook, or in folders beside it, by name (`data/prices.csv`).

    `below` is the student's own folder: nothing outside of it is looked at, and no link is
    followed. Other notebooks, hidden files and what belongs to programs do not count. What is
    nearest to the notebook comes first; at most 1,000 are told.
    """
    try:
        steps = notebook.parent.relative_to(below).parts
    except ValueError:
        return {}
    at = below
    for step in steps:
        at = at / step
        if at.is_symlink():
            return {}
    found: dict[str, Path] = {}
    for path in _nearest_first(notebook.parent):
        if len(found) == _MOST_SEEN:
            break
        found[path.relative_to(notebook.parent).as_posix()] = path
    return found


def _nearest_first(root: Path) -> Iterator[Path]:
    """Ordinary files below a folder, level by level, each level in the order of names."""
    level, looked_into = [root], 0
    for _ in range(_DEEPEST):
        below: list[Path] = []
        for folder in level:
            looked_into += 1
            if looked_into > _MOST_FOLDERS:
                return
            files, folders = _inside(folder)
            yield from files
            below += folders
        level = below


def _inside(folder: Path) -> tuple[list[Path], list[Path]]:
    """The files of a folder that may travel, and the folders in it that may hold others."""
    files, folders = [], []
    try:
        with os.scandir(folder) as entries:
            inside = sorted(entries, key=lambda entry: entry.name)
    except OSError:
        return [], []  # what cannot be looked into was not handed in
    for entry in inside:
        path = folder / entry.name
        if entry.name.startswith(".") or is_tool(entry.name) or entry.is_symlink():
            continue
        if entry.is_file(follow_symlinks=False) and not entry.name.lower().endswith(SUFFIX):
            files.append(path)
        elif entry.is_dir(follow_symlinks=False) and not is_environment(path):
            folders.append(path)
    return files, folders


def carried(
    companions: Mapping[str, Path], below: Path, given: Mapping[str, bytes] | None = None
) -> Carried:
    """The content of the files that travel with a notebook, with those `given` by its lesson.

    Each is read as the notebook is: an ordinary file, without following a link from `below` on. At
    most 200 with 64 MiB together are carried; a lesson's own file takes the place of a student's.
    """
    files = dict(given or {})
    taken = {*files, *(str(up) for name in files for up in PurePosixPath(name).parents)}
    left, left_behind, unreadable, replaced = MOST_BYTES, [], [], []
    count = 0
    for name, path in companions.items():
        if name in taken or any(str(up) in files for up in PurePosixPath(name).parents):
            replaced.append(printable(name))
            continue
        if count == MOST_FILES:
            left_behind.append(printable(name))
            continue
        content = _content(path, below, left) if _stays_inside(name) else None
        if content is None:
            unreadable.append(printable(name))
        elif len(content) > left:
            left_behind.append(printable(name))
        else:
            files[name] = content
            left, count = left - len(content), count + 1
    return Carried(files, tuple(_notes(companions, left_behind, unreadable, replaced)))


def parcel(
    companions: Mapping[str, Path], below: Path, given: Iterable[Collection[str]]
) -> dict[str, bytes | int | None]:
    """What another machine needs of the files beside a notebook to carry the same ones, by name.

    Of what may be carried, the content; of any other file its size in bytes, no more than one too
    many of them; None of what cannot be read. `given` are the names of the files of each lesson,
    any of which the notebook may be of.
    """
    found: dict[str, bytes | int | None] = dict.fromkeys(companions)
    lessons: set[frozenset[str]] = {frozenset(), *map(frozenset, given)}
    for names in lessons:
        files = carried(companions, below, dict.fromkeys(names, b"")).files
        found |= {name: content for name, content in files.items() if name not in names}
    for name, path in companions.items():
        if found[name] is None:
            content = _content(path, below, MOST_BYTES)
            found[name] = None if content is None else len(content)
    return found


def _notes(
    companions: Mapping[str, Path],
    left_behind: list[str],
    unreadable: list[str],
    replaced: list[str],
) -> Iterator[str]:
    if left_behind:
        more = " There may be more." if len(companions) == _MOST_SEEN else ""
        yield (
            f"At most {MOST_FILES} files, of {MOST_BYTES // 2**20} MiB together, are carried along "
            f"with a notebook. Left behind: {some(left_behind, 10)}.{more}"
        )
    if unreadable:
        yield f"Files beside the notebook that could not be read: {some(unreadable, 10)}."
    if replaced:
        yield (
            f"The lesson brings files of its own, which took the place of these beside the "
            f"notebook: {some(replaced, 10)}."
        )


def without_place(names: tuple[str, ...]) -> tuple[str, ...]:
    """What a record notes of files for which there was no place beside the notebook."""
    if not names:
        return ()
    shown = some([printable(name) for name in names], 10)
    return (f"Files beside the notebook whose names are taken where grading happens: {shown}.",)


def _stays_inside(name: str) -> bool:
    path = PurePosixPath(name)
    return not path.is_absolute() and bool(path.parts) and ".." not in path.parts


def _content(path: Path, below: Path, most: int) -> bytes | None:
    """A file's bytes, one more than `most` at most; None where it is no file that can be read."""
    try:
        descriptor = opened(path, below)
    except (OSError, ValueError):
        return None
    with os.fdopen(descriptor, "rb") as file:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            return None
        try:
            return file.read(most + 1)
        except OSError:
            return None


def companions_hash(companions: Mapping[str, Path], below: Path) -> str:
    """The SHA-256 of what travels with a notebook: names, contents, and what was left behind.

    The same files give the same one, wherever they lie; without any, it is empty.
    """
    if not companions:
        return ""
    found = carried(companions, below)
    digest = hashlib.sha256()
    for name, content in sorted(found.files.items()):
        for part in (os.fsencode(name), content):
            digest.update(len(part).to_bytes(8, "big"))
            digest.update(part)
    digest.update("\n".join(found.notes).encode())
    return digest.hexdigest()
