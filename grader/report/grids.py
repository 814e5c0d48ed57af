"""Windows on arrays as numbers in cells: one notation for every report.

A grid knows its cells as text, what it is a window of, and which cell is the first difference.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from grader.report.text import visible

if TYPE_CHECKING:
    from collections.abc import Sequence

    from grader.results import ShownArray

Spot = tuple[int, int]  # (row, column) within a window
Window = tuple[tuple[float | None, ...], ...]

NOT_FINITE = "NaN/∞"
_LARGE, _SMALL = 1e6, 1e-2
_LONGEST = 128  # rows and columns that are ever drawn
_DECIMALS = range(2, 9)


@dataclass(frozen=True)
class Grid:
    """A window on an array: `cells` are rows of text, all rows of one length.

    `values` are the same cells as numbers, None where one is not finite or does not exist; `array`
    says what it is a window of, `origin` where it starts there; `spot` is the first difference,
    None where it is unknown or outside the window.
    """

    array: ShownArray
    values: Window
    cells: tuple[tuple[str, ...], ...]
    origin: Spot
    spot: Spot | None

    @property
    def size(self) -> tuple[int, int]:
        """Rows and columns of the window."""
        return len(self.cells), len(self.cells[0]) if self.cells else 0

    @property
    def caption(self) -> str:
        """What is shown of which array: `shape (28, 28), float32, rows 3 to 16`."""
        return ", ".join(self.parts)

    @property
    def parts(self) -> list[str]:
        """The parts of the caption."""
        sizes = ", ".join(map(str, self.array.shape[:8]))
        comma = "," if len(self.array.shape) == 1 else ""
        parts = [f"shape ({sizes}{comma})", visible(self.array.dtype, limit=20)]
        if self.array.plane:
            parts.append(f"plane {visible(self.array.plane, limit=40)}")
        names = ("rows", "columns") if len(self.array.shape) > 1 else ("rows", "numbers")
        whole = _plane_size(self.array)
        for name, first, count, all_of_it in zip(names, self.origin, self.size, whole, strict=True):
            if first > 0 or (all_of_it is not None and 0 < count != all_of_it):
                parts.append(f"{name} {first} to {first + count - 1}")
        return [part for part in parts if part]

    def near(self, spot: Spot | None, rows: int, columns: int) -> Grid:
        """At most `rows` × `columns` of the cells, around `spot` or from the top left."""
        height, width = self.size
        if height <= rows and width <= columns:
            return self
        row, column = spot or (0, 0)
        top = max(0, min(row - rows // 2, height - rows))
        left = max(0, min(column - columns // 2, width - columns))
        down, across = slice(top, top + rows), slice(left, left + columns)
        return replace(
            self,
            values=tuple(line[across] for line in self.values[down]),
            cells=tuple(line[across] for line in self.cells[down]),
            origin=(self.origin[0] + top, self.origin[1] + left),
            spot=_within(self.spot, (top, left), (min(rows, height), min(columns, width))),
        )


def grids(arrays: Sequence[ShownArray], where: tuple[int, ...] | None = None) -> list[Grid]:
    """The arrays in one notation, so that they can be compared: as many decimals as `where` needs.

    The first array, which is what is expected, decides how large numbers are written.
    """
    windows = [_rectangle(array) for array in arrays]
    spots = [_spot(array, where) for array in arrays]
    notation = _notation(windows, spots)
    return [
        Grid(
            array,
            window,
            tuple(tuple(_cell(value, notation) for value in row) for row in window),
            array.origin,
            spot,
        )
        for array, window, spot in zip(arrays, windows, spots, strict=True)
    ]


def index(where: tuple[int, ...]) -> str:
    """An index as students write it: `[2, 3]`."""
    return f"[{', '.join(map(str, where))}]"


def _rectangle(array: ShownArray) -> Window:
    """The window's rows, filled up to one length; infinities and NaN become None."""
    width = min(_LONGEST, max((len(row) for row in array.values), default=0))
    if width == 0:
        return ()
    return tuple(
        tuple(map(_finite, row[:width])) + (None,) * (width - len(row))
        for row in array.values[:_LONGEST]
    )


def _finite(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) else None


def _plane_size(array: ShownArray) -> tuple[int | None, int | None]:
    """Rows and columns of the whole plane, None where they cannot be told."""
    if len(array.shape) == 1:
        return 1, array.shape[0]
    axes = _free_axes(array.plane, array.shape, fixed=False)
    if axes is None or len(axes) != 2:
        return None, None
    return array.shape[axes[0]], array.shape[axes[1]]


def _spot(array: ShownArray, where: tuple[int, ...] | None) -> Spot | None:
    """Where the index `where` of the array lies in its window, if it does."""
    axes = _free_axes(array.plane, where, fixed=True) if where else None
    if not where or axes is None:
        return None
    at = tuple(where[axis] for axis in axes)
    if len(at) == 1:  # one row of numbers, or one column
        at = (0, at[0]) if len(array.values) == 1 else (at[0], 0)
    height = min(len(array.values), _LONGEST)
    width = min(max((len(row) for row in array.values), default=0), _LONGEST)
    return _within((at[0], at[1]), array.origin, (height, width))


def _within(spot: Spot | None, origin: Spot, size: tuple[int, int]) -> Spot | None:
    """`spot` counted from `origin`, None where it lies outside `size`."""
    if spot is None:
        return None
    row, column = spot[0] - origin[0], spot[1] - origin[1]
    return (row, column) if 0 <= row < size[0] and 0 <= column < size[1] else None


def _free_axes(plane: str, numbers: tuple[int, ...], *, fixed: bool) -> tuple[int, ...] | None:
    """The one or two axes that the window spans, out of as many as there are `numbers`.

    With `fixed`, the numbers are an index, and None says that it lies in another plane.
    """
    if not plane:
        return tuple(range(len(numbers))) if 1 <= len(numbers) <= 2 else None
    places = [place.strip() for place in plane.strip("[] ").split(",")]
    free = tuple(axis for axis, place in enumerate(places) if place == ":")
    if len(places) != len(numbers) or not 1 <= len(free) <= 2:
        return None
    same = (place == str(i) for place, i in zip(places, numbers, strict=True) if place != ":")
    return free if all(same) or not fixed else None


def _notation(windows: Sequence[Window], spots: Sequence[Spot | None]) -> str:
    """The shortest format in which the cells at the spots still differ."""
    sizes = [
        [abs(value) for row in window for value in row if value is not None] for window in windows
    ]
    if all(size == int(size) and size < _LARGE for numbers in sizes for size in numbers):
        return ".0f"
    largest = max(next((numbers for numbers in sizes if any(numbers)), [0.0]))
    kind = "f" if _SMALL <= largest < _LARGE else "e"
    at = {w[s[0]][s[1]] for w, s in zip(windows, spots, strict=True) if s is not None}
    for decimals in _DECIMALS:
        if len({_cell(value, f".{decimals}{kind}") for value in at}) == len(at):
            return f".{decimals}{kind}"
    return f".{_DECIMALS[0]}{kind}"


def _cell(value: float | None, notation: str) -> str:
    if value is None:
        return NOT_FINITE
    text = format(value, notation if abs(value) < _LARGE else ".2e")
    return text[1:] if text.startswith("-") and not float(text) else text  # no -0.00
