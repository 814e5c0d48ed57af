"""A lesson of one exercise: multiply by 2."""

from __future__ import annotations

from typing import Any

from grader import Exercise, expect

TITLE = "Twice"

twice = Exercise("twice", title="2 times a number")


@twice.check(points=1)
def multiplies(twice: Any, rng: Any) -> None:
    """The number is multiplied by 2."""
    number = int(rng.integers(5, 9))
    expect.equal(twice(number), 2 * number)


@twice.misconception("You add instead of multiplying.")
def adds(number: int) -> int:
    return number + 2
