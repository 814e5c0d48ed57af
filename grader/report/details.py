"""What there is to say about an unhappy check, in plain text: for terminals, JUnit and Markdown."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass
from itertools import zip_longest
from typing import TYPE_CHECKING

from grader.report.curves import curves_text
from grader.report.grids import Grid, grids, index
from grader.report.text import visible, visible_lines

if TYPE_CHECKING:
    from grader.results import CheckResult, Shown

_WHOLE = 14  # rows or columns that are shown whole
_PART = 9  # rows and columns of what is larger
_CAPTION = 30
_NO_BREAK = "\u00a0"
_INPUTS = 8
_GAP = "   "


@dataclass(frozen=True)
class Detail:
    """One labelled part, harmless already; `text` may have several lines to be kept aligned."""

    label: str
    text: str


def details(check: CheckResult, *, width: int = 76) -> list[Detail]:
    """The call, its inputs, what was expected and what came back, in lines of about `width`."""
    parts = [Detail("call", visible(check.call))] if check.call else []
    inputs = [
        Detail(visible(given.name, limit=60), _value(given.value, width))
        for given in check.given[:_INPUTS]
    ]
    parts += _beside(inputs, width) if all(given.value.array for given in check.given) else inputs
    if len(check.given) > _INPUTS:
        parts.append(Detail("…", f"and {len(check.given) - _INPUTS} more inputs"))
    parts += _comparison(check, width)
    if check.curves is not None:
        parts.append(Detail("curves", curves_text(check.curves).replace("; ", "\n")))
    return parts


def _comparison(check: CheckResult, width: int) -> list[Detail]:
    """Expected and received: side by side where both are arrays."""
    expected, received = check.expected, check.received
    labels = ("expected", "received")
    if not (expected and received and expected.array and received.array):
        shown = zip(labels, (expected, received), strict=True)
        return [Detail(label, _value(value, width)) for label, value in shown if value is not None]
    both = grids([expected.array, received.array], check.where)
    spot = both[0].spot or both[1].spot
    half = (width - len(_GAP)) // 2
    tables = [
        Detail(label, _table(grid, half, spot)) for label, grid in zip(labels, both, strict=True)
    ]
    if spot is None:
        return _beside(tables, width)
    note = f"[ ] marks the first difference, at {index(check.where or ())}"
    return [*_beside(tables, width), Detail("", note)]


def _value(value: Shown, width: int) -> str:
    if value.array is None:
        return visible_lines(value.text)
    [grid] = grids([value.array])
    return _table(grid, width, None)


def _table(grid: Grid, width: int, spot: tuple[int, int] | None) -> str:
    """The cells in aligned columns, the first difference in brackets, under a caption.

    A grid that is too large is cut to a few rows and the columns that fit, around `spot`.
    """
    if not grid.cells:
        return f"{grid.caption}: nothing in it"
    cell_width = max(len(cell) for row in grid.cells for cell in row)
    fitting = max(1, width // (cell_width + 2))
    rows, columns = grid.size
    if rows > _WHOLE or columns > min(_WHOLE, fitting):
        grid = grid.near(spot, _PART, min(fitting, _WHOLE if rows == 1 else _PART))
    lines = [
        "".join(
            f"[{cell:>{cell_width}}]" if (r, c) == grid.spot else f" {cell:>{cell_width}} "
            for c, cell in enumerate(row)
        ).rstrip()
        for r, row in enumerate(grid.cells)
    ]
    # The parts of the caption are kept whole.
    caption = ", ".join(part.replace(" ", _NO_BREAK) for part in grid.parts)
    wrapped = textwrap.wrap(f"({caption})", max(_CAPTION, *map(len, lines)))
    return "\n".join([*(line.replace(_NO_BREAK, " ") for line in wrapped), *lines])


def _beside(tables: list[Detail], width: int) -> list[Detail]:
    """Tables next to each other under their labels, where all of them fit."""
    if len(tables) < 2:
        return tables
    columns = [[f"{table.label}:", *table.text.split("\n")] for table in tables]
    widths = [max(map(len, column)) for column in columns]
    if sum(widths) + len(_GAP) * (len(widths) - 1) > width:
        return tables
    lines = [
        _GAP.join(f"{cell:<{size}}" for cell, size in zip(row, widths, strict=True)).rstrip()
        for row in zip_longest(*columns, fillvalue="")
    ]
    return [Detail("", "\n".join(lines))]
