"""When a process may be forked."""

from __future__ import annotations

import sys
from pathlib import Path


def assert_safe_to_fork() -> None:
    """One thread, and a TensorFlow that has not computed yet: else a forked `fit` deadlocks."""
    threads = list(Path("/proc/self/task").iterdir())
    assert len(threads) == 1, f"{len(threads)} threads in a fork server"
    context = sys.modules.get("tensorflow.python.eager.context")
    if context is not None:
        assert not context.context()._initialized, "TensorFlow has been used in a fork server"  # noqa: SLF001
