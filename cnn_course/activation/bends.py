"""ReLU by hand, and linear or not by probing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from cnn_course.references import Array, Rng
from grader import Exercise, expect
from grader.authoring.telling_apart import ask_each

Function = Callable[..., Any]

# ------------------------------------------------------------------------------------------------
relu = Exercise(
    "relu",
    title="ReLU",
    forbid=("scipy", "keras", "tensorflow", "torch", "jax"),
    hints=(
        "For a single number it is the larger of two numbers. Which two?",
        (
            "NumPy compares an array with a number value by value; one of its functions keeps the "
            "larger of the two at each place. (`np.max` does something else: it looks for the "
            "largest value of all.)"
        ),
        "If you set values in an array, first make sure that it is your own: `x.copy()`.",
    ),
)


def _maps(rng: Rng) -> list[Array]:
    """A row, a map and a volume with values below 0, between 0 and 1, and above 1.

    No row or column is without negative values, or without positive ones.
    """
    maps = []
    for shape in ((6,), (3, 4), (2, 3, 4)):
        values = rng.integers(2, 30, size=shape) / 10
        signs = np.indices(shape).sum(axis=0) % 2 * 2 - 1
        drawn = (values * signs).astype(np.float32)
        drawn.flat[0], drawn.flat[1], drawn.flat[3] = -1.5, 0.5, 2.5
        maps.append(drawn)
    return maps


@relu.check(points=1)
def keeps_positive_values(relu: Function, rng: Rng) -> None:
    """Positive values stay as they are, however large, and the shape stays, too."""
    large = np.array([[0.5, 2.0, 7.0], [120.0, 300.0, 10_000.0]], dtype=np.float32)
    for values in (*_maps(rng), large):
        positive = np.abs(values)
        expect.close(relu(positive), positive)


@relu.check(points=2)
def makes_negative_values_zero(relu: Function, rng: Rng) -> None:
    """Negative values become 0, each on its own; 0 stays 0. The given array is left as it was."""
    maps = _maps(rng)
    maps[0][-1] = 0
    for values in maps:
        expect.close(relu(values), np.where(values > 0, values, 0))


@relu.misconception(
    "Your values are right, but you set them in the array that you were given, and its caller "
    "still needs the negative ones. Make a new array."
)
def in_place(x: Array) -> Array:
    x[x < 0] = 0
    return x


@relu.misconception(
    "You drop the minus signs: a strong no becomes a strong yes. ReLU makes every no a 0."
)
def absolute_value(x: Array) -> Array:
    return np.abs(x)


@relu.misconception(
    "You cut values off at 1, as for a picture. ReLU has no upper end: a response of 7 says more "
    "than one of 2, and stays 7."
)
def clipped_at_one(x: Array) -> Array:
    return np.clip(x, 0, 1)


@relu.misconception(
    "`np.max(x, 0)` means something else: the largest value along axis 0. You want to compare each "
    "value with 0; a function of almost the same name does that."
)
def maximum_along_an_axis(x: Array) -> Array:
    return np.asarray(np.max(x, 0))


@relu.misconception(
    "Python's `max` and `if` ask one question of one number; a whole array has no single answer. "
    "Which function of NumPy compares value by value?"
)
def one_question_for_all(x: Array) -> Any:
    return max(x, 0)


@relu.misconception(
    "You take the negative values out, and with them their places: the map loses its shape. They "
    "should stay where they are, as zeros."
)
def negative_values_left_out(x: Array) -> Array:
    return x[x > 0]


@relu.misconception(
    "You return which values are positive, as 0 and 1 (or False and True). That is half of ReLU: "
    "how large they are must stay as well."
)
def step(x: Array) -> Array:
    return (x > 0).astype(np.float32)


@relu.misconception(
    "You keep the negative values and make the positive ones 0. Which side should survive?"
)
def the_other_side(x: Array) -> Array:
    return np.minimum(x, 0)


# ------------------------------------------------------------------------------------------------
is_linear = Exercise(
    "is_linear",
    title="Linear or not?",
    hints=(
        (
            "Make two batches of random numbers, x and y, with `np.random.default_rng()`. What "
            "does a linear layer make of x + y, compared with what it makes of x and of y?"
        ),
        (
            "Outputs are rounded numbers: `np.allclose` asks whether they are the same up to "
            "rounding. Give it `atol=1e-4`."
        ),
        (
            "Some layers are linear on one side of 0 only, so your batches should hold numbers of "
            "both signs; some are nearly linear close to 0, so the numbers should not be small."
        ),
        "Is f(x + y) = f(x) + f(y) true for f(x) = 3x + 5? It is a line, and yet …",
    ),
)

_SHAPE = (2, 6, 6, 2)


def _conv(rng: Rng, *, bias: bool = False, activation: str | None = None) -> Any:
    """A Conv2D for images of two channels, with weights of its own and, if any, a large bias."""
    import keras

    layer = keras.layers.Conv2D(3, 3, use_bias=bias, activation=activation)
    layer.build((None, *_SHAPE[1:]))
    weights = [rng.normal(0, 0.4, layer.kernel.shape)]
    if bias:
        weights.append(rng.choice([-1, 1], size=3) * rng.uniform(0.5, 1.5, size=3))
    layer.set_weights(weights)
    return layer


def _doubling() -> Any:
    """A Conv2D of one weight a filter, 2: linear to the last digit, as doubling needs no rounding.

    It tells a comparison that is too strict from one of other things, such as f(x·y) and f(x)·f(y).
    """
    import keras

    layer = keras.layers.Conv2D(2, 1, use_bias=False)
    layer.build((None, *_SHAPE[1:]))
    layer.set_weights([2 * np.eye(2).reshape(1, 1, 2, 2)])
    return layer


def _agree(is_linear: Function, layers: list[Any], *, linear: bool) -> None:
    """`is_linear` says of every layer what is true; all are asked before any is judged."""
    answers = ask_each(is_linear, [(layer,) for layer in layers])
    for layer, answer in zip(layers, answers, strict=True):
        called = f"{type(layer).__name__}({_settings(layer)})"
        expect.that(
            isinstance(answer, bool | np.bool_),
            "Return True or False.",
            expected=linear,
            received=answer,
        )
        expect.that(
            bool(answer) is linear,
            f"You answered {answer}; the layer {called} is {'' if linear else 'not '}linear.",
            expected=linear,
            received=answer,
        )


def _settings(layer: Any) -> str:
    """What matters of a layer's configuration, as one would write it."""
    config = layer.get_config()
    kind = type(layer).__name__
    telling = {
        "Conv2D": ("filters", "kernel_size", "activation", "use_bias"),
        "Activation": ("activation",),
        "AveragePooling2D": ("pool_size",),
        "MaxPooling2D": ("pool_size",),
        "Rescaling": ("scale", "offset"),
    }
    return ", ".join(f"{name}={config[name]!r}" for name in telling.get(kind, ()))


@is_linear.check(points=1)
def sees_what_is_linear(is_linear: Function, rng: Rng) -> None:
    """A convolution without bias is linear, and so are averages and layers that only rearrange."""
    import keras

    layers = [  # as _too_strict knows them
        _conv(rng),
        keras.layers.AveragePooling2D(2),
        keras.layers.Flatten(),
        keras.layers.Rescaling(float(rng.uniform(2, 4))),
        keras.layers.GlobalAveragePooling2D(),
        _conv(rng, activation="linear"),
        keras.layers.UpSampling2D(2),
        _doubling(),
    ]
    _agree(is_linear, layers, linear=True)


@is_linear.check(points=2)
def sees_a_bend(is_linear: Function, rng: Rng) -> None:
    """Whatever bends is not linear: ReLU, tanh, sigmoid, max pooling."""
    import keras

    layers = [
        keras.layers.ReLU(),
        keras.layers.Activation("tanh"),
        keras.layers.MaxPooling2D(2),
        _conv(rng, activation="relu"),
        keras.layers.Activation("sigmoid"),
        keras.layers.LeakyReLU(),
        _conv(rng, activation="tanh"),
    ]
    _agree(is_linear, layers, linear=False)


@is_linear.check(points=1)
def sees_a_shift(is_linear: Function, rng: Rng) -> None:
    """A convolution with a bias that is not 0 is affine, not linear; max pooling is neither."""
    import keras

    layers = [
        _conv(rng, bias=True),
        keras.layers.Rescaling(1.5, offset=float(rng.uniform(0.5, 1.5))),
        keras.layers.MaxPooling2D(3),  # no shift, but told apart from one by some wrong answers
    ]
    _agree(is_linear, layers, linear=False)


def _probe(layer: Any, *, positive: bool = False) -> tuple[Array, Array, Callable[..., Array]]:
    """Two batches and the layer as a function of arrays."""
    rng = np.random.default_rng(1)
    x, y = rng.normal(0, 2, size=(2, *_SHAPE)).astype(np.float32)
    if positive:
        x, y = np.abs(x), np.abs(y)
    return x, y, lambda batch: np.asarray(layer(batch))


def _is_close(one: Array, other: Array) -> bool:
    return bool(np.allclose(one, other, atol=1e-4))


@is_linear.misconception(
    "ReLU and max pooling get through your test. They pass whatever only scales the input by a "
    "positive number, 3·x or x + x: twice the input, twice the output. Which input shows the bend? "
    "(And if you try sums as well: must one of the two rules hold, or both?)"
)
def scales_with_positive_numbers(layer: Any) -> bool:
    x, _, f = _probe(layer)
    return _is_close(f(3 * x), 3 * f(x))


@is_linear.misconception(
    "You ask only whether 0 stays 0. That shows a bias, but ReLU and tanh keep 0 as well, and they "
    "bend elsewhere. What must hold for two inputs and their sum?"
)
def zero_stays_zero(layer: Any) -> bool:
    _, _, f = _probe(layer)
    zeros = np.zeros(_SHAPE, dtype=np.float32)
    return _is_close(f(zeros), 0 * f(zeros))


@is_linear.misconception(
    "You take what is affine for linear. A bias moves everything by a constant, and the constant "
    "is there twice in f(x) + f(y), but once in f(x + y). Here linear is meant strictly."
)
def affine_taken_for_linear(layer: Any) -> bool:
    x, y, f = _probe(layer)
    constant = f(np.zeros(_SHAPE, dtype=np.float32))
    return _is_close(f(x + y) - constant, f(x) - constant + f(y) - constant)


@is_linear.misconception(
    "Your probes hold no negative numbers, and there ReLU is a straight line. Where does it bend?"
)
def probes_on_one_side(layer: Any) -> bool:
    x, y, f = _probe(layer, positive=True)
    return _is_close(f(x + y), f(x) + f(y))


@is_linear.misconception(
    "You go by the kind of the layer. A convolution may have a bias or an activation inside, and "
    "averages and Flatten are linear as well. Do not ask what it is called: try what it does."
)
def by_the_kind_of_layer(layer: Any) -> bool:
    return type(layer).__name__ in ("Conv2D", "Dense")


@is_linear.misconception(
    "You look for an activation in the layer. Max pooling has none and bends all the same, and a "
    "bias shifts without one. Do not read the settings: try what the layer does."
)
def looks_for_an_activation(layer: Any) -> bool:
    return "relu" not in type(layer).__name__.lower() and (
        layer.get_config().get("activation", "linear") == "linear"
    )


def _too_strict(is_linear: list[Any]) -> bool:
    """Whether, of the layers of `sees_what_is_linear`, those that round seem not to be linear."""
    exact = (2, 6, 7)  # Flatten, UpSampling2D and the doubling convolution
    answers = [answer is True or answer is np.True_ for answer in is_linear]
    return len(answers) == 8 and all(answers[place] for place in exact) and not all(answers)


@is_linear.misconception(
    "You answered False for a linear layer, since you compare too strictly. Computed with float32, "
    "outputs are rounded on the two ways differently, even for a linear layer: `==` and "
    "`np.allclose` with its own tolerance are too strict near 0. How far apart may they be?",
    recognize=_too_strict,
)
def compares_exactly(layer: Any) -> bool:
    x, y, f = _probe(layer)
    return bool(np.array_equal(f(x + y), f(x) + f(y)))
