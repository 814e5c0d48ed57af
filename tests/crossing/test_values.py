"""What crosses the codec comes out as it went in; what may not cross is told what to do instead."""

from __future__ import annotations

import json
import random
import re
from collections import deque
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.typing import NDArray
from scipy import sparse

from grader.crossing.values import CAPS, Functions, RemoteFunction, Tensor, pack, unpack
from grader.errors import Untransferable

DTYPES = ["?", "c8", "c16", "f2", "f4", "f8"] + [f"{s}{n}" for s in "iu" for n in (1, 2, 4, 8)]
BIT_GENERATORS = ["PCG64", "PCG64DXSM", "MT19937", "Philox", "SFC64"]

whole_numbers = st.integers(-(2**1000), 2**1000)
keys = st.recursive(
    st.none() | st.booleans() | whole_numbers | st.text(),
    lambda inner: st.lists(inner, max_size=3).map(tuple),
    max_leaves=3,
)
arrays = hnp.arrays(st.sampled_from(DTYPES).map(np.dtype), hnp.array_shapes(min_dims=0, min_side=0))
leaves = st.none() | st.booleans() | whole_numbers | st.floats() | st.text() | st.just(...) | arrays
values = st.recursive(
    leaves,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.lists(inner, max_size=4).map(tuple)
        | st.dictionaries(keys, inner, max_size=4)
    ),
    max_leaves=12,
)


def there_and_back(value: Any) -> Any:
    """`value` as the other side gets it."""
    return unpack(pack(value))


def alike(one: Any, other: Any) -> bool:
    """Whether two values are the same in kind, dtype, shape and every bit; NaN is like NaN."""
    if type(one) is not type(other):
        return False
    if isinstance(one, np.ndarray | np.generic):
        return one.dtype == other.dtype and np.array_equal(
            one, other, equal_nan=one.dtype.kind in "fc"
        )
    if isinstance(one, tuple | list):
        return len(one) == len(other) and all(map(alike, one, other))
    if isinstance(one, dict):
        return alike(list(one), list(other)) and alike(list(one.values()), list(other.values()))
    return bool(one == other or (one != one and other != other))


@settings(deadline=None, max_examples=60)
@given(values)
def test_what_crosses_comes_out_as_it_went_in(value: Any) -> None:
    """Any tree of plain values and arrays is the same on the other side."""
    assert alike(there_and_back(value), value)


@settings(deadline=None, max_examples=60)
@given(values)
def test_packing_is_the_same_every_time(value: Any) -> None:
    """The same value gives the same packet, so that packets can be compared."""
    assert pack(value) == pack(value)


@pytest.mark.parametrize("dtype", DTYPES)
def test_byte_order_does_not_matter(dtype: str) -> None:
    """A big-endian array arrives with the same numbers in this machine's order."""
    array = np.arange(6).astype(np.dtype(dtype).newbyteorder(">"))
    crossed = there_and_back(array)
    assert crossed.dtype == np.dtype(dtype)
    assert np.array_equal(crossed, array)


@pytest.mark.parametrize("view", [np.s_[::-1], np.s_[:, 1:3], np.s_[:, :, ::2], np.s_[0]])
def test_views_cross(view: Any) -> None:
    """A part of an array, however it lies in memory, arrives as the array it shows."""
    array = np.arange(60.0).reshape(3, 4, 5)
    for shown in (array[view], array.T, np.asfortranarray(array), np.broadcast_to(1.0, (2, 3))):
        assert alike(there_and_back(shown), np.ascontiguousarray(shown))


def test_an_array_arrives_as_its_own_copy() -> None:
    """What arrives can be written to, and what was sent does not change with it."""
    sent = np.zeros(3)
    there_and_back(sent)[:] = 1
    assert not sent.any()


@pytest.mark.parametrize("dtype", DTYPES)
def test_numpy_scalars_stay_scalars(dtype: str) -> None:
    """A NumPy scalar keeps its type; it becomes neither an array nor a Python number."""
    assert alike(there_and_back(np.dtype(dtype).type(1)), np.dtype(dtype).type(1))


def test_a_zero_dimensional_array_is_no_scalar() -> None:
    """`np.array(5)` arrives as the array of shape () that it is."""
    crossed = there_and_back(np.array(5))
    assert isinstance(crossed, np.ndarray)
    assert crossed.shape == ()


@pytest.mark.parametrize("name", BIT_GENERATORS)
def test_a_generator_goes_on_where_it_was(name: str) -> None:
    """A random generator draws the same numbers after crossing as it would have before."""
    rng = np.random.Generator(getattr(np.random, name)(7))
    rng.integers(10, size=3, dtype=np.int32)
    crossed = there_and_back(rng)
    assert np.array_equal(crossed.integers(2**31, size=700), rng.integers(2**31, size=700))


def test_a_tensor_arrives_as_a_tensor() -> None:
    """Numbers of a tensor are told from those of an array, and become what this side says."""
    packet = pack(Tensor(np.arange(3)))
    assert isinstance(unpack(packet), Tensor)
    made = unpack(packet, make_tensor=lambda numbers: ("tensor", numbers.tolist()))
    assert made == ("tensor", [0, 1, 2])


@pytest.mark.parametrize("key", [np.int64(1), np.float32(0.5), (np.uint8(1), "a")])
def test_counts_by_numpy_number_cross(key: Any) -> None:
    """A dict keyed by NumPy's numbers, as `np.unique` gives them, is found by the same key."""
    assert there_and_back({key: "found"})[key] == "found"


@pytest.mark.parametrize("levels", range(15, 26))
def test_what_can_be_packed_can_be_unpacked(levels: int) -> None:
    """Depth is counted the same on both sides, so no honest value is refused on arrival."""
    value: Any = np.random.default_rng(1)
    for _ in range(levels):
        value = [value]
    try:
        packet = pack(value)
    except Untransferable:
        return
    unpack(packet)


def deep(levels: int) -> list[Any]:
    """A list in a list in a list."""
    value: list[Any] = []
    for _ in range(levels):
        value = [value]
    return value


def cyclic() -> list[Any]:
    """A list that holds itself."""
    value: list[Any] = []
    value.append(value)
    return value


ragged: NDArray[Any] = np.array([[1, 2], [3]], dtype=object)


@pytest.mark.parametrize(
    ("value", "sentence"),
    [
        (ragged, "An array holds numbers. Received: an array of dtype object."),
        (np.array(["a"]), "An array holds numbers. Received: an array of dtype <U1."),
        (np.array([1], "M8[s]"), "An array holds numbers."),
        (
            np.zeros(2, np.longdouble),
            "An array holds numbers. Received: an array of dtype float128",
        ),
        (
            {1, 2},
            "Received: an object of type set. Return a list in a fixed order, `sorted(",
        ),
        (b"bytes", "Received: an object of type bytes."),
        (1j, "Received: an object of type complex."),
        (int, "Received: an object of type type."),
        (len, "Received: an object of type builtin_function_or_method."),
        (object(), "Received: an object of type object."),
        (2**1024, "A whole number may have 1024 bits."),
        ("x" * 1_000_001, "A text may have 1000000 characters."),
        (deep(30), "The value is nested too deeply or has too many parts."),
        (cyclic(), "The value is nested too deeply or has too many parts."),
        ([None] * 200_001, "has too many parts. Return an array instead."),
        (random.Random(1), "Use NumPy's random generator, `numpy.random.default_rng(…)`."),
        (np.broadcast_to(0.0, (2**14, 2**14)), "The arrays of a value may take 256 MiB."),
        (np.empty((3_000_000, 0)), "An array without numbers has too many rows."),
        ([np.empty((150_000, 0))] * 2, "An array without numbers has too many rows."),
        (np.broadcast_to(0.0, (2**31, 0)), "An array has at most 16 sides, each below 2147483648."),
        (np.zeros((1,) * 17), "An array has at most 16 sides"),
        (dict.fromkeys(range(1001)), "A dict may have 1000 entries. Received: 1001."),
        (["x" * 1_000_000] * 200_000, "The texts of a value may have 33554432 characters."),
        ([2**1023] * 190_000, "A value's structure may take 33554432 characters."),
    ],
    ids=lambda value: type(value).__name__,
)
def test_a_refusal_says_what_may_cross(value: Any, sentence: str) -> None:
    """What may not cross is refused before it is copied, with a sentence that helps."""
    with pytest.raises(Untransferable) as refusal:
        pack(value)
    assert sentence in str(refusal.value)


def test_the_largest_values_cross() -> None:
    """What is exactly as large as a cap allows crosses."""
    largest: list[Any] = [2**CAPS.integer_bits - 1, "x" * CAPS.text, deep(CAPS.depth - 1)]
    for value in [*largest, dict.fromkeys(range(CAPS.entries)), ["[,{"] * (CAPS.nodes - 1)]:
        assert there_and_back(value) == value


class Doubled(np.ndarray[Any, Any]):
    """An array of one's own, which may compute as it likes."""


@pytest.mark.parametrize(
    "array",
    [
        np.matrix([[1, 2], [3, 4]]),
        np.arange(2.0).view(np.recarray),
    ],
)
def test_other_arrays_of_numpy_arrive_as_the_numbers_they_hold(array: Any) -> None:
    """A matrix or a record array of plain numbers is an ordinary array for whoever judges it."""
    assert alike(there_and_back(array), np.asarray(array))


@pytest.mark.parametrize(
    ("value", "sentence"),
    [
        (np.ma.masked_array([1.0, 2.0], [True, False]), "a masked array. Return an ordinary one"),
        ([np.ma.masked_array([1.0])], "`value.filled(0)`"),
        (np.ma.masked, "a masked array"),
        (np.zeros(2).view(Doubled), "of the class Doubled. Return its numbers, `np.asarray("),
        (np.zeros(2, dtype=[("x", "f8")]), 'one field, such as `value["x"]`'),
        (np.zeros(2, dtype=np.longdouble), 'Return ordinary ones, `value.astype("float64")`'),
        (np.array([[1], [1, 2]], dtype=object), "its rows have different lengths"),
        (np.array(["2026-11-30"], "datetime64[D]"), "numbers that you need of its times"),
        (sparse.csr_matrix(np.eye(2)), "of type csr_matrix. Return all its numbers, `value.toarr"),
        (sparse.coo_array(np.eye(2)), "`value.toarray()`"),
        (range(3), "of type range. Return a list, `list(value)`."),
        ((x for x in "ab"), "`list(value)`"),
        (deque([1]), "`list(value)`"),
        ({1: 2}.values(), "`list(value)`"),
        (Fraction(1, 2), "`float(value)`"),
        (1 + 2j, "`value.real`"),
        (object(), "Return one of those instead."),
    ],
)
def test_what_is_no_plain_value_is_told_what_to_return(value: Any, sentence: str) -> None:
    """A masked array, or numbers in a foreign container, are refused with the way out."""
    with pytest.raises(Untransferable) as refused:
        pack(value)
    assert sentence in str(refused.value)


@pytest.mark.parametrize("name", ["Series", "DataFrame"])
def test_tables_are_known_without_being_loaded(name: str) -> None:
    """What pandas holds is refused by the name of its class, which Python tells."""
    table = type(name, (), {"__module__": "pandas.core.frame"})()
    with pytest.raises(Untransferable, match=re.escape("its numbers, `value.to_numpy()`")):
        pack(table)


def test_texts_and_numbers_lose_their_subclass() -> None:
    """A subclass of a plain type, which could override anything, arrives as the plain type."""

    class Always(int):
        def __eq__(self, other: object) -> bool:
            return True

        __hash__ = int.__hash__

    assert alike(there_and_back(Always(3)), 3)


class Side:
    """One of two sides, whose calls of borrowed functions the other side answers."""

    def __init__(self) -> None:
        self.functions = Functions(self.call)
        self.other = self

    def call(self, function: RemoteFunction, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Have the owner of `function` call it."""
        return self.other.functions.lent(function.number)(*args, **kwargs)

    def give(self, value: Any) -> Any:
        """`value` as the other side gets it."""
        return unpack(pack(value, self.functions), self.other.functions)


@pytest.fixture
def sides() -> tuple[Side, Side]:
    """Two sides that know each other."""
    one, other = Side(), Side()
    one.other, other.other = other, one
    return one, other


def test_a_lent_function_is_called_by_its_owner(sides: tuple[Side, Side]) -> None:
    """A function arrives as one that asks its owner, under the name it had."""
    borrowed = sides[0].give({"f": divmod})["f"]
    assert isinstance(borrowed, RemoteFunction)
    assert (repr(borrowed), borrowed(7, 2)) == ("<function divmod>", (3, 1))


def test_a_function_comes_home_as_itself(sides: tuple[Side, Side]) -> None:
    """A borrowed function that goes back to its owner is the very function there."""
    one, other = sides
    assert other.give(one.give(divmod)) is divmod


def test_a_released_function_cannot_be_called(sides: tuple[Side, Side]) -> None:
    """Once released, a function is refused, and its number is not given to another one."""
    one, _ = sides
    first = one.give(divmod)
    one.functions.release()
    one.give(print)
    with pytest.raises(Untransferable, match="only during the check that received it"):
        first(7, 2)


def test_functions_cross_only_where_they_may(sides: tuple[Side, Side]) -> None:
    """Where no functions are lent, one is refused when sent and when received."""
    with pytest.raises(Untransferable, match="Received: an object of type function"):
        pack(deep)
    with pytest.raises(Untransferable, match="A function cannot be returned here"):
        unpack(pack(deep, sides[0].functions))


def test_a_packet_is_plain_json() -> None:
    """The tree of a packet is JSON, and the bytes of arrays stand beside it in order."""
    packet = pack((np.uint8(1), [np.zeros(2, np.uint8)]))
    array = ["array", "numpy", "uint8", [2], 1]
    scalar = ["array", "scalar", "uint8", [], 0]
    assert json.loads(packet.tree) == ["tuple", [scalar, ["list", [array]]]]
    assert packet.buffers == (b"\x01", b"\x00\x00")


def test_an_empty_batch_crosses() -> None:
    """An array without numbers keeps its shape, as long as it has a moderate one."""
    assert there_and_back(np.zeros((0, 224, 224, 3), np.uint8)).shape == (0, 224, 224, 3)
