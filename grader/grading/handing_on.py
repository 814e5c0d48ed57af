"""A record on its way from whatever made it to whoever keeps it: of whom and of what it is."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Protocol

from grader.errors import UsageError
from grader.grading.collecting.files import printable
from grader.grading.collecting.submissions import Submission
from grader.results import NotebookFile, SubmissionResult

if TYPE_CHECKING:
    from grader.grading.slot import Plan

OnStart = Callable[[Submission], None]
"""Called with a submission when its grading begins, and again if it is graded once more."""

OnGraded = Callable[[Submission, SubmissionResult], None]
"""Called once with each submission and its record, as soon as that stands."""


class GradeEach(Protocol):
    """What grades a class: slots of this machine (`pool`), or workers on others (`cluster`)."""

    def __call__(
        self,
        submissions: Iterable[Submission],
        plan: Plan,
        on_graded: OnGraded,
        *,
        on_start: OnStart,
    ) -> None:
        """Grade every submission, and hand each record to `on_graded`."""


def nobody(_submission: Submission) -> None:
    """An `on_start` for which nobody waits."""


def shown_path(submission: Submission) -> str:
    """The path of a submission as its record shows it: as a person knows it."""
    return printable(submission.shown or str(submission.path))


def used_again(result: SubmissionResult, submission: Submission, sha256: str) -> SubmissionResult:
    """An earlier record as the one of this submission, whose file has this hash today."""
    file = NotebookFile(path=shown_path(submission), sha256=sha256)
    about = {"student": submission.student, "notebook": file, "handed_in": submission.handed_in}
    return result.model_copy(update=about)


def hand_on(submission: Submission, result: SubmissionResult, on_graded: OnGraded) -> None:
    """Hand a new record on, with what a platform told; UsageError where it cannot be written."""
    try:
        on_graded(submission, result.model_copy(update={"handed_in": submission.handed_in}))
    except OSError as error:
        raise UsageError(
            f"Each result is kept before the next one is made. Received: {error}, for the result "
            f"of {result.student!r}. Make room, or name another folder; what was kept before "
            f"stands."
        ) from error
