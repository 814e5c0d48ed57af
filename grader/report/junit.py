"""JUnit XML, for services that show test results: one suite a submission, one case a check.

The schema is that of the Jenkins xUnit plugin (junit-10.xsd), which allows `file` on a suite only
and needs no time of a case; a record holds the time of the whole submission.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

from grader.report.details import details
from grader.report.text import visible, visible_lines
from grader.report.words import unhappy, unhappy_checks
from grader.results import Verdict

if TYPE_CHECKING:
    from collections.abc import Sequence

    from grader.results import CheckResult, ExerciseResult, SubmissionResult

# Points are missing, nothing went wrong.
_FAILURES = (Verdict.FAILED, Verdict.NOT_ATTEMPTED, Verdict.NOT_HANDED_IN)


def to_xml(results: Sequence[SubmissionResult]) -> bytes:
    """The results as a UTF-8 document that any JUnit reader takes."""
    root = ET.Element("testsuites", name="grader")
    root.extend(_suite(result) for result in results)
    for count in ("tests", "failures", "errors"):
        root.set(count, str(sum(int(suite.get(count, "0")) for suite in root)))
    root.set("time", _seconds(sum(result.seconds for result in results)))
    ET.indent(root)
    document: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return document + b"\n"


def _suite(result: SubmissionResult) -> ET.Element:
    name = f"{visible(result.student)}/{visible(result.lesson)}"
    cases = [case for exercise in result.exercises for case in _cases(result, exercise)]
    if unhappy(result.verdict) and not any(len(case) for case in cases):
        cases.append(_case(visible(result.lesson), "notebook", result.verdict, result.message))
    suite = ET.Element("testsuite", name=name, file=visible(result.notebook.path))
    suite.extend(cases)
    if said := _said(result):
        ET.SubElement(suite, "system-out").text = said
    counts = {"tests": len(cases)}
    for tag, count in (("failure", "failures"), ("error", "errors"), ("skipped", "skipped")):
        counts[count] = sum(case.find(tag) is not None for case in cases)
    for count, number in counts.items():
        suite.set(count, str(number))
    suite.set("time", _seconds(result.seconds))
    return suite


def _said(result: SubmissionResult) -> str:
    """What is told of the notebook beside its checks: notes, cells that failed, flags."""
    lines = [f"Note: {visible(note)}" for note in result.notes]
    lines += [
        f"Cell {cell.number} ({visible(cell.first_line)}): {visible(cell.message)}"
        for cell in result.failed_cells
    ]
    lines += [
        f"To look at, {visible(exercise.id)}: {visible(flag)}"
        for exercise in result.exercises
        for flag in exercise.flags
    ]
    return "\n".join(lines)


def _cases(result: SubmissionResult, exercise: ExerciseResult) -> list[ET.Element]:
    """A case for each check, and one for the exercise where no check says what the matter is."""
    classname = f"{visible(result.lesson)}.{visible(exercise.id)}"
    cases = [
        _case(classname, check.name, check.verdict, check.message or check.statement, _text(check))
        for check in exercise.checks
    ]
    if unhappy(exercise.verdict) and not unhappy_checks(exercise):
        cases.append(_case(classname, "exercise", exercise.verdict, exercise.message))
    if exercise.diagnosis is not None:
        for case in cases:
            for outcome in case.iter("failure"):
                diagnosis = visible_lines(exercise.diagnosis.message)
                outcome.text = f"{outcome.text}\nThis looks like: {diagnosis}"
    return cases


def _case(classname: str, name: str, verdict: Verdict, message: str, text: str = "") -> ET.Element:
    case = ET.Element("testcase", classname=classname, name=visible(name))
    if verdict is not Verdict.PASSED:
        tag = "failure" if verdict in _FAILURES else "error"
        outcome = "skipped" if verdict is Verdict.SKIPPED else tag
        child = ET.SubElement(case, outcome, type=verdict.value)
        child.set("message", visible(message) or verdict.words)
        child.text = text or visible_lines(message)
    return case


def _text(check: CheckResult) -> str:
    lines = [visible_lines(check.statement)]
    if check.message:
        lines.append(visible_lines(check.message))
    for detail in details(check):
        separator = "\n" if "\n" in detail.text else " "
        lines.append(f"{detail.label}:{separator}{detail.text}" if detail.label else detail.text)
    return "\n".join(lines)


def _seconds(seconds: float) -> str:
    return f"{seconds:.3f}"
