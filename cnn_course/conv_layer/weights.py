"""Own weights in a Keras layer."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import numpy as np

from cnn_course.references import Array, Rng, correlate, draw_image
from grader import Exercise, expect

SOBEL_X = np.array([[-1.0, 0.0, 1.0], [-2.0, 0.0, 2.0], [-1.0, 0.0, 1.0]])
SOBEL_Y = SOBEL_X.T
STACKED = np.stack([SOBEL_X, SOBEL_Y], axis=-1)[:, :, None, :]  # (3, 3, 1, 2)
RESHAPED = np.reshape([SOBEL_X, SOBEL_Y], (3, 3, 1, 2))

# ------------------------------------------------------------------------------------------------
sobel_layer = Exercise(
    "sobel_layer",
    title="A layer with your own kernels",
    functions=(),
    hints=(
        (
            "The parameters of the layer: 2 filters of 3×3×1 weights are 18 already. Which "
            "argument of `Conv2D` leaves the biases out?"
        ),
        (
            "`sobel_layer.build((None, None, None, 1))` tells the layer that its images have one "
            "channel. Only then does it have weights that can be set."
        ),
        (
            "Write down which index of the kernel is which: height, width, input channel, filter. "
            "Two 3×3 kernels are stacked along the last one: `np.stack(…, axis=-1)`."
        ),
        (
            "What is missing then is the axis for the one input channel, before the last. An index "
            "of `None` adds an axis of length 1 at its place."
        ),
        (
            "`set_weights` takes a list, as `get_weights` returns one: an array for each of the "
            "layer's weights. How many arrays has a layer without biases?"
        ),
    ),
)


@sobel_layer.check(points=1)
def turns_one_channel_into_two_maps(sobel_layer: Any, rng: Rng) -> None:
    """An image of one channel becomes two maps, each two rows and two columns smaller."""
    image = _gray_image(sobel_layer, rng)
    height, width = image.shape
    expect.shape(_maps(sobel_layer, image), (height - 2, width - 2, 2))


@sobel_layer.check(points=1)
def has_18_parameters(sobel_layer: Any) -> None:
    """Two filters of 3×3 weights over one channel, without biases, are 18 parameters."""
    _is_built(sobel_layer)
    expect.parameter_count(sobel_layer, 18)


@sobel_layer.check(points=2, after=turns_one_channel_into_two_maps)
def answers_with_both_sobel_kernels(sobel_layer: Any, rng: Rng) -> None:
    """The first map is the image under `sobel_x`, the second under `sobel_y`."""
    image = _gray_image(sobel_layer, rng)
    both = [correlate(image, SOBEL_X), correlate(image, SOBEL_Y)]
    expect.close(_maps(sobel_layer, image), np.stack(both, axis=-1))


def _is_built(layer: Any) -> None:
    """`layer` is a Keras layer or model, and has its weights: now, if not before.

    Kernels can be given to a layer by its `kernel_initializer`, which asks for no `build`.
    """
    import keras

    expect.that(
        isinstance(layer, keras.layers.Layer),
        "`sobel_layer` should be a Keras layer. Make one with `keras.layers.Conv2D(…)`.",
        received=layer,
    )
    _build(layer)
    expect.that(
        bool(layer.built),
        "The layer is not built yet, so it has no weights. Call its `build` with the shape of "
        "its input.",
    )


def _build(layer: Any) -> None:
    """Build a layer for gray images that is not built yet, where that can be done."""
    if not layer.built:
        with suppress(Exception):
            layer.build((None, None, None, 1))


def _gray_image(layer: Any, rng: Rng) -> Array:
    """A random image (height, width), as large as a model of one fixed size wants it."""
    _is_built(layer)
    inputs = getattr(layer, "inputs", None)
    height, width = inputs[0].shape[1:3] if inputs and len(inputs[0].shape) == 4 else (None, None)
    return draw_image(rng, (height or 5, width or 6))


def _maps(layer: Any, image: Array) -> Array:
    """What `layer` makes of one gray image (height, width)."""
    try:
        maps: Array = np.asarray(layer(image[None, :, :, None], training=False))[0]
    except Exception as error:
        channels = [weight.shape[2] for weight in layer.weights if len(weight.shape) == 4]
        built_for = f"built for {channels[0]} input channels" if channels else type(error).__name__
        expect.that(
            False,  # noqa: FBT003
            f"The layer should take a gray image: (1, height, width, 1). Received: a layer that "
            f"cannot ({built_for}).",
        )
        raise AssertionError from error  # `that` has raised
    return maps


def _kernel(layer: Any) -> Array:
    """The one kernel of a layer or model, (height, width, channels, filters); empty if not one."""
    _build(layer)
    kernels = [np.asarray(weight) for weight in layer.weights if len(weight.shape) == 4]
    return kernels[0] if len(kernels) == 1 else np.zeros(0)


def _is_random(layer: Any) -> bool:
    """Whether the 3×3 kernels of a layer are numbers that nobody has chosen: all 18 differ.

    A layer that is not built stays so: what it would hold is looked at in another one.
    """
    other = layer if layer.built else type(layer).from_config(layer.get_config())
    return bool(np.unique(_kernel(other).round(6)).size == 18)


def _is(kernel: Array, other: Array) -> bool:
    return kernel.shape == other.shape and bool(np.allclose(kernel, other))


def _map_of_a_ramp(layer: Any) -> Array:
    """What `layer` answers to a picture that gets darker to the right and brighter downward."""
    inputs = getattr(layer, "inputs", None)
    height, width = inputs[0].shape[1:3] if inputs else (None, None)
    rows, columns = np.indices((height or 6, width or 7), dtype=np.float32)
    return np.asarray(layer((rows - columns)[None, :, :, None]))


def _never_negative(sobel_layer: Any) -> bool:
    return _is(_kernel(sobel_layer), STACKED) and bool(_map_of_a_ramp(sobel_layer).min() >= 0)


def _keeps_the_size(sobel_layer: Any) -> bool:
    inputs = getattr(sobel_layer, "inputs", None)
    size = (inputs[0].shape[1] if inputs else None) or 6
    return _is(_kernel(sobel_layer), STACKED) and _map_of_a_ramp(sobel_layer).shape[1] == size


def _built(weights: Array | None, *, channels: int = 1, filters: int = 2, **settings: Any) -> Any:
    """A Conv2D of 3×3 kernels with these weights, and zeros for biases if it has any."""
    import keras

    layer = keras.layers.Conv2D(filters, 3, **{"use_bias": False, **settings})
    layer.build((None, None, None, channels))
    if weights is not None:
        layer.set_weights([weights, *layer.get_weights()[1:]])
    return layer


@sobel_layer.misconception(
    "Your layer has no weights yet. How large a kernel is depends on the channels of the input, "
    "and nobody has told the layer how many there are. Which method does?",
    recognize=lambda sobel_layer: not sobel_layer.built and _is_random(sobel_layer),
)
def not_built() -> dict[str, Any]:
    import keras

    return {"sobel_layer": keras.layers.Conv2D(2, 3, use_bias=False)}


@sobel_layer.misconception(
    "Your layer still holds the random weights that it was born with, so its maps show nothing in "
    "particular. Either nobody set others, or your cell stopped with an error at `set_weights`: "
    "run it again and see. That method wants a list of arrays, with the shapes of those that "
    "`get_weights` returns. Which shape has your array?",
    recognize=lambda sobel_layer: sobel_layer.built and _is_random(sobel_layer),
)
def weights_not_set() -> dict[str, Any]:
    return {"sobel_layer": _built(None)}


@sobel_layer.misconception(
    "Both of your filters are the same kernel, so both maps show the same edges. Which two grids "
    "do you stack? Compare `kernel[:, :, 0, 0]` with `kernel[:, :, 0, 1]`.",
    recognize=lambda sobel_layer: any(
        _is(_kernel(sobel_layer), STACKED[..., [kernel, kernel]]) for kernel in range(2)
    ),
)
def one_kernel_twice() -> dict[str, Any]:
    return {"sobel_layer": _built(STACKED[..., [0, 0]])}


@sobel_layer.misconception(
    "Your layer has a bias for each filter, 20 parameters in all. Sobel's kernels answer 0 where "
    "nothing changes, and nothing should be added to that. Which argument leaves biases out?",
    recognize=lambda sobel_layer: (
        _kernel(sobel_layer).shape == (3, 3, 1, 2) and sobel_layer.count_params() == 20
    ),
)
def with_biases() -> dict[str, Any]:
    return {"sobel_layer": _built(STACKED, use_bias=True)}


@sobel_layer.misconception(
    "You gave the two kernels the shape (3, 3, 1, 2) with `reshape`. It reads all 18 numbers in a "
    "row and cuts that row anew, so each filter gets some numbers of both. Look at "
    "`kernel[:, :, 0, 0]`: is that `sobel_x`? What you want is a new axis to stack along.",
    recognize=lambda sobel_layer: _is(_kernel(sobel_layer), RESHAPED),
)
def reshaped() -> dict[str, Any]:
    return {"sobel_layer": _built(RESHAPED)}


@sobel_layer.misconception(
    "Your first map is that of `sobel_y`, your second that of `sobel_x`. Either they are stacked "
    "in that order, or a transpose on the way has turned each into the other. Print "
    "`kernel[:, :, 0, 0]` and compare.",
    recognize=lambda sobel_layer: _is(_kernel(sobel_layer), STACKED[..., ::-1]),
)
def exchanged() -> dict[str, Any]:
    return {"sobel_layer": _built(STACKED[..., ::-1])}


@sobel_layer.misconception(
    "Your layer has one filter over two channels. That has 18 weights as well, but it adds both "
    "answers up into one map, and it wants images of two channels. Which axis of the kernel "
    "counts the filters?",
    recognize=lambda sobel_layer: _kernel(sobel_layer).shape == (3, 3, 2, 1),
)
def one_filter_over_two_channels() -> dict[str, Any]:
    return {"sobel_layer": _built(STACKED.swapaxes(2, 3), channels=2, filters=1)}


@sobel_layer.misconception(
    "Your layer is built for color images: each filter has a slice for red, green and blue. The "
    "photograph to look at here is gray; how many channels is that?",
    recognize=lambda sobel_layer: _kernel(sobel_layer).shape[:3] == (3, 3, 3),
)
def for_color_images() -> dict[str, Any]:
    return {"sobel_layer": _built(np.repeat(STACKED, 3, axis=2), channels=3)}


@sobel_layer.misconception(
    "Your kernels have their signs reversed, as if they were flipped before. Keras slides a kernel "
    "as it is: set the two as they stand.",
    recognize=lambda sobel_layer: _is(_kernel(sobel_layer), -STACKED),
)
def flipped() -> dict[str, Any]:
    return {"sobel_layer": _built(STACKED[::-1, ::-1].copy())}


@sobel_layer.misconception(
    "The kernels are right, and then an activation sets every negative answer to 0. Where the "
    "image gets darker, your maps are silent. A layer without an `activation` keeps both signs.",
    recognize=_never_negative,
)
def with_an_activation() -> dict[str, Any]:
    return {"sobel_layer": _built(STACKED, activation="relu")}


@sobel_layer.misconception(
    "Your maps are as large as the image: it was padded. The black frame makes an edge all around "
    "the picture that is not there. Which `padding` keeps the window inside the image?",
    recognize=_keeps_the_size,
)
def padded() -> dict[str, Any]:
    return {"sobel_layer": _built(STACKED, padding="same")}
