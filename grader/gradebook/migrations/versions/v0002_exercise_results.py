"""Results of exercises get a table of their own, filled from the records.

Statistics over a class of 3,000 read it in a second; to read as many records takes a minute.
"""

import json
import zlib
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Make the table, and fill it."""
    results = op.create_table(
        "exercise_results",
        sa.Column("attempt_id", sa.Integer, nullable=False),
        sa.Column("position", sa.Integer, nullable=False),
        sa.Column("exercise", sa.Text, nullable=False),
        sa.Column("title", sa.Text, nullable=False),
        sa.Column("verdict", sa.String(20), nullable=False),
        sa.Column("score", sa.Double, nullable=True),
        sa.Column("max_score", sa.Double, nullable=False),
        sa.Column("misconception", sa.Text, nullable=True),
        sa.Column("explanation", sa.Text, nullable=True),
        sa.PrimaryKeyConstraint("attempt_id", "position", name="pk_exercise_results"),
        sa.ForeignKeyConstraint(
            ["attempt_id"], ["attempts.id"], name="fk_exercise_results_attempt_id"
        ),
    )
    connection = op.get_bind()
    attempts = sa.table(
        "attempts", sa.column("id", sa.Integer), sa.column("record", sa.LargeBinary)
    )
    for number in connection.scalars(sa.select(attempts.c.id)).all():
        record = connection.scalar(sa.select(attempts.c.record).where(attempts.c.id == number))
        document = json.loads(zlib.decompress(bytes(record or b"")))
        if rows := [_row(number, *item) for item in enumerate(document["exercises"])]:
            connection.execute(sa.insert(results), rows)


def _row(attempt: int, position: int, exercise: dict[str, Any]) -> dict[str, Any]:
    diagnosis = exercise["diagnosis"] or {"misconception": None, "message": None}
    return {
        "attempt_id": attempt,
        "position": position,
        "exercise": _storable(exercise["id"]),
        "title": _storable(exercise["title"]),
        "verdict": exercise["verdict"],
        "score": exercise["score"],
        "max_score": exercise["max_score"],
        "misconception": _storable(diagnosis["misconception"]),
        "explanation": _storable(diagnosis["message"]),
    }


def _storable(text: str | None) -> str | None:
    """PostgreSQL takes no NUL in a text."""
    return None if text is None else text.replace("\0", "\\x00")
