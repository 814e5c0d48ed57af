"""The formats that `grader grade` reports in: which go together, and where each is written."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from grader.cli.app import stdout
from grader.cli.paging import paged

if TYPE_CHECKING:
    from grader.grading.collecting.submissions import Collected
    from grader.report.final_marks import FinalMarks
    from grader.report.order import Order
    from grader.results import SubmissionResult

FORMATS = (
    "console",
    "json",
    "junit",
    "github",
    "classroom",
    "gitlab",
    "gradescope",
    "prairielearn",
)
# What is printed, and what is about the submission of one student.
_PRINTED = ("console", "json", "github")
_OF_ONE = ("classroom", "gradescope", "prairielearn")
_APART = (("json", "console"), ("json", "github"), ("gradescope", "prairielearn"))


@dataclass(frozen=True)
class Report:
    """What is reported: brief `results` for the table, and the `whole` ones for all else.

    `to` is the folder that files go to, and `marks` are the ones that count. The table is in the
    given order, and goes through a pager where `pager` is set and it is longer than the terminal.
    """

    results: list[SubmissionResult]
    whole: Callable[[], list[SubmissionResult]]
    marks: FinalMarks
    to: Path
    order: Order
    pager: bool = True

    def write(self, formats: Iterable[str]) -> None:
        """Show and write the results in each of the formats."""
        written = {
            "json": self._json,
            "junit": self._junit,
            "github": self._github,
            "classroom": self._classroom,
            "gitlab": self._gitlab,
            "gradescope": self._gradescope,
            "prairielearn": self._prairielearn,
        }
        wanted = list(formats)
        self.to.mkdir(parents=True, exist_ok=True)
        for name in FORMATS:
            if name not in wanted:
                continue
            if name == "console":
                self._console(quoted="github" in wanted)
            else:
                written[name]()

    def _console(self, *, quoted: bool = False) -> None:
        from grader.report import console, github

        # Beside GitHub's format, nothing in the table may be taken for a command to GitHub.
        with github.commands_stopped(sys.stdout) if quoted else nullcontext():
            paged(console.class_table(self.results, self.order), pager=self.pager and not quoted)
            out = stdout()
            out.print(f"Records: {self.to / 'results'}", markup=False, soft_wrap=True)
            out.print(f"Marks: grader show {self.to}", markup=False, soft_wrap=True)
            sys.stdout.flush()

    def _json(self) -> None:
        from grader.report import records

        sys.stdout.write(records.to_json(self.whole()))

    def _junit(self) -> None:
        from grader.report import junit

        (self.to / "junit.xml").write_bytes(junit.to_xml(self.whole(), self.marks))

    def _github(self) -> None:
        from grader.report import github

        github.write(self.whole(), sys.stdout, os.environ, self.marks)

    def _classroom(self) -> None:
        from grader.report import classroom

        document = classroom.to_json(self.whole(), self.marks)
        self._put("classroom.json", f"{document}\n")
        if target := os.environ.get("GITHUB_OUTPUT"):
            with Path(target).open("a", encoding="utf-8") as file:
                file.write(classroom.step_output(document))

    def _gitlab(self) -> None:
        from grader.report import gitlab

        self._put(gitlab.FILE, gitlab.to_json(self.whole(), self.marks))

    def _gradescope(self) -> None:
        from grader.report import gradescope

        self._put("results.json", gradescope.to_json(self.whole(), self.marks))

    def _prairielearn(self) -> None:
        from grader.report import prairielearn

        self._put("results.json", prairielearn.to_json(self.whole(), self.marks))

    def _put(self, name: str, document: str) -> None:
        (self.to / name).write_text(document, encoding="utf-8")


def formats_in(texts: Sequence[str]) -> list[str]:
    """The formats that options name, each one or more; UsageError if they cannot be had."""
    from grader.errors import UsageError

    named = [part.strip().lower() for text in texts for part in text.split(",")]
    wanted = list(dict.fromkeys(filter(None, named)))
    strange = [part for part in wanted if part not in FORMATS]
    if strange or not wanted:
        received = ", ".join(strange) or "none"
        raise UsageError(
            f"A format is one of {', '.join(FORMATS)}. Received: {received!r}. Use one or more of "
            f"these, separated by commas."
        )
    for one, other in _APART:
        if {one, other} <= set(wanted):
            place = "results.json" if one not in _PRINTED else "standard output"
            raise UsageError(
                f"{one} takes {place} for itself. Received: {one} and {other}. Leave one out; the "
                f"JSON records are always in the results folder."
            )
    return wanted


def refuse_several(formats: Iterable[str], collected: Collected) -> None:
    """UsageError where a format is of one student's submission, and there are several students."""
    from grader.errors import UsageError

    wanted = [name for name in formats if name in _OF_ONE]
    students = {one.student for one in collected.submissions}
    students |= {one.student for one in collected.missing}
    if wanted and len(students) > 1:
        raise UsageError(
            f"--format {wanted[0]} reports one student's submission. Received: "
            f"{len(students)} students. Name the folder of one, with --layout one --student NAME."
        )
