"""`--format`: which there are, which go together, and where each is written."""

from __future__ import annotations

import base64
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from grader.cli.formats import FORMATS, Report, formats_in, refuse_several
from grader.errors import UsageError
from grader.grading.collecting.submissions import Collected, Missing, Submission
from grader.report.final_marks import FinalMark
from grader.report.order import Order
from tests.report.samples import flipped, passed, submission
from tests.report.services import valid

DOCS = Path(__file__).parents[2] / "docs" / "services.md"


def test_formats_are_named_once_or_more() -> None:
    """Formats come with commas, and by giving the option again; each counts once."""
    assert formats_in(["junit, GitHub", "console", "junit"]) == ["junit", "github", "console"]


@pytest.mark.parametrize(
    "texts",
    [[], [","], ["html"], ["json,console"], ["json", "github"], ["gradescope", "prairielearn"]],
)
def test_what_cannot_be_had_is_refused(texts: list[str]) -> None:
    """Unknown formats, none, and two that take the same place are refused in a sentence."""
    with pytest.raises(UsageError, match="Received: "):
        formats_in(texts)


@pytest.mark.parametrize("name", ["gradescope", "prairielearn", "classroom"])
def test_a_format_of_one_submission_takes_one_student(name: str) -> None:
    """What is about one student's submission is refused for a class, before anything is graded."""
    ana = Submission("ana", Path("ana.ipynb"))
    class_ = Collected((ana,), missing=(Missing("bea"),))
    with pytest.raises(UsageError, match="2 students"):
        refuse_several([name], class_)
    refuse_several([name], Collected((ana, ana)))
    refuse_several(["junit"], class_)


def test_every_format_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Files go to the folder, the step's output to GitHub's file, with the marks that count."""
    output = tmp_path / "output"
    monkeypatch.setenv("GITHUB_OUTPUT", str(output))
    monkeypatch.delenv("GITHUB_STEP_SUMMARY", raising=False)
    result = submission(flipped(), passed())
    marks = {("ana", "convolution"): FinalMark(3, 4, is_by_hand=True)}
    report = Report([result], lambda: [result], marks, tmp_path / "to", Order.NAME)
    report.write(["console", "github", "junit", "classroom", "gitlab", "gradescope"])
    valid((tmp_path / "to" / "gl-code-quality-report.json").read_text(), "gitlab")
    assert valid((tmp_path / "to" / "results.json").read_text(), "gradescope")["score"] == 3
    kept = valid((tmp_path / "to" / "classroom.json").read_text(), "classroom")
    name, _, encoded = output.read_text().strip().partition("=")
    assert name == "result"
    assert json.loads(base64.b64decode(encoded)) == kept
    assert b'name="score" value="3"' in (tmp_path / "to" / "junit.xml").read_bytes()
    assert "::error " in capsys.readouterr().out
    report.write(["prairielearn"])
    text = (tmp_path / "to" / "results.json").read_text()
    assert valid(text, "prairielearn")["score"] == 0.75


def test_the_documentation_has_every_format_and_every_pack() -> None:
    """docs/services.md describes each format, and its commands are ones that there are."""
    text = " ".join(DOCS.read_text(encoding="utf-8").split())
    assert set(re.findall(r"\| `(\w+)` \|", text)) == set(FORMATS)
    for name in ("gradescope", "prairielearn", "github", "gitlab"):
        assert f"grader pack {name}" in text
        helped = subprocess.run(
            [sys.executable, "-m", "grader", "pack", name, "--help"],
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        [command] = re.findall(rf"grader pack {name}([^`]*)`", text)
        for option in re.findall(r"--[a-z-]+", command):
            assert option in helped
