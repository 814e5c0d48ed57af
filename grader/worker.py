"""The process that grades one submission, apart from the command that asked for it.

Reads a job from standard input and writes JSON lines to standard output: one for each exercise as
it is judged, and the whole record last. Started as `python -I -m grader.worker` in an empty folder,
so that nothing beside a submission is ever imported.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import sys
from pathlib import Path
from typing import Any, TextIO

# jsonschema, which nbformat imports, loads a grammar of URIs if one is installed: 2.6 s, for
# nothing that a notebook needs. None means "not installed" to Python's import.
sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]

from pydantic import BaseModel

from grader.grade import Limits, grade
from grader.kernel.provisioner import WarmKernels
from grader.results import ExerciseResult, SubmissionResult
from grader.submissions import Submission


class Job(BaseModel):
    """What a worker is told: the submission, the secret (hexadecimal), the limits in seconds.

    `kernels` is the inherited socket of a kernel template; None for kernels of our own rights.
    """

    student: str
    path: str
    refused: str
    lesson: str | None
    secret: str
    cell_seconds: float
    submission_seconds: float
    kernels: int | None = None


def main() -> None:
    """Grade the one job on standard input."""
    # A kernel is stopped by leaving its `with` block, so a request to end must unwind the stack.
    signal.signal(signal.SIGTERM, _end)
    lines = _private_output()
    job = Job.model_validate_json(sys.stdin.read())

    def told(result: ExerciseResult) -> None:
        _write(lines, {"exercise": result.model_dump(mode="json", by_alias=True)})

    kernels = None
    if job.kernels is not None:
        kernels = WarmKernels(socket.socket(fileno=job.kernels))
    record: SubmissionResult = grade(
        Submission(job.student, Path(job.path), job.refused),
        secret=bytes.fromhex(job.secret),
        limits=Limits(job.cell_seconds, job.submission_seconds),
        lesson=job.lesson,
        kernels=kernels,
        on_exercise=told,
    )
    _write(lines, {"record": record.model_dump(mode="json", by_alias=True)})


def _private_output() -> TextIO:
    """Standard output for results alone: whatever a library prints goes to standard error."""
    lines = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    return lines


def _write(lines: TextIO, message: dict[str, Any]) -> None:
    lines.write(json.dumps(message) + "\n")
    lines.flush()


def _end(_signal: int, _frame: object) -> None:
    raise SystemExit(143)


if __name__ == "__main__":
    main()
