"""Results in plain text, for services that show text as it is: harmless already, and bounded."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from grader.report.details import details
from grader.report.text import visible, visible_lines
from grader.report.words import OURS, unhappy_checks
from grader.results import Verdict

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from grader.results import CheckResult, ExerciseResult, SubmissionResult

_MOST_SAID = 20
_SENTENCE = 2000
_LONG = ("output", "message", "description")
_LEFT_OUT = "… (left out: the report may not be larger)"


def check_text(check: CheckResult) -> str:
    """A check's statement, what is wrong, and the call with what was expected and received."""
    lines = [visible_lines(check.statement)]
    if check.message:
        lines.append(visible_lines(check.message))
    for detail in details(check):
        separator = "\n" if "\n" in detail.text else " "
        lines.append(f"{detail.label}:{separator}{detail.text}" if detail.label else detail.text)
    return "\n".join(lines)


def diagnosis_text(exercise: ExerciseResult) -> str:
    """What a student's answers look like; "" where that is not known."""
    if exercise.diagnosis is None:
        return ""
    return f"This looks like: {visible_lines(exercise.diagnosis.message, limit=_SENTENCE)}"


def gist(exercise: ExerciseResult) -> str:
    """The most useful thing to say about an exercise, in a few lines; not harmless yet."""
    if exercise.verdict is Verdict.BROKEN:
        return OURS
    if exercise.diagnosis is not None:
        return exercise.diagnosis.message
    for check in unhappy_checks(exercise)[:1]:
        return "\n".join(filter(None, (check.statement, check.message)))
    return exercise.message


def notebook_lines(result: SubmissionResult) -> Iterator[str]:
    """What is told of the notebook beside its checks: notes, and cells that failed."""
    for note in result.notes[:_MOST_SAID]:
        yield f"Note: {visible(note)}"
    for cell in result.failed_cells[:_MOST_SAID]:
        yield f"Cell {cell.number} ({visible(cell.first_line)}): {visible(cell.message)}"
    for more in (result.notes, result.failed_cells):
        if len(more) > _MOST_SAID:
            yield f"… and {len(more) - _MOST_SAID} more, in the record."


def flag_lines(result: SubmissionResult) -> Iterator[str]:
    """What a teacher should look at; students are not told of it where that can be helped."""
    for exercise in result.exercises:
        for flag in exercise.flags:
            yield f"To look at, {visible(exercise.id)}: {visible(flag)}"


def fitted(document: dict[str, Any], parts: Sequence[dict[str, Any]], limit: int) -> str:
    """A document as JSON of at most `limit` bytes.

    `parts` are the objects in it that have long texts: `output`, `message`, `description`. These
    are cut, all to the same length, until it fits, and say so. Everything else has to fit.
    """
    text = _json(document)
    texts = [(part, name) for part in parts for name in _LONG if part.get(name)]
    room = max((len(part[name]) for part, name in texts), default=0)
    while len(text) > limit and room > 0:
        room //= 2
        for part, name in texts:
            if len(part[name]) > room + len(_LEFT_OUT):
                part[name] = part[name][:room] + _LEFT_OUT
        text = _json(document)
    return text


def _json(document: Any) -> str:
    """ASCII only, so that no reader, and no terminal, has to know another encoding."""
    return json.dumps(document, indent=1) + "\n"


def joined(lines: Iterable[str]) -> str:
    """The lines that are not empty, one under the other."""
    return "\n".join(filter(None, lines))
