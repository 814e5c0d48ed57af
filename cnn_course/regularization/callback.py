"""Early stopping as a Keras callback: its settings, its training, and the weights it restored."""

from __future__ import annotations

from typing import Any

import numpy as np

from cnn_course.regularization.mistakes import history_of, network, overfitted, typed_history
from cnn_course.regularization.references import (
    EPOCHS,
    PATIENCE,
    belongs,
    honest_history,
    is_of_another,
    is_reader,
    is_typed_by_hand,
)
from grader import Exercise, expect
from grader.crossing.networks import Callback, History

with_early_stopping = Exercise(
    "with_early_stopping",
    title="Let Keras stop",
    names=("early_stopping", "stopped_model", "stopped_history"),
    functions=(),
    slow=True,  # some of its mistakes are trained networks
    hints=(
        (
            "`keras.callbacks.EarlyStopping(…)` has an argument for what it watches, one for its "
            "patience, and one for what becomes of the weights in the end."
        ),
        (
            "Which weights does the model have when training stops? Those of the last epoch, "
            "unless `restore_best_weights` says otherwise."
        ),
        "Making a callback does nothing yet: `fit` has to know it. Its third argument is a list.",
    ),
)


def _settings(callback: Any) -> dict[str, Any]:
    """The public attributes of an EarlyStopping."""
    is_one = isinstance(callback, Callback) and callback.name == "EarlyStopping"
    expect.that(
        is_one,
        "`early_stopping` should be a `keras.callbacks.EarlyStopping(…)`.",
        received=callback.name if isinstance(callback, Callback) else callback,
    )
    return dict(callback.attributes)


@with_early_stopping.check(points=1)
def watches_the_validation_loss(early_stopping: Any) -> None:
    """The callback watches `val_loss`, has a patience of 3 and restores the best weights."""
    settings = _settings(early_stopping)
    expect.that(
        settings.get("monitor") == "val_loss" and settings.get("mode") in ("auto", "min"),
        f"It should watch the smallest `val_loss`. Received: monitor={settings.get('monitor')!r}, "
        f"mode={settings.get('mode')!r}.",
    )
    expect.that(
        settings.get("patience") == PATIENCE,
        f"Its patience should be {PATIENCE}. Received: {settings.get('patience')!r}.",
    )
    expect.that(
        settings.get("restore_best_weights") is True,
        "When it has stopped, the model should get back the weights of the best epoch. Received: "
        f"restore_best_weights={settings.get('restore_best_weights')!r}.",
    )


@with_early_stopping.check(points=1)
def was_there_in_training(early_stopping: Any, stopped_history: Any) -> None:
    """The callback went along in `fit`: its best epoch is that of the history."""
    settings = _settings(early_stopping)
    curve = expect.training.curve(stopped_history, "val_loss")
    expect.that(
        settings.get("best") is not None,
        "The callback has seen no epoch: it was made, but `fit` did not get it.",
    )
    if settings.get("monitor") == "val_loss":  # otherwise another check has told already
        expect.that(
            settings.get("best_epoch") == int(curve.argmin())
            and abs(float(settings["best"]) - float(curve.min())) < 1e-6,
            f"The best epoch of the callback is {settings.get('best_epoch')}, with "
            f"{float(settings['best']):.4f}, and that of the history is {int(curve.argmin())}, "
            f"with {curve.min():.4f}. They do not come from the same training.",
        )


@with_early_stopping.check(points=1, after=watches_the_validation_loss)
def stopped_in_time(stopped_history: Any) -> None:
    """Training ended before 25 epochs were over, 3 epochs after the best one."""
    curve = expect.training.curve(stopped_history, "val_loss")
    epochs, best = len(curve), int(curve.argmin())
    expect.that(
        epochs < EPOCHS,
        f"Training was to stop early. Received: {epochs} epochs, the best one was {best}.",
        received=tuple(curve),
    )
    expect.that(
        epochs - 1 - best == PATIENCE,
        f"The best epoch is {best}, and the last one {epochs - 1}: {epochs - 1 - best} later, and "
        f"not {PATIENCE}.",
    )


@with_early_stopping.check(points=2)
def has_the_best_weights(stopped_model: Any, stopped_history: Any) -> None:
    """The model has the weights of the best epoch, and the history is its own."""
    is_reader(stopped_model)
    honest_history(stopped_model, stopped_history, restored=True)


def _known(callback: Any, **settings: Any) -> bool:
    """Whether the callback has these attributes."""
    return callback.name == "EarlyStopping" and all(
        callback.attributes.get(name) == value for name, value in settings.items()
    )


def _callback(history: History | None = None, **settings: Any) -> Callback:
    """An EarlyStopping as it is after the training that a history tells of, or before any."""
    attributes: dict[str, Any] = {
        "monitor": "val_loss",
        "mode": "auto",
        "patience": PATIENCE,
        "min_delta": 0,
        "restore_best_weights": True,
        "best": None,
        "best_epoch": 0,
        **settings,
    }
    if history is not None:
        watched = np.asarray(history.history[attributes["monitor"]])
        attributes |= {"best": float(watched.min()), "best_epoch": int(watched.argmin())}
    return Callback("EarlyStopping", attributes)


def _as_asked(callback: Any) -> bool:
    return _known(
        callback, monitor="val_loss", patience=PATIENCE, restore_best_weights=True
    ) and callback.attributes.get("mode") in ("auto", "min")


@with_early_stopping.misconception(
    "These losses were typed in: most have at most four decimals. A history is what `fit` "
    "returned, untouched.",
    recognize=lambda stopped_history: is_typed_by_hand(stopped_history),
)
def typed_in_by_hand() -> dict[str, Any]:
    return {"stopped_history": typed_history(9, 5)}


@with_early_stopping.misconception(
    "Your callback watches the training loss. That one falls as long as the network learns by "
    "heart, so it never gives a reason to stop. Which loss turns up?",
    recognize=lambda early_stopping: _known(early_stopping, monitor="loss"),
)
def watches_the_training_loss() -> dict[str, Any]:
    model = network()
    history = history_of(model, EPOCHS)
    return {
        "early_stopping": _callback(history, monitor="loss"),
        "stopped_model": model,
        "stopped_history": history,
    }


@with_early_stopping.misconception(
    "Your callback watches an accuracy. It moves in steps of one image, and stays the same while "
    "the network gets more and more certain of its mistakes. Which curve shows that?",
    recognize=lambda early_stopping: "accuracy" in str(early_stopping.attributes["monitor"]),
)
def watches_the_accuracy() -> dict[str, Any]:
    model = network()
    history = history_of(model, 9, best=5)
    return {
        "early_stopping": _callback(monitor="val_accuracy", best=0.8, best_epoch=5),
        "stopped_model": model,
        "stopped_history": history,
    }


@with_early_stopping.misconception(
    'Your callback looks for the largest validation loss (`mode="max"`), so the first epoch is '
    "the best one for it. That is right for an accuracy. Which way should a loss go?",
    recognize=lambda early_stopping: _known(early_stopping, monitor="val_loss", mode="max"),
)
def largest_loss() -> dict[str, Any]:
    model = network()
    history = history_of(model, 4, best=3)
    return {
        "early_stopping": _callback(mode="max", best=history.history["val_loss"][0]),
        "stopped_model": model,
        "stopped_history": history,
    }


def _stopped_by_patience(history: Any) -> bool:
    """Whether the training ended as it does with a patience of 3."""
    losses = np.asarray(history.history["val_loss"])
    return len(losses) < EPOCHS and len(losses) - 1 - int(losses.argmin()) == PATIENCE


@with_early_stopping.misconception(
    "Training did stop, by a callback with the right settings, as it seems; but `early_stopping` "
    "is another one, which has seen no epoch. Did you make it anew after `fit`? Run the whole cell "
    "again, from top to bottom.",
    recognize=lambda early_stopping, stopped_history: (
        _as_asked(early_stopping)
        and early_stopping.attributes["best"] is None
        and _stopped_by_patience(stopped_history)
    ),
)
def made_anew() -> dict[str, Any]:
    model = network()
    return {
        "early_stopping": _callback(),
        "stopped_model": model,
        "stopped_history": history_of(model, 9, best=5),
    }


@with_early_stopping.misconception(
    "You made the callback, but it was never there in training: it has seen no epoch, and `fit` "
    "went on to the end. How does `fit` learn of it?",
    recognize=lambda early_stopping, stopped_history: (
        _as_asked(early_stopping)
        and early_stopping.attributes["best"] is None
        and not _stopped_by_patience(stopped_history)
    ),
)
def only_declared() -> dict[str, Any]:
    model, history = overfitted()
    return {
        "early_stopping": _callback(),
        "stopped_model": model,
        "stopped_history": history,
    }


@with_early_stopping.misconception(
    "Training stops in time, but your model keeps the weights of the last epoch: it has had three "
    "more epochs to get worse. Keras does not go back by itself. Which argument asks for it?",
    recognize=lambda early_stopping: _known(
        early_stopping, monitor="val_loss", restore_best_weights=False
    ),
)
def not_restored() -> dict[str, Any]:
    model = network()
    history = history_of(model, 9, best=5)
    return {
        "early_stopping": _callback(history, restore_best_weights=False),
        "stopped_model": model,
        "stopped_history": history,
    }


@with_early_stopping.misconception(
    "Your patience is one off. It counts the epochs that may fail to be better, one after the "
    "other; the best epoch itself is not among them, nor is there one to be added. How many were "
    "asked for?",
    recognize=lambda early_stopping: (
        _known(early_stopping, monitor="val_loss", restore_best_weights=True)
        and early_stopping.attributes["patience"] in (PATIENCE - 1, PATIENCE + 1)
    ),
)
def patience_one_off() -> dict[str, Any]:
    model = network()
    history = history_of(model, 10, best=5)
    return {
        "early_stopping": _callback(history, patience=PATIENCE + 1),
        "stopped_model": model,
        "stopped_history": history,
    }


@with_early_stopping.misconception(
    "Your callback has the default patience of 0: it stops as soon as one epoch is not better, and "
    "losses go up and down a little by chance. How many epochs should it wait?",
    recognize=lambda early_stopping: _known(
        early_stopping, monitor="val_loss", restore_best_weights=True, patience=0
    ),
)
def no_patience() -> dict[str, Any]:
    model = network()
    history = history_of(model, 7, best=5)
    return {
        "early_stopping": _callback(history, patience=0),
        "stopped_model": model,
        "stopped_history": history,
    }


@with_early_stopping.misconception(
    "Your model stands neither where this history ends nor where it is best. The history belongs "
    "to another network, or to this one before it was built anew or trained further. Which cell "
    "makes both, in one `fit`?",
    recognize=lambda early_stopping, stopped_model, stopped_history: (
        _as_asked(early_stopping)
        and early_stopping.attributes["best"] is not None
        and is_of_another(stopped_model, stopped_history)
    ),
)
def history_of_another() -> dict[str, Any]:
    trained, _ = overfitted()
    history = history_of(trained, 9, best=5)
    return {
        "early_stopping": _callback(history),
        "stopped_model": network(),
        "stopped_history": history,
    }


@with_early_stopping.misconception(
    "`fit` began anew with a model that had been trained before, so its best epoch is one of the "
    "first, and it stops at once. Build the model in the same cell, before you train it.",
    recognize=lambda early_stopping, stopped_model, stopped_history: (
        _as_asked(early_stopping)
        and early_stopping.attributes["best"] is not None
        and belongs(stopped_model, stopped_history, restored=False)
        and not belongs(stopped_model, stopped_history, restored=True)
    ),
)
def trained_further() -> dict[str, Any]:
    model = network()
    history = history_of(model, 4, best=0)
    return {
        "early_stopping": _callback(history),
        "stopped_model": model,
        "stopped_history": history,
    }
