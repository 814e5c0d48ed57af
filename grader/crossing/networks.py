"""Keras objects on their way: what they are described by, and what becomes of a description.

`describe` turns a layer, a model, a training history, a callback or a `tf.data` pipeline into plain
values and arrays, which the codec carries like any others; `revive` is the way back, and trusts
nothing.
Keras is not loaded to find out that something is no Keras object.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from grader.crossing.describing import describe_network, plain
from grader.crossing.reviving import revive_network
from grader.errors import Untransferable

_MAX_CURVES, _MAX_EPOCHS = 100, 100_000
_MAX_ATTRIBUTES = 100
_MAX_BATCHES, _MAX_BATCH_BYTES = 64, 64 * 2**20
_MAX_DEPTH = 8


@dataclass(frozen=True)
class History:
    """What `fit` returned: the epochs, and for each name the curve of its values.

    `steps` is how many batches made an epoch; None where the history does not say so.
    """

    epoch: tuple[int, ...]
    history: Mapping[str, tuple[float, ...]]
    steps: int | None = None


@dataclass(frozen=True)
class Callback:
    """A callback: the name of its class, and its public attributes that are plain values."""

    name: str
    attributes: Mapping[str, Any]


@dataclass(frozen=True, eq=False)
class Dataset:
    """The first elements of a `tf.data` pipeline, as arrays; `whole` if there were no more."""

    batches: tuple[Any, ...]
    whole: bool


def describe(value: Any) -> tuple[str, Any] | None:
    """The kind and the plain description of a Keras object; None for what is none.

    Raises Untransferable for a Keras object that cannot be described, and says what to use instead.
    """
    match value:
        case History():
            return "history", _curves(value)
        case Callback():
            return "callback", {"name": value.name, "attributes": dict(value.attributes)}
        case Dataset():
            return "dataset", {"batches": value.batches, "whole": value.whole}
    keras = sys.modules.get("keras")
    if keras is None:
        return None
    if isinstance(value, keras.layers.Layer):
        return "network", describe_network(value)
    if isinstance(value, keras.callbacks.History):
        return "history", _curves(value)
    if isinstance(value, keras.callbacks.Callback):
        return "callback", _callback(value)
    tensorflow = sys.modules.get("tensorflow")
    if tensorflow is not None and isinstance(value, tensorflow.data.Dataset):
        return "dataset", _dataset(value)
    return None


def revive(kind: str, description: Any) -> Any:
    """What a description stands for; whatever is not exactly right is Untransferable.

    A network becomes a new layer or model of this process's Keras; everything else one of the
    frozen classes of this module. `description` holds plain values and arrays, of anyone's making.
    """
    match kind, description:
        case "network", _:
            return revive_network(description)
        case "history", {"epoch": epoch, "history": history, "steps": steps, **rest} if not rest:
            return _history(epoch, history, steps)
        case "callback", {"name": str(name), "attributes": dict(attributes), **rest} if not rest:
            if len(attributes) <= _MAX_ATTRIBUTES and all(map(_is_attribute, attributes.items())):
                return Callback(name[:200], attributes)
        case "dataset", {"batches": tuple(batches), "whole": bool(whole), **rest} if not rest:
            if len(batches) <= _MAX_BATCHES and all(map(_is_batch, batches)):
                return Dataset(batches, whole)
    raise Untransferable("What came back does not describe a Keras object.")


def network_text(value: Any) -> str:
    """A layer or a model in a few words; "" for everything else."""
    keras = sys.modules.get("keras")
    if keras is None or not isinstance(value, keras.layers.Layer):
        return ""
    kind = "model" if isinstance(value, keras.Model) else "layer"
    return f"the {kind} `{str(value.name)[:80]}` ({type(value).__name__})"


def _history(epoch: Any, history: Any, steps: Any) -> History:
    curves = {} if not isinstance(history, dict) or len(history) > _MAX_CURVES else history
    if (
        curves is history
        and _are_numbers(epoch, int)
        and all(type(name) is str for name in curves)
        and all(_are_numbers(curve, float) for curve in curves.values())
        and (steps is None or type(steps) is int)
    ):
        return History(tuple(epoch), {name: tuple(curve) for name, curve in curves.items()}, steps)
    raise Untransferable("A training history is its epochs and curves of numbers.")


def _are_numbers(values: Any, kind: type) -> bool:
    return (
        isinstance(values, list)
        and len(values) <= _MAX_EPOCHS
        and all(type(value) is kind for value in values)
    )


def _is_attribute(item: tuple[Any, Any]) -> bool:
    return type(item[0]) is str and _is_plain(item[1])


def _is_plain(value: Any, depth: int = 0) -> bool:
    if isinstance(value, list | tuple):
        return depth < _MAX_DEPTH and all(_is_plain(item, depth + 1) for item in value)
    if isinstance(value, dict):
        keys_are_texts = all(type(key) is str for key in value)
        return keys_are_texts and _is_plain(list(value.values()), depth + 1)
    return value is None or type(value) in (bool, int, float, str)


def _is_batch(value: Any, depth: int = 0) -> bool:
    if isinstance(value, dict):
        keys_are_texts = all(type(key) is str for key in value)
        return keys_are_texts and _is_batch(tuple(value.values()), depth + 1)
    if isinstance(value, tuple):
        return depth < _MAX_DEPTH and all(_is_batch(item, depth + 1) for item in value)
    return isinstance(value, np.ndarray)


# Describing: this runs beside the student's code, and need only be right for honest objects.


def _curves(history: Any) -> dict[str, Any]:
    steps = history.steps if isinstance(history, History) else (history.params or {}).get("steps")
    return {
        "steps": int(steps) if isinstance(steps, int) else None,
        "epoch": [int(epoch) for epoch in history.epoch],
        "history": {
            str(name): [float(value) for value in curve] for name, curve in history.history.items()
        },
    }


def _callback(callback: Any) -> dict[str, Any]:
    public = {name: plain(value) for name, value in vars(callback).items() if name[:1] != "_"}
    shown = {name: value for name, value in public.items() if _is_plain(value)}
    return {"name": type(callback).__name__, "attributes": shown}


def _dataset(pipeline: Any) -> dict[str, Any]:
    batches: list[Any] = []
    size = 0
    for element in pipeline:
        batch = _batch(element)
        size += _bytes(batch)
        if size > _MAX_BATCH_BYTES and not batches:
            raise Untransferable(
                f"A batch may take {_MAX_BATCH_BYTES // 2**20} MiB. Use a smaller batch size."
            )
        if size > _MAX_BATCH_BYTES or len(batches) == _MAX_BATCHES:
            return {"batches": tuple(batches), "whole": False}
        batches.append(batch)
    return {"batches": tuple(batches), "whole": True}


def _batch(element: Any) -> Any:
    if isinstance(element, dict):
        return {str(key): _batch(item) for key, item in element.items()}
    if isinstance(element, tuple | list):
        return tuple(map(_batch, element))
    if not hasattr(element, "numpy"):
        raise Untransferable(
            f"A pipeline that can be checked yields tensors of numbers. "
            f"Received: {type(element).__name__}. Make it a tensor, with padding if need be."
        )
    return np.asarray(element.numpy())


def _bytes(batch: Any) -> int:
    if isinstance(batch, np.ndarray):
        return batch.nbytes
    return sum(map(_bytes, batch.values() if isinstance(batch, dict) else batch))
