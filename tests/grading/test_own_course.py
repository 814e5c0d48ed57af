"""A course of one's own, whose lesson needs Keras: judged from warm processes that have it."""

from __future__ import annotations

import contextlib
import functools
import os
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.keras_notebooks import COURSE, KINDS
from grader.errors import UsageError
from grader.grading.collecting.submissions import Submission
from grader.grading.judges import Judges
from grader.grading.pool import Plan, grade_all
from grader.judging.course import packages_of_lessons
from grader.kernel.limits import Limits
from grader.results import SubmissionResult, Verdict
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


def own_course(folder: Path, more: str = "") -> None:
    """A course in `folder` that is not installed, called `mine`, whose rubric ends with `more`."""
    (folder / "mine").mkdir(parents=True)
    (folder / "mine" / "__init__.py").write_text('LESSONS = {"twice": ()}\n')
    copied = Path(__file__).parents[1] / "two_lessons" / "twice.py"
    (folder / "mine" / "twice.py").write_text(copied.read_text(encoding="utf-8") + more)


@pytest.mark.parametrize("found_by", ["PYTHONPATH", "the current folder"])
def test_a_course_that_judges_cannot_import_is_refused_at_once(
    tmp_path: Path, found_by: str
) -> None:
    """A course that is not installed: one sentence with the reason and what to do, no record."""
    own_course(tmp_path / "course")
    for student in ("ana", "ben"):
        write_notebook(tmp_path / "class" / student / "twice.ipynb", ["twice = 1"], "twice")
    environment = {**os.environ, "GRADER_COURSE": "mine"}
    if found_by == "PYTHONPATH":
        environment["PYTHONPATH"] = str(tmp_path / "course")
    shown = subprocess.run(
        [sys.executable, "-m", "grader", "grade", tmp_path / "class", "--to", tmp_path / "out"],
        cwd=tmp_path / ("course" if found_by == "the current folder" else ""),
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert shown.returncode == 2
    told = shown.stderr.strip().splitlines()[-1]
    assert told.startswith("grader: ")
    assert "No module named 'mine'" in told
    assert "pip install" in told
    assert "Traceback" not in shown.stderr
    assert list((tmp_path / "out").rglob("*.json")) == []


def test_a_course_whose_rubric_judges_cannot_import_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the package is installed but its rubric imports what is not, that is the reason."""
    own_course(tmp_path, "\nimport mine_too\n")
    monkeypatch.setenv("GRADER_COURSE", "mine")
    monkeypatch.syspath_prepend(tmp_path)
    packages_of_lessons.cache_clear()
    loads = f"import sys; sys.path.insert(0, {str(tmp_path)!r})"
    module = "grader.grading.judge_process"
    start = f"{loads}; import runpy; runpy.run_module({module!r}, run_name='__main__')"
    command = (sys.executable, "-I", "-c", start)
    monkeypatch.setattr("grader.grading.pool.Judges", functools.partial(Judges, command=command))
    path = write_notebook(tmp_path / "ana.ipynb", cells_of(RIGHT))
    results: list[SubmissionResult] = []
    try:
        with pytest.raises(UsageError, match="No module named 'mine_too'"):
            grade_all([Submission("ana", path)], Plan(b"secret", LIMITS), results.append)
    finally:
        packages_of_lessons.cache_clear()
    assert results == []
