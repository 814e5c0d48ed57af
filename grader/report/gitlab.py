"""GitLab's code-quality report: a finding for each exercise without full marks.

GitLab reads it from `artifacts:reports:codequality` of a job, and shows it beside the merge
request. It takes points from nowhere: the findings are what there is to do.
"""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

from grader.report.final_marks import AS_GRADED, mark_of
from grader.report.plain import gist
from grader.report.text import visible
from grader.report.words import unhappy
from grader.results import Verdict

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from grader.report.final_marks import FinalMark, FinalMarks
    from grader.results import SubmissionResult

FILE = "gl-code-quality-report.json"
"""What the report is called, as GitLab's own jobs call theirs."""

_Json = dict[str, Any]
_SENTENCE = 1000
_SEVERITY = {
    Verdict.FAILED: "major",
    Verdict.NOT_ATTEMPTED: "minor",
    Verdict.NOT_HANDED_IN: "blocker",
    Verdict.REJECTED: "blocker",
    Verdict.BROKEN: "info",  # nothing for the student to do
}
_TROUBLE = "critical"


def to_json(results: Sequence[SubmissionResult], marks: FinalMarks = AS_GRADED) -> str:
    """The report as a JSON array; empty where all passed and nothing else is to be said."""
    found = [finding for result in results for finding in _findings(result, mark_of(result, marks))]
    return json.dumps(found, indent=1) + "\n"


def _findings(result: SubmissionResult, mark: FinalMark) -> Iterator[_Json]:
    unhappy_exercises = [one for one in result.exercises if unhappy(one.verdict)]
    for exercise in unhappy_exercises:
        said = f"{exercise.id}: {exercise.verdict.words}. {gist(exercise)}"
        yield _finding(result, exercise.id, _severity(exercise.verdict), said)
    if unhappy(result.verdict) and not unhappy_exercises:
        said = f"{result.lesson}: {result.verdict.words}. {result.message}"
        yield _finding(result, "notebook", _severity(result.verdict), said)
    for number, sentence in enumerate(mark.said):
        yield _finding(result, f"mark-{number}", "info", f"{result.lesson}: {sentence}")


def _finding(result: SubmissionResult, about: str, severity: str, said: str) -> _Json:
    """One finding. Its fingerprint stays the same until it is mended, so GitLab tells what is."""
    whose = json.dumps([result.student, result.lesson, about])
    # Paths are relative to the repository; a notebook's cells have no lines of their own.
    path = visible(result.notebook.path).removeprefix("./").lstrip("/")
    return {
        "description": visible(said.strip(), limit=_SENTENCE),
        "check_name": f"{visible(result.lesson)}.{visible(about)}",
        "fingerprint": hashlib.sha256(whose.encode()).hexdigest(),
        "severity": severity,
        "location": {"path": path or f"{visible(result.lesson)}.ipynb", "lines": {"begin": 1}},
    }


def _severity(verdict: Verdict) -> str:
    return _SEVERITY.get(verdict, _TROUBLE)
