"""What an answer computes, as a short hash: answers that are wrong in the same way have the same.

The cases of a grade depend on each student's code, so what came of them cannot be compared between
students. Here an exercise's checks are asked once more, with cases that are the same for everybody,
and what the answer gives for them is hashed. No verdict is made of it.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any

import numpy as np
from numpy.typing import NDArray

from grader.crossing.networks import describe
from grader.crossing.values import RemoteFunction, Tensor
from grader.errors import (
    GraderError,
    Missing,
    Placeholder,
    Raised,
    Stopped,
    Untransferable,
)
from grader.judging.asking import Ask, StudentNames
from grader.judging.exercise import Check, Exercise
from grader.judging.judge import rng_for

_LENGTH = 16  # hexadecimal digits of the hash
# Of a larger value, what comes after so many parts, or deeper, or further on, is not looked at.
_MAX_PARTS, _MAX_DEPTH, _MAX_TEXT, _MAX_NUMBERS = 10_000, 20, 1000, 2**20

# Real numbers are rounded to steps of a thousandth of the largest among them. Two processors, or a
# loop and a matrix product, differ by a ten-thousandth of such a step at most. So numbers that
# people compute (0, 1, 1/16, 0.1) must not lie where one step ends and the next begins: a step is
# no round number, nor is where the first one begins.
_STEP, _OFFSET = 1.0471e-3, 0.3819
# Where all are smaller than this, they are as good as 0, with what rounding left of it.
_SMALLEST = 1e-3
# An array of more numbers is told by sums of them all, each with other weights.
_FEW, _WAVES = 16, (0.7391, 1.9017, 2.6543)

# A weight of which more than so many numbers are unlike all others was drawn when it was made.
_DRAWN = 0.9


def computes(exercise: Exercise, ask: Ask, *, secret: bytes) -> str:
    """The hash of what the names of `exercise` give on cases that only `secret` decides.

    "" where there is nothing to compare: they give nothing, or a call did not end, or the kernel
    did. From then on nothing more is asked.
    """
    names = _Watched(ask, exercise)
    held: dict[Check, bool] = {}
    for check in exercise.checks:
        if check.after is not None and not held[check.after]:
            held[check] = False
            continue
        try:
            held[check] = _holds(exercise, check, names, secret)
        except Stopped:
            return ""
        if names.loops:
            return ""
        names.told.append(("check", check.name, held[check]))
    names.forget()
    return _hash_of(names.told) if names.gave else ""


def _holds(exercise: Exercise, check: Check, names: _Watched, secret: bytes) -> bool:
    """Whether a check holds on the common cases; raises Stopped where a call did not end."""
    rng = rng_for(secret, exercise, check, code="")
    names.begin_check()
    try:
        arguments = {name: rng if name == "rng" else names.look(name) for name in check.parameters}
        with names.asked.listening():
            check.function(**arguments)
    except Stopped:
        raise
    except Exception:  # noqa: BLE001 - why it does not hold was judged, and is no matter here
        return False
    finally:
        names.end_check(failed=False)
    return True


class _Watched(StudentNames):
    """The student's names; `told` is what came of each look and call, `gave` whether anything."""

    def __init__(self, ask: Ask, exercise: Exercise) -> None:
        super().__init__(ask, exercise)
        self.told: list[Any] = []
        self.gave = False
        self._seen: set[str] = set()

    def look(self, name: str) -> Any:
        """As always; each name is told of once."""
        try:
            value = super().look(name)
        except GraderError as error:
            self._tell(name, error)
            raise
        if name not in self._seen:
            self._seen.add(name)
            self._tell(name, value)
        return value

    def _call(self, function: RemoteFunction, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        try:
            value = super()._call(function, args, kwargs)
        except GraderError as error:
            self._tell(function.__name__, error)
            raise
        self._tell(function.__name__, value)
        return value

    def _tell(self, name: str, value: Any) -> None:
        if isinstance(value, GraderError):
            self.gave = self.gave or not isinstance(value, Missing | Placeholder)
            kind = value.kind if isinstance(value, Raised) else type(value).__name__
            self.told.append((name, "raised", kind))
        elif isinstance(value, RemoteFunction):
            self.told.append((name, "function"))
        else:
            self.gave = True
            self.told.append((name, "gave", value_hash(value)))


def value_hash(value: Any) -> str:
    """The hash of a value, the same for values that differ in their last digits."""
    return _hash_of(_Parts().of(value))


def _hash_of(parts: Iterable[Any]) -> str:
    whole = hashlib.sha256()
    for part in parts:
        whole.update(f"{part!r}\n".encode("utf-8", "backslashreplace"))
    return whole.hexdigest()[:_LENGTH]


class _Parts:
    """Takes a value apart into what is hashed of it; `left` is how many parts may still come.

    Inside a network, `names` are those of its layers, by which of them came first: Keras counts
    them on as long as a kernel lives.
    """

    def __init__(self) -> None:
        self.left = _MAX_PARTS
        self.names: dict[str, int] | None = None

    def of(self, value: Any, depth: int = 0) -> Iterator[Any]:
        """What is hashed of a value, in order."""
        self.left -= 1
        if self.left < 0 or depth > _MAX_DEPTH:
            yield "…"
            return
        match value:
            case str():
                yield ("text", value[:_MAX_TEXT], len(value))
            case tuple() | list():
                yield ("list", len(value))
                for part in value[:_MAX_PARTS]:
                    yield from self.of(part, depth + 1)
            case dict():
                yield ("dict", len(value))
                for key, part in islice(value.items(), _MAX_PARTS):
                    yield from self.of(key, depth + 1)
                    yield from self._of_entry(key, part, depth + 1)
            case None:
                yield "None"
            case _:
                yield from self._of_another(value, depth)

    def _of_entry(self, key: Any, part: Any, depth: int) -> Iterator[Any]:
        """What is hashed under a key of a dict, which in a network may be there by chance."""
        match key, part:
            case _ if self.names is None:
                yield from self.of(part, depth)
            case "name", str(name):
                yield ("name", self.names.setdefault(name, len(self.names)))
            case "from", [str(name), *places]:
                yield ("from", self.names.setdefault(name, len(self.names)), places)
            case "weights" | "state", [*arrays]:
                for array in arrays:
                    yield from _of_weight(np.asarray(array))
            case _:
                yield from self.of(part, depth)

    def _of_another(self, value: Any, depth: int) -> Iterator[Any]:
        """What is hashed of numbers, of what Keras made, and of the kind of all else."""
        if isinstance(value, bool | int | float | complex | np.ndarray | np.generic | Tensor):
            yield from _of_numbers(np.asarray(value))
            return
        try:
            described = describe(value)
        except Untransferable:
            described = None
        if described is None:
            yield type(value).__name__
            return
        kind, description = described
        before, self.names = self.names, {} if kind == "network" else None
        yield kind
        yield from self.of(description, depth + 1)
        self.names = before


def _of_weight(array: NDArray[Any]) -> Iterator[Any]:
    """What is hashed of a weight: its numbers where they were set, as by hand, else its shape."""
    if len(np.unique(array)) > _DRAWN * array.size:
        yield ("drawn", array.shape)
    else:
        yield from _of_numbers(array)


def _of_numbers(array: NDArray[Any]) -> Iterator[Any]:
    """What is hashed of numbers: the shape, the kind, and what they are, whole ones exactly."""
    numbers = array.ravel()[:_MAX_NUMBERS]
    if array.dtype.kind == "b":
        yield ("truth", array.shape, hashlib.sha256(numbers.tobytes()).hexdigest())
    elif array.dtype.kind in "iu" and not array.ndim:
        yield ("whole", int(array))
    elif array.dtype.kind == "c":
        yield "complex"
        yield from _of_numbers(array.real)
        yield from _of_numbers(array.imag)
    elif array.dtype.kind in "iuf":
        yield from _of_real_numbers(array.shape, numbers.astype(np.float64))
    else:
        yield ("other", array.shape)


def _of_real_numbers(shape: tuple[int, ...], numbers: NDArray[np.float64]) -> Iterator[Any]:
    finite = np.isfinite(numbers)
    if not finite.all():
        yield ("not finite", np.flatnonzero(~finite)[:_FEW].tolist(), int((~finite).sum()))
        numbers = np.where(finite, numbers, 0.0)
    largest = float(np.abs(numbers).max(initial=0.0))
    # The next power of 2, but not where a largest number of 1 or 2 would be its own neighbour.
    size = math.floor(math.log2(max(largest, _SMALLEST)) + _OFFSET)
    numbers = np.ldexp(numbers, -size)
    if numbers.size > _FEW:
        places = np.arange(numbers.size)
        sums = [float(numbers @ np.cos(wave * places)) for wave in _WAVES]
        numbers = np.array(sums) / math.sqrt(numbers.size)
    yield ("real", shape, size, np.floor(numbers / _STEP + _OFFSET).astype(np.int64).tolist())
