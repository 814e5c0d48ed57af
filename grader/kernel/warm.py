"""Warm kernels as the grader holds them: the template that forks them, and each kernel's end."""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import socket
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from grader.errors import TemplateDied
from grader.kernel import sandbox
from grader.kernel.limits import KernelLimits
from grader.kernel.memory import MemoryGuard, remove_left_groups

# How long a template may take to hand out a kernel, and to import what lessons need, in seconds.
_FORK_SECONDS, _IMPORT_SECONDS = 30.0, 120.0
# When a template is killed, its kernels may be gone this much before it can be seen, in seconds.
_HANG_UP_SECONDS = 0.3
# What template.py writes when a kernel's first process has started the kernel.
_STARTED = b"started\n"


@dataclass(frozen=True)
class Ended:
    """How a kernel ended: its exit status (of signal N: -N), or that it took too much memory.

    `status` is None where the kernel was ended from outside, by the grader or by the machine.
    """

    status: int | None = None
    out_of_memory: bool = False


class ForkedKernel:
    """A kernel that a template has forked.

    `described` tells in JSON how to reach it, `pidfd` is its first process.

    A pidfd always means the process it was made for; a number would mean another process, in
    another namespace or after the first has ended.
    """

    def __init__(self, described: bytes, descriptors: Sequence[int], limits: KernelLimits) -> None:
        self.described = described
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
        readable, _, _ = select.select([self._end], [], [], _FORK_SECONDS)
        if not readable or os.read(self._end, len(_STARTED)) != _STARTED:
            raise TemplateDied("A kernel ended before it was up.")

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


class KernelTemplate:
    """A process that has imported `packages` and forks kernels on request.

    `level` is the isolation of the kernels: "sandbox" for walls around it and them, "user" for
    kernels that are another user.
    """

    def __init__(
        self,
        packages: Sequence[str] = (),
        limits: KernelLimits | None = None,
        level: str = "sandbox",
    ) -> None:
        self.limits = limits or KernelLimits()
        self.level = level
        remove_left_groups()
        self._control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115 - closed with the template
        with theirs:
            self._process = subprocess.Popen(
                sandbox.template_command(level, theirs.fileno(), packages, self.limits),
                env=sandbox.template_environment(level),
                cwd="/",
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=self._errors,
            )
        self._ready = False

    @property
    def alive(self) -> bool:
        """Whether the template still runs."""
        return not self._hung_up(0)

    def died_lately(self) -> bool:
        """Whether the template has ended; waits a moment, as its kernels may end before it does."""
        return self._hung_up(_HANG_UP_SECONDS)

    def _hung_up(self, seconds: float) -> bool:
        # Where its socket is closed at the other end, the template is gone, whatever is left of it.
        poll = select.poll()
        poll.register(self._control, 0)
        return bool(poll.poll(seconds * 1000))

    def wait_until_ready(self) -> bool:
        """Wait for the imports to end; False where the template ended instead."""
        if not self._ready:
            self._control.settimeout(_IMPORT_SECONDS)
            try:
                self._ready = self._control.recv(100) == b"ready"
            except OSError:
                self._ready = False
        return self._ready

    def fork(self) -> ForkedKernel:
        """A new kernel, which is up soon. Raises TemplateDied."""
        if not self.wait_until_ready():
            raise self._died("The sandbox did not start")
        self._control.settimeout(_FORK_SECONDS)
        try:
            self._control.send(b"kernel")
            described, descriptors, _, _ = socket.recv_fds(self._control, 4096, 2)
        except OSError as error:
            raise self._died("The sandbox's process ended when asked for a kernel") from error
        if len(descriptors) != 2:
            raise self._died("The sandbox's process ended when asked for a kernel")
        try:
            return ForkedKernel(described, descriptors, self.limits)
        except OSError as error:
            raise TemplateDied(f"A kernel could not be guarded: {error}.") from error

    def _died(self, what: str) -> TemplateDied:
        return TemplateDied(f"{what} ({self.last_words() or 'it said nothing'}).")

    def last_words(self) -> str:
        """The last line that the template wrote to standard error, "" if none."""
        return last_line(self._errors)

    def close(self) -> None:
        """End the template, and with it every kernel that it has forked."""
        self._process.kill()
        self._process.wait()
        self._control.close()
        self._errors.close()


def last_line(file: IO[bytes]) -> str:
    """The last line in a file that a process wrote its errors to, at most 300 characters."""
    if file.closed:
        return ""
    size = os.fstat(file.fileno()).st_size
    text = os.pread(file.fileno(), 10_000, max(0, size - 10_000)).decode("utf-8", "replace")
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1][:300] if lines else ""


def pid_here(pidfd: int) -> int:
    """The number that the process of a pidfd has in our own namespace; TemplateDied if it ended."""
    for line in Path(f"/proc/self/fdinfo/{pidfd}").read_text(encoding="ascii").splitlines():
        if line.startswith("Pid:") and int(line.split()[1]) > 0:
            return int(line.split()[1])
    raise TemplateDied("A kernel ended before it could be reached.")
