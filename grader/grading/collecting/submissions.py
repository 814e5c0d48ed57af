"""Who handed in what: folders and files → one submission of each student and lesson.

What lies in a folder is found by `layout`, what a notebook is about by `reading`, and which of
several counts is decided by `choosing`. Nothing is graded here, and nobody's fault costs anybody
else anything: whatever is wrong about one student's files becomes that student's `refused`, and
what was passed over is said.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from grader.errors import UsageError
from grader.grading.collecting.apart import told_apart
from grader.grading.collecting.candidates import Candidate, Owner
from grader.grading.collecting.choosing import Choice, chosen
from grader.grading.collecting.companions import companions_of
from grader.grading.collecting.files import printable
from grader.grading.collecting.layout import Found, Layout, found_at
from grader.grading.collecting.passed_over import PassedOver, notebooks
from grader.grading.collecting.repeated import Sourced, each_once, sourced
from grader.grading.collecting.tree import Opener
from grader.results import HandedIn

_CLOSE = 0.5  # how alike two names are at least, as difflib counts


@dataclass(frozen=True)
class Submission:
    """A file that a student handed in; nothing of it has been graded yet.

    `refused` says why it cannot be graded, where that is known before reading it. `lesson` is the
    one that a first look told, or None. `below` is the folder whose content students wrote: no link
    is followed from there on (default: the file's own folder). `companions` are the files beside
    the notebook that travel with it, by the name that its code uses (`data/prices.csv`). `shown` is
    the path as a person knows it, where `path` is not that: inside an archive. `members` tell of
    those of a group what `handed_in` tells of the student, by their names. `is_participant` is
    whether the id is Moodle's, which numbers people anew in each assignment.
    """

    student: str
    path: Path
    refused: str = ""
    lesson: str | None = field(default=None, compare=False)
    below: Path | None = field(default=None, compare=False)
    handed_in: HandedIn = field(default_factory=HandedIn, compare=False)
    companions: Mapping[str, Path] = field(default_factory=dict, compare=False)
    shown: str = field(default="", compare=False)
    members: Mapping[str, HandedIn] = field(default_factory=dict, compare=False)
    said: tuple[str, ...] = field(default=(), compare=False)
    is_told: bool = field(default=True, compare=False)
    is_participant: bool = field(default=False, compare=False)


@dataclass(frozen=True)
class Missing:
    """A student of whom there is no notebook; `found` says what there was instead, or is empty."""

    student: str
    found: str = ""
    handed_in: HandedIn = field(default_factory=HandedIn)
    is_participant: bool = field(default=False, compare=False)


@dataclass(frozen=True)
class Collected:
    """The submissions, by student, at most one of each lesson; `said` is what a teacher is told.

    `missing` are the students of whom there is no notebook.
    """

    submissions: tuple[Submission, ...]
    said: tuple[str, ...] = ()
    missing: tuple[Missing, ...] = ()


def collect(
    paths: Iterable[Path],
    student: str | None = None,
    lesson: str | None = None,
    *,
    layout: str | None = None,
    unpacked: Path | None = None,
) -> Collected:
    """Who handed in what: `paths` are notebooks, folders of any layout, or archives of these.

    `student` picks one of those whom a folder tells; where it tells nobody, or one, they handed in
    all of it. Notebooks of another lesson than `lesson`, where given, are passed over. `layout` is
    one of `Layout`, where it is not to be guessed. Archives are extracted to `unpacked`, in the
    place of what was there under their names, or to a folder that is gone when this process ends.
    Raises UsageError for a path that does not exist or holds nobody's work, for an archive that
    cannot be opened, and for an unknown student or layout.
    """
    if student is not None and not student.strip():
        raise UsageError("A student has a name. Received: an empty one. Give --student a name.")
    known = None if layout is None else _layout(layout)
    said = PassedOver()
    opener = Opener(unpacked, said)
    candidates: list[Sourced] = []
    without: list[tuple[str, Owner, str]] = []
    named = list(dict.fromkeys(paths))
    founds = told_apart([found_at(path, known, opener, said) for path in named])
    for path, found in zip(named, founds, strict=True):
        if student is not None:
            found = _of_student(student, found, path)
        candidates += sourced(path, found.candidates)
        without += found.without
    each = each_once(_each_file_once(candidates), said)
    return _collected(each, without, lesson, said, is_one=known is Layout.ONE)


def _collected(
    candidates: Iterable[Candidate],
    without: Iterable[tuple[str, Owner, str]],
    lesson: str | None,
    said: PassedOver,
    *,
    is_one: bool = False,
) -> Collected:
    """Who handed in what of these; `is_one` says that all of it is one student's."""
    by_student: dict[str, list[Candidate]] = {}
    for candidate in candidates:
        by_student.setdefault(candidate.student, []).append(candidate)
    submissions: list[Submission] = []
    missing = [
        Missing(name, found, owner.handed_in(1), owner.platform == Layout.MOODLE)
        for name, owner, found in dict.fromkeys(without)
        if name not in by_student
    ]
    for name, own in by_student.items():
        choices = chosen(own, lesson, said)
        submissions += map(_submission, choices)
        if not choices:
            missing.append(_of_other_lessons(name, own))
    if not submissions and said.other_lessons and not is_one:
        raise UsageError(
            f"--lesson names a lesson that somebody handed in. Received: {lesson!r}, and "
            f"{notebooks(said.other_lessons.total())} of other lessons. Name one of theirs."
        )
    said.late_at_no_time += [
        one.student for one in submissions if one.handed_in.late and not one.handed_in.time
    ]
    submissions.sort(key=lambda submission: (submission.student, str(submission.path)))
    missing.sort(key=lambda one: one.student)
    return Collected(tuple(submissions), said.lines(), tuple(missing))


def _each_file_once(candidates: Iterable[Sourced]) -> list[Sourced]:
    """The candidates, of those that lie in the same place the first."""
    places: dict[Path, Sourced] = {}
    for source, one in candidates:
        places.setdefault(one.entry.path.absolute(), (source, one))
    return list(places.values())


def _submission(choice: Choice) -> Submission:
    one = choice.candidate
    shown = one.entry.shown
    return Submission(
        one.student,
        one.entry.path,
        choice.refused or one.entry.refused,
        choice.lesson,
        one.entry.below,
        one.owner.handed_in(choice.attempts),
        {} if one.folder is None else companions_of(one.entry.path, one.folder),
        shown="" if shown == printable(str(one.entry.path)) else shown,
        members=one.owner.members_handed_in(choice.attempts),
        said=choice.said,
        is_told=one.owner.is_told,
        is_participant=one.owner.platform == Layout.MOODLE,
    )


def _of_other_lessons(student: str, own: Sequence[Candidate]) -> Missing:
    """A student who handed in notebooks, and none of the lesson that is asked for."""
    lessons = {one.look.lesson: one.name for one in own}
    found = ", ".join(f"{printable(name)} ({lesson})" for lesson, name in lessons.items())
    owner = own[0].owner
    return Missing(student, found, owner.handed_in(1), owner.platform == Layout.MOODLE)


def _layout(name: str) -> Layout:
    known = [layout.value for layout in Layout]
    plain = name.strip().lower().partition("_")[0].partition("-")[0]
    short = {"google": "drive", "plain": "folders", "flat": "files"}
    if short.get(plain, plain) not in known:
        raise UsageError(
            f"A layout is one of {', '.join(known)}. Received: {name!r}. Use one of these, "
            f"or leave --layout out: then it is recognized."
        )
    return Layout(short.get(plain, plain))


def _of_student(student: str, found: Found, path: Path) -> Found:
    """What `student` handed in of what is at one path."""
    name = printable(student)
    told = {one.student for one in found.candidates if one.owner.is_told}
    told |= {without for without, _, _ in found.without}
    if name in told:
        own = [one for one in found.candidates if one.student == name]
        return Found(own, [one for one in found.without if one[0] == name])
    close = _close_to(student, told)
    if len(told) > 1 and (close or _is_a_class(found.candidates)):
        names = close or sorted(told)
        raise UsageError(
            f"--student picks one of the students in a folder. Received: {student!r}, and "
            f"{printable(str(path))} holds {len(told)}, such as {', '.join(names[:5])}. Correct "
            f"the name. To give notebooks to one student, name the notebooks or their folder."
        )
    candidates = [
        replace(one, student=name, owner=replace(one.owner, is_told=True))
        for one in found.candidates
    ]
    without = [] if candidates else [(name, owner, had) for _, owner, had in found.without[:1]]
    return Found(candidates, without)


def _close_to(student: str, told: set[str]) -> list[str]:
    folded = {name.casefold(): name for name in sorted(told)}
    close = difflib.get_close_matches(student.casefold(), folded, n=5, cutoff=_CLOSE)
    return [folded[name] for name in close]


def _is_a_class(inside: Sequence[Candidate]) -> bool:
    """Whether two of the names that a folder tells are people: they handed in the same lesson."""
    of_lesson: dict[str | None, set[str]] = {}
    for candidate in inside:
        if candidate.owner.is_told:
            of_lesson.setdefault(candidate.look.lesson, set()).add(candidate.student)
    return any(len(students) > 1 for students in of_lesson.values())
