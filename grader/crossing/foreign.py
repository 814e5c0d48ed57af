"""What is no plain value, though it holds numbers or texts: how to return those instead."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from grader.errors import Untransferable

# Arrays of these kinds hold their own numbers, all of them, as an ordinary array does.
_PLAIN_ARRAYS = (np.ndarray, np.matrix, np.memmap, np.recarray)

# By where the class is defined, up to its package, and by its name; the classes it is made of, too.
_INSTEAD = {
    "builtins.bytes": "a text, `value.decode()`, or `np.frombuffer(value, np.uint8)`",
    "builtins.bytearray": "an array, `np.frombuffer(value, np.uint8)`",
    "builtins.complex": "its real part, `value.real`, or a NumPy number, `np.complex128(value)`",
    "builtins.dict_items": "a list, `list(value)`",
    "builtins.dict_keys": "a list, `list(value)`",
    "builtins.dict_values": "a list, `list(value)`",
    "builtins.enumerate": "a list, `list(value)`",
    "builtins.filter": "a list, `list(value)`",
    "builtins.frozenset": "a list in a fixed order, `sorted(value)`",
    "builtins.generator": "a list, `list(value)`",
    "builtins.map": "a list, `list(value)`",
    "builtins.memoryview": "an array, `np.asarray(value)`",
    "builtins.range": "a list, `list(value)`",
    "builtins.reversed": "a list, `list(value)`",
    "builtins.set": "a list in a fixed order, `sorted(value)`",
    "builtins.zip": "a list, `list(value)`",
    "array.array": "an array of NumPy, `np.array(value)`",
    "collections.deque": "a list, `list(value)`",
    "decimal.Decimal": "a float, `float(value)`",
    "fractions.Fraction": "a float, `float(value)`",
    "itertools.chain": "a list, `list(value)`",
    "jax.Array": "an array of NumPy, `np.asarray(value)`",
    "jaxlib.ArrayImpl": "an array of NumPy, `np.asarray(value)`",
    "pandas.DataFrame": "its numbers, `value.to_numpy()`",
    "pandas.Index": "its numbers, `value.to_numpy()`",
    "pandas.Series": "its numbers, `value.to_numpy()`",
    "pandas.ExtensionArray": "its numbers, `value.to_numpy()`",
    "PIL.Image": "its pixels, `np.asarray(value)`",
    "polars.DataFrame": "its numbers, `value.to_numpy()`",
    "polars.Series": "its numbers, `value.to_numpy()`",
    "scipy._spbase": "all its numbers, `value.toarray()`",
    "torch.Tensor": "an array of NumPy, `value.detach().numpy()`",
    "xarray.DataArray": "its numbers, `value.to_numpy()`",
}


def refusal(value: Any) -> Untransferable:
    """What to say of an object that may not cross: what it is, and what to return instead."""
    instead = next(
        (_INSTEAD[name] for name in map(_full_name, type(value).__mro__) if name in _INSTEAD),
        "one of those instead",
    )
    return Untransferable(
        f"Numbers, texts, tuples, lists, dicts and NumPy arrays can be checked. "
        f"Received: an object of type {type(value).__name__[:80]}. Return {instead}."
    )


def _full_name(kind: type) -> str:
    return f"{str(kind.__module__).partition('.')[0]}.{kind.__name__}"


def plain_array(array: NDArray[Any]) -> NDArray[Any]:
    """The numbers of an array of NumPy's, if they are all there is to it.

    Raises Untransferable for a masked array, whose masked numbers do not count, and for a class of
    arrays of one's own, which may compute with its numbers as it likes.
    """
    if isinstance(array, np.ma.MaskedArray):
        raise Untransferable(
            "An array is judged by all of its numbers, so none may be masked. Received: a masked "
            "array. Return an ordinary one: `value.filled(0)`, with the number that belongs there."
        )
    if type(array) not in _PLAIN_ARRAYS:
        raise Untransferable(
            f"An array is an ordinary one of NumPy's. Received: one of the class "
            f"{type(array).__name__[:80]}. Return its numbers, `np.asarray(value)`."
        )
    return np.asarray(array)


def wrong_numbers(dtype: np.dtype[Any]) -> Untransferable:
    """What to say of an array whose numbers are of a kind that may not cross."""
    instead = "Look whether its rows have different lengths, or something in it is no number."
    if dtype.fields is not None:
        instead = f'Return the numbers of one field, such as `value["{next(iter(dtype.fields))}"]`.'
    elif dtype.kind == "f" or dtype.name.startswith(("bfloat", "float")):
        instead = 'Return ordinary ones, `value.astype("float64")`.'
    elif dtype.kind == "c":
        instead = 'Return ordinary ones, `value.astype("complex128")`.'
    elif dtype.kind in "mM":
        instead = "Return the numbers that you need of its times."
    return Untransferable(f"An array holds numbers. Received: an array of dtype {dtype}. {instead}")
