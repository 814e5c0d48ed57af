"""A run that is killed at any moment goes on where it was: nothing is lost, and nothing is double.

`GRADER_KILLS` is how often it is killed.
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from grader.results import SubmissionResult
from tests.notebooks import RIGHT, WRONG, Cell, cells_of, write_notebook
from tests.processes import descendants, running

pytestmark = [pytest.mark.kernel, pytest.mark.slow]

KILLS = int(os.environ.get("GRADER_KILLS", "3"))
PROJECT = Path(__file__).parents[2]


def started(folder: Path, kept: Path) -> subprocess.Popen[str]:
    """A run that grades what lies in a folder, and keeps it."""
    command = [sys.executable, "-m", "tests.grading.resumed", str(folder), str(kept)]
    return subprocess.Popen(command, cwd=PROJECT, stdout=subprocess.PIPE, text=True)


def to_the_end(folder: Path, kept: Path) -> tuple[int, int]:
    """How many such a run graded, and how many results it used again."""
    with started(folder, kept) as run:
        said, _ = run.communicate(timeout=240)
    assert run.returncode == 0
    graded, reused = said.split()
    return int(graded), int(reused)


def standing(kept: Path) -> dict[str, Any]:
    """What is kept, by key and student, without the time that it took."""
    return {
        f"{path.parent.name}/{path.name}": SubmissionResult.from_json(path.read_bytes()).model_dump(
            exclude={"seconds"}
        )
        for path in kept.glob("*/*.json")
    }


def test_a_run_killed_at_any_moment_goes_on_where_it_was(tmp_path: Path) -> None:
    """After kills at drawn moments, the same is kept as without any; what stands is not redone."""
    seed = int(os.environ.get("GRADER_SEED", random.SystemRandom().randrange(10**6)))
    print(f"GRADER_SEED={seed}")  # noqa: T201
    draw = random.Random(seed)
    folder = tmp_path / "class"
    count = 8 + 2 * KILLS  # so that some are left whenever it is killed
    for number in range(count):
        cells: list[Cell] = [f"number = {number}", *cells_of(WRONG if number % 2 else RIGHT)]
        write_notebook(folder / f"student{number:02}.ipynb", cells)
    begun = time.monotonic()
    assert to_the_end(folder, tmp_path / "undisturbed") == (count, 0)
    undisturbed = time.monotonic() - begun
    expected = standing(tmp_path / "undisturbed")
    assert len(expected) == count

    kept = tmp_path / "kept"
    stood: list[int] = []
    for number in range(KILLS):
        before = stood[-1] if stood else 0
        with started(folder, kept) as run:
            if number % 3:  # some while it starts, most while it grades
                while run.poll() is None and len(standing(kept)) == before:
                    time.sleep(0.01)
            time.sleep(draw.uniform(0, undisturbed / 4))
            ours = descendants(run.pid)
            run.send_signal(signal.SIGKILL)
        now = standing(kept)
        stood.append(len(now))
        assert now.items() <= expected.items()
        for _ in range(300):  # whatever it had started ends with it
            if not [process for process in ours if process.pid in running()]:
                break
            time.sleep(0.1)
        else:
            raise AssertionError(f"still running: {ours}")
    print(f"kept after each kill: {stood}, of {count}")  # noqa: T201
    assert stood == sorted(stood)
    assert KILLS < 2 or stood[-1] > 0
    assert to_the_end(folder, kept) == (count - stood[-1], stood[-1])
    assert standing(kept) == expected
    assert to_the_end(folder, kept) == (0, count)
