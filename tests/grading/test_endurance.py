"""Grading goes on in long rows, and leaves nothing behind."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from grader.grading.collecting.submissions import Submission
from grader.grading.pool import Plan, grade_all
from grader.kernel import memory
from grader.kernel.limits import MIB, Limits
from grader.results import SubmissionResult
from tests.notebooks import POINTS, RIGHT, cells_of, write_notebook
from tests.processes import descendants

pytestmark = pytest.mark.kernel

FULL = sum(POINTS.values())
ROW = 200


def submissions(folder: Path, count: int) -> list[Submission]:
    """So many right submissions."""
    return [
        Submission(
            f"student{number:03}",
            write_notebook(folder / f"{number}.ipynb", cells_of(RIGHT)),
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
                if "fork_server.main" in process.command or "judge_process" in process.command
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
