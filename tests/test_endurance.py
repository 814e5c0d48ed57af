"""Grading goes on: in long rows, and when what it rests on is killed."""

from __future__ import annotations

import os
import random
import signal
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from grader.kernel import memory
from grader.kernel.limits import MIB, Limits
from grader.pool import Plan, grade_all
from grader.results import SubmissionResult
from grader.submissions import Submission
from tests.notebooks import POINTS, RIGHT, cells_of, write_notebook
from tests.processes import Process, descendants

pytestmark = pytest.mark.kernel

FULL = sum(POINTS.values())
ROW = 200


def submissions(folder: Path, count: int, extra: str = "1") -> list[Submission]:
    """So many right submissions, whose first cell is `extra`."""
    return [
        Submission(
            f"student{number:03}",
            write_notebook(folder / f"{number}.ipynb", [extra, *cells_of(RIGHT)]),
        )
        for number in range(count)
    ]


def plan(jobs: int) -> Plan:
    """Grading in the sandbox."""
    return Plan(b"a secret for tests", Limits(10.0, 60.0), jobs=jobs)


def traces() -> dict[str, object]:
    """What grading could leave behind on this machine, apart from memory."""
    place = memory.group_place()
    mine = f"grader-{os.getpid()}-*"
    return {
        "descriptors": len(list(Path("/proc/self/fd").iterdir())),
        "threads": len(list(Path("/proc/self/task").iterdir())),
        "processes": sorted(process.command for process in descendants()),
        "groups": len(list(place.glob(mine))) if place else 0,
        "temporary": sorted(path.name for path in Path("/tmp").glob(mine)),
    }


def test_a_long_row_leaves_nothing_behind(tmp_path: Path) -> None:
    """200 submissions through one slot: memory is flat, and nothing is left of any of them."""
    taken: dict[int, tuple[int, int, dict[str, int]]] = {}
    scores: list[float | None] = []

    def done(result: SubmissionResult) -> None:
        scores.append(result.score)
        if len(scores) in (20, ROW):
            lasting = {
                process.command[:80]: process.memory
                for process in descendants()
                if "template.main" in process.command or "judge_process" in process.command
            }
            own = next(p.memory for p in descendants(os.getppid()) if p.pid == os.getpid())
            taken[len(scores)] = (own, len(list(Path("/proc/self/fd").iterdir())), lasting)

    before = traces()
    grade_all(submissions(tmp_path, ROW), plan(1), done)
    assert scores == [FULL] * ROW
    early, late = taken[20], taken[ROW]
    assert late[0] - early[0] < 10 * MIB
    assert abs(late[1] - early[1]) <= 4, "descriptors pile up"
    assert early[2].keys() == late[2].keys()
    for command, memory_then in early[2].items():
        assert late[2][command] - memory_then < 5 * MIB, command
    after = traces()
    # A pool's threads end when the interpreter likes.
    assert {**after, "threads": 0} == {**before, "threads": 0}


def _is_kernel_template(process: Process) -> bool:
    return process.command.startswith("bwrap") or "template.main" in process.command


def _is_judge(process: Process) -> bool:
    return "grader.judge_process" in process.command


VICTIMS: dict[str, Callable[[Process], bool]] = {
    "kernel templates and kernels": _is_kernel_template,
    "judge templates and judges": _is_judge,
}


@pytest.mark.parametrize("victims", VICTIMS)
def test_what_is_killed_is_done_again(tmp_path: Path, victims: str) -> None:
    """Whatever process is killed at whatever moment, every submission gets its right result."""
    seed = random.SystemRandom().randrange(10**6)
    print(f"seed {seed}")  # noqa: T201 - shown when the test fails
    draw = random.Random(seed)
    results: list[SubmissionResult] = []
    over = threading.Event()
    killed: list[str] = []

    def kill() -> None:
        while not over.wait(draw.uniform(2.0, 4.0)):
            if found := [process for process in descendants() if VICTIMS[victims](process)]:
                victim = draw.choice(found)
                killed.append(victim.command[:60])
                with suppress(ProcessLookupError):
                    os.kill(victim.pid, signal.SIGKILL)

    killer = threading.Thread(target=kill)
    killer.start()
    begun = time.monotonic()
    try:
        slow = "import time\ntime.sleep(1)"
        grade_all(submissions(tmp_path, 16, slow), plan(2), results.append)
    finally:
        over.set()
        killer.join()
    print(f"{time.monotonic() - begun:.0f} s, {len(killed)} killed: {killed}")  # noqa: T201
    assert len(killed) >= 3
    assert [result.score for result in results] == [FULL] * 16, [r.message for r in results]
