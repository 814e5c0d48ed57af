"""`grader doctor` says what is so: tried on real machines, and on machines that lack something."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from grader.cli import doctor
from grader.cli.doctor import Finding
from grader.kernel import sandbox

GRADER = [sys.executable, "-m", "grader"]
LACKS = "import no_such_module"


def examined(path: str | None = None) -> subprocess.CompletedProcess[str]:
    """What `grader doctor` says; `path` is the PATH that it has."""
    env = {**os.environ, **({} if path is None else {"PATH": path})}
    return subprocess.run(
        [*GRADER, "doctor"], capture_output=True, text=True, check=False, timeout=300, env=env
    )


def bubblewrap_that(folder: Path, script: str) -> str:
    """A PATH on which bubblewrap is this shell script."""
    program = folder / "bwrap"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    return f"{folder}:{os.environ['PATH']}"


@pytest.mark.kernel
def test_a_machine_that_has_all_is_found_fine() -> None:
    """Where kernels start with and without the sandbox, it says so, and ends with status 0."""
    shown = examined()
    lines = shown.stdout.splitlines()
    assert shown.returncode == 0, shown.stdout + shown.stderr
    for sentence in (
        "✔ Python 3.",
        "✔ numpy",
        "✔ A kernel starts, with NumPy",
        "✔ The sandbox works",
    ):
        assert any(line.startswith(sentence) for line in lines), shown.stdout
    assert any("Memory is counted by" in line for line in lines)


@pytest.mark.kernel
def test_a_machine_without_bubblewrap_is_told_how_to_get_it(tmp_path: Path) -> None:
    """Without bubblewrap the command that installs it is shown, and the status is 3."""
    shown = examined(str(tmp_path))
    assert shown.returncode == 3
    assert "✘ The sandbox does not work" in shown.stdout
    assert "    sudo apt-get install bubblewrap" in shown.stdout.splitlines()


@pytest.mark.kernel
@pytest.mark.parametrize(
    ("script", "sentence"),
    [
        ("echo bwrap: setting up uid map: Permission denied >&2; exit 1", "Permission denied"),
        ("exit 1", "said nothing"),
        # It "works" as long as nothing but a Python that does nothing is asked for.
        ('for last; do :; done; [ "$last" = pass ]', "no kernel in it"),
    ],
)
def test_a_sandbox_that_fails_is_never_said_to_work(
    tmp_path: Path, script: str, sentence: str
) -> None:
    """However bubblewrap fails, the finding is bad, says how, and the status is 3."""
    shown = examined(bubblewrap_that(tmp_path, script))
    assert shown.returncode == 3
    told = " ".join(shown.stdout.split())
    assert "The sandbox works" not in told
    assert sentence in told


@pytest.mark.kernel
@pytest.mark.parametrize("look", [doctor._kernel, doctor._sandbox])
def test_a_kernel_that_cannot_import_is_not_fine(look: Callable[[str], Finding]) -> None:
    """Where a kernel starts but its cell fails, the finding is bad and names the exception."""
    found = look(LACKS)
    assert not found.fine
    assert "cannot import" in found.what
    assert "no_such_module" in found.what
    assert "works" not in found.what


def test_a_sandbox_that_never_ends_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A bubblewrap that hangs is a reason like any other: no traceback, no endless wait."""
    monkeypatch.setenv("PATH", bubblewrap_that(tmp_path, "exec sleep 60"))
    assert "did not end within 0.5 s" in sandbox.works(seconds=0.5)


def test_a_sandbox_that_is_no_program_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A bubblewrap that this machine cannot run is told with the system's own words."""
    monkeypatch.setenv("PATH", bubblewrap_that(tmp_path, ""))
    (tmp_path / "bwrap").write_bytes(b"\x7fELF no program")
    assert "cannot be run: Exec format error" in sandbox.works()


WITHOUT_SETUID = """
import ctypes, os, sys
for capability in (6, 7):  # CAP_SETGID, CAP_SETUID
    assert ctypes.CDLL(None, use_errno=True).prctl(24, capability, 0, 0, 0) == 0  # PR_CAPBSET_DROP
os.execv(sys.executable, [sys.executable, "-c", '''
import os, sys
sys.path[:0] = [PLACE]
from pathlib import Path
from grader.kernel.sandbox import why_no_other_user
print("once", why_no_other_user([Path("/")]))
'''])
"""


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has capabilities to lose")
def test_root_that_may_become_nobody_is_one_program_still() -> None:
    """Where root lacks CAP_SETUID, the process that tries ends, and the reason is the right one."""
    place = repr(str(Path(__file__).parents[2]))
    shown = subprocess.run(
        [sys.executable, "-c", WITHOUT_SETUID.replace("PLACE", place)],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert shown.stdout.count("once") == 1
    assert "CAP_SETUID" in shown.stdout
