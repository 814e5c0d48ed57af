"""Paths → candidates: the files that may have been handed in, and whose they are."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from grader.errors import UsageError
from grader.grading.collecting.candidates import Candidate
from grader.grading.collecting.files import linked, printable
from grader.grading.collecting.folders import SUFFIX, Folder, is_backup, look_into
from grader.grading.collecting.passed_over import PassedOver
from grader.grading.collecting.reading import Told, look, named_lesson
from grader.judging.course import lesson_names


def named_file(path: Path) -> Candidate:
    """A notebook that was named by itself; UsageError if it is none, or is not there."""
    if not os.path.lexists(path):
        raise UsageError(
            f"A submission is a file or a folder that exists. Received: {printable(str(path))}. "
            f"Look for a typing mistake in the path."
        )
    if path.suffix.lower() != SUFFIX:
        raise UsageError(
            f"A submission is an .ipynb file or a folder of them. Received: "
            f"{printable(str(path))}. Save it as a notebook, or name the folder it lies in."
        )
    # The file itself is not resolved: it may be a link to itself.
    name = path.parent.resolve().name if named_lesson(path) else path.stem
    return Candidate(printable(name), path, path.parent)


def in_folder(root: Path, said: PassedOver) -> list[Candidate]:
    """The candidates below a folder; UsageError if there is none."""
    found = look_into(root)
    said.environments += [printable(str(path)) for path in found.environments]
    said.closed += [printable(f"{path} ({why})") for path, why in found.closed.items()]
    linked_folders = [path for path in found.links if path.suffix.lower() != SUFFIX]
    links = [path for path in found.links if path.suffix.lower() == SUFFIX]
    layout = _Layout(root, [*found.notebooks, *links])
    candidates = [layout.candidate(path) for path in found.notebooks]
    candidates += [layout.candidate(path, linked()) for path in links]
    known = {candidate.student for candidate in candidates}
    for path in linked_folders:
        candidate = layout.candidate(path, linked())
        # Beside notebooks, a link to a folder is no business of ours; without, it is the hand-in.
        if candidate.student not in known or (path.parent == root and not layout.is_students):
            candidates.append(candidate)
    if not layout.is_students:
        candidates += _closed(root, found, layout)
        known = {candidate.student for candidate in candidates}
        empty = (path for path in found.children if printable(path.name) not in known)
        said.without += [printable(str(path)) for path in empty if path not in found.environments]
    if not candidates:
        raise UsageError(
            f"A folder of submissions holds notebooks, as STUDENT/NOTEBOOK.ipynb or STUDENT.ipynb. "
            f"Received: {printable(str(root))}, with no .ipynb file in it. Name another folder."
        )
    return candidates


def _closed(root: Path, found: Folder, layout: _Layout) -> list[Candidate]:
    """Students whose own folder cannot be looked into."""
    return [
        layout.candidate(
            path, f"A student's folder can be looked into. Received: {why}. Change its rights."
        )
        for path, why in found.closed.items()
        if path.parent == root
    ]


class _Layout:
    """Which students a folder's paths tell.

    A folder is one student's own (`is_students`) if it holds a notebook called as its lesson, and
    no other folder than backups holds any. Then a notebook beside it is that student's too, unless
    it is of a lesson as well, and called as nobody calls a scratch notebook: `STUDENT.ipynb`.
    """

    def __init__(self, root: Path, notebooks: Sequence[Path]) -> None:
        self.root = root
        self.name = root.resolve().name
        folders = [path.relative_to(root).parts[:-1] for path in notebooks]
        top = [path for path in notebooks if path.parent == root]
        self.is_students = any(map(named_lesson, top)) and all(
            is_backup(parts[:1], "") for parts in folders if parts
        )

    def candidate(self, path: Path, refused: str = "") -> Candidate:
        """The path as a candidate of the student whom it tells."""
        parts = path.relative_to(self.root).parts
        if self.is_students and (len(parts) > 1 or not self._is_named_for_a_student(path)):
            return self._of(self.name, path, parts[:-1], refused)
        if len(parts) > 1:
            return self._of(parts[0], path, parts[1:-1], refused)
        if path.suffix.lower() != SUFFIX:  # a link, or a closed folder, in the place of a student's
            return self._of(path.name, path, (), refused)
        return self._of(self.name if named_lesson(path) else path.stem, path, (), refused)

    def _of(self, name: str, path: Path, folders: tuple[str, ...], refused: str) -> Candidate:
        return Candidate(printable(name), path, self.root, folders, refused)

    def _is_named_for_a_student(self, path: Path) -> bool:
        """Whether a notebook beside one that is called as its lesson is another student's."""
        name = path.stem.lower()
        if name.startswith("untitled") or any(lesson in name for lesson in lesson_names()):
            return False
        found = look(path, self.root)
        return found.lesson is not None and found.told is Told.METADATA
