"""`quietly`: a first cell without the lines that TensorFlow writes when it starts.

Imports nothing else of the grader, so that it also works where the rest of it is absent.
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def quietly() -> Iterator[None]:
    """Keep away what the block's libraries write to the error output; show it if the block raises.

    TensorFlow's libraries write such lines while they are loaded, before any setting of theirs is
    read. Nothing is switched off for it, so numbers stay what they are. In a notebook, Python's own
    warnings are shown as ever: they do not take this way.
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # for what TensorFlow writes later on
    try:
        shown = os.dup(2)
    except OSError:  # this process has no error output
        yield
        return
    with tempfile.TemporaryFile() as kept:
        _flush()
        os.dup2(kept.fileno(), 2)
        try:
            yield
        except BaseException:
            _flush()
            kept.seek(0)
            with os.fdopen(shown, "wb", closefd=False) as output:
                output.write(kept.read())
            raise
        finally:
            _flush()
            os.dup2(shown, 2)
            os.close(shown)


def _flush() -> None:
    """Send what Python holds back on its way, before that leads elsewhere."""
    if sys.stderr is not None:
        sys.stderr.flush()
