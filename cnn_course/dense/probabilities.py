"""Scores become probabilities."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from cnn_course.dense.readers_references import READY_MADE, Array, Rng, softmax_of
from grader import Exercise, expect
from grader.authoring.telling_apart import ask_all, draw_apart, outcomes

Function = Callable[..., Any]

softmax = Exercise(
    "softmax",
    title="From scores to probabilities",
    forbid=READY_MADE,
    hints=(
        "Two steps: make every score positive with `np.exp`, then divide by a sum. By which one?",
        (
            "Each image has its own sum, over its own classes: the last axis, `axis=-1`. With "
            "`keepdims=True` the sums keep that axis, so that the division finds its partners."
        ),
        (
            "Adding the same number to all scores of an image changes nothing. Which number could "
            "you take off so that no score stays large?"
        ),
        "Take off each image's own largest score: `scores.max(axis=-1, keepdims=True)`.",
    ),
)


def _scores(rng: Rng) -> list[tuple[Array]]:
    """Scores on which no two answers agree: one image's, square and oblong batches, a map's."""
    wrong = [
        known.function
        for known in softmax.misconceptions
        if known.name not in ("overflows", "one_maximum_for_all", "less_the_smallest")
    ]

    def draw() -> list[tuple[Array]]:
        return [
            (rng.integers(-8, 9, size=shape).astype(np.float32) / 4,)
            for shape in ((3,), (3, 3), (4, 5), (2, 2, 3))
        ]

    return draw_apart(draw, lambda cases: outcomes([softmax_of, *wrong], cases), margin=0.02)


def _large_scores(rng: Rng) -> Iterator[Array]:
    """Scores whose powers overflow, alone, beside far smaller ones, and among each other."""
    large = (rng.permutation(5)[:3] + 1000).astype(np.float32)
    small = (rng.permutation(5)[:3] - 1000).astype(np.float32)
    yield large
    yield np.stack([large, small])
    yield np.array([-1000, 1000, 0], dtype=np.float32)


@softmax.check(points=1)
def gives_probabilities(softmax: Function, rng: Rng) -> None:
    """For every image, the results lie between 0 and 1, and over its classes they sum to 1."""
    cases = _scores(rng)
    ask_all(softmax, cases)
    for (scores,) in cases:
        received = softmax(scores)
        expect.shape(received, scores.shape)
        probabilities = np.asarray(received, dtype=np.float64)
        wanted = softmax_of(scores)
        inside = (probabilities >= 0) & (probabilities <= 1 + 1e-4)  # NaN is not inside
        sums = probabilities.sum(axis=-1)
        expect.that(
            bool(inside.all()) and bool(np.allclose(sums, 1, atol=1e-4)),
            "Over the last axis, the probabilities of one image should lie between 0 and 1 and sum "
            f"to 1. Received: from {probabilities.min():.4g} to {probabilities.max():.4g}, with "
            f"sums from {sums.min():.4g} to {sums.max():.4g}.",
            expected=wanted,
            received=received,
        )


@softmax.check(points=1, after=gives_probabilities)
def divides_the_powers(softmax: Function, rng: Rng) -> None:
    """They are proportional to e to the power of the scores."""
    cases = _scores(rng)
    for (scores,) in cases:
        softmax(scores)
    for (scores,) in cases:
        expect.close(softmax(scores), softmax_of(scores))


@softmax.check(points=1, after=gives_probabilities)
def stands_large_scores(softmax: Function, rng: Rng) -> None:
    """Scores around 1000 and −1000, of one image too, give finite and right probabilities."""
    cases = list(_large_scores(rng))
    for scores in cases:
        softmax(scores)
    for scores in cases:
        expect.close(softmax(scores), softmax_of(scores))


def _powers(scores: Array) -> Array:
    with np.errstate(over="ignore"):
        return np.asarray(np.exp(scores))


@softmax.misconception(
    "You take off the smallest score of each image. Where its scores lie far apart, the largest "
    "stays large, and its power becomes `inf`. Which number would make the largest power 1?"
)
def less_the_smallest(scores: Array) -> Array:
    powers = _powers(scores - scores.min(axis=-1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=-1, keepdims=True))


@softmax.misconception(
    "Your numbers are right as long as the scores are small. e¹⁰⁰⁰ is larger than any number the "
    "computer has: it becomes `inf`, and `inf / inf` is not a number. Which change to the scores "
    "leaves the probabilities as they are?"
)
def overflows(scores: Array) -> Array:
    powers = _powers(scores)
    with np.errstate(invalid="ignore"):
        return np.asarray(powers / powers.sum(axis=-1, keepdims=True))


@softmax.misconception(
    "You take one maximum off the whole batch. For an image whose scores are all far below it, "
    "every power becomes 0, and 0 / 0 is not a number. Whose maximum does each image need?"
)
def one_maximum_for_all(scores: Array) -> Array:
    powers = np.exp(scores - scores.max())
    with np.errstate(invalid="ignore"):
        return np.asarray(powers / powers.sum(axis=-1, keepdims=True))


@softmax.misconception(
    "You divide by one sum over the whole batch. Then the images share a single 1 between them; "
    "each image is a question of its own. Over which axis do its classes lie?"
)
def one_sum_for_all(scores: Array) -> Array:
    powers = _powers(scores - scores.max())
    return np.asarray(powers / powers.sum())


@softmax.misconception(
    "You sum over the first axis, so each class is shared out among the images of the batch. The "
    "classes of one image lie along the last axis, whatever comes before it."
)
def over_the_first_axis(scores: Array) -> Array:
    powers = _powers(scores - scores.max(axis=0))
    return np.asarray(powers / powers.sum(axis=0))


@softmax.misconception(
    "You sum over axis 1, which is the last one only in a batch of vectors. A single image's "
    "scores have no axis 1 at all. How does NumPy count axes from the end?"
)
def over_axis_one(scores: Array) -> Array:
    powers = _powers(scores - scores.max(axis=1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=1, keepdims=True))


@softmax.misconception(
    "Your sums lie along the wrong axis when you divide: (images, classes) / (images,) pairs the "
    "sums with the classes. With `keepdims=True` a sum keeps its axis, of length 1."
)
def axis_not_kept(scores: Array) -> Array:
    powers = _powers(scores)
    return np.asarray(powers / powers.sum(axis=-1))


@softmax.misconception(
    "You divide the scores themselves by their sum. Negative scores then give negative "
    "“probabilities”. What makes every number positive first, and keeps their order?"
)
def no_powers(scores: Array) -> Array:
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(scores / scores.sum(axis=-1, keepdims=True))


@softmax.misconception(
    "You turn each score into a number of its own with a sigmoid: yes or no, class by class. "
    "Softmax lets the classes compete: more for one of them means less for the others."
)
def a_sigmoid_for_each(scores: Array) -> Array:
    return np.asarray(1 / (1 + np.exp(-scores)))


@softmax.misconception(
    "You divide by the largest power instead of the sum. The winner then always has 1, however "
    "close the others come. What must the probabilities of one image add up to?"
)
def divided_by_the_largest(scores: Array) -> Array:
    return np.asarray(np.exp(scores - scores.max(axis=-1, keepdims=True)))


@softmax.misconception(
    "You give the winner 1 and everyone else 0. Softmax is softer: a score a little lower gets a "
    "little less, and that is what training can follow."
)
def winner_takes_all(scores: Array) -> Array:
    return np.asarray(np.eye(scores.shape[-1])[scores.argmax(axis=-1)])
