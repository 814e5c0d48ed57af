"""Commands for authors: lessons are built from their sources, and proved to be graded fairly."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from grader.cli.app import (
    ALL_PASSED,
    POINTS_MISSING,
    IsolationLevel,
    app,
    refuse_missing_isolation,
    stderr,
    stdout,
    told_in_one_sentence,
)
from grader.cli.progress import progress

CourseFolder = Annotated[
    Path, typer.Option("--course", help="The checkout of the course, with `solutions/`.")
]


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
    with told_in_one_sentence():
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
        stderr().print(
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
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Say nothing of progress.")] = False,
) -> None:
    """Prove that lessons are graded fairly; for their authors.

    Solutions get full marks, starters none, and every misconception is told.

    Example: grader selfcheck convolution
    """
    from grader.authoring.selfcheck import prove, seeds_of, steps
    from grader.judging.course import lesson, lesson_names

    sound = True
    with told_in_one_sentence():
        chosen = [lesson(name) for name in lessons or lesson_names()]
        refuse_missing_isolation(isolation, [])
        total = sum(steps(one, seeds) for one in chosen)
        with progress("Proving", total, quiet=quiet) as step:
            for proof in prove(
                [one.name for one in chosen],
                course,
                seeds=seeds,
                jobs=min(jobs or os.cpu_count() or 1, len(chosen)),
                isolation=isolation.value,
                on_step=step,
            ):
                for finding in proof.findings:
                    stdout().print(f"{finding.exercise}: {finding.sentence}", markup=False)
                sound = sound and not proof.findings
                if not proof.findings:
                    exercises = lesson(proof.lesson).exercises
                    wrong = sum(len(exercise.misconceptions) for exercise in exercises)
                    numbers = sorted({seeds_of(exercise, seeds) for exercise in exercises})
                    stdout().print(
                        f"{proof.lesson}: sound. {len(exercises)} exercises, {wrong} "
                        f"misconceptions, {' or '.join(map(str, numbers))} seeds."
                    )
    raise typer.Exit(ALL_PASSED if sound else POINTS_MISSING)
