"""What was passed over while collecting, as a teacher is told of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from grader.judging.course import lesson_names

_MOST_NAMED = 20


@dataclass
class PassedOver:
    """What was passed over, to be told in a line of each kind."""

    without: list[str] = field(default_factory=list)
    beside: list[str] = field(default_factory=list)
    environments: list[str] = field(default_factory=list)
    graded: list[str] = field(default_factory=list)
    closed: list[str] = field(default_factory=list)
    archives: list[str] = field(default_factory=list)
    malformed: list[str] = field(default_factory=list)
    nobodys: list[str] = field(default_factory=list)
    platforms: list[str] = field(default_factory=list)
    newer: list[str] = field(default_factory=list)
    repeated: list[str] = field(default_factory=list)
    late_at_no_time: list[str] = field(default_factory=list)
    other_lessons: Counter[str] = field(default_factory=Counter)

    def beside_own_output(self) -> str:
        """The end of a sentence that says of a folder what is not in it; "" where there is none."""
        return f" beside what `grader grade` wrote ({some(self.graded)})" if self.graded else ""

    def lines(self) -> tuple[str, ...]:
        """A line for each kind of which there was any."""
        others = ", ".join(
            f"{name} {self.other_lessons[name]}"
            for name in lesson_names()
            if self.other_lessons[name]
        )
        count, number = self.other_lessons.total(), len(self.environments)
        passed = f"Passed over {notebooks(count)} of other lessons ({others})."
        programs = f"Passed over {_folders(number)} of programs ({some(self.environments)})."
        said: list[tuple[object, str]] = [
            (self.without, f"No notebook in {some(self.without)}."),
            (self.beside, f"Passed over beside what is graded: {some(self.beside)}."),
            (self.environments, programs),
            (self.graded, f"Passed over what `grader grade` wrote itself: {some(self.graded)}."),
            (self.closed, f"Cannot be looked into: {some(self.closed)}."),
            (self.other_lessons, passed),
        ]
        said += [
            (self.malformed, f"Cannot be understood: {some(self.malformed)}."),
            (self.nobodys, f"Belongs to nobody that can be told: {some(self.nobodys)}."),
            (self.platforms, f"Passed over as the course's own: {some(self.platforms)}."),
        ]
        late = some(self.late_at_no_time)
        untold = f"Late by the platform's word, which tells no time, and so not how late: {late}."
        said.append((self.late_at_no_time, untold))
        lines = tuple(line for any_of_it, line in said if any_of_it)
        return (
            *lines,
            *dict.fromkeys(self.repeated),
            *dict.fromkeys(self.newer),
            *dict.fromkeys(self.archives),
        )


def some(names: Sequence[str], most: int = _MOST_NAMED) -> str:
    """The names, or the first of many and how many more there are."""
    more = len(names) - most
    return ", ".join(names[:most]) + (f" and {more} more" if more > 0 else "")


def notebooks(count: int) -> str:
    """How many notebooks, in words."""
    return f"{count} notebook{'' if count == 1 else 's'}"


def _folders(count: int) -> str:
    return f"{count} folder{'' if count == 1 else 's'}"
