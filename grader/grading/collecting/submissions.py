"""Who handed in what: folders and files → one submission of each student and lesson.

What lies in a folder is found by `folders`, what a notebook is about by `reading`. Nothing is
graded here, and nobody's fault costs anybody else anything: whatever is wrong about one student's
files becomes that student's `refused`, and what was passed over is said.
"""

from __future__ import annotations

import difflib
import os
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path

from grader.errors import UsageError
from grader.grading.collecting.files import linked, printable
from grader.grading.collecting.folders import SUFFIX, Folder, is_backup, look_into
from grader.grading.collecting.reading import Look, Told, look, named_lesson
from grader.judging.course import lesson_names

_MOST_NAMED = 20
_CLOSE = 0.5  # how alike two names are at least, as difflib counts


@dataclass(frozen=True)
class Submission:
    """A file that a student handed in; nothing of it has been graded yet.

    `refused` says why it cannot be graded, where that is known before reading it, and `lesson` then
    of which lesson it is. `below` is the folder whose content students wrote: no link is followed
    from there on (default: the file's own folder).
    """

    student: str
    path: Path
    refused: str = ""
    lesson: str | None = field(default=None, compare=False)
    below: Path | None = field(default=None, compare=False)


@dataclass(frozen=True)
class Collected:
    """The submissions, by student, at most one of each lesson; `said` is what a teacher is told."""

    submissions: tuple[Submission, ...]
    said: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Candidate:
    """A file or link that may be what a student handed in, in `folders` of their own."""

    student: str
    path: Path
    below: Path
    folders: tuple[str, ...] = ()
    refused: str = ""

    @cached_property
    def look(self) -> Look:
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

    def beats(self, other: _Candidate) -> bool:
        """Whether it is clear that this one was handed in, and not the other."""
        if self.rank != other.rank:
            return self.rank < other.rank
        if self.look.sha256 and self.look.sha256 == other.look.sha256:
            return True
        ours, theirs = self.place, other.place
        return ours != theirs and ours[0] <= theirs[0] and ours[1] <= theirs[1]

    def submission(self, refused: str = "", lesson: str | None = None) -> Submission:
        return Submission(self.student, self.path, refused or self.refused, lesson, self.below)


@dataclass
class _Said:
    """What was passed over, to be told in a line of each kind."""

    without: list[str] = field(default_factory=list)
    beside: list[str] = field(default_factory=list)
    environments: list[str] = field(default_factory=list)
    closed: list[str] = field(default_factory=list)
    other_lessons: Counter[str] = field(default_factory=Counter)

    def lines(self) -> tuple[str, ...]:
        """A line for each kind of which there was any."""
        others = ", ".join(
            f"{name} {self.other_lessons[name]}"
            for name in lesson_names()
            if self.other_lessons[name]
        )
        count, number = self.other_lessons.total(), len(self.environments)
        passed = f"Passed over {_notebooks(count)} of other lessons ({others})."
        programs = f"Passed over {_folders(number)} of programs ({_some(self.environments)})."
        said = [
            (self.without, f"No notebook in {_some(self.without)}."),
            (self.beside, f"Passed over beside what is graded: {_some(self.beside)}."),
            (self.environments, programs),
            (self.closed, f"Cannot be looked into: {_some(self.closed)}."),
            (self.other_lessons, passed),
        ]
        return tuple(line for any_of_it, line in said if any_of_it)


def collect(
    paths: Iterable[Path], student: str | None = None, lesson: str | None = None
) -> Collected:
    """Who handed in what: `paths` are notebooks, or folders as STUDENT/X.ipynb or STUDENT.ipynb.

    `student` picks one of those whom a folder tells; where it tells nobody, or one, they handed in
    all of it. Notebooks of another lesson than `lesson`, where given, are passed over. Raises
    UsageError for a path that does not exist or holds no notebook, and for an unknown student.
    """
    if student is not None and not student.strip():
        raise UsageError("A student has a name. Received: an empty one. Give --student a name.")
    said = _Said()
    candidates: list[_Candidate] = []
    for path in paths:
        inside = _in_folder(path, said) if path.is_dir() else [_file(path)]
        candidates += inside if student is None else _of_student(student, inside, path)
    by_student: dict[str, list[_Candidate]] = {}
    seen: set[Path] = set()
    for candidate in candidates:
        if (place := candidate.path.absolute()) not in seen:
            seen.add(place)
            by_student.setdefault(candidate.student, []).append(candidate)
    submissions = [
        submission
        for name in sorted(by_student)
        for submission in _chosen(by_student[name], lesson, said)
    ]
    if not submissions:
        raise UsageError(
            f"--lesson names a lesson that somebody handed in. Received: {lesson!r}, and "
            f"{_notebooks(said.other_lessons.total())} of other lessons. Name one of theirs."
        )
    submissions.sort(key=lambda submission: (submission.student, str(submission.path)))
    return Collected(tuple(submissions), said.lines())


def _file(path: Path) -> _Candidate:
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
    return _Candidate(printable(name), path, path.parent)


def _in_folder(root: Path, said: _Said) -> list[_Candidate]:
    """The candidates below a folder, of which at least one is expected."""
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


def _closed(root: Path, found: Folder, layout: _Layout) -> list[_Candidate]:
    """Students whose own folder cannot be looked into."""
    return [
        layout.candidate(
            path, f"A student's folder can be looked into. Received: {why}. Mend its rights."
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

    def candidate(self, path: Path, refused: str = "") -> _Candidate:
        """The path as a candidate of the student whom it tells."""
        parts = path.relative_to(self.root).parts
        if self.is_students and (len(parts) > 1 or not self._is_named_for_a_student(path)):
            return self._of(self.name, path, parts[:-1], refused)
        if len(parts) > 1:
            return self._of(parts[0], path, parts[1:-1], refused)
        if path.suffix.lower() != SUFFIX:  # a link, or a closed folder, in the place of a student's
            return self._of(path.name, path, (), refused)
        return self._of(self.name if named_lesson(path) else path.stem, path, (), refused)

    def _of(self, name: str, path: Path, folders: tuple[str, ...], refused: str) -> _Candidate:
        return _Candidate(printable(name), path, self.root, folders, refused)

    def _is_named_for_a_student(self, path: Path) -> bool:
        """Whether a notebook beside one that is called as its lesson is another student's."""
        name = path.stem.lower()
        if name.startswith("untitled") or any(lesson in name for lesson in lesson_names()):
            return False
        found = look(path, self.root)
        return found.lesson is not None and found.told is Told.METADATA


def _of_student(student: str, inside: list[_Candidate], path: Path) -> list[_Candidate]:
    """What `student` handed in of the candidates of one path."""
    told = {candidate.student for candidate in inside}
    if printable(student) in told:
        return [candidate for candidate in inside if candidate.student == printable(student)]
    close = _close_to(student, told)
    if len(told) > 1 and (close or _is_a_class(inside)):
        names = close or sorted(told)
        raise UsageError(
            f"--student picks one of the students in a folder. Received: {student!r}, and "
            f"{printable(str(path))} holds {len(told)}, such as {', '.join(names[:5])}. Correct "
            f"the name. To give notebooks to one student, name the notebooks or their folder."
        )
    return [replace(candidate, student=printable(student)) for candidate in inside]


def _close_to(student: str, told: set[str]) -> list[str]:
    folded = {name.casefold(): name for name in sorted(told)}
    close = difflib.get_close_matches(student.casefold(), folded, n=5, cutoff=_CLOSE)
    return [folded[name] for name in close]


def _is_a_class(inside: Sequence[_Candidate]) -> bool:
    """Whether two of the names that a folder tells are people: they handed in the same lesson."""
    of_lesson: dict[str | None, set[str]] = {}
    for candidate in inside:
        of_lesson.setdefault(candidate.look.lesson, set()).add(candidate.student)
    return any(len(students) > 1 for students in of_lesson.values())


def _chosen(own: list[_Candidate], lesson: str | None, said: _Said) -> list[Submission]:
    """One student's submissions: one a lesson, the others passed over."""
    if len(own) == 1 and lesson is None:
        return [own[0].submission()]  # it is read by whoever grades it
    by_lesson: dict[str | None, list[_Candidate]] = {}
    for candidate in own:
        by_lesson.setdefault(candidate.look.lesson, []).append(candidate)
    unknown = by_lesson.pop(None, [])
    is_told = bool(by_lesson)
    for other in [name for name in by_lesson if lesson not in (None, name)]:
        said.other_lessons[other or ""] += len(by_lesson.pop(other))
    # Beside a lesson's notebook, one without any exercise, or an empty file, is a scratch. What
    # nobody can read may have been another lesson's: it is kept, unless the wanted one is there.
    lost = [one for one in unknown if one.look.unreadable and not one.look.empty]
    keep = lost if is_told else unknown
    if lesson in by_lesson:
        keep = []
    said.beside += [_passed_over(one) for one in unknown if one not in keep]
    kept = [_best(same, said) for same in by_lesson.values()]
    if keep:
        kept.append(keep[0].submission() if len(keep) == 1 else _refused(keep))
    return kept


def _best(same: list[_Candidate], said: _Said) -> Submission:
    """The one of a student's notebooks of a lesson that is graded; refused if nothing tells."""
    first, *others = sorted(same, key=lambda one: (one.rank, one.place, str(one.path)))
    unclear = [other for other in others if not first.beats(other)]
    if unclear:
        return _refused([first, *unclear])
    said.beside += map(_passed_over, others)
    return first.submission()


def _refused(same: Sequence[_Candidate]) -> Submission:
    names = _some([printable(str(one.path)) for one in same])
    if same[0].look.lesson is None:
        reason = (
            f"A student hands in the lesson's own notebook. Received: {len(same)} files, of which "
            f"none can be told to be one: {names}. Hand in that one alone."
        )
    else:
        reason = (
            f"A student hands in one notebook a lesson. Received: {len(same)}, {names}. Hand in "
            f"one of them."
        )
    return same[0].submission(reason, same[0].look.lesson)


def _passed_over(candidate: _Candidate) -> str:
    path = printable(str(candidate.path))
    return f"{path} (cannot be read)" if candidate.look.unreadable else path


def _some(names: Sequence[str]) -> str:
    more = len(names) - _MOST_NAMED
    return ", ".join(names[:_MOST_NAMED]) + (f" and {more} more" if more > 0 else "")


def _notebooks(count: int) -> str:
    return f"{count} notebook{'' if count == 1 else 's'}"


def _folders(count: int) -> str:
    return f"{count} folder{'' if count == 1 else 's'}"
