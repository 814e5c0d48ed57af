"""Draws the figures of lesson 3 into this folder."""

from __future__ import annotations

from typing import Any

import numpy as np
from canvas import (
    BLUE,
    DPI,
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
from matplotlib.figure import Figure

WIDTH = 6.6  # inches
DARK_ORANGE = "#A86E00"  # orange that can be read as text
FIRST, SECOND = np.array([1, 2, -1]), np.array([1, -1])
ROW = np.array([0, 1, 3, 3, 1, 0, 2, 0])
SIGNED = LinearSegmentedColormap.from_list("signed", ["#D55E00", "#FFFFFF", "#0072B2"])


def sheet(columns: float, rows: float) -> tuple[Figure, Axes]:
    """A figure as wide as a notebook's text, that many units wide and high."""
    figure, ax = canvas(WIDTH, WIDTH * rows / columns)
    limits(ax, columns, rows)
    return figure, ax


def plot(figure: Figure, place: tuple[float, float, float, float], title: str = "") -> Axes:
    """A plot with two axes only, at (left, bottom, width, height) of the figure."""
    ax = figure.add_axes(place)
    ax.spines[["top", "right"]].set_visible(False)
    ax.tick_params(labelsize=9, color=GRAY)
    ax.set_title(title, fontsize=10.5, color=INK)
    return ax


def relu(x: Any) -> Any:
    """Negative values become zero."""
    return np.maximum(x, 0)


def sigmoid(x: Any) -> Any:
    """Any number squeezed between 0 and 1."""
    return 1 / (1 + np.exp(-x))


def slide(row: Any, kernel: Any) -> Any:
    """Feature map of a row: `valid`, stride 1."""
    return np.correlate(row, kernel, mode="valid")


def draw_collapse() -> None:
    """A row through two kernels, and through the one kernel that does the same."""
    one = np.convolve(FIRST, SECOND)
    figure, ax = sheet(20, 11.5)
    label(ax, 4.5, 0.6, "two linear layers", weight="bold")
    label(ax, 15.5, 0.6, "one linear layer", weight="bold")
    for left in (0.5, 11.5):
        grid(ax, [ROW], left, 1.5)
    middle = slide(ROW, FIRST)
    result = slide(middle, SECOND)
    assert np.array_equal(result, slide(ROW, one))
    arrow(ax, (2.2, 2.7), (2.2, 5.3))
    grid(ax, [FIRST], 2.9, 3.5, fill=WINDOW)
    outline(ax, 2.9, 3.5, 3, 1, ORANGE)
    label(ax, 6.2, 4.0, "kernel 1", ha="left", color=DARK_ORANGE)
    grid(ax, [middle], 1.5, 5.5)
    arrow(ax, (2.2, 6.7), (2.2, 9.3))
    grid(ax, [SECOND], 2.9, 7.5, fill=WINDOW)
    outline(ax, 2.9, 7.5, 2, 1, ORANGE)
    label(ax, 5.2, 8.0, "kernel 2", ha="left", color=DARK_ORANGE)
    arrow(ax, (13.2, 2.7), (13.2, 9.3))
    grid(ax, [one], 13.9, 5.5, fill=WINDOW)
    outline(ax, 13.9, 5.5, 4, 1, ORANGE)
    label(ax, 15.9, 7.0, "the one kernel", color=DARK_ORANGE)
    for left in (2.0, 13.0):
        grid(ax, [result], left, 9.5, fill=OUTPUT)
        outline(ax, left, 9.5, 5, 1, BLUE)
    label(ax, 10, 10.0, "the same values", color=BLUE)
    for start, end in ((7.9, 7.2), (12.1, 12.8)):
        arrow(ax, (start, 10.0), (end, 10.0), BLUE)
    save(figure, "03_collapse.png")


def curve(ax: Axes, x: Any, y: Any, color: str, ticks: list[float], top: float) -> None:
    """One function with its zero line and few ticks."""
    ax.axhline(0, color="#DDDDDD", lw=0.8, zorder=0)
    ax.axvline(0, color="#DDDDDD", lw=0.8, zorder=0)
    ax.plot(x, y, color=color, lw=2.4)
    ax.set_xlim(-6, 6)
    ax.set_ylim(-0.06 * top, top)
    ax.set_xticks([-6, -3, 0, 3, 6])
    ax.set_yticks(ticks)


def draw_relu_sigmoid() -> None:
    """Sigmoid and ReLU above, their gradients below on one scale."""
    x = np.linspace(-6, 6, 601)
    slope = sigmoid(x) * (1 - sigmoid(x))
    figure = Figure(figsize=(WIDTH, 4.6), dpi=DPI, facecolor="white")
    ax = plot(figure, (0.1, 0.58, 0.38, 0.34), "sigmoid(x)")
    curve(ax, x, sigmoid(x), ORANGE, [0, 0.5, 1], 1.15)
    ax = plot(figure, (0.6, 0.58, 0.38, 0.34), "relu(x)")
    curve(ax, x, relu(x), BLUE, [0, 3, 6], 6.2)
    ax = plot(figure, (0.1, 0.09, 0.38, 0.34), "gradient of sigmoid")
    curve(ax, x, slope, ORANGE, [0, 0.5, 1], 1.15)
    ax.plot([0], [slope.max()], "o", color=ORANGE, ms=5)
    ax.text(0, 0.4, f"never above {slope.max():.2f}", ha="center", fontsize=9.5, color=INK)
    for at in (-5.0, 5.0):
        value = float(sigmoid(at) * (1 - sigmoid(at)))
        word = f"{value:.3f}\nat {at:.0f}".replace("-", "−")
        ax.text(at, 0.09, word, ha="center", fontsize=9, color=INK)
    ax = plot(figure, (0.6, 0.09, 0.38, 0.34), "gradient of ReLU")
    curve(ax, [], [], BLUE, [0, 0.5, 1], 1.15)
    ax.plot([-6, 0], [0, 0], color=BLUE, lw=2.4)
    ax.plot([0, 6], [1, 1], color=BLUE, lw=2.4)
    ax.text(3, 0.84, "1: nothing is lost", ha="center", fontsize=9, color=INK)
    ax.text(-3, 0.07, "0: nothing passes", ha="center", fontsize=9, color=INK)
    save(figure, "03_relu_sigmoid.png")


def draw_bend() -> None:
    """A row and its negative: without ReLU the output turns its sign, with ReLU it does not."""
    figure, ax = sheet(23.6, 14.3)
    rows = (ROW, -ROW)
    maps = [slide(row, FIRST) for row in rows]
    bent = [relu(one) for one in maps]
    straight = [slide(one, SECOND) for one in maps]
    ends = [slide(one, SECOND) for one in bent]
    assert np.array_equal(straight[0], -straight[1])
    assert not np.array_equal(ends[0], -ends[1])
    label(ax, 10.2, 0.6, "a row", weight="bold")
    label(ax, 19.3, 0.6, "the same row, negative", weight="bold")
    for left, row, one, two, plain, end in zip(
        (6.2, 15.3), rows, maps, bent, straight, ends, strict=True
    ):
        middle = left + 4
        grid(ax, [row], left, 1.2, size=9.5)
        grid(ax, [one], left + 1, 3.4, size=9.5)
        grid(ax, [plain], left + 1.5, 5.6, fill=OUTPUT, size=9.5)
        outline(ax, left + 1.5, 5.6, 5, 1, BLUE)
        fill = np.where(one < 0, PADDING, PAPER).astype(object)
        grid(ax, [two], left + 1, 9.3, fill=[fill], size=9.5)
        grid(ax, [end], left + 1.5, 11.5, fill=SUM, size=9.5)
        outline(ax, left + 1.5, 11.5, 5, 1, GREEN)
        for start in (2.3, 4.5, 10.4):
            arrow(ax, (middle, start), (middle, start + 1.0))
    for y, words, color in (
        (1.7, "input", INK),
        (3.9, "after kernel 1", INK),
        (6.1, "after kernel 2", BLUE),
        (9.8, "kernel 1, then ReLU", INK),
        (12.0, "after kernel 2", "#00785A"),
    ):
        label(ax, 0.4, y, words, ha="left", color=color, fontsize=10)
    label(ax, 14.7, 7.3, "every sign is turned, as with any single kernel", color=BLUE)
    label(
        ax,
        14.7,
        13.4,
        "not the same row with its signs turned: no single kernel does this",
        color="#00785A",
    )
    ax.plot([0.4, 23.2], [8.35, 8.35], color="#DDDDDD", lw=0.8)
    save(figure, "03_bend.png")


def crescent(rng: np.random.Generator, count: int) -> tuple[Any, Any]:
    """Points of a blob (label 1) in the hollow of an arc (label 0)."""
    angle = rng.uniform(-0.25 * np.pi, 1.25 * np.pi, count)
    radius = rng.normal(1.0, 0.09, count)
    arc = np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=-1)
    blob = rng.normal((0, -0.1), 0.24, (count, 2))
    return np.concatenate([arc, blob]), np.repeat([0.0, 1.0], count)


class Network:
    """A dense network 2 → 16 → 16 → 1 with a sigmoid at its end, trained with Adam."""

    def __init__(self, *, bent: bool) -> None:
        rng = np.random.default_rng(0)
        self.bent = bent
        self.weights: list[Any] = []
        for inputs, outputs in ((2, 16), (16, 16), (16, 1)):
            limit = np.sqrt(6 / (inputs + outputs))
            self.weights += [rng.uniform(-limit, limit, (inputs, outputs)), np.zeros(outputs)]

    def forward(self, x: Any) -> list[Any]:
        """Outputs of every layer, the input first; the last before its sigmoid."""
        outputs = [x]
        for layer in range(3):
            z = outputs[-1] @ self.weights[2 * layer] + self.weights[2 * layer + 1]
            outputs.append(relu(z) if self.bent and layer < 2 else z)
        return outputs

    def gradients(self, x: Any, y: Any) -> list[Any]:
        """Of the cross-entropy, for every weight."""
        outputs = self.forward(x)
        back = (sigmoid(outputs[3]) - y[:, None]) / len(x)
        found: list[Any] = []
        for layer in (2, 1, 0):
            found = [outputs[layer].T @ back, back.sum(axis=0), *found]
            back = back @ self.weights[2 * layer].T
            if self.bent and layer:
                back = back * (outputs[layer] > 0)
        return found

    def train(self, x: Any, y: Any, steps: int) -> None:
        """Adam on the whole data at once."""
        means = [np.zeros_like(weight) for weight in self.weights]
        squares = [np.zeros_like(weight) for weight in self.weights]
        for step in range(1, steps + 1):
            for index, slope in enumerate(self.gradients(x, y)):
                means[index] = 0.9 * means[index] + 0.1 * slope
                squares[index] = 0.999 * squares[index] + 0.001 * slope**2
                mean = means[index] / (1 - 0.9**step)
                square = squares[index] / (1 - 0.999**step)
                self.weights[index] = self.weights[index] - 0.01 * mean / (np.sqrt(square) + 1e-7)


def draw_boundary() -> None:
    """What the same network learns without and with ReLU, on points no line separates."""
    x, y = crescent(np.random.default_rng(1), 120)
    figure = Figure(figsize=(WIDTH, 3.6), dpi=DPI, facecolor="white")
    side = np.linspace(-1.5, 1.5, 241)
    across, up = np.meshgrid(side, side)
    places = np.stack([across.ravel(), up.ravel()], axis=-1)
    for left, bent, title in ((0.02, False, "without activation"), (0.52, True, "with ReLU")):
        network = Network(bent=bent)
        network.train(x, y, 600)
        right = float(np.mean((network.forward(x)[3][:, 0] > 0) == (y == 1)))
        scores = network.forward(places)[3].reshape(across.shape)
        ax = plot(figure, (left, 0.1, 0.46, 0.8), title)
        ax.contourf(across, up, scores, levels=[-1e9, 0, 1e9], colors=[OUTPUT, WINDOW])
        ax.contour(across, up, scores, levels=[0], colors=[INK], linewidths=1.8)
        for name, marker, color in ((0, "o", BLUE), (1, "^", DARK_ORANGE)):
            ax.plot(*x[y == name].T, marker, color=color, ms=5, mec="white", mew=0.4)
        ax.set_xticks([])
        ax.set_yticks([])
        ax.set_aspect("equal")
        ax.spines[:].set_visible(False)
        words = f"{right:.0%} of the points on the correct side"
        ax.set_xlabel(words, fontsize=9.5, color=INK)
    save(figure, "03_boundary.png")


def gradient_lengths(activation: str, depth: int, units: int, draws: int) -> list[float]:
    """Median length of a gradient after it went back through 1 … depth random dense layers."""
    rng = np.random.default_rng(0)
    lengths = np.zeros((draws, depth))
    for draw in range(draws):
        for layers in range(1, depth + 1):
            x = rng.normal(size=units)
            slopes, weights = [], []
            for _ in range(layers):
                weights.append(rng.normal(0, np.sqrt(2 / units), (units, units)))
                z = x @ weights[-1]
                x = relu(z) if activation == "relu" else sigmoid(z)
                slopes.append((z > 0) * 1.0 if activation == "relu" else x * (1 - x))
            back = rng.normal(size=units)
            start = np.linalg.norm(back)
            for slope, weight in zip(slopes[::-1], weights[::-1], strict=True):
                back = (back * slope) @ weight.T
            lengths[draw, layers - 1] = np.linalg.norm(back) / start
    return [float(value) for value in np.median(lengths, axis=0)]


def draw_vanishing() -> None:
    """How much of a gradient is left behind 1 … 8 layers of sigmoids or of ReLUs."""
    depth, units, draws = 8, 64, 200
    figure = Figure(figsize=(WIDTH, 3.7), dpi=DPI, facecolor="white")
    ax = plot(figure, (0.11, 0.15, 0.69, 0.74), "length of the gradient, relative to the output's")
    layers = np.arange(1, depth + 1)
    for activation, color, marker, name in (
        ("relu", BLUE, "o", "ReLU"),
        ("sigmoid", DARK_ORANGE, "s", "sigmoid"),
    ):
        lengths = gradient_lengths(activation, depth, units, draws)
        ax.plot(layers, lengths, marker=marker, color=color, lw=2, ms=6)
        end = lengths[-1]
        left = f"{end:.1f}" if end > 0.1 else f"1 / {round(1 / end, -3):,.0f}"
        words = f"{name}\n{left} is left"
        ax.text(8.25, end, words, va="center", fontsize=9.5, color=color)
        each = (end / lengths[0]) ** (1 / (depth - 1))
        ax.text(4.5, lengths[3] * 1.7, f"× {each:.2f} a layer", fontsize=9.5, color=color)
    ax.set_yscale("log")
    ax.set_ylim(3e-5, 4)
    ax.set_yticks([1, 0.1, 0.01, 0.001, 0.0001], ["1", "0.1", "0.01", "0.001", "0.0001"])
    ax.minorticks_off()
    ax.grid(axis="y", color="#E8E8E8", lw=0.8)
    ax.set_xticks(layers)
    words = f"{units} units in every layer,\nthe same He-normal weights for both"
    ax.text(1, 1.2e-4, words, fontsize=9, color=INK)
    ax.set_xlabel("layers the gradient went back through", fontsize=10, color=INK)
    save(figure, "03_vanishing.png")


def draw_descent() -> None:
    """A kernel on its way from noise to the one that made the data, above its loss."""
    rng = np.random.default_rng(4)
    edges = np.array([[-1.0, 0.0, 1.0]] * 3)
    image = rng.normal(size=(24, 24))
    windows = np.lib.stride_tricks.sliding_window_view(image, (3, 3))
    target = np.einsum("rcij,ij->rc", windows, edges)
    kernel = rng.normal(0, 1, (3, 3))
    losses, kernels = [], []
    for _ in range(41):
        error = np.einsum("rcij,ij->rc", windows, kernel) - target
        losses.append(float(np.mean(error**2)))
        kernels.append(kernel)
        kernel = kernel - 0.1 * 2 * np.einsum("rcij,rc->ij", windows, error) / error.size

    figure = Figure(figsize=(WIDTH, 4.3), dpi=DPI, facecolor="white")
    ax = plot(figure, (0.1, 0.11, 0.86, 0.42))
    steps = (0, 2, 5, 10, 40)
    ax.plot(losses, color=BLUE, lw=2)
    ax.plot(steps, [losses[step] for step in steps], "o", color=BLUE, ms=7)
    ax.set_xlim(-1, 41)
    ax.set_ylim(-0.04 * losses[0], 1.1 * losses[0])
    ax.set_xlabel("steps of gradient descent", fontsize=10, color=INK)
    ax.set_ylabel("loss", fontsize=10, color=INK)
    for number, step in enumerate(steps):
        ax = figure.add_axes((0.025 + 0.195 * number, 0.6, 0.17, 0.28))
        ax.imshow(kernels[step], cmap=SIGNED, vmin=-2.5, vmax=2.5)
        ax.set_xticks([])
        ax.set_yticks([])
        ax.spines[:].set_color("#B5B5B5")
        loss = f"{losses[step]:.1f}" if losses[step] >= 0.1 else "below 0.001"
        assert losses[step] >= 0.1 or losses[step] < 0.001
        ax.set_title(f"step {step}\nloss {loss}", fontsize=9.5, color=INK)
        for (row, column), value in np.ndenumerate(kernels[step]):
            word = f"{value:.1f}".replace("-0.0", "0.0").replace("-", "−")
            ax.text(column, row, word, ha="center", va="center", fontsize=9.5, color=INK)
    save(figure, "03_descent.png")


if __name__ == "__main__":
    draw_all(
        draw_collapse,
        draw_relu_sigmoid,
        draw_bend,
        draw_boundary,
        draw_vanishing,
        draw_descent,
    )
