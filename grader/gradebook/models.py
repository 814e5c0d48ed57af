"""The tables: students ▸ submissions ▸ attempts ▸ exercise results; overrides, comments, runs.

A submission is a student's lesson. An attempt is one graded result of it, under the key that it is
known by. Whatever is changed here needs a migration, which a test compares with these classes.
"""

from __future__ import annotations

import zlib
from datetime import UTC, datetime

from sqlalchemy import (
    DateTime,
    Dialect,
    Double,
    ForeignKey,
    Index,
    LargeBinary,
    MetaData,
    String,
    Text,
    TypeDecorator,
    UniqueConstraint,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


class Moment(TypeDecorator[datetime]):
    """A point in time, kept in UTC: SQLite has no time zones of its own."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Called by SQLAlchemy for what is written."""
        if value is None or dialect.name != "sqlite":
            return value
        return value.astimezone(UTC).replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        """Called by SQLAlchemy for what is read."""
        if value is None or value.tzinfo is not None:
            return value
        return value.replace(tzinfo=UTC)


class Packed(TypeDecorator[str]):
    """A long text, compressed: a record in JSON takes a sixth of its room, and of its writing.

    What was damaged since is read as the empty text, which is no record: see `keeping.record_in`.
    """

    impl = LargeBinary
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> bytes | None:  # noqa: ARG002
        """Called by SQLAlchemy for what is written."""
        return None if value is None else zlib.compress(value.encode(), level=1)

    def process_result_value(self, value: bytes | None, dialect: Dialect) -> str | None:  # noqa: ARG002
        """Called by SQLAlchemy for what is read."""
        if value is None:
            return None
        try:
            return zlib.decompress(value).decode()
        except (zlib.error, UnicodeDecodeError, TypeError):  # TypeError: a text in its place
            return ""


class Base(DeclarativeBase):
    """What all tables share: how their constraints are named, so that migrations can name them."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {str: Text, float: Double, datetime: Moment}  # noqa: RUF012 - SQLAlchemy's declaration


class Student(Base):
    """A student by the name that records have; the rest is a platform's or a roster's word.

    `group` names who hands in together with this student, each on a line.
    """

    __tablename__ = "students"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)
    number: Mapped[str] = mapped_column(default="")  # the id that the platform knows them by
    email: Mapped[str] = mapped_column(default="")
    section: Mapped[str] = mapped_column(default="")
    group: Mapped[str] = mapped_column(default="")


class Submission(Base):
    """A student's lesson, whatever was handed in of it."""

    __tablename__ = "submissions"
    __table_args__ = (UniqueConstraint("student_id", "lesson"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    student_id: Mapped[int] = mapped_column(ForeignKey("students.id"))
    lesson: Mapped[str] = mapped_column(index=True)


class Run(Base):
    """One call of `grader grade`; `scope` tells what was graded, so that absence can be noticed."""

    __tablename__ = "runs"

    id: Mapped[int] = mapped_column(primary_key=True)
    scope: Mapped[str]
    began_at: Mapped[datetime]


class Attempt(Base):
    """One graded result. `knows` is how much it tells: see `grader.report.records.knows`.

    `score` is as graded: overrides and the late policy are applied when marks are shown. It is None
    where all is withheld; `withheld` is also true where a part is. `run_id` is the last run that
    had this result, `kept_at` since when its file has been the newest: see `keeping`.
    `withdrawn_at` is when it was no longer handed in.
    """

    __tablename__ = "attempts"
    __table_args__ = (
        UniqueConstraint("submission_id", "key"),
        Index(None, "key"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    submission_id: Mapped[int] = mapped_column(ForeignKey("submissions.id"))
    run_id: Mapped[int | None] = mapped_column(ForeignKey("runs.id"))
    key: Mapped[str]
    sha256: Mapped[str] = mapped_column(String(64))
    path: Mapped[str]
    verdict: Mapped[str] = mapped_column(String(20))
    message: Mapped[str]
    knows: Mapped[int]
    withheld: Mapped[bool]
    score: Mapped[float | None]
    max_score: Mapped[float]
    handed_in: Mapped[str]  # times as the record has them, in the course's zone unless they say
    due: Mapped[str]
    late: Mapped[bool]
    graded_at: Mapped[datetime]
    kept_at: Mapped[datetime]
    withdrawn_at: Mapped[datetime | None]
    record: Mapped[str] = mapped_column(Packed)


class ExerciseRow(Base):
    """What came of one exercise of an attempt, for statistics; `position` counts from 0."""

    __tablename__ = "exercise_results"

    attempt_id: Mapped[int] = mapped_column(ForeignKey("attempts.id"), primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True)
    exercise: Mapped[str]
    title: Mapped[str]
    verdict: Mapped[str] = mapped_column(String(20))
    score: Mapped[float | None]
    max_score: Mapped[float]
    misconception: Mapped[str | None]
    explanation: Mapped[str | None]


class OverrideRow(Base):
    """A mark that a person gave; None takes an earlier one back. The last one counts.

    `exercise` is empty where it is the mark of the whole lesson.
    """

    __tablename__ = "overrides"

    id: Mapped[int] = mapped_column(primary_key=True)
    submission_id: Mapped[int] = mapped_column(ForeignKey("submissions.id"), index=True)
    exercise: Mapped[str]
    points: Mapped[float | None]
    reason: Mapped[str]
    author: Mapped[str]
    made_at: Mapped[datetime]


class CommentRow(Base):
    """What a person wrote to a student; `removed_at` is when it was taken back.

    `exercise` is empty where it is about the whole lesson.
    """

    __tablename__ = "comments"

    id: Mapped[int] = mapped_column(primary_key=True)
    submission_id: Mapped[int] = mapped_column(ForeignKey("submissions.id"), index=True)
    exercise: Mapped[str]
    text: Mapped[str]
    author: Mapped[str]
    made_at: Mapped[datetime]
    removed_at: Mapped[datetime | None]


class Setting(Base):
    """A setting of the class, such as its late policy."""

    __tablename__ = "settings"

    name: Mapped[str] = mapped_column(primary_key=True)
    value: Mapped[str]
