"""Arrays as tables and curves as SVG in the page itself; curves in its own colors, light or dark.

Matplotlib takes a fifth of a second for one of them, and a class has thousands.
"""

from __future__ import annotations

import html
import math
from collections.abc import Iterator, Sequence

from markupsafe import Markup

from grader.report.curves import curves_text
from grader.report.pictures import Cell, Picture
from grader.report.text import visible
from grader.results import ShownCurves

_WIDTH, _HEIGHT = 520, 260
_LEFT, _RIGHT, _TOP, _BOTTOM = 52, 508, 34, 222  # where the curves lie
_STYLES = 4
_NARROWEST = 12  # of the region that is expected, so that it is seen where it is the last epoch
_MOST_CURVES, _MOST_EPOCHS, _MOST_MARKS = 6, 2000, 6
_LETTER = 7.2  # about the width of one


def table_rows(picture: Picture) -> Markup:
    """The rows of a small array, each number on its color; the first difference is outlined."""
    rows = "\n".join(f"<tr>{''.join(map(_cell, row))}</tr>" for row in picture.rows)
    return Markup(rows)  # noqa: S704 - every text in it is escaped


def _cell(cell: Cell) -> str:
    first = ' class="first" title="the first difference"' if cell.first_difference else ""
    colors = f"background:{cell.background};color:{cell.foreground}"
    return f'<td{first} style="{colors}">{html.escape(cell.text)}</td>'


def curves_svg(shown: ShownCurves) -> Markup:
    """The curves over the epochs, the expected region behind them, and in words what they show."""
    curves = [
        (visible(name, limit=24), curve[:_MOST_EPOCHS])
        for name, curve in list(shown.curves.items())[:_MOST_CURVES]
    ]
    axes = _Axes(shown, [curve for _, curve in curves])
    parts = [*_region(shown, axes), *axes.drawn(visible(shown.ylabel, limit=24))]
    parts += _legend([name for name, _ in curves], region=bool(axes.region))
    for number, (_, curve) in enumerate(curves):
        for points in _pieces(curve, axes):
            parts.append(
                Markup('<polyline class="curve c{}" points="{}"/>').format(number % _STYLES, points)
            )
    parts += _marks(shown, axes)
    frame = Markup('<svg class="curves" viewBox="0 0 {} {}" role="img" aria-label="{}">{}</svg>')
    return frame.format(_WIDTH, _HEIGHT, curves_text(shown), Markup().join(parts))


class _Axes:
    """Where epochs and values lie in the picture."""

    def __init__(self, shown: ShownCurves, curves: Sequence[Sequence[float]]) -> None:
        values = [value for curve in curves for value in curve if math.isfinite(value)]
        self.region = [bound for bound in (shown.low, shown.high) if bound is not None]
        self.low, self.high = _spread([*values, *self.region] or [0.0, 1.0])
        self.last = max((len(curve) - 1 for curve in curves), default=0) or 1

    def x(self, epoch: float) -> float:
        """Where an epoch lies, from left to right."""
        share = min(1.0, max(0.0, epoch / self.last))
        return round(_LEFT + share * (_RIGHT - _LEFT), 1)

    def y(self, value: float) -> float:
        """Where a value lies; small ones at the bottom."""
        share = (value - self.low) / (self.high - self.low)
        return round(_BOTTOM - share * (_BOTTOM - _TOP), 1)

    def drawn(self, ylabel: str) -> Iterator[Markup]:
        """Lines and numbers of both axes."""
        line = Markup('<line class="grid" x1="{}" y1="{}" x2="{}" y2="{}"/>')
        for value in _ticks(self.low, self.high):
            at = self.y(value)
            yield line.format(_LEFT, at, _RIGHT, at)
            yield _text(_LEFT - 6, at + 4, f"{value:.4g}", "end")
        for epoch in _ticks(0, self.last):
            if epoch == int(epoch):
                yield _text(self.x(epoch), _BOTTOM + 16, f"{epoch:.0f}", "middle")
        yield _text((_LEFT + _RIGHT) / 2, _HEIGHT - 6, "epoch", "middle")
        yield _text(4, 14, ylabel, "start")


def _spread(values: Sequence[float]) -> tuple[float, float]:
    low, high = min(values), max(values)
    room = (high - low) * 0.05 or abs(high) * 0.1 or 0.5
    return low - room, high + room


def _ticks(low: float, high: float) -> list[float]:
    """Round numbers between two, about five."""
    size = 10 ** math.floor(math.log10((high - low) / 5))
    step = next(size * by for by in (1, 2, 5, 10) if (high - low) / (size * by) <= 5)
    first = math.ceil(low / step)
    return [number * step for number in range(first, math.floor(high / step) + 1)]


def _region(shown: ShownCurves, axes: _Axes) -> Iterator[Markup]:
    if axes.region:
        top = _TOP if shown.high is None else axes.y(shown.high)
        bottom = _BOTTOM if shown.low is None else axes.y(shown.low)
        left = min(axes.x(shown.first), _RIGHT - _NARROWEST)
        yield Markup('<rect class="region" x="{}" y="{}" width="{}" height="{}"/>').format(
            left, min(top, bottom), _RIGHT - left, abs(bottom - top)
        )


def _legend(names: Sequence[str], *, region: bool) -> Iterator[Markup]:
    at = 110.0
    line = Markup('<line class="curve c{}" x1="{}" y1="10" x2="{}" y2="10"/>')
    for number, name in enumerate(names):
        yield line.format(number % _STYLES, at, at + 24)
        yield _text(at + 30, 14, name, "start")
        at += 48 + _LETTER * len(name)
    if region:
        box = '<rect class="region" x="{}" y="3" width="24" height="14"/>'
        yield Markup(box).format(at)  # noqa: S704 - ours
        yield _text(at + 30, 14, "expected", "start")


def _pieces(curve: Sequence[float], axes: _Axes) -> Iterator[str]:
    """The points of a curve, in pieces where a value is not finite."""
    piece: list[str] = []
    for epoch, value in enumerate([*curve, math.nan]):
        if math.isfinite(value):
            piece.append(f"{axes.x(epoch)},{axes.y(value)}")
        elif piece:
            yield " ".join(piece if len(piece) > 1 else piece * 2)
            piece = []


def _marks(shown: ShownCurves, axes: _Axes) -> Iterator[Markup]:
    line = Markup('<line class="at" x1="{}" y1="{}" x2="{}" y2="{}"/>')
    for number, (text, epoch) in enumerate(list(shown.marks.items())[:_MOST_MARKS]):
        at = axes.x(epoch)
        yield line.format(at, _TOP, at, _BOTTOM)
        side = "end" if at > (_LEFT + _RIGHT) / 2 else "start"
        place = at - 4 if side == "end" else at + 4
        yield _text(place, _TOP + 12 + 14 * number, visible(text, limit=40), side)


def _text(x: float, y: float, text: str, anchor: str) -> Markup:
    shape = Markup('<text x="{}" y="{}" text-anchor="{}">{}</text>')
    return shape.format(round(x, 1), round(y, 1), anchor, text)
