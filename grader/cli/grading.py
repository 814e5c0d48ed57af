"""What commands that grade share: the secret, the plan, grading with progress, the reports."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

from grader.cli.app import ALL_PASSED, NOT_GRADED, POINTS_MISSING, stdout
from grader.cli.progress import progress

if TYPE_CHECKING:
    from grader.grading.collecting.submissions import Submission
    from grader.grading.pool import Plan
    from grader.results import SubmissionResult


def plan_of(
    secret: bytes, timeout: int, lesson: str | None, jobs: int, *, isolation: str = "none"
) -> Plan:
    """How to grade: `timeout` limits each cell, in seconds; `jobs` is how many at a time."""
    from grader.grading.pool import Plan
    from grader.kernel.limits import Limits

    limits = Limits(cell=float(timeout), submission=max(300.0, 10.0 * timeout))
    return Plan(secret, limits, lesson, jobs, isolation)


def graded(submission: Submission, plan: Plan) -> SubmissionResult:
    """What comes of one submission, with a progress bar; nothing is kept of it."""
    from grader.grading.pool import grade_all

    results: list[SubmissionResult] = []
    with progress("Grading", 1, quiet=False) as step:
        grade_all([submission], plan, results.append, on_start=lambda one: step.begin(one.student))
    return results[0]


def status_of(results: list[SubmissionResult]) -> int:
    """The exit status that tells what came of grading."""
    from grader.results import Verdict

    verdicts = {result.verdict for result in results}
    if verdicts & {Verdict.REJECTED, Verdict.BROKEN, Verdict.NOT_HANDED_IN}:
        return NOT_GRADED
    return ALL_PASSED if verdicts == {Verdict.PASSED} else POINTS_MISSING


def formats_in(text: str) -> list[str]:
    """The formats that `text` names, separated by commas; UsageError if they cannot be had."""
    from grader.errors import UsageError

    known = ("console", "json", "junit", "github")
    wanted = [part.strip() for part in text.split(",") if part.strip()]
    strange = [part for part in wanted if part not in known]
    if strange or not wanted:
        raise UsageError(
            f"A format is one of {', '.join(known)}. Received: {text!r}. Use one or more of these, "
            f"separated by commas."
        )
    if {"console", "json"} <= set(wanted) or {"json", "github"} <= set(wanted):
        raise UsageError(
            "json takes standard output for itself. Received: a second format that prints there. "
            "Leave one out; the JSON records are always in the results folder."
        )
    return wanted


def report(
    results: list[SubmissionResult],
    formats: list[str],
    to: Path,
    whole: Callable[[], list[SubmissionResult]],
) -> None:
    """Show and write the results in each of the formats; files go to the folder `to`.

    `results` may be brief; what needs all of them asks for the `whole` ones.
    """
    from grader.report import console, github, junit, records

    if "console" in formats:
        # Beside GitHub's format, nothing in the table may be taken for a command to GitHub.
        quoted = github.commands_stopped(sys.stdout) if "github" in formats else nullcontext()
        with quoted:
            out = stdout()
            out.print(console.class_table(results))
            out.print(f"Records: {to / 'results'}", markup=False, soft_wrap=True)
            out.print(f"Marks: grader show {to}", markup=False, soft_wrap=True)
            sys.stdout.flush()
    if "json" in formats:
        sys.stdout.write(records.to_json(whole()))
    if "junit" in formats:
        to.mkdir(parents=True, exist_ok=True)
        (to / "junit.xml").write_bytes(junit.to_xml(whole()))
    if "github" in formats:
        github.write(whole(), sys.stdout, os.environ)


def refuse_unknown_lesson(name: str | None) -> None:
    """UsageError if the course has no lesson of this name; None is any lesson."""
    from grader.judging.course import lesson, lesson_names

    if name is not None and name not in lesson_names():
        lesson(name)  # says which there are


def class_secret(seed: Path | None, to: Path) -> bytes:
    """The secret of this class: from a file, from standard input, or drawn and kept in `to`."""
    from grader.errors import UsageError

    if seed is not None and str(seed) == "-":
        text = sys.stdin.read()
    elif seed is not None:
        try:
            text = seed.read_text(encoding="utf-8")
        except OSError as error:
            raise UsageError(
                f"--seed names a file that can be read. Received: {seed} ({error.strerror})."
            ) from error
    else:
        text = _kept_seed(to / "seed")
    if len(text.strip()) < 16:
        raise UsageError(
            "A seed has at least 16 characters that nobody can guess. Received: fewer. Make one "
            "with `openssl rand -hex 32`."
        )
    return text.strip().encode()


def _kept_seed(kept: Path) -> str:
    """The seed in the file `kept`; where there is none, one is drawn, for its owner's eyes only.

    The file is there with all its text or not at all. An empty one was left by a grader that was
    stopped halfway; nothing was graded with it.
    """
    import secrets
    import tempfile

    if kept.exists() and (text := kept.read_text(encoding="utf-8")):
        return text
    text = secrets.token_hex(32) + "\n"
    kept.parent.mkdir(parents=True, exist_ok=True)
    # Such a file has the mode 0600 from its first moment on.
    with tempfile.NamedTemporaryFile(
        "w", encoding="utf-8", dir=kept.parent, prefix=".seed-", delete=False
    ) as half:
        try:
            half.write(text)
            half.flush()
            os.fsync(half.fileno())
            Path(half.name).replace(kept)
        except BaseException:
            Path(half.name).unlink(missing_ok=True)
            raise
    return text
