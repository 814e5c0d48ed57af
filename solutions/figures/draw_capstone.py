"""Draws the figures of lesson 7 into this folder."""

from __future__ import annotations

from functools import cache
from typing import Any, NamedTuple

import numpy as np
from canvas import BLUE, GRAY, GREEN, INK, ORANGE, arrow, label, outline, save, draw_all
from draw_regularization import (
    DARK_GRAY,
    DARK_GREEN,
    DARK_ORANGE,
    note,
    paper,
    picture,
    plot,
    sheet,
)
from matplotlib.colors import LinearSegmentedColormap, to_hex
from matplotlib.patches import Rectangle

from cnn_course.data.shapes import NAMES, draw_shapes

EPOCHS, IMAGES, VALIDATION = 20, 600, 400
SCORES = LinearSegmentedColormap.from_list("scores", ["#FFFFFF", ORANGE])


class Run(NamedTuple):
    """A trained network and the curves of its training."""

    network: Any
    curves: dict[str, list[float]]


@cache
def train(name: str) -> Run:
    """One of three networks, trained on the same 600 images of shapes."""
    import keras
    import tensorflow as tf

    layers = keras.layers
    keras.utils.set_random_seed(0)
    if name == "underfitting":  # two filters, and only their means
        middle = [layers.Conv2D(2, 3, padding="same", activation="relu")]
        middle += [layers.GlobalAveragePooling2D()]
        rate = 0.003
    elif name == "overfitting":  # a weight for every place
        middle = [layers.Conv2D(8, 3, padding="same", activation="relu")]
        middle += [layers.Flatten(), layers.Dense(64, activation="relu")]
        rate = 0.002
    else:
        middle = []
        for filters in (8, 16, 16):
            middle += [layers.Conv2D(filters, 3, padding="same", activation="relu")]
            middle += [layers.MaxPooling2D()]
        middle[-1] = layers.GlobalMaxPooling2D()
        rate = 0.005
    network = keras.Sequential([keras.Input((28, 28, 1)), *middle, layers.Dense(4)])
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    network.compile(keras.optimizers.Adam(rate), loss)
    training = tf.data.Dataset.from_tensor_slices(draw_shapes(IMAGES, 0)).shuffle(IMAGES)
    held_out = tf.data.Dataset.from_tensor_slices(draw_shapes(VALIDATION, 1)).batch(VALIDATION)
    history = network.fit(
        training.batch(32), epochs=EPOCHS, validation_data=held_out, shuffle=False, verbose=0
    ).history
    return Run(network, history)


def draw_three_curves() -> None:
    """Training and validation loss of three networks: too small, good, and learning by heart."""
    figure = paper(3.5)
    chance = np.log(len(NAMES))
    for index, (name, words) in enumerate(
        (
            ("underfitting", "both stay high"),
            ("good fit", "both low and close"),
            ("overfitting", "far apart; one turns up"),
        )
    ):
        run = train(name)
        training, validation = np.array(run.curves["loss"]), np.array(run.curves["val_loss"])
        ax = plot(figure, (0.06 + 0.322 * index, 0.33, 0.275, 0.56))
        ax.set_title(name, fontsize=11, weight="bold", color=INK)
        ax.axhline(chance, color=GRAY, lw=1, ls=":")
        ax.plot(training, "-", color=BLUE, lw=2.2)
        ax.plot(validation, "--", color=DARK_ORANGE, lw=2.2)
        if name == "overfitting":
            best = int(validation.argmin())
            ax.plot(best, validation[best], "o", ms=11, mfc="none", mec=GREEN, mew=2.2)
            note(ax, best + 1, 0.93, f"best epoch: {best}", DARK_GREEN, fontsize=9)
        if not index:
            note(ax, 0, chance + 0.12, f"guessing: {chance:.2f}", DARK_GRAY, fontsize=9)
        ax.set_xlim(-0.5, EPOCHS - 0.5)
        ax.set_ylim(0, 1.7)
        ax.set_xticks([0, 5, 10, 15])
        ax.set_yticks([0, 0.5, 1, 1.5], ["0", "0.5", "1", "1.5"] if not index else [])
        ax.set_xlabel("epoch", fontsize=9.5, color=INK, labelpad=1)
        middle = 0.1975 + 0.322 * index
        figure.text(middle, 0.155, words, fontsize=9.5, ha="center", va="center", color=INK)
        ends = f"{training[-1]:.2f}", f"{validation[-1]:.2f}"
        for x, end, color in zip((-0.055, 0.055), ends, (BLUE, DARK_ORANGE), strict=True):
            figure.text(middle + x, 0.075, end, fontsize=9.5, ha="center", color=color)
    figure.text(0.012, 0.075, "last:", fontsize=9.5, color=DARK_GRAY)
    figure.text(0.38, 0.015, "training loss (solid)", fontsize=9.5, ha="center", color=BLUE)
    figure.text(
        0.64, 0.015, "validation loss (dashed)", fontsize=9.5, ha="center", color=DARK_ORANGE
    )
    save(figure, "07_three_curves.png")


def scores(images: Any, shape: int) -> Any:
    """What the good network gives to a shape: its softmax probability, for each image."""
    logits = np.asarray(train("good fit").network(images), dtype="float64")
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    return powers[:, shape] / powers.sum(axis=1)


def draw_occlusion() -> None:
    """A gray square at some places of an image, and the map of the scores at all its places."""
    square, stride = 8, 4
    gray = 0.25  # a brighter square is itself taken for a part of a shape
    images, labels = draw_shapes(40, 5)
    image, shape = images[38], int(labels[38])
    starts = range(0, image.shape[0] - square + 1, stride)
    covered = np.repeat(image[None], len(starts) ** 2, axis=0)
    for one, (row, column) in zip(covered, np.ndindex(len(starts), len(starts)), strict=True):
        top, left = starts[row], starts[column]
        one[top : top + square, left : left + square] = gray
    found = scores(covered, shape)
    free = float(scores(image[None], shape)[0])
    untouched = np.ptp(covered - image, axis=(1, 2, 3)) < 0.5  # background only
    assert found[untouched].min() > 0.9
    half, least = int(np.abs(found - 0.5).argmin()), int(found.argmin())
    figure, ax = sheet(20, 11.9)
    size, places = 4.1, ((0.4, 1.1), (5.3, 1.1), (0.4, 6.9), (5.3, 6.9))
    pixel = size / image.shape[0]
    map_left, map_top = 12.6, 3.1
    marks = ((None, ""), (0, ORANGE), (half, GREEN), (least, "#CC79A7"))
    for (x, y), (index, color) in zip(places, marks, strict=True):
        picture(ax, (image if index is None else covered[index])[..., 0], x, y, size)
        if index is None:
            title, words = "image", f"{NAMES[shape]}: {free:.2f}"
        else:
            row, column = divmod(index, len(starts))
            title = f"square at ({starts[row]}, {starts[column]})"
            words = f"{NAMES[shape]}: {found[index]:.2f}"
            width = square * pixel
            at = (x + starts[column] * pixel, y + starts[row] * pixel)
            outline(ax, *at, width, width, color)
        label(ax, x + size / 2, y - 0.4, title, fontsize=9.5)
        label(ax, x + size / 2, y + size + 0.45, words, weight="bold")
    arrow(ax, (9.7, 6.1), (11.3, 6.1))
    label(ax, map_left + 3, 0.7, "occlusion map", weight="bold")
    label(ax, map_left + 3, 1.4, f"probability of “{NAMES[shape]}” by place", fontsize=9)
    for index, score in enumerate(found):
        row, column = divmod(index, len(starts))
        x, y = map_left + column, map_top + row
        tint = to_hex(SCORES(1 - score))
        ax.add_patch(Rectangle((x, y), 1, 1, fc=tint, ec="#B5B5B5", lw=0.8))
        label(ax, x + 0.5, y + 0.53, f"{score:.2f}", fontsize=8.5)
        if not row:
            label(ax, x + 0.5, map_top - 0.35, f"{starts[column]}", fontsize=9, color=DARK_GRAY)
        if not column:
            label(
                ax,
                map_left - 0.2,
                y + 0.5,
                f"{starts[row]}",
                fontsize=9,
                color=DARK_GRAY,
                ha="right",
            )
    for index, color in marks[1:]:
        row, column = divmod(index or 0, len(starts))
        outline(ax, map_left + column + 0.04, map_top + row + 0.04, 0.92, 0.92, color)
    label(ax, map_left + 3, 2.2, "column", fontsize=9, color=DARK_GRAY)
    label(ax, map_left - 0.95, 6.1, "row", fontsize=9, color=DARK_GRAY, rotation=90)
    words = "darker: a smaller probability, so what\nthe square covers here matters more"
    label(ax, map_left + 3, 10.0, words, fontsize=9.5)
    words = f"square {square}×{square}, stride {stride}: {len(starts)}×{len(starts)} places"
    label(ax, map_left + 3, 11.1, words, fontsize=9, color=DARK_GRAY)
    save(figure, "07_occlusion.png")


if __name__ == "__main__":
    draw_all(
        draw_three_curves,
        draw_occlusion,
    )
