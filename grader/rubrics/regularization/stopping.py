"""Early stopping by hand: when training ends, and which epoch is kept."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from grader import Exercise, expect
from grader.rubrics.oracles import Rng

Function = Callable[..., Any]
Losses = list[float]

early_stop_epoch = Exercise(
    "early_stop_epoch",
    title="When to stop, and what to keep",
    functions=("early_stop_epoch",),
    forbid=("keras", "tensorflow"),
    hints=(
        (
            "Go through the losses with `for epoch, loss in enumerate(val_losses)`. Two things "
            "have to be remembered on the way: the best loss so far, and its epoch."
        ),
        (
            "An epoch is better only if its loss is *less* than the best one minus `min_delta`. "
            "Then it becomes the new best; otherwise nothing is remembered of it."
        ),
        (
            "How many epochs have passed since the best one? `epoch - best`. What happens when "
            "that number reaches `patience`?"
        ),
        "If the loop ends without stopping, the last epoch is the last of the list.",
    ),
)


@early_stop_epoch.check(points=2)
def stops_after_its_patience(early_stop_epoch: Function, rng: Rng) -> None:
    """Without `min_delta`, it stops `patience` epochs after the best one, which it keeps."""
    _asks(early_stop_epoch, _curves(rng, with_delta=False))


@early_stop_epoch.check(points=2)
def asks_for_more_than_min_delta(early_stop_epoch: Function, rng: Rng) -> None:
    """An epoch is better only if its loss is less than the best one minus `min_delta`."""
    _asks(early_stop_epoch, _curves(rng, with_delta=True))


Case = tuple[Losses, int, float]


def _asks(early_stop_epoch: Function, cases: list[Case]) -> None:
    for losses, patience, min_delta in cases:
        early_stop_epoch(list(losses), patience, min_delta)  # all of them tell which mistake it is
    for losses, patience, min_delta in cases:
        answer = early_stop_epoch(list(losses), patience, min_delta)
        expect.equal(answer, _as_keras_does(losses, patience, min_delta))


def _as_keras_does(losses: Losses, patience: int, min_delta: float) -> tuple[int, int]:
    """What Keras's own callback does when it is told these losses, epoch by epoch."""
    from types import SimpleNamespace

    import keras

    stopper = keras.callbacks.EarlyStopping(
        monitor="val_loss", mode="min", patience=patience, min_delta=min_delta
    )
    trained = SimpleNamespace(stop_training=False)
    stopper.set_model(trained)
    stopper.on_train_begin()
    epoch = 0
    for epoch, loss in enumerate(losses):
        stopper.on_epoch_end(epoch, {"val_loss": loss})
        if trained.stop_training:
            break
    return epoch, int(stopper.best_epoch)


def _curves(rng: Rng, *, with_delta: bool) -> list[Case]:
    """Losses in multiples of 1/64, on which no two answers, right or wrong, are all the same.

    The first curve is short; the last one never stops.
    """
    deltas = (2 / 64, 4 / 64) if with_delta else (0.0, 0.0)
    names = _answers(with_delta=with_delta)
    while True:
        cases: list[Case] = []
        for epochs, min_delta in zip(
            (7, 12, 12, 14, 6), (*deltas, *deltas, deltas[0]), strict=True
        ):
            steps = rng.integers(-6, 6, size=epochs)
            if epochs > 6:
                steps[: epochs // 3] = -rng.integers(3, 9, size=epochs // 3)
                steps[rng.integers(2, epochs)] = 0
            else:
                steps = -rng.integers(6, 12, size=epochs)
            sixty_fourths = 110 + np.cumsum(steps)
            patience = int(rng.integers(2, 4))
            cases.append(((sixty_fourths / 64).tolist(), patience, min_delta))
        answers = [repr([answer(*case) for case in cases]) for answer in names]
        stops_early = _right(*cases[0])[0] < len(cases[0][0]) - 1
        if stops_early and len(set(answers)) == len(answers):
            return cases


def _walk(
    losses: Losses,
    patience: int,
    min_delta: float,
    *,
    equal_is_better: bool = False,
    against_the_last: bool = False,
    reset: bool = True,
) -> tuple[int, int]:
    """The epoch of the stop and the one that is kept, by rules that may be wrong."""
    best, kept, waited = losses[0], 0, 0
    for epoch, loss in enumerate(losses[1:], start=1):
        reference = losses[epoch - 1] if against_the_last else best
        is_better = loss < reference - min_delta or (equal_is_better and loss <= best - min_delta)
        if is_better:
            waited = 0 if reset else waited
        else:
            waited += 1
        if loss < best - min_delta or (equal_is_better and loss <= best - min_delta):
            best, kept = loss, epoch
        if waited >= patience:
            return epoch, kept
    return len(losses) - 1, kept


def _right(losses: Losses, patience: int, min_delta: float) -> tuple[int, int]:
    return _walk(losses, patience, min_delta)


def _answers(*, with_delta: bool) -> list[Function]:
    about_delta = (equal_is_better, min_delta_ignored, smallest_despite_min_delta)
    return [
        _right,
        *(
            misconception.function
            for misconception in early_stop_epoch.misconceptions
            if with_delta or misconception not in about_delta or misconception is equal_is_better
        ),
    ]


@early_stop_epoch.misconception(
    "You take an equal loss for a better one. Nothing has improved then, and a curve that stays "
    "level would never be stopped. Which comparison is asked for, with `min_delta` too?"
)
def equal_is_better(losses: Losses, patience: int, min_delta: float) -> Any:
    return _walk(losses, patience, min_delta, equal_is_better=True)


@early_stop_epoch.misconception(
    "You ignore `min_delta`. An improvement that is no larger than that counts as none: it neither "
    "becomes the new best nor ends the waiting."
)
def min_delta_ignored(losses: Losses, patience: int, _min_delta: float) -> Any:
    return _walk(losses, patience, 0.0)


@early_stop_epoch.misconception(
    "Your stop is right. But you keep the epoch with the smallest loss, and it was better by so "
    "little that, by `min_delta`, it did not count. Which epoch was the best when you stopped?"
)
def smallest_despite_min_delta(losses: Losses, patience: int, min_delta: float) -> Any:
    stop, _ = _walk(losses, patience, min_delta)
    return stop, int(np.argmin(losses[: stop + 1]))


@early_stop_epoch.misconception(
    "You stop one epoch late. When `patience` epochs in a row were not better, the last of them is "
    "the last that is trained. Best in epoch 4, patience 2: which is the last?"
)
def one_late(losses: Losses, patience: int, min_delta: float) -> Any:
    return _walk(losses, patience + 1, min_delta)


@early_stop_epoch.misconception(
    "You stop one epoch early. `patience` epochs in a row may fail to be better before training "
    "ends. Best in epoch 4, patience 2: which two are waited for?"
)
def one_early(losses: Losses, patience: int, min_delta: float) -> Any:
    return _walk(losses, patience - 1, min_delta)


@early_stop_epoch.misconception(
    "You keep the last epoch that was trained. By then the network has had `patience` epochs to "
    "get worse. Which epoch is worth keeping?"
)
def last_is_kept(losses: Losses, patience: int, min_delta: float) -> Any:
    stop, _ = _walk(losses, patience, min_delta)
    return stop, stop


@early_stop_epoch.misconception(
    "You compare every epoch with the one before it. A curve that goes up by leaps and down by "
    "small steps gets worse and worse, and would seem to improve. Compare with the best so far."
)
def against_the_epoch_before(losses: Losses, patience: int, min_delta: float) -> Any:
    return _walk(losses, patience, min_delta, against_the_last=True)


@early_stop_epoch.misconception(
    "You never begin to count anew. Patience is about epochs *in a row*: what happens to the count "
    "when an epoch is better than all before?"
)
def never_counts_anew(losses: Losses, patience: int, min_delta: float) -> Any:
    return _walk(losses, patience, min_delta, reset=False)


@early_stop_epoch.misconception(
    "You look through the whole list for the smallest loss. When training stops, the epochs after "
    "it have not happened: nobody knows that it would have become better. What is known by then?"
)
def looks_into_the_future(losses: Losses, patience: int, _min_delta: float) -> Any:
    best = int(np.argmin(losses))
    return min(best + patience, len(losses) - 1), best


@early_stop_epoch.misconception(
    "You count epochs from 1. Here, as in a list and as in Keras, the first epoch has the number 0."
)
def counts_from_one(losses: Losses, patience: int, min_delta: float) -> Any:
    stop, kept = _walk(losses, patience, min_delta)
    return stop + 1, kept + 1


@early_stop_epoch.misconception(
    "You return the two epochs in the wrong order. First comes the last epoch that is trained, "
    "then the one whose weights are kept."
)
def order_exchanged(losses: Losses, patience: int, min_delta: float) -> Any:
    return _walk(losses, patience, min_delta)[::-1]
