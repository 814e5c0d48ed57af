"""Small exercises for tests, and what becomes of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from grader import Exercise, expect
from grader.judging.testing import judge_here
from grader.results import CheckResult, Verdict

Function = Callable[..., Any]


def doubling() -> Exercise:
    """An exercise of two checks, the second of which rests on the first."""
    double = Exercise("double", title="Twice as much", seconds=0.2)

    @double.check(points=1, hint="How many go in?")
    def keeps_the_shape(double: Function, rng: Any) -> None:
        """The result is as large as what was given."""
        expect.shape(double(rng.random((2, 3))), (2, 3))

    @double.check(points=2, after=keeps_the_shape)
    def doubles_every_number(double: Function, rng: Any) -> None:
        """Every number is doubled."""
        numbers = rng.random((2, 3))
        expect.close(double(numbers), 2 * numbers)

    return double


def verdicts(source: str, exercise: Exercise | None = None) -> list[Verdict]:
    """The verdict of an exercise, and then of each of its checks."""
    result = judge_here(exercise or doubling(), source).result
    return [result.verdict, *(check.verdict for check in result.checks)]


def first(source: str | dict[str, Any], exercise: Exercise | None = None) -> CheckResult:
    """What became of the first check."""
    return judge_here(exercise or doubling(), source).result.checks[0]


def asks(function: Callable[..., None], **settings: Any) -> Exercise:
    """An exercise `f` whose one check is `function`."""
    f = Exercise("f", title="f", **{"seconds": 0.5, **settings})
    function.__doc__ = "It holds."
    f.check(points=1)(function)
    return f
