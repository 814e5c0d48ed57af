"""How a kernel for student code is started and reached.

Everything above speaks Jupyter's protocol to a kernel manager; which process answers is decided
here, by the kernel spec's provisioner.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

from jupyter_client.kernelspec import KernelSpec, KernelSpecManager
from jupyter_client.manager import AsyncKernelManager

LAUNCH = Path(__file__).with_name("launch.py")


class GraderKernelSpecs(KernelSpecManager):
    """Knows one kernel, ours, whatever is installed on this machine."""

    def get_kernel_spec(self, kernel_name: str) -> KernelSpec:  # noqa: ARG002 - Jupyter's signature
        """The spec of the kernel that answers questions, run with this Python."""
        return KernelSpec(
            argv=[sys.executable, "-I", str(LAUNCH), "-f", "{connection_file}"],
            display_name="Python (graded)",
            language="python",
            interrupt_mode="signal",
            metadata={"kernel_provisioner": {"provisioner_name": "local-provisioner"}},
        )


def kernel_manager(folder: Path) -> AsyncKernelManager:
    """A manager of a kernel not yet started, whose sockets and connection file lie in `folder`.

    The path of `folder` must be short: a Unix socket's path has at most 107 bytes.
    """
    return AsyncKernelManager(
        kernel_spec_manager=GraderKernelSpecs(),
        kernel_name="graded",
        transport="ipc" if os.name == "posix" else "tcp",
        ip=str(folder / "k") if os.name == "posix" else "127.0.0.1",
        connection_file=str(folder / "connection.json"),
    )


def kernel_environment(folder: Path) -> dict[str, Any]:
    """The whole environment of a kernel: nothing of ours is handed on."""
    return {
        "PATH": os.defpath,
        "HOME": str(folder),
        "LANG": "C.UTF-8",
        "IPYTHONDIR": str(folder / "ipython"),
        "JUPYTER_CONFIG_DIR": str(folder / "jupyter"),
        "MPLCONFIGDIR": str(folder / "matplotlib"),
        "MPLBACKEND": "module://matplotlib_inline.backend_inline",
        "KERAS_HOME": str(folder / "keras"),
        "TF_CPP_MIN_LOG_LEVEL": "3",
        "TF_NUM_INTRAOP_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
        "PYTHONDONTWRITEBYTECODE": "1",
    }
