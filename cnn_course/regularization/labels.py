"""What a network learned by heart: wrong labels, which no image teaches."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from cnn_course.references import Array, Rng
from grader import Exercise, expect
from grader.authoring.telling_apart import ask_all, draw_apart, outcomes

Function = Callable[..., Any]
Labelled = tuple[Array, Array, Array]  # scores, labels, true labels

memorised = Exercise(
    "memorised",
    title="What was learned by heart?",
    functions=("memorised",),
    hints=(
        (
            "What the network predicts for an image is the index of its largest score: `np.argmax` "
            "along the axis of the ten scores."
        ),
        (
            "`labels != true_labels` is an array of True and False: which images carry a wrong "
            "label. In square brackets it picks just those."
        ),
        (
            "Of those images: for how many is the prediction the wrong label, the one that no "
            "image can teach? The mean of True and False is a share."
        ),
    ),
)


@memorised.check(points=1)
def is_a_share(memorised: Function, rng: Rng) -> None:
    """The answer is one number from 0 to 1."""
    for case in _labelled(rng):
        share = memorised(*case)
        expect.shape(share, ())
        expect.that(0 <= float(np.asarray(share)) <= 1, "A share lies from 0 to 1.", received=share)


@memorised.check(points=2, after=is_a_share)
def counts_wrong_labels_repeated(memorised: Function, rng: Rng) -> None:
    """Of the images with a wrong label, it is the share predicted as just that wrong label."""
    cases = list(_labelled(rng))
    ask_all(memorised, cases)
    for scores, labels, true_labels in cases:
        hits = misled = 0
        for row, given, true in zip(scores, labels, true_labels, strict=True):
            if given != true:
                misled += 1
                hits += sorted(range(len(row)), key=row.__getitem__)[-1] == given
        expect.close(memorised(scores, labels, true_labels), hits / misled)


def _labelled(rng: Rng) -> Iterator[Labelled]:
    """Scores, labels and true labels on which no two answers, right or wrong, are the same."""
    for count, classes in ((12, 4), (41, 10), (67, 10)):

        def draw(count: int = count, classes: int = classes) -> Labelled:
            true_labels = rng.integers(0, classes, count)
            wrong = rng.permutation(count) < count // 2
            labels = np.where(
                wrong, (true_labels + rng.integers(1, classes, count)) % classes, true_labels
            )
            scores = np.round(rng.normal(0, 1, (count, classes)), 1)
            told = np.where(rng.uniform(size=count) < 0.6, labels, true_labels)
            scores[np.arange(count), told] += rng.choice([0.0, 4.0], count, p=[0.4, 0.6])
            return scores, labels, true_labels

        yield draw_apart(
            draw,
            lambda case: outcomes([_share, *_WRONG_SHARES], [case]),
            where=_has_clear_winners,
            margin=0.004,
        )


def _has_clear_winners(case: Labelled) -> bool:
    ranked = np.sort(case[0], axis=1)
    return bool((ranked[:, -1] > ranked[:, -2]).all())


def _share(scores: Array, labels: Array, true_labels: Array) -> float:
    wrong = labels != true_labels
    return float(np.mean(scores.argmax(axis=1)[wrong] == labels[wrong]))


@memorised.misconception(
    "You divide by the number of all images. The question is about those with a wrong label: how "
    "many of them does the network repeat?"
)
def divided_by_all(scores: Array, labels: Array, true_labels: Array) -> Any:
    predicted = scores.argmax(axis=1)
    return np.mean((predicted == labels) & (labels != true_labels))


@memorised.misconception(
    "You count every image whose label the network repeats: that is its training accuracy. Where "
    "the label is right, it need not have learned it by heart. Which images tell?"
)
def all_images_counted(scores: Array, labels: Array, _true_labels: Array) -> Any:
    return np.mean(scores.argmax(axis=1) == labels)


@memorised.misconception(
    "You compare with the true labels. A network that sees what such an image really shows has "
    "not learned its wrong label by heart. Which label has it repeated if it has?"
)
def compared_with_the_truth(scores: Array, labels: Array, true_labels: Array) -> Any:
    wrong = labels != true_labels
    return np.mean(scores.argmax(axis=1)[wrong] == true_labels[wrong])


@memorised.misconception(
    "You count every prediction that is not the true label. It can also be a third digit, an "
    "honest mistake. Learned by heart is only the label that the image was given."
)
def any_mistake_counted(scores: Array, labels: Array, true_labels: Array) -> Any:
    wrong = labels != true_labels
    return np.mean(scores.argmax(axis=1)[wrong] != true_labels[wrong])


@memorised.misconception(
    "You count the images, and return how many. A share goes from 0 to 1: by which number do you "
    "divide?"
)
def number_instead_of_share(scores: Array, labels: Array, true_labels: Array) -> Any:
    wrong = labels != true_labels
    return np.sum(scores.argmax(axis=1)[wrong] == labels[wrong])


@memorised.misconception(
    "You divide by the number of repeated labels, wrong and right ones. The other way round: of "
    "the images with a wrong label, how many are repeated?"
)
def share_of_the_repeated(scores: Array, labels: Array, true_labels: Array) -> Any:
    repeated = scores.argmax(axis=1) == labels
    return np.mean((labels != true_labels)[repeated])


_WRONG_SHARES: tuple[Function, ...] = (
    divided_by_all.function,
    all_images_counted.function,
    compared_with_the_truth.function,
    any_mistake_counted.function,
    number_instead_of_share.function,
    share_of_the_repeated.function,
)
