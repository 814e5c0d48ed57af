"""Run a notebook's cells in a kernel, and carry a judge's questions to it.

Student code can write whatever it likes to the kernel's own sockets. So a message counts only if it
is well formed and answers what was asked; everything else is dropped unread. That is also why cells
are driven here and not by nbclient, which keeps every output and trusts every message.
"""

from __future__ import annotations

import asyncio
import logging
import subprocess
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass
from enum import Enum
from time import monotonic
from types import TracebackType
from typing import Any, Self, TypeVar

import zmq
from jupyter_client.asynchronous.client import AsyncKernelClient
from jupyter_client.manager import AsyncKernelManager

from grader.errors import (
    KernelDied,
    OutOfMemory,
    OutOfTime,
    Stopped,
    TooMuchOutput,
    Untransferable,
)
from grader.kernel.limits import KernelLimits
from grader.kernel.local import Kernels, LocalKernels
from grader.values import CAPS, Packet, has_more_marks

T = TypeVar("T")

# How long a kernel may take to give a sign of life after an interrupt, in seconds.
_GRACE = 2.0
_STARTUP = 60.0
# A message that does not leave within this time finds no kernel to take it, in milliseconds.
_SENDING = 2000
_MAX_BUFFERS = 1000
# A message's signature and four JSON documents, and how large an honest kernel's may be, in bytes.
# The last one holds a packet's tree as one text, in which quotation marks are written as two.
_JSON_PARTS = 5
_MAX_HEADER, _MAX_CONTENT = 2**20, 2 * CAPS.tree + 2**20
# How many brackets, commas and texts there may be; a short document cannot have too many.
_MAX_MARKS, _SHORT = 10_000, 10_000
_MAX_KIND, _MAX_TEXT, _MAX_PASSED_OVER = 80, 2000, 50

_log = logging.getLogger("grader.kernel")
_log.addHandler(logging.NullHandler())
_log.propagate = False


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
class CellOutcome:
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
    """

    def __init__(
        self,
        *,
        cell_seconds: float,
        kernels: Kernels | None = None,
        packages: Sequence[str] = (),
        limits: KernelLimits | None = None,
    ) -> None:
        self.cell_seconds = cell_seconds
        self._kernels = kernels or LocalKernels()
        self._packages = packages
        self._limits = limits or KernelLimits()
        self._loop = asyncio.new_event_loop()
        self._manager: AsyncKernelManager | None = None
        self._client: AsyncKernelClient | None = None
        self._lost: Stopped | None = None

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

    def run(self, source: str) -> CellOutcome:
        """Run one cell to its end, its exception, one of its limits, or the end of the kernel."""
        return self._wait(self._run(source))

    def ask(
        self, question: Packet, seconds: float, answer_callback: Callable[[Packet], Packet]
    ) -> Packet:
        """The kernel's answer to `question`.

        `answer_callback` is called for each call that the student's code makes of a judge's
        function. Raises OutOfTime after `seconds`, OutOfMemory, TooMuchOutput, and KernelDied when
        there is nobody to answer.
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
        self._client, self._lost = client, None
        # It is up when it answers. (`wait_for_ready` waits for 0.2 s of silence, too.) What it
        # sends over stdin is lost while that is not connected, so it waits for a word from there.
        self._send(client.stdin_channel, "begin_request", {}, ())
        await self._exchange("begin_request", {}, (), _STARTUP, None)

    async def _stop(self) -> None:
        if self._client is not None:
            self._client.stop_channels()
            self._client = None
        await self._kernels.stop()

    async def _run(self, source: str) -> CellOutcome:
        content = {
            "code": source,
            "silent": False,
            "store_history": True,
            "user_expressions": {},
            "allow_stdin": False,
            "stop_on_error": False,
        }
        try:
            reply = await self._exchange("execute_request", content, (), self.cell_seconds, None)
        except Stopped as error:
            return CellOutcome(Ending.LOST, lost=error)
        content = reply["content"]
        passed_over = _passed_over(content.get("passed_over"))
        if content.get("status") == "error":
            kind, text = _text(content, "ename", _MAX_KIND), _text(content, "evalue", _MAX_TEXT)
            return CellOutcome(Ending.RAISED, kind, text, passed_over=passed_over)
        return CellOutcome(Ending.DONE, passed_over=passed_over)

    async def _ask(
        self, question: Packet, seconds: float, answer_callback: Callable[[Packet], Packet]
    ) -> Packet:
        reply = await self._exchange(
            "ask_request", {"tree": question.tree}, question.buffers, seconds, answer_callback
        )
        return _packet(reply)

    async def _exchange(
        self,
        kind: str,
        content: dict[str, Any],
        buffers: Sequence[bytes],
        seconds: float,
        answer_callback: Callable[[Packet], Packet] | None,
    ) -> dict[str, Any]:
        """Send a request and wait for its reply; interrupt the kernel at its limits.

        Raises what `ask` raises. A kernel that gives no sign of life after the interrupt is lost,
        and from then on every request meets the same exception.
        """
        if self._lost is not None:
            raise self._lost
        assert self._client is not None
        # The id of the request is the nonce: an answer to another question is not an answer.
        nonce = self._send(self._client.shell_channel, kind, content, buffers)
        end = monotonic() + seconds
        stopped: Stopped | None = None
        published = 0
        while True:
            if reply := await _next(self._client.shell_channel, nonce):
                if stopped:
                    raise stopped
                return reply
            request = await _next(self._client.stdin_channel, nonce, wait=0)
            if request and answer_callback:
                self._send_back(request, answer_callback(_packet(request)))
            published += _drain(self._client.iopub_channel)
            if not await self._running.is_alive():
                self._lost = self._how_it_ended()
                raise self._lost
            if published > self._limits.output and stopped is None:
                stopped = TooMuchOutput("Your code", self._limits.output)
            elif monotonic() >= end:
                if stopped:
                    self._lost = stopped
                    raise self._lost
                stopped = OutOfTime("Your code", seconds)
            else:
                continue
            end = monotonic() + _GRACE
            await self._running.interrupt_kernel()

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
        message["buffers"] = list(buffers)
        try:
            channel.send(message)
        except zmq.ZMQError as error:
            self._lost = KernelDied("Your code")
            raise self._lost from error
        nonce: str = message["header"]["msg_id"]
        return nonce

    def _send_back(self, request: dict[str, Any], answer: Packet) -> None:
        assert self._client is not None
        content = {"tree": answer.tree}
        self._send(self._client.stdin_channel, "callback_reply", content, answer.buffers, request)

    @property
    def _running(self) -> AsyncKernelManager:
        assert self._manager is not None
        return self._manager


async def _next(channel: Any, nonce: str, *, wait: float = 0.02) -> dict[str, Any] | None:
    """The next message on `channel` if it is well formed and about the request `nonce`."""
    if not await channel.socket.poll(int(wait * 1000)):
        return None
    try:
        _, parts = channel.session.feed_identities(
            await channel.socket.recv_multipart(copy=False), copy=False
        )
        if _costs_too_much(parts[:_JSON_PARTS]):
            return None
        message = channel.session.deserialize(parts, copy=False)
    except Exception as error:  # noqa: BLE001 - forged messages fail to parse in every way there is
        _log.debug("dropped a malformed message: %r", error)
        return None
    about = (message.get("parent_header"), message.get("content"), message.get("header"))
    if not all(isinstance(part, dict) for part in about):
        return None
    return message if message["parent_header"].get("msg_id") == nonce else None


def _costs_too_much(parts: Sequence[zmq.Frame]) -> bool:
    """Whether the JSON of a message is longer, or has more in it, than an honest kernel's."""
    *headers, content = map(len, parts)
    if content > _MAX_CONTENT or any(length > _MAX_HEADER for length in headers):
        return True
    return any(
        len(part) > _SHORT and has_more_marks(part.bytes.decode("utf-8"), _MAX_MARKS)
        for part in parts
    )


def _text(content: dict[str, Any], name: str, most: int) -> str:
    """A text of a message, without halves of characters, which cannot be written to a file."""
    return str(content.get(name, ""))[:most].encode("utf-8", "backslashreplace").decode("utf-8")


def _passed_over(told: Any) -> tuple[PassedOver, ...]:
    """What a kernel tells of statements that its cell went on after; what is malformed is not."""
    found = []
    for one in told[:_MAX_PASSED_OVER] if isinstance(told, list) else ():
        if isinstance(one, dict) and isinstance(one.get("names"), list):
            names = frozenset(name for name in one["names"][:_MAX_MARKS] if isinstance(name, str))
            kind, text = _text(one, "kind", _MAX_KIND), _text(one, "text", _MAX_TEXT)
            found.append(PassedOver(kind, text, names))
    return tuple(found)


def _drain(channel: Any) -> int:
    """Throw away what the kernel has published, unread; how many bytes it was."""
    socket: zmq.Socket[bytes] = zmq.Socket.shadow(channel.socket)
    published = 0
    for _ in range(1000):
        try:
            parts = socket.recv_multipart(zmq.NOBLOCK, copy=False)
        except zmq.ZMQError:
            break
        published += sum(map(len, parts))
    return published


def _packet(message: dict[str, Any]) -> Packet:
    tree, buffers = message["content"].get("tree"), message.get("buffers", [])
    if not isinstance(tree, str) or len(buffers) > _MAX_BUFFERS:
        raise Untransferable("What came back is not a packet of values.")
    return Packet(tree, tuple(bytes(part) for part in buffers))
