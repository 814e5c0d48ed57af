"""The block that CNNs are made of: a convolution, then ReLU."""

from __future__ import annotations

from typing import Any

import numpy as np

from cnn_course.references import Rng
from grader import Exercise, expect

conv_relu_block = Exercise(
    "conv_relu_block",
    title="Convolution, then ReLU",
    names=("block",),
    functions=(),
    hints=(
        (
            "Begin with `keras.Input(shape=(28, 28, 1))`, then the layer or the layers, all in a "
            "list for `keras.Sequential`."
        ),
        "In Keras an activation is a layer of its own, or the argument `activation=` of another.",
        "Which `padding` keeps height and width?",
    ),
)


def _block(*, padding: str = "same", before: str = "linear", after: str = "relu") -> Any:
    """A convolution with 8 filters of 3×3 for gray images of 28×28, bent before and after."""
    import keras

    return keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            keras.layers.Activation(before),
            keras.layers.Conv2D(8, 3, padding=padding),
            keras.layers.Activation(after),
        ]
    )


@conv_relu_block.check(points=1)
def makes_eight_maps(block: Any) -> None:
    """An image of 28×28×1 becomes eight maps of 28×28, with 80 parameters."""
    expect.model(block)
    expect.input_shape(block, (28, 28, 1))
    expect.output_shape(block, (28, 28, 8))
    expect.parameter_count(block, 80)


@conv_relu_block.check(points=1, after=makes_eight_maps)
def has_no_negative_values(block: Any, rng: Rng) -> None:
    """Whatever its weights and the image are, negative values too, no map is negative anywhere."""
    received = block
    for weight in received.weights:
        weight.assign(rng.normal(size=tuple(weight.shape)))
    images = rng.normal(size=(4, 28, 28, 1)).astype("float32")
    lowest = float(np.asarray(received(images, training=False)).min())
    expect.that(
        lowest >= 0, f"With random weights, the smallest value of the maps is {lowest:.3g}."
    )


@conv_relu_block.check(points=2, after=makes_eight_maps)
def keeps_positive_responses(block: Any, rng: Rng) -> None:
    """The maps hold the responses of the convolution, however large, and 0 for negative ones."""
    expect.same_outputs(block, _block(), rng)
    bright = 1000 * rng.normal(size=(2, 28, 28, 1)).astype("float32")
    expect.same_outputs(block, _block(), rng, inputs=bright)


def _computes(model: Any, **settings: str) -> bool:
    """Whether a model computes what `_block` does with these settings."""
    from grader.errors import Mismatch

    try:
        expect.same_outputs(model, _block(**settings), np.random.default_rng(0))
    except Mismatch:
        return False
    return True


@conv_relu_block.misconception(
    "There is no activation: your block is the convolution alone, and its maps have negative "
    "values. Keras adds none by itself. Where can you ask for one?",
    recognize=lambda block: _computes(block, after="linear"),
)
def activation_missing() -> dict[str, Any]:
    return {"block": _block(after="linear")}


@conv_relu_block.misconception(
    "Your ReLU stands before the convolution: it bends the image, and the responses stay negative "
    "where they were. What should be set to 0 is what the kernels do not find.",
    recognize=lambda block: _computes(block, before="relu", after="linear"),
)
def relu_before_the_convolution() -> dict[str, Any]:
    return {"block": _block(before="relu", after="linear")}


@conv_relu_block.misconception(
    "Softmax makes the maps compete at every pixel, so that they sum to 1 there. It belongs at the "
    "end of a network, where classes compete. What should become of a single negative response?",
    recognize=lambda block: _computes(block, after="softmax"),
)
def softmax_on_maps() -> dict[str, Any]:
    return {"block": _block(after="softmax")}


@conv_relu_block.misconception(
    "Your maps go through a sigmoid: every response ends between 0 and 1, and a negative one is "
    "not 0 but small. Later in this lesson you see what that costs. Which activation cuts at 0?",
    recognize=lambda block: _computes(block, after="sigmoid"),
)
def sigmoid_on_maps() -> dict[str, Any]:
    return {"block": _block(after="sigmoid")}


@conv_relu_block.misconception(
    "Your maps are 26×26: without padding, the kernel takes off a border. Which `padding` keeps "
    "the size?",
    recognize=lambda block: tuple(block.output_shape) == (None, 26, 26, 8),
)
def border_taken_off() -> dict[str, Any]:
    return {"block": _block(padding="valid")}
