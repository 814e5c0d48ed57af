"""A record says what happened, adds up, and can be relied on by others."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema  # type: ignore[import-untyped]  # it comes without types
import pytest
from pydantic import ValidationError

from grader.results import SubmissionResult, Verdict, json_schema, overall
from tests.report.samples import check, exercise, flipped, passed, submission, wrong_sum

SCHEMA = Path(__file__).parent.parent / "docs" / "results.schema.json"

P, F, N, S = Verdict.PASSED, Verdict.FAILED, Verdict.NOT_ATTEMPTED, Verdict.SKIPPED
E, T, L, M = Verdict.ERROR, Verdict.TIMEOUT, Verdict.OUTPUT_LIMIT, Verdict.MEMORY
C, B = Verdict.CRASHED, Verdict.BROKEN


@pytest.mark.parametrize(
    ("parts", "whole"),
    [
        ([P, P], P),
        ([N, N], N),
        ([P, N], F),
        ([P, F], F),
        ([F, N], F),
        ([F, S], F),
        ([F, S, E], E),
        ([E, T], T),
        ([T, L], L),
        ([L, M], M),
        ([M, C], C),
        ([C, B, P], B),
        ([P, Verdict.REJECTED], F),
        ([N, S], N),
    ],
)
def test_the_whole_takes_the_gravest_part(parts: list[Verdict], whole: Verdict) -> None:
    """All passed is passed; otherwise what went wrong most, in whatever order."""
    assert overall(parts) == overall(parts[::-1]) == whole


@pytest.mark.parametrize("parts", [[S], [S, S]])
def test_what_was_only_skipped_has_not_passed(parts: list[Verdict]) -> None:
    """Passing takes a check that passed."""
    assert overall(parts) is not P


def test_a_verdict_reads_as_words() -> None:
    """People read `not attempted`, records say `not_attempted`."""
    assert Verdict.NOT_ATTEMPTED.words == "not attempted"
    assert f"{Verdict.NOT_ATTEMPTED}" == "not_attempted"


def test_scores_are_sums_of_passed_checks() -> None:
    """A check gives all of its points or none; everything above it adds up."""
    result = submission(exercise(check(), wrong_sum()), passed())
    assert [e.score for e in result.exercises] == [1, 1]
    assert (result.score, result.max_score) == (2, 4)


def test_a_fault_of_ours_is_withheld() -> None:
    """A broken exercise has no score rather than zero, and counts as nothing in the sum."""
    broken = exercise(check(), check(B), verdict=B)
    assert (broken.score, broken.max_score) == (None, 2)
    assert (submission(broken, passed()).score, submission(broken, passed()).max_score) == (1, 3)
    assert submission(verdict=B).score is None


@pytest.mark.parametrize("result", [submission(), submission(flipped(), passed())])
def test_a_record_survives_json(result: SubmissionResult) -> None:
    """What is read back is equal, and is written the same again."""
    again = SubmissionResult.from_json(result.to_json())
    assert again == result
    assert again.to_json() == result.to_json()


def test_totals_are_written_and_never_believed() -> None:
    """A total that somebody changed in a file is computed again."""
    document = json.loads(submission(flipped()).to_json())
    assert (document["score"], document["max_score"]) == (1, 3)
    document["score"] = document["exercises"][0]["score"] = 3
    assert SubmissionResult.from_json(json.dumps(document)).score == 1


def test_a_record_cannot_be_changed() -> None:
    """What happened stays what happened."""
    result = flipped()
    with pytest.raises(ValidationError, match="frozen"):
        result.verdict = P  # type: ignore[misc]  # which is the point


def test_whole_points_are_written_whole() -> None:
    """Points of 1 are 1 in JSON, not 1.0."""
    assert '"score": 1,' in submission(flipped()).to_json()


def test_the_schema_is_published() -> None:
    """docs/results.schema.json is what the code says; `grader.results.json_schema` gives it."""
    assert SCHEMA.read_text(encoding="utf-8") == json.dumps(json_schema(), indent=2) + "\n"


@pytest.mark.parametrize(
    "result",
    [submission(), submission(flipped(), passed()), submission(exercise(verdict=B), verdict=B)],
)
def test_a_record_keeps_to_the_schema(result: SubmissionResult) -> None:
    """A real record validates against the published schema, which is itself valid."""
    schema = json.loads(SCHEMA.read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.validate(json.loads(result.to_json()), schema)


def test_the_schema_refuses_what_is_no_record() -> None:
    """A verdict that there is none of, and a missing student, are refused."""
    good = json.loads(submission(flipped()).to_json())
    for wrong in ({**good, "verdict": "great"}, {k: v for k, v in good.items() if k != "student"}):
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate(wrong, json_schema())


def test_the_schema_names_what_others_rely_on() -> None:
    """The names of the record are the published ones."""
    names = json_schema()["properties"]
    assert list(names) == [
        "schema", "student", "lesson", "notebook", "verdict", "message", "seconds", "isolation",
        "versions", "exercises", "failed_cells", "notes", "handed_in", "cells", "score",
        "max_score",
    ]  # fmt: skip
