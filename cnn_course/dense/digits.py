"""A small network that has learned to read digits."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np

from cnn_course.dense.readers_references import (
    BUDGET,
    Array,
    Rng,
    accuracy_of,
    all_digits,
    cross_entropy_of,
    expect_probabilities,
    gives_scores,
    hidden_digits,
    outputs_of,
    share_read,
    softmax_of,
    strong_noise,
)
from grader import Exercise, expect
from grader.crossing.networks import History
from grader.errors import Mismatch

# What designs reach on 20 draws of hidden digits, each trained twice for 15 epochs on 1,200 digits:
#                                      accuracy, lowest    cross-entropy, highest
#   Dense(10) alone                    .917                .38
#   dense, 32 or 100 hidden units      .953                .16
#   Conv 8, pool, Flatten              .943                .19
#   Conv 16, pool, Conv 32, Flatten    .980                .05
#   the same with a global maximum     .970                .13
#   the same with a global average     .880                .37
#   sigmoids throughout                .900                .36
# Untrained networks and constant answers stay at 10 % and above 2.2.
READS_WELL, SURPRISE = 0.85, 0.7

budget_network = Exercise(
    "budget_network",
    title="Ten digits, fewer than 10,000 parameters",
    functions=(),
    hints=(
        (
            "Count before you train: `budget_network.summary()` shows the parameters of every "
            "layer. Which layer takes most of them?"
        ),
        (
            "A convolution has few parameters, a dense layer over a large flattened map has many. "
            "What stands between them in a CNN and makes the map smaller?"
        ),
        (
            "Look at the curves: is the loss still falling in the last epoch? Then train on, or "
            "choose a network with a little more capacity."
        ),
        (
            "One design of many: convolution, max pooling, flatten, a dense layer with a ReLU, and "
            "the ten probabilities."
        ),
    ),
)


@budget_network.check(points=1)
def gives_ten_probabilities(budget_network: Any) -> None:
    """The network takes images of 8×8×1 and gives ten probabilities."""
    _no_curves(budget_network)
    expect_probabilities(budget_network, "budget_network", (8, 8, 1), 10)


@budget_network.check(points=1)
def stays_within_the_budget(budget_network: Any) -> None:
    """It has fewer than 10,000 parameters."""
    _no_curves(budget_network)
    expect.model(budget_network)
    count = int(budget_network.count_params())
    expect.that(
        count < BUDGET, f"Fewer than {BUDGET:,} parameters are allowed. Received: {count:,}."
    )


@budget_network.check(points=2, after=gives_ten_probabilities)
def reads_digits(budget_network: Any, rng: Rng) -> None:
    """It reads at least 85 % of 400 digits that are paler than before and on speckled paper."""
    images, labels = hidden_digits(rng)
    share = share_read(budget_network, images, labels)
    expect.that(
        share >= READS_WELL,
        f"It reads {share:.1%} of the digits; {READS_WELL:.0%} are needed. Guessing gives 10 %.",
    )


@budget_network.check(points=1, after=gives_ten_probabilities)
def is_not_surprised(budget_network: Any, rng: Rng) -> None:
    """On such digits its cross-entropy is at most 0.7."""
    images, labels = hidden_digits(rng)
    loss = _loss(outputs_of(budget_network, images), labels)
    expect.that(
        loss <= SURPRISE,
        f"Its cross-entropy on the digits is {loss:.2f}; at most {SURPRISE} is allowed. Ten equal "
        f"probabilities have {np.log(10):.2f}.",
    )


def _no_curves(received: Any) -> None:
    """What was handed in is not what `fit_digits` returned, nor the curves in it."""
    if isinstance(received, History | dict):
        what = "a dict of curves" if isinstance(received, dict) else "a history of curves"
        raise Mismatch(
            f"`budget_network` should be the network that was trained. Received: {what}, which "
            "tells how the training went. Hand in the model itself, the one that `fit_digits` was "
            "given; what `fit_digits` returns belongs in `digit_curves`."
        )


def _loss(probabilities: Array, labels: Array) -> float:
    return cross_entropy_of(probabilities.astype(np.float32), labels)


@cache
def linear_reader(scale: float) -> tuple[Array, Array]:
    """Weights (64, 10) and biases of a softmax regression on pixels from 0 to `scale`.

    Found by descent on all digits in NumPy, in a tenth of a second.
    """
    images, labels = all_digits()
    pixels = images.reshape(len(images), 64).astype(np.float64)
    weights, biases = np.zeros((64, 10)), np.zeros(10)
    wanted = np.eye(10)[labels]
    for _ in range(150):
        errors = (softmax_of(pixels @ weights + biases) - wanted) / len(pixels)
        weights -= 2 * pixels.T @ errors
        biases -= 2 * errors.sum(axis=0)
    return weights / scale, biases


def _reader(*, scale: float = 1.0, output: str = "softmax", softmax_again: bool = False) -> Any:
    """A network of one dense layer that has learned to read digits from 0 to `scale`."""
    import keras
    from keras import layers

    network = keras.Sequential(
        [
            keras.Input((8, 8, 1)),
            layers.Flatten(),
            layers.Dense(10, activation=output, name="reader"),
            *([layers.Softmax()] if softmax_again else []),
        ]
    )
    network.get_layer("reader").set_weights(list(linear_reader(scale)))
    return network


def _is_sound(network: Any) -> bool:
    """Whether a network could be graded: its budget is kept, its answers are probabilities."""
    return int(network.count_params()) < BUDGET and not gives_scores(network)


def _on_all_digits(network: Any, scale: float = 1.0) -> tuple[float, float, float]:
    """Accuracy, cross-entropy and largest probability on the digits as they were written."""
    images, labels = all_digits()
    images, labels = images[::3] * np.float32(scale), labels[::3]
    probabilities = outputs_of(network, images)
    return accuracy_of(probabilities, labels), _loss(probabilities, labels), probabilities.max()


@budget_network.misconception(
    "Your network has more parameters than the budget allows. Look at `summary()`: in which layer "
    "do most of them sit, and what could make its input smaller?",
    recognize=lambda budget_network: budget_network.count_params() >= BUDGET,
)
def over_budget() -> dict[str, Any]:
    import keras
    from keras import layers

    network = keras.Sequential(
        [
            keras.Input((8, 8, 1)),
            layers.Conv2D(32, 3, padding="same", activation="relu"),
            layers.Flatten(),
            layers.Dense(32, activation="relu"),
            layers.Dense(10, activation="softmax"),
        ]
    )
    return {"budget_network": network}


def _ends_in_sigmoids(network: Any) -> bool:
    answers = outputs_of(network, strong_noise((8, 8, 1)))
    return gives_scores(network) and bool(((answers >= 0) & (answers <= 1)).all())


@budget_network.misconception(
    "Your outputs lie between 0 and 1, but for one image they do not sum to 1: ten separate "
    "answers, yes or no. A digit is exactly one of ten. Which activation lets them compete?",
    recognize=lambda budget_network: (
        budget_network.count_params() < BUDGET and _ends_in_sigmoids(budget_network)
    ),
)
def ten_sigmoids() -> dict[str, Any]:
    return {"budget_network": _reader(output="sigmoid")}


@budget_network.misconception(
    "The softmax is missing: your network gives scores of any size, and the loss of `fit_digits` "
    "takes them for probabilities. What belongs at the end of the last layer?",
    recognize=lambda budget_network: (
        budget_network.count_params() < BUDGET
        and gives_scores(budget_network)
        and not _ends_in_sigmoids(budget_network)
    ),
)
def scores_instead_of_probabilities() -> dict[str, Any]:
    return {"budget_network": _reader(output="linear")}


def _has_softmax_twice(network: Any) -> bool:
    if not _is_sound(network):
        return False
    share, loss, largest = _on_all_digits(network)
    # e / (e + 9) = 0.232 is the most that a softmax makes of probabilities, at any brightness.
    return share > 0.6 and loss > 1.4 and max(largest, _on_all_digits(network, 16)[2]) < 0.24


@budget_network.misconception(
    "No probability of yours is ever above 0.24, though the right digit mostly has the largest: "
    "that is what two softmaxes in a row do. Where does your network have the first, where the "
    "second?",
    recognize=lambda budget_network: _has_softmax_twice(budget_network),
)
def softmax_twice() -> dict[str, Any]:
    return {"budget_network": _reader(softmax_again=True)}


def _reads_pixels_up_to_16(network: Any) -> bool:
    if not _is_sound(network) or _has_softmax_twice(network):
        return False
    share, loss, _ = _on_all_digits(network, scale=16)
    return share > 0.8 and loss < _on_all_digits(network)[1] / 2


@budget_network.misconception(
    "Your network reads digits whose pixels go from 0 to 16, as scikit-learn stores them, far "
    "better than those from 0 to 1, which it is asked for. On which images did you train it?",
    recognize=lambda budget_network: _reads_pixels_up_to_16(budget_network),
)
def trained_on_other_pixels() -> dict[str, Any]:
    return {"budget_network": _reader(scale=16)}


def _knows_nothing(network: Any) -> bool:
    if not _is_sound(network):
        return False
    return _on_all_digits(network)[0] < 0.35 and _on_all_digits(network, scale=16)[0] < 0.35


@budget_network.misconception(
    "Your network answers as a newborn one does, by chance. If you trained it, was it this one? A "
    "cell that builds the network anew also throws away what it has learned.",
    recognize=lambda budget_network: _knows_nothing(budget_network),
)
def not_trained() -> dict[str, Any]:
    import keras
    from keras import layers

    network = keras.Sequential(
        [
            keras.Input((8, 8, 1)),
            layers.Flatten(),
            layers.Dense(16, activation="relu"),
            layers.Dense(10, activation="softmax"),
        ]
    )
    return {"budget_network": network}
