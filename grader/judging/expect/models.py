"""Expectations on Keras layers and models: by what they compute, never by how they are written.

A layer is found by its kind, wherever in the model it stands (inside a nested model too), never by
its place or name. Only public Keras is looked at: shapes, counts, configurations, outputs.
"""

from __future__ import annotations

import re
import traceback
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from grader.errors import GraderError, Mismatch
from grader.judging.alike import ROUNDING
from grader.judging.expect.calls import speaks_of_first
from grader.judging.expect.values import Array, close
from grader.judging.format import format_value

if TYPE_CHECKING:
    import keras

Rng = np.random.Generator


@speaks_of_first
def model(received: Any) -> None:
    """`received` is a Keras model that has been built, so that its shapes are known."""
    import keras

    if isinstance(received, keras.Model):
        if not received.built or not received.inputs:
            raise Mismatch(
                "The model does not know the shape of its input yet. Begin it with "
                "`keras.Input(…)`, so that every shape is known before the first image comes."
            )
        return
    what = "a layer" if isinstance(received, keras.Layer) else format_value(received).text
    raise Mismatch(
        f"A Keras model is expected. Received: {what}. Make one with `keras.Sequential([…])` or "
        f"`keras.Model(inputs, outputs)`.",
    )


@speaks_of_first
def output_shape(received: Any, expected: Sequence[int | None]) -> None:
    """The one output of a model has the shape `expected`, without the batch axis."""
    wanted = tuple(expected)
    found = _output_shape(received)
    if found != wanted:
        raise Mismatch(
            f"The output should be {_sizes(wanted)}. Received: {_sizes(found)}.",
            expected=wanted,
            received=found,
        )


@speaks_of_first
def input_shape(received: Any, expected: Sequence[int | None]) -> None:
    """A model takes inputs of the shape `expected`, without the batch axis."""
    model(received)
    shapes = [tuple(tensor.shape[1:]) for tensor in received.inputs]
    wanted = tuple(expected)
    if shapes != [wanted]:
        found = shapes[0] if len(shapes) == 1 else tuple(shapes)
        raise Mismatch(
            f"The input should be {_sizes(wanted)}: height, width, channels, without the batch. "
            f"Received: {_sizes(found)}.",
            expected=wanted,
            received=found,
        )


@speaks_of_first
def parameter_count(received: Any, expected: int) -> None:
    """A model or built layer has `expected` parameters in all, trained or not."""
    found = int(received.count_params())
    if found != expected:
        raise Mismatch(
            f"{expected:,} parameters are expected. Received: {found:,}.",
            expected=expected,
            received=found,
        )


@speaks_of_first
def layers(received: Any, kind: str, count: int | None = None) -> list[Any]:
    """The layers of the class `kind` in a model, wherever they stand, at least one of them.

    With `count`, exactly so many. A layer that is itself the class counts as a model of one.
    """
    found = [layer for layer in every_layer(received) if type(layer).__name__ == kind]
    if not found if count is None else len(found) != count:
        number = "At least one" if count is None else str(count)
        kinds = Counter(type(layer).__name__ for layer in every_layer(received))
        listed = ", ".join(f"{number} × {name}" for name, number in kinds.items())
        raise Mismatch(
            f"{number} `{kind}` layer{'' if count in (None, 1) else 's'} should be in the model. "
            f"Received: {listed or 'no layers'}.",
        )
    return found


def every_layer(received: Any) -> list[Any]:
    """The layers of a model and of the models in it, without its inputs; a layer alone is one."""
    inner = getattr(received, "layers", None)
    if inner is None:
        return [received]
    return [
        layer
        for part in inner
        if type(part).__name__ != "InputLayer"
        for layer in every_layer(part)
    ]


@speaks_of_first
def outputs(received: Any, inputs: Array, expected: Array, *, tolerance: float = ROUNDING) -> None:
    """A model or layer makes `expected` of the batch `inputs`, up to `tolerance` as in `close`."""
    try:
        made = np.asarray(received(inputs, training=False))
    except Exception as error:
        failure = failed_in(error, networks_in(received))
        if failure is None:
            raise
        raise failure from error
    close(made, expected, tolerance=tolerance)


def networks_in(value: Any) -> Iterator[Any]:
    """The layers and models in `value`, those within one another too."""
    import keras

    if isinstance(value, list | tuple | dict):
        for item in value.values() if isinstance(value, dict) else value:
            yield from networks_in(item)
    elif isinstance(value, keras.Layer):
        yield value
        for part in getattr(value, "layers", ()):
            yield from networks_in(part)


def failed_in(error: Exception, networks: Iterable[Any]) -> Mismatch | None:
    """What to say of an exception of Keras that came of computing with one of these networks.

    None where none of them was computing: then the fault is the rubric's own.
    """
    if isinstance(error, GraderError):
        return None
    theirs = {id(network): network for network in networks}
    for frame, _ in traceback.walk_tb(error.__traceback__):
        if not str(frame.f_globals.get("__name__")).startswith("keras."):
            continue
        # Keras takes its own frames out, but for the one that passes a method's arguments on.
        first = frame.f_locals.get("args") or (None,)
        computing = (frame.f_locals.get("self"), first[0])
        about = next((theirs[id(one)] for one in computing if id(one) in theirs), None)
        if about is not None:
            return Mismatch(f"Computing with your network fails: {_said(error)}", about=about)
    return None


# Where the error of a layer passes through a model, Keras writes these around it.
_AROUND = re.compile(r"^Exception encountered when calling .*$|\x1b\[\d+m", re.MULTILINE)


def _said(error: Exception) -> str:
    """The first line of an error that says something."""
    lines = _AROUND.sub("", str(error)).strip().splitlines()
    return lines[0].strip()[:200] if lines else type(error).__name__


@speaks_of_first
def same_outputs(
    received: Any,
    reference: keras.Model,
    rng: Rng,
    *,
    inputs: Array | None = None,
    tolerance: float = ROUNDING,
) -> None:
    """`received` computes what `reference` computes once both have the same weights.

    New weights are drawn for both, biases too, so that nothing agrees because it is zero. A weight
    of one belongs to the weight of the same shape in the other; where several share a shape, both
    models' own order counts. `inputs` is a batch; without it, one of four is drawn.
    """
    input_shape(received, reference.inputs[0].shape[1:])
    _weights_of(received, reference, rng)
    if inputs is None:
        sizes = [4, *(size or 8 for size in reference.inputs[0].shape[1:])]
        inputs = rng.normal(size=sizes).astype("float32")
    expected = np.asarray(reference(inputs, training=False))
    outputs(received, inputs, expected, tolerance=tolerance)


@speaks_of_first
def compiled(
    received: Any,
    *,
    optimizer: str | None = None,
    loss: str | None = None,
    from_logits: bool | None = None,
    metrics: Sequence[str] = (),
) -> None:
    """A model is compiled with these, by Keras's names ("adam", "sparse_categorical_crossentropy").

    `from_logits` says how the loss takes the outputs; a loss given by its name takes probabilities.
    "accuracy" is any of Keras's accuracies.
    """
    if not getattr(received, "compiled", False):
        raise Mismatch("The model is not compiled. Call `model.compile(optimizer=…, loss=…)`.")
    chosen = received.get_compile_config() or {}
    for what, wanted in (("optimizer", optimizer), ("loss", loss)):
        found = _full_name(chosen.get(what))
        if wanted is not None and found != _full_name(wanted):
            raise Mismatch(
                f"The {what} should be `{wanted}`. Received: `{found or 'none'}`.",
                expected=wanted,
                received=found or None,
            )
    if from_logits is not None:
        setting = bool(_setting(chosen.get("loss"), "from_logits"))
        if setting is not from_logits:
            right = "scores (logits)" if from_logits else "probabilities"
            raise Mismatch(
                f"The network's outputs are {right}, and its loss must know: "
                f"`from_logits={from_logits}`. Received: from_logits={setting}.",
            )
    named = {_full_name(metric) for metric in chosen.get("metrics") or ()}
    missing = [metric for metric in metrics if not _is_among(_full_name(metric), named)]
    if missing:
        raise Mismatch(
            f"The metrics should have `{missing[0]}`. "
            f"Received: {', '.join(sorted(named)) or 'none'}."
        )


def _output_shape(received: Any) -> tuple[int | None, ...]:
    """The shape of the one output of a model, without the batch axis."""
    model(received)
    if len(received.outputs) != 1:
        raise Mismatch(
            f"The model should have one output. Received: {len(received.outputs)} outputs."
        )
    return tuple(received.outputs[0].shape[1:])


def _sizes(shape: Sequence[Any]) -> str:
    return "×".join("?" if size is None else str(size) for size in shape) or "a single number"


def _weights_of(received: Any, reference: Any, rng: Rng) -> None:
    """Give both models the same new weights."""
    theirs = [tuple(weight.shape) for weight in received.weights]
    ours = [tuple(weight.shape) for weight in reference.weights]
    if sorted(theirs) != sorted(ours):
        missing = Counter(ours) - Counter(theirs)
        strange = Counter(theirs) - Counter(ours)
        raise Mismatch(
            f"The weights should have the shapes {_listed(ours)}. Received: {_listed(theirs)}.",
            expected=tuple(missing.elements()),
            received=tuple(strange.elements()),
        )
    drawn: dict[tuple[int, ...], list[Array]] = {}
    for weight in reference.weights:
        shape = tuple(weight.shape)
        # A variance is positive whatever else; a kernel keeps the size of what flows through.
        positive = "variance" in weight.path
        spread = 1 / np.sqrt(max(1, int(np.prod(shape[:-1]))))
        values = rng.uniform(0.5, 1.5, shape) if positive else rng.normal(0, spread, shape)
        weight.assign(values)
        drawn.setdefault(shape, []).append(values)
    for weight in received.weights:
        weight.assign(drawn[tuple(weight.shape)].pop(0))


def _listed(shapes: Sequence[tuple[int, ...]]) -> str:
    return ", ".join(_sizes(shape) for shape in shapes) or "none"


def _full_name(part: Any) -> str:
    """What a part of a compile configuration is called in full, given by a name or as an object.

    `SparseCategoricalCrossentropy` is `sparse_categorical_crossentropy`, and `mse` has a long name.
    """
    import keras

    if isinstance(part, dict):
        part = part.get("class_name") or part.get("config")
    name = part if isinstance(part, str) else type(part).__name__ if part is not None else ""
    name = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()
    try:
        return str(getattr(keras.losses.get(name), "__name__", name))
    except ValueError:
        return name  # an optimizer or a metric


def _is_among(metric: str, named: set[str]) -> bool:
    if metric == "accuracy":
        return any(name.endswith(("accuracy", "acc")) for name in named)
    return metric in named


def _setting(part: Any, name: str) -> Any:
    config = part.get("config") if isinstance(part, dict) else None
    return config.get(name) if isinstance(config, dict) else getattr(part, name, None)
