"""Keras objects that students build arrive as they were, or are refused with a sentence."""

from __future__ import annotations

import itertools
import sys
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from grader import Exercise, expect
from grader.crossing.blueprints import MAX_PARAMETERS
from grader.crossing.networks import Callback, Dataset, History
from grader.crossing.values import Functions, pack, unpack
from grader.errors import Mismatch, Untransferable
from grader.grading.execute import Kernel
from grader.judging.format import format_value
from grader.judging.testing import judge_here
from grader.results import Verdict
from tests import networks
from tests.exercises import asks, first

keras = pytest.importorskip("keras")
layers, ops = keras.layers, keras.ops

# Keras warns of `input_shape=`, and of dicts of inputs that are not what it would call them.
pytestmark = pytest.mark.filterwarnings("ignore::UserWarning")

Make = Callable[[], Any]


def crossed(value: Any) -> Any:
    """`value` as the other side gets it, where functions may cross: a model is called like one."""
    functions = Functions(lambda *_: None)
    return unpack(pack(value, functions), functions)


def outputs(model: Any, seed: int = 1) -> list[Any]:
    """What a model computes of random images."""
    rng = np.random.default_rng(seed)
    images = {
        tensor.name: rng.random([2, *(side or 9 for side in tensor.shape[1:])], "float32")
        for tensor in model.inputs
    }
    given = images if len(images) > 1 and isinstance(model.input, dict) else list(images.values())
    return [np.asarray(ops.cast(y, "float32")) for y in keras.tree.flatten(model(given))]


def leaves(layer: Any) -> list[Any]:
    """All layers in a model, those of nested models too."""
    return [layer, *itertools.chain(*map(leaves, getattr(layer, "layers", [])))]


def learning(model: Any) -> list[list[str]]:
    """The weights that training changes, by layer and name."""
    return [weight.path.split("/")[-2:] for weight in model.trainable_weights]


@pytest.mark.parametrize("make", networks.MODELS)
def test_a_model_computes_the_same(make: Make) -> None:
    """A model that crossed gives the same outputs of the same random inputs."""
    model = make()
    for there, here in zip(outputs(crossed(model)), outputs(model), strict=True):
        assert np.array_equal(there, here)


@pytest.mark.parametrize("make", networks.MODELS)
def test_a_model_tells_the_same_of_itself(make: Make) -> None:
    """Configurations, shapes, numbers of parameters and what learns are as they were."""
    model = make()
    arrived = crossed(model)
    assert arrived.get_config() == model.get_config()
    assert (arrived.output_shape, arrived.count_params()) == (
        model.output_shape,
        model.count_params(),
    )
    assert [layer.name for layer in leaves(arrived)] == [layer.name for layer in leaves(model)]
    assert [layer.trainable for layer in leaves(arrived)] == [
        layer.trainable for layer in leaves(model)
    ]
    assert learning(arrived) == learning(model)


@pytest.mark.slow
@pytest.mark.parametrize("make", [networks.plain, networks.shared])
def test_a_compiled_model_can_be_trained_on(make: Make) -> None:
    """Optimizer, losses and metrics cross by name and number, and work."""
    model = make()
    arrived = crossed(model)
    assert arrived.get_compile_config() == model.get_compile_config()
    images = [np.zeros((4, *tensor.shape[1:])) for tensor in model.inputs]
    labels = [np.zeros((4, *tensor.shape[1:])) for tensor in model.outputs]
    if make is networks.plain:
        labels = [np.zeros(4)]
    arrived.fit(images if len(images) > 1 else images[0], labels, verbose=0)


def test_random_states_cross() -> None:
    """Dropout that crossed drops the same values as it would have dropped at home."""
    model = networks.augmented()
    image = np.random.default_rng(0).random((1, 16, 16, 3), "float32")
    arrived = crossed(model)
    assert np.array_equal(arrived(image, training=True), model(image, training=True))


@pytest.mark.parametrize(("make", "shape"), networks.LAYERS)
def test_a_layer_crosses_alone(make: Make, shape: Any) -> None:
    """A layer arrives with its settings, and once it is built with its weights."""
    layer = make()
    assert crossed(layer).get_config() == layer.get_config()
    assert not crossed(layer).weights
    if not layer.built:
        layer.build(shape)
    arrived = crossed(layer)
    assert arrived.get_config() == layer.get_config()
    for there, here in zip(arrived.get_weights(), layer.get_weights(), strict=True):
        assert np.array_equal(there, here)


@pytest.mark.parametrize("make", networks.MODELS)
def test_what_crossed_crosses_again(make: Make) -> None:
    """What arrived can be sent on: the same packet comes of it."""
    packet = pack(make())
    assert pack(unpack(packet)) == packet


def test_a_custom_loss_leaves_a_model_uncompiled() -> None:
    """A model compiled with a function of one's own crosses without it."""
    model = networks.plain()
    model.compile("sgd", lambda truth, predicted: ops.mean(truth - predicted))
    assert not crossed(model).compiled


def test_models_stand_among_other_values() -> None:
    """A model and its history can be returned together."""
    model = networks.plain()
    history = model.fit(np.zeros((8, 12, 12, 1)), np.zeros(8), epochs=3, verbose=0)
    arrived, curves = crossed((model, history))
    assert arrived.count_params() == model.count_params()
    assert int(arrived.optimizer.iterations) == 3
    told = {name: tuple(curve) for name, curve in history.history.items()}
    assert curves == History((0, 1, 2), told, steps=1)
    assert crossed(curves) == curves


def test_a_callback_crosses_by_its_attributes() -> None:
    """Of a callback cross the name and the plain public attributes."""
    arrived = crossed(keras.callbacks.EarlyStopping("val_loss", patience=3))
    assert isinstance(arrived, Callback)
    assert (arrived.name, arrived.attributes["patience"]) == ("EarlyStopping", 3)
    assert arrived.attributes["monitor"] == "val_loss"
    assert crossed(arrived) == arrived


def test_a_pipeline_crosses_as_its_batches() -> None:
    """A pipeline's first batches arrive as arrays, with word of whether there were more."""
    import tensorflow as tf

    images, labels = np.arange(20.0).reshape(10, 2), np.arange(10)
    pipeline = tf.data.Dataset.from_tensor_slices((images, {"label": labels})).batch(4)
    arrived = crossed(pipeline)
    assert isinstance(arrived, Dataset)
    assert arrived.whole
    assert [len(batch[0]) for batch in arrived.batches] == [4, 4, 2]
    assert arrived.batches[2][1]["label"].tolist() == [8, 9]
    endless = crossed(pipeline.repeat())
    assert (len(endless.batches), endless.whole) == (64, False)
    assert not crossed(crossed(pipeline.repeat())).whole


class OwnModel(keras.Model):  # type: ignore[misc, name-defined]  # no types
    """A model of a class of its own."""

    def call(self, x: Any) -> Any:
        """Do nothing."""
        return x


class OwnLayer(layers.Dense):  # type: ignore[misc, name-defined]  # no types
    """A layer of a class of its own."""


def of(*parts: Any) -> Any:
    """A Sequential of some layers."""
    return keras.Sequential([keras.Input((8, 8, 1)), *parts])


REFUSED: list[tuple[Make, str]] = [
    (OwnModel, "Build it with keras.Sequential([…]) or keras.Model(inputs, outputs)."),
    (lambda: of(OwnLayer(2)), "your own class OwnLayer. Use the layers of keras.layers"),
    (lambda: of(layers.Lambda(lambda x: x)), "Use keras.layers.Activation, or compute with"),
    (lambda: of(layers.Conv2D(2, 3, activation=lambda x: x)), 'Write activation="linear".'),
    (lambda: of(layers.Normalization()), "Use keras.layers.Rescaling"),
    (lambda: keras.Sequential([layers.Dense(2)]), "Begin it with keras.Input(shape=…)."),
    (lambda: layers.LSTM(2), "Received: a layer of type LSTM."),
    (lambda: of(layers.Flatten(), layers.Dense(400_000)), "Use fewer filters or units"),
]


@pytest.mark.parametrize(("make", "sentence"), REFUSED)
def test_a_refusal_says_what_to_use(make: Make, sentence: str) -> None:
    """What may not cross is refused where it is, with a sentence that helps its author."""
    with pytest.raises(Untransferable) as refusal:
        pack(make(), Functions(lambda *_: None))
    assert sentence in str(refusal.value)


def test_the_largest_model_crosses() -> None:
    """A model with almost as many parameters as may be crosses; none of them drawn at random."""
    model = of(layers.Flatten(), layers.Dense(MAX_PARAMETERS // 65))
    arrived = crossed(model)
    assert np.array_equal(arrived.get_weights()[0], model.get_weights()[0])


def test_a_check_gets_a_model_of_its_own() -> None:
    """Each check sees the student's model as it was, whatever the check before did with it."""
    seen: list[float] = []

    f = Exercise("f", title="A model")

    def reads(f: Any) -> None:
        """It has weights."""
        seen.append(float(f.get_weights()[0].sum()))
        f.set_weights([0 * weight for weight in f.get_weights()])

    for name in ("reads", "reads_again"):
        reads.__name__ = name
        f.check(points=1)(reads)

    @f.check(points=1)
    def fails(f: Any) -> None:
        """It does not hold, so that a diagnosis is needed."""
        raise Mismatch("no")

    judgement = judge_here(f, {"f": networks.plain()})
    assert seen[0] == seen[1] != 0
    assert judgement.values["f"].get_weights()[0].sum() == seen[0]


def test_a_check_hands_a_layer_to_the_students_function() -> None:
    """A student's function gets a real layer, and returns a real model."""

    def builds(f: Any) -> None:
        model = f(layers.Conv2D(3, 5))
        expect.equal(tuple(model.output_shape), (None, 4, 4, 3))

    source = (
        "import keras\ndef f(layer):\n    return keras.Sequential([keras.Input((8, 8, 1)), layer])"
    )
    assert first(source, asks(builds)).verdict is Verdict.PASSED


CELL = """
import keras
from keras import layers
model = keras.Sequential([
    keras.Input((8, 8, 1)), layers.Conv2D(4, 3, activation="relu"), layers.Dropout(0.5),
    layers.Flatten(), layers.Dense(10),
])
model.compile("adam", "mse")
def widened(layer):
    return keras.Sequential([keras.Input((8, 8, 1)), layer, layers.Flatten()])
"""


@pytest.mark.kernel
def test_a_model_comes_out_of_a_real_kernel() -> None:
    """A model defined in a cell arrives here; a layer made here is used in the kernel."""
    functions = Functions(lambda *_: None)

    def ask(**question: Any) -> Any:
        packet = kernel.ask(pack(question, functions), 60.0, lambda packet: packet)
        return unpack(packet, functions)["value"]

    with Kernel(cell_seconds=60) as kernel:
        kernel.run(CELL)
        model = ask(ask="look", name="model")
        widened = ask(ask="look", name="widened")
        wide = ask(ask="call", function=widened, args=(layers.Conv2D(7, 3),), kwargs={})
    assert model.count_params() == 4 * 9 + 4 + 144 * 10 + 10
    assert model.compiled
    assert wide.output_shape == (None, 6 * 6 * 7)


FORKED = """
import sys
import keras
import grader.crossing.networks, grader.crossing.values, grader.judging.judge
from tensorflow.python.eager import context
sys.exit(context.context()._initialized)
"""


@pytest.mark.slow
def test_importing_makes_nothing() -> None:
    """Importing the codec beside Keras leaves TensorFlow as it was: it can still be forked."""
    import subprocess

    assert subprocess.run([sys.executable, "-c", FORKED], check=False).returncode == 0


@pytest.mark.parametrize(
    ("make", "text"),
    [
        (lambda: layers.Conv2D(2, 3, name="edges"), "the layer `edges` (Conv2D)"),
        (lambda: keras.Sequential(name="cnn"), "the model `cnn` (Sequential)"),
    ],
)
def test_a_network_is_shown_by_name(make: Make, text: str) -> None:
    """In a message, a layer or a model stands with its kind, its name and its class."""
    assert format_value(make()).text == text


@pytest.mark.parametrize("activation", ["relu", "elu", "gelu", "sigmoid", "softmax", "tanh"])
def test_activations_called_in_a_functional_model_cross(activation: str) -> None:
    """`keras.activations.relu(maps)` computes on the other side what it computes on this one."""
    import keras

    image = keras.Input((6, 6, 1))
    maps = keras.layers.Conv2D(2, 3)(image)
    model = keras.Model(image, getattr(keras.activations, activation)(maps))
    batch = np.random.default_rng(0).normal(size=(2, 6, 6, 1)).astype("float32")
    np.testing.assert_allclose(unpack(pack(model))(batch), model(batch), atol=1e-6)


def test_the_settings_of_a_called_relu_cross() -> None:
    """Slope, largest value and threshold of `keras.activations.relu` are kept."""
    import keras

    numbers = keras.Input((5,))
    settings = {"negative_slope": 0.1, "max_value": 2.0, "threshold": 0.5}
    model = keras.Model(numbers, keras.activations.relu(numbers, **settings))
    batch = np.array([[-3, 0.2, 0.7, 1.9, 5]], "float32")
    np.testing.assert_allclose(unpack(pack(model))(batch), model(batch), atol=1e-6)
