"""LeNet-5, built from its description."""

from __future__ import annotations

from typing import Any

from grader import Exercise, expect
from grader.rubrics.oracles import Rng

lenet5 = Exercise(
    "lenet5",
    title="LeNet-5",
    functions=(),
    hints=(
        (
            "Begin with `keras.Input((32, 32, 1))`, then one line for each row of the table, in "
            "the order in which they stand."
        ),
        (
            "A wrong count tells which row it is: write down what you expect for each, and compare "
            "with `lenet5.summary()`."
        ),
        (
            "All convolutions are `valid`, which is what Keras does when nothing is said. The five "
            "layers that learn have an activation each; poolings and Flatten have none."
        ),
    ),
)


@lenet5.check(points=1)
def reads_a_gray_image(lenet5: Any) -> None:
    """It takes an image of 32×32×1 and gives ten numbers."""
    expect.model(lenet5)
    expect.input_shape(lenet5, (32, 32, 1))
    expect.output_shape(lenet5, (10,))


@lenet5.check(points=1)
def has_61706_parameters(lenet5: Any) -> None:
    """It has 61,706 parameters."""
    expect.model(lenet5)
    expect.parameter_count(lenet5, 61_706)


@lenet5.check(points=2)
def computes_what_the_table_says(lenet5: Any, rng: Rng) -> None:
    """With the same weights, it computes what the network of the table computes."""
    expect.model(lenet5)
    dense_c5 = any(tuple(weight.shape) == (400, 120) for weight in lenet5.weights)
    expect.same_outputs(lenet5, _lenet(dense_c5=dense_c5)["lenet5"], rng)


def _lenet(
    size: int = 32,
    channels: int = 1,
    paddings: tuple[str, str, str] = ("valid", "valid", "valid"),
    hidden: str | None = "tanh",
    last: str | None = "softmax",
    pooling: str = "AveragePooling2D",
    *,
    dense_c5: bool = False,
) -> dict[str, Any]:
    """LeNet-5, or what becomes of it when something else is put in its place."""
    import keras
    from keras import layers

    pool = getattr(layers, pooling)
    parts = [keras.Input((size, size, channels))]
    for filters, padding in zip((6, 16), paddings, strict=False):
        parts += [layers.Conv2D(filters, 5, padding=padding, activation=hidden), pool(2)]
    if dense_c5:  # the same in another form, as the lesson shows
        parts += [layers.Flatten(), layers.Dense(120, activation=hidden)]
    else:
        parts += [layers.Conv2D(120, 5, padding=paddings[2], activation=hidden), layers.Flatten()]
    parts += [layers.Dense(84, activation=hidden), layers.Dense(10, activation=last)]
    return {"lenet5": keras.Sequential(parts)}


def _activations(model: Any) -> set[str]:
    """The activations of a model, whether they are arguments or layers."""
    found = set()
    for layer in expect.every_layer(model):
        activation = layer.get_config().get("activation")
        kind = type(layer).__name__
        if isinstance(activation, str):
            found.add(activation)
        elif kind in ("ReLU", "Softmax"):
            found.add(kind.lower())
    return found


def _has(model: Any, kind: str) -> bool:
    return any(type(layer).__name__ == kind for layer in expect.every_layer(model))


def _is_complete(model: Any) -> bool:
    """Whether only what has no parameters can be wrong."""
    return bool(model.count_params() == 61_706 and model.input_shape[1:] == (32, 32, 1))


# Of the network in the table, and of the same with C5 as a dense layer after Flatten.
_SAME_FIRST, _SAME_SECOND, _SAME_THIRD = (91_946, 82_826), (142_346, 107_786), (303_626,)


@lenet5.misconception(
    'You pad the first convolution (`padding="same"`), so its maps are 32×32. In LeNet-5 they are '
    "28×28: the digits fill only the middle of the image, and the frame is already in it. What is "
    "the default of `padding`?",
    recognise=lambda lenet5: lenet5.count_params() in _SAME_FIRST,
)
def same_in_the_first() -> dict[str, Any]:
    return _lenet(paddings=("same", "valid", "valid"))


@lenet5.misconception(
    'You pad the second convolution (`padding="same"`), so its maps are 14×14. Its windows lie '
    "inside the map; how many places do they have along 14 pixels?",
    recognise=lambda lenet5: lenet5.count_params() in _SAME_SECOND,
)
def same_in_the_second() -> dict[str, Any]:
    return _lenet(paddings=("valid", "same", "valid"))


@lenet5.misconception(
    "You pad the third convolution, so it gives 5×5 maps. Its kernel is as large as the map that "
    "comes in: without padding, in how many places can it stand?",
    recognise=lambda lenet5: lenet5.count_params() in _SAME_THIRD,
)
def same_in_the_third() -> dict[str, Any]:
    return _lenet(paddings=("valid", "valid", "same"))


@lenet5.misconception(
    "Your network takes color images, of three channels: 300 weights too many in the first layer. "
    "How many channels does a gray image have?",
    recognise=lambda lenet5: lenet5.count_params() == 62_006 and lenet5.input_shape[-1] == 3,
)
def takes_color_images() -> dict[str, Any]:
    return _lenet(channels=3)


@lenet5.misconception(
    "Your network takes images of 28×28, as MNIST has them, with a padded first layer. That is a "
    "common way to adapt it, and the count is even the same. Here the frame belongs to the image: "
    "32×32, and no padding.",
    recognise=lambda lenet5: lenet5.input_shape[1:] == (28, 28, 1),
)
def takes_images_of_28() -> dict[str, Any]:
    return _lenet(size=28, paddings=("same", "valid", "valid"))


@lenet5.misconception(
    "You take the maximum of each pool, as newer networks do. LeNet-5 averages. The count cannot "
    "tell you: why not?",
    recognise=lambda lenet5: _is_complete(lenet5) and _has(lenet5, "MaxPooling2D"),
)
def takes_the_maximum() -> dict[str, Any]:
    return _lenet(pooling="MaxPooling2D")


@lenet5.misconception(
    "You use ReLU, as newer networks do; in 1998 it was tanh, which also lets negative values "
    "pass. The count cannot tell you: activations learn nothing.",
    recognise=lambda lenet5: _is_complete(lenet5) and "relu" in _activations(lenet5),
)
def uses_relu() -> dict[str, Any]:
    return _lenet(hidden="relu")


@lenet5.misconception(
    "You use sigmoid in the hidden layers. Its values are all positive; tanh has the same shape, "
    "but runs from −1 to 1.",
    recognise=lambda lenet5: _is_complete(lenet5) and "sigmoid" in _activations(lenet5),
)
def uses_sigmoid() -> dict[str, Any]:
    return _lenet(hidden="sigmoid")


@lenet5.misconception(
    "The layers that learn have no activation, so all before the last one collapses into a single "
    "linear layer, as in lesson 3. Which activation does the table name?",
    recognise=lambda lenet5: _is_complete(lenet5) and _activations(lenet5) <= {"linear", "softmax"},
)
def without_activations() -> dict[str, Any]:
    return _lenet(hidden=None)


@lenet5.misconception(
    "The last layer has tanh like the others, so its ten numbers may be negative. What does the "
    "table say in its last row?",
    recognise=lambda lenet5: _is_complete(lenet5) and _activations(lenet5) == {"tanh"},
)
def tanh_at_the_end() -> dict[str, Any]:
    return _lenet(last="tanh")


@lenet5.misconception(
    "The last layer gives bare scores. In this network a softmax turns them into probabilities "
    "that sum to 1: the last row of the table names it.",
    recognise=lambda lenet5: _is_complete(lenet5) and _activations(lenet5) == {"tanh", "linear"},
)
def without_softmax() -> dict[str, Any]:
    return _lenet(last=None)
