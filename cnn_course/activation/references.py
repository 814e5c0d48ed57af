"""References of lesson 3, by other roads than its exercises teach."""

from __future__ import annotations

from typing import Any

import numpy as np

from cnn_course.references import Array, Rng, correlate

# Ready-made convolutions and gradients: in this lesson they are what the student builds.
READY_MADE = (
    "scipy",
    "keras",
    "tensorflow",
    "torch",
    "jax",
    "cv2",
    "skimage",
    "numpy.convolve",
    "numpy.correlate",
    "numpy.polymul",
    "numpy.fft",
    "numpy.gradient",
)


def loss_gradient(image: Array, kernel: Array, target: Array) -> Array:
    """The gradient of the mean squared error with respect to the kernel, from differences.

    The loss is a parabola along every weight, so the slope of a chord around it is exact.
    """

    def loss(weights: Array) -> float:
        return float(np.mean((correlate(image, weights) - target) ** 2))

    gradient = np.zeros(kernel.shape)
    for place in np.ndindex(kernel.shape):
        nudge = np.zeros(kernel.shape)
        nudge[place] = 0.5
        gradient[place] = loss(kernel + nudge) - loss(kernel - nudge)
    return np.round(gradient, 7) + 0.0


def curvature(image: Array, shape: tuple[int, ...]) -> Array:
    """The second derivatives (n, n) of the mean squared error of a kernel with n weights."""
    patches = np.lib.stride_tricks.sliding_window_view(image.astype(np.float64), shape)
    flat = patches.reshape(-1, int(np.prod(shape)))
    return np.asarray(2 / len(flat) * flat.T @ flat)


def descended(image: Array, hidden: Array, start: Array, rate: float, steps: int) -> Array:
    """Where gradient descent stands after `steps` steps, in one go, if `hidden` made the target.

    What is left of the way to the hidden kernel shrinks by the same matrix in every step.
    """
    shrink = np.eye(hidden.size) - rate * curvature(image, hidden.shape)
    left = np.linalg.matrix_power(shrink, steps) @ (start - hidden).astype(np.float64).ravel()
    return np.asarray(hidden + left.reshape(hidden.shape))


def compose(first: Array, second: Array) -> Array:
    """The one kernel that answers as two in a row do, multiplied as polynomials (by FFT)."""
    shape = [k + p - 1 for k, p in zip(first.shape, second.shape, strict=True)]
    axes = tuple(range(first.ndim))
    product = np.fft.fftn(first, shape, axes) * np.fft.fftn(second, shape, axes)
    return np.asarray(np.round(np.fft.ifftn(product).real, 9) + 0.0)


def layer(images: Array, kernel: Array, bias: Array) -> Array:
    """A linear convolutional layer, valid, stride 1: (N, H, W, C) → (N, H′, W′, F)."""
    windows = np.lib.stride_tricks.sliding_window_view(images, kernel.shape[:2], axis=(1, 2))
    return np.asarray(np.einsum("nijcpq,pqcf->nijf", windows, kernel) + bias)


def collapsed(kernel1: Array, bias1: Array, kernel2: Array, bias2: Array) -> tuple[Array, Array]:
    """Kernel and bias of the one layer, read off the answers of the two layers to single pixels."""
    sizes = [k + p - 1 for k, p in zip(kernel1.shape[:2], kernel2.shape[:2], strict=True)]
    channels = kernel1.shape[2]
    height, width = (2 * size - 1 for size in sizes)
    images = np.zeros((channels + 1, height, width, channels))
    for channel in range(channels):  # the last image stays dark: it shows the bias
        images[channel, sizes[0] - 1, sizes[1] - 1, channel] = 1
    maps = layer(layer(images, kernel1, bias1), kernel2, bias2)
    bias: Array = maps[-1, 0, 0]
    stamped = (maps[:-1] - bias)[:, ::-1, ::-1]  # a pixel stamps the kernel turned around
    kernel: Array = np.moveaxis(stamped, 0, 2)
    return kernel, bias


def sigmoid_slope(x: Any) -> Array:
    """The derivative of the sigmoid, as the bell that it is: 1 / (4 cosh²(x/2))."""
    return np.asarray(0.25 / np.cosh(np.asarray(x, dtype=np.float64) / 2) ** 2)


def whole_numbers(rng: Rng, shape: tuple[int, ...], most: int = 3) -> Array:
    """Random whole numbers from −most to most, float32, none of them 0."""
    sizes = rng.integers(1, most + 1, size=shape)
    return np.asarray(sizes * rng.choice([-1, 1], size=shape), dtype=np.float32)
