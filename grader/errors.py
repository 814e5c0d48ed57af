"""Every exception of the grader.

GraderError
├── UsageError          what was asked of a command cannot be done
├── AuthorError         a rubric or a lesson's source breaks a rule of this project
├── Rejected            a submission that is not a notebook we can grade
├── ForkServerDied        a process of ours that forks others ended: never the student's fault
│   └── CannotStart     and trying again does not help
├── Untransferable      a value that may not cross between a kernel and a judge
├── Unanswered          a question that the student's code did not answer
│   ├── Missing         no cell gives that name a value
│   ├── Placeholder     the starter's `...` is still there
│   ├── Raised          the student's code raised an exception
│   └── Stopped         the student's code went over a limit, or ended its kernel
│       ├── OutOfTime       it did not end in time
│       ├── OutOfMemory     it took too much memory
│       ├── TooMuchOutput   it printed or drew too much
│       └── KernelDied      it ended the kernel
└── Mismatch            what was received is not what was expected
"""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from collections.abc import Mapping


class GraderError(Exception):
    """The base of every exception raised on purpose by this package."""


class UsageError(GraderError):
    """What was asked of a command cannot be done; the message says what to do instead."""


class AuthorError(GraderError):
    """A rubric or a lesson's source breaks a rule of this project."""


class Rejected(GraderError):
    """The submission is not a notebook that can be graded; the message says why."""


class ForkServerDied(GraderError):
    """A process that forks kernels or judges ended; a fault of ours or of the machine."""


class CannotStart(ForkServerDied):
    """Such a process does not start, however often it is tried; the message says what it said."""


class Untransferable(GraderError):
    """A value that may not cross between a kernel and a judge; the message says what may."""


class Unanswered(GraderError):
    """A question that the student's code did not answer with a value."""


class Missing(Unanswered):
    """No cell of the notebook gives the name a value."""

    def __init__(self, name: str, similar: str | None = None) -> None:
        self.name = name
        self.similar = similar
        renamed = (
            f" You have `{similar}`: is that it? Give it the name `{name}`." if similar else ""
        )
        super().__init__(
            f"Define `{name}` first, and run its cell: no cell that ran gives it a value.{renamed}"
        )


class Placeholder(Unanswered):
    """The starter's `...` still stands where the student's code belongs."""

    def __init__(self, name: str) -> None:
        self.name = name
        super().__init__(f"`{name}` is still the starter's `...`. Replace it with your code.")


class Raised(Unanswered):
    """The student's code raised an exception.

    `line` is the student's own source line, `line_number` counts from 1 within its cell; `cell` is
    the number of that cell, where it is known.
    """

    def __init__(
        self,
        kind: str,
        text: str,
        line: str = "",
        line_number: int | None = None,
        cell: int | None = None,
    ) -> None:
        self.kind = kind
        self.text = text
        self.line = line
        self.line_number = line_number
        place = f", in `{line}` (line {line_number} of the cell it stands in)" if line else ""
        if line and cell is not None:
            place = f", in line {line_number} of cell {cell}: `{line}`"
        super().__init__(f"Your code raised {kind}{f': {text}' if text else ''}{place}")


class Stopped(Unanswered):
    """The student's code went over a limit, or ended its kernel; `rest` follows what it was."""

    def __init__(self, what: str, rest: str) -> None:
        self._rest = rest
        super().__init__(f"{what} {rest}")

    def about(self, what: str) -> Self:
        """The same of `what`, for example of "Cell 3" instead of "Your code"."""
        found = type(self).__new__(type(self))
        found.__dict__.update(self.__dict__)
        found.args = (f"{what} {self._rest}",)
        return found


class OutOfTime(Stopped):
    """The student's code did not end within its limit, in seconds."""

    def __init__(self, what: str, seconds: float) -> None:
        self.seconds = seconds
        super().__init__(
            what,
            f"did not end within {seconds:g} s. Look for a loop that never reaches its end. If "
            f"there is none, the machine may be busy: try again.",
        )


class OutOfMemory(Stopped):
    """The student's code took more memory than its limit, in bytes."""

    def __init__(self, what: str, limit: int) -> None:
        super().__init__(
            what,
            f"took more than {limit / 2**30:g} GiB of memory, and was ended. Look for an array "
            f"with one axis too many, or a list that grows in a loop.",
        )


class TooMuchOutput(Stopped):
    """The student's code published more than its limit, in bytes."""

    def __init__(self, what: str, limit: int) -> None:
        super().__init__(
            what,
            f"printed or drew more than {limit // 2**20} MiB, and was stopped. Look for a `print` "
            f"in a loop that goes on for too long.",
        )


class KernelDied(Stopped):
    """The kernel ended while the student's code ran in it.

    `status` is its exit status as Python's subprocess has it: of signal N, -N; None if unknown.
    """

    def __init__(self, what: str, status: int | None = None) -> None:
        super().__init__(what, f"ended the whole Python process{_how(status)}")


def _how(status: int | None) -> str:
    if status is None:
        return ". Take out calls such as `os._exit()`."
    if status >= 0:
        return (
            f" (exit status {status}). Take out what ends Python or stops its event loop, such as "
            f"`os._exit()`."
        )
    try:
        name = signal.Signals(-status).name
    except ValueError:
        name = f"signal {-status}"
    return f" ({name}). Take out what sends signals or reaches past Python, such as `ctypes`."


class _Absent:
    """The kind of `ABSENT`, which stands for a value that there is none of (None is a value)."""


ABSENT = _Absent()


class Words(str):
    """What is said of a value that does not exist, such as "an array of shape (3, 3)"; no text."""

    __slots__ = ()


class Mismatch(GraderError):
    """What was received is not what was expected.

    `expected` and `received` are shown to the student where given. `about` is the student's object
    that this is about, where `received` is only something of it: the call that returned it is
    shown. `where` is the index of the first difference, `given` maps the names of the inputs to
    their values, `curves` (an `expect.training.Curves`) is what training looked like. `name` says
    what the values are: those of a `kernel` are shown as one.
    """

    def __init__(
        self,
        message: str,
        *,
        expected: Any = ABSENT,
        received: Any = ABSENT,
        about: Any = ABSENT,
        where: tuple[int, ...] | None = None,
        given: Mapping[str, Any] | None = None,
        curves: Any = None,
        name: str = "",
    ) -> None:
        self.message = message
        self.expected = expected
        self.received = received
        self.about = about
        self.where = where
        self.given = given
        self.curves = curves
        self.name = name
        super().__init__(message)
