"""The network of the plan, with the remedies that are to act in its training."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from cnn_course.capstone.mistakes import early_stopping, network, remedies
from cnn_course.capstone.references import (
    BUDGET,
    KINDS,
    gives_four_scores,
    gives_probabilities,
    remedies_of,
    remedies_of_optimizer,
    stops_early,
    takes_scores_for_probabilities,
)
from cnn_course.capstone.rows import COUNTED, Row, fault, rows_of
from grader import Exercise, expect
from grader.crossing.networks import Callback
from grader.errors import Mismatch

Function = Callable[..., Any]

build_network = Exercise(
    "build_network",
    title="Build what was planned",
    names=("build_network", "my_callbacks", "plan"),
    functions=("build_network",),
    slow=True,
    hints=(
        (
            "The function returns a new `keras.Sequential([keras.Input((28, 28, 1)), …])`. Write "
            "its layers row by row from your plan."
        ),
        (
            "The plan has no rows for remedies that change neither shape nor count. Where does a "
            "random layer stand, where a dropout?"
        ),
        (
            "If a row differs, find out who is right: `build_network().summary()` shows what Keras "
            'makes of your layers. Did you plan `padding="same"`, and did you write it?'
        ),
    ),
)


@build_network.check(points=1)
def takes_images_and_gives_scores(build_network: Function) -> None:
    """The network takes images of 28×28×1 and gives four scores, not probabilities."""
    model = build_network()
    gives_four_scores(model)
    expect.that(
        not gives_probabilities(model),
        "The four outputs of your network are probabilities: they add up to 1 for every image. "
        "The loss of `fit` expects scores and applies softmax itself.",
    )
    expect.that(
        not takes_scores_for_probabilities(model),
        "Your network gives scores, and it is compiled with a loss that takes them for "
        "probabilities. Use the loss of `fit`, which has `from_logits=True`.",
    )


@build_network.check(points=1)
def is_new_each_time(build_network: Function) -> None:
    """Each call gives a new network."""
    first, second = build_network(), build_network()
    expect.model(first)
    expect.model(second)
    expect.that(
        not is_the_same(first, second),
        "Two calls of `build_network` returned the same network, weights and all. Training it "
        "would change what the next call returns. (If you set a seed, do so outside the function.)",
    )


def is_the_same(first: Any, second: Any) -> bool:
    """Whether two networks are one: the same names, which Keras counts up, and the same weights."""

    def names(model: Any) -> list[str]:
        return [model.name, *(layer.name for layer in expect.every_layer(model))]

    weights = [first.get_weights(), second.get_weights()]
    return names(first) == names(second) and all(map(np.array_equal, *weights))


@build_network.check(points=1)
def stays_within_the_budget(build_network: Function) -> None:
    """It has 10,000 parameters at most."""
    model = build_network()
    expect.model(model)
    count = int(model.count_params())
    expect.that(count <= BUDGET, f"{BUDGET:,} parameters are the budget. Received: {count:,}.")


@build_network.check(points=2)
def regularizes_in_two_ways(build_network: Function, my_callbacks: Any) -> None:
    """At least two kinds of regularization act in its training."""
    is_list_of_callbacks(my_callbacks)
    uses_two_kinds(build_network(), my_callbacks)


@build_network.check(points=3, after=takes_images_and_gives_scores)
def is_the_network_of_the_plan(build_network: Function, plan: Any) -> None:
    """Every shape and every count is what the plan says."""
    planned = planned_rows(plan)
    model = build_network()
    expect.model(model)
    built = layers_of(model)
    for row, layer in zip(planned, built, strict=False):
        _agree(row, *layer)
    expect.that(
        len(planned) == len(built),
        f"Of the layers that change a shape or have parameters, your plan has {len(planned)} and "
        f"your network {len(built)}. The first ones agree.",
    )


def is_list_of_callbacks(received: Any) -> None:
    """A list of callbacks, perhaps empty."""
    expect.that(
        isinstance(received, list | tuple) and all(isinstance(one, Callback) for one in received),
        "`my_callbacks` is a list of Keras callbacks, [] if you need none.",
        received=received,
    )


def uses_two_kinds(model: Any, callbacks: Any) -> None:
    """At least two kinds of regularization act when `model` is trained with `callbacks`."""
    expect.model(model)
    found = sorted(remedies_of(model, callbacks))
    expect.that(
        len(found) >= KINDS,
        f"At least {KINDS} kinds of regularization should act. "
        f"Received: {', '.join(found) or 'none'}.",
    )


def planned_rows(plan: Any) -> list[Row]:
    """The rows of a plan that change a shape or have parameters."""
    return [row for row in rows_of(plan) if row.kind in COUNTED]


def layers_of(model: Any) -> list[tuple[str, tuple[int, ...], int]]:
    """The layers of a network that change a shape or have parameters, as a plan has them."""
    return [
        (type(layer).__name__, shape, int(layer.count_params()))
        for layer in expect.every_layer(model)
        if type(layer).__name__ in COUNTED
        or layer.count_params()
        or shape_of(layer.input) != shape_of(layer.output)
        for shape in [shape_of(layer.output)]
    ]


def shape_of(tensor: Any) -> tuple[int, ...]:
    """The shape of a tensor without the batch; of the first, where there are several."""
    first = tensor[0] if isinstance(tensor, list | tuple) else tensor
    return tuple(first.shape[1:])


def _agree(row: Row, kind: str, shape: tuple[int, ...], parameters: int) -> None:
    kind = "Flatten" if kind == "Reshape" and len(shape) == 1 else kind
    if row.shape == shape and row.parameters == parameters and row.kind == kind:
        return
    raise Mismatch(
        f"Row {row.number} of your plan and your network do not agree.",
        expected=(row.kind, row.shape, row.parameters),
        received=(kind, shape, parameters),
    )


PLAN = [
    ("Conv2D", (28, 28, 8), 80),
    ("MaxPooling2D", (14, 14, 8), 0),
    ("Conv2D", (14, 14, 16), 1168),
    ("MaxPooling2D", (7, 7, 16), 0),
    ("Conv2D", (7, 7, 32), 4640),
    ("GlobalMaxPooling2D", (32,), 0),
    ("Dense", (4,), 132),
]


LOSS = "sparse_categorical_crossentropy"


def _answer(model: Callable[[], Any], *callbacks: Callback, plan: Any = None) -> dict[str, Any]:
    return {
        "build_network": lambda: model(),
        "my_callbacks": list(callbacks),
        "plan": PLAN if plan is None else plan,
    }


def _flip() -> Any:
    from keras import layers

    return layers.RandomFlip()


def _kinds(model: Any) -> list[str]:
    return [type(layer).__name__ for layer in expect.every_layer(model)]


@build_network.misconception(
    "Your network ends with a softmax, and the loss was told to expect scores and to apply softmax "
    "itself. Applied twice, it flattens all differences. Which of the two goes?",
    recognize=lambda build_network: any(map(gives_probabilities, build_network)),
)
def softmax_at_the_end() -> dict[str, Any]:
    def model() -> Any:
        from keras import layers

        return network(_flip(), **remedies(), after=[layers.Softmax()], compiled=False)

    return _answer(model)


@build_network.misconception(
    "You compile your network with a loss that takes its scores for probabilities: a loss given by "
    "its name alone does. Which argument of `SparseCategoricalCrossentropy` says what comes in?",
    recognize=lambda build_network: any(map(takes_scores_for_probabilities, build_network)),
)
def loss_not_told_of_scores() -> dict[str, Any]:
    def model() -> Any:
        made = network(_flip(), **remedies(), compiled=False)
        made.compile("adam", LOSS, metrics=["accuracy"])
        return made

    return _answer(model)


@build_network.misconception(
    "Your function returns one and the same network each time: it was made outside, or kept. After "
    "a training the function would return the trained one. Where should the layers be made?",
    recognize=lambda build_network: any(
        is_the_same(first, second)
        for index, first in enumerate(build_network)
        for second in build_network[:index]
    ),
)
def same_network_each_time() -> dict[str, Any]:
    made = network(_flip(), **remedies(), compiled=False)
    return _answer(lambda: made)


@build_network.misconception(
    "Your network is larger than the budget allows. A dense layer over a whole map has a weight "
    "for each of its numbers and each unit. What could stand between the map and the scores?",
    recognize=lambda build_network: any(model.count_params() > BUDGET for model in build_network),
)
def over_budget() -> dict[str, Any]:
    def model() -> Any:
        import keras
        from keras import layers

        return keras.Sequential(
            [
                keras.Input((28, 28, 1)),
                _flip(),
                layers.Conv2D(8, 3, padding="same", activation="relu"),
                layers.MaxPooling2D(),
                layers.Flatten(),
                layers.Dropout(0.3),
                layers.Dense(32, activation="relu"),
                layers.Dense(4),
            ]
        )

    rows = [
        *(("Conv2D", (28, 28, 8), 80), ("MaxPooling2D", (14, 14, 8), 0), ("Flatten", (1568,), 0)),
        *(("Dense", (32,), 50_208), ("Dense", (4,), 132)),
    ]
    return _answer(model, plan=rows)


def _silent(model: Any) -> bool:
    """Whether a remedy stands in the network, set so that it does nothing."""
    decay = getattr(model.optimizer, "weight_decay", None) if model.compiled else None
    silent = [
        layer
        for layer in expect.every_layer(model)
        if not remedies_of(layer)
        and (
            type(layer).__name__.startswith(("Random", "Gaussian"))
            or "Dropout" in type(layer).__name__
            or layer.get_config().get("kernel_regularizer")
        )
    ]
    return bool(silent) or (decay is not None and not remedies_of_optimizer(model))


@build_network.misconception(
    "A remedy of yours stands there with a rate, a factor or a strength of 0, or next to it. It "
    "changes nothing, so it is not counted. How strong should it be?",
    recognize=lambda build_network, my_callbacks: any(
        len(remedies_of(model, my_callbacks)) < KINDS and _silent(model) for model in build_network
    ),
)
def strength_of_zero() -> dict[str, Any]:
    return _answer(lambda: network(_flip(), **remedies(rate=0.0), compiled=False))


@build_network.misconception(
    "Your early stopping does not count yet: it has to watch a curve of the validation data, and "
    "to bring back the best weights when it is over. The training loss always falls; what would "
    "watching it tell you?",
    recognize=lambda build_network, my_callbacks: (
        any(len(remedies_of(model, my_callbacks)) < KINDS for model in build_network)
        and any(one.name == "EarlyStopping" and not stops_early(one) for one in my_callbacks)
    ),
)
def stops_by_the_training_loss() -> dict[str, Any]:
    return _answer(lambda: network(**remedies(), compiled=False), early_stopping(monitor="loss"))


@build_network.misconception(
    "You use one kind of regularization only. However often it stands in the network, it has one "
    "weakness. Which other kind works in another way?",
    recognize=lambda build_network, my_callbacks: any(
        len(remedies_of(model, my_callbacks)) == 1
        and not _silent(model)
        and all(one.name != "EarlyStopping" or stops_early(one) for one in my_callbacks)
        for model in build_network
    ),
)
def one_kind_twice() -> dict[str, Any]:
    def model() -> Any:
        from keras import layers

        return network(layers.SpatialDropout2D(0.1), **remedies(), compiled=False)

    return _answer(model)


@build_network.misconception(
    "There is no regularization in your design. Pooling makes a network smaller, which helps, but "
    "the rules do not count it. Which two remedies of lesson 6 fit these images?",
    recognize=lambda build_network, my_callbacks: any(
        not remedies_of(model, my_callbacks) and not _silent(model) and not list(my_callbacks)
        for model in build_network
    ),
)
def no_remedy() -> dict[str, Any]:
    return _answer(lambda: network(compiled=False))


def _disagreement(model: Any, plan: Any) -> tuple[Row, tuple[str, tuple[int, ...], int]]:
    """The first row that the network does not have, and its layer there; or StopIteration."""
    return next(
        (row, built)
        for row, built in zip(planned_rows(plan), layers_of(model), strict=False)
        if (row.shape, row.parameters) != built[1:]
    )


def _is_sound(model: Any, callbacks: Any, plan: Any) -> bool:
    return (
        not any(fault(row) for row in rows_of(plan))
        and model.count_params() <= BUDGET
        and len(remedies_of(model, callbacks)) >= KINDS
    )


def _unpadded(model: Any, plan: Any) -> bool:
    row, (kind, shape, parameters) = _disagreement(model, plan)
    if not row.kind == kind == "Conv2D" or row.parameters != parameters:
        return False
    return row.shape[:2] == row.before[:2] and shape[0] < row.shape[0]


@build_network.misconception(
    "Your plan keeps the size of the map in a convolution, and your network loses a border there. "
    "Keras does not pad unless it is told to. With which argument?",
    recognize=lambda build_network, my_callbacks, plan: any(
        _is_sound(model, my_callbacks, plan) and _unpadded(model, plan) for model in build_network
    ),
)
def same_forgotten() -> dict[str, Any]:
    return _answer(lambda: network(_flip(), **remedies(), padding="valid", compiled=False))


@build_network.misconception(
    "Your plan is not that of this network: they differ from some layer on, in shape or in "
    "parameters. If it was a mistake in the plan, say so with a smile, and correct it. What did "
    "you overlook?",
    recognize=lambda build_network, my_callbacks, plan: any(
        _is_sound(model, my_callbacks, plan) and not _unpadded(model, plan)
        for model in build_network
    ),
)
def another_network() -> dict[str, Any]:
    rows = [
        *PLAN[:2],
        *(("Conv2D", (14, 14, 12), 876), ("MaxPooling2D", (7, 7, 12), 0)),
        *(("Conv2D", (7, 7, 32), 3488), *PLAN[5:]),
    ]
    return _answer(lambda: network(_flip(), **remedies(), compiled=False), plan=rows)
