"""The processes that judge: a fork server that has imported what judging takes, and its forks.

`python -I -m grader.grading.judge_process FD PACKAGES`, started in an empty folder so that nothing
beside a submission is ever imported; FD is a socket to the grader's command, PACKAGES, by commas,
what the lessons need beside NumPy. For each submission it forks one judge, which reads a job as one
line and writes JSON lines: one for each exercise as it is judged, and the whole record last. No
student code ever runs here: kernels do that, and the command hands them out.
"""

from __future__ import annotations

import importlib
import json
import os
import resource
import signal
import socket
import sys
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO

# jsonschema, which nbformat imports, loads a grammar of URIs if one is installed: 2.6 s, for
# nothing that a notebook needs. None means "not installed" to Python's import.
sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]

import nbformat.validator
from jupyter_client.provisioning.factory import KernelProvisionerFactory

from grader.errors import ForkServerDied, GraderError
from grader.grading.collecting.submissions import Submission
from grader.grading.grade import grade
from grader.grading.judges import Job
from grader.grading.provenance import versions
from grader.inside.forking import fork_on_request
from grader.judging.course import lesson, packages_of_lessons
from grader.kernel.fork_servers import NOT_IMPORTABLE
from grader.kernel.provisioner import WarmKernels
from grader.kernel.warm import Ended
from grader.results import ExerciseResult, SubmissionResult

# A rubric's own arrays and a student's answers fit in here many times, in bytes.
_DATA = 2 * 2**30


class HandedKernel:
    """A kernel that the grader's command has handed out: it guards it, and knows how it ended.

    `described` and `pidfd` are as in `WarmKernel`.
    """

    def __init__(self, control: socket.socket, packages: Sequence[str]) -> None:
        self._control = control
        self.described, descriptors = self._asked({"kernel": list(packages)})
        if len(descriptors) != 1:
            raise ForkServerDied("The command that grades did not hand out a kernel.")
        self.pidfd = descriptors[0]

    def ended(self) -> Ended:
        """Ask how it ended."""
        return Ended(**json.loads(self._asked({"ended": True})[0]))

    def close(self) -> None:
        """Say that it is not needed any more: the command kills it."""
        os.close(self.pidfd)
        self._control.send(json.dumps({"done": True}).encode())

    def _asked(self, request: dict[str, Any]) -> tuple[bytes, list[int]]:
        self._control.send(json.dumps(request).encode())
        reply, descriptors, _, _ = socket.recv_fds(self._control, 4096, 1)
        if not reply:
            raise ForkServerDied("The command that grades has ended.")
        return reply, descriptors


def main() -> None:
    """Import, then fork a judge for each request until the command hangs up."""
    control = socket.socket(fileno=int(sys.argv[1]))
    try:
        _import_all([name for name in sys.argv[2].split(",") if name])
    except (GraderError, ImportError, AttributeError, SyntaxError) as error:
        kind = "" if isinstance(error, GraderError) else f"{type(error).__name__}: "
        sys.stderr.write(f"{kind}{error}\n")
        sys.exit(NOT_IMPORTABLE)
    fork_on_request(control, partial(_hand_out, control))


def _hand_out(control: socket.socket) -> None:
    """Hand out a new judge: its pidfd, its lines, its requests for kernels, and its errors."""
    # Not at once: until its pidfd is made, the number of a judge must not mean another process.
    _bury_the_ended()
    lines, our_lines = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
    kernels, our_kernels = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with lines, kernels, our_lines, our_kernels, tempfile.TemporaryFile() as errors:
        judge = os.fork()
        if judge == 0:
            control.close()
            lines.close()
            kernels.close()
            _judge(our_lines, our_kernels, errors)
        pidfd = os.pidfd_open(judge)
        ends = [pidfd, lines.fileno(), kernels.fileno(), errors.fileno()]
        socket.send_fds(control, [b"judge"], ends)
        os.close(pidfd)


def _bury_the_ended() -> None:
    with suppress(ChildProcessError):  # there are none
        while os.waitpid(-1, os.WNOHANG) != (0, 0):
            continue


def _import_all(packages: list[str]) -> None:
    """Import what a judge will need, so that no judge pays for it."""
    for name in (*_LATE, *packages):
        importlib.import_module(name)
    for name, needed in packages_of_lessons().items():
        if set(needed) <= set(packages):
            lesson(name)
    KernelProvisionerFactory.instance()
    versions()
    for minor in range(6):  # nbformat compiles the schema of each version when it first meets it
        nbformat.validator.get_validator(4, minor)  # type: ignore[no-untyped-call]


# What the libraries used here import only when they are first used.
_LATE = ("encodings.ascii", "encodings.unicode_escape", "encodings.utf_8_sig", "numpy.fft")


def _judge(lines: socket.socket, kernels: socket.socket, errors: BinaryIO) -> None:
    """In the forked judge: do the one job, then end."""
    # A kernel is stopped by leaving its `with` block, so a request to end must unwind the stack.
    signal.signal(signal.SIGTERM, _end)
    # Whatever a library prints goes where the grader looks for a judge's last words.
    for descriptor in (1, 2):
        os.dup2(errors.fileno(), descriptor)
    os.setsid()
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    status = 1
    try:
        _warm_up()
        with lines.makefile("rb") as jobs:
            line = jobs.readline()
        if line:
            _do(Job.model_validate_json(line), lines, kernels)
        status = 0
    except BaseException as error:  # noqa: BLE001 - told to the grader, which says it to a person
        sys.stderr.write(f"{type(error).__name__}: {error}\n")
        sys.stderr.flush()
    finally:
        os._exit(status)


def _warm_up() -> None:
    """Have TensorFlow and Keras make what they make at first use, while there is no job yet.

    The fork server must not: a process in which they have computed cannot be forked.
    """
    if "keras" in sys.modules:
        import keras
        import numpy as np

        layers = [keras.Input((4, 4, 1)), keras.layers.Conv2D(1, 3)]
        keras.Sequential(layers)(np.zeros((1, 4, 4, 1), "float32"))


def _do(job: Job, lines: socket.socket, kernels: socket.socket) -> None:
    def told(result: ExerciseResult) -> None:
        _write(lines, {"exercise": result.model_dump(mode="json", by_alias=True)})

    handed = None
    if job.isolation != "none":
        handed = WarmKernels(partial(HandedKernel, kernels), job.isolation)
        resource.setrlimit(resource.RLIMIT_DATA, (_DATA, _DATA))
    record: SubmissionResult = grade(
        _submission(job),
        shown_path=job.shown_path,
        secret=bytes.fromhex(job.secret),
        limits=job.limits,
        lesson=job.lesson,
        kernels=handed,
        on_exercise=told,
    )
    _write(lines, {"record": record.model_dump(mode="json", by_alias=True)})


def _submission(job: Job) -> Submission:
    companions = {_text(name): _path(path) for name, path in job.companions.items()}
    return Submission(
        job.student,
        _path(job.path),
        job.refused,
        job.refused_lesson,
        _path(job.below),
        companions=companions,
    )


def _path(hexadecimal: str) -> Path:
    return Path(_text(hexadecimal))


def _text(hexadecimal: str) -> str:
    return os.fsdecode(bytes.fromhex(hexadecimal))


def _write(lines: socket.socket, message: dict[str, Any]) -> None:
    lines.sendall(json.dumps(message).encode() + b"\n")


def _end(_signal: int, _frame: object) -> None:
    raise SystemExit(143)


if __name__ == "__main__":
    main()
