"""How a warm kernel is reached and signalled, as Jupyter's own clients do it.

Everything above speaks Jupyter's protocol to a kernel manager; a provisioner decides which process
answers. This one takes a kernel that a fork server in the sandbox has forked.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import select
import signal
import stat
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from time import monotonic
from typing import Any, Protocol

from jupyter_client.asynchronous.client import AsyncKernelClient
from jupyter_client.connect import KernelConnectionInfo
from jupyter_client.manager import AsyncKernelManager
from jupyter_client.provisioning.provisioner_base import KernelProvisionerBase

from grader.errors import ForkServerDied
from grader.inside.channels import CHANNELS
from grader.kernel.fork_servers import pid_here
from grader.kernel.local import GraderKernelSpecs
from grader.kernel.warm import Ended, KernelForkServer

# How long a kernel may take from its fork until it has bound its sockets, in seconds.
_START_SECONDS = 30.0


class WarmKernel(Protocol):
    """A kernel that has been forked; whoever holds it closes it.

    `described` tells in JSON how to reach it, `pidfd` is its first process.
    """

    described: bytes
    pidfd: int

    def ended(self) -> Ended:
        """How it ended; to be asked when it has."""

    def close(self) -> None:
        """Kill it, and see to it that nothing stays of it."""


class WarmKernels:
    """Kernels that a fork server has forked, one at a time; `level` names their isolation.

    `fork` is called for each kernel with the packages that the lesson needs, and may raise
    ForkServerDied. What it returns is held, and closed, by the kernel's provisioner alone.
    """

    def __init__(self, fork: Callable[[Sequence[str]], WarmKernel], level: str) -> None:
        self.level = level
        self._fork = fork
        self._manager: _WarmManager | None = None

    def manager(self, packages: Sequence[str] = ()) -> tuple[AsyncKernelManager, dict[str, Any]]:
        """A manager that takes a kernel which is forked already, when it is started."""
        self._manager = _WarmManager(partial(self._fork, packages))
        return self._manager, {}

    @property
    def folder(self) -> Path:
        """The folder that the kernel works in, as this process reaches it, once it is up."""
        assert self._manager is not None
        assert self._manager.kernel is not None
        where: str = json.loads(self._manager.kernel.described)["folder"]
        return Path(where.replace("PID", str(pid_here(self._manager.kernel.pidfd))))

    def how_it_ended(self) -> Ended:
        """How the last kernel ended, once it has."""
        kernel = self._manager.kernel if self._manager else None
        return kernel.ended() if kernel else Ended()

    async def stop(self) -> None:
        """Kill the kernel, and have its provisioner let go of it."""
        if self._manager is not None:
            if self._manager.provisioner is not None:
                await self._manager.provisioner.kill()
            await self._manager.cleanup_resources()
            self._manager = None


class KernelsOfForkServer(WarmKernels):
    """Kernels of a fork server that this process holds, which has the packages that it has."""

    def __init__(self, server: KernelForkServer) -> None:
        super().__init__(lambda _packages: server.fork(), server.level)


class _WarmKernelSpecs(GraderKernelSpecs):
    provisioner_name = "grader-warm"


class _ByDescriptor:
    """Reaches a kernel through descriptors of its sockets; each `port` is a descriptor's number.

    Student code may put anything else in a socket's place. What is opened is what was bound before
    any of it ran: the way through /proc does not look at the path again.
    """

    def _make_url(self, channel: str) -> str:
        descriptor = getattr(self, f"{channel}_port")
        return f"ipc:///proc/self/fd/{descriptor}"


class WarmClient(_ByDescriptor, AsyncKernelClient):
    """A client of a warm kernel."""


class _WarmManager(_ByDescriptor, AsyncKernelManager):
    """A kernel manager whose kernel comes from `fork`."""

    def __init__(self, fork: Callable[[], WarmKernel]) -> None:
        super().__init__(
            kernel_spec_manager=_WarmKernelSpecs(), kernel_name="graded", client_class=_CLIENT
        )
        self.fork = fork

    @property
    def kernel(self) -> WarmKernel | None:
        """The kernel that its provisioner holds."""
        provisioner = self.provisioner
        return provisioner.kernel if isinstance(provisioner, WarmProvisioner) else None

    def write_connection_file(self, **_kwargs: Any) -> None:
        """Write nothing: the kernel brings its own connection, and it is nobody else's business."""


_CLIENT = f"{WarmClient.__module__}.{WarmClient.__qualname__}"


class WarmProvisioner(KernelProvisionerBase):
    """Holds one kernel: takes it from a fork server, signals it by its pidfd, and closes it."""

    pid: int | None = None
    kernel: WarmKernel | None = None
    _kill_signal: int = signal.SIGKILL
    _sockets: tuple[int, ...] = ()

    @property
    def has_process(self) -> bool:
        """Whether there is a kernel."""
        return self.kernel is not None

    async def pre_launch(self, **kwargs: Any) -> dict[str, Any]:
        """Called by the kernel manager before `launch_kernel`: there is no command to prepare."""
        return {**kwargs, "cmd": []}

    async def launch_kernel(self, cmd: list[str], **kwargs: Any) -> KernelConnectionInfo:  # noqa: ARG002
        """Called by the kernel manager: takes the kernel that waits, and tells how to reach it."""
        assert isinstance(self.parent, _WarmManager)
        self.kernel = self.parent.fork()
        how = json.loads(self.kernel.described)
        self._kill_signal = how["kill"]
        self.pid = pid_here(self.kernel.pidfd)
        begin = how["sockets"].replace("PID", str(self.pid))
        end = monotonic() + _START_SECONDS
        for number in range(1, len(CHANNELS) + 1):
            self._sockets += (await self._opened(Path(f"{begin}-{number}"), end),)
        shell, iopub, stdin, control, heartbeat = self._sockets  # as CHANNELS has them
        return {
            "transport": "ipc",
            "ip": "",
            "shell_port": shell,
            "iopub_port": iopub,
            "stdin_port": stdin,
            "control_port": control,
            "hb_port": heartbeat,
            "key": how["key"].encode(),
            "signature_scheme": "hmac-sha256",
        }

    async def _opened(self, path: Path, end: float) -> int:
        """A descriptor of a kernel's socket, once the kernel has bound it."""
        while monotonic() < end and await self.poll() is None:
            with contextlib.suppress(FileNotFoundError):
                descriptor = os.open(path, os.O_PATH | os.O_NOFOLLOW | os.O_CLOEXEC)
                if stat.S_ISSOCK(os.fstat(descriptor).st_mode):
                    return descriptor
                os.close(descriptor)
            await asyncio.sleep(0.002)
        raise ForkServerDied("A kernel ended before it could be reached.")

    async def poll(self) -> int | None:
        """None while the kernel runs; 1 once it has ended, however it did."""
        if self.kernel is None:
            return 1
        ended, _, _ = select.select([self.kernel.pidfd], [], [], 0)
        return 1 if ended else None

    async def wait(self) -> int | None:
        """Wait for the kernel's end, which follows a kill within milliseconds."""
        if self.kernel is not None:
            select.select([self.kernel.pidfd], [], [], 5.0)
        return 1

    async def send_signal(self, signum: int) -> None:
        """Signal the kernel's first process, which hands an interrupt on to the kernel."""
        if self.kernel is not None:
            try:
                signal.pidfd_send_signal(self.kernel.pidfd, signum)
            except ProcessLookupError:
                return  # it has ended, which is what a signal is mostly sent for

    async def kill(self, restart: bool = False) -> None:  # noqa: ARG002, FBT001, FBT002
        """Kill the kernel and all that it started."""
        await self.send_signal(self._kill_signal)

    async def terminate(self, restart: bool = False) -> None:  # noqa: FBT001, FBT002
        """Kill: student code is not asked."""
        await self.kill(restart)

    async def cleanup(self, restart: bool = False) -> None:  # noqa: ARG002, FBT001, FBT002
        """Called by the kernel manager at the end: closes the kernel."""
        for descriptor in self._sockets:
            os.close(descriptor)
        kernel, self.kernel, self._sockets = self.kernel, None, ()
        if kernel is not None:
            kernel.close()
