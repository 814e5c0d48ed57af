"""Results to report on, built from the real records: a class as it comes out of grading."""

from __future__ import annotations

from collections.abc import Sequence

from grader.results import (
    CheckResult,
    Diagnosis,
    ExerciseResult,
    Given,
    Isolation,
    NotebookFile,
    Shown,
    ShownArray,
    SubmissionResult,
    Verdict,
)

Rows = Sequence[Sequence[float | None]]

SHRINKS = "The feature map of an H×W image and a k×l kernel is (H − k + 1)×(W − l + 1)."
SUMS = "Each value is the sum of one image patch times the kernel, element by element."
FLIPPED = (
    "You flip the kernel before sliding it. That is the convolution of mathematics; "
    "a CNN slides its kernel as it is."
)

HOSTILE = (
    "<script>document.title='owned'</script><img src=x onerror=\"document.title='owned'\">"
    "\x1b[31m\r\n::error::owned\n##[error]owned [red]bold[/red] \u202egnp.exe @octocat #1 "
    "```\n</pre>]]>&amp; \x00\x08\ud800\ufffe http://evil.example www.evil.example |"
)


def array(rows: Rows, *, origin: tuple[int, int] = (0, 0), plane: str = "") -> Shown:
    """A shown array whose window is all of it."""
    values = tuple(tuple(row) for row in rows)
    shape = (len(values), len(values[0]) if values else 0)
    drawn = ShownArray(shape=shape, dtype="float32", values=values, origin=origin, plane=plane)
    return Shown(text=str(values)[:1000], array=drawn)


def check(verdict: Verdict = Verdict.PASSED, *, name: str = "shrinks_the_image") -> CheckResult:
    """One point's check with nothing to explain."""
    return CheckResult(name=name, statement=SHRINKS, verdict=verdict, max_score=1)


def wrong_sum() -> CheckResult:
    """A failed check with a call, two inputs and two arrays that differ first at [1, 0]."""
    return CheckResult(
        name="sums_patch_times_kernel",
        statement=SUMS,
        verdict=Verdict.FAILED,
        max_score=2,
        message="4 of 6 values differ; the first is at [1, 0]: -4 is expected. Received: 4.",
        expected=array([[3, -1, 0], [-4, 2, 5]]),
        received=array([[3, -1, 0], [4, -2, 7]]),
        where=(1, 0),
        call="convolve2d(image, kernel)",
        given=(
            Given(name="image", value=array([[1, 0, 2, 3], [4, 1, 0, 2], [0, 5, 1, 1]])),
            Given(name="kernel", value=array([[1, 0], [0, -1]])),
        ),
    )


def exercise(
    *checks: CheckResult,
    verdict: Verdict = Verdict.FAILED,
    id: str = "convolve2d",  # noqa: A002 - the record's word
    message: str = "",
    diagnosis: str = "",
    flags: tuple[str, ...] = (),
) -> ExerciseResult:
    """An exercise of `checks`, diagnosed as `flipped_kernel` where a diagnosis is given."""
    found = Diagnosis(misconception="flipped_kernel", message=diagnosis) if diagnosis else None
    return ExerciseResult(
        id=id,
        title="Slide a kernel over an image",
        verdict=verdict,
        message=message,
        diagnosis=found,
        checks=checks,
        flags=flags,
    )


def passed(id: str = "relu") -> ExerciseResult:  # noqa: A002
    """An exercise with full marks, one point."""
    return exercise(check(), verdict=Verdict.PASSED, id=id)


def flipped() -> ExerciseResult:
    """The exercise of somebody who flips the kernel: one check passed, one failed, diagnosed."""
    return exercise(check(), wrong_sum(), diagnosis=FLIPPED)


def hostile() -> ExerciseResult:
    """An exercise whose every text attacks the report it is shown in."""
    value = Shown(text=HOSTILE)
    bad = CheckResult(
        name=HOSTILE,
        statement=HOSTILE,
        verdict=Verdict.ERROR,
        max_score=1,
        message=HOSTILE,
        expected=value,
        received=Shown(
            text=HOSTILE,
            array=ShownArray(shape=(1, 2), dtype=HOSTILE, values=((1, None),), plane=HOSTILE),
        ),
        given=(Given(name=HOSTILE, value=value),),
        call=HOSTILE,
        hint=HOSTILE,
    )
    return ExerciseResult(
        id=HOSTILE,
        title=HOSTILE,
        verdict=Verdict.ERROR,
        message=HOSTILE,
        diagnosis=Diagnosis(misconception=HOSTILE, message=HOSTILE),
        flags=(HOSTILE,),
        checks=(bad,),
    )


def submission(
    *exercises: ExerciseResult,
    student: str = "ana",
    verdict: Verdict = Verdict.FAILED,
    message: str = "",
    lesson: str = "convolution",
    path: str = "submissions/ana.ipynb",
) -> SubmissionResult:
    """A student's notebook with the results of its exercises."""
    return SubmissionResult(
        student=student,
        lesson=lesson,
        notebook=NotebookFile(path=path, sha256="0" * 64),
        verdict=verdict,
        message=message,
        seconds=1.25,
        isolation=Isolation(level="none"),
        exercises=exercises,
    )
