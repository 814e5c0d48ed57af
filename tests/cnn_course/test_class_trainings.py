"""What the example class trains, on the arithmetic of this very process.

Kernels have an environment of their own, so the class that is graded in them has one arithmetic
only. Run this with `TF_ENABLE_ONEDNN_OPTS` 0 and 1, and with `TF_NUM_INTRAOP_THREADS` 1 and 2.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from benchmarks.training_answers import GIVEN
from examples.make_class import handed_in
from grader.judging import course
from grader.judging.diagnose import diagnose
from grader.judging.testing import judge_here, run_here
from grader.results import Verdict

pytestmark = pytest.mark.slow

GOLDEN = Path(__file__).parents[1] / "golden" / "class.json"


def run_what_trains(student: str, lesson: str, exercises: tuple[str, ...]) -> dict[str, Any]:
    """The names after the student's answers to `exercises`, and the given cells they rest on."""
    one = course.lesson(lesson)
    notebook = json.loads(handed_in(one)[student](one))
    names: dict[str, Any] = {"__name__": "__main__"}
    for cell in notebook["cells"]:
        exercise = cell["metadata"].get("grader", {}).get("exercise")
        source = "".join(cell["source"])
        given = exercise is None and any(mark in source for mark in GIVEN[lesson])
        if given or exercise in exercises:
            run_here(source, names)
    return names


@pytest.mark.parametrize(
    ("student", "lesson", "exercises"),
    [
        ("mia_her_own_way", "regularization", ("overfit_on_purpose",)),
        (
            "ola_default_padding",
            "regularization",
            ("overfit_on_purpose", "with_dropout", "with_early_stopping"),
        ),
        ("ned_hard_coded", "regularization", ("overfit_on_purpose", "with_dropout")),
        ("mia_her_own_way", "capstone", ("plan", "build_network", "trained")),
        ("gus_no_plus_one", "capstone", ("plan", "build_network", "trained")),
    ],
)
def test_what_the_class_trains_is_judged_as_in_its_golden_results(
    student: str, lesson: str, exercises: tuple[str, ...]
) -> None:
    """A student's own networks get the points and the diagnosis of the golden results."""
    golden = json.loads(GOLDEN.read_text(encoding="utf-8"))[f"{student}/{lesson}"]["exercises"]
    names = run_what_trains(student, lesson, exercises)
    for name in exercises:
        exercise = course.lesson(lesson).exercise(name)
        assert exercise is not None
        judgement = judge_here(exercise, names)
        result = judgement.result
        told = diagnose(exercise, judgement) if result.verdict is Verdict.FAILED else None
        found = [f"{result.verdict.value} {result.score}/{result.max_score}"]
        found += [told.misconception] if told else []
        assert " ".join(found) == golden[name], result.checks
