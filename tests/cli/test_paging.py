"""A long table goes through a pager on a terminal, and never in a pipe."""

from __future__ import annotations

import fcntl
import os
import pty
import struct
import subprocess
import sys
import termios
from pathlib import Path

import pytest

from grader.gradebook import gradebook_of
from tests.gradebook.records import exercise, missing, rejected, result

LINES = 24
# A pager that only says how much it was given, and how.
PAGER = 'import os, sys; print("PAGED", len(sys.stdin.readlines()), os.environ["LESS"])'


@pytest.fixture(scope="module")
def graded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A class of 60, of whom one was rejected and one handed in nothing."""
    folder = tmp_path_factory.mktemp("class")
    with gradebook_of(folder, new=True) as book:
        run = book.begin_run("class")
        for number in range(58):
            one = result(f"student {number:02}", exercise("relu", number % 3, 2), file="a")
            book.keep(one, f"{number}", run)
        book.keep(rejected("student 58"), "", run)
        book.keep(missing("student 59"), "", run)
    return folder


def on_terminal(*arguments: str | Path, **environment: str) -> str:
    """What `grader` shows on a terminal of 24 lines and 80 columns."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", LINES, 80, 0, 0))
    quiet = {k: v for k, v in os.environ.items() if k not in ("COLUMNS", "LINES", "LESS")}
    started = subprocess.Popen(
        [sys.executable, "-m", "grader", *map(str, arguments)],
        stdin=theirs,
        stdout=theirs,
        env={**quiet, "TERM": "xterm", **environment},
    )
    os.close(theirs)
    shown = b""
    while chunk := _read(ours):
        shown += chunk
    os.close(ours)
    assert started.wait(timeout=120) == 0
    return shown.decode()


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 65_536)
    except OSError:  # Linux says so when the other side has been closed
        return b""


@pytest.fixture
def pager(tmp_path: Path) -> str:
    """The command of a pager that says what it was given."""
    script = tmp_path / "pager.py"
    script.write_text(PAGER, encoding="utf-8")
    return f"{sys.executable} {script}"


def test_a_long_table_is_paged(graded: Path, pager: str) -> None:
    """On a terminal that it does not fit, the table goes to the pager, set up as Git does it."""
    shown = on_terminal("show", graded, PAGER=pager)
    assert "PAGED 63 FRX" in shown
    assert "student 01" not in shown


def test_what_fits_is_not_paged(graded: Path, pager: str) -> None:
    """A table that is no longer than the terminal is printed."""
    shown = on_terminal("show", graded, "student 01", PAGER=pager)
    assert "PAGED" not in shown
    assert "student 01" in shown


@pytest.mark.parametrize("chosen", ["", "cat", "/no/such/pager", "'unclosed"])
def test_without_a_pager_all_is_printed(graded: Path, chosen: str) -> None:
    """Where there is no pager, or none is wanted, nothing is lost."""
    assert "student 59" in on_terminal("show", graded, GRADER_PAGER=chosen)


def test_no_pager_is_an_option(graded: Path, pager: str) -> None:
    """--no-pager prints all at once."""
    shown = on_terminal("show", graded, "--no-pager", PAGER=pager)
    assert "PAGED" not in shown
    assert "student 59" in shown


def test_a_pipe_is_never_paged(graded: Path, pager: str) -> None:
    """In a pipe the table is printed, even where colors are asked for."""
    shown = subprocess.run(
        [sys.executable, "-m", "grader", "show", graded],
        env={**os.environ, "PAGER": pager, "FORCE_COLOR": "1"},
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert "PAGED" not in shown
    assert "student 59" in shown


def test_the_worst_come_first_on_request(graded: Path) -> None:
    """--sort worst begins with those who have nothing, with the reason in their row."""
    lines = subprocess.run(
        [sys.executable, "-m", "grader", "show", graded, "--sort", "worst"],
        env={**os.environ, "COLUMNS": "80"},
        capture_output=True,
        text=True,
        check=True,
    ).stdout.splitlines()
    shares = [line.split()[2].partition("/")[0] for line in lines[1:59]]
    assert shares[:20] == ["0"] * 20
    reasons = "\n".join(lines)
    assert "This is no notebook." in reasons
    assert "There is only answers.html." in reasons
