"""How long one submission takes: the grader from a cold command line and in a row, against Jupyter.

Every way runs the same solved notebook of lesson 1, alternating, in one run; medians and ratios are
printed, since times alone say little about another machine. Run as
`python benchmarks/one_submission.py [--rounds 5]`.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from time import perf_counter

from grader.build import notebook_text, solution_notebook
from grader.course import lesson

COURSE = Path(__file__).resolve().parent.parent
IN_A_ROW = 4


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    rounds = parser.parse_args().rounds
    with tempfile.TemporaryDirectory() as folder:
        ways = _ways(Path(folder))
        seconds: dict[str, list[float]] = {name: [] for name in ways}
        for _ in range(rounds):
            for name, run in ways.items():
                begun = perf_counter()
                run()
                seconds[name].append(perf_counter() - begun)
    base = statistics.median(seconds["jupyter execute, cold"])
    for name, times in seconds.items():
        median = statistics.median(times)
        spread = f"{min(times):5.2f} … {max(times):5.2f}"
        sys.stdout.write(f"{name:42} {median:6.2f} s  ({spread})  × {median / base:.2f}\n")


def _ways(folder: Path) -> dict[str, Callable[[], object]]:
    text = notebook_text(solution_notebook(lesson("convolution"), COURSE))
    one = folder / "one" / "ana.ipynb"
    row = [folder / "row" / f"student{number}.ipynb" for number in range(IN_A_ROW)]
    for path in (one, *row):
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")

    def grade(path: Path, isolation: str) -> None:
        out = tempfile.mkdtemp(dir=folder)
        options = ["--to", out, "--isolation", isolation, "--jobs", "1", "--quiet"]
        _run("-m", "grader", "grade", str(path), *options)

    return {
        "jupyter execute, cold": lambda: _run("-m", "jupyter", "execute", str(one)),
        "grader grade, cold, sandbox": lambda: grade(one, "sandbox"),
        "grader grade, cold, none": lambda: grade(one, "none"),
        f"grader grade, {IN_A_ROW} in a row, sandbox": lambda: grade(row[0].parent, "sandbox"),
    }


def _run(*arguments: str) -> None:
    subprocess.run([sys.executable, *arguments], check=True, capture_output=True)


if __name__ == "__main__":
    main()
