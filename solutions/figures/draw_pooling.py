"""Draws the figures of lesson 4 into this folder."""

from __future__ import annotations

from typing import Any

import matplotlib as mpl
import numpy as np
from canvas import (
    BLUE,
    GRAY,
    GREEN,
    INK,
    ORANGE,
    OUTPUT,
    PADDING,
    PAPER,
    SUM,
    WINDOW,
    arrow,
    canvas,
    draw_all,
    grid,
    label,
    limits,
    outline,
    save,
)
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.patches import Polygon, Rectangle
from numpy.lib.stride_tricks import sliding_window_view

ROSE, DARK_ORANGE = "#F3DBE8", "#A86E00"  # a fourth tint; orange that can be read as text
POOLS = np.array([[WINDOW, OUTPUT], [SUM, ROSE]], dtype=object)  # one tint for each pool of 2 × 2
RESPONSES = LinearSegmentedColormap.from_list("responses", [ORANGE, PAPER, BLUE])


def pooled(values: Any, *, average: bool = False) -> Any:
    """The largest, or the mean, value of each pool of 2 × 2."""
    rows, columns = values.shape
    pools = values.reshape(rows // 2, 2, columns // 2, 2)
    return pools.mean((1, 3)) if average else pools.max((1, 3))


def decimals(values: Any) -> Any:
    """Numbers as they are written in a cell: 3 or 2.25, without zeros at the end."""
    return np.vectorize(lambda value: f"{value:g}", otypes=[object])(values)


def pixels(ax: Axes, colors: Any, left: float, top: float, size: float, border: str) -> None:
    """Small square cells in the given colors."""
    for (row, column), color in np.ndenumerate(colors):
        corner = (left + column * size, top + row * size)
        ax.add_patch(Rectangle(corner, size, size, fc=str(color), ec=border, lw=0.4))


def draw_max_pooling() -> None:
    """A 4×4 map in four pools, and the largest and the mean value of each."""
    values = np.array([[1, 3, 2, 9], [5, 7, 8, 1], [8, 1, 0, 6], [0, 1, 5, 1]])
    figure, ax = canvas(6.6, 2.75)
    limits(ax, 16.5, 6.875)
    label(ax, 3.2, 0.95, "feature map (4 × 4)")
    grid(ax, values, 1.2, 1.5, fill=POOLS.repeat(2, 0).repeat(2, 1), size=12)
    for row, column in np.ndindex(2, 2):
        outline(ax, 1.2 + 2 * column, 1.5 + 2 * row, 2, 2, INK)
    label(ax, 3.2, 6.05, "pool_size = 2, strides = 2", fontsize=9.5)
    for top, title, text, average in (
        (0.95, "max pooling", "the largest value\nof each pool", False),
        (4.05, "average pooling", "the mean value\nof each pool", True),
    ):
        arrow(ax, (5.6, 3.5), (8.6, top + 1.0))
        label(ax, 10.0, top - 0.4, title, weight="bold")
        grid(ax, decimals(pooled(values, average=average)), 9.0, top, fill=POOLS, size=12)
        label(ax, 11.6, top + 1.0, text + "\n(2 × 2)", ha="left")
    save(figure, "04_max_pooling.png")


def draw_condense() -> None:
    """A map, after ReLU, and after max pooling, with the share of active pixels in each."""
    kernel, bias = np.array([[-1, 0, 1], [-1, 0, 1], [-1, 0, 1]]), -0.5
    row, column = np.mgrid[:16, :16] - 7.5
    image = (np.abs(np.hypot(row, column) - 4) < 1.1).astype(int)
    windows = sliding_window_view(image, kernel.shape)
    responses = np.einsum("rcij,ij->rc", windows, kernel) + bias
    active = np.maximum(responses, 0)
    size, top = 0.225, 1.75
    scale = np.abs(responses).max()
    figure, ax = canvas(6.6, 3.0)
    limits(ax, 16.5, 7.5)
    left = 0.4
    for name, title, values in (
        ("", "image", image),
        ("Conv2D", "feature map", responses),
        ("ReLU", "after ReLU", active),
        ("max\npool", "pooled", pooled(active)),
    ):
        rows, columns = values.shape
        if name:
            arrow(ax, (left - 1.25, top + 8 * size), (left - 0.05, top + 8 * size))
            label(ax, left - 0.65, top + 8 * size - 0.2, name, fontsize=8.5, va="bottom")
        middle, upper = left + columns * size / 2, top + (16 - rows) * size / 2
        label(ax, middle, 0.5, title, weight="bold")
        label(ax, middle, 1.15, f"{rows} × {columns}", fontsize=9.5)
        share = RESPONSES((values / scale + 1) / 2)
        tint = np.empty(values.shape, dtype=object)
        for place in np.ndindex(values.shape):
            tint[place] = mpl.colors.to_hex(
                str(0.25 + 0.75 * image[place]) if values is image else share[place]
            )
        pixels(ax, tint, left, upper, size, "#D5D5D5")
        outline(ax, left, upper, columns * size, rows * size, GRAY)
        if name:
            count = int((values > 0).sum())
            label(ax, middle, 5.75, f"{count} of {values.size}", fontsize=9.5)
            label(ax, middle, 6.3, f"{count / values.size:.0%} active", fontsize=9.5)
        left += columns * size + 1.3
    for x, color, text in (
        (0.4, BLUE, "positive: active"),
        (5.1, PAPER, "zero: dead space"),
        (10.1, ORANGE, "negative"),
    ):
        ax.add_patch(Rectangle((x, 6.98), 0.4, 0.4, fc=color, ec="#9A9A9A", lw=0.8))
        label(ax, x + 0.6, 7.2, text, ha="left", fontsize=9)
    save(figure, "04_condense.png")


def strip(ax: Axes, values: Any, left: float, top: float, width: float, color: str) -> None:
    """A row of cells of the given width; those that are not 0 in a color."""
    for index, value in enumerate(values):
        face = color if value else PAPER
        box = Rectangle((left + index * width, top), width, 1, fc=face, ec="#9A9A9A", lw=0.8)
        ax.add_patch(box)
        ink = GRAY if not value else PAPER if color == BLUE else INK
        weight = "bold" if value else "normal"
        place = (left + (index + 0.5) * width, top + 0.52)
        label(ax, *place, str(value), color=ink, weight=weight)


def draw_two_dots() -> None:
    """Two pairs of maps with one dot each, pooled twice: which pair can still be told apart."""
    figure, ax = canvas(6.6, 4.5)
    limits(ax, 21.0, 14.318)
    for y, text in ((3.28, "map"), (7.28, "pooled\nonce"), (11.28, "pooled\ntwice")):
        label(ax, 1.4, y, text, weight="bold", fontsize=9.5)
    for left, places in ((3.0, (0, 1)), (12.4, (1, 2))):
        maps = [np.eye(8, dtype=int)[place] for place in places]
        label(ax, left + 4, 0.65, f"dots at pixels {places[0]} and {places[1]}", weight="bold")
        for column in range(8):
            label(ax, left + column + 0.5, 1.6, str(column), fontsize=8.5, color="#6E6E6E")
        for step, top in enumerate((2.1, 6.1, 10.1)):
            width = 2**step
            for offset, color, values in zip((0, 1.35), (BLUE, ORANGE), maps, strict=True):
                strip(ax, values, left, top + offset, width, color)
                for pool in range(len(values) // 2 if step < 2 else 0):
                    outline(ax, left + 2 * width * pool, top + offset, 2 * width, 1, INK)
            same = np.array_equal(*maps)
            text, color = ("the same map: merged", GREEN) if same else ("two different maps", INK)
            label(ax, left + 4, top + 2.95, text, color=color, weight="bold" if same else "normal")
            maps = [values.reshape(-1, 2).max(1) for values in maps]
    label(
        ax,
        10.5,
        13.75,
        "each row is a map; thick frames: its pools in the next max pooling",
        fontsize=9.5,
    )
    save(figure, "04_two_dots.png")


def draw_average_border() -> None:
    """Average pooling with `same`: what Keras returns, and what counting the zeros would give."""
    import keras

    values = np.array([[4, 8, 6], [2, 2, 2], [5, 1, 9]])
    layer = keras.layers.AveragePooling2D(2, padding="same")
    result = np.asarray(layer(values.reshape(1, 3, 3, 1).astype("float32")))[0, :, :, 0]
    framed = np.pad(values, (0, 1))
    counted = pooled(framed, average=True)
    fill = POOLS.repeat(2, 0).repeat(2, 1)
    fill[3, :] = fill[:, 3] = PADDING
    figure, ax = canvas(6.6, 2.75)
    limits(ax, 16.5, 6.875)
    label(ax, 2.9, 0.55, 'map (3 × 3), "same"')
    grid(ax, framed, 0.9, 1.1, fill=fill, size=12)
    for row, column in np.ndindex(2, 2):
        outline(ax, 0.9 + 2 * column, 1.1 + 2 * row, 2, 2, INK)
    label(ax, 2.9, 5.95, "pool_size = 2, strides = 2\ngray: zeros of the padding", fontsize=9.5)
    arrow(ax, (5.2, 3.1), (6.5, 3.1))
    label(ax, 7.9, 1.45, "in Keras", weight="bold")
    grid(ax, decimals(result), 6.9, 2.1, fill=POOLS, size=12)
    outline(ax, 6.9, 2.1, 2, 2, GREEN)
    label(ax, 7.9, 4.85, "mean of the\npixels only", fontsize=9.5)
    label(ax, 14.9, 1.45, "not in Keras", weight="bold", color="#6E6E6E")
    grid(ax, decimals(counted), 13.9, 2.1, ink="#6E6E6E", size=11)
    label(ax, 14.9, 4.85, "zeros counted:\nalways / 4", fontsize=9.5, color="#6E6E6E")
    for index, (row, column) in enumerate(np.ndindex(2, 2)):
        pool = values[2 * row : 2 * row + 2, 2 * column : 2 * column + 2]
        terms = " + ".join(str(value) for value in pool.flat)
        mean = f"({terms}) / {pool.size}" if pool.size > 1 else f"{terms} / {pool.size}"
        y = 1.75 + 0.9 * index
        color = str(POOLS[row, column])
        ax.add_patch(Rectangle((9.4, y - 0.25), 0.5, 0.5, fc=color, ec="#9A9A9A"))
        label(ax, 10.1, y + 0.02, mean, ha="left", fontsize=8.5)
    save(figure, "04_average_border.png")


def draw_near_far() -> None:
    """Three dots in one map, pooled three times: the near ones merge, the far one stays apart."""
    dots = {"A": (4, 5), "B": (5, 6), "C": (11, 13)}
    colors = {"A": BLUE, "B": ORANGE, "C": GREEN}
    maps = {}
    for name, place in dots.items():
        maps[name] = np.zeros((16, 16), dtype=int)
        maps[name][place] = 1
    figure, ax = canvas(6.6, 2.6)
    limits(ax, 16.5, 6.5)
    side, top = 3.4, 1.5
    times = ("map", "pooled once", "pooled twice", "pooled three times")
    for step in range(4):
        rows = len(maps["A"])
        left, size = 0.4 + 4.1 * step, side / rows
        label(ax, left + side / 2, 0.45, f"{rows} × {rows}", weight="bold")
        label(ax, left + side / 2, 1.05, times[step], fontsize=9.5)
        pixels(ax, np.full((rows, rows), PAPER), left, top, size, "#C4C4C4")
        outline(ax, left, top, side, side, GRAY)
        if step:
            arrow(ax, (left - 0.65, top + side / 2), (left - 0.05, top + side / 2))
        places = {name: tuple(np.argwhere(values)[0]) for name, values in maps.items()}
        for name, (row, column) in places.items():
            x, y = left + column * size, top + row * size
            here = [other for other, place in places.items() if place == (row, column)]
            corners = [(x, y), (x + size, y), (x, y + size), (x + size, y + size)]
            half = corners[:3] if name == here[0] else corners[1:]
            points = half if len(here) > 1 else [corners[i] for i in (0, 1, 3, 2)]
            ax.add_patch(Polygon(points, fc=colors[name], ec="none", zorder=3))
            away = {"A": (-1, -1), "B": (1, 1), "C": (0, 1)}[name]
            reach = 0.5 * size + (0.22 if name != "C" else 0.3)
            ink = DARK_ORANGE if name == "B" else colors[name]
            if size > 0.5:  # room for the letter inside
                reach, ink = size * (len(here) - 1) / 4.5, INK if name == "B" else PAPER
            spot = (x + size / 2 + away[0] * reach, y + size / 2 + away[1] * reach)
            label(ax, *spot, name, color=ink, weight="bold", fontsize=9.5, zorder=5)
        merged = [name for name in places if list(places.values()).count(places[name]) > 1]
        apart = [name for name in places if name not in merged]
        text = f"{' and '.join(merged)} merged,\n" if merged else ""
        label(ax, left + side / 2, 5.65, f"{text}{', '.join(apart)} apart", fontsize=9.5)
        maps = {name: pooled(values) for name, values in maps.items()}
    save(figure, "04_near_far.png")


if __name__ == "__main__":
    draw_all(
        draw_max_pooling,
        draw_condense,
        draw_two_dots,
        draw_average_border,
        draw_near_far,
    )
