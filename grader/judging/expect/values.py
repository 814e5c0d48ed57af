"""Expectations on plain values and arrays.

Every one checks what was received before it compares: nothing returned, then the kind, then the
shape, then the numbers themselves, so that an empty array, a scalar that broadcasts and a NaN never
pass.
"""

from __future__ import annotations

import numbers
from typing import Any

import numpy as np
from numpy.typing import NDArray

from grader.errors import ABSENT, Mismatch, Words
from grader.judging.alike import ROUNDING
from grader.judging.expect.calls import speaks_of_calls, speaks_of_first

Array = NDArray[Any]


@speaks_of_first
def shape(received: Any, expected: tuple[int, ...]) -> None:
    """`received` is an array of numbers with the shape `expected`."""
    array = _numbers(received, expected_shape=tuple(int(size) for size in expected))
    _same_shape(array, tuple(int(size) for size in expected), received)


@speaks_of_first
def close(received: Any, expected: Any, *, tolerance: float = ROUNDING, name: str = "") -> None:
    """`received` holds the numbers of `expected`, up to `tolerance` times the largest of them.

    `expected` is a number or an array; the shapes must be the same (nothing broadcasts). The
    tolerance is relative to max(1, max |expected|), which leaves room for float32 sums. With the
    `name` "kernel", an array (k, l, C, F) is shown as one: a window of one filter.
    """
    wanted = np.asarray(expected)
    array = _numbers(received, expected_shape=wanted.shape, expected=expected)
    _same_shape(array, wanted.shape, received, expected)
    if not np.isfinite(array).all():
        where = _first(~np.isfinite(array))
        raise Mismatch(
            f"{_at(where)} stands {array[where]}: every value must be a finite number.",
            expected=expected,
            received=received,
            where=where,
            name=name,
        )
    allowed = tolerance * max(1.0, float(np.abs(wanted).max(initial=0.0)))
    # Compared in double precision: unsigned and small integers would wrap round.
    with np.errstate(over="ignore"):
        differs = np.abs(array.astype(np.float64) - wanted.astype(np.float64)) > allowed
    if differs.any():
        where = _first(differs)
        raise Mismatch(
            _difference(array, wanted, where, int(differs.sum())),
            expected=expected,
            received=received,
            where=where,
            name=name,
        )


@speaks_of_first
def equal(received: Any, expected: Any, *, or_none: bool = False) -> None:
    """`received` is exactly `expected`: a whole number, bool, string, None, or a tuple of those.

    NumPy's whole numbers count as whole numbers, and a list or a one-dimensional array as a tuple;
    5.0 does not count as 5, nor True as 1. With `or_none`, None is an answer like any other, and
    not a forgotten `return`.
    """
    if expected is not None and received is None and not or_none:
        raise Mismatch(_NOTHING, expected=expected, received=None)
    wanted = _plain(expected)
    plain = _plain_like(received, wanted)
    if count := _other_count(plain, wanted):
        raise Mismatch(count, expected=expected, received=received)
    if _whole_number_as_float(plain, wanted):
        raise Mismatch(
            "The number is a float, and a count, a size or a position is a whole number, an int. "
            "(`/` makes floats of whole numbers, `//` and `int(…)` do not.)",
            expected=expected,
            received=received,
        )
    if not _same(plain, wanted):
        is_text = isinstance(plain, str) and not isinstance(wanted, str)
        message = "Text came back, in quotes. Return the value itself." if is_text else ""
        raise Mismatch(message, expected=expected, received=received)


@speaks_of_calls
def that(
    condition: bool,  # noqa: FBT001 - reads as a sentence: expect.that(total == 0, "…")
    message: str,
    *,
    expected: Any = ABSENT,
    received: Any = ABSENT,
    about: Any = ABSENT,
    where: tuple[int, ...] | None = None,
) -> None:
    """`condition` holds; otherwise the student reads `message`, with the values where given.

    The call that returned `about`, or else `received`, is shown with them.
    """
    if not condition:
        raise Mismatch(message, expected=expected, received=received, about=about, where=where)


_NOTHING = "Nothing came back (None). End the function with `return …`."


def _numbers(received: Any, *, expected_shape: tuple[int, ...], expected: Any = None) -> Array:
    """`received` as an array of numbers, or a Mismatch that says what it is instead."""
    shown = expected if expected is not None else Words(f"an array of shape {expected_shape}")
    if received is None:
        raise Mismatch(_NOTHING, expected=shown, received=None)
    if isinstance(received, list | tuple) and expected_shape:
        kind = type(received).__name__
        raise Mismatch(
            f"A NumPy array is expected. Received: a {kind}. Wrap it in `np.array(…)`.",
            expected=shown,
            received=received,
        )
    # Never made into an array: NumPy gives each of a list's texts the room of the longest.
    plain = isinstance(received, list | tuple | dict | str)
    array = np.asarray(None if plain else received)
    if not (np.issubdtype(array.dtype, np.number) or array.dtype == np.bool_):
        raise Mismatch(
            f"Numbers are expected. Received: {_kind(received)}.",
            expected=shown,
            received=received,
        )
    if np.iscomplexobj(array):
        raise Mismatch(
            "Real numbers are expected. Received: complex ones. Take their real part.",
            expected=shown,
            received=received,
        )
    return array


def _kind(value: Any) -> str:
    return "a function" if callable(value) else f"a value of type {type(value).__name__}"


def _same_shape(array: Array, expected: tuple[int, ...], received: Any, wanted: Any = None) -> None:
    if array.shape == expected:
        return
    shown = wanted if wanted is not None else Words(f"an array of shape {expected}")
    if not expected:
        message = f"A single number is expected. Received: an array of shape {array.shape}."
    elif not array.shape:
        message = f"An array of shape {expected} is expected. Received: a single number."
    else:
        message = f"The shape should be {expected}. Received: {array.shape}."
    raise Mismatch(message, expected=shown, received=received)


def _first(mask: Array) -> tuple[int, ...]:
    """The index of the first True in C order; () for a scalar."""
    return tuple(int(i) for i in np.unravel_index(int(np.argmax(mask)), mask.shape))


def _at(where: tuple[int, ...]) -> str:
    return f"At [{', '.join(map(str, where))}]" if where else "There"


def _difference(array: Array, wanted: Array, where: tuple[int, ...], count: int) -> str:
    if not where:
        return ""
    of = f"{count} of {wanted.size} values differ; the first is at [{', '.join(map(str, where))}]"
    return f"{of}: {_number(wanted[where])} is expected. Received: {_number(array[where])}."


def _number(value: Any) -> str:
    return f"{value:.6g}" if isinstance(value, np.floating | float) else str(value)


def _other_count(received: Any, expected: Any) -> str:
    """What to say where another number of values came than was expected, or ""."""
    count = ""
    if isinstance(expected, tuple):
        count = f"{len(expected)} values are" if len(expected) != 1 else "One value is"
        count += " expected"
    if isinstance(received, np.ndarray) and expected is not None:
        rule = count or "A single value is expected"
        return f"{rule}. Received: an array of shape {received.shape}."
    if count and isinstance(received, tuple) and len(received) != len(expected):
        return f"{count}. Received: {len(received)}."
    return ""


def _plain_like(value: Any, expected: Any) -> Any:
    """`value` as `_plain` makes it, but only as far as it has the form of `expected`.

    What cannot be equal anyway is left as it came, so that its size costs nothing.
    """
    length = len(expected) if isinstance(expected, tuple) else None
    if isinstance(value, np.ndarray) and value.shape in ((), (length,)):
        value = value.tolist()
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, list | tuple) and len(value) == length:
        return tuple(map(_plain_like, value, expected))
    return tuple(value) if isinstance(value, list) else value


def _plain(value: Any) -> Any:
    """Lists and arrays as tuples, NumPy's scalars as Python's."""
    if isinstance(value, np.ndarray):
        value = value.tolist()
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, list | tuple):
        return tuple(_plain(item) for item in value)
    return value


def _whole_number_as_float(received: Any, expected: Any) -> bool:
    if isinstance(expected, tuple) and isinstance(received, tuple):
        return any(map(_whole_number_as_float, received, expected))
    return isinstance(received, float) and _is_whole(expected) and received == expected


def _is_whole(value: Any) -> bool:
    return isinstance(value, numbers.Integral) and not isinstance(value, bool)


def _same(received: Any, expected: Any) -> bool:
    if isinstance(expected, tuple):
        return (
            isinstance(received, tuple)
            and len(received) == len(expected)
            and all(map(_same, received, expected))
        )
    return type(received) is type(expected) and bool(received == expected)
