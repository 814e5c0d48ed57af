"""A class comes as it likes: submissions are taken as slots are free for them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from grader.grading import pool
from grader.grading.collecting.submissions import Submission
from grader.grading.pool import Plan, grade_all
from grader.kernel.limits import Limits
from grader.results import SubmissionResult
from tests.notebooks import POINTS, RIGHT, cells_of, write_notebook

pytestmark = pytest.mark.kernel


def test_submissions_are_taken_as_slots_are_free(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of an iterator, no more are under way than there are slots, after a short look ahead."""
    monkeypatch.setattr(pool, "LOOKED_AHEAD", 2)
    begun: list[str] = []
    results: list[SubmissionResult] = []
    waiting: list[int] = []

    def submissions() -> Iterator[Submission]:
        for number in range(7):
            waiting.append(number + 1 - len(results))
            path = write_notebook(tmp_path / f"{number}.ipynb", cells_of(RIGHT))
            yield Submission(f"student{number}", path)

    def done(result: SubmissionResult) -> None:
        assert result.student in begun
        results.append(result)

    plan = Plan(b"a secret for tests", Limits(cell=60.0, submission=300.0), jobs=2)
    grade_all(submissions(), plan, done, on_start=lambda one: begun.append(one.student))
    assert [result.score for result in results] == [sum(POINTS.values())] * 7
    assert sorted(begun) == [f"student{number}" for number in range(7)]
    assert max(waiting) <= 2


def test_nobody_is_graded_where_nobody_handed_in() -> None:
    """No submission: no process is started, and nothing is handed on."""
    results: list[SubmissionResult] = []
    grade_all(iter(()), Plan(b"a secret for tests", Limits()), results.append)
    assert not results
