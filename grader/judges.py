"""Judges as the command holds them: the template that forks them, and each judge on its job."""

from __future__ import annotations

import asyncio
import os
import select
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from typing import IO

from pydantic import BaseModel

from grader.errors import TemplateDied
from grader.kernel.limits import Limits
from grader.kernel.sandbox import THREADS
from grader.kernel.supply import Packages
from grader.kernel.warm import last_line

_IMPORT_SECONDS, _FORK_SECONDS = 120.0, 30.0
_LINE = 64 * 2**20

COMMAND = (sys.executable, "-I", "-m", "grader.judge_process")
"""The command of a judge template: isolated from its folder and from Python's variables."""


class Job(BaseModel):
    """What a judge is told: the submission, the secret, and the limits.

    The secret and the paths are hexadecimal: names of files may be any bytes.

    `isolation` is the level of the kernels that the command hands out; "none" means that the judge
    starts kernels of its own rights.
    """

    student: str
    path: str
    below: str
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
        if patience:
            self._signal(signal.SIGTERM)
            await asyncio.to_thread(self._wait, patience)
        self._signal(signal.SIGKILL)
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

    def _wait(self, seconds: float) -> None:
        select.select([self._pidfd], [], [], seconds)

    def _signal(self, number: int) -> None:
        if self._pidfd >= 0:
            with suppress(ProcessLookupError):
                signal.pidfd_send_signal(self._pidfd, number)


class JudgeTemplate:
    """A process that has imported what judging takes, and `packages`, and forks judges."""

    def __init__(
        self, packages: Sequence[str], folder: str, command: Sequence[str] = COMMAND
    ) -> None:
        self._control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._errors: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 - closed with the template
        with theirs:
            self._process = subprocess.Popen(
                [*command, str(theirs.fileno()), ",".join(packages)],
                cwd=folder,
                env={**os.environ, **THREADS},
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=self._errors,
                start_new_session=True,  # Ctrl-C is for the command, which then ends its judges
            )
        self._ready = False

    @property
    def alive(self) -> bool:
        """Whether the template still runs."""
        return self._process.poll() is None

    def fork(self) -> Judge:
        """A judge that waits for its job. Raises TemplateDied."""
        try:
            if not self._ready:
                self._control.settimeout(_IMPORT_SECONDS)
                self._ready = self._control.recv(100) == b"ready"
            self._control.settimeout(_FORK_SECONDS)
            self._control.send(b"judge")
            _, descriptors, _, _ = socket.recv_fds(self._control, 100, 4)
        except OSError as error:
            raise self._died() from error
        if len(descriptors) != 4:
            raise self._died()
        return Judge(descriptors)

    def _died(self) -> TemplateDied:
        said = last_line(self._errors) or "it said nothing"
        return TemplateDied(f"The process that forks judges ended ({said}).")

    def close(self) -> None:
        """End the template; judges that it has forked go on."""
        self._process.kill()
        self._process.wait()
        self._control.close()
        self._errors.close()


class Judges:
    """The templates that fork judges for all slots, by the packages that they have imported."""

    def __init__(self, folder: str, command: Sequence[str] = COMMAND) -> None:
        self._folder, self._command = folder, command
        self._templates: dict[Packages, JudgeTemplate] = {}
        self._turn = asyncio.Lock()
        self._closed = False

    def begin(self, packages: Packages) -> None:
        """Have a template with `packages` that runs; one that died is replaced."""
        if self._closed:
            raise TemplateDied("Grading has ended.")
        template = self._templates.get(packages)
        if template is None or not template.alive:
            if template is not None:
                template.close()
            self._templates[packages] = JudgeTemplate(packages, self._folder, self._command)

    async def fork(self, packages: Packages) -> Judge:
        """A judge that waits for its job. Raises TemplateDied."""
        async with self._turn:
            self.begin(packages)
            return await asyncio.to_thread(self._templates[packages].fork)

    def close(self) -> None:
        """End the templates, for good."""
        self._closed = True
        for template in self._templates.values():
            template.close()
