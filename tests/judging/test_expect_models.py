"""Expectations on Keras models: any model with the right behavior passes, and no other."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest

from grader import expect
from tests.judging.test_expect import mismatch

layers: Any = keras.layers


def sequential() -> Any:
    """Two convolutions with ReLU, as a list of layers."""
    return keras.Sequential(
        [
            keras.Input((8, 8, 1)),
            layers.Conv2D(4, 3, activation="relu"),
            layers.Conv2D(2, 3),
            layers.Flatten(),
            layers.Dense(3),
        ]
    )


def functional() -> Any:
    """The same network as a graph, with ReLU as a layer and a model inside the model."""
    inner_input = keras.Input((8, 8, 1))
    inner = keras.Model(inner_input, layers.ReLU()(layers.Conv2D(4, 3)(inner_input)))
    image = keras.Input((8, 8, 1), name="image")
    maps = layers.Conv2D(2, 3, name="second")(inner(image))
    return keras.Model(image, layers.Dense(3)(layers.Reshape((32,))(maps)))


@pytest.mark.parametrize("build", [sequential, functional])
def test_a_right_model_passes_whatever_api_built_it(build: Any) -> None:
    """Shapes, counts, layers and outputs hold for a list of layers and for a nested graph alike."""
    model = build()
    expect.model(model)
    expect.input_shape(model, (8, 8, 1))
    expect.output_shape(model, (3,))
    expect.parameter_count(model, 40 + 74 + 99)
    assert [layer.filters for layer in expect.layers(model, "Conv2D", 2)] == [4, 2]
    expect.same_outputs(model, sequential(), np.random.default_rng(0))


def test_other_outputs_with_the_same_weights_are_told() -> None:
    """A model with the same weights and another activation is refused, though its shapes agree."""
    other = keras.Sequential(
        [
            keras.Input((8, 8, 1)),
            layers.Conv2D(4, 3),
            layers.Conv2D(2, 3, activation="relu"),
            layers.Flatten(),
            layers.Dense(3),
        ]
    )
    raised = mismatch(expect.same_outputs, other, sequential(), np.random.default_rng(0))
    assert "values differ" in raised.message


def test_other_weights_are_named_by_their_shapes() -> None:
    """Where the weights cannot be the reference's, their shapes say so, and nothing is computed."""
    other = keras.Sequential([keras.Input((8, 8, 1)), layers.Flatten(), layers.Dense(3)])
    raised = mismatch(expect.same_outputs, other, sequential(), np.random.default_rng(0))
    assert raised.message.endswith("Received: 64×3, 3.")


def test_normalized_layers_get_weights_that_can_be() -> None:
    """A moving variance is drawn positive: a square root of less would be no number."""
    build = [keras.Input((6, 6, 2)), layers.BatchNormalization(), layers.Conv2D(2, 3)]
    again = [keras.Input((6, 6, 2)), layers.BatchNormalization(), layers.Conv2D(2, 3)]
    rng = np.random.default_rng(0)
    expect.same_outputs(keras.Sequential(build), keras.Sequential(again), rng)


@pytest.mark.parametrize(
    ("received", "says"),
    [
        (3, "Received: 3."),
        ("model", "Received: 'model'."),
        (None, "Received: None."),
        (layers.Conv2D(3, 3), "Received: a layer."),
        (keras.Sequential([layers.Dense(3)]), "does not know the shape of its input"),
    ],
)
def test_what_is_no_model_is_said(received: Any, says: str) -> None:
    """Anything but a built model gets a sentence that says what it is, and what to write."""
    assert says in mismatch(expect.model, received).message
    assert "keras." in mismatch(expect.model, received).message


def test_shapes_and_counts_are_told_in_the_course_s_words() -> None:
    """Sizes read 8×8×1 without the batch, and large counts have their commas."""
    model = sequential()
    assert mismatch(expect.output_shape, model, (4, 4, 2)).message == (
        "The output should be 4×4×2. Received: 3."
    )
    assert "Received: 8×8×1." in mismatch(expect.input_shape, model, (8, 8, 3)).message
    assert mismatch(expect.parameter_count, model, 61706).message == (
        "61,706 parameters are expected. Received: 213."
    )


def test_two_inputs_or_outputs_are_not_one() -> None:
    """A model of two inputs or two outputs is told so, not taken by its first."""
    first, second = keras.Input((4,)), keras.Input((4,))
    both = keras.Model([first, second], [layers.Dense(2)(first), layers.Dense(2)(second)])
    assert "2 outputs" in mismatch(expect.output_shape, both, (2,)).message
    assert mismatch(expect.input_shape, both, (4,)).received == ((4,), (4,))


def test_missing_layers_are_told_beside_those_that_are_there() -> None:
    """Another number of layers than expected lists every kind that the model has."""
    message = mismatch(expect.layers, sequential(), "MaxPooling2D").message
    assert message == (
        "At least one `MaxPooling2D` layer should be in the model. "
        "Received: 2 × Conv2D, 1 × Flatten, 1 × Dense."
    )
    assert mismatch(expect.layers, sequential(), "Conv2D", 3).message.startswith(
        "3 `Conv2D` layers should be in the model."
    )


@pytest.mark.parametrize("by_name", [True, False])
def test_what_it_is_compiled_with_may_be_named_or_made(by_name: bool) -> None:
    """An optimizer, loss or metric given by its name is the same as one given as an object."""
    model = sequential()
    if by_name:
        model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    else:
        model.compile(
            keras.optimizers.Adam(1e-3),
            keras.losses.SparseCategoricalCrossentropy(),
            metrics=[keras.metrics.SparseCategoricalAccuracy()],
        )
    expect.compiled(
        model,
        optimizer="adam",
        loss="sparse_categorical_crossentropy",
        from_logits=False,
        metrics=["accuracy"],
    )


def test_what_it_is_not_compiled_with_is_told() -> None:
    """Each part that differs has its own sentence, with what was received."""
    model = sequential()
    assert "not compiled" in mismatch(expect.compiled, model).message
    model.compile("sgd", "mse")
    assert "`sgd`" in mismatch(expect.compiled, model, optimizer="adam").message
    wanted = "sparse_categorical_crossentropy"
    expect.compiled(model, loss="mean_squared_error")
    assert "`mean_squared_error`" in mismatch(expect.compiled, model, loss=wanted).message
    assert "`from_logits=True`" in mismatch(expect.compiled, model, from_logits=True).message
    assert "accuracy" in mismatch(expect.compiled, model, metrics=["accuracy"]).message
