"""References of the second half of lesson 6: what Keras itself makes of a case, and thresholds.

Measured on network D of the first half (two convolutions, two dense layers, 134,970 parameters) and
its 320 digits with a fifth of wrong labels, 25 epochs, 20 seeds a condition where nothing else is
said. Numbers are lowest / median / highest.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from grader import expect
from grader.rubrics.oracles import Array, Rng
from grader.rubrics.regularization.references import REFERENCE_GAP

TINY = 1e-3
"""Weights smaller than this, in absolute value, count as zero: sums of floats are rarely 0."""
SPARSE = 0.4
"""The share of tiny weights from which on a network is sparse. L1 1e-3 with SGD .05, momentum .9:
.80 / .84 / .87; no penalty .012, L2 1e-2 .07 to .15 (under Adam 40 to 58 %, hence SGD).
"""
REFERENCE_NORM = 20.7
"""The norm of all kernels of D together, trained without a penalty by SGD .05, momentum .9."""
SMALL_NORM = 0.45 * REFERENCE_NORM
"""Norms below it are small. L2 1e-2 with that SGD: .36 / .37 / .38 of the reference; no penalty .98
and up, L1 1e-3 .50 and up, a new network .79 by its initializers.
"""
READS = 0.5
"""What share of validation digits a penalized network still reads. Of two seeds each: L1 .73, L2
.77 and up; with all its weights pulled to zero (L1 1e-2, one seed) .10.
"""

MOVED_GAP = 0.15 * REFERENCE_GAP
"""Gaps below it come from moved training digits. Translation .1 with rotation .05: −.53 / −.41 /
−.25 of the reference gap; without .79 and up, dropout instead .21 and up.
"""
MOST = {"RandomRotation": 0.1, "RandomTranslation": 0.25, "RandomZoom": 0.35}
"""The largest factors that leave digits legible: a tenth of a turn, a quarter of the picture."""

COMPARED, LEARNED_FROM = 20, 192
"""For how many epochs, on how many digits, the judge trains networks to compare their gaps."""
MARGIN = 0.2
"""By how much less their gaps are than that of the network without a remedy, from the same weights
on the same batches. Dropout .41 to .49, augmentation 1.02 to 1.15 (four draws of the digits; with
all 320 digits .37 to .60 and .99 to 1.31); a remedy at rate 0: exactly 0.
"""
NORMALIZED_STEPS = 30
FASTER = 0.65
"""After 30 steps of SGD .05, the last ten steps' mean training loss over that of the plain network.
Batch normalization after both convolutions .47 to .52 (seven draws of the digits); in front of the
first only, .77 to .85 (four draws).
"""


def penalties_of(weights: Sequence[tuple[Array, Array]], l1: float, l2: float) -> tuple[float, ...]:
    """What Keras's regularizers add to the loss for the kernels of (kernel, bias) pairs."""
    import keras

    kinds = (keras.regularizers.L1(l1), keras.regularizers.L2(l2))
    return tuple(sum(float(penalty(kernel)) for kernel, _ in weights) for penalty in kinds)


def normalized(
    batch: Array,
    gamma: Array,
    beta: Array,
    moving_mean: Array,
    moving_variance: Array,
    momentum: float,
    epsilon: float,
    training: bool,  # noqa: FBT001 - the exercise's own signature
) -> tuple[Array, Array, Array]:
    """What Keras's own layer makes of the batch, and its moving statistics afterward."""
    import keras

    layer = keras.layers.BatchNormalization(momentum=momentum, epsilon=epsilon)
    layer.build(batch.shape)
    layer.set_weights([gamma, beta, moving_mean, moving_variance])
    output = np.asarray(layer(batch, training=training))
    return output, np.asarray(layer.moving_mean), np.asarray(layer.moving_variance)


def parameters_of_normalization(input_shape: tuple[int, ...]) -> tuple[int, int]:
    """How many numbers Keras's own layer trains, and how many it keeps without training them."""
    import keras

    layer = keras.layers.BatchNormalization()
    layer.build((None, *input_shape))
    return _numbers(layer.trainable_weights), _numbers(layer.non_trainable_weights)


def _numbers(weights: Sequence[Any]) -> int:
    return sum(len(np.asarray(weight).ravel()) for weight in weights)


def kernels(model: Any) -> Array:
    """All weights of the convolutions and dense layers in one row, without the biases."""
    found = [
        np.asarray(layer.kernel).ravel()
        for layer in expect.every_layer(model)
        if hasattr(layer, "kernel")
    ]
    return np.concatenate(found) if found else np.zeros(0)


def share_of_tiny(model: Any) -> float:
    """Which share of the kernels' weights is zero, up to `TINY`."""
    weights = kernels(model)
    return float(np.mean(np.abs(weights) < TINY)) if len(weights) else 0.0


def norm(model: Any) -> float:
    """The Euclidean norm of all kernels together."""
    return float(np.linalg.norm(kernels(model)))


def start_alike(models: Sequence[Any], rng: Rng) -> None:
    """Give the models new kernels as Keras draws them (Glorot), the same where shapes are the same.

    So the networks that are compared have the same start, whatever the student's seed.
    """
    seed = int(rng.integers(2**31))
    for model in models:
        own = np.random.default_rng(seed)
        for weight in model.trainable_variables:
            shape = tuple(weight.shape)
            if len(shape) > 1:
                fans = int(np.prod(shape[:-2])) * (shape[-2] + shape[-1])
                limit = np.sqrt(6 / fans)
                weight.assign(own.uniform(-limit, limit, shape))


def train_side_by_side(
    models: Sequence[Any], images: Array, labels: Array, optimizer: Any, epochs: int, rng: Rng
) -> Array:
    """Train the models on the same batches of 32, each on its own; their mean losses (epochs, n).

    One traced loop for all of them: a `fit` for each would take three times as long.
    """
    import keras
    import tensorflow as tf

    weights = [weight for model in models for weight in model.trainable_variables]
    optimizer.build(weights)
    inputs, targets = tf.constant(images), tf.constant(labels)
    steps = len(images) // 32
    batches = np.stack([rng.permutation(len(images))[: 32 * steps] for _ in range(epochs)])
    chosen = tf.constant(batches.reshape(-1, 32))

    @tf.function  # type: ignore[untyped-decorator]  # no types
    def run() -> Any:
        losses = tf.TensorArray(tf.float32, size=epochs * steps)
        for step in tf.range(epochs * steps):
            shown, wanted = tf.gather(inputs, chosen[step]), tf.gather(targets, chosen[step])
            with tf.GradientTape() as tape:
                each = [
                    tf.reduce_mean(
                        keras.losses.sparse_categorical_crossentropy(
                            wanted, model(shown, training=True), from_logits=True
                        )
                    )
                    for model in models
                ]
                total = tf.add_n(each)
            gradients = tape.gradient(total, [weight.value for weight in weights])
            optimizer.apply(gradients, weights)
            losses = losses.write(step, tf.stack(each))
        return losses.stack()

    losses: Array = np.asarray(
        run.get_concrete_function()()
    )  # so it does not warn of being traced anew
    return np.asarray(losses.reshape(epochs, steps, len(models)).mean(axis=1))


def outcome(function: Callable[..., Any], arguments: tuple[Any, ...]) -> tuple[Any, ...]:
    """What `function` makes of the arguments, as a tuple; the name of what it raises."""
    try:
        with np.errstate(all="ignore"):
            result = function(*arguments)
    except Exception as error:  # noqa: BLE001 - a wrong answer may raise whatever it likes
        return (type(error).__name__,)
    return result if isinstance(result, tuple) else (result,)


def are_apart(functions: Sequence[Callable[..., Any]], arguments: tuple[Any, ...]) -> bool:
    """Whether no two of the functions, right and wrong ones, give the same answer to a case."""
    answers = [outcome(function, arguments) for function in functions]
    return not any(
        _alike(first, second) for place, first in enumerate(answers) for second in answers[:place]
    )


def _alike(first: tuple[Any, ...], second: tuple[Any, ...]) -> bool:
    if len(first) != len(second):
        return False
    for ours, theirs in zip(first, second, strict=True):
        if isinstance(ours, str) or isinstance(theirs, str):
            if not (isinstance(ours, str) and isinstance(theirs, str) and ours == theirs):
                return False
        elif np.shape(ours) != np.shape(theirs) or not np.allclose(ours, theirs, 0, 0.01):
            return False
    return True


def parts(received: Any, names: tuple[str, ...]) -> tuple[Any, ...]:
    """The values that a function returned, one for each of `names`."""
    is_row = isinstance(received, np.ndarray) and received.shape == (len(names),)
    count = len(received) if isinstance(received, tuple | list) or is_row else 1
    expect.that(
        count == len(names),
        f"{len(names)} values are expected, in this order: {', '.join(names)}. Received: "
        f"{count if count != 1 else 'a single value'}.",
        received=received,
    )
    return tuple(received)
