"""Independent references for scores, losses and shares, and what trained networks are tried on.

Softmax comes from logarithms of sums, the cross-entropy from Keras itself, and accuracy from
counting, so that reading them gives no exercise away.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cnn_course.data.shapes import draw_shapes
from grader import expect

Array = NDArray[Any]
Rng = np.random.Generator

SIZE = 20
"""Pixels on a side of the shapes."""
MOVE = 4
"""How far the shapes are moved, in pixels, down or up and to the right or left."""
BUDGET = 10_000
"""A digit reader has fewer parameters than this."""

EPSILON = 1e-7

# Ready-made ones: in these exercises they are what the student builds.
READY_MADE = ("keras", "tensorflow", "torch", "scipy", "sklearn")


def softmax_of(scores: Array) -> Array:
    """The softmax over the last axis in float64, by subtracting the logarithm of the sum."""
    exact = scores.astype(np.float64)
    return np.asarray(np.exp(exact - np.logaddexp.reduce(exact, axis=-1, keepdims=True)))


def cross_entropy_of(probabilities: Array, labels: Array) -> float:
    """Keras's own cross-entropy of probabilities (N, classes) and labels (N,), averaged."""
    import keras

    each = keras.losses.sparse_categorical_crossentropy(labels, probabilities)
    return float(np.mean(np.asarray(each, dtype=np.float64)))


def accuracy_of(scores: Array, labels: Array) -> float:
    """The share of rows whose label's score beats every other, counted; a tie is no win.

    So a network whose outputs are all the same is right about nothing.
    """
    right = 0
    for row, label in zip(scores.tolist(), labels.tolist(), strict=True):
        others = row[:label] + row[label + 1 :]
        right += all(row[label] > other for other in others)
    return right / len(labels)


# ------------------------------------------------------------------------------------------------
# Networks


def train_on_centered_shapes(network: Any, rng: Rng) -> None:
    """Train a network, as it came, on shapes in the middle of the picture; about two seconds."""
    import keras
    import tensorflow as tf

    images, labels = draw_shapes(480, rng, size=SIZE, centered=True)
    network.compile(keras.optimizers.Adam(0.008), "sparse_categorical_crossentropy")
    batches = tf.data.Dataset.from_tensor_slices((images, labels))
    batches = batches.shuffle(len(images), seed=int(rng.integers(2**31))).batch(32)
    network.fit(batches, epochs=10, verbose=0, shuffle=False)


def share_read(network: Any, images: Array, labels: Array) -> float:
    """The share of `images` for which the network's largest output is that of the label."""
    return accuracy_of(outputs_of(network, images), labels)


def outputs_of(network: Any, images: Array) -> Array:
    """What a network makes of a batch of images, as an array of float64."""
    return np.asarray(network(images, training=False), dtype=np.float64)


def moved(images: Array, rng: Rng) -> Array:
    """The images, each moved by `MOVE` pixels down or up, and by as many to the right or left."""
    steps = rng.choice((-MOVE, MOVE), size=(len(images), 2))
    return np.stack(
        [
            np.roll(image, tuple(step), axis=(0, 1))
            for image, step in zip(images, steps.tolist(), strict=True)
        ]
    )


def expect_probabilities(
    network: Any, name: str, input_shape: tuple[int, ...], classes: int
) -> None:
    """A network for images of that shape, which gives a probability for each class."""
    expect.model(network)
    expect.input_shape(network, input_shape)
    expect.output_shape(network, (classes,))
    answers = outputs_of(network, strong_noise(input_shape))
    sums = answers.sum(axis=-1)
    expect.that(
        bool((answers > -1e-6).all()) and bool(np.allclose(sums, 1, atol=1e-3)),
        f"The outputs of `{name}` for one image should be probabilities: none negative, in all 1. "
        f"Received: numbers from {answers.min():.3g} to {answers.max():.3g}, with sums from "
        f"{sums.min():.3g} to {sums.max():.3g}.",
        about=network,
    )


def strong_noise(shape: tuple[int, ...]) -> Array:
    """Eight pictures of contrasts far beyond any image, so that outputs are not all the same."""
    return np.random.default_rng(0).normal(0, 3, size=(8, *shape)).astype(np.float32)


def gives_scores(network: Any) -> bool:
    """Whether a network ends without a softmax: its outputs for an image do not sum to 1."""
    answers = outputs_of(network, strong_noise(tuple(network.inputs[0].shape[1:])))
    return not np.allclose(answers.sum(axis=-1), 1, atol=1e-3)


@cache
def all_digits() -> tuple[Array, Array]:
    """The handwritten digits (1797, 8, 8, 1), from 0 to 1, and their labels."""
    from sklearn.datasets import load_digits

    digits = load_digits()
    images = (digits.images / 16).astype(np.float32)[..., None]
    images.setflags(write=False)
    return images, digits.target


def hidden_digits(rng: Rng, count: int = 400) -> tuple[Array, Array]:
    """Digits that nobody has the labels of: written paler than before, on speckled paper."""
    images, labels = all_digits()
    chosen = rng.choice(len(images), size=count, replace=False)
    pale = images[chosen] * rng.uniform(0.75, 1.0, size=(count, 1, 1, 1))
    speckled = pale + rng.normal(0, 0.06, size=pale.shape)
    return np.clip(speckled, 0, 1).astype(np.float32), labels[chosen]
