"""LeNet-5, built from its description."""

from __future__ import annotations

from typing import Any

from cnn_course.references import Rng
from grader import Exercise, expect

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
    bent_c5: bool = True,
    pool_strides: int = 2,
    first_bias: bool = True,
    flatten: bool = True,
) -> dict[str, Any]:
    """LeNet-5, or what becomes of it when something else is put in its place."""
    import keras
    from keras import layers

    pool = getattr(layers, pooling)
    in_c5 = hidden if bent_c5 else None
    parts = [
        keras.Input((size, size, channels)),
        layers.Conv2D(6, 5, padding=paddings[0], activation=hidden, use_bias=first_bias),
        pool(2, strides=pool_strides),
        layers.Conv2D(16, 5, padding=paddings[1], activation=hidden),
        pool(2),
    ]
    if dense_c5:  # the same in another form, as the lesson shows
        parts += [layers.Flatten(), layers.Dense(120, activation=in_c5)]
    else:
        parts += [layers.Conv2D(120, 5, padding=paddings[2], activation=in_c5)]
        parts += [layers.Flatten()] if flatten else []
    parts += [layers.Dense(84, activation=hidden), layers.Dense(10, activation=last)]
    return {"lenet5": keras.Sequential(parts)}


def _activations(model: Any) -> tuple[list[str], str]:
    """The activations of the hidden layers that learn, and that of the last one.

    Each is an argument of its layer, or a layer of its own that comes before the next that learns.
    """
    found: list[str] = []
    for layer in expect.every_layer(model):
        kind = type(layer).__name__
        activation = layer.get_config().get("activation")
        if kind in _LEARNS:
            found.append(activation if isinstance(activation, str) else "linear")
        elif found and found[-1] == "linear" and kind in ("Activation", "ReLU", "Softmax"):
            found[-1] = activation if isinstance(activation, str) else kind.lower()
    return found[:-1], found[-1]


_LEARNS = ("Conv2D", "Dense")


def _pools_by_one(model: Any) -> bool:
    return any(
        "Pooling" in type(layer).__name__ and tuple(layer.get_config().get("strides", ())) == (1, 1)
        for layer in expect.every_layer(model)
    )


def _lacks_a_bias(model: Any) -> bool:
    return any(
        type(layer).__name__ in _LEARNS and not layer.get_config()["use_bias"]
        for layer in expect.every_layer(model)
    )


def _has(model: Any, kind: str) -> bool:
    return any(type(layer).__name__ == kind for layer in expect.every_layer(model))


def _is_complete(model: Any) -> bool:
    """Whether only what has no parameters can be wrong."""
    return bool(model.count_params() == 61_706 and model.input_shape[1:] == (32, 32, 1))


# Of the network in the table, and of the same with C5 as a dense layer after Flatten.
_SAME_FIRST, _SAME_SECOND, _SAME_THIRD = (91_946, 82_826), (142_346, 107_786), (303_626,)
_SAME_EVERYWHERE = (696_746, 136_586)


@lenet5.misconception(
    'You pad all convolutions (`padding="same"`), so none of them makes its maps smaller, and far '
    "too many values reach the dense layers. In the table a map loses 4 rows and columns to each "
    "kernel of 5. What is the default of `padding`?",
    recognize=lambda lenet5: lenet5.count_params() in _SAME_EVERYWHERE,
)
def same_everywhere() -> dict[str, Any]:
    return _lenet(paddings=("same", "same", "same"))


@lenet5.misconception(
    "A pooling of yours moves by one pixel (`strides=1`), so its map loses a single row and column "
    "where the table halves it, and the layers behind it get far too many values. How far does a "
    "pooling layer move when nothing is said about it?",
    recognize=lambda lenet5: _pools_by_one(lenet5),
)
def pools_by_one() -> dict[str, Any]:
    return _lenet(pool_strides=1)


@lenet5.misconception(
    "A layer of yours has no bias (`use_bias=False`), and each of its filters or units lacks one "
    "number. How many parameters are missing in all, and which layer has so many maps or units?",
    recognize=lambda lenet5: _lacks_a_bias(lenet5),
)
def without_a_bias() -> dict[str, Any]:
    return _lenet(first_bias=False)


@lenet5.misconception(
    "Flatten is missing. C5 leaves 120 maps of 1×1, and dense layers keep the two axes of length "
    "1, so the output is 1×1×10 and not ten numbers. Between which layers does the table turn maps "
    "into a vector?",
    recognize=lambda lenet5: lenet5.output_shape[1:] == (1, 1, 10),
)
def without_flatten() -> dict[str, Any]:
    return _lenet(flatten=False)


@lenet5.misconception(
    'You pad the first convolution (`padding="same"`), so its maps are 32×32. In LeNet-5 they are '
    "28×28: the digits fill only the middle of the image, and the frame is already in it. What is "
    "the default of `padding`?",
    recognize=lambda lenet5: lenet5.count_params() in _SAME_FIRST,
)
def same_in_the_first() -> dict[str, Any]:
    return _lenet(paddings=("same", "valid", "valid"))


@lenet5.misconception(
    'You pad the second convolution (`padding="same"`), so its maps are 14×14. Its windows lie '
    "inside the map; how many places do they have along 14 pixels?",
    recognize=lambda lenet5: lenet5.count_params() in _SAME_SECOND,
)
def same_in_the_second() -> dict[str, Any]:
    return _lenet(paddings=("valid", "same", "valid"))


@lenet5.misconception(
    "You pad the third convolution, so it gives 5×5 maps. Its kernel is as large as the map that "
    "comes in: without padding, in how many places can it stand?",
    recognize=lambda lenet5: lenet5.count_params() in _SAME_THIRD and not _pools_by_one(lenet5),
)
def same_in_the_third() -> dict[str, Any]:
    return _lenet(paddings=("valid", "valid", "same"))


@lenet5.misconception(
    "Your network takes color images, of three channels: 300 weights too many in the first layer. "
    "How many channels does a gray image have?",
    recognize=lambda lenet5: lenet5.count_params() == 62_006 and lenet5.input_shape[-1] == 3,
)
def takes_color_images() -> dict[str, Any]:
    return _lenet(channels=3)


@lenet5.misconception(
    "Your network takes images of 28×28, as MNIST has them, with a padded first layer. That is a "
    "common way to adapt it, and the count is even the same. Here the frame belongs to the image: "
    "32×32, and no padding.",
    recognize=lambda lenet5: lenet5.input_shape[1:] == (28, 28, 1),
)
def takes_images_of_28() -> dict[str, Any]:
    return _lenet(size=28, paddings=("same", "valid", "valid"))


@lenet5.misconception(
    "You take the maximum of each pool, as newer networks do. LeNet-5 averages. The count cannot "
    "tell you: why not?",
    recognize=lambda lenet5: _is_complete(lenet5) and _has(lenet5, "MaxPooling2D"),
)
def takes_the_maximum() -> dict[str, Any]:
    return _lenet(pooling="MaxPooling2D")


@lenet5.misconception(
    "You use ReLU, as newer networks do; in 1998 it was tanh, which also lets negative values "
    "pass. The count cannot tell you: activations learn nothing.",
    recognize=lambda lenet5: _is_complete(lenet5) and "relu" in _activations(lenet5)[0],
)
def uses_relu() -> dict[str, Any]:
    return _lenet(hidden="relu")


@lenet5.misconception(
    "You use sigmoid in the hidden layers. Its values are all positive; tanh has the same shape, "
    "but runs from −1 to 1.",
    recognize=lambda lenet5: _is_complete(lenet5) and "sigmoid" in _activations(lenet5)[0],
)
def uses_sigmoid() -> dict[str, Any]:
    return _lenet(hidden="sigmoid")


@lenet5.misconception(
    "The layers that learn have no activation, so all before the last one collapses into a single "
    "linear layer, as in lesson 3. Which activation does the table name?",
    recognize=lambda lenet5: _is_complete(lenet5) and set(_activations(lenet5)[0]) == {"linear"},
)
def without_activations() -> dict[str, Any]:
    return _lenet(hidden=None)


@lenet5.misconception(
    "One of the hidden layers has no activation, such as C5 right before Flatten. With nothing "
    "that bends between them, it and the next layer that learns could be a single one, as in "
    "lesson 3. Which rows of the table name an activation?",
    recognize=lambda lenet5: (
        _is_complete(lenet5) and set(_activations(lenet5)[0]) == {"linear", "tanh"}
    ),
)
def one_without_activation() -> dict[str, Any]:
    return _lenet(bent_c5=False)


@lenet5.misconception(
    "The last layer has a sigmoid: ten separate answers between 0 and 1, which need not sum to 1. "
    "An image shows one digit of ten. Which activation does the last row of the table name, so "
    "that they compete?",
    recognize=lambda lenet5: (
        _is_complete(lenet5)
        and _activations(lenet5)[1] == "sigmoid"
        and "sigmoid" not in _activations(lenet5)[0]
    ),
)
def sigmoid_at_the_end() -> dict[str, Any]:
    return _lenet(last="sigmoid")


@lenet5.misconception(
    "The last layer has tanh like the others, so its ten numbers may be negative. What does the "
    "table say in its last row?",
    recognize=lambda lenet5: _is_complete(lenet5) and _activations(lenet5)[1] == "tanh",
)
def tanh_at_the_end() -> dict[str, Any]:
    return _lenet(last="tanh")


@lenet5.misconception(
    "The last layer gives bare scores. In this network a softmax turns them into probabilities "
    "that sum to 1: the last row of the table names it.",
    recognize=lambda lenet5: (
        _is_complete(lenet5)
        and set(_activations(lenet5)[0]) == {"tanh"}
        and _activations(lenet5)[1] == "linear"
    ),
)
def without_softmax() -> dict[str, Any]:
    return _lenet(last=None)
