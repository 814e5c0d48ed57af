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
_INK = "#3d444d"
_PICTURE = 260  # pixels for the longer side, about
_LEFT, _RIGHT, _EDGE, _BELOW = (
    34,
    12,
    6,
    16,
)  # pixels around it, with the numbers of rows and columns
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

    Drawn value by value, without Matplotlib: that takes a hundred times as long, and a class has
    thousands of these pictures.
    """
    from PIL import Image, ImageDraw, ImageFont

    rows, columns = grid.size
    (top, left), side = grid.origin, max(2, _PICTURE // max(rows, columns))
    values = Image.new("RGB", (columns, rows))
    values.putdata([_color(value, scale) for row in grid.values for value in row])
    size = (columns * side, rows * side)
    page = Image.new("RGB", (size[0] + _LEFT + _RIGHT, size[1] + 2 * _EDGE + _BELOW), "white")
    page.paste(values.resize(size, Image.Resampling.NEAREST), (_LEFT, _EDGE))
    draw = ImageDraw.Draw(page)
    draw.rectangle((_LEFT - 1, _EDGE - 1, _LEFT + size[0], _EDGE + size[1]), outline=_INK)
    font = ImageFont.load_default(11)
    for column in _ticks(left, columns):
        at = _LEFT + (column - left) * side + side // 2
        draw.line((at, _EDGE + size[1], at, _EDGE + size[1] + 3), fill=_INK)
        draw.text((at, _EDGE + size[1] + 4), str(column), fill=_INK, font=font, anchor="mt")
    for row in _ticks(top, rows):
        at = _EDGE + (row - top) * side + side // 2
        draw.line((_LEFT - 4, at, _LEFT - 1, at), fill=_INK)
        draw.text((_LEFT - 6, at), str(row), fill=_INK, font=font, anchor="rm")
    if grid.spot is not None:
        x, y = _LEFT + grid.spot[1] * side, _EDGE + grid.spot[0] * side
        draw.rectangle((x - 2, y - 2, x + side + 1, y + side + 1), outline=_MARK, width=2)
    buffer = io.BytesIO()
    page.save(buffer, format="png")
    return _data_uri(buffer)


def _ticks(first: int, count: int) -> range:
    """The round numbers among `count` ones from `first` on: six at most."""
    step = next(step for step in (1, 2, 5, 10, 20, 50) if count <= 6 * step)
    return range(-(-first // step) * step, first + count, step)


def png_of(figure: Figure) -> str:
    """The data URI of a Matplotlib figure; the same figure gives the same bytes."""
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", metadata={"Software": None})
    return _data_uri(buffer)


def _data_uri(png: io.BytesIO) -> str:
    return "data:image/png;base64," + base64.b64encode(png.getvalue()).decode("ascii")
