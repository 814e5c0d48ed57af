"""A time limit for Python code that runs in this process's main thread."""

from __future__ import annotations

import _thread
import signal
import threading
from collections.abc import Callable
from time import monotonic
from types import FrameType, TracebackType

# Code that swallows the first interruption gets another one this often, in seconds.
_AGAIN = 0.1


class DeadlinePassed(BaseException):
    """The code under `limit` did not end in time.

    Not an Exception, so that an `except Exception` in the code it stops does not swallow it.
    """


class limit:  # noqa: N801 - read as a phrase: `with limit(2.0):`
    """Stop a block with DeadlinePassed after `seconds`: `with limit(2.0): …`.

    A watching thread interrupts the main thread the way Ctrl-C does, which works on every system
    and stops any loop of Python; a call that stays inside C is stopped when it returns. Only for
    the main thread. A person's own Ctrl-C is still a KeyboardInterrupt. The seconds are those of
    `clock`: with `time.process_time` a block that computes has its time on a busy machine, too.
    """

    def __init__(self, seconds: float, clock: Callable[[], float] = monotonic) -> None:
        self._seconds = seconds
        self._clock = clock
        self._armed = False
        self._fired = False
        self._pending = False
        self._over = threading.Event()
        self._lock = threading.Lock()
        self._previous: object = None

    def __enter__(self) -> None:
        self._previous = signal.signal(signal.SIGINT, self._interrupted)
        threading.Thread(target=self._watch, name="deadline", daemon=True).start()
        self._armed = True

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._armed = False
        self._over.set()
        # Python handles what is pending before it changes a handler, so no interruption of ours
        # can arrive once this is done.
        with self._lock:
            signal.signal(signal.SIGINT, self._previous)  # type: ignore[arg-type]  # as it came
        if self._fired and not isinstance(error, DeadlinePassed):
            raise DeadlinePassed from error

    def _watch(self) -> None:
        end, wait = self._clock() + self._seconds, self._seconds
        while not self._over.wait(wait):
            wait = end - self._clock()
            if wait > 0 and not self._fired:
                continue
            with self._lock:
                if self._over.is_set():
                    return
                self._fired = self._pending = True
                _thread.interrupt_main(signal.SIGINT)
            wait = _AGAIN

    def _interrupted(self, number: int, frame: FrameType | None) -> None:
        """Called by Python in the main thread for every SIGINT, ours or a person's."""
        if not self._pending:
            if callable(self._previous):
                self._previous(number, frame)
                return
            raise KeyboardInterrupt
        self._pending = False
        # Not while entering or leaving the block: it would stay half entered, or half left.
        if self._armed and frame is not None and frame.f_code.co_filename != __file__:
            raise DeadlinePassed
