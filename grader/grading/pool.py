"""Many submissions, a few at a time, each judged by a process of its own.

Each slot grades one submission after the other. The judges are forked by a fork server that all
slots share, the next one while the last one works.
"""

from __future__ import annotations

import asyncio
import os
import sys
import tempfile
from collections.abc import Callable, Sequence

from grader.errors import CannotStart, UsageError
from grader.grading.collecting.reading import named_lesson
from grader.grading.collecting.submissions import Submission
from grader.grading.judges import Judges
from grader.grading.slot import Plan, Slot, unless_it_fails
from grader.judging.course import packages_of_lessons
from grader.kernel.fork_servers import Packages
from grader.kernel.mounted import COURSE_VARIABLE
from grader.results import SubmissionResult, Verdict

__all__ = ["Plan", "Slot", "grade_all"]


def grade_all(
    submissions: Sequence[Submission],
    plan: Plan,
    on_result: Callable[[SubmissionResult], None],
) -> None:
    """Grade every submission; `on_result` is called once with each record, as soon as it stands.

    Whatever goes wrong about one submission makes it *broken*, and costs no other one anything;
    what is broken is graded once more when all others are done, and only then handed on.

    Raises UsageError where nothing can be graded, as no judge starts, and where `on_result` cannot
    write. KeyboardInterrupt stops the judges and is raised again. Results handed on before stand.
    """
    with tempfile.TemporaryDirectory(prefix=f"grader-{os.getpid()}-") as empty:
        try:
            asyncio.run(_grade_all(submissions, plan, on_result, empty))
        except ExceptionGroup as group:  # of slots: the first one's reason is the run's
            raise group.exceptions[0] from None


async def _grade_all(
    submissions: Sequence[Submission],
    plan: Plan,
    on_result: Callable[[SubmissionResult], None],
    folder: str,
) -> None:
    judges = Judges(folder)
    once_more: list[Submission] = []

    def first(submission: Submission, result: SubmissionResult) -> None:
        if result.verdict is Verdict.BROKEN:
            once_more.append(submission)
        else:
            _hand_on(result, on_result)

    def last(_submission: Submission, result: SubmissionResult) -> None:
        _hand_on(result, on_result)

    try:
        await _in_slots(submissions, plan, judges, first)
        await _in_slots(once_more, plan, judges, last)
    finally:
        judges.close()


async def _in_slots(
    submissions: Sequence[Submission],
    plan: Plan,
    judges: Judges,
    on_result: Callable[[Submission, SubmissionResult], None],
) -> None:
    left = iter(submissions)
    packages = _packages(submissions)

    async def slot() -> None:
        async with Slot(plan, judges, packages) as own:
            for submission in left:
                try:
                    result = await own.grade(submission)
                except CannotStart as error:
                    raise UsageError(_no_judge(error)) from error
                on_result(submission, result)

    async with asyncio.TaskGroup() as group:
        for _ in range(min(plan.jobs, len(submissions))):
            group.create_task(slot())


def _hand_on(result: SubmissionResult, on_result: Callable[[SubmissionResult], None]) -> None:
    try:
        on_result(result)
    except OSError as error:
        raise UsageError(
            f"Each result is kept before the next one is made. Received: {error}, for the result "
            f"of {result.student!r}. Make room, or name another folder; what was kept before "
            f"stands."
        ) from error


def _no_judge(error: CannotStart) -> str:
    """Why a class cannot be graded at all, and what to do."""
    sentence = f"Judges are processes of their own. Received: {error}"
    course = os.environ.get(COURSE_VARIABLE)
    if course is None:
        return f"{sentence} Run `grader doctor`, which says what this machine lacks."
    return (
        f"{sentence} They import the course {course!r} as it is installed; PYTHONPATH and the "
        f"folder you are in do not count for them. Run `{sys.executable} -m pip install FOLDER`, "
        f"with the folder of the course's pyproject.toml, and grade again."
    )


def _packages(submissions: Sequence[Submission]) -> Packages:
    """What the lessons need that the files are named for: other names tell when they are read."""
    needed = packages_of_lessons()
    named = {unless_it_fails(named_lesson, submission.path) for submission in submissions}
    return tuple(sorted({package for name in named if name for package in needed[name]}))
