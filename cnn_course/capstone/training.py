"""The trained network: judged by what it makes of shapes that nobody has seen, and by its rules."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from cnn_course.capstone.building import is_list_of_callbacks, layers_of
from cnn_course.capstone.references import (
    ACCURACY,
    BUDGET,
    GAP,
    HIDDEN,
    IMAGES,
    KINDS,
    VALIDATION,
    WORK,
    belongs,
    has_seen_the_validation_shapes,
    hidden_part,
    is_of_ten_steps,
    is_reader,
    multiplications,
    remedies_of,
    stops_early,
    tells_of_all_steps,
    training_part,
    validation_part,
    was_in_training,
    work_of,
)
from cnn_course.references import Rng
from grader import Exercise, expect
from grader.errors import Mismatch
from grader.judging.expect import training

Function = Callable[..., Any]

trained = Exercise(
    "trained",
    title="Train it, and keep the rules",
    names=("my_model", "my_history", "my_callbacks", "build_network"),
    functions=("build_network",),
    slow=True,  # some of its mistakes are trained networks
    hints=(
        (
            "`my_model = build_network()` and then `my_history = fit(my_model, "
            "callbacks=my_callbacks)`, in one cell: so network and history belong together."
        ),
        (
            "Look at your curves with `diagnose`. Do both end high? Then it needs more epochs, a "
            "larger learning rate or weaker remedies. Do they part? Then stronger ones. Is the fit "
            "good, and the accuracy too low? Then ask first whether the curves still fall."
        ),
        (
            "A shape may lie anywhere. Which head asks whether something is there, wherever it is: "
            "one with a weight for each place, or one that pools over all places?"
        ),
    ),
)


def active(callbacks: Any, history: Any) -> list[Any]:
    """The callbacks without those that stop early and had no part in this training."""
    return [one for one in callbacks if not stops_early(one) or was_in_training(one, history)]


@trained.check(points=2)
def comes_with_its_own_history(my_model: Any, my_history: Any, my_callbacks: Any) -> None:
    """The history is that of this network, validated on the 400 validation shapes."""
    is_reader(my_model)
    is_list_of_callbacks(my_callbacks)
    training.curve(my_history, "loss")
    training.curve(my_history, "val_loss")
    belongs(my_model, my_history, my_callbacks)


@trained.check(points=1)
def was_trained_by_fit_once(my_model: Any, my_history: Any) -> None:
    """It was trained once, in epochs of 10 steps: 320 shapes in batches of 32."""
    expect.model(my_model)
    training.curve(my_history, "val_loss")
    is_of_ten_steps(my_history)
    tells_of_all_steps(my_model, my_history)


@trained.check(points=1)
def comes_from_build_network(my_model: Any, build_network: Function) -> None:
    """Its layers are those of a network from `build_network`, in shapes and parameters."""
    expect.model(my_model)
    built = build_network()
    expect.model(built)
    expect.that(
        layers_of(my_model) == layers_of(built),
        f"`my_model` has not the layers of a network from `build_network`: "
        f"{my_model.count_params():,} parameters in {len(layers_of(my_model))} layers, and "
        f"{built.count_params():,} in {len(layers_of(built))}.",
    )


@trained.check(points=1)
def has_not_seen_the_validation_shapes(my_model: Any, rng: Rng) -> None:
    """It does about as well on new shapes as on the validation shapes."""
    is_reader(my_model)
    expect.that(
        not has_seen_the_validation_shapes(my_model, hidden_part(rng, VALIDATION)),
        "Your network does far better on the validation shapes than on new ones. It has seen them "
        "before: its `val_loss` says nothing.",
    )


@trained.check(points=2)
def keeps_to_the_budgets(my_model: Any, my_history: Any) -> None:
    """At most 10,000 parameters, and 4,000 million multiplications in its training."""
    expect.model(my_model)
    training.curve(my_history, "val_loss")
    count, work = int(my_model.count_params()), work_of(my_model, my_history)
    expect.that(count <= BUDGET, f"{BUDGET:,} parameters are the budget. Received: {count:,}.")
    expect.that(
        work <= WORK,
        f"{WORK / 1e6:,.0f} million multiplications are the budget. Received: {work / 1e6:,.0f} "
        f"million: {multiplications(my_model):,} for an image, {IMAGES} images, "
        f"{work / multiplications(my_model) / IMAGES:g} epochs.",
    )


@trained.check(points=1)
def is_regularized_in_two_ways(my_model: Any, my_history: Any, my_callbacks: Any) -> None:
    """At least two kinds of regularization acted in this training."""
    is_list_of_callbacks(my_callbacks)
    training.curve(my_history, "val_loss")
    expect.model(my_model)
    found = sorted(remedies_of(my_model, active(my_callbacks, my_history)))
    unused = len(active(my_callbacks, my_history)) < len(my_callbacks)
    expect.that(
        len(found) >= KINDS,
        f"At least {KINDS} kinds of regularization should have acted. "
        f"Received: {', '.join(found) or 'none'}."
        + (" Your early stopping had no part in it: `fit` did not get it." if unused else ""),
    )


@trained.check(points=2)
def has_a_small_gap(my_model: Any, my_history: Any) -> None:
    """The gap is below 0.4, both losses measured on the network as it is."""
    is_reader(my_model)
    training.curve(my_history, "val_loss")
    low = training.loss_of(my_model, *training_part(), penalties=False)
    training.region(
        training.loss_of(my_model, *validation_part(), penalties=False) - low,
        "We compare the loss of your network on the validation shapes with its loss on the "
        "training shapes. The gap is that of a network that learned them by heart.",
        my_history,
        below=GAP,
        band=(None, low + GAP),
    )


@trained.check(points=3)
def reads_hidden_shapes(my_model: Any, my_history: Any, rng: Rng) -> None:
    """It reads at least 85 % of 800 shapes that nobody has seen before."""
    is_reader(my_model)
    accuracy = training.accuracy_of(my_model, *hidden_part(rng))
    if accuracy >= ACCURACY - 1e-9:
        return
    raise Mismatch(
        f"Of {HIDDEN} shapes that it has never seen, it reads {round(accuracy * HIDDEN)}, which is "
        f"{accuracy * 100:.1f} %. At least {ACCURACY * 100:.0f} % are asked for; guessing gives "
        f"25 %.",
        curves=_drawn(my_history),
    )


def _drawn(history: Any) -> training.Curves:
    """The curves of the accuracy and where they should be, or of the loss where there are none."""
    training.curve(history, "loss")
    known = [name for name in ("accuracy", "val_accuracy") if name in history.history]
    names = known or [name for name in ("loss", "val_loss") if name in history.history]
    return training.Curves(
        {name: tuple(training.curve(history, name)) for name in names},
        "accuracy" if known else "loss",
        ACCURACY if known else None,
        None,
        first=max(0, len(history.epoch) - 5),
    )
