"""Whether a verdict depends on where and beside what a submission is graded: it must not.

The same submissions, many of them, through one slot, through two, and on a cluster whose workers
are killed again and again; and honest ones in a class in which every tenth is hostile. Every record
is compared with that of the first way, byte for byte, times aside. Whatever differs is printed, and
the exit status is 1. Run as `python -m benchmarks.same_verdicts [--count 2000] [--hostile 300]`.
"""

from __future__ import annotations

import argparse
import json
import random
import statistics
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from time import perf_counter

from grader.grading.cluster import Cluster
from grader.grading.collecting.submissions import Submission
from grader.grading.handing_on import GradeEach, nobody
from grader.grading.pool import Plan, grade_each
from grader.kernel.limits import Limits
from grader.results import SubmissionResult, Verdict
from tests.hostile.corpus import World, attacks
from tests.notebooks import write_notebook

CLASS = Path(__file__).resolve().parent.parent / "examples" / "class"
SECRET = b"a secret for benchmarks"
# What waits for the end of its time costs as much as twenty others, and shows nothing more.
_SLOW = ("ida_endless_loop",)
_BETWEEN_KILLS = 20.0
Records = dict[str, SubmissionResult]


def main() -> None:
    """Grade in every way, compare, and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=2000)
    parser.add_argument("--hostile", type=int, default=300)
    parser.add_argument("--seed", type=int, default=random.randrange(2**32))  # noqa: S311
    asked = parser.parse_args()
    sys.stdout.write(f"seed {asked.seed}\n")
    wrong = 0
    with tempfile.TemporaryDirectory() as folder:
        if asked.count:
            wrong += _ways(Path(folder), asked.count, random.Random(asked.seed))  # noqa: S311
        if asked.hostile:
            wrong += _beside_hostile_ones(Path(folder), asked.hostile)
    raise SystemExit(wrong > 0)


def _ways(folder: Path, count: int, rng: random.Random) -> int:
    submissions = _honest(folder, count)
    first = _graded("one slot", submissions, grade_each, jobs=1)
    wrong = 0
    for name, jobs in (("two slots", 2),):
        shuffled = rng.sample(submissions, len(submissions))
        wrong += _compared(name, first, _graded(name, shuffled, grade_each, jobs=jobs))
    with _cluster(folder, rng) as (cluster, killed):
        name = "a cluster of two workers that are killed"
        found = _graded(name, submissions, cluster, jobs=2)
    sys.stdout.write(f"{killed()} workers were killed\n")
    return wrong + _compared(name, first, found)


def _beside_hostile_ones(folder: Path, count: int) -> int:
    """How many honest ones come out otherwise than alone, every tenth of a class being hostile."""
    honest = _honest(folder / "honest", count)
    alone = _graded("honest ones alone", honest, grade_each, jobs=2)
    with World(folder / "world") as world:
        known = attacks()
        for at in range(9, count, 10):
            attack = known[(at // 10) % len(known)]
            cells = [world.planted(attack.id.replace("/", "-")), *attack.cells]
            path = write_notebook(folder / "hostile" / f"{at}.ipynb", cells)
            honest[at] = Submission(f"hostile {at}", path)
        found = _graded("every tenth hostile", honest, grade_each, jobs=2)
    theirs = {name: record for name, record in found.items() if not name.startswith("hostile")}
    return _compared("beside hostile ones", alone, theirs)


def _honest(folder: Path, count: int) -> list[Submission]:
    """Notebooks of the example class, each with a cell of its own that makes its cases its own."""
    sources = [
        path
        for path in sorted(CLASS.glob("*/*.ipynb"))
        if path.stem in ("convolution", "conv_layer") and path.parent.name not in _SLOW
    ]
    submissions = []
    for number in range(count):
        source = sources[number % len(sources)]
        text = source.read_text(encoding="utf-8")
        path = folder / f"{number:04}" / source.name
        path.parent.mkdir(parents=True)
        path.write_text(_with_remark(text, number), encoding="utf-8")
        submissions.append(Submission(f"{number:04} {source.parent.name}", path))
    return submissions


def _with_remark(text: str, number: int) -> str:
    """A notebook in whose code cells a remark stands; as it is where it is no JSON."""
    try:
        notebook = json.loads(text)
    except ValueError:
        return text
    for cell in notebook["cells"]:
        if cell["cell_type"] == "code":
            source = cell["source"]
            lines = source if isinstance(source, list) else source.splitlines(keepends=True)
            cell["source"] = [*lines, f"\n# {number}"]
    return json.dumps(notebook)


def _graded(name: str, submissions: Sequence[Submission], way: GradeEach, jobs: int) -> Records:
    records: Records = {}
    ends = [perf_counter()]

    def keep(submission: Submission, result: SubmissionResult) -> None:
        assert submission.student not in records, f"{submission.student} came twice"
        records[submission.student] = result
        ends.append(perf_counter())

    limits = Limits(cell=5.0, submission=60.0)
    way(submissions, Plan(SECRET, limits, jobs=jobs), keep, on_start=nobody)
    assert len(records) == len(submissions)
    each = sorted(record.seconds for record in records.values())
    cuts = statistics.quantiles(each, n=100)
    sys.stdout.write(
        f"{name}: {len(records)} in {ends[-1] - ends[0]:.0f} s; seconds of one, 50th, 90th and "
        f"99th percentile: {cuts[49]:.2f}, {cuts[89]:.2f}, {cuts[98]:.2f}\n"
    )
    sys.stdout.flush()
    return records


def _compared(name: str, first: Records, found: Records) -> int:
    """How many records differ from those of the first way; says which, and in what."""
    differing = [key for key, record in found.items() if _timeless(record) != _timeless(first[key])]
    marks = [key for key in differing if _mark(found[key]) != _mark(first[key])]
    broken = sum(record.verdict is Verdict.BROKEN for record in found.values())
    sys.stdout.write(
        f"{name}: {len(differing)} of {len(found)} records differ, {len(marks)} in verdict or "
        f"points; {broken} are broken\n"
    )
    for key in differing[:10]:
        sys.stdout.write(f"  {key}: {_mark(first[key])} … {_mark(found[key])}\n")
    return len(differing)


def _timeless(record: SubmissionResult) -> str:
    return record.timeless().to_json()


def _mark(record: SubmissionResult) -> tuple[object, ...]:
    return (record.verdict, record.score, *((one.verdict, one.score) for one in record.exercises))


@contextmanager
def _cluster(folder: Path, rng: random.Random) -> Iterator[tuple[Cluster, Callable[[], int]]]:
    """A scheduler with two workers, one of which is killed now and then, and replaced."""
    from tests.grading.test_cluster import a_scheduler

    over, kills = threading.Event(), []
    place = folder / "cluster"
    place.mkdir()
    with a_scheduler(place) as programs:
        alive = [programs.worker(), programs.worker()]

        def kill() -> None:
            while not over.wait(rng.uniform(0.5, 1.5) * _BETWEEN_KILLS):
                victim = rng.randrange(2)
                alive[victim].kill()
                kills.append(victim)
                alive[victim] = programs.worker()

        killer = threading.Thread(target=kill)
        killer.start()
        try:
            yield Cluster(programs.address), partial(len, kills)
        finally:
            over.set()
            killer.join()


if __name__ == "__main__":
    main()
