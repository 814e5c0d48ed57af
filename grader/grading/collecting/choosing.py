"""Candidates → choices: which of a student's notebooks of one lesson was handed in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from grader.grading.collecting.candidates import Attempt, Candidate
from grader.grading.collecting.files import printable
from grader.grading.collecting.passed_over import PassedOver, some

_NOBODYS = (
    "Something tells whose a notebook is: its folder, its own name, or --student. Received: "
    "{name}, which tells nobody; whose is it? Name the file for its student, or use --student."
)


@dataclass(frozen=True)
class Choice:
    """The file that stands for a lesson; `refused` says why nothing tells which one it is.

    `attempts` counts what was handed in of the lesson, and `said` what was passed over for it.
    """

    candidate: Candidate
    refused: str = ""
    lesson: str | None = None
    attempts: int = 1
    said: tuple[str, ...] = ()


def chosen(own: list[Candidate], lesson: str | None, said: PassedOver) -> list[Choice]:
    """One of each lesson is chosen, or of `lesson` only; the others are passed over."""
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
    keep = lost if is_told else _worth_keeping(unknown)
    if lesson in by_lesson:
        keep = []
    scratch = [(one, _of_no_lesson(one)) for one in unknown if one not in keep]
    kept = [_best(same) for same in by_lesson.values()]
    if keep:
        kept.append(_best(keep) if len(keep) == 1 else _unclear(keep))
    return _told(kept, scratch, said)


@dataclass(frozen=True)
class _Kept:
    """A choice before it is put into words: what was passed over for it, each with the reason."""

    first: Candidate
    others: tuple[tuple[Candidate, str], ...] = ()
    refused: str = ""
    attempts: int = 1


def _told(
    kept: Sequence[_Kept],
    scratch: list[tuple[Candidate, str]],
    said: PassedOver,
) -> list[Choice]:
    """The choices in words; what belongs to no lesson is said with the first."""
    choices = []
    for one in kept:
        others, scratch = [*one.others, *scratch], []
        said.beside += [_named(other, why) for other, why in others]
        sentences = [f"{_own_path(other)} {why}" for other, why in others]
        line = f"Passed over: {some(sentences, 5)}." if sentences else ""
        if one.first.note:
            said.newer.append(f"{one.first.student}: {one.first.note}")
        refused = one.refused
        if not one.first.owner.is_told and not refused:
            refused = _NOBODYS.format(name=_own_path(one.first))
        found = one.first.look.lesson
        notes = tuple(filter(None, (one.first.note, line)))
        choices.append(Choice(one.first, refused, found, one.attempts, notes))
    said.beside += [_named(other, why) for other, why in scratch]
    return choices


def _worth_keeping(unknown: Sequence[Candidate]) -> list[Candidate]:
    """Of notebooks of no lesson, those that hold anything, or else the first."""
    full = [one for one in unknown if not one.look.empty]
    return full or list(unknown[:1])


def _best(same: Sequence[Candidate]) -> _Kept:
    """The one of a student's notebooks of a lesson that is graded; refused if nothing tells."""
    ranks = _Ranks(same)
    first, *others = sorted(same, key=lambda one: (ranks.of(one), one.place, one.entry.shown))
    unclear = [other for other in others if not ranks.is_clear(first, other)]
    attempts = ranks.attempts()
    if unclear:
        return _unclear([first, *unclear], attempts)
    reasons = tuple((other, ranks.why(first, other)) for other in others)
    return _Kept(first, reasons, attempts=attempts)


class _Ranks:
    """What decides between a student's notebooks of one lesson."""

    def __init__(self, same: Sequence[Candidate]) -> None:
        self._attempts = sorted({one.owner.attempt for one in same if one.owner.attempt})
        self._uploads = {one.owner.upload for one in same if one.owner.upload is not None}

    def attempts(self) -> int:
        """How many times something was handed in."""
        return max(1, len(self._attempts), len(self._uploads))

    def of(self, one: Candidate) -> tuple[bool, int, int, bool, bool, bool, int, int]:
        """The smallest is graded. Attempts of a platform are whole hand-ins, uploads are files."""
        look = one.look
        return (
            look.empty or look.answered.untouched,
            -self._number(one.owner.attempt),
            look.told,
            one.is_backup,
            look.unreadable,
            not one.is_added,
            -(one.owner.upload or 0),
            -look.answered.exercises,
        )

    def _number(self, attempt: Attempt | None) -> int:
        """Which attempt it is; what is outside the folders of attempts is the newest."""
        return len(self._attempts) if attempt is None else self._attempts.index(attempt)

    def is_clear(self, first: Candidate, other: Candidate) -> bool:
        """Whether it is clear that `first` was handed in, and not the other."""
        if self.of(first) != self.of(other) or _is_same(first, other):
            return True
        return first.is_nearer(other)

    def why(self, first: Candidate, other: Candidate) -> str:
        """Why the other is passed over: the end of a sentence that begins with its name."""
        ours, theirs = first.look, other.look
        if theirs.empty:
            return "is empty"
        if _is_same(first, other):
            return "is the same file"
        if theirs.answered.untouched and not ours.answered.untouched:
            return "is the untouched starter"
        if self._number(first.owner.attempt) != self._number(other.owner.attempt):
            return "is an earlier attempt"
        if ours.told != theirs.told:
            return "does not say itself that it is the lesson's"
        return self._why_else(first, other)

    def _why_else(self, first: Candidate, other: Candidate) -> str:
        if other.is_backup and not first.is_backup:
            return "is a backup"
        if other.look.unreadable and not first.look.unreadable:
            return "cannot be read"
        if first.is_added and not other.is_added:
            return f"counts as earlier than {_own_path(first)}, which was named by itself"
        if first.owner.upload != other.owner.upload:
            return "was uploaded earlier"
        ours, theirs = first.look.answered.exercises, other.look.answered.exercises
        if ours != theirs:
            return f"has fewer answers ({theirs}, not {ours})"
        return "is not called as the lesson, or lies deeper"


def _is_same(first: Candidate, other: Candidate) -> bool:
    return bool(first.look.sha256) and first.look.sha256 == other.look.sha256


def _unclear(same: Sequence[Candidate], attempts: int = 1) -> _Kept:
    names = some([one.entry.shown for one in same])
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
    return _Kept(same[0], refused=reason, attempts=attempts)


def _of_no_lesson(candidate: Candidate) -> str:
    if candidate.look.empty:
        return "is empty"
    return "cannot be read" if candidate.look.unreadable else "belongs to no lesson"


def _own_path(candidate: Candidate) -> str:
    return printable("/".join(candidate.owner.own) or candidate.entry.name)


def _named(candidate: Candidate, why: str) -> str:
    """A file that was passed over; why, where its own name does not tell."""
    tells = (
        "is the same file",
        "is a backup",
        "is not called as the lesson, or lies deeper",
        "does not say itself that it is the lesson's",
    )
    return candidate.entry.shown if why in tells else f"{candidate.entry.shown} ({why})"
