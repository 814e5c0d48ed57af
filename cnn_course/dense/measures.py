"""How good probabilities and answers are."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from cnn_course.dense.readers_references import (
    EPSILON,
    READY_MADE,
    Array,
    Rng,
    accuracy_of,
    cross_entropy_of,
    softmax_of,
)
from grader import Exercise, expect
from grader.authoring.telling_apart import ask_all, draw_apart, outcomes

Function = Callable[..., Any]
Case = tuple[Array, Array]  # probabilities or scores, and labels

# ------------------------------------------------------------------------------------------------
cross_entropy = Exercise(
    "cross_entropy",
    title="How surprised was the network?",
    forbid=READY_MADE,
    hints=(
        (
            "Of each row of `probabilities` one number counts: the one of the right class. For "
            "row 0 that is `probabilities[0, labels[0]]`."
        ),
        (
            "For all rows at once: `probabilities[np.arange(len(labels)), labels]`. A loop is fine "
            "too."
        ),
        "The surprise at an image is the negative natural logarithm, `-np.log(…)`.",
        "`np.clip` or `np.maximum` raises what is below 1e-7, before the logarithm is taken.",
    ),
)


def _predictions(rng: Rng) -> list[Case]:
    """Probabilities and labels on which no two answers agree; none of them is zero."""
    wrong = [
        known.function
        for known in cross_entropy.misconceptions
        if known.name not in ("logarithm_of_zero", "another_floor", "zeros_left_out")
    ]

    def draw() -> list[Case]:
        cases: list[Case] = []
        for count, classes in ((2, 3), (4, 4), (5, 10)):
            shares = rng.integers(1, 9, size=(count, classes)).astype(np.float64)
            probabilities = shares / shares.sum(axis=-1, keepdims=True)
            labels = rng.integers(0, classes, size=count)
            cases.append((np.round(probabilities, 6).astype(np.float32), labels))
        return cases

    return draw_apart(draw, lambda cases: outcomes([cross_entropy_of, *wrong], cases), margin=0.03)


@cross_entropy.check(points=2)
def averages_the_surprise(cross_entropy: Function, rng: Rng) -> None:
    """The mean over all images of −log of the probability that the right class was given."""
    cases = _predictions(rng)
    ask_all(cross_entropy, cases)
    for probabilities, labels in cases:
        expect.close(cross_entropy(probabilities, labels), cross_entropy_of(probabilities, labels))


@cross_entropy.check(points=1, after=averages_the_surprise)
def survives_a_certain_mistake(cross_entropy: Function, rng: Rng) -> None:
    """A right class with probability 0 counts as if it had 1e-7: the result stays finite."""
    for count, classes in ((2, 2), (4, 3)):
        guesses = rng.integers(0, classes, size=count)
        labels = guesses.copy()
        labels[0] = (labels[0] + 1) % classes  # certain of the wrong class, all others right
        probabilities = np.eye(classes, dtype=np.float32)[guesses]
        probabilities[-1] = 1 / classes
        expect.close(cross_entropy(probabilities, labels), cross_entropy_of(probabilities, labels))


def _of_the_right(probabilities: Array, labels: Array) -> Array:
    return np.asarray(probabilities[np.arange(len(labels)), labels], dtype=np.float64)


def _surprises(probabilities: Array, labels: Array) -> Array:
    return np.asarray(-np.log(np.maximum(_of_the_right(probabilities, labels), EPSILON)))


@cross_entropy.misconception(
    "You put probabilities through a softmax once more. They lie between 0 and 1, so a second "
    "softmax makes them almost equal, and the loss can never come near 0. When are `scores` "
    "needed, and what do you have here?"
)
def softmax_twice(probabilities: Array, labels: Array) -> Any:
    return _surprises(softmax_of(probabilities), labels).mean()


@cross_entropy.misconception(
    "You add the surprises up. Twice as many images would then look twice as bad: what is asked "
    "for is how surprised the network is at one image, on average."
)
def summed(probabilities: Array, labels: Array) -> Any:
    return _surprises(probabilities, labels).sum()


@cross_entropy.misconception(
    "You return one number for each image. The surprises are right; the loss is their average."
)
def one_for_each(probabilities: Array, labels: Array) -> Any:
    return _surprises(probabilities, labels)


@cross_entropy.misconception(
    "You divide by the number of entries, images times classes. One surprise is counted for each "
    "image, so over how many numbers is the average taken?"
)
def averaged_over_all_entries(probabilities: Array, labels: Array) -> Any:
    return _surprises(probabilities, labels).sum() / probabilities.size


@cross_entropy.misconception(
    "The sign is missing: the logarithm of a probability is negative. A loss should get smaller "
    "as the network gets better, down to 0."
)
def sign_missing(probabilities: Array, labels: Array) -> Any:
    return -_surprises(probabilities, labels).mean()


@cross_entropy.misconception(
    "`probabilities[:, labels]` takes the columns of all labels from every row, and you "
    "average over all of them. Each row needs only the column of its own label."
)
def columns_of_all_labels(probabilities: Array, labels: Array) -> Any:
    return -np.log(np.maximum(probabilities[:, labels], EPSILON)).mean()


@cross_entropy.misconception(
    "You look at the largest probability of each image, whatever its label says. A network that "
    "is certain and wrong would then look perfect. Which probability tells how good it was?"
)
def of_the_winner(probabilities: Array, _labels: Array) -> Any:
    return -np.log(np.maximum(probabilities.max(axis=-1), EPSILON)).mean()


@cross_entropy.misconception(
    "You average the probabilities first and take the logarithm afterwards. Then one certain "
    "mistake hardly counts among many right answers; every image has a surprise of its own."
)
def averaged_too_early(probabilities: Array, labels: Array) -> Any:
    return -np.log(_of_the_right(probabilities, labels).mean())


@cross_entropy.misconception(
    "You take the logarithm to base 10. Keras, like most of mathematics, measures the loss with "
    "the natural logarithm: which of NumPy's logarithms is that?"
)
def to_base_ten(probabilities: Array, labels: Array) -> Any:
    return _surprises(probabilities, labels).mean() / np.log(10)


@cross_entropy.misconception(
    "You take the logarithm to base 2, which measures surprise in bits. Keras measures the loss "
    "with the natural logarithm: which of NumPy's logarithms is that?"
)
def to_base_two(probabilities: Array, labels: Array) -> Any:
    return _surprises(probabilities, labels).mean() / np.log(2)


@cross_entropy.misconception(
    "A right class that was given probability 0 makes your loss infinite: log 0 is −∞. From which "
    "value on should every smaller probability be raised to it?"
)
def logarithm_of_zero(probabilities: Array, labels: Array) -> Any:
    with np.errstate(divide="ignore"):
        return (-np.log(_of_the_right(probabilities, labels))).mean()


@cross_entropy.misconception(
    "You leave out the images whose right class was given probability 0. They are the worst "
    "mistakes of all: they should count most, as if the probability were 1e-7."
)
def zeros_left_out(probabilities: Array, labels: Array) -> Any:
    right = _of_the_right(probabilities, labels)
    return -np.log(right[right > 0]).mean()


@cross_entropy.misconception(
    "You keep the logarithm finite, but with another smallest probability than the 1e-7 that the "
    "exercise and Keras have. The floor decides how much a certain mistake costs."
)
def another_floor(probabilities: Array, labels: Array) -> Any:
    return -np.log(np.maximum(_of_the_right(probabilities, labels), 1e-15)).mean()


# ------------------------------------------------------------------------------------------------
accuracy = Exercise(
    "accuracy",
    title="How many are right?",
    forbid=READY_MADE,
    hints=(
        "What does the network answer for one image? The class whose score is the largest.",
        "`argmax` returns where the largest value stands. Along which axis do the classes lie?",
        "Comparing two arrays with `==` gives True and False, and their mean is a share.",
    ),
)


def _answers(rng: Rng) -> list[Case]:
    """Scores without a tie and labels, on which no two answers agree; some of them are right."""
    wrong: list[Function] = [known.function for known in accuracy.misconceptions]
    wrong += [_never, _lowest, _next_class]  # mistakes without a name are told apart, too

    def draw() -> list[Case]:
        cases: list[Case] = []
        for count, classes in ((4, 4), (5, 3), (8, 10)):
            places = np.stack([rng.permutation(3 * classes)[:classes] for _ in range(count)])
            scores = (places - classes).astype(np.float32) / 2
            labels = rng.integers(0, classes, size=count)
            right = rng.random(count) < 0.5
            labels[right] = scores[right].argmax(axis=-1)
            cases.append((scores, labels))
        return cases

    return draw_apart(draw, lambda cases: outcomes([accuracy_of, *wrong], cases), margin=0.01)


def _never(_scores: Array, _labels: Array) -> float:
    return 0.0


def _lowest(scores: Array, labels: Array) -> Any:
    return (scores.argmin(axis=-1) == labels).mean()


def _next_class(scores: Array, labels: Array) -> Any:
    return (scores.argmax(axis=-1) + 1 == labels).mean()


@accuracy.check(points=1)
def returns_one_share(accuracy: Function, rng: Rng) -> None:
    """The accuracy is one number from 0 to 1."""
    cases = _answers(rng)
    ask_all(accuracy, cases)
    for scores, labels in cases:
        received = accuracy(scores, labels)
        expect.shape(received, ())
        expect.that(
            0 <= float(received) <= 1,
            "A share lies between 0, none, and 1, all of them.",
            received=received,
        )


@accuracy.check(points=2, after=returns_one_share)
def counts_the_right_winners(accuracy: Function, rng: Rng) -> None:
    """It is the share of images whose largest score, of whatever size, is that of the label."""
    cases = _answers(rng)
    ask_all(accuracy, cases)
    for scores, labels in cases:
        expect.close(accuracy(scores, labels), accuracy_of(scores, labels))
    certain = np.eye(3, dtype=np.float32)
    expect.close(accuracy(certain, np.arange(3)), 1.0)
    hesitant = 0.3 + certain[::-1] / 10
    expect.close(accuracy(hesitant, np.array([2, 1, 0])), 1.0)
    expect.close(accuracy(certain, np.array([1, 2, 0])), 0.0)


def _hits(scores: Array, labels: Array) -> Array:
    return np.asarray(scores.argmax(axis=-1) == labels)


@accuracy.misconception(
    "You count an answer as right where the label's score is above 0.5. Scores may be of any size, "
    "and among ten classes even the winner's probability may be below 0.5. Whom must it beat?"
)
def above_one_half(scores: Array, labels: Array) -> Any:
    return (scores[np.arange(len(labels)), labels] > 0.5).mean()


@accuracy.misconception(
    "Your `argmax` looks down the batch: for each class, which image has most of it. Asked is, for "
    "each image, which class has the largest score. Along which axis do you look?"
)
def over_the_batch(scores: Array, labels: Array) -> Any:
    winners = scores.argmax(axis=0)
    if winners.shape != labels.shape:
        raise ValueError("operands could not be broadcast together")
    return (winners == labels).mean()


@accuracy.misconception(
    "You compare every entry of the table, class by class. In ten classes eight of ten entries "
    "agree even when the answer is wrong. One answer is counted for each image."
)
def every_entry(scores: Array, labels: Array) -> Any:
    one_hot = np.eye(scores.shape[-1], dtype=bool)[labels]
    return ((scores > 0.5) == one_hot).mean()


@accuracy.misconception(
    "You compare the largest score itself with the label. A score says how much, a label says "
    "which. What tells you where the largest score stands?"
)
def score_for_a_label(scores: Array, labels: Array) -> Any:
    return (scores.max(axis=-1) == labels).mean()


@accuracy.misconception(
    "You look for one winner in the whole batch, counted through all of its scores. Each image has "
    "a winner of its own: along which axis do its classes lie?"
)
def one_winner_for_all(scores: Array, labels: Array) -> Any:
    return (scores.argmax() == labels).mean()


@accuracy.misconception(
    "You return how many answers are right. Without knowing of how many, that says little: what "
    "share is it?"
)
def number_of_hits(scores: Array, labels: Array) -> Any:
    return _hits(scores, labels).sum()


@accuracy.misconception(
    "You return percent. Here, as in Keras, accuracy is a share from 0 to 1; it only looks better "
    "in percent."
)
def percent(scores: Array, labels: Array) -> Any:
    return 100 * _hits(scores, labels).mean()


@accuracy.misconception(
    "You return the share of wrong answers, the error rate. Accuracy counts the right ones."
)
def error_rate(scores: Array, labels: Array) -> Any:
    return 1 - _hits(scores, labels).mean()


@accuracy.misconception(
    "You return one True or False for each image. They are the right ones; what share of them is "
    "True?"
)
def one_for_each_image(scores: Array, labels: Array) -> Any:
    return _hits(scores, labels)
