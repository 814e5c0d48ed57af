"""Every expectation holds for the right answer, and tells each wrong one what it is."""

from __future__ import annotations

import contextlib
import tracemalloc
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grader import expect
from grader.crossing.values import Tensor
from grader.errors import ABSENT, Mismatch
from tests.crossing.test_values import values

NOTHING = "Nothing came back (None). End the function with `return …`."
IMAGE = np.arange(6.0).reshape(2, 3)


def mismatch(expectation: Callable[..., object], *args: Any, **kwargs: Any) -> Mismatch:
    """What `expectation` raises for these values."""
    with pytest.raises(Mismatch) as raised:
        expectation(*args, **kwargs)
    return raised.value


@pytest.mark.parametrize(
    ("received", "expected"),
    [
        (IMAGE, IMAGE),
        (IMAGE + 5e-5, IMAGE),
        (IMAGE.astype("float32"), IMAGE),
        (IMAGE.astype("uint8"), IMAGE),
        (Tensor(IMAGE), IMAGE),
        (1e6 * IMAGE + 50, 1e6 * IMAGE),
        (np.zeros((0, 3)), np.zeros((0, 3))),
        (np.float32(2.0), 2),
        (2, 2.0),
        (np.array(2.0), 2.0),
        (IMAGE > 2, (IMAGE > 2).astype(float)),
    ],
)
def test_close_holds(received: Any, expected: Any) -> None:
    """The same numbers are close in any dtype, up to rounding relative to the largest."""
    expect.close(received, expected)


@pytest.mark.parametrize(
    ("received", "expected", "message"),
    [
        (None, IMAGE, NOTHING),
        (None, 1.0, NOTHING),
        (
            [[0.0, 1.0, 2.0], [3.0, 4.0, 5.0]],
            IMAGE,
            "A NumPy array is expected. Received: a list. Wrap it in `np.array(…)`.",
        ),
        ((1, 2), IMAGE, "A NumPy array is expected. Received: a tuple. Wrap it in `np.array(…)`."),
        ("0", 0.0, "Numbers are expected. Received: a value of type str."),
        ({}, IMAGE, "Numbers are expected. Received: a value of type dict."),
        (len, IMAGE, "Numbers are expected. Received: a function."),
        (..., 0.0, "Numbers are expected. Received: a value of type ellipsis."),
        ([[1], [2, 3]], 1.0, "Numbers are expected. Received: a value of type list."),
        ([1.0], 1.0, "Numbers are expected. Received: a value of type list."),
        ((1.0,), 1.0, "Numbers are expected. Received: a value of type tuple."),
        (
            IMAGE + 0j,
            IMAGE,
            "Real numbers are expected. Received: complex ones. Take their real part.",
        ),
        (0.0, IMAGE * 0, "An array of shape (2, 3) is expected. Received: a single number."),
        (IMAGE, 0.0, "A single number is expected. Received: an array of shape (2, 3)."),
        (np.array([0.0]), 0.0, "A single number is expected. Received: an array of shape (1,)."),
        (np.zeros((0, 3)), IMAGE, "The shape should be (2, 3). Received: (0, 3)."),
        (IMAGE[:1] * 0, IMAGE * 0, "The shape should be (2, 3). Received: (1, 3)."),
        (IMAGE.ravel(), IMAGE, "The shape should be (2, 3). Received: (6,)."),
        (IMAGE[None], IMAGE, "The shape should be (2, 3). Received: (1, 2, 3)."),
        (2.001, 2.0, ""),
    ],
)
def test_close_tells_what_came_instead(received: Any, expected: Any, message: str) -> None:
    """Kind and shape are looked at before numbers, so nothing broadcasts."""
    raised = mismatch(expect.close, received, expected)
    assert raised.message == message
    assert raised.received is received
    assert raised.expected is expected


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (7.0, "1 of 6 values differ; the first is at [1, 1]: 4 is expected. Received: 7."),
        (np.nan, "At [1, 1] stands nan: every value must be a finite number."),
        (-np.inf, "At [1, 1] stands -inf: every value must be a finite number."),
    ],
)
def test_close_points_at_the_first_difference(wrong: float, message: str) -> None:
    """A wrong number, NaN or infinity is told with its index, which is where to look."""
    received = IMAGE.copy()
    received[1, 1] = wrong
    raised = mismatch(expect.close, received, IMAGE)
    assert (raised.message, raised.where) == (message, (1, 1))


def test_close_names_a_lone_number_that_is_not_finite() -> None:
    """A single NaN has no index."""
    raised = mismatch(expect.close, np.nan, 1.0)
    assert raised.message == "There stands nan: every value must be a finite number."
    assert raised.where == ()


@pytest.mark.parametrize(
    ("received", "expected"),
    [
        (np.array([255], np.uint8), np.array([-1])),
        (np.array([0], np.uint8), np.array([1], np.uint8)),
        (np.array([2**64 - 1], np.uint64), np.array([-1.0])),
        (np.array([-128], np.int8), np.array([128])),
    ],
)
def test_close_does_not_wrap_round(received: Any, expected: Any) -> None:
    """Numbers of small and unsigned types are compared as the numbers they stand for."""
    assert mismatch(expect.close, received, expected).where == (0,)


def test_close_keeps_to_its_tolerance() -> None:
    """The tolerance is relative to the largest expected number, and at least to 1."""
    expect.close(np.array([1000.0, 0.9]), np.array([1000.0, 0.0]), tolerance=1e-3)
    mismatch(expect.close, np.array([1000.0, 1.1]), np.array([1000.0, 0.0]), tolerance=1e-3)
    mismatch(expect.close, np.array([0.002]), np.array([0.0]), tolerance=1e-3)


def test_shape_holds() -> None:
    """Any numbers of that shape will do, NaN and none at all included."""
    expect.shape(IMAGE, (2, 3))
    expect.shape(IMAGE * np.nan, tuple(np.array([2, 3])))
    expect.shape(np.zeros((0, 3)), (0, 3))
    expect.shape(5, ())


@pytest.mark.parametrize(
    ("received", "message"),
    [
        (None, NOTHING),
        ([[1.0] * 3] * 2, "A NumPy array is expected. Received: a list. Wrap it in `np.array(…)`."),
        (1.0, "An array of shape (2, 3) is expected. Received: a single number."),
        (IMAGE.T, "The shape should be (2, 3). Received: (3, 2)."),
        ("xx", "Numbers are expected. Received: a value of type str."),
    ],
)
def test_shape_tells_what_came_instead(received: Any, message: str) -> None:
    """What is shown as expected is the shape, since no numbers were asked for."""
    raised = mismatch(expect.shape, received, (2, 3))
    assert (raised.message, raised.expected) == (message, "an array of shape (2, 3)")


@pytest.mark.parametrize(
    ("received", "expected"),
    [
        (5, 5),
        (np.int32(5), 5),
        (5, np.int64(5)),
        (True, True),
        (np.True_, True),
        ("same", "same"),
        (None, None),
        ((2, 3), (2, 3)),
        ([2, 3], (2, 3)),
        (np.array([2, 3]), (2, 3)),
        ((np.array([2, 3]), 1), ((2, 3), 1)),
        (np.array(5), 5),
        ((np.int64(2), [3, "a"]), (2, (3, "a"))),
        ((), ()),
    ],
)
def test_equal_holds(received: Any, expected: Any) -> None:
    """Exactly the same holds, with NumPy's whole numbers as numbers and lists as tuples."""
    expect.equal(received, expected)


TEXT = "Text came back, in quotes. Return the value itself."
FLOAT = (
    "The number is a float, and a count, a size or a position is a whole number, an int. "
    "(`/` makes floats of whole numbers, `//` and `int(…)` do not.)"
)


@pytest.mark.parametrize(
    ("received", "expected", "message"),
    [
        (None, 5, NOTHING),
        (5.0, 5, FLOAT),
        (np.float32(5), 5, FLOAT),
        ((2.0, 3), (2, 3), FLOAT),
        (np.array([2.0, 3.0]), (2, 3), FLOAT),
        (5.5, 5, ""),
        (6, 5, ""),
        (True, 1, ""),
        (1, True, ""),
        (1.0, True, ""),
        ("5", 5, TEXT),
        ((), (1, 2), "2 values are expected. Received: 0."),
        ((1, 2, 3), (1, 2), "2 values are expected. Received: 3."),
        ((1, 3), (1, 2), ""),
        (np.array([[1, 2]]), (1, 2), "2 values are expected. Received: an array of shape (1, 2)."),
        (np.zeros(3), (1, 2), "2 values are expected. Received: an array of shape (3,)."),
        (np.zeros(3), 5, "A single value is expected. Received: an array of shape (3,)."),
        ((1, [np.zeros(3)]), (1, (2,)), ""),
        (1, (1,), ""),
        ("ab", ("a", "b"), TEXT),
        (np.zeros(3), None, ""),
        (float("nan"), 5, ""),
    ],
)
def test_equal_tells_what_came_instead(received: Any, expected: Any, message: str) -> None:
    """A float is no whole number, True is not 1, and a number of values is told."""
    raised = mismatch(expect.equal, received, expected)
    assert raised.message == message
    assert raised.received is received


def test_that_holds() -> None:
    """A condition that holds says nothing."""
    expect.that(True, "never read")


def test_that_shows_what_it_was_given() -> None:
    """The student reads the message, with the values only where there are any; None is one."""
    raised = mismatch(expect.that, False, "Too dark.", expected=1, received=None, where=(0,))
    assert (raised.message, raised.expected, raised.received) == ("Too dark.", 1, None)
    assert raised.where == (0,)
    bare = mismatch(expect.that, False, "Too dark.")
    assert (bare.expected, bare.received) == (ABSENT, ABSENT)


NUMBERS = st.sampled_from([5, 1.5, True, (2, 3), IMAGE, np.zeros((0, 3)), -1e308])
EXACT = st.sampled_from([5, True, "same", (2, 3), ("a", (1, 2)), None])


@settings(deadline=None, max_examples=100)
@given(values, NUMBERS, EXACT)
def test_whatever_crosses_is_judged(received: Any, number: Any, exact: Any) -> None:
    """No value that can arrive makes an expectation fail in any way but a Mismatch."""
    with contextlib.suppress(Mismatch):
        expect.close(received, number)
    with contextlib.suppress(Mismatch):
        expect.equal(received, exact)


@pytest.mark.parametrize(
    "received",
    [1e308, 2**2000, [2**2000, 1.0], [Tensor(IMAGE)], [np.zeros(2), None], [[1], [2, [3]]]],
    ids=repr,
)
@pytest.mark.parametrize("expected", [-1e308, -1e308 * np.ones(2), (1, 2), "text"], ids=repr)
def test_the_strangest_values_are_judged(received: Any, expected: Any) -> None:
    """Numbers too large to subtract and lists of everything are wrong, not a fault of the check."""
    mismatch(
        expect.equal if isinstance(expected, tuple | str) else expect.close, received, expected
    )


@pytest.mark.parametrize("expected", [5, (1, 2), "text", True, ((1, 2), 3)], ids=repr)
@pytest.mark.parametrize(
    "received",
    [np.empty((3_000_000, 0)), np.zeros(2**22, np.uint8), [np.zeros(2**22, np.uint8)] * 2],
    ids=["empty", "long", "two"],
)
def test_equal_unfolds_nothing_that_is_too_large(received: Any, expected: Any) -> None:
    """An array that cannot be equal is not made into Python's numbers first."""
    tracemalloc.start()
    try:
        mismatch(expect.equal, received, expected)
        assert tracemalloc.get_traced_memory()[1] < 2**20
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("expected", [(), (2, 3)], ids=repr)
def test_a_list_of_texts_is_never_an_array(expected: tuple[int, ...]) -> None:
    """One long text among many is refused before each gets the room of the longest."""
    texts = ["x" * 1_000_000] + [""] * 150_000
    tracemalloc.start()
    try:
        mismatch(expect.shape, texts, expected)
        assert tracemalloc.get_traced_memory()[1] < 2**20
    finally:
        tracemalloc.stop()


def test_none_can_be_an_answer_like_any_other() -> None:
    """Where None means "never", it is compared and not taken for a forgotten `return`."""
    expect.equal(None, None, or_none=True)
    raised = mismatch(expect.equal, None, 3, or_none=True)
    assert (raised.message, raised.expected, raised.received) == ("", 3, None)
    assert mismatch(expect.equal, 3, None, or_none=True).received == 3
