"""A network that overfits, on purpose: judged by what it makes of the digits, not by its curve."""

from __future__ import annotations

from typing import Any

import numpy as np

from cnn_course.regularization.mistakes import (
    history_of,
    network,
    overfitted,
    trained_on_validation,
    typed_history,
    with_weights_of,
)
from cnn_course.regularization.references import (
    EPOCHS,
    OVERFITS,
    RISES,
    SHORT,
    SMALL,
    SOONER,
    belongs,
    gap_of,
    honest_history,
    is_of_another,
    is_reader,
    is_typed_by_hand,
    kinds,
    takes_softmax_twice,
    training_part,
    validated_on_training_digits,
    was_trained_on_the_validation_digits,
)
from grader import Exercise, expect
from grader.crossing.networks import History

overfit_on_purpose = Exercise(
    "overfit_on_purpose",
    title="Overfit on purpose",
    names=("baseline", "baseline_history"),
    functions=(),
    slow=True,  # some of its mistakes are trained networks
    hints=(
        (
            "The network is a `keras.Sequential` that begins with `keras.Input((8, 8, 1))` and "
            "ends with `layers.Dense(10)`: ten scores, without an activation."
        ),
        (
            "To learn 320 labels by heart, wrong ones too, a network needs many weights. How many "
            "has yours? `baseline.count_params()`. Which layer shrinks the map, and with it the "
            "dense layer behind it?"
        ),
        (
            "`fit(baseline)` trains it for 25 epochs and returns the history. Keep it as it is: "
            "`baseline_history = fit(baseline)`."
        ),
        (
            "Does the validation loss still fall in the last epoch? Then train on, or take more "
            "filters and units. The table above the exercise is a network that does it."
        ),
    ),
)


@overfit_on_purpose.check(points=1)
def gives_ten_scores(baseline: Any) -> None:
    """The network takes a digit of 8×8×1 and gives ten scores."""
    is_reader(baseline)


@overfit_on_purpose.check(points=1, after=gives_ten_scores)
def comes_with_its_own_history(baseline: Any, baseline_history: Any) -> None:
    """The history is that of this network, validated on digits that it has not seen."""
    honest_history(baseline, baseline_history)


@overfit_on_purpose.check(points=2, after=gives_ten_scores)
def knows_the_training_digits_by_heart(baseline: Any, baseline_history: Any) -> None:
    """Without a remedy, its loss is larger by 0.3 on the validation digits than on the others."""
    expect.that(
        not has_an_acting_remedy(baseline),
        "There is a remedy in your network already: a layer or a penalty that works against "
        "learning by heart. Take it out; the next exercises put it in.",
    )
    expect.training.curve(baseline_history, "val_loss")
    low = expect.training.loss_of(baseline, *training_part(), penalties=False) + OVERFITS
    gap = gap_of(baseline)
    expect.training.region(
        gap,
        "The gap between validation and training loss, both measured on your network, is too "
        "small for overfitting.",
        baseline_history,
        above=OVERFITS,
        band=(low, None),
    )


@overfit_on_purpose.check(points=1, after=comes_with_its_own_history)
def turns_up(baseline_history: Any) -> None:
    """The validation loss ends 20 % above its smallest value, which came in the first 70 %."""
    curve = expect.training.curve(baseline_history, "val_loss")
    best = int(curve.argmin())
    expect.training.region(
        float(curve[-1] / curve.min()),
        f"Your validation loss is smallest in epoch {best}. We compare the last one with it: last "
        "divided by smallest.",
        baseline_history,
        above=RISES,
        band=(RISES * float(curve.min()), None),
    )
    expect.that(
        best < SOONER * len(curve),
        f"Your validation loss is smallest in epoch {best} of {len(curve)}, near the end. Train "
        "longer, so that the curve shows how it goes on.",
    )


REMEDIES = ("Dropout", "Noise", "Random", "Normalization")


def is_regularized(model: Any) -> bool:
    """Whether a remedy of this lesson is in the network: a layer, or a penalty."""
    layers = expect.every_layer(model)
    return any(word in kind for kind in kinds(model) for word in REMEDIES) or any(
        layer.get_config().get("kernel_regularizer") for layer in layers
    )


def has_an_acting_remedy(model: Any) -> bool:
    """Whether dropout, noise, moved images or a penalty act in training.

    Batch normalization may stay: a network that has it and overfits all the same is an answer.
    """
    return any(
        _acts(layer) or _is_penalized(layer.get_config().get("kernel_regularizer"))
        for layer in expect.every_layer(model)
    )


def _acts(layer: Any) -> bool:
    settings, kind = layer.get_config(), type(layer).__name__
    strength = settings.get("rate", settings.get("stddev", 1))
    return bool(strength) and any(word in kind for word in ("Dropout", "Noise", "Random"))


def _is_penalized(regularizer: Any) -> bool:
    """Whether the description of a regularizer has a strength above 0."""
    strengths = (regularizer or {}).get("config", {})
    return any(bool(np.any(strengths.get(name))) for name in ("l1", "l2"))


def _is_sound(baseline: Any, baseline_history: Any) -> bool:
    """Whether model and history are what they should be, and only the overfitting is missing."""
    return (
        not takes_softmax_twice(baseline)
        and not is_regularized(baseline)
        and belongs(baseline, baseline_history)
        and not was_trained_on_the_validation_digits(baseline)
        and gap_of(baseline) <= OVERFITS
    )


@overfit_on_purpose.misconception(
    "Your network ends with a softmax, and the loss was told to expect scores and to apply softmax "
    "itself. Keras may notice and warn you; where it does not, softmax is applied twice, and the "
    "loss of ten digits cannot fall below 1.46. Which of the two softmaxes goes?",
    recognize=lambda baseline: takes_softmax_twice(baseline),
)
def softmax_twice() -> dict[str, Any]:
    from keras import layers

    scores = network()
    model = with_weights_of(network(after=[layers.Softmax()]), scores)
    return {"baseline": model, "baseline_history": history_of(scores, EPOCHS)}


@overfit_on_purpose.misconception(
    "These losses were typed in: most have at most four decimals. A history is what `fit` "
    "returned, untouched; keep it in `baseline_history`, and let the network say how it went.",
    recognize=lambda baseline_history: (
        isinstance(baseline_history, History) and is_typed_by_hand(baseline_history)
    ),
)
def typed_in_by_hand() -> dict[str, Any]:
    return {"baseline_history": typed_history(EPOCHS, 6)}


@overfit_on_purpose.misconception(
    "You keep the dict of curves and not the object that `fit` returned. The object also knows "
    "which epochs were trained. What does `baseline_history = …` have to end with?",
    recognize=lambda baseline_history: isinstance(baseline_history, dict),
)
def dict_for_a_history() -> dict[str, Any]:
    return {"baseline_history": {"loss": [1.5, 0.4], "val_loss": [1.2, 1.1]}}


@overfit_on_purpose.misconception(
    "Your `val_loss` was measured on the training digits. So it falls along with the training "
    "loss, and nobody would ever notice that the network learns by heart. On which digits should "
    "it be measured?",
    recognize=lambda baseline, baseline_history: (
        not is_typed_by_hand(baseline_history)
        and validated_on_training_digits(baseline, baseline_history)
    ),
)
def validated_with_training_digits() -> dict[str, Any]:
    model, history = overfitted()
    own = expect.training.loss_of(model, *training_part())
    curve = (*history.history["val_loss"][:-1], own)
    return {
        "baseline": model,
        "baseline_history": History(history.epoch, {"loss": curve, "val_loss": curve}),
    }


@overfit_on_purpose.misconception(
    "This history does not end where your network stands. It belongs to another training: to "
    "another network, or to this one before it was built anew, trained further or set back. In "
    "which cell do network and history come from the same `fit`?",
    recognize=lambda baseline, baseline_history: is_of_another(baseline, baseline_history),
)
def history_of_another() -> dict[str, Any]:
    _, history = overfitted()
    model, _ = trained_on_validation()
    other = network()
    other.set_weights([0.9 * weight for weight in model.get_weights()])
    return {"baseline": other, "baseline_history": history}


@overfit_on_purpose.misconception(
    "Your network was trained with the validation digits: it does far better on them than on "
    "others. What has been learned from cannot be a test of what was learned. "
    "Which digits may `fit` train with?",
    recognize=lambda baseline, baseline_history: (
        belongs(baseline, baseline_history) and was_trained_on_the_validation_digits(baseline)
    ),
)
def trained_with_validation_digits() -> dict[str, Any]:
    model, history = trained_on_validation()
    return {"baseline": model, "baseline_history": history}


@overfit_on_purpose.misconception(
    "There is a remedy in your network already: a layer or a penalty that works against learning "
    "by heart. Good to know that it works! But first we want to see the illness. Take it out.",
    recognize=lambda baseline: is_regularized(baseline) and not takes_softmax_twice(baseline),
)
def regularized_already() -> dict[str, Any]:
    from keras import layers

    model = network([layers.Dropout(0.5)])
    return {"baseline": model, "baseline_history": history_of(model, EPOCHS)}


@overfit_on_purpose.misconception(
    "Your network is too small to learn 320 labels by heart: it has to find what many digits have "
    "in common. (That is a remedy, too.) Where does the network of the table have most of its "
    "parameters, and yours?",
    recognize=lambda baseline, baseline_history: (
        baseline.count_params() < SMALL
        and len(baseline_history.epoch) >= SHORT
        and _is_sound(baseline, baseline_history)
    ),
)
def too_small() -> dict[str, Any]:
    model = network(small=True)
    return {"baseline": model, "baseline_history": history_of(model, EPOCHS)}


@overfit_on_purpose.misconception(
    "You stop too soon. In the first epochs a network learns what most digits have in common; the "
    "labels that fit nothing come last. What do the curves do if you train on?",
    recognize=lambda baseline, baseline_history: (
        len(baseline_history.epoch) < SHORT and _is_sound(baseline, baseline_history)
    ),
)
def too_few_epochs() -> dict[str, Any]:
    model = network()
    return {"baseline": model, "baseline_history": history_of(model, 3)}
