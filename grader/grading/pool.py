"""Many submissions, a few at a time, each judged by a process of its own.

Each slot grades one submission after the other. The judges are forked by a fork server that all
slots share, the next one while the last one works.
"""

from __future__ import annotations

import asyncio
import itertools
import os
import sys
import tempfile
from collections.abc import Callable, Iterable

from grader.errors import CannotStart, UsageError
from grader.grading.collecting.reading import named_lesson
from grader.grading.collecting.submissions import Submission
from grader.grading.handing_on import OnGraded, OnStart, hand_on, nobody
from grader.grading.judges import Judges
from grader.grading.slot import Plan, Slot, unless_it_fails
from grader.judging.course import packages_of_lessons
from grader.kernel.fork_servers import Packages
from grader.kernel.mounted import COURSE_VARIABLE
from grader.results import SubmissionResult, Verdict

__all__ = ["Plan", "Slot", "grade_all", "grade_each"]

LOOKED_AHEAD = 100
"""How many submissions are looked at before the first is graded: names tell what to import."""


def grade_all(
    submissions: Iterable[Submission],
    plan: Plan,
    on_result: Callable[[SubmissionResult], None],
    *,
    on_start: OnStart = nobody,
) -> None:
    """Grade every submission; `on_result` is called once with each record, as soon as it stands.

    As `grade_each`, for those who need no more than the record.
    """
    grade_each(submissions, plan, lambda _, result: on_result(result), on_start=on_start)


def grade_each(
    submissions: Iterable[Submission],
    plan: Plan,
    on_graded: OnGraded,
    *,
    on_start: OnStart = nobody,
) -> None:
    """Grade every submission in the slots of this machine, `plan.jobs` at a time.

    They are taken one by one as slots are free, and no result is kept here: the memory that it
    takes does not depend on how many there are. Whatever goes wrong about one makes it *broken*,
    and costs no other one anything; what is broken is graded once more when all others are done,
    and only then handed on.

    Raises UsageError where nothing can be graded, as no judge starts, and where `on_graded` cannot
    write. KeyboardInterrupt stops the judges and is raised again. Results handed on before stand.
    """
    with tempfile.TemporaryDirectory(prefix=f"grader-{os.getpid()}-") as empty:
        try:
            asyncio.run(_grade_each(submissions, plan, on_graded, on_start, empty))
        except ExceptionGroup as group:  # of slots: the first one's reason is the run's
            raise group.exceptions[0] from None


async def _grade_each(
    submissions: Iterable[Submission],
    plan: Plan,
    on_graded: OnGraded,
    on_start: OnStart,
    folder: str,
) -> None:
    judges = Judges(folder)
    once_more: list[Submission] = []

    def first(submission: Submission, result: SubmissionResult) -> None:
        if result.verdict is Verdict.BROKEN:
            once_more.append(submission)
        else:
            hand_on(submission, result, on_graded)

    def last(submission: Submission, result: SubmissionResult) -> None:
        hand_on(submission, result, on_graded)

    try:
        await _in_slots(submissions, plan, judges, first, on_start)
        await _in_slots(once_more, plan, judges, last, on_start)
    finally:
        judges.close()


async def _in_slots(
    submissions: Iterable[Submission],
    plan: Plan,
    judges: Judges,
    on_graded: OnGraded,
    on_start: OnStart,
) -> None:
    rest = iter(submissions)
    known = list(itertools.islice(rest, max(plan.jobs, LOOKED_AHEAD)))
    left = itertools.chain(known, rest)
    packages = packages_of(known)

    async def slot() -> None:
        async with Slot(plan, judges, packages) as own:
            for submission in left:
                on_start(submission)
                try:
                    result = await own.grade(submission)
                except CannotStart as error:
                    raise UsageError(no_judge(error)) from error
                on_graded(submission, result)

    async with asyncio.TaskGroup() as group:
        for _ in range(min(plan.jobs, len(known))):
            group.create_task(slot())


def no_judge(error: CannotStart) -> str:
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


def packages_of(submissions: Iterable[Submission]) -> Packages:
    """What the lessons need that the files are named for: other names tell when they are read."""
    needed = packages_of_lessons()
    named = {unless_it_fails(named_lesson, submission.path) for submission in submissions}
    return tuple(sorted({package for name in named if name for package in needed[name]}))
