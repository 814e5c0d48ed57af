"""A course on convolutional networks in Keras, and the autograder that runs it.

    solutions/*.py ──build──▶ lessons/*.ipynb ──▶ a student's copy ─┐
                                                                    │ execute   (in a kernel)
    cnn_course/ ───────────────────────────────────────▶  judge       (outside that kernel)
                                                                    │ results
                                                 reports ◀──────────┘

Students need three names, `check`, `hint` and `quietly`; authors of rubrics two more, `Exercise`
and `expect`. They are imported on first use, so that `grader --help` does not wait for NumPy.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from grader.judging import expect
    from grader.judging.exercise import Exercise
    from grader.notebook.check_and_hint import check, hint
    from grader.notebook.quiet import quietly

__all__ = ["Exercise", "check", "expect", "hint", "quietly"]
__version__ = "0.1.0"

_HOMES = {
    "Exercise": "grader.judging.exercise",
    "check": "grader.notebook.check_and_hint",
    "hint": "grader.notebook.check_and_hint",
    "quietly": "grader.notebook.quiet",
}


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(importlib.import_module(_HOMES[name]), name)
    if name == "expect":
        return importlib.import_module("grader.judging.expect")
    raise AttributeError(f"module 'grader' has no attribute {name!r}")
