"""Draws the figures of lesson 6 into this folder."""

from __future__ import annotations

import os
from functools import cache
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
    PAPER,
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
from matplotlib.patches import Circle, Rectangle

from cnn_course.data.digits import noisy_digits

os.environ["TF_NUM_INTRAOP_THREADS"] = "1"  # before Keras is imported: equal seeds, equal curves
os.environ["TF_NUM_INTEROP_THREADS"] = "1"
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

WIDTH = 6.6  # inches
DARK_ORANGE, DARK_GREEN, DARK_GRAY = "#A86E00", "#00785A", "#6E6E6E"  # to be read as text
EPOCHS, PATIENCE, SEED = 25, 3, 7


def sheet(columns: float, rows: float) -> tuple[Figure, Axes]:
    """A figure as wide as a notebook's text, that many units wide and high."""
    figure, ax = canvas(WIDTH, WIDTH * rows / columns)
    limits(ax, columns, rows)
    return figure, ax


def paper(height: float) -> Figure:
    """A blank figure as wide as a notebook's text, `height` inches high."""
    return Figure(figsize=(WIDTH, height), dpi=DPI, facecolor="white")


def plot(figure: Figure, place: tuple[float, float, float, float], title: str = "") -> Axes:
    """A plot with two axes only, at (left, bottom, width, height) of the figure."""
    ax = figure.add_axes(place)
    ax.spines[["top", "right"]].set_visible(False)
    ax.tick_params(labelsize=9, color=GRAY)
    ax.set_title(title, fontsize=10.5, color=INK)
    return ax


def note(ax: Axes, x: float, y: float, text: str, color: str = INK, **style: Any) -> None:
    """Text in a plot, whose left end is at (x, y)."""
    ax.text(x, y, text, **{"color": color, "fontsize": 9.5, "va": "center", **style})


def picture(ax: Axes, image: Any, left: float, top: float, width: float) -> None:
    """An image from black (0) to white (1), as the lessons show them, `width` units wide."""
    size = width / image.shape[1]
    for (row, column), value in np.ndenumerate(np.clip(image, 0, 1)):
        gray = str(round(float(value) * 16) / 16)  # no more grays than the palette has room for
        corner = (left + column * size, top + row * size)
        ax.add_patch(Rectangle(corner, size, size, fc=gray, ec=gray, lw=0.3))
    frame = Rectangle((left, top), width, len(image) * size, fill=False, ec=GRAY, lw=1)
    ax.add_patch(frame)


@cache
def fit_noisy_digits(*, stop_early: bool) -> tuple[dict[str, list[float]], float]:
    """Curves of a training on digits, a fifth of them with wrong labels, and its loss at the end.

    The loss is that of the network as `fit` leaves it, on the validation images.
    """
    import keras
    import tensorflow as tf

    digits = noisy_digits(0)
    training = tf.data.Dataset.from_tensor_slices((digits.images, digits.labels))
    held_out = (digits.validation_images, digits.validation_labels)
    validation = tf.data.Dataset.from_tensor_slices(held_out).batch(len(held_out[0]))
    keras.utils.set_random_seed(SEED)
    network = keras.Sequential(
        [
            keras.Input((8, 8, 1)),
            keras.layers.Conv2D(16, 3, padding="same", activation="relu"),
            keras.layers.Conv2D(16, 3, padding="same", activation="relu"),
            keras.layers.Flatten(),
            keras.layers.Dense(128, activation="relu"),
            keras.layers.Dense(10),
        ]
    )
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    network.compile(keras.optimizers.Adam(3e-3), loss)
    early = keras.callbacks.EarlyStopping(patience=PATIENCE, restore_best_weights=True)
    history = network.fit(
        training.shuffle(len(digits.images)).batch(32),
        epochs=EPOCHS,
        validation_data=validation,
        shuffle=False,
        verbose=0,
        callbacks=[early] if stop_early else [],
    ).history
    return history, float(network.evaluate(validation, verbose=0))


def draw_curves() -> None:
    """Training and validation loss of a network that overfits, its best epoch and its gap."""
    history, _ = fit_noisy_digits(stop_early=False)
    training, validation = np.array(history["loss"]), np.array(history["val_loss"])
    best, last = int(validation.argmin()), len(validation) - 1
    start, end = training[last], validation[last]
    gap = round(end, 2) - round(start, 2)  # as it can be checked in the figure
    assert abs(gap - (end - start)) < 0.01
    figure = paper(3.8)
    ax = plot(figure, (0.075, 0.13, 0.7, 0.84))
    ax.axvspan(best, last, color="#F3F3F3", lw=0)
    ax.plot(training, "o-", color=BLUE, lw=2, ms=4)
    ax.plot(validation, "s-", color=DARK_ORANGE, lw=2, ms=4)
    ax.plot([best, best], [0, 2.3], color=GREEN, lw=1.3, ls="--", zorder=1)
    ax.plot(best, validation[best], "o", ms=13, mfc="none", mec=GREEN, mew=2.4)
    words = f"best epoch: {best}\nlowest validation loss: {validation[best]:.2f}"
    note(ax, best + 0.4, 2.05, words, DARK_GREEN)
    note(ax, best + 0.4, 1.55, "from here on the validation loss\nturns up: overfitting")
    ends = {"arrowstyle": "<|-|>", "color": INK, "lw": 1.4, "shrinkA": 0, "shrinkB": 0}
    ax.annotate("", (last + 0.8, end), (last + 0.8, start), arrowprops=ends, annotation_clip=False)
    words = f"gap at the last\nepoch ({last}):\n{end:.2f} − {start:.2f}\n= {gap:.2f}"
    note(ax, last + 1.4, (start + end) / 2, words)
    note(ax, last + 0.6, end + 0.12, "validation loss", DARK_ORANGE, fontsize=10.5)
    note(ax, last + 1.4, start, "training loss", BLUE, fontsize=10.5)
    ax.set_xlim(-0.6, last + 0.3)
    ax.set_ylim(0, 2.3)
    ax.set_xticks(range(0, last + 1, 4))
    ax.set_xlabel("epoch", fontsize=10, color=INK)
    save(figure, "06_curves.png")


def draw_dropout() -> None:
    """Six units of a layer for two images in training, and in inference: what dropout lets pass."""
    import keras

    rate = 0.4
    outputs = np.array([[0.6, 1.2, 0.3, 1.8, 0.9, 2.4], [1.5, 0.3, 0.9, 0.6, 1.2, 2.1]], "float32")
    layer = keras.layers.Dropout(rate, seed=11)
    trained = np.asarray(layer(outputs, training=True))
    inferred = np.asarray(layer(outputs, training=False))
    kept = trained > 0
    assert np.allclose(trained, kept * outputs / (1 - rate))
    assert np.array_equal(inferred, outputs)
    figure, ax = sheet(20, 12.4)
    label(ax, 6.5, 0.55, f"training, Dropout({rate})", weight="bold")
    label(ax, 16.55, 0.55, "inference", weight="bold")
    ax.plot([13.25, 13.25], [0.3, 12.1], color="#D5D5D5", lw=1)
    for left, title, before, after in (
        (0.5, "image 0", outputs[0], trained[0]),
        (7.0, "image 1", outputs[1], trained[1]),
        (13.8, "image 0", inferred[0], inferred[0]),
    ):
        label(ax, left + 2.8, 1.45, title)
        label(ax, left + 0.7, 2.4, "outputs", fontsize=9, color=DARK_GRAY)
        label(ax, left + 4.8, 2.4, "passed on", fontsize=9, color=DARK_GRAY)
        for row, (value, passed) in enumerate(zip(before, after, strict=True)):
            y = 3.55 + 1.24 * row
            off = passed == 0
            tint, edge = (PAPER, GRAY) if off else (OUTPUT, BLUE)
            ax.add_patch(Circle((left + 0.7, y), 0.52, fc=PAPER, ec=GRAY, lw=1.2))
            label(ax, left + 0.7, y + 0.03, f"{value:.1f}")
            style = "--" if off else "-"
            ax.add_patch(Circle((left + 4.8, y), 0.52, fc=tint, ec=edge, lw=1.6, ls=style))
            ink = DARK_GRAY if off else INK
            label(ax, left + 4.8, y + 0.03, "0" if off else f"{passed:.1f}", color=ink)
            if off:
                label(ax, left + 2.75, y, "off", fontsize=9, color=DARK_GRAY)
                for start, end in ((1.4, 2.2), (3.3, 4.1)):
                    ax.plot([left + start, left + end], [y, y], color="#BDBDBD", ls=":", lw=1.4)
            else:
                arrow(ax, (left + 1.3, y), (left + 4.2, y), BLUE)
                if passed != value:
                    word = f"÷ {1 - rate:g}"
                    label(ax, left + 2.65, y - 0.33, word, fontsize=9, color=BLUE)
    counts = [f"its mask: {int(row.sum())} of {row.size} are on" for row in kept]
    for x, count in zip((3.25, 9.75), counts, strict=True):
        label(ax, x, 10.95, count, fontsize=9.5)
    words = f"units that are on: ÷ (1 − {rate}), that is × {1 / (1 - rate):.2f}"
    label(ax, 6.5, 11.8, words, fontsize=9.5, color=BLUE)
    label(ax, 16.55, 10.6, "all are on,\nnothing is changed", fontsize=9.5, va="top")
    save(figure, "06_dropout.png")


def draw_early_stopping() -> None:
    """A validation curve with patience: best epoch, the epochs waited, the stop, what is kept."""
    full, _ = fit_noisy_digits(stop_early=False)
    stopped, restored = fit_noisy_digits(stop_early=True)
    curve, shown = np.array(stopped["val_loss"]), 16
    stop, best = len(curve) - 1, int(curve.argmin())
    assert np.allclose(curve, full["val_loss"][: stop + 1])
    assert np.isclose(restored, curve[best])
    assert stop == best + PATIENCE
    figure = paper(3.8)
    ax = plot(figure, (0.095, 0.13, 0.885, 0.84))
    after = full["val_loss"][stop:shown]
    ax.plot(range(stop, shown), after, "s--", color="#A5A5A5", lw=1.6, ms=4)
    ax.plot(curve, "s-", color=DARK_ORANGE, lw=2, ms=5)
    ax.plot([stop, stop], [0.4, 0.84], color=INK, lw=1.4, ls="--", zorder=1)
    ax.plot(best, curve[best], "o", ms=15, mfc="none", mec=GREEN, mew=2.6)
    waited = 0
    for epoch in range(1, stop + 1):
        waited = 0 if curve[epoch] < curve[:epoch].min() else waited + 1
        if waited:
            aside, up = ((0, 0.028), (0, -0.03), (-0.6, 0.035))[waited - 1]
            place = (epoch + aside, curve[epoch] + up)
            note(ax, *place, f"wait {waited}", ha="center", fontsize=9)
    low = curve[best]
    words = f"best epoch: {best}\nloss {low:.3f}"
    note(ax, best - 0.35, low - 0.055, words, DARK_GREEN, ha="right")
    words = f"stop after epoch {stop}: {PATIENCE} epochs\nwithout a new best"
    note(ax, stop + 0.2, 0.815, words)
    back = {"arrowstyle": "-|>", "color": GREEN, "lw": 1.8, "shrinkB": 9}
    back["connectionstyle"] = "arc3,rad=-0.25"
    ax.annotate("", (best, low), (stop, 0.452), arrowprops=back)
    note(ax, stop + 0.2, 0.452, f"weights of epoch {best} restored", DARK_GREEN)
    note(ax, 10.7, 0.56, "without the stop", DARK_GRAY)
    words = f"patience {PATIENCE}\nepoch 0, out of view: {curve[0]:.2f}"
    note(ax, 1.6, 0.815, words, DARK_GRAY)
    ax.set_xlim(-0.4, shown - 0.6)
    ax.set_ylim(0.42, 0.86)
    ax.set_xticks(range(shown))
    ax.set_xlabel("epoch", fontsize=10, color=INK)
    ax.set_ylabel("validation loss", fontsize=10, color=INK)
    save(figure, "06_early_stopping.png")


def shrink(weight: float, strength: float, rate: float, steps: int, *, square: bool) -> list[float]:
    """A weight in gradient descent, pulled by nothing but its L1 or L2 penalty."""
    path = [weight]
    for _ in range(steps):
        slope = 2 * strength * weight if square else strength * np.sign(weight)
        weight = float(weight - rate * slope)
        path.append(weight)
    return path


def draw_penalties() -> None:
    """What L1 and L2 add to the loss for one weight, their slopes, and where these lead."""
    import keras

    strength, rate, first, steps, near = 0.01, 0.1, 0.3, 600, 0.1
    weights = np.linspace(-1.5, 1.5, 301).round(2)
    figure = paper(3.3)
    added = plot(figure, (0.075, 0.16, 0.24, 0.7), "added to the loss")
    slopes = plot(figure, (0.41, 0.16, 0.24, 0.7), "its slope")
    paths = plot(figure, (0.73, 0.16, 0.25, 0.7), "w, pulled by it alone")
    for name, color, style, rule, slope in (
        ("L1", BLUE, "-", keras.regularizers.L1(strength), strength * np.sign(weights)),
        ("L2", DARK_ORANGE, "--", keras.regularizers.L2(strength), 2 * strength * weights),
    ):
        costs = np.array([float(rule(np.array([weight], "float32"))) for weight in weights])
        inner = np.abs(np.abs(weights) - 0.75) < 0.7  # away from L1's corner and from the ends
        assert np.allclose(np.gradient(costs, weights)[inner], slope[inner], atol=1e-5)
        added.plot(weights, costs, style, color=color, lw=2)
        for side in (weights < 0, weights > 0):
            slopes.plot(weights[side], slope[side], style, color=color, lw=2)
        at = int(np.argmin(np.abs(weights - near)))
        slopes.plot(near, slope[at], "o", color=color, ms=6)
        path = np.abs(shrink(first, strength, rate, steps, square=name == "L2"))
        paths.plot(path, style, color=color, lw=2)
        words = f"{name}: {slope[at]:.3f}"
        if name == "L1":
            note(slopes, 0, 0.0115, words, color, ha="right")
            zero = int(np.argmax(path < strength * rate / 2))
            note(added, 0, 0.019, "L1: λ·|w|", color, ha="center")
            note(paths, zero - 20, 0.035, f"L1: 0 after\n{zero} steps", color, va="bottom")
        else:
            note(slopes, 0.2, -0.004, words, color)
            note(added, 0, 0.0223, "L2: λ·w²", color, ha="center")
            note(paths, 150, 0.28, f"L2: {path[-1]:.2f} left\nafter {steps} steps", color)
    slopes.plot([near, near], [-0.035, 0.035], color=GRAY, lw=1, ls=":", zorder=1)
    note(slopes, near - 0.05, 0.031, f"at w = {near}", DARK_GRAY, fontsize=9, ha="right")
    for ax, words in ((added, "weight w"), (slopes, "weight w"), (paths, "steps")):
        ax.set_xlabel(words, fontsize=10, color=INK)
    for ax in (added, slopes):
        ax.set_xlim(-1.6, 1.6)
        ax.set_xticks([-1, 0, 1], ["−1", "0", "1"])
    added.set_ylim(0, 0.025)
    added.set_yticks([0, 0.01, 0.02], ["0", "0.01", "0.02"])
    slopes.axhline(0, color=GRAY, lw=0.8, zorder=1)
    slopes.set_ylim(-0.035, 0.035)
    slopes.set_yticks([-0.02, 0, 0.02], ["−0.02", "0", "0.02"])
    paths.set_ylim(0, 0.32)
    paths.set_yticks([0, 0.1, 0.2, 0.3], ["0", "0.1", "0.2", "0.3"])
    paths.set_xticks([0, 300, 600])
    figure.text(
        0.075,
        0.955,
        f"strength λ = {strength}; on the right: w = {first} at first, learning rate {rate}",
        fontsize=9,
        color=DARK_GRAY,
    )
    save(figure, "06_penalties.png")


def rounded(values: Any) -> Any:
    """Numbers as they are written in a cell: 3 or 2.5, without zeros at the end."""
    return np.vectorize(lambda value: f"{round(float(value), 1) + 0.0:g}", otypes=[object])(values)


def draw_batch_norm() -> None:
    """Two images of two channels: mean and variance by channel, normalized, scaled and moved."""
    import keras

    first = np.array([[[1, 5], [7, 7]], [[5, 7], [5, 3]]])  # (image, row, column)
    second = np.array([[[20, 40], [80, 20]], [[40, 60], [20, 40]]])
    batch = np.stack([first, second], axis=-1)  # (image, row, column, channel)
    gamma, beta = np.array([3.0, 2.0]), np.array([1.0, -4.0])
    epsilon = 0.001
    mean, variance = batch.mean((0, 1, 2)), batch.var((0, 1, 2))
    normal = (batch - mean) / np.sqrt(variance + epsilon)
    layer = keras.layers.BatchNormalization(epsilon=epsilon)
    layer.build(batch.shape)
    layer.gamma.assign(gamma)
    layer.beta.assign(beta)
    final = np.asarray(layer(batch.astype("float32"), training=True))
    assert np.allclose(final, gamma * normal + beta, atol=1e-4)
    figure, ax = sheet(20, 11.0)
    stages = ((1.05, "batch"), (8.25, "normalized"), (15.3, "scaled and moved"))
    for left, title in stages:
        label(ax, left + 2.2, 0.6, title, weight="bold")
        for image in range(2):
            label(ax, left + 1 + 2.4 * image, 1.5, f"image {image}", fontsize=9, color=DARK_GRAY)
    for channel, (top, tint, color) in enumerate(((2.0, OUTPUT, BLUE), (5.9, WINDOW, ORANGE))):
        word = f"channel {channel}"
        label(ax, 0.5, top + 1, word, fontsize=9.5, rotation=90, weight="bold")
        shown = (batch[..., channel], rounded(normal[..., channel]), rounded(final[..., channel]))
        for (left, _), values in zip(stages, shown, strict=True):
            for image in range(2):
                grid(ax, values[image], left + 2.4 * image, top, fill=tint, size=9.5)
                outline(ax, left + 2.4 * image, top, 2, 2, color)
        arrow(ax, (5.6, top + 1), (8.15, top + 1))
        words = f"mean {mean[channel]:g}\nvariance {variance[channel]:g}"
        label(ax, 6.78, top + 0.9, words, fontsize=8.5, va="bottom")
        arrow(ax, (12.8, top + 1), (15.2, top + 1))
        words = f"γ = {gamma[channel]:g}\nβ = {beta[channel]:g}".replace("-", "−")
        label(ax, 13.9, top + 0.9, words, fontsize=9.5, va="bottom")
        values = batch[..., channel]
        label(ax, 3.25, top + 2.5, f"{values.size} numbers a channel", fontsize=9)
        for x, numbers in ((10.45, normal[..., channel]), (17.5, final[..., channel])):
            mean_now, variance_now = rounded([numbers.mean(), numbers.var()])
            words = f"mean {mean_now}, variance {variance_now}".replace("-", "−")
            label(ax, x, top + 2.5, words, fontsize=9)
    label(ax, 3.25, 9.6, "mean and variance over\nimages, rows, columns", fontsize=9.5)
    label(ax, 10.45, 9.6, "(x − mean) / √(variance + ε)", fontsize=9.5)
    label(ax, 10.45, 10.2, f"ε = {epsilon}; numbers rounded", fontsize=9, color=DARK_GRAY)
    label(ax, 17.5, 9.6, "γ · normalized + β:\nγ and β are learned", fontsize=9.5)
    save(figure, "06_batch_norm.png")


def draw_fits() -> None:
    """Noisy points of a curve, fitted by polynomials of three degrees, and new points."""
    rng = np.random.default_rng(7)
    points, noise = 12, 0.25
    x = (np.arange(points) + rng.uniform(0.2, 0.8, points)) / points
    new_x = (np.arange(points) + rng.uniform(0.2, 0.8, points)) / points
    y, new_y = (np.sin(2 * np.pi * at) + rng.normal(0, noise, points) for at in (x, new_x))
    fine = np.linspace(x.min(), x.max(), 400)
    figure = paper(3.4)
    for index, (degree, title) in enumerate(
        ((1, "underfitting"), (3, "good fit"), (9, "overfitting"))
    ):
        fit = np.polynomial.Polynomial.fit(x, y, degree)
        ax = plot(figure, (0.015 + 0.33 * index, 0.27, 0.31, 0.64))
        ax.set_title(title, fontsize=11, weight="bold", color=INK)
        ax.plot(fine, np.sin(2 * np.pi * fine), color=GRAY, lw=1.2, ls=":")
        ax.plot(fine, fit(fine), color=GREEN, lw=2.2)
        ax.plot(x, y, "o", color=BLUE, ms=6)
        ax.plot(new_x, new_y, "^", mfc=PAPER, mec=DARK_ORANGE, mew=1.6, ms=6.5)
        ax.set_xlim(-0.02, 1.02)
        ax.set_ylim(-1.9, 1.9)
        ax.set_xticks([])
        ax.set_yticks([])
        ax.spines[["top", "right"]].set_visible(True)
        ax.spines[:].set_color("#B5B5B5")
        seen, unseen = np.mean((fit(x) - y) ** 2), np.mean((fit(new_x) - new_y) ** 2)
        left = 0.17 + 0.33 * index
        figure.text(left, 0.205, f"degree {degree}", fontsize=9.5, ha="center", color=DARK_GREEN)
        words = f"error on training points: {seen:.3f}"
        figure.text(left, 0.145, words, fontsize=9, ha="center", color=BLUE)
        words = f"error on new points: {unseen:.3f}"
        figure.text(left, 0.09, words, fontsize=9, ha="center", color=DARK_ORANGE)
    words = (
        "● training points    △ new points    ···· the curve without noise    error: mean squared"
    )
    figure.text(0.5, 0.02, words, fontsize=9, ha="center", color=DARK_GRAY)
    save(figure, "06_fits.png")


def draw_augment() -> None:
    """A digit, variants that keep its label, and a six that became a nine."""
    import keras
    from sklearn.datasets import load_digits

    digits = load_digits()
    images = digits.images / 16
    layers = keras.layers
    pixel, turn, zoom = 1 / 8, 15 / 360, 0.15
    variants = (
        ("as it is", None),
        ("moved by 1 pixel", layers.RandomTranslation(0.0, (pixel, pixel), fill_mode="constant")),
        ("turned by 15°", layers.RandomRotation((turn, turn), fill_mode="constant")),
        ("a little larger", layers.RandomZoom((-zoom, -zoom), fill_mode="constant")),
        ("a little smaller", layers.RandomZoom((zoom, zoom), fill_mode="constant")),
    )
    digit = images[digits.target == 3][0]
    figure, ax = sheet(20, 12.6)
    label(ax, 0.6, 0.55, "small changes keep the label", ha="left", weight="bold")
    for index, (title, layer) in enumerate(variants):
        left = 0.6 + 3.9 * index
        batch = digit[None, ..., None].astype("float32")
        changed = batch if layer is None else np.asarray(layer(batch, training=True))
        picture(ax, changed[0, ..., 0], left, 1.75, 3.2)
        label(ax, left + 1.6, 1.35, title, fontsize=9)
        label(ax, left + 1.6, 5.4, "label 3", fontsize=9.5, color=DARK_GREEN)
    sixes = np.flatnonzero(digits.target == 6)
    turned = np.rot90(images[sixes], 2, axes=(1, 2))
    distances = ((turned[:, None] - images[None]) ** 2).sum((2, 3))  # (six, digit)
    nearest = distances.argmin(axis=1)
    nines = digits.target[nearest] == 9
    which = int(np.where(nines, distances.min(axis=1), np.inf).argmin())
    label(ax, 0.6, 6.75, "half a turn does not", ha="left", weight="bold")
    six = images[sixes[which]]
    for left, image, title, word, color in (
        (0.6, six, "a six", "label 6", DARK_GREEN),
        (6.3, turned[which], "turned by 180°", "label 6: now wrong", INK),
        (11.0, images[nearest[which]], "most similar digit", "label 9", INK),
    ):
        picture(ax, image, left, 7.95, 3.2)
        label(ax, left + 1.6, 7.55, title, fontsize=9)
        label(ax, left + 1.6, 11.6, word, fontsize=9.5, color=color)
    arrow(ax, (4.1, 9.55), (6.0, 9.55))
    words = f"Of {len(sixes)} sixes turned\nby 180°, {int(nines.sum())} look\nmost like a nine."
    label(ax, 14.8, 9.55, words, fontsize=9.5, ha="left")
    save(figure, "06_augment.png")


def draw_noise() -> None:
    """A digit with Gaussian noise of growing strength in training, and without any in inference."""
    import keras
    from sklearn.datasets import load_digits

    digits = load_digits()
    digit = (digits.images[digits.target == 2][0] / 16).astype("float32")
    figure, ax = sheet(20, 5.6)
    strengths = (0.0, 0.1, 0.2, 0.4, 0.8)
    label(ax, 8.2, 0.55, "training: other noise each time", weight="bold")
    label(ax, 18.2, 0.55, "inference", weight="bold")
    ax.plot([16.4, 16.4], [0.2, 5.4], color="#D5D5D5", lw=1)
    for index, strength in enumerate((*strengths, max(strengths))):
        inference = index == len(strengths)
        left = 16.75 if inference else 0.3 + 3.2 * index
        noise = keras.layers.GaussianNoise(strength, seed=0)
        seen = np.asarray(noise(digit[None], training=not inference))[0]
        assert np.array_equal(seen, digit) == (inference or not strength)
        picture(ax, seen, left, 1.3, 2.9)
        words = f"stddev {strength:g}" if strength else "as it is"
        label(ax, left + 1.45, 4.7, words, fontsize=9.5)
        if inference:
            label(ax, left + 1.45, 5.2, "unchanged", fontsize=9, color=DARK_GRAY)
    save(figure, "06_noise.png")


if __name__ == "__main__":
    draw_all(
        draw_fits,
        draw_curves,
        draw_dropout,
        draw_early_stopping,
        draw_penalties,
        draw_batch_norm,
        draw_augment,
        draw_noise,
    )
