"""Submissions that are right, and that other graders get wrong: each gets all its points."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jupytext
import pytest
import yaml

from grader.grading.collecting.submissions import Submission
from grader.grading.pool import Plan, grade_all
from grader.kernel.limits import Limits
from grader.results import SubmissionResult, Verdict

pytestmark = pytest.mark.kernel

CORPUS = Path(__file__).with_name("corpus")
LIMITS = Limits(cell=12.0, submission=120.0)


@dataclass(frozen=True)
class Honest:
    """A submission of the corpus: the bytes of its notebook, and its points by exercise."""

    points: Mapping[str, int]
    notebook: bytes


def plan() -> Plan:
    """How the corpus is graded: as a class is by default, behind the walls."""
    return Plan(b"a secret for tests", LIMITS, jobs=2)


def honest(path: Path) -> Honest:
    """The submission in a file of the corpus."""
    if path.suffix == ".ipynb":
        notebook = path.read_bytes()
        header = json.loads(notebook.decode("utf-8-sig"))["metadata"]["honest"]
    else:
        header, made = _from_percent(path.read_text(encoding="utf-8"))
        notebook = json.dumps(made).encode()
    assert header["shows"].endswith("."), "a file of the corpus says in a sentence what it shows"
    return Honest(header["points"], notebook)


def _from_percent(text: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """The header of a percent-format file, and its notebook with exercises marked as ours are."""
    made = jupytext.reads(text, fmt="py:percent")
    header = yaml.safe_load(made.cells.pop(0).source.strip("-\n"))
    for cell in made.cells:
        if exercise := cell.metadata.pop("exercise", None):
            cell.metadata["grader"] = {"exercise": exercise}
    made.metadata = {"grader": {"lesson": "convolution"}}
    return header, made


ALL = {path.stem: honest(path) for path in sorted(CORPUS.iterdir())}


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> dict[str, SubmissionResult]:
    """The whole corpus, graded in one run as a class."""
    folder = tmp_path_factory.mktemp("class")
    submissions = []
    for name, submission in ALL.items():
        path = folder / f"{name}.ipynb"
        path.write_bytes(submission.notebook)
        submissions.append(Submission(name, path))
    found: dict[str, SubmissionResult] = {}
    grade_all(submissions, plan(), lambda result: found.update({result.student: result}))
    return found


@pytest.mark.parametrize("name", ALL)
def test_an_honest_submission_gets_its_points(
    name: str, results: dict[str, SubmissionResult]
) -> None:
    """Each submission of the corpus earns exactly the points that its header tells."""
    tried = [
        exercise
        for exercise in results[name].exercises
        if exercise.verdict is not Verdict.NOT_ATTEMPTED
    ]
    reasons = {exercise.id: exercise.message for exercise in tried}
    assert {exercise.id: exercise.score for exercise in tried} == ALL[name].points, reasons
