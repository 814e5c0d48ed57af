"""What services read, as they read it: documents held against their schemas, and classes to show.

`RENDERED` are all formats that show a record; each gives its text, or the texts of its document.
"""

from __future__ import annotations

import base64
import io
import json
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import jsonschema  # type: ignore[import-untyped]  # it comes without types
from rich.console import Console

from grader.report import (
    classroom,
    console,
    feedback,
    github,
    gitlab,
    gradescope,
    junit,
    prairielearn,
    records,
)
from grader.report.final_marks import AS_GRADED, FinalMark, FinalMarks
from grader.results import HandedIn, SubmissionResult, Verdict
from tests.report.samples import check, exercise, flipped, passed, submission

_SCHEMAS = Path(__file__).parent / "schemas"


@cache
def _validator(name: str) -> jsonschema.Draft202012Validator:
    return jsonschema.Draft202012Validator(
        json.loads((_SCHEMAS / f"{name}.json").read_text(encoding="utf-8"))
    )


def valid(document: str, name: str) -> Any:
    """What is in a document, once the schema of that service has accepted it."""
    read = json.loads(document)
    _validator(name).validate(read)
    return read


def in_gradescope(*results: SubmissionResult, marks: FinalMarks = AS_GRADED) -> dict[str, Any]:
    """Gradescope's results.json."""
    read: dict[str, Any] = valid(gradescope.to_json(results, marks), "gradescope")
    return read


def in_prairielearn(*results: SubmissionResult, marks: FinalMarks = AS_GRADED) -> dict[str, Any]:
    """PrairieLearn's results.json."""
    read: dict[str, Any] = valid(prairielearn.to_json(results, marks), "prairielearn")
    return read


def in_classroom(*results: SubmissionResult, marks: FinalMarks = AS_GRADED) -> dict[str, Any]:
    """What the reporter of GitHub Classroom decodes from the step's output."""
    line = classroom.step_output(classroom.to_json(results, marks))
    name, _, encoded = line.rstrip("\n").partition("=")
    assert name == "result"
    assert len(line.encode()) < 128 * 1024  # one variable of an environment
    read: dict[str, Any] = valid(base64.b64decode(encoded, validate=True).decode(), "classroom")
    return read


def in_gitlab(*results: SubmissionResult, marks: FinalMarks = AS_GRADED) -> list[dict[str, Any]]:
    """GitLab's code-quality report."""
    read: list[dict[str, Any]] = valid(gitlab.to_json(results, marks), "gitlab")
    return read


def reported(document: dict[str, Any]) -> str:
    """What Classroom's reporter writes to the log of the workflow, as its source has it."""
    lines = []
    for test in document["tests"]:
        if test["status"] == "pass":
            lines.append(f"✅ {test['name']}")
        elif test["status"] == "error":
            message = test["message"] or f"Failed to run test '{test['name']}'"
            lines.append(f"Error: {message}\n")
        else:
            lines.append(f"❌ {test['name']}")
        if test["test_code"]:
            lines.append(f"Test code:\n{test['test_code']}\n")
    return "\n".join(lines)


def reported_points(document: dict[str, Any]) -> tuple[float, float] | None:
    """The points that Classroom's reporter hands on; None where it hands on none."""
    if not document["max_score"]:
        return None
    return sum(test["score"] for test in document["tests"]), document["max_score"]


def _terminal(result: SubmissionResult, marks: FinalMarks) -> str:
    page = io.StringIO()
    terminal = Console(file=page, width=10_000)
    terminal.print(console.class_table([result]))
    terminal.print(console.submission_report(result))
    return "\n".join(line.rstrip() for line in page.getvalue().split("\n"))


def _log(result: SubmissionResult, marks: FinalMarks) -> str:
    log = io.StringIO()
    github.write([result], log, {}, marks)
    return log.getvalue()


def _strings(value: Any) -> Iterator[str]:
    """Every text in a document of JSON, names of fields too."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, item in value.items():
            yield key
            yield from _strings(item)
    elif isinstance(value, list):
        for item in value:
            yield from _strings(item)


def _xml_texts(document: bytes) -> str:
    elements = ET.fromstring(document).iter()
    return "\n".join(
        "\n".join([*element.attrib.values(), element.text or ""]) for element in elements
    )


RENDERED: dict[str, Callable[[SubmissionResult, FinalMarks], str]] = {
    "console": _terminal,
    "feedback": lambda r, _: "\n".join(
        feedback.feedback_html(e, hints_left=1) for e in r.exercises
    ),
    "github log": _log,
    "github summary": lambda r, marks: github.summary([r], marks),
    "json": lambda r, _: "\n".join(_strings(json.loads(records.to_json([r])))),
    "junit": lambda r, marks: _xml_texts(junit.to_xml([r], marks)),
    "gradescope": lambda r, marks: "\n".join(_strings(in_gradescope(r, marks=marks))),
    "prairielearn": lambda r, marks: "\n".join(_strings(in_prairielearn(r, marks=marks))),
    "classroom": lambda r, marks: "\n".join(_strings(in_classroom(r, marks=marks))),
    "gitlab": lambda r, marks: "\n".join(_strings(in_gitlab(r, marks=marks))),
}


def late() -> SubmissionResult:
    """A submission with 2 of 4 points that came late."""
    return submission(flipped(), passed()).model_copy(update={"handed_in": HandedIn(late=True)})


def partly_withheld() -> SubmissionResult:
    """A submission with one exercise passed, and one that we failed at."""
    broken = exercise(check(Verdict.BROKEN), verdict=Verdict.BROKEN, id="pool")
    return submission(passed(), broken, verdict=Verdict.BROKEN)


def withheld() -> SubmissionResult:
    """A submission that we failed at altogether."""
    return submission(verdict=Verdict.BROKEN, message="The judge ended.")


def marks_of(result: SubmissionResult, mark: FinalMark) -> FinalMarks:
    """The marks of a class of one."""
    return {(result.student, result.lesson): mark}
