"""Batch normalization: what it does to a batch, what it remembers, and what it costs."""

# The exercise's own signature: the student's function is called as layers are.
# ruff: noqa: FBT001, FBT003
from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from cnn_course.references import Array, Rng
from cnn_course.regularization.remedies import (
    normalized,
    parameters_of_normalization,
    parts,
)
from grader import Exercise, expect
from grader.authoring.telling_apart import ask_all, draw_apart, outcomes

Function = Callable[..., Any]
Answer = tuple[Any, Any, Any]

# ------------------------------------------------------------------------------------------------
batch_norm = Exercise(
    "batch_norm",
    title="Batch normalization by hand",
    forbid=("keras", "tensorflow", "scipy"),
    hints=(
        (
            "One mean for each channel, over all images and all places. Over which axes of "
            "(N, H, W, C) does that run? `np.mean` takes a tuple of axes."
        ),
        (
            "In training: subtract the mean of the batch, divide by the root of (its variance + "
            "epsilon), then times gamma, plus beta. At inference the same with the moving "
            "statistics."
        ),
        (
            "A momentum of 0.9 means: nine parts of what was known, one part of what this batch "
            "says. Which of the two is multiplied by `momentum`?"
        ),
        "At inference nothing is learned: both moving statistics come back as they were.",
    ),
)

_NAMES = ("the output", "the moving mean", "the moving variance")


@batch_norm.check(points=2)
def normalizes_with_the_batch_in_training(batch_norm: Function, rng: Rng) -> None:
    """In training each channel is normalized by its own mean and variance over the batch."""
    cases = list(_cases(rng, training=True))
    ask_all(batch_norm, cases)
    for case in cases:
        output = parts(batch_norm(*case), _NAMES)[0]
        expect.close(output, normalized(*case)[0])


@batch_norm.check(points=1)
def moves_its_statistics_in_training(batch_norm: Function, rng: Rng) -> None:
    """In training the moving statistics move toward those of the batch, as Keras moves them."""
    cases = list(_cases(rng, training=True))
    ask_all(batch_norm, cases)
    for case in cases:
        _, mean, variance = parts(batch_norm(*case), _NAMES)
        _, expected_mean, expected_variance = normalized(*case)
        expect.close(mean, expected_mean)
        expect.close(variance, expected_variance)


@batch_norm.check(points=1)
def uses_moving_statistics_at_inference(batch_norm: Function, rng: Rng) -> None:
    """At inference the moving statistics normalize, whatever else is in the batch."""
    for case in _cases(rng, training=False):
        output = parts(batch_norm(*case), _NAMES)[0]
        expect.close(output, normalized(*case)[0])


@batch_norm.check(points=1)
def learns_nothing_at_inference(batch_norm: Function, rng: Rng) -> None:
    """At inference both moving statistics stay what they were."""
    for case in _cases(rng, training=False):
        _, mean, variance = parts(batch_norm(*case), _NAMES)
        expect.close(mean, case[3])
        expect.close(variance, case[4])


def _cases(rng: Rng, *, training: bool) -> Iterator[tuple[Any, ...]]:
    """A small batch of whole numbers, then an oblong one; all answers, right or wrong, differ.

    At inference they need not differ where a mistake is made in training only.
    """
    for shape in ((2, 2, 2, 2), (3, 2, 4, 5)):
        momentum = float(rng.choice([0.6, 0.7, 0.8]))
        wrong = _IN_TRAINING if training else _AT_INFERENCE
        small = training and shape[-1] > 2  # a channel of little variance, where epsilon counts
        wrong = [answer for answer in wrong if small or answer is not epsilon_of_keras.function]

        def draw(
            shape: tuple[int, ...] = shape, momentum: float = momentum, small: bool = small
        ) -> tuple[Any, ...]:
            channels = shape[-1]
            batch = (
                rng.integers(0, 10, size=shape) * np.arange(1, channels + 1) / channels
                + rng.integers(-5, 6, size=channels)
            ).astype(np.float32)  # every channel has a mean and a variance of its own
            batch[..., 0] *= np.float32(0.25 if small else 1)
            gamma, beta, mean = (_numbers(rng, channels, -3, 4) for _ in range(3))
            variance = _numbers(rng, channels, 2, 8)
            return batch, gamma, beta, mean, variance, momentum, 0.5, training

        yield draw_apart(
            draw,
            lambda case, wrong=wrong: outcomes([_right, *wrong], [case]),  # type: ignore[misc]
            where=lambda case, small=small: bool(  # type: ignore[misc]
                case[0].var(axis=(0, 1, 2)).min() > (0.01 if small else 0.2)
            ),
            margin=0.01,
        )


def _numbers(rng: Rng, count: int, low: int, high: int) -> Array:
    """Whole numbers, none of them 0 or 1, as float32."""
    choices = [number for number in range(low, high) if number not in (0, 1)]
    return rng.choice(choices, size=count).astype(np.float32)


def _by_hand(
    arguments: tuple[Any, ...],
    *,
    axes: tuple[int, ...] | None = (0, 1, 2),
    divisor: Callable[[Array, float], Array] = lambda variance, epsilon: np.sqrt(
        variance + epsilon
    ),
    ddof: int = 0,
) -> Answer:
    """Batch normalization with one thing done another way."""
    batch, gamma, beta, moving_mean, moving_variance, momentum, epsilon, training = arguments
    if not training:
        output = gamma * (batch - moving_mean) / divisor(moving_variance, epsilon) + beta
        return output, moving_mean, moving_variance
    mean = batch.mean(axis=axes, keepdims=True)
    variance = batch.var(axis=axes, keepdims=True, ddof=ddof)
    output = gamma * (batch - mean) / divisor(variance, epsilon) + beta
    if axes == (0, 1, 2):
        mean, variance = mean[0, 0, 0], variance[0, 0, 0]
    return (
        output,
        momentum * moving_mean + (1 - momentum) * mean,
        momentum * moving_variance + (1 - momentum) * variance,
    )


def _right(
    batch: Array, gamma: Array, beta: Array, moving_mean: Array, moving_variance: Array,
    momentum: float, epsilon: float, training: bool,
) -> Answer:  # fmt: skip
    known = (batch, gamma, beta, moving_mean, moving_variance, momentum, epsilon, training)
    return _by_hand(known)


@batch_norm.misconception(
    "You normalize with the statistics of the batch at inference, too. Then what a digit is taken "
    "for depends on which others happen to be in its batch, and a batch of one picture tells "
    "hardly anything. What was remembered for this moment?"
)
def batch_statistics_at_inference(
    batch: Array, gamma: Array, beta: Array, moving_mean: Array, moving_variance: Array,
    momentum: float, epsilon: float, training: bool,
) -> Answer:  # fmt: skip
    output = _right(
        batch, gamma, beta, moving_mean, moving_variance, momentum, epsilon, training=True
    )
    return output if training else (output[0], moving_mean, moving_variance)


@batch_norm.misconception(
    "You ignore `training`: at inference your function normalizes with the batch and goes on "
    "learning from it. What should be used there, and what should stay as it is?"
)
def always_in_training(
    batch: Array, gamma: Array, beta: Array, moving_mean: Array, moving_variance: Array,
    momentum: float, epsilon: float, _training: bool,
) -> Answer:  # fmt: skip
    return _right(
        batch, gamma, beta, moving_mean, moving_variance, momentum, epsilon, training=True
    )


@batch_norm.misconception(
    "Your moving statistics move at inference, too, so that every test picture changes the "
    "network. What may be learned from, and what not?"
)
def moves_at_inference(
    batch: Array, gamma: Array, beta: Array, moving_mean: Array, moving_variance: Array,
    momentum: float, epsilon: float, training: bool,
) -> Answer:  # fmt: skip
    known = (batch, gamma, beta, moving_mean, moving_variance, momentum, epsilon)
    return (_right(*known, training)[0], *_right(*known, True)[1:])


@batch_norm.misconception(
    "In training you normalize with the moving statistics. They are only remembered there, for "
    "later; each batch is normalized with its own mean and variance. When are the remembered ones "
    "needed?"
)
def moving_statistics_in_training(
    batch: Array, gamma: Array, beta: Array, moving_mean: Array, moving_variance: Array,
    momentum: float, epsilon: float, training: bool,
) -> Answer:  # fmt: skip
    _, mean, variance = _right(
        batch, gamma, beta, moving_mean, moving_variance, momentum, epsilon, training
    )
    known = (batch, gamma, beta, mean, variance, momentum, epsilon)
    return _right(*known, training=False)[0], mean, variance


@batch_norm.misconception(
    "Your moving statistics nearly forget what they knew: you multiply the new value by "
    "`momentum`. In Keras momentum is what stays. (PyTorch calls the other share momentum.) How "
    "much of a batch should stay after the next ten?"
)
def momentum_exchanged(
    batch: Array, gamma: Array, beta: Array, moving_mean: Array, moving_variance: Array,
    momentum: float, epsilon: float, training: bool,
) -> Answer:  # fmt: skip
    return _right(batch, gamma, beta, moving_mean, moving_variance, 1 - momentum, epsilon, training)


@batch_norm.misconception(
    "Your moving statistics do not move. At inference they would still be what they were at the "
    "very beginning; where would they come from?"
)
def statistics_never_move(
    batch: Array, gamma: Array, beta: Array, moving_mean: Array, moving_variance: Array,
    momentum: float, epsilon: float, training: bool,
) -> Answer:  # fmt: skip
    known = (batch, gamma, beta, moving_mean, moving_variance, momentum, epsilon)
    return _right(*known, training)[0], moving_mean, moving_variance


@batch_norm.misconception(
    "You take one mean over everything, all channels together. Channels are features of their own: "
    "one may lie around 1, another around 100. How many means does a map of C channels need?"
)
def one_mean_for_all_channels(
    batch: Array, gamma: Array, beta: Array, moving_mean: Array, moving_variance: Array,
    momentum: float, epsilon: float, training: bool,
) -> Answer:  # fmt: skip
    known = (batch, gamma, beta, moving_mean, moving_variance, momentum, epsilon, training)
    output, mean, variance = _by_hand(known, axes=None)
    return output, mean.reshape(-1), variance.reshape(-1)


@batch_norm.misconception(
    "You average over the images only (axis 0), so every place of the map has a mean of its own. "
    "A kernel is the same everywhere in the picture, and so is its mean. Which axes are places?"
)
def over_the_images_only(
    batch: Array, gamma: Array, beta: Array, moving_mean: Array, moving_variance: Array,
    momentum: float, epsilon: float, training: bool,
) -> Answer:  # fmt: skip
    known = (batch, gamma, beta, moving_mean, moving_variance, momentum, epsilon, training)
    output, mean, variance = _by_hand(known, axes=(0,))
    return (output, mean[0], variance[0]) if training else (output, mean, variance)


@batch_norm.misconception(
    "You normalize every image by itself, over its places. That is instance normalization; here "
    "the whole batch shares one mean for each channel, as the name says. Which axis is missing?"
)
def each_image_by_itself(
    batch: Array, gamma: Array, beta: Array, moving_mean: Array, moving_variance: Array,
    momentum: float, epsilon: float, training: bool,
) -> Answer:  # fmt: skip
    known = (batch, gamma, beta, moving_mean, moving_variance, momentum, epsilon, training)
    output, mean, variance = _by_hand(known, axes=(1, 2))
    if not training:
        return output, mean, variance
    return output, mean[:, 0, 0], variance[:, 0, 0]


@batch_norm.misconception(
    "You normalize every image by itself, over its places (axes 1 and 2). That is instance "
    "normalization; here the whole batch shares one mean for each channel, as the name says. "
    "Which axis is missing, and what shape should the moving mean have?"
)
def each_image_with_its_axes(
    batch: Array, gamma: Array, beta: Array, moving_mean: Array, moving_variance: Array,
    momentum: float, epsilon: float, training: bool,
) -> Answer:  # fmt: skip
    known = (batch, gamma, beta, moving_mean, moving_variance, momentum, epsilon, training)
    return _by_hand(known, axes=(1, 2))


@batch_norm.misconception(
    "You average over the channels (axis −1). That is layer normalization: it mixes features that "
    "have nothing to do with each other. The channel axis is the one that stays."
)
def over_the_channels(
    batch: Array, gamma: Array, beta: Array, moving_mean: Array, moving_variance: Array,
    momentum: float, epsilon: float, training: bool,
) -> Answer:  # fmt: skip
    known = (batch, gamma, beta, moving_mean, moving_variance, momentum, epsilon, training)
    return _by_hand(known, axes=(-1,))


@batch_norm.misconception(
    "You add epsilon to the root. It belongs to the variance, under the root: √(variance + ε). The "
    "two differ most where the variance is small; what is each of them at variance 0?"
)
def epsilon_outside_the_root(
    batch: Array, gamma: Array, beta: Array, moving_mean: Array, moving_variance: Array,
    momentum: float, epsilon: float, training: bool,
) -> Answer:  # fmt: skip
    known = (batch, gamma, beta, moving_mean, moving_variance, momentum, epsilon, training)
    return _by_hand(known, divisor=lambda variance, epsilon: np.sqrt(variance) + epsilon)


@batch_norm.misconception(
    "Epsilon is missing. A channel that is the same everywhere (a dead ReLU) has variance 0; what "
    "do you divide by then?"
)
def epsilon_left_out(
    batch: Array, gamma: Array, beta: Array, moving_mean: Array, moving_variance: Array,
    momentum: float, epsilon: float, training: bool,
) -> Answer:  # fmt: skip
    known = (batch, gamma, beta, moving_mean, moving_variance, momentum, epsilon, training)
    return _by_hand(known, divisor=lambda variance, _epsilon: np.sqrt(variance))


@batch_norm.misconception(
    "You write 0.001 for epsilon, which is Keras's default. Your function is told which epsilon "
    "to take: where does the argument come in?"
)
def epsilon_of_keras(
    batch: Array, gamma: Array, beta: Array, moving_mean: Array, moving_variance: Array,
    momentum: float, _epsilon: float, training: bool,
) -> Answer:  # fmt: skip
    return _right(batch, gamma, beta, moving_mean, moving_variance, momentum, 0.001, training)


@batch_norm.misconception(
    "You move the standard deviation of the batch into the moving variance. At inference its "
    "root is taken once more. What is kept, the spread or its square?"
)
def moving_deviation(
    batch: Array, gamma: Array, beta: Array, moving_mean: Array, moving_variance: Array,
    momentum: float, epsilon: float, training: bool,
) -> Answer:  # fmt: skip
    known = (batch, gamma, beta, moving_mean, moving_variance, momentum, epsilon)
    output, mean, variance = _right(*known, training)
    if training:
        deviation = batch.std(axis=(0, 1, 2))
        variance = momentum * moving_variance + (1 - momentum) * deviation
    return output, mean, variance


@batch_norm.misconception(
    "You return the moving statistics in another order: the output comes first, then the moving "
    "mean, then the moving variance. Which two are exchanged?"
)
def mean_and_variance_exchanged(
    batch: Array, gamma: Array, beta: Array, moving_mean: Array, moving_variance: Array,
    momentum: float, epsilon: float, training: bool,
) -> Answer:  # fmt: skip
    known = (batch, gamma, beta, moving_mean, moving_variance, momentum, epsilon)
    output, mean, variance = _right(*known, training)
    return output, variance, mean


@batch_norm.misconception(
    "You return the output last. It comes first, then the moving mean and the moving variance."
)
def output_last(
    batch: Array, gamma: Array, beta: Array, moving_mean: Array, moving_variance: Array,
    momentum: float, epsilon: float, training: bool,
) -> Answer:  # fmt: skip
    known = (batch, gamma, beta, moving_mean, moving_variance, momentum, epsilon)
    output, mean, variance = _right(*known, training)
    return mean, variance, output


@batch_norm.misconception(
    "Gamma and beta are exchanged: you multiply by beta and add gamma. Which of the two is the new "
    "spread, and which the new mean?"
)
def gamma_and_beta_exchanged(
    batch: Array, gamma: Array, beta: Array, moving_mean: Array, moving_variance: Array,
    momentum: float, epsilon: float, training: bool,
) -> Answer:  # fmt: skip
    return _right(batch, beta, gamma, moving_mean, moving_variance, momentum, epsilon, training)


@batch_norm.misconception(
    "You divide by the variance. What is to become 1 is the spread, and that is measured by the "
    "standard deviation. Which function is missing?"
)
def divided_by_the_variance(
    batch: Array, gamma: Array, beta: Array, moving_mean: Array, moving_variance: Array,
    momentum: float, epsilon: float, training: bool,
) -> Answer:  # fmt: skip
    known = (batch, gamma, beta, moving_mean, moving_variance, momentum, epsilon, training)
    return _by_hand(known, divisor=lambda variance, epsilon: variance + epsilon)


@batch_norm.misconception(
    "You divide by n − 1 for the variance (`ddof=1`). That estimates the variance of a population "
    "from a sample; Keras takes the plain mean of the squared differences. What does `np.var` do "
    "by itself?"
)
def unbiased_variance(
    batch: Array, gamma: Array, beta: Array, moving_mean: Array, moving_variance: Array,
    momentum: float, epsilon: float, training: bool,
) -> Answer:  # fmt: skip
    known = (batch, gamma, beta, moving_mean, moving_variance, momentum, epsilon, training)
    return _by_hand(known, ddof=1)


@batch_norm.misconception(
    "Gamma and beta are missing. Without them every channel would have mean 0 and spread 1 for "
    "ever, though the next layer may want another. What does the docstring do with them?"
)
def gamma_and_beta_left_out(
    batch: Array, gamma: Array, beta: Array, moving_mean: Array, moving_variance: Array,
    momentum: float, epsilon: float, training: bool,
) -> Answer:  # fmt: skip
    ones, zeros = np.ones_like(gamma), np.zeros_like(beta)
    return _right(batch, ones, zeros, moving_mean, moving_variance, momentum, epsilon, training)


@batch_norm.misconception(
    "You add beta first and multiply by gamma afterward, so beta is stretched, too. Beta should be "
    "the new mean of the channel: what comes last?"
)
def beta_before_gamma(
    batch: Array, gamma: Array, beta: Array, moving_mean: Array, moving_variance: Array,
    momentum: float, epsilon: float, training: bool,
) -> Answer:  # fmt: skip
    return _right(
        batch, gamma, gamma * beta, moving_mean, moving_variance, momentum, epsilon, training
    )


# Mistakes that show in a training case, and those that show at inference.
_AT_INFERENCE = [
    batch_statistics_at_inference.function,
    always_in_training.function,
    moves_at_inference.function,
    epsilon_outside_the_root.function,
    epsilon_left_out.function,
    divided_by_the_variance.function,
    gamma_and_beta_left_out.function,
    beta_before_gamma.function,
]
_IN_TRAINING = [
    known.function for known in batch_norm.misconceptions if known.function not in _AT_INFERENCE[:3]
]

# ------------------------------------------------------------------------------------------------
batch_norm_parameters = Exercise(
    "batch_norm_parameters",
    title="What batch normalization costs",
    hints=(
        "Go through the arguments of your `batch_norm`: which of them hold one number a channel?",
        (
            "Gradients change gamma and beta. The moving statistics are also kept with the layer's "
            "weights, but who changes those?"
        ),
        "Places share their statistics. What does that mean for height and width?",
    ),
)

_COUNTS = ("how many are trained", "how many are not")


@batch_norm_parameters.check(points=1)
def counts_those_of_maps(batch_norm_parameters: Function, rng: Rng) -> None:
    """For maps (height, width, channels), trained and not trained are told apart."""
    for _ in range(3):
        shape = tuple(int(side) for side in rng.permutation(np.arange(3, 40))[:3])
        received = parts(batch_norm_parameters(shape), _COUNTS)
        expect.equal(received, parameters_of_normalization(shape))


@batch_norm_parameters.check(points=1)
def counts_those_of_vectors(batch_norm_parameters: Function, rng: Rng) -> None:
    """After a dense layer, (units,), each unit is a channel."""
    for _ in range(2):
        shape = (int(rng.integers(5, 200)),)
        received = parts(batch_norm_parameters(shape), _COUNTS)
        expect.equal(received, parameters_of_normalization(shape))


@batch_norm_parameters.misconception(
    "You count two numbers a channel and none that is kept without being trained. Without its "
    "moving statistics, what would the layer normalize with at inference?"
)
def moving_statistics_forgotten(input_shape: tuple[int, ...]) -> tuple[int, int]:
    return 2 * input_shape[-1], 0


@batch_norm_parameters.misconception(
    "You let all four be trained. Moving mean and variance are measured, not learned: no gradient "
    "says how to change them. Which two are left?"
)
def all_trained(input_shape: tuple[int, ...]) -> tuple[int, int]:
    return 4 * input_shape[-1], 0


@batch_norm_parameters.misconception(
    "Your first number counts all of them, trained or not. The two numbers should add up to all of "
    "them: how many are trained?"
)
def all_and_not_trained(input_shape: tuple[int, ...]) -> tuple[int, int]:
    return 4 * input_shape[-1], 2 * input_shape[-1]


@batch_norm_parameters.misconception(
    "You count a set of numbers for each place of the map. Over which axes did your `batch_norm` "
    "take the mean, and how many means came out?"
)
def times_height_and_width(input_shape: tuple[int, ...]) -> tuple[int, int]:
    count = 2 * int(np.prod(input_shape))
    return count, count


@batch_norm_parameters.misconception(
    "You count for the first axis, which is the height of a map. Channels are the last axis in "
    "Keras; `input_shape[-1]` finds them for vectors, too."
)
def height_for_channels(input_shape: tuple[int, ...]) -> tuple[int, int]:
    return 2 * input_shape[0], 2 * input_shape[0]


@batch_norm_parameters.misconception(
    "You read the third number of the shape as the channels. After a dense layer there is only "
    "one. Which index means the last one, however many there are?"
)
def maps_only(input_shape: tuple[int, ...]) -> tuple[int, int]:
    return 2 * input_shape[2], 2 * input_shape[2]


@batch_norm_parameters.misconception(
    "You count one of each for the whole layer. Each channel is normalized on its own: how many "
    "means does your `batch_norm` return?"
)
def once_for_the_layer(_input_shape: tuple[int, ...]) -> tuple[int, int]:
    return 2, 2
