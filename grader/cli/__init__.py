"""The `grader` command: a module for each kind of user registers its commands with the app."""

# In this order `grader --help` lists the commands.
from grader.cli import (  # noqa: I001
    student,
    collecting,
    instructor,
    gradebook,
    marks_out,
    pages,
    serving,
    regrading,
    pack,
    author,
)
from grader.cli.app import main

__all__ = [
    "author",
    "collecting",
    "gradebook",
    "instructor",
    "main",
    "marks_out",
    "pack",
    "pages",
    "regrading",
    "serving",
    "student",
]
