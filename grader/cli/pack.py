"""Commands that write what a service runs to grade with this course."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from grader.cli.app import app, say, told_in_one_sentence

if TYPE_CHECKING:
    from grader.packing import packs

pack = typer.Typer(
    help="Write what a service runs to grade with this course.",
    no_args_is_help=True,
    rich_markup_mode=None,
)
app.add_typer(pack, name="pack")

Lesson = Annotated[
    str | None, typer.Option(help="Grade this lesson only.", show_default="all lessons")
]
Seconds = Annotated[
    int | None,
    typer.Option(
        "--timeout", min=1, help="How long one cell may run, in seconds.", show_default="20"
    ),
]
Seed = Annotated[
    Path | None,
    typer.Option(
        help="A file with the secret that random cases are drawn from, or - for standard input. "
        "Without it, one is drawn for this pack."
    ),
]
Ref = Annotated[
    str | None,
    typer.Option(
        "--course-ref",
        help="The tag or commit of the course.",
        show_default="the variable COURSE_REF",
    ),
]
Out = Annotated[Path, typer.Option("--to", help="The file to write, or - for standard output.")]


@pack.command()
def gradescope(
    to: Annotated[Path, typer.Option("--to", help="The zip to write.")],
    lesson: Lesson = None,
    timeout: Seconds = None,
    seed: Seed = None,
) -> None:
    """Write the zip of a Gradescope autograder.

    It holds the grader and the course as they are installed here, with the same versions of all
    packages, and a secret: give it to nobody but Gradescope. Upload it as the autograder of a
    programming assignment.

    Example: grader pack gradescope --lesson convolution --to autograder.zip
    """
    with told_in_one_sentence():
        from grader.packing import packs
        from grader.packing.wheel import zipped

        settings = _settings(lesson, timeout)
        files = packs.gradescope(settings, _secret(seed))
        _put(to, zipped(files))
    say(f"{to} written. Upload it as the autograder of a programming assignment in Gradescope.")


@pack.command()
def prairielearn(
    to: Annotated[Path, typer.Option("--to", help="A folder: that of your course, or a new one.")],
    image: Annotated[
        str, typer.Option(help="What the Docker image is called, like my-university/cnn-grader.")
    ],
    lesson: Lesson = None,
    timeout: Seconds = None,
    seed: Seed = None,
) -> None:
    """Write what a PrairieLearn course needs.

    An image, its entry point, and a question for each lesson.

    Files of these names in the folder are replaced; nothing else is touched.

    Example: grader pack prairielearn --image my-university/cnn-grader --to pl-course
    """
    with told_in_one_sentence():
        from grader.packing import packs

        settings = _settings(lesson, timeout)
        packs.put(packs.prairielearn(settings, _secret(seed), image), to)
    say(f"{to} written. Next: docker build --tag {image} {to / 'image'} && docker push {image}")


@pack.command()
def github(
    to: Out,
    repository: Annotated[
        str | None,
        typer.Option(
            "--course-repository",
            help="Where the course is, like my-university/cnn-course.",
            show_default="the variable COURSE_REPOSITORY",
        ),
    ] = None,
    ref: Ref = None,
    lesson: Lesson = None,
    timeout: Seconds = None,
    classroom: Annotated[
        bool, typer.Option("--classroom", help="Hand the points on to GitHub Classroom, too.")
    ] = False,
) -> None:
    """Write the workflow that grades pushes on GitHub.

    It goes to .github/workflows/grade.yml of the repository that each student gets.

    Example: grader pack github --course-repository my-university/cnn-course --course-ref v1.2
    --to .github/workflows/grade.yml
    """
    with told_in_one_sentence():
        from grader.packing import packs

        settings = _settings(lesson, timeout)
        _put(to, packs.github(settings, repository, ref, classroom=classroom).encode())


@pack.command()
def gitlab(
    to: Out,
    url: Annotated[
        str | None,
        typer.Option(
            "--course-url",
            help="Where the course is, like https://gitlab.com/my-university/cnn-course.git.",
            show_default="the variable COURSE_URL",
        ),
    ] = None,
    ref: Ref = None,
    lesson: Lesson = None,
    timeout: Seconds = None,
) -> None:
    """Write the pipeline that grades pushes on GitLab.

    It is .gitlab-ci.yml of the project that each student gets.

    Example: grader pack gitlab --course-ref v1.2 --to .gitlab-ci.yml
    """
    with told_in_one_sentence():
        from grader.packing import packs

        _put(to, packs.gitlab(_settings(lesson, timeout), url, ref).encode())


def _settings(lesson: str | None, timeout: int | None) -> packs.Settings:
    from grader.cli.grading import refuse_unknown_lesson
    from grader.packing import packs

    refuse_unknown_lesson(lesson)
    return packs.Settings(lesson, timeout)


def _secret(seed: Path | None) -> str:
    """The secret of a pack: a file's, or one that is drawn."""
    import secrets

    from grader.cli.grading import told_seed

    return secrets.token_hex(32) if seed is None else told_seed(seed)


def _put(to: Path, content: bytes) -> None:
    """Write a file at once or not at all, with the folders that it needs."""
    from grader.files import replacing

    if str(to) == "-":
        sys.stdout.buffer.write(content)
        sys.stdout.flush()
        return
    to.parent.mkdir(parents=True, exist_ok=True)
    with replacing(to, private=True) as file:  # a pack may hold a secret
        file.write(content)
