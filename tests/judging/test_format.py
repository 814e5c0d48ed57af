"""Values are shown as people read them: short, and for arrays with the numbers of a picture."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings

from grader.crossing.values import Functions, RemoteFunction, Tensor
from grader.errors import Words
from grader.judging.format import call_text, format_value
from grader.results import Shown, ShownArray
from tests.crossing.test_values import values

borrowed = RemoteFunction(Functions(lambda *_: None), 1, "double")


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "None"),
        (True, "True"),
        (3, "3"),
        (1 / 3, "0.333333"),
        (760.0, "760.0"),
        (Words("an array"), "an array"),
        (np.float32(1 / 3), "0.333333"),
        (np.int8(3), "3"),
        (float("nan"), "nan"),
        ("it's", '"it\'s"'),
        ((1, "a"), "(1, 'a')"),
        ([1.5, None], "[1.5, None]"),
        ({"a": 1}, "{'a': 1}"),
        ([(), [], {}, (1,), {2: (), "b": [3]}], "[(), [], {}, (1,), {2: (), 'b': [3]}]"),
        ([np.zeros((9, 9))], "[array of shape 9×9, float64]"),
        ([np.arange(2)], "[array([0, 1])]"),
        ([np.random.default_rng()], "[a random generator]"),
        (np.array(2.0), "2."),
        (np.zeros((0, 3)), "[]"),
        (borrowed, "double"),
        (len, "len"),
        (np.random.default_rng(), "a random generator"),
        (..., "Ellipsis"),
        ([np.float64(0.5), np.int64(2)], "[0.5, 2]"),
        (Tensor(np.array(2.0)), "2."),
    ],
    ids=lambda value: type(value).__name__,
)
def test_plain_values_are_text(value: Any, text: str) -> None:
    """What is no array with numbers in it is shown as text only, NumPy's numbers as numbers."""
    assert format_value(value) == Shown(text=text)


def test_a_tensor_inside_a_list_reads_as_its_numbers() -> None:
    """No class of ours is shown to a student."""
    assert "Tensor" not in format_value([Tensor(np.arange(2))]).text


def test_long_text_is_cut() -> None:
    """A text of a million characters does not fill a page."""
    assert format_value("x" * 10**6).text == "'" + "x" * 999 + "…"
    assert len(format_value(list(range(10**5))).text) == 1001


def test_a_small_array_is_text_and_numbers() -> None:
    """Up to 64 numbers stand in the text; the window holds them all."""
    result = format_value(np.array([[1, 2.5], [np.nan, -np.inf]], np.float32))
    assert result.text == "[[ 1.   2.5]\n [ nan -inf]]"
    rows = ((1.0, 2.5), (None, None))
    assert result.array == ShownArray(shape=(2, 2), dtype="float32", values=rows)


def test_a_large_array_is_named_by_its_shape() -> None:
    """More than 64 numbers are not written out."""
    assert format_value(np.zeros((9, 9))).text == "array of shape 9×9, float64"


@pytest.mark.parametrize(
    ("where", "origin"),
    [(None, (0, 0)), ((0, 0), (0, 0)), ((50, 20), (36, 6)), ((99, 59), (72, 32))],
)
def test_the_window_stands_around_the_difference(
    where: tuple[int, ...] | None, origin: tuple[int, int]
) -> None:
    """Of a large array 28×28 numbers are kept, those around the first difference."""
    array = np.arange(6000.0).reshape(100, 60)
    window = format_value(array, where).array
    assert window is not None
    assert window.origin == origin
    row, column = origin
    assert np.array_equal(np.array(window.values), array[row : row + 28, column : column + 28])


@pytest.mark.parametrize(
    ("shape", "where", "plane", "values_of"),
    [
        ((5,), (3,), "", lambda a: a[None]),
        ((2, 3, 4), (1, 2, 3), "[:, :, 3]", lambda a: a[:, :, 3]),
        ((2, 3, 4, 5), (1, 2, 3, 4), "[1, :, :, 4]", lambda a: a[1, :, :, 4]),
        ((2, 3, 4), None, "[:, :, 0]", lambda a: a[:, :, 0]),
        ((2, 3, 4), (1, 1), "[:, :, 0]", lambda a: a[:, :, 0]),
        ((2, 3, 4), (9, 9, 9), "[:, :, 0]", lambda a: a[:, :, 0]),
    ],
)
def test_a_plane_is_shown_of_what_has_more_axes(
    shape: tuple[int, ...],
    where: tuple[int, ...] | None,
    plane: str,
    values_of: Callable[[Any], Any],
) -> None:
    """Images are (H, W, C) and batches (N, H, W, C): the plane that holds the difference is kept.

    An index that is not in the array, as that of another array may be, points nowhere.
    """
    array = np.arange(np.prod(shape)).reshape(shape)
    window = format_value(array, where).array
    assert window is not None
    assert window.plane == plane
    assert np.array_equal(np.array(window.values), values_of(array))


@settings(deadline=None, max_examples=60)
@given(values)
def test_whatever_crosses_can_be_shown(value: Any) -> None:
    """Any value of a student's has a short text and can be written to JSON."""
    result = format_value(value, (0, 0))
    assert len(result.text) <= 5000
    assert Shown.model_validate_json(result.model_dump_json()) == result


def test_a_call_reads_as_it_is_typed() -> None:
    """Small arguments stand in the call, arrays are given by the name of their parameter."""
    image = np.zeros((2, 3))
    text, given_values = call_text("pool", ["image", "size"], (image, 2), {"mode": "max"})
    assert text == "pool(image, 2, mode='max')"
    assert [(value.name, value.value.text) for value in given_values] == [
        ("image", "[[0. 0. 0.]\n [0. 0. 0.]]")
    ]


def test_arrays_without_a_name_are_numbered() -> None:
    """Where the function names no parameter, its arrays are told by their place."""
    text, given_values = call_text("f", ["a"], (np.ones(1), np.ones(2)), {"b": np.ones(3)})
    assert text == "f(a, array 2, b=b)"
    assert [value.name for value in given_values] == ["a", "array 2", "b"]


def test_too_many_parameters_are_no_harm() -> None:
    """Parameters with defaults that were not given do not stand in the call."""
    assert call_text("f", ["a", "b", "c"], (1,), {}) == ("f(1)", ())


@pytest.mark.parametrize(
    "value",
    [
        [np.zeros((7,) * 7, np.uint8)] * 1000,
        [np.zeros(1000)] * 100_000,
        ["x" * 1_000_000] * 100_000,
        [[]] * 200_000,
        {"a": ["x" * 1_000_000] * 1000},
    ],
    ids=["sides", "arrays", "texts", "parts", "dict"],
)
def test_no_more_is_written_than_is_shown(value: Any) -> None:
    """A value of any size has its short text at once: the rest of it is not looked at."""
    tracemalloc.start()
    try:
        assert len(format_value(value).text) == 1001
        assert tracemalloc.get_traced_memory()[1] < 2**20
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(
    ("name", "shape", "plane"),
    [
        ("images", (2, 5, 4, 3), "[0, :, :, 0]"),
        ("kernels", (3, 3, 2, 4), "[:, :, 0, 0]"),
        ("kernel", (1, 1, 3, 4), "[0, 0, :, :]"),
        ("image", (5, 4, 3), "[:, :, 0]"),
    ],
)
def test_the_plane_of_a_kernel_is_its_window(name: str, shape: tuple[int, ...], plane: str) -> None:
    """Of images one picture is shown, of a layer's kernel one slice of one filter."""
    _, (given,) = call_text("layer", [name], (np.zeros(shape),), {})
    assert given.value.array is not None
    assert given.value.array.plane == plane
