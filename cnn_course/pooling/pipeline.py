"""A network of convolutions and poolings, down to a given shape and under a budget."""

from __future__ import annotations

from typing import Any

import numpy as np

from cnn_course.pooling.flow import activations_of, draw_weights, steps_of
from cnn_course.pooling.references import Rng
from grader import Exercise, expect

INPUT, OUTPUT, BUDGET = (32, 32, 3), (4, 4, 16), 4000

# What makes one row of numbers of the maps, or writes them anew.
_LAYING_OUT = ("Flatten", "Reshape", "Permute", "EinsumDense")
_POOLING = ("MaxPooling2D", "AveragePooling2D")
_GLOBAL = ("GlobalAveragePooling2D", "GlobalMaxPooling2D")
_SEPARABLE = ("SeparableConv2D", "DepthwiseConv2D")

downsample = Exercise(
    "downsample",
    title="From 32×32×3 down to 4×4×16",
    names=("model",),
    functions=(),
    hints=(
        (
            "Write the shape after every layer on paper first. Which layers change height and "
            "width, which one the number of channels?"
        ),
        (
            'With `padding="same"`, convolutions keep 32, and only pooling shrinks. How often can '
            "32 be halved until it is 4?"
        ),
        (
            "Over the budget? A convolution has (3 · 3 · channels in + 1) · filters parameters. "
            "Only the last one has to have 16 filters; few filters early cost little."
        ),
    ),
)


@downsample.check(points=2)
def ends_at_the_shape(model: Any) -> None:
    """Images of 32×32×3 become 16 maps of 4×4."""
    expect.input_shape(model, INPUT)
    expect.output_shape(model, OUTPUT)


@downsample.check(points=1)
def stays_within_the_budget(model: Any) -> None:
    """At least two convolutions learn, and all in all there are 4,000 parameters at most."""
    expect.model(model)
    found = [layer for layer in expect.every_layer(model) if _is(layer, "Conv2D")]
    expect.that(
        len(found) >= 2,
        f"At least two `Conv2D` layers should be in the model. Received: {len(found)}.",
    )
    parameters = int(model.count_params())
    expect.that(
        parameters <= BUDGET,
        f"The model has {parameters:,} parameters, and may have {BUDGET:,}.",
        received=parameters,
    )


@downsample.check(points=1)
def shrinks_by_pooling(model: Any) -> None:
    """Pooling does the down-sampling, by a factor of 4 at least, and convolutions have stride 1.

    The maps stay maps all the way: nothing is flattened.
    """
    expect.model(model)
    expect.that(bool(_every(model, *_POOLING)), "There is no pooling layer in the model.")
    expect.that(
        not _takes_steps(model), "A convolution of the model has strides other than 1.",
    )  # fmt: skip
    laid_out = [type(layer).__name__ for layer in _every(model, *_LAYING_OUT)]
    expect.that(
        not laid_out, f"The maps do not stay maps: there is a layer `{(laid_out or [''])[0]}`."
    )
    expect.input_shape(model, INPUT)
    tall, wide = _shrunk_by_pooling(model)
    expect.that(
        min(tall, wide) >= 4,
        f"All poolings together divide the height by {tall:.3g} and the width by {wide:.3g}. "
        f"It should be 4 at least: what else makes the maps smaller?",
    )


@downsample.check(points=1)
def bends_in_between(model: Any, rng: Rng) -> None:
    """Every convolution is followed by ReLU."""
    expect.model(model)
    expect.input_shape(model, INPUT)
    expect.that(bool(_every(model, "Conv2D")), "There is no `Conv2D` layer in the model.")
    found = _activations(model, rng)
    missing, others = found.count("none"), found.count("other")
    of = f"of the model's {len(found)} convolutions"
    expect.that(not missing, f"No activation follows {missing} {of}.")
    expect.that(not others, f"Another activation than ReLU follows {others} {of}.")


def _activations(model: Any, rng: Rng | None = None) -> list[str]:
    """What follows each convolution: "relu", "none" or "other"."""
    rng = np.random.default_rng(4) if rng is None else rng
    draw_weights(model, rng)
    return activations_of(steps_of(model, rng.normal(size=(2, *INPUT)).astype("float32")))


def _shrunk_by_pooling(model: Any) -> tuple[float, float]:
    """By how much all poolings of a model together divide height and width."""
    images = np.random.default_rng(4).normal(size=(1, *INPUT)).astype("float32")
    tall = wide = 1.0
    for step in steps_of(model, images):
        if step.kind in _POOLING:
            before, after = step.inputs[0].shape, step.made.shape
            tall, wide = tall * before[1] / after[1], wide * before[2] / after[2]
    return tall, wide


def _is(layer: Any, *kinds: str) -> bool:
    return type(layer).__name__ in kinds


def _every(model: Any, *kinds: str) -> list[Any]:
    return [layer for layer in expect.every_layer(model) if _is(layer, *kinds)]


def _takes_steps(model: Any) -> bool:
    return any(tuple(layer.strides) != (1, 1) for layer in _every(model, "Conv2D"))


def _shape(model: Any) -> tuple[Any, ...]:
    return tuple(model.output_shape[1:])


def _flattens(model: Any) -> bool:
    return bool(_every(model, *_LAYING_OUT))


def _takes_other_images(model: Any) -> bool:
    return [tuple(tensor.shape[1:]) for tensor in model.inputs] != [INPUT]


def _is_plain(model: Any) -> bool:
    """Whether a model takes the images, with strides of 1, two Conv2D or more, and no vectors."""
    if _takes_other_images(model) or _takes_steps(model) or _flattens(model):
        return False
    return len(_every(model, "Conv2D")) >= 2 and not _every(model, *_GLOBAL)


def _lays_out(model: Any) -> bool:
    return _flattens(model) and not _takes_other_images(model)


def _pools_globally(model: Any) -> bool:
    kept = _flattens(model) or _takes_steps(model) or _takes_other_images(model)
    return bool(_every(model, *_GLOBAL)) and not kept


def _steps_instead(model: Any) -> bool:
    return _takes_steps(model) and not _flattens(model) and not _takes_other_images(model)


def _lacks_convolutions(model: Any, *instead: str) -> bool:
    """Whether fewer than two Conv2D are in a model, and one of the layers `instead`."""
    kept = _flattens(model) or _takes_steps(model) or _takes_other_images(model)
    few = len(_every(model, "Conv2D")) < 2 and not _every(model, *_GLOBAL)
    return few and bool(_every(model, *instead)) and not kept


def _separates(model: Any) -> bool:
    return _lacks_convolutions(model, *_SEPARABLE)


def _is_dense(model: Any) -> bool:
    return _lacks_convolutions(model, "Dense") and not _every(model, *_SEPARABLE)


def _misses_by_one(model: Any) -> bool:
    return _shape(model)[:2] in ((3, 3), (5, 5)) and _is_plain(model)


def _halves_too_much(model: Any) -> bool:
    return _shape(model)[:2] in ((1, 1), (2, 2)) and _is_plain(model)


def _too_large_a_map(model: Any) -> bool:
    return len(_shape(model)) == 3 and _shape(model)[0] > 5 and _is_plain(model)


def _has_other_maps(model: Any) -> bool:
    return _shape(model)[:2] == OUTPUT[:2] and _shape(model) != OUTPUT and _is_plain(model)


def _is_over_budget(model: Any) -> bool:
    return bool(model.count_params() > BUDGET) and _shape(model) == OUTPUT and _is_plain(model)


def _is_complete(model: Any) -> bool:
    return _is_plain(model) and _shape(model) == OUTPUT and model.count_params() <= BUDGET


def _shrinks_by_kernels(model: Any) -> bool:
    return _is_complete(model) and bool(_every(model, *_POOLING)) and _pools_little(model)


def _pools_little(model: Any) -> bool:
    return min(_shrunk_by_pooling(model)) < 4


def _has_no_bend(model: Any) -> bool:
    return _is_complete(model) and set(_activations(model)) == {"none"}


def _bends_sometimes(model: Any) -> bool:
    return _is_complete(model) and set(_activations(model)) == {"none", "relu"}


def _bends_elsewhere(model: Any) -> bool:
    """Whether another activation stands where ReLU belongs."""
    return _is_complete(model) and "other" in _activations(model)


def _network(
    filters: tuple[int, ...],
    *,
    padding: str = "same",
    strides: int = 1,
    activation: str | None = "relu",
    pool: dict[str, Any] | None = None,
    pools: int = 3,
    images: tuple[int, int, int] = INPUT,
    kind: str = "Conv2D",
    end: tuple[Any, ...] = (),
) -> dict[str, Any]:
    """A model of 3×3 convolutions, each with a pooling after it for the first `pools` of them.

    `end` holds the names of the layers behind that, with what they are given.
    """
    import keras

    chain: list[Any] = [keras.Input(images)]
    convolution = getattr(keras.layers, kind)
    for number, count in enumerate(filters):
        chain.append(convolution(count, 3, strides=strides, padding=padding, activation=activation))
        if number < pools:
            chain.append(keras.layers.MaxPooling2D(**(pool or {})))
    chain += [getattr(keras.layers, name)(*given) for name, *given in end]
    return {"model": keras.Sequential(chain)}


@downsample.misconception(
    "Your model takes other images. They have 32 rows, 32 columns and 3 channels here, and every "
    "shape behind them follows from that: what should `keras.Input` be told?",
    recognize=_takes_other_images,
)
def other_images() -> dict[str, Any]:
    return _network((8, 16, 16), images=(28, 28, 1))


@downsample.misconception(
    "You lay the maps out in a row of numbers. That is the business of a head that decides, in the "
    "next lesson; here the output is still 16 maps, each with its rows and columns.",
    recognize=_lays_out,
)
def flattened() -> dict[str, Any]:
    return _network((8, 16, 16), end=(("Flatten",),))


@downsample.misconception(
    "You pool globally: of each of your maps a single number is left. The output should still have "
    "4 rows and 4 columns: how often do you halve 32 for that, and with which layer?",
    recognize=_pools_globally,
)
def pooled_globally() -> dict[str, Any]:
    return _network((8, 16), pools=1, end=(("GlobalAveragePooling2D",),))


@downsample.misconception(
    "Your convolutions shrink the maps by their strides. That is a way of down-sampling, too, and "
    "some networks take it; here it is to be pooling that shrinks.",
    recognize=_steps_instead,
)
def strides_for_pooling() -> dict[str, Any]:
    return _network((8, 16, 16), strides=2, pools=0)


@downsample.misconception(
    "Your convolutions are separable, or take each channel alone. They save parameters, but the "
    "budget can be kept without them: `Conv2D` layers are asked for, two at least.",
    recognize=_separates,
)
def separable() -> dict[str, Any]:
    return _network((8, 16, 16), kind="SeparableConv2D")


@downsample.misconception(
    "A `Dense` layer on maps stands where a convolution should. It sees one pixel at a time, like "
    "a kernel of 1×1. At least two `Conv2D` layers are asked for: which of them could make the 16 "
    "maps?",
    recognize=_is_dense,
)
def dense_on_maps() -> dict[str, Any]:
    return _network((8,), pools=1, end=(("MaxPooling2D", 4), ("Dense", 16)))


@downsample.misconception(
    "You miss the shape by one. Go through the sizes layer by layer: where is a row left over that "
    "a pool or a kernel does not reach any more?",
    recognize=_misses_by_one,
)
def one_off() -> dict[str, Any]:
    return _network((8, 16, 16), pool={"pool_size": 3, "strides": 2})


@downsample.misconception(
    "Your maps are too small. Count how often you halve 32. And without padding, every convolution "
    "takes a border off as well: what becomes of 32 after a 3×3 convolution, and of that after "
    "pooling?",
    recognize=_halves_too_much,
)
def borders_lost() -> dict[str, Any]:
    return _network((8, 16, 16), padding="valid")


@downsample.misconception(
    "Your maps are still too large. Each pooling of 2×2 halves them: how many does it take from 32 "
    "to 4? Mind that strides left out are as large as the pool, and strides of 1 do not shrink.",
    recognize=_too_large_a_map,
)
def a_pooling_short() -> dict[str, Any]:
    return _network((8, 16, 16), pools=2)


@downsample.misconception(
    "Height and width are right, the number of maps is not: 16 are asked for. A pooling keeps that "
    "number; which layer decides it?",
    recognize=_has_other_maps,
)
def other_number_of_maps() -> dict[str, Any]:
    return _network((4, 8, 32))


@downsample.misconception(
    "The shape is right, but the budget is not kept. Pooling has no parameters, so they must be in "
    "the convolutions: which of them has the most, and does it need that many filters?",
    recognize=_is_over_budget,
)
def over_budget() -> dict[str, Any]:
    return _network((16, 16, 16))


@downsample.misconception(
    "Your maps shrink because large kernels without padding find no room at the border; the "
    "poolings do little of it. What would the convolutions have to be told to keep the size?",
    recognize=_shrinks_by_kernels,
)
def large_kernels() -> dict[str, Any]:
    import keras

    layers = keras.layers
    chain = [
        keras.Input(INPUT),
        layers.Conv2D(1, 17, activation="relu"),
        layers.Conv2D(16, 13, activation="relu"),
        layers.MaxPooling2D(1),
    ]
    return {"model": keras.Sequential(chain)}


@downsample.misconception(
    "There is no activation between your convolutions. Max pooling bends a little, but ReLU is "
    "what lesson 3 asked for: where does it belong?",
    recognize=_has_no_bend,
)
def without_activation() -> dict[str, Any]:
    return _network((8, 16, 16), activation=None)


@downsample.misconception(
    "Some of your convolutions have ReLU, and at least one has none. The last one counts, too: its "
    "maps are feature maps like the others.",
    recognize=_bends_sometimes,
)
def relu_left_out_once() -> dict[str, Any]:
    end = (("Conv2D", 16, 1), ("MaxPooling2D",))
    return _network((8, 12), pools=2, end=end)


@downsample.misconception(
    "At least one of your convolutions has another activation than plain ReLU. Plain ReLU makes "
    "zeros of all that is negative and leaves the rest as it is: does yours do both?",
    recognize=_bends_elsewhere,
)
def another_activation() -> dict[str, Any]:
    return _network((8, 16, 16), activation="tanh")
