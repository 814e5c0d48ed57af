"""One place where submissions are graded, one after the other, come what may.

A slot has a kernel fork server in a sandbox, whose kernels it hands to the judge that asks, guards,
and kills. What ends is replaced; what goes wrong about a submission stays with that submission.
"""

from __future__ import annotations

import asyncio
import json
import os
import socket
from collections import Counter
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Self, TypeVar

from grader.errors import CannotStart
from grader.grading.collecting.files import printable
from grader.grading.collecting.reading import named_lesson
from grader.grading.collecting.submissions import Submission
from grader.grading.handing_on import shown_path
from grader.grading.judges import Job, Judge, Judges
from grader.grading.provenance import isolation, versions
from grader.kernel.fork_servers import Packages
from grader.kernel.limits import Limits
from grader.kernel.supply import KernelSupply
from grader.kernel.warm import Ended
from grader.results import ExerciseResult, NotebookFile, SubmissionResult, Verdict

T = TypeVar("T")

# What a judge may take beyond the submission's own time, in seconds: asking, comparing, stopping.
_SLACK = 120.0
# How long a judge may take to stop a kernel of its own, in seconds.
_PATIENCE = 5.0
_SIGKILL = -9


@dataclass(frozen=True)
class Plan:
    """How a class is graded: `jobs` at a time, with one secret and the same limits for all.

    `isolation` is the level of what keeps student code away from this machine, as in the records.
    """

    secret: bytes = field(repr=False)
    limits: Limits
    lesson: str | None = None
    jobs: int = 1
    isolation: str = "sandbox"


class _OnceMore(Exception):
    """The machine ended what was grading; says what, in a sentence for a person.

    `limit` is how often in all a submission is graded for it.
    """

    limit = 1


class _JudgeEnded(_OnceMore):
    """The judge ended, and nobody knows why: its submission may have found a way to do that."""

    limit = 3


class _KernelEnded(_OnceMore):
    """The kernel was killed as a submission rarely kills its own, but a machine in need does."""

    limit = 3


class _ForkServerEnded(_OnceMore):
    """The kernel's fork server ended, which no submission can reach."""

    limit = 10


class _Overdue(_OnceMore):
    """The judge did not end in time; trying again would take as long again."""


class _OtherPackages(Exception):
    """The judge works on a lesson whose packages its fork server has not imported."""


class Slot:
    """One place where submissions are graded, one after the other."""

    def __init__(self, plan: Plan, judges: Judges, packages: Packages = ()) -> None:
        self._plan = plan
        self._judges = judges
        self._packages = packages
        self._prefetched: asyncio.Task[Judge] | None = None
        self._kernels = KernelSupply(plan.limits.kernel, plan.isolation)
        # Tried here, where their failure is the run's, and not one submission's.
        isolation(plan.isolation)
        versions()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is not None:  # nobody will judge any more, so nobody waits for imports to end
            self._judges.end()
        closing = asyncio.create_task(self._close())
        try:
            await asyncio.shield(closing)
        except asyncio.CancelledError:  # another slot has failed: it is closed all the same
            self._judges.end()
            await asyncio.wait({closing})
            raise

    async def _close(self) -> None:
        try:
            await self._forget_judge()
        finally:
            await self._kernels.close()

    async def grade(self, submission: Submission) -> SubmissionResult:
        """Grade one submission; again where the machine ended what was grading it.

        Whatever goes wrong about it, in our own code too, makes it *broken*. Raises CannotStart
        where no judge has ever started.
        """
        exercises: dict[str, ExerciseResult] = {}
        tried: Counter[type[_OnceMore]] = Counter()
        while True:
            exercises.clear()
            try:
                return await self._grade_once(submission, exercises, tried[_KernelEnded] + 1)
            except _OtherPackages:
                continue
            except _OnceMore as error:
                reason = str(error)
                tried[type(error)] += 1
                if tried[type(error)] < error.limit:
                    continue
            except CannotStart as error:
                if not self._judges.worked:
                    raise
                reason = str(error)
            except Exception as error:  # noqa: BLE001 - a fault of ours costs this submission only
                reason = f"The grader failed at it ({type(error).__name__}: {error})."
            return broken(submission, self._plan, reason, tuple(exercises.values()))

    async def _grade_once(
        self, submission: Submission, exercises: dict[str, ExerciseResult], kernels: int
    ) -> SubmissionResult:
        """One try; `kernels` counts those that were killed for no reason known, and this one."""
        self._kernels.begin(self._packages)
        judge = await self._next_judge()
        async with AsyncExitStack() as afterwards:
            afterwards.callback(self._kernels.release)
            patience = _PATIENCE if self._plan.isolation == "none" else 0
            afterwards.push_async_callback(judge.end, patience=patience)
            handing = asyncio.create_task(self._hand_out(judge.kernels, kernels))
            reading = asyncio.create_task(self._record(judge, submission, exercises))
            afterwards.push_async_callback(_stopped, handing, reading)
            seconds = self._plan.limits.submission + _SLACK
            done, _ = await asyncio.wait(
                {handing, reading}, timeout=seconds, return_when=asyncio.FIRST_COMPLETED
            )
            if not done:
                raise _Overdue("The process that graded it did not end in time.")
            try:
                record = await reading if reading in done else None
                if record is None and handing in done:
                    await handing  # raises: it ends for no other reason
            except (OSError, ValueError, TypeError, KeyError) as error:  # half a line, none of ours
                kind = type(error).__name__
                raise _JudgeEnded(f"The process that graded it was cut off ({kind}).") from error
            if record is None:
                said = judge.last_words() or "it said nothing"
                raise _JudgeEnded(f"The process that graded it ended early ({said}).")
        return record

    async def _next_judge(self) -> Judge:
        """The judge that was forked ahead, or another where it has died; the next is on its way."""
        judge = await self._waiting_judge()
        if not judge.alive:
            judge.close()
            judge = await self._waiting_judge()
        self._prefetched = asyncio.create_task(self._judges.fork(self._packages))
        return judge

    async def _waiting_judge(self) -> Judge:
        ahead = self._prefetched
        if ahead is None or (ahead.done() and ahead.exception() is not None):
            ahead = self._prefetched = asyncio.create_task(self._judges.fork(self._packages))
        judge = await asyncio.shield(ahead)
        self._prefetched = None
        return judge

    async def _record(
        self, judge: Judge, submission: Submission, exercises: dict[str, ExerciseResult]
    ) -> SubmissionResult | None:
        """The judge's record, or None if it ends without one; fills `exercises` on the way."""
        job = Job(
            student=submission.student,
            path=_hexadecimal(submission.path),
            below=_hexadecimal(submission.below or submission.path.parent),
            companions={
                os.fsencode(name).hex(): _hexadecimal(path)
                for name, path in submission.companions.items()
            },
            shown_path=shown_path(submission),
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

    async def _hand_out(self, asking: socket.socket, kernels: int) -> None:
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
                    raise _ForkServerEnded("The process that forks kernels ended.")
                if _is_by_the_machine(ended, kernels):
                    raise _KernelEnded("The kernel was ended by the machine.")
                await loop.sock_sendall(asking, json.dumps(asdict(ended)).encode())
            else:
                self._kernels.release()
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
        ahead, self._prefetched = self._prefetched, None
        if ahead is not None:
            await asyncio.wait({ahead})
            if ahead.exception() is None:
                ahead.result().close()


def broken(
    submission: Submission, plan: Plan, reason: str, exercises: tuple[ExerciseResult, ...] = ()
) -> SubmissionResult:
    """A record that withholds the score; whatever the submission is, it can be made."""
    named = submission.lesson or plan.lesson
    lesson = named or unless_it_fails(named_lesson, submission.path)
    ours = "This is a fault of the grader: the score is withheld. Grade again."
    return SubmissionResult(
        student=printable(submission.student),
        lesson=lesson or "unknown",
        # No hash: nobody can say which bytes were graded.
        notebook=NotebookFile(path=shown_path(submission), sha256=""),
        verdict=Verdict.BROKEN,
        message=printable(f"{reason} {ours}"),
        isolation=isolation(plan.isolation),
        versions=versions(),
        exercises=exercises,
    )


async def _stopped(*tasks: asyncio.Task[None] | asyncio.Task[SubmissionResult | None]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def _received(loop: asyncio.AbstractEventLoop, asking: socket.socket) -> bytes:
    """The next request of a judge, nothing once it has ended."""
    try:
        return await loop.sock_recv(asking, 4096)
    except ConnectionError:
        return b""


def _is_by_the_machine(ended: Ended, kernels: int) -> bool:
    """Whether a kernel's end is not its submission's doing.

    Its first process is beyond a submission's reach. Its own process it can kill; a machine does so
    rarely, so it was the submission if it happens with each of several `kernels`.
    """
    if ended.out_of_memory:
        return False
    return ended.status is None or (ended.status == _SIGKILL and kernels < _KernelEnded.limit)


def _hexadecimal(path: Path) -> str:
    """An absolute path for a judge, which runs elsewhere; a link to itself cannot be resolved."""
    return os.fsencode(path.absolute()).hex()


def unless_it_fails(look: Callable[[Path], T], path: Path) -> T | None:
    """What `look` says of a submission's file; None where it fails, which grading it tells."""
    try:
        return look(path)
    except Exception:  # noqa: BLE001 - whatever it is, it must not end the class
        return None
