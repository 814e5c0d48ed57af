"""The codec: what may cross between a kernel, a judge and a notebook.

`pack` turns a value into a Packet, a tagged JSON tree with the raw bytes of its arrays beside it;
`unpack` is the way back. Nothing else ever crosses: no pickle, no `.npy` header, no object of a
class that one side could have written. Both ends use this module, in the student's own notebook
too, so that a check sees the same values everywhere.

A function does not cross. It is *lent*: the other side gets a number for it, and a call goes back
to its owner.
"""

from __future__ import annotations

import itertools
import json
import math
import random
import re
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from grader.crossing.foreign import plain_array, refusal, wrong_numbers
from grader.crossing.networks import describe, revive
from grader.errors import Untransferable


@dataclass(frozen=True)
class Caps:
    """How large a packet may be. Every cap is checked before anything is allocated for it."""

    depth: int = 24
    nodes: int = 200_000
    entries: int = 1000
    sides: int = 16
    array_bytes: int = 256 * 2**20
    text: int = 1_000_000
    tree: int = 32 * 2**20
    integer_bits: int = 1024


CAPS = Caps()

_DTYPES = frozenset(
    ["bool", "complex64", "complex128", "float16", "float32", "float64"]
    + [f"{sign}int{bits}" for sign in ("", "u") for bits in (8, 16, 32, 64)]
)
# A part of a tree is at most this many brackets, commas and strings, on the average.
_MARKS_PER_NODE = 12
_SIDE = 2**31
_BIT_GENERATORS = ("PCG64", "PCG64DXSM", "MT19937", "Philox", "SFC64")


@dataclass(frozen=True)
class Packet:
    """An encoded value: a JSON text, and the bytes of its arrays in the order it names them."""

    tree: str
    buffers: tuple[bytes, ...] = ()


@dataclass(frozen=True, eq=False)
class Tensor:
    """A backend's tensor where no backend is loaded: its numbers, known to have been a tensor."""

    array: NDArray[Any]

    def __array__(self, dtype: Any = None, copy: Any = None) -> NDArray[Any]:
        return np.array(self.array, dtype=dtype, copy=copy)

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of its numbers."""
        return self.array.shape


class RemoteFunction:
    """A function of the other side: calling it asks that side."""

    def __init__(self, functions: Functions, number: int, name: str) -> None:
        self.functions = functions
        self.number = number
        self.__name__ = name

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Ask the function's owner to call it."""
        return self.functions.call(self, args, kwargs)

    def __repr__(self) -> str:
        return f"<function {self.__name__}>"


class Functions:
    """The functions that one side has lent, and the way to call those it has borrowed.

    `call` is called by a RemoteFunction with itself, the arguments and the keyword arguments.
    """

    def __init__(
        self, call: Callable[[RemoteFunction, tuple[Any, ...], dict[str, Any]], Any]
    ) -> None:
        self.call = call
        self._lent: dict[int, Callable[..., Any]] = {}
        self._next = 0

    def lend(self, function: Callable[..., Any]) -> int:
        """The number by which the other side may call `function` until `release`."""
        self._next += 1
        self._lent[self._next] = function
        return self._next

    def lent(self, number: int) -> Callable[..., Any]:
        """The function lent under `number`; Untransferable if it was released or never lent."""
        if number not in self._lent:
            raise Untransferable("A function can be called only during the check that received it.")
        return self._lent[number]

    def release(self) -> None:
        """Take back everything lent."""
        self._lent.clear()


def pack(value: Any, functions: Functions | None = None) -> Packet:
    """Encode `value`; without `functions`, functions are refused.

    Raises Untransferable with a sentence that says what to return instead.
    """
    packer = _Packer(functions)
    tree = json.dumps(packer.tree(value, 0), separators=(",", ":"))
    _ensure_size(tree)
    return Packet(tree, tuple(packer.buffers))


def unpack(
    packet: Packet,
    functions: Functions | None = None,
    *,
    make_tensor: Callable[[NDArray[Any]], Any] = Tensor,
) -> Any:
    """Decode a packet, which may come from anyone: whatever is not exactly right is Untransferable.

    `make_tensor` turns the numbers of a tensor into what this side calls one.
    """
    _ensure_size(packet.tree)
    if sum(map(len, packet.buffers)) > CAPS.array_bytes:
        raise Untransferable(f"The arrays of a value may take {CAPS.array_bytes // 2**20} MiB.")
    try:
        tree = json.loads(packet.tree)
    except (ValueError, RecursionError) as error:
        raise Untransferable("What came back is not a packet of values.") from error
    return _Unpacker(packet.buffers, functions, make_tensor).value(tree, 0)


# A bracket, a comma or a string of JSON, closed or not: read in one pass, whatever it holds.
_MARK = re.compile(r'[\[{,]|"[^"\\]*+(?:\\.[^"\\]*+)*+"?', re.DOTALL)


def has_more_marks(text: str, limit: int) -> bool:
    """Whether a JSON text has more than `limit` brackets, commas and strings.

    What parsing it allocates is in proportion to them and to its length.
    """
    if sum(map(text.count, '[{,"')) <= limit:  # inside strings, too: much sooner known
        return False
    return next(itertools.islice(_MARK.finditer(text), limit, None), None) is not None


def _ensure_size(tree: str) -> None:
    if len(tree) > CAPS.tree:
        raise Untransferable(f"A value's structure may take {CAPS.tree} characters.")
    if has_more_marks(tree, _MARKS_PER_NODE * CAPS.nodes):
        raise Untransferable("The value has too many parts. Return an array instead.")


def _ensure_shape(shape: Sequence[int], nodes: int) -> int:
    """The parts that an array of this shape counts for; Untransferable if it is none to hold.

    An array without numbers takes no bytes, but has rows to be walked through: each is a part.
    """
    if len(shape) > CAPS.sides or any(size >= _SIDE for size in shape):
        raise Untransferable(
            f"An array has at most {CAPS.sides} sides, each below {_SIDE}. Return a smaller one."
        )
    parts = math.prod(max(1, size) for size in shape) if 0 in shape else 0
    if nodes + parts > CAPS.nodes:
        raise Untransferable("An array without numbers has too many rows. Return a smaller one.")
    return parts


def _ensure_entries(count: int) -> None:
    # Keys may be chosen to collide, and a dict of such keys takes time with their square.
    if count > CAPS.entries:
        raise Untransferable(
            f"A dict may have {CAPS.entries} entries. Received: {count}. Return an array instead."
        )


class _Packer:
    def __init__(self, functions: Functions | None) -> None:
        self.functions = functions
        self.buffers: list[bytes] = []
        self.nodes = 0
        self.bytes = 0
        self.characters = 0

    def tree(self, value: Any, depth: int) -> Any:
        self.nodes += 1
        if depth > CAPS.depth or self.nodes > CAPS.nodes:
            raise Untransferable(
                "The value is nested too deeply or has too many parts. Return an array instead."
            )
        if value is None or isinstance(value, bool):
            return value
        if isinstance(value, float) and not isinstance(value, np.generic):
            return float(value)
        if isinstance(value, int):
            return self._integer(int(value))
        if isinstance(value, str):
            return self._text(str(value))
        if value is Ellipsis:
            return ["placeholder"]
        if isinstance(value, tuple | list):
            kind = "tuple" if isinstance(value, tuple) else "list"
            return [kind, [self.tree(item, depth + 1) for item in value]]
        if isinstance(value, dict):
            _ensure_entries(len(value))
            return ["dict", [self._entry(key, item, depth) for key, item in value.items()]]
        return self._object(value, depth)

    def _integer(self, value: int) -> int:
        if value.bit_length() > CAPS.integer_bits:
            raise Untransferable(f"A whole number may have {CAPS.integer_bits} bits.")
        return value

    def _text(self, value: str) -> str:
        if len(value) > CAPS.text:
            raise Untransferable(f"A text may have {CAPS.text} characters.")
        self.characters += len(value)
        if self.characters > CAPS.tree:  # one text that stands in many places is written in each
            raise Untransferable(f"The texts of a value may have {CAPS.tree} characters.")
        return value

    def _entry(self, key: Any, item: Any, depth: int) -> list[Any]:
        return [self.tree(key, depth + 1), self.tree(item, depth + 1)]

    def _object(self, value: Any, depth: int) -> Any:
        if isinstance(value, np.generic):
            return self._array("scalar", np.asarray(value))
        if isinstance(value, np.ndarray):
            return self._array("numpy", plain_array(value))
        if isinstance(value, Tensor):
            return self._array("tensor", value.array)
        if isinstance(value, np.random.Generator):
            state = value.bit_generator.state
            name = type(value.bit_generator).__name__
            return ["generator", name, self.tree(dict(state), depth + 1)]
        if isinstance(value, random.Random):
            raise Untransferable("Use NumPy's random generator, `numpy.random.default_rng(…)`.")
        tensor = _tensor_numbers(value)
        if tensor is not None:
            return self._array("tensor", tensor)
        described = describe(value)
        if described is not None:
            kind, description = described
            return ["keras", kind, self.tree(description, depth + 1)]
        return self._function_or_refusal(value)

    def _function_or_refusal(self, value: Any) -> Any:
        if isinstance(value, RemoteFunction):
            return ["function", "yours", value.number, value.__name__]
        if callable(value) and not isinstance(value, type) and self.functions is not None:
            name = self._text(str(getattr(value, "__name__", type(value).__name__)))
            return ["function", "mine", self.functions.lend(value), name]
        raise refusal(value)

    def _array(self, kind: str, array: NDArray[Any]) -> Any:
        name = array.dtype.name
        if name not in _DTYPES:
            raise wrong_numbers(array.dtype)
        self.nodes += _ensure_shape(array.shape, self.nodes)
        self.bytes += array.nbytes
        if self.bytes > CAPS.array_bytes:
            raise Untransferable(
                f"The arrays of a value may take {CAPS.array_bytes // 2**20} MiB. Return less."
            )
        little = array.astype(array.dtype.newbyteorder("<"), copy=False)
        self.buffers.append(little.tobytes(order="C"))
        return ["array", kind, name, list(array.shape), len(self.buffers) - 1]


class _Unpacker:
    def __init__(
        self,
        buffers: tuple[bytes, ...],
        functions: Functions | None,
        make_tensor: Callable[[NDArray[Any]], Any],
    ) -> None:
        self.buffers = buffers
        self.functions = functions
        self.make_tensor = make_tensor
        self.nodes = 0
        self.used = 0

    def value(self, tree: Any, depth: int) -> Any:
        self.nodes += 1
        if depth > CAPS.depth or self.nodes > CAPS.nodes:
            raise Untransferable("The value is nested too deeply or has too many parts.")
        if tree is None or isinstance(tree, bool | float):
            return tree
        if isinstance(tree, int):
            if tree.bit_length() > CAPS.integer_bits:
                raise Untransferable(f"A whole number may have {CAPS.integer_bits} bits.")
            return tree
        if isinstance(tree, str):
            return _valid_text(tree)
        match tree:
            case ["placeholder"]:
                return Ellipsis
            case ["tuple", [*items]]:
                return tuple(self.value(item, depth + 1) for item in items)
            case ["list", [*items]]:
                return [self.value(item, depth + 1) for item in items]
            case ["dict", [*entries]]:
                _ensure_entries(len(entries))
                return dict(self._entry(entry, depth) for entry in entries)
            case ["array", str(kind), str(dtype), [*shape], int(index)]:
                return self._array(kind, dtype, shape, index)
            case ["generator", str(name), state]:
                return _generator(name, self.value(state, depth + 1))
            case ["keras", str(kind), description]:
                return revive(kind, self.value(description, depth + 1))
            case ["function", str(owner), int(number), str(name)]:
                return self._function(owner, number, name)
        raise Untransferable("What came back is not a packet of values.")

    def _entry(self, entry: Any, depth: int) -> tuple[Any, Any]:
        if not (isinstance(entry, list) and len(entry) == 2):
            raise Untransferable("What came back is not a packet of values.")
        key = self.value(entry[0], depth + 1)
        if not _is_plain_key(key):
            raise Untransferable("The keys of a dict are numbers, texts, or tuples of those.")
        return key, self.value(entry[1], depth + 1)

    def _array(self, kind: str, dtype: str, shape: list[Any], index: int) -> Any:
        sizes_are_whole = all(type(size) is int and size >= 0 for size in shape)
        if dtype not in _DTYPES or not sizes_are_whole:
            raise Untransferable("An array has an allowed dtype and a shape of whole numbers.")
        self.nodes += _ensure_shape(shape, self.nodes)
        # Each buffer once and in order: one named many times would be copied many times.
        if index != self.used or index >= len(self.buffers):
            raise Untransferable("An array's bytes are missing.")
        self.used += 1
        # In Python's whole numbers: a product that overflows would agree.
        if np.dtype(dtype).itemsize * math.prod(shape) != len(self.buffers[index]):
            raise Untransferable("An array's bytes do not agree with its shape.")
        order = np.dtype(dtype).newbyteorder("<")
        flat = np.frombuffer(self.buffers[index], order).astype(dtype)  # a copy, so writable
        try:
            array = flat.reshape(shape)
        except ValueError as error:  # no numbers at all, in a shape that NumPy cannot count
            raise Untransferable("An array's bytes do not agree with its shape.") from error
        match kind:
            case "numpy":
                return array
            case "scalar" if not shape:
                return array[()]
            case "tensor":
                return self.make_tensor(array)
        raise Untransferable("What came back is not a packet of values.")

    def _function(self, owner: str, number: int, name: str) -> Any:
        if self.functions is None:
            raise Untransferable("A function cannot be returned here.")
        # The sender's "mine" is ours to borrow; its "yours" is one of ours coming home.
        if owner == "mine":
            return RemoteFunction(self.functions, number, _valid_text(name)[:80])
        if owner == "yours":
            return self.functions.lent(number)
        raise Untransferable("What came back is not a packet of values.")


def _is_plain_key(key: Any) -> bool:
    if isinstance(key, tuple):
        return all(map(_is_plain_key, key))
    return key is None or isinstance(key, bool | int | float | str | np.generic)


def _valid_text(text: str) -> str:
    if len(text) > CAPS.text:
        raise Untransferable(f"A text may have {CAPS.text} characters.")
    # A lone surrogate cannot be written to a file; show it as what it is, not a character.
    return text.encode("utf-8", "replace").decode("utf-8")


def _generator(name: str, state: Any) -> np.random.Generator:
    if name not in _BIT_GENERATORS or not isinstance(state, Mapping):
        raise Untransferable("A random generator is one of NumPy's.")
    bit_generator = getattr(np.random, name)(0)
    if not _like(state, bit_generator.state):
        raise Untransferable("A random generator's state is not one of NumPy's.")
    try:
        bit_generator.state = state
    except (TypeError, ValueError, KeyError, OverflowError) as error:
        raise Untransferable("A random generator's state is not one of NumPy's.") from error
    return np.random.Generator(bit_generator)


# NumPy believes these without looking, and reads memory at them when it draws.
_POSITIONS = {"pos": 624, "buffer_pos": 4}


def _like(state: Any, real: Any, key: str = "") -> bool:
    """Whether a claimed state has the keys, kinds and shapes of a real one."""
    if isinstance(real, Mapping):
        return (
            isinstance(state, Mapping)
            and state.keys() == real.keys()
            and all(_like(state[key], real[key], key) for key in real)
        )
    if isinstance(real, np.ndarray):
        return isinstance(state, np.ndarray) and (state.dtype, state.shape) == (
            real.dtype,
            real.shape,
        )
    if type(state) is not type(real):
        return False
    return isinstance(real, str) or 0 <= state <= _POSITIONS.get(key, 2**128 - 1)


def _tensor_numbers(value: Any) -> NDArray[Any] | None:
    """The numbers of a Keras tensor or variable, or None; never loads Keras to find out."""
    keras = sys.modules.get("keras")
    if keras is None:
        return None
    if isinstance(value, keras.Variable):
        value = value.value
    if not keras.ops.is_tensor(value):
        return None
    return np.asarray(keras.ops.convert_to_numpy(value))
