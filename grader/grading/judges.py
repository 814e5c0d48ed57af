"""Judges as the command holds them: the fork server that forks them, and each judge on its job."""

from __future__ import annotations

import asyncio
import os
import select
import signal
import socket
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress

from pydantic import BaseModel

from grader.kernel.fork_servers import ForkServer, ForkServers, last_line
from grader.kernel.limits import Limits
from grader.kernel.sandbox import THREADS

_LINE = 64 * 2**20

COMMAND = (sys.executable, "-I", "-m", "grader.grading.judge_process")
"""The command of a judge fork server: isolated from its folder and from Python's variables."""


class Job(BaseModel):
    """What a judge is told: the submission, the secret, and the limits.

    The secret, the paths and the names of companions are hexadecimal: names of files may be any
    bytes. `shown_path` is what the record shows: the path as the command was given it.

    `isolation` is the level of the kernels that the command hands out; "none" means that the judge
    starts kernels of its own rights.
    """

    student: str
    path: str
    below: str
    companions: dict[str, str]
    shown_path: str
    refused: str
    refused_lesson: str | None
    lesson: str | None
    secret: str
    limits: Limits
    isolation: str


class Judge:
    """A judge that waits for its job, or works on it.

    `kernels` is the socket on which it asks for kernels.
    """

    def __init__(self, descriptors: Sequence[int]) -> None:
        self._pidfd, lines, kernels, errors = descriptors
        self._lines = socket.socket(fileno=lines)
        self.kernels = socket.socket(fileno=kernels)
        self._errors = os.fdopen(errors, "rb")

    @property
    def alive(self) -> bool:
        """Whether it still runs."""
        return not self._wait(0)

    @asynccontextmanager
    async def working(self, job: str) -> AsyncIterator[asyncio.StreamReader]:
        """Give it the job, a line of JSON; what is yielded has the lines that it answers."""
        reader, writer = await asyncio.open_unix_connection(sock=self._lines, limit=_LINE)
        try:
            with suppress(ConnectionError):  # a judge that has died says so by saying nothing
                writer.write(job.encode() + b"\n")
                await writer.drain()
            yield reader
        finally:
            writer.close()

    def last_words(self) -> str:
        """The last line that it wrote to standard error, "" if none."""
        return last_line(self._errors)

    async def end(self, *, patience: float) -> None:
        """End it: with patience, in seconds, it may first stop the kernels that are its own."""
        try:
            if patience:
                self._signal(signal.SIGTERM)
                await asyncio.to_thread(self._wait, patience)
        finally:
            self.close()

    def close(self) -> None:
        """Kill it if it still runs, and let go of it."""
        self._signal(signal.SIGKILL)
        self._lines.close()
        self.kernels.close()
        self._errors.close()
        if self._pidfd >= 0:
            os.close(self._pidfd)
            self._pidfd = -1

    def _wait(self, seconds: float) -> bool:
        ended, _, _ = select.select([self._pidfd], [], [], seconds)
        return bool(ended)

    def _signal(self, number: int) -> None:
        if self._pidfd >= 0:
            with suppress(ProcessLookupError):
                signal.pidfd_send_signal(self._pidfd, number)


class JudgeForkServer(ForkServer[Judge]):
    """A process that has imported what judging takes, and `packages`, and forks judges.

    Judges that it has forked go on when it ends.
    """

    def __init__(
        self, packages: Sequence[str], folder: str, command: Sequence[str] = COMMAND
    ) -> None:
        super().__init__(
            "The process that forks judges",
            lambda control: [*command, str(control), ",".join(packages)],
            folder=folder,
            environment={**os.environ, **THREADS},
            new_session=True,  # Ctrl-C is for the command, which then ends its judges
        )

    def fork(self) -> Judge:
        """A judge that waits for its job. Raises ForkServerDied."""
        return Judge(self.ask(4)[1])


class Judges(ForkServers[Judge]):
    """The fork servers that fork judges for all slots, by the packages that they have imported."""

    def __init__(self, folder: str, command: Sequence[str] = COMMAND) -> None:
        super().__init__(lambda packages: JudgeForkServer(packages, folder, command))
