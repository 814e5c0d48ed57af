"""A network drawn as what flows through it: one block for each layer's output."""

from __future__ import annotations

from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Polygon, Rectangle

from grader.drawing.images import WIDTH, finished, nobody_looks

_FRONT, _TOP, _SIDE, _EDGE = "#CFE3F1", "#E7F1F8", "#9FC6E3", "#33566E"
_VECTOR = "#FBE3B0"
_GAP = 0.9
_TALLEST, _DEEPEST = 3.0, 2.2


def show_network(model: Any) -> None:
    """Draw the shapes that a built Keras model makes of its input, layer by layer.

    A volume (height, width, channels) is a box as tall as its height and as deep as its channels, a
    vector (units,) a bar. Above stands the layer, below its output shape and its parameters. Where
    the model is None or `...`, one sentence is printed instead.
    """
    if not finished(model) or nobody_looks():
        return
    blocks = [("input", tuple(model.input_shape[1:]), 0)]
    blocks += [
        (layer.name.rsplit("_", 1)[0] if layer.name[-1:].isdigit() else layer.name,
         tuple(layer.output.shape[1:]), layer.count_params())
        for layer in model.layers
        if type(layer).__name__ != "InputLayer"
    ]  # fmt: skip
    per_row = 7
    rows = [blocks[start : start + per_row] for start in range(0, len(blocks), per_row)]
    _, axes = plt.subplots(
        len(rows), 1, figsize=(WIDTH, 2.6 * len(rows)), squeeze=False, layout="constrained"
    )
    sizes = [shape[0] for _, shape, _ in blocks if len(shape) == 3]
    channels = [shape[2] for _, shape, _ in blocks if len(shape) == 3]
    for ax, row in zip(axes[:, 0], rows, strict=True):
        draw_blocks(ax, row, max(sizes, default=1), max(channels, default=1))
    plt.show()


def draw_blocks(
    ax: Axes, blocks: list[tuple[str, tuple[int, ...], int]], largest: int, most: int
) -> None:
    """Draw blocks (name, shape, parameters) in a row; `largest` and `most` set their scale.

    They are the largest height and the most channels of the whole network.
    """
    step = _TALLEST + _GAP
    for place, (name, shape, parameters) in enumerate(blocks):
        middle = place * step + _TALLEST / 2
        if len(shape) == 3:
            _box(ax, middle, shape, largest, most)
        else:
            height = 0.8 + 2.2 * min(1.0, np.log10(max(shape[-1], 1)) / 4) if shape else 0.4
            bar = (middle - 0.12, -height / 2)
            ax.add_patch(Rectangle(bar, 0.24, height, fc=_VECTOR, ec="#8A6100", lw=1))
        ax.text(middle, 2.55, name, ha="center", va="center", fontsize=9)
        size = " × ".join(map(str, shape)) or "1"
        ax.text(middle, -2.35, size, ha="center", va="center", fontsize=9)
        counted = f"{parameters:,} parameters" if parameters else ""
        ax.text(middle, -2.8, counted, ha="center", va="center", fontsize=7.5, color="#555555")
        if place:
            left = place * step - _GAP - 0.1
            ax.annotate(
                "",
                (left + 0.75, 0),
                (left, 0),
                arrowprops={"arrowstyle": "-|>", "color": "#777777"},
            )
    ax.set(xlim=(-0.4, 7 * step), ylim=(-3.1, 2.9))
    ax.set_axis_off()


def _box(ax: Axes, middle: float, shape: tuple[int, ...], largest: int, most: int) -> None:
    """A box whose front is the width and depth of the channels, drawn from the side."""
    height = max(0.25, _TALLEST * 0.75 * shape[0] / largest)
    slant = height * 0.32
    depth = max(0.12, _DEEPEST * 0.6 * np.sqrt(shape[2] / most))
    left, bottom = middle - (depth + slant) / 2, -(height + slant) / 2
    right, top = left + depth, bottom + height
    corners = {
        _FRONT: [(left, bottom), (right, bottom), (right, top), (left, top)],
        _TOP: [
            (left, top),
            (right, top),
            (right + slant, top + slant),
            (left + slant, top + slant),
        ],
        _SIDE: [
            (right, bottom),
            (right + slant, bottom + slant),
            (right + slant, top + slant),
            (right, top),
        ],
    }
    for color, points in corners.items():
        ax.add_patch(Polygon(points, closed=True, fc=color, ec=_EDGE, lw=0.9))
