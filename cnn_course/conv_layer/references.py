"""Independent references of lesson 2.

Where an exercise is about Keras, Keras itself is the reference. Images are float32 with whole
tenths, kernels and biases float32 with whole or half numbers: a student can check them on paper.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from cnn_course.references import Array, Rng

Function = Callable[..., Any]
Case = tuple[Any, ...]

# Layers that are built by hand in this lesson, or whose numbers are worked out by hand.
NETWORK_LIBRARIES = ("keras", "tensorflow", "torch")


def keras_maps(image: Array, kernels: Array, biases: Array) -> Array:
    """What Keras makes of an image (H, W, C) with kernels (k, l, C, F) and biases (F,)."""
    import keras

    maps = keras.ops.conv(image[None], kernels, padding="valid") + biases
    # Rounded, so that a student reads 1.2 and not 1.20000005; adding 0 makes −0 a 0.
    rounded: Array = np.round(np.asarray(maps)[0].astype(np.float64), 5) + 0.0
    return rounded


def keras_parameters(
    input_shape: tuple[int, int, int], kernel_size: tuple[int, int], filters: int
) -> int:
    """The parameters that Keras makes for a layer when it learns the shape of its input."""
    import keras

    layer = keras.layers.Conv2D(filters, kernel_size)
    layer.build((None, *input_shape))
    return sum(int(np.prod(weight.shape)) for weight in layer.weights)


def keras_padding(size: int, kernel_size: int, strides: int) -> tuple[int, int]:
    """The zeros that Keras adds before and after a row of `size` pixels for `padding="same"`.

    Each of `kernel_size` filters copies one place of the window, so that the layer returns what its
    windows see. Numbered pixels then say where the row begins and ends in them.
    """
    import keras

    numbered = np.arange(1, size + 1, dtype=np.float32)[None, :, None]
    copies = np.eye(kernel_size, dtype=np.float32)[:, None, :]
    seen = np.asarray(keras.ops.conv(numbered, copies, strides=strides, padding="same"))[0]
    first = np.flatnonzero(np.round(seen[0]) == 1)
    last = np.flatnonzero(np.round(seen[-1]) == size)
    before = int(first[0]) if first.size else 0
    # A last window that ends before the row does needs no zeros.
    after = kernel_size - 1 - int(last[0]) if last.size else 0
    return before, after


def places(size: int, kernel_size: int, padding: int, strides: int) -> Array:
    """Where windows start along one direction, counted from the first zero of the frame."""
    padded = np.arange(size + 2 * padding)
    windows = np.lib.stride_tricks.sliding_window_view(padded, kernel_size)
    starts: Array = windows[::strides, 0]
    return starts


def covering(size: int, kernel_size: int, padding: int, strides: int) -> Array:
    """How many windows along one direction cover each pixel, asked pixel by pixel."""
    starts = places(size, kernel_size, padding, strides)
    pixels = np.arange(size)[:, None] + padding
    covered: Array = ((starts <= pixels) & (pixels < starts + kernel_size)).sum(axis=1)
    return covered


def responses(image: Array, kernels: Array) -> Array:
    """The maps (H − k + 1, W − l + 1, F) of an image (H, W, C) under kernels (k, l, C, F)."""
    windows = np.lib.stride_tricks.sliding_window_view(image, kernels.shape[:2], axis=(0, 1))
    maps: Array = np.tensordot(windows, kernels, axes=([3, 4, 2], [0, 1, 2]))  # (H', W', F)
    return maps


def draw_weights(rng: Rng, shape: tuple[int, ...]) -> Array:
    """Whole numbers from −3 to 3, as float32."""
    return rng.integers(-3, 4, size=shape).astype(np.float32)
