"""`grader grade` that is killed at any moment goes on where it was: nothing is lost or double.

`GRADER_KILLS` is how often it is killed.
"""

from __future__ import annotations

import os
import random
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from grader.gradebook import gradebook_of
from grader.report.records import read_all
from tests.notebooks import RIGHT, WRONG, Cell, cells_of, write_notebook
from tests.processes import descendants, running

pytestmark = [pytest.mark.kernel, pytest.mark.slow]

KILLS = int(os.environ.get("GRADER_KILLS", "3"))


def started(folder: Path, to: Path) -> subprocess.Popen[str]:
    """`grader grade`, which is killed here and there."""
    command = [sys.executable, "-m", "grader", "grade", str(folder), "--to", str(to), "--quiet"]
    seed = ["--seed", str(folder.parent / "seed.txt"), "--jobs", "2", "--timeout", "60"]
    return subprocess.Popen(
        [*command, *seed], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    )


def to_the_end(folder: Path, to: Path) -> int:
    """Of how many submissions an earlier result was used again, in a run that nobody kills."""
    with started(folder, to) as run:
        _, said = run.communicate(timeout=240)
    assert run.returncode == 1, said
    found = re.search(r"(\d+) unchanged results? w", said)
    return int(found[1]) if found else 0


def standing(to: Path) -> dict[str, Any]:
    """What the gradebook has kept of each student, without the time that it took."""
    if not (to / "gradebook.sqlite").exists():
        return {}
    with gradebook_of(to) as book:
        names = [one.person.name for one in book.current()]
        attempts = {name: len(book.attempts(name).attempts) for name in names}
        assert set(attempts.values()) <= {1}, attempts  # nothing is there twice
        return {one.student: one.timeless() for one in book.results()}


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
    (tmp_path / "seed.txt").write_text("a secret of more than 16 characters", encoding="utf-8")
    begun = time.monotonic()
    assert to_the_end(folder, tmp_path / "undisturbed") == 0
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
    assert to_the_end(folder, kept) == stood[-1]
    assert standing(kept) == expected
    records = {one.student: one for one in read_all(kept)}
    assert {name: one.timeless() for name, one in records.items()} == expected
    assert to_the_end(folder, kept) == count
