"""Many submissions, a few at a time, each graded by a process of its own."""

from __future__ import annotations

import asyncio
import json
import sys
import tempfile
from asyncio.subprocess import PIPE, Process
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from grader.grade import NO_ISOLATION, Limits, versions
from grader.results import ExerciseResult, NotebookFile, SubmissionResult, Verdict
from grader.submissions import Submission, fingerprint
from grader.worker import Job

# What a worker may take beyond the submission's own time, in seconds: starting, judging, stopping.
_SLACK = 120.0
_LINE = 64 * 2**20


@dataclass(frozen=True)
class Plan:
    """How a class is graded: `jobs` at a time, with one secret and the same limits for all."""

    secret: bytes
    limits: Limits
    lesson: str | None = None
    jobs: int = 1


def grade_all(
    submissions: Sequence[Submission],
    plan: Plan,
    on_result: Callable[[SubmissionResult], None],
) -> None:
    """Grade every submission; `on_result` is called with each record as soon as it exists.

    A worker that fails makes its submission *broken*, and costs no other one anything.
    KeyboardInterrupt stops the workers and is raised again; results handed on before it stand.
    """
    with tempfile.TemporaryDirectory(prefix="grader-empty-") as empty:
        asyncio.run(_grade_all(submissions, plan, on_result, empty))


async def _grade_all(
    submissions: Sequence[Submission],
    plan: Plan,
    on_result: Callable[[SubmissionResult], None],
    folder: str,
) -> None:
    left = iter(submissions)

    async def slot() -> None:
        for submission in left:
            on_result(await _grade_one(submission, plan, folder))

    async with asyncio.TaskGroup() as group:
        for _ in range(min(plan.jobs, len(submissions))):
            group.create_task(slot())


async def _grade_one(submission: Submission, plan: Plan, folder: str) -> SubmissionResult:
    job = Job(
        student=submission.student,
        path=str(submission.path.resolve()),
        lesson=plan.lesson,
        secret=plan.secret.hex(),
        cell_seconds=plan.limits.cell,
        submission_seconds=plan.limits.submission,
    )
    worker = await asyncio.create_subprocess_exec(
        sys.executable,
        "-I",
        "-m",
        "grader.worker",
        cwd=folder,
        stdin=PIPE,
        stdout=PIPE,
        stderr=PIPE,
        limit=_LINE,
        start_new_session=True,  # Ctrl-C is for the command, which then ends its workers
    )
    try:
        output, errors = await asyncio.wait_for(
            worker.communicate(job.model_dump_json().encode()), plan.limits.submission + _SLACK
        )
    except TimeoutError:
        return _broken(submission, "The process that graded it did not end in time.")
    finally:
        await _end(worker)
    return _read(submission, output, errors.decode("utf-8", "replace"))


async def _end(worker: Process) -> None:
    """Let the worker stop its kernel, then make sure that it is gone."""
    if worker.returncode is not None:
        return
    worker.terminate()
    try:
        await asyncio.wait_for(worker.wait(), 5.0)
    except TimeoutError:
        worker.kill()
        await worker.wait()


def _read(submission: Submission, output: bytes, errors: str) -> SubmissionResult:
    exercises: dict[str, ExerciseResult] = {}
    for line in output.splitlines():
        message = json.loads(line)
        if "record" in message:
            record = SubmissionResult.model_validate(message["record"])
            file = record.notebook.model_copy(update={"path": str(submission.path)})
            return record.model_copy(update={"notebook": file})
        result = ExerciseResult.model_validate(message["exercise"])
        exercises[result.id] = result
    reason = errors.strip().splitlines()[-1] if errors.strip() else "it said nothing"
    return _broken(
        submission, f"The process that graded it ended early: {reason}", tuple(exercises.values())
    )


def _broken(
    submission: Submission, reason: str, exercises: tuple[ExerciseResult, ...] = ()
) -> SubmissionResult:
    return SubmissionResult(
        student=submission.student,
        lesson="unknown",
        notebook=NotebookFile(path=str(submission.path), sha256=fingerprint(submission.path)),
        verdict=Verdict.BROKEN,
        message=f"{reason} This is a fault of the grader: the score is withheld. Grade it again.",
        isolation=NO_ISOLATION,
        versions=versions(),
        exercises=exercises,
    )
