"""A class graded by us and by others, side by side, and how we grow with it.

`peers`: the same three exercises (a function, a Keras model, three epochs on digits; and the same
without the training) graded in turns by us with all cores and with one slot, by nbgrader's
autograde, by as many of it as there are cores, and by `otter run`. What counts is the time from one
submission's end to the next one's: the start is paid once a class. `otter run` grades one notebook
a process, so its start is part of each. Every grade is checked.

`growth`: 10, 100 and 1,000 submissions through `grader grade`, and the same once more with nothing
changed: seconds each, and the memory of the command.

Run as `python -m benchmarks.class peers [--rounds 3]`, `… growth [--counts 10,100,1000]` or
`… table`. What was measured is added to build/benchmarks/class.jsonl; `table` shows what stands
there, and draws the picture. Ratios are of medians within one run of `peers`.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from time import perf_counter, sleep
from typing import Any

from benchmarks import peers
from benchmarks.assignment.notebooks import write_ours
from grader.grading.collecting.submissions import Submission
from grader.grading.pool import Plan, grade_all
from grader.kernel.limits import Limits
from grader.results import SubmissionResult

COURSE = "benchmarks.assignment"
MEASURED = peers.CHECKOUT / "build" / "benchmarks" / "class.jsonl"
PICTURE = peers.CHECKOUT / "benchmarks" / "class.png"

# The first submissions of a pool wait for its fork servers.
_WARMING = 4
_OURS, _PEERS = 20, 6
GOALS = {"nbgrader": (9, 25), "nbgrader, all cores": (5, 14), "otter": (14, 35)}
"""How many times faster we want to be, with the training and without."""


def main() -> None:
    """Measure, or show what was measured."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("what", choices=("peers", "growth", "table"))
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--counts", default="10,100,1000")
    parser.add_argument("--lesson", choices=("trained", "untrained", "both"), default="both")
    asked = parser.parse_args()
    os.environ["GRADER_COURSE"] = COURSE
    lessons = ("trained", "untrained") if asked.lesson == "both" else (asked.lesson,)
    if asked.what == "peers":
        for lesson in lessons:
            _peers(lesson, asked.rounds)
    if asked.what == "growth":
        for count in map(int, asked.counts.split(",")):
            _growth(lessons[-1], count)
    _show()


def _peers(lesson: str, rounds: int) -> None:
    cores = os.cpu_count() or 1
    ways: dict[str, Callable[[Path], list[float]]] = {
        "ours": lambda folder: _ours(folder, lesson, slots=cores),
        "ours, one slot": lambda folder: _ours(folder, lesson, slots=1),
        "ours, one slot on one core": lambda folder: _ours(folder, lesson, slots=1, cores=1),
        "nbgrader": lambda folder: _gaps(peers.nbgrader(folder, lesson, _PEERS)),
        "nbgrader, all cores": lambda folder: _gaps(
            peers.nbgrader(folder, lesson, _PEERS * cores, cores), cores
        ),
        "otter": lambda folder: _gaps(peers.otter(folder, lesson, _PEERS // 2)),
    }
    for name in peers.RELEASES:
        peers.environment(name)  # not while something is measured
    for number in range(rounds):
        for way, measure in ways.items():
            with tempfile.TemporaryDirectory() as folder:
                seconds = measure(Path(folder))
            _add({"what": "peers", "lesson": lesson, "way": way, "round": number, "each": seconds})


def _ours(folder: Path, lesson: str, slots: int, cores: int | None = None) -> list[float]:
    """The seconds from one record to the next, through the sandbox, for notebooks that differ."""
    submissions = [
        Submission(f"student{n}", write_ours(folder / f"{n}" / "work.ipynb", lesson, f"{n}"))
        for n in range(_OURS * slots)
    ]
    ends: list[float] = []

    def done(result: SubmissionResult) -> None:
        assert result.score == result.max_score, result.to_json()
        ends.append(perf_counter())

    everywhere = os.sched_getaffinity(0)
    os.sched_setaffinity(0, sorted(everywhere)[:cores])  # for all processes to be started, too
    try:
        grade_all(submissions, Plan(b"a secret for benchmarks", Limits(), jobs=slots), done)
    finally:
        os.sched_setaffinity(0, everywhere)
    return _gaps(ends[_WARMING * slots :], slots)


def _gaps(ends: Sequence[float], at_once: int = 1) -> list[float]:
    """Seconds a submission, from the times at which they ended, so many being graded at once."""
    pairs = zip(ends[:-at_once], ends[at_once:], strict=True)
    return [(later - earlier) / at_once for earlier, later in pairs]


def _growth(lesson: str, count: int) -> None:
    """Grade `count` with one slot and with two, each twice; the second time nothing has changed."""
    with tempfile.TemporaryDirectory() as folder:
        classroom = Path(folder) / "class"
        for n in range(count):
            write_ours(classroom / f"student{n:04}" / f"{lesson}.ipynb", lesson, f"{n}")
        for slots in (2, 1):
            to = Path(folder) / f"graded-{slots}"
            for way in ("first", "unchanged"):
                seconds, memory = _command(classroom, to, slots)
                _add(
                    {"what": "growth", "lesson": lesson, "count": count, "slots": slots}
                    | {"way": way, "seconds": seconds, "memory": memory}
                )


def _command(classroom: Path, to: Path, slots: int) -> tuple[float, float]:
    """The seconds of `grader grade`, and the most memory that the command itself held, in MiB."""
    command = [sys.executable, "-m", "grader", "grade", str(classroom), "--to", str(to)]
    begun = perf_counter()
    process = subprocess.Popen(
        [*command, "--quiet", "--jobs", str(slots)], stdout=subprocess.DEVNULL
    )
    memory = 0.0
    while process.poll() is None:  # what its children hold does not count
        memory = _most_memory(process.pid) or memory
        sleep(0.05)
    seconds = perf_counter() - begun
    assert process.returncode == 0
    return seconds, memory


def _most_memory(pid: int) -> float:
    """The most memory that a process has held so far, in MiB; 0 where it has ended."""
    try:
        status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    except OSError:
        return 0.0
    [kibibytes] = re.findall(r"VmHWM:\s*(\d+) kB", status) or [0]
    return int(kibibytes) / 1024


def _add(measured: dict[str, Any]) -> None:
    MEASURED.parent.mkdir(parents=True, exist_ok=True)
    with MEASURED.open("a", encoding="utf-8") as file:
        file.write(json.dumps(measured) + "\n")
    sys.stderr.write(f"{ {k: v for k, v in measured.items() if k != 'each'} }\n")


def _show() -> None:
    """Print what stands in the file as tables in Markdown, and draw the picture."""
    lines = MEASURED.read_text(encoding="utf-8").splitlines()
    measured = [json.loads(line) for line in lines]
    each: dict[str, dict[str, list[float]]] = {}
    for one in measured:
        if one["what"] == "peers":
            each.setdefault(one["lesson"], {}).setdefault(one["way"], []).extend(one["each"])
    for lesson, ways in each.items():
        sys.stdout.write(f"\n### {lesson}\n\n{_peers_table(lesson, ways)}")
    growth = [one for one in measured if one["what"] == "growth"]
    if growth:
        sys.stdout.write(f"\n### growth\n\n{_growth_table(growth)}")
    if each:
        _draw(each)


def _peers_table(lesson: str, ways: dict[str, list[float]]) -> str:
    ours = statistics.median(ways["ours"])
    rows = ["| | seconds each, median | middle half | times ours | goal |", "|---|---|---|---|---|"]
    for way, seconds in ways.items():
        median = statistics.median(seconds)
        low, _, high = statistics.quantiles(seconds, n=4)
        goal = GOALS.get(way, ("", ""))[lesson == "untrained"]
        rows.append(
            f"| {way} | {median:.2f} | {low:.2f} … {high:.2f} | {median / ours:.1f} | {goal} |"
        )
    return "\n".join(rows) + "\n"


def _growth_table(growth: list[dict[str, Any]]) -> str:
    rows = [
        "| submissions | slots | run | seconds | seconds each | memory of the command |",
        "|---|---|---|---|---|---|",
    ]
    rows += [
        f"| {one['count']:,} | {one['slots']} | {one['way']} | {one['seconds']:.1f} | "
        f"{one['seconds'] / one['count']:.3f} | {one['memory']:.0f} MiB |"
        for one in growth
    ]
    return "\n".join(rows) + "\n"


def _draw(each: dict[str, dict[str, list[float]]]) -> None:
    """Bars of the medians, with the middle half of what was measured."""
    import matplotlib as mpl

    mpl.use("agg")
    from matplotlib import pyplot as plt

    figure, axes = plt.subplots(1, len(each), figsize=(10, 3), layout="constrained")
    for axis, (lesson, ways) in zip(_listed(axes), each.items(), strict=True):
        names = list(ways)[::-1]
        medians = [statistics.median(ways[name]) for name in names]
        spread = [statistics.quantiles(ways[name], n=4) for name in names]
        beside = [
            [median - low for median, (low, _, _) in zip(medians, spread, strict=True)],
            [high - median for median, (_, _, high) in zip(medians, spread, strict=True)],
        ]
        colors = ["#1a7f37" if name.startswith("ours") else "#8c959f" for name in names]
        bars = axis.barh(names, medians, xerr=beside, color=colors)
        axis.bar_label(bars, fmt="%.2f s", padding=6)
        axis.set(title=lesson, xlabel="seconds a submission", xlim=(0, 1.25 * max(medians)))
    figure.savefig(PICTURE, dpi=120)


def _listed(axes: Any) -> list[Any]:
    """The axes of a figure as a list, also where there is one only."""
    return list(getattr(axes, "flat", [axes]))


if __name__ == "__main__":
    main()
