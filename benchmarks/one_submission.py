"""One submission from a cold command line, as CI grades a push: the grader against Jupyter.

Lesson 1's solved notebook, which needs no Keras, and a Keras notebook of three exercises, each run
by `jupyter execute` and graded by `grader grade`, in turns, in one run. Medians, and ratios, since
times alone say little about another machine. Run as
`python -m benchmarks.one_submission [--rounds 5]`.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from time import perf_counter

from benchmarks.keras_notebooks import COURSE as KERAS_COURSE
from benchmarks.keras_notebooks import write
from grader.authoring.build import notebook_text, solution_notebook
from grader.judging.course import lesson

CHECKOUT = Path(__file__).resolve().parent.parent


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
    medians = {name: statistics.median(times) for name, times in seconds.items()}
    for name, times in seconds.items():
        sys.stdout.write(
            f"{name:36} {medians[name]:6.2f} s  ({min(times):.2f} … {max(times):.2f})\n"
        )
    keras = medians["grader grade, Keras"]
    lesson_1 = medians["grader grade, lesson 1"]
    sys.stdout.write(
        f"Keras: {keras / medians['jupyter execute, Keras']:.2f} × Jupyter; lesson 1: "
        f"{lesson_1 / medians['jupyter execute, lesson 1']:.2f} × Jupyter, "
        f"{lesson_1 / keras:.2f} × Keras\n"
    )


def _ways(folder: Path) -> dict[str, Callable[[], object]]:
    plain = folder / "ana" / "convolution.ipynb"
    plain.parent.mkdir()
    plain.write_text(
        notebook_text(solution_notebook(lesson("convolution"), CHECKOUT)), encoding="utf-8"
    )
    network = write(folder / "ben" / "network.ipynb", "sequential")

    def grade(path: Path, course: str) -> None:
        out = tempfile.mkdtemp(dir=folder)
        os.environ["GRADER_COURSE"] = course
        _run("-m", "grader", "grade", str(path), "--to", out, "--quiet")

    def execute(path: Path) -> None:
        _run("-m", "jupyter", "execute", str(path))

    return {
        "jupyter execute, lesson 1": lambda: execute(plain),
        "grader grade, lesson 1": lambda: grade(plain, "cnn_course"),
        "jupyter execute, Keras": lambda: execute(network),
        "grader grade, Keras": lambda: grade(network, KERAS_COURSE),
    }


def _run(*arguments: str) -> None:
    subprocess.run([sys.executable, *arguments], check=True, capture_output=True)


if __name__ == "__main__":
    main()
