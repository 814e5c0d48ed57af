"""Many submissions, a few at a time, each judged by a process of its own.

A slot grades one submission after the other. It has a kernel template behind walls, whose kernels
it hands to the judge that asks, guards, and kills; the judges are forked by a template that all
slots share, the next one while the last one works.
"""

from __future__ import annotations

import asyncio
import json
import os
import socket
import tempfile
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Self

from grader.course import packages_of_lessons
from grader.errors import TemplateDied
from grader.files import printable
from grader.judges import Job, Judge, Judges
from grader.kernel.limits import Limits
from grader.kernel.supply import KernelSupply, Packages
from grader.kernel.warm import Ended
from grader.provenance import isolation, versions
from grader.reading import named_lesson
from grader.results import ExerciseResult, NotebookFile, SubmissionResult, Verdict
from grader.submissions import Submission

# What a judge may take beyond the submission's own time, in seconds: asking, comparing, stopping.
_SLACK = 120.0
# How long a judge may take to stop a kernel of its own, in seconds.
_PATIENCE = 5.0
# How often a submission is graded where its judge or kernel was ended and nobody knows why (it may
# have found a way to do that), and where a template ended, which no submission can reach.
_ATTEMPTS, _TEMPLATES = 3, 10
_SIGKILL = -9


@dataclass(frozen=True)
class Plan:
    """How a class is graded: `jobs` at a time, with one secret and the same limits for all.

    `isolation` is the level of what keeps student code away from this machine, as in the records.
    """

    secret: bytes
    limits: Limits
    lesson: str | None = None
    jobs: int = 1
    isolation: str = "sandbox"


def grade_all(
    submissions: Sequence[Submission],
    plan: Plan,
    on_result: Callable[[SubmissionResult], None],
) -> None:
    """Grade every submission; `on_result` is called with each record as soon as it exists.

    A judge that fails makes its submission *broken*, and costs no other one anything.
    KeyboardInterrupt stops the judges and is raised again; results handed on before it stand.
    """
    with tempfile.TemporaryDirectory(prefix=f"grader-{os.getpid()}-") as empty:
        asyncio.run(_grade_all(submissions, plan, on_result, empty))


async def _grade_all(
    submissions: Sequence[Submission],
    plan: Plan,
    on_result: Callable[[SubmissionResult], None],
    folder: str,
) -> None:
    left = iter(submissions)
    judges = Judges(folder)
    packages = _packages(submissions)

    async def slot() -> None:
        async with Slot(plan, judges, packages) as own:
            for submission in left:
                on_result(await own.grade(submission))

    try:
        async with asyncio.TaskGroup() as group:
            for _ in range(min(plan.jobs, len(submissions))):
                group.create_task(slot())
    finally:
        judges.close()


def _packages(submissions: Sequence[Submission]) -> Packages:
    """What the lessons need that the files are named for: other names tell when they are read."""
    needed = packages_of_lessons()
    named = {named_lesson(submission.path) for submission in submissions}
    return tuple(sorted({package for name in named if name for package in needed[name]}))


class _OnceMore(Exception):
    """The machine ended what was grading; says what, in a sentence for a person."""


class _Overdue(_OnceMore):
    """The judge did not end in time; trying again would take as long again."""


class _OtherPackages(Exception):
    """The judge works on a lesson whose packages its template has not imported."""


class Slot:
    """One place where submissions are graded, one after the other."""

    def __init__(self, plan: Plan, judges: Judges, packages: Packages = ()) -> None:
        self._plan = plan
        self._judges = judges
        self._packages = packages
        self._ahead: asyncio.Task[Judge] | None = None
        self._kernels = KernelSupply(plan.limits.kernel, plan.isolation)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is not None:  # nobody will judge any more, so nobody waits for imports to end
            self._judges.close()
        await self._forget_judge()
        await self._kernels.close()

    async def grade(self, submission: Submission) -> SubmissionResult:
        """Grade one submission; again where the machine ended what was grading it."""
        exercises: dict[str, ExerciseResult] = {}
        reason = ""
        attempt = templates = 1
        while attempt <= _ATTEMPTS and templates <= _TEMPLATES:
            exercises.clear()
            try:
                return await self._grade_once(submission, exercises, attempt)
            except _OtherPackages:
                continue
            except TemplateDied as error:
                reason = str(error)
                templates += 1
            except _Overdue as error:
                reason = str(error)
                break
            except _OnceMore as error:
                reason = str(error)
                attempt += 1
        return self._broken(submission, reason, tuple(exercises.values()))

    async def _grade_once(
        self, submission: Submission, exercises: dict[str, ExerciseResult], attempt: int
    ) -> SubmissionResult:
        self._kernels.begin(self._packages)
        judge = await self._next_judge()
        record: SubmissionResult | None = None
        reason = ""
        handing = asyncio.create_task(self._hand_out(judge.kernels, first_time=attempt == 1))
        reading = asyncio.create_task(self._record(judge, submission, exercises))
        try:
            seconds = self._plan.limits.submission + _SLACK
            done, _ = await asyncio.wait(
                {handing, reading}, timeout=seconds, return_when=asyncio.FIRST_COMPLETED
            )
            if handing in done:
                await handing  # raises: it ends for no other reason
            if reading in done:
                record = await reading
                reason = f"ended early ({judge.last_words() or 'it said nothing'})"
        except (OSError, ValueError, TypeError, KeyError) as error:  # half a line, or none of ours
            reason = f"was cut off ({type(error).__name__})"
        finally:
            for task in (handing, reading):
                task.cancel()
            await asyncio.gather(handing, reading, return_exceptions=True)
            await judge.end(patience=_PATIENCE if self._plan.isolation == "none" else 0)
            self._kernels.let_go()
        if not done:
            raise _Overdue("The process that graded it did not end in time.")
        if record is None:
            raise _OnceMore(f"The process that graded it {reason}.")
        file = record.notebook.model_copy(update={"path": printable(str(submission.path))})
        return record.model_copy(update={"notebook": file})

    async def _next_judge(self) -> Judge:
        """The judge that was forked ahead, if it fits; the next one is on its way."""
        if self._ahead is None:
            self._ahead = asyncio.create_task(self._judges.fork(self._packages))
        try:
            judge = await asyncio.shield(self._ahead)
        except TemplateDied:
            self._ahead = None
            raise
        self._ahead = asyncio.create_task(self._judges.fork(self._packages))
        return judge

    async def _record(
        self, judge: Judge, submission: Submission, exercises: dict[str, ExerciseResult]
    ) -> SubmissionResult | None:
        """The judge's record, or None if it ends without one; fills `exercises` on the way."""
        job = Job(
            student=submission.student,
            path=_hexadecimal(submission.path),
            below=_hexadecimal(submission.below or submission.path.parent),
            refused=submission.refused,
            refused_lesson=submission.lesson,
            lesson=self._plan.lesson,
            secret=self._plan.secret.hex(),
            limits=self._plan.limits,
            isolation=self._plan.isolation,
        )
        async with judge.working(job.model_dump_json()) as lines:
            async for line in lines:
                message = json.loads(line)
                if "record" in message:
                    return SubmissionResult.model_validate(message["record"])
                result = ExerciseResult.model_validate(message["exercise"])
                exercises[result.id] = result
                # Not before: the next judge is being prepared, and a core is to be left for this.
                self._kernels.begin(self._packages)
        return None

    async def _hand_out(self, asking: socket.socket, *, first_time: bool) -> None:
        """Answer a judge's requests for kernels, and for how they ended."""
        asking.setblocking(False)  # noqa: FBT003
        loop = asyncio.get_running_loop()
        while asked := await _received(loop, asking):
            request = json.loads(asked)
            if "kernel" in request:
                await self._hand_out_kernel(asking, tuple(request["kernel"]))
            elif "ended" in request:
                ended = await asyncio.to_thread(self._kernels.how_it_ended)
                if ended is None:
                    raise TemplateDied("The process that forks kernels ended.")
                if first_time and _is_strange(ended):
                    raise _OnceMore("The kernel was ended by the machine, not by its submission.")
                await loop.sock_sendall(asking, json.dumps(asdict(ended)).encode())
            else:
                self._kernels.let_go()
        await asyncio.Event().wait()  # the judge has ended; its lines tell why

    async def _hand_out_kernel(self, asking: socket.socket, packages: Packages) -> None:
        if not set(packages) <= set(self._packages):
            await self._change_to(tuple(sorted({*packages, *self._packages})))
            raise _OtherPackages
        kernel = await self._kernels.fork(self._packages)
        socket.send_fds(asking, [kernel.described], [kernel.pidfd])

    async def _change_to(self, packages: Packages) -> None:
        """From now on have judges and kernels with these packages imported."""
        self._packages = packages
        self._judges.begin(packages)
        self._kernels.begin(packages)
        await self._forget_judge()

    async def _forget_judge(self) -> None:
        """Let go of the judge that was forked ahead."""
        ahead, self._ahead = self._ahead, None
        if ahead is not None:
            with suppress(TemplateDied):
                (await ahead).close()

    def _broken(
        self, submission: Submission, reason: str, exercises: tuple[ExerciseResult, ...]
    ) -> SubmissionResult:
        return SubmissionResult(
            student=submission.student,
            lesson=submission.lesson
            or self._plan.lesson
            or named_lesson(submission.path)
            or "unknown",
            # No hash: nobody can say which bytes were graded.
            notebook=NotebookFile(path=printable(str(submission.path)), sha256=""),
            verdict=Verdict.BROKEN,
            message=f"{reason} This is a fault of the grader: the score is withheld. Grade again.",
            isolation=isolation(self._plan.isolation),
            versions=versions(),
            exercises=exercises,
        )


async def _received(loop: asyncio.AbstractEventLoop, asking: socket.socket) -> bytes:
    """The next request of a judge, nothing once it has ended."""
    try:
        return await loop.sock_recv(asking, 4096)
    except ConnectionError:
        return b""


def _hexadecimal(path: Path) -> str:
    """An absolute path for a judge, which runs elsewhere; a link to itself cannot be resolved."""
    return os.fsencode(path.absolute()).hex()


def _is_strange(ended: Ended) -> bool:
    """Whether a submission rarely ends its kernel like this, but a machine in need does."""
    return not ended.out_of_memory and ended.status in (None, _SIGKILL)
