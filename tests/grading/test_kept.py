"""What was graded is not graded again, unless something that its result rests on has changed."""

from __future__ import annotations

import errno
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from grader.errors import UsageError
from grader.grading.collecting.submissions import Submission
from grader.grading.handing_on import OnGraded, OnStart, nobody
from grader.grading.kept import Kept, Tally, grade_changed
from grader.grading.pool import Plan, grade_each
from grader.kernel.limits import Limits
from grader.results import HandedIn, SubmissionResult, Verdict
from tests.grading.keeping import InFiles, InMemory
from tests.notebooks import POINTS, RIGHT, WRONG, cells_of, write_notebook

LIMITS = Limits(cell=60.0, submission=300.0)
PLAN = Plan(b"a secret for tests", LIMITS, jobs=2)


class Grading:
    """Grades for real, and counts; `instead` are verdicts in the place of some students' own."""

    def __init__(self, **instead: Verdict) -> None:
        self.students: list[str] = []
        self.instead = instead

    def __call__(
        self,
        submissions: Iterable[Submission],
        plan: Plan,
        on_graded: OnGraded,
        *,
        on_start: OnStart = nobody,
    ) -> None:
        """Called by `grade_changed` with what has to be graded."""

        def graded(submission: Submission, result: SubmissionResult) -> None:
            self.students.append(result.student)
            if verdict := self.instead.get(result.student):
                result = result.model_copy(update={"verdict": verdict})
            on_graded(submission, result)

        grade_each(submissions, plan, graded, on_start=on_start)


def class_of(folder: Path, **answers: dict[str, str]) -> list[Submission]:
    """A submission of each student."""
    return [
        Submission(student, write_notebook(folder / student / "convolution.ipynb", cells_of(own)))
        for student, own in answers.items()
    ]


def graded(
    submissions: Sequence[Submission], kept: Kept, plan: Plan = PLAN, **options: Any
) -> tuple[Tally, dict[str, SubmissionResult]]:
    """What came of a class: the counts, and each student's record, handed on once."""
    results: list[SubmissionResult] = []
    tally = grade_changed(
        submissions, plan, lambda _, result: results.append(result), kept, **options
    )
    assert len(results) == len(submissions)
    return tally, {result.student: result for result in results}


@pytest.mark.kernel
def test_only_what_changed_is_graded_again(tmp_path: Path) -> None:
    """A second run grades nothing; after a change, that one; and all, if asked or limits change."""
    submissions = class_of(tmp_path, ana=RIGHT, ben=WRONG)
    kept, grading = InFiles(tmp_path / "kept"), Grading()

    def again(plan: Plan = PLAN, **options: Any) -> tuple[Tally, dict[str, SubmissionResult]]:
        grading.students.clear()
        return graded(submissions, kept, plan, grade_each=grading, **options)

    tally, first = again()
    assert tally == Tally(2, 0)
    assert first["ana"].score == sum(POINTS.values())
    assert again() == (Tally(0, 2), first)
    assert not grading.students
    write_notebook(submissions[1].path, cells_of(RIGHT))
    tally, third = again()
    # Ben's code is now Ana's, whose result is known.
    assert (tally, third["ben"].score) == (Tally(0, 2), first["ana"].score)
    assert len(list(kept.folder.glob("*/*.json"))) == 3
    write_notebook(submissions[1].path, [*cells_of(RIGHT), "x = 1"])
    assert again()[0] == Tally(1, 1)
    assert grading.students == ["ben"]
    kept = InFiles(tmp_path / "fresh")
    assert again(fresh=True)[0] == Tally(2, 0)
    assert again(replace(PLAN, limits=Limits(cell=61.0)))[0] == Tally(2, 0)


@pytest.mark.kernel
def test_a_result_used_again_tells_of_today(tmp_path: Path) -> None:
    """Student, path, hash and what a platform tells are those of now; all else is as it was."""
    [before] = class_of(tmp_path, ana=RIGHT)
    kept = InMemory()
    first = graded([before], kept)[1]["ana"]
    path = write_notebook(tmp_path / "moved" / "it.ipynb", cells_of(RIGHT))
    path.write_bytes(path.read_bytes() + b"\n")
    told = HandedIn(id="77", late=True, attempts=2)
    today = Submission("Ana Lee", path, handed_in=told, shown="class.zip/it.ipynb")
    tally, results = graded([today], kept)
    result = results["Ana Lee"]
    assert tally.reused == 1
    assert (result.notebook.path, result.handed_in) == ("class.zip/it.ipynb", told)
    assert result.notebook.sha256 not in ("", first.notebook.sha256)
    about = {"student", "notebook", "handed_in"}
    assert result.model_dump(exclude=about) == first.model_dump(exclude=about)
    # It is kept as today's.
    assert (kept.kept, next(iter(kept.results.values()))) == (2, result)


@pytest.mark.kernel
def test_what_a_platform_tells_stands_in_a_new_record(tmp_path: Path) -> None:
    """A graded submission's record has it as one that is used again does."""
    [one] = class_of(tmp_path, ana=RIGHT)
    told = HandedIn(id="77", time="2026-03-01T10:00:00Z")
    assert graded([replace(one, handed_in=told)], InMemory())[1]["ana"].handed_in == told


@pytest.mark.kernel
def test_a_fault_of_ours_is_not_kept(tmp_path: Path) -> None:
    """What is broken is graded again in the next run, and so is what cannot be read."""
    submissions = class_of(tmp_path, ana=RIGHT, ben=WRONG)
    bad = tmp_path / "cleo" / "convolution.ipynb"
    bad.parent.mkdir()
    bad.write_text("no notebook")
    submissions.append(Submission("cleo", bad))
    kept = InMemory()
    tally, results = graded(submissions, kept, grade_each=Grading(ben=Verdict.BROKEN))
    assert (tally, kept.kept) == (Tally(3, 0), 1)
    assert results["cleo"].verdict is Verdict.REJECTED
    tally, results = graded(submissions, kept)
    assert (tally, results["ben"].verdict) == (Tally(2, 1), Verdict.FAILED)


@pytest.mark.kernel
def test_a_file_that_changes_while_it_waits_is_not_kept_as_what_it_was(tmp_path: Path) -> None:
    """The key was of other code: the result is handed on, and kept under no key."""
    [one] = class_of(tmp_path, ana=WRONG)
    kept = InMemory()

    def change(submission: Submission) -> None:
        write_notebook(submission.path, cells_of(RIGHT))

    tally, results = graded([one], kept, on_start=change)
    assert (tally, kept.kept) == (Tally(1, 0), 0)
    assert results["ana"].score == sum(POINTS.values())


@pytest.mark.kernel
def test_what_cannot_be_kept_ends_the_run(tmp_path: Path) -> None:
    """A result that is not on the disk does not count: neither a new one nor one used again."""

    class Full(InMemory):
        def keep(self, result: SubmissionResult, *, key: str, again: bool = False) -> None:  # noqa: ARG002
            raise OSError(errno.ENOSPC, "No space left on device", f"{result.student}-{key}")

    submissions = class_of(tmp_path, ana=RIGHT)
    with pytest.raises(UsageError, match="No space left"):
        graded(submissions, Full())
    full, works = Full(), InMemory()
    graded(submissions, works)
    full.results = works.results
    with pytest.raises(UsageError, match="No space left"):
        graded([replace(submissions[0], student="ben")], full)


def test_the_tally_says_what_was_used_again() -> None:
    """One line at the end, if there is anything to say."""
    assert Tally(3, 0).sentence() == ""
    assert Tally(0, 1).sentence().startswith("1 unchanged result was used again;")
    assert Tally(1, 1000).sentence() == (
        "1,000 unchanged results were used again; --fresh grades them anew."
    )
