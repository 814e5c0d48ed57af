"""Processes of ours that import once and fork often: how they are asked, and replaced.

Whoever waits for one waits for its answer *or its end*: no wait is for nobody. Whoever finds that
it has ended buries it; the next who needs one starts another. The loop that answers in the process
itself is `inside/forking.py`.
"""

from __future__ import annotations

import asyncio
import os
import select
import signal
import socket
import subprocess
import tempfile
import threading
from abc import ABC, abstractmethod
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO, Generic, Protocol, TypeVar

from grader.errors import CannotStart, ForkServerDied

Packages = tuple[str, ...]

# How long it may take to import what lessons need, and to hand out a fork, in seconds.
_IMPORT_SECONDS, _FORK_SECONDS = 120.0, 30.0
# How long an interpreter may take to end once it has closed its socket, in seconds.
_EXIT_SECONDS = 10.0
# How often in a row it is tried to get a fork where nothing comes of it: where the processes fail
# by themselves, and where they are killed, which says nothing about the next one.
_FAILURES, _KILLS = 3, 20
# Of signal 9, as Python says it and as bubblewrap does.
_KILLED = (-signal.SIGKILL, 128 + signal.SIGKILL)

NOT_IMPORTABLE = 4
"""The exit status of a server that could not import what it needs: nor could the next one."""


class Closable(Protocol):
    """What is forked: it can be let go of."""

    def close(self) -> None:
        """Kill it if it still runs, and let go of it."""


Fork = TypeVar("Fork", bound=Closable)


class ForkServer(ABC, Generic[Fork]):
    """A process that says "ready" when its imports are done, and then forks for each request.

    `what` it is, for sentences. Its methods may be called in any thread.
    """

    def __init__(
        self,
        what: str,
        command: Callable[[int], Sequence[str]],
        *,
        folder: str,
        environment: dict[str, str] | None,
        new_session: bool = False,
    ) -> None:
        self._what = what
        self._control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._control.setblocking(False)  # noqa: FBT003 - it is waited for with `poll`
        self._errors: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 - closed with the server
        self._said = ""
        with theirs:
            self._process = subprocess.Popen(
                command(theirs.fileno()),
                cwd=folder,
                env=environment,
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=self._errors,
                start_new_session=new_session,
            )
        self._pidfd = os.pidfd_open(self._process.pid)  # our own child: not reaped yet
        self._ready = False
        self._over = False  # nothing is asked of it any more
        self._silent = False  # it was ended for not answering
        # One at a time speaks to it, and nobody closes a descriptor that another one polls.
        self._turn = threading.Lock()

    @property
    def alive(self) -> bool:
        """Whether it is to be asked; a death that nobody has met yet is not known here."""
        return not self._over and self._process.poll() is None

    @property
    def hopeless(self) -> bool:
        """Whether the next one would end in the same way."""
        return self._process.poll() == NOT_IMPORTABLE

    @property
    def failed(self) -> bool:
        """Whether it ended by itself, or did not answer: not by being killed from outside."""
        return self._silent or self._process.poll() not in (None, *_KILLED)

    @abstractmethod
    def fork(self) -> Fork:
        """A new fork. Raises ForkServerDied."""

    def wait_until_ready(self) -> bool:
        """Wait for the imports to end; False where it ended instead."""
        with self._turn:
            try:
                self._wait_until_ready()
            except ForkServerDied:
                return False
        return True

    def ask(self, count: int) -> tuple[bytes, list[int]]:
        """What it says of a new fork, and the `count` descriptors of it. Raises ForkServerDied."""
        with self._turn:
            self._wait_until_ready()
            try:
                self._control.send(b"fork")
            except OSError:
                raise self._buried("ended") from None
            answer, descriptors = self._received(_FORK_SECONDS, count)
            if len(descriptors) != count:
                for descriptor in descriptors:
                    os.close(descriptor)
                raise self._buried("handed out nothing")
            return answer, descriptors

    def _wait_until_ready(self) -> None:
        if self._over:
            raise ForkServerDied(f"{self._what} was ended.")
        if not self._ready and self._received(_IMPORT_SECONDS, 0)[0] != b"ready":
            raise self._buried("did not start")
        self._ready = True

    def _received(self, seconds: float, count: int) -> tuple[bytes, list[int]]:
        """Its next message. Raises ForkServerDied when there is none and the process has ended."""
        poll = select.poll()
        poll.register(self._control, select.POLLIN)
        poll.register(self._pidfd, select.POLLIN)
        while True:
            woken = dict(poll.poll(seconds * 1000))
            if not woken:
                self._silent = True
                raise self._buried(f"did not answer within {seconds:g} s")
            try:
                said, descriptors, _, _ = socket.recv_fds(self._control, 4096, count)
            except BlockingIOError:
                # Another process may hold the other end open for a moment longer.
                if self._pidfd not in woken:
                    continue
                said, descriptors = b"", []
            except OSError:
                said, descriptors = b"", []
            if not said:
                raise self._buried("ended" if self._ready else "did not start")
            return said, descriptors

    def _buried(self, how: str) -> ForkServerDied:
        """See to it that it has ended for good; the exception that says so, with its last words."""
        self._over = True
        if not self._silent:  # its socket is closed long before its exit status can be had
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(_EXIT_SECONDS)
        self._process.kill()
        self._process.wait()
        said = self.last_words() or _of_status(self._process.returncode)
        return ForkServerDied(f"{self._what} {how} ({said}).")

    def died_lately(self, seconds: float) -> bool:
        """Whether it has ended; waits for so long, as its forks may end before it does."""
        try:
            self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            return self._over
        return True

    def last_words(self) -> str:
        """The last line that it wrote to standard error, "" if none."""
        return last_line(self._errors) or self._said

    def end(self) -> None:
        """Kill it without waiting: whoever waits for it now is told that it has ended."""
        self._over = True
        self._process.kill()

    def close(self) -> None:
        """End it, and let go of it."""
        self.end()
        self._process.wait()
        with self._turn:  # whoever waited has seen the end
            self._said = self.last_words()
            self._control.close()
            self._errors.close()
            if self._pidfd >= 0:
                os.close(self._pidfd)
                self._pidfd = -1


class ForkServers(Generic[Fork]):
    """The servers that `start` has started, by their packages: one that ended is replaced.

    `worked` tells whether any of them has ever forked.
    """

    def __init__(self, start: Callable[[Packages], ForkServer[Fork]]) -> None:
        self._start = start
        self._servers: dict[Packages, ForkServer[Fork]] = {}
        self._in_vain: dict[Packages, Counter[bool]] = {}
        self._turns: defaultdict[Packages, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._ended = False
        self.worked = False

    def begin(self, packages: Packages) -> ForkServer[Fork]:
        """Have a server with `packages` that runs or is starting. Raises ForkServerDied at the end.

        Raises CannotStart where its command itself cannot be run.
        """
        if self._ended:
            raise ForkServerDied("Grading has ended.")
        server = self._servers.get(packages)
        if server is None or not server.alive:
            if server is not None:
                server.close()
            try:
                self._servers[packages] = server = self._start(packages)
            except OSError as error:
                self._servers.pop(packages, None)
                raise CannotStart(f"A process could not be started: {error}.") from error
        return server

    async def fork(self, packages: Packages) -> Fork:
        """A fork; where a server ends, of the next one.

        Raises CannotStart, with what the last one said, when nothing came of it several times in a
        row; ForkServerDied at the end.
        """
        async with self._turns[packages]:
            while True:
                server = self.begin(packages)
                try:
                    fork = await asyncio.to_thread(server.fork)
                except ForkServerDied as error:
                    if self._ended:
                        raise
                    self._count(packages, server, error)
                else:
                    self._in_vain.pop(packages, None)
                    self.worked = True
                    return fork

    def _count(self, packages: Packages, server: ForkServer[Fork], error: ForkServerDied) -> None:
        """Raise CannotStart where another try promises nothing."""
        in_vain = self._in_vain.setdefault(packages, Counter())
        in_vain[server.failed] += 1
        if server.hopeless or in_vain[True] >= _FAILURES or in_vain[False] >= _KILLS:
            tries = in_vain.total()
            often = f" It was tried {tries} times." if tries > 1 else ""
            raise CannotStart(f"{error}{often}") from error

    def end(self) -> None:
        """End all servers without waiting, for good; whoever waits for one is told at once."""
        self._ended = True
        for server in self._servers.values():
            server.end()

    def close(self) -> None:
        """End all servers, for good, and let go of them."""
        self.end()
        for server in self._servers.values():
            server.close()


def _of_status(status: int) -> str:
    if status in _KILLED:
        return "it was killed; the machine may be out of memory"
    return f"it said nothing; its exit status was {status}"


def last_line(file: IO[bytes]) -> str:
    """The last line in a file that a process wrote its errors to, at most 300 characters."""
    if file.closed:
        return ""
    size = os.fstat(file.fileno()).st_size
    text = os.pread(file.fileno(), 10_000, max(0, size - 10_000)).decode("utf-8", "replace")
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1][:300] if lines else ""


def pid_here(pidfd: int) -> int:
    """The number of a pidfd's process in our own namespace; ForkServerDied if it ended."""
    for line in Path(f"/proc/self/fdinfo/{pidfd}").read_text(encoding="ascii").splitlines():
        if line.startswith("Pid:") and int(line.split()[1]) > 0:
            return int(line.split()[1])
    raise ForkServerDied("A kernel ended before it could be reached.")
