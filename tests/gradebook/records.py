"""Results to keep: small classes with what platforms tell of them."""

from __future__ import annotations

from typing import Any

from grader.results import (
    CheckResult,
    Diagnosis,
    ExerciseResult,
    HandedIn,
    Isolation,
    NotebookFile,
    SubmissionResult,
    Verdict,
)

SLOW = "You count the corners twice."


def exercise(
    id: str = "relu",  # noqa: A002 - the record's word
    earned: int = 2,
    of: int = 2,
    *,
    verdict: Verdict | None = None,
    misconception: str = "",
    message: str = "",
) -> ExerciseResult:
    """An exercise of `of` checks of one point, the first `earned` of which passed.

    `message` is what each of the others says.
    """
    verdicts = [Verdict.PASSED] * earned + [Verdict.FAILED] * (of - earned)
    return ExerciseResult(
        id=id,
        title=f"About {id}",
        verdict=verdict or (Verdict.PASSED if earned == of else Verdict.FAILED),
        diagnosis=Diagnosis(misconception=misconception, message=SLOW) if misconception else None,
        checks=tuple(
            CheckResult(
                name=f"holds_{n}",
                statement="It holds.",
                verdict=verdict,
                max_score=1,
                message="" if verdict is Verdict.PASSED else message,
            )
            for n, verdict in enumerate(verdicts)
        ),
    )


def result(
    student: str = "ana",
    *exercises: ExerciseResult,
    lesson: str = "convolution",
    verdict: Verdict | None = None,
    message: str = "",
    file: str = "a",
    **handed_in: Any,
) -> SubmissionResult:
    """A student's record; `file` stands for what was in the notebook."""
    passed = all(one.verdict is Verdict.PASSED for one in exercises)
    return SubmissionResult(
        student=student,
        lesson=lesson,
        notebook=NotebookFile(path=f"{student}/{lesson}.ipynb", sha256=file * 64),
        verdict=verdict or (Verdict.PASSED if passed else Verdict.FAILED),
        message=message,
        seconds=1.5,
        isolation=Isolation(level="none"),
        exercises=exercises,
        handed_in=HandedIn(**handed_in),
    )


def rejected(student: str = "ana", **more: Any) -> SubmissionResult:
    """A notebook that cannot be graded."""
    return result(student, verdict=Verdict.REJECTED, message="This is no notebook.", **more)


def broken(student: str = "ana", *exercises: ExerciseResult, **more: Any) -> SubmissionResult:
    """A record that the grader itself failed at."""
    return result(student, *exercises, verdict=Verdict.BROKEN, **more)


def missing(student: str = "ana", **more: Any) -> SubmissionResult:
    """A student of whom there is no notebook."""
    said = "There is only answers.html."
    return result(student, verdict=Verdict.NOT_HANDED_IN, message=said, file="", **more)
