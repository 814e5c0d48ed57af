"""What of grading on a cluster happens on its workers: slots of their own, with their own sandbox.

Each worker of Dask gets one `Slots`, whose event loop runs in a thread of its own. A task is one
submission with all that its grading takes; the thread that Dask gives it waits for a slot.
Fork servers and slots live as long as the command that sends the tasks, or a minute longer.
"""

from __future__ import annotations

import asyncio
import tempfile
import threading
from collections.abc import Coroutine, Mapping
from concurrent.futures import CancelledError
from contextlib import AsyncExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from distributed import get_worker
from distributed.diagnostics.plugin import WorkerPlugin

from grader.errors import CannotStart, UsageError
from grader.grading.collecting.submissions import Submission
from grader.grading.environment import Environment, environment
from grader.grading.judges import Judges
from grader.grading.pool import no_judge
from grader.grading.slot import Plan, Slot
from grader.kernel import sandbox
from grader.kernel.fork_servers import Packages

if TYPE_CHECKING:
    from distributed import Worker

T = TypeVar("T")

NAME = "cnn-course-grader"
"""The name of the plugin, which each worker has once."""

# How long fork servers wait for the next task of a command that is gone, in seconds.
_IDLE_SECONDS = 60.0


@dataclass(frozen=True)
class Task:
    """One submission, with all that its grading takes; what is secret or theirs is never shown.

    `run` names the command's run. `content` are the notebook's bytes, `beside` is what
    `companions.parcel` made of the files beside it. `here` is what grades where the command runs;
    `packages` are worth importing.
    """

    run: str
    submission: Submission = field(repr=False)
    content: bytes = field(repr=False)
    beside: Mapping[str, bytes | int | None] = field(repr=False)
    plan: Plan = field(repr=False)
    here: Environment = field(repr=False)
    packages: Packages = field(repr=False)


@dataclass(frozen=True)
class Answer:
    """What comes of a task: a record as JSON, or why this worker cannot grade, in a sentence."""

    record: str = ""
    unfit: str = ""


def grade_here(task: Task) -> Answer:
    """Called by Dask in a thread of a worker, which waits for the result."""
    slots: Slots = get_worker().plugins[NAME]  # type: ignore[assignment]  # as registered there
    return slots.grade(task)


def why_unfit(here: Environment, isolation: str) -> str:
    """Why this worker must not grade for a command that has `here`; "" if it may."""
    try:
        different = here.difference(environment())
    except UsageError as error:
        return str(error)
    if different:
        return (
            f"Each worker has what the command that grades has. Received: {different}. Install the "
            f"same on both, as with one image or one constraints file."
        )
    if isolation == "sandbox" and (wrong := sandbox.works()):
        return (
            f"Student code is kept away from each worker's machine by a sandbox. Received: a "
            f"machine where it does not work ({wrong}). Run `grader doctor` there."
        )
    if isolation == "user" and (wrong := sandbox.why_no_other_user([])):
        return f"With --isolation user, student code runs as another user. {wrong}"
    return ""


def end_run(run: str, dask_worker: Worker) -> None:
    """Called by the command when it needs this worker no more: end what it has started here."""
    if slots := dask_worker.plugins.get(NAME):
        slots.end(run)  # type: ignore[attr-defined]  # as registered there


class Slots(WorkerPlugin):
    """The slots of one worker. Dask calls `setup` and `teardown` with the worker's life."""

    name = NAME
    idempotent = True

    def setup(self, worker: Worker) -> None:  # noqa: ARG002 - Dask's signature
        """Begin a thread with an event loop; whatever else it takes is made for the first task."""
        self._loop = asyncio.new_event_loop()
        self._runs: dict[str, _Run] = {}
        # A fork server ends with the thread that started it, so this one is there to the end.
        self._thread = threading.Thread(
            target=self._loop.run_forever, name=f"{NAME} slots", daemon=True
        )
        self._thread.start()

    def teardown(self, worker: Worker) -> None:  # noqa: ARG002 - Dask's signature
        """End all that grades here."""
        for run in list(self._runs):
            self._wait_for(self._end(run))
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def grade(self, task: Task) -> Answer:
        """What comes of a task; waits for it."""
        try:
            return self._wait_for(self._grade(task))
        except CancelledError:
            return Answer(unfit="The command has ended.")

    def end(self, run: str) -> None:
        """End what a command has started here, without waiting for it."""
        asyncio.run_coroutine_threadsafe(self._end(run), self._loop)

    def _wait_for(self, doing: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(doing, self._loop).result()

    async def _grade(self, task: Task) -> Answer:
        run = self._runs.get(task.run)
        if run is None:
            run = self._runs[task.run] = _Run(task)
        answer = await run.grade(task)
        self._loop.call_later(_IDLE_SECONDS, self._end_if_idle, task.run, run.begun)
        return answer

    def _end_if_idle(self, name: str, begun: int) -> None:
        run = self._runs.get(name)
        if run is not None and not run.tasks and run.begun == begun:
            self.end(name)

    async def _end(self, name: str) -> None:
        if run := self._runs.pop(name, None):
            await run.close()


class _Run:
    """What grades here for one run of a command; `begun` counts its tasks."""

    def __init__(self, task: Task) -> None:
        self.tasks: set[asyncio.Task[Answer]] = set()
        self.begun = 0
        self._closing = AsyncExitStack()
        self._free: list[Slot] = []
        self._judges: Judges | None = None
        self._fit = asyncio.create_task(
            asyncio.to_thread(why_unfit, task.here, task.plan.isolation)
        )

    async def grade(self, task: Task) -> Answer:
        """Grade one submission in a slot that is free, or in a new one."""
        self.begun += 1
        doing = asyncio.create_task(self._grade(task))
        self.tasks.add(doing)
        try:
            return await doing
        finally:
            self.tasks.discard(doing)

    async def _grade(self, task: Task) -> Answer:
        if unfit := await self._fit:
            return Answer(unfit=unfit)
        slot = self._free.pop() if self._free else await self._new_slot(task)
        try:
            with tempfile.TemporaryDirectory(prefix=f"{NAME}-") as folder:
                submission = await asyncio.to_thread(_written, task, Path(folder))
                result = await slot.grade(submission)
        except CannotStart as error:
            return Answer(unfit=no_judge(error))
        finally:
            self._free.append(slot)
        return Answer(record=result.to_json())

    async def _new_slot(self, task: Task) -> Slot:
        if self._judges is None:
            empty = self._closing.enter_context(tempfile.TemporaryDirectory(prefix=f"{NAME}-"))
            self._judges = Judges(empty)
            self._closing.callback(self._judges.close)
        return await self._closing.enter_async_context(Slot(task.plan, self._judges, task.packages))

    async def close(self) -> None:
        """End what is still graded, then the slots and their fork servers."""
        for doing in self.tasks:
            doing.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)
        if self._judges is not None:
            self._judges.end()
        await self._closing.aclose()


def _written(task: Task, folder: Path) -> Submission:
    """The submission as files in this folder, for the judge to read."""
    path = _file(folder / "notebook" / task.submission.path.name, task.content)
    companions = {
        name: _file(folder / str(number) / Path(name).name, content)
        for number, (name, content) in enumerate(task.beside.items())
    }
    return replace(task.submission, path=path, below=folder, companions=companions)


def _file(path: Path, content: bytes | int | None) -> Path:
    """A file with this content; with this size, which is on no disk; or none, where it is None."""
    path.parent.mkdir()
    if isinstance(content, bytes):
        path.write_bytes(content)
    elif content is not None:
        with path.open("xb") as file:
            file.truncate(content)
    return path
