"""The `grader` command: arguments → one call → exit status.

Whatever a command needs beyond reading its arguments is imported when it runs, so that `--help`
answers at once.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperGroup

if TYPE_CHECKING:
    from rich.console import Console

    from grader.grading.collecting.submissions import Submission
    from grader.grading.pool import Plan
    from grader.results import SubmissionResult

_LONGEST_LINE = 4000

ALL_PASSED, POINTS_MISSING, USAGE, NOT_GRADED, INTERRUPTED = 0, 1, 2, 3, 130


class _Commands(TyperGroup):
    """The commands. The program's own options are flags, and off unless they are given.

    Typer leaves them at None, and before each command it loads pydantic to find that None is no
    flag: that takes longer than all else that `grader check --help` needs.
    """

    def get_params(self, ctx: Any) -> list[Any]:
        """Called by Typer to read the arguments, and for `--help`."""
        options = super().get_params(ctx)
        for option in options:
            option.default = bool(option.default)
        return options


app = typer.Typer(
    name="grader",
    cls=_Commands,
    help="Grade the exercises of a course on convolutional networks in Keras.",
    epilog="Exit status: 0 all passed, 1 points missing, 2 usage, 3 something was not graded.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,  # loading rich takes twice as long as all else that --help needs
    context_settings={"help_option_names": ["-h", "--help"]},
)


class IsolationLevel(StrEnum):
    """What stands between a student's code and this machine."""

    SANDBOX = "sandbox"
    USER = "user"
    NONE = "none"


CourseFolder = Annotated[
    Path, typer.Option("--course", help="The checkout of the course, with `solutions/`.")
]
CellSeconds = Annotated[
    int, typer.Option("--timeout", min=1, help="How long one cell may run, in seconds.")
]


@app.command()
def check(
    notebook: Annotated[Path, typer.Argument(help="Your notebook, an .ipynb file.")],
    timeout: CellSeconds = 20,
) -> None:
    """Check your own notebook the way it will be graded.

    It is run from top to bottom, in a fresh kernel.
    """
    from grader.grading.collecting.submissions import collect
    from grader.judging.judge import PUBLIC_SECRET
    from grader.report.console import submission_report

    with _told_in_one_sentence():
        submissions = collect([notebook]).submissions
        if len(submissions) != 1:
            from grader.errors import UsageError

            raise UsageError(
                f"One notebook is checked at a time. Received: {len(submissions)} in {notebook}. "
                f"Name one .ipynb file, or use `grader grade` for a folder."
            )
        results = _grade(submissions, _plan(PUBLIC_SECRET, timeout, None, 1), None, quiet=False)
        _stdout().print(submission_report(results[0]))
    raise typer.Exit(_status(results))


@app.command()
def grade(
    paths: Annotated[
        list[Path],
        typer.Argument(help="Notebooks, or folders as STUDENT/NOTEBOOK.ipynb or STUDENT.ipynb."),
    ],
    to: Annotated[Path, typer.Option("--to", help="The folder that the results go to.")],
    isolation: Annotated[
        IsolationLevel,
        typer.Option(
            help="What keeps student code away from this machine: walls (sandbox), being another "
            "user (for containers that refuse walls; see docs/isolation.md), or nothing."
        ),
    ] = IsolationLevel.SANDBOX,
    lesson: Annotated[
        str | None, typer.Option(help="Grade this lesson only, and pass over other notebooks.")
    ] = None,
    student: Annotated[
        str | None,
        typer.Option(
            help="Grade this student's only; where no folder tells whose they are: theirs."
        ),
    ] = None,
    jobs: Annotated[
        int | None, typer.Option(min=1, help="How many at a time.", show_default="cores")
    ] = None,
    seed: Annotated[
        Path | None,
        typer.Option(
            help="A file with the secret that random cases are drawn from, or - for standard "
            "input. Without it, one is drawn and kept in the results folder."
        ),
    ] = None,
    timeout: CellSeconds = 20,
    formats: Annotated[
        str, typer.Option("--format", help="console, json, junit, github: one or more, by commas.")
    ] = "console",
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress bar.")] = False,
) -> None:
    """Grade notebooks: one, a folder of them, or several folders.

    Results: TO/results/STUDENT/LESSON.json, as they come; Ctrl-C keeps them. What cannot be graded
    now never takes the place of what was graded before: it goes to LESSON~not_graded.json.

    Example: grader grade examples/class --to graded
    """
    from grader.grading.collecting.submissions import collect

    with _told_in_one_sentence():
        wanted = _formats(formats)
        _refuse_unknown_lesson(lesson)
        collected = collect(paths, student, lesson)
        _refuse_missing_isolation(isolation, [*paths, to])
        for line in collected.said:
            _say(line)
        plan = _plan(
            _secret(seed, to),
            timeout,
            lesson,
            jobs or os.cpu_count() or 1,
            isolation=isolation.value,
        )
        try:
            results = _grade(collected.submissions, plan, to, quiet=quiet)
        except KeyboardInterrupt:
            _stderr().print(f"Stopped. What was graded stands in {to / 'results'}.")
            raise typer.Exit(INTERRUPTED) from None
        _report(results, wanted, to)
    raise typer.Exit(_status(results))


@app.command()
def build(
    lessons: Annotated[
        list[str] | None, typer.Argument(help="Lessons to build.", show_default="all")
    ] = None,
    check_only: Annotated[
        bool, typer.Option("--check", help="Write nothing; say whether lessons/ is up to date.")
    ] = False,
    course: CourseFolder = Path(),
) -> None:
    """Build the students' notebooks from their sources.

    What stands in solutions/ is written to lessons/, without the solutions.
    """
    from grader.authoring.build import lesson_path, notebook_text, student_notebook
    from grader.judging.course import lesson, lesson_names

    stale = []
    with _told_in_one_sentence():
        for name in lessons or lesson_names():
            path = lesson_path(lesson(name), course)
            text = notebook_text(student_notebook(lesson(name), course))
            if path.is_file() and path.read_text(encoding="utf-8") == text:
                continue
            stale.append(path)
            if not check_only:
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text, encoding="utf-8")
    for path in stale:
        _stderr().print(
            f"{path} is out of date: run `grader build`." if check_only else f"{path} built."
        )
    raise typer.Exit(POINTS_MISSING if check_only and stale else ALL_PASSED)


@app.command()
def selfcheck(
    lessons: Annotated[
        list[str] | None, typer.Argument(help="Lessons to prove.", show_default="all")
    ] = None,
    seeds: Annotated[
        int,
        typer.Option(
            min=1,
            help="How many draws of random cases; a seventh of them where judging takes seconds.",
        ),
    ] = 20,
    isolation: Annotated[
        IsolationLevel, typer.Option(help="Where the solution notebooks are graded, as for grade.")
    ] = IsolationLevel.SANDBOX,
    jobs: Annotated[
        int | None, typer.Option(min=1, help="How many lessons at a time.", show_default="cores")
    ] = None,
    course: CourseFolder = Path(),
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress bar.")] = False,
) -> None:
    """Prove that lessons are graded fairly; for their authors.

    Solutions get full marks, starters none, and every misconception is told.

    Example: grader selfcheck convolution
    """
    from grader.authoring.selfcheck import prove, seeds_of, steps
    from grader.judging.course import lesson, lesson_names

    sound = True
    with _told_in_one_sentence():
        chosen = [lesson(name) for name in lessons or lesson_names()]
        _refuse_missing_isolation(isolation, [])
        total = sum(steps(one, seeds) for one in chosen)
        with _progress("Proving", total, quiet=quiet) as step:
            for proof in prove(
                [one.name for one in chosen],
                course,
                seeds=seeds,
                jobs=min(jobs or os.cpu_count() or 1, len(chosen)),
                isolation=isolation.value,
                on_step=step,
            ):
                for finding in proof.findings:
                    _stdout().print(f"{finding.exercise}: {finding.sentence}", markup=False)
                sound = sound and not proof.findings
                if not proof.findings:
                    exercises = lesson(proof.lesson).exercises
                    wrong = sum(len(exercise.misconceptions) for exercise in exercises)
                    numbers = sorted({seeds_of(exercise, seeds) for exercise in exercises})
                    _stdout().print(
                        f"{proof.lesson}: sound. {len(exercises)} exercises, {wrong} "
                        f"misconceptions, {' or '.join(map(str, numbers))} seeds."
                    )
    raise typer.Exit(ALL_PASSED if sound else POINTS_MISSING)


@app.command()
def lessons(
    folder: Annotated[
        Path, typer.Argument(help="Where to put the notebooks; made if it is not there.")
    ] = Path("lessons"),
) -> None:
    """Put the lessons' notebooks into a folder, to work through.

    A notebook that is there already is kept: it may be your work.

    Example: grader lessons cnn
    """
    from grader.notebook.lessons import write_lessons

    with _told_in_one_sentence():
        for path, written in write_lessons(folder).items():
            _stdout().print(f"{path}{'' if written else ' is there already: kept.'}", markup=False)
        _stderr().print(f"Open the first one: jupyter lab {folder}", markup=False, soft_wrap=True)


@app.command()
def doctor() -> None:
    """Say what this machine lacks for grading, and what mends it."""
    from grader.cli.doctor import examine

    findings = examine()
    out = _stdout()
    for finding in findings:
        out.print(f"{'✔' if finding.fine else '✘'} {finding.what}", markup=False)
        if finding.mend:
            out.print(f"    {finding.mend}", markup=False)
    needed = [finding for finding in findings if finding.needed and not finding.fine]
    raise typer.Exit(NOT_GRADED if needed else ALL_PASSED)


def main() -> None:
    """Run the command line."""
    # jsonschema, which nbformat imports, loads a grammar of URIs if one is installed: 2.6 s, for
    # nothing that a notebook needs.
    sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]  # None means "absent"
    app()


@contextmanager
def _told_in_one_sentence() -> Iterator[None]:
    """Turn our own exceptions, and files we may not write, into a sentence and exit status 2."""
    from grader.errors import AuthorError, UsageError

    try:
        yield
    except (UsageError, AuthorError) as error:
        sentence = str(error)
    except OSError as error:
        if error.filename is None:
            raise
        sentence = (
            f"A file could not be read or written. Received: {error.strerror} for "
            f"{error.filename}. Name another place, or mend its rights."
        )
    else:
        return
    _stderr().print(f"grader: {sentence}", markup=False, highlight=False, soft_wrap=True)
    raise typer.Exit(USAGE)


def _stdout() -> Console:
    from rich.console import Console

    return Console(highlight=False)


def _stderr() -> Console:
    from rich.console import Console

    return Console(stderr=True, highlight=False)


def _say(line: str) -> None:
    """One line on standard error; names in it are of students."""
    from grader.report.text import visible

    _stderr().print(visible(line, limit=_LONGEST_LINE), markup=False, soft_wrap=True)


def _refuse_unknown_lesson(name: str | None) -> None:
    from grader.judging.course import lesson, lesson_names

    if name is not None and name not in lesson_names():
        lesson(name)  # says which there are


def _refuse_missing_isolation(isolation: IsolationLevel, private: list[Path]) -> None:
    from grader.errors import UsageError
    from grader.kernel import sandbox, visible

    if isolation is IsolationLevel.USER:
        own = [visible.course_folder(), visible.PACKAGE.parent / "solutions"]
        secret = [path for path in (*own, *private) if path is not None and path.exists()]
        if wrong := sandbox.why_no_other_user(secret):
            raise UsageError(f"With --isolation user, student code runs as another user. {wrong}")
    if isolation is IsolationLevel.SANDBOX and (wrong := sandbox.works()):
        raise UsageError(
            f"Student code is kept away from this machine by a sandbox. Received: a machine where "
            f"it does not work ({wrong}). `grader doctor` says what mends it; for code that you "
            f"would run yourself, write --isolation none."
        )


def _formats(text: str) -> list[str]:
    from grader.errors import UsageError

    known = ("console", "json", "junit", "github")
    wanted = [part.strip() for part in text.split(",") if part.strip()]
    strange = [part for part in wanted if part not in known]
    if strange or not wanted:
        raise UsageError(
            f"A format is one of {', '.join(known)}. Received: {text!r}. Use one or more of these, "
            f"separated by commas."
        )
    if {"console", "json"} <= set(wanted) or {"json", "github"} <= set(wanted):
        raise UsageError(
            "json takes standard output for itself. Received: a second format that prints there. "
            "Leave one out; the JSON records are always in the results folder."
        )
    return wanted


def _secret(seed: Path | None, to: Path) -> bytes:
    """The secret of this class: from a file, from standard input, or drawn and kept in `to`."""
    from grader.errors import UsageError

    if seed is not None and str(seed) == "-":
        text = sys.stdin.read()
    elif seed is not None:
        try:
            text = seed.read_text(encoding="utf-8")
        except OSError as error:
            raise UsageError(
                f"--seed names a file that can be read. Received: {seed} ({error.strerror})."
            ) from error
    else:
        text = _kept_seed(to / "seed")
    if len(text.strip()) < 16:
        raise UsageError(
            "A seed has at least 16 characters that nobody can guess. Received: fewer. Make one "
            "with `openssl rand -hex 32`."
        )
    return text.strip().encode()


def _kept_seed(kept: Path) -> str:
    """The seed in the file `kept`; where there is none, one is drawn, for its owner's eyes only.

    The file is there with all its text or not at all. An empty one was left by a grader that was
    stopped halfway; nothing was graded with it.
    """
    import secrets
    import tempfile

    if kept.exists() and (text := kept.read_text(encoding="utf-8")):
        return text
    text = secrets.token_hex(32) + "\n"
    kept.parent.mkdir(parents=True, exist_ok=True)
    # Such a file has the mode 0600 from its first moment on.
    with tempfile.NamedTemporaryFile(
        "w", encoding="utf-8", dir=kept.parent, prefix=".seed-", delete=False
    ) as half:
        try:
            half.write(text)
            half.flush()
            os.fsync(half.fileno())
            Path(half.name).replace(kept)
        except BaseException:
            Path(half.name).unlink(missing_ok=True)
            raise
    return text


def _plan(
    secret: bytes, timeout: int, lesson: str | None, jobs: int, *, isolation: str = "none"
) -> Plan:
    from grader.grading.pool import Plan
    from grader.kernel.limits import Limits

    limits = Limits(cell=float(timeout), submission=max(300.0, 10.0 * timeout))
    return Plan(secret, limits, lesson, jobs, isolation)


def _grade(
    submissions: Sequence[Submission], plan: Plan, to: Path | None, *, quiet: bool
) -> list[SubmissionResult]:
    """Grade, with a progress bar; every record is on disk in `to` before it counts as done."""
    from grader.grading.pool import grade_all
    from grader.report import records
    from grader.report.words import in_order

    results: list[SubmissionResult] = []
    kept: list[str] = []
    with _progress("Grading", len(submissions), quiet=quiet) as step:

        def done(result: SubmissionResult) -> None:
            if to is not None:
                path = records.write(result, to)
                if path != records.path_of(to, result.student, result.lesson):
                    kept.append(f"{result.student}/{result.lesson}")
            results.append(result)
            step()

        grade_all(submissions, plan, done)
    if kept:
        _say(
            f"Cannot be graded now, but was graded before: {', '.join(sorted(kept))}. The earlier "
            f"records stand; what is wrong now is in LESSON{records.NOT_GRADED}.json beside them."
        )
    return in_order(results)


@contextmanager
def _progress(what: str, total: int, *, quiet: bool) -> Iterator[Callable[[], None]]:
    """A bar with rate and time left on standard error; calling what is yielded makes one step."""
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        ProgressColumn,
        Task,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    class Rate(ProgressColumn):
        """How many steps a minute, once there have been some."""

        def render(self, task: Task) -> str:
            """Called by rich whenever the bar is drawn."""
            return f"{60 * task.speed:.0f} a minute" if task.speed else ""

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        Rate(),
        TimeElapsedColumn(),
        TextColumn("· left"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=_stderr(), disable=quiet, transient=True) as bar:
        task = bar.add_task(what, total=total)
        yield lambda: bar.advance(task)


def _report(results: list[SubmissionResult], formats: list[str], to: Path) -> None:
    from grader.report import console, github, junit, records

    if "console" in formats:
        # Beside GitHub's format, nothing in the table may be taken for a command to GitHub.
        quoted = github.commands_stopped(sys.stdout) if "github" in formats else nullcontext()
        with quoted:
            out = _stdout()
            out.print(console.class_table(results))
            out.print(f"Records: {to / 'results'}", markup=False, soft_wrap=True)
            sys.stdout.flush()
    if "json" in formats:
        sys.stdout.write(records.to_json(results))
    if "junit" in formats:
        to.mkdir(parents=True, exist_ok=True)
        (to / "junit.xml").write_bytes(junit.to_xml(results))
    if "github" in formats:
        github.write(results, sys.stdout, os.environ)


def _status(results: list[SubmissionResult]) -> int:
    from grader.results import Verdict

    verdicts = {result.verdict for result in results}
    if verdicts & {Verdict.REJECTED, Verdict.BROKEN}:
        return NOT_GRADED
    return ALL_PASSED if verdicts == {Verdict.PASSED} else POINTS_MISSING
