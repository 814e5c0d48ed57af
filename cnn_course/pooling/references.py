"""What pooling gives, by another road than the lesson teaches, and the cases it is asked on.

The references look at all windows at once through views, and mark padding with NaN, which no
maximum and no mean of `numpy.nan…` counts. Feature maps are float32 with tenths from −0.9 to 2.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
Rng = np.random.Generator
Reduce = Callable[..., Any]

# Ready-made poolings: in this lesson they are what the student builds.
READY_MADE = ("keras", "tensorflow", "torch", "jax", "cv2", "skimage", "scipy")


def padded(volume: Array, pool_size: int, strides: int, fill: float = np.nan) -> Array:
    """The volume in the frame that Keras's `same` lays around it, filled with `fill`."""
    around = []
    for size in volume.shape[:2]:
        total = max(0, (len(range(0, size, strides)) - 1) * strides + pool_size - size)
        around.append((total // 2, total - total // 2))
    return np.pad(volume.astype(np.float64), [*around, (0, 0)], constant_values=fill)


def windows(volume: Array, pool_size: int, strides: int) -> Array:
    """All windows inside a volume: (rows, columns, channels, pool_size, pool_size)."""
    views = np.lib.stride_tricks.sliding_window_view(volume, (pool_size, pool_size), axis=(0, 1))
    return views[::strides, ::strides]


def pooled(
    volume: Array,
    pool_size: int = 2,
    strides: int | None = None,
    padding: str = "valid",
    reduce: Reduce = np.nanmax,
    fill: float = np.nan,
) -> Array:
    """The volume (rows, columns, channels) after pooling each channel; strides default to the pool.

    `reduce` makes one number of a window, `fill` is what padding consists of.
    """
    strides = pool_size if strides is None else strides
    framed = padded(volume, pool_size, strides, fill) if padding == "same" else volume
    made: Array = reduce(windows(framed, pool_size, strides), axis=(-2, -1))
    return made


def counted(size: int, pool_size: int, strides: int | None, padding: str) -> int:
    """How many windows have a place along `size` pixels, found by trying every start."""
    starts = range(0, size, pool_size if strides is None else strides)
    return sum(padding == "same" or start + pool_size <= size for start in starts)


def active(volume: Array) -> int:
    """How many values of a volume are above 0."""
    return int(np.count_nonzero(np.asarray(volume) > 0))


def draw_volume(
    rng: Rng, shape: tuple[int, int, int], low: float = 0.1, high: float = 2.0
) -> Array:
    """A random volume of tenths from `low` to `high`, both included."""
    tenths = rng.integers(round(low * 10), round(high * 10) + 1, size=shape)
    return (tenths / 10).astype(np.float32)
