"""Several commands keep results at once, and one that is killed has lost nothing that it kept."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import time
from pathlib import Path

from grader.gradebook import Gradebook
from tests.gradebook.records import exercise, result

ROOT = Path(__file__).parents[2]
KEEP = """
import sys
from grader.gradebook import Gradebook
from tests.gradebook.records import exercise, result
url, name, count, shared = sys.argv[1:]
with Gradebook.open(url) as book:
    run = book.begin_run(name)
    print("begun", flush=True)
    for number in range(int(count)):
        student = f"student {number}" if shared == "shared" else f"{name} {number}"
        book.keep(result(student, exercise(), exercise("pool", 1)), f"key {number}", run)
        print(number, flush=True)
"""


def keeping(url: str, name: str, count: int, shared: str) -> subprocess.Popen[str]:
    """A process that keeps `count` results, and prints the number of each when it is kept."""
    command = [sys.executable, "-c", KEEP, url, name, str(count), shared]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT)


def test_two_processes_keep_results_at_once(url: str) -> None:
    """Of the same students, in a new gradebook: each result is one attempt, and none is lost."""
    both = [keeping(url, name, 60, "shared") for name in ("one", "two")]
    told = [process.communicate(timeout=300)[0].split() for process in both]
    assert [process.returncode for process in both] == [0, 0]
    assert told == [["begun", *map(str, range(60))]] * 2
    with Gradebook.open(url) as book:
        assert len(book.current()) == len(book.results()) == 60
        assert {standing.score for standing in book.current()} == {3}
        assert book.statistics()[0].exercises[0].over_attempts.count == 60
        assert all(len(book.attempts(f"student {n}").attempts) == 1 for n in (0, 30, 59))


def test_a_killed_process_has_lost_nothing_that_it_kept(url: str) -> None:
    """Killed with SIGKILL at random moments: all it told of is there, whole; the rest goes on."""
    seed = random.randrange(2**32)
    print("seed", seed)  # noqa: T201 - pytest shows it where the test fails
    draw = random.Random(seed)
    kept: set[str] = set()
    for round_ in range(4):
        process = keeping(url, f"round {round_}", 10_000, "own")
        assert process.stdout is not None
        assert process.stdout.readline() == "begun\n"
        time.sleep(draw.uniform(0.02, 0.4))
        process.send_signal(signal.SIGKILL)
        told = process.communicate(timeout=120)[0].split("\n")[:-1]
        kept |= {f"round {round_} {number}" for number in told}
    with Gradebook.open(url) as book:
        there = {standing.person.name: standing for standing in book.current()}
        records = {record.student: record for record in book.results()}
        judged = book.statistics()[0].exercises[0].now.count
        assert book.keep(result("ana", exercise()), "key").new
    assert kept
    assert kept <= there.keys()
    assert len(there) <= len(kept) + 4  # what was on its way when its process was killed
    assert records.keys() == there.keys()
    assert judged == len(there)
    assert all(records[name] == result(name, exercise(), exercise("pool", 1)) for name in there)
