"""Run a notebook's cells in a kernel, and carry a judge's questions to it.

Cells are driven here and not by nbclient, which keeps every output and trusts every message; what
counts of a kernel's messages is decided in `exchange`.
"""

from __future__ import annotations

import asyncio
import secrets
import subprocess
from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from time import monotonic
from types import TracebackType
from typing import Any, Self, TypeVar

import zmq
from jupyter_client.asynchronous.client import AsyncKernelClient
from jupyter_client.manager import AsyncKernelManager

from grader.crossing.values import Packet
from grader.errors import (
    ForkServerDied,
    KernelDied,
    OutOfMemory,
    OutOfTime,
    Stopped,
    TooMuchOutput,
)
from grader.grading.exchange import Exchange, Message, packet_of
from grader.kernel.beside import put_beside
from grader.kernel.clock import Limit
from grader.kernel.limits import KernelLimits
from grader.kernel.local import Kernels, LocalKernels

T = TypeVar("T")

# How long a kernel may take to give a sign of life after an interrupt, in seconds.
_GRACE = 2.0
_STARTUP = 60.0
# A message that does not leave within this time finds no kernel to take it, in milliseconds.
_SENDING = 2000
# How long after its reply, or after what it published last, the end of a request may be told, in
# seconds: a kernel drops messages in a flood, and student code may keep one back. Where it was not
# told, the next is not waited for that long. At most: whatever is published meanwhile.
_ENDING, _ENDING_AGAIN, _ENDING_AT_MOST = 2.0, 0.1, 10.0
# An interrupt goes through the kernel's first process. It must not arrive in the next cell.
_INTERRUPT = 0.2
_MAX_KIND, _MAX_TEXT, _MAX_PASSED_OVER, _MAX_NAMES = 80, 2000, 50, 10_000


class Ending(Enum):
    """How a cell ended."""

    DONE = "done"
    RAISED = "raised"
    LOST = "lost"


@dataclass(frozen=True)
class PassedOver:
    """A statement that failed for what this machine lacks, and after which its cell went on.

    `kind` and `text` are what its exception said, `names` what it would have given a value.
    """

    kind: str
    text: str
    names: frozenset[str]


@dataclass(frozen=True)
class CellEnd:
    """How a cell ended.

    Where it raised, `kind` and `text` are what its exception said; where it went over a limit or
    ended its kernel, `lost` says which.
    """

    ending: Ending
    kind: str = ""
    text: str = ""
    lost: Stopped | None = None
    passed_over: tuple[PassedOver, ...] = ()


class Kernel:
    """A running kernel for one notebook: runs cells, carries questions, ends with the block.

    `kernels` is where it comes from, with `packages` imported where that can be; without it, a
    local one with our own rights is started. `limits` bound what it may publish and answer.
    `beside` are files, by name, that lie in its folder before its first cell, for reading;
    `unplaced` are those for which there was no place.
    """

    def __init__(
        self,
        *,
        cell_seconds: float,
        kernels: Kernels | None = None,
        packages: Sequence[str] = (),
        limits: KernelLimits | None = None,
        beside: Mapping[str, bytes] | None = None,
    ) -> None:
        self.cell_seconds = cell_seconds
        self._kernels = kernels or LocalKernels()
        self._packages = packages
        self._limits = limits or KernelLimits()
        self._beside = beside or {}
        self.unplaced: tuple[str, ...] = ()
        self._loop = asyncio.new_event_loop()
        self._manager: AsyncKernelManager | None = None
        self._client: AsyncKernelClient | None = None
        self._lost: Stopped | None = None
        self._ending = _ENDING

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

    @property
    def alive(self) -> bool:
        """Whether there is a kernel that answers."""
        return self._client is not None and self._lost is None

    def restart(self) -> None:
        """Replace the kernel by a fresh one, with no names in it."""
        self._wait(self._stop())
        self._wait(self._start())

    def run(self, source: str, seconds: float | None = None) -> CellEnd:
        """Run one cell to its end, its exception, one of its limits, or the end of the kernel.

        Where `seconds` are given, that is what it may have instead of its `cell_seconds`.
        """
        return self._wait(self._run(source, seconds or self.cell_seconds))

    def ask(
        self, question: Packet, seconds: float, answer_callback: Callable[[Packet], Packet]
    ) -> Packet:
        """The kernel's answer to `question`.

        `answer_callback` is called for each call that the student's code makes of a judge's
        function. Raises OutOfTime when the kernel has had `seconds`, which on a busy machine takes
        longer; OutOfMemory, TooMuchOutput, and KernelDied when there is nobody to answer.
        """
        return self._wait(self._ask(question, seconds, answer_callback))

    # -- the rest runs in the event loop

    def _wait(self, work: Coroutine[Any, Any, T]) -> T:
        return self._loop.run_until_complete(work)

    async def _start(self) -> None:
        manager, arguments = self._kernels.manager(self._packages)
        self._manager = manager
        nowhere = subprocess.DEVNULL  # or a process left behind would hold our own output open
        await manager.start_kernel(**arguments, stdin=nowhere, stdout=nowhere, stderr=nowhere)
        client = manager.client()
        # A longer message ends the connection instead of this process.
        client.context.setsockopt(zmq.MAXMSGSIZE, self._limits.message)
        client.start_channels(hb=False)
        client.allow_stdin = False  # input() raises instead of waiting for nobody
        for channel in (client.shell_channel, client.stdin_channel, client.control_channel):
            channel.socket.setsockopt(zmq.SNDTIMEO, _SENDING)
            channel.socket.setsockopt(zmq.LINGER, 0)
        self._client, self._lost, self._ending = client, None, _ENDING
        # It is up when it answers. (`wait_for_ready` waits for 0.2 s of silence, too.) What it
        # sends over stdin is lost while that is not connected, so it waits for a word from there.
        self._send(client.stdin_channel, "begin_request", {}, ())
        await self._exchange("begin_request", {}, (), Limit(None, _STARTUP), None)
        # Not earlier: where a kernel starts, IPython looks for settings.
        try:
            self.unplaced = put_beside(self._kernels.folder, self._beside) if self._beside else ()
        except OSError as error:
            if await manager.is_alive():
                raise
            raise ForkServerDied("A kernel ended before it had its files.") from error

    async def _stop(self) -> None:
        if self._client is not None:
            self._client.stop_channels()
            self._client = None
        await self._kernels.stop()

    async def _run(self, source: str, seconds: float) -> CellEnd:
        content = {
            "code": source,
            "silent": False,
            "store_history": True,
            "user_expressions": {},
            "allow_stdin": False,
            "stop_on_error": False,
        }
        try:
            limit = Limit(self._pid, seconds, self.cell_seconds)
            reply = await self._exchange("execute_request", content, (), limit, None)
        except Stopped as error:
            return CellEnd(Ending.LOST, lost=error)
        content = reply["content"]
        passed_over = _passed_over(content.get("passed_over"))
        if content.get("status") == "error":
            kind, text = _text(content, "ename", _MAX_KIND), _text(content, "evalue", _MAX_TEXT)
            return CellEnd(Ending.RAISED, kind, text, passed_over=passed_over)
        return CellEnd(Ending.DONE, passed_over=passed_over)

    async def _ask(
        self, question: Packet, seconds: float, answer_callback: Callable[[Packet], Packet]
    ) -> Packet:
        limit = Limit(self._pid, seconds)
        reply = await self._exchange(
            "ask_request", {"tree": question.tree}, question.buffers, limit, answer_callback
        )
        return packet_of(reply)

    async def _exchange(
        self,
        kind: str,
        content: dict[str, Any],
        buffers: Sequence[bytes],
        limit: Limit,
        answer_callback: Callable[[Packet], Packet] | None,
    ) -> Message:
        """Send a request and wait for its reply and its end; interrupt the kernel at its limits.

        Raises what `ask` raises. A kernel that gives no sign of life after the interrupt is lost,
        and from then on every request meets the same exception.
        """
        if self._lost is not None:
            raise self._lost
        assert self._client is not None
        nonce = self._send(self._client.shell_channel, kind, content, buffers)
        exchange = Exchange(self._client, nonce)
        stopped: Stopped | None = None
        while True:
            await self._listen(exchange, answer_callback)
            if exchange.reply is not None:
                break
            if exchange.published > self._limits.output and stopped is None:
                stopped = TooMuchOutput("Your code", self._limits.output)
            elif not limit.is_over():
                continue
            elif stopped and exchange.has_ended:
                raise stopped  # its reply was cut off by the interrupt, which came at the very end
            elif stopped:
                self._lost = stopped
                raise stopped
            else:
                stopped = OutOfTime("Your code", limit.seconds)
            await self._running.interrupt_kernel()
            limit = Limit(self._pid, _GRACE)
        await self._wait_for_the_end(exchange)
        if stopped:
            await asyncio.sleep(_INTERRUPT)
        elif exchange.published > self._limits.output:
            stopped = TooMuchOutput("Your code", self._limits.output)
        if stopped:
            raise stopped
        return exchange.reply

    async def _listen(
        self, exchange: Exchange, answer_callback: Callable[[Packet], Packet] | None
    ) -> None:
        """Let an exchange go on for a moment; raises how the kernel ended, if it did."""
        call_back = await exchange.listen()
        if call_back and answer_callback:
            self._send_back(call_back, answer_callback(packet_of(call_back)))
        if not await self._running.is_alive():
            self._lost = self._how_it_ended()
            raise self._lost

    async def _wait_for_the_end(self, exchange: Exchange) -> None:
        """Wait, not for long, until all that was published for a request has been counted."""
        latest = monotonic() + _ENDING_AT_MOST
        while not exchange.has_ended:
            now = monotonic()
            if now > latest or now - exchange.last_heard > self._ending:
                self._ending = _ENDING_AGAIN
                return
            await self._listen(exchange, None)
        self._ending = _ENDING

    def _how_it_ended(self) -> Stopped:
        ended = self._kernels.how_it_ended()
        if ended.out_of_memory:
            return OutOfMemory("Your code", self._limits.memory)
        return KernelDied("Your code", ended.status)

    def _send(
        self,
        channel: Any,
        kind: str,
        content: dict[str, Any],
        buffers: Sequence[bytes],
        parent: dict[str, Any] | None = None,
    ) -> str:
        """Send a message; its id. A kernel that does not take it any more is lost."""
        assert self._client is not None
        message = self._client.session.msg(kind, content, parent=parent)
        # Jupyter's own ids can be foretold: they count.
        message["header"]["msg_id"] = nonce = secrets.token_hex(16)
        message["buffers"] = list(buffers)
        try:
            channel.send(message)
        except zmq.ZMQError as error:
            self._lost = KernelDied("Your code")
            raise self._lost from error
        return nonce

    def _send_back(self, request: dict[str, Any], answer: Packet) -> None:
        assert self._client is not None
        content = {"tree": answer.tree}
        self._send(self._client.stdin_channel, "callback_reply", content, answer.buffers, request)

    @property
    def _pid(self) -> int | None:
        """The kernel's process, or the one that started it."""
        return getattr(self._running.provisioner, "pid", None)

    @property
    def _running(self) -> AsyncKernelManager:
        assert self._manager is not None
        return self._manager


def _text(content: dict[str, Any], name: str, most: int) -> str:
    """A text of a message, without halves of characters, which cannot be written to a file."""
    return str(content.get(name, ""))[:most].encode("utf-8", "backslashreplace").decode("utf-8")


def _passed_over(told: Any) -> tuple[PassedOver, ...]:
    """What a kernel tells of statements that its cell went on after; what is malformed is not."""
    found = []
    for one in told[:_MAX_PASSED_OVER] if isinstance(told, list) else ():
        if isinstance(one, dict) and isinstance(one.get("names"), list):
            names = frozenset(name for name in one["names"][:_MAX_NAMES] if isinstance(name, str))
            kind, text = _text(one, "kind", _MAX_KIND), _text(one, "text", _MAX_TEXT)
            found.append(PassedOver(kind, text, names))
    return tuple(found)
