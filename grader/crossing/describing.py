"""Layers and models as plain values and arrays, for the other side to read.

This runs beside the student's code, and need only be right for honest networks; what it refuses, it
refuses with a sentence for their authors. Keras's own way of saving is not used: a file that it
wrote can hold code.
"""

from __future__ import annotations

import inspect
import re
import sys
import warnings
from collections.abc import Mapping
from typing import Any

import numpy as np

from grader.crossing.activations import activation_name, no_activation
from grader.crossing.blueprints import MAX_NESTING, MAX_PARAMETERS
from grader.crossing.vocabulary import (
    ACTIVATION_LAYERS,
    CONSTRAINTS,
    DTYPES,
    INITIALIZERS,
    LAYERS,
    MEASURES,
    MODELS,
    OPERATIONS,
    REGULARIZERS,
    known_layer,
    nearest,
    require_listed,
)
from grader.errors import Untransferable


def describe_network(layer: Any) -> dict[str, Any]:
    """A layer or a model by its classes, settings, calls and weights.

    Raises Untransferable for what is not made of Keras's own layers, and says what to use instead.
    """
    _ensure_parameters(layer)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Keras's, on how it would save a network
        return _layer(layer, 0)


def _ensure_parameters(layer: Any) -> None:
    count = sum(int(np.prod(weight.shape)) for weight in layer.weights)
    if count > MAX_PARAMETERS:
        raise Untransferable(
            f"A network that can be checked has at most {MAX_PARAMETERS:,} parameters. "
            f"Received: {count:,}. Use fewer filters or units, or pool before flattening."
        )


def _layer(layer: Any, depth: int) -> dict[str, Any]:
    """A layer or a model as the other side may read it."""
    name = _class_name(layer)
    if depth > MAX_NESTING:
        raise Untransferable(f"Models may be nested {MAX_NESTING} levels deep. Use fewer levels.")
    if name in MODELS:
        return _model(layer, name, depth)
    shape = (layer.get_build_config() or {}).get("input_shape")
    config = layer.get_config()
    if "activation" in config:
        config["activation"] = _activation(layer.activation, config["activation"])
    return {
        "class": name,
        "config": _config(config),
        "built": plain(shape) if layer.built else None,
        "weights": [_numbers(weight) for weight in layer.weights],
        "state": [_numbers(state) for state in _state(layer)],
    }


# The only activation that is an operation of its own when it is called in a functional model.
_RELU = ("keras.src.activations.activations", "ReLU")


def _class_name(layer: Any) -> str:
    keras: Any = sys.modules["keras"]
    kind = type(layer)
    if isinstance(layer, keras.Model):
        if kind.__module__.startswith("keras.src.models.") and kind.__name__ in MODELS:
            return str(kind.__name__)
        raise Untransferable(
            f"A model that can be checked is made of layers, not a class of its own. Received: a "
            f"model of the class {kind.__name__}. Build it with keras.Sequential([…]) or "
            f"keras.Model(inputs, outputs)."
        )
    if getattr(keras.layers, kind.__name__, None) is not kind:
        raise Untransferable(
            f"A network that can be checked is made of Keras's own layers. Received: a layer of "
            f"your own class {kind.__name__}. Use the layers of keras.layers, or compute with "
            f"keras.ops in a functional model."
        )
    return known_layer(kind.__name__)


def _model(model: Any, name: str, depth: int) -> dict[str, Any]:
    layers = {layer.name: _layer(layer, depth + 1) for layer in model.layers}
    if not model.built or not getattr(model, "inputs", None):
        raise Untransferable(
            f"A model that can be checked knows the shape of its input. Received: the model "
            f"`{model.name}`, which is not built. Begin it with keras.Input(shape=…)."
        )
    config = model.get_config()
    described: dict[str, Any] = {
        "class": name,
        "name": model.name,
        "trainable": bool(model.trainable),
        "layers": [layers.get(_name_of(entry)) or _entry(entry) for entry in config["layers"]],
        "compiled": _compiled(model),
    }
    if name == "Functional":
        nested = {layer.name for layer in model.layers if _class_name(layer) == "Functional"}
        for entry, layer in zip(config["layers"], described["layers"], strict=True):
            layer["calls"] = [_call(node) for node in entry["inbound_nodes"]]
        described["inputs"] = _ends(config["input_layers"], frozenset())
        described["outputs"] = _ends(config["output_layers"], frozenset(nested))
    return described


def _name_of(entry: dict[str, Any]) -> str:
    return str(entry.get("name") or entry["config"]["name"])


def _entry(entry: dict[str, Any]) -> dict[str, Any]:
    """A part of a model that is none of its `layers`: the input of a Sequential, or an operation.

    Keras's own configuration of it.
    """
    name = entry["class_name"]
    if name in LAYERS and entry["module"] == "keras.layers":
        config = _config(entry["config"])
        return {"class": name, "config": config, "built": None, "weights": [], "state": []}
    if (entry["module"], name) == _RELU:  # `keras.activations.relu(maps)`: the layer of that name
        config = {"name": _name_of(entry), **_config(entry["config"])}
        return {"class": name, "config": config, "built": None, "weights": [], "state": []}
    module = entry["module"].removeprefix("keras.src.ops.")
    require_listed(f"{module}.{name}", OPERATIONS, "operations")
    config = {"name": _name_of(entry), **_config(entry["config"])}
    return {"class": f"{module}.{name}", "config": config}


def _activation(function: Any, config: Any) -> Any:
    """An activation as a name, or as the layer that stands in its place with its settings.

    By the function itself: a name alone could be that of a function of one's own.
    """
    name = activation_name(function)
    if name is not None:
        return name
    if isinstance(config, Mapping) and config.get("class_name") in ACTIVATION_LAYERS:
        return _object(config)
    raise no_activation(function)


def _state(layer: Any) -> list[Any]:
    """The states of a layer's own random generators."""
    weights = set(map(id, layer.weights))
    return [variable for variable in layer.variables if id(variable) not in weights]


def _numbers(variable: Any) -> Any:
    keras: Any = sys.modules["keras"]
    numbers = np.asarray(keras.ops.convert_to_numpy(variable.value))
    # bfloat16 is no dtype of NumPy's own; float32 holds all of its numbers.
    return numbers.astype("float32") if variable.dtype == "bfloat16" else numbers


def _config(config: Mapping[str, Any]) -> dict[str, Any]:
    return {key: _setting(key, value) for key, value in config.items() if value is not ...}


def _setting(key: str, value: Any) -> Any:
    if key == "dtype" and isinstance(value, dict):
        return require_listed(value["config"].get("name"), DTYPES, "number types")
    kind = key.rpartition("_")[2]
    if kind in _EXAMPLES and isinstance(value, Mapping) and "class_name" in value:
        return _part(key, value, *_EXAMPLES[kind])
    return plain(value)


# What a layer is given by a name: all of them, and one that is usual.
_EXAMPLES = {
    "initializer": (INITIALIZERS, "he_normal"),
    "regularizer": (REGULARIZERS, "l2"),
    "constraint": (CONSTRAINTS, "non_neg"),
}
# TensorFlow's own initializers, which take the same settings as those of Keras of these names.
_TENSORFLOWS = ("tensorflow.python.ops.init_ops_v2", "tensorflow.python.ops.init_ops")


def _part(key: str, value: Mapping[str, Any], names: frozenset[str], usual: str) -> Any:
    """An initializer, a regularizer or a constraint; for what is none, how to write one."""
    name = str(value["class_name"])
    if value.get("module") in _TENSORFLOWS and name in names:
        settings = {key: item for key, item in value["config"].items() if key != "dtype"}
        return {"class": name, "config": _config(settings)}
    if name in ("__numpy__", "__tensor__") or (
        str(value.get("module")).split(".")[0] == "keras" and name in names
    ):
        return _object(value)
    received = {
        "__lambda__": "a lambda",
        "function": f"the function `{str(value.get('config'))[:80]}`",
    }.get(name, f"{name[:80]}")
    own_name = str(value.get("config")) if name == "function" else name
    close = nearest(own_name, map(_snake, names)) or usual
    raise Untransferable(
        f'The {key.replace("_", " ")} of a layer takes a name that Keras knows, such as "{usual}". '
        f'Received: {received}. Write {key}="{close}".'
    )


def _snake(name: str) -> str:
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower()


def _object(value: Mapping[str, Any]) -> Any:
    """A Keras object inside a configuration: its class, and its own configuration."""
    if value["class_name"] in ("__numpy__", "__tensor__"):
        return np.array(value["config"]["value"], value["config"]["dtype"])
    if value["class_name"] == "function":
        return str(value["config"])
    _ensure_owner(value)
    return {"class": value["class_name"], "config": _config(value["config"])}


def _ensure_owner(value: Mapping[str, Any]) -> None:
    if str(value.get("module")).split(".")[0] != "keras" or value.get("registered_name"):
        raise Untransferable(
            f"A network that can be checked uses only what Keras brings along. "
            f"Received: {value['class_name']}. Use one of Keras's own instead."
        )


def plain(value: Any) -> Any:
    """`value` in Python's own types, as far as it has them; Keras objects as descriptions."""
    if isinstance(value, Mapping) and "class_name" in value:
        return _object(value)
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, tuple):
        return tuple(map(plain, value))
    if isinstance(value, list):
        return list(map(plain, value))
    return value.item() if isinstance(value, np.generic) else value


def _call(node: Mapping[str, Any]) -> list[Any]:
    """One call of a layer: its arguments, in which earlier outputs are named."""
    return [
        [_argument(item) for item in node["args"]],
        {key: _argument(item) for key, item in node["kwargs"].items()},
    ]


def _argument(value: Any) -> Any:
    match value:
        case {"class_name": "__keras_tensor__", "config": {"keras_history": [*place]}}:
            return {"from": list(place)}
        case {"class_name": "__slice__", "config": {"start": start, "stop": stop, "step": step}}:
            return {"slice": [_argument(start), _argument(stop), _argument(step)]}
        case {"class_name": "__ellipsis__"}:
            return ...
        case {"class_name": "__tensor__"}:
            return {"tensor": _object(value)}
        case {"class_name": _}:
            return _object(value)
        case {}:
            return {"dict": {str(key): _argument(item) for key, item in value.items()}}
        case tuple() | list():
            return type(value)(map(_argument, value))
    return plain(value)


def _ends(places: Any, nested: frozenset[str]) -> Any:
    """A model's inputs or outputs. Keras counts the calls of `nested` models from 1 here."""
    match places:
        case [str(name), int(call), int(index)]:
            return {"from": [name, call - (name in nested), index]}
        case {}:
            return {"dict": {str(key): _ends(item, nested) for key, item in places.items()}}
    return type(places)(_ends(item, nested) for item in places)


def _compiled(model: Any) -> dict[str, Any] | None:
    """What the model was compiled with; None if it was not, or with something of one's own."""
    if not getattr(model, "compiled", False):
        return None
    try:
        config = model.get_compile_config()
        if not config or not all(map(_is_keras_function, _functions_in(model.loss))):
            return None
        return {
            "optimizer": _object(config["optimizer"]),
            "loss": _measures(config["loss"]),
            "metrics": _measures(config["metrics"]),
            "weighted_metrics": _measures(config["weighted_metrics"]),
            "loss_weights": plain(config["loss_weights"]),
            "iterations": int(model.optimizer.iterations),
        }
    except (Untransferable, KeyError, TypeError, ValueError, OSError):
        return None


def _functions_in(loss: Any) -> list[Any]:
    """The functions among the losses of a model; a configuration has only their names."""
    keras: Any = sys.modules["keras"]
    return [one for one in keras.tree.flatten(loss) if inspect.isfunction(one)]


def _is_keras_function(function: Any) -> bool:
    keras: Any = sys.modules["keras"]
    named = [vars(module).values() for module in (keras.losses, keras.metrics)]
    return any(known is function for functions in named for known in functions)


def _measures(value: Any) -> Any:
    match value:
        case None:
            return None
        case str():
            return require_listed(value, MEASURES, "losses and metrics")
        case {"class_name": "function", "config": str(name)}:
            return require_listed(name, MEASURES, "losses and metrics")
        case {"class_name": _}:
            return _object(value)
        case {}:
            return {"dict": {str(key): _measures(item) for key, item in value.items()}}
    return [_measures(item) for item in value]
