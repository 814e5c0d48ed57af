"""A student's training curves as a picture, with the region where they should be."""

from __future__ import annotations

from typing import TYPE_CHECKING

from grader.report.pictures import Picture, png_of
from grader.report.text import visible

if TYPE_CHECKING:
    from grader.results import ShownCurves

_COLORS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7")
_STYLES = ("-", "--", "-.", ":")
_REGION = "#CDEBDF"


def curves_picture(shown: ShownCurves) -> Picture:
    """The curves over the epochs, the expected region behind them; in words what a reader needs."""
    return Picture("epochs from left to right, counted from 0", (), _png(shown), curves_text(shown))


def curves_text(shown: ShownCurves) -> str:
    """The curves in words: where each begins and ends, and the region that was expected."""
    parts = [
        f"{visible(name, limit=40)}: {curve[0]:.4g} in epoch 0, {curve[-1]:.4g} in epoch "
        f"{len(curve) - 1}, smallest {min(curve):.4g} in epoch {curve.index(min(curve))}"
        for name, curve in shown.curves.items()
        if curve
    ]
    bounds = [
        f"{word} {bound:.4g}"
        for word, bound in (("above", shown.low), ("below", shown.high))
        if bound is not None
    ]
    if bounds:
        parts.append(f"expected: {' and '.join(bounds)} from epoch {shown.first:g} on")
    return "; ".join(parts)


def _png(shown: ShownCurves) -> str:
    """Drawn on a figure of its own with the default settings, as every picture of the feedback."""
    import matplotlib as mpl
    from matplotlib.figure import Figure
    from matplotlib.ticker import MaxNLocator

    with mpl.rc_context(mpl.rcParamsDefault):
        figure = Figure(figsize=(5.4, 2.8), dpi=100, facecolor="white", layout="constrained")
        axes = figure.add_subplot()
        for index, (name, curve) in enumerate(shown.curves.items()):
            style = _STYLES[index % len(_STYLES)]
            color = _COLORS[index % len(_COLORS)]
            text = visible(name, limit=40).replace("$", r"\$")
            axes.plot(range(len(curve)), curve, style, color=color, lw=2, label=text)
        low, high = axes.get_ylim()
        if shown.low is not None or shown.high is not None:
            bottom = low if shown.low is None else shown.low
            top = high if shown.high is None else shown.high
            right = axes.get_xlim()[1]
            axes.fill_between(
                [shown.first, right], bottom, top, color=_REGION, zorder=0, label="expected"
            )
            axes.set_ylim(min(low, bottom), max(high, top))
        for text, epoch in shown.marks.items():
            axes.axvline(epoch, color="#57606a", lw=1, ls=":")
            place = (epoch, axes.get_ylim()[1])
            axes.annotate(
                text, place, (3, -9), textcoords="offset points", fontsize=8, color="#57606a"
            )
        axes.set_xlabel("epoch", fontsize=9)
        axes.set_ylabel(visible(shown.ylabel, limit=40), fontsize=9)
        axes.tick_params(labelsize=8)
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        axes.spines[["top", "right"]].set_visible(False)
        axes.legend(fontsize=8, frameon=False)
        return png_of(figure)
