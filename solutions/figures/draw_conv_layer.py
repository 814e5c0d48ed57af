"""Draws the figures of lesson 2 into this folder."""

from __future__ import annotations

from typing import Any

import numpy as np
from canvas import (
    BLUE,
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
from matplotlib.figure import Figure
from matplotlib.patches import Polygon, Rectangle

WIDTH = 6.6  # inches
DARK_ORANGE = "#A86E00"  # orange that can be read as text
PURPLE, LILAC = "#B0568A", "#EBCFDF"


def sheet(columns: float, rows: float) -> tuple[Figure, Axes]:
    """A figure as wide as a notebook's text, that many units wide and high."""
    figure, ax = canvas(WIDTH, WIDTH * rows / columns)
    limits(ax, columns, rows)
    return figure, ax


def correlate(image: Any, kernel: Any) -> Any:
    """Feature map of one channel: `valid`, stride 1."""
    windows = np.lib.stride_tricks.sliding_window_view(image, kernel.shape)
    return np.einsum("rcij,ij->rc", windows, kernel)


def signed(values: list[int]) -> str:
    """A sum written out: 4 − 1 + 2."""
    words = [str(values[0]).replace("-", "−")]
    words += [f"{'+' if value >= 0 else '−'} {abs(value)}" for value in values[1:]]
    return " ".join(words)


def draw_volume() -> None:
    """One filter over three channels: a kernel for each, responses added up, plus a bias."""
    rng = np.random.default_rng(5)
    image = rng.integers(0, 4, (4, 4, 3))
    kernel = rng.integers(-1, 2, (3, 3, 3))
    bias = 2
    responses = [correlate(image[..., channel], kernel[..., channel]) for channel in range(3)]
    feature_map = np.sum(responses, axis=0) + bias

    figure, ax = sheet(19, 14.9)
    label(ax, 3.2, 0.5, "input (4 × 4 × 3)")
    label(ax, 8.2, 0.5, "one filter (3 × 3 × 3)", color=DARK_ORANGE)
    label(ax, 12.6, 0.5, "responses")
    outline(ax, 6.4, 1.15, 3.6, 13.2, ORANGE)
    for channel in range(3):
        top = 1.3 + 4.45 * channel
        label(ax, 0.75, top + 2, f"channel {channel}", rotation=90)
        fill = np.full((4, 4), PAPER, dtype=object)
        fill[:3, :3] = WINDOW
        grid(ax, image[..., channel], 1.2, top, fill=fill)
        outline(ax, 1.2, top, 3, 3, ORANGE)
        label(ax, 5.8, top + 2, "×", fontsize=15)
        grid(ax, kernel[..., channel], 6.7, top + 0.5, fill=WINDOW)
        label(ax, 10.75, top + 2, "=", fontsize=15)
        fill = np.full((2, 2), PAPER, dtype=object)
        fill[0, 0] = SUM
        grid(ax, responses[channel], 11.6, top + 1, fill=fill)
        outline(ax, 11.6, top + 1, 1, 1, GREEN)
        if channel:
            label(ax, 12.6, top - 0.2, "+", fontsize=15)
    middle = 1.3 + 4.45 + 2
    label(ax, 14.05, middle, "+", fontsize=15)
    grid(ax, [[bias]], 14.5, middle - 0.5, fill=WINDOW)
    label(ax, 15.0, middle - 1, "bias", color=DARK_ORANGE)
    label(ax, 16.05, middle, "=", fontsize=15)
    label(ax, 17.55, middle - 2.1, "one feature\nmap (2 × 2)", color=BLUE)
    fill = np.full((2, 2), OUTPUT, dtype=object)
    grid(ax, feature_map, 16.6, middle - 1, fill=fill)
    outline(ax, 16.6, middle - 1, 1, 1, BLUE)
    first = [int(response[0, 0]) for response in responses]
    total = str(int(feature_map[0, 0])).replace("-", "−")
    label(ax, 16.3, middle + 2.4, f"top left:\n{signed([*first, bias])} = {total}")
    save(figure, "02_volume.png")


def draw_filter_bank() -> None:
    """Two input channels, three filters of two kernels each, three maps."""
    rng = np.random.default_rng(3)
    image = rng.integers(0, 3, (4, 4, 2))
    kernel = rng.integers(-1, 2, (3, 3, 2, 3))
    biases = [1, 0, -2]

    figure, ax = sheet(19.6, 17.5)
    lefts = (4.0, 9.4)
    label(ax, 1.85, 3.2, "input\n(4 × 4 × 2)")
    for channel, left in enumerate(lefts):
        label(ax, left + 2, 0.5, f"channel {channel}")
        grid(ax, image[..., channel], left, 1.0)
        arrow(ax, (left + 2, 5.1), (left + 2, 5.9))
    label(ax, 14.65, 5.5, "bias")
    label(ax, 17.75, 5.5, "feature map")
    colors = ((ORANGE, WINDOW), (BLUE, OUTPUT), (PURPLE, LILAC))
    for number, (dark, light) in enumerate(colors):
        top = 6.1 + 3.75 * number
        middle = top + 1.75
        label(ax, 1.85, middle, f"filter {number}\n(3 × 3 × 2)")
        outline(ax, lefts[0] + 0.2, top, 11.4, 3.5, dark)
        maps = []
        for channel, left in enumerate(lefts):
            grid(ax, kernel[..., channel, number], left + 0.5, top + 0.25, fill=light)
            maps.append(correlate(image[..., channel], kernel[..., channel, number]))
        label(ax, 8.7, middle, "+", fontsize=15)
        label(ax, 13.5, middle, "+", fontsize=15)
        grid(ax, [[biases[number]]], 14.15, middle - 0.5, fill=light)
        arrow(ax, (15.75, middle), (16.65, middle), dark)
        grid(ax, np.sum(maps, axis=0) + biases[number], 16.8, middle - 1, fill=light)
        outline(ax, 16.8, middle - 1, 2, 2, dark)
    save(figure, "02_filter_bank.png")


def draw_parameters() -> None:
    """How the 760 parameters of ten filters of 5×5×3 are counted."""
    size, depth, filters = 5, 3, 10
    weights = size * size * depth
    figure, ax = sheet(28, 14.6)

    def stack(left: float, top: float, unit: float, lines: int) -> None:
        """The slices of one filter, the last in front."""
        step = 0.9 * unit
        for channel in range(depth):
            x, y = left + step * channel, top + step * channel
            z = 1 + channel
            box = Rectangle((x, y), size * unit, size * unit, fc=WINDOW, ec=ORANGE, lw=1.2)
            box.set_zorder(z)
            ax.add_patch(box)
            for line in range(1, lines):
                for along in (
                    ([x + line * unit] * 2, [y, y + size * unit]),
                    ([x, x + size * unit], [y + line * unit] * 2),
                ):
                    ax.plot(*along, color=ORANGE, lw=0.8, zorder=z)

    label(ax, 5.2, 0.9, "weights of one filter")
    stack(1.9, 3.2, 1.0, size)
    label(ax, 1.5, 5.7, str(size), ha="right")
    label(ax, 4.4, 2.6, str(size))
    label(ax, 7.2, 3.5, f"{depth} channels", ha="left", fontsize=9.5)
    label(ax, 5.3, 11.0, f"{size} · {size} · {depth} = {weights}", color=DARK_ORANGE)
    label(ax, 10.1, 6.6, "+", fontsize=17)
    label(ax, 12.0, 0.9, "its bias")
    ax.add_patch(Rectangle((11.5, 6.1), 1, 1, fc=WINDOW, ec=ORANGE, lw=1.2))
    label(ax, 12.0, 11.0, "1", color=DARK_ORANGE)
    for x, inward in ((0.5, 0.4), (13.6, -0.4)):
        ax.plot([x + inward, x, x, x + inward], [2.0, 2.0, 11.8, 11.8], color=INK, lw=1.6)
    label(ax, 14.8, 6.6, "×", fontsize=17)
    label(ax, 21.6, 0.9, f"{filters} filters with their biases")
    for number in range(filters):
        row, column = divmod(number, 5)
        left, top = 16.1 + 2.3 * column, 4.2 + 3.2 * row
        stack(left, top, 0.24, 1)
        ax.add_patch(Rectangle((left + 1.25, top + 1.85), 0.36, 0.36, fc=WINDOW, ec=ORANGE, lw=1))
    label(ax, 21.6, 11.0, str(filters), color=DARK_ORANGE)
    total = (weights + 1) * filters
    sum_text = f"({size} · {size} · {depth} + 1) · {filters} = {weights + 1} · {filters} = {total}"
    label(ax, 14, 13.4, f"{sum_text} parameters", fontsize=13, weight="bold")
    save(figure, "02_parameters.png")


def same_zeros(size: int, kernel: int, stride: int) -> tuple[int, int]:
    """How many zeros `same` adds before and after, as Keras counts."""
    total = max((-(-size // stride) - 1) * stride + kernel - size, 0)
    return total // 2, total - total // 2


def draw_windows(
    ax: Axes, left: float, top: float, cells: int, kernel: int, stride: int, height: float = 0.36
) -> int:
    """A bar for each place of a window on a row of cells; returns how many there are."""
    places = (cells - kernel) // stride + 1
    bottom = top + places * height
    for edge in range(cells + 1):
        ax.plot([left + edge] * 2, [top, bottom], color="#DDDDDD", lw=0.8, zorder=0)
    for place in range(places):
        box = (left + place * stride, top + place * height)
        bar = Rectangle(box, kernel, height * 0.72, fc=WINDOW, ec=ORANGE, lw=1.2)
        ax.add_patch(bar)
    return places


def draw_same_padding() -> None:
    """Where Keras puts zeros: none, an odd kernel, an even kernel, a stride."""
    size = 6
    figure, ax = sheet(20, 15.9)
    top = 0.5
    for padding, kernel, stride, remark in (
        ("valid", 3, 1, "no zeros:\nthe row gets shorter"),
        ("same", 3, 1, "odd kernel:\nas many before as after"),
        ("same", 4, 1, "even kernel:\nthe odd zero comes after"),
        ("same", 3, 2, "stride counts too:\nthe only zero comes after"),
    ):
        before, after = same_zeros(size, kernel, stride) if padding == "same" else (0, 0)
        cells = before + size + after
        left = 6.1 - before
        fill = np.full((1, cells), PADDING, dtype=object)
        fill[0, before : before + size] = PAPER
        values = ["0"] * before + [f"p{pixel}" for pixel in range(size)] + ["0"] * after
        grid(ax, [values], left, top, fill=fill, size=10)
        outline(ax, 6.1, top, size, 1, INK)
        places = draw_windows(ax, left, top + 1.2, cells, kernel, stride)
        label(ax, 0.4, top + 0.5, f'padding="{padding}"', ha="left", weight="bold", fontsize=10)
        words = f"kernel_size={kernel}\nstrides={stride}"
        label(ax, 0.4, top + 1.85, words, ha="left", fontsize=9.5)
        label(ax, 14.6, top + 0.5, f"{before} before, {after} after", ha="left", weight="bold")
        label(ax, 14.6, top + 1.65, remark, ha="left", fontsize=9)
        label(ax, 14.6, top + 2.75, f"{size} → {places} values", ha="left", color=BLUE)
        top += 1.2 + max(places * 0.36, 2.0) + 0.65
    save(figure, "02_same_padding.png")


def draw_strides() -> None:
    """A row of seven pixels under windows of three at strides 1, 2 and 3."""
    size, kernel = 7, 3
    figure, ax = sheet(18, 11)
    top = 0.5
    for stride in (1, 2, 3):
        places = (size - kernel) // stride + 1
        seen = (places - 1) * stride + kernel
        fill = np.full((1, size), PAPER, dtype=object)
        fill[0, seen:] = PADDING
        label(ax, 0.5, top + 0.5, f"strides={stride}", ha="left", weight="bold")
        grid(ax, [[f"p{pixel}" for pixel in range(size)]], 4.0, top, fill=fill, size=10)
        draw_windows(ax, 4.0, top + 1.2, size, kernel, stride)
        label(ax, 11.6, top + 0.5, f"{places} values", ha="left", color=BLUE)
        left_over = size - seen
        words = f"p{seen} is in no window" if left_over == 1 else "every pixel is in a window"
        label(ax, 11.6, top + 1.5, words, ha="left", fontsize=9.5)
        top += 1.2 + max(places * 0.36, 1.2) + 0.9
    label(ax, 7.5, 10.5, "one bar for each place of the window, kernel_size=3", fontsize=9.5)
    save(figure, "02_strides.png")


def draw_receptive_field() -> None:
    """The cone of pixels that one value sees through three layers, without and with a stride."""
    figure, ax = sheet(30, 13)
    names = ("input", "layer 1", "layer 2", "layer 3")
    for left, size, strides, title in (
        (4.0, 9, (1, 1, 1), "strides 1, 1, 1"),
        (14.3, 15, (2, 1, 1), "strides 2, 1, 1"),
    ):
        label(ax, left + size / 2, 0.8, title, weight="bold")
        # For every layer: how far apart its values lie in pixels, and the middle of the first one.
        apart, first, sizes = 1, 0.5, [size]
        middles = [first + np.arange(size)]
        for stride in strides:
            sizes.append((sizes[-1] - 3) // stride + 1)
            first += apart
            apart *= stride
            middles.append(first + apart * np.arange(sizes[-1]))
        seen = [range(sizes[3] // 2, sizes[3] // 2 + 1)]
        for stride in reversed(strides):
            last = seen[0]
            seen.insert(0, range(last[0] * stride, last[-1] * stride + 3))
        for layer, name in enumerate(names):
            top = 9.0 - 2.3 * layer
            if left < 5:
                label(ax, 3.4, top + 0.5, name, ha="right")
            for value, middle in enumerate(middles[layer]):
                inside = value in seen[layer]
                color = (WINDOW if layer < 3 else OUTPUT) if inside else PAPER
                edge = (ORANGE if layer < 3 else BLUE) if inside else "#B5B5B5"
                box = Rectangle((left + middle - 0.5, top), 1, 1, fc=color, ec=edge, lw=1)
                box.set_zorder(3 if inside else 2)
                ax.add_patch(box)
            if layer:
                ends = [middles[layer][seen[layer][index]] for index in (0, -1)]
                under = [middles[layer - 1][seen[layer - 1][index]] for index in (0, -1)]
                corners = (
                    (left + ends[0] - 0.5, top + 1),
                    (left + ends[1] + 0.5, top + 1),
                    (left + under[1] + 0.5, top + 2.3),
                    (left + under[0] - 0.5, top + 2.3),
                )
                ax.add_patch(Polygon(corners, fc="#FDF3DC", ec="none", zorder=0))
            x = left + middles[layer][list(seen[layer])].mean()
            label(ax, x, top + 0.52, str(len(seen[layer])), fontsize=10, zorder=5)
        words = f"one value sees {len(seen[0])} pixels"
        label(ax, left + size / 2, 10.8, words, color=DARK_ORANGE)
    label(ax, 15, 12.3, "kernel_size=3 in every layer", fontsize=9.5)
    save(figure, "02_receptive_field.png")


if __name__ == "__main__":
    draw_all(
        draw_volume,
        draw_parameters,
        draw_same_padding,
        draw_filter_bank,
        draw_strides,
        draw_receptive_field,
    )
