"""Where the files lay that travelled with a notebook, so that it can be graded again with them.

A small file of the output folder for each hand-in that had any. The files themselves are not kept.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from grader.errors import UsageError
from grader.files import replacing
from grader.grading.collecting.companions import companions_hash
from grader.report.records import safe_name
from grader.report.text import visible

if TYPE_CHECKING:
    from grader.grading.collecting.submissions import Submission
    from grader.results import SubmissionResult

_FOLDER = ".beside"
_MOST_NAMED = 5


@dataclass(frozen=True)
class Beside:
    """The files beside a notebook, by the name that its code uses; all below the folder `below`."""

    below: Path | None = None
    companions: Mapping[str, Path] = field(default_factory=dict)


def note(folder: Path, submission: Submission, result: SubmissionResult) -> None:
    """Write down what lay beside a notebook that was graded; nothing where nothing did."""
    path = _path(folder, submission.student, result.lesson)
    if not submission.companions:
        path.unlink(missing_ok=True)
        return
    below = submission.below or submission.path.parent
    told = {
        "notebook": result.notebook.sha256,
        "below": os.fsencode(below.absolute()).hex(),
        "companions": {
            os.fsencode(name).hex(): os.fsencode(path.absolute()).hex()
            for name, path in submission.companions.items()
        },
        "sha256": companions_hash(submission.companions, below),
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    with replacing(path) as file:
        file.write(json.dumps(told).encode())


def beside(folder: Path, result: SubmissionResult) -> Beside:
    """What travels with the notebook of a record; UsageError where it is not what it was."""
    told = _told(folder, result)
    if told is None:
        return Beside()
    below = Path(os.fsdecode(bytes.fromhex(told["below"])))
    companions = {
        os.fsdecode(bytes.fromhex(name)): Path(os.fsdecode(bytes.fromhex(path)))
        for name, path in told["companions"].items()
    }
    try:
        same = companions_hash(companions, below) == told["sha256"]
    except OSError:  # the folder that they lay in is gone
        same = False
    if not same:
        raise UsageError(_changed(companions))
    return Beside(below, companions)


def _told(folder: Path, result: SubmissionResult) -> dict[str, Any] | None:
    """What was written down for this notebook, of the student or another one of the group."""
    for student in dict.fromkeys((result.student, *result.handed_in.group)):
        try:
            told: dict[str, Any] = json.loads(_path(folder, student, result.lesson).read_bytes())
        except FileNotFoundError:
            continue
        if told["notebook"] == result.notebook.sha256:
            return told
    return None


def _changed(companions: Mapping[str, Path]) -> str:
    gone = [visible(name) for name, path in companions.items() if not path.is_file()]
    shown = ", ".join((gone or [visible(name) for name in companions])[:_MOST_NAMED])
    what = f"{shown} {'is' if len(gone) == 1 else 'are'} gone" if gone else f"{shown} changed"
    return (
        f"A notebook is graded again with the files that lay beside it. Received: {what}. Put "
        f"them back, or grade what was handed in with `grader grade`."
    )


def _path(folder: Path, student: str, lesson: str) -> Path:
    return folder / _FOLDER / safe_name(student) / f"{safe_name(lesson)}.json"
