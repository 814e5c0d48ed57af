"""Causes of failures as pages show them: how many, who, one example without a name, what to say."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from grader.pages import addresses
from grader.pages.failures import Failures, Kind
from grader.pages.marks_shown import name_of
from grader.pages.material import Material
from grader.report.details import Detail, details
from grader.report.text import visible, visible_lines

_NAMED = 8
_SAID = 2000
_WIDTH = 64  # of an example's lines
_KINDS = {
    Kind.MISCONCEPTION: "with a misconception",
    Kind.NO_ANSWER: "without an answer",
    Kind.RESTS: "resting on another exercise",
    Kind.SAME_ANSWER: "with a wrong answer that others share",
    Kind.LOST: "after a cell that failed",
    Kind.ERROR: "with an error",
    Kind.LIMIT: "beyond a limit",
    Kind.STATEMENT: "known by the statement that does not hold",
}


@dataclass(frozen=True)
class Who:
    """A student, and the page and the place in it where their answer can be seen."""

    name: str
    link: str
    place: str
    section: int


@dataclass(frozen=True)
class ShownCause:
    """A cause; `counts` are students by section, `more` how many are not among `who`."""

    anchor: str
    misconception: bool
    kind: str
    name: str
    said: str
    exercise: str
    lesson: int
    lesson_name: str
    link: str
    counts: tuple[int, ...]
    statement: str
    example: tuple[Detail, ...]
    who: tuple[Who, ...]
    more: int
    ever: str

    @property
    def count(self) -> int:
        """How many students show it."""
        return sum(self.counts)


def anchor_of(one: Failures) -> str:
    """The name of a cause within the page of its exercise: the same whenever it is shown."""
    digest = hashlib.sha256(f"{one.cause.kind} {one.cause.key}".encode("utf-8", "replace"))
    return f"cause-{digest.hexdigest()[:10]}"


def shown_cause(
    material: Material, one: Failures, most: int = _NAMED, *, whole: bool = True
) -> ShownCause:
    """A cause as it is shown, with at most `most` names; if not `whole`, with none, nor an example.

    An example's values stand in it as text.
    """
    sections = Counter(material.section_of(student) for student in one.students)
    check = one.example if whole else None
    named = one.students[:most] if whole else ()
    return ShownCause(
        anchor=anchor_of(one),
        misconception=one.is_misconception,
        kind=one.cause.kind.value,
        name=visible(one.cause.name),
        said=visible_lines(one.said, limit=_SAID),
        exercise=visible(one.exercise),
        lesson=material.lessons.index(one.lesson),
        lesson_name=visible(one.lesson),
        link=addresses.of_exercise(one.lesson, one.exercise),
        counts=tuple(sections[number] for number in range(len(material.sections))),
        statement=visible_lines(check.statement) if check else "",
        example=tuple(details(check, width=_WIDTH)) if check else (),
        who=tuple(who_shows(material, student, one.lesson, one.exercise) for student in named),
        more=len(one.students) - len(named),
        ever=_ever(material, one) if one.is_misconception else "",
    )


def who_shows(material: Material, student: str, lesson: str, exercise: str) -> Who:
    """A student, with the link to an exercise in the page of their lesson."""
    record = material.results.get((student, lesson))
    ids = [one.id for one in record.exercises] if record else []
    place = f"exercise-{ids.index(exercise) + 1}" if exercise in ids else ""
    link = addresses.of_lesson(student, lesson)
    return Who(name_of(student), link, place, material.section_of(student))


def _ever(material: Material, one: Failures) -> str:
    """How many showed a misconception at any time, where that is more than show it now."""
    [ever] = [
        each.students
        for lesson in material.statistics
        if lesson.lesson == one.lesson
        for each in lesson.misconceptions
        if (each.exercise, each.name) == (one.exercise, one.cause.key)
    ] or [0]
    more = ever - len(one.students)
    return f"{more} more showed it in an earlier attempt." if more > 0 else ""


@dataclass(frozen=True)
class ShownShare:
    """How many failures there are, how many stand under a named cause, and of which kinds."""

    failures: int
    named: int
    kinds: tuple[str, ...]

    @property
    def percent(self) -> str:
        """The part that has a name, as `97 %`."""
        return f"{100 * self.named // max(1, self.failures)} %"


def shown_share(failures: Sequence[Failures]) -> ShownShare:
    """What is known of all failures of a class."""
    kinds: Counter[Kind] = Counter()
    for one in failures:
        kinds[one.cause.kind] += len(one.students)
    total = kinds.total()
    return ShownShare(
        total,
        total - kinds[Kind.STATEMENT],
        tuple(f"{count} {_KINDS[kind]}" for kind, count in kinds.most_common()),
    )
