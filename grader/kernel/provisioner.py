"""How a kernel for student code is started and reached.

Everything above speaks Jupyter's protocol to a kernel manager; which process answers is decided
here: one of our own rights that is started for the purpose, or one that a template behind walls
forks.
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import shutil
import signal
import sys
import tempfile
from abc import ABC, abstractmethod
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

from jupyter_client.connect import KernelConnectionInfo
from jupyter_client.kernelspec import KernelSpec, KernelSpecManager
from jupyter_client.manager import AsyncKernelManager
from jupyter_client.provisioning.provisioner_base import KernelProvisionerBase

from grader.kernel import sandbox
from grader.kernel.warm import Ended, ForkedKernel, KernelTemplate, pid_here

LAUNCH = Path(__file__).with_name("launch.py")


class Kernels(Protocol):
    """Where kernels come from, one at a time."""

    def manager(self, packages: Sequence[str] = ()) -> tuple[AsyncKernelManager, dict[str, Any]]:
        """A manager of a kernel not yet started, and what its `start_kernel` is to be given.

        `packages` are what the lesson needs, to have them imported already where that can be.
        """

    def how_it_ended(self) -> Ended:
        """How the last kernel ended, once it has."""

    async def stop(self) -> None:
        """Kill the last kernel, and remove what it leaves on this machine."""


class GraderKernelSpecs(KernelSpecManager):
    """Knows one kernel, ours, whatever is installed on this machine."""

    provisioner_name = "local-provisioner"

    def get_kernel_spec(self, kernel_name: str) -> KernelSpec:  # noqa: ARG002 - Jupyter's signature
        """The spec of the kernel that answers questions, run with this Python."""
        return KernelSpec(
            argv=[sys.executable, "-I", str(LAUNCH), "-f", "{connection_file}"],
            display_name="Python (graded)",
            language="python",
            interrupt_mode="signal",
            metadata={"kernel_provisioner": {"provisioner_name": self.provisioner_name}},
        )


class LocalKernels:
    """Kernels that run with our own rights, each in an empty folder: `--isolation none`."""

    def __init__(self) -> None:
        self._folder: Path | None = None
        self._manager: AsyncKernelManager | None = None

    def manager(self, packages: Sequence[str] = ()) -> tuple[AsyncKernelManager, dict[str, Any]]:  # noqa: ARG002
        """A manager whose sockets and connection file lie in a folder of this kernel's own."""
        # A Unix socket's path has at most 107 bytes, so the folder lies directly in /tmp.
        root = "/tmp" if os.name == "posix" else None  # noqa: S108 - mkdtemp makes it private
        self._folder = folder = Path(tempfile.mkdtemp(prefix="grader-", dir=root))
        work = folder / "work"
        work.mkdir()
        _copy_font_cache(folder)
        self._manager = manager = AsyncKernelManager(
            kernel_spec_manager=GraderKernelSpecs(),
            kernel_name="graded",
            transport="ipc" if os.name == "posix" else "tcp",
            ip=str(folder / "k") if os.name == "posix" else "127.0.0.1",
            connection_file=str(folder / "connection.json"),
        )
        return manager, {"cwd": str(work), "env": _local_environment(folder)}

    def how_it_ended(self) -> Ended:
        """How the kernel's process ended."""
        process = getattr(self._manager and self._manager.provisioner, "process", None)
        return Ended(process.poll() if process else None)

    async def stop(self) -> None:
        """Kill the kernel and every process of its that stayed in its group; remove its folder."""
        if self._manager is not None:
            group = getattr(self._manager.provisioner, "pgid", None)
            if os.name == "posix" and group:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(group, signal.SIGKILL)
            await self._manager.shutdown_kernel(now=True)
            self._manager = None
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)
            self._folder = None


class WarmKernels(ABC):
    """Kernels that a template behind walls forks; `level` names the isolation."""

    level = "sandbox"
    _manager: _WarmManager | None = None

    def manager(self, packages: Sequence[str] = ()) -> tuple[AsyncKernelManager, dict[str, Any]]:
        """A manager of the kernel that is forked already and waits."""
        self._manager = _WarmManager(self, packages)
        return self._manager, {}

    async def stop(self) -> None:
        """Kill the kernel; nobody waits for its end."""
        if self._manager is not None:
            if self._manager.provisioner is not None:
                await self._manager.provisioner.kill()
            await self._manager.cleanup_resources()
            self._manager = None
        self.let_go()

    @abstractmethod
    def fork(self, packages: Sequence[str]) -> tuple[bytes, int]:
        """A kernel that has imported `packages`: its description, and a pidfd that we close.

        Raises TemplateDied.
        """

    @abstractmethod
    def how_it_ended(self) -> Ended:
        """How the last kernel ended, once it has."""

    @abstractmethod
    def let_go(self) -> None:
        """See to it that nothing stays of the last kernel, which has been killed."""


class KernelsOfTemplate(WarmKernels):
    """Kernels of a template that this process holds, one at a time."""

    def __init__(self, template: KernelTemplate) -> None:
        self._template = template
        self.level = template.level
        self._kernel: ForkedKernel | None = None

    def fork(self, packages: Sequence[str]) -> tuple[bytes, int]:  # noqa: ARG002 - it has what it has
        """The next kernel of the template."""
        self.let_go()
        self._kernel = self._template.fork()
        return self._kernel.described, os.dup(self._kernel.pidfd)

    def how_it_ended(self) -> Ended:
        """How the last kernel ended."""
        return self._kernel.ended() if self._kernel else Ended()

    def let_go(self) -> None:
        """Kill the kernel and remove its control group."""
        if self._kernel is not None:
            self._kernel.close()
            self._kernel = None


class _WarmKernelSpecs(GraderKernelSpecs):
    provisioner_name = "grader-warm"


class _WarmManager(AsyncKernelManager):
    """A kernel manager that knows where its kernel comes from."""

    def __init__(self, kernels: WarmKernels, packages: Sequence[str]) -> None:
        super().__init__(kernel_spec_manager=_WarmKernelSpecs(), kernel_name="graded")
        self.kernels, self.packages = kernels, packages

    def write_connection_file(self, **_kwargs: Any) -> None:
        """Write nothing: the kernel brings its own connection, and it is nobody else's business."""


class WarmProvisioner(KernelProvisionerBase):
    """Starts a kernel by asking a template for one, and signals it through its pidfd."""

    _pidfd: int | None = None
    _kill_signal: int = signal.SIGKILL

    @property
    def has_process(self) -> bool:
        """Whether there is a kernel."""
        return self._pidfd is not None

    async def pre_launch(self, **kwargs: Any) -> dict[str, Any]:
        """Called by the kernel manager before `launch_kernel`: there is no command to prepare."""
        return {**kwargs, "cmd": []}

    async def launch_kernel(self, cmd: list[str], **kwargs: Any) -> KernelConnectionInfo:  # noqa: ARG002
        """Called by the kernel manager: takes the kernel that waits, and tells how to reach it."""
        assert isinstance(self.parent, _WarmManager)
        described, self._pidfd = self.parent.kernels.fork(self.parent.packages)
        how = json.loads(described)
        self._kill_signal = how["kill"]
        return {
            "transport": "ipc",
            "ip": how["sockets"].replace("PID", str(pid_here(self._pidfd))),
            "shell_port": 1,
            "iopub_port": 2,
            "stdin_port": 3,
            "control_port": 4,
            "hb_port": 5,
            "key": how["key"].encode(),
            "signature_scheme": "hmac-sha256",
        }

    async def poll(self) -> int | None:
        """None while the kernel runs; 1 once it has ended, however it did."""
        if self._pidfd is None:
            return 1
        ended, _, _ = select.select([self._pidfd], [], [], 0)
        return 1 if ended else None

    async def wait(self) -> int | None:
        """Wait for the kernel's end, which follows a kill within milliseconds."""
        if self._pidfd is not None:
            select.select([self._pidfd], [], [], 5.0)
        return 1

    async def send_signal(self, signum: int) -> None:
        """Signal the kernel's first process, which hands an interrupt on to the kernel."""
        if self._pidfd is not None:
            try:
                signal.pidfd_send_signal(self._pidfd, signum)
            except ProcessLookupError:
                return  # it has ended, which is what a signal is mostly sent for

    async def kill(self, restart: bool = False) -> None:  # noqa: ARG002, FBT001, FBT002
        """Kill the kernel and all that it started."""
        await self.send_signal(self._kill_signal)

    async def terminate(self, restart: bool = False) -> None:  # noqa: FBT001, FBT002
        """Kill: student code is not asked."""
        await self.kill(restart)

    async def cleanup(self, restart: bool = False) -> None:  # noqa: ARG002, FBT001, FBT002
        """Called by the kernel manager at the end: gives the pidfd back."""
        if self._pidfd is not None:
            os.close(self._pidfd)
            self._pidfd = None


def _local_environment(folder: Path) -> dict[str, str]:
    """The whole environment of a local kernel: nothing of ours is handed on."""
    return {
        **sandbox.ENVIRONMENT,
        "HOME": str(folder),
        "IPYTHONDIR": str(folder / "ipython"),
        "JUPYTER_CONFIG_DIR": str(folder / "jupyter"),
        "MPLCONFIGDIR": str(folder / "matplotlib"),
        "KERAS_HOME": str(folder / "keras"),
    }


def _copy_font_cache(folder: Path) -> None:
    """Give the kernel this user's list of fonts, which takes matplotlib seconds to make anew."""
    import matplotlib as mpl

    target = folder / "matplotlib"
    target.mkdir()
    for cache in Path(mpl.get_cachedir()).glob("fontlist-*.json"):
        shutil.copy(cache, target)
