"""Grade one submission: run its cells, judge each exercise as soon as it is complete, diagnose."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from time import monotonic

from grader.crossing.values import Packet
from grader.errors import OutOfTime, Raised, Rejected
from grader.grading.causes import Causes
from grader.grading.collecting.cells import SubmittedCell
from grader.grading.collecting.files import contents, fingerprint, printable
from grader.grading.collecting.reading import SubmittedNotebook, named_lesson, parse
from grader.grading.collecting.submissions import Submission
from grader.grading.execute import CellOutcome, Ending, Kernel
from grader.grading.patience import Patience
from grader.grading.provenance import isolation, versions
from grader.grading.surroundings import notes, settings, without_settings
from grader.judging.diagnose import explained
from grader.judging.exercise import Exercise, exercises_behind
from grader.judging.judge import Ask, Judgement, judge, unasked, verdict_of
from grader.judging.syntax import bound_names, names_behind, names_meant, read_names
from grader.kernel.limits import Limits
from grader.kernel.local import Kernels, LocalKernels
from grader.results import (
    ExerciseResult,
    NotebookFile,
    SubmissionResult,
    Verdict,
    overall,
)

# With these, points are missing for what the student's code did.
_UNHAPPY = (Verdict.FAILED, Verdict.ERROR)

# Judged once more, these would pass no better, and cost a limit or a kernel again.
_SETTLED = (
    Verdict.PASSED,
    Verdict.TIMEOUT,
    Verdict.MEMORY,
    Verdict.OUTPUT_LIMIT,
    Verdict.CRASHED,
)


def grade(
    submission: Submission,
    *,
    secret: bytes,
    limits: Limits,
    lesson: str | None = None,
    shown_path: str | None = None,
    kernels: Kernels | None = None,
    on_exercise: Callable[[ExerciseResult], None] = lambda _result: None,
) -> SubmissionResult:
    """Grade one submission; `on_exercise` is called with each exercise's result as it exists.

    `kernels` are where its code runs; without them, in kernels of our own rights.
    `lesson`, where given, is the only lesson whose notebooks are accepted. The record shows the
    submission's path, or `shown_path` where that is given. A submission that is no gradable
    notebook comes back as *rejected*, with the reason; nothing is raised for it.
    """
    begun = monotonic()
    kernels = kernels or LocalKernels()
    file = NotebookFile(path=shown_path or printable(str(submission.path)), sha256="")
    try:
        content = _handed_in(submission)
        file = file.model_copy(update={"sha256": fingerprint(content)})
        notebook = _admitted(parse(content, submission.path), lesson)
    except Rejected as error:
        return SubmissionResult(
            student=submission.student,
            lesson=submission.lesson or lesson or named_lesson(submission.path) or "unknown",
            notebook=file,
            verdict=Verdict.REJECTED,
            message=str(error),
            seconds=round(monotonic() - begun, 3),
            isolation=isolation(kernels.level),
            versions=versions(),
        )
    grading = _Grading(notebook, secret, limits, on_exercise)
    exercises = grading.run_in(kernels)
    return SubmissionResult(
        student=submission.student,
        lesson=notebook.lesson.name,
        notebook=file,
        verdict=overall([exercise.verdict for exercise in exercises]),
        message="\n".join(notebook.remarks),
        seconds=round(monotonic() - begun, 3),
        isolation=isolation(kernels.level),
        versions=versions(),
        exercises=tuple(exercises),
        failed_cells=grading.causes.failed_cells(),
        notes=notes(cell.source for cell in notebook.cells),
    )


def grade_notebook(
    notebook: SubmittedNotebook,
    *,
    secret: bytes,
    limits: Limits,
    kernels: Kernels | None = None,
    on_exercise: Callable[[ExerciseResult], None] = lambda _result: None,
) -> list[ExerciseResult]:
    """Run a notebook's cells in a kernel and judge its lesson's exercises, in their order."""
    return _Grading(notebook, secret, limits, on_exercise).run_in(kernels)


def _handed_in(submission: Submission) -> bytes:
    """What a student handed in, read once; Rejected if that is nothing that can be graded."""
    if submission.refused:
        raise Rejected(submission.refused)
    return contents(submission.path, submission.below)


def _admitted(notebook: SubmittedNotebook, lesson: str | None) -> SubmittedNotebook:
    """The notebook; Rejected if it is not one of `lesson`."""
    if lesson is not None and notebook.lesson.name != lesson:
        raise Rejected(
            f"A notebook of lesson {lesson!r} is expected. Received: one of lesson "
            f"{notebook.lesson.name!r}. Hand in the notebook of the right lesson."
        )
    return notebook


@dataclass(frozen=True)
class _Cells:
    """Where in a notebook one exercise is answered, as indices of its code cells.

    `marked` cells carry the exercise's id in their metadata; `binding` ones give a name of it a
    value.
    """

    marked: tuple[int, ...]
    binding: tuple[int, ...]

    @property
    def all(self) -> tuple[int, ...]:
        return tuple(sorted({*self.marked, *self.binding}))

    def is_due(self, index: int) -> bool:
        """Whether to judge after this cell.

        After the last marked cell (without any, the first that binds a name), whatever became of
        it, so that a name used again further down costs nothing; and after the last two cells that
        bind a name, for an answer in a cell that the student added. Not after all of them: a guess
        must not get as many tries as it has cells.
        """
        first = self.marked[-1:] or self.binding[:1]
        return index in first or (index in self.binding[-2:] and index > max(first))


class _Grading:
    """One notebook on its way through a kernel."""

    def __init__(
        self,
        notebook: SubmittedNotebook,
        secret: bytes,
        limits: Limits,
        on_exercise: Callable[[ExerciseResult], None],
    ) -> None:
        self.cells: Sequence[SubmittedCell] = notebook.cells
        self.packages = notebook.lesson.packages
        self.exercises = notebook.lesson.exercises
        self.faults = notebook.faults
        self.secret = secret
        self.limits = limits
        self.on_exercise = on_exercise
        self.begun = monotonic()
        trains = any(exercise.slow for exercise in self.exercises)
        self.patience = Patience(limits.cell, trains=trains)
        # The student's functions of which a call did not end, as they are defined now.
        self.endless: frozenset[str] = frozenset()
        # The exercises in whose checks that was so: judged once more at the end, it would be again.
        self.looped: set[str] = set()
        self.outcomes: dict[int, CellOutcome] = {}
        self.causes = Causes(self.cells, self.outcomes)
        self.best: dict[str, ExerciseResult] = {}
        self.judged_after: dict[str, int] = {}
        self.judgings: Counter[str] = Counter()
        bound = [bound_names(cell.source) for cell in self.cells]
        self.where = {
            exercise.id: _Cells(
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
        ) as kernel:
            self.begun = monotonic()  # a kernel's start is not the submission's time
            self._run_all(kernel)
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
        outcome = self._run(kernel, source, self.cells[:index])
        self.outcomes[index] = outcome
        if not kernel.alive:
            self._revive(kernel, index)

    def _run(self, kernel: Kernel, source: str, before: Sequence[SubmittedCell]) -> CellOutcome:
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
            outcome = self.outcomes.get(index)
            if outcome is None or outcome.ending is Ending.LOST:
                continue
            if self._out_of_time():
                return
            again = kernel.run(self.cells[index].source)
            if not kernel.alive:
                # It ended its process only this time: leave it out from here on.
                self.outcomes[index] = again
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
            judgement = self._judged(kernel, exercise, sources)
            self.endless |= judgement.endless
            (self.looped.add if judgement.endless else self.looped.discard)(exercise.id)
            result = explained(exercise, judgement, self._unsolved_behind(exercise, sources))
            result = self._with_the_cells_fault(exercise, result, index)
            if not kernel.alive:
                self._revive(kernel, index)
        self.judged_after[exercise.id] = index
        self.judgings[exercise.id] += 1
        best = self.best.get(exercise.id)
        if best is None or _worth(result) > _worth(best):
            self.best[exercise.id] = result
            self.on_exercise(result)

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
            judging=self.judgings[exercise.id],
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
            outcome = self.outcomes.get(index)
            if outcome is None or not (told := self.causes.told(index, {*exercise.names})):
                continue
            raised = Raised(outcome.kind or "Exception", outcome.text)
            lost = names_meant(self.cells[index].source) & {*exercise.names}
            name = next((n for n in exercise.names if n in lost), exercise.names[0])
            message = f"`{name}` is missing: {told} Mend that first."
            return unasked(exercise, verdict_of(outcome.lost or raised), message)
        return _with_messages(result, lambda message: self.causes.explained(message, until))

    def _try_without_settings(self, kernel: Kernel) -> None:
        """Where the notebook changes a setting for all of itself, see what holds without it.

        What failed before and passes now failed because of the setting: its message says so, the
        points stay as they are. A notebook without such settings is not run again.
        """
        made = settings(cell.source for cell in self.cells)
        failed = [
            exercise for exercise in self.exercises if self.best[exercise.id].verdict in _UNHAPPY
        ]
        if not made or not failed or self._out_of_time():
            return
        told = " and ".join(
            f"cell {self.cells[index].number} sets {' and '.join(texts)}"
            for index, texts in made.items()
        )
        kernel.restart()
        sources = [without_settings(cell.source) for cell in self.cells]
        for source in sources:
            if self._out_of_time() or not kernel.alive:
                return
            kernel.run(source)
        for exercise in failed:
            if self._out_of_time() or not kernel.alive:
                return
            now = self._judged(kernel, exercise, sources).result
            self._blame(exercise, now, told)

    def _blame(self, exercise: Exercise, now: ExerciseResult, told: str) -> None:
        """Say of each check that holds without the settings that they are why it failed."""
        before = self.best[exercise.id]
        passing = {check.name for check in now.checks if check.verdict is Verdict.PASSED}
        cause = (
            f"The cause: {told}, for the whole notebook. Without it, this holds. Take it out, and "
            f"run the notebook from the top."
        )
        checks = tuple(
            check.model_copy(update={"message": f"{cause} {check.message}".strip()})
            if check.verdict in _UNHAPPY and check.name in passing
            else check
            for check in before.checks
        )
        if checks == before.checks:
            return
        changed = (new.message for new in checks if new not in before.checks)
        message = next(changed) if before.message else ""
        update = {"checks": checks, "message": message, "diagnosis": None}
        self.best[exercise.id] = before.model_copy(update=update)
        self.on_exercise(self.best[exercise.id])


def _with_messages(result: ExerciseResult, made: Callable[[str], str]) -> ExerciseResult:
    """A result with each message made anew; what misses a name for a known cause is no omission."""
    checks = []
    for check in result.checks:
        message = made(check.message) if check.message else ""
        verdict = check.verdict
        if message != check.message and verdict is Verdict.NOT_ATTEMPTED:
            verdict = Verdict.ERROR
        checks.append(check.model_copy(update={"message": message, "verdict": verdict}))
    if tuple(checks) == result.checks:
        return result
    update = {
        "checks": tuple(checks),
        "message": made(result.message) if result.message else "",
        "verdict": overall([check.verdict for check in checks]),
    }
    return result.model_copy(update=update)


def _worth(result: ExerciseResult) -> tuple[float, bool]:
    """What makes one judging of an exercise better than another: points, then having been tried."""
    return (result.score or 0, result.verdict is not Verdict.NOT_ATTEMPTED)
