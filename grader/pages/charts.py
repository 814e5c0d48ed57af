"""Charts as SVG that takes the colors of its page, light or dark; each with the same in words."""

from __future__ import annotations

import io
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from statistics import fmean, median

_BINS = 10
# Colors that stand for those of the page, which the SVG names in the end.
_COLORS = {"#0000a1": "var(--bar)", "#0000a2": "var(--text)", "#0000a3": "var(--line)"}
_BAR, _TEXT, _LINE = _COLORS
_HEAD = re.compile(r"^.*?(?=<svg)|<metadata>.*?</metadata>|<style.*?</style>", re.DOTALL)
_NAMES = re.compile(r' (?:id="[^"]*"|width="[^"]*pt"|height="[^"]*pt"|xmlns:xlink="[^"]*")')


@dataclass(frozen=True)
class Chart:
    """A drawing as inline SVG, and what it says in words."""

    svg: str
    words: str


def distribution(shares: Sequence[float], *, what: str) -> Chart:
    """How many have which share of all points, from 0 to 1, in ten bars.

    More than all points counts as all of them.
    """
    counts = [0] * _BINS
    for share in shares:
        counts[min(int(share * _BINS + 1e-9), _BINS - 1)] += 1
    return Chart(
        _bars(tuple(counts), median(shares) if shares else None), _words(counts, shares, what)
    )


def _words(counts: Sequence[int], shares: Sequence[float], what: str) -> str:
    if not shares:
        return f"{what}: nobody has a mark."
    bars = [
        f"{10 * place}–{10 * place + 10} %: {count}" for place, count in enumerate(counts) if count
    ]
    middle = f"mean {fmean(shares):.0%}, median {median(shares):.0%}".replace("%", " %")
    return f"{what}: {middle}. {'; '.join(bars)}."


@lru_cache(maxsize=512)  # one takes 50 ms, and the desk shows the same ones again and again
def _bars(counts: tuple[int, ...], middle: float | None) -> str:
    import matplotlib as mpl  # takes half a second, and only a class page draws
    from matplotlib.figure import Figure

    settings = {"svg.fonttype": "none", "svg.hashsalt": "grader", "font.family": "sans-serif"}
    with mpl.rc_context({**mpl.rcParamsDefault, **settings}):  # type: ignore[dict-item]
        figure = Figure(figsize=(4.6, 1.9))
        figure.patch.set_visible(False)
        axes = figure.add_axes((0.04, 0.14, 0.9, 0.83))
        axes.patch.set_visible(False)
        places = [10 * place + 5 for place in range(_BINS)]
        bars = axes.bar(places, counts, width=9, color=_BAR)
        axes.bar_label(bars, [str(count or "") for count in counts], color=_TEXT, fontsize=9)
        if middle is not None:
            axes.axvline(100 * middle, color=_TEXT, linewidth=1, linestyle=(0, (4, 3)))
        axes.set_xlim(0, 100)
        axes.set_ylim(0, max(*counts, 1) * 1.18)
        axes.set_xticks(range(0, 101, 20), [f"{value} %" for value in range(0, 101, 20)])
        axes.set_yticks([])
        axes.tick_params(colors=_TEXT, labelsize=9, length=0)
        for side in ("top", "left", "right"):
            axes.spines[side].set_visible(False)
        axes.spines["bottom"].set_color(_LINE)
        drawn = io.StringIO()
        figure.savefig(drawn, format="svg", transparent=True)
    return _for_a_page(drawn.getvalue())


def _for_a_page(svg: str) -> str:
    """The SVG without what a page of many of them must not have, in the colors of the page."""
    svg = _HEAD.sub("", svg)
    svg = re.sub(r"<defs>.*?</defs>| clip-path=\"[^\"]*\"", "", svg, flags=re.DOTALL)
    svg = _NAMES.sub("", svg)
    svg = re.sub(r"font-family: [^;]*; | transform=\"rotate\(-0 [^\"]*\"", "", svg)
    svg = re.sub(r"(\d+\.\d)\d+", r"\1", svg)
    for color, name in _COLORS.items():
        svg = svg.replace(color, name)
    svg = svg.replace("<svg", '<svg aria-hidden="true" focusable="false"', 1)
    svg = re.sub(r"<!--.*?-->|<g/>", "", svg, flags=re.DOTALL)
    return re.sub(r">\s+<", "><", re.sub(r"\s*\n\s*", " ", svg)).strip()
