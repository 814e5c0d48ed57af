"""What a check and the student's code hand each other arrives, and neither can reach further."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from grader import expect
from grader.crossing.values import RemoteFunction
from grader.judging.testing import judge_here
from grader.results import Verdict
from tests.exercises import Function, asks, first

P, F, E = Verdict.PASSED, Verdict.FAILED, Verdict.ERROR


@pytest.mark.parametrize(
    ("source", "name"),
    [
        ("def f(image, n=1):\n    image[0] = 5\n    return 0", "`image`"),
        ("def f(image, n):\n    n.append(1)\n    return 0", "`n`"),
        ("def f(*all):\n    all[1].clear()\n    return 0", "`argument 2`"),
    ],
)
def test_changing_an_argument_is_told(source: str, name: str) -> None:
    """A function that changes what it was given fails, even if its answer is right."""

    def leaves_it_alone(f: Function) -> None:
        expect.equal(f(np.zeros(3), [1, 2]), 0)

    message = first(source, asks(leaves_it_alone)).message
    assert message == (
        f"Your function changed its argument {name}, which its caller still needs. Work on a copy."
    )


def test_the_checks_own_arrays_are_safe() -> None:
    """What the student's code does to an argument never reaches the check's array."""
    image, kept = np.zeros(3), []

    def compares(f: Function) -> None:
        try:
            f(image)
        finally:
            kept.append(image.copy())

    judge_here(asks(compares), "def f(image):\n    image[:] = 9\n    return 0")
    assert not kept[0].any()


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("(1, 'a')", (1, "a")),
        ("{'a': [1.5, None], 2: True}", {"a": [1.5, None], 2: True}),
        ("[(i, -i) for i in range(2)]", [(0, 0), (1, -1)]),
    ],
)
def test_structures_reach_the_check(value: str, expected: Any) -> None:
    """Pairs, dicts and lists arrive as what they are."""
    got: list[Any] = []

    def takes(f: Function) -> None:
        got.append(f())

    judge_here(asks(takes), f"def f(): return {value}")
    assert got == [expected]


def test_a_generator_of_the_check_goes_on_in_the_students_code() -> None:
    """A random generator that is handed over draws the same numbers there."""

    def draws(f: Function, rng: Any) -> None:
        expected = np.random.default_rng(3).random(4)
        expect.close(f(np.random.default_rng(3)), expected)

    assert first("def f(rng): return rng.random(4)", asks(draws)).verdict is P


def test_values_reach_the_check() -> None:
    """A name that is no function is looked at as the value it has."""

    def is_three(f: int) -> None:
        expect.equal(f, 3)

    assert first("f = 3", asks(is_three)).verdict is P
    assert judge_here(asks(is_three), "f = 4").values == {"f": 4}


def test_the_wrong_kind_of_name_is_told() -> None:
    """A value where a function belongs, and the other way round, is told before it is used."""

    def holds(f: Any) -> None:
        raise AssertionError("never reached")

    function, value = asks(holds), asks(holds)
    function.misconception("…")(lambda x: x)

    @value.misconception("…")
    def two() -> dict[str, int]:
        return {"f": 2}

    assert first("f = 3", function).message.startswith("`f` should be a function. Received: 3.")
    message = first("def f(x): return 3", value).message
    assert message.startswith("`f` should be a value. Received: a function.")


def test_an_object_that_is_always_equal_gains_nothing() -> None:
    """An answer is compared as plain data; a class of the student's never reaches the check."""
    sly = (
        "class Sly({base}):\n    def __eq__(self, other): return True\n    __hash__ = None\n"
        "    def __sub__(self, other): return 0\ndef f(): return Sly({value})"
    )

    def is_three(f: Function) -> None:
        expect.equal(f(), 3)

    for base, value in [("object", ""), ("int", "4"), ("float", "3.5"), ("tuple", ""), ("str", "")]:
        source = sly.format(base=base, value=value)
        assert first(source, asks(is_three)).verdict is F


def test_an_uncrossable_answer_is_told() -> None:
    """The student reads what may be returned instead."""
    message = first("def double(x): return {1, 2}").message
    assert "Received: an object of type set. Return a list in a fixed order" in message


def test_the_students_code_may_call_what_it_was_given() -> None:
    """A function handed to the student's code is answered by the check, which may count calls."""
    seen: list[float] = []

    def square(x: float) -> float:
        seen.append(x)
        return x * x

    def applies(f: Function) -> None:
        expect.equal(f(square, [1, 2]), (1, 4))

    assert first("def f(g, xs): return [g(x) for x in xs]", asks(applies)).verdict is P
    assert seen == [1, 2]


def test_a_callback_that_raises_is_the_students_exception() -> None:
    """What goes wrong in a check's own function is raised in the student's code, as it would be."""

    def applies(f: Function) -> None:
        expect.equal(f(lambda x: 1 / x), 7)

    source = "def f(g):\n    try:\n        return g(0)\n    except RuntimeError:\n        return 7"
    assert first(source, asks(applies)).verdict is P
    result = first("def f(g): return g(0)", asks(applies))
    assert result.verdict is E
    assert "division by zero" in result.message


def test_callbacks_are_limited(monkeypatch: pytest.MonkeyPatch) -> None:
    """A loop of calls ends after a fixed number of them."""
    monkeypatch.setattr("grader.judging.asking._MAX_CALLBACKS", 10)

    def applies(f: Function) -> None:
        f(lambda: 1)

    result = first("def f(g):\n    while True: g()", asks(applies, seconds=5.0))
    assert result.verdict is E
    assert "called more than 10 times" in result.message


def test_a_returned_function_can_be_called_during_its_check() -> None:
    """A function that the student's code returns is one that asks, and can be handed back."""

    def composes(f: Function) -> None:
        add = f(2)
        expect.equal(add(3), 5)
        expect.equal(f(1)(add(1)), 4)

    assert first("def f(n): return lambda x: x + n", asks(composes)).verdict is P


def test_a_returned_function_is_gone_after_its_check() -> None:
    """What one check was given cannot be called by the next."""
    kept: list[RemoteFunction] = []
    f = asks(lambda f: kept.append(f(2)))

    @f.check(points=1)
    def too_late(f: Function) -> None:
        """Never holds."""
        kept[0](3)

    result = judge_here(f, "def f(n): return lambda x: x + n").result.checks[1]
    assert result.verdict is F
    assert "only during the check that received it" in result.message
