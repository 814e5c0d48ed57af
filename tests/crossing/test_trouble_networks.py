"""Networks in other words: what computes the same counts, the rest is told what to write.

The notebooks in `trouble` failed once, each for something that a student may well write.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers

from grader import Exercise
from grader.crossing.values import pack, unpack
from grader.crossing.vocabulary import ACTIVATIONS, LOSSES, MEASURES, METRICS
from grader.errors import Untransferable
from grader.grading.collecting.submissions import Submission
from grader.grading.grade import grade
from grader.judging.testing import judge_here
from grader.kernel.limits import Limits
from grader.results import ExerciseResult, Verdict

TROUBLE = Path(__file__).parents[1] / "trouble"
Function = Callable[..., Any]


def graded(path: str, exercise: str) -> ExerciseResult:
    """What becomes of one exercise of a notebook in `trouble`."""
    record = grade(Submission("student", TROUBLE / path), secret=b"trouble", limits=Limits())
    assert not record.message
    return next(result for result in record.exercises if result.id == exercise)


@pytest.mark.kernel
def test_a_softmax_of_tensorflows_counts() -> None:
    """`activation=tf.nn.softmax` is softmax: full points."""
    result = graded("tf_nn_softmax/05_dense.ipynb", "lenet5")
    assert (result.verdict, result.score) == (Verdict.PASSED, result.max_score)


@pytest.mark.kernel
def test_a_lambda_that_is_relu_is_told_how_to_write_relu() -> None:
    """An activation of one's own is refused, with what to write in its place."""
    result = graded("act_lambda_relu/03_activation.ipynb", "conv_relu_block")
    assert result.score == 0
    assert 'Received: a lambda. It computes what relu does. Write activation="relu".' in str(result)


def dense(**settings: Any) -> Any:
    """A model of one dense layer with these settings."""
    return keras.Sequential([keras.Input((10,)), layers.Dense(4, **settings)])


def crossed(model: Any) -> Any:
    """The model as the other side gets it."""
    return unpack(pack(model))


def refusal(model: Any) -> str:
    """Why the model may not cross."""
    with pytest.raises(Untransferable) as refused:
        pack(model)
    return str(refused.value)


INPUTS = np.linspace(-7, 7, 40, dtype=np.float32).reshape(4, 10)


def accepted_by_keras(module: Any) -> dict[str, Function]:
    """The functions of a module that an activation may be: numbers in, as many numbers out."""
    found = {}
    for name in dir(module):
        function = getattr(module, name)
        if name.startswith("_") or not callable(function) or isinstance(function, type):
            continue
        try:
            outputs = np.asarray(function(tf.constant(INPUTS)))
        except Exception:  # noqa: BLE001 - it is no activation
            continue
        if outputs.shape == INPUTS.shape and outputs.dtype == np.float32:
            found[name] = function
    return found


WANTED = {name: getattr(keras.activations, name) for name in ACTIVATIONS}
# They pass numbers on as they are, but what they are for is something else.
NO_ACTIVATIONS = {
    *("array", "conj", "conjugate", "constant", "convert_to_numpy", "convert_to_tensor", "copy"),
    *("get_static_value", "guarantee_const", "hstack", "identity_n", "nan_to_num", "real", "sort"),
    *("squeeze", "stack", "stop_gradient", "tuple", "unstack", "view", "vstack"),
}


@pytest.mark.parametrize(
    "module",
    [keras.activations, keras.ops, keras.ops.nn, tf.nn, tf.math, tf, tf.keras.activations],
    ids=lambda module: str(module.__name__),
)
def test_whatever_computes_an_activation_is_one_under_every_public_name(module: Any) -> None:
    """Each function that gives the numbers of an activation crosses, and computes them there."""
    same = {
        name: function
        for name, function in accepted_by_keras(module).items()
        if name not in NO_ACTIVATIONS
        and any(
            np.allclose(function(tf.constant(INPUTS)), wanted(INPUTS), atol=1e-5)
            for wanted in WANTED.values()
        )
    }
    assert len(same) > 2
    for name, function in same.items():
        arrived = crossed(layers.Activation(function))
        assert np.allclose(arrived(INPUTS), function(tf.constant(INPUTS)), atol=1e-5), name


def test_every_activation_of_keras_is_known() -> None:
    """None is left out that maps numbers to as many numbers."""
    assert accepted_by_keras(keras.activations).keys() - ACTIVATIONS == {"hard_swish", "swish"}


@pytest.mark.parametrize("name", ["swish", "silu", "hard_swish", "log_softmax", "relu6"])
def test_names_as_texts_are_those_of_keras(name: str) -> None:
    """A text that Keras takes crosses as what it stands for."""
    model = dense(activation=name)
    assert np.allclose(crossed(model)(INPUTS), model(INPUTS), atol=1e-6)


def relu(x: Any) -> Any:
    """A function of one's own that has the name of another, and computes something else."""
    return -x


def my_softmax(x: Any) -> Any:
    """A function of one's own that computes nothing known."""
    return keras.ops.softmax(2 * x)


class Halved(keras.initializers.Initializer):  # type: ignore[misc]  # keras has no types
    """An initializer of one's own."""

    def __call__(self, shape: Any, dtype: Any = None) -> Any:
        """Weights of 1/2."""
        return keras.ops.full(shape, 0.5, dtype)


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"activation": relu}, 'the function `relu`. Write activation="relu".'),
        ({"activation": my_softmax}, 'the function `my_softmax`. Write activation="softmax".'),
        ({"activation": lambda x: x**3}, 'a lambda. Write activation="relu".'),
        (
            {"activation": lambda x: 1 / (1 + keras.ops.exp(-x))},
            'It computes what sigmoid does. Write activation="sigmoid".',
        ),
        ({"activation": lambda x: x.no}, 'Received: a lambda. Write activation="relu".'),
        ({"activation": layers.PReLU()}, "Received: a layer of type PReLU. Put it behind"),
        (
            {"kernel_initializer": lambda shape, dtype=None: keras.ops.ones(shape, dtype)},
            'Received: a lambda. Write kernel_initializer="he_normal".',
        ),
        (
            {"bias_initializer": keras.ops.zeros},
            'the function `zeros`. Write bias_initializer="zeros".',
        ),
        ({"kernel_initializer": Halved()}, 'Received: Halved. Write kernel_initializer="'),
        (
            {"kernel_regularizer": lambda weights: 0.01 * keras.ops.sum(weights**2)},
            'Received: a lambda. Write kernel_regularizer="l2".',
        ),
        (
            {"kernel_constraint": lambda weights: weights},
            'Received: a lambda. Write kernel_constraint="non_neg".',
        ),
    ],
)
def test_what_is_of_ones_own_is_told_what_to_write(settings: Any, sentence: str) -> None:
    """A function, a lambda or a class of one's own is refused with the nearest name of Keras's."""
    assert sentence in refusal(dense(**settings))


@pytest.mark.parametrize(
    ("theirs", "ours"),
    [
        (tf.zeros_initializer(), "Zeros"),
        (tf.ones_initializer(), "Ones"),
        (tf.constant_initializer(0.5), "Constant"),
        (tf.random_normal_initializer(stddev=0.1, seed=3), "RandomNormal"),
        (tf.random_uniform_initializer(-1, 1), "RandomUniform"),
        (tf.initializers.HeNormal(), "HeNormal"),
        ("he_normal", "HeNormal"),
        ("uniform", "RandomUniform"),
        (keras.initializers.he_uniform, "HeUniform"),
        (keras.initializers.Zeros, "Zeros"),
    ],
)
def test_initializers_of_other_names_cross(theirs: Any, ours: str) -> None:
    """TensorFlow's own initializers and all names of Keras arrive as Keras's own."""
    model = dense(kernel_initializer=theirs)
    arrived = crossed(model)
    assert type(arrived.layers[0].kernel_initializer).__name__ == ours
    assert np.array_equal(arrived.get_weights()[0], model.get_weights()[0])


def test_every_name_of_a_loss_or_metric_that_keras_takes_alone_is_known() -> None:
    """What `compile` takes as a text crosses, but for what is not made for labels and outputs."""
    other = {"circle", "ctc"}
    for module, kinds in ((keras.losses, LOSSES), (keras.metrics, METRICS)):
        taken = set()
        for name in MEASURES | kinds | set(dir(module)):
            try:
                module.get(name)
            except (ValueError, TypeError):
                continue
            taken.add(name)
        functions = {name for name in taken if name.islower()} - other
        assert functions <= MEASURES | set(dir(keras)), functions - MEASURES


def own_loss(name: str) -> Function:
    """A loss of one's own with the name of one of Keras's."""

    def loss(labels: Any, outputs: Any) -> Any:
        return keras.ops.mean(labels - outputs)

    loss.__name__ = name
    return loss


def test_a_loss_is_known_by_what_it_is_and_not_by_its_name() -> None:
    """Keras's function arrives as itself; one's own of the same name leaves it uncompiled."""
    model = dense()
    model.compile("adam", keras.losses.mean_squared_error, metrics=["mae", "precision"])
    assert crossed(model).loss == "mean_squared_error"
    model.compile("adam", own_loss("mean_squared_error"))
    assert not crossed(model).compiled


def judged(check: Function, source: str) -> Any:
    """What a check says of a `build` that `source` defines."""
    exercise = Exercise("build", title="Build", functions=("build",))
    exercise.check(points=1)(check)
    return judge_here(exercise, f"import keras\nfrom keras import layers\n{source}").result.checks[
        0
    ]


WIDE = "def build(): return keras.Sequential([keras.Input((5,)), layers.Dense(2)])"


def test_a_network_that_does_not_take_the_input_has_failed() -> None:
    """Keras's ValueError is told as the network's, with the call that built it, in any check."""

    def calls_it(build: Function) -> None:
        """It reads ten numbers."""
        build()(INPUTS)

    def calls_a_layer(build: Function) -> None:
        """Its layer reads ten numbers."""
        build().layers[0](INPUTS)

    def predicts(build: Function) -> None:
        """It reads ten numbers."""
        build().predict(INPUTS, verbose=0)

    for check in (calls_it, calls_a_layer, predicts):
        result = judged(check, WIDE)
        assert result.verdict is Verdict.FAILED
        assert result.message.startswith("Computing with your network fails: Input 0")
        assert result.call == "build()"


def test_a_network_of_the_rubrics_own_that_fails_is_a_fault_of_ours() -> None:
    """Where the student's network did not compute, the check is broken, and nobody pays for it."""

    def asks_another(build: Function) -> None:
        """It never can."""
        build()
        dense()(INPUTS[:, :3])

    assert judged(asks_another, WIDE).verdict is Verdict.BROKEN
