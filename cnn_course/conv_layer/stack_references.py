"""What a stack of layers sees, makes and costs, found by counting and not by formulas."""

from __future__ import annotations

from collections.abc import Sequence

from cnn_course.references import Rng

Shape = tuple[int, int, int]
Stack = list[tuple[int, int, int, str]]
"""Layers from first to last, each as (filters, kernel_size, strides, padding)."""
Layer = tuple[Shape, int, int, int, str]
"""The input's shape, and filters, kernel_size, strides, padding."""


def seen_pixels(layers: Sequence[tuple[int, int]]) -> int:
    """From the first to the last pixel that one value sees: the window is followed back.

    `layers` are (kernel_size, strides) from first to last. One value of the last map is a window of
    its input, whose first and last values are windows again, down to the image.
    """
    first = last = 0
    for kernel_size, strides in reversed(layers):
        first, last = first * strides, last * strides + kernel_size - 1
    return last - first + 1


def starts(size: int, kernel_size: int, strides: int, padding: str) -> int:
    """How many windows start along one direction, counted one by one.

    With "same" padding, one stands wherever a step ends inside the image.
    """
    room = size if padding == "same" else size - kernel_size + 1
    return len(range(0, room, strides))


def shapes_in_keras(input_shape: Shape, stack: Stack) -> list[Shape]:
    """The shape that Keras gives each layer's output, without the batch axis."""
    import keras

    shape: tuple[int | None, ...] = (None, *input_shape)
    found: list[Shape] = []
    for filters, kernel_size, strides, padding in stack:
        layer = keras.layers.Conv2D(filters, kernel_size, strides=strides, padding=padding)
        shape = layer.compute_output_shape(shape)
        found.append((int(shape[1] or 0), int(shape[2] or 0), int(shape[3] or 0)))
    return found


def draw_layer(rng: Rng, strides: int, padding: str) -> Layer:
    """A small layer on an oblong input, with another number of filters than channels."""
    height, (channels, filters) = (
        int(rng.integers(7, 11)),
        rng.choice(range(2, 7), 2, replace=False),
    )
    shape = (height, height + int(rng.integers(1, 4)), int(channels))
    return shape, int(filters), int(rng.integers(2, 5)), strides, padding
