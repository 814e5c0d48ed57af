"""The course proves itself: every exercise is graded fairly, on many random cases.

For each exercise and each seed: the solution gets full marks; the untouched starter gets none and
reads *not attempted*; every misconception fails a check and is diagnosed as itself and as nothing
else; every check is failed by a misconception; a call has ten times as long as the solution's
takes. Then the solution notebook is graded once as a
submission would be, in a kernel, within the lesson's time budget.

`selfcheck` proves one lesson in this process, `prove` several, each in a process of its own.
"""

from __future__ import annotations

import contextlib
import io
import os
import queue
import tempfile
import warnings
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from time import monotonic, process_time
from typing import Any

from grader.authoring.build import notebook_text, solution_notebook
from grader.authoring.source import Answer, Cell, Code, read_source, solution
from grader.crossing.values import Packet
from grader.grading.collecting.cells import code_cells
from grader.grading.collecting.reading import SubmittedNotebook
from grader.grading.collecting.submissions import Submission
from grader.grading.grade import grade_notebook
from grader.grading.pool import Plan, grade_all
from grader.judging.asking import Ask
from grader.judging.course import Lesson, lesson
from grader.judging.diagnose import explanations
from grader.judging.exercise import Exercise, Misconception
from grader.judging.judge import Judgement, judge
from grader.judging.testing import ask_here, run_here
from grader.kernel.clock import slowed_down
from grader.kernel.limits import Limits
from grader.kernel.sandbox import THREADS
from grader.results import ExerciseResult, SubmissionResult, Verdict

SEEDS = 20
"""How many draws of random cases each exercise is proved on."""
SLOWER = 7
"""By how much fewer where judging takes seconds, as it trains networks or asks them much."""
_ROOM = 10
"""How many times as long as the solution's calls take a student's may."""

_UNHAPPY = (Verdict.FAILED, Verdict.ERROR, Verdict.TIMEOUT)


@dataclass(frozen=True)
class Finding:
    """One thing that is not as it must be: where, and what, in one sentence."""

    exercise: str
    sentence: str


@dataclass(frozen=True)
class Proof:
    """What came of proving the lesson called `lesson`: sound, if there is nothing to be found."""

    lesson: str
    findings: tuple[Finding, ...]


def prove(
    names: Sequence[str],
    course: Path,
    *,
    seeds: int = SEEDS,
    jobs: int = 1,
    isolation: str = "sandbox",
    on_step: Callable[[], None] = lambda: None,
) -> list[Proof]:
    """Prove several lessons, `jobs` at a time, each in a process of its own.

    Then their solutions are graded as a class's notebooks would be, one after the other, so that
    each has the machine for itself; `isolation` is that of `grader grade`. Slow exercises are
    proved on fewer `seeds`, as `seeds_of` says. `on_step` is called once for each step.
    """
    context = get_context("spawn")  # what has imported Keras and computed cannot be forked
    os.environ.update(THREADS)  # the processes share the cores, and compute as kernels do
    steps_taken = context.Queue()
    with ProcessPoolExecutor(
        jobs, mp_context=context, initializer=_report_to, initargs=(steps_taken,)
    ) as pool:
        # The later lessons take the longest, so they begin first.
        proving = [pool.submit(_prove_lesson, name, course, seeds) for name in reversed(names)]
        proving.reverse()
        left: set[Future[Proof]] = set(proving)
        while left:
            _, left = wait(left, timeout=0.2, return_when=FIRST_COMPLETED)
            with contextlib.suppress(queue.Empty):
                while True:
                    steps_taken.get_nowait()
                    on_step()
    found = [future.result() for future in proving]
    records = _graded_like_a_class(names, course, isolation, on_step)
    return [
        Proof(
            proof.lesson,
            (
                *proof.findings,
                *_findings(lesson(proof.lesson), records[proof.lesson]),
            ),
        )
        for proof in found
    ]


_steps_taken: Any = None


def _report_to(steps_taken: Any) -> None:
    """Called once in each process of `prove`, before its first lesson."""
    global _steps_taken
    _steps_taken = steps_taken


def _prove_lesson(name: str, course: Path, seeds: int) -> Proof:
    def step() -> None:
        _steps_taken.put(None)

    return Proof(name, tuple(_judged_fairly(lesson(name), course, seeds, step)))


def selfcheck(
    lesson: Lesson,
    course: Path,
    *,
    seeds: int = SEEDS,
    on_step: Callable[[], None] = lambda: None,
) -> list[Finding]:
    """Everything in `lesson` that is not as it must be; nothing, if the lesson is sound.

    All of it happens in this process, but for a kernel of its own in which the solution is run.
    Slow exercises are proved on fewer `seeds`, as `seeds_of` says. `on_step` is called
    `steps(lesson, seeds)` times, as the work goes on.
    """
    findings = _judged_fairly(lesson, course, seeds, on_step)
    begun = monotonic()
    cells = tuple(code_cells(solution_notebook(lesson, course)))
    notebook = SubmittedNotebook(lesson, cells)
    results = grade_notebook(notebook, secret=b"selfcheck", limits=Limits())
    on_step()
    return [*findings, *_in_a_kernel(lesson, results, monotonic() - begun)]


def _judged_fairly(
    lesson: Lesson, course: Path, seeds: int, on_step: Callable[[], None]
) -> list[Finding]:
    """What is wrong with the exercises of `lesson`; its own code is run in this process."""
    cells = read_source(lesson, course)
    solved = _run([solution(cell.source) for cell in _code(cells)], may_raise=False)
    started = _run([_given(cell) for cell in _code(cells)], may_raise=True)
    # By what is wrong, without the values that differ from seed to seed: one line a fault, not 20.
    findings: dict[tuple[str, str], Finding] = {}
    for exercise in lesson.exercises:
        for seed in range(seeds_of(exercise, seeds)):
            for sentence in _prove(exercise, solved, started, seed):
                fault = (exercise.id, sentence.partition(": ")[0])
                findings.setdefault(fault, Finding(exercise.id, sentence))
            on_step()
    return list(findings.values())


def seeds_of(exercise: Exercise, seeds: int = SEEDS) -> int:
    """On how many seeds `exercise` is proved, where others are on `seeds`."""
    return max(1, round(seeds / SLOWER)) if exercise.slow else seeds


def steps(lesson: Lesson, seeds: int = SEEDS) -> int:
    """How many steps proving `lesson` takes."""
    return sum(seeds_of(exercise, seeds) for exercise in lesson.exercises) + 1


def _code(cells: list[Cell]) -> list[Code | Answer]:
    return [cell for cell in cells if isinstance(cell, Code | Answer)]


def _given(cell: Code | Answer) -> str:
    return cell.starter if isinstance(cell, Answer) else cell.source


def _run(cells: list[str], *, may_raise: bool) -> dict[str, Any]:
    """The names after running `cells`; those of a notebook that is not solved may raise."""
    import matplotlib as mpl

    names: dict[str, Any] = {"__name__": "__main__"}
    with mpl.rc_context({"backend": "agg"}), contextlib.redirect_stdout(io.StringIO()):
        for source in cells:
            try:
                run_here(source, names)
            except Exception:
                if not may_raise:
                    raise
            _close_figures()
    return names


def _close_figures() -> None:
    from matplotlib import pyplot as plt

    plt.close("all")


def _prove(
    exercise: Exercise, solved: dict[str, Any], started: dict[str, Any], seed: int
) -> list[str]:
    """What is wrong with `exercise` under one seed, a sentence each."""

    def judged(ask: Ask) -> Judgement:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # wrong answers divide by zero and the like
            return judge(exercise, ask, secret=f"selfcheck {seed}".encode(), code="")

    sentences: list[str] = []
    timed = _Timed(ask_here(solved))
    truth = judged(timed).result
    if timed.longest * _ROOM > exercise.seconds:
        sentences.append(
            f"A call has at least {_ROOM} times as long as the solution's takes: one took "
            f"{timed.longest:.2f} s of {exercise.seconds:g} s. Give the exercise more `seconds`."
        )
    if truth.verdict is not Verdict.PASSED:
        worst = next(check for check in truth.checks if check.verdict is not Verdict.PASSED)
        sentences.append(f"The solution does not pass `{worst.name}`: {worst.message}")
    untouched = judged(ask_here(started)).result
    if untouched.verdict is not Verdict.NOT_ATTEMPTED or untouched.score:
        sentences.append(f"The starter reads {untouched.verdict.words}, not `not attempted`.")
    failed: set[str] = set()
    for misconception in exercise.misconceptions:
        wrong = {**solved, **misconception.objects(exercise.names[0])}
        sentences += _caught(exercise, misconception, judged(ask_here(wrong)), failed)
    for check in exercise.checks:
        if check.name not in failed:
            sentences.append(f"The check `{check.name}` is failed by no misconception.")
    return sentences


class _Timed:
    """A way to the names that keeps how long the `longest` question took, in CPU seconds."""

    def __init__(self, ask: Ask) -> None:
        self._ask = ask
        self.longest = 0.0

    def __call__(
        self, question: Packet, seconds: float, answer_callback: Callable[[Packet], Packet]
    ) -> Packet:
        begun = process_time()
        answer = self._ask(question, seconds, answer_callback)
        self.longest = max(self.longest, process_time() - begun)
        return answer


def _caught(
    exercise: Exercise, misconception: Misconception, judgement: Judgement, failed: set[str]
) -> list[str]:
    """What is wrong with how `misconception` was judged; adds the checks that it fails."""
    failed |= {check.name for check in judgement.result.checks if check.verdict in _UNHAPPY}
    if judgement.result.verdict not in _UNHAPPY:
        reads = judgement.result.verdict.words
        return [f"The misconception `{misconception.name}` is not caught: it reads {reads}."]
    named = [found.name for found in explanations(exercise, judgement)]
    if named != [misconception.name]:
        instead = ", ".join(named) or "nothing"
        return [f"The misconception `{misconception.name}` is diagnosed as {instead}."]
    return []


def _in_a_kernel(
    lesson: Lesson, results: Sequence[ExerciseResult], seconds: float
) -> list[Finding]:
    """What is wrong with how the solution notebook was graded as a submission."""
    sentences = [
        f"In a kernel the solution of `{exercise.id}` reads {exercise.verdict.words}: "
        f"{exercise.message or 'see its checks'}"
        for exercise in results
        if exercise.verdict is not Verdict.PASSED
    ]
    if seconds / slowed_down() > lesson.seconds:
        sentences.append(f"The lesson has {lesson.seconds:g} s. Its solution took {seconds:.1f} s.")
    return [Finding(lesson.name, sentence) for sentence in sentences]


def _findings(lesson: Lesson, record: SubmissionResult) -> list[Finding]:
    if record.message:
        said = f"In a kernel the solution reads {record.verdict.words}: {record.message}"
        return [Finding(lesson.name, said)]
    return _in_a_kernel(lesson, record.exercises, record.seconds)


def _graded_like_a_class(
    names: Sequence[str], course: Path, isolation: str, on_step: Callable[[], None]
) -> dict[str, SubmissionResult]:
    """The records of the solution notebooks, by lesson, graded in warm kernels."""
    records: dict[str, SubmissionResult] = {}
    with tempfile.TemporaryDirectory(prefix="selfcheck-") as folder:
        submissions = []
        for name in names:
            path = Path(folder) / f"{name}.ipynb"
            path.write_text(notebook_text(solution_notebook(lesson(name), course)), "utf-8")
            submissions.append(Submission("solution", path))

        def graded(record: SubmissionResult) -> None:
            records[record.lesson] = record
            on_step()

        grade_all(submissions, Plan(b"selfcheck", Limits(), isolation=isolation), graded)
    return records
