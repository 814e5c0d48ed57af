"""`Gradebook`: results are kept as they come, found again, and never lost for one that tells less.

Each method is one transaction: it happens as a whole, and when it returns, it is on the disk.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from types import TracebackType
from typing import Self

from pydantic import ValidationError
from sqlalchemy import Connection, bindparam, delete, func, insert, select

from grader.errors import UsageError
from grader.gradebook import (
    commenting,
    keeping,
    overriding,
    renaming,
    standings,
    statistics,
    withdrawing,
)
from grader.gradebook.database import Database, url_of
from grader.gradebook.history import Past, PastAttempt, all_attempts, past_of
from grader.gradebook.keeping import Kept
from grader.gradebook.late import LatePolicy, moment
from grader.gradebook.models import Attempt, Run, Setting
from grader.gradebook.moves import Move, moves_of
from grader.gradebook.overriding import Overridden
from grader.gradebook.remarks import remarks
from grader.gradebook.renaming import Renamed
from grader.gradebook.schema import bring_up_to_date
from grader.gradebook.standings import ReadRecord, Standing
from grader.gradebook.statistics import LessonStatistics
from grader.results import SubmissionResult

__all__ = ["Gradebook", "Kept"]

# Made once, since making it takes longer than asking it.
_KNOWN = (
    select(Attempt.record)
    .where(Attempt.key == bindparam("key"), Attempt.knows == keeping.WHOLE)
    .where(Attempt.withheld.is_(False))
    .order_by(Attempt.graded_at.desc(), Attempt.id.desc())
    .limit(1)
)
_LATE, _DUE, _TAKEN_IN = "late", "due", "records taken in"


@dataclass(frozen=True)
class Gradebook:
    """The gradebook of one class. Use as a context manager, or call `close`.

    `said` is what a person is told about opening it. `clock` gives the time, with its zone.
    """

    database: Database
    said: tuple[str, ...] = ()
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)

    @classmethod
    def open(cls, url: str) -> Gradebook:
        """The gradebook at a URL, or in a SQLite file; made where there is none, else migrated.

        Raises UsageError where the database cannot be reached or is of a newer grader.
        """
        database = Database(url_of(url))
        bring_up_to_date(database)
        return cls(database)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Leave the database."""
        self.database.close()

    # What a run does

    def begin_run(self, scope: str) -> int:
        """The number of a new run over what `scope` names: the same words for the same places."""

        def begin(connection: Connection) -> int:
            made = insert(Run).values(scope=keeping.storable(scope), began_at=self.clock())
            key = connection.execute(made).inserted_primary_key
            assert key is not None  # every database we use tells it
            return int(key[0])

        return self.database.write(begin)

    def known(self, key: str) -> SubmissionResult | None:
        """The whole result under `key` that was graded last; None where there is none.

        What was withheld is none, nor is what is stored and was damaged: the next result under the
        key replaces it. It may be another student's, who handed in the same: student, path and
        hand-in are theirs.
        """

        def find(connection: Connection) -> str | None:
            found: str | None = connection.scalar(_KNOWN, {"key": keeping.storable(key)})
            return found

        record = self.database.read(find)
        if record is None:
            return None
        try:
            return SubmissionResult.from_json(record)
        except ValidationError:  # graded again, it takes the place of the damaged one
            return None

    def keep(self, result: SubmissionResult, key: str = "", run: int | None = None) -> Kept:
        """Keep a result. The same key of the same student and lesson, twice, makes one attempt.

        An attempt that is kept again is no longer withdrawn. Without a `run` it counts as the
        newest; with one, where the last run of the same scope had another file of this student:
        see `keeping`. Without a key, and of what is not whole, a result is known by its content.
        """
        return self.keep_all([(result, key)], run)[0]

    def keep_all(
        self,
        results: Iterable[tuple[SubmissionResult, str]],
        run: int | None = None,
        *,
        again: bool = False,
    ) -> list[Kept]:
        """Keep results with their keys as `keep` does, all of them or none.

        Quicker for many that are known already: the disk is waited for once. `again` says that they
        were graded before, and are used again.
        """
        rows = [keeping.Row.of(result, key) for result, key in results]
        return self.database.write(
            lambda c: [keeping.keep(c, row, run, self.clock(), again=again) for row in rows]
        )

    def gone(self, run: int) -> withdrawing.Gone:
        """What an earlier run of the same scope had, and `run` had not: (student, lesson)."""
        return self.database.read(
            lambda c: withdrawing.withdraw(c, run, self.clock(), lambda *_: False, marks=False)
        )

    def withdraw(
        self, run: int, spared: withdrawing.Spared = lambda _student, _lesson: False
    ) -> withdrawing.Gone:
        """Mark what is `gone`, but for what is `spared`; it is told which that was.

        Call it when a run is complete, and every result of it kept. What is marked stays in the
        history, and no longer stands.
        """
        return self.database.write(lambda c: withdrawing.withdraw(c, run, self.clock(), spared))

    def rename(self, run: int) -> list[Renamed]:
        """Join those whom `run` has under another name than earlier runs of the same scope had.

        They have the same id. Call it when a run is complete, before `withdraw`. What was graded
        and decided is under the new name then. Two whom one run had with the same lesson, and two
        who hand in together, are two people whatever their ids.
        """
        return self.database.write(lambda c: renaming.rename(c, run))

    # What stands

    def version(self) -> Hashable:
        """Another one after each change that anybody made, this program or others; quick to ask."""
        return self.database.version()

    def current(self, *, exercises: bool = False) -> list[Standing]:
        """What stands for each student and lesson, overrides and late policy applied.

        With `exercises`, the points of each of them, too.
        """

        def find(connection: Connection) -> list[Standing]:
            return self._current(connection, exercises=exercises)

        return self.database.read(find)

    def remarks(self) -> list[str]:
        """What to tell a teacher after a run, a line each: who is late, and marks by hand.

        Call it when a run is complete; the words go with a table of what was graded.
        """
        standing, policy = self.database.read(lambda c: (self._current(c), self._policy(c)))
        return remarks(standing, policy)

    def results(self, read: ReadRecord = keeping.record_in) -> list[SubmissionResult]:
        """The records that stand, as they were graded: `current` has the marks.

        Raises UsageError for one that was damaged, unless `read` leaves it out.
        """
        return self.database.read(lambda c: standings.records(c, read))

    def attempts(self, student: str) -> Past:
        """All that was graded and decided of a student, oldest first; UsageError if unknown."""
        return self.database.read(lambda c: past_of(c, student))

    def all_attempts(self) -> dict[str, tuple[PastAttempt, ...]]:
        """Every student's attempts by name, lesson by lesson and oldest first, without records."""
        return self.database.read(all_attempts)

    def statistics(self) -> list[LessonStatistics]:
        """How each exercise went and what was misunderstood, by lesson."""
        return self.database.read(statistics.of_lessons)

    def moves(self) -> list[Move]:
        """From the first file to the one that stands, of who handed in more than one."""
        return self.database.read(moves_of)

    # What a teacher decides

    def override(
        self,
        student: str,
        place: str,
        points: float,
        *,
        reason: str,
        author: str,
        beyond: bool = False,
        relative: bool = False,
    ) -> Overridden:
        """Give points by hand for a LESSON or LESSON/EXERCISE; later ones replace earlier ones.

        EXERCISE is enough where one lesson only has it. `relative` points are added to what stands.
        Raises UsageError for a student, lesson or exercise that the gradebook does not know, and
        for points that come to less than 0, or to more than the maximum without `beyond`.
        """
        decided = overriding.Decision(points, reason, author, self.clock(), relative)
        return self._decide(student, place, decided, beyond=beyond)

    def remove_override(self, student: str, place: str, *, reason: str, author: str) -> Overridden:
        """Take a mark given by hand back; the history keeps both. UsageError if there is none."""
        decided = overriding.Decision(None, reason, author, self.clock())
        return self._decide(student, place, decided)

    def _decide(
        self, student: str, place: str, decided: overriding.Decision, *, beyond: bool = False
    ) -> Overridden:
        def decide(connection: Connection) -> Overridden:
            return overriding.override(
                connection,
                student,
                place,
                decided,
                lambda submission: self._standing(connection, submission),
                beyond=beyond,
            )

        return self.database.write(decide)

    def comment(self, student: str, place: str, text: str, *, author: str) -> Standing:
        """Write to a student about a LESSON or LESSON/EXERCISE; what stands for the lesson then.

        It stays when the lesson is graded again. Raises UsageError for a student, lesson or
        exercise that the gradebook does not know, and for a text that is empty or too long.
        """
        said = commenting.Said(text, author, self.clock())

        def write(connection: Connection) -> Standing:
            submission, of = overriding.submission_at(connection, student, place)
            commenting.write(connection, submission, of.exercise, said)
            return self._standing(connection, submission)

        return self.database.write(write)

    def remove_comment(self, student: str, lesson: str, number: int) -> Standing:
        """Take back what was written to a student; what stands for the lesson then.

        Raises UsageError where there is no such comment any more.
        """

        def remove(connection: Connection) -> Standing:
            submission, _ = overriding.submission_at(connection, student, lesson)
            commenting.remove(connection, submission, number, self.clock())
            return self._standing(connection, submission)

        return self.database.write(remove)

    @property
    def late(self) -> LatePolicy:
        """What is taken off for being late."""
        return self.database.read(self._policy)

    def set_late(self, policy: str) -> LatePolicy:
        """From now on, take this off for being late; UsageError if it cannot be understood."""
        read = LatePolicy.parse(policy)
        self.database.write(lambda c: _set(c, _LATE, policy))
        return read

    def set_due(self, time: str, lesson: str = "") -> None:
        """When the class, or one lesson of it, is due, in ISO 8601; a date means its end.

        Who has a due date of their own, which a hand-in says, keeps it. Empty: there is none.
        """
        if time and moment(time) is None:
            raise UsageError(
                f"A due time is written like 2026-05-31T23:59. Received: {time!r}. Correct it."
            )
        self.database.write(lambda c: _set(c, f"{_DUE} {lesson}".strip(), time))

    def take_in(self, found: Callable[[], Iterable[tuple[SubmissionResult, float]]]) -> int | None:
        """Keep the records of an older version, once and all together; how many there were.

        `found` is asked only by a gradebook that has no attempt and was never asked to; otherwise
        the answer is None. With each record comes its time, in seconds since 1970.
        """

        def take(connection: Connection) -> int | None:
            if not _is_new(connection):
                return None
            count = 0
            for result, seconds in found():
                row = keeping.Row.of(result, "")
                keeping.keep(connection, row, None, datetime.fromtimestamp(seconds, UTC))
                count += 1
            _set(connection, _TAKEN_IN, str(count))
            return count

        return self.database.write(take) if self.database.read(_is_new) else None

    def _current(
        self, connection: Connection, *, exercises: bool = False, only: int | None = None
    ) -> list[Standing]:
        policy, dues = self._policy(connection), _dues(connection)
        return standings.current(connection, policy, dues, exercises=exercises, only=only)

    def _standing(self, connection: Connection, submission: int) -> Standing:
        [one] = self._current(connection, exercises=True, only=submission)
        return one

    @staticmethod
    def _policy(connection: Connection) -> LatePolicy:
        text = connection.scalar(select(Setting.value).where(Setting.name == _LATE))
        return LatePolicy.parse(text or "none")


def _is_new(connection: Connection) -> bool:
    asked = connection.scalar(select(Setting.value).where(Setting.name == _TAKEN_IN))
    return asked is None and not connection.scalar(select(func.count(Attempt.id)))


def _dues(connection: Connection) -> dict[str, str]:
    """When each lesson is due, and under the empty name all others."""
    rows: Sequence[tuple[str, str]] = [
        (name, value)
        for name, value in connection.execute(select(Setting.name, Setting.value))
        if name.partition(" ")[0] == _DUE
    ]
    return {name.partition(" ")[2]: value for name, value in rows}


def _set(connection: Connection, name: str, value: str) -> None:
    connection.execute(delete(Setting).where(Setting.name == name))
    connection.execute(insert(Setting).values(name=name, value=keeping.storable(value)))
