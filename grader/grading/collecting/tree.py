"""What was named on the command line → entries: files, folders and links, archives opened.

An archive is a folder here: what lies in `class.zip` has `class.zip` among its `parts`, and a
`path` where it was unpacked to.
"""

from __future__ import annotations

import atexit
import filecmp
import os
import shutil
import tempfile
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import Enum, auto
from functools import cached_property
from pathlib import Path

from grader.errors import Rejected
from grader.grading.collecting.archive_names import shortened
from grader.grading.collecting.archives import is_archive, unpack
from grader.grading.collecting.files import contents, linked, printable
from grader.grading.collecting.folders import SUFFIX, Folder, look_into
from grader.grading.collecting.names import archive_stem, is_called_notebook, without_copy_marks
from grader.grading.collecting.passed_over import PassedOver
from grader.grading.collecting.reading import Look, look

_SNIFFED = 4096  # bytes at either end of a file
_MAY_BE_NOTEBOOKS = (".json", ".txt", "")


class Kind(Enum):
    """What an entry is. BARE is a folder that holds nothing, CLOSED one nobody can look into."""

    NOTEBOOK = auto()
    FILE = auto()
    LINKED_NOTEBOOK = auto()
    LINKED_FOLDER = auto()
    BARE = auto()
    CLOSED = auto()


@dataclass(frozen=True)
class Entry:
    """Something below what was named: `parts` lead there, the first is the folder that was named.

    `below` is the folder from which on no link is followed. `refused` says why it cannot be read,
    `shown` is its path for a person.
    """

    parts: tuple[str, ...]
    path: Path
    below: Path
    kind: Kind
    refused: str = ""
    shown: str = ""

    @property
    def name(self) -> str:
        """What the file or folder itself is called."""
        return self.parts[-1]

    @property
    def is_notebook(self) -> bool:
        """Whether it may be a notebook that was handed in."""
        return self.kind in (Kind.NOTEBOOK, Kind.LINKED_NOTEBOOK)

    @cached_property
    def look(self) -> Look:
        """What the notebook is about; it is read when this is first asked."""
        return look(self.path, self.below)


@dataclass
class Opener:
    """Unpacks archives into folders of their own below `to`; what is wrong with one is kept.

    Without `to`, below a folder that is removed when this process ends. `wrong` maps an archive to
    why it cannot be opened.
    """

    to: Path | None
    said: PassedOver
    wrong: dict[Path, str] = field(default_factory=dict)
    _asked: dict[tuple[str, int], list[Path]] = field(default_factory=dict)
    _used: dict[str, int] = field(default_factory=dict)

    def entries(
        self, archive: Path, parts: tuple[str, ...], shown: str, below: Path | None = None
    ) -> list[Entry]:
        """What is in an archive, which has these `parts` itself; none where it cannot be opened."""
        folder = self._place(archive.name)
        try:
            unpacked = unpack(archive, folder, below)
        except Rejected as error:
            self.wrong[archive] = str(error)
            return []
        self.said.archives += unpacked.said
        return entries_below(folder, parts, self.said, shown)

    def same_as(self, archive: Path) -> Path | None:
        """The archive that was asked for before, and of which this is a copy; None if it is new.

        Only copies by their names are: that two students hand in the same archive is another thing.
        """
        try:
            called = without_copy_marks(archive_stem(archive.name))
            alike = self._asked.setdefault((called, archive.stat().st_size), [])
            same = next((one for one in alike if filecmp.cmp(one, archive, shallow=False)), None)
        except OSError:  # whoever opens it says so
            return None
        if same is None:
            alike.append(archive)
        return same

    def _place(self, name: str) -> Path:
        """A folder that is not there yet; what an earlier run unpacked makes room."""
        if self.to is None:
            self.to = Path(tempfile.mkdtemp(prefix="grader-unpacked-"))
            atexit.register(shutil.rmtree, self.to, ignore_errors=True)
        called = shortened(printable(name))
        first = alike = _alike(called)
        while alike in self._used:
            self._used[first] += 1
            called = shortened(printable(name), f"-{self._used[first]}")
            alike = _alike(called)
        self._used[alike] = 1
        if os.path.lexists(self.to / called):
            shutil.rmtree(self.to / called)
        return self.to / called


def _alike(name: str) -> str:
    """The same for names that are one on file systems without case, or with one form of accents."""
    return unicodedata.normalize("NFKC", name).casefold()


def entries_below(
    root: Path, parts: tuple[str, ...], said: PassedOver, shown: str = ""
) -> list[Entry]:
    """What lies below a folder, which has these `parts` itself; what was passed over is said.

    `shown` is what the folder is called for a person, where that is not its path.
    """
    found = look_into(root)
    shown = shown or printable(str(root))

    def place(path: Path) -> str:
        inside = path.relative_to(root).parts
        return str(Path(shown, *map(printable, inside)))

    said.environments += map(place, found.environments)
    said.graded += map(place, found.graded)
    said.closed += [f"{place(path)} ({why})" for path, why in found.closed.items()]
    entries = [
        Entry((*parts, *path.relative_to(root).parts), path, root, kind, wrong, place(path))
        for kind, path, wrong in _kinds(found)
    ]
    return sorted(entries, key=lambda entry: entry.parts)


def _kinds(found: Folder) -> Iterable[tuple[Kind, Path, str]]:
    for path in found.notebooks:
        yield Kind.NOTEBOOK, path, ""
    for path in found.files:
        yield (Kind.NOTEBOOK if holds_notebook(path) else Kind.FILE), path, ""
    for path in found.links:
        is_file = path.suffix.lower() == SUFFIX
        yield (Kind.LINKED_NOTEBOOK if is_file else Kind.LINKED_FOLDER), path, linked()
    for path in found.bare:
        yield Kind.BARE, path, ""
    for path, why in found.closed.items():
        refused = f"A student's folder can be looked into. Received: {why}. Change its rights."
        yield Kind.CLOSED, path, refused


def holds_notebook(path: Path) -> bool:
    """Whether an ordinary file that is not called so is a notebook: `x.ipynb.txt`, `x.json`."""
    if not (is_called_notebook(path.name) or path.suffix.lower() in _MAY_BE_NOTEBOOKS):
        return False
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        with os.fdopen(descriptor, "rb") as file:
            begin = file.read(_SNIFFED)
            size = os.fstat(descriptor).st_size
            file.seek(max(0, size - _SNIFFED))
            end = file.read(_SNIFFED)
    except OSError:  # whoever grades it is told; here it is only no notebook that can be seen
        return False
    is_object = begin.removeprefix(b"\xef\xbb\xbf").lstrip().startswith(b"{")
    return is_object and b'"nbformat"' in begin + end


def beginning(entry: Entry, most: int) -> bytes:
    """The first bytes of an entry that is an ordinary file; none of what cannot be read."""
    try:
        return contents(entry.path, entry.below)[:most]
    except Rejected:
        return b""


def is_file_archive(entry: Entry) -> bool:
    """Whether an entry is an archive that may be opened."""
    return entry.kind is Kind.FILE and is_archive(entry.path)
