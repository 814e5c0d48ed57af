"""Noise injection: on the inputs and on hidden outputs, and never once the training is over."""

# The exercise's own signature: the student's function is called as layers are.
# ruff: noqa: FBT001, FBT003
from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from cnn_course.references import Array, Rng
from cnn_course.regularization import references
from cnn_course.regularization.mistakes import history_of, overfitted
from cnn_course.regularization.references import (
    LEARNED,
    OVERFITS,
    belongs,
    gap_of,
    honest_history,
    is_of_another,
    is_reader,
    validation_part,
)
from cnn_course.regularization.remedies import NOISE, origins
from grader import Exercise, expect
from grader.authoring.telling_apart import draw_apart, outcomes
from grader.judging.expect import training

Function = Callable[..., Any]

noise_injection = Exercise(
    "noise_injection",
    title="Noise on inputs and inside",
    names=("add_noise", "noisy_model", "noisy_history"),
    functions=("add_noise",),
    slow=True,
    hints=(
        (
            "`add_noise`: the draws have a standard deviation of 1. What makes it `stddev`? And "
            "what comes back when the training is over?"
        ),
        (
            "Keras has a layer for it, `layers.GaussianNoise(stddev)`. One belongs in front of the "
            "first convolution, another one behind the hidden dense layer. Which of them is the "
            "stronger one?"
        ),
        (
            "Write the network with all its layers, as a list. Leave `training` to Keras: `fit` "
            "says when it is training, and so does `evaluate`."
        ),
    ),
)


@noise_injection.check(points=1)
def adds_noise_in_training(add_noise: Function, rng: Rng) -> None:
    """In training, the draws are stretched to the standard deviation and added."""
    for values, stddev, draws in _cases(rng):
        expect.close(add_noise(values, stddev, draws, True), _noisy(values, stddev, draws, True))


@noise_injection.check(points=1)
def is_silent_at_inference(add_noise: Function, rng: Rng) -> None:
    """At inference the values come back as they are."""
    for values, stddev, draws in _cases(rng):
        add_noise(values, stddev, draws, True)  # tells one mistake from the other
        expect.close(add_noise(values, stddev, draws, False), values)


@noise_injection.check(points=2)
def disturbs_inputs_and_hidden_outputs(noisy_model: Any, rng: Rng) -> None:
    """In training noise of 0.4 disturbs the input, and of 0.2 the hidden dense layer's outputs."""
    is_reader(noisy_model)
    expect.layers(noisy_model, "GaussianNoise")
    found = _noise(noisy_model)
    received = "; ".join(f"{stddev:g} on {_PLACES[place]}" for place, stddev in found)
    expect.that(
        all(place != "scores" for place, _ in found),
        "Noise on the ten scores disturbs the answer itself, and no unit learns anything from it. "
        f"It should be on the input and on the hidden dense layer. Received: {received}.",
    )
    expect.that(
        all(
            any(where == place and abs(stddev - asked) < 1e-6 for where, stddev in found)
            for place, asked in NOISE.items()
        ),
        "Noise of standard deviation 0.4 should disturb the input, and noise of 0.2 the outputs of "
        f"the hidden dense layer. Received: {received or 'noise of 0'}.",
    )
    images = validation_part()[0]
    shown = images[rng.permutation(len(images))[:8]]
    expect.that(
        not _differs(noisy_model, shown),
        "Called on the same digits, `noisy_model(digits)` should give the same scores, and yours "
        "does not.",
    )


@noise_injection.check(points=2, after=disturbs_inputs_and_hidden_outputs)
def has_a_smaller_gap(noisy_model: Any, noisy_history: Any) -> None:
    """Trained like this, it reads the digits, and its gap is below 0.3."""
    accuracy = training.accuracy_of(noisy_model, *validation_part())
    expect.that(
        accuracy >= LEARNED,
        f"It reads {accuracy:.0%} of the validation digits; {LEARNED:.0%} are needed. Guessing "
        "gives 10 %.",
    )
    training.region(
        gap_of(noisy_model),
        "The gap between validation and training loss, both measured on your network without "
        "noise, is that of a network that overfits.",
        noisy_history,
        below=OVERFITS,
    )


@noise_injection.check(points=1, after=disturbs_inputs_and_hidden_outputs)
def comes_with_its_own_history(noisy_model: Any, noisy_history: Any) -> None:
    """The history is that of this network, which was trained for 20 epochs or more."""
    honest_history(noisy_model, noisy_history)
    epochs = len(noisy_history.epoch)
    expect.that(
        epochs >= references.LONG,
        f"To compare, train as long as the baseline: {references.EPOCHS} epochs. Received: "
        f"{epochs}.",
    )


def _noisy(values: Array, stddev: float, draws: Array, training: bool) -> Array:
    """The values and the noise, weighted and summed in one product."""
    weights = np.array([1.0, stddev if training else 0.0])
    return np.tensordot(weights, np.stack([values, draws]).astype(np.float64), axes=1)


def _cases(rng: Rng) -> Iterator[tuple[Array, float, Array]]:
    """Pixels from 0 to 1, then hidden outputs of any size; all answers differ."""
    wrong = [known.function for known in (*_FORMULAS, training_turned_round)]
    for shape, largest in (((2, 3), 1.0), ((2, 2, 3, 4), 5.0)):
        stddev = float(rng.choice([0.2, 0.3, 0.4, 0.6]))

        def draw(
            shape: tuple[int, ...] = shape, largest: float = largest, stddev: float = stddev
        ) -> tuple[Array, float, Array]:
            values = (largest * rng.integers(0, 11, size=shape) / 10).astype(np.float32)
            return values, stddev, rng.normal(size=shape).round(1).astype(np.float32)

        yield draw_apart(
            draw, lambda case: outcomes([_noisy, *wrong], [(*case, True)]), margin=0.01
        )


_PLACES = {
    "input": "the input",
    "convolution": "the outputs of a convolution",
    "dense": "the outputs of a hidden dense layer",
    "scores": "the ten scores",
    "elsewhere": "what comes from neither the input, a convolution nor a dense layer alone",
}


def _noise(model: Any) -> list[tuple[str, float]]:
    """Where the layers of noise are in the model, and how strong each is, if it is at all."""
    shown = validation_part()[0][:8]
    places = origins(model, shown, "GaussianNoise")
    return [(place, float(layer.stddev)) for layer, place in places if layer.stddev > 0]


def _places(model: Any) -> set[str]:
    return {place for place, _ in _noise(model)}


def _strongest(model: Any, place: str) -> float:
    return max((stddev for where, stddev in _noise(model) if where == place), default=0.0)


def _differs(model: Any, images: Array) -> bool:
    """Whether the scores of the same images differ from one call to the next.

    Called without `training`, as in a notebook: `predict` would overrule what is told to a layer.
    """
    first, second = (np.asarray(model(images)) for _ in range(2))
    return not np.allclose(first, second, atol=1e-5)


def _has_layers(model: Any) -> bool:
    kinds = [type(layer).__name__ for layer in expect.every_layer(model)]
    return "GaussianNoise" in kinds


@noise_injection.misconception(
    "Your function adds noise at inference, too. Noise makes learning by heart harder; once the "
    "training is over there is nothing to be made harder, and every answer would be a matter of "
    "luck. What does `training` say?"
)
def noise_at_inference(values: Array, stddev: float, draws: Array, _training: bool) -> Array:
    return values + stddev * draws


@noise_injection.misconception(
    "Your function adds noise when the training is over, and none while it lasts. When should the "
    "network find learning by heart hard?"
)
def training_turned_round(values: Array, stddev: float, draws: Array, training: bool) -> Array:
    return values if training else values + stddev * draws


@noise_injection.misconception(
    "You use `stddev` as a variance, or its square: the noise has another spread than asked for. "
    "The draws have a standard deviation of 1; times what is it `stddev`?"
)
def squared_deviation(values: Array, stddev: float, draws: Array, training: bool) -> Array:
    return values + stddev**2 * draws if training else values


@noise_injection.misconception(
    "You take the root of `stddev`, as if it were the variance. It is the standard deviation "
    "already: times what has a draw to be taken?"
)
def root_of_the_deviation(values: Array, stddev: float, draws: Array, training: bool) -> Array:
    return values + stddev**0.5 * draws if training else values


@noise_injection.misconception(
    "You add the draws as they are, with a standard deviation of 1. That is more than most digits "
    "stand. Where does `stddev` come in?"
)
def deviation_left_out(values: Array, _stddev: float, draws: Array, training: bool) -> Array:
    return values + draws if training else values


@noise_injection.misconception(
    "You multiply by the noise, so that a value of 0 is never disturbed. That is a remedy, too "
    "(`GaussianDropout`); here noise is added, to black pixels as well."
)
def multiplied_noise(values: Array, stddev: float, draws: Array, training: bool) -> Array:
    return values * (1 + stddev * draws) if training else values


@noise_injection.misconception(
    "You cut what comes out to between 0 and 1. For pixels that may be sensible, but hidden "
    "outputs have no such limits, and Keras's layer knows none. Leave the sum as it is."
)
def cut_to_pixels(values: Array, stddev: float, draws: Array, training: bool) -> Array:
    return np.clip(values + stddev * draws, 0, 1) if training else values


_FORMULAS = (
    squared_deviation,
    root_of_the_deviation,
    deviation_left_out,
    multiplied_noise,
    cut_to_pixels,
)


@noise_injection.misconception(
    "There is no noise in your network. Did you call `GaussianNoise` on the images yourself? "
    "Called like that it does nothing, unless it is told `training=True`. Where does `fit` "
    "tell it?",
    recognize=lambda noisy_model: not _has_layers(noisy_model),
)
def no_noise() -> dict[str, Any]:
    return _handed_in(_network(None, None))


@noise_injection.misconception(
    "A standard deviation of 0 is no noise. How large are the pixels, and how much may they be "
    "disturbed so that you can still read the digit?",
    recognize=lambda noisy_model: _has_layers(noisy_model) and not _noise(noisy_model),
)
def deviation_zero() -> dict[str, Any]:
    return _handed_in(_network(0.0, 0.0))


@noise_injection.misconception(
    "Your network goes on making noise when the training is over: called on the same digit, it "
    "gives other scores each time. Does `training=True` stand in the call of a layer? `fit` and "
    "`evaluate` tell the layers themselves when it is time.",
    recognize=lambda noisy_model: _differs(noisy_model, validation_part()[0][:8]),
)
def network_noisy_at_inference() -> dict[str, Any]:
    return _handed_in(_network(0.4, 0.2, always=True))


def _is_calm(model: Any) -> bool:
    return not _differs(model, validation_part()[0][:8])


@noise_injection.misconception(
    "Only the input of your network is disturbed. Hidden outputs can be disturbed, too, so that no "
    "unit may rely on the exact value of another. Where could a second layer of noise stand?",
    recognize=lambda noisy_model: _places(noisy_model) == {"input"} and _is_calm(noisy_model),
)
def input_only() -> dict[str, Any]:
    return _handed_in(_network(0.4, None))


@noise_injection.misconception(
    "Only hidden outputs are disturbed, not the images themselves. What does the first convolution "
    "get to see?",
    recognize=lambda noisy_model: (
        bool(_places(noisy_model))
        and _places(noisy_model) <= {"convolution", "dense"}
        and _is_calm(noisy_model)
    ),
)
def hidden_only() -> dict[str, Any]:
    return _handed_in(_network(None, 0.2))


@noise_injection.misconception(
    "Your second noise disturbs the outputs of a convolution. That is a hidden layer as well, but "
    "asked is the dense one, which has nearly all of the weights to learn by heart with. Behind "
    "which layer does the noise have to stand?",
    recognize=lambda noisy_model: (
        _places(noisy_model) == {"input", "convolution"} and _is_calm(noisy_model)
    ),
)
def behind_a_convolution() -> dict[str, Any]:
    return _handed_in(_network(0.4, None, on_maps=0.2))


@noise_injection.misconception(
    "Your noise disturbs the ten scores. There is nothing behind them that could learn to do with "
    "less exact values: the network is only blamed for scores that it did not give. Whose outputs "
    "should be disturbed?",
    recognize=lambda noisy_model: "scores" in _places(noisy_model) and _is_calm(noisy_model),
)
def noise_on_the_scores() -> dict[str, Any]:
    return _handed_in(_network(0.4, None, on_scores=0.2))


def _is_right(model: Any) -> bool:
    """Whether the noise is where it should be, and silent at inference."""
    return _places(model) == {"input", "dense"} and _is_calm(model)


@noise_injection.misconception(
    "The two strengths are exchanged: the hidden outputs get the noise that is meant for the "
    "input, and the other way round. Read once more where 0.4 belongs.",
    recognize=lambda noisy_model: (
        _is_right(noisy_model)
        and abs(_strongest(noisy_model, "input") - NOISE["dense"]) < 1e-6
        and abs(_strongest(noisy_model, "dense") - NOISE["input"]) < 1e-6
    ),
)
def strengths_exchanged() -> dict[str, Any]:
    return _handed_in(_network(0.2, 0.4))


@noise_injection.misconception(
    "The noise is there, but far too little of it: a network can learn the training digits by "
    "heart all the same. How strong may it be so that you can still read the digits?",
    recognize=lambda noisy_model: (
        _is_right(noisy_model) and max(stddev for _, stddev in _noise(noisy_model)) < 0.1
    ),
)
def hardly_any_noise() -> dict[str, Any]:
    return _handed_in(_network(0.001, 0.001))


@noise_injection.misconception(
    "You trained for a few epochs only. Then the gap is small, but because training ended before "
    "the network could learn by heart, not because of the noise. Let it run as long as the "
    "baseline.",
    recognize=lambda noisy_model, noisy_history: (
        _is_right(noisy_model)
        and len(noisy_history.epoch) < references.LONG
        and belongs(noisy_model, noisy_history)
    ),
)
def too_few_epochs() -> dict[str, Any]:
    model = _network(0.4, 0.2)
    return {"noisy_model": model, "noisy_history": history_of(model, 8)}


@noise_injection.misconception(
    "This history does not end where your network stands. It belongs to another training, or the "
    "weights were changed after it. In which cell do network and history come from the same `fit`?",
    recognize=lambda noisy_model, noisy_history: (
        _is_right(noisy_model)
        and gap_of(noisy_model) < OVERFITS
        and is_of_another(noisy_model, noisy_history)
    ),
)
def history_of_another() -> dict[str, Any]:
    handed = _handed_in(_network(0.4, 0.2))
    handed["noisy_history"] = overfitted()[1]
    return handed


def _handed_in(model: Any) -> dict[str, Any]:
    """A model with a history that ends where it stands."""
    return {"noisy_model": model, "noisy_history": history_of(model, 25)}


def _network(
    on_input: float | None,
    on_hidden: float | None,
    *,
    on_maps: float = 0.0,
    on_scores: float = 0.0,
    always: bool = False,
) -> Any:
    """A new network of the lesson with noise, which `always` makes some at inference, too."""
    import keras
    from keras import layers

    told = {"training": True} if always else {}
    image = maps = keras.Input((8, 8, 1))
    if on_input is not None:
        maps = layers.GaussianNoise(on_input)(maps, **told)
    for _ in range(2):
        maps = layers.Conv2D(16, 3, padding="same", activation="relu")(maps)
    maps = layers.GaussianNoise(on_maps)(maps) if on_maps else maps
    hidden = layers.Dense(128, activation="relu")(layers.Flatten()(maps))
    if on_hidden is not None:
        hidden = layers.GaussianNoise(on_hidden)(hidden, **told)
    scores = layers.Dense(10)(hidden)
    model = keras.Model(image, layers.GaussianNoise(on_scores)(scores) if on_scores else scores)
    model.compile(
        keras.optimizers.Adam(0.003), keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    )
    return model
