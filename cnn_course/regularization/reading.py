"""Reading curves: the best epoch, the gap, and whether it is overfitting."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from cnn_course.references import Rng
from grader import Exercise, expect
from grader.authoring.telling_apart import draw_apart, outcomes
from grader.errors import Mismatch, Raised

Function = Callable[..., Any]
Curve = list[float]

read_the_curve = Exercise(
    "read_the_curve",
    title="Read the curves",
    names=("best_epoch", "gap_at_the_end", "is_overfitting"),
    hints=(
        (
            "`best_epoch`: the smallest number of a list is easy to find. Which one was it? "
            "`np.argmin` tells, and so does the method `index` of a list."
        ),
        (
            "`gap_at_the_end`: the last number of a list is `losses[-1]`. In which order do you "
            "subtract so that the gap of a network that does worse on new images is positive?"
        ),
        (
            "`is_overfitting`: two statements must both hold. Write each as a comparison, and join "
            "them with `and`. Your `best_epoch` tells from where to look."
        ),
    ),
)

RISE = 1.1
"""By how much the validation loss has risen at least where the exercise speaks of overfitting."""


@read_the_curve.check(points=1)
def finds_the_best_epoch(best_epoch: Function, rng: Rng) -> None:
    """`best_epoch` is the epoch, counted from 0, with the smallest validation loss."""
    cases = [_valley(rng, epochs, best) for epochs, best in ((5, 2), (8, 3), (6, 5), (7, 0))]
    cases[1][5] = cases[1][3]  # two epochs are the best: the first counts
    for curve in cases[:2]:
        best_epoch(list(curve))  # two answers tell which mistake it is; one may be chance
    for curve in cases:
        lowest = sorted(range(len(curve)), key=curve.__getitem__)[0]
        expect.equal(best_epoch(list(curve)), lowest)


@read_the_curve.check(points=1)
def subtracts_at_the_last_epoch(gap_at_the_end: Function, rng: Rng) -> None:
    """The gap is the last validation loss minus the last training loss; it may be negative."""
    cases = list(_pairs(rng))
    for losses, val_losses in cases:
        gap_at_the_end(list(losses), list(val_losses))
    for losses, val_losses in cases:
        expected = -np.subtract(losses, val_losses)[len(losses) - 1]
        expect.close(gap_at_the_end(list(losses), list(val_losses)), float(expected))


@read_the_curve.check(points=2)
def knows_overfitting(is_overfitting: Function, best_epoch: Function, rng: Rng) -> None:
    """It is overfitting if the validation loss rose by more than 10 % while training went on."""
    cases = list(_situations(rng))
    try:
        for losses, val_losses, _ in cases:
            is_overfitting(list(losses), list(val_losses))
    except Raised:
        wrong = [curve for _, curve, _ in cases if not _finds_the_best(best_epoch, curve)]
        expect.that(
            not wrong,
            "`is_overfitting` could not be asked: it raises an error, and your `best_epoch`, "
            "which it may call, is not right yet. Fix that one first.",
        )
        raise
    for losses, val_losses, expected in cases:
        expect.equal(is_overfitting(list(losses), list(val_losses)), expected)


def _finds_the_best(best_epoch: Function, curve: Curve) -> bool:
    try:
        expect.equal(best_epoch(list(curve)), curve.index(min(curve)))
    except (Mismatch, Raised):
        return False
    return True


def _valley(rng: Rng, epochs: int, best: int) -> Curve:
    """Validation losses that fall to epoch `best` and rise after it; no two are the same."""
    steps = rng.permutation(np.arange(1, epochs + 1)) / 50
    depth = np.where(np.arange(epochs) <= best, 1.0, 0.6)
    curve = 0.5 + np.abs(np.arange(epochs) - best) * 0.15 * depth + steps / 10
    curve[best] = 0.4
    return [round(float(value), 3) for value in curve]


def _pairs(rng: Rng) -> Iterator[tuple[Curve, Curve]]:
    """Curves of both kinds, the second pair with a negative gap at its end."""
    wrong = [answer for answer in _WRONG_GAPS if answer is not absolute]
    for case, epochs in enumerate((3, 4, 6)):

        def draw(epochs: int = epochs) -> tuple[Curve, Curve]:
            losses = np.round(np.sort(rng.uniform(0.1, 2.0, epochs))[::-1], 2).tolist()
            return losses, np.round(rng.uniform(0.3, 2.2, epochs), 2).tolist()

        def opens(curves: tuple[Curve, Curve], sign: int = -1 if case == 1 else 1) -> bool:
            return sign * _gap(*curves) > 0.05

        yield draw_apart(
            draw, lambda curves: outcomes([_gap, *wrong], [curves]), where=opens, margin=0.02
        )


def _gap(losses: Curve, val_losses: Curve) -> float:
    return val_losses[-1] - losses[-1]


def _situations(rng: Rng) -> Iterator[tuple[Curve, Curve, bool]]:
    """Curves on which every wrong rule is wrong somewhere, and no two of them agree."""

    def curve(*values: float) -> Curve:
        return [round(float(value * scale), 3) for value in values]

    scale = rng.uniform(0.9, 1.1)
    # It falls and turns up, above where it began.
    yield curve(1.5, 0.9, 0.5, 0.2, 0.1), curve(1.2, 0.8, 0.9, 1.2, 1.5), True
    scale = rng.uniform(0.9, 1.1)
    # Both fall together, and it does better on new images.
    yield curve(1.6, 1.0, 0.7, 0.65, 0.6), curve(1.2, 0.8, 0.6, 0.5, 0.45), False
    scale = rng.uniform(0.9, 1.1)
    # A wide gap, and still it gets better on new images.
    yield curve(1.2, 0.6, 0.3, 0.2, 0.1), curve(1.9, 1.6, 1.4, 1.3, 1.2), False
    scale = rng.uniform(0.9, 1.1)
    # Training breaks down: both rise.
    yield curve(1.5, 0.8, 0.9, 1.6, 2.1), curve(1.6, 0.9, 1.1, 1.7, 2.3), False
    scale = rng.uniform(0.9, 1.1)
    # A rise of 5 %, which may be chance; the last epoch is a little better than the one before.
    yield curve(1.4, 0.7, 0.5, 0.4, 0.3), curve(1.5, 0.9, 0.8, 0.86, 0.84), False
    scale = rng.uniform(0.9, 1.1)
    # It has turned up, though not as high as it began, and a little less in the last epoch.
    yield curve(1.8, 0.6, 0.3, 0.1, 0.05), curve(1.9, 0.7, 0.9, 1.3, 1.2), True
    scale = rng.uniform(0.9, 1.1)
    # Small losses, small numbers: 0.2 to 0.26 is a rise of 30 %.
    yield curve(0.9, 0.4, 0.2, 0.1, 0.05), curve(0.7, 0.3, 0.2, 0.23, 0.26), True
    scale = rng.uniform(0.9, 1.1)
    # A rise in the last epoch only, of 4 %.
    yield curve(1.1, 0.8, 0.6, 0.5, 0.45), curve(1.2, 0.9, 0.8, 0.75, 0.78), False
    scale = rng.uniform(0.9, 1.1)
    # A rise of 10.5 % of the smallest value, which is 9.5 % of the last one.
    yield curve(1.3, 0.7, 0.5, 0.4, 0.3), curve(1.4, 0.9, 0.8, 0.85, 0.884), True
    scale = rng.uniform(0.9, 1.1)
    # Both rise from the best epoch on, and training still ends below where it began.
    yield curve(1.5, 0.6, 0.5, 0.7, 0.9), curve(1.6, 0.9, 0.8, 1.1, 1.3), False
    scale = rng.uniform(0.9, 1.1)
    # It rises after the best epoch, and comes down again nearly as far.
    yield curve(1.4, 0.7, 0.5, 0.3, 0.2), curve(1.5, 0.8, 1.0, 0.95, 0.83), False
    scale = rng.uniform(0.9, 1.1)
    # The training loss falls after the best epoch, and ends higher.
    yield curve(1.4, 0.8, 0.5, 0.3, 0.6), curve(1.5, 1.0, 0.7, 0.9, 1.1), False


@read_the_curve.misconception(
    "You take the last epoch for the best. Training goes on as long as it was told to, and the "
    "validation loss may have turned up long before. Where is it smallest?"
)
def last_for_best() -> dict[str, Any]:
    return {"best_epoch": lambda val_losses: len(val_losses) - 1}


@read_the_curve.misconception(
    "You look for the largest value, as for an accuracy. A loss says how wrong the network is: "
    "which epoch has the best one?"
)
def accuracy_read_as_loss() -> dict[str, Any]:
    return {"best_epoch": lambda val_losses: int(np.argmax(val_losses))}


@read_the_curve.misconception(
    "You count epochs from 1. The first number of a list has the index 0, and here the first epoch "
    "has the same number."
)
def counts_from_one() -> dict[str, Any]:
    return {"best_epoch": lambda val_losses: int(np.argmin(val_losses)) + 1}


@read_the_curve.misconception(
    "Where several epochs have the smallest validation loss, you take the last of them. The first "
    "one was as good, and cheaper. Do you compare with `<` or with `<=`?"
)
def last_of_the_best() -> dict[str, Any]:
    return {"best_epoch": lambda losses: len(losses) - 1 - int(np.argmin(losses[::-1]))}


@read_the_curve.misconception(
    "You return the smallest validation loss itself. Asked is when it was: in which epoch?"
)
def loss_instead_of_epoch() -> dict[str, Any]:
    return {"best_epoch": min}


@read_the_curve.misconception(
    "Your gap has the opposite sign. A network that does worse on new images than on those it "
    "learned from has the larger loss there, and a positive gap. What is subtracted from what?"
)
def sign_exchanged() -> dict[str, Any]:
    return {"gap_at_the_end": lambda losses, val_losses: losses[-1] - val_losses[-1]}


@read_the_curve.misconception(
    "You drop the sign of the gap. A negative one says something, too: the network does better "
    "on the validation images. With dropout that will happen before your eyes."
)
def absolute_gap() -> dict[str, Any]:
    return {"gap_at_the_end": absolute}


@read_the_curve.misconception(
    "You measure the gap in the best epoch. Asked is the gap of the network that you have when "
    "training is over. Which numbers of the two lists belong to it?"
)
def gap_at_the_best() -> dict[str, Any]:
    return {"gap_at_the_end": at_the_best}


@read_the_curve.misconception(
    "You average the gap over all epochs. The network that you have in the end is that of the last "
    "epoch only."
)
def average_gap() -> dict[str, Any]:
    return {"gap_at_the_end": average}


@read_the_curve.misconception(
    "You compare the smallest loss of each curve. They come from different epochs, so from "
    "different networks: no network ever had this gap. Take both numbers from the last epoch."
)
def gap_of_the_smallest() -> dict[str, Any]:
    return {"gap_at_the_end": of_the_smallest}


@read_the_curve.misconception(
    "You divide one loss by the other. A gap is a distance: how much larger is the one than the "
    "other?"
)
def ratio_of_the_losses() -> dict[str, Any]:
    return {"gap_at_the_end": ratio}


def absolute(losses: Curve, val_losses: Curve) -> float:
    """The gap without its sign."""
    return abs(losses[-1] - val_losses[-1])


def at_the_best(losses: Curve, val_losses: Curve) -> float:
    """The gap in the best epoch."""
    best = int(np.argmin(val_losses))
    return val_losses[best] - losses[best]


def average(losses: Curve, val_losses: Curve) -> float:
    """The mean gap."""
    return float(np.mean(np.subtract(val_losses, losses)))


def of_the_smallest(losses: Curve, val_losses: Curve) -> float:
    """The gap between two epochs."""
    return min(val_losses) - min(losses)


def ratio(losses: Curve, val_losses: Curve) -> float:
    """How many times larger one is."""
    return val_losses[-1] / losses[-1]


_WRONG_GAPS: tuple[Function, ...] = (
    lambda losses, val_losses: losses[-1] - val_losses[-1],
    absolute,
    at_the_best,
    average,
    of_the_smallest,
    ratio,
)


@read_the_curve.misconception(
    "You call every gap overfitting. Nearly every network does a little better on what it learned "
    "from, and may still be improving on new images. Does its validation loss rise?"
)
def every_gap_overfits() -> dict[str, Any]:
    return {"is_overfitting": lambda losses, val_losses: val_losses[-1] > losses[-1]}


@read_the_curve.misconception(
    "You forget the training loss. Where both losses rise, the network does not learn the training "
    "images by heart: it learns nothing any more (the steps of its training are too long)."
)
def training_loss_forgotten() -> dict[str, Any]:
    return {"is_overfitting": lambda _, val_losses: val_losses[-1] > RISE * min(val_losses)}


@read_the_curve.misconception(
    "You count any rise, however small. Losses go up and down a little from epoch to epoch by "
    "chance. How much does the rule ask for?"
)
def any_rise_counts() -> dict[str, Any]:
    def is_overfitting(losses: Curve, val_losses: Curve) -> bool:
        best = int(np.argmin(val_losses))
        return val_losses[-1] > val_losses[best] and losses[-1] < losses[best]

    return {"is_overfitting": is_overfitting}


@read_the_curve.misconception(
    "You compare the last epoch with the one before it. One step says little: a curve that has "
    "long turned up may go down for an epoch. From which epoch on does the rule measure?"
)
def against_the_epoch_before() -> dict[str, Any]:
    def is_overfitting(losses: Curve, val_losses: Curve) -> bool:
        return val_losses[-1] > val_losses[-2] and losses[-1] < losses[-2]

    return {"is_overfitting": is_overfitting}


@read_the_curve.misconception(
    "You compare with the first epoch. There the network knew nothing yet; a curve can fall far, "
    "turn up and still end below where it began. From which epoch on does the rule measure?"
)
def against_the_first_epoch() -> dict[str, Any]:
    def is_overfitting(losses: Curve, val_losses: Curve) -> bool:
        return val_losses[-1] > RISE * val_losses[0] and losses[-1] < losses[0]

    return {"is_overfitting": is_overfitting}


@read_the_curve.misconception(
    "You ask for a rise of 0.1. The rule asks for a tenth of the smallest validation loss: "
    "for a loss of 0.2, a rise by 0.06 is much."
)
def a_tenth_of_one() -> dict[str, Any]:
    def is_overfitting(losses: Curve, val_losses: Curve) -> bool:
        best = int(np.argmin(val_losses))
        return val_losses[-1] > val_losses[best] + 0.1 and losses[-1] < losses[best]

    return {"is_overfitting": is_overfitting}


@read_the_curve.misconception(
    "You measure the rise as a share of the last validation loss. The rule speaks of 10 % of the "
    "smallest one: from 1.00 to 1.10 is 10 % of the one, and how much of the other?"
)
def a_tenth_of_the_last() -> dict[str, Any]:
    def is_overfitting(losses: Curve, val_losses: Curve) -> bool:
        best = int(np.argmin(val_losses))
        rise = val_losses[-1] - val_losses[best]
        return rise > 0.1 * val_losses[-1] and losses[-1] < losses[best]

    return {"is_overfitting": is_overfitting}


@read_the_curve.misconception(
    "For the training loss you compare with the first epoch. Nearly every training ends below "
    "where it began, also one that has broken down. From which epoch on does the rule measure?"
)
def training_since_the_first_epoch() -> dict[str, Any]:
    def is_overfitting(losses: Curve, val_losses: Curve) -> bool:
        return val_losses[-1] > RISE * min(val_losses) and losses[-1] < losses[0]

    return {"is_overfitting": is_overfitting}


@read_the_curve.misconception(
    "You look for the highest validation loss after the best epoch. If the curve comes down again, "
    "the network that you have in the end is fine. Which epoch does the rule compare?"
)
def highest_after_the_best() -> dict[str, Any]:
    def is_overfitting(losses: Curve, val_losses: Curve) -> bool:
        best = int(np.argmin(val_losses))
        return max(val_losses[best:]) > RISE * val_losses[best] and losses[-1] < losses[best]

    return {"is_overfitting": is_overfitting}


@read_the_curve.misconception(
    "You look for the smallest training loss after the best epoch. Where training has broken down "
    "since, that epoch is past. Which epoch does the rule compare with the best one?"
)
def smallest_training_loss() -> dict[str, Any]:
    def is_overfitting(losses: Curve, val_losses: Curve) -> bool:
        best = int(np.argmin(val_losses))
        return val_losses[-1] > RISE * val_losses[best] and min(losses[best:]) < losses[best]

    return {"is_overfitting": is_overfitting}


@read_the_curve.misconception(
    "For you one of the two is enough. A training loss that falls is what training is for, and "
    "when both rise it has broken down. Must one of the two hold, or both?"
)
def one_is_enough() -> dict[str, Any]:
    def is_overfitting(losses: Curve, val_losses: Curve) -> bool:
        best = int(np.argmin(val_losses))
        return val_losses[-1] > RISE * val_losses[best] or losses[-1] < losses[best]

    return {"is_overfitting": is_overfitting}
