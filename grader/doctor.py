"""What this machine has and lacks for grading."""

from __future__ import annotations

import platform
import shutil
import subprocess
import sys
from dataclasses import dataclass
from importlib import metadata
from time import monotonic

from grader.execute import Ending, Kernel


@dataclass(frozen=True)
class Finding:
    """One thing looked at: whether it is fine, whether grading needs it, and what mends it."""

    what: str
    fine: bool
    needed: bool = True
    mend: str = ""


def examine() -> list[Finding]:
    """Look at everything that grading rests on; what can be tried is tried, not guessed."""
    return [_python(), *_packages(), _kernel(), _sandbox()]


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


def _kernel() -> Finding:
    begun = monotonic()
    try:
        with Kernel(cell_seconds=20) as kernel:
            outcome = kernel.run("import numpy, matplotlib.pyplot")
    except Exception as error:  # noqa: BLE001 - whatever it is, it is what the machine lacks
        return Finding(
            f"A kernel does not start: {type(error).__name__}: {error}",
            fine=False,
            mend=f"{sys.executable} -m pip install --force-reinstall ipykernel jupyter-client",
        )
    if outcome.ending is not Ending.DONE:
        return Finding(f"A kernel cannot import NumPy: {outcome.text}", fine=False)
    return Finding(f"A kernel starts, with NumPy, in {monotonic() - begun:.1f} s", fine=True)


def _sandbox() -> Finding:
    """Whether bubblewrap can make the namespaces that keep student code away, tried for real."""
    program = shutil.which("bwrap")
    if program is None:
        return Finding(
            "bubblewrap is missing; student code can only be run with --isolation none",
            fine=False,
            needed=False,
            mend="sudo apt-get install bubblewrap",
        )
    tried = subprocess.run(
        [program, "--ro-bind", "/", "/", "--proc", "/proc", "--unshare-all", "true"],
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
    )
    if tried.returncode:
        return Finding(
            f"bubblewrap cannot make namespaces here: {tried.stderr.strip()[:200]}",
            fine=False,
            needed=False,
            mend="sudo sysctl -w kernel.unprivileged_userns_clone=1",
        )
    return Finding("bubblewrap makes namespaces", fine=True)
