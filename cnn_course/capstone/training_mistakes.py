"""Wrong trainings, and what tells each of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Any

import numpy as np

from cnn_course.capstone.building import layers_of
from cnn_course.capstone.mistakes import (
    after_epochs,
    early_stopping,
    flat_history,
    halfway,
    history_of,
    network,
    overfitted,
    remedies,
    trained_on_validation,
    typed_history,
    with_weights,
)
from cnn_course.capstone.references import (
    ACCURACY,
    BATCH,
    BUDGET,
    GAP,
    IMAGES,
    KINDS,
    LEARNED,
    STEPS,
    VALIDATION,
    WORK,
    gap_of,
    has_seen_the_validation_shapes,
    is_typed_by_hand,
    other_shapes,
    remedies_of,
    stands_in,
    stays_at_guessing,
    steps_of,
    still_falls,
    takes_scores_for_probabilities,
    takes_softmax_twice,
    training_part,
    validation_part,
    was_in_training,
    was_never_trained,
    was_trained_before,
    work_of,
)
from cnn_course.capstone.training import active, trained
from grader import expect
from grader.judging.expect import training
from grader.judging.expect.training import CLOSE

__all__ = ["trained"]

WITH_VALIDATION = (-(-VALIDATION // BATCH), -(-(IMAGES + VALIDATION) // BATCH))
"""Steps of an epoch on the validation shapes, and on both parts."""


def _belongs(model: Any, history: Any, callbacks: Sequence[Any]) -> bool:
    if any(was_in_training(one, history) for one in callbacks):
        return stands_in(model, history)
    own = training.loss_of(model, *validation_part())
    return bool(abs(own - history.history["val_loss"][-1]) <= CLOSE * max(1.0, own))


def _keeps_the_rules(model: Any, history: Any, callbacks: Any) -> bool:
    """Whether nothing is wrong with the design, so that a mistake lies in the training."""
    return (
        model.compiled
        and not takes_softmax_twice(model)
        and not takes_scores_for_probabilities(model)
        and not is_typed_by_hand(history)
        and steps_of(history) in (None, STEPS)
        and not was_trained_before(model, history)
        and not was_never_trained(model, history)
        and model.count_params() <= BUDGET
        and work_of(model, history) <= WORK
        and len(remedies_of(model, active(callbacks, history))) >= KINDS
    )


def _is_sound(model: Any, history: Any, callbacks: Any) -> bool:
    """Whether it keeps the rules, and the history is its own."""
    return _keeps_the_rules(model, history, callbacks) and _belongs(model, history, callbacks)


@lru_cache(maxsize=2)
def _accuracy(model: Any) -> float:
    return training.accuracy_of(model, *training_part())


@lru_cache(maxsize=2)
def _has_seen_them(model: Any) -> bool:
    return has_seen_the_validation_shapes(model, other_shapes())


def _lags(model: Any, history: Any) -> bool:
    """Whether batch normalization does worse at inference than it did in training."""
    kinds = {type(layer).__name__ for layer in expect.every_layer(model)}
    if "BatchNormalization" not in kinds or _accuracy(model) >= ACCURACY:
        return False
    own = training.loss_of(model, *training_part())
    return own - float(history.history["loss"][-1]) > GAP / 2


def _is_not_good_enough(model: Any, history: Any, callbacks: Any) -> bool:
    """Whether only the accuracy is too low."""
    return (
        _is_sound(model, history, callbacks)
        and gap_of(model) < GAP
        and training.accuracy_of(model, *other_shapes()) < ACCURACY
        and not _has_seen_them(model)
        and not stays_at_guessing(history)
        and not _lags(model, history)
    )


def _own(model: Any, epochs: int = 20, **names: Any) -> dict[str, Any]:
    """A network with a history that ends where it stands, and no callbacks."""
    history = history_of(model, epochs)
    after_epochs(model, epochs)
    return {
        "my_model": model,
        "my_history": history,
        "my_callbacks": [],
        "build_network": lambda: _like(model),
        **names,
    }


def _like(model: Any) -> Any:
    """A new network of the same design."""
    import keras

    return keras.models.clone_model(model)


def _flip() -> Any:
    from keras import layers

    return layers.RandomFlip()


@trained.misconception(
    "Your network ends with a softmax, and the loss was told to expect scores and to apply softmax "
    "itself. Keras may notice and warn you; where it does not, softmax is applied twice. Which of "
    "the two goes?",
    recognize=lambda my_model: takes_softmax_twice(my_model),
)
def softmax_twice() -> dict[str, Any]:
    from keras import layers

    return _own(network(_flip(), **remedies(), after=[layers.Softmax()]))


@trained.misconception(
    "These losses were typed in: none has more than four decimals. A history is what `fit` "
    "returned, untouched. A defense rests on what was measured.",
    recognize=lambda my_history: is_typed_by_hand(my_history),
)
def typed_in_by_hand() -> dict[str, Any]:
    return {"my_history": typed_history(20)}


@trained.misconception(
    "Your network gives scores, and its loss takes them for probabilities: a loss that is given by "
    "its name alone does. Which argument of `SparseCategoricalCrossentropy` says what comes in?",
    recognize=lambda my_model: takes_scores_for_probabilities(my_model),
)
def loss_not_told_of_scores() -> dict[str, Any]:
    import keras

    model = network(_flip(), **remedies())
    optimizer = keras.optimizers.Adam(0.005)
    model.compile(optimizer, "sparse_categorical_crossentropy", metrics=["accuracy"])
    return _own(model)


@trained.misconception(
    "Your network was trained more than once: it took more steps than your history tells of. A "
    "second `fit` goes on where the first one ended, and gives a history of its own. The work of "
    "both counts. What has to stand in front of `fit` to begin anew?",
    recognize=lambda my_model, my_history: (
        was_trained_before(my_model, my_history) and not is_typed_by_hand(my_history)
    ),
)
def fit_called_twice() -> dict[str, Any]:
    model = with_weights(network(_flip(), **remedies()), halfway()[0])
    names = _own(model, 4)
    after_epochs(model, 18)
    return names


@trained.misconception(
    "One epoch of yours has fewer than 10 steps: the batches are larger than those of `fit`, or "
    "there are fewer shapes. With the same number of epochs the weights move less often. How does "
    "the given `fit` make its batches?",
    recognize=lambda my_history: (steps_of(my_history) or STEPS) < STEPS,
)
def larger_batches() -> dict[str, Any]:
    model = with_weights(network(_flip(), **remedies()), halfway()[0])
    names = _own(model, 20)
    after_epochs(model, 20, steps=5)
    return {**names, "my_history": replace(names["my_history"], steps=5)}


@trained.misconception(
    "One epoch of yours has more than 10 steps: it shows the shapes repeatedly, or further shapes "
    "that you drew, or the batches are smaller. The challenge is to do with 320 shapes, each once "
    "an epoch. Does your cell use `fit` as it is given?",
    recognize=lambda my_history: (
        (steps_of(my_history) or 0) > STEPS and steps_of(my_history) not in WITH_VALIDATION
    ),
)
def more_shapes_in_an_epoch() -> dict[str, Any]:
    model = with_weights(network(_flip(), **remedies()), halfway()[0])
    names = _own(model, 2)
    after_epochs(model, 2, steps=100)
    return {**names, "my_history": replace(names["my_history"], steps=100)}


@trained.misconception(
    "`my_model` is another network than `build_network` gives: its layers differ in a shape or in "
    "their parameters. What you planned and built is what you train. Was the function changed "
    "afterwards, or the network made in another way?",
    recognize=lambda my_model, build_network: all(
        layers_of(my_model) != layers_of(built) for built in build_network
    ),
)
def another_design() -> dict[str, Any]:
    return {"build_network": lambda: network(_flip(), **remedies(), filters=(8, 12, 20))}


@trained.misconception(
    "Your network has grown over the budget of parameters. Was it planned like that? Where do most "
    "of them sit, and what could make the input of that layer smaller?",
    recognize=lambda my_model: (
        my_model.count_params() > BUDGET and not takes_softmax_twice(my_model)
    ),
)
def too_large() -> dict[str, Any]:
    import keras

    from cnn_course.capstone.mistakes import compile_as_the_lesson

    layers = keras.layers
    parts = [layers.RandomFlip(), layers.Conv2D(8, 3, activation="relu"), layers.MaxPooling2D()]
    head = [layers.Flatten(), layers.Dropout(0.5), layers.Dense(64), layers.Dense(4)]
    model = keras.Sequential([keras.Input((28, 28, 1)), *parts, *head])
    return _own(compile_as_the_lesson(model), 5)


@trained.misconception(
    "Your training multiplies more often than the budget allows. What would save more: fewer "
    "epochs, fewer filters where the map is largest, or an earlier pooling or stride?",
    recognize=lambda my_model, my_history: (
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
    recognize=lambda my_model, my_history, my_callbacks: (
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
    recognize=lambda my_model, my_history, my_callbacks: (
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
    "This network was never trained, and its history tells of another that was. A cell that builds "
    "a network anew also throws away what the old one has learned. In which cell do network and "
    "history come from the same `fit`?",
    recognize=lambda my_model, my_history, my_callbacks: (
        _accuracy(my_model) < LEARNED
        and (
            not my_model.compiled
            or was_never_trained(my_model, my_history)
            or (
                _keeps_the_rules(my_model, my_history, my_callbacks)
                and not _belongs(my_model, my_history, my_callbacks)
            )
        )
    ),
)
def built_anew() -> dict[str, Any]:
    model = network(_flip(), **remedies())
    return {**_own(model), "my_history": overfitted()[1], "my_model": after_epochs(model, 0)}


@trained.misconception(
    "Your network has learned something, and its optimizer knows of no step: it was compiled again "
    "after the training, or its weights were put into a new network. Then nobody can tell any more "
    "how long it was trained. Can you hand it in as `fit` left it?",
    recognize=lambda my_model, my_history: (
        was_never_trained(my_model, my_history) and _accuracy(my_model) >= LEARNED
    ),
)
def compiled_again() -> dict[str, Any]:
    model = with_weights(network(_flip(), **remedies()), halfway()[0])
    names = _own(model)
    after_epochs(model, 0)
    return names


@trained.misconception(
    "This history belongs to another training: to another network, or to this one before it was "
    "trained further. In which cell do network and history come from the same `fit`?",
    recognize=lambda my_model, my_history, my_callbacks: (
        _keeps_the_rules(my_model, my_history, my_callbacks)
        and not _belongs(my_model, my_history, my_callbacks)
        and _accuracy(my_model) >= LEARNED
    ),
)
def history_of_another() -> dict[str, Any]:
    model = with_weights(network(_flip(), pooled=False, **remedies()), overfitted()[0])
    return {**_own(model, 6), "my_history": halfway()[1]}


@trained.misconception(
    "Your network was trained with the validation shapes, too: it reads them far better than new "
    "ones. What has been learned from cannot be a test of what was learned. Which shapes may `fit` "
    "train with?",
    recognize=lambda my_model, my_history, my_callbacks: (
        steps_of(my_history) in WITH_VALIDATION
        or (
            _is_sound(my_model, my_history, my_callbacks)
            and not _lags(my_model, my_history)
            and _has_seen_them(my_model)
        )
    ),
)
def trained_with_validation_shapes() -> dict[str, Any]:
    weights, history = trained_on_validation()
    model = with_weights(network(_flip(), pooled=False, **remedies()), weights)
    names = _own(model)
    after_epochs(model, len(history.epoch), steps=history.steps or 0)
    return {**names, "my_history": history}


@trained.misconception(
    "Your network has learned next to nothing yet: both curves stay near 1.39, where guessing is. "
    "Was it trained for long enough, at a learning rate that moves it?",
    recognize=lambda my_model, my_history, my_callbacks: (
        _is_sound(my_model, my_history, my_callbacks)
        and _accuracy(my_model) < LEARNED
        and stays_at_guessing(my_history)
    ),
)
def hardly_trained() -> dict[str, Any]:
    return _own(network(_flip(), **remedies()), 2)


@trained.misconception(
    "In training your network does far better than now that it is used. Its batch normalization "
    "used each batch's own mean then, and uses moving means now, which follow slowly: after a few "
    "epochs they are still far behind. How many steps do they need, and what does `momentum` have "
    "to do with it?",
    recognize=lambda my_model, my_history, my_callbacks: (
        _is_sound(my_model, my_history, my_callbacks)
        and not stays_at_guessing(my_history)
        and _lags(my_model, my_history)
    ),
)
def moving_means_lag_behind() -> dict[str, Any]:
    names = _own(network(_flip(), **remedies(), normalized=True), 3)
    curves = dict(names["my_history"].history)
    curves["loss"] = tuple(value - np.pi / 6 for value in curves["loss"])
    return {**names, "my_history": replace(names["my_history"], history=curves)}


@trained.misconception(
    "The fit is good, and not good enough yet: the gap is small, and both curves still fall at the "
    "end. How many more epochs does your budget of work allow?",
    recognize=lambda my_model, my_history, my_callbacks: (
        _is_not_good_enough(my_model, my_history, my_callbacks) and still_falls(my_history)
    ),
)
def stopped_while_it_fell() -> dict[str, Any]:
    weights, history = halfway()
    model = with_weights(network(_flip(), **remedies()), weights)
    return {**_own(model, len(history.epoch)), "my_history": history}


@trained.misconception(
    "The gap is small, and the curves have stopped falling: more epochs or more regularization "
    "will not help this network read more shapes. Its design holds it back. What is left of one "
    "strong response in its head: does it pool by mean or by maximum? Are there enough filters, "
    "and does the last convolution see enough of a shape?",
    recognize=lambda my_model, my_history, my_callbacks: (
        _is_not_good_enough(my_model, my_history, my_callbacks) and not still_falls(my_history)
    ),
)
def design_holds_it_back() -> dict[str, Any]:
    model = with_weights(network(_flip(), **remedies()), halfway()[0])
    return {**_own(model), "my_history": flat_history(model, 20)}


@trained.misconception(
    "Your remedies are there, but too weak, or they do not work against what makes this network "
    "overfit: it knows the training shapes by heart. A head with a weight for every place has to "
    "learn each place for itself. Could it pool more, drop more, or see more versions of each "
    "shape?",
    recognize=lambda my_model, my_history, my_callbacks: (
        _is_sound(my_model, my_history, my_callbacks)
        and _accuracy(my_model) >= LEARNED
        and gap_of(my_model) >= GAP
        and not _lags(my_model, my_history)
        and not _has_seen_them(my_model)
    ),
)
def remedies_too_weak() -> dict[str, Any]:
    from keras import layers, regularizers

    weak = network(
        pooled=False, before=[layers.Dropout(0.02)], kernel_regularizer=regularizers.L2(1e-6)
    )
    return _own(with_weights(weak, overfitted()[0]))
