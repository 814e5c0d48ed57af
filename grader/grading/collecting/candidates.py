"""A file that may be what a student handed in, and what tells whether it is."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from grader.grading.collecting.files import printable
from grader.grading.collecting.folders import is_backup
from grader.grading.collecting.names import is_copy, lesson_in, stem_of
from grader.grading.collecting.reading import Look, named_lesson
from grader.grading.collecting.tree import Entry
from grader.results import HandedIn

Attempt = tuple[str, int]


def impersonal(handed_in: HandedIn) -> HandedIn:
    """What is told of a hand-in, without what is told of whoever handed it in."""
    return handed_in.model_copy(update={"id": "", "email": "", "section": "", "due": ""})


@dataclass(frozen=True)
class Owner:
    """Whose a file is, as the names of its folders, or its own, tell.

    `own` is the path inside what is the student's, at least the file's own name; empty for a folder
    that holds nothing. `at` counts the folders above the student's. `attempt` is comparable with
    the student's others: when, or which number. `upload` is a number that grows with each file that
    is uploaded. `earlier` counts attempts that the platform tells of, but does not hand out.
    `members` are the name, id and address of each in the group. `platform` is the one whose `id` it
    is, and `level` the folder in which it tells so; empty where no platform tells. `is_told` is
    whether anything tells who it is: otherwise `student` is what the file is called.
    """

    student: str
    own: tuple[str, ...]
    at: int = 0
    id: str = ""
    time: str = ""
    late: bool = False
    group: tuple[str, ...] = ()
    email: str = ""
    members: tuple[tuple[str, str, str], ...] = ()
    attempt: Attempt | None = None
    upload: int | None = None
    earlier: int = 0
    is_told: bool = True
    platform: str = ""
    level: tuple[str, ...] = ()

    def handed_in(self, attempts: int) -> HandedIn:
        """What the platform tells, in a record."""
        return HandedIn(
            id=printable(self.id),
            time=self.time,
            late=self.late,
            group=tuple(map(printable, self.group)),
            email=printable(self.email),
            attempts=attempts + self.earlier,
        )

    def members_handed_in(self, attempts: int) -> dict[str, HandedIn]:
        """The same of each member of the group, by name, with what is told of that one."""
        of_all = impersonal(self.handed_in(attempts))
        return {
            printable(name): of_all.model_copy(
                update={"id": printable(number), "email": printable(email)}
            )
            for name, number, email in self.members
        }


@dataclass(frozen=True)
class Candidate:
    """A file or link that may be what a student handed in; `note` is said of it anyway.

    `is_named` is whether a person named this very file, and no folder that it lies in.
    """

    student: str
    entry: Entry
    owner: Owner
    note: str = ""
    is_named: bool = False

    @property
    def name(self) -> str:
        """What the student called the file; what a platform put before it is left out."""
        return self.owner.own[-1] if self.owner.own else self.entry.name

    @property
    def folders(self) -> tuple[str, ...]:
        """The student's own folders that it lies in."""
        return self.owner.own[:-1]

    @property
    def folder(self) -> Path | None:
        """The student's own folder, in which no other student's files lie; None if there is none.

        A notebook that was named by itself lies in one if it is called as its lesson: then nothing
        else but its folder can be called as its student.
        """
        depth = len(self.entry.parts) - len(self.owner.own)
        is_alone = depth == 0 and named_lesson(self.entry.path) is not None
        if depth != self.owner.at + 1 and not is_alone:
            return None
        return self.entry.path.parents[len(self.owner.own) - 1]

    @property
    def look(self) -> Look:
        """What the notebook is about; it is read when this is first asked."""
        if self.entry.refused:
            named = lesson_in(self.name)
            return Look(named, wrong=self.entry.refused, unreadable=True)
        return self.entry.look

    @property
    def is_added(self) -> bool:
        """Whether a person named it by itself, and nothing tells when it was handed in."""
        return self.is_named and self.owner.upload is None and self.owner.attempt is None

    @property
    def is_backup(self) -> bool:
        """Whether it was put aside."""
        return is_backup(self.folders, self.name)

    @property
    def place(self) -> tuple[bool, bool, int]:
        """What decides where all else is equal: the lesson's own name, no copy's, and how deep."""
        stem = stem_of(self.name)
        is_own_name = named_lesson(Path(f"{stem}.ipynb")) is not None
        return (not is_own_name, is_copy(stem), len(self.folders))

    def is_nearer(self, other: Candidate) -> bool:
        """Whether its place is better in something, and worse in nothing."""
        pairs = list(zip(self.place, other.place, strict=True))
        return self.place != other.place and all(ours <= theirs for ours, theirs in pairs)
