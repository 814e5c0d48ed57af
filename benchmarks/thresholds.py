"""How often a right answer of a lesson that trains is refused, and a wrong one accepted.

Every answer is the lesson's own source, in part rewritten, run with another seed (of the weights,
of the order of the images) on redrawn data, and judged as a submission is. The table is
`docs/thresholds.md`; single results are kept in `build/thresholds.jsonl`, so that a run that was
stopped goes on, and runs anew only what changed. The whole takes about an hour of one core.

With `--arithmetics` a few seeds are run on each of several arithmetics (see `arithmetics`), half an
hour of one core: the second part of the document.

Run as `python -m benchmarks.thresholds [--arithmetics] [--jobs 2] [EXERCISE …]`, and `--check` to
compare the document with what the results say.
"""

from __future__ import annotations

import argparse
import hashlib
import importlib
import inspect
import json
import multiprocessing
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import asdict, dataclass
from functools import cache
from itertools import groupby
from math import ceil
from pathlib import Path
from time import process_time

from benchmarks import margins
from benchmarks.arithmetics import (
    ARITHMETICS,
    Student,
    claimed_off_by,
    exercise_of,
    of_the_judge,
    settle,
    use_draw,
)
from benchmarks.training_answers import ANSWERS, DRAWINGS, GIVEN, TrainingAnswer
from grader.authoring.source import Answer, Cell, Code, read_source
from grader.judging import course

ROOT = Path(__file__).parents[1]
RESULTS, DOCUMENT = ROOT / "build" / "thresholds.jsonl", ROOT / "docs" / "thresholds.md"
SEEDS, DRAWS = 20, 3
RIGHT_SEEDS, WRONG_SEEDS, WRONG_ON = 1, 1, 2
"""On each arithmetic, wrong ones on the first `WRONG_ON`; seed and draw are the same number."""
_AT_ONCE = 9  # answers that one process trains: about 10 MB stay behind for each


@dataclass(frozen=True)
class Run:
    """One answer of `ANSWERS` on one of `ARITHMETICS`, by their places, a seed, and a draw."""

    answer: int
    seed: int
    draw: int
    arithmetic: int = 0


@dataclass(frozen=True)
class Outcome:
    """What the judge said of a run: `failed` are the names of the checks that did not pass.

    `measured` is what the exercise's thresholds are about; `seconds` are CPU seconds of the answer
    and `judged` those of the judge. `key` stands for everything that the outcome depends on.
    """

    key: str
    failed: tuple[str, ...]
    measured: dict[str, float]
    seconds: float
    judged: float

    @property
    def accepted(self) -> bool:
        """Whether every check passed."""
        return not self.failed


def main() -> None:
    """Run what is missing, and write the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("exercises", nargs="*", help="only these; default: all that train")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--arithmetics", action="store_true", help="few seeds, many arithmetics")
    parser.add_argument("--anew", action="store_true", help="forget all earlier results")
    parser.add_argument("--check", action="store_true", help="write nothing; say if it is current")
    parser.add_argument("--so-far", action="store_true", help="run nothing; write what is known")
    chosen = parser.parse_args()
    if chosen.so_far and not chosen.arithmetics:
        parser.error("Only the part of --arithmetics can be written before all its runs are done.")
    if chosen.anew:
        RESULTS.unlink(missing_ok=True)
    known = _known()
    runs = [
        run
        for run in (runs_on_arithmetics() if chosen.arithmetics else all_runs())
        if not chosen.exercises or ANSWERS[run.answer].exercise in chosen.exercises
    ]
    missing = [run for run in runs if key(run) not in known]
    if chosen.so_far:
        runs, missing = [run for run in runs if run not in missing], []
    if chosen.check:
        current = not missing and DOCUMENT.read_text(encoding="utf-8") == document(
            known, arithmetics=chosen.arithmetics
        )
        sys.exit(0 if current else f"{DOCUMENT} is not what the results say; run this without it.")
    for outcome in _carried_out(missing, chosen.jobs):
        known[outcome.key] = outcome
        with RESULTS.open("a", encoding="utf-8") as file:
            file.write(json.dumps(asdict(outcome)) + "\n")
    if not chosen.exercises:
        page = document(known, arithmetics=chosen.arithmetics)
        DOCUMENT.write_text(page, encoding="utf-8")
    sys.stdout.write("\n".join(rows(runs, known)) + "\n")


def all_runs() -> list[Run]:
    """Every run: for each exercise at least 60 right answers, and 60 wrong ones of its kinds."""
    kinds = Counter((answer.exercise, answer.right) for answer in ANSWERS)
    return [
        Run(number, seed, draw)
        for number, answer in enumerate(ANSWERS)
        for draw in range(DRAWS)
        for seed in range(ceil(SEEDS / kinds[answer.exercise, answer.right]))
    ]


def runs_on_arithmetics() -> list[Run]:
    """On each arithmetic the same few seeds of every right answer, then those of wrong ones."""
    return [
        Run(number, seed, seed, arithmetic)
        for right, seeds, on in (
            (True, RIGHT_SEEDS, len(ARITHMETICS)),
            (False, WRONG_SEEDS, WRONG_ON),
        )
        for arithmetic in range(on)
        for number, answer in enumerate(ANSWERS)
        if answer.right is right
        for seed in range(seeds)
    ]


def key(run: Run) -> str:
    """A digest of the run's source, of the exercise's checks, and of the lesson's thresholds.

    What the checks call is not part of it: after a change there, begin anew (`--anew`).
    """
    answer = ANSWERS[run.answer]
    parts = [str(run.seed), str(run.draw), program(answer, run), str(ARITHMETICS[run.arithmetic])]
    exercise = exercise_of(answer)
    parts += [inspect.getsource(check.function) for check in exercise.checks]
    for module in vars(importlib.import_module(f"cnn_course.{answer.lesson}")).values():
        if inspect.ismodule(module):
            numbers = {k: v for k, v in vars(module).items() if isinstance(v, int | float)}
            parts.append(str(sorted((k, v) for k, v in numbers.items() if k != "SEED")))
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:20]


def program(answer: TrainingAnswer, run: Run) -> str:
    """The given cells that the exercise needs, and the answer cell, as one source."""
    cells = _cells(answer.lesson)
    given = [
        cell.source
        for cell in cells
        if isinstance(cell, Code) and any(mark in cell.source for mark in GIVEN[answer.lesson])
    ]
    wanted = (*answer.rests_on, answer.exercise)
    answers = {cell.exercise: cell.source for cell in cells if isinstance(cell, Answer)}
    own = "\n\n".join(answers[exercise] for exercise in wanted)
    for old, new in answer.changes:
        if old not in own:
            raise ValueError(f"{answer.exercise}, {answer.name}: the source has no {old!r}.")
        own = own.replace(old, new)
    own = own.replace("set_random_seed(0)", f"set_random_seed({run.seed})")
    for drawing in DRAWINGS:
        old, new = drawing.format(0), drawing.format(run.draw)
        given = [source.replace(old, new) for source in given]
    return "\n\n".join([*given, f"keras.utils.set_random_seed({run.seed})", answer.before, own])


@cache
def _cells(lesson: str) -> list[Cell]:
    return read_source(course.lesson(lesson), ROOT)


def carry_out(runs: list[Run]) -> list[Outcome]:
    """Judge one answer after the other in this process; all of one arithmetic, another's."""
    student = Student(ARITHMETICS[runs[0].arithmetic])
    settle(of_the_judge(ARITHMETICS[runs[0].arithmetic]))
    try:
        return [_judged(run, student) for run in runs]
    finally:
        student.close()


def _judged(run: Run, student: Student) -> Outcome:
    from grader.judging.judge import judge

    answer = ANSWERS[run.answer]
    exercise = exercise_of(answer)
    use_draw(answer.lesson, run.draw)
    trained = student.train(run.answer, program(answer, run), run.seed, run.draw)
    begun = process_time()
    secret = f"{run.seed} {run.draw}".encode()
    checks = judge(exercise, student.ask, secret=secret, code="").result.checks
    seconds = process_time() - begun
    failed = tuple(check.name for check in checks if check.verdict.value != "passed")
    measured = dict(trained.measured)
    if answer.right and trained.handed_in:
        measured[margins.OFF] = claimed_off_by(answer.lesson, exercise, trained.handed_in)
    return Outcome(key(run), failed, measured, trained.seconds, seconds)


def _carried_out(runs: list[Run], jobs: int) -> Iterator[Outcome]:
    """The outcomes as they come, with a line of progress on stderr for each share."""
    shares = [
        chunk
        for _, alike in groupby(runs, lambda run: run.arithmetic)
        for chunk in _chunks(list(alike))
    ]
    context = multiprocessing.get_context("spawn")
    done = 0
    with ProcessPoolExecutor(jobs, mp_context=context, max_tasks_per_child=1) as pool:
        for future in as_completed([pool.submit(carry_out, share) for share in shares]):
            outcomes = future.result()
            done += len(outcomes)
            sys.stderr.write(f"{done} of {len(runs)} answers trained and judged\n")
            yield from outcomes


def _chunks(runs: list[Run]) -> Iterator[list[Run]]:
    for first in range(0, len(runs), _AT_ONCE):
        yield runs[first : first + _AT_ONCE]


def _known() -> dict[str, Outcome]:
    RESULTS.parent.mkdir(exist_ok=True)
    if not RESULTS.exists():
        return {}
    lines = RESULTS.read_text(encoding="utf-8").splitlines()
    found = [json.loads(line) for line in lines]
    return {one["key"]: Outcome(**one | {"failed": tuple(one["failed"])}) for one in found}


def rows(runs: Iterable[Run], known: dict[str, Outcome]) -> list[str]:
    """The table's rows: one for each answer that `runs` has, in the order of `ANSWERS`."""
    by_answer: dict[int, list[Outcome]] = {}
    for run in runs:
        by_answer.setdefault(run.answer, []).append(known[key(run)])
    return [_row(ANSWERS[number], outcomes) for number, outcomes in sorted(by_answer.items())]


def _row(answer: TrainingAnswer, outcomes: list[Outcome]) -> str:
    mistaken = sum(outcome.accepted != answer.right for outcome in outcomes)
    word = "refused" if answer.right else "accepted"
    measured = "; ".join(_spread(outcomes, what) for what in answer.measures) or "-"
    seconds = sorted(outcome.seconds for outcome in outcomes)[len(outcomes) // 2]
    judged = sorted(outcome.judged for outcome in outcomes)[len(outcomes) // 2]
    return (
        f"| `{answer.exercise}` | {'right' if answer.right else 'wrong'}: {answer.name} "
        f"| {mistaken} of {len(outcomes)} {word} | {measured} "
        f"| {seconds:.1f} + {judged:.1f} |"
    )


def _spread(outcomes: list[Outcome], what: str) -> str:
    values = sorted(outcome.measured[what] for outcome in outcomes)
    lowest, median, highest = (values[place] for place in (0, len(values) // 2, -1))
    return f"{what} {lowest:.2f} / {median:.2f} / {highest:.2f}"


HEAD = """\
# Thresholds of the lessons that train

How often the judge is wrong about a network that a student trained. Made by
`python -m benchmarks.thresholds`, which runs right and wrong answers with many seeds on each of
{draws} draws of the data, and judges each as a submission is. Do not edit it by hand.

| exercise | right answers refused | wrong answers accepted |
|---|---|---|
{summary}

None of 60 says: below 5 % with 95 % confidence (the rule of three).

## The answers

"Measured" is what the exercise's thresholds are about, lowest / median / highest; the thresholds
themselves are named constants in each lesson's `references.py`. Where an answer is wrong by its
configuration (a rate of 0, say), the configuration decides, and what is measured may lie on either
side. "CPU s" are the seconds of the answer cell with the given cells that it needs, and of the
judge.

| exercise | answer | wrongly | measured | CPU s |
|---|---|---|---|---|
{rows}
"""


_PARTS = "\n<!-- The second part, made with --arithmetics. -->\n\n"


def document(known: dict[str, Outcome], *, arithmetics: bool = False) -> str:
    """The whole document, with one of its parts from the outcomes of its runs."""
    first, second = DOCUMENT.read_text(encoding="utf-8").split(_PARTS)
    if not arithmetics:
        runs = all_runs()
        table, summary = "\n".join(rows(runs, known)), "\n".join(_summary(runs, known))
        return HEAD.format(draws=DRAWS, summary=summary, rows=table) + _PARTS + second
    found = [
        margins.Found(run.answer, run.arithmetic, outcome.accepted, outcome.measured)
        for run in runs_on_arithmetics()
        if (outcome := known.get(key(run)))
    ]
    return first + _PARTS + margins.page(found)


def _summary(runs: list[Run], known: dict[str, Outcome]) -> Iterator[str]:
    wrongly: dict[str, dict[bool, list[bool]]] = {}
    for run in runs:
        answer = ANSWERS[run.answer]
        found = wrongly.setdefault(answer.exercise, {True: [], False: []})
        found[answer.right].append(known[key(run)].accepted != answer.right)
    for exercise, found in wrongly.items():
        refused, accepted = (
            f"{sum(found[right])} of {len(found[right])}" for right in (True, False)
        )
        yield f"| `{exercise}` | {refused} | {accepted} |"


if __name__ == "__main__":
    main()
