"""A lesson of one exercise: multiply by 3."""

from __future__ import annotations

from typing import Any

from grader import Exercise, expect

TITLE = "Thrice"

thrice = Exercise("thrice", title="3 times a number")


@thrice.check(points=1)
def multiplies(thrice: Any, rng: Any) -> None:
    """The number is multiplied by 3."""
    number = int(rng.integers(5, 9))
    expect.equal(thrice(number), 3 * number)


@thrice.misconception("You add instead of multiplying.")
def adds(number: int) -> int:
    return number + 3
