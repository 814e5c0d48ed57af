"""A small class with all that can stand in a gradebook, as `grader grade` leaves it in a folder.

Three sections; hand-ins that are late, passed, diagnosed, not attempted, rejected, broken in part
and as a whole, withdrawn and not there; marks by hand; a student with two attempts; two students
whose wrong answers compute the same; and one whose name would act if it were more than text.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from grader.gradebook import Gradebook, gradebook_of
from grader.grading.collecting.files import fingerprint
from grader.grading.handed_in_files import path_of
from grader.report import records
from grader.results import (
    CellOutcome,
    CellStatus,
    CheckResult,
    Diagnosis,
    ExerciseResult,
    Given,
    HandedIn,
    NotebookFile,
    Shown,
    SubmissionResult,
    Verdict,
)
from tests.gradebook import records as made
from tests.notebooks import notebook
from tests.report.samples import FLIPPED, check, wrong_sum

ODD = 'Zoë "Zo" <b>O\'Neil</b> & Söhne'
"""A name that would act, if a page took it for more than text."""
DUE = "2026-05-31T23:59:00+00:00"
LATE = "2026-06-02T10:00:00+00:00"
NO_PLUS_ONE = "You subtract the kernel's size and stop there. How many starts are there?"
RESTS = "Your code rests on `convolve2d`, which does not pass yet. Fix that first."
MISSING = (
    "`max_pool` is missing: cell 3 (`size = int(thickness)`) raised NameError: name 'thickness' "
    "is not defined. Fix that first."
)
PLACEHOLDER = "`max_pool` is still the starter's `...`. Replace it with your code."

SOURCES = {
    "convolve2d": "def convolve2d(image, kernel):\n    return slid(image, kernel[::-1, ::-1])",
    "feature_map_size": "def feature_map_size(n, k):\n    # {student} wrote this\n    return n - k",
    "strongest_match": "def strongest_match(image, kernel):\n    return place(convolve2d(image))",
    "max_pool": "def max_pool(image, size):\n    return windows(image, size).max(axis=(2, 3))",
}
"""What stands in the cells of everybody's notebook."""


def size_exercise(
    received: int = 3, *, diagnosed: bool = False, computes: str = ""
) -> ExerciseResult:
    """`feature_map_size(5, 3)`, which should be 3; two points."""
    right = received == 3
    shown = Shown(text=str(received))
    statement = "A kernel of size k has n − k + 1 places in an image of size n."
    verdict = Verdict.PASSED if right else Verdict.FAILED
    failed = CheckResult(
        name="counts_the_places", statement=statement, verdict=verdict, max_score=2,
        expected=None if right else Shown(text="3"), received=None if right else shown,
        call="" if right else "feature_map_size(5, 3)",
        given=() if right else (Given(name="n", value=Shown(text="5")),),
    )  # fmt: skip
    diagnosis = Diagnosis(misconception="no_plus_one", message=NO_PLUS_ONE)
    return ExerciseResult(
        id="feature_map_size", title="Count the places", verdict=verdict, checks=(failed,),
        diagnosis=diagnosis if diagnosed else None, computes=computes, cell=3,
    )  # fmt: skip


def _right_sum() -> CheckResult:
    right = {"verdict": Verdict.PASSED, "message": "", "expected": None, "received": None}
    return wrong_sum().model_copy(update={**right, "where": None, "call": "", "given": ()})


def convolution(*, flipped: bool = False, rests: bool = False) -> tuple[ExerciseResult, ...]:
    """`convolve2d`, three points, and `strongest_match`, which rests on it, of one."""
    wrong = Diagnosis(misconception="flipped_kernel", message=FLIPPED)
    first = ExerciseResult(
        id="convolve2d", title="Slide a kernel over an image",
        verdict=Verdict.FAILED if flipped else Verdict.PASSED,
        checks=(check(), wrong_sum() if flipped else _right_sum()),
        diagnosis=wrong if flipped else None, cell=1,
    )  # fmt: skip
    second = exercise("strongest_match", "Find a pattern", RESTS if rests else "", rests)
    return first, second


def exercise(name: str, title: str, message: str, wrong: bool) -> ExerciseResult:
    """An exercise of one check of one point."""
    verdict = Verdict.FAILED if wrong else Verdict.PASSED
    one = CheckResult(
        name="points_at_the_largest", statement="It points at the largest response.",
        verdict=verdict, max_score=1,
    )  # fmt: skip
    return ExerciseResult(
        id=name, title=title, verdict=verdict, message=message, checks=(one,), cell=2
    )


def pooling(verdict: Verdict = Verdict.PASSED, message: str = "") -> ExerciseResult:
    """`max_pool`, two points."""
    one = CheckResult(
        name="keeps_the_largest", statement="Each value is the largest of its window.",
        verdict=verdict, max_score=2, message=message,
    )  # fmt: skip
    return ExerciseResult(
        id="max_pool", title="Keep the largest", verdict=verdict, message=message, checks=(one,),
        cell=1,
    )  # fmt: skip


def small_class(folder: Path) -> Path:
    """Fill `folder` as `grader grade … --to folder` does; returns it."""
    with gradebook_of(folder, new=True) as opened:
        book = Gradebook(opened.database, clock=_clock())
        book.set_late("10%/day, max 50%")
        book.set_due(DUE)
        first = book.begin_run("class")
        for one in _first_hand_ins():
            _keep(book, folder, one, first)
        second = book.begin_run("class")
        for one in _hand_ins():
            _keep(book, folder, one, second)
        book.withdraw(second)
        records.withdraw(folder, "Gus Gone", "convolution")
        book.override(
            "Dana Diaz", "convolution/feature_map_size", 2, reason="Explained it to me.",
            author="Ms Lee",
        )  # fmt: skip
        book.override("Hal Nothing", "pooling", 1, reason="Was ill.", author="Ms Lee")
    return folder


def _clock() -> Any:
    """A clock that goes on by a minute whenever it is asked."""
    minutes = iter(range(10_000))
    return lambda: datetime(2026, 6, 3, 9, tzinfo=UTC) + timedelta(minutes=next(minutes))


def _keep(book: Gradebook, folder: Path, result: SubmissionResult, run: int) -> None:
    if result.exercises:
        result = _with_notebook(folder, result)
    kept = book.keep(result, key=result.notebook.sha256, run=run)
    records.write(result, folder, kept.document)


def _with_notebook(folder: Path, result: SubmissionResult) -> SubmissionResult:
    """The record of a notebook that is kept in `folder`, a cell an exercise."""
    cells: list[str | tuple[str, str]] = [
        (one.id, SOURCES[one.id].replace("{student}", result.student)) for one in result.exercises
    ]
    content = json.dumps(notebook([*cells, f"# {result.notebook.sha256}"], result.lesson)).encode()
    file = NotebookFile(path=result.notebook.path, sha256=fingerprint(content))
    path = path_of(folder, file.sha256)
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(content)
    outcomes = tuple(
        CellOutcome(number=number, status=CellStatus.RAN, seconds=0.01, judged=(one.id,))
        for number, one in enumerate(result.exercises, start=1)
    )
    return result.model_copy(update={"notebook": file, "cells": outcomes})


def _hand_in(
    file: str, student: str, lesson: str, *exercises: ExerciseResult, **more: Any
) -> SubmissionResult:
    told = {"time": "2026-05-30T12:00:00+00:00", **more.pop("told", {})}
    one = made.result(student, *exercises, lesson=lesson, file=file, **more)
    return one.model_copy(update={"handed_in": HandedIn(**told)})


def _first_hand_ins() -> list[SubmissionResult]:
    """What was handed in before: Ada's first attempt, and all of Gus, who has left."""
    ada = (*convolution(flipped=True, rests=True), size_exercise(2, diagnosed=True))
    gus = (*convolution(), size_exercise())
    return [
        _hand_in("0", "Ada Abel", "convolution", *ada, told={"section": "Monday"}),
        _hand_in("1", "Gus Gone", "convolution", *gus, told={"section": "Monday"}),
    ]


def _hand_ins() -> list[SubmissionResult]:
    """What stands now."""
    monday, tuesday = {"section": "Monday"}, {"section": "Tuesday"}
    odd = {"section": 'R&D "<evening>"'}
    flipped = (*convolution(flipped=True, rests=True), size_exercise(2, diagnosed=True))
    same = size_exercise(8, computes="f00d")
    ours = exercise("strongest_match", "Find a pattern", "ZeroDivisionError in a check", wrong=True)
    ours = ours.model_copy(update={"verdict": Verdict.BROKEN})
    late = {"time": LATE, "late": True}
    return [
        _hand_in("2", "Ada Abel", "convolution", *convolution(), size_exercise(2, diagnosed=True),
                 told=monday),
        _hand_in("3", "Ada Abel", "pooling", pooling(), told=monday),
        _hand_in("4", "Ben Bauer", "convolution", *flipped, told={**monday, **late}),
        _hand_in("5", "Ben Bauer", "pooling", pooling(Verdict.NOT_ATTEMPTED, PLACEHOLDER),
                 told=monday),
        _hand_in("6", "Cem Can", "convolution", *convolution(flipped=True, rests=True), same,
                 told=tuesday),
        _hand_in("7", "Cem Can", "pooling", pooling(Verdict.ERROR, MISSING), told=tuesday),
        _hand_in("8", "Dana Diaz", "convolution", *convolution(), same, told=tuesday),
        _hand_in("9", "Dana Diaz", "pooling", pooling(Verdict.TIMEOUT, "It did not end in 3 s."),
                 told=tuesday),
        _hand_in("a", "Eve Ek", "convolution", convolution()[0], ours, size_exercise(),
                 verdict=Verdict.BROKEN, told=odd),
        made.broken("Eve Ek", lesson="pooling", file="b", message="The judge died three times."),
        made.rejected("Fay Fox", lesson="convolution", file="c", section="Tuesday"),
        made.missing("Hal Nothing", lesson="convolution", section="Monday"),
        made.missing("Hal Nothing", lesson="pooling", section="Monday"),
        _hand_in("d", ODD, "convolution", *flipped, told=odd),
        _hand_in("e", ODD, "pooling", pooling(), told=odd),
    ]  # fmt: skip
