"""One notebook's way through a kernel: run its cells, judge each exercise once it is complete."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from time import monotonic

from grader.crossing.values import Packet
from grader.errors import OutOfTime, Raised
from grader.grading.causes import Causes
from grader.grading.cell_outcomes import CellOutcomes
from grader.grading.collecting.cells import SubmittedCell
from grader.grading.collecting.reading import SubmittedNotebook
from grader.grading.comparing import SECONDS, computed, is_comparable
from grader.grading.execute import CellEnd, Ending, Kernel
from grader.grading.global_settings import results_without_settings
from grader.grading.patience import Patience
from grader.judging.asking import Ask
from grader.judging.diagnose import explained
from grader.judging.exercise import Exercise, exercises_behind
from grader.judging.judge import Judgement, judge, unasked, verdict_of
from grader.judging.resolving import names_behind
from grader.judging.statements import bound_names, names_meant, read_names
from grader.kernel.limits import Limits
from grader.kernel.local import Kernels
from grader.results import ExerciseResult, Verdict

# Judged once more, these would pass no better, and cost a limit or a kernel again.
_SETTLED = (
    Verdict.PASSED,
    Verdict.TIMEOUT,
    Verdict.MEMORY,
    Verdict.OUTPUT_LIMIT,
    Verdict.CRASHED,
)


@dataclass(frozen=True)
class _AnswerCells:
    """Where in a notebook one exercise is answered, as indices of its code cells.

    `marked` cells carry the exercise's id in their metadata; `binding` ones give a name of it a
    value.
    """

    marked: tuple[int, ...]
    binding: tuple[int, ...]

    @property
    def all(self) -> tuple[int, ...]:
        return tuple(sorted({*self.marked, *self.binding}))

    @property
    def answer(self) -> int | None:
        """The cell that carries the answer: the last marked one, else the first that binds."""
        return next(iter(self.marked[-1:] or self.binding[:1]), None)

    def is_due(self, index: int) -> bool:
        """Whether to judge after this cell.

        After the last marked cell (without any, the first that binds a name), whatever became of
        it, so that a name used again further down costs nothing; and after the last two cells that
        bind a name, for an answer in a cell that the student added. Not after all of them: a guess
        must not get as many tries as it has cells.
        """
        first = self.marked[-1:] or self.binding[:1]
        return index in first or (index in self.binding[-2:] and index > max(first))


class NotebookGrading:
    """One notebook on its way through a kernel: its cells run in order, its exercises judged.

    `on_exercise` is called with each exercise's result as it exists, and again with a better one.
    `beside` are files, by name, that its cells can read; `unplaced` those for which there was no
    place.
    """

    def __init__(
        self,
        notebook: SubmittedNotebook,
        secret: bytes,
        limits: Limits,
        on_exercise: Callable[[ExerciseResult], None],
        beside: Mapping[str, bytes] | None = None,
    ) -> None:
        self.cells: Sequence[SubmittedCell] = notebook.cells
        self.packages = notebook.lesson.packages
        self.exercises = notebook.lesson.exercises
        self.faults = notebook.faults
        self.secret = secret
        self.limits = limits
        self.on_exercise = on_exercise
        self.beside = beside or {}
        self.unplaced: tuple[str, ...] = ()
        self.begun = monotonic()
        trains = any(exercise.slow for exercise in self.exercises)
        self.patience = Patience(limits.cell, trains=trains)
        # The student's functions of which a call did not end, as they are defined now.
        self.endless: frozenset[str] = frozenset()
        # The exercises in whose checks that was so: judged once more at the end, it would be again.
        self.looped: set[str] = set()
        self.outcomes = CellOutcomes(self.cells)
        self.causes = Causes(self.cells, self.outcomes.ends)
        self.best: dict[str, ExerciseResult] = {}
        self.judged_after: dict[str, int] = {}
        self.judged_best: dict[str, int] = {}
        self.attempts: Counter[str] = Counter()
        bound = [bound_names(cell.source) for cell in self.cells]
        self.where = {
            exercise.id: _AnswerCells(
                tuple(i for i, cell in enumerate(self.cells) if cell.exercise == exercise.id),
                tuple(i for i, names in enumerate(bound) if names & set(exercise.names)),
            )
            for exercise in self.exercises
        }

    def run_in(self, kernels: Kernels | None) -> list[ExerciseResult]:
        """Every exercise's result, in the lesson's order, with its code run in a kernel."""
        with Kernel(
            cell_seconds=self.limits.cell,
            kernels=kernels,
            packages=self.packages,
            limits=self.limits.kernel,
            beside=self.beside,
        ) as kernel:
            self.unplaced = kernel.unplaced
            self.begun = monotonic()  # a kernel's start is not the submission's time
            self._run_all(kernel)
            self._compare(kernel)
            self._try_without_settings(kernel)
        return [self.best[exercise.id] for exercise in self.exercises]

    def _run_all(self, kernel: Kernel) -> None:
        for index in range(len(self.cells)):
            if self._out_of_time():
                break
            self._run_cell(kernel, index)
            for exercise in self.exercises:
                if self.where[exercise.id].is_due(index) and not self._passes(exercise):
                    self._judge(kernel, exercise, index)
        # What was not complete when its cell had run may be complete now.
        last = len(self.cells) - 1
        for exercise in self.exercises:
            if self.judged_after.get(exercise.id) != last and not self._is_settled(exercise):
                self._judge(kernel, exercise, last)

    def _out_of_time(self) -> bool:
        return monotonic() - self.begun > self.limits.submission

    def _is_settled(self, exercise: Exercise) -> bool:
        """Whether judging once more at the end can bring nothing, or would only cost time."""
        best = self.best.get(exercise.id)
        return best is not None and (best.verdict in _SETTLED or exercise.id in self.looped)

    def _run_cell(self, kernel: Kernel, index: int) -> None:
        source = self.cells[index].source
        self.endless -= bound_names(source)
        begun = monotonic()
        end = self._run(kernel, source, self.cells[:index])
        self.outcomes.ran(index, end, monotonic() - begun)
        if not kernel.alive:
            self._revive(kernel, index)

    def _run(self, kernel: Kernel, source: str, before: Sequence[SubmittedCell]) -> CellEnd:
        """Run a cell for as long as there is patience with it; `before` are those above it."""
        calls_endless = False
        if self.endless:
            read = read_names(source)
            behind = read | names_behind([cell.source for cell in before], read)
            calls_endless = bool(self.endless & behind)
        begun = monotonic()
        outcome = kernel.run(source, self.patience.for_cell(calls_endless=calls_endless))
        if isinstance(outcome.lost, OutOfTime):
            self.patience.lose(monotonic() - begun)
        return outcome

    def _revive(self, kernel: Kernel, until: int) -> None:
        """Start a fresh kernel and run again what had run well, up to the cell `until`."""
        kernel.restart()
        for index in range(until + 1):
            outcome = self.outcomes.ends.get(index)
            if outcome is None or outcome.ending is Ending.LOST:
                continue
            if self._out_of_time():
                return
            again = kernel.run(self.cells[index].source)
            if not kernel.alive:
                # It ended its process only this time: leave it out from here on.
                self.outcomes.ends[index] = again
                self._revive(kernel, until)
                return

    def _judge(self, kernel: Kernel, exercise: Exercise, index: int) -> None:
        sources = [cell.source for cell in self.cells[: index + 1]]
        if self._out_of_time():
            seconds = self.limits.submission
            result = unasked(
                exercise, Verdict.TIMEOUT, str(OutOfTime("The whole notebook", seconds))
            )
        else:
            if not kernel.alive:
                self._revive(kernel, index)
            self.outcomes.judged(index, exercise.id)
            judgement = self._judged(kernel, exercise, sources)
            self.endless |= judgement.endless
            (self.looped.add if judgement.endless else self.looped.discard)(exercise.id)
            result = explained(exercise, judgement, self._unsolved_behind(exercise, sources))
            result = self._with_the_cells_fault(exercise, result, index)
            if not kernel.alive:
                self._revive(kernel, index)
        self.judged_after[exercise.id] = index
        self.attempts[exercise.id] += 1
        best = self.best.get(exercise.id)
        if best is None or _worth(result) > _worth(best):
            cell = self.where[exercise.id].answer
            number = None if cell is None else self.cells[cell].number
            self.best[exercise.id] = result = result.model_copy(update={"cell": number})
            self.judged_best[exercise.id] = index
            self.on_exercise(result)

    def _compare(self, kernel: Kernel) -> None:
        """Have the results that do not pass say what their answers compute.

        Not of an answer whose names mean something else by now, nor where time is short.
        """
        asked = [
            exercise
            for exercise in self.exercises
            if is_comparable(exercise, self.best[exercise.id])
            and exercise.id not in self.looped
            and max(self.where[exercise.id].binding, default=0) <= self.judged_best[exercise.id]
        ]
        left = self.limits.submission / 2 - (monotonic() - self.begun)
        if not asked or left < 0 or not kernel.alive:
            return
        told = computed(kernel, asked, secret=self.secret, seconds=min(left, SECONDS))
        for identity, computes in told.items():
            update = {"computes": computes}
            self.best[identity] = self.best[identity].model_copy(update=update)

    def _patiently(self, kernel: Kernel, exercise: Exercise) -> Ask:
        """The way to the names of `kernel`, with no more patience than there is."""
        short = exercise.short_seconds

        def ask(
            question: Packet, seconds: float, answer_callback: Callable[[Packet], Packet]
        ) -> Packet:
            begun = monotonic()
            try:
                return kernel.ask(question, self.patience.for_call(seconds, short), answer_callback)
            except OutOfTime:
                self.patience.lose(monotonic() - begun)
                raise

        return ask

    def _judged(self, kernel: Kernel, exercise: Exercise, sources: Sequence[str]) -> Judgement:
        return judge(
            exercise,
            self._patiently(kernel, exercise),
            secret=self.secret,
            code="\n".join(self.cells[i].source for i in self.where[exercise.id].all),
            cells=sources,
            numbers=[cell.number for cell in self.cells[: len(sources)]],
            attempt=self.attempts[exercise.id],
        )

    def _unsolved_behind(self, exercise: Exercise, sources: Sequence[str]) -> list[str]:
        """The earlier exercises that this one's code rests on, and that do not pass."""
        behind = names_behind(sources, exercise.names)
        return [
            other.id
            for other in exercises_behind(exercise, behind, self.exercises)
            if other.id in self.best and not self._passes(other)
        ]

    def _passes(self, exercise: Exercise) -> bool:
        best = self.best.get(exercise.id)
        return best is not None and best.verdict is Verdict.PASSED

    def _with_the_cells_fault(
        self, exercise: Exercise, result: ExerciseResult, until: int
    ) -> ExerciseResult:
        """Where a name is missing because a cell went wrong, say which one, and how.

        `until` is the latest cell that has run.
        """
        attempted = result.verdict is not Verdict.NOT_ATTEMPTED
        if not attempted and exercise.id in self.faults:
            return unasked(exercise, *self.faults[exercise.id])
        for index in () if attempted else self.where[exercise.id].all:
            outcome = self.outcomes.ends.get(index)
            if outcome is None or not (told := self.causes.told(index, {*exercise.names})):
                continue
            raised = Raised(outcome.kind or "Exception", outcome.text)
            lost = names_meant(self.cells[index].source) & {*exercise.names}
            name = next((n for n in exercise.names if n in lost), exercise.names[0])
            message = f"`{name}` is missing: {told} Fix that first."
            return unasked(exercise, verdict_of(outcome.lost or raised), message)
        return self.causes.explained_result(result, until)

    def _try_without_settings(self, kernel: Kernel) -> None:
        """Where a setting for the whole notebook is why checks failed, let their results say so."""
        exercises = {exercise.id: exercise for exercise in self.exercises}

        def judge_again(identity: str, sources: Sequence[str]) -> ExerciseResult:
            return self._judged(kernel, exercises[identity], sources).result

        results = [self.best[exercise.id] for exercise in self.exercises]
        for changed in results_without_settings(
            kernel, self.cells, results, judge_again, self._out_of_time
        ):
            self.best[changed.id] = changed
            self.on_exercise(changed)


def _worth(result: ExerciseResult) -> tuple[float, bool]:
    """What makes one judging of an exercise better than another: points, then having been tried."""
    return (result.score or 0, result.verdict is not Verdict.NOT_ATTEMPTED)
