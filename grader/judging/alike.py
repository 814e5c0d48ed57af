"""When two answers are the same: numbers up to rounding in float32, everything else exactly.

One rule for all that compares: a diagnosis, and the cases that are drawn so that it can be made.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

ROUNDING = 1e-4
"""What sums in float32 may be off by, relative to the largest number (at least 1)."""

# Of single numbers the kind counts: 5.0 where 5 belongs is a mistake of its own, and so is True.
_KINDS = {"b": "truth", "i": "whole", "u": "whole", "f": "real", "c": "real"}


def alike(one: Any, other: Any, *, margin: float = 0.0) -> bool:
    """Whether two answers are the same, whatever of lists, tuples and dicts they are made of.

    Numbers in arrays of one shape may lie apart by ROUNDING, or by `margin` where that is more.
    Whole numbers are the same only if they are equal; NaN is like NaN.
    """
    if isinstance(one, tuple | list) and isinstance(other, tuple | list):
        return len(one) == len(other) and all(
            alike(ours, theirs, margin=margin) for ours, theirs in zip(one, other, strict=True)
        )
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(
            alike(one[key], other[key], margin=margin) for key in one
        )
    ours, theirs = _numbers(one), _numbers(other)
    if ours is not None and theirs is not None:
        return _close(ours, theirs, margin)
    return type(one) is type(other) and bool(one == other)


def _numbers(value: Any) -> NDArray[Any] | None:
    """A number, an array or a tensor as an array; None for what is none of those."""
    if isinstance(value, tuple | list | dict | str) or value is None:
        return None
    array = np.asarray(value)
    return array if array.dtype.kind in _KINDS else None


def _close(ours: NDArray[Any], theirs: NDArray[Any], margin: float) -> bool:
    if ours.shape != theirs.shape:
        return False
    kinds = {_KINDS[array.dtype.kind] for array in (ours, theirs)}
    if len(kinds) > 1 and not ours.ndim:
        return False
    if "real" not in kinds:
        return bool((ours == theirs).all())
    with np.errstate(all="ignore"):
        allowed = max(margin, ROUNDING * max(1.0, _largest(ours), _largest(theirs)))
        return bool(np.allclose(ours, theirs, rtol=0.0, atol=allowed, equal_nan=True))


def _largest(array: NDArray[Any]) -> float:
    """The size of the largest finite number; 0 where there is none."""
    sizes = np.abs(array.astype(np.complex128))
    return float(sizes[np.isfinite(sizes)].max(initial=0.0))
