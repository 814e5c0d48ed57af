"""Small pictures of shapes to learn from: drawn, so that nothing is downloaded and none runs out.

Imports nothing else of the grader, so that notebooks can use it too.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

NAMES = ("circle", "square", "triangle", "cross")
"""What the labels 0 to 3 stand for."""

Array = NDArray[Any]


def draw_shapes(
    count: int, seed: int | np.random.Generator, *, size: int = 28, centered: bool = False
) -> tuple[Array, Array]:
    """`count` gray images of one shape each, and which shape it is.

    Place, size and turn of each shape are random; with `centered`, it stands in the middle. Returns
    images (count, size, size, 1), float32 from 0 to 1 with a little noise, and labels (count,),
    whole numbers into `NAMES`. The same seed gives the same pictures; a generator goes on.
    """
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, len(NAMES), size=count)
    radius = rng.uniform(0.17, 0.28, size=count) * size
    room = 0.0 if centered else 1.0
    middle = (
        size / 2
        - 0.5
        + room * rng.uniform(-1, 1, size=(count, 2)) * (size / 2 - 1 - radius[:, None])
    )
    turn = rng.uniform(0, 2 * np.pi, size=count)
    # Each pixel seen from the shape's own middle, in units of its radius. # (count, size, size)
    down = (np.arange(size)[None, :, None] - middle[:, 0, None, None]) / radius[:, None, None]
    right = (np.arange(size)[None, None, :] - middle[:, 1, None, None]) / radius[:, None, None]
    cosine, sine = np.cos(turn)[:, None, None], np.sin(turn)[:, None, None]
    across, along = cosine * right + sine * down, cosine * down - sine * right
    # How far outside of each shape a pixel lies; negative inside.
    outside = np.stack(
        [
            np.hypot(across, along) - 1,
            np.maximum(np.abs(across), np.abs(along)) - 0.8,
            np.maximum(along - 0.5, np.abs(across) * np.sqrt(3) / 2 - along / 2 - 0.5),
            np.maximum(
                np.minimum(np.abs(across), np.abs(along)) - 0.28,
                np.maximum(np.abs(across), np.abs(along)) - 1,
            ),
        ]
    )
    distance = outside[labels, np.arange(count)] * radius[:, None, None]  # in pixels
    bright = rng.uniform(0.6, 1.0, size=(count, 1, 1))
    pictures = bright * np.clip(0.5 - distance, 0, 1)
    pictures += rng.normal(0, 0.05, size=pictures.shape)
    return np.clip(pictures, 0, 1).astype(np.float32)[..., None], labels
