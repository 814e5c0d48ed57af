"""Descriptions of networks, of anyone's making, read before Keras sees any of them.

What comes of reading is a plan, in which every class and function is on a list, every number is
small, every list is short, and every array is one that arrived. `reviving` builds by it.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from grader.crossing.vocabulary import (
    ACTIVATION_LAYERS,
    ACTIVATIONS,
    CONSTRAINTS,
    DTYPES,
    INITIALIZERS,
    LOSSES,
    MEASURES,
    METRICS,
    OPERATIONS,
    OPTIMIZERS,
    REGULARIZERS,
    SCHEDULES,
    known_layer,
    require_listed,
)
from grader.errors import Untransferable

MAX_PARAMETERS = 20_000_000
"""80 MB as float32; less than an array may take that crosses."""

# Calls of layers in all; a layer in a model that is called three times counts three times.
_MAX_LAYERS, _MAX_CALLS, MAX_NESTING = 200, 1500, 8
_MAX_ARRAYS = 500  # of weights and random states: making each takes Keras about 3 ms
_MAX_INTEGER, _MAX_ITEMS, _MAX_SETTINGS, _MAX_TEXT = 1_000_000, 256, 60, 200
_MAX_CONSTANT = 2**20
_MAX_ITERATIONS = 2**53
# Of what reaches beyond an image: computing it takes time or memory that no output shows.
_MAX_REACH = {"dilation_rate": 64, "kernel_size": 1024, "pool_size": 4096, "strides": 4096}
# Of a metric: it keeps so many numbers, or their product.
_MAX_THRESHOLDS = 1000

# Settings that may be a Keras object, by what their names end with and by their whole names: its
# module, the classes that are known, and what these are called.
_OBJECTS_BY_ENDING = {
    "initializer": ("initializers", INITIALIZERS, "initializers"),
    "regularizer": ("regularizers", REGULARIZERS, "regularizers"),
    "constraint": ("constraints", CONSTRAINTS, "constraints"),
}
_OBJECTS = {
    "activation": ("layers", ACTIVATION_LAYERS, "activation layers"),
    "learning_rate": ("optimizers.schedules", SCHEDULES, "schedules"),
}
# Settings that change what the weights of a layer are.
_OF_CHANGED_WEIGHTS = ("lora_rank", "lora_alpha", "quantization_config")


@dataclass(frozen=True)
class Thing:
    """A Keras object to be made: the module and the name of its class, and its settings."""

    module: str
    name: str
    settings: Mapping[str, Any]


@dataclass(frozen=True)
class Function:
    """An activation function: of `keras.activations`, or of `keras.ops`."""

    module: str
    name: str


@dataclass(frozen=True)
class Output:
    """An output of an earlier call: of which layer, which call, and which of its outputs."""

    layer: str
    call: int
    index: int


@dataclass(frozen=True)
class Constant:
    """A tensor among a call's arguments; an array there is NumPy's own."""

    numbers: NDArray[Any]


@dataclass(frozen=True)
class Call:
    """One call of a layer, and the earlier outputs that it needs."""

    args: tuple[Any, ...]
    kwargs: Mapping[str, Any]
    needs: tuple[Output, ...]


@dataclass(frozen=True)
class LayerPlan:
    """A layer or an operation to be made, and the numbers that belong into it."""

    thing: Thing
    built: Any = None
    weights: tuple[NDArray[Any], ...] = ()
    state: tuple[NDArray[Any], ...] = ()
    calls: tuple[Call, ...] = ()

    @property
    def name(self) -> str:
        """What calls name it by."""
        return str(self.thing.settings["name"])

    @property
    def evaluations(self) -> int:
        """How many layers are evaluated where this one stands."""
        return max(1, len(self.calls))


@dataclass(frozen=True)
class ModelPlan:
    """A model to be made of layers; without `outputs`, one after the other.

    `compiled` are the arguments of `compile`, and `iterations` the steps that its optimizer took.
    """

    name: str
    trainable: bool
    layers: tuple[LayerPlan | ModelPlan, ...]
    compiled: Mapping[str, Any] | None
    iterations: int = 0
    inputs: Any = None
    outputs: Any = None
    calls: tuple[Call, ...] = ()

    @property
    def evaluations(self) -> int:
        """How many layers are evaluated where this one stands; in models, each time."""
        return max(1, len(self.calls)) * sum(layer.evaluations for layer in self.layers)


@dataclass(frozen=True)
class Plan:
    """A network to be built, and how many numbers arrived for its weights."""

    network: LayerPlan | ModelPlan
    elements: int


def read(description: Any) -> Plan:
    """The plan of the layer or model that a description stands for.

    Raises Untransferable for what no network has.
    """
    reader = _Reader()
    network = reader.network(description, 0)
    if reader.elements > MAX_PARAMETERS:
        raise Untransferable(
            f"A network that can be checked has at most {MAX_PARAMETERS:,} parameters. "
            f"Received: {reader.elements:,}. Use fewer filters or units, or pool before flattening."
        )
    return Plan(network, reader.elements)


def malformed(what: str) -> Untransferable:
    """What is raised for a description that no honest network has."""
    return Untransferable(f"What came back does not describe a network: {what[:200]}.")


class _Reader:
    """Reads a description without Keras; counts layers, and the numbers that arrived."""

    def __init__(self) -> None:
        self.layers = 0
        self.arrays = 0
        self.elements = 0

    def network(self, tree: Any, depth: int) -> LayerPlan | ModelPlan:
        """A layer, an operation or a model."""
        self.layers += 1
        if self.layers > _MAX_LAYERS or depth > MAX_NESTING:
            raise Untransferable(
                f"A network that can be checked has at most {_MAX_LAYERS} layers, nested at most "
                f"{MAX_NESTING} levels deep. Use fewer."
            )
        match tree:
            case {"class": "Sequential" | "Functional"}:
                return self._model(tree, depth)
            case {"class": str(name), "config": config} if name in OPERATIONS:
                return LayerPlan(_operation(name, config), calls=_calls(tree))
            case {"class": str(name), "config": config, "built": built}:
                return self._layer(_thing("layers", known_layer(name), config), built, tree)
        raise malformed("a layer has a class and a config")

    def _layer(self, thing: Thing, built: Any, rest: dict[str, Any]) -> LayerPlan:
        match rest:
            case {"weights": [*weights], "state": [*state]} if len(weights) + len(state) <= 8:
                pass
            case _:
                raise malformed(f"the weights of {thing.name} are missing")
        _name(thing.settings.get("name"))
        self.elements += sum(np.size(array) for array in weights)
        self.arrays += len(weights) + len(state)
        if self.arrays > _MAX_ARRAYS:
            raise Untransferable(
                f"The layers of a network that can be checked have at most {_MAX_ARRAYS} arrays of "
                f"weights in all. Use fewer layers."
            )
        for numbers, kinds in ((weights, "f"), (state, "iu")):
            for array in numbers:
                if not isinstance(array, np.ndarray) or array.dtype.kind not in kinds:
                    raise Untransferable(
                        f"Weights are arrays of floats, random states arrays of whole numbers. "
                        f"Received: something else, in a layer of type {thing.name}."
                    )
        return LayerPlan(thing, _shapes(built), tuple(weights), tuple(state), _calls(rest))

    def _model(self, tree: dict[str, Any], depth: int) -> ModelPlan:
        match tree:
            case {
                "class": kind,
                "name": name,
                "trainable": bool(trainable),
                "layers": [_, *_] as layers,
                "compiled": compiled,
                **rest,
            }:
                pass
            case _:
                raise malformed("a model has a name, layers, and what it was compiled with")
        inputs = outputs = None
        if kind == "Functional":
            inputs, outputs = _argument(rest.get("inputs")), _argument(rest.get("outputs"))
        arguments, iterations = (None, 0) if compiled is None else _compiled(compiled)
        model = ModelPlan(
            _name(name),
            trainable,
            tuple(self.network(layer, depth + 1) for layer in layers),
            arguments,
            iterations,
            inputs,
            outputs,
            _calls(rest),
        )
        if model.evaluations > _MAX_CALLS:
            raise Untransferable(
                f"The layers of a model that can be checked are called at most {_MAX_CALLS} times "
                f"in all. Received: {model.evaluations}. Use fewer."
            )
        return model


def _calls(rest: Mapping[str, Any]) -> tuple[Call, ...]:
    calls = rest.get("calls", [])
    if not isinstance(calls, list) or len(calls) > _MAX_CALLS:
        raise malformed("the calls of a layer are few")
    return tuple(map(_call, calls))


def _call(tree: Any) -> Call:
    match tree:
        case [[_, *_] as args, {**kwargs}] if len(args) <= _MAX_ITEMS:
            pass
        case _:
            raise malformed("a call has arguments")
    read = tuple(map(_argument, args))
    named = {_name(key): _argument(item) for key, item in kwargs.items()}
    needs = tuple(_outputs_in([*read, *named.values()]))
    if not needs:  # Keras would compute there and then
        raise malformed("a call needs the output of an earlier one")
    return Call(read, named, needs)


def _argument(tree: Any, depth: int = 0) -> Any:
    """An argument of a call, in which Output stands for earlier outputs."""
    if depth > MAX_NESTING:
        raise malformed("the arguments of a call are nested too deeply")
    match tree:
        case {"from": [str(layer), int(call), int(index)], **rest} if not rest:
            if min(call, index) < 0 or max(call, index) > _MAX_CALLS:
                raise malformed("a call's number counts from 0")
            return Output(layer, call, index)
        case {"slice": [start, stop, step], **rest} if not rest:
            return slice(*map(_plain, (start, stop, step)))
        case {"tensor": np.ndarray() as numbers, **rest} if not rest:
            return Constant(_plain(numbers))
        case {"dict": {**items}, **rest} if not rest and len(items) <= _MAX_ITEMS:
            return {_name(key): _argument(item, depth + 1) for key, item in items.items()}
        case tuple() | list() if len(tree) <= _MAX_ITEMS:
            return type(tree)(_argument(item, depth + 1) for item in tree)
    return ... if tree is ... else _plain(tree)


def _outputs_in(value: Any) -> Iterator[Output]:
    if isinstance(value, Output):
        yield value
    elif isinstance(value, list | tuple | dict):
        for item in value.values() if isinstance(value, dict) else value:
            yield from _outputs_in(item)


def _operation(name: str, config: Any) -> Thing:
    module, _, class_name = name.partition(".")
    thing = _thing(f"src.ops.{module}", class_name, config)
    _name(thing.settings.get("name"))
    return thing


def _thing(module: str, name: str, config: Any) -> Thing:
    if not isinstance(config, dict) or len(config) > _MAX_SETTINGS:
        raise malformed(f"{name} has settings, by name")
    return Thing(
        module, name, {_name(key): _setting(key, value, name) for key, value in config.items()}
    )


def _setting(key: str, value: Any, owner: str) -> Any:
    """One setting of a layer or another Keras object: plain, or an object that belongs there."""
    if value is None:
        return None
    if key in _OF_CHANGED_WEIGHTS:
        raise Untransferable(
            f"A layer that can be checked has its weights as they are. Received: {key}, in "
            f"{owner}. Leave it out."
        )
    if key == "dtype":
        return require_listed(value, DTYPES, "number types")
    by_ending = _OBJECTS_BY_ENDING.get(key.rpartition("_")[2])
    allowed = _OBJECTS.get(key, by_ending)
    match value:
        case {"class": name, "config": config, **rest} if allowed and not rest:
            module, names, called = allowed
            return _thing(module, require_listed(name, names, called), config)
    if key == "activation":
        return _activation(value)
    if key == "seed" and isinstance(value, int) and abs(value) < 2**63:
        return value
    if by_ending and not isinstance(value, int | float):
        raise Untransferable(
            f"The {key.replace('_', ' ')} of a layer is one of Keras's own. Received: "
            f'something else, in {owner}. Name one, such as "{min(by_ending[1], key=len)}".'
        )
    return _plain(value, key)


def _activation(value: Any) -> Function:
    """An activation that is named: of `keras.activations`, or `ops.…` of `keras.ops`."""
    if isinstance(value, str) and value.startswith("ops."):
        name = value.removeprefix("ops.")
        return Function("ops", require_listed(name, ACTIVATIONS, "activation functions"))
    return Function("activations", require_listed(value, ACTIVATIONS, "activation functions"))


def _plain(value: Any, key: str = "") -> Any:
    """A plain value of moderate size, or a constant array."""
    largest = _MAX_REACH.get(key, _MAX_INTEGER)
    if value is None or type(value) is bool:
        return value
    if type(value) is int and abs(value) <= largest:
        return value
    if type(value) is float and math.isfinite(value):
        return value
    if type(value) is str and len(value) <= _MAX_TEXT:
        return value
    if isinstance(value, list | tuple) and len(value) <= _MAX_ITEMS:
        return type(value)(_plain_item(item, key) for item in value)
    if isinstance(value, np.ndarray) and value.dtype.kind in "biuf" and value.size <= _MAX_CONSTANT:
        return value
    named = f" as `{key}`" if key else ""
    raise Untransferable(
        f"The settings of a layer are finite numbers up to {largest:,}, names, and short "
        f"lists of those. Received{named}: {_brief(value)}. Use one of those."
    )


def _plain_item(value: Any, key: str) -> Any:
    if isinstance(value, list | tuple):  # one level more, as in ((1, 2), (3, 4))
        if len(value) <= _MAX_ITEMS and not any(isinstance(item, list | tuple) for item in value):
            return type(value)(_plain(item, key) for item in value)
        raise Untransferable("The settings of a layer are short lists. Use plain numbers.")
    return _plain(value, key)


def _brief(value: Any) -> str:
    if type(value) is int:
        return str(value) if value.bit_length() < 70 else f"a number of {value.bit_length()} bits"
    if type(value) is float:
        return str(value)
    return f"an object of type {type(value).__name__}"


def _name(value: Any) -> str:
    if type(value) is str and 0 < len(value) <= _MAX_TEXT:
        return value
    raise malformed("a name is a text of moderate length")


def _shapes(shape: Any) -> Any:
    """A shape, or a list of shapes; None for a layer that is not built."""
    match shape:
        case None:
            return None
        case tuple() | list() if all(side is None or type(side) is int for side in shape):
            if len(shape) <= 8 and all(side is None or 0 < side < 2**31 for side in shape):
                return tuple(shape)
        case tuple() | list() if len(shape) <= _MAX_ITEMS:
            shapes = list(map(_shapes, shape))
            if all(type(one) is tuple for one in shapes):
                return shapes
    raise malformed("a shape is made of whole numbers")


def _compiled(tree: Any) -> tuple[dict[str, Any], int]:
    """The arguments of `compile`, and how many steps the optimizer took."""
    match tree:
        case {
            "optimizer": {"class": name, "config": config},
            "loss": loss,
            "metrics": metrics,
            "weighted_metrics": weighted,
            "loss_weights": loss_weights,
            "iterations": iterations,
            **rest,
        } if not rest and type(iterations) is int and 0 <= iterations <= _MAX_ITERATIONS:
            arguments = {
                "optimizer": _thing(
                    "optimizers", require_listed(name, OPTIMIZERS, "optimizers"), config
                ),
                "loss": _measures(loss, "losses", LOSSES),
                "metrics": _measures(metrics, "metrics", METRICS),
                "weighted_metrics": _measures(weighted, "metrics", METRICS),
                "loss_weights": _loss_weights(loss_weights),
            }
            return arguments, iterations
    raise malformed("a model is compiled with an optimizer, a loss and metrics")


def _loss_weights(value: Any) -> Any:
    if isinstance(value, dict) and len(value) <= _MAX_ITEMS:
        return {_name(key): _plain(item) for key, item in value.items()}
    return _plain(value)


def _measures(value: Any, module: str, names: frozenset[str], depth: int = 0) -> Any:
    """Losses or metrics: one, or lists and dicts of them, as `compile` takes them."""
    match value:
        case None:
            return None
        case str():
            return require_listed(value, MEASURES, module)
        case {"class": name, "config": config, **rest} if not rest:
            thing = _thing(module, require_listed(name, names, module), config)
            if module == "metrics":
                _ensure_thresholds(thing)
            return thing
        case {"dict": {**items}, **rest} if not rest and len(items) <= _MAX_ITEMS and depth < 3:
            return {
                _name(key): _measures(item, module, names, depth + 1) for key, item in items.items()
            }
        case list() if len(value) <= _MAX_ITEMS and depth < 3:
            return [_measures(item, module, names, depth + 1) for item in value]
    raise malformed(f"{module} are named, or have a class and a config")


def _ensure_thresholds(thing: Thing) -> None:
    for value in thing.settings.values():
        if type(value) is int and abs(value) > _MAX_THRESHOLDS:
            raise Untransferable(
                f"The numbers that a metric is set with are at most {_MAX_THRESHOLDS}. "
                f"Received: {value}. Use a smaller one."
            )
