"""Brief results: what a class table needs, and no more."""

from __future__ import annotations

import io
import sys

from rich.console import Console

from grader.report.brief import Briefs
from grader.report.console import class_table
from grader.results import SubmissionResult, Verdict
from tests.report.samples import flipped, hostile, passed, submission


def shown(results: list[SubmissionResult]) -> str:
    """The class table as text."""
    console = Console(file=io.StringIO(), width=100)
    console.print(class_table(results))
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_the_class_table_of_brief_results_is_that_of_whole_ones() -> None:
    """Verdicts, scores, signs, misconceptions, flags and messages are all there."""
    results = [
        submission(flipped(), passed(), student="ana"),
        submission(hostile(), student="bea"),
        submission(student="cyd", verdict=Verdict.REJECTED, message="No notebook."),
    ]
    briefs = Briefs()
    assert shown([briefs.of(result) for result in results]) == shown(results)


def test_the_same_answers_are_kept_once() -> None:
    """A thousand students with the same outcome share its exercises, so that memory stays flat."""
    briefs = Briefs()
    many = [briefs.of(submission(flipped(), student=f"{number}")) for number in range(1000)]
    assert len({id(result.exercises[0]) for result in many}) == 1
    assert sys.getsizeof(many[0].exercises) < 200
