"""Whatever goes wrong about one submission, in our own code too, stays with that submission."""

from __future__ import annotations

import asyncio
import errno
import gc
import inspect
import json
import os
import socket
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from contextvars import ContextVar
from pathlib import Path
from typing import Any

import pytest

from grader.errors import UsageError
from grader.grading import slot
from grader.grading.collecting.submissions import Submission
from grader.grading.judges import Judge, Judges
from grader.grading.pool import Plan, Slot, grade_all
from grader.kernel import warm
from grader.kernel.fork_servers import ForkServer
from grader.kernel.limits import Limits
from grader.kernel.supply import KernelSupply
from grader.results import ExerciseResult, SubmissionResult, Verdict
from tests.notebooks import POINTS, RIGHT, cells_of, write_notebook
from tests.processes import descendants

pytestmark = pytest.mark.kernel

FULL = sum(POINTS.values())
ENDS_ITSELF = "import os\nos._exit(1)"

# Where something is done about a submission, step by step; what ends something has done so first.
BEFORE: list[tuple[Any, str]] = [
    (Judges, "fork"),
    (Judge, "working"),
    (Judge, "last_words"),
    (ForkServer, "ask"),
    (KernelSupply, "begin"),
    (KernelSupply, "fork"),
    (KernelSupply, "how_it_ended"),
    (warm, "MemoryGuard"),
    (slot, "Job"),
    (slot, "named_lesson"),
    (slot, "_is_by_the_machine"),
    (slot, "asdict"),
    (Path, "absolute"),
    (json, "loads"),
    (socket, "send_fds"),
    (SubmissionResult, "model_validate"),
    (ExerciseResult, "model_validate"),
]
AFTER: list[tuple[Any, str]] = [(Judge, "end"), (Judge, "close"), (KernelSupply, "release")]
# Where a fault changes no result: these are looked at only for a record that is broken already.
HARMLESS = {"named_lesson", "last_words"}

now: ContextVar[str] = ContextVar("now", default="")


def plan(jobs: int = 1) -> Plan:
    """Grading in the sandbox, in time even on a busy machine."""
    return Plan(b"a secret for tests", Limits(cell=60.0, submission=300.0), jobs=jobs)


def submissions(folder: Path, students: list[str], first: str = "1") -> list[Submission]:
    """A right submission of each student, whose first cell is `first`."""
    return [
        Submission(student, write_notebook(folder / student / "w.ipynb", [first, *cells_of(RIGHT)]))
        for student in students
    ]


def failing(
    place: Callable[..., Any], student: str, hits: Counter[str], *, after: bool
) -> Callable[..., Any]:
    """`place`, which fails whenever it is about this student."""

    async def fails_awaited(*arguments: Any, **named: Any) -> Any:
        concerned = now.get() == student
        if after or not concerned:
            found = await place(*arguments, **named)
        if concerned:
            hits[student] += 1
            raise RuntimeError(f"injected into {student}")
        return found

    def fails(*arguments: Any, **named: Any) -> Any:
        concerned = now.get() == student
        if after or not concerned:
            found = place(*arguments, **named)
        if concerned:
            hits[student] += 1
            raise RuntimeError(f"injected into {student}")
        return found

    return fails_awaited if inspect.iscoroutinefunction(place) else fails


def test_a_fault_at_any_step_costs_its_own_submission_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One student for each step that fails: they are broken, with the reason; all others right."""
    hits: Counter[str] = Counter()
    students = []
    for number, (owner, name) in enumerate([*BEFORE, *AFTER]):
        student = f"{number:02}_{name}"
        students += [student, f"{number:02}_right"]
        wrapped = failing(getattr(owner, name), student, hits, after=(owner, name) in AFTER)
        monkeypatch.setattr(owner, name, wrapped)
    whole = Slot.grade

    async def grade(self: Slot, submission: Submission) -> SubmissionResult:
        now.set(submission.student)
        try:
            return await whole(self, submission)
        finally:
            now.set("")

    monkeypatch.setattr(Slot, "grade", grade)
    results: list[SubmissionResult] = []
    before = {process.pid for process in descendants()}
    grade_all(submissions(tmp_path, students, ENDS_ITSELF), plan(2), results.append)
    monkeypatch.undo()
    assert sorted(result.student for result in results) == sorted(students)
    for result in results:
        hit = any(name in result.student for _, name in [*BEFORE, *AFTER])
        if not hit or any(name in result.student for name in HARMLESS):
            assert result.score == FULL, (result.student, result.message)
        else:
            assert hits[result.student], result.student
            assert result.verdict is Verdict.BROKEN, result.student
            assert "This is a fault of the grader" in result.message
    assert {process.pid for process in descendants()} == before


def test_a_notebook_that_is_a_link_to_itself_costs_nobody_else_anything(tmp_path: Path) -> None:
    """A path that cannot be followed is that student's, and the class goes on."""
    class_of = submissions(tmp_path, ["ana", "ben", "cleo"])
    class_of[1].path.unlink()
    class_of[1].path.symlink_to("w.ipynb")
    results: dict[str, SubmissionResult] = {}
    grade_all(class_of, plan(), lambda result: results.update({result.student: result}))
    assert results["ben"].verdict in (Verdict.REJECTED, Verdict.BROKEN)
    assert results["ben"].message
    assert [results[student].score for student in ("ana", "cleo")] == [FULL, FULL]


def test_what_is_broken_once_is_graded_once_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A fault that has passed when all others are done costs nothing, and is not reported."""
    whole = Slot._grade_once
    failed: list[Submission] = []

    async def once(self: Slot, submission: Submission, *rest: Any) -> SubmissionResult:
        if submission.student == "ben" and not failed:
            failed.append(submission)
            raise RuntimeError("only now")
        return await whole(self, submission, *rest)

    monkeypatch.setattr(Slot, "_grade_once", once)
    results: list[SubmissionResult] = []
    grade_all(submissions(tmp_path, ["ana", "ben", "cleo"]), plan(), results.append)
    assert [result.student for result in results] == ["ana", "cleo", "ben"]
    assert [result.score for result in results] == [FULL] * 3


def test_a_message_that_cannot_be_written_is_made_so_that_it_can(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An exception's text with half a character in it ends nothing: its escape is written."""

    async def once(self: Slot, submission: Submission, *rest: Any) -> SubmissionResult:
        raise RuntimeError("not \udcff")

    monkeypatch.setattr(Slot, "_grade_once", once)
    results: list[SubmissionResult] = []
    grade_all(submissions(tmp_path, ["ana"]), plan(), results.append)
    assert r"not \udcff" in results[0].message
    assert SubmissionResult.from_json(results[0].to_json()) == results[0]


def test_a_result_that_cannot_be_kept_ends_the_run_with_a_sentence(tmp_path: Path) -> None:
    """A full disk is the run's fault: it stops at once, says so, and what was kept stands."""
    kept: list[str] = []

    def keep(result: SubmissionResult) -> None:
        if kept:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        kept.append(result.student)

    with pytest.raises(UsageError, match=r"No space left on device.*'ben'.*Make room"):
        grade_all(submissions(tmp_path, ["ana", "ben", "cleo"]), plan(), keep)
    assert kept == ["ana"]
    assert descendants() == []


def test_a_folder_in_the_way_ends_the_command_with_a_sentence(tmp_path: Path) -> None:
    """Where a record's place is taken by something else, the command says so, with status 2."""
    [only] = submissions(tmp_path / "class", ["ana"])
    (tmp_path / "out" / "results").mkdir(parents=True)
    (tmp_path / "out" / "results" / "ana").write_text("a file")
    command = ["grade", str(only.path.parent.parent), "--to", str(tmp_path / "out"), "--quiet"]
    shown = subprocess.run(
        [sys.executable, "-m", "grader", *command, "--isolation", "none"],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert shown.returncode == 2
    assert len(shown.stderr.strip().splitlines()) == 1
    assert "Received: " in shown.stderr


def test_a_slot_that_is_cancelled_while_it_closes_still_lets_go_of_all(tmp_path: Path) -> None:
    """Another slot's failure cancels it just then: nothing is left, and standard error is quiet."""
    complaints: list[dict[str, Any]] = []
    before = {process.pid for process in descendants()}

    async def cancelled() -> bool:
        asyncio.get_running_loop().set_exception_handler(lambda _, what: complaints.append(what))
        judges = Judges(str(tmp_path))

        async def closing() -> None:
            async with Slot(plan(), judges) as own:
                own._kernels.begin(())

        slots = asyncio.create_task(closing())
        await asyncio.sleep(0)
        slots.cancel()
        await asyncio.wait({slots})
        judges.close()
        return slots.cancelled()

    assert asyncio.run(cancelled())
    gc.collect()  # a task whose exception nobody has seen complains when it is collected
    assert complaints == []
    assert {process.pid for process in descendants()} == before
