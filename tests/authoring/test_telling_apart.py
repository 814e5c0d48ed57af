"""Answers are told apart by what they make of a case, and cases are drawn until they are."""

from __future__ import annotations

from copy import deepcopy
from itertools import count
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from grader import Exercise, expect
from grader.authoring.telling_apart import (
    MOST_DRAWS,
    Raised,
    ask_all,
    differ,
    draw_apart,
    outcomes,
)
from grader.errors import ABSENT, AuthorError
from grader.judging.diagnose import explanations
from grader.judging.testing import judge_here

# Few numbers, some a little apart, so that two answers drawn are often nearly the same.
NUMBERS = st.sampled_from([0, 1, 5, 5.0, 5.0004, 5.002, 1000.0, 1000.08, 1000.3, True, np.nan])
ARRAYS = npst.arrays(np.float64, (2,), elements=st.sampled_from([0.0, 1.0, 1000.0, 1000.08]))
ANSWERS = st.recursive(
    NUMBERS | ARRAYS | st.none() | st.sampled_from(["same", "valid"]),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from("ab"), inner),
    max_leaves=3,
)


def total(values: list[float]) -> float:
    """All of them together."""
    return sum(values)


def largest(values: list[float]) -> float:
    """The one that no other is above; ValueError without any."""
    return max(values)


def emptied(values: list[float]) -> int:
    """How many are left once the list was emptied, which the caller may still need."""
    values.clear()
    return len(values)


def test_outcomes_stand_by_name_in_the_order_of_the_cases() -> None:
    """What each answer makes of each case is found under its function's name."""
    found = outcomes([total, largest], [([1, 2],), ([3],)])
    assert found == {"total": [3, 3], "largest": [2, 3]}


def test_an_exception_is_an_outcome() -> None:
    """An answer that raises is known by the kind of its exception."""
    assert outcomes([largest], [([],), ([1],)]) == {"largest": [Raised("ValueError"), 1]}


def test_no_answer_sees_what_another_one_changed() -> None:
    """Every answer gets the case as it was drawn, and the case stays so."""
    case = ([1, 2],)
    assert outcomes([emptied, total], [case]) == {"emptied": [0], "total": [3]}
    assert case == ([1, 2],)


def test_two_answers_of_one_name_are_refused() -> None:
    """No answer is dropped silently because another one has its name."""
    with pytest.raises(AuthorError, match="a second `total`"):
        outcomes([total, total], [])


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (1.0, 1.1),
        (np.array([1.0, 2.0]), np.array([1.0, 2.1])),
        (np.zeros((2, 3)), np.zeros((3, 2))),
        (5, 5.0),
        (1, True),
        (20_000, 20_001),
        (1000.0, 1000.2),
        ({"a": np.zeros(2)}, {"a": np.ones(2)}),
        ({"a": np.zeros(2)}, {"b": np.zeros(2)}),
        (np.nan, 0.0),
        (0.0, np.inf),
        ((1, 2), (1, 2, 3)),
        ([(3, 4), 7], [(3, 5), 7]),
        (None, 0),
        ("same", "valid"),
        (Raised("ValueError"), Raised("IndexError")),
        (Raised("ValueError"), "ValueError"),
    ],
)
def test_clear_differences_differ(one: Any, other: Any) -> None:
    """Another kind, shape, length or a value further away than the margin tells outcomes apart."""
    assert differ(one, other)
    assert differ(other, one)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (1.0, 1.04),
        (np.array([1.0, 2.0], np.float32), np.array([1.04, 2.0])),
        (np.int64(5), 5),
        (1000.0, 1000.08),
        (np.array([1.0, 1000.0]), np.array([1.08, 1000.0])),
        ({"a": np.zeros(2), "b": [1]}, {"a": np.full(2, 0.04), "b": (1,)}),
        (np.nan, np.nan),
        ((1, 2), [1, 2]),
        ((np.zeros(2), 1.0), (np.full(2, 0.04), 1.0)),
        (None, None),
        (Raised("ValueError"), Raised("ValueError")),
    ],
)
def test_outcomes_that_a_diagnosis_takes_for_the_same_do_not_differ(one: Any, other: Any) -> None:
    """What lies within the margin everywhere, in whatever kind of sequence, is alike."""
    assert not differ(one, other)
    assert not differ(other, one)


@settings(deadline=None)
@given(one=ANSWERS, other=ANSWERS)
def test_what_differs_is_what_a_diagnosis_tells_apart(one: Any, other: Any) -> None:
    """A misconception that gives `one` explains `other` just where no margin makes them differ."""
    exercise = Exercise("f", title="F", functions=("f",))

    @exercise.check(points=1)
    def is_never_right(f: Any) -> None:
        """F is right."""
        expect.that(f() is ABSENT, "It never is.")

    exercise.misconception("You give the other one.")(lambda *_: deepcopy(other))
    judgement = judge_here(exercise, {"f": lambda: deepcopy(one)})
    assert bool(explanations(exercise, judgement)) is not differ(one, other, margin=0.0)


def test_the_margin_says_what_is_clear() -> None:
    """A smaller margin tells closer numbers apart."""
    assert differ(1.0, 1.04, margin=0.03)


def test_cases_are_drawn_until_no_two_answers_are_alike() -> None:
    """The first case on which all outcomes differ, and for which `where` holds, is given."""
    numbers = count()
    drawn = draw_apart(
        lambda: next(numbers),
        lambda case: {"double": 2 * case, "square": case**2},  # alike for 0 and 2
        lambda case: {"one": case, "three": 3},  # alike for 3
        where=lambda case: case != 1,
    )
    assert drawn == 4


def test_what_cannot_be_told_apart_is_named() -> None:
    """Drawing ends, and says which answers agree on every case."""
    draws = count()
    with pytest.raises(AuthorError, match="`sum` and `total` are alike"):
        draw_apart(lambda: next(draws), lambda case: {"sum": case, "other": None, "total": case})
    assert next(draws) == MOST_DRAWS


def test_a_condition_that_never_holds_is_named() -> None:
    """Drawing ends also where no case is as it should be."""
    with pytest.raises(AuthorError, match="`where` does not hold"):
        draw_apart(lambda: 0, where=bool)


def test_every_case_is_asked() -> None:
    """All answers get on record, in the order of the cases."""
    asked: list[tuple[int, int]] = []
    ask_all(lambda one, other: asked.append((one, other)), [(1, 2), (3, 4)])
    assert asked == [(1, 2), (3, 4)]
