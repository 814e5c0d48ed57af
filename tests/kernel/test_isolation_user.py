"""`--isolation user`: each submission is another user of this machine."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.notebooks import POINTS, RIGHT, Cell, cells_of, write_notebook
from tests.processes import running
from tests.views import COURSE, view

pytestmark = pytest.mark.kernel

FULL = sum(POINTS.values())

NOSY = """
    import os
    found = []
    for path in {paths!r}:
        try:
            found.append(open(path).read()[:80])
        except OSError as error:
            found.append(error.strerror)
    """
TELLS = """
    def patch_response(patch, kernel):
        raise RuntimeError(repr(found))
    """
CONNECTS = """
    import socket
    try:
        socket.create_connection(("127.0.0.1", 9), timeout=1)
        found = "connected"
    except OSError as error:
        found = error.strerror
    """
LEAVES = """
    import os, subprocess
    subprocess.Popen(["sleep", "{seconds}"], start_new_session=True)
    open("/tmp/left-{seconds}", "w").write("x")
    """
GREEDY = "held = b'x' * (3 * 2**30)\ndef patch_response(patch, kernel):\n    return 0"


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that only root may enter, in a place where other users could reach it."""
    with tempfile.TemporaryDirectory(prefix="class-", dir="/tmp") as made:
        yield Path(made)


def private_course(folder: Path) -> list[tuple[Path, Path]]:
    """Copies of the checkout's rubrics and solutions for root's eyes, to be seen in their place."""
    binds = []
    for name in ("cnn_course", "solutions"):
        copy = folder / "private" / name
        shutil.copytree(COURSE / name, copy, ignore=shutil.ignore_patterns("__pycache__"))
        copy.chmod(0o700)
        binds.append((copy, COURSE / name))
    return binds


def grade(folder: Path, *, private: bool = True) -> subprocess.CompletedProcess[str]:
    """Run the command on `folder/class`, in a view where every user may read this Python."""
    binds = private_course(folder) if private else []
    command = [*view(*binds), sys.executable, "-I", "-m", "grader", "grade"]
    options = ["--to", str(folder / "graded"), "--isolation", "user", "--quiet", "--timeout", "10"]
    return subprocess.run(
        [*command, str(folder / "class"), *options], text=True, capture_output=True, check=False
    )


def record(folder: Path, student: str) -> dict[str, Any]:
    """What came of one student's notebook."""
    path = folder / "graded" / "results" / student / "convolution.json"
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found


def first_message(result: dict[str, Any]) -> str:
    """What the student reads about `patch_response`."""
    exercise = next(e for e in result["exercises"] if e["id"] == "patch_response")
    return str(exercise["message"])


def test_submissions_are_kept_apart_without_namespaces(folder: Path) -> None:
    """A class is graded: right answers count; no file of ours, no network, nothing left behind."""
    seconds = str(3_000 + os.getpid())
    paths = [
        str(folder / "class" / "ana.ipynb"),
        str(folder / "graded" / "seed"),
        str(COURSE / "cnn_course/convolution.py"),
        str(COURSE / "solutions/01_convolution.py"),
        "/etc/shadow",
    ]
    submissions: dict[str, list[Cell]] = {
        "ana": cells_of(RIGHT),
        "nosy": [NOSY.format(paths=paths), ("patch_response", TELLS)],
        "connects": [CONNECTS, ("patch_response", TELLS)],
        "leaves": [LEAVES.format(seconds=seconds), *cells_of(RIGHT)],
        "greedy": [("patch_response", GREEDY)],
        "zoe": cells_of(RIGHT),
    }
    for name, cells in submissions.items():
        write_notebook(folder / "class" / f"{name}.ipynb", cells)
    done = grade(folder)
    assert done.returncode == 1, done.stderr
    for name in ("ana", "leaves", "zoe"):
        assert record(folder, name)["score"] == FULL
    denied = repr(["Permission denied"] * len(paths))
    assert denied in first_message(record(folder, "nosy"))
    assert "not supported" in first_message(record(folder, "connects"))
    assert "memory" in first_message(record(folder, "greedy"))
    assert not [p for p in running().values() if p.command == f"sleep {seconds}"]
    assert not Path(f"/tmp/left-{seconds}").exists()
    isolation = record(folder, "ana")["isolation"]
    assert isolation["level"] == "user"
    assert {"file system", "processes", "disk"} == set(isolation["missing"])


def test_it_refuses_while_others_can_read_what_is_secret(folder: Path) -> None:
    """Where rubrics are readable to every user, the command says which chmod mends it."""
    write_notebook(folder / "class" / "ana.ipynb", cells_of(RIGHT))
    done = grade(folder, private=False)
    assert done.returncode == 2
    assert "chmod -R o-rwx" in done.stderr
    assert not (folder / "graded").exists()
