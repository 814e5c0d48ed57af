"""GitHub Classroom's result: what its autograding reporter takes from a step of a workflow.

A test for each exercise. Classroom adds up their scores, and takes no points at all where the
maximum is 0: so is a withheld score handed on. The reporter prints names and messages to the
workflow's log as they are, so each is one line in which GitHub finds no command.
"""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING, Any

from grader.report.final_marks import AS_GRADED, FinalMark, mark_of, total
from grader.report.plain import gist
from grader.report.text import visible
from grader.report.words import OURS, unhappy
from grader.results import Verdict

if TYPE_CHECKING:
    from collections.abc import Sequence

    from grader.report.final_marks import FinalMarks
    from grader.results import ExerciseResult, SubmissionResult

MOST_BYTES = 120_000
"""The result travels as one environment variable, which Linux cuts off at 128 KiB."""

_Json = dict[str, Any]
_FINE = (Verdict.PASSED, Verdict.SKIPPED)
_WRONG = (Verdict.FAILED, Verdict.NOT_ATTEMPTED)
_NAME, _SENTENCE = 120, 300


def to_json(results: Sequence[SubmissionResult], marks: FinalMarks = AS_GRADED) -> str:
    """The document about one student's submission, on one line of ASCII."""
    final = [mark_of(result, marks) for result in results]
    earned, highest = total(final)
    tests = [
        test for result, mark in zip(results, final, strict=True) for test in _tests(result, mark)
    ]
    tests += _difference(tests, earned)
    statuses = {_status(result.verdict) for result in results}
    # The gravest speaks: an error before a failure.
    status = next(one for one in ("error", "fail", "pass") if one in (statuses or {"error"}))
    document: _Json = {"version": 1, "status": status, "max_score": highest, "tests": tests}
    if earned is None:
        document |= {"status": "error", "max_score": 0}
    return _fitted(document)


def step_output(document: str) -> str:
    """The line that hands the document on as the output `result` of a workflow's step."""
    return f"result={base64.b64encode(document.encode()).decode()}\n"


def _tests(result: SubmissionResult, mark: FinalMark) -> list[_Json]:
    """A test for each exercise, or one that says why there are none; what is said of the mark."""
    tests = [_exercise(exercise, result) for exercise in result.exercises]
    if not tests:
        said = result.message or result.verdict.words
        tests = [_test(result.lesson, _status(result.verdict), 0, said)]
    status = "error" if mark.score is None else "pass"
    return tests + [_test(sentence, status, 0, sentence) for sentence in mark.said]


def _exercise(exercise: ExerciseResult, result: SubmissionResult) -> _Json:
    name = f"{exercise.id} – {exercise.title}"
    if exercise.score is None:
        return _test(f"{name[: _NAME - 12]} (withheld)", "error", 0, OURS)
    said = gist(exercise) if unhappy(exercise.verdict) else ""
    test = _test(name, _status(exercise.verdict), exercise.score, said)
    return test | {"filename": _inert(result.notebook.path, _SENTENCE)}


def _difference(tests: list[_Json], earned: float | None) -> list[_Json]:
    """What makes the sum of all tests the mark that counts: points by hand, or taken off as late.

    Nothing where no mark is known.
    """
    if earned is None:
        return []
    difference = round(earned - sum(test["score"] for test in tests), 4)
    if not difference:
        return []
    name = "Points given by hand, or taken off for being late"
    return [_test(name, "pass", difference, "")]


def _test(name: str, status: str, points: float, said: str) -> _Json:
    return {
        "name": _inert(name, _NAME),
        "status": status,
        "score": points,
        "message": _inert(said, _SENTENCE),
        "test_code": "",
        "filename": "",
        "line_no": 0,
        "duration": 0,
    }


def _status(verdict: Verdict) -> str:
    if verdict in _FINE:
        return "pass"
    return "fail" if verdict in _WRONG else "error"


def _inert(text: str, limit: int) -> str:
    """One visible line that is no command to GitHub, at its beginning or anywhere in it."""
    line = visible(text, limit=limit).replace("##[", "## [").strip()
    return f". {line}" if line.startswith("::") else line


def _fitted(document: _Json) -> str:
    """The document as one line; messages are left out where it becomes too long."""
    text = json.dumps(document)
    for name in ("message", "filename"):
        if _encoded(text) > MOST_BYTES:
            document["tests"] = [test | {name: ""} for test in document["tests"]]
            text = json.dumps(document)
    return text


def _encoded(text: str) -> int:
    """Bytes of a text of ASCII in base64."""
    return 4 * ((len(text) + 2) // 3)
