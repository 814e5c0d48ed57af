"""Entries as a tree of folders."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from grader.grading.collecting.names import archive_stem
from grader.grading.collecting.tree import Entry, Kind


@dataclass
class Folder:
    """A folder or an archive: what lies in it, and the folders in it by their names.

    Of what a student wrote, folders may lie in each other DEEPEST times, so recursion is bounded.
    """

    parts: tuple[str, ...]
    entries: list[Entry] = field(default_factory=list)
    kids: dict[str, Folder] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """What it is called; of an archive, without the suffix."""
        return archive_stem(self.parts[-1])

    def everything(self) -> Iterator[Entry]:
        """All that lies in it, however deep."""
        left = [self]
        while left:
            folder = left.pop()
            yield from folder.entries
            left += folder.kids.values()

    def notebooks(self) -> list[Entry]:
        """Those directly in it."""
        return [entry for entry in self.entries if entry.is_notebook]

    @cached_property
    def is_full(self) -> bool:
        """Whether it holds a notebook, however deep."""
        return bool(self.notebooks()) or any(kid.is_full for kid in self.kids.values())


def folder_of(entries: Sequence[Entry]) -> Folder:
    """The folder that was named, with all these entries; there is at least one."""
    root = Folder(entries[0].parts[:1])
    for entry in entries:
        is_folder = entry.kind in (Kind.BARE, Kind.CLOSED, Kind.LINKED_FOLDER)
        folder = root
        for depth in range(2, len(entry.parts) + (1 if is_folder else 0)):
            name = entry.parts[depth - 1]
            folder = folder.kids.setdefault(name, Folder(entry.parts[:depth]))
        folder.entries.append(entry)
    return root
