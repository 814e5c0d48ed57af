"""A time limit for Python code that runs in this process's main thread."""

from __future__ import annotations

import _thread
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager


class DeadlinePassed(BaseException):
    """The code under `limit` did not end in time.

    Not an Exception, so that an `except Exception` in the code it stops does not swallow it.
    """


@contextmanager
def limit(seconds: float) -> Iterator[None]:
    """Stop the block with DeadlinePassed after `seconds`.

    A watching thread interrupts the main thread the way Ctrl-C does, which works on every system
    and stops any loop of Python; a call that stays inside C is stopped when it returns. Code that
    swallows the interrupt is interrupted again, every tenth of a second. Only for the main thread.
    """
    over = threading.Event()
    lock = threading.Lock()
    fired = False

    def watch() -> None:
        nonlocal fired
        wait = seconds
        while not over.wait(wait):
            with lock:
                if over.is_set():
                    return
                fired = True
                _thread.interrupt_main()
            wait = 0.1

    watcher = threading.Thread(target=watch, name="deadline", daemon=True)
    watcher.start()
    try:
        yield
    except KeyboardInterrupt:
        if not fired:
            raise
        raise DeadlinePassed from None
    finally:
        _finish(over, lock)
    if fired:
        raise DeadlinePassed


def _finish(over: threading.Event, lock: threading.Lock) -> None:
    """Stop the watcher; swallow an interrupt that it sent and that has not arrived yet."""
    while True:
        try:
            with lock:
                over.set()
            time.sleep(0)  # gives a pending interrupt its chance to arrive here, not later
        except KeyboardInterrupt:
            continue
        return
