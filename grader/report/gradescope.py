"""Gradescope's results.json: a test for each check, and the score of the submission.

After the specification in gradescope/autograder_samples, docs/specs.md. Where a score is withheld
the document has no points at all: Gradescope then shows no score, rather than one that lacks what
we could not grade.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from grader.report.final_marks import AS_GRADED, FinalMark, mark_of, total
from grader.report.plain import (
    check_text,
    diagnosis_text,
    fitted,
    flag_lines,
    joined,
    notebook_lines,
)
from grader.report.text import visible, visible_lines
from grader.report.words import OURS, score, standing, unhappy_checks
from grader.results import Verdict

if TYPE_CHECKING:
    from collections.abc import Sequence

    from grader.report.final_marks import FinalMarks
    from grader.results import CheckResult, ExerciseResult, SubmissionResult

MOST_BYTES = 4 * 1024 * 1024
"""Gradescope publishes no limit; this keeps a page of results small enough to open."""

_Json = dict[str, Any]


def to_json(results: Sequence[SubmissionResult], marks: FinalMarks = AS_GRADED) -> str:
    """The document about one student's submission: the results of its lessons, with their marks."""
    final = [mark_of(result, marks) for result in results]
    earned, _ = total(final)
    several = len(results) > 1
    tests = [
        test
        for place, result in enumerate(results, start=1)
        for test in _tests(result, f"{place}." if several else "")
    ]
    if earned is None:
        for test in tests:
            for name in ("score", "max_score", "status"):
                test.pop(name, None)
    document: _Json = {
        "execution_time": round(sum(result.seconds for result in results), 3),
        "output": "\n\n".join(map(_overview, results, final)),
        "output_format": "text",
        "test_output_format": "text",
        "test_name_format": "text",
        "visibility": "visible",
        "stdout_visibility": "hidden",
        "extra_data": {
            "withheld": earned is None,
            "late": any(result.handed_in.late for result in results),
            "submissions": list(map(_told, results, final)),
        },
        "tests": tests,
    }
    if earned is not None:
        document["score"] = earned
    return fitted(document, [document, *tests], MOST_BYTES)


def _overview(result: SubmissionResult, mark: FinalMark) -> str:
    """What stands above the tests, for the student."""
    head = f"{visible(result.lesson)}: {standing(result)}"
    if mark.max_score is not None:
        head += f", {score(mark.score, mark.max_score)}"
    message = visible_lines(result.message)
    return joined([head, message, *map(visible, mark.said), *notebook_lines(result)])


def _told(result: SubmissionResult, mark: FinalMark) -> _Json:
    """What a program finds again of a submission."""
    return {
        "lesson": visible(result.lesson),
        "verdict": result.verdict.value,
        "graded": result.score,
        "score": mark.score,
        "max_score": mark.max_score,
        "notebook": result.notebook.sha256,
        "isolation": visible(result.isolation.level),
    }


def _tests(result: SubmissionResult, prefix: str) -> list[_Json]:
    tests = [
        test
        for place, exercise in enumerate(result.exercises, start=1)
        for test in _tests_of(exercise, f"{prefix}{place}")
    ]
    if flags := list(flag_lines(result)):
        # A hidden test is for instructors. It has no points, as Gradescope asks of such tests.
        name = f"{visible(result.lesson)}: for you to look at"
        tests.append({"name": name, "output": joined(flags), "visibility": "hidden"})
    return tests


def _tests_of(exercise: ExerciseResult, number: str) -> list[_Json]:
    """A test for each check; what is said of the whole exercise stands with the first unhappy."""
    unhappy = unhappy_checks(exercise)
    speaks = unhappy[0] if unhappy else next(iter(exercise.checks), None)
    withheld = exercise.verdict is Verdict.BROKEN
    of_all = [OURS if withheld else "", visible_lines(exercise.message), diagnosis_text(exercise)]
    return [
        _test(exercise, check, f"{number}.{place}", of_all if check is speaks else [])
        for place, check in enumerate(exercise.checks, start=1)
    ]


def _test(exercise: ExerciseResult, check: CheckResult, number: str, said: list[str]) -> _Json:
    test: _Json = {
        "number": number,
        "name": f"{visible(exercise.id, limit=60)}: {visible(check.statement, limit=200)}",
        "name_format": "text",
        "output": joined([*said, check_text(check)]),
        "output_format": "text",
        "tags": [visible(exercise.id, limit=60), check.verdict.words],
        "visibility": "visible",
    }
    if exercise.verdict is Verdict.BROKEN:
        test["name"] += " (withheld)"
        return test
    passed = check.verdict is Verdict.PASSED
    points = {"score": check.score, "max_score": check.max_score}
    return test | points | {"status": "passed" if passed else "failed"}
