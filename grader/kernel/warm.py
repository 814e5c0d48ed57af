"""Warm kernels as the grader holds them: the fork server that forks them, and each kernel's end."""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
from collections.abc import Sequence
from dataclasses import dataclass

from grader.errors import ForkServerDied
from grader.kernel import sandbox
from grader.kernel.fork_servers import ForkServer, pid_here
from grader.kernel.limits import KernelLimits
from grader.kernel.memory import MemoryGuard, remove_left_groups

# How long a kernel's first process may take to start the kernel, in seconds.
_START_SECONDS = 30.0
# What fork_server.py writes when a kernel's first process has started the kernel.
_STARTED = b"started\n"


@dataclass(frozen=True)
class Ended:
    """How a kernel ended: its exit status (of signal N: -N), or that it took too much memory.

    `status` is None where the kernel was ended from outside, by the grader or by the machine.
    """

    status: int | None = None
    out_of_memory: bool = False


class ForkedKernel:
    """A kernel that a fork server has forked.

    `described` tells in JSON how to reach it, `pidfd` is its first process, `server` is what has
    forked it.

    A pidfd always means the process it was made for; a number would mean another process, in
    another namespace or after the first has ended.
    """

    def __init__(
        self,
        described: bytes,
        descriptors: Sequence[int],
        limits: KernelLimits,
        server: KernelForkServer | None = None,
    ) -> None:
        self.described = described
        self.server = server
        self.pidfd, self._end = descriptors
        self._kill_signal: int = json.loads(described)["kill"]
        try:
            self._wait_until_started()
            self._guard = MemoryGuard(pid_here(self.pidfd), self.kill, limits.memory)
        except BaseException:
            self.kill()  # nobody else knows of it
            os.close(self.pidfd)
            os.close(self._end)
            raise

    def _wait_until_started(self) -> None:
        select.select([self._end, self.pidfd], [], [], _START_SECONDS)
        readable, _, _ = select.select([self._end], [], [], 0)
        if not readable or os.read(self._end, len(_STARTED)) != _STARTED:
            raise ForkServerDied("A kernel ended before it was up.")

    @property
    def alive(self) -> bool:
        """Whether its first process runs."""
        ended, _, _ = select.select([self.pidfd], [], [], 0)
        return not ended

    def ended(self) -> Ended:
        """How it ended; to be asked when it has."""
        readable, _, _ = select.select([self._end], [], [], 0)
        said = os.read(self._end, 100) if readable else b""
        return Ended(int(said) if said else None, self._guard.exceeded())

    def kill(self) -> None:
        """Kill it, and all that it has started."""
        with contextlib.suppress(ProcessLookupError):
            signal.pidfd_send_signal(self.pidfd, self._kill_signal)

    def close(self) -> None:
        """Kill it, and remove what it has left in the system; may take until it has gone."""
        self.kill()
        select.select([self.pidfd], [], [], 5.0)
        self._guard.close()
        os.close(self.pidfd)
        os.close(self._end)


class KernelForkServer(ForkServer[ForkedKernel]):
    """A process that has imported `packages` and forks kernels on request.

    `level` is the isolation of the kernels: "sandbox" for layers around it and them, "user" for
    kernels that are another user.
    """

    def __init__(
        self,
        packages: Sequence[str] = (),
        limits: KernelLimits | None = None,
        level: str = "sandbox",
    ) -> None:
        self.limits = limits = limits or KernelLimits()
        self.level = level
        remove_left_groups()
        super().__init__(
            "The process that forks kernels",
            lambda control: sandbox.fork_server_command(level, control, packages, limits),
            folder="/",
            environment=sandbox.fork_server_environment(level),
        )

    def fork(self) -> ForkedKernel:
        """A new kernel, which is up. Raises ForkServerDied."""
        described, descriptors = self.ask(2)
        try:
            return ForkedKernel(described, descriptors, self.limits, self)
        except (OSError, ForkServerDied) as error:
            said = self.last_words() or "nothing"
            raise ForkServerDied(f"{error} The process that forks kernels said: {said}") from error
