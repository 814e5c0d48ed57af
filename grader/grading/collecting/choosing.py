"""Candidates → choices: which of a student's notebooks of one lesson was handed in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from grader.grading.collecting.candidates import Candidate
from grader.grading.collecting.files import printable
from grader.grading.collecting.passed_over import PassedOver, some


@dataclass(frozen=True)
class Choice:
    """The file that stands for a lesson; `refused` says why nothing tells which one it is.

    `lesson` is told where it is refused, as nobody reads it then.
    """

    candidate: Candidate
    refused: str = ""
    lesson: str | None = None


def chosen(own: list[Candidate], lesson: str | None, said: PassedOver) -> list[Choice]:
    """One of each lesson is chosen, or of `lesson` only; the others are passed over."""
    if len(own) == 1 and lesson is None:
        return [Choice(own[0])]  # it is read by whoever grades it
    by_lesson: dict[str | None, list[Candidate]] = {}
    for candidate in own:
        by_lesson.setdefault(candidate.look.lesson, []).append(candidate)
    unknown = by_lesson.pop(None, [])
    is_told = bool(by_lesson)
    for other in [name for name in by_lesson if lesson not in (None, name)]:
        said.other_lessons[other or ""] += len(by_lesson.pop(other))
    # Beside a lesson's notebook, one without any exercise, or an empty file, is a scratch. What
    # nobody can read may have been another lesson's: it is kept, unless the wanted one is there.
    lost = [one for one in unknown if one.look.unreadable and not one.look.empty]
    keep = lost if is_told else unknown
    if lesson in by_lesson:
        keep = []
    said.beside += [_named(one) for one in unknown if one not in keep]
    kept = [_best(same, said) for same in by_lesson.values()]
    if keep:
        kept.append(Choice(keep[0]) if len(keep) == 1 else _unclear(keep))
    return kept


def _best(same: list[Candidate], said: PassedOver) -> Choice:
    """The one of a student's notebooks of a lesson that is graded; refused if nothing tells."""
    first, *others = sorted(same, key=lambda one: (one.rank, one.place, str(one.path)))
    unclear = [other for other in others if not first.beats(other)]
    if unclear:
        return _unclear([first, *unclear])
    said.beside += map(_named, others)
    return Choice(first)


def _unclear(same: Sequence[Candidate]) -> Choice:
    names = some([printable(str(one.path)) for one in same])
    if same[0].look.lesson is None:
        reason = (
            f"A student hands in the lesson's own notebook. Received: {len(same)} files, of which "
            f"none can be told to be one: {names}. Hand in that one alone."
        )
    else:
        reason = (
            f"A student hands in one notebook a lesson. Received: {len(same)}, {names}. Hand in "
            f"one of them."
        )
    return Choice(same[0], reason, same[0].look.lesson)


def _named(candidate: Candidate) -> str:
    path = printable(str(candidate.path))
    return f"{path} (cannot be read)" if candidate.look.unreadable else path
