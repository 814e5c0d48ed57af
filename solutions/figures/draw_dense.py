"""Draws the figures of lesson 5 into this folder."""

from __future__ import annotations

from typing import Any

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
from matplotlib.patches import Circle, Polygon, Rectangle

DARK_ORANGE = "#A86E00"  # orange that can be read as text


def times(shape: tuple[int | None, ...]) -> str:
    """A shape without its batch, as it is read: 28×28×6."""
    return "×".join(str(axis) for axis in shape[1:])


def draw_flatten() -> None:
    """Two channels of 2×3 positions, and where each value stands in the flat vector."""
    import keras

    rows, columns, channels = shape = (2, 3, 2)
    places = np.arange(np.prod(shape)).reshape(shape)
    flat = np.asarray(keras.layers.Flatten()(places[None].astype("float32")))[0].astype(int)
    letters = np.array([list("ABCDEF"), list("abcdef")]).T.reshape(shape)
    tints = np.array([OUTPUT, WINDOW], dtype=object)
    figure, ax = canvas(6.6, 3.6)
    limits(ax, 16.5, 9.0)
    for channel, left in enumerate((3.2, 9.6)):
        label(ax, left + 1.5, 0.45, f"channel {channel}", weight="bold")
        for column in range(columns):
            label(ax, left + column + 0.5, 1.15, f"{column}", fontsize=9, color="#6E6E6E")
        for row in range(rows):
            label(ax, left - 0.25, 2.0 + row, f"row {row}", fontsize=9, color="#6E6E6E", ha="right")
        label(ax, left - 0.25, 1.15, "column", fontsize=9, color="#6E6E6E", ha="right")
        grid(ax, letters[:, :, channel], left, 1.5, fill=tints[channel], size=12)
        outline(ax, left, 1.5, columns, rows, (BLUE, ORANGE)[channel])
    label(ax, 14.7, 2.5, f"shape\n({rows}, {columns}, {channels})", fontsize=10)
    arrow(ax, (8.25, 3.75), (8.25, 4.75))
    label(ax, 8.55, 4.2, "Flatten", ha="left", weight="bold")
    left, top = 2.25, 5.0
    grid(ax, [letters.reshape(-1)[flat]], left, top, fill=[tints[flat % channels]], size=12)
    label(ax, left - 0.3, top + 1.35, "index", ha="right", fontsize=9, color="#6E6E6E")
    for index in range(len(flat)):
        label(ax, left + index + 0.5, top + 1.35, str(index), fontsize=9, color="#6E6E6E")
    for place in range(rows * columns):
        row, column = divmod(place, columns)
        outline(ax, left + place * channels, top, channels, 1, INK)
        middle = left + (place + 0.5) * channels
        label(ax, middle, top + 2.0, f"row {row}\ncolumn {column}", fontsize=8.5, va="top")
    label(ax, 8.25, 8.55, "channel changes fastest, then column, then row", weight="bold")
    save(figure, "05_flatten.png")


def lenet5() -> Any:
    """LeNet-5 as the course builds it."""
    import keras

    layers = keras.layers
    return keras.Sequential(
        [
            keras.Input((32, 32, 1)),
            layers.Conv2D(6, 5, activation="tanh"),
            layers.AveragePooling2D(2),
            layers.Conv2D(16, 5, activation="tanh"),
            layers.AveragePooling2D(2),
            layers.Flatten(),
            layers.Dense(120, activation="tanh"),
            layers.Dense(84, activation="tanh"),
            layers.Dense(10, activation="softmax"),
        ]
    )


def block(
    ax: Axes, middle: float, floor: float, shape: tuple[int, ...], colors: tuple[str, str]
) -> None:
    """A map as a box as deep as it has channels; a vector as a bar."""
    if len(shape) == 1:
        width, height, depth = 0.32, 0.12 * shape[0] ** 0.5, 0.0
    else:
        width, height, depth = 0.045 * shape[1], 0.045 * shape[0], 0.03 * shape[2]
    left, top = middle - (width + depth) / 2, floor - height
    face, edge = colors
    fronts = [(left, floor), (left, top), (left + width, top), (left + width, floor)]
    if depth:
        lid = [(left, top), (left + depth, top - depth)]
        lid += [(left + width + depth, top - depth), (left + width, top)]
        side = [(left + width, floor), (left + width, top)]
        side += [(left + width + depth, top - depth), (left + width + depth, floor - depth)]
        for corners in (lid, side):
            ax.add_patch(Polygon(corners, fc=PAPER, ec=edge, lw=1.2))
    ax.add_patch(Polygon(fronts, fc=face, ec=edge, lw=1.2))


def draw_network() -> None:
    """LeNet-5: every layer with its output shape and its parameters, as Keras counts them."""
    model = lenet5()
    names = ["Input"] + [type(layer).__name__ for layer in model.layers]
    shapes = [(None, 32, 32, 1)] + [layer.output.shape for layer in model.layers]
    counts = [0] + [layer.count_params() for layer in model.layers]
    kinds = {
        "Conv2D": ("Conv2D\n5×5", (WINDOW, DARK_ORANGE)),
        "AveragePooling2D": ("average\npool 2", (SUM, GREEN)),
        "Flatten": ("Flatten", (PADDING, GRAY)),
        "Dense": ("Dense", (OUTPUT, BLUE)),
        "Input": ("image", (PADDING, GRAY)),
    }
    figure, ax = canvas(6.8, 3.1)
    limits(ax, 17.0, 7.75)
    step, floor = 1.83, 4.2
    for index, (name, shape, count) in enumerate(zip(names, shapes, counts, strict=True)):
        x = 1.2 + step * index
        word, colors = kinds[name]
        label(ax, x, 0.75, word, fontsize=8.5, weight="bold", va="center")
        block(ax, x, floor, tuple(shape[1:]), colors)
        label(ax, x, 4.75, times(shape), fontsize=8.5)
        ink = INK if count else "#6E6E6E"
        label(ax, x, 5.95, f"{count:,}", fontsize=9.5, color=ink, weight="bold" if count else None)
    ax.plot([0.4, 16.6], [5.4, 5.4], color="#D5D5D5", lw=0.8)
    under = {"facecolor": PAPER, "edgecolor": "none", "pad": 3}
    label(ax, 8.5, 5.4, "parameters of each layer", fontsize=8.5, color="#6E6E6E", bbox=under)
    total = model.count_params()
    dense = sum(n for n, name in zip(counts, names, strict=True) if name == "Dense")
    text = f"{total:,} parameters, {dense:,} of them ({dense / total:.0%}) in the dense layers"
    label(ax, 8.5, 7.1, text, weight="bold")
    save(figure, "05_network.png")


def draw_dense() -> None:
    """A dense layer from 4 inputs to 3 units: lines, kernel, biases, outputs and the count."""
    inputs = np.array([1, 0, 2, 3])
    kernel = np.array([[2, 0, 1], [1, 3, -1], [0, 1, 2], [-1, 1, 0]])
    bias = np.array([3, -2, 0])
    outputs = inputs @ kernel + bias
    tints = np.array([WINDOW, OUTPUT, SUM], dtype=object)
    colors = (ORANGE, BLUE, GREEN)
    figure, ax = canvas(6.6, 3.5)
    limits(ax, 16.5, 8.75)
    for title, x in (("inputs", 0.9), ("units", 5.0)):
        label(ax, x, 0.6, title, weight="bold")
    for unit, color in enumerate(colors):
        for place in range(len(inputs)):
            line = ([0.9, 5.0], [1.75 + 1.4 * place, 2.45 + 1.4 * unit])
            ax.plot(*line, color=color, lw=1.6, zorder=1)
    for place, value in enumerate(inputs):
        ax.add_patch(Circle((0.9, 1.75 + 1.4 * place), 0.5, fc=PAPER, ec=INK, lw=1.4, zorder=2))
        label(ax, 0.9, 1.77 + 1.4 * place, str(value), zorder=3)
    for unit, color in enumerate(colors):
        y = 2.45 + 1.4 * unit
        ax.add_patch(Circle((5.0, y), 0.5, fc=str(tints[unit]), ec=color, lw=1.8, zorder=2))
        label(ax, 5.0, y + 0.02, f"{outputs[unit]}".replace("-", "−"), zorder=3)
    label(ax, 8.15, 0.6, "inputs", weight="bold")
    grid(ax, inputs[:, None], 7.65, 1.3)
    label(ax, 11.0, 0.6, "kernel (4 × 3)", weight="bold")
    grid(ax, kernel, 9.5, 1.3, fill=tints)
    for row in range(len(inputs)):
        label(ax, 9.07, 1.82 + row, "×", fontsize=12)
    for y, title, values in ((5.55, "+ bias (3)", bias), (6.8, "outputs (3)", outputs)):
        label(ax, 9.2, y + 0.52, title, weight="bold", ha="right")
        grid(ax, [values], 9.5, y, fill=[tints])
    for unit, color in enumerate(colors):
        outline(ax, 9.5 + unit, 6.8, 1, 1, color)
    first = [f"({weight})".replace("-", "−") if weight < 0 else weight for weight in kernel[:, 0]]
    terms = [f"{value} × {weight}" for value, weight in zip(inputs, first, strict=True)]
    sums = "first unit:\n" + "\n+ ".join([*terms, str(bias[0])]) + f"\n= {outputs[0]}"
    label(ax, 13.2, 3.3, sums, ha="left", fontsize=9.5, color=DARK_ORANGE, linespacing=1.4)
    size, units = kernel.shape
    text = f"{size} × {units} weights + {units} biases = {kernel.size + bias.size} parameters"
    label(ax, 8.25, 8.35, text, weight="bold")
    save(figure, "05_dense.png")


def draw_heads() -> None:
    """The same convolutions with a Flatten head and with a global-average head, counted."""
    import keras

    layers = keras.layers
    figure, ax = canvas(6.6, 3.3)
    limits(ax, 16.5, 8.25)
    for x, title in ((2.9, "the same conv part"), (9.3, "head"), (14.75, "parameters")):
        label(ax, x, 0.55, title, weight="bold")
    ax.plot([0.5, 16.0], [4.7, 4.7], color="#D5D5D5", lw=0.8)
    for middle, name, head in (
        (2.8, "Flatten", layers.Flatten()),
        (6.6, "GlobalAverage-\nPooling2D", layers.GlobalAveragePooling2D()),
    ):
        convolutions = [
            layers.Conv2D(16, 3, padding="same", activation="relu"),
            layers.Conv2D(16, 3, padding="same", activation="relu"),
        ]
        dense = layers.Dense(10, activation="softmax")
        model = keras.Sequential([keras.Input((8, 8, 1)), *convolutions, head, dense])
        shared = sum(layer.count_params() for layer in convolutions)
        rows, columns, channels = convolutions[-1].output.shape[1:]
        length = head.output.shape[1]
        image = times(model.input_shape)
        text = f"{image} image,\n{len(convolutions)} Conv2D layers,\n{shared:,} parameters"
        label(ax, 1.75, middle, text, fontsize=9)
        for offset in (0.6, 0.3, 0.0):
            corner = (3.6 + offset, middle - 0.5 - offset)
            box = Rectangle(corner, 1.6, 1.6, fc=WINDOW, ec=DARK_ORANGE, lw=1.2)
            ax.add_patch(box)
        label(ax, 4.4, middle + 0.32, f"{rows}×{columns}\n×{channels}", fontsize=9.5)
        arrow(ax, (6.0, middle), (8.9, middle))
        label(ax, 7.4, middle - 0.25, name, fontsize=9, weight="bold", va="bottom")
        half = 0.042 * length**0.5
        bar = Rectangle((9.1, middle - half), 0.4, 2 * half, fc=OUTPUT, ec=BLUE, lw=1.2)
        ax.add_patch(bar)
        label(ax, 10.2, middle, f"{length:,}", fontsize=10)
        arrow(ax, (10.9, middle), (12.2, middle))
        label(ax, 11.5, middle - 0.25, "Dense", fontsize=9, weight="bold", va="bottom")
        label(ax, 12.55, middle, f"{dense.units}", fontsize=10)
        count = dense.count_params()
        text = f"{length:,} × {dense.units} + {dense.units}\n= {count:,}"
        label(ax, 14.75, middle - 0.5, text, fontsize=9.5)
        text = f"with conv part\n{model.count_params():,}"
        label(ax, 14.75, middle + 0.8, text, fontsize=9.5, weight="bold")
    save(figure, "05_heads.png")


def draw_dense_as_conv() -> None:
    """One unit's weights as a column over the flat map, and as a kernel as large as the map."""
    import keras

    values = np.array([[[1, 0], [2, 1]], [[0, 3], [1, 2]]])
    weights = np.array([2, 1, -1, 3, 0, 1, 1, -2])
    kernel = weights.reshape(values.shape)
    dense = keras.layers.Dense(1, use_bias=False)
    conv = keras.layers.Conv2D(1, 2, use_bias=False)
    batch = values[None].astype("float32")
    flat = keras.layers.Flatten()(batch)
    dense.build(flat.shape)
    conv.build(batch.shape)
    dense.set_weights([weights[:, None]])
    conv.set_weights([kernel[..., None]])
    by_dense, by_conv = dense(flat), conv(batch)
    answers = [int(np.asarray(answer).item()) for answer in (by_dense, by_conv)]
    tints = np.array([OUTPUT, WINDOW], dtype=object)
    figure, ax = canvas(6.6, 4.5)
    limits(ax, 16.5, 11.25)
    label(ax, 0.5, 0.55, "Flatten + Dense(1)", weight="bold", ha="left")
    for y, name, row in ((1.3, "flat map", values), (2.7, "kernel (8 × 1)", kernel)):
        label(ax, 3.6, y + 0.52, name, ha="right")
        grid(ax, [row.reshape(-1)], 4.0, y, fill=[np.tile(tints, 4)])
    label(ax, 8.0, 2.52, "×", fontsize=12)
    arrow(ax, (12.3, 2.5), (14.0, 2.5))
    label(ax, 13.1, 2.1, "sum", fontsize=9.5)
    grid(ax, [[answers[0]]], 14.3, 2.0, fill=SUM, size=12)
    outline(ax, 14.3, 2.0, 1, 1, GREEN)
    label(ax, 14.8, 3.5, str(tuple(by_dense.shape[1:])), fontsize=9.5)
    ax.plot([0.5, 16.0], [4.4, 4.4], color="#D5D5D5", lw=0.8)
    label(ax, 0.5, 4.95, "Conv2D(1, kernel_size=2), the same weights", weight="bold", ha="left")
    for channel in range(2):
        top = 5.6 + 2.4 * channel
        label(ax, 2.9, top + 1.0, f"channel {channel}", ha="right")
        grid(ax, values[:, :, channel], 3.3, top, fill=tints[channel])
        label(ax, 6.3, top + 1.0, "×", fontsize=12)
        grid(ax, kernel[:, :, channel], 7.3, top, fill=tints[channel])
        outline(ax, 7.3, top, 2, 2, (BLUE, ORANGE)[channel])
    label(ax, 4.3, 10.6, "map (2 × 2 × 2)", fontsize=9.5)
    label(ax, 8.3, 10.6, "kernel (2 × 2 × 2)", fontsize=9.5)
    arrow(ax, (9.8, 7.8), (14.0, 7.8))
    label(ax, 11.8, 7.4, "sum: one place only", fontsize=9.5)
    grid(ax, [[answers[1]]], 14.3, 7.3, fill=SUM, size=12)
    outline(ax, 14.3, 7.3, 1, 1, GREEN)
    label(ax, 14.8, 8.8, str(tuple(by_conv.shape[1:])), fontsize=9.5)
    save(figure, "05_dense_as_conv.png")


if __name__ == "__main__":
    draw_all(
        draw_flatten,
        draw_network,
        draw_dense,
        draw_heads,
        draw_dense_as_conv,
    )
