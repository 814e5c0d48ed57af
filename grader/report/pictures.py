"""Windows on arrays as pictures: colored cells for a table, or a PNG where they are too many."""

from __future__ import annotations

import base64
import io
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.figure import Figure

    from grader.report.grids import Grid

Color = tuple[int, int, int]
Scale = tuple[float, float]

_WIDEST = 14  # more than 14×14 numbers are read by nobody
_MARK = "#e6007a"
_LOW, _MIDDLE, _HIGH = (179, 88, 6), (247, 247, 247), (8, 81, 156)
_NOT_FINITE = (220, 170, 240)
_DARK = 0.179  # the luminance on which white and black are read equally well


@dataclass(frozen=True)
class Cell:
    """One number on its color, both with the contrast to be read on any page."""

    text: str
    background: str
    foreground: str
    first_difference: bool


@dataclass(frozen=True)
class Picture:
    """An array drawn: rows of cells, or the data URI of a PNG with the words that stand for it."""

    caption: str
    rows: tuple[tuple[Cell, ...], ...] = ()
    png: str = ""
    alt: str = ""


def scale_of(grids: Sequence[Grid]) -> Scale:
    """The range of colors: that of the first grid that has two different numbers.

    Where any of them has negative numbers, the range has, too: what is white would hide them.
    """
    numbers = [
        [value for row in grid.values for value in row if value is not None] for grid in grids
    ]
    for own in numbers:
        if own and min(own) < max(own):
            negative = any(value < 0 for other in numbers for value in other)
            return (min(min(own), -max(own)) if negative else min(own)), max(own)
    return (0.0, 1.0)


def picture(grid: Grid, scale: Scale) -> Picture:
    """A grid as a table of colored numbers, or as a PNG where there are too many for one.

    Of a long row of numbers, those around the first difference are enough.
    """
    if grid.size[0] == 1:
        grid = grid.near(grid.spot, 1, _WIDEST)
    rows, columns = grid.size
    if rows * columns > _WIDEST**2:
        caption = f"{grid.caption}; {_legend(scale)}"
        return Picture(caption, (), _png(grid, scale), f"{rows}×{columns} values, {caption}")
    cells = tuple(
        tuple(
            _cell(text, _color(value, scale), marked=(r, c) == grid.spot)
            for c, (text, value) in enumerate(zip(texts, values, strict=True))
        )
        for r, (texts, values) in enumerate(zip(grid.cells, grid.values, strict=True))
    )
    return Picture(grid.caption, cells)


def _legend(scale: Scale) -> str:
    low, high = scale
    if low < 0:
        reach = max(-low, high)
        return f"brown {-reach:.4g}, white 0, blue {reach:.4g}"
    return f"white {low:.4g}, blue {high:.4g}"


def _cell(text: str, color: Color, *, marked: bool) -> Cell:
    red, green, blue = color
    foreground = "#ffffff" if _luminance(color) < _DARK else "#000000"
    return Cell(text, f"#{red:02x}{green:02x}{blue:02x}", foreground, marked)


def _luminance(color: Color) -> float:
    """Relative luminance, 0 for black to 1 for white (WCAG 2.2)."""
    linear = [
        part / 3294.6 if part <= 10 else ((part / 255 + 0.055) / 1.055) ** 2.4 for part in color
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _color(value: float | None, scale: Scale) -> Color:
    """White to blue; where there are negative numbers, brown to white to blue with 0 white."""
    if value is None:
        return _NOT_FINITE
    low, high = scale
    if low < 0:
        reach = max(-low, high)
        share = max(-1.0, min(1.0, value / reach))
    else:
        share = max(0.0, min(1.0, (value - low) / (high - low)))
    end = _HIGH if share > 0 else _LOW
    red, green, blue = (round(a + (b - a) * abs(share)) for a, b in zip(_MIDDLE, end, strict=True))
    return red, green, blue


def _png(grid: Grid, scale: Scale) -> str:
    """The data URI of the grid as pixels, its rows and columns numbered as in the array.

    Drawn on a figure of its own with the default settings: the student's figures and settings stay
    as they are.
    """
    import matplotlib as mpl  # takes half a second, and few pictures need it
    from matplotlib.figure import Figure
    from matplotlib.patches import Rectangle
    from matplotlib.ticker import MaxNLocator

    rows, columns = grid.size
    top, left = grid.origin
    pixels = [[tuple(part / 255 for part in _color(v, scale)) for v in row] for row in grid.values]
    side = 2.6 / max(rows, columns)  # inches a value
    with mpl.rc_context(mpl.rcParamsDefault):
        size = (max(1.0, columns * side) + 0.5, max(0.4, rows * side) + 0.4)
        figure = Figure(figsize=size, dpi=100, facecolor="white", layout="constrained")
        axes = figure.add_subplot()
        edges = (left - 0.5, left + columns - 0.5, top + rows - 0.5, top - 0.5)
        axes.imshow(pixels, extent=edges, interpolation="nearest", aspect="equal")
        axes.tick_params(labelsize=7, length=2)
        for axis in (axes.xaxis, axes.yaxis):
            axis.set_major_locator(MaxNLocator(nbins=6, integer=True))
        if grid.spot is not None:
            corner = (left + grid.spot[1] - 0.5, top + grid.spot[0] - 0.5)
            axes.add_patch(Rectangle(corner, 1, 1, fill=False, edgecolor=_MARK, linewidth=2))
        return png_of(figure)


def png_of(figure: Figure) -> str:
    """The data URI of a Matplotlib figure; the same figure gives the same bytes."""
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", metadata={"Software": None})
    return "data:image/png;base64," + base64.b64encode(buffer.getvalue()).decode("ascii")
