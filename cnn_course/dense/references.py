"""Independent references for layers and networks on paper.

Shapes and parameters are those that Keras itself gives, of networks whose weights are never made.
"""

from __future__ import annotations

import numbers
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from cnn_course.references import Array

# Ready-made layers: in this lesson they are what the student builds.
READY_MADE = ("keras", "tensorflow", "torch", "jax", "scipy")

Function = Callable[..., Any]
Layer = dict[str, Any]
Shape = tuple[int, ...]


def index_by_counting(position: Shape, shape: Shape) -> int:
    """Where a position of a volume stands in its vector: found by numbering all of them."""
    return int(np.arange(int(np.prod(shape))).reshape(shape)[position])


def laid_out(weights: Array, map_shape: Shape) -> Array:
    """The kernel (H, W, C, units) in which each input's weights lie where that input came from."""
    kernel = np.empty((*map_shape, weights.shape[1]), weights.dtype)
    for index, position in enumerate(np.ndindex(*map_shape)):
        kernel[position] = weights[index]
    return kernel


def keras_rows(input_shape: Shape, layers: Sequence[Layer]) -> list[tuple[Shape, int]]:
    """The output shape, without the batch, and the parameters of every layer, as Keras has them."""
    return [(shape, parameters) for shape, parameters, _ in keras_costs(input_shape, layers)]


def keras_costs(input_shape: Shape, layers: Sequence[Layer]) -> list[tuple[Shape, int, int]]:
    """The same, and how often each layer multiplies a weight with a value, for one image."""
    import keras

    # No weight is allocated, so that even VGG-16 costs milliseconds.
    with keras.StatelessScope(initialize_variables=False):
        model = keras.Sequential([keras.Input(input_shape), *map(keras_layer, layers)])
        return [
            (tuple(layer.output.shape[1:]), int(layer.count_params()), _multiplications(layer))
            for layer in model.layers
        ]


def keras_layer(layer: Layer) -> Any:
    """The Keras layer that a row of a table describes in Keras's own words."""
    import keras

    settings = {name: value for name, value in layer.items() if name != "layer"}
    return getattr(keras.layers, layer["layer"])(**settings)


def _multiplications(layer: Any) -> int:
    """Every weight of the kernel is used once at each position of the output."""
    kernel = getattr(layer, "kernel", None)
    if kernel is None:
        return 0
    return int(np.prod(kernel.shape)) * int(np.prod(layer.output.shape[1:-1]))


def plain(value: Any) -> Any:
    """Lists and arrays as tuples, and whole numbers as Python's own, whatever kind they came as."""
    if isinstance(value, numbers.Integral) and not isinstance(value, bool):
        return int(value)
    if isinstance(value, np.ndarray) and value.ndim:
        return tuple(map(plain, value.tolist()))
    return tuple(map(plain, value)) if isinstance(value, list | tuple) else value
