"""The `grader` command: a module for each kind of user registers its commands with the app."""

# In this order `grader --help` lists the commands.
from grader.cli import student, collecting, instructor, gradebook, pack, author  # noqa: I001
from grader.cli.app import main

__all__ = ["author", "collecting", "gradebook", "instructor", "main", "pack", "student"]
