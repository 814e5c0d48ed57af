"""Handwritten digits with some wrong labels: data that a network can learn by heart.

Imports nothing else of the grader, so that notebooks can use it too. The digits are those of
scikit-learn (`sklearn.datasets.load_digits`: 1,797 images of 8×8, from the UCI repository).
"""

from __future__ import annotations

from functools import cache
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]

TRAINING, VALIDATION = 320, 400
"""How many images each part has."""
WRONG = 0.2
"""The share of training labels that are replaced, each by another digit."""


class NoisyDigits(NamedTuple):
    """Images (N, 8, 8, 1), float32 from 0 to 1, and labels (N,), whole numbers from 0 to 9.

    `labels` are what a network is trained with, wrong ones among them; `true_labels` are what the
    same images show. The labels of the validation images are all right.
    """

    images: Array
    labels: Array
    true_labels: Array
    validation_images: Array
    validation_labels: Array


@cache
def _all() -> tuple[Array, Array]:
    from sklearn.datasets import load_digits

    digits = load_digits()
    images = (digits.images / 16).astype(np.float32)[..., None]
    labels = digits.target.astype(np.int64)
    for array in (images, labels):
        array.setflags(write=False)
    return images, labels


def noisy_digits(seed: int | np.random.Generator = 0) -> NoisyDigits:
    """320 training digits, a fifth of them with a wrong label, and 400 others to validate with.

    The same seed gives the same digits and the same wrong labels.
    """
    rng = np.random.default_rng(seed)
    images, labels = _all()
    chosen = rng.permutation(len(images))
    training, validation = chosen[:TRAINING], chosen[TRAINING : TRAINING + VALIDATION]
    wrong = rng.permutation(TRAINING)[: round(WRONG * TRAINING)]
    given = labels[training].copy()
    given[wrong] = (given[wrong] + rng.integers(1, 10, size=len(wrong))) % 10
    return NoisyDigits(
        images[training], given, labels[training], images[validation], labels[validation]
    )


def other_digits(rng: np.random.Generator, count: int = 400) -> tuple[Array, Array]:
    """Digits as nobody has seen them: paler, on speckled paper; images and their labels."""
    images, labels = _all()
    chosen = rng.choice(len(images), size=count, replace=False)
    pale = images[chosen] * rng.uniform(0.75, 1.0, size=(count, 1, 1, 1))
    speckled = pale + rng.normal(0, 0.06, size=pale.shape)
    return np.clip(speckled, 0, 1).astype(np.float32), labels[chosen]
