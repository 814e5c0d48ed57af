"""Marks as JSON, for programs: an object for each student and lesson."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC
from typing import Any

from grader.gradebook.standings import Standing
from grader.report.text import visible

_LONGEST = 8000  # characters of a text that comes out of a submission


def to_json(standings: Sequence[Standing]) -> str:
    """The marks, with overrides and without what is taken off for being late.

    `score` is null where nobody can say: withheld for a fault of ours, or withdrawn. `exercises`
    are there where the standings have them. Times are in ISO 8601.
    """
    return json.dumps([_told(one) for one in standings], indent=2, ensure_ascii=False) + "\n"


def _told(one: Standing) -> dict[str, Any]:
    graded = one.graded_at
    return {
        "student": _text(one.person.name),
        "id": _text(one.person.number),
        "email": _text(one.person.email),
        "section": _text(one.person.section),
        "group": [_text(name) for name in one.person.group],
        "lesson": _text(one.lesson),
        "status": one.status,
        "points": one.earned,
        "penalty": one.penalty,
        "score": one.score,
        "max_score": one.max_score,
        "handed_in": _text(one.handed_in),
        "due": _text(one.due),
        "late_steps": one.lateness.steps,
        "by_hand": [_text(override.reason) for override in one.overrides],
        "attempts": one.attempts,
        "graded": graded.astimezone(UTC).isoformat(timespec="seconds") if graded else None,
        "message": _text(" ".join(filter(None, (one.message, *one.said)))),
        "exercises": [
            {"exercise": _text(each.exercise), "points": each.points, "max_score": each.max_score}
            for each in one.exercises
        ],
    }


def _text(text: str) -> str:
    return visible(text, limit=_LONGEST)
