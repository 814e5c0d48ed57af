"""Trouble that classes had with what was handed in: each folder comes out as its text says."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from grader.results import SubmissionResult

pytestmark = pytest.mark.kernel

TROUBLE = Path(__file__).parents[1] / "trouble"


@dataclass(frozen=True)
class Case:
    """A folder, how it is graded, and what must come of it.

    `score` is the points as the record has them, `said` what stands in the record, `told` what the
    teacher reads on standard error.
    """

    folder: str
    verdict: str
    score: int
    said: tuple[str, ...] = ()
    told: tuple[str, ...] = ()
    options: tuple[str, ...] = ()


CASES = {
    "lesson_option": Case(
        "lesson_option/class",
        "failed",
        3,
        told=("Passed over 1 notebook of other lessons (conv_layer 1).",),
        options=("--lesson", "convolution"),
    ),
    "merge_conflict": Case(
        "merge_conflict", "rejected", 0, said=("Git's conflict marks", "git checkout --ours")
    ),
    "answer_cell_is_markdown": Case(
        "answer_cell_is_markdown",
        "failed",
        3,
        said=("Cell 3 is a Markdown cell", "Cell 5 is a raw cell", "Change it to Code"),
    ),
    "scratch_beside_same_lesson": Case(
        "scratch_beside_same_lesson", "failed", 5, told=("Untitled.ipynb",)
    ),
    "two_lessons_in_one": Case(
        "two_lessons_in_one", "failed", 8, said=("Answers to lesson 2 (conv_layer) are in here",)
    ),
    "venv_committed": Case(
        "venv_committed",
        "failed",
        8,
        told=("old/01_convolution.ipynb", "Passed over 1 folder of programs"),
    ),
}


@pytest.mark.parametrize(
    ("name", "jobs"), [*((name, "1") for name in CASES), ("lesson_option", "2")]
)
def test_trouble_comes_out_as_it_should(tmp_path: Path, name: str, jobs: str) -> None:
    """The one record of the one student says what the folder's text expects."""
    case = CASES[name]
    command = [sys.executable, "-m", "grader", "grade", str(TROUBLE / case.folder)]
    options = ["--to", str(tmp_path), "--isolation", "none", "--format", "json", "--jobs", jobs]
    shown = subprocess.run(
        [*command, *options, *case.options], capture_output=True, text=True, check=False
    )
    [path] = tmp_path.glob("results/*/*.json")
    record = SubmissionResult.from_json(path.read_bytes())
    assert [record] == [SubmissionResult.model_validate(one) for one in json.loads(shown.stdout)]
    assert (record.lesson, record.verdict, record.score) == (
        "convolution",
        case.verdict,
        case.score,
    )
    for sentence in case.said:
        assert sentence in path.read_text(encoding="utf-8")
    for sentence in case.told:
        assert sentence in shown.stderr
    assert shown.returncode == (3 if case.verdict == "rejected" else 1)
