"""What this machine has and lacks for grading."""

from __future__ import annotations

import platform
import shutil
import sys
from dataclasses import dataclass
from importlib import metadata
from time import monotonic

from grader.grading.execute import Ending, Kernel
from grader.kernel import sandbox
from grader.kernel.local import Kernels
from grader.kernel.memory import group_place
from grader.kernel.provisioner import KernelsOfForkServer
from grader.kernel.warm import KernelForkServer

# What every notebook needs.
_IMPORT = "import numpy, matplotlib.pyplot"


@dataclass(frozen=True)
class Finding:
    """One thing looked at: whether it is fine, whether grading needs it, and what puts it right."""

    what: str
    fine: bool
    needed: bool = True
    mend: str = ""


def examine() -> list[Finding]:
    """Look at everything that grading rests on; what can be tried is tried, not guessed."""
    return [_python(), *_packages(), _kernel(), _sandbox(), _other_user(), _memory()]


def _python() -> Finding:
    return Finding(
        f"Python {platform.python_version()}",
        sys.version_info >= (3, 11),
        mend="" if sys.version_info >= (3, 11) else "Install Python 3.11 or newer.",
    )


def _packages() -> list[Finding]:
    findings = []
    for package, needed, purpose in (
        ("numpy", True, "every lesson"),
        ("matplotlib", True, "figures"),
        ("keras", False, "lessons with networks"),
        ("jupyterlab", False, "working through a lesson"),
    ):
        try:
            findings.append(Finding(f"{package} {metadata.version(package)}", fine=True))
        except metadata.PackageNotFoundError:
            findings.append(
                Finding(
                    f"{package} is missing; needed for {purpose}",
                    fine=False,
                    needed=needed,
                    mend=f"{sys.executable} -m pip install {package}",
                )
            )
    return findings


def _kernel(source: str = _IMPORT) -> Finding:
    begun = monotonic()
    try:
        wrong = _tried(None, source)
    except Exception as error:  # noqa: BLE001 - whatever it is, it is what the machine lacks
        return Finding(
            f"A kernel does not start: {type(error).__name__}: {error}",
            fine=False,
            mend=f"{sys.executable} -m pip install --force-reinstall ipykernel jupyter-client",
        )
    if wrong:
        return Finding(
            f"A kernel starts, but cannot import NumPy and matplotlib: {wrong}",
            fine=False,
            mend=f"{sys.executable} -m pip install --force-reinstall numpy matplotlib",
        )
    return Finding(f"A kernel starts, with NumPy, in {monotonic() - begun:.1f} s", fine=True)


def _tried(kernels: Kernels | None, source: str) -> str:
    """What goes wrong when a kernel runs `source`; "" if nothing does."""
    with Kernel(cell_seconds=20, kernels=kernels) as kernel:
        outcome = kernel.run(source)
    if outcome.ending is Ending.DONE:
        return ""
    return str(outcome.lost) if outcome.lost else f"{outcome.kind}: {outcome.text}"


def _other_user() -> Finding:
    """Whether submissions can be graded as another user, where the sandbox cannot be had."""
    if wrong := sandbox.why_no_other_user([]):
        return Finding(f"--isolation user does not work here. {wrong}", fine=False, needed=False)
    return Finding("--isolation user works, for places that refuse the sandbox", fine=True)


def _memory() -> Finding:
    """How the memory of a submission is counted here."""
    if place := group_place():
        return Finding(f"Memory is counted by Linux, in control groups below {place}", fine=True)
    return Finding(
        "Memory is counted by the grader, 20 times a second: no control group can be made here",
        fine=False,
        needed=False,
        mend="Run the grader as root, to have Linux itself stop a submission at its limit.",
    )


def _sandbox(source: str = _IMPORT) -> Finding:
    """Whether the sandbox keeps student code away here: built for real, with a kernel in it."""
    if wrong := sandbox.works():
        mend = "sudo apt-get install bubblewrap"
        if shutil.which("bwrap"):
            mend = (
                "sudo sysctl -w kernel.unprivileged_userns_clone=1 user.max_user_namespaces=10000"
            )
        return Finding(f"The sandbox does not work: {wrong}", fine=False, mend=mend)
    begun = monotonic()
    try:
        server = KernelForkServer()
        try:
            wrong = _tried(KernelsOfForkServer(server), source)
        finally:
            server.close()
    except Exception as error:  # noqa: BLE001 - whatever it is, it is what the machine lacks
        return Finding(f"The sandbox starts, but no kernel in it: {error}", fine=False)
    if wrong:
        return Finding(
            f"The sandbox starts, but a kernel in it cannot import NumPy and matplotlib: {wrong}",
            fine=False,
        )
    return Finding(
        f"The sandbox works: a kernel in it after {monotonic() - begun:.1f} s", fine=True
    )
