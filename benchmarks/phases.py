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
from grader.kernel.fork_server import pid_here
from grader.kernel.limits import Limits
from grader.kernel.memory import descendants
from grader.kernel.provisioner import KernelsOfForkServer
from grader.kernel.warm import ForkedKernel, KernelForkServer

# The steps, and the functions that they consist of; what is inside another is taken off it.
STEPS: list[tuple[str, Any, str]] = [
    ("read the notebook", submission_grading, "parse"),
    ("connect to the kernel", Kernel, "__enter__"),
    ("run the cells", Kernel, "run"),
    ("ask the kernel", Kernel, "ask"),
    ("judge: rebuild models, compare", notebook_grading, "judge"),
    ("stop", Kernel, "__exit__"),
]


class Ahead(KernelsOfForkServer):
    """Kernels that were forked before they are asked for."""

    def __init__(self, server: KernelForkServer) -> None:
        super().__init__(server)
        self.ready: ForkedKernel | None = server.fork()

    def fork(self, packages: Sequence[str]) -> tuple[bytes, int]:  # noqa: ARG002 - has them all
        """The kernel that waits."""
        assert self.ready is not None
        self._kernel, self.ready = self.ready, None
        return self._kernel.described, os.dup(self._kernel.pidfd)

    def let_go(self) -> None:
        """Note the CPU that the kernel has used, and kill it."""
        if self._kernel is not None:
            kernel_cpu.append(_cpu(pid_here(self._kernel.pidfd)))
        super().let_go()


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
            kernels = Ahead(server)
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
