"""Grade one submission: read it, run its notebook in a kernel, and write what came of it down."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from time import monotonic

from grader.errors import Rejected
from grader.grading.collecting.companions import carried, without_place
from grader.grading.collecting.files import contents, fingerprint, printable
from grader.grading.collecting.reading import (
    SubmittedNotebook,
    admitted,
    named_lesson,
    parse,
)
from grader.grading.collecting.submissions import Submission
from grader.grading.notebook_grading import NotebookGrading
from grader.grading.other_machines import notes
from grader.grading.provenance import isolation, versions
from grader.judging.course import given_files
from grader.kernel.limits import Limits
from grader.kernel.local import Kernels, LocalKernels
from grader.results import (
    ExerciseResult,
    NotebookFile,
    SubmissionResult,
    Verdict,
    overall,
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
        notebook = admitted(parse(content, submission.path), lesson)
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
    beside = carried(submission.companions, _below(submission), given_files(notebook.lesson.name))
    grading = NotebookGrading(notebook, secret, limits, on_exercise, beside.files)
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
        cells=grading.outcomes.told(),
        notes=(
            *notes(cell.source for cell in notebook.cells),
            *beside.notes,
            *without_place(grading.unplaced),
        ),
    )


def grade_notebook(
    notebook: SubmittedNotebook,
    *,
    secret: bytes,
    limits: Limits,
    kernels: Kernels | None = None,
    on_exercise: Callable[[ExerciseResult], None] = lambda _result: None,
) -> list[ExerciseResult]:
    """Run a notebook's cells in a kernel and judge its lesson's exercises, in their order.

    Beside it lie the files that its lesson gives.
    """
    given = given_files(notebook.lesson.name)
    return NotebookGrading(notebook, secret, limits, on_exercise, given).run_in(kernels)


def _handed_in(submission: Submission) -> bytes:
    """What a student handed in, read once; Rejected if that is nothing that can be graded."""
    if submission.refused:
        raise Rejected(submission.refused)
    return contents(submission.path, submission.below)


def _below(submission: Submission) -> Path:
    return submission.path.parent if submission.below is None else submission.below
