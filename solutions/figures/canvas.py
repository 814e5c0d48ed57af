"""What the lessons' figures are drawn with; the same numbers give the same files.

Colors are those of Okabe and Ito, which people with any color vision can tell apart: orange for the
window and its kernel, blue for the output, green for a sum, gray for padding.
"""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyArrowPatch, Rectangle
from PIL import Image

HERE = Path(__file__).parent
DRAWN = HERE / "drawn.json"
"""Which text of each script its pictures were drawn by, as a hash: what tells an old picture."""

DPI = 110  # × the widths below in inches: about 700 pixels, as wide as a notebook's text

ORANGE, BLUE, GREEN, GRAY = "#E69F00", "#0072B2", "#009E73", "#8C8C8C"
WINDOW, OUTPUT, SUM, PADDING, PAPER = "#FBE3B0", "#CFE3F1", "#CDEBDF", "#E4E4E4", "#FFFFFF"
INK = "#222222"


def canvas(width: float, height: float) -> tuple[Figure, Axes]:
    """A blank figure in inches, whose axes count cells of one unit from the top left."""
    figure = Figure(figsize=(width, height), dpi=DPI, facecolor="white")
    ax = figure.add_axes((0, 0, 1, 1))
    ax.set_axis_off()
    ax.set_aspect("equal")
    return figure, ax


def grid(
    ax: Axes,
    values: Any,
    left: float,
    top: float,
    *,
    fill: Any = PAPER,
    size: float = 11,
    ink: str = INK,
) -> None:
    """Cells of one unit with their values; `fill` is one color or one for each cell."""
    texts = np.asarray(values)
    fills = np.broadcast_to(np.asarray(fill), texts.shape)
    for (row, column), text in np.ndenumerate(texts):
        x, y = left + column, top + row
        ax.add_patch(Rectangle((x, y), 1, 1, fc=str(fills[row, column]), ec="#B5B5B5", lw=0.8))
        word = str(text).replace("-", "−")
        ax.text(x + 0.5, y + 0.52, word, ha="center", va="center", fontsize=size, color=ink)


def outline(
    ax: Axes, left: float, top: float, columns: float, rows: float, color: str, style: str = "-"
) -> None:
    """A thick frame around some cells."""
    box = Rectangle((left, top), columns, rows, fill=False, ec=color, lw=2.6, ls=style, zorder=4)
    ax.add_patch(box)


def label(ax: Axes, x: float, y: float, text: str, **style: Any) -> None:
    """Text whose middle is at (x, y)."""
    ax.text(x, y, text, **{"ha": "center", "va": "center", "fontsize": 10.5, "color": INK, **style})


def arrow(ax: Axes, start: tuple[float, float], end: tuple[float, float], color: str = INK) -> None:
    """An arrow from one point to another."""
    ax.add_patch(
        FancyArrowPatch(start, end, arrowstyle="-|>", mutation_scale=14, color=color, lw=1.4)
    )


def limits(ax: Axes, columns: float, rows: float) -> None:
    """What of the plane is seen: (0, 0) at the top left."""
    ax.set_xlim(0, columns)
    ax.set_ylim(rows, 0)


def save(figure: Figure, name: str) -> None:
    """Write a PNG of few colors, without the date and versions that would make it differ."""
    palette(figure).save(HERE / name, optimize=True)


def palette(figure: Figure) -> Image.Image:
    """The figure as an image of 64 colors."""
    buffer = BytesIO()
    figure.savefig(buffer, format="png", dpi=DPI)
    return Image.open(buffer).convert("RGB").quantize(64, dither=Image.Dither.NONE)


def draw_all(*drawings: Callable[[], None]) -> None:
    """Draw every figure of the script that calls, and note which text of it drew them."""
    mpl.rcParams["font.family"] = "DejaVu Sans"  # ships with Matplotlib: the same everywhere
    for draw in drawings:
        draw()
    script = Path(sys.argv[0]).name
    noted = json.loads(DRAWN.read_text(encoding="utf-8")) if DRAWN.exists() else {}
    noted[script] = text_hash(HERE / script)
    text = json.dumps(noted, indent=1, sort_keys=True)
    DRAWN.write_text(text + "\n", encoding="utf-8")


def text_hash(script: Path) -> str:
    """The SHA-256 of a script together with what all of them draw with."""
    return hashlib.sha256(script.read_bytes() + Path(__file__).read_bytes()).hexdigest()
