"""Expectations on trained networks: a curve is believed only where it can be checked.

What a history claims can be invented; what a delivered model makes of data cannot. So the judge
computes loss and accuracy itself, and holds the claim against them at the one epoch whose weights
it has: the last, or the one that a callback restored. Nothing else of a curve is taken as proof.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from grader.crossing.networks import History
from grader.errors import Mismatch
from grader.judging.expect.calls import speaks_of_calls, speaks_of_first
from grader.judging.expect.models import compiled
from grader.judging.expect.values import Array
from grader.judging.format import format_value

# The judge's own loss equals the claimed one to 1.8e-7 (over 42 models, batch sizes, threads and
# backends); neighboring epochs that are closer than this are one pair in 1,400.
CLOSE = 1e-4


@dataclass(frozen=True)
class Curves:
    """What a student's training looked like, and where a curve should be.

    `curves` are values by epoch and by name. The region that is expected lies between `low` and
    `high`, where given, from the epoch `first` on. `marks` maps a text to an epoch.
    """

    curves: Mapping[str, tuple[float, ...]]
    ylabel: str = "loss"
    low: float | None = None
    high: float | None = None
    first: float = 0
    marks: Mapping[str, float] | None = None


@speaks_of_first
def curve(history: Any, name: str) -> Array:
    """The curve called `name` of what `fit` returned, (epochs,), all of it finite numbers."""
    if not isinstance(history, History):
        raise Mismatch(
            f"What `fit` returned is expected, a Keras History. Received: "
            f"{format_value(history).text}. Keep it whole: `history = model.fit(…)`."
        )
    values = history.history.get(name)
    if values is None:
        names = ", ".join(f"`{known}`" for known in history.history) or "no curves"
        raise Mismatch(
            f"The history should have the curve `{name}`. Received: {names}. Give `fit` "
            f"{'the validation data' if name.startswith('val') else 'that metric to watch'}."
        )
    array = np.asarray(values, dtype=np.float64)
    if len(array) != len(history.epoch) or not len(array):
        raise Mismatch(
            f"A history has one value for each epoch. Received: {len(array)} of `{name}` for "
            f"{len(history.epoch)} epochs. Keep what `fit` returned as it is."
        )
    if not np.isfinite(array).all():
        epoch = int(np.argmin(np.isfinite(array)))
        raise Mismatch(
            f"Training broke down: `{name}` is {array[epoch]} in epoch {epoch}. Try a smaller "
            f"learning rate.",
            received=tuple(array),
        )
    return array


def is_typed_by_hand(history: Any) -> bool:
    """Whether most losses of a curve have four decimals at most, as hardly any computed one has.

    `history` is what `fit` returned, or the dict in it. Losses of 0 say nothing: a network that
    knows everything has them, too.
    """
    curves = history.history if isinstance(history, History) else history
    losses = [np.asarray(curves.get(name, ()), np.float64) for name in ("loss", "val_loss")]
    told = [curve[curve != 0] for curve in losses]
    return any(len(curve) and np.mean(np.round(curve, 4) == curve) > 0.5 for curve in told)


@speaks_of_first
def loss_of(model: Any, images: Array, labels: Array, *, penalties: bool = True) -> float:
    """The loss that `model` is compiled with, on one batch, at inference, as `evaluate` gives it.

    `penalties` adds those of kernel regularizers, which Keras counts in `val_loss` too.
    """
    import keras

    compiled(model)
    outputs = model(images, training=False)
    loss = float(np.mean(np.asarray(keras.losses.get(model.loss)(labels, outputs), np.float64)))
    return loss + (float(sum(map(float, model.losses))) if penalties else 0.0)


@speaks_of_first
def accuracy_of(model: Any, images: Array, labels: Array) -> float:
    """The share of `images` (N, …) for which the largest output of `model` is that of the label."""
    outputs = np.asarray(model(images, training=False))
    return float(np.mean(outputs.argmax(axis=-1) == labels))


@speaks_of_first
def gap(model: Any, training: tuple[Array, Array], validation: tuple[Array, Array]) -> float:
    """How much larger the loss of `model` is on `validation` than on `training`, both evaluated.

    Not the history's training loss: dropout and augmentation make that one larger by up to 0.5.
    """
    return loss_of(model, *validation, penalties=False) - loss_of(model, *training, penalties=False)


@speaks_of_first
def belongs(
    model: Any, history: Any, images: Array, labels: Array, *, restored: bool = False
) -> float:
    """`history` is that of `model`, as far as it can be known; returns the loss on the images.

    `images` and `labels` are what `fit` validated with. The model's own loss is the `val_loss` of
    the last epoch, or, where weights were `restored`, the smallest.
    """
    claimed = curve(history, "val_loss")
    epoch = int(claimed.argmin()) if restored else len(claimed) - 1
    own = loss_of(model, images, labels)
    if abs(own - claimed[epoch]) <= CLOSE * max(1.0, abs(own)):
        return own
    elsewhere = np.flatnonzero(np.abs(claimed - own) <= CLOSE * max(1.0, abs(own)))
    where = "the best epoch" if restored else "the last epoch"
    if len(elsewhere):
        told = f"That is what the history says of epoch {int(elsewhere[0])}, not of {where}."
        told += "" if restored else " Hand in the model as `fit` left it."
    else:
        told = (
            "So this history is not that of this model on these validation images. Run the cell "
            "that builds, trains and keeps both again, from top to bottom."
        )
    raise Mismatch(
        f"In {where} ({epoch}) your history says val_loss {claimed[epoch]:.4f}, and your model has "
        f"{own:.4f} on the validation images. {told}",
        expected=own,
        received=float(claimed[epoch]),
        curves=Curves({"val_loss": tuple(claimed)}, marks={where: epoch}),
    )


@speaks_of_calls
def region(
    value: float,
    message: str,
    history: Any,
    names: tuple[str, ...] = ("loss", "val_loss"),
    *,
    below: float | None = None,
    above: float | None = None,
    ylabel: str = "loss",
    band: tuple[float | None, float | None] = (None, None),
) -> None:
    """`value`, which the judge computed, lies below or above a bound; shows the curves otherwise.

    `message` is what the student reads, with the `value`. `band` is where in the picture of the
    curves the expected region lies, from low to high.
    """
    curve(history, names[0])
    if (below is None or value < below) and (above is None or value > above):
        return
    bound = f"below {below:.2f}" if below is not None else f"above {above:.2f}"
    curves = {name: tuple(curve(history, name)) for name in names if name in history.history}
    raise Mismatch(
        f"{message} It should be {bound}. Received: {value:.2f}.",
        about=history,
        curves=Curves(curves, ylabel, *band, first=max(0, len(history.epoch) - 5)),
    )
