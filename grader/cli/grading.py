"""What commands that grade share: the secret, the plan, grading with progress."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from grader.cli.app import ALL_PASSED, NOT_GRADED, POINTS_MISSING
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


def refuse_unknown_lesson(name: str | None) -> None:
    """UsageError if the course has no lesson of this name; None is any lesson."""
    from grader.judging.course import lesson, lesson_names

    if name is not None and name not in lesson_names():
        lesson(name)  # says which there are


def class_secret(seed: Path | None, to: Path) -> bytes:
    """The secret of this class: from a file, from standard input, or drawn and kept in `to`."""
    text = _kept_seed(to / "seed") if seed is None else _seed_in(seed)
    return _long_enough(text).encode()


def told_seed(seed: Path) -> str:
    """The secret in a file, or on standard input; UsageError where it cannot be read or is weak."""
    return _long_enough(_seed_in(seed))


def _seed_in(seed: Path) -> str:
    from grader.errors import UsageError

    if str(seed) == "-":
        return sys.stdin.read()
    try:
        return seed.read_text(encoding="utf-8")
    except OSError as error:
        raise UsageError(
            f"--seed names a file that can be read. Received: {seed} ({error.strerror})."
        ) from error


def _long_enough(text: str) -> str:
    from grader.errors import UsageError

    if len(text.strip()) < 16:
        raise UsageError(
            "A seed has at least 16 characters that nobody can guess. Received: fewer. Make one "
            "with `openssl rand -hex 32`."
        )
    return text.strip()


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
