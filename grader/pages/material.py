"""All that the pages of a class are made of, read once from its folder and gradebook."""

from __future__ import annotations

import gc
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from pathlib import Path

from grader.gradebook import Gradebook, Standing
from grader.gradebook.history import PastAttempt
from grader.gradebook.keeping import record_in
from grader.gradebook.moves import Move
from grader.gradebook.standings import Person, ReadRecord
from grader.gradebook.statistics import LessonStatistics
from grader.pages.failures import Failures, failures_in
from grader.report.words import place_of
from grader.results import SubmissionResult


@dataclass(frozen=True)
class Material:
    """What stands in a class at one moment.

    `standings` have the marks, with points by exercise; `results` are the records that stand, by
    student and lesson, as they were graded; `statistics` are by lesson. `attempts` are by
    student, lesson by lesson and oldest first; `moves` are from the first attempt at each exercise
    to the one that stands. `late` is the late policy in words.
    """

    folder: Path
    read_at: datetime
    late: str
    standings: tuple[Standing, ...]
    statistics: tuple[LessonStatistics, ...]
    results: Mapping[tuple[str, str], SubmissionResult]
    attempts: Mapping[str, tuple[PastAttempt, ...]]
    moves: tuple[Move, ...]

    @classmethod
    def of(cls, folder: Path, book: Gradebook, read: ReadRecord = record_in) -> Material:
        """What stands now; UsageError for a damaged record, unless `read` leaves it out."""
        with _collector_waiting():
            return cls(
                folder=folder,
                read_at=book.clock(),
                late=book.late.text,
                standings=tuple(book.current(exercises=True)),
                statistics=tuple(book.statistics()),
                results={(one.student, one.lesson): one for one in book.results(read)},
                attempts=book.all_attempts(),
                moves=tuple(book.moves()),
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

    def prepare(self) -> None:
        """Find now what pages ask for again and again: processes forked from here share it."""
        assert (self.lessons, self.people, self.by_student) is not None
        assert (self._failures_by_exercise, self._section_of) is not None

    @cached_property
    def failures(self) -> tuple[Failures, ...]:
        """Why exercises did not pass, the most frequent causes first."""
        return failures_in(self.results.values())

    def failures_of(self, lesson: str, exercise: str) -> tuple[Failures, ...]:
        """Why one exercise was not passed, the most frequent causes first."""
        return self._failures_by_exercise.get((lesson, exercise), ())

    @cached_property
    def _failures_by_exercise(self) -> Mapping[tuple[str, str], tuple[Failures, ...]]:
        found: dict[tuple[str, str], tuple[Failures, ...]] = {}
        for one in self.failures:
            place = (one.lesson, one.exercise)
            found[place] = (*found.get(place, ()), one)
        return found

    @cached_property
    def sections(self) -> tuple[str, ...]:
        """The sections of the students, by name; the empty one is of those who have none."""
        return tuple(sorted({person.section for person in self.people}))

    def section_of(self, student: str) -> int:
        """The number of a student's section among `sections`."""
        return self._section_of[student]

    @cached_property
    def _section_of(self) -> Mapping[str, int]:
        places = {section: number for number, section in enumerate(self.sections)}
        return {person.name: places[person.section] for person in self.people}


@contextmanager
def _collector_waiting() -> Iterator[None]:
    """Have Python's collector wait: it would go through all that is read again and again."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()
