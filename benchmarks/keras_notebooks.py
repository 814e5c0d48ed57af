"""Two solved notebooks of the example course's Keras lesson, for the benchmarks to grade."""

from __future__ import annotations

import json
from pathlib import Path

COURSE = "examples.own_course"

_SEQUENTIAL = {
    "pointwise": """
import keras
from keras import layers

def pointwise(image, matrix):
    return keras.ops.einsum("hwc,cf->hwf", image, matrix)
""",
    "ten_filters": """
model = keras.Sequential(
    [keras.Input((32, 32, 3)), layers.Conv2D(10, 5, padding="same")]
)
""",
    "probabilities": """
def probabilities(image):
    maps = model(image[None])[0]
    return keras.ops.softmax(keras.ops.mean(maps, axis=(0, 1)))
""",
}

_FUNCTIONAL = {
    "pointwise": """
import numpy as np
from keras import Input, Model
from keras.layers import Conv2D, GlobalAveragePooling2D

def pointwise(image, matrix):
    layer = Conv2D(matrix.shape[1], 1, use_bias=False)
    layer.build((None, *image.shape))
    layer.set_weights([matrix[None, None]])
    return layer(image[None])[0]
""",
    "ten_filters": """
image = Input((32, 32, 3))
model = Model(image, Conv2D(10, (5, 5), padding="same", activation="linear")(image))
""",
    "probabilities": """
def probabilities(image):
    means = np.asarray(GlobalAveragePooling2D()(model(image[None])))[0]
    powers = np.exp(means)
    return powers / powers.sum()
""",
}

KINDS = {"sequential": _SEQUENTIAL, "functional": _FUNCTIONAL}


def write(path: Path, kind: str) -> Path:
    """Write the notebook called `kind` to `path`."""
    cells: list[dict[str, object]] = [
        {
            "cell_type": "code",
            "id": exercise,
            "metadata": {"grader": {"exercise": exercise}},
            "execution_count": None,
            "outputs": [],
            "source": source.strip(),
        }
        for exercise, source in KINDS[kind].items()
    ]
    metadata = {"grader": {"lesson": "network"}}
    notebook = {"cells": cells, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(notebook), encoding="utf-8")
    return path
