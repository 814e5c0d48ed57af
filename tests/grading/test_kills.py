"""Processes are killed, and the command is interrupted, at any moment: nothing is lost, or waits.

`GRADER_KILLS` is how many processes are killed in all, `GRADER_INTERRUPTS` how often the command is
interrupted.
"""

from __future__ import annotations

import asyncio
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from grader.errors import CannotStart
from grader.grading.collecting.submissions import Submission
from grader.grading.judges import Judges
from grader.grading.pool import Plan, grade_all
from grader.kernel.fork_servers import ForkServers
from grader.kernel.limits import Limits
from grader.kernel.warm import ForkedKernel, KernelForkServer
from grader.results import SubmissionResult
from tests.notebooks import POINTS, RIGHT, WRONG, Cell, cells_of, write_notebook
from tests.processes import Process, descendants, running

pytestmark = pytest.mark.kernel

KILLS = int(os.environ.get("GRADER_KILLS", "12"))
INTERRUPTS = int(os.environ.get("GRADER_INTERRUPTS", "4"))
SLOW = "import time\ntime.sleep(1)"
ENDS_ITSELF = "import os\nos._exit(1)"
# So that a busy machine is no reason for a limit.
LIMITS = Limits(cell=60.0, submission=300.0)


@pytest.fixture
def load() -> Iterator[None]:
    """Two busy loops beside the test."""
    loops = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(2)]
    yield
    for loop in loops:
        loop.kill()
        loop.wait()


def drawn() -> random.Random:
    """Random numbers, whose seed is shown when the test fails; GRADER_SEED sets it."""
    seed = int(os.environ.get("GRADER_SEED", random.SystemRandom().randrange(10**6)))
    print(f"GRADER_SEED={seed}")  # noqa: T201
    return random.Random(seed)


def a_class(folder: Path) -> list[Submission]:
    """Eight submissions: right, wrong, slow, one whose cell ends its kernel."""
    half: list[Cell] = [("patch_response", RIGHT["patch_response"])]
    kinds: dict[str, list[Cell]] = {
        "right": cells_of(RIGHT),
        "wrong": cells_of(WRONG),
        "slow": [SLOW, *cells_of(RIGHT)],
        "ends": [*half, ENDS_ITSELF, ("feature_map_size", RIGHT["feature_map_size"])],
    }
    return [
        Submission(f"{kind}{number}", write_notebook(folder / f"{kind}{number}.ipynb", cells))
        for number in range(2)
        for kind, cells in kinds.items()
    ]


def graded(submissions: list[Submission], jobs: int = 2) -> dict[str, Any]:
    """What came of a class, by student, without how long it took; each is handed on once."""
    results: list[SubmissionResult] = []
    grade_all(submissions, Plan(b"a secret for tests", LIMITS, jobs=jobs), results.append)
    told = {result.student: result.timeless().model_dump() for result in results}
    assert len(told) == len(results) == len(submissions)
    return told


def kind_of(process: Process) -> str:
    """What a process of the grader is; "" where it is none of them."""
    if "grader.grading.judge_process" in process.command:
        parent = running().get(process.parent)
        is_server = parent is None or "grader.grading.judge_process" not in parent.command
        return "judge fork server" if is_server else "judge"
    if process.command.startswith("bwrap") or "/bwrap" in process.command.split(" ")[0]:
        return "walls"
    return "kernel or its fork server" if "fork_server.main" in process.command else ""


class Killer:
    """Kills processes of this test's grader at drawn moments, every other time the youngest one.

    The youngest is the one that is being started; `killed` counts them by kind. `pause` is the
    longest time between two, in seconds, long enough for a start to succeed now and then.
    """

    def __init__(self, draw: random.Random, pause: float) -> None:
        self._draw, self._pause = draw, pause
        self._over = threading.Event()
        self.killed: Counter[str] = Counter()

    @contextmanager
    def at_work(self) -> Iterator[None]:
        """Kill until the block ends, or there were enough."""
        self._over.clear()
        thread = threading.Thread(target=self._kill)
        thread.start()
        try:
            yield
        finally:
            self._over.set()
            thread.join()

    def _kill(self) -> None:
        while self.killed.total() < KILLS:
            if self._over.wait(self._draw.uniform(0.1, self._pause)):
                return
            by_kind: dict[str, list[Process]] = {}
            for process in descendants():
                by_kind.setdefault(kind_of(process), []).append(process)
            by_kind.pop("", None)
            if not by_kind:
                continue
            kind = self._draw.choice(sorted(by_kind))
            found = sorted(by_kind[kind], key=lambda process: process.pid)
            victim = found[-1] if self._draw.random() < 0.5 else self._draw.choice(found)
            with suppress(ProcessLookupError):
                os.kill(victim.pid, signal.SIGKILL)
                self.killed[kind] += 1


def test_whatever_is_killed_every_result_is_as_without_kills(tmp_path: Path, load: None) -> None:
    """Whatever is killed under load, while it starts, too: all results are right."""
    submissions = a_class(tmp_path)
    begun = time.monotonic()
    expected = graded(submissions)
    undisturbed = time.monotonic() - begun
    assert {expected[f"right{n}"]["score"] for n in (0, 1)} == {sum(POINTS.values())}
    killer = Killer(drawn(), max(5.0, undisturbed / 3))
    begun = time.monotonic()
    rounds = 0
    while killer.killed.total() < KILLS:
        with killer.at_work():
            found = graded(submissions)
        rounds += 1
        for student, result in found.items():
            assert result == expected[student], (student, result["message"], killer.killed)
    print(f"{undisturbed:.0f} s without kills")  # noqa: T201
    print(f"{rounds} rounds, {time.monotonic() - begun:.0f} s, killed: {killer.killed}")  # noqa: T201
    assert killer.killed.total() >= KILLS


def started_by(script: str, folder: Path) -> Judges:
    """Judges whose fork server is this shell script; its socket is the descriptor $1."""
    return Judges(str(folder), ["/bin/sh", "-c", script, "fork server"])


@pytest.mark.parametrize(
    ("script", "sentence", "starts"),
    [
        # The one that sleeps holds the socket open: it does not tell of the end.
        ("sleep 25 & echo no room >&2; exit 1", r"\(no room\)\. It was tried 3 times", 3),
        ("exit 1", r"it said nothing; its exit status was 1", 3),
        ("echo no course >&2; exit 4", r"\(no course\)\.$", 1),
        ("kill -9 $$", r"it was killed; .* It was tried 20 times", 20),
    ],
)
def test_a_fork_server_that_cannot_start_is_waited_for_and_tried_within_bounds(
    tmp_path: Path, script: str, sentence: str, starts: int
) -> None:
    """Each wait ends with the process; after a few tries the reason is what the last one said."""

    async def fork() -> None:
        judges = started_by(f"echo x >> started; {script}", tmp_path)
        try:
            await judges.fork(())
        finally:
            judges.close()

    begun = time.monotonic()
    with pytest.raises(CannotStart, match=sentence):
        asyncio.run(fork())
    assert time.monotonic() - begun < 20
    assert len((tmp_path / "started").read_text().split()) == starts


def test_a_fork_server_killed_while_it_imports_is_replaced(tmp_path: Path) -> None:
    """Whoever waits for a kernel gets it from the next one, at once after the first's end."""

    async def fork() -> list[int]:
        servers = ForkServers[ForkedKernel](lambda packages: KernelForkServer(packages))
        killed = []
        try:
            waiting = asyncio.create_task(servers.fork(()))
            for _ in range(3):
                await asyncio.sleep(0.3)
                server = servers.begin(())
                killed.append(server._process.pid)
                os.kill(server._process.pid, signal.SIGKILL)
            kernel = await waiting
            assert kernel.alive
            kernel.close()
        finally:
            servers.close()
        return killed

    assert len(set(asyncio.run(fork()))) == 3


def interrupted(folder: Path, draw: random.Random, isolation: str, to: Path) -> float:
    """How long the command takes to end after Ctrl-C at a drawn moment of grading, in seconds."""
    command = ["grade", str(folder), "--to", str(to), "--isolation", isolation, "--jobs", "2"]
    with subprocess.Popen(
        [sys.executable, "-m", "grader", *command, "--quiet", "--timeout", "100"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as command_line:
        try:
            for _ in range(1200):
                started = {kind_of(process) for process in descendants(command_line.pid)}
                if "judge fork server" in started or command_line.poll() is not None:
                    break
                time.sleep(0.05)
            assert "judge fork server" in started, "grading did not begin within a minute"
            time.sleep(draw.choice([draw.uniform(0, 0.5), draw.uniform(0, 20)]))
            ours = descendants(command_line.pid)
            begun = time.monotonic()
            command_line.send_signal(signal.SIGINT)
            _, errors = command_line.communicate(timeout=60)
            took = time.monotonic() - begun
        finally:
            command_line.kill()
    assert command_line.returncode == 130, errors
    assert "Stopped" in errors
    assert "Traceback" not in errors
    # A kernel that has lost its judge looks for it once a second.
    for _ in range(100):
        left = [process for process in ours if process.pid in running()]
        if not left:
            return took
        time.sleep(0.1)
    raise AssertionError(f"still running: {left}")


def test_ctrl_c_at_any_moment_ends_soon(tmp_path: Path, load: None, ctrl_c: None) -> None:
    """Whatever is being started, graded or stopped, under load, Ctrl-C ends all of it in 30 s."""
    for number in range(6):
        plain: list[Cell] = [SLOW, *cells_of(RIGHT)]
        if number % 2:
            plain.append("while True:\n    pass")
        write_notebook(tmp_path / "class" / f"{number}_plain" / "convolution.ipynb", plain)
        keras = [*cells_of(RIGHT), "import keras"]
        write_notebook(tmp_path / "class" / f"{number}_keras" / "dense.ipynb", keras, "dense")
    draw = drawn()
    taken = [
        interrupted(tmp_path / "class", draw, isolation, tmp_path / f"out{number}")
        for number in range(INTERRUPTS)
        for isolation in [("sandbox", "none")[number % 2]]
    ]
    print(", ".join(f"{seconds:.1f} s" for seconds in taken))  # noqa: T201
    assert max(taken) < 30
