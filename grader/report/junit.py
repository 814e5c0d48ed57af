"""JUnit XML, for services that show test results: one suite a submission, one case a check.

The schema is that of the Jenkins xUnit plugin (junit-10.xsd), which allows `file` on a suite only
and needs no time of a case; a record holds the time of the whole submission.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

from grader.report.final_marks import AS_GRADED, FinalMark, mark_of
from grader.report.plain import check_text, diagnosis_text, flag_lines, joined, notebook_lines
from grader.report.text import visible, visible_lines
from grader.report.words import OURS, points, score, unhappy, unhappy_checks
from grader.results import Verdict

if TYPE_CHECKING:
    from collections.abc import Sequence

    from grader.report.final_marks import FinalMarks
    from grader.results import ExerciseResult, SubmissionResult

# Points are missing, nothing went wrong.
_FAILURES = (Verdict.FAILED, Verdict.NOT_ATTEMPTED, Verdict.NOT_HANDED_IN)


def to_xml(results: Sequence[SubmissionResult], marks: FinalMarks = AS_GRADED) -> bytes:
    """The results as a UTF-8 document that any JUnit reader takes, with the marks that count."""
    root = ET.Element("testsuites", name="grader")
    root.extend(_suite(result, mark_of(result, marks)) for result in results)
    for count in ("tests", "failures", "errors"):
        root.set(count, str(sum(int(suite.get(count, "0")) for suite in root)))
    root.set("time", _seconds(sum(result.seconds for result in results)))
    ET.indent(root)
    document: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return document + b"\n"


def _suite(result: SubmissionResult, mark: FinalMark) -> ET.Element:
    name = f"{visible(result.student)}/{visible(result.lesson)}"
    cases = [case for exercise in result.exercises for case in _cases(result, exercise)]
    if unhappy(result.verdict) and not any(len(case) for case in cases):
        cases.append(_case(visible(result.lesson), "notebook", result.verdict, result.message))
    suite = ET.Element("testsuite", name=name, file=visible(result.notebook.path))
    suite.append(_properties(result, mark))
    suite.extend(cases)
    if said := _said(result, mark):
        ET.SubElement(suite, "system-out").text = said
    counts = {"tests": len(cases)}
    for tag, count in (("failure", "failures"), ("error", "errors"), ("skipped", "skipped")):
        counts[count] = sum(case.find(tag) is not None for case in cases)
    for count, number in counts.items():
        suite.set(count, str(number))
    suite.set("time", _seconds(result.seconds))
    return suite


def _said(result: SubmissionResult, mark: FinalMark) -> str:
    """What is told of the notebook beside its checks: the mark, notes, cells that failed, flags."""
    if mark == FinalMark.as_graded(result) and not mark.said:
        counts = ""
    else:
        highest = result.max_score if mark.max_score is None else mark.max_score
        counts = f"Mark: {score(mark.score, highest)}"
    said = map(visible, mark.said)
    return joined([counts, *said, *notebook_lines(result), *flag_lines(result)])


def _properties(result: SubmissionResult, mark: FinalMark) -> ET.Element:
    """What a program wants to know of a submission; a mark that is withheld has no `score`."""
    found = {
        "student": visible(result.student),
        "lesson": visible(result.lesson),
        "verdict": result.verdict.value,
    }
    if mark.score is None:
        found["withheld"] = "true"
    else:
        found["score"] = points(mark.score)
    if mark.max_score is not None:
        found["max_score"] = points(mark.max_score)
    if result.handed_in.late:
        found["late"] = "true"
    element = ET.Element("properties")
    for name, value in found.items():
        ET.SubElement(element, "property", name=name, value=value)
    return element


def _cases(result: SubmissionResult, exercise: ExerciseResult) -> list[ET.Element]:
    """A case for each check, and one for the exercise where no check says what the matter is."""
    classname = f"{visible(result.lesson)}.{visible(exercise.id)}"
    cases = [
        _case(
            classname,
            check.name,
            check.verdict,
            check.message or check.statement,
            check_text(check),
        )
        for check in exercise.checks
    ]
    if unhappy(exercise.verdict) and not unhappy_checks(exercise):
        cases.append(_case(classname, "exercise", exercise.verdict, exercise.message))
    for case in cases:
        for outcome in case.iter("failure"):
            outcome.text = joined([outcome.text or "", diagnosis_text(exercise)])
    return cases


def _case(classname: str, name: str, verdict: Verdict, message: str, text: str = "") -> ET.Element:
    case = ET.Element("testcase", classname=classname, name=visible(name))
    if verdict is not Verdict.PASSED:
        tag = "failure" if verdict in _FAILURES else "error"
        outcome = "skipped" if verdict is Verdict.SKIPPED else tag
        child = ET.SubElement(case, outcome, type=verdict.value)
        child.set("message", visible(message) or verdict.words)
        ours = OURS if verdict is Verdict.BROKEN else ""
        child.text = joined([ours, text or visible_lines(message)])
    return case


def _seconds(seconds: float) -> str:
    return f"{seconds:.3f}"
