"""Which call of the student's code an expectation speaks of.

A check's author writes `expect.close(convolve2d(image, kernel), …)` and names no call; the student
reads the call beside what came of it. It is found by what came of it: the very object that one call
returned, or a part of it. Numbers such as 9, True and None are the same object wherever they stand;
they belong to a call only if it is the only one that was made since the expectation before. Where
neither holds, no call is shown, rather than one that may be another.
"""

from __future__ import annotations

import functools
import math
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, TypeVar, cast

import numpy as np

from grader.errors import ABSENT, Mismatch, Words

# What calls returned is kept while it takes no more bytes than this, the newest first.
_MAX_KEPT, _MAX_ANSWERS = 64 * 2**20, 2000
# CPython has one object for each of these whole numbers.
_SMALL = range(-5, 257)
# A part of an answer that lies deeper belongs to no call.
_MAX_DEPTH = 8

F = TypeVar("F", bound=Callable[..., Any])


@dataclass(frozen=True)
class _Answer:
    call: Any
    value: Any
    size: int


class Asked:
    """The calls that one check has made, and what came of each; a call may be any object.

    The judge tells it of every call (`answered`, `ended`), the expectations of themselves (`held`),
    and what asks many cases at once of which one is looked at (`speak_of`).
    """

    def __init__(self) -> None:
        self._answers: deque[_Answer] = deque()
        self._size = 0
        self._ended: tuple[BaseException, Any] | None = None
        # The calls since the last expectation; more than one is as good as many.
        self._group: list[_Answer] = []
        self._group_is_over = False

    def answered(self, call: Any, value: Any, size: int) -> None:
        """`call` returned `value`, which takes about `size` bytes."""
        answer = _Answer(call, value, size)
        self._answers.append(answer)
        self._size += size
        while self._size > _MAX_KEPT or len(self._answers) > _MAX_ANSWERS:
            self._size -= self._answers.popleft().size
        self._group = [answer] if self._group_is_over else [*self._group[-1:], answer]
        self._group_is_over = False

    def ended(self, call: Any, error: BaseException) -> None:
        """`call` ended with `error`, and returned nothing."""
        self._ended = (error, call)

    def held(self) -> None:
        """An expectation held: the next one speaks of the same calls, or of later ones."""
        self._group_is_over = True

    @property
    def last(self) -> Any:
        """The latest call that returned something."""
        return self._answers[-1] if self._answers else None

    def speak_of(self, answer: Any) -> None:
        """What is expected next is about this answer, which `last` gave."""
        self._group, self._group_is_over = [answer], True

    @contextmanager
    def listening(self) -> Iterator[None]:
        """While this lasts, expectations are those of this check."""
        token = _asked.set(self)
        try:
            yield
        finally:
            _asked.reset(token)

    def call_of(self, error: BaseException) -> Any | None:
        """The call that a check's failure is about; None where that is not certain."""
        if self._ended is not None and self._ended[0] is error:
            return self._ended[1]
        only = self._group[0] if len(self._group) == 1 else None
        if not isinstance(error, Mismatch):
            return only.call if only else None
        subject = error.received if error.about is ABSENT else error.about
        if subject is ABSENT or isinstance(subject, Words):
            return only.call if only else None
        among = [only] if _is_shared(subject) else self._answers
        for answer in among:
            if answer and any(_is_of(subject, part) for part in _parts(answer.value)):
                return answer.call
        return None


_asked: ContextVar[Asked | None] = ContextVar("asked", default=None)


def asked_now() -> Asked | None:
    """The calls of the check that is being judged, or None outside of one."""
    return _asked.get()


def speaks_of_calls(expectation: F) -> F:
    """An expectation that has no value of the student's, or tells itself what it is about."""

    @functools.wraps(expectation)
    def telling(*args: Any, **kwargs: Any) -> Any:
        result = expectation(*args, **kwargs)
        _tell_that_it_held()
        return result

    return cast("F", telling)


def speaks_of_first(expectation: F) -> F:
    """An expectation that is about its first argument, whatever of it is shown as received."""

    @functools.wraps(expectation)
    def telling(received: Any, *args: Any, **kwargs: Any) -> Any:
        try:
            result = expectation(received, *args, **kwargs)
        except Mismatch as error:
            error.about = received  # of expectations within one another, what the author wrote
            raise
        _tell_that_it_held()
        return result

    return cast("F", telling)


def _tell_that_it_held() -> None:
    asked = _asked.get()
    if asked is not None:
        asked.held()


def _parts(value: Any, depth: int = 0) -> Iterator[Any]:
    """`value`, and what it holds: items, or the layers of a model."""
    yield value
    inside = value if isinstance(value, list | tuple) else getattr(value, "layers", ())
    if depth < _MAX_DEPTH:
        for item in value.values() if isinstance(value, dict) else inside:
            yield from _parts(item, depth + 1)


def _is_of(subject: Any, part: Any) -> bool:
    """Whether `subject` is that very part of an answer, or a view of its numbers."""
    if subject is part:
        return True
    arrays = isinstance(subject, np.ndarray) and isinstance(part, np.ndarray)
    return arrays and _owner(subject) is _owner(part)


def _owner(array: Any) -> Any:
    while isinstance(array, np.ndarray) and array.base is not None:
        array = array.base
    return array


def _is_shared(value: Any) -> bool:
    """Whether Python has one object for all values like this one."""
    match value:
        case int() if not isinstance(value, bool):
            return value in _SMALL
        case float():
            return not math.isfinite(value)
        case str():
            return len(value) < 2
        case tuple():
            return not value
    return value is None or value is ... or isinstance(value, bool | np.bool_)
