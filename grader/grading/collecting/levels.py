"""At which folders a platform's own marks count.

Students choose the names of what lies in their own folders, and so do those who attack. A mark
counts only at a level that is the platform's: it is found from the outside, below folders that are
nobody's, and nothing inside a student's own folder or archive is ever asked.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from grader.grading.collecting.candidates import Owner
from grader.grading.collecting.names import is_generic, stem_of, without_copy_marks
from grader.grading.collecting.nodes import Folder
from grader.grading.collecting.platforms.nbgrader import ITS_OWN, SUBMITTED
from grader.grading.collecting.reading import named_lesson
from grader.grading.collecting.tree import Entry, is_file_archive

_PLATFORMS = re.compile(
    r"(?:canvas|moodle|blackboard|brightspace|d2l|gradescope|nbgrader|sakai)(?:[ _-]?\d+)?", re.I
)


@dataclass
class Level:
    """What platforms tell of the files below one folder, and of whom they tell without files."""

    owners: dict[Entry, Owner] = field(default_factory=dict)
    absent: list[Owner] = field(default_factory=list)

    @property
    def people(self) -> int:
        """How many people's files there are."""
        return len({(owner.student, owner.id) for owner in self.owners.values()})


Read = Callable[[Folder], Level]
"""Asks platforms about what lies directly in a folder."""


def levels(root: Folder, read: Read, *, is_sure: bool) -> list[Level]:
    """The platforms' levels in a tree; where `is_sure`, a platform's marks need not be most."""
    return _Search(read, is_sure=is_sure).below(root)


class _Search:
    """The search through one tree, from the outside; it ends where folders are students' own."""

    def __init__(self, read: Read, *, is_sure: bool) -> None:
        self._read = read
        self._is_sure = is_sure

    def below(self, folder: Folder, *, alone: bool = False, among: bool = False) -> list[Level]:
        """The levels in a folder.

        `alone` is whether it has the name of somebody, and nothing else lies beside it; `among`,
        whether it is one of several with such names.
        """
        level = self._read(folder)
        if level.owners and (
            self._is_sure or _is_level(folder, level, is_strict=alone, may_be_course=not among)
        ):
            return [level]
        generic = [kid for kid in folder.kids.values() if _is_nobodys(kid.name)]
        found = [one for kid in generic for one in self.below(kid, alone=alone, among=among)]
        others = [kid for kid in folder.kids.values() if not _is_nobodys(kid.name)]
        if self._is_sure:
            return found + [one for kid in others for one in self.below(kid)]
        if len(others) == 1 and not any(kid.is_full for kid in generic):
            return found + self.below(others[0], alone=True)
        full = [kid for kid in others if kid.is_full]
        return found + self._sections(full if len(full) > 1 else others)

    def _sections(self, folders: list[Folder]) -> list[Level]:
        """The levels in folders that have names; none where one of them is a student's own."""
        found: list[Level] = []
        for folder in folders:
            own = self.below(folder, among=True)
            if not own:
                return []
            found += own
        # As many folders as people are a class in which everybody names files in the same way.
        return found if sum(level.people for level in found) > len(folders) else []


def _is_nobodys(name: str) -> bool:
    return is_generic(without_copy_marks(name)) or _PLATFORMS.fullmatch(name) is not None


def _is_level(folder: Folder, level: Level, *, is_strict: bool, may_be_course: bool) -> bool:
    """Whether most of what lies in a folder has a platform's marks, so that they are one's."""
    at = len(folder.parts)
    marked = {entry.parts[at] for entry in level.owners}
    is_course = SUBMITTED in marked
    if is_course and not may_be_course:
        return False
    aside = ITS_OWN if is_course else frozenset[str]()
    loose = [
        entry
        for entry in folder.entries
        if len(entry.parts) > at and entry.parts[at] not in marked | aside
    ]
    files = [entry for entry in loose if entry.is_notebook or is_file_archive(entry)]
    full = [name for name, kid in folder.kids.items() if kid.is_full]
    unmarked = len(files) + len([name for name in full if name not in marked | aside])
    if is_strict:
        return not unmarked and level.people > 1
    is_own = any(
        named_lesson(Path(f"{stem_of(one.name)}.ipynb")) for one in files if one.is_notebook
    )
    return len(marked) >= unmarked + is_own
