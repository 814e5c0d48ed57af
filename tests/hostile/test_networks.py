"""A described network may come from anyone: it is built exactly, or refused; cheaply either way."""

from __future__ import annotations

import copy
import json
import resource
import time
from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from grader.crossing.networks import describe
from grader.crossing.values import Packet, pack, unpack
from grader.errors import Untransferable
from tests import networks

pytestmark = pytest.mark.slow

MIB = 2**20
Tree = dict[str, Any]


def packet(description: Any, kind: Any = "network") -> Packet:
    """A packet that claims to hold a Keras object."""
    packed = pack(description)
    return Packet(json.dumps(["keras", kind, json.loads(packed.tree)]), packed.buffers)


def receive(description: Any, kind: str = "network") -> Any:
    """What becomes of a description on the judge's side."""
    return unpack(packet(description, kind))


def layer(kind: str, /, *, weights: Any = (), state: Any = (), **config: Any) -> Tree:
    """A layer as a packet describes it."""
    return {
        "class": kind,
        "config": {"name": kind.lower(), **config},
        "built": None,
        "weights": list(weights),
        "state": list(state),
    }


def image(*sides: Any, name: str = "image") -> Tree:
    """The input of a model."""
    shape = (None, *(sides or (8, 8, 1)))
    return layer("InputLayer", batch_shape=shape, dtype="float32", name=name)


def sequence(*layers: Tree, **changes: Any) -> Tree:
    """A Sequential of layers."""
    return {
        "class": "Sequential",
        "name": "model",
        "trainable": True,
        "layers": [*layers],
        "compiled": None,
        **changes,
    }


def source(name: str, call: int = 0, index: int = 0) -> Tree:
    """An output of an earlier layer."""
    return {"from": [name, call, index]}


def called(part: Tree, *calls: Any) -> Tree:
    """A layer of a functional model with its calls."""
    return {**part, "calls": [[list(args), {}] for args in calls]}


def graph(*layers: Tree, end: Any = None, start: Any = None, name: str = "model") -> Tree:
    """A functional model from `image` to the last layer."""
    last = layers[-1].get("name") or layers[-1]["config"]["name"]
    return {
        **sequence(called(image()), *layers),
        "class": "Functional",
        "name": name,
        "inputs": start or source("image"),
        "outputs": end or source(last),
    }


ZEROS = {"class": "Zeros", "config": {}}


def dense(units: Any, *weights: Any, **config: Any) -> Tree:
    """A Dense layer that claims `units`."""
    settings: Tree = {"kernel_initializer": ZEROS, "bias_initializer": ZEROS, **config}
    return layer("Dense", units=units, weights=weights, **settings)


def conv(filters: Any = 2, size: Any = (3, 3), **config: Any) -> Tree:
    """A Conv2D layer with the weights that it has on an image of one channel."""
    weights = [np.zeros((3, 3, 1, 2), "float32"), np.zeros(2, "float32")]
    given = {"kernel_initializer": ZEROS, "bias_initializer": ZEROS, **config}
    return layer("Conv2D", filters=filters, kernel_size=size, weights=weights, **given)


def operation(name: str, **config: Any) -> Tree:
    """An operation of a functional model, on the image."""
    part = {"class": name, "config": {"name": "op", **config}}
    return called(part, [source("image")])


def nested(levels: int, calls: int) -> Tree:
    """A model that calls a model several times, which calls a model several times, and so on."""
    model = graph(called(layer("ReLU"), [source("image")]), name="m0")
    for level in range(1, levels):
        inner = f"m{level - 1}"
        often = called(model, [source("image")], *([source(inner, n)] for n in range(calls - 1)))
        model = graph(often, end=source(inner, calls - 1), name=f"m{level}")
    return model


def compiled(**changes: Any) -> Tree:
    """A model compiled with something."""
    settings: Tree = {
        "optimizer": {"class": "SGD", "config": {}},
        "loss": "mse",
        "metrics": None,
        "weighted_metrics": None,
        "loss_weights": None,
        "iterations": 0,
    }
    return sequence(image(), layer("ReLU"), compiled={**settings, **changes})


def with_config(**config: Any) -> Tree:
    """A model whose Conv2D has a setting that it should not have."""
    return sequence(image(), conv(**config))


def of(kind: str, /, *sides: Any, **config: Any) -> Tree:
    """A model of an input and one layer."""
    return sequence(image(*sides), layer(kind, **config))


def chain(kind: str, count: int, **config: Any) -> Tree:
    """A layer repeated."""
    parts = [layer(kind, **{**config, "name": f"l{number}"}) for number in range(count)]
    return sequence(image(), *parts)


LAMBDA = {"class_name": "__lambda__", "config": {"value": ["4wAAAAA=", None, None]}}
SHELL = {"module": "os", "class_name": "system", "config": "id", "registered_name": "system"}

# Classes that are never made, with the sentence that names them.
STRANGERS = [
    "Lambda",
    "TFSMLayer",
    "TorchModuleWrapper",
    "JaxLayer",
    "FlaxLayer",
    "StringLookup",
    "IntegerLookup",
    "TextVectorization",
    "Hashing",
    "Normalization",
    "RandAugment",
    "Pipeline",
    "Wrapper",
    "Bidirectional",
    "TimeDistributed",
    "Layer",
    "Model",
    "Functional ",
    "OwnLayer",
    "custom>OwnLayer",
    "os.system",
    "__class__",
    "InputSpec",
    "",
]

TOO_LARGE: dict[str, Tree] = {
    "more weights than arrived": sequence(image(10), dense(10**6)),
    "a weight of 10**11 numbers": sequence(image(10**5), dense(10**6)),
    "huge upsampling": of("UpSampling2D", size=(10**5, 10**5)),
    "upsampling many times": chain("UpSampling2D", 190, size=(1000, 1000)),
    "huge upsampling of any size": of("UpSampling2D", None, None, 1, size=(10**5, 10**5)),
    "much upsampling of any size": sequence(
        image(None, None, 1),
        *(layer("UpSampling2D", size=(100, 100), name=f"u{number}") for number in range(5)),
    ),
    "upsampling, then pooling": sequence(
        image(), layer("UpSampling2D", size=(5000, 5000)), layer("GlobalMaxPooling2D")
    ),
    "huge padding": of("ZeroPadding2D", padding=(10**6, 10**6)),
    "huge repetition": of("RepeatVector", 10**3, n=10**6),
    "huge resizing": of("Resizing", height=10**6, width=10**6),
    "huge input": of("ReLU", 10**6, 10**6, 10**6),
    "huge batch": sequence(
        {**image(), "config": {"batch_shape": (10**6, 10**6), "name": "image", "dtype": "float32"}},
        layer("ReLU"),
    ),
    "huge transposed convolution": sequence(
        image(),
        layer(
            "Conv2DTranspose",
            filters=1,
            kernel_size=1,
            strides=10**5,
            kernel_initializer=ZEROS,
            bias_initializer=ZEROS,
            weights=[np.zeros((1, 1, 1, 1)), np.zeros(1)],
        ),
    ),
    "huge tile": graph(operation("numpy.Tile", repeats=(1, 10**4, 10**4, 1))),
    "huge repeat": graph(operation("numpy.Repeat", repeats=10**6, axis=1)),
    "huge pad": graph(
        operation("numpy.Pad", pad_width=((0, 0), (10**6, 10**6), (10**6, 0), (0, 0)))
    ),
    "outer product by broadcasting": graph(
        called(
            {"class": "numpy.Reshape", "config": {"name": "r", "newshape": (1, 64, 1)}},
            [source("image")],
        ),
        called(
            {"class": "numpy.Multiply", "config": {"name": "m"}},
            [source("r"), np.zeros((2**19, 1, 1), "float32")],
        ),
    ),
    "models in models, called often": nested(8, 6),
    "models in models, too deep": nested(12, 1),
    "too many layers": chain("ReLU", 1000),
    "too many calls": graph(
        called(layer("ReLU"), [source("image")], *([source("relu", n)] for n in range(5000)))
    ),
    "huge group normalization": of("GroupNormalization", groups=10**6),
    "embedding": of("Embedding", input_dim=10**6, output_dim=10**6),
    "pooling larger than all": of("MaxPooling2D", pool_size=(10**6, 10**6), padding="same"),
    "a metric of many thresholds": compiled(
        metrics=[{"class": "AUC", "config": {"num_thresholds": 10**6}}]
    ),
    "a metric of many classes": compiled(
        metrics=[{"class": "MeanIoU", "config": {"num_classes": 10**6}}]
    ),
}

WRONG: dict[str, Any] = {
    "nothing": None,
    "a list": [],
    "an empty dict": {},
    "only a class": {"class": "Dense"},
    "class is a list": {"class": ["Dense"], "config": {}, "built": None},
    "units is huge": sequence(image(10), dense(2**900)),
    "units is negative": sequence(image(10), dense(-1)),
    "units is zero": sequence(image(10), dense(0)),
    "units is NaN": sequence(image(10), dense(float("nan"))),
    "units is infinite": sequence(image(10), dense(float("inf"))),
    "units is a text": sequence(image(10), dense("10")),
    "units is a list": sequence(image(10), dense([1, 2])),
    "units is a dict": sequence(image(10), dense({"class": "Zeros", "config": {}})),
    "units is missing": sequence(image(10), layer("Dense")),
    "initializers are missing": sequence(image(10), layer("Dense", units=3)),
    "filters is huge": with_config(filters=10**9),
    "a kernel of zero": with_config(size=(0, 0)),
    "a negative kernel": with_config(size=(-3, -3)),
    "a kernel of many sides": with_config(size=(3,) * 50),
    "dilation is large": with_config(dilation_rate=(100, 100)),
    "dilation is huge": with_config(dilation_rate=(10**6, 10**6)),
    "strides are zero": with_config(strides=(0, 0)),
    "groups do not divide": with_config(groups=7),
    "padding unheard of": with_config(padding="sideways"),
    "padding is long": with_config(padding="x" * 10_000),
    "a lambda as activation": with_config(activation=LAMBDA),
    "a shell as activation": with_config(activation=SHELL),
    "an unheard-of activation": with_config(activation="os.system"),
    "an attribute as activation": with_config(activation="__class__"),
    "a lambda as initializer": with_config(kernel_initializer=LAMBDA),
    "a text as initializer": with_config(kernel_initializer="custom>evil"),
    "a layer as initializer": with_config(
        kernel_initializer={"class": "Dense", "config": {"units": 3}}
    ),
    "an initializer of a module": with_config(
        kernel_initializer={"class": "Zeros", "config": {}, "module": "os"}
    ),
    "no initializer": with_config(kernel_initializer=None),
    "a text as regularizer": with_config(kernel_regularizer="evil"),
    "a stranger as constraint": with_config(kernel_constraint={"class": "Evil", "config": {}}),
    "a stranger as dtype": with_config(dtype="evil_float"),
    "a dict as dtype": with_config(dtype={"class_name": "DTypePolicy", "config": {"name": "x"}}),
    "a strange setting": with_config(evil=1),
    "a special setting": with_config(__class__=1),
    "self as a setting": with_config(self=1),
    "a tensor as a setting": with_config(input_tensor=1),
    "input_shape as a setting": with_config(input_shape=(3, 3)),
    "a name with a slash": sequence(image(), layer("ReLU", name="a/b")),
    "a name that is a number": sequence(image(), layer("ReLU", name=3)),
    "no name": sequence(image(), {**layer("ReLU"), "config": {}}),
    "trainable is a text": with_config(trainable="yes"),
    "a long list": of("Rescaling", scale=[0.5] * 10_000),
    "a deep list": of("Rescaling", scale=[[[[0.5]]]]),
    "no input": sequence(layer("ReLU"), layer("ReLU", name="two")),
    "two inputs in a row": sequence(image(), image(name="second")),
    "input alone": sequence(image()),
    "no layers": sequence(),
    "layers is a dict": sequence(layers={}),
    "an unknown-sized dense": sequence(image(None), dense(3)),
    "an input without sides": sequence(
        {**image(), "config": {"batch_shape": (), "name": "i"}}, layer("ReLU")
    ),
    "an input of negative sides": of("ReLU", -8, -8, 1),
    "a reshape that cannot be": of("Reshape", target_shape=(7, 7)),
    "weights of another shape": sequence(image(10), dense(3, np.zeros((3, 10)), np.zeros(3))),
    "one weight too few": sequence(image(10), dense(3, np.zeros((10, 3)))),
    "one weight too many": sequence(
        image(10), dense(3, np.zeros((10, 3)), np.zeros(3), np.zeros(3))
    ),
    "weights of whole numbers": sequence(
        image(10), dense(3, np.zeros((10, 3), "int32"), np.zeros(3))
    ),
    "weights of complex numbers": sequence(
        image(10), dense(3, np.zeros((10, 3), "complex64"), np.zeros(3))
    ),
    "weights are lists": sequence(image(10), dense(3, [[0.0] * 3] * 10, [0.0] * 3)),
    "random state of another shape": sequence(
        image(), layer("Dropout", rate=0.5, state=[np.zeros(5, "uint32")])
    ),
    "random state missing": of("Dropout", rate=0.5),
    "a rate above one": of("Dropout", rate=7.0),
    "a huge seed": of("Dropout", rate=0.5, seed=2**100),
    "an operation unheard of": graph(operation("numpy.Evil")),
    "an operation that loops": graph(operation("core.WhileLoop")),
    "an operation that maps": graph(operation("core.VectorizedMap", function="evil")),
    "an operation elsewhere": graph(operation("..os.system")),
    "a layer that does not exist": graph(called(layer("ReLU"), [source("nobody")])),
    "layers that wait for each other": graph(
        called(layer("ReLU"), [source("softmax")]), called(layer("Softmax"), [source("relu")])
    ),
    "an output that does not exist": graph(called(layer("ReLU"), [source("image", 0, 5)])),
    "an output that is no output": graph(called(layer("ReLU"), [source("image")]), end=3),
    "a call counted from below": graph(called(layer("ReLU"), [source("image", -1)])),
    "a call that would compute at once": graph(
        called(
            {"class": "numpy.Tile", "config": {"name": "tile", "repeats": (10**6, 10**6)}},
            [np.zeros((10, 10), "float32")],
        )
    ),
    "a slice of an output": graph(
        called(
            {"class": "numpy.GetItem", "config": {"name": "part"}},
            [np.zeros(10), {"slice": [source("image"), None, None]}],
        )
    ),
    "low ranks": sequence(image(10), dense(3, lora_rank=10**6)),
    "fewer bits": sequence(image(10), dense(3, quantization_config={"class": "Int8"})),
    "a call with a constant": graph(called(layer("ReLU"), [np.zeros((2, 2))])),
    "an input called": graph(called({**image(), "config": {"name": "i"}}, [source("image")])),
    "two layers of one name": graph(
        called(layer("ReLU"), [source("image")]), called(layer("ReLU"), [source("image")])
    ),
    "an argument unheard of": graph(
        {**layer("ReLU"), "calls": [[[source("image")], {"evil": True}]]}
    ),
    "arguments nested deeply": graph(called(layer("Add"), [[[[[[[[[[source("image")]]]]]]]]]])),
    "compiled with a stranger": compiled(optimizer={"class": "Evil", "config": {}}),
    "compiled with a lambda": compiled(loss=LAMBDA),
    "compiled with a stranger's name": compiled(loss="custom>evil"),
    "compiled with a strange setting": compiled(optimizer={"class": "SGD", "config": {"evil": 1}}),
    "compiled with a strange rate": compiled(
        optimizer={"class": "SGD", "config": {"learning_rate": "fast"}}
    ),
    "compiled with a strange schedule": compiled(
        optimizer={
            "class": "SGD",
            "config": {"learning_rate": {"class": "LearningRateSchedule", "config": {}}},
        }
    ),
    "compiled with more": compiled(run_eagerly=True),
    "trained backwards": compiled(iterations=-1),
    "trained for ever": compiled(iterations=2**70),
    "trained for a truth": compiled(iterations=True),
    "losses in losses": compiled(loss=[[[[["mse"]]]]]),
}

_ONE_OF_KERAS = sequence(image(), conv())


@pytest.fixture(scope="module", autouse=True)
def _warm() -> None:
    """What Keras and TensorFlow do only once is not counted below."""
    receive(_ONE_OF_KERAS)
    receive(nested(3, 2))
    receive(compiled())


def costs(action: Callable[[], Any]) -> tuple[float, int]:
    """The CPU seconds that an action takes, and the bytes by which it makes the process grow."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    start = time.process_time()
    action()
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - peak
    return time.process_time() - start, 1024 * grown


def refusal(description: Any) -> str:
    """The sentence with which a description is refused, cheaply."""
    sentences: list[str] = []

    def try_it() -> None:
        with pytest.raises(Untransferable) as refused:
            receive(description)
        sentences.append(str(refused.value))

    seconds, grown = costs(try_it)
    assert seconds < 2.0
    assert grown < 64 * MIB
    assert len(sentences[0]) < 600
    return sentences[0]


@pytest.mark.parametrize("name", STRANGERS)
def test_a_class_that_is_not_on_the_list_is_never_made(name: str) -> None:
    """Layers that run code, read files, or are no layers at all are refused by name."""
    sentence = refusal(of(name))
    assert "A network that can be checked is made of Keras's own layers" in sentence
    assert f"Received: a layer of type {name}" in sentence


@pytest.mark.parametrize("name", TOO_LARGE)
def test_what_would_be_too_large_is_refused_before_it_is_there(name: str) -> None:
    """Sizes, numbers of layers, and calls are counted on symbols, without memory or time."""
    refusal(TOO_LARGE[name])


@pytest.mark.parametrize("name", WRONG)
def test_what_is_not_exactly_right_is_refused(name: str) -> None:
    """Settings, weights and graphs that no network of Keras has are refused with a sentence."""
    refusal(WRONG[name])


def test_the_descriptions_here_are_almost_right() -> None:
    """Without what is wrong with them, the descriptions of these tests are networks."""
    assert receive(_ONE_OF_KERAS).count_params() == 20
    assert receive(graph(called(layer("ReLU"), [source("image")]))).count_params() == 0
    assert receive(graph(operation("nn.Relu"))).output_shape == (None, 8, 8, 1)
    assert receive(compiled()).compiled
    good = dense(3, np.zeros((10, 3), "float32"), np.full(3, np.nan, "float32"))
    assert receive(sequence(image(10), good)).count_params() == 33
    assert receive(of("MaxPooling2D", pool_size=2)).output_shape == (None, 4, 4, 1)


@pytest.mark.parametrize("kind", ["model", "", "network ", "function", "__class__"])
def test_only_a_few_kinds_are_described(kind: str) -> None:
    """What claims to be another kind of Keras object is refused."""
    with pytest.raises(Untransferable):
        receive(_ONE_OF_KERAS, kind)


@pytest.mark.parametrize(
    ("kind", "description"),
    [
        ("history", {"epoch": [0], "history": {"loss": [1]}, "steps": None}),
        ("history", {"epoch": [0.5], "history": {}, "steps": None}),
        ("history", {"epoch": 3, "history": {}, "steps": None}),
        ("history", {"epoch": [], "history": {1: [0.5]}, "steps": None}),
        ("history", {"epoch": [], "history": {str(n): [] for n in range(200)}, "steps": None}),
        ("history", {"epoch": [], "history": {}, "steps": None, "model": 1}),
        ("history", {"epoch": [], "history": [np.zeros(3)], "steps": None}),
        ("history", {"epoch": [], "history": {}, "steps": "10"}),
        ("history", {"epoch": [], "history": {}, "steps": True}),
        ("history", {"epoch": [], "history": {}}),
        ("callback", {"name": 3, "attributes": {}}),
        ("callback", {"name": "C", "attributes": {1: 2}}),
        ("callback", {"name": "C", "attributes": {"a": np.zeros(3)}}),
        ("callback", {"name": "C", "attributes": {str(n): 0 for n in range(200)}}),
        ("dataset", {"batches": [np.zeros(3)], "whole": True}),
        ("dataset", {"batches": ("text",), "whole": True}),
        ("dataset", {"batches": (np.zeros(1),) * 65, "whole": True}),
        ("dataset", {"batches": (), "whole": 1}),
        ("dataset", None),
    ],
)
def test_the_small_kinds_are_exactly_right(kind: str, description: Any) -> None:
    """Histories, callbacks and pipelines hold numbers and names, or are refused."""
    with pytest.raises(Untransferable):
        receive(description, kind)


def test_layers_in_the_slowest_order_are_cheap() -> None:
    """A model whose every layer stands before the one that it needs is built in moderate time."""
    places = [f"l{number}" for number in range(190)]
    parts = [
        called(layer("ReLU", name=name), [source(needed)])
        for name, needed in zip(places, [*places[1:], "image"], strict=True)
    ]
    seconds, _ = costs(lambda: receive(graph(*parts, end=source("l0"))))
    assert seconds < 2.0


def test_custom_objects_change_nothing() -> None:
    """A scope of custom objects, or a registered class, widens nothing that may be named."""

    @keras.saving.register_keras_serializable("custom")
    class Evil(keras.layers.Layer):  # type: ignore[misc]  # Keras has no types
        """A layer that must never be made."""

        def __init__(self, **_: Any) -> None:
            raise AssertionError("made")

    scope = {"Evil": Evil, "Conv2D": Evil, "relu": Evil, "Zeros": Evil, "mse": Evil}
    with keras.saving.custom_object_scope(scope):
        assert type(receive(with_config(activation="relu")).layers[0]) is keras.layers.Conv2D
        receive(compiled())
        for name in ("Evil", "custom>Evil"):
            refusal(of(name))


def test_unsafe_deserialization_changes_nothing() -> None:
    """Where Keras was told to load anything, a lambda is still refused."""
    keras.config.enable_unsafe_deserialization()
    try:
        refusal(with_config(activation=LAMBDA))
        refusal(of("Lambda", function=LAMBDA))
    finally:
        keras.src.saving.serialization_lib.SafeModeScope(True).__enter__()


def places(tree: Any) -> list[tuple[Any, Any]]:
    """Every place in a description where something else could stand."""
    found: list[tuple[Any, Any]] = []
    items = tree.items() if isinstance(tree, dict) else enumerate(tree)
    for key, item in items:
        found.append((tree, key))
        if isinstance(item, dict | list):
            found += places(item)
    return found


numbers = st.sampled_from(
    [-(2**63), -1, 0, 1, 2, 3, 7, 1000, 10**6, 10**6 + 1, 2**31, 2**63, 2**900]
)
floats = st.sampled_from([float("nan"), float("inf"), -float("inf"), -1.0, 0.0, 0.5, 1e30, 1e-30])
words = st.sampled_from(
    [
        "",
        "same",
        "valid",
        "relu",
        "Dense",
        "Lambda",
        "image",
        "channels_first",
        "float16",
        "x/y",
        "é\ud800",
    ]
)
atoms = st.none() | st.booleans() | numbers | floats | words
pieces = st.one_of(
    atoms,
    st.lists(atoms, max_size=4),
    st.lists(numbers, max_size=3).map(tuple),
    st.sampled_from([LAMBDA, SHELL, ZEROS, source("image"), source("nobody", 3)]),
    st.just(np.zeros((2, 2), "float32")),
    st.builds(dict),
)
ORIGINALS = [
    networks.plain,
    networks.augmented,
    networks.residual,
    networks.shared,
    networks.one_after_another,
    networks.any_size,
]


@pytest.fixture(scope="module")
def originals() -> list[Any]:
    """Descriptions of honest models."""
    described = [describe(make()) for make in ORIGINALS]
    return [description for found in described if found for description in found[1:]]


@settings(deadline=None, max_examples=80, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_an_honest_model_can_be_changed_anywhere(originals: list[Any], data: st.DataObject) -> None:
    """A description with some of its pieces exchanged gives a model, or is refused; cheaply."""
    tree = copy.deepcopy(data.draw(st.sampled_from(originals)))
    for _ in range(data.draw(st.integers(1, 3))):
        parent, key = data.draw(st.sampled_from(places(tree)))
        if data.draw(st.integers(0, 5)) == 0 and isinstance(parent, dict):
            del parent[key]
        else:
            parent[key] = copy.deepcopy(data.draw(pieces))  # it may be changed in turn

    def try_it() -> None:
        try:
            arrived = receive(tree)
        except Untransferable:
            return
        assert isinstance(arrived, keras.layers.Layer)

    seconds, grown = costs(try_it)
    assert seconds < 2.0
    assert grown < 64 * MIB


def test_a_network_that_multiplies_for_minutes_is_refused() -> None:
    """Large kernels over large maps are refused, however few their weights and outputs."""
    image = keras.Input((32, 32, 3))
    maps = keras.layers.Conv2D(10, 5, padding="same")(image)
    maps = keras.layers.Conv2D(16, 60, padding="same")(keras.layers.UpSampling2D(32)(maps))
    model = keras.Model(image, keras.layers.GlobalAveragePooling2D()(maps))
    with pytest.raises(Untransferable, match="smaller kernels"):
        unpack(pack(model))


def test_a_network_that_keeps_too_much_is_refused() -> None:
    """Many outputs, each of a size that is allowed, are refused together."""
    image = keras.Input((32, 32, 3))
    maps = keras.layers.UpSampling2D(16)(keras.layers.Conv2D(64, 1)(image))
    for _ in range(10):
        maps = keras.layers.ReLU()(maps)
    model = keras.Model(image, keras.layers.GlobalAveragePooling2D()(maps))
    with pytest.raises(Untransferable, match="in all its outputs"):
        unpack(pack(model))
