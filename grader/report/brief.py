"""Results without what only pages show: enough for a class table, small enough for thousands."""

from __future__ import annotations

from typing import TYPE_CHECKING

from grader.results import CheckResult, ExerciseResult

if TYPE_CHECKING:
    from grader.results import SubmissionResult


class Briefs:
    """Makes brief results that share what is the same in them, as students give the same answers.

    A whole result holds pictures of arrays: a hundred kilobytes; a brief one a few.
    """

    def __init__(self) -> None:
        self._seen: dict[ExerciseResult, ExerciseResult] = {}
        self._versions: dict[str, str] = {}

    def of(self, result: SubmissionResult) -> SubmissionResult:
        """The result with all its verdicts, points, messages of the whole, diagnoses and flags."""
        if result.versions == self._versions:
            result = result.model_copy(update={"versions": self._versions})
        self._versions = result.versions
        exercises = tuple(map(self._exercise, result.exercises))
        return result.model_copy(update={"exercises": exercises})

    def _exercise(self, exercise: ExerciseResult) -> ExerciseResult:
        checks = tuple(
            CheckResult(
                name=check.name, statement="", verdict=check.verdict, max_score=check.max_score
            )
            for check in exercise.checks
        )
        brief = exercise.model_copy(update={"checks": checks})
        return self._seen.setdefault(brief, brief)
