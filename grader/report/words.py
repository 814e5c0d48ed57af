"""The words and signs that every report shares: verdicts, points, what counts as unhappy."""

from __future__ import annotations

from typing import TYPE_CHECKING

from grader.results import Verdict

if TYPE_CHECKING:
    from collections.abc import Sequence

    from grader.results import CheckResult, ExerciseResult, Points, SubmissionResult

# One sign a verdict, told apart by shape alone.
SIGNS = {
    Verdict.PASSED: "✔",
    Verdict.FAILED: "✘",
    Verdict.NOT_ATTEMPTED: "·",
    Verdict.ERROR: "E",
    Verdict.TIMEOUT: "T",
    Verdict.MEMORY: "M",
    Verdict.OUTPUT_LIMIT: "O",
    Verdict.CRASHED: "C",
    Verdict.SKIPPED: "–",
    Verdict.REJECTED: "R",
    Verdict.BROKEN: "?",
    Verdict.NOT_HANDED_IN: "N",
}

OURS = "The fault is ours: the score is withheld until it is mended, and nothing is lost."

_FINE = (Verdict.PASSED, Verdict.SKIPPED)
_NOT_GRADED = (Verdict.BROKEN, Verdict.REJECTED, Verdict.NOT_HANDED_IN)


def unhappy(verdict: Verdict) -> bool:
    """Whether there is something to explain: neither passed nor skipped."""
    return verdict not in _FINE


def unhappy_checks(exercise: ExerciseResult) -> list[CheckResult]:
    """The checks of an exercise that did not pass, without those skipped because of them."""
    return [check for check in exercise.checks if unhappy(check.verdict)]


def points(value: Points) -> str:
    """Points as people write them: `3`, `2.5`, never `2.9999999`."""
    return f"{value:.2f}".rstrip("0").rstrip(".")


def score(value: Points | None, maximum: Points) -> str:
    """A score over its maximum, `3/4`; `withheld` where the fault is ours."""
    return "withheld" if value is None else f"{points(value)}/{points(maximum)}"


def counted(count: int, noun: str) -> str:
    """`1 check`, `2 checks`: a number and its noun."""
    return f"{count} {noun}{'' if count == 1 else 's'}"


def standing(result: SubmissionResult | ExerciseResult) -> str:
    """The verdict in a teacher's words: whoever has some of the points has not simply failed."""
    return in_words(result.verdict, result.score, result.max_score)


def in_words(verdict: Verdict, earned: Points | None, maximum: Points) -> str:
    """What `standing` says of a verdict and its points."""
    if verdict in _NOT_GRADED or not earned or earned >= maximum:
        return verdict.words
    return "partly passed" if verdict is Verdict.FAILED else f"partly ({verdict.words})"


def withheld(result: SubmissionResult) -> bool:
    """Whether any part of a submission's score is withheld."""
    return result.score is None or any(exercise.score is None for exercise in result.exercises)


def in_order(results: Sequence[SubmissionResult]) -> list[SubmissionResult]:
    """The results by student, whatever the case of the names, then in the course's order."""
    return sorted(results, key=lambda r: (r.student.casefold(), r.student, place_of(r.lesson)))


def place_of(lesson: str) -> tuple[int, str]:
    """What sorts lessons as they are taught; what is no lesson of the course comes last."""
    from grader.judging.course import lesson_names  # a student's notebook shows results without it

    names = lesson_names()
    return (names.index(lesson) if lesson in names else len(names), lesson)
