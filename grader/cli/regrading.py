"""The command that grades one student's lesson again, from the notebook that was kept of it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Annotated

import typer

from grader.cli.app import (
    INTERRUPTED,
    CellSeconds,
    IsolationLevel,
    app,
    refuse_missing_isolation,
    say,
    stdout,
    told_in_one_sentence,
)
from grader.cli.grading import plan_of, status_of
from grader.cli.options import Folder, GradebookUrl
from grader.cli.places import alone_in

if TYPE_CHECKING:
    from grader.gradebook import Gradebook
    from grader.gradebook.history import Past
    from grader.grading.collecting.submissions import Submission
    from grader.grading.pool import Plan
    from grader.results import HandedIn, SubmissionResult

_LOOKS_AGAIN = 1.0  # seconds between two looks whether a run has ended


@app.command()
def regrade(
    folder: Folder,
    student: Annotated[str, typer.Argument(help="A name or a part of it, an id, login or email.")],
    lesson: Annotated[str, typer.Argument(help="The lesson that is graded again.")],
    seed: Annotated[
        Path | None,
        typer.Option(help="The file with the secret, if the class was graded with --seed."),
    ] = None,
    isolation: Annotated[
        IsolationLevel, typer.Option(help="As of `grader grade`.")
    ] = IsolationLevel.SANDBOX,
    timeout: CellSeconds = 20,
    wait: Annotated[
        bool, typer.Option("--wait", help="Wait for a run that is at work in the folder.")
    ] = False,
    gradebook: GradebookUrl = None,
) -> None:
    """Grade one student's lesson again, in a fresh kernel.

    It is the notebook that was graded, as FOLDER kept it, with the files that lay beside it if they
    are still there. What was given by hand stays. For what was handed in since, use `grader grade`.

    Example: grader regrade graded ana convolution
    """
    from grader.gradebook import gradebook_of

    with told_in_one_sentence():
        refuse_missing_isolation(isolation, [folder])
        with gradebook_of(folder, gradebook) as book, _alone(folder, wait=wait):
            secret = _secret(seed, folder)
            plan = plan_of(secret, timeout, None, 1, isolation=isolation.value)
            say(f"Grading {student}, {lesson} …")
            try:
                result = regraded(book, folder, student, lesson, plan)
            except KeyboardInterrupt:
                say("Stopped. What was graded before stands.")
                raise typer.Exit(INTERRUPTED) from None
        stdout().print(_told(result), markup=False, soft_wrap=True)
    raise typer.Exit(status_of([result]))


def regraded(
    book: Gradebook, folder: Path, student: str, lesson: str, plan: Plan
) -> SubmissionResult:
    """The new result of a student's lesson; it is kept for each who handed the notebook in.

    Raises UsageError where there is nothing that could be graded again.
    """
    import tempfile

    from grader.grading.pool import grade_all

    past = book.attempts(student)
    record = _record(past, lesson)
    with tempfile.TemporaryDirectory(prefix="grader-regrade-") as place:
        submission = _laid_out(record, folder, Path(place), _members(book, record))
        graded: list[SubmissionResult] = []
        grade_all([submission], plan, graded.append)
        [result] = graded
        result = result.model_copy(update={"notebook": record.notebook})
        _keep(book, folder, past, submission, result, plan)
    return result


def _record(past: Past, lesson: str) -> SubmissionResult:
    """The record that stands of a lesson; UsageError where there is none with a notebook."""
    from grader.errors import UsageError
    from grader.gradebook.people import close_to

    rule = "A lesson is graded again from the notebook that was graded."
    record = past.records.get(lesson)
    if record is not None and record.notebook.sha256:
        return record.model_copy(update={"student": past.person.name})
    if past.said and record is None:
        raise UsageError(past.said[0])
    known = {attempt.lesson for attempt in past.attempts}
    if lesson in known:
        raise UsageError(
            f"{rule} Received: {lesson!r} of {past.person.name!r}, of which none is handed in. "
            f"Use `grader grade` when there is one."
        )
    raise UsageError(
        f"{rule} Received: {lesson!r}, of which {past.person.name!r} has none. "
        f"{close_to(lesson, known)}"
    )


def _members(book: Gradebook, record: SubmissionResult) -> dict[str, HandedIn]:
    """What is known of those who handed the same notebook in together with this student."""
    group = set(record.handed_in.group) - {record.student}
    if not group:
        return {}
    return {
        one.student: one.handed_in
        for one in book.results()
        if one.student in group
        and (one.lesson, one.notebook.sha256) == (record.lesson, record.notebook.sha256)
    }


def _laid_out(
    record: SubmissionResult, folder: Path, place: Path, members: dict[str, HandedIn]
) -> Submission:
    """What was handed in, laid out in an empty folder: the notebook, and the files beside it."""
    from grader.desk.beside import beside
    from grader.grading.collecting.companions import carried
    from grader.grading.collecting.submissions import Submission
    from grader.report.records import safe_name

    content = _notebook(record, folder)
    stem = PurePath(record.notebook.path).stem or record.lesson
    path = place / f"{safe_name(stem)}.ipynb"
    path.write_bytes(content)
    there = beside(folder, record)
    companions = {}
    if there.below is not None:
        for number, (name, data) in enumerate(carried(there.companions, there.below).files.items()):
            companions[name] = place / "beside" / str(number)
            companions[name].parent.mkdir(exist_ok=True)
            companions[name].write_bytes(data)
    return Submission(
        record.student,
        path,
        below=place,
        handed_in=record.handed_in,
        companions=companions,
        shown=record.notebook.path,
        members=members,
    )


def _notebook(record: SubmissionResult, folder: Path) -> bytes:
    """The notebook that a record is of: as it was kept, or where it lay when it was graded."""
    from grader.errors import Rejected, UsageError
    from grader.grading.collecting.files import contents, fingerprint
    from grader.grading.handed_in_files import notebook_bytes

    kept = notebook_bytes(folder, record.notebook.sha256)
    if kept is not None:
        return kept
    try:
        found = contents(Path(record.notebook.path))
    except (Rejected, ValueError):
        found = b""
    if fingerprint(found) == record.notebook.sha256:
        return found
    raise UsageError(
        f"A lesson is graded again from the notebook that was graded. Received: "
        f"{record.notebook.path!r} of {record.student!r}, which is not kept in {folder} and lies "
        f"no longer where it was. Grade what was handed in with `grader grade`."
    )


def _keep(
    book: Gradebook,
    folder: Path,
    past: Past,
    submission: Submission,
    result: SubmissionResult,
    plan: Plan,
) -> None:
    """Keep a new result as a run keeps it: in the run that had the notebook, which is no newer."""
    from grader.cli.whole_class import ClassRun
    from grader.errors import Rejected
    from grader.grading.kept import Tally
    from grader.grading.keys import key_of
    from grader.results import Verdict

    had = (one.run for one in past.attempts if one.stands and one.lesson == result.lesson)
    number = next(had, None) or book.begin_run("regrade")
    run = ClassRun(book, folder, number, lambda _: None, [submission])
    final = result.verdict not in (Verdict.BROKEN, Verdict.REJECTED)
    try:
        key = key_of(submission, submission.path.read_bytes(), plan) if final else ""
    except Rejected:
        key = ""
    if key:
        run.keep(result, key=key)
    else:
        run.add([result])
    run.say_what_surprises(Tally())


def _told(result: SubmissionResult) -> str:
    from grader.report.text import visible
    from grader.report.words import score, standing

    whose = f"{visible(result.student)}, {visible(result.lesson)}"
    why = f" {visible(result.message)}" if result.message else ""
    return f"{whose}: {score(result.score, result.max_score)}, {standing(result)}.{why}"


def _secret(seed: Path | None, folder: Path) -> bytes:
    from grader.cli.grading import class_secret
    from grader.errors import UsageError

    if seed is None and not (folder / "seed").is_file():
        raise UsageError(
            f"What is graded again is asked from the class's secret. Received: {folder}, which has "
            f"no file `seed`: the class was graded with --seed. Name the same file with --seed."
        )
    return class_secret(seed, folder)


@contextmanager
def _alone(folder: Path, *, wait: bool) -> Iterator[None]:
    """Hold the folder for one run; with `wait`, when the run has ended that is at work in it."""
    from grader.errors import UsageError

    with ExitStack() as holding:
        while True:
            try:
                holding.enter_context(alone_in(folder))
            except UsageError:
                if not wait:
                    raise
                time.sleep(_LOOKS_AGAIN)
            else:
                break
        yield
