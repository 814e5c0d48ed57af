"""Each failure of a class has a cause with a name, and the same causes stand together."""

from __future__ import annotations

from collections import Counter

import pytest

from grader.pages.failures import Failures, Kind, cause_of, failed, failures_in
from grader.results import ExerciseResult, Verdict
from tests.gradebook.records import exercise, result
from tests.pages.example_class import example_records
from tests.pages.typical_messages import MESSAGES


@pytest.fixture(scope="module")
def failures() -> tuple[Failures, ...]:
    """Why exercises of the example class did not pass."""
    return failures_in(example_records())


def test_nine_of_ten_failures_of_the_example_class_have_a_named_cause(
    failures: tuple[Failures, ...],
) -> None:
    """So it is of all failures, and of those alone that there is an answer to."""
    counts: Counter[Kind] = Counter()
    for one in failures:
        counts[one.cause.kind] += len(one.students)
    total = sum(failed(each) for one in example_records() for each in one.exercises)
    assert counts.total() == total > 80
    unnamed = counts[Kind.STATEMENT]
    assert unnamed <= 0.1 * total
    assert unnamed <= 0.1 * (total - counts[Kind.NO_ANSWER])
    # Hidden by no other cause: whatever was diagnosed stands as that.
    diagnosed = sum(bool(each.diagnosis) for one in example_records() for each in one.exercises)
    assert counts[Kind.MISCONCEPTION] == diagnosed > 20


def test_what_is_said_is_what_the_students_read(failures: tuple[Failures, ...]) -> None:
    """Every misconception comes with its sentence, and all that have a call with an example."""
    for one in failures:
        assert one.cause.name
        if one.is_misconception:
            assert len(one.said) > 20
    with_example = [one for one in failures if one.is_misconception and one.example]
    assert len(with_example) > 20


@pytest.mark.parametrize(("message", "verdict", "kind", "name"), MESSAGES)
def test_a_cause_is_told_by_what_the_record_says(
    message: str, verdict: Verdict, kind: Kind, name: str
) -> None:
    """The messages that the grader's own code makes are all told apart."""
    found = cause_of(exercise(earned=1, verdict=verdict, message=message))
    assert found.kind is kind
    assert name in found.name


def test_wrong_answers_that_compute_the_same_stand_together() -> None:
    """Two with one fingerprint are one cause; a single one is known by its statement only."""

    def wrong(computes: str) -> ExerciseResult:
        return exercise(earned=1).model_copy(update={"computes": computes})

    records = [
        result("ana", wrong("f00d")),
        result("bea", wrong("f00d")),
        result("cem", wrong("beef")),
        result("dan", wrong("")),
    ]
    found = {one.students: one.cause.kind for one in failures_in(records)}
    assert found == {("ana", "bea"): Kind.SAME_ANSWER, ("cem", "dan"): Kind.STATEMENT}


def test_a_fault_of_ours_is_nobodys_failure() -> None:
    """What is withheld stands among what could not be graded, and under no cause."""
    ours = exercise(earned=1, verdict=Verdict.BROKEN)
    assert not failed(ours)
    assert failures_in([result("ana", ours, exercise("conv"))]) == ()
