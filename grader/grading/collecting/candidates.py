"""A file that may be what a student handed in, and what tells whether it is."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from grader.grading.collecting.folders import is_backup
from grader.grading.collecting.reading import Look, look, named_lesson


@dataclass(frozen=True)
class Candidate:
    """A file or link that may be what a student handed in, in `folders` of their own."""

    student: str
    path: Path
    below: Path
    folders: tuple[str, ...] = ()
    refused: str = ""

    @cached_property
    def look(self) -> Look:
        """What the notebook is about; it is read when this is first asked."""
        if self.refused:
            return Look(named_lesson(self.path), wrong=self.refused, unreadable=True)
        return look(self.path, self.below)

    @property
    def rank(self) -> tuple[int, bool, bool]:
        """What decides between notebooks of one lesson; the smallest is graded."""
        backup = is_backup(self.folders, self.path.name)
        return (self.look.told, backup, self.look.unreadable)

    @property
    def place(self) -> tuple[bool, int]:
        """What decides next, where one is better in both: the lesson's own name, and how deep."""
        return (named_lesson(self.path) is None, len(self.folders))

    def beats(self, other: Candidate) -> bool:
        """Whether it is clear that this one was handed in, and not the other."""
        if self.rank != other.rank:
            return self.rank < other.rank
        if self.look.sha256 and self.look.sha256 == other.look.sha256:
            return True
        ours, theirs = self.place, other.place
        return ours != theirs and ours[0] <= theirs[0] and ours[1] <= theirs[1]
