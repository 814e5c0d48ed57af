"""A class from hand-in to gradebook: everybody has a record, and each one is kept as it comes."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from grader.cli.app import say
from grader.cli.progress import progress

if TYPE_CHECKING:
    from grader.gradebook import Gradebook
    from grader.grading.collecting.submissions import Collected, Submission
    from grader.grading.handing_on import GradeEach
    from grader.grading.kept import Tally
    from grader.grading.pool import Plan
    from grader.results import SubmissionResult

_MOST_NAMED = 5
# What a browser adds to a file that was downloaded once more.
_AGAIN = re.compile(r"( ?\(\d+\)|-\d+)(?=\.[A-Za-z]|$)")


@dataclass
class ClassRun:
    """One run over a class: results go to the gradebook and to records in `to` as they come.

    `results` are brief, for the table; `paths` are where the whole ones stand. `on_result` is
    called with the student's name when each has been taken in.
    """

    book: Gradebook
    to: Path
    run: int
    on_result: Callable[[str], None]
    results: list[SubmissionResult] = field(default_factory=list)
    paths: list[Path] = field(default_factory=list)
    _kept: SubmissionResult | None = None
    _earlier_stands: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        from grader.report.brief import Briefs

        self._briefs = Briefs()

    def known(self, key: str) -> SubmissionResult | None:
        """The newest result under a key, as `grade_changed` asks."""
        return self.book.known(key)

    def keep(self, result: SubmissionResult, *, key: str) -> None:
        """Keep a final result under its key, for each who handed it in."""
        self._keep(result, key)
        self._kept = result

    def done(self, _submission: Submission, result: SubmissionResult) -> None:
        """Take a result in: what has no key, too, as it is not final or its file has changed."""
        if self._kept is not result:
            self._keep(result, "")
        self._write(result)
        self.on_result(result.student)

    def add(self, results: Iterable[SubmissionResult]) -> None:
        """Take in results of those who are not graded."""
        for result in results:
            self._keep(result, "")
            self._write(result)

    def _keep(self, result: SubmissionResult, key: str) -> None:
        from grader.grading.everybody import for_each_member

        for each in for_each_member(result):
            self.book.keep(each, key, self.run)

    def _write(self, result: SubmissionResult) -> None:
        from grader.grading.everybody import for_each_member
        from grader.report import records

        for each in for_each_member(result):
            path = records.write(each, self.to)
            if path != records.path_of(self.to, each.student, each.lesson):
                self._earlier_stands.append(f"{each.student}/{each.lesson}")
            self.paths.append(path)
            self.results.append(self._briefs.of(each))

    def rename(self) -> None:
        """Join what was kept of students whom earlier runs had under another name."""
        from grader.report import records

        renamed = self.book.rename(self.run)
        for one in renamed:
            for lesson in one.lessons:
                records.withdraw(self.to, one.old, lesson)
        for one in renamed[:_MOST_NAMED]:
            say(f"{one.old} is called {one.new} now.")
        if (more := len(renamed) - _MOST_NAMED) > 0:
            say(f"So are {more} more; what was graded before is kept under the new names.")

    def withdraw(self, lesson: str | None, student: str | None) -> None:
        """Mark what was handed in before, in the same place, and is there no more."""
        from grader.report import records

        gone = self.book.withdraw(self.run, lesson=lesson, student=student)
        for name, of_lesson in gone:
            records.withdraw(self.to, name, of_lesson)
        if gone:
            say(
                f"No longer handed in: {_some(f'{name}/{of}' for name, of in gone)}. What was "
                f"graded before is marked as withdrawn; `grader show {self.to} STUDENT` has it."
            )

    def say_what_surprises(self, tally: Tally) -> None:
        """One line for each thing that is not as usual."""
        from grader.report.records import NOT_GRADED

        if self._earlier_stands:
            say(
                f"Cannot be graded now, but was graded before: {_some(self._earlier_stands)}. The "
                f"earlier records stand; what is wrong now is in LESSON{NOT_GRADED}.json beside "
                f"them."
            )
        if tally.sentence():
            say(tally.sentence())


def grade_class(
    collected: Collected,
    plan: Plan,
    book: Gradebook,
    to: Path,
    *,
    scope: str,
    fresh: bool,
    student: str | None,
    cluster: str | None,
    quiet: bool,
) -> ClassRun:
    """Grade a class; whoever handed in nothing has a record at its end, too.

    `scope` names the places that the class was found in, `student` whom the run is confined to.
    With a `cluster`, it is graded by the workers of the Dask scheduler at that address.
    """
    from grader.grading.everybody import UNKNOWN, not_handed_in
    from grader.grading.kept import grade_changed
    from grader.report.words import place_of

    with progress("Grading", len(collected.submissions), quiet=quiet) as step:
        run = ClassRun(book, to, book.begin_run(scope), step)
        tally = grade_changed(
            collected.submissions,
            plan,
            run.done,
            run,
            fresh=fresh,
            grade_each=_grade_each(cluster),
            on_start=lambda one: step.begin(one.student),
        )
    lessons = {plan.lesson} if plan.lesson else {result.lesson for result in run.results}
    wanted = sorted(lessons - {UNKNOWN}, key=place_of)
    run.add(not_handed_in(collected.missing, wanted, plan.isolation))
    run.rename()
    run.withdraw(plan.lesson, student)
    run.say_what_surprises(tally)
    return run


def _grade_each(cluster: str | None) -> GradeEach:
    if cluster is None:
        from grader.grading.pool import grade_each

        return grade_each
    from grader.grading.cluster import Cluster

    return Cluster(cluster, on_notice=say)


def scope_of(paths: Iterable[Path]) -> str:
    """What tells two runs over the same class: its places, whatever a browser calls the archive."""
    return "\n".join(sorted(str(p.absolute().with_name(_AGAIN.sub("", p.name))) for p in paths))


def _some(names: Iterable[str]) -> str:
    ordered = sorted(names)
    more = len(ordered) - _MOST_NAMED
    return ", ".join(ordered[:_MOST_NAMED]) + (f" and {more} more" if more > 0 else "")
