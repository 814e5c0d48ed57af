"""Curves over epochs, and what a network decides at every point of a plane.

Colors are those of Okabe and Ito, which people with any color vision can tell apart.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.colors import ListedColormap
from matplotlib.ticker import MaxNLocator

from grader.drawing.images import finished, nobody_looks

COLORS = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#D55E00", "#56B4E9")
STYLES = ("-", "--", "-.", ":")
_PALE = ("#CFE3F1", "#FBE3B0")


def show_curves(
    curves: Mapping[str, Sequence[float]],
    *,
    xlabel: str = "epoch",
    ylabel: str = "loss",
    x: Sequence[float] | None = None,
    title: str = "",
    marks: Mapping[str, float] | None = None,
    gap: tuple[str, str] | None = None,
) -> None:
    """Draw named curves over `x`, or over 0, 1, 2, … where there is none.

    Each has a color and a style of its own. `marks` maps a text to the place on the horizontal axis
    at which it stands, as a thin upright line. `gap` names two curves: an arrow at their end says
    by how much the second is larger. Where a curve is None or `...`, one sentence is printed
    instead.
    """
    if not finished(*curves.values()) or nobody_looks():
        return
    _, ax = plt.subplots(figsize=(6.4, 3.4), layout="constrained")
    for index, (name, curve) in enumerate(curves.items()):
        places = range(len(curve)) if x is None else x
        ax.plot(
            places,
            curve,
            color=COLORS[index % len(COLORS)],
            linestyle=STYLES[index % len(STYLES)],
            lw=2,
            label=name,
        )
    for text, place in (marks or {}).items():
        ax.axvline(place, color="#555555", lw=1, ls=(0, (2, 2)))
        ax.annotate(
            text, (place, 1), (3, -3), xycoords=("data", "axes fraction"),
            textcoords="offset points", va="top", fontsize=9, color="#555555",
        )  # fmt: skip
    if gap is not None:
        low, high = (curves[name][-1] for name in gap)
        end = ax.get_xlim()[1]
        ax.annotate(
            "", (end, high), (end, low), annotation_clip=False,
            arrowprops={"arrowstyle": "<->", "color": "#555555"},
        )  # fmt: skip
        ax.annotate(
            f"gap {high - low:.2f}", (end, (low + high) / 2), (8, 0), color="#555555", fontsize=9,
            textcoords="offset points", va="center", annotation_clip=False,
        )  # fmt: skip
    ax.set(xlabel=xlabel, ylabel=ylabel, title=title)
    if x is None:
        ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    ax.spines[["top", "right"]].set_visible(False)
    if len(curves) > 1 or not title:
        ax.legend(frameon=False)
    plt.show()


def show_histograms(values: Mapping[str, Any], *, xlabel: str, limit: float) -> None:
    """Draw which share of values lies where, in a picture for each name, from -limit to limit.

    Values are arrays of any shape; those beyond the limit count, but are not drawn. Where one is
    None or `...`, one sentence is printed instead.
    """
    if not finished(*values.values()) or nobody_looks():
        return
    _, axes = plt.subplots(
        1, len(values), figsize=(2.9 * len(values), 2.6), squeeze=False, sharey=True,
        layout="constrained",
    )  # fmt: skip
    bins = np.linspace(-limit, limit, 52)  # an odd number of bins: one has 0 in its middle
    for index, (ax, (name, found)) in enumerate(zip(axes[0], values.items(), strict=True)):
        row = np.ravel(found)
        ax.hist(row, bins, weights=np.full(row.size, 100 / row.size), color=COLORS[index])
        ax.set(title=name, xlabel=xlabel)
        ax.spines[["top", "right"]].set_visible(False)
    axes[0, 0].set_ylabel("% of all")
    plt.show()


def show_regions(
    deciders: Mapping[str, Callable[[Any], Any]], points: Any, labels: Any, *, titles: bool = True
) -> None:
    """Draw which of two classes each decider sees at every point of the plane, and the data.

    A decider takes points (N, 2) and returns scores (N,) or (N, 1): above 0.5 is class 1. `points`
    is (N, 2), `labels` (N,) of 0 and 1. Where a decider is None or `...`, one sentence is printed
    instead.
    """
    if not finished(*deciders.values(), points, labels) or nobody_looks():
        return
    points, labels = np.asarray(points), np.asarray(labels)
    low, high = points.min(0) - 0.2, points.max(0) + 0.2
    across, up = np.meshgrid(
        np.linspace(low[0], high[0], 90), np.linspace(low[1], high[1], 90), indexing="xy"
    )
    plane = np.stack([across.ravel(), up.ravel()], axis=1).astype("float32")
    _, axes = plt.subplots(
        1, len(deciders), figsize=(3.6 * len(deciders), 3.7), squeeze=False, layout="constrained"
    )
    for ax, (name, decide) in zip(axes[0], deciders.items(), strict=True):
        scores = np.asarray(decide(plane)).reshape(across.shape)
        ax.contourf(across, up, scores > 0.5, levels=(-0.5, 0.5, 1.5), cmap=ListedColormap(_PALE))
        for label, marker in ((0, "o"), (1, "^")):
            chosen = points[labels == label]
            ax.scatter(*chosen.T, s=14, color=COLORS[label], marker=marker, label=f"class {label}")
        ax.set(title=name if titles else "", xticks=[], yticks=[], aspect="equal")
    axes[0, 0].legend(loc="upper left", fontsize=8, framealpha=0.8)
    plt.show()
