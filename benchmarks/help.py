"""How long `grader --help` takes, as a multiple of an interpreter that does nothing.

The commands take turns; medians, and ratios within this run. Run as
`python -m benchmarks.help [--rounds 15]`.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
from time import perf_counter

GRADER = [sys.executable, "-m", "grader"]
COMMANDS = {
    "an empty interpreter": [sys.executable, "-I", "-c", "pass"],
    "import typer": [sys.executable, "-c", "import typer"],
    "grader --help": [*GRADER, "--help"],
    "grader check --help": [*GRADER, "check", "--help"],
    "grader grade --help": [*GRADER, "grade", "--help"],
}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=15)
    rounds = range(parser.parse_args().rounds)
    times = [[seconds(command) for command in COMMANDS.values()] for _ in rounds]
    medians = [statistics.median(column) for column in zip(*times, strict=True)]
    for name, median in zip(COMMANDS, medians, strict=True):
        sys.stdout.write(f"{name:22} {1000 * median:5.0f} ms, {median / medians[0]:4.1f} ×\n")


def seconds(command: list[str]) -> float:
    """How long a command takes, by the clock on the wall."""
    begun = perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return perf_counter() - begun


if __name__ == "__main__":
    main()
