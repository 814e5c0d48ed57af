"""Progress of a long command, as a person sees it and as a log has it."""

from __future__ import annotations

import io
import re
import subprocess
import sys
from pathlib import Path

import pytest
from rich.console import Console

from grader.cli.progress import progress
from tests.notebooks import RIGHT, cells_of, write_notebook


def log() -> tuple[Console, io.StringIO]:
    """A console that is no terminal, and what is written there."""
    written = io.StringIO()
    return Console(file=written, force_terminal=False, width=80), written


def test_a_terminal_shows_how_far_it_is_and_what_runs() -> None:
    """Steps done and to do, and the names of what runs now, shortened and without markup."""
    written = io.StringIO()
    console = Console(file=written, force_terminal=True, color_system=None, width=150)
    with progress("Grading", 1000, quiet=False, console=console) as step:
        for name in ("ada", "[red]ben", "c" * 100, "dan\x1b[2J\u202e"):
            step.begin(name)
        step("ada")
    shown = written.getvalue()
    assert "Grading" in shown
    assert "1/1000" in shown
    last = shown.split("1/1000")[-1]
    assert "[red]ben, ccccccccccccccccccc…, dan\\x1b[2J\\u202e" in last
    assert "ada" not in last
    assert "\u202e" not in shown


def test_a_narrow_terminal_has_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    """Names are cut off where there is no room; the rest stays in its line."""
    written = io.StringIO()
    console = Console(file=written, force_terminal=True, color_system=None, width=80)
    with progress("Grading", 1000, quiet=False, console=console) as step:
        for number in range(8):
            step.begin(f"somebody called {number}")
        step()
    plain = re.sub(r"\x1b\[[0-9?;]*[A-Za-z]", "\n", written.getvalue())
    lines = [line for line in re.split(r"[\r\n]+", plain) if "Grading" in line]
    assert lines
    assert max(map(len, lines)) <= 80
    assert "1/1000" in lines[-1]


def test_a_log_has_a_line_now_and_then() -> None:
    """A plain line with what is done, the rate, the time left and what runs; not one a step."""
    console, written = log()
    with progress("Grading", 2000, quiet=False, console=console, seconds=0.0) as step:
        step.begin("ada")
        for number in range(5):
            step.begin(f"ben\n{number}")
        step("ada")
    line = r"Grading: 1 of 2,000, \d+ a minute, .* left\. Now: ben\\n0, ben\\n1, .* \+ 1\.\n"
    assert re.fullmatch(line, written.getvalue())
    console, written = log()
    with progress("Grading", 2000, quiet=False, console=console, seconds=3600.0) as step:
        for _ in range(1000):
            step()
    assert written.getvalue() == ""


@pytest.mark.parametrize("terminal", [True, False])
def test_quiet_says_nothing(terminal: bool) -> None:
    """Neither a bar nor a line."""
    written = io.StringIO()
    console = Console(file=written, force_terminal=terminal)
    with progress("Grading", 2, quiet=True, console=console, seconds=0.0) as step:
        step.begin("ada")
        step("ada")
    assert written.getvalue() == ""


def test_what_is_graded_twice_runs_no_more_when_it_is_done() -> None:
    """A step ends all that was begun under its name."""
    console, _ = log()
    with progress("Grading", 2, quiet=False, console=console) as step:
        step.begin("ada")
        step.begin("ben")
        step.begin("ada")
        assert step.now == "ada, ben"
        step("ada")
        assert step.now == "ben"


@pytest.mark.kernel
def test_a_run_in_a_log_writes_no_bar(tmp_path: Path) -> None:
    """Where standard error is no terminal, no control characters are written to it."""
    write_notebook(tmp_path / "class" / "ada" / "convolution.ipynb", cells_of(RIGHT))
    command = ["grade", str(tmp_path / "class"), "--to", str(tmp_path / "out")]
    done = subprocess.run(
        [sys.executable, "-m", "grader", *command], capture_output=True, check=False, timeout=120
    )
    assert done.returncode == 1
    assert done.stderr == b""
