"""Where kernels come from, and those that run with our own rights: `--isolation none`."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

from jupyter_client.kernelspec import KernelSpec, KernelSpecManager
from jupyter_client.manager import AsyncKernelManager

from grader.kernel import mounted, sandbox
from grader.kernel.warm import Ended

LAUNCH = mounted.PACKAGE / "inside" / "launch.py"


class Kernels(Protocol):
    """Where kernels come from, one at a time."""

    @property
    def level(self) -> str:
        """What keeps them away from the rest of the machine, as records name it."""

    def manager(self, packages: Sequence[str] = ()) -> tuple[AsyncKernelManager, dict[str, Any]]:
        """A manager of a kernel not yet started, and what its `start_kernel` is to be given.

        `packages` are what the lesson needs, to have them imported already where that can be.
        """

    @property
    def folder(self) -> Path:
        """The folder that the kernel works in, as this process reaches it, once it is up."""

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

    level = "none"

    def __init__(self) -> None:
        self._folder: Path | None = None
        self._manager: AsyncKernelManager | None = None

    def manager(self, packages: Sequence[str] = ()) -> tuple[AsyncKernelManager, dict[str, Any]]:  # noqa: ARG002
        """A manager whose sockets and connection file lie in a folder of this kernel's own."""
        # A Unix socket's path has at most 107 bytes, so the folder lies directly in /tmp.
        root = "/tmp" if os.name == "posix" else None  # noqa: S108 - mkdtemp makes it private
        self._folder = folder = Path(tempfile.mkdtemp(prefix="grader-", dir=root))
        self.folder.mkdir()
        _copy_font_cache(folder)
        self._manager = manager = AsyncKernelManager(
            kernel_spec_manager=GraderKernelSpecs(),
            kernel_name="graded",
            transport="ipc" if os.name == "posix" else "tcp",
            ip=str(folder / "k") if os.name == "posix" else "127.0.0.1",
            connection_file=str(folder / "connection.json"),
        )
        return manager, {"cwd": str(self.folder), "env": _local_environment(folder)}

    @property
    def folder(self) -> Path:
        """The folder that the kernel works in."""
        assert self._folder is not None
        return self._folder / "work"

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


def _local_environment(folder: Path) -> dict[str, str]:
    """The whole environment of a local kernel: nothing of ours is handed on."""
    return {
        **sandbox.ENVIRONMENT,
        mounted.DATA_VARIABLE: mounted.data_setting(mounted.course_data()),
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
