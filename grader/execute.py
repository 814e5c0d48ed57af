"""Run a notebook's cells in a kernel, and carry a judge's questions to it."""

from __future__ import annotations

import asyncio
import logging
import os
import shutil
import signal
import tempfile
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from queue import Empty
from time import monotonic
from types import TracebackType
from typing import Any, Self, TypeVar

import nbformat
from jupyter_client.client import KernelClient
from jupyter_client.manager import AsyncKernelManager
from nbclient import NotebookClient
from nbclient.exceptions import DeadKernelError

from grader.errors import KernelDied, OutOfTime, Untransferable
from grader.kernel.provisioner import kernel_environment, kernel_manager
from grader.values import Packet, pack

T = TypeVar("T")

# How long a kernel may take to give a sign of life after an interrupt, in seconds.
_GRACE = 2.0
_STARTUP = 60.0

_log = logging.getLogger("grader.kernel")
_log.addHandler(logging.NullHandler())
_log.propagate = False


class Ending(Enum):
    """How a cell ended."""

    DONE = "done"
    RAISED = "raised"
    OUT_OF_TIME = "out_of_time"
    KERNEL_DIED = "kernel_died"


@dataclass(frozen=True)
class CellOutcome:
    """How a cell ended, and what its exception said: `kind`, `text` (empty where none was)."""

    ending: Ending
    kind: str = ""
    text: str = ""


class Kernel:
    """A running kernel for one notebook: runs cells, carries questions, ends with the block.

    Each kernel lives in a folder of its own under the system's temporary folder, which is empty
    but for its sockets and goes away with it.
    """

    def __init__(self, *, cell_seconds: float) -> None:
        self.cell_seconds = cell_seconds
        self._loop = asyncio.new_event_loop()
        self._folder: Path | None = None
        self._manager: AsyncKernelManager | None = None
        self._client: NotebookClient | None = None
        self.alive = False

    def __enter__(self) -> Self:
        self._wait(self._start())
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._wait(self._stop())
        self._loop.close()

    def restart(self) -> None:
        """Replace the kernel by a fresh one, with no names in it."""
        self._wait(self._stop())
        self._wait(self._start())

    def run(self, source: str) -> CellOutcome:
        """Run one cell to its end, its exception, its time limit, or the end of the kernel."""
        return self._wait(self._run(source))

    def ask(
        self, question: Packet, seconds: float, answer_callback: Callable[[Packet], Packet]
    ) -> Packet:
        """The kernel's answer to `question`.

        `answer_callback` is called for each call that the student's code makes of a judge's
        function. Raises OutOfTime after `seconds`, KernelDied when there is nobody to answer.
        """
        return self._wait(self._ask(question, seconds, answer_callback))

    # -- the rest runs in the event loop

    def _wait(self, work: Coroutine[Any, Any, T]) -> T:
        return self._loop.run_until_complete(work)

    async def _start(self) -> None:
        # A Unix socket's path has at most 107 bytes, so the folder lies directly in /tmp.
        root = "/tmp" if os.name == "posix" else None  # noqa: S108 - mkdtemp makes it private
        self._folder = Path(tempfile.mkdtemp(prefix="grader-", dir=root))
        work = self._folder / "work"
        work.mkdir()
        _copy_font_cache(self._folder)
        manager = kernel_manager(self._folder)
        client = NotebookClient(
            nbformat.v4.new_notebook(),  # type: ignore[no-untyped-call]  # nbformat has no types
            km=manager,
            allow_errors=True,
            store_widget_state=False,
            interrupt_on_timeout=True,
            error_on_timeout={"ename": "TimeoutError", "evalue": "", "traceback": []},
            timeout_func=lambda _cell: self.cell_seconds,
            startup_timeout=_STARTUP,
            log=_log,
        )
        self._manager, self._client = manager, client
        await client.async_start_new_kernel(cwd=str(work), env=kernel_environment(self._folder))
        await client.async_start_new_kernel_client()
        self._channels.allow_stdin = False  # input() raises instead of waiting for nobody
        self.alive = True

    async def _stop(self) -> None:
        self.alive = False
        if self._client is not None and self._client.kc is not None:
            self._client.kc.stop_channels()
        if self._manager is not None and self._manager.has_kernel:
            _kill_group(self._manager)
            await self._manager.shutdown_kernel(now=True)
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)

    @property
    def _channels(self) -> KernelClient:
        """The client of the running kernel, with its channels."""
        assert self._client is not None
        assert self._client.kc is not None
        return self._client.kc

    @property
    def _running(self) -> AsyncKernelManager:
        assert self._manager is not None
        return self._manager

    async def _run(self, source: str) -> CellOutcome:
        assert self._client is not None
        cell = nbformat.v4.new_code_cell(source)  # type: ignore[no-untyped-call]
        self._client.nb.cells = [cell]
        begun = monotonic()
        try:
            await self._client.async_execute_cell(cell, 0)
        except DeadKernelError:
            self.alive = False
            return CellOutcome(Ending.KERNEL_DIED)
        if monotonic() - begun >= self.cell_seconds:
            await self._responds()
            return CellOutcome(Ending.OUT_OF_TIME)
        for output in cell.outputs:
            if output.output_type == "error":
                return CellOutcome(Ending.RAISED, str(output.ename), str(output.evalue))
        return CellOutcome(Ending.DONE)

    async def _responds(self) -> bool:
        """Whether the kernel answers within the grace given after an interrupt."""
        try:
            await self._ask(pack({"ask": "release"}), _GRACE, lambda call: call)
        except (OutOfTime, KernelDied):
            return False
        return True

    async def _ask(
        self, question: Packet, seconds: float, answer_callback: Callable[[Packet], Packet]
    ) -> Packet:
        if not self.alive:
            raise KernelDied("An earlier cell")
        kc = self._channels
        message = kc.session.msg("ask_request", {"tree": question.tree})
        message["buffers"] = list(question.buffers)
        kc.shell_channel.send(message)
        # The id of the request is the nonce: an answer to another question is not an answer.
        nonce = message["header"]["msg_id"]
        end = monotonic() + seconds
        interrupted = False
        while True:
            if reply := await _next(kc.shell_channel, nonce):
                if interrupted:
                    raise OutOfTime("The call", seconds)
                return _packet(reply)
            if request := await _next(kc.stdin_channel, nonce, wait=0):
                self._send_back(request, answer_callback(_packet(request)))
            if not await self._running.is_alive():
                self.alive = False
                raise KernelDied("The call")
            if monotonic() < end:
                continue
            if interrupted:
                self.alive = False
                raise OutOfTime("The call", seconds)
            interrupted = True
            end = monotonic() + _GRACE
            await self._running.interrupt_kernel()

    def _send_back(self, request: dict[str, Any], answer: Packet) -> None:
        kc = self._channels
        message = kc.session.msg("callback_reply", {"tree": answer.tree}, parent=request)
        message["buffers"] = list(answer.buffers)
        kc.stdin_channel.send(message)


async def _next(channel: Any, nonce: str, *, wait: float = 0.02) -> dict[str, Any] | None:
    """The next message on `channel` about the question `nonce`, or None for now."""
    try:
        message: dict[str, Any] = await channel.get_msg(timeout=wait)
    except Empty:
        return None
    return message if message["parent_header"].get("msg_id") == nonce else None


def _packet(message: dict[str, Any]) -> Packet:
    tree = message["content"].get("tree")
    if not isinstance(tree, str):
        raise Untransferable("What came back is not a packet of values.")
    return Packet(tree, tuple(bytes(part) for part in message["buffers"]))


def _kill_group(manager: Any) -> None:
    """Kill the kernel and every process that it started and that stayed in its group."""
    group = getattr(manager.provisioner, "pgid", None)
    if os.name == "posix" and group:
        try:
            os.killpg(group, signal.SIGKILL)
        except ProcessLookupError:
            _log.debug("the kernel had ended already")


def _copy_font_cache(folder: Path) -> None:
    """Give the kernel this user's list of fonts, which takes matplotlib seconds to make anew."""
    import matplotlib as mpl

    target = folder / "matplotlib"
    target.mkdir()
    for cache in Path(mpl.get_cachedir()).glob("fontlist-*.json"):
        shutil.copy(cache, target)
