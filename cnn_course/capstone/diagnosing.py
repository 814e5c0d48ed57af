"""Diagnosing curves: underfitting, overfitting or a good fit, and what to try first."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from cnn_course.references import Rng
from grader import Exercise, expect

Function = Callable[..., Any]
Curve = list[float]

UNDER, OVER, GOOD = "underfitting", "overfitting", "good fit"
LARGER, MORE, LESS = "larger network", "more regularization", "less regularization"
LONGER, STEPS, NOTHING = "more epochs", "smaller learning rate", "nothing"

HIGH, WIDE, LAST = 0.7, 0.4, 3
"""The rule: the ends of the curves, means of three epochs, and where high and wide begin."""

TRUTH = {"a": OVER, "b": UNDER, "c": GOOD}
FIRST_AID = {"a": MORE, "b": LARGER, "c": NOTHING}

diagnose_curves = Exercise(
    "diagnose_curves",
    title="Three patients",
    names=("diagnose", "diagnoses", "first_aid"),
    functions=("diagnose",),
    hints=(
        (
            "The end of a curve is `np.mean(losses[-3:])`. Which of the two curves does the first "
            "line of the rule look at?"
        ),
        (
            "The rule is read from top to bottom, and the first line that holds decides: `if …: "
            "return …`, and so on. The last line needs no condition."
        ),
        (
            "`diagnoses`: let your function look at the three trainings. `first_aid`: which entry "
            "of the table would bring the two curves of this training closer to where they should "
            "be?"
        ),
    ),
)


def rule(losses: Curve, val_losses: Curve) -> str:
    """What the lesson's rule says of two curves."""
    training, validation = (sum(curve[-LAST:]) / LAST for curve in (losses, val_losses))
    table = {UNDER: training > HIGH, OVER: validation - training > WIDE, GOOD: True}
    return next(name for name, holds in table.items() if holds)


@diagnose_curves.check(points=3)
def follows_the_rule(diagnose: Function, rng: Rng) -> None:
    """`diagnose` says what the rule says of any two curves."""
    cases = [(losses, val_losses) for losses, val_losses in _patients(rng)]
    for losses, val_losses in cases:
        diagnose(list(losses), list(val_losses))  # together they tell which mistake it is
    for losses, val_losses in cases:
        expect.equal(diagnose(list(losses), list(val_losses)), rule(losses, val_losses))


@diagnose_curves.check(points=1)
def finds_what_ails_the_three(diagnoses: Any) -> None:
    """`diagnoses` says of each of the three trainings what it suffers from, if from anything."""
    _is_of_words(diagnoses, "diagnoses", (UNDER, OVER, GOOD))
    wrong = sorted(name for name, word in TRUTH.items() if diagnoses[name] != word)
    expect.that(
        not wrong,
        f"Look at training {' and '.join(map(repr, wrong))} again: where do its two curves end?",
    )


@diagnose_curves.check(points=1, after=finds_what_ails_the_three)
def knows_first_aid(first_aid: Any) -> None:
    """`first_aid` says what to try first: for the one that is well, nothing."""
    _is_of_words(first_aid, "first_aid", (LARGER, LONGER, MORE, LESS, STEPS, NOTHING))
    wrong = sorted(name for name, word in FIRST_AID.items() if first_aid[name] != word)
    expect.that(
        not wrong,
        f"For training {' and '.join(map(repr, wrong))} try something else first. Which entry of "
        f"the table works against what it suffers from?",
    )


def _is_of_words(received: Any, name: str, words: tuple[str, ...]) -> None:
    expect.that(
        isinstance(received, dict) and set(received) == set(TRUTH),
        f"`{name}` is a dict with the keys 'a', 'b' and 'c'.",
        received=received,
    )
    for key, word in sorted(received.items()):
        expect.that(
            isinstance(word, str) and word in words,
            f"`{name}[{key!r}]` should be one of {', '.join(map(repr, words))}.",
            received=word,
        )


def _curve(rng: Rng, epochs: int, end: Curve) -> Curve:
    """A curve over so many epochs that falls to its last three values, with a little noise."""
    falling = np.linspace(1.5, end[0], epochs - len(end) + 1)[:-1]
    noise = rng.uniform(-0.01, 0.01, size=len(falling))
    return [round(float(value), 3) for value in (*(falling + noise), *end)]


def _patients(rng: Rng) -> Iterator[tuple[Curve, Curve]]:
    """Curves on which every wrong rule is wrong somewhere, and no two of them agree."""

    def ends(around: float, *, last: float = 0.0) -> Curve:
        """Three values with this mean; the last one lies off by `last`."""
        small = float(rng.uniform(0.005, 0.02))
        drawn = (around - last / 2 + small, around - last / 2 - small, around + last)
        return [round(value, 3) for value in drawn]

    def pair(training: Curve, validation: Curve) -> tuple[Curve, Curve]:
        epochs = int(rng.integers(6, 9))
        return _curve(rng, epochs, training), _curve(rng, epochs, validation)

    def near(value: float) -> float:
        return float(value + rng.uniform(-0.03, 0.03))

    # A good fit; overfitting; underfitting with both curves together.
    yield pair(ends(near(0.15)), ends(near(0.25)))
    yield pair(ends(near(0.10)), ends(near(0.95)))
    yield pair(ends(near(1.20)), ends(near(1.25)))
    # Both hold: the training loss is high and the gap is wide. The first line decides.
    yield pair(ends(near(0.90)), ends(near(1.60)))
    # Training loss below the bound, validation loss above it, and the gap narrow: a good fit.
    yield pair(ends(near(0.55)), ends(near(0.82)))
    # The validation loss lies far below the training loss (dropout makes it so): a good fit.
    yield pair(ends(near(0.65)), ends(near(0.15)))
    # The last epoch is an outlier: alone it would say overfitting, then a good fit.
    yield pair(ends(near(0.20)), ends(near(0.45), last=0.30))
    yield pair(ends(near(0.12)), ends(near(0.64), last=-0.24))
    # A deep valley long ago, and a wide gap now: the smallest values are close together.
    losses, val_losses = pair(ends(near(0.15)), ends(near(0.80)))
    yield losses, [*val_losses[:-4], round(near(0.30), 3), *val_losses[-3:]]
    # Twice or three times the training loss, and still close to it: a good fit.
    yield pair(ends(near(0.06)), ends(near(0.22)))


def _ends(losses: Curve, val_losses: Curve) -> tuple[float, float]:
    return float(np.mean(losses[-LAST:])), float(np.mean(val_losses[-LAST:]))


def _says(training: float, validation: float) -> str:
    if training > HIGH:
        return UNDER
    return OVER if validation - training > WIDE else GOOD


@diagnose_curves.misconception(
    "You look for the gap first. A network that has not even learned the training images may have "
    "a wide gap as well, and regularizing it more would make it worse. Which line of the rule "
    "stands first?"
)
def gap_first() -> dict[str, Any]:
    def diagnose(losses: Curve, val_losses: Curve) -> str:
        training, validation = _ends(losses, val_losses)
        if validation - training > WIDE:
            return OVER
        return UNDER if training > HIGH else GOOD

    return {"diagnose": diagnose}


@diagnose_curves.misconception(
    "You judge by the last epoch alone. Curves jump from one epoch to the next by chance; the rule "
    "takes the mean of the last three."
)
def last_epoch_only() -> dict[str, Any]:
    return {"diagnose": lambda losses, val_losses: _says(losses[-1], val_losses[-1])}


@diagnose_curves.misconception(
    "You judge by the smallest value of each curve. That tells what was once possible, maybe long "
    "ago and in different epochs. Which network do you have now?"
)
def smallest_values() -> dict[str, Any]:
    return {"diagnose": lambda losses, val_losses: _says(min(losses), min(val_losses))}


@diagnose_curves.misconception(
    "You average over the whole training. In its first epochs every network is bad at everything; "
    "how it ends is the question."
)
def whole_curves() -> dict[str, Any]:
    def diagnose(losses: Curve, val_losses: Curve) -> str:
        return _says(float(np.mean(losses)), float(np.mean(val_losses)))

    return {"diagnose": diagnose}


@diagnose_curves.misconception(
    "You find underfitting by the validation loss. It may be high because of underfitting or of "
    "overfitting. Only one of the two curves tells whether the network has learned what it was "
    "shown."
)
def underfitting_by_validation() -> dict[str, Any]:
    def diagnose(losses: Curve, val_losses: Curve) -> str:
        training, validation = _ends(losses, val_losses)
        if validation > HIGH and validation - training <= WIDE:
            return UNDER
        return _says(training, validation)

    return {"diagnose": diagnose}


@diagnose_curves.misconception(
    "You look at the validation loss alone first, and call it underfitting wherever it is high. It "
    "is also high where a network has learned its images by heart. Which curve tells whether it "
    "has learned what it was shown?"
)
def validation_loss_first() -> dict[str, Any]:
    def diagnose(losses: Curve, val_losses: Curve) -> str:
        training, validation = _ends(losses, val_losses)
        if validation > HIGH:
            return UNDER
        return OVER if validation - training > WIDE else GOOD

    return {"diagnose": diagnose}


@diagnose_curves.misconception(
    "You take any distance between the curves for overfitting. A validation loss below the "
    "training loss is no illness: with dropout or augmentation it is usual. In which direction "
    "does the gap count?"
)
def distance_without_sign() -> dict[str, Any]:
    def diagnose(losses: Curve, val_losses: Curve) -> str:
        training, validation = _ends(losses, val_losses)
        return _says(training, training + abs(validation - training))

    return {"diagnose": diagnose}


@diagnose_curves.misconception(
    "Your gap has the opposite sign: training loss minus validation loss. A network that does "
    "worse on new images than on those it learned from has the larger loss there."
)
def sign_exchanged() -> dict[str, Any]:
    def diagnose(losses: Curve, val_losses: Curve) -> str:
        training, validation = _ends(losses, val_losses)
        return _says(training, 2 * training - validation)

    return {"diagnose": diagnose}


@diagnose_curves.misconception(
    "You divide one loss by the other. When both are small, a network may have three times the "
    "loss on new images and still be excellent. A gap is a difference."
)
def ratio_of_the_losses() -> dict[str, Any]:
    def diagnose(losses: Curve, val_losses: Curve) -> str:
        training, validation = _ends(losses, val_losses)
        if training > HIGH:
            return UNDER
        return OVER if validation > (1 + WIDE) * training else GOOD

    return {"diagnose": diagnose}


@diagnose_curves.misconception(
    "You mix up the two words. Underfitting: the network does not even do well on what it was "
    "shown. Overfitting: it does well there, and only there.",
    recognize=lambda diagnoses: diagnoses == {"a": UNDER, "b": OVER, "c": GOOD},
)
def words_exchanged() -> dict[str, Any]:
    return {"diagnoses": {"a": UNDER, "b": OVER, "c": GOOD}}


@diagnose_curves.misconception(
    "You call all three of them overfitting or underfitting. One is well: its two curves end low "
    "and close together. A small gap is no illness.",
    recognize=lambda diagnoses: diagnoses["c"] in (UNDER, OVER),
)
def nobody_is_well() -> dict[str, Any]:
    return {"diagnoses": {**TRUTH, "c": OVER}}


@diagnose_curves.misconception(
    "You would regularize a network that underfits. It already learns too little; holding it back "
    "even more makes both curves worse. What does it lack?",
    recognize=lambda diagnoses, first_aid: diagnoses == TRUTH and first_aid["b"] == MORE,
)
def regularizes_what_underfits() -> dict[str, Any]:
    return {"first_aid": {**FIRST_AID, "b": MORE}}


@diagnose_curves.misconception(
    "You would train training 'b' for longer. Its curves still fall, but how far did they come in "
    "the last five epochs? At that pace, and slowing down, when would they reach 0.7? The network "
    "has 60 parameters.",
    recognize=lambda diagnoses, first_aid: (
        diagnoses == TRUTH and first_aid["b"] == LONGER and first_aid["a"] == MORE
    ),
)
def waits_for_a_small_network() -> dict[str, Any]:
    return {"first_aid": {**FIRST_AID, "b": LONGER}}


@diagnose_curves.misconception(
    "You would give a network that overfits more room, or fewer restraints. Then it could learn "
    "even more by heart. Which curve should come down, and which may rise a little?",
    recognize=lambda diagnoses, first_aid: (
        diagnoses == TRUTH and first_aid["a"] in (LARGER, LONGER, LESS) and first_aid["b"] != MORE
    ),
)
def feeds_what_overfits() -> dict[str, Any]:
    return {"first_aid": {**FIRST_AID, "a": LARGER}}


@diagnose_curves.misconception(
    "You would take remedies away from a network that has none. The three were trained without any "
    "regularization but one. What else keeps a network from learning its training images?",
    recognize=lambda diagnoses, first_aid: (
        diagnoses == TRUTH and first_aid["b"] == LESS and first_aid["a"] == MORE
    ),
)
def takes_away_what_is_not_there() -> dict[str, Any]:
    return {"first_aid": {**FIRST_AID, "b": LESS}}


@diagnose_curves.misconception(
    "You treat the one that is well. It can perhaps be improved, but nothing in its curves asks "
    "for it.",
    recognize=lambda diagnoses, first_aid: (
        diagnoses == TRUTH
        and first_aid["c"] != NOTHING
        and first_aid["a"] == MORE
        and first_aid["b"] == LARGER
    ),
)
def treats_the_healthy() -> dict[str, Any]:
    return {"first_aid": {**FIRST_AID, "c": MORE}}
