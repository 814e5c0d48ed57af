"""Early stopping by hand: when training ends, and which epoch is kept."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from cnn_course.references import Rng
from grader import Exercise, expect

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
            "An epoch is better only if its loss is less than the best one minus `min_delta`. "
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
                steps[-1] = -1  # the smallest loss, though not a better one by `min_delta`
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


def _walk_by(
    is_better: Callable[[float, float, float], bool], losses: Losses, patience: int
) -> tuple[int, int]:
    """The two epochs where `is_better` says it of a loss, the best so far and the one before."""
    kept = 0
    for epoch, loss in enumerate(losses[1:], start=1):
        if is_better(loss, losses[kept], losses[epoch - 1]):
            kept = epoch
        elif epoch - kept >= patience:
            return epoch, kept
    return len(losses) - 1, kept


def _right(losses: Losses, patience: int, min_delta: float) -> tuple[int, int]:
    return _walk(losses, patience, min_delta)


def _answers(*, with_delta: bool) -> list[Function]:
    """All answers, or those that differ where `min_delta` is 0."""
    about_delta = (
        min_delta_ignored,
        smallest_despite_min_delta,
        added_min_delta,
        relative_min_delta,
        smallest_at_the_end,
        smallest_of_the_list,
    )
    return [
        _right,
        *(
            misconception.function
            for misconception in early_stop_epoch.misconceptions
            if with_delta or misconception not in about_delta
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
    "You add `min_delta` where it is to be subtracted: even an epoch that is a little worse "
    "than the best one counts as better for you. How far below the best must a better loss lie?"
)
def added_min_delta(losses: Losses, patience: int, min_delta: float) -> Any:
    return _walk_by(lambda loss, best, _: loss < best + min_delta, losses, patience)


@early_stop_epoch.misconception(
    "You take `min_delta` for a share of the best loss, `best · (1 − min_delta)`. It is a "
    "distance, the same for large and small losses. What is subtracted from the best loss?"
)
def relative_min_delta(losses: Losses, patience: int, min_delta: float) -> Any:
    return _walk_by(lambda loss, best, _: loss < best * (1 - min_delta), losses, patience)


@early_stop_epoch.misconception(
    "Where the list ends before the patience does, you keep the epoch with the smallest loss. It "
    "was smaller by so little that, by `min_delta`, it did not count. You remember the best epoch "
    "already: why look for it anew?"
)
def smallest_at_the_end(losses: Losses, patience: int, min_delta: float) -> Any:
    stop, kept = _walk(losses, patience, min_delta)
    runs_out = stop - kept < patience
    return stop, int(np.argmin(losses)) if runs_out else kept


@early_stop_epoch.misconception(
    "Your stop is right. But for the epoch to keep you look through the whole list, also through "
    "what comes after the stop: those epochs were never trained. Which was the best one by then?"
)
def smallest_of_all(losses: Losses, patience: int, min_delta: float) -> Any:
    stop, kept = _walk(losses, patience, min_delta)
    runs_out = stop - kept < patience
    return stop, kept if runs_out else int(np.argmin(losses))


@early_stop_epoch.misconception(
    "Your stop is right. But you keep the smallest loss of the whole list. What comes after the "
    "stop was never trained, and what is smaller by no more than `min_delta` does not count. Which "
    "epoch was the best one by then?"
)
def smallest_of_the_list(losses: Losses, patience: int, min_delta: float) -> Any:
    return _walk(losses, patience, min_delta)[0], int(np.argmin(losses))


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
    "You compare every epoch with the one before it, and keep the last that was better than its "
    "predecessor. After a leap up, a small step down is no improvement. Which loss, and which "
    "epoch, have to be remembered?"
)
def best_since_the_epoch_before(losses: Losses, patience: int, min_delta: float) -> Any:
    return _walk_by(lambda loss, _, before: loss < before - min_delta, losses, patience)


@early_stop_epoch.misconception(
    "You never begin to count anew. Patience is about epochs in a row: what happens to the count "
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
    "Where you stop, you count epochs from 1. The first number of the list has the index 0, and "
    "here the first epoch has the same number."
)
def counts_from_one_at_the_stop(losses: Losses, patience: int, min_delta: float) -> Any:
    stop, kept = _walk(losses, patience, min_delta)
    return (stop + 1, kept + 1) if stop - kept >= patience else (stop, kept)


@early_stop_epoch.misconception(
    "You return the two epochs in the wrong order. First comes the last epoch that is trained, "
    "then the one whose weights are kept."
)
def order_exchanged(losses: Losses, patience: int, min_delta: float) -> Any:
    return _walk(losses, patience, min_delta)[::-1]
