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
from grader.grading.collecting.candidates import Candidate
from grader.grading.collecting.choosing import Choice, chosen
from grader.grading.collecting.files import printable
from grader.grading.collecting.layout import in_folder, named_file
from grader.grading.collecting.passed_over import PassedOver, notebooks
from grader.results import HandedIn

_CLOSE = 0.5  # how alike two names are at least, as difflib counts


@dataclass(frozen=True)
class Submission:
    """A file that a student handed in; nothing of it has been graded yet.

    `refused` says why it cannot be graded, where that is known before reading it, and `lesson` then
    of which lesson it is. `below` is the folder whose content students wrote: no link is followed
    from there on (default: the file's own folder). `companions` are the files beside the notebook
    that travel with it, by the name that its code uses (`data/prices.csv`). `shown` is the path as
    a person knows it, where `path` is not that: inside an archive.
    """

    student: str
    path: Path
    refused: str = ""
    lesson: str | None = field(default=None, compare=False)
    below: Path | None = field(default=None, compare=False)
    handed_in: HandedIn = field(default_factory=HandedIn, compare=False)
    companions: Mapping[str, Path] = field(default_factory=dict, compare=False)
    shown: str = field(default="", compare=False)


@dataclass(frozen=True)
class Missing:
    """A student of whom there is no notebook; `found` says what there was instead, or is empty."""

    student: str
    found: str = ""
    handed_in: HandedIn = field(default_factory=HandedIn)


@dataclass(frozen=True)
class Collected:
    """The submissions, by student, at most one of each lesson; `said` is what a teacher is told.

    `missing` are the students of whom there is no notebook.
    """

    submissions: tuple[Submission, ...]
    said: tuple[str, ...] = ()
    missing: tuple[Missing, ...] = ()


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
    said = PassedOver()
    candidates: list[Candidate] = []
    for path in paths:
        inside = in_folder(path, said) if path.is_dir() else [named_file(path)]
        candidates += inside if student is None else _of_student(student, inside, path)
    by_student: dict[str, list[Candidate]] = {}
    seen: set[Path] = set()
    for candidate in candidates:
        if (place := candidate.path.absolute()) not in seen:
            seen.add(place)
            by_student.setdefault(candidate.student, []).append(candidate)
    submissions = [
        _submission(choice)
        for name in sorted(by_student)
        for choice in chosen(by_student[name], lesson, said)
    ]
    if not submissions:
        raise UsageError(
            f"--lesson names a lesson that somebody handed in. Received: {lesson!r}, and "
            f"{notebooks(said.other_lessons.total())} of other lessons. Name one of theirs."
        )
    submissions.sort(key=lambda submission: (submission.student, str(submission.path)))
    return Collected(tuple(submissions), said.lines())


def _submission(choice: Choice) -> Submission:
    one = choice.candidate
    return Submission(
        one.student, one.path, choice.refused or one.refused, choice.lesson, one.below
    )


def _of_student(student: str, inside: list[Candidate], path: Path) -> list[Candidate]:
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


def _is_a_class(inside: Sequence[Candidate]) -> bool:
    """Whether two of the names that a folder tells are people: they handed in the same lesson."""
    of_lesson: dict[str | None, set[str]] = {}
    for candidate in inside:
        of_lesson.setdefault(candidate.look.lesson, set()).add(candidate.student)
    return any(len(students) > 1 for students in of_lesson.values())
