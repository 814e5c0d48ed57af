"""A class from hand-in to gradebook: everybody has a record, and each one is kept as it comes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from grader.cli.app import say
from grader.cli.progress import progress

if TYPE_CHECKING:
    from grader.gradebook import Gradebook, Kept
    from grader.grading.collecting.submissions import Collected, Submission
    from grader.grading.handing_on import GradeEach
    from grader.grading.kept import Tally
    from grader.grading.pool import Plan
    from grader.results import SubmissionResult

_MOST_NAMED = 5
_UNREAD = ("rejected", "broken")
_TOGETHER = 200  # results that are used again, kept in one transaction


@dataclass
class ClassRun:
    """One run over a class: results go to the gradebook and to records in `to` as they come.

    `results` are brief, for the table; `paths` are where the whole ones stand. `on_result` is
    called with the student's name when each has been taken in. `submissions` are all of the run.
    """

    book: Gradebook
    to: Path
    run: int
    on_result: Callable[[str], None]
    submissions: Sequence[Submission] = ()
    results: list[SubmissionResult] = field(default_factory=list)
    paths: list[Path] = field(default_factory=list)
    _kept: SubmissionResult | None = None
    _again: list[tuple[SubmissionResult, str]] = field(default_factory=list)
    _earlier_stands: list[str] = field(default_factory=list)
    _only_before: list[str] = field(default_factory=list)
    _newer_stands: list[str] = field(default_factory=list)
    _own_stands: dict[str, None] = field(default_factory=dict)
    _not_kept: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        from grader.grading.handing_on import shown_path
        from grader.report.brief import Briefs

        self._briefs = Briefs()
        self._own = {(one.student, one.lesson) for one in self.submissions}
        self._handed_in = {(one.student, shown_path(one)): one for one in self.submissions}

    def known(self, key: str) -> SubmissionResult | None:
        """The newest result under a key, as `grade_changed` asks."""
        return self.book.known(key)

    def begin(self, submission: Submission) -> None:
        """Keep the notebook that is graded now: its file may be another one when that is done."""
        from grader.grading.handed_in_files import keep_notebook

        with suppress(OSError):  # tried again before its record counts, and told then
            keep_notebook(self.to, submission)

    def keep(self, result: SubmissionResult, *, key: str, again: bool = False) -> None:
        """Keep a final result under its key, for each who handed it in.

        Those that are used `again` are kept many at once: at the latest by `flush`.
        """
        if again:
            self._again.append((result, key))
            if len(self._again) >= _TOGETHER:
                self.flush()
        else:
            self.flush()
            self._take_in([(result, key)])
        self._kept = result

    def done(self, submission: Submission, result: SubmissionResult) -> None:
        """Take a result in: what has no key, too, as it is not final or its file has changed."""
        if self._kept is not result:
            self.flush()
            self._take_in([(result, "")])
        self._note_beside(submission, result)
        self.on_result(result.student)

    def _note_beside(self, submission: Submission, result: SubmissionResult) -> None:
        from grader.desk.beside import note

        note(self.to, submission, result)

    def add(self, results: Iterable[SubmissionResult]) -> None:
        """Take in results of those who are not graded."""
        self.flush()
        self._take_in([(result, "") for result in results])

    def flush(self) -> None:
        """Keep what waits to be kept."""
        waiting, self._again = self._again, []
        self._take_in(waiting, again=True)

    def _take_in(
        self, keyed: Sequence[tuple[SubmissionResult, str]], *, again: bool = False
    ) -> None:
        """Keep the notebooks, then results in one transaction, then write the record of each."""
        for result, _ in keyed:
            self._keep_notebook(result)
        everybody = [(each, key) for result, key in keyed for each in self._each(result)]
        if everybody:
            kept = self.book.keep_all(everybody, self.run, again=again)
            for (each, _), one in zip(everybody, kept, strict=True):
                self._write(each, one)

    def _keep_notebook(self, result: SubmissionResult) -> None:
        """Have the notebook that a result is of, as it was handed in, beside the results."""
        from grader.grading.handed_in_files import keep_notebook, notebook_bytes

        sha256 = result.notebook.sha256
        if not sha256 or notebook_bytes(self.to, sha256) is not None:
            return
        submission = self._handed_in.get((result.student, result.notebook.path))
        if submission is None or keep_notebook(self.to, submission) != sha256:
            self._not_kept.append(f"{result.student}/{result.lesson}")

    def _each(self, result: SubmissionResult) -> Iterator[SubmissionResult]:
        """The record of each who handed it in: of a member who also did alone, only that one."""
        from grader.grading.everybody import for_each_member

        self._own.add((result.student, result.lesson))
        submission = self._handed_in.get((result.student, result.notebook.path))
        for each in for_each_member(result, submission.members if submission else {}):
            if each.student == result.student or (each.student, each.lesson) not in self._own:
                yield each
            else:
                self._own_stands[f"{each.student}/{each.lesson}"] = None

    def _write(self, result: SubmissionResult, kept: Kept) -> None:
        from grader.report import records

        name = f"{result.student}/{result.lesson}"
        path = records.path_of(self.to, result.student, result.lesson)
        if not kept.stands and records.knows(result) == records.ALL and path.exists():
            # It was handed in elsewhere since: what stands in the gradebook stands here.
            self._newer_stands.append(name)
            [result] = records.read_each([path])
        elif path != (path := records.write(result, self.to, kept.document)):
            missing = result.verdict == "not_handed_in"
            (self._only_before if missing else self._earlier_stands).append(name)
        self.paths.append(path)
        self.results.append(self._briefs.of(result))

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

    def withdraw(self, student: str | None) -> None:
        """Mark what was handed in before, in the same place, and is there no more.

        Only of lessons that others handed in again: the next lesson's archive has the same name.
        Where most are gone, it is another class, or half a download: nothing is marked, and it is
        said. Nor is anything of who handed in something that cannot be read.
        """
        from grader.report import records

        again = {one.lesson for one in self.results if one.exercises}
        unread = {one.student for one in self.results if one.verdict in _UNREAD}
        gone = [
            (name, lesson)
            for name, lesson in self.book.gone(self.run)
            if student in (None, name) and lesson in again and name not in unread
        ]
        for lesson in sorted({lesson for _, lesson in gone}):
            names = [name for name, of in gone if of == lesson]
            there = {one.student for one in self.results if one.lesson == lesson and one.exercises}
            if len(names) > len(there):
                gone = [pair for pair in gone if pair[1] != lesson]
                say(
                    f"Of {lesson}, {len(names)} students graded before are not in here, more than "
                    f"are: their marks stay as they are ({_some(names)}). If they are to go, "
                    f"grade the class into a new folder."
                )
        marked = self.book.withdraw(self.run, lambda *pair: pair not in gone)
        for name, lesson in marked:
            records.withdraw(self.to, name, lesson)
        if marked:
            say(
                f"No longer handed in: {_some(f'{name}/{of}' for name, of in marked)}. What was "
                f"graded before is marked as withdrawn; `grader show {self.to} STUDENT` has it."
            )

    def say_what_surprises(self, tally: Tally) -> None:
        """One line for each thing that is not as usual."""
        from grader.grading.handed_in_files import LARGEST
        from grader.report.records import NOT_GRADED

        if self._earlier_stands:
            say(
                f"Cannot be graded now, but was graded before: {_some(self._earlier_stands)}. The "
                f"earlier records stand; what is wrong now is in LESSON{NOT_GRADED}.json beside "
                f"them."
            )
        if self._only_before:
            say(
                f"Not handed in now, but graded before: {_some(self._only_before)}. The earlier "
                f"records stand, unless they are told to be withdrawn."
            )
        if self._own_stands:
            say(
                f"In a group that handed in, and with a hand-in of their own, which counts: "
                f"{_some(self._own_stands)}."
            )
        if self._newer_stands:
            say(
                f"Handed in since, in another place: {_some(self._newer_stands)}. That is newer "
                f"and stands; `grader show {self.to} STUDENT` has both."
            )
        if self._not_kept:
            say(
                f"Graded, but the notebook is not kept for the pages, as it is larger than "
                f"{LARGEST // 2**20} MiB or was changed meanwhile: {_some(self._not_kept)}."
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
    from grader.desk.running import told
    from grader.grading.everybody import UNKNOWN, not_handed_in
    from grader.grading.kept import grade_changed
    from grader.report.words import place_of

    count = len(collected.submissions)
    with progress("Grading", count, quiet=quiet) as step, told(to, count) as teller:

        def begun(submission: Submission) -> None:
            run.begin(submission)
            step.begin(submission.student)
            teller.begin(submission.student)

        def ended(student: str) -> None:
            step(student)
            teller.end(student)

        run = ClassRun(book, to, book.begin_run(scope), ended, collected.submissions)
        try:
            tally = grade_changed(
                collected.submissions,
                plan,
                run.done,
                run,
                fresh=fresh,
                grade_each=_grade_each(cluster),
                on_start=begun,
            )
        finally:  # of a run that was interrupted, too
            run.flush()
    lessons = {plan.lesson} if plan.lesson else {result.lesson for result in run.results}
    wanted = sorted(lessons - {UNKNOWN}, key=place_of)
    run.add(not_handed_in(collected.missing, wanted, plan.isolation))
    run.rename()
    run.withdraw(student)
    run.say_what_surprises(tally)
    return run


def _grade_each(cluster: str | None) -> GradeEach:
    if cluster is None:
        from grader.grading.pool import grade_each

        return grade_each
    from grader.grading.cluster import Cluster

    return Cluster(cluster, on_notice=say)


def _some(names: Iterable[str]) -> str:
    ordered = sorted(names)
    more = len(ordered) - _MOST_NAMED
    return ", ".join(ordered[:_MOST_NAMED]) + (f" and {more} more" if more > 0 else "")
