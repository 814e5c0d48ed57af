"""All that the pages of a class are made of, read once from its folder and gradebook."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from pathlib import Path

from grader.gradebook import Gradebook, Standing
from grader.gradebook.standings import Person
from grader.gradebook.statistics import LessonStatistics
from grader.report.words import place_of
from grader.results import SubmissionResult


@dataclass(frozen=True)
class Material:
    """What stands in a class at one moment.

    `standings` have the marks, with points by exercise; `results` are the records that stand, by
    student and lesson, as they were graded; `statistics` are by lesson. `late` is the late policy
    in words.
    """

    folder: Path
    read_at: datetime
    late: str
    standings: tuple[Standing, ...]
    statistics: tuple[LessonStatistics, ...]
    results: Mapping[tuple[str, str], SubmissionResult]

    @classmethod
    def of(cls, folder: Path, book: Gradebook) -> Material:
        """What stands now; UsageError for a record that was damaged."""
        return cls(
            folder=folder,
            read_at=book.clock(),
            late=book.late.text,
            standings=tuple(book.current(exercises=True)),
            statistics=tuple(book.statistics()),
            results={(one.student, one.lesson): one for one in book.results()},
        )

    @cached_property
    def lessons(self) -> tuple[str, ...]:
        """The names of the lessons that somebody has a standing in, as they are taught."""
        return tuple(sorted({one.lesson for one in self.standings}, key=place_of))

    @cached_property
    def people(self) -> tuple[Person, ...]:
        """The students, in the order of their standings, each once."""
        return tuple({one.person.name: one.person for one in self.standings}.values())

    @cached_property
    def by_student(self) -> Mapping[str, Mapping[str, Standing]]:
        """The standings by student, then lesson."""
        found: dict[str, dict[str, Standing]] = {}
        for one in self.standings:
            found.setdefault(one.person.name, {})[one.lesson] = one
        return found
