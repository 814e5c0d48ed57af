"""Dropout: by hand, with given random numbers, and in a network that then overfits less."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from cnn_course.references import Array, Rng
from cnn_course.regularization.mistakes import (
    history_of,
    network,
    overfitted,
    typed_history,
    with_weights_of,
)
from cnn_course.regularization.references import (
    EPOCHS,
    LEARNED,
    LONG,
    RATE,
    STILL_OVERFITS,
    belongs,
    gap_of,
    honest_history,
    is_of_another,
    is_reader,
    is_typed_by_hand,
    training_part,
    validation_part,
)
from grader import Exercise, expect
from grader.authoring.telling_apart import draw_apart, outcomes

Function = Callable[..., Any]
Case = tuple[Array, float, Array]  # activations, a rate, random numbers

# ------------------------------------------------------------------------------------------------
dropout = Exercise(
    "dropout",
    title="Dropout by hand",
    functions=("dropout",),
    forbid=("keras", "tensorflow", "torch", "jax"),
    hints=(
        "Begin with the simple half: what comes back when `training` is False?",
        (
            "`u < rate` is an array of True and False that says of every activation whether it is "
            "dropped. `np.where(condition, a, b)` takes from `a` where it is True, from `b` "
            "elsewhere."
        ),
        (
            "With a rate of 0.75, one activation in four is kept. By which number must it be "
            "multiplied so that the sum over many stays what it was?"
        ),
    ),
)


@dropout.check(points=2)
def drops_and_rescales(dropout: Function, rng: Rng) -> None:
    """In training it is 0 where `u` is below the rate, and divided by 1 − rate elsewhere."""
    cases = list(_activations(rng))
    for case in cases:
        dropout(*case, True)  # noqa: FBT003 - all answers tell which mistake it is
    dropout(*cases[0], False)  # noqa: FBT003 - and so does what happens at inference
    for activations, rate, u in cases:
        keeps = np.floor(u - rate) + 1  # 0 below the rate, 1 from it on
        expected = np.einsum("...,...->...", activations, keeps) * (1 / (1 - rate))
        expect.close(dropout(activations, rate, u, True), expected)  # noqa: FBT003


@dropout.check(points=1)
def does_nothing_at_inference(dropout: Function, rng: Rng) -> None:
    """When the network is used and not trained, all activations come back as they are."""
    for activations, rate, u in _activations(rng):
        expect.close(dropout(activations, rate, u, False), activations)  # noqa: FBT003


def _activations(rng: Rng) -> Iterator[Case]:
    """Activations, a rate and random numbers on which no two answers are the same."""
    for shape, rates in (((2, 4), (0.2, 0.4)), ((3, 5), (0.6, 0.7, 0.8)), ((2, 3, 3, 2), (0.3,))):
        rate = float(rng.choice(rates))

        def draw(shape: tuple[int, ...] = shape, rate: float = rate) -> Case:
            activations = np.round(rng.uniform(0.2, 3, shape), 1)
            return activations, rate, np.round(rng.uniform(0, 1, shape), 2)

        yield draw_apart(draw, _in_both_modes, _while_training, where=_no_tie, margin=1e-3)
    yield draw_apart(lambda: _tie(rng), _at_a_tie, margin=1e-3)


def _tie(rng: Rng) -> Case:
    """Activations of which one has a random number that is the rate itself: it is kept."""
    rate = float(rng.choice([0.25, 0.75]))
    u = rng.choice([0.125, 0.375, 0.625, 0.875], (3, 4))  # as exact as the rate
    u[rng.integers(3), rng.integers(4)] = rate
    return np.round(rng.uniform(0.2, 3, (3, 4)), 1), rate, u


def _no_tie(case: Case) -> bool:
    """Whether no random number is the rate, or what is left of 1."""
    _, rate, u = case
    return bool((np.abs(u - rate) > 0.005).all() and (np.abs(u - 1 + rate) > 0.005).all())


def _in_both_modes(case: Case) -> dict[str, Any]:
    return outcomes(_answers(), [(*case, training) for training in (True, False)])


def _at_a_tie(case: Case) -> dict[str, Any]:
    return outcomes([_right, drops_at_the_rate.function], [(*case, True)])


def _while_training(case: Case) -> dict[str, Any]:
    return outcomes(_apart(), [(*case, True)])


def _right(activations: Array, rate: float, u: Array, training: bool) -> Array:  # noqa: FBT001
    return np.where(u < rate, 0, activations / (1 - rate)) if training else activations


def _apart() -> list[Function]:
    """What has to differ in training already: all but what is wrong at inference only."""
    return [
        answer
        for answer in _answers()
        if answer not in (active_at_inference.function, scaled_at_inference.function)
    ]


def _answers() -> list[Function]:
    """All answers but the one that is wrong where a random number is the rate itself."""
    return [
        _right,
        *(
            misconception.function
            for misconception in dropout.misconceptions
            if misconception is not drops_at_the_rate
        ),
    ]


@dropout.misconception(
    "You drop activations when the network is only used, too. Then it would give another answer "
    "each time it is asked. What should a network that has learned do with what it knows? "
    "(`training` is False.)"
)
def active_at_inference(activations: Array, rate: float, u: Array, _training: bool) -> Any:  # noqa: FBT001
    return np.where(u < rate, 0, activations / (1 - rate))


@dropout.misconception(
    "You shrink all activations at inference, in place of enlarging the kept ones in training. "
    "That is how dropout was first described, and it works. Here, as in Keras, the network should "
    "be left alone once it has learned. When do you have to rescale, and which way?"
)
def scaled_at_inference(activations: Array, rate: float, u: Array, training: bool) -> Any:  # noqa: FBT001
    return np.where(u < rate, 0, activations) if training else activations * (1 - rate)


@dropout.misconception(
    "You do not rescale what is kept. With a rate of 0.75 the next layer would get a quarter of "
    "what it is used to, and four times as much as soon as training is over. What makes up for it?"
)
def not_rescaled(activations: Array, rate: float, u: Array, training: bool) -> Any:  # noqa: FBT001
    return np.where(u < rate, 0, activations) if training else activations


@dropout.misconception(
    "You take the rate for the share that is kept. In Keras, and here, it is the share that is "
    "dropped. (Some older libraries had it the other way round.) So which share is kept?"
)
def rate_kept(activations: Array, rate: float, u: Array, training: bool) -> Any:  # noqa: FBT001
    return np.where(u < rate, activations / rate, 0) if training else activations


@dropout.misconception(
    "You drop the other ones: those with `u` at the rate or above. How many of them are there, if "
    "`u` is spread evenly from 0 to 1 and the rate is 0.2?"
)
def other_side_dropped(activations: Array, rate: float, u: Array, training: bool) -> Any:  # noqa: FBT001
    return np.where(u < rate, activations / (1 - rate), 0) if training else activations


@dropout.misconception(
    "You divide what is kept by the rate. Think of a rate of 0.1: nearly everything is kept, so "
    "hardly anything is to be made up for, and you enlarge it tenfold. Which share is kept?"
)
def divided_by_the_rate(activations: Array, rate: float, u: Array, training: bool) -> Any:  # noqa: FBT001
    return np.where(u < rate, 0, activations / rate) if training else activations


@dropout.misconception(
    "You make the kept activations smaller still. Some are missing in the sum that the next layer "
    "takes: should the others weigh less, or more?"
)
def shrunk(activations: Array, rate: float, u: Array, training: bool) -> Any:  # noqa: FBT001
    return np.where(u < rate, 0, activations * (1 - rate)) if training else activations


@dropout.misconception(
    "You also drop where `u` is the rate itself. The exercise drops where `u` is less than the "
    "rate, as `u` may be 0 and is never 1. `<` or `<=`?"
)
def drops_at_the_rate(activations: Array, rate: float, u: Array, training: bool) -> Any:  # noqa: FBT001
    return np.where(u <= rate, 0, activations / (1 - rate)) if training else activations


@dropout.misconception(
    "You use the same mask for every image of the batch, that of the first. Each image has random "
    "numbers of its own in `u`: then each trains another thinned network."
)
def one_mask_for_all(activations: Array, rate: float, u: Array, training: bool) -> Any:  # noqa: FBT001
    return np.where(u[:1] < rate, 0, activations / (1 - rate)) if training else activations


# ------------------------------------------------------------------------------------------------
with_dropout = Exercise(
    "with_dropout",
    title="The same network with dropout",
    names=("dropout_model", "dropout_history", "baseline"),
    functions=(),
    slow=True,  # some of its mistakes are trained networks
    hints=(
        "Copy the list of layers of your baseline and add one line: `layers.Dropout(0.5)`.",
        (
            "It should thin out what the last hidden layer hands on to the ten scores. Between "
            "which two layers does it stand?"
        ),
        (
            "Train the new model, not the old one, with the same call, and keep what it returns: "
            "`dropout_history = fit(dropout_model)`."
        ),
    ),
)


@with_dropout.check(points=1)
def has_a_dropout_layer(dropout_model: Any) -> None:
    """There is a `Dropout` layer with a rate of 0.5 in the network."""
    is_reader(dropout_model)
    rates = [layer.rate for layer in expect.layers(dropout_model, "Dropout")]
    expect.that(
        any(abs(rate - RATE) < 1e-6 for rate in rates),
        f"The rate should be {RATE}. Received: {', '.join(f'{rate:g}' for rate in rates)}.",
    )


@with_dropout.check(points=1, after=has_a_dropout_layer)
def drops_hidden_activations(dropout_model: Any) -> None:
    """What is dropped are hidden activations: no score of a digit is lost, in training either."""
    lost, moved = _in_training(dropout_model)
    expect.that(
        not lost,
        f"In training, {lost:.0%} of the ten scores themselves are exactly 0. The score of the "
        "right digit must not be left to chance.",
    )
    expect.that(moved, "In training the scores are the same as without dropout.")


@with_dropout.check(points=1)
def has_the_weights_of_the_baseline(dropout_model: Any, baseline: Any) -> None:
    """Apart from the dropout it is your baseline: its weights have the same shapes."""
    expect.model(dropout_model)
    expect.model(baseline)
    ours, theirs = _shapes(baseline), _shapes(dropout_model)
    expect.that(
        ours == theirs,
        f"The baseline has {baseline.count_params():,} parameters, and the model with dropout "
        f"{dropout_model.count_params():,}. Dropout itself has none; what else is different?",
    )


@with_dropout.check(points=1, after=has_a_dropout_layer)
def comes_with_its_own_history(dropout_model: Any, dropout_history: Any) -> None:
    """The history is that of this network, which was trained for 20 epochs or more."""
    honest_history(dropout_model, dropout_history)
    epochs = len(dropout_history.epoch)
    expect.that(
        epochs >= LONG,
        f"To compare, train as long as the baseline: {EPOCHS} epochs. Received: {epochs}.",
    )


@with_dropout.check(points=2, after=has_a_dropout_layer)
def has_a_smaller_gap(dropout_model: Any, dropout_history: Any) -> None:
    """It reads digits, and its gap is below 0.6, which a network without dropout exceeds."""
    expect.training.curve(dropout_history, "val_loss")
    share = expect.training.accuracy_of(dropout_model, *validation_part())
    expect.that(
        share > LEARNED,
        f"It reads {share:.0%} of the validation digits; more than {LEARNED:.0%} are needed to "
        "speak of a trained network.",
    )
    low = expect.training.loss_of(dropout_model, *training_part(), penalties=False)
    expect.training.region(
        gap_of(dropout_model),
        "The gap between validation and training loss, both measured on your network without "
        "dropping anything, is that of a network that overfits.",
        dropout_history,
        below=STILL_OVERFITS,
        band=(None, low + STILL_OVERFITS),
    )


def _in_training(model: Any) -> tuple[float, bool]:
    """Which share of the scores is exactly 0 in training, and whether training moves them."""
    images, _ = validation_part()
    calm = np.asarray(model(images, training=False))
    restless = np.asarray(model(images, training=True))
    lost = float(np.mean((restless == 0) & (calm != 0)))
    return lost, not np.allclose(calm, restless, atol=1e-5)


def _shapes(model: Any) -> list[tuple[int, ...]]:
    return sorted(tuple(weight.shape) for weight in model.weights)


def _rates(model: Any) -> list[float]:
    layers = expect.every_layer(model)
    return [float(layer.rate) for layer in layers if type(layer).__name__ == "Dropout"]


def _has_a_relative(model: Any) -> bool:
    """Whether there is another kind of dropout, such as SpatialDropout2D."""
    return any("Dropout" in type(layer).__name__ for layer in expect.every_layer(model))


def _drops_scores(model: Any) -> bool:
    return bool(_in_training(model)[0])


@with_dropout.misconception(
    "These losses were typed in: most have at most four decimals. A history is what `fit` "
    "returned, untouched.",
    recognize=lambda dropout_history: is_typed_by_hand(dropout_history),
)
def typed_in_by_hand() -> dict[str, Any]:
    return {"dropout_history": typed_history(EPOCHS, 18)}


@with_dropout.misconception(
    "Your Dropout layer has a rate of 0: it drops nothing. What does the rate say, and how much "
    "did the exercise ask for?",
    recognize=lambda dropout_model: bool(_rates(dropout_model)) and max(_rates(dropout_model)) == 0,
)
def rate_zero() -> dict[str, Any]:
    return _overfitted_with(0.0)


@with_dropout.misconception(
    "You drop little. With this rate nearly all hidden units are there all the time, and the "
    "network can go on relying on each of them. Which rate was asked for?",
    recognize=lambda dropout_model: (
        bool(_rates(dropout_model)) and 0 < max(_rates(dropout_model)) < 0.4
    ),
)
def rate_too_low() -> dict[str, Any]:
    return _overfitted_with(0.1)


@with_dropout.misconception(
    "Your Dropout layer stands after the output. So it deletes the scores themselves: in half of "
    "all cases the network is blamed for a digit whose score was taken away. What should learn to "
    "do without the others are hidden units. Where are they?",
    recognize=lambda dropout_model: _drops_scores(dropout_model),
)
def after_the_output() -> dict[str, Any]:
    from keras import layers

    model = network(after=[layers.Dropout(RATE)])
    return {"dropout_model": model, "dropout_history": history_of(model, EPOCHS)}


@with_dropout.misconception(
    "Your model has a relative of dropout. `SpatialDropout2D` drops whole maps at once, "
    "`GaussianDropout` multiplies by noise and drops nothing, `AlphaDropout` is made for another "
    "activation than ReLU. Which layer drops single units, each on its own?",
    recognize=lambda dropout_model: not _rates(dropout_model) and _has_a_relative(dropout_model),
)
def relative_of_dropout() -> dict[str, Any]:
    from keras import layers

    model = network([layers.GaussianDropout(RATE)])
    return {"dropout_model": model, "dropout_history": history_of(model, EPOCHS)}


@with_dropout.misconception(
    "There is no Dropout layer in your model, so it is the baseline once more. Which line is new, "
    "and is it in the model that you train?",
    recognize=lambda dropout_model: (
        not _rates(dropout_model) and not _has_a_relative(dropout_model)
    ),
)
def dropout_forgotten() -> dict[str, Any]:
    model, history = overfitted()
    return {"dropout_model": model, "dropout_history": history}


@with_dropout.misconception(
    "This history does not end where your network stands. It belongs to another training, perhaps "
    "to that of the baseline, or the weights were changed after it. Which model does your call of "
    "`fit` name?",
    recognize=lambda dropout_model, dropout_history: (
        RATE in _rates(dropout_model)
        and not _drops_scores(dropout_model)
        and is_of_another(dropout_model, dropout_history)
    ),
)
def history_of_another() -> dict[str, Any]:
    from keras import layers

    _, history = overfitted()
    return {"dropout_model": network([layers.Dropout(RATE)]), "dropout_history": history}


@with_dropout.misconception(
    "You trained for a few epochs only. Then the gap is small, but because training ended before "
    "the network could learn by heart, not because of dropout. Let it run as long as the baseline.",
    recognize=lambda dropout_model, dropout_history: (
        RATE in _rates(dropout_model)
        and not _drops_scores(dropout_model)
        and len(dropout_history.epoch) < LONG
        and belongs(dropout_model, dropout_history)
    ),
)
def stopped_instead() -> dict[str, Any]:
    from keras import layers

    model = network([layers.Dropout(RATE)])
    return {"dropout_model": model, "dropout_history": history_of(model, 4)}


@with_dropout.misconception(
    "Your network with dropout is much smaller than the baseline. A small network has a small gap "
    "by itself, so nobody can tell what dropout did. Change one thing at a time: which one?",
    recognize=lambda dropout_model, baseline, dropout_history: (
        RATE in _rates(dropout_model)
        and dropout_model.count_params() < baseline.count_params() / 2
        and belongs(dropout_model, dropout_history)
        and not _drops_scores(dropout_model)
    ),
)
def smaller_network() -> dict[str, Any]:
    from keras import layers

    model = network([layers.Dropout(RATE)], small=True)
    return {"dropout_model": model, "dropout_history": history_of(model, EPOCHS)}


def _overfitted_with(rate: float) -> dict[str, Any]:
    from keras import layers

    trained, _ = overfitted()
    model = with_weights_of(network([layers.Dropout(rate)]), trained)
    return {"dropout_model": model, "dropout_history": history_of(model, EPOCHS)}
