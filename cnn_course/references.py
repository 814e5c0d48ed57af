"""Independent references for the rubrics, and the random cases they are asked on.

Each reference takes another road than the exercise teaches (Fourier transforms, views, marked
borders), so that reading it does not give the exercise away. Images are float32 with whole tenths
from 0.1 to 0.9, kernels are float32 with whole numbers: a student can check them on paper.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
Rng = np.random.Generator


def correlate(image: Array, kernel: Array) -> Array:
    """The feature map (H − k + 1, W − l + 1) of a kernel slid over an image as it is, in float64.

    Computed by the correlation theorem: the spectrum of the image times the conjugate spectrum of
    the kernel. Empty where the kernel does not fit.
    """
    rows, columns = (max(0, size) for size in np.subtract(image.shape, kernel.shape) + 1)
    if not rows or not columns:
        return np.zeros((rows, columns))
    spectrum = np.fft.rfft2(image.astype(np.float64))
    seen_by = np.conj(np.fft.rfft2(kernel.astype(np.float64), s=image.shape))
    full: Array = np.fft.irfft2(spectrum * seen_by, s=image.shape)
    # Rounded, so that a student reads 0 and not 1.8e-16; adding 0 makes −0 a 0.
    return np.round(full[:rows, :columns], 9) + 0.0


def positions(image_size: int, kernel_size: int) -> int:
    """How many places a window of `kernel_size` pixels has in a row of `image_size`, counted."""
    return len(np.lib.stride_tricks.sliding_window_view(np.empty(image_size), kernel_size))


def frame(image: Array, padding: int) -> Array:
    """The image (H, W) or (H, W, C) with `padding` zeros on each of its four sides."""
    around = [(padding, padding)] * 2 + [(0, 0)] * (image.ndim - 2)
    return np.pad(image, around)


def overlap(feature_map: Array, rows: int, columns: int) -> Array:
    """What stays in the frame of a map that is moved `rows` down and `columns` to the right.

    Negative numbers move up and left. Found by moving the map over a ground of NaN and dropping
    whatever is still ground.
    """
    height, width = feature_map.shape
    ground = np.full((3 * height, 3 * width), np.nan)
    ground[height + rows : 2 * height + rows, width + columns : 2 * width + columns] = feature_map
    seen = ground[height : 2 * height, width : 2 * width]
    known = ~np.isnan(seen)
    return seen[known.any(axis=1)][:, known.any(axis=0)]


def draw_image(rng: Rng, shape: tuple[int, ...]) -> Array:
    """A random image of tenths from 0.1 to 0.9: no pixel is zero, so padding can be told apart."""
    return (rng.integers(1, 10, size=shape) / 10).astype(np.float32)


def draw_kernel(rng: Rng, shape: tuple[int, int]) -> Array:
    """A random kernel of whole numbers from −3 to 3 that no turn or flip leaves as it is.

    Its sum is none of −1, 0 and 1, so that dividing by the sum shows.
    """
    if min(shape) < 2:
        raise ValueError(f"Only a kernel of 2×2 or more can be lopsided. Received: {shape}.")
    while True:
        kernel = rng.integers(-3, 4, size=shape).astype(np.float32)
        if abs(kernel.sum()) > 1 and not _same_after_a_turn(kernel):
            return kernel


def images_and_kernels(rng: Rng, count: int = 4) -> Iterator[tuple[Array, Array]]:
    """`count` images with a kernel each, drawn so that the first already tells wrong answers apart.

    A wide image with a square kernel comes first, then a tall image with an even and oblong kernel,
    then any sizes. The first two feature maps hold values below 0 and above 1.
    """
    for case in range(count):
        height = int(rng.integers(5, 7))
        width = height + int(rng.integers(2, 4))
        if case == 0:
            sizes, kernel_sizes = (height, width), (3, 3)
        elif case == 1:
            sizes, kernel_sizes = (width, height), (2, 3)
        else:
            sizes = (int(rng.integers(4, 9)), int(rng.integers(4, 9)))
            kernel_sizes = (int(rng.integers(2, 5)), int(rng.integers(2, 5)))
        while True:
            image, kernel = draw_image(rng, sizes), draw_kernel(rng, kernel_sizes)
            responses = correlate(image, kernel)
            if case > 1 or (responses.min() < -0.05 and responses.max() > 1.05):
                break
        yield image, kernel


def _same_after_a_turn(kernel: Array) -> bool:
    """Whether one of the seven turns and flips of a rectangle gives the same numbers."""
    turned = [np.rot90(kernel, quarters) for quarters in (1, 2, 3)]
    flipped = [np.rot90(kernel[::-1], quarters) for quarters in range(4)]
    return any(np.array_equal(kernel, view) for view in turned + flipped)
