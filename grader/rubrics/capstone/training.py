"""The trained network: judged by what it makes of shapes that nobody has seen, and by its rules."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from grader import Exercise, expect
from grader.expect import training
from grader.expect.training import CLOSE
from grader.rubrics.capstone.building import is_list_of_callbacks
from grader.rubrics.capstone.mistakes import (
    early_stopping,
    history_of,
    network,
    overfitted,
    remedies,
    trained_on_validation,
    typed_history,
    with_weights,
)
from grader.rubrics.capstone.references import (
    ACCURACY,
    BUDGET,
    GAP,
    IMAGES,
    KINDS,
    LEARNED,
    WORK,
    belongs,
    gap_of,
    has_seen_the_validation_shapes,
    hidden_part,
    is_reader,
    is_typed_by_hand,
    multiplications,
    other_shapes,
    remedies_of,
    stands_in,
    stops_early,
    takes_softmax_twice,
    training_part,
    validation_part,
    was_in_training,
    work_of,
)
from grader.rubrics.oracles import Rng

trained = Exercise(
    "trained",
    title="Train it, and keep the rules",
    names=("my_model", "my_history", "my_callbacks"),
    functions=(),
    trains=True,  # some of its mistakes do
    hints=(
        (
            "`my_model = build_network()` and then `my_history = fit(my_model, "
            "callbacks=my_callbacks)`, in one cell: so network and history belong together."
        ),
        (
            "Look at your curves with `diagnose`. Do both end high? Then it needs more epochs, a "
            "larger learning rate or weaker remedies. Do they part? Then stronger ones."
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
def has_not_seen_the_validation_shapes(my_model: Any, rng: Rng) -> None:
    """It does about as well on new shapes as on the validation shapes."""
    is_reader(my_model)
    expect.that(
        not has_seen_the_validation_shapes(my_model, hidden_part(rng)),
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
        f"{len(my_history.epoch)} epochs.",
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
        gap_of(my_model),
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
    names = ("loss", "val_loss")
    if "val_accuracy" in getattr(my_history, "history", {}):
        names = ("accuracy", "val_accuracy")
    training.region(
        accuracy,
        f"Of {len(hidden_part(rng)[0])} shapes that it has never seen, it reads {accuracy:.0%}. "
        "Guessing gives 25 %. The share is too small.",
        my_history,
        names,
        above=ACCURACY - 1e-9,
        ylabel="accuracy" if names[0] == "accuracy" else "loss",
        band=(ACCURACY, None) if names[0] == "accuracy" else (None, None),
    )


# Diagnoses.


def _belongs(model: Any, history: Any, callbacks: Sequence[Any]) -> bool:
    if any(was_in_training(one, history) for one in callbacks):
        return stands_in(model, history)
    own = training.loss_of(model, *validation_part())
    return bool(abs(own - history.history["val_loss"][-1]) <= CLOSE * max(1.0, own))


def _keeps_the_rules(model: Any, history: Any, callbacks: Any) -> bool:
    """Whether nothing is wrong with the design, so that a mistake lies in the training."""
    return (
        not takes_softmax_twice(model)
        and not is_typed_by_hand(history)
        and model.count_params() <= BUDGET
        and work_of(model, history) <= WORK
        and len(remedies_of(model, active(callbacks, history))) >= KINDS
    )


def _accuracy(model: Any) -> float:
    return training.accuracy_of(model, *training_part())


def _own(model: Any, epochs: int = 20, **names: Any) -> dict[str, Any]:
    """A network with a history that ends where it stands, and no callbacks."""
    return {"my_model": model, "my_history": history_of(model, epochs), "my_callbacks": [], **names}


def _flip() -> Any:
    from keras import layers

    return layers.RandomFlip()


@trained.misconception(
    "Your network ends with a softmax, and the loss was told to expect scores and to apply softmax "
    "itself. Keras may notice and warn you; where it does not, softmax is applied twice. Which of "
    "the two goes?",
    recognise=lambda my_model: takes_softmax_twice(my_model),
)
def softmax_twice() -> dict[str, Any]:
    from keras import layers

    return _own(network(_flip(), **remedies(), after=[layers.Softmax()]))


@trained.misconception(
    "These losses were typed in: none has more than four decimals. A history is what `fit` "
    "returned, untouched. A defense rests on what was measured.",
    recognise=lambda my_history: is_typed_by_hand(my_history),
)
def typed_in_by_hand() -> dict[str, Any]:
    return {"my_history": typed_history(20)}


@trained.misconception(
    "Your network has grown over the budget of parameters. Was it planned like that? Where do most "
    "of them sit, and what could make the input of that layer smaller?",
    recognise=lambda my_model: (
        my_model.count_params() > BUDGET and not takes_softmax_twice(my_model)
    ),
)
def too_large() -> dict[str, Any]:
    import keras

    from grader.rubrics.capstone.mistakes import compile_as_the_lesson

    layers = keras.layers
    parts = [layers.RandomFlip(), layers.Conv2D(8, 3, activation="relu"), layers.MaxPooling2D()]
    head = [layers.Flatten(), layers.Dropout(0.5), layers.Dense(64), layers.Dense(4)]
    model = keras.Sequential([keras.Input((28, 28, 1)), *parts, *head])
    return _own(compile_as_the_lesson(model), 5)


@trained.misconception(
    "Your training multiplies more often than the budget allows. What would save more: fewer "
    "epochs, fewer filters where the map is largest, or an earlier pooling or stride?",
    recognise=lambda my_model, my_history: (
        my_model.count_params() <= BUDGET
        and not is_typed_by_hand(my_history)
        and not takes_softmax_twice(my_model)
        and work_of(my_model, my_history) > WORK
    ),
)
def too_much_work() -> dict[str, Any]:
    return _own(network(_flip(), **remedies()), 60)


@trained.misconception(
    "Your early stopping had no part in this training. Making a callback does nothing yet: which "
    "argument of `fit` does it belong in?",
    recognise=lambda my_model, my_history, my_callbacks: (
        len(remedies_of(my_model, my_callbacks))
        >= KINDS
        > len(remedies_of(my_model, active(my_callbacks, my_history)))
    ),
)
def callback_not_given_to_fit() -> dict[str, Any]:
    return _own(network(**remedies()), my_callbacks=[early_stopping()])


@trained.misconception(
    "Fewer than two kinds of regularization act in this network. A rate or strength of 0 is none, "
    "and pooling is not counted. What did you plan?",
    recognise=lambda my_model, my_history, my_callbacks: (
        not takes_softmax_twice(my_model)
        and not is_typed_by_hand(my_history)
        and my_model.count_params() <= BUDGET
        and work_of(my_model, my_history) <= WORK
        and len(remedies_of(my_model, my_callbacks)) < KINDS
    ),
)
def no_regularization() -> dict[str, Any]:
    model = with_weights(network(pooled=False, **remedies(rate=0.0)), overfitted()[0])
    return _own(model)


@trained.misconception(
    "This network has learned nothing, and its history tells of another that did. A cell that "
    "builds a network anew also throws away what it has learned. In which cell do network and "
    "history come from the same `fit`?",
    recognise=lambda my_model, my_history, my_callbacks: (
        _keeps_the_rules(my_model, my_history, my_callbacks)
        and not _belongs(my_model, my_history, my_callbacks)
        and _accuracy(my_model) < LEARNED
    ),
)
def built_anew() -> dict[str, Any]:
    model = network(_flip(), **remedies())
    return {**_own(model), "my_history": overfitted()[1]}


@trained.misconception(
    "This history belongs to another training: to another network, or to this one before it was "
    "trained further. In which cell do network and history come from the same `fit`?",
    recognise=lambda my_model, my_history, my_callbacks: (
        _keeps_the_rules(my_model, my_history, my_callbacks)
        and not _belongs(my_model, my_history, my_callbacks)
        and _accuracy(my_model) >= LEARNED
    ),
)
def history_of_another() -> dict[str, Any]:
    model = with_weights(network(_flip(), pooled=False, **remedies()), overfitted()[0])
    return {**_own(model), "my_history": trained_on_validation()[1]}


@trained.misconception(
    "Your network was trained with the validation shapes, too: it reads them far better than new "
    "ones. What has been learned from cannot be a test of what was learned. Which shapes may `fit` "
    "train with?",
    recognise=lambda my_model, my_history, my_callbacks: (
        _keeps_the_rules(my_model, my_history, my_callbacks)
        and _belongs(my_model, my_history, my_callbacks)
        and has_seen_the_validation_shapes(my_model, other_shapes())
    ),
)
def trained_with_validation_shapes() -> dict[str, Any]:
    weights, _ = trained_on_validation()
    return _own(with_weights(network(_flip(), pooled=False, **remedies()), weights))


@trained.misconception(
    "Your network has learned next to nothing yet: both curves stay near 1.39, where guessing is. "
    "Was it trained for long enough, at a learning rate that moves it?",
    recognise=lambda my_model, my_history, my_callbacks: (
        _keeps_the_rules(my_model, my_history, my_callbacks)
        and _belongs(my_model, my_history, my_callbacks)
        and _accuracy(my_model) < LEARNED
        and training.accuracy_of(my_model, *validation_part()) < LEARNED
    ),
)
def hardly_trained() -> dict[str, Any]:
    return _own(network(_flip(), **remedies()), 2)


@trained.misconception(
    "Your remedies are there, but too weak, or they do not work against what makes this network "
    "overfit: it knows the training shapes by heart. A head with a weight for every place has to "
    "learn each place for itself. Could it pool more, drop more, or see more versions of each "
    "shape?",
    recognise=lambda my_model, my_history, my_callbacks: (
        _keeps_the_rules(my_model, my_history, my_callbacks)
        and _belongs(my_model, my_history, my_callbacks)
        and _accuracy(my_model) >= LEARNED
        and gap_of(my_model) >= GAP
        and not has_seen_the_validation_shapes(my_model, other_shapes())
    ),
)
def remedies_too_weak() -> dict[str, Any]:
    from keras import layers, regularizers

    weak = network(
        pooled=False, before=[layers.Dropout(0.02)], kernel_regularizer=regularizers.L2(1e-6)
    )
    return _own(with_weights(weak, overfitted()[0]))
