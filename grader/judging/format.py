"""Values as people see them: short text, and for arrays the numbers that a picture needs."""

from __future__ import annotations

import operator
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from grader.crossing.networks import network_text
from grader.crossing.values import RemoteFunction, Tensor
from grader.errors import Words
from grader.results import Given, Shown, ShownArray, ShownCurves

_MAX_TEXT = 1000
_MAX_NUMBERS = 64
_WINDOW = 28
_MAX_CURVES, _MAX_EPOCHS = 8, 1000


def format_value(value: Any, where: tuple[int, ...] | None = None, *, name: str = "") -> Shown:
    """`value` as text, and as a window of numbers around the index `where` if it is an array.

    `name` is what the student calls it: an array of `kernels` has its rows and columns in front.
    """
    if isinstance(value, Tensor):
        value = value.array
    if isinstance(value, np.ndarray) and value.ndim and value.size:
        return Shown(text=_array_text(value), array=_window(value, where, name))
    return Shown(text=_plain_text(value))


def format_curves(drawn: Any) -> ShownCurves:
    """An `expect.training.Curves` as a record, of long curves as many epochs as a picture shows."""
    return ShownCurves(
        curves={
            str(name)[:80]: tuple(float(value) for value in curve[:_MAX_EPOCHS])
            for name, curve in list(drawn.curves.items())[:_MAX_CURVES]
        },
        ylabel=drawn.ylabel,
        low=drawn.low,
        high=drawn.high,
        first=drawn.first,
        marks=dict(drawn.marks or {}),
    )


def call_text(
    name: str, parameters: Sequence[str], args: tuple[Any, ...], kwargs: dict[str, Any]
) -> tuple[str, tuple[Given, ...]]:
    """A call as the student would type it, and those of its arguments that are too large for that.

    `convolve2d(image, kernel)`, with both arrays given; `feature_map_size(7, 3)`. `parameters` are
    the names that the function gives its arguments.
    """
    given: list[Given] = []
    parts: list[str] = []
    numbered = [f"array {number}" for number in range(1, len(args) + 1)]
    for label, value in zip([*parameters, *numbered[len(parameters) :]], args, strict=False):
        parts.append(_argument(label, value, given))
    parts += [f"{label}={_argument(label, value, given)}" for label, value in kwargs.items()]
    return f"{name}({', '.join(parts)})", tuple(given)


def _argument(label: str, value: Any, given: list[Given]) -> str:
    """An argument as typed; one too large to type goes to `given`, and its label stands for it."""
    if not _is_large(value):
        return _plain_text(value)
    given.append(Given(name=label, value=format_value(value, name=label)))
    return label


def _is_large(value: Any) -> bool:
    return isinstance(value, np.ndarray | Tensor) and np.ndim(value) > 0


def _plain_text(value: Any) -> str:
    if isinstance(value, Words):
        return _cut(value)
    if isinstance(value, RemoteFunction):
        return value.__name__
    network = network_text(value)
    if network:
        return network
    if callable(value):
        return str(getattr(value, "__name__", "a function"))
    if isinstance(value, np.random.Generator):
        return "a random generator"
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float):
        text = f"{value:.6g}"
        return text if not text.lstrip("-").isdigit() else f"{text}.0"  # 760.0 is not 760
    if isinstance(value, np.ndarray):
        return _array_text(value)
    text = ""
    for piece in _pieces(value):  # no more of them than are shown, however many there are
        text += piece
        if len(text) > _MAX_TEXT:
            break
    return _cut(text)


def _cut(text: str) -> str:
    return text if len(text) <= _MAX_TEXT else f"{text[:_MAX_TEXT]}…"


def _pieces(value: Any) -> Iterator[str]:
    """The `repr` of `value` piece by piece, as if NumPy's numbers were Python's."""
    if isinstance(value, Tensor):
        value = value.array
    if isinstance(value, dict):
        for index, (key, item) in enumerate(value.items()):
            yield ", " if index else "{"
            yield from _pieces(key)
            yield ": "
            yield from _pieces(item)
        yield "}" if value else "{}"
    elif type(value) in (tuple, list):
        opening, closing = "()" if isinstance(value, tuple) else "[]"
        yield opening
        for index, item in enumerate(value):
            yield ", " if index else ""
            yield from _pieces(item)
        yield f",{closing}" if isinstance(value, tuple) and len(value) == 1 else closing
    elif isinstance(value, np.ndarray) and value.size > _MAX_NUMBERS:
        yield _array_text(value)
    elif isinstance(value, np.random.Generator):
        yield "a random generator"
    elif isinstance(value, str):
        yield repr(value[: _MAX_TEXT + 1])
    else:
        yield repr(value.item() if isinstance(value, np.generic) else value)


def _array_text(array: NDArray[Any]) -> str:
    size = "×".join(map(str, array.shape))
    if array.size > _MAX_NUMBERS:
        return f"array of shape {size}, {array.dtype}"
    return np.array2string(array, precision=4, suppress_small=True, max_line_width=100)


def _window(array: NDArray[Any], where: tuple[int, ...] | None, name: str = "") -> ShownArray:
    """The numbers around the index `where`, of the plane in which it lies."""
    if not (where and len(where) == array.ndim and all(map(operator.lt, where, array.shape))):
        where = (0,) * array.ndim
    plane, place, label = _plane(array, where, name)
    row, column = (
        max(0, min(at - _WINDOW // 2, size - _WINDOW))
        for at, size in zip(place, plane.shape, strict=True)
    )
    part = plane[row : row + _WINDOW, column : column + _WINDOW]
    rows = tuple(
        tuple(float(f"{x:.6g}") if np.isfinite(x) else None for x in line)
        for line in part.real.astype(np.float64)
    )
    return ShownArray(
        shape=array.shape, dtype=array.dtype.name, values=rows, origin=(row, column), plane=label
    )


def _plane(
    array: NDArray[Any], where: tuple[int, ...], name: str
) -> tuple[NDArray[Any], tuple[int, ...], str]:
    """The plane of an array through the index `where`, the place of `where` in it, and its index.

    The index is text, `[0, :, :, 2]`, and empty where the plane is all of the array.
    """
    if array.ndim == 1:
        return array[np.newaxis, :], (0, *where), ""
    if array.ndim == 2:
        return array, where, ""
    rows = _rows_axis(array, name)
    shown = (rows, rows + 1)
    index = tuple(slice(None) if axis in shown else at for axis, at in enumerate(where))
    label = ", ".join(":" if axis in shown else str(at) for axis, at in enumerate(where))
    return array[index], where[rows : rows + 2], f"[{label}]"


def _rows_axis(array: NDArray[Any], name: str) -> int:
    """The axis whose places are the rows of the plane; its columns are those of the next."""
    # Kernels are (k, l, C, F): the plane is k×l, or C×F where a window is one pixel.
    if array.ndim == 4 and ("kernel" in name or "weights" in name):
        return 2 if array.shape[:2] == (1, 1) else 0
    # Images are (H, W, C), batches (N, H, W, C): the plane is H×W.
    return array.ndim - 3
