"""`make demo` on a machine that lacks what it needs, and may not get it."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

COURSE = Path(__file__).parent.parent
# The tests themselves may be run by `make test`, which tells a make below it so.
_MAKES_OWN = ("MAKEFLAGS", "MAKELEVEL", "MFLAGS", "MAKEOVERRIDES")
_OUTSIDE_OF_MAKE = {name: value for name, value in os.environ.items() if name not in _MAKES_OWN}
TOOLS = ("env", "grep", "head", "id", "mktemp", "rm", "sh", "sort")


@pytest.fixture
def bare(tmp_path: Path) -> Path:
    """A folder of commands in which neither apt-get, sudo nor bubblewrap is."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for tool in TOOLS:
        found = shutil.which(tool)
        assert found is not None
        (folder / tool).symlink_to(found)
    return folder


def add(folder: Path, name: str, script: str) -> None:
    """Put a command into such a folder."""
    (folder / name).unlink(missing_ok=True)
    (folder / name).write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
    (folder / name).chmod(0o755)


def run(path: Path, *command: str) -> subprocess.CompletedProcess[str]:
    """Run a command of the course that finds other commands in `path` only."""
    return subprocess.run(
        command,
        cwd=COURSE,
        env={**_OUTSIDE_OF_MAKE, "PATH": str(path)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def make(path: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run `make` on such a machine."""
    found = shutil.which("make")
    assert found is not None
    return run(path, found, *arguments)


def test_another_system_is_told_to_install_by_its_own_means(bare: Path) -> None:
    """Without apt-get, one sentence says what is not installed and why."""
    done = run(bare, ".ci/install", "bubblewrap")
    assert done.returncode == 1
    assert done.stderr.startswith("Not installed: bubblewrap.")
    assert "a system without it" in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_who_is_neither_root_nor_has_sudo_is_told_whom_to_ask(bare: Path) -> None:
    """The command that somebody else has to run stands there."""
    add(bare, "apt-get", "exit 0")
    add(bare, "id", "echo 1000")
    done = run(bare, ".ci/install", "bubblewrap", "chromium")
    assert done.returncode == 1
    assert done.stderr.endswith("can run: apt-get install bubblewrap chromium\n")
    add(bare, "sudo", "exit 1")
    assert "Received: sudo refuses" in run(bare, ".ci/install", "bubblewrap").stderr


def test_why_apt_get_refuses_is_passed_on(bare: Path) -> None:
    """Of all that apt-get says, its errors are shown, and what to do."""
    add(bare, "id", "echo 0")
    add(bare, "apt-get", "echo 'Reading package lists...'; echo 'E: No network' >&2; exit 100")
    done = run(bare, ".ci/install", "bubblewrap")
    assert done.returncode == 1
    assert done.stdout == "Installing bubblewrap.\n"
    assert done.stderr.splitlines()[0] == "E: No network"
    assert len(done.stderr.splitlines()) == 2


def test_root_installs_without_asking(bare: Path, tmp_path: Path) -> None:
    """The packages are installed by one command that waits for no answer."""
    add(bare, "id", "echo 0")
    add(bare, "apt-get", f'echo "$@" >> {tmp_path / "asked"}')
    assert run(bare, ".ci/install", "bubblewrap").returncode == 0
    asked = (tmp_path / "asked").read_text(encoding="utf-8").splitlines()
    assert asked == ["-q update", "-q install -y --no-install-recommends bubblewrap"]


def test_the_demo_installs_the_sandbox_or_says_that_it_goes_on_without(bare: Path) -> None:
    """A machine that refuses bubblewrap is no obstacle; one that has it is left alone."""
    done = make(bare, "sandbox")
    assert done.returncode == 0
    assert "the demo goes on without it" in done.stdout
    assert "Not installed: bubblewrap" in done.stderr
    add(bare, "bwrap", "exit 0")
    done = make(bare, "sandbox")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_the_tests_stop_where_their_packages_are_refused(bare: Path) -> None:
    """What tests need, they do not go on without."""
    assert make(bare, "system").returncode != 0


def test_the_demo_prepares_the_sandbox_and_names_what_to_look_at() -> None:
    """It asks for the sandbox first, and the picture and the notebook it ends with exist."""
    planned = subprocess.run(
        ["make", "-n", "demo"],
        cwd=COURSE,
        env=_OUTSIDE_OF_MAKE,
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    ).stdout
    assert planned.index(".ci/install bubblewrap") < planned.index("grader grade examples/class")
    for named in (
        "docs/pictures/feedback.png",
        "examples/class/dan_flipped_kernel/convolution.ipynb",
    ):
        assert named in planned.partition("grader grade")[2]
        assert (COURSE / named).is_file()


def test_a_python_that_is_too_old_or_missing_is_told(bare: Path, tmp_path: Path) -> None:
    """`make setup` says which Python is needed, and what it got."""
    add(bare, "old", "case $1 in --version) echo Python 3.9.1;; *) exit 1;; esac")
    for python, received in (("", "none"), ("old", "Python 3.9.1")):
        done = make(bare, f"PYTHON={python}", f"INSTALLED={tmp_path / 'new'}", "setup")
        assert done.returncode != 0
        assert f"Python 3.11 or newer is needed. Received: {received}." in done.stdout
