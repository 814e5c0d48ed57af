"""How much time code has had, on a machine that has other things to do as well."""

from __future__ import annotations

import contextlib
import math
import os
from pathlib import Path
from time import monotonic

from grader.kernel.memory import descendants

# However long code seems to wait for a processor, on the wall it is stopped after so many times its
# seconds: the threads that are looked at are its own, and can keep each other waiting.
_BUSY = 4.0
# Most work is done sooner than it pays to ask Linux about it, in seconds.
_SOON = 0.1


class FairClock:
    """Counts the seconds that the process `pid` and all that it starts have had.

    A second in which one of their threads waited for a processor does not count: Linux tells how
    long each has waited. So an endless loop and a sleep take as long as ever on an idle machine,
    and an honest answer gets as far as it would there. Where nothing is told (on other systems than
    Linux, or for a `pid` of None), every second counts.
    """

    def __init__(self, pid: int | None) -> None:
        self._pid = pid
        self._begun = monotonic()
        self._before = _waited(pid)

    def had(self) -> float:
        """The seconds that count, of those since this clock was made."""
        now = _waited(self._pid)
        waited = max((now[one] - self._before.get(one, 0.0) for one in now), default=0.0)
        return monotonic() - self._begun - waited


class Limit:
    """Tells when the process `pid` has had its `seconds`.

    On the wall that takes at most four times as long, and never longer than `at_most`.
    """

    def __init__(self, pid: int | None, seconds: float, at_most: float = math.inf) -> None:
        self.seconds = seconds
        self._pid = pid
        self._at_most = min(at_most, seconds * _BUSY)
        self._begun = monotonic()
        self._clock: FairClock | None = None

    def is_over(self) -> bool:
        """Whether the time is over; to be asked again and again from the beginning on."""
        passed = monotonic() - self._begun
        if self._clock is None and passed > min(_SOON, self.seconds):
            self._clock = FairClock(self._pid)
        if passed < self.seconds or self._clock is None:
            return False
        return passed >= self._at_most or self._clock.had() >= self.seconds - _SOON


def fair_seconds() -> float:
    """A clock that stands still while this process's main thread waits for a processor."""
    return monotonic() - _waited_by(Path(f"/proc/self/task/{os.getpid()}"))


def slowed_down() -> float:
    """About how many times as long work took in the last minute as on an idle machine: 1 to 4.

    It is how many tasks wanted a processor, for each that there is, as Linux and macOS tell it.
    """
    try:
        wanted, _, _ = os.getloadavg()
    except OSError:
        return 1.0
    return min(max(wanted / (os.cpu_count() or 1), 1.0), _BUSY)


def _waited(pid: int | None) -> dict[str, float]:
    """How long each thread of `pid` and its descendants has waited for a processor, in seconds."""
    found: dict[str, float] = {}
    for process in () if pid is None else (pid, *descendants(pid)):
        with contextlib.suppress(OSError):  # it has ended, or is not to be looked into
            for thread in Path(f"/proc/{process}/task").iterdir():
                found[thread.name] = _waited_by(thread)
    return found


def _waited_by(thread: Path) -> float:
    """How long a thread has waited for a processor, in seconds; 0 where nothing tells."""
    try:
        _, waited, _ = (thread / "schedstat").read_text(encoding="ascii").split()
    except OSError:
        return 0.0
    return int(waited) / 1e9
