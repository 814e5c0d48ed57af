"""Where the time of one warm submission goes, step by step.

Grades the Keras notebook of three exercises in this process, as a forked judge would, with a kernel
that was forked before and waits. Medians. Run as `python -m benchmarks.phases [--rounds 20]`.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from benchmarks.keras_notebooks import COURSE, write
from grader.grading import grade as submission_grading
from grader.grading import notebook_grading
from grader.grading.collecting.submissions import Submission
from grader.grading.execute import Kernel
from grader.kernel.fork_servers import pid_here
from grader.kernel.limits import Limits
from grader.kernel.memory import descendants
from grader.kernel.provisioner import WarmKernels
from grader.kernel.warm import Ended, ForkedKernel, KernelForkServer

# The steps, and the functions that they consist of; what is inside another is taken off it.
STEPS: list[tuple[str, Any, str]] = [
    ("read the notebook", submission_grading, "parse"),
    ("connect to the kernel", Kernel, "__enter__"),
    ("run the cells", Kernel, "run"),
    ("ask the kernel", Kernel, "ask"),
    ("judge: rebuild models, compare", notebook_grading, "judge"),
    ("stop", Kernel, "__exit__"),
]


class Measured:
    """A kernel that was forked before it is asked for; notes the CPU that it has used."""

    def __init__(self, kernel: ForkedKernel) -> None:
        self._kernel = kernel
        self.described, self.pidfd = kernel.described, kernel.pidfd

    def taken(self, _packages: Sequence[str]) -> Measured:
        """This one, whatever packages are asked for."""
        return self

    def ended(self) -> Ended:
        """How it ended."""
        return self._kernel.ended()

    def close(self) -> None:
        """Note its CPU, and kill it."""
        kernel_cpu.append(_cpu(pid_here(self.pidfd)))
        self._kernel.close()


walls: dict[str, list[float]] = defaultdict(list)
cpus: dict[str, list[float]] = defaultdict(list)
kernel_cpu: list[float] = []
_open: list[list[float]] = []


def timed(step: str, function: Callable[..., Any]) -> Callable[..., Any]:
    """`function`, whose time without that of other steps inside it is added to `step`."""

    def wrapped(*args: Any, **kwargs: Any) -> Any:
        begun, used = time.perf_counter(), time.process_time()
        _open.append([0.0, 0.0])
        try:
            return function(*args, **kwargs)
        finally:
            inner_wall, inner_cpu = _open.pop()
            wall, cpu = time.perf_counter() - begun, time.process_time() - used
            walls[step][-1] += wall - inner_wall
            cpus[step][-1] += cpu - inner_cpu
            if _open:
                _open[-1][0] += wall
                _open[-1][1] += cpu

    return wrapped


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=20)
    rounds = parser.parse_args().rounds
    os.environ["GRADER_COURSE"] = COURSE
    for step, owner, name in STEPS:
        setattr(owner, name, timed(step, getattr(owner, name)))
    grade = timed("the rest", submission_grading.grade)
    server = KernelForkServer(["keras"])
    with tempfile.TemporaryDirectory() as folder:
        path = write(Path(folder) / "work.ipynb", "sequential")
        for _ in range(rounds + 3):
            ahead = Measured(server.fork())
            kernels = WarmKernels(ahead.taken, server.level)
            time.sleep(0.3)  # until it is up
            for step in (*(step for step, _, _ in STEPS), "the rest"):
                walls[step].append(0.0)
                cpus[step].append(0.0)
            grade(
                Submission("ana", path), secret=b"for benchmarks", limits=Limits(), kernels=kernels
            )
    server.close()
    _print(warmed=3)


def _print(warmed: int) -> None:
    total_wall = total_cpu = 0.0
    for step in walls:
        wall, cpu = (statistics.median(times[step][warmed:]) * 1000 for times in (walls, cpus))
        total_wall, total_cpu = total_wall + wall, total_cpu + cpu
        sys.stdout.write(f"{step:32} {wall:6.1f} ms wall {cpu:6.1f} ms CPU of the judge\n")
    sys.stdout.write(f"{'all':32} {total_wall:6.1f} ms wall {total_cpu:6.1f} ms CPU of the judge\n")
    kernel = statistics.median(kernel_cpu[warmed:]) * 1000
    sys.stdout.write(f"The kernel used {kernel:.0f} ms CPU, its own start included.\n")


def _cpu(pid: int) -> float:
    """The CPU seconds of a process and its children."""
    seconds = 0.0
    for member in (pid, *descendants(pid)):
        fields = Path(f"/proc/{member}/stat").read_text(encoding="ascii").rsplit(")", 1)[1].split()
        seconds += (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    return seconds


if __name__ == "__main__":
    main()
