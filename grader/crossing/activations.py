"""Which of Keras's activations a function is: under every public name, and by what it computes.

This runs beside the student's code. What computes the same is accepted by *being* a function of
Keras's or TensorFlow's own. A function of the student's is never accepted: trying it out only finds
the name to write instead.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from grader.crossing.vocabulary import ACTIVATIONS, nearest
from grader.errors import Untransferable

# Functions outside of `keras.activations` that compute what one of its functions does, by module
# and name. `keras.ops` has its own ones under the same names, which need not: `gelu` does not.
_ELSEWHERE = {
    "nn": "elu gelu leaky_relu log_softmax relu relu6 selu sigmoid silu softmax softplus softsign "
    "tanh",
    "math": "log_sigmoid log_softmax sigmoid softmax softplus softsign tanh",
    "": "sigmoid tanh",
    "compat.v1.nn": "log_softmax softmax",
}
_RENAMED = {
    "nn": {"swish": "silu"},
    "math": {"exp": "exponential"},
    "": {"exp": "exponential", "identity": "linear"},
}
# Where several compute the same, the one that students know.
_FIRST = ("relu", "sigmoid", "tanh", "softmax", "linear", "elu", "silu")


def activation_name(function: Any) -> str | None:
    """The name in `keras.activations` of a function, or `ops.NAME` of one of `keras.ops`.

    None for what is none of Keras's or TensorFlow's own activations.
    """
    keras: Any = sys.modules["keras"]
    for name in ACTIVATIONS:
        if getattr(keras.activations, name, None) is function:
            return name
        if getattr(keras.ops, name, None) is function:
            return f"ops.{name}"
    if function is keras.ops.exp:
        return "exponential"
    return next((name for known, name in _of_tensorflow() if known is function), None)


def no_activation(function: Any) -> Untransferable:
    """What to say of an activation that is none of Keras's own, and what to write instead."""
    keras: Any = sys.modules["keras"]
    if isinstance(function, keras.Layer):
        return Untransferable(
            f'The activation of a layer is a function, given by its name, such as "relu". '
            f"Received: a layer of type {type(function).__name__}. Put it behind the layer, as one "
            f"of its own."
        )
    own_name = str(getattr(function, "__name__", type(function).__name__))[:80]
    received = "a lambda" if own_name == "<lambda>" else f"the function `{own_name}`"
    computed = _computes(function) if callable(function) else None
    name = computed or nearest(own_name, ACTIVATIONS) or "relu"
    why = f" It computes what {name} does." if computed else ""
    return Untransferable(
        f'The activation of a layer takes a name that Keras knows, such as "relu". '
        f'Received: {received}.{why} Write activation="{name}".'
    )


def _of_tensorflow() -> Iterator[tuple[Any, str]]:
    """TensorFlow's own activations, each with its name in `keras.activations`."""
    tensorflow = sys.modules.get("tensorflow")
    for path, names in _ELSEWHERE.items():
        module = tensorflow
        for part in filter(None, path.split(".")):
            module = getattr(module, part, None)
        renamed = {name: name for name in names.split()} | _RENAMED.get(path, {})
        for there, here in renamed.items():
            if hasattr(module, there):
                yield getattr(module, there), here


def _computes(function: Callable[[Any], Any]) -> str | None:
    """The activation that gives the same numbers; a guess, for a sentence to its author."""
    keras: Any = sys.modules["keras"]
    inputs = keras.ops.convert_to_tensor(np.linspace(-7, 7, 40, dtype=np.float32).reshape(4, 10))
    try:
        outputs = np.asarray(keras.ops.convert_to_numpy(function(inputs)), np.float64)
    except Exception:  # noqa: BLE001 - a function of one's own may raise anything
        return None
    for name in (*_FIRST, *sorted(ACTIVATIONS)):
        wanted = np.asarray(keras.ops.convert_to_numpy(getattr(keras.activations, name)(inputs)))
        if outputs.shape == wanted.shape and np.allclose(outputs, wanted, rtol=0, atol=1e-5):
            return name
    return None
