"""What rubric authors call to say what must hold: each raises Mismatch where it does not."""

from grader.expect.values import close, equal, shape, that

__all__ = ["close", "equal", "shape", "that"]
