"""Many submissions, a few at a time, each graded by a process of its own."""

from __future__ import annotations

import asyncio
import json
import sys
import tempfile
from asyncio.subprocess import PIPE, Process
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Self

from grader.grade import NO_ISOLATION, SANDBOX, Limits, versions
from grader.kernel.provisioner import KernelTemplate, last_line
from grader.results import ExerciseResult, NotebookFile, SubmissionResult, Verdict
from grader.submissions import Submission, fingerprint, named_lesson
from grader.worker import Job

# What a worker may take beyond the submission's own time, in seconds: starting, judging, stopping.
_SLACK = 120.0
_LINE = 64 * 2**20

WORKER = (sys.executable, "-I", "-m", "grader.worker")
"""The command of a worker: isolated from the folder it starts in and from the environment."""


@dataclass(frozen=True)
class Plan:
    """How a class is graded: `jobs` at a time, with one secret and the same limits for all.

    `sandboxed` code runs in kernels that a template behind walls forks, one template a slot.
    """

    secret: bytes
    limits: Limits
    lesson: str | None = None
    jobs: int = 1
    sandboxed: bool = True


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
        with _Slot(plan) as own:
            for submission in left:
                on_result(await own.grade(submission, folder))

    async with asyncio.TaskGroup() as group:
        for _ in range(min(plan.jobs, len(submissions))):
            group.create_task(slot())


class _Slot:
    """One place where submissions are graded, one after the other, with a kernel template."""

    def __init__(self, plan: Plan, worker: Sequence[str] = WORKER) -> None:
        self._plan = plan
        self._worker = worker
        self._template: KernelTemplate | None = None

    def __enter__(self) -> Self:
        self._renew()
        return self

    def __exit__(self, *_: object) -> None:
        if self._template is not None:
            self._template.close()

    def _renew(self) -> None:
        """Have a template that runs; one that died is replaced."""
        if self._plan.sandboxed and (self._template is None or not self._template.alive):
            if self._template is not None:
                self._template.close()
            self._template = KernelTemplate()

    async def grade(self, submission: Submission, folder: str) -> SubmissionResult:
        """Grade one submission in a worker of its own, started in the empty `folder`.

        Where the template died meanwhile, which is no fault of the submission's, once more.
        """
        result = await self._grade_once(submission, folder)
        died = self._template is not None and not self._template.alive
        if died and result.verdict is Verdict.BROKEN:
            result = await self._grade_once(submission, folder)
        return result

    async def _grade_once(self, submission: Submission, folder: str) -> SubmissionResult:
        self._renew()
        inherited = []
        if self._template is not None:
            if not await asyncio.to_thread(self._template.wait_until_ready):
                reason = self._template.last_words() or "it said nothing"
                return self._broken(submission, f"The sandbox did not start ({reason}).")
            inherited = [self._template.control.fileno()]
        job = Job(
            student=submission.student,
            path=str(submission.path.resolve()),
            refused=submission.refused,
            lesson=self._plan.lesson,
            secret=self._plan.secret.hex(),
            cell_seconds=self._plan.limits.cell,
            submission_seconds=self._plan.limits.submission,
            kernels=inherited[0] if inherited else None,
        )
        # A file, not a pipe: a worker that complains at length must not wait for a reader.
        errors = tempfile.TemporaryFile()  # noqa: SIM115 - closed below
        worker = await asyncio.create_subprocess_exec(
            *self._worker,
            cwd=folder,
            pass_fds=inherited,
            stdin=PIPE,
            stdout=PIPE,
            stderr=errors,
            limit=_LINE,
            start_new_session=True,  # Ctrl-C is for the command, which then ends its workers
        )
        exercises: dict[str, ExerciseResult] = {}
        try:
            seconds = self._plan.limits.submission + _SLACK
            async with asyncio.timeout(seconds):
                record = await _record(worker, job, exercises)
        except TimeoutError:
            reason = "The process that graded it did not end in time."
        except (OSError, ValueError, TypeError, KeyError) as error:  # half a line, or none of ours
            reason = f"The process that graded it was cut off ({type(error).__name__})."
        else:
            if record is not None:
                file = record.notebook.model_copy(update={"path": str(submission.path)})
                return record.model_copy(update={"notebook": file})
            said = last_line(errors) or "it said nothing"
            reason = f"The process that graded it ended early ({said})."
        finally:
            await _end(worker)
            errors.close()
        return self._broken(submission, reason, tuple(exercises.values()))

    def _broken(
        self, submission: Submission, reason: str, exercises: tuple[ExerciseResult, ...] = ()
    ) -> SubmissionResult:
        return SubmissionResult(
            student=submission.student,
            lesson=self._plan.lesson or named_lesson(submission.path) or "unknown",
            notebook=NotebookFile(path=str(submission.path), sha256=fingerprint(submission.path)),
            verdict=Verdict.BROKEN,
            message=f"{reason} This is a fault of the grader: the score is withheld. Grade again.",
            isolation=SANDBOX if self._plan.sandboxed else NO_ISOLATION,
            versions=versions(),
            exercises=exercises,
        )


async def _record(
    worker: Process, job: Job, exercises: dict[str, ExerciseResult]
) -> SubmissionResult | None:
    """The worker's record, or None if it ends without one; fills `exercises` on the way.

    What counts is the record's line, not the end of the output: a process that student code left
    behind may hold that open.
    """
    assert worker.stdin is not None
    assert worker.stdout is not None
    worker.stdin.write(job.model_dump_json().encode())
    worker.stdin.close()
    async for line in worker.stdout:
        message = json.loads(line)
        if "record" in message:
            return SubmissionResult.model_validate(message["record"])
        result = ExerciseResult.model_validate(message["exercise"])
        exercises[result.id] = result
    return None


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
