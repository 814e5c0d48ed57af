"""The loop of a process that imports once and then forks: one for kernels, one for judges.

Its other end, which asks, is `kernel/fork_servers.py`.
"""

from __future__ import annotations

import gc
import socket
import sys
from collections.abc import Callable
from pathlib import Path


def fork_on_request(control: socket.socket, hand_out: Callable[[], None]) -> None:
    """Say that the imports are done, then `hand_out` a fork for each request until it hangs up.

    `control` is the socket to whoever asks. `hand_out` forks, and sends over `control` one message,
    with the descriptors by which the fork is reached. To be called when all is imported.
    """
    gc.collect()
    gc.freeze()  # what is here now is never written to by a collection, so it stays shared
    control.send(b"ready")
    while control.recv(100) == b"fork":
        assert_safe_to_fork()
        hand_out()


def assert_safe_to_fork() -> None:
    """One thread, and a TensorFlow that has not computed yet: else a forked `fit` deadlocks."""
    threads = list(Path("/proc/self/task").iterdir())
    assert len(threads) == 1, f"{len(threads)} threads in a fork server"
    context = sys.modules.get("tensorflow.python.eager.context")
    if context is not None:
        assert not context.context()._initialized, "TensorFlow has been used in a fork server"  # noqa: SLF001
