"""PrairieLearn's results.json: a share between 0 and 1, and a test for each check.

After docs/externalGrading.md of PrairieLearn. What cannot be graded is `gradable: false`: no points
are lost for it, and no attempt is used up. That is also what is said of a withheld score.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from grader.report.final_marks import AS_GRADED, FinalMark, is_gradable, mark_of, total
from grader.report.plain import check_text, diagnosis_text, fitted, joined, notebook_lines
from grader.report.text import visible, visible_lines
from grader.report.words import score, standing, unhappy_checks

if TYPE_CHECKING:
    from collections.abc import Sequence

    from grader.report.final_marks import FinalMarks
    from grader.results import CheckResult, ExerciseResult, SubmissionResult

MOST_BYTES = 1_000_000
"""PrairieLearn takes at most 1 MB."""

_Json = dict[str, Any]


def to_json(results: Sequence[SubmissionResult], marks: FinalMarks = AS_GRADED) -> str:
    """The document about one student's submission: the results of its lessons, with their marks."""
    final = [mark_of(result, marks) for result in results]
    earned, highest = total(final)
    gradable = any(map(is_gradable, results, final)) and earned is not None and highest > 0
    document: _Json = {
        "gradable": gradable,
        "message": "\n\n".join(map(_message, results, final)),
        "output": joined(line for result in results for line in notebook_lines(result)),
    }
    if not gradable:
        reasons = [reason for pair in zip(results, final, strict=True) for reason in _why(*pair)]
        document["format_errors"] = reasons or ["Nothing could be graded."]
        return fitted(document, [document], MOST_BYTES)
    assert earned is not None  # else it were not gradable
    # More points than there are, given by hand, are all that PrairieLearn has.
    document["score"] = min(1.0, max(0.0, earned / highest))
    document["tests"] = [
        test for result in results for exercise in result.exercises for test in _tests(exercise)
    ]
    return fitted(document, [document, *document["tests"]], MOST_BYTES)


def _message(result: SubmissionResult, mark: FinalMark) -> str:
    head = f"{visible(result.lesson)}: {standing(result)}"
    if mark.max_score is not None:
        head += f", {score(mark.score, mark.max_score)}"
    return joined([head, *map(visible, mark.said)])


def _why(result: SubmissionResult, mark: FinalMark) -> list[str]:
    """Why there is nothing to give points for, in sentences for the student."""
    if mark.score is None:
        return [f"{visible(result.lesson)}: {visible(sentence)}" for sentence in mark.said]
    if is_gradable(result, mark) and result.exercises:
        return []
    return [visible_lines(result.message) or f"{visible(result.lesson)}: {result.verdict.words}"]


def _tests(exercise: ExerciseResult) -> list[_Json]:
    """A test for each check. Both fields of points stand in each, or PrairieLearn shows none."""
    unhappy = unhappy_checks(exercise)
    return [
        {
            "name": visible(exercise.id, limit=60),
            "description": visible(check.statement),
            "points": check.score,
            "max_points": check.max_score,
            "message": _said(exercise, check) if unhappy[:1] == [check] else check.verdict.words,
            "output": check_text(check),
        }
        for check in exercise.checks
    ]


def _said(exercise: ExerciseResult, check: CheckResult) -> str:
    message = visible_lines(exercise.message)
    return joined([check.verdict.words, message, diagnosis_text(exercise)])
