"""What grading costs beyond running the cells: a Keras notebook of three exercises, in three ways.

- the limit: the cells alone, in a process that has Keras already and does nothing else;
- warm: the whole grading in the sandbox, from one record to the next. One slot uses a second core
  to prepare the next judge and kernel, so what a second slot brings is measured with a core each;
- cold: nbclient with a fresh kernel, which runs the cells and judges nothing.

Two different notebooks take turns, and the ways do, too. Medians, and ratios within this run: times
alone say little about another machine. CPU seconds are those of all processes together; they need
a control group, and so root. Run as `python -m benchmarks.overhead [--rounds 3]`.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import perf_counter

from benchmarks.keras_notebooks import COURSE, KINDS, write
from grader.grading.collecting.submissions import Submission
from grader.grading.pool import Plan, grade_all
from grader.kernel.limits import Limits
from grader.results import SubmissionResult

# The first submissions of a pool wait for its fork servers.
_WARMING = 4
_ROW = 16

LIMIT = """
import sys, time
import keras, numpy, matplotlib.pyplot
notebooks = [[source.strip() for source in notebook] for notebook in eval(sys.argv[1])]
for number in range(int(sys.argv[2])):
    begun, used = time.perf_counter(), time.process_time()
    names = {}
    for source in notebooks[number % len(notebooks)]:
        exec(source, names)
    print(time.perf_counter() - begun, time.process_time() - used, flush=True)
"""

COLD = """
import sys, nbformat, nbclient
nbclient.NotebookClient(nbformat.read(sys.argv[1], 4), kernel_name="python3").execute()
"""


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    rounds = parser.parse_args().rounds
    os.environ["GRADER_COURSE"] = COURSE
    wall: dict[str, list[float]] = {}
    cpu: dict[str, list[float]] = {}
    with tempfile.TemporaryDirectory() as folder, _cpu_group() as group:
        for _ in range(rounds):
            for name, measured in (
                ("limit", _limit()),
                ("warm, one slot", _warm(Path(folder), group, jobs=1)),
                ("one slot, one core", _warm(Path(folder), group, jobs=1, cores=1)),
                ("two slots, two", _warm(Path(folder), group, jobs=2, cores=2)),
                ("cold", _cold(Path(folder), group)),
            ):
                wall.setdefault(name, []).extend(measured[0])
                cpu.setdefault(name, []).extend(measured[1])
    limit, warm = (statistics.median(wall[name]) for name in ("limit", "warm, one slot"))
    for name, times in wall.items():
        median = statistics.median(times)
        used = f"{statistics.median(cpu[name]):6.3f} s" if cpu[name] else "   –   "
        low, high = min(times), max(times)
        sys.stdout.write(
            f"{name:18} {median:6.3f} s wall ({low:.3f} … {high:.3f}), {used} CPU; "
            f"{median - limit:+.3f} s over the limit, {median / warm:.2f} × warm\n"
        )


def _limit() -> tuple[list[float], list[float]]:
    sources = repr([list(notebook.values()) for notebook in KINDS.values()])
    done = _python("-c", LIMIT, sources, str(2 * _WARMING))
    lines = [line.split() for line in done.splitlines()][_WARMING:]
    return [float(line[0]) for line in lines], [float(line[1]) for line in lines]


def _warm(
    folder: Path, group: Path | None, jobs: int, cores: int | None = None
) -> tuple[list[float], list[float]]:
    everywhere = os.sched_getaffinity(0)
    os.sched_setaffinity(0, sorted(everywhere)[:cores])  # for all processes to be started, too
    try:
        return _in_a_row(folder, group, jobs)
    finally:
        os.sched_setaffinity(0, everywhere)


def _in_a_row(folder: Path, group: Path | None, jobs: int) -> tuple[list[float], list[float]]:
    submissions = [
        Submission(f"student{number}", write(folder / f"{number}" / "work.ipynb", kind))
        for number, kind in enumerate(list(KINDS) * (_ROW // 2 * jobs))
    ]
    ends: list[float] = []
    used: list[float] = []

    def done(result: SubmissionResult) -> None:
        assert result.score == result.max_score, result.to_json()
        ends.append(perf_counter())
        used.append(_used(group))

    grade_all(submissions, Plan(b"a secret for benchmarks", Limits(), jobs=jobs), done)
    first = _WARMING * jobs
    # Between one record and the record `jobs` later, every slot has graded one.
    pairs = list(zip(ends[first:-jobs], ends[first + jobs :], strict=True))
    walls = [(later - earlier) / jobs for earlier, later in pairs]
    cpus = [(used[-1] - used[first]) / (len(used) - first - 1)] if group else []
    return walls, cpus


def _cold(folder: Path, group: Path | None) -> tuple[list[float], list[float]]:
    walls, cpus = [], []
    for kind in KINDS:
        path = write(folder / "cold" / f"{kind}.ipynb", kind)
        begun, used = perf_counter(), _used(group)
        _python("-c", COLD, str(path))
        walls.append(perf_counter() - begun)
        cpus.append(_used(group) - used)
    return walls, cpus if group else []


def _python(*arguments: str) -> str:
    command = [sys.executable, *arguments]
    quiet = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3", "TF_NUM_INTRAOP_THREADS": "1"}
    return subprocess.run(command, check=True, text=True, stdout=subprocess.PIPE, env=quiet).stdout


@contextmanager
def _cpu_group() -> Iterator[Path | None]:
    """A control group for this process and its descendants, to count their CPU; None without."""
    for place, counter in (("cpuacct", "cpuacct.usage"), ("", "cpu.stat")):
        group = Path("/sys/fs/cgroup") / place / f"overhead-{os.getpid()}"
        if not os.access(group.parent, os.W_OK) or not (group.parent / counter).exists():
            continue
        group.mkdir()
        (group / "cgroup.procs").write_text(str(os.getpid()), encoding="ascii")
        try:
            yield group
        finally:
            (group.parent / "cgroup.procs").write_text(str(os.getpid()), encoding="ascii")
            group.rmdir()
        return
    yield None


def _used(group: Path | None) -> float:
    """The CPU seconds that the group's processes have used."""
    if group is None:
        return 0.0
    if (group / "cpuacct.usage").exists():
        return int((group / "cpuacct.usage").read_text(encoding="ascii")) / 1e9
    fields = dict(line.split() for line in (group / "cpu.stat").read_text("ascii").splitlines())
    return int(fields["usage_usec"]) / 1e6


if __name__ == "__main__":
    main()
