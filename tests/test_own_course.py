"""A course of one's own, whose lesson needs Keras: judged from warm processes that have it."""

from __future__ import annotations

import contextlib
from pathlib import Path

import pytest

from benchmarks.keras_notebooks import COURSE, KINDS
from grader.kernel.limits import Limits
from grader.pool import Plan, grade_all
from grader.results import SubmissionResult, Verdict
from grader.submissions import Submission
from tests.notebooks import RIGHT, cells_of, write_notebook
from tests.processes import descendants

pytestmark = pytest.mark.kernel

LIMITS = Limits(20.0, 120.0)


def graded(folder: Path, notebooks: dict[str, dict[str, str]]) -> dict[str, SubmissionResult]:
    """What comes of these notebooks: answers by exercise, by student."""
    submissions = [
        Submission(student, write_notebook(folder / f"{student}.ipynb", cells_of(answers), None))
        for student, answers in notebooks.items()
    ]
    results: dict[str, SubmissionResult] = {}
    plan = Plan(b"a secret for tests", LIMITS, jobs=1)
    grade_all(submissions, plan, lambda result: results.update({result.student: result}))
    return results


def test_keras_answers_are_judged_by_what_they_compute(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two ways to write the same networks get full marks; wrong ones are told by name."""
    monkeypatch.setenv("GRADER_COURSE", COURSE)
    valid = "model = keras.Sequential([keras.Input((32, 32, 3)), layers.Conv2D(10, 5)])"
    subclassed = (
        "class Own(keras.Model):\n"
        "    def call(self, x):\n        return x\n"
        "model = Own()\nmodel.build((None, 32, 32, 3))"
    )
    trapped = (
        "model = keras.Sequential(\n"
        "    [keras.Input((32, 32, 3)), layers.Lambda(lambda x: x), layers.Conv2D(10, 5)]\n)"
    )
    base = KINDS["sequential"]
    results = graded(
        tmp_path,
        {
            **KINDS,
            "valid": {**base, "ten_filters": valid},
            "subclassed": {**base, "ten_filters": subclassed},
            "trapped": {**base, "ten_filters": trapped},
        },
    )
    for student in KINDS:
        assert results[student].verdict is Verdict.PASSED, results[student].to_json()
    found = {name: result.exercises[1] for name, result in results.items()}
    diagnosis = found["valid"].diagnosis
    assert diagnosis is not None
    assert diagnosis.misconception == "without_padding"
    assert "keras.Sequential" in found["subclassed"].checks[0].message
    assert "Lambda" in found["trapped"].checks[0].message
    assert found["subclassed"].score == found["trapped"].score == 0


def test_a_lesson_without_keras_does_not_load_it(tmp_path: Path) -> None:
    """While lesson 1 is graded, no process of ours has TensorFlow in it."""
    path = write_notebook(tmp_path / "ana.ipynb", cells_of(RIGHT))
    loaded: list[str] = []

    def look(_result: SubmissionResult) -> None:
        for process in descendants():
            with contextlib.suppress(FileNotFoundError):  # it has ended since it was listed
                maps = Path(f"/proc/{process.pid}/maps").read_text(encoding="utf-8")
                loaded.extend(process.command for line in maps.splitlines() if "tensorflow" in line)

    grade_all([Submission("ana", path)], Plan(b"a secret for tests", LIMITS), look)
    assert loaded == []
