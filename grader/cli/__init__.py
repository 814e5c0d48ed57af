"""The `grader` command."""

from grader.cli.commands import app, main

__all__ = ["app", "main"]
