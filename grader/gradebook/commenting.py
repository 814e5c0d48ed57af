"""What a teacher writes to a student: kept beside the marks, taken back by being marked."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, insert, select, update

from grader.errors import UsageError
from grader.gradebook.keeping import storable
from grader.gradebook.models import CommentRow

LONGEST = 10_000
"""How many characters a comment has at most."""


@dataclass(frozen=True)
class Comment:
    """What `author` wrote to a student; `exercise` is empty where it is about the whole lesson.

    `number` tells it from all others of its gradebook.
    """

    number: int
    exercise: str
    text: str
    author: str
    made_at: datetime


@dataclass(frozen=True)
class Said:
    """What is to be written, by whom and when."""

    text: str
    author: str
    made_at: datetime


def write(connection: Connection, submission: int, exercise: str, said: Said) -> None:
    """Add a comment; see `Gradebook.comment`."""
    text = said.text.replace("\r\n", "\n").strip()
    if not text:
        raise UsageError("A comment has a text. Received: none. Write one.")
    if len(text) > LONGEST:
        raise UsageError(
            f"A comment has at most {LONGEST:,} characters. Received: {len(text):,}. Shorten it."
        )
    row = {
        "submission_id": submission,
        "exercise": exercise,
        "text": storable(text),
        "author": storable(said.author),
        "made_at": said.made_at,
        "removed_at": None,
    }
    connection.execute(insert(CommentRow), [row])


def remove(connection: Connection, submission: int, number: int, now: datetime) -> None:
    """Mark a comment as taken back; see `Gradebook.remove_comment`."""
    found = update(CommentRow).where(
        CommentRow.id == number,
        CommentRow.submission_id == submission,
        CommentRow.removed_at.is_(None),
    )
    if not connection.execute(found.values(removed_at=now)).rowcount:
        raise UsageError(
            "A comment is taken back once. Received: one that is not there any more. Look at the "
            "page again."
        )


def comments_of(connection: Connection) -> Mapping[int, tuple[Comment, ...]]:
    """The comments that were not taken back, by submission, oldest first."""
    found: dict[int, list[Comment]] = defaultdict(list)
    question = (
        select(*CommentRow.__table__.columns)
        .where(CommentRow.removed_at.is_(None))
        .order_by(CommentRow.id)
    )
    for row in connection.execute(question):
        comment = Comment(row.id, row.exercise, row.text, row.author, row.made_at)
        found[row.submission_id].append(comment)
    return {submission: tuple(comments) for submission, comments in found.items()}
