"""JUnit XML that the published schema accepts and that counts what happened."""

from __future__ import annotations

from xml.etree import ElementTree as ET

import pytest
import xmlschema
from hypothesis import given, settings
from hypothesis import strategies as st

from grader.report.junit import to_xml
from grader.results import SubmissionResult, Verdict
from tests.report.samples import (
    FLIPPED,
    HOSTILE,
    check,
    exercise,
    flipped,
    hostile,
    passed,
    submission,
)
from tests.schemas import junit_xsd

ANY_TEXT = st.text(st.characters(codec=None, exclude_categories=()))

SAMPLES = {
    "nothing": [],
    "passed": [submission(passed(), verdict=Verdict.PASSED)],
    "failed": [submission(flipped(), passed())],
    "rejected": [submission(verdict=Verdict.REJECTED, message="This is not a notebook.")],
    "hostile": [submission(hostile(), student=HOSTILE, lesson=HOSTILE, path=HOSTILE)],
    "two": [submission(flipped(), student="ana"), submission(passed(), student="bea")],
}


@pytest.fixture(scope="module")
def schema() -> xmlschema.XMLSchema:
    """The Jenkins xUnit plugin's schema."""
    return xmlschema.XMLSchema(str(junit_xsd()))


def case(result: SubmissionResult, name: str) -> ET.Element:
    """The test case of that name."""
    found = ET.fromstring(to_xml([result])).find(f".//testcase[@name='{name}']")
    assert found is not None
    return found


@pytest.mark.parametrize("name", SAMPLES)
def test_the_document_is_valid(schema: xmlschema.XMLSchema, name: str) -> None:
    """Every kind of result gives a document that the published schema accepts."""
    schema.validate(to_xml(SAMPLES[name]).decode())


@settings(deadline=None)
@given(ANY_TEXT)
def test_any_text_gives_a_document(schema: xmlschema.XMLSchema, text: str) -> None:
    """Whatever a student is called and writes, the document can be read and is valid."""
    failed = check(Verdict.FAILED, name=text).model_copy(update={"message": text, "call": text})
    document = to_xml([submission(exercise(failed, diagnosis=text), student=text, path=text)])
    schema.validate(document.decode())


def test_outcomes_are_counted() -> None:
    """A suite counts its cases, failures, errors and skipped ones, and the whole adds them up."""
    checks = [check(verdict, name=verdict.value) for verdict in Verdict]
    root = ET.fromstring(to_xml([submission(exercise(*checks)), SAMPLES["passed"][0]]))
    suite = root[0]
    counts = {name: suite.get(name) for name in ("tests", "failures", "errors", "skipped")}
    assert counts == {"tests": "12", "failures": "3", "errors": "7", "skipped": "1"}
    assert (root.get("tests"), root.get("failures"), root.get("errors")) == ("13", "3", "7")


@pytest.mark.parametrize(
    ("verdict", "tag"),
    [
        (Verdict.FAILED, "failure"),
        (Verdict.NOT_ATTEMPTED, "failure"),
        (Verdict.SKIPPED, "skipped"),
        (Verdict.ERROR, "error"),
        (Verdict.TIMEOUT, "error"),
        (Verdict.BROKEN, "error"),
    ],
)
def test_missing_points_are_failures_and_trouble_is_an_error(verdict: Verdict, tag: str) -> None:
    """Wrong and missing answers are failures, what broke is an error, skipped is skipped."""
    [outcome] = case(submission(exercise(check(verdict, name="it"), verdict=verdict)), "it")
    assert (outcome.tag, outcome.get("type")) == (tag, verdict.value)


def test_a_passed_check_is_an_empty_case() -> None:
    """A passed check has its exercise, its name and nothing else."""
    passing = case(submission(flipped()), "shrinks_the_image")
    assert passing.get("classname") == "convolution.convolve2d"
    assert len(passing) == 0


def test_a_failure_says_what_was_expected() -> None:
    """A failure carries the message, the arrays with the first difference, and the diagnosis."""
    [failure] = case(submission(flipped()), "sums_patch_times_kernel")
    assert (failure.get("message") or "").startswith("4 of 6 values differ")
    assert "[-4]  2   5               [ 4] -2   7" in (failure.text or "")
    assert f"This looks like: {FLIPPED}" in (failure.text or "")


def test_a_rejected_notebook_is_an_error() -> None:
    """A submission without exercises is one case that says why."""
    [outcome] = case(SAMPLES["rejected"][0], "notebook")
    assert (outcome.tag, outcome.get("message")) == ("error", "This is not a notebook.")


def test_an_exercise_that_fails_by_itself_is_seen() -> None:
    """Where every check passed and the exercise did not, a case of its own says so."""
    forbidden = exercise(check(), verdict=Verdict.FAILED, message="`scipy` may not be used here.")
    [outcome] = case(submission(forbidden), "exercise")
    assert outcome.get("message") == "`scipy` may not be used here."


def test_a_suite_names_its_notebook() -> None:
    """A suite says whose notebook of which lesson it is, which file, and how long it took."""
    suite = ET.fromstring(to_xml([submission(passed())]))[0]
    expected = {"name": "ana/convolution", "file": "submissions/ana.ipynb", "time": "1.250"}
    assert expected.items() <= suite.attrib.items()
