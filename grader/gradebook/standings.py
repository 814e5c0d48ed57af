"""What stands for each student and lesson: the record that counts, and what a teacher made of it.

Of the attempts that are not withdrawn, the one that knows most counts, and of several the newest.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, Select, Subquery, case, func, select

from grader.gradebook.commenting import Comment, comments_of
from grader.gradebook.keeping import record_in, storable, verdict_in
from grader.gradebook.late import Lateness, LatePolicy, rounded
from grader.gradebook.marks import Mark, Override, marked
from grader.gradebook.models import Attempt, ExerciseRow, OverrideRow, Student, Submission
from grader.judging import course
from grader.report.words import in_words, place_of
from grader.results import Points, SubmissionResult, Verdict

_Graded = dict[str, tuple[Points | None, Points | None]]
"""The points and the most points of each exercise, in the order of the lesson."""


@dataclass(frozen=True)
class Person:
    """A student; `number` is the id that a platform knows them by, `group` who works together."""

    name: str
    number: str = ""
    email: str = ""
    section: str = ""
    group: tuple[str, ...] = ()


@dataclass(frozen=True)
class ExercisePoints:
    """The points of one exercise: as `graded`, and what counts, which may be `by_hand`.

    None where nobody can say; `max_score` is None where no record tells it.
    """

    exercise: str
    graded: Points | None
    points: Points | None
    max_score: Points | None
    by_hand: bool


@dataclass(frozen=True)
class Standing:
    """What stands for one student and lesson.

    `graded` are the points of the record, `earned` those after overrides, and `score` is the mark:
    `earned` without the `penalty`. All are None where nobody can say: withheld for a fault of ours,
    or withdrawn. `max_score` is None where nobody's record of the lesson tells it, nor the course.
    `now` is the verdict of a newer attempt that tells less, and `said` what else to know.
    `exercises` is filled where they were asked for. `comments` are what was written to the student,
    oldest first.
    """

    person: Person
    lesson: str
    verdict: Verdict
    graded: Points | None
    earned: Points | None
    penalty: Points
    score: Points | None
    max_score: Points | None
    lateness: Lateness
    handed_in: str = ""
    due: str = ""
    message: str = ""
    path: str = ""
    attempts: int = 0
    graded_at: datetime | None = None
    withdrawn_at: datetime | None = None
    now: Verdict | None = None
    overrides: tuple[Override, ...] = ()
    said: tuple[str, ...] = ()
    exercises: tuple[ExercisePoints, ...] = ()
    comments: tuple[Comment, ...] = ()

    @property
    def status(self) -> str:
        """What was graded, in words; `withdrawn` of what is no longer handed in."""
        if self.withdrawn_at:
            return "withdrawn"
        return in_words(self.verdict, self.graded, self.max_score or 0)

    @property
    def is_there(self) -> bool:
        """Whether it counts now: it is handed in, or should be, or a person gave a mark."""
        return self.withdrawn_at is None or self.score is not None


def ranked(only: int | None = None) -> Subquery:
    """Every attempt's place among those of its submission: `rank` 1 counts, `age` 1 is newest.

    `only` is the number of the one submission that is asked for.
    """
    within = Attempt.submission_id
    last_run = func.coalesce(Attempt.run_id, 0).desc()  # of one file, graded more than once
    newest = (Attempt.kept_at.desc(), last_run, Attempt.id.desc())
    stands = case((Attempt.withdrawn_at.is_(None), 1), else_=0).desc()
    order = (stands, Attempt.knows.desc(), *newest)
    question = select(
        Attempt.id,
        func.row_number().over(partition_by=within, order_by=order).label("rank"),
        func.row_number().over(partition_by=within, order_by=newest).label("age"),
    )
    return (question if only is None else question.where(within == only)).subquery()


ReadRecord = Callable[[str, str, str], SubmissionResult | None]
"""Reads a stored record of a student's lesson; None where it is left out."""


def records(connection: Connection, read: ReadRecord = record_in) -> list[SubmissionResult]:
    """The records that stand, by student and lesson, under the names that students have now."""
    rank = ranked()
    question = (
        select(Attempt.record, Student.name, Submission.lesson)
        .join(rank, rank.c.id == Attempt.id)
        .join(Submission, Submission.id == Attempt.submission_id)
        .join(Student, Student.id == Submission.student_id)
        .where(rank.c.rank == 1, Attempt.withdrawn_at.is_(None))
    )
    rows = sorted(connection.execute(question), key=lambda row: _order(row[1], row[2]))
    found = []
    for document, student, lesson in rows:
        result = read(document, student, lesson)
        if result is None:
            continue
        known = storable(result.student) == student
        found.append(result if known else result.model_copy(update={"student": student}))
    return found


def current(
    connection: Connection,
    policy: LatePolicy,
    dues: Mapping[str, str],
    *,
    exercises: bool = False,
    only: int | None = None,
) -> list[Standing]:
    """What stands, by student and then as lessons are taught; see `Gradebook.current`.

    `only` is the number of the one submission that is asked for.
    """
    decided = overrides_of(connection)
    written = comments_of(connection)
    graded = _exercises(connection, everybody=exercises, only=only)
    most = max_scores(connection, only)
    rows = connection.execute(_question(only)).all()
    newest = {row.submission: row for row in rows if row.age == 1}
    found = []
    for row in rows:
        if row.rank not in (1, None):
            continue
        given = decided.get(row.submission, {})
        due = row.due or dues.get(row.lesson) or dues.get("", "")
        lateness = policy.lateness(row.handed_in or "", due, flag=bool(row.late))
        highest = rounded(row.max_score) if row.max_score else most.get(row.lesson)
        own = graded.get(row.submission, {})
        parts = {exercise: score for exercise, (score, _) in own.items()}
        mark = marked(row, given, parts, lateness, policy, highest)
        by_hand, said = tuple(given.values()), written.get(row.submission, ())
        standing = _standing(row, newest[row.submission], mark, due, by_hand, said)
        if exercises:
            standing = replace(standing, exercises=tuple(_points(own, standing)))
        found.append(standing)
    return sorted(found, key=lambda standing: _order(standing.person.name, standing.lesson))


def _points(graded: _Graded, standing: Standing) -> Iterator[ExercisePoints]:
    """The points of each exercise of a record; without one, of those that were given by hand."""
    given = {one.exercise: one.points for one in standing.overrides if one.exercise}
    known = dict(graded) or dict.fromkeys(given, (None, None))
    for exercise, (score, highest) in known.items():
        before = None if standing.withdrawn_at else score
        by_hand = exercise in given
        counts = given[exercise] if by_hand else before
        yield ExercisePoints(exercise, before, counts, highest, by_hand)


def _standing(
    row: Row[Any],
    newest: Row[Any],
    mark: Mark,
    due: str,
    given: tuple[Override, ...],
    comments: tuple[Comment, ...],
) -> Standing:
    now = verdict_in(newest.verdict) if newest.id != row.id else None
    return Standing(
        person=person_of(row),
        lesson=row.lesson,
        verdict=verdict_in(row.verdict or Verdict.NOT_HANDED_IN.value),
        graded=mark.graded,
        earned=mark.earned,
        penalty=mark.penalty,
        score=mark.score,
        max_score=mark.max_score,
        lateness=mark.lateness,
        handed_in=row.handed_in or "",
        due=due,
        message=row.message or "",
        path=row.path or "",
        attempts=row.files,
        graded_at=row.graded_at,
        withdrawn_at=row.withdrawn_at,
        now=now,
        overrides=given,
        said=mark.said,
        comments=comments,
    )


def person_of(row: Row[Any]) -> Person:
    """The student of a row."""
    group = tuple(row.group.split("\n")) if row.group else ()
    return Person(row.name, row.number, row.email, row.section, group)


def _question(only: int | None) -> Select[Any]:
    """The attempt that counts of each submission, and the newest one; none where there is none."""
    rank = ranked(only)
    handed_in = Attempt.verdict != Verdict.NOT_HANDED_IN.value
    files = (
        select(Attempt.submission_id, func.count(Attempt.sha256.distinct()).label("files"))
        .where(handed_in if only is None else handed_in & (Attempt.submission_id == only))
        .group_by(Attempt.submission_id)
        .subquery()
    )
    attempt = [c for c in Attempt.__table__.columns if c.name not in ("record", "submission_id")]
    person = (Student.name, Student.number, Student.email, Student.section, Student.group)
    question = (
        select(
            Submission.id.label("submission"),
            Submission.lesson,
            *person,
            *attempt,
            rank.c.rank,
            func.coalesce(rank.c.age, 1).label("age"),
            func.coalesce(files.c.files, 0).label("files"),
        )
        .join(Student, Student.id == Submission.student_id)
        .outerjoin(Attempt, Attempt.submission_id == Submission.id)
        .outerjoin(rank, rank.c.id == Attempt.id)
        .outerjoin(files, files.c.submission_id == Submission.id)
        .where(rank.c.rank.is_(None) | (rank.c.rank == 1) | (rank.c.age == 1))
    )
    return question if only is None else question.where(Submission.id == only)


def overrides_of(connection: Connection) -> dict[int, dict[str, Override]]:
    """The overrides that count, by submission and exercise."""
    decided: dict[int, dict[str, Override]] = defaultdict(dict)
    question = select(*OverrideRow.__table__.columns).order_by(OverrideRow.id)
    for row in connection.execute(question):
        if row.points is None:
            decided[row.submission_id].pop(row.exercise, None)
        else:
            decided[row.submission_id][row.exercise] = override_of(row)
    return decided


def override_of(row: Any) -> Override:
    """An override as its row has it."""
    points = None if row.points is None else rounded(row.points)
    return Override(row.exercise, points, row.reason, row.author, row.made_at)


def max_scores(connection: Connection, only: int | None = None) -> dict[str, Points]:
    """The most points of each lesson: as the newest record that tells them, else the course's.

    `only` is the number of a submission, whose lesson alone is asked for.
    """
    question = (
        select(Submission.lesson, Attempt.max_score)
        .outerjoin(Attempt, (Attempt.submission_id == Submission.id) & (Attempt.max_score > 0))
        .order_by(Attempt.graded_at, Attempt.id)
    )
    if only is not None:
        of = select(Submission.lesson).where(Submission.id == only).scalar_subquery()
        question = question.where(Submission.lesson == of)
    rows = connection.execute(question).all()
    most = {lesson: rounded(score) for lesson, score in rows if score is not None}
    for lesson in {lesson for lesson, _ in rows} - most.keys():
        if lesson in course.lesson_names():
            most[lesson] = rounded(course.lesson(lesson).max_score)
    return most


def _exercises(connection: Connection, *, everybody: bool, only: int | None) -> dict[int, _Graded]:
    """The exercises of what counts: of everybody, or of those of whom something was overridden."""
    rank = ranked(only)
    question = (
        select(
            Attempt.submission_id, ExerciseRow.exercise, ExerciseRow.score, ExerciseRow.max_score
        )
        .join(Attempt, Attempt.id == ExerciseRow.attempt_id)
        .join(rank, rank.c.id == Attempt.id)
        .where(rank.c.rank == 1)
        .order_by(ExerciseRow.attempt_id, ExerciseRow.position)
    )
    if only is not None:
        question = question.where(Attempt.submission_id == only)
    elif not everybody:
        question = question.where(Attempt.submission_id.in_(select(OverrideRow.submission_id)))
    found: dict[int, _Graded] = defaultdict(dict)
    for submission, exercise, score, highest in connection.execute(question):
        earned = None if score is None else rounded(score)
        found[submission][exercise] = (earned, rounded(highest))
    return found


def _order(student: str, lesson: str) -> tuple[str, str, tuple[int, str]]:
    return (student.casefold(), student, place_of(lesson))
