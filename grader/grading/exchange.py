"""One request to a kernel and all that comes of it: its reply, its calls back, what it publishes.

Student code can write whatever it likes to the kernel's own sockets. So a message counts only if it
is well formed and answers what was asked; everything else is dropped unread.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from time import monotonic
from typing import Any

import zmq
import zmq.asyncio
from jupyter_client.asynchronous.client import AsyncKernelClient

from grader.crossing.values import CAPS, Packet, has_more_marks
from grader.errors import Untransferable

Message = dict[str, Any]

# How long to wait for a message before looking whether the kernel still lives, in milliseconds.
_TICK = 20
# How many published messages are taken in before the time is looked at again.
_AT_ONCE = 1000
_MAX_BUFFERS = 1000
# A message's signature and four JSON documents, and how large an honest kernel's may be, in bytes.
# The last one holds a packet's tree as one text, in which quotation marks are written as two.
_JSON_PARTS = 5
_MAX_HEADER, _MAX_CONTENT = 2**20, 2 * CAPS.tree + 2**20
# How many brackets, commas and texts there may be; a short document cannot have too many.
_MAX_MARKS, _SHORT = 10_000, 10_000
# What stands before those parts, behind a published message's topics; how long a status is.
_DELIMITER, _MAX_TOPICS, _MAX_STATUS = b"<IDS|MSG>", 10, 1000

_log = logging.getLogger("grader.kernel")
_log.addHandler(logging.NullHandler())
_log.propagate = False


class Exchange:
    """One request to a kernel, `request` being its id, until both its reply and its end are in.

    The id is a nonce: what answers another request is no answer, and what was published for another
    one is not counted. `reply` is the reply once it is in, `published` what the request has put out
    so far, in bytes, and `has_ended` says whether the kernel has told that nothing more comes. The
    two arrive on different sockets, in any order.
    """

    def __init__(self, client: AsyncKernelClient, request: str) -> None:
        self._client = client
        self._request = request
        self.reply: Message | None = None
        self.published = 0
        self.has_ended = False
        self.last_heard = monotonic()
        self._poller = zmq.asyncio.Poller()
        for channel in (client.shell_channel, client.stdin_channel, client.iopub_channel):
            self._poller.register(channel.socket, zmq.POLLIN)

    async def listen(self) -> Message | None:
        """Take in what has arrived, or wait a moment for it; a call back to the judge, if any."""
        await self._poller.poll(_TICK)
        self._take_in_what_is_published()
        if self.reply is None:
            self.reply = await self._next(self._client.shell_channel)
            if self.reply is not None:
                self.last_heard = monotonic()
        return await self._next(self._client.stdin_channel)

    async def _next(self, channel: Any) -> Message | None:
        """The message that waits on `channel`, if it is well formed and about this request."""
        if not await channel.socket.poll(0):
            return None
        try:
            _, parts = channel.session.feed_identities(
                await channel.socket.recv_multipart(copy=False), copy=False
            )
            if _costs_too_much(parts[:_JSON_PARTS]):
                return None
            message: Message = channel.session.deserialize(parts, copy=False)
        except Exception as error:  # noqa: BLE001 - forged messages fail to parse in every way there is
            _log.debug("dropped a malformed message: %r", error)
            return None
        about = (message.get("parent_header"), message.get("content"), message.get("header"))
        if not all(isinstance(part, dict) for part in about):
            return None
        return message if message["parent_header"].get("msg_id") == self._request else None

    def _take_in_what_is_published(self) -> None:
        """Count what was published for this request, and throw it all away unread."""
        socket: zmq.Socket[bytes] = zmq.Socket.shadow(self._client.iopub_channel.socket)
        for _ in range(_AT_ONCE):
            try:
                parts = socket.recv_multipart(zmq.NOBLOCK, copy=False)
            except zmq.Again:
                return
            if not _is_about(parts, self._request):
                continue
            self.last_heard = monotonic()
            self.published += sum(map(len, parts))
            self.has_ended = self.has_ended or _says_idle(parts)


def packet_of(message: Message) -> Packet:
    """The packet of values in a message; Untransferable if it holds none."""
    tree, buffers = message["content"].get("tree"), message.get("buffers", [])
    if not isinstance(tree, str) or len(buffers) > _MAX_BUFFERS:
        raise Untransferable("What came back is not a packet of values.")
    return Packet(tree, tuple(bytes(part) for part in buffers))


def _costs_too_much(parts: Sequence[zmq.Frame]) -> bool:
    """Whether the JSON of a message is longer, or has more in it, than an honest kernel's."""
    *headers, content = map(len, parts)
    if content > _MAX_CONTENT or any(length > _MAX_HEADER for length in headers):
        return True
    return any(
        len(part) > _SHORT and has_more_marks(part.bytes.decode("utf-8"), _MAX_MARKS)
        for part in parts
    )


def _json_parts(parts: Sequence[zmq.Frame]) -> Sequence[zmq.Frame]:
    """The header, the parent's header, the metadata and the content of a published message."""
    for number, part in enumerate(parts[:_MAX_TOPICS]):
        if len(part) == len(_DELIMITER) and part.bytes == _DELIMITER:
            return parts[number + 2 : number + 1 + _JSON_PARTS]
    return ()


def _is_about(parts: Sequence[zmq.Frame], request: str) -> bool:
    """Whether a published message names `request` as its parent."""
    match _json_parts(parts):
        case [_, parent, *_] if len(parent) <= _MAX_HEADER:
            return f'"{request}"'.encode() in parent.bytes
    return False


def _says_idle(parts: Sequence[zmq.Frame]) -> bool:
    """Whether a published message is the status that a kernel gives when a request has ended."""
    match _json_parts(parts):
        case [header, _, _, content] if max(len(header), len(content)) <= _MAX_STATUS:
            return b'"status"' in header.bytes and b'"idle"' in content.bytes
    return False
