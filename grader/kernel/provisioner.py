"""How a kernel for student code is started and reached.

Everything above speaks Jupyter's protocol to a kernel manager; which process answers is decided
here: one of our own rights that is started for the purpose, or one that a template behind walls
forks.
"""

from __future__ import annotations

import array
import json
import os
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import IO, Any, Protocol

from jupyter_client.connect import KernelConnectionInfo
from jupyter_client.kernelspec import KernelSpec, KernelSpecManager
from jupyter_client.manager import AsyncKernelManager
from jupyter_client.provisioning.provisioner_base import KernelProvisionerBase

from grader.errors import TemplateDied
from grader.kernel import sandbox

LAUNCH = Path(__file__).with_name("launch.py")

# Where a warm kernel's sockets lie in its own file system, as template.py makes them.
_SOCKETS = "run/kernel/k"
# How long a template may take to hand out a kernel, and to import what lessons need, in seconds.
_FORK_SECONDS, _IMPORT_SECONDS = 30.0, 120.0


class Kernels(Protocol):
    """Where kernels come from, one at a time."""

    def manager(self) -> tuple[AsyncKernelManager, dict[str, Any]]:
        """A manager of a kernel not yet started, and what its `start_kernel` is to be given."""

    def clean_up(self) -> None:
        """Remove what the last kernel left on this machine, once it has ended."""


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

    def manager(self) -> tuple[AsyncKernelManager, dict[str, Any]]:
        """A manager whose sockets and connection file lie in a folder of this kernel's own."""
        # A Unix socket's path has at most 107 bytes, so the folder lies directly in /tmp.
        root = "/tmp" if os.name == "posix" else None  # noqa: S108 - mkdtemp makes it private
        self._folder = folder = Path(tempfile.mkdtemp(prefix="grader-", dir=root))
        work = folder / "work"
        work.mkdir()
        _copy_font_cache(folder)
        manager = AsyncKernelManager(
            kernel_spec_manager=GraderKernelSpecs(),
            kernel_name="graded",
            transport="ipc" if os.name == "posix" else "tcp",
            ip=str(folder / "k") if os.name == "posix" else "127.0.0.1",
            connection_file=str(folder / "connection.json"),
        )
        return manager, {"cwd": str(work), "env": _local_environment(folder)}

    def clean_up(self) -> None:
        """Remove the kernel's folder."""
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)
            self._folder = None


class KernelTemplate:
    """A process behind walls that has imported what lessons need and forks kernels on request."""

    def __init__(self, packages: str = "") -> None:
        self.control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115 - closed with the template
        with theirs:
            self._process = subprocess.Popen(
                sandbox.template_command(theirs.fileno(), packages),
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=self._errors,
            )
        self.control.settimeout(_IMPORT_SECONDS)
        self._ready = False

    @property
    def alive(self) -> bool:
        """Whether the template still runs."""
        return self._process.poll() is None

    def wait_until_ready(self) -> bool:
        """Wait for the imports to end; False where the template ended instead."""
        if not self._ready:
            try:
                self._ready = self.control.recv(100) == b"ready"
            except OSError:
                self._ready = False
        return self._ready

    def last_words(self) -> str:
        """The last line that the template wrote to standard error, "" if none."""
        return last_line(self._errors)

    def close(self) -> None:
        """End the template, and with it every kernel that it has forked."""
        self.control.close()
        self._process.kill()
        self._process.wait()
        self._errors.close()


class WarmKernels:
    """Kernels that the template behind `control` forks: `--isolation sandbox`."""

    def __init__(self, control: socket.socket) -> None:
        self._control = control
        self._control.settimeout(_FORK_SECONDS)

    def manager(self) -> tuple[AsyncKernelManager, dict[str, Any]]:
        """A manager of the kernel that is forked already and waits."""
        return _WarmManager(self._control), {}

    def clean_up(self) -> None:
        """Nothing: a warm kernel's files were never on this machine's disk."""


class _WarmKernelSpecs(GraderKernelSpecs):
    provisioner_name = "grader-warm"


class _WarmManager(AsyncKernelManager):
    """A kernel manager that knows its template."""

    def __init__(self, control: socket.socket) -> None:
        super().__init__(kernel_spec_manager=_WarmKernelSpecs(), kernel_name="graded")
        self.control_of_template = control

    def write_connection_file(self, **_kwargs: Any) -> None:
        """Write nothing: the kernel brings its own connection, and it is nobody else's business."""


class WarmProvisioner(KernelProvisionerBase):
    """Starts a kernel by asking a template for one, and signals it through its pidfd.

    A pidfd always means the process it was made for; a number would mean another process, in
    another namespace or after the first has ended.
    """

    _pidfd: int | None = None

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
        control = self.parent.control_of_template
        try:
            control.send(b"kernel")
            described, rights, _, _ = control.recvmsg(4096, 100)
            self._pidfd = array.array("i", rights[0][2])[0]
        except (OSError, IndexError) as error:
            raise TemplateDied(
                "The sandbox's process ended while it was asked for a kernel"
            ) from error
        folder = f"/proc/{_pid_here(self._pidfd)}/root"
        return {
            "transport": "ipc",
            "ip": f"{folder}/{_SOCKETS}",
            "shell_port": 1,
            "iopub_port": 2,
            "stdin_port": 3,
            "control_port": 4,
            "hb_port": 5,
            "key": json.loads(described)["key"].encode(),
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
        """Kill the kernel and all that it started: its namespace ends with its first process."""
        await self.send_signal(signal.SIGKILL)

    async def terminate(self, restart: bool = False) -> None:  # noqa: FBT001, FBT002
        """Kill: student code is not asked."""
        await self.kill(restart)

    async def cleanup(self, restart: bool = False) -> None:  # noqa: ARG002, FBT001, FBT002
        """Called by the kernel manager at the end: gives the pidfd back."""
        if self._pidfd is not None:
            os.close(self._pidfd)
            self._pidfd = None


def last_line(file: IO[bytes]) -> str:
    """The last line in a file that a process wrote its errors to, at most 300 characters."""
    size = os.fstat(file.fileno()).st_size
    text = os.pread(file.fileno(), 10_000, max(0, size - 10_000)).decode("utf-8", "replace")
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1][:300] if lines else ""


def _pid_here(pidfd: int) -> int:
    """The number that the process of a pidfd has in our own namespace."""
    for line in Path(f"/proc/self/fdinfo/{pidfd}").read_text(encoding="ascii").splitlines():
        if line.startswith("Pid:"):
            return int(line.split()[1])
    raise TemplateDied("A kernel ended before it could be reached")


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
