"""What every service is told: marks that count, nothing withheld as zero, and inert text."""

from __future__ import annotations

import json
import re
from xml.etree import ElementTree as ET

import pytest

from grader.report import classroom, gitlab, gradescope, junit, prairielearn, records
from grader.report.final_marks import AS_GRADED, FinalMark
from grader.report.words import OURS
from grader.results import FailedCell, HandedIn, SubmissionResult, Verdict
from tests.report.samples import FLIPPED, check, exercise, flipped, passed, submission
from tests.report.services import (
    RENDERED,
    in_classroom,
    in_gitlab,
    in_gradescope,
    in_prairielearn,
    late,
    marks_of,
    partly_withheld,
    reported,
    reported_points,
    withheld,
)
from tests.report.test_github import TAGS, obeyed, rendered
from tests.report.test_text import hidden

MEGABYTE = 1024 * 1024
ATTACKS = {
    "html": "<script>alert(1)</script><img src=x onerror=alert(1)>",
    "ansi": "\x1b[2J\x1b]0;owned\x07\x9b31m",
    "commands": "\n::error::owned\r\n::stop-commands::x\n##[error]owned ::set-output name=a::x",
    "xml": "]]>&amp;<!-- \x00\x08\x0b\x1f\ufffe\uffff -->",
    "surrogates": "\ud800\udfff\udbff",
    "bidi": "\u202egnp.exe\u2066\u200f",
    "markup": "[red]bold[/red] [link=http://evil.example]x[/link] {{ 7*7 }} {% x %}",
    "formula": "=HYPERLINK(1)\n+1\n@x",
    "megabyte": "a b\n" * (MEGABYTE // 4),
    "megabyte of controls": "\x1b" * MEGABYTE,
}
ALL_ATTACKS = "".join(text[:200] for text in ATTACKS.values())
SERVICES = ["gradescope", "prairielearn", "classroom", "gitlab", "junit"]


def saying(text: str) -> SubmissionResult:
    """A record that says `text` wherever a text of a student, or of a platform, can stand."""
    failed = check(Verdict.ERROR, name=text).model_copy(
        update={"message": text, "call": text, "hint": text, "statement": text}
    )
    wrong = exercise(failed, id=text, message=text, diagnosis=text, flags=(text,))
    made = submission(wrong, student=text, lesson=text, path=text, message=text)
    cell = FailedCell(number=1, first_line=text, message=text)
    told = HandedIn(id=text, time=text, due=text, late=True, group=(text,), email=text)
    return made.model_copy(
        update={"notes": (text,) * 30, "failed_cells": (cell,) * 30, "handed_in": told}
    )


@pytest.mark.parametrize(
    ("name", "attack"),
    # A record keeps all of a text, a page of it included: that is no report's business.
    [(n, a) for n in RENDERED for a in ATTACKS if (n, a[:4]) != ("json", "mega")],
)
def test_injected_text_is_inert(name: str, attack: str) -> None:
    """In no format does a text of a student act, hide something, or make the report large."""
    text = f"begin {ATTACKS[attack]}"
    result = saying(text)
    mark = FinalMark(1, 3, (text,), is_by_hand=True)
    shown = RENDERED[name](result, marks_of(result, mark))
    if name == "json":  # the record itself is whole: what would act is escaped in the document
        shown = records.to_json([result])
    elif name == "github summary":
        assert rendered(shown).tags <= TAGS
    elif name == "feedback":
        assert "<script" not in shown
        assert "<img src=x" not in shown
    assert not hidden(shown) - {"\n"}
    assert "begin" in shown
    assert len(shown.encode()) < MEGABYTE


@pytest.mark.parametrize("attack", ATTACKS)
def test_no_log_of_a_workflow_has_a_command_of_a_student(attack: str) -> None:
    """GitHub obeys our errors alone, in what we print and in what Classroom's reporter prints."""
    text = f"begin {ATTACKS[attack]}"
    for said in (text, ATTACKS[attack]):
        result = saying(said)
        log = RENDERED["github log"](result, AS_GRADED)
        assert {command.name for command in obeyed(log)} == {"error"}
        assert not obeyed(reported(in_classroom(result)))
        odd = in_classroom(submission(verdict=Verdict.REJECTED, message=said, lesson=said))
        assert not obeyed(reported(odd))


@pytest.mark.parametrize(
    ("make", "limit"),
    [
        (gradescope.to_json, gradescope.MOST_BYTES),
        (prairielearn.to_json, prairielearn.MOST_BYTES),
        (classroom.to_json, classroom.MOST_BYTES * 3 // 4),
    ],
)
def test_a_document_keeps_to_its_limit(make: object, limit: int) -> None:
    """However much a student's answers say, the document is no larger than the service takes."""
    assert callable(make)
    talk = "\U000e0001" * MEGABYTE
    wrong = check(Verdict.ERROR).model_copy(update={"message": talk, "call": talk, "hint": talk})
    exercises = [exercise(*[wrong] * 10, id=f"e{n}", message=talk) for n in range(40)]
    document = make([submission(*exercises)])
    assert len(document.encode()) <= limit
    assert len(json.loads(document)["tests"]) in (40, 400)


def numbers(name: str, result: SubmissionResult) -> list[float]:
    """The points that a service takes of a result, or none."""
    match name:
        case "gradescope":
            document = in_gradescope(result)
            points = [document.get("score"), *(test.get("score") for test in document["tests"])]
            return [value for value in points if value is not None]
        case "prairielearn":
            document = in_prairielearn(result)
            assert document["gradable"] is False
            return [document["score"]] if "score" in document else []
        case "classroom":
            return list(reported_points(in_classroom(result)) or ())
        case "junit":
            root = ET.fromstring(junit.to_xml([result]))
            found = root.findall(".//property[@name='score']")
            return [float(element.get("value", "")) for element in found]
        case _:
            return []


@pytest.mark.parametrize("make", [withheld, partly_withheld])
@pytest.mark.parametrize("name", SERVICES)
def test_a_withheld_score_is_no_zero(name: str, make: object) -> None:
    """Where the fault is ours a service is given no points at all, and the student reads why."""
    assert callable(make)
    result = make()
    assert numbers(name, result) == []
    assert OURS in " ".join(RENDERED[name](result, AS_GRADED).split("\n"))


@pytest.mark.parametrize("name", [*SERVICES, "github log", "github summary", "console"])
def test_a_late_hand_in_is_seen(name: str) -> None:
    """Every format says that a hand-in was late."""
    on_time = submission(flipped(), passed())
    counts = [
        len(re.findall(r"\blate\b", RENDERED[name](result, AS_GRADED)))
        for result in (late(), on_time)
    ]
    assert counts[0] > counts[1]


BY_HAND = "relu: 1 of the points, given by hand."
TAKEN_OFF = "Handed in 2 d late. 0.5 points are taken off."
MARK = FinalMark(2.5, 4, (BY_HAND, TAKEN_OFF), is_by_hand=True)


@pytest.mark.parametrize("name", [*SERVICES, "github log", "github summary"])
def test_a_mark_that_is_not_as_graded_is_explained(name: str) -> None:
    """Points by hand and what is taken off for being late are told to the student."""
    result = submission(flipped(), passed())
    shown = re.sub("&#8288;|&#4[56];", "", RENDERED[name](result, marks_of(result, MARK)))
    assert "given by hand" in shown
    assert "taken off" in shown


def test_the_mark_counts_and_not_what_was_graded() -> None:
    """Gradescope, PrairieLearn, Classroom and JUnit take the mark after overrides and lateness."""
    result = submission(flipped(), passed())
    marks = marks_of(result, MARK)
    assert in_gradescope(result, marks=marks)["score"] == 2.5
    assert in_prairielearn(result, marks=marks)["score"] == 2.5 / 4
    assert reported_points(in_classroom(result, marks=marks)) == (2.5, 4)
    [score] = ET.fromstring(junit.to_xml([result], marks)).findall(".//property[@name='score']")
    assert score.get("value") == "2.5"


def test_points_by_hand_end_a_withheld_score() -> None:
    """What a person gave counts, though the grader failed."""
    result = withheld()
    marks = marks_of(result, FinalMark(3, 4, (), is_by_hand=True))
    assert in_gradescope(result, marks=marks)["score"] == 3
    assert in_prairielearn(result, marks=marks)["score"] == 0.75
    assert reported_points(in_classroom(result, marks=marks)) == (3, 4)


def test_a_rejected_notebook_says_why() -> None:
    """A file that cannot be graded is zero points and its reason; to PrairieLearn no attempt."""
    result = submission(verdict=Verdict.REJECTED, message="This is no notebook.")
    marks = marks_of(result, FinalMark(0, 4))
    document = in_gradescope(result, marks=marks)
    assert (document["score"], document["tests"]) == (0, [])
    assert "This is no notebook." in document["output"]
    assert in_prairielearn(result, marks=marks)["format_errors"] == ["This is no notebook."]
    assert in_classroom(result, marks=marks)["status"] == "error"
    [finding] = in_gitlab(result)
    assert finding["severity"] == "blocker"
    assert "This is no notebook." in finding["description"]


def test_gradescope_has_a_test_for_each_check() -> None:
    """Each check has its points, its statement and what is wrong; the first one the diagnosis."""
    document = in_gradescope(submission(flipped(), passed()))
    assert document["score"] == 2
    tests = document["tests"]
    assert [(t["number"], t["score"], t["max_score"], t["status"]) for t in tests] == [
        ("1.1", 1, 1, "passed"),
        ("1.2", 0, 2, "failed"),
        ("2.1", 1, 1, "passed"),
    ]
    assert FLIPPED in tests[1]["output"]
    assert "[-4]  2   5               [ 4] -2   7" in tests[1]["output"]
    assert {test["visibility"] for test in tests} == {"visible"}


def test_gradescope_shows_flags_to_instructors_only() -> None:
    """What a teacher should look at is in a hidden test without points."""
    flagged = exercise(check(), verdict=Verdict.PASSED, flags=("Uses getattr.",))
    document = in_gradescope(submission(flagged, verdict=Verdict.PASSED))
    [seen] = [test for test in document["tests"] if "getattr" in test["output"]]
    assert seen["visibility"] == "hidden"
    assert "score" not in seen
    assert "getattr" not in document["output"]


def test_two_lessons_are_one_submission() -> None:
    """The notebooks that somebody handed in together are added up, and numbered apart."""
    both = [submission(flipped()), submission(passed(), lesson="pooling")]
    document = in_gradescope(*both)
    assert document["score"] == 2
    assert [test["number"] for test in document["tests"]] == ["1.1.1", "1.1.2", "2.1.1"]
    assert in_prairielearn(*both)["score"] == 0.5
    assert reported_points(in_classroom(*both)) == (2, 4)


def test_one_withheld_lesson_withholds_the_sum() -> None:
    """A sum of which a part is not known is not known."""
    both = [submission(passed()), withheld().model_copy(update={"lesson": "pooling"})]
    assert "score" not in in_gradescope(*both)
    assert in_prairielearn(*both)["gradable"] is False
    assert reported_points(in_classroom(*both)) is None


def test_classroom_has_a_test_for_each_exercise() -> None:
    """Exercises are passed or failed, with their points; what broke is an error."""
    crash = exercise(check(Verdict.CRASHED), verdict=Verdict.CRASHED, id="crash")
    document = in_classroom(submission(flipped(), passed(), crash))
    assert [(test["status"], test["score"]) for test in document["tests"]] == [
        ("fail", 1),
        ("pass", 1),
        ("error", 0),
    ]
    assert in_classroom(submission(passed(), verdict=Verdict.PASSED))["status"] == "pass"


def test_gitlab_has_a_finding_for_each_unhappy_exercise() -> None:
    """A finding says what is wrong, and keeps its fingerprint until it is mended."""
    before = in_gitlab(submission(flipped(), exercise(check(Verdict.FAILED), id="pool")))
    after = in_gitlab(submission(flipped(), passed("pool")))
    assert [finding["check_name"] for finding in before] == [
        "convolution.convolve2d",
        "convolution.pool",
    ]
    assert FLIPPED in before[0]["description"]
    assert after == before[:1]
    assert in_gitlab(submission(passed(), verdict=Verdict.PASSED)) == []
    assert gitlab.to_json([]) == "[]\n"


def test_fingerprints_are_each_findings_own() -> None:
    """No two findings of a class share a fingerprint: GitLab would show only one of them."""
    class_ = [
        submission(flipped(), passed("pool"), student=student, lesson=lesson)
        for student in ("ana", "bea")
        for lesson in ("convolution", "pooling")
    ]
    found = [finding["fingerprint"] for finding in in_gitlab(*class_, late())]
    assert len(set(found)) == 5  # the late one is ana's again, with one finding more


def test_prairielearn_has_both_fields_of_points_everywhere() -> None:
    """Passed, failed and skipped checks all have their points and their maximum."""
    mixed = exercise(check(), check(Verdict.FAILED), check(Verdict.SKIPPED))
    tests = in_prairielearn(submission(mixed))["tests"]
    assert [(test["points"], test["max_points"]) for test in tests] == [(1, 1), (0, 1), (0, 1)]
