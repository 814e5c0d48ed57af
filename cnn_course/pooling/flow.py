"""What flows through a network: each step with its input and output, and what bends it.

A step is known by what it computes, so that an activation may be an argument of a convolution, a
layer or a function, and stand in a model within the model. Only public Keras is looked at.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from cnn_course.pooling.references import Array, Rng

# What may stand between a convolution and its activation, though it is not linear.
_BETWEEN = ("Pool", "Normalization", "Conv")


@dataclass(frozen=True)
class Step:
    """One call of a layer or function: what it was given, and what it made of it."""

    kind: str
    part: Any
    call: Callable[..., Any]
    given: tuple[Any, ...]
    settings: dict[str, Any]
    made: Array

    @property
    def inputs(self) -> list[Array]:
        """The arrays that flowed in."""
        parts = [*self.given, *self.settings.values()]
        flat = [
            one for part in parts for one in (part if isinstance(part, list | tuple) else [part])
        ]
        return [np.asarray(one) for one in flat if np.ndim(one) == self.made.ndim]

    def of(self, values: Array) -> Array:
        """What the step makes of other values in the place of its first argument."""
        import keras

        tensor = keras.ops.convert_to_tensor(values.astype("float32"))
        return np.asarray(self.call(tensor, *self.given[1:], **self.settings))


def steps_of(model: Any, images: Array) -> list[Step]:
    """Every step of a model on a batch of images, in order, those of models in it too."""
    steps: list[Step] = []

    def record(part: Any, call: Callable[..., Any], *given: Any, **settings: Any) -> Any:
        made = call(*given, **settings)
        steps.append(Step(type(part).__name__, part, call, given, settings, np.asarray(made)))
        return made

    with ExitStack() as stack:
        for part in {id(part): part for part in _parts(model)}.values():
            stack.enter_context(_listening(part, record))
        model(images, training=False)
    return steps


def _parts(model: Any) -> Iterator[Any]:
    """Layers and functions of a model and of the models in it."""
    for part in getattr(model, "operations", None) or model.layers:
        if hasattr(part, "layers"):
            yield from _parts(part)
        elif type(part).__name__ != "InputLayer":
            yield part


@contextmanager
def _listening(part: Any, record: Callable[..., Any]) -> Iterator[None]:
    part.call = partial(record, part, part.call)
    try:
        yield
    finally:
        del part.call


def draw_weights(model: Any, rng: Rng) -> None:
    """New weights, biases too, with which what flows through a model neither dies nor explodes."""
    for weight in model.weights:
        shape = tuple(weight.shape)
        spread = 1 / np.sqrt(max(1, int(np.prod(shape[:-1]))))
        positive = "variance" in weight.path
        values = rng.uniform(0.5, 1.5, shape) if positive else rng.normal(0, spread, shape)
        weight.assign(values.astype("float32"))


def activations_of(steps: list[Step], kind: str = "Conv2D") -> list[str]:
    """For each step of `kind`, what follows it: "relu", "none", or "other" for another bend.

    Between both may stand what does not bend, and normalizations and poolings.
    """
    return [_own_or_next(steps, place) for place, step in enumerate(steps) if step.kind == kind]


def _own_or_next(steps: list[Step], place: int) -> str:
    own = _bend(getattr(steps[place].part, "activation", None), steps[place].made.shape)
    return own if own != "none" else _next(steps, place)


def _next(steps: list[Step], place: int) -> str:
    """The first bend behind a step; on several ways, the worst of those that are met."""
    met = {
        _bend_of(steps, later)
        for later in range(place + 1, len(steps))
        if _flows_into(steps[place].made, steps[later])
    }
    return next((found for found in ("other", "none") if found in met), "relu" if met else "none")


def _flows_into(made: Array, step: Step) -> bool:
    return any(made.shape == one.shape and np.array_equal(made, one) for one in step.inputs)


def _bend_of(steps: list[Step], place: int) -> str:
    step = steps[place]
    if step.kind.endswith(("Conv2D", "Dense")):
        return "none"  # the next layer that learns: what came before it has not bent
    if step.kind == "PReLU":
        return "other"
    alone = len(step.inputs) == 1 and step.inputs[0].shape == step.made.shape
    found = "none"
    if alone and not any(word in step.kind for word in _BETWEEN):
        found = _bend(step.of, step.made.shape)
    return found if found != "none" else _next(steps, place)


def _bend(function: Callable[..., Any] | None, shape: tuple[int, ...]) -> str:
    """Whether a function of arrays is "relu", "none" (straight, or no function) or "other"."""
    if function is None:
        return "none"
    values = np.linspace(-12, 12, int(np.prod(shape)), dtype=np.float32)
    values = np.random.default_rng(0).permutation(values).reshape(shape)
    made, turned, doubled, zero = (
        np.asarray(function(factor * values)) for factor in (1, -1, 2, 0)
    )
    if np.allclose(made, np.maximum(values, 0), atol=1e-5):
        return "relu"
    odd = np.allclose(made + turned, 2 * zero, atol=1e-3)
    straight = np.allclose(doubled - zero, 2 * (made - zero), atol=1e-3)
    return "none" if odd and straight else "other"
