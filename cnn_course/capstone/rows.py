"""The rows of a plan: how they are read, and whether each follows from the one before."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from cnn_course.capstone.references import SHAPE
from grader import expect

Shape = tuple[int, ...]

POOLING = ("MaxPooling2D", "AveragePooling2D")
GLOBAL = ("GlobalMaxPooling2D", "GlobalAveragePooling2D")
COUNTED = ("Conv2D", *POOLING, *GLOBAL, "Flatten", "Dense", "BatchNormalization")
"""Layers that a plan has to name: they change the shape or have parameters."""
FREE = (
    *("Input", "InputLayer", "ReLU", "LeakyReLU", "ELU", "Activation", "Softmax", "Rescaling"),
    *("Dropout", "SpatialDropout2D", "GaussianDropout", "AlphaDropout", "GaussianNoise"),
    *("RandomFlip", "RandomRotation", "RandomTranslation", "RandomZoom", "RandomContrast"),
    *("RandomBrightness", "RandomCrop", "Identity"),
)
"""Layers that a plan may name, or leave out: they keep the shape and have no parameters."""


@dataclass(frozen=True)
class Row:
    """One row of a plan, with what goes into it; `number` counts from 1."""

    number: int
    kind: str
    before: Shape
    shape: Shape
    parameters: int
    normalized: bool  # a BatchNormalization follows, so there may be no biases

    @property
    def place(self) -> str:
        """Where a message finds it."""
        return f"Row {self.number}, {self.kind}: "

    @property
    def units(self) -> int:
        """Filters, units or channels."""
        return self.shape[-1]


def rows_of(plan: Any) -> list[Row]:
    """The rows of a plan; a Mismatch if they have not the form that is asked for."""
    expect.that(
        isinstance(plan, list | tuple) and len(plan) > 0,
        "The plan is a list of rows: [(layer, shape, parameters), …].",
        received=plan,
    )
    read = [_read(number, row) for number, row in enumerate(plan, start=1)]
    rows: list[Row] = []
    before: Shape = SHAPE
    for number, (kind, shape, parameters) in enumerate(read, start=1):
        follows = next((kind for kind, *_ in read[number:] if kind in COUNTED), "")
        rows.append(Row(number, kind, before, shape, parameters, follows == "BatchNormalization"))
        before = shape
    return rows


def _read(number: int, row: Any) -> tuple[str, Shape, int]:
    is_row = isinstance(row, list | tuple) and len(row) == 3
    expect.that(
        is_row,
        f'Row {number} should be (layer, shape, parameters), such as ("Flatten", (784,), 0).',
        received=row,
    )
    kind, shape, parameters = row
    kind = str(kind).rpartition(".")[2] if isinstance(kind, str) else kind
    kind = {"MaxPool2D": "MaxPooling2D", "AvgPool2D": "AveragePooling2D"}.get(kind, kind)
    kind = kind.replace("AvgPool", "AveragePooling").replace("MaxPool2D", "MaxPooling2D") if (
        isinstance(kind, str) and kind.startswith("Global")
    ) else kind  # fmt: skip
    expect.that(
        kind in COUNTED or kind in FREE,
        f"Row {number} should name a layer as Keras does: one of {', '.join(COUNTED)}; or one that "
        f"changes neither shape nor count, such as Dropout or RandomFlip.",
        received=kind,
    )
    expect.that(
        not is_whole(shape),
        f"Row {number}: a shape is a tuple, also of one number: ({shape},), with a comma.",
        received=shape,
    )
    expect.that(
        isinstance(shape, list | tuple) and bool(shape) and all(_is_size(size) for size in shape),
        f"Row {number}: the shape is a tuple of whole numbers, (height, width, channels) or "
        f"(units,), without the batch.",
        received=shape,
    )
    expect.that(
        is_whole(parameters) and parameters >= 0,
        f"Row {number}: the parameters are a whole number.",
        received=parameters,
    )
    return kind, tuple(int(size) for size in shape), int(parameters)


def is_whole(value: Any) -> bool:
    """Whether it is a whole number, Python's or NumPy's."""
    return isinstance(value, int | np.integer) and not isinstance(value, bool)


def _is_size(value: Any) -> bool:
    return is_whole(value) and value > 0


def weights_of(row: Row) -> int:
    """How many weights the kernels of a row hold, its biases taken off."""
    if row.kind not in ("Conv2D", "Dense"):
        return 0
    if row.kind == "Dense":
        return row.before[-1] * row.units
    _, weights = next(kernels_of(row), (0, row.parameters))
    return weights


def kernels_of(row: Row) -> Iterator[tuple[tuple[int, int], int]]:
    """Kernel sizes and weights that a convolution of these parameters may have, squares first."""
    channels, found = row.before[-1], []
    for biases in (row.units, 0):
        weights = row.parameters - biases
        window, rest = divmod(weights, channels * row.units)
        if rest or window < 1 or (not biases and not row.normalized):
            continue
        side = math.isqrt(window)
        if side * side == window:
            found.append(((side, side), weights))
    yield from found


def _padded(size: int, _kernel: int) -> set[int]:
    """Sizes that a window may make of `size` with the padding `same` and any stride."""
    return {-(-size // stride) for stride in range(1, size + 1)}


def _unpadded(size: int, kernel: int) -> set[int]:
    """Sizes that a window of `kernel` may make of `size` with `valid` and any stride."""
    strides = range(1, size + 1) if kernel <= size else ()
    return {(size - kernel) // stride + 1 for stride in strides}


def _reaches(before: Shape, shape: Shape, kernels: Iterable[int]) -> bool:
    """Whether one padding makes `shape` of `before`, with one of the kernels along each axis."""
    sides = tuple(kernels)
    return any(
        all(
            any(out in positions(size, side) for side in sides)
            for out, size in zip(shape[:2], before[:2], strict=True)
        )
        for positions in (_padded, _unpadded)
    )


def fault(row: Row) -> str:
    """What is wrong with a row, if it does not follow from the one before; otherwise nothing."""
    found = _SHAPES.get(row.kind, _keeps)(row)
    return f"{row.place}{found}" if found else ""


def _keeps(row: Row) -> str:
    if row.kind not in ("RandomCrop",) and row.shape != row.before:
        return f"it leaves the shape as it is, {row.before}. Your plan says {row.shape}."
    return _none(row)


def _none(row: Row) -> str:
    return f"it has nothing to learn. Your plan says {row.parameters:,}." if row.parameters else ""


def _is_map(row: Row) -> str:
    if len(row.before) != 3:
        return f"it needs a map (height, width, channels). What comes in is {row.before}."
    return ""


def _convolution(row: Row) -> str:
    if wrong := _is_map(row):
        return wrong
    if len(row.shape) != 3:
        return f"out of it comes a map (height, width, filters). Your plan says {row.shape}."
    found = list(kernels_of(row))
    if not found:
        return (
            f"{row.parameters:,} parameters belong to no {_some(row.units, 'filter')} with square "
            f"windows over {_some(row.before[-1], 'channel')}, biases counted."
        )
    (height, width), _ = found[0]
    if not _reaches(row.before, row.shape, (height,)):
        return (
            f"with windows of {height}×{width}, neither `same` nor `valid`, with any stride, makes "
            f"{row.shape[0]}×{row.shape[1]} of {row.before[0]}×{row.before[1]}."
        )
    return ""


def _some(count: int, what: str) -> str:
    return f"{count} {what}{'' if count == 1 else 's'}"


def _pooling(row: Row) -> str:
    if wrong := _is_map(row):
        return wrong
    if len(row.shape) != 3:
        return f"out of it comes a smaller map, with as many channels. Your plan says {row.shape}."
    if row.shape[2] != row.before[2]:
        return f"each of the {row.before[2]} channels is pooled. Your plan says {row.shape[2]}."
    if not _reaches(row.before, row.shape, range(1, max(row.before[:2]) + 1)):
        return f"no pooling makes {row.shape[0]}×{row.shape[1]} of {row.before[0]}×{row.before[1]}."
    return _none(row)


def _global_pooling(row: Row) -> str:
    channels = row.before[-1]
    wrong = _is_map(row)
    if not wrong and row.shape not in ((channels,), (1, 1, channels)):
        wrong = f"one number is left of each channel, ({channels},). Your plan says {row.shape}."
    return wrong or _none(row)


def _flatten(row: Row) -> str:
    if row.shape != (math.prod(row.before),):
        return f"every number of {row.before} is kept, in a row. Your plan says {row.shape}."
    return _none(row)


def _dense(row: Row) -> str:
    if len(row.before) != len(row.shape) or row.before[:-1] != row.shape[:-1]:
        return (
            f"what comes in is {row.before}, and a dense layer works on the last axis alone: it "
            f"would leave the others. Your plan says {row.shape}."
        )
    weights = row.before[-1] * row.units
    if row.parameters != weights + row.units and not (row.normalized and row.parameters == weights):
        return (
            f"{row.parameters:,} parameters are not those of {row.before[-1]} inputs and "
            f"{row.units} units."
        )
    return ""


def _normalization(row: Row) -> str:
    if row.shape != row.before:
        return f"it leaves the shape as it is, {row.before}. Your plan says {row.shape}."
    if row.parameters not in (4 * row.units, 3 * row.units):
        return f"{row.parameters:,} are not the numbers that it keeps of {row.units} channels."
    return ""


_SHAPES = {
    "Conv2D": _convolution,
    **dict.fromkeys(POOLING, _pooling),
    **dict.fromkeys(GLOBAL, _global_pooling),
    "Flatten": _flatten,
    "Dense": _dense,
    "BatchNormalization": _normalization,
}


def work_of_plan(plan: Any) -> int:
    """The multiplications of one image."""
    return sum(weights_of(row) * math.prod(row.shape[:-1]) for row in rows_of(plan))
