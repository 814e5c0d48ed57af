"""What the answers of a graded notebook compute, asked in its kernel once nothing else is."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from time import monotonic

from grader.crossing.values import Packet
from grader.errors import OutOfTime, Stopped
from grader.grading.execute import Kernel
from grader.judging.asking import Ask
from grader.judging.computing import computes
from grader.judging.exercise import Exercise
from grader.results import ExerciseResult, Verdict

SECONDS = 10.0
"""How long all answers of a notebook may take: some fifty times what those of a whole lesson do."""

# A call that did not end, or ended its kernel, did so when it was judged, and is not waited for.
_COMPARABLE = (Verdict.FAILED, Verdict.ERROR)


def is_comparable(exercise: Exercise, result: ExerciseResult) -> bool:
    """Whether it can be told what an answer computes: not where judging it trains networks."""
    return result.verdict in _COMPARABLE and not exercise.slow


def computed(
    kernel: Kernel, exercises: Iterable[Exercise], *, secret: bytes, seconds: float = SECONDS
) -> dict[str, str]:
    """What the answer to each exercise computes (`judging.computing`), by the exercise's id.

    To be called when all is judged, as calls of student code may change what others give. The first
    call that does not end, or ends the kernel, is the last: what is not told by then is left out,
    and so is what comes after `seconds`.
    """
    found: dict[str, str] = {}
    end = monotonic() + seconds
    for exercise in exercises:
        stopped: list[Stopped] = []
        told = computes(exercise, _until(end, kernel, exercise, stopped), secret=secret)
        if stopped or not kernel.alive:
            break
        found[exercise.id] = told
    return found


def _until(end: float, kernel: Kernel, exercise: Exercise, stopped: list[Stopped]) -> Ask:
    """The way to the names of `kernel`; `stopped` has why it leads nowhere any more."""

    def ask(
        question: Packet, seconds: float, answer_callback: Callable[[Packet], Packet]
    ) -> Packet:
        if stopped:
            raise stopped[0]
        try:
            if monotonic() > end:
                raise OutOfTime("Comparing", SECONDS)
            return kernel.ask(question, min(seconds, exercise.short_seconds), answer_callback)
        except Stopped as error:
            stopped.append(error)
            raise

    return ask
