"""Networks are built by their plans: Keras's symbols first, then the numbers.

Symbols hold no numbers, so every output shape and every weight is counted as it comes up, before
anything is there. Weights begin as zeros, never more of them than arrived. At last the weights are
put in, and the configuration shows the initializers that the network was described with.

Keras's own `from_config`, `deserialize` and `load_model` are never called: they import what a
configuration names. A scope of custom objects changes nothing here.
"""

from __future__ import annotations

import functools
import importlib
import inspect
import math
import warnings
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from grader.crossing.blueprints import (
    Constant,
    Function,
    LayerPlan,
    ModelPlan,
    Output,
    Thing,
    malformed,
    read,
)
from grader.errors import Untransferable

_MAX_ELEMENTS = 2**24  # of one output, for one image: 64 MiB as float32
_MAX_SEEN = 2**26  # of all outputs, which a functional model keeps until it ends: 256 MiB
_MAX_WORK = 4 * 10**9  # multiplications for one image: about 0.2 s of one core
# In the place of a side that the model leaves open, to see how large outputs become.
_OPEN_SIDE = 64


def revive_network(description: Any) -> Any:
    """The layer or model that a description stands for, with its weights, new in this process.

    Raises Untransferable, and nothing else, for what is not exactly right.
    """
    try:
        plan = read(description)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Keras's advice to whoever wrote the network
            return _Builder(plan.elements).finished(plan.network)
    except Untransferable:
        raise
    except Exception as error:  # Keras raises anything at settings that contradict each other
        first_line = str(error).strip().partition("\n")[0][:200]
        raise Untransferable(
            f"Keras cannot build the network that was received: {first_line}"
        ) from error


@dataclass
class _Budget:
    """Counts what is built, and refuses what is too large before it exists.

    `elements` is how many numbers arrived for weights. What it refuses is kept, as Keras raises
    exceptions anew on their way through.
    """

    elements: int
    seen: int = 0
    work: int = 0
    refusal: Untransferable | None = None

    def zeros(self, shape: Any, dtype: Any = None, **_: Any) -> Any:
        """The beginning of a weight; called by Keras where an initializer would be."""
        import keras

        self.elements -= math.prod(abs(int(side)) for side in shape)
        if self.elements < 0:
            self._refuse(
                "The weights that came back are fewer than the layers of their network have. "
                "Leave the layers as Keras builds them."
            )
        return keras.ops.zeros(shape, dtype)

    def see(self, layer: Any, output: Any) -> None:
        """Look at the shapes that one call of a layer gives, and at what computing them takes."""
        import keras

        weights = sum(math.prod(weight.shape) for weight in getattr(layer, "weights", ()))
        for tensor in keras.tree.flatten(output):
            self.see_shape(tuple(tensor.shape), weights)

    def see_shape(self, shape: tuple[int | None, ...], weights: int = 0) -> None:
        """Look at the shape of one output, of which the first side is the batch's.

        A layer multiplies each of its weights once for each place of its output at most.
        """
        elements = math.prod(1 if side is None else int(side) for side in shape[1:])
        elements *= (shape[0] if shape else 1) or 1
        if elements > _MAX_ELEMENTS:
            self._refuse(
                f"An output of a layer may have {_MAX_ELEMENTS:,} numbers for an image. "
                f"Received: one of shape {_short(shape)}. Pool more, or use smaller images."
            )
        self.seen += elements
        self.work += weights * (elements // max(1, shape[-1] or 1) if shape else 1)
        if self.seen > _MAX_SEEN or self.work > _MAX_WORK:
            self._refuse(
                f"A network may have {_MAX_SEEN:,} numbers in all its outputs for an image, and "
                f"multiply {_MAX_WORK:,} times. Received: one that takes more. Pool more, use "
                f"smaller kernels, or smaller images."
            )

    def begin_again(self) -> None:
        """Count from nothing: the same layers are looked at once more."""
        self.seen = self.work = 0

    def _refuse(self, sentence: str) -> None:
        self.refusal = self.refusal or Untransferable(sentence)
        raise self.refusal


def _short(shape: tuple[int | None, ...]) -> str:
    return str(shape)[:120]


@dataclass
class _Made:
    """A layer that was made, what it was made of, and the initializers that it shall show."""

    layer: Any
    plan: LayerPlan
    initializers: Mapping[str, Any]


class _Builder:
    """Makes Keras objects of what was read; `elements` numbers arrived for their weights."""

    def __init__(self, elements: int) -> None:
        self.budget = _Budget(elements)
        self.made: list[_Made] = []
        self.flags: list[tuple[Any, bool]] = []

    def finished(self, network: LayerPlan | ModelPlan) -> Any:
        """The network with its weights, as if it had been made here."""
        try:
            with self._watched():
                built = self.network(network)
                if isinstance(network, LayerPlan):
                    self._build_alone(built, network.built)
                else:
                    self._ensure_open_sides(built)
        except Exception:
            if self.budget.refusal is not None:
                raise self.budget.refusal from None
            raise
        for made in self.made:
            _fill(made)
        for layer, trainable in reversed(self.flags):  # a model's own flag reaches its layers
            if layer.trainable != trainable:
                layer.trainable = trainable
        return built

    def network(self, plan: LayerPlan | ModelPlan) -> Any:
        """A layer, an operation or a model, symbolic as yet."""
        if isinstance(plan, LayerPlan):
            return self._layer(plan)
        children = [self.network(child) for child in plan.layers]
        if plan.outputs is None:
            model = _sequential(plan.name, children)
        else:
            model = self._functional(plan, children)
        self.flags.append((model, plan.trainable))
        if plan.compiled is not None:
            model.compile(**{key: _ready(value) for key, value in plan.compiled.items()})
            model.optimizer.iterations.assign(plan.iterations)
        return model

    def _layer(self, plan: LayerPlan) -> Any:
        kind = _class(plan.thing)
        settings = {key: _ready(value) for key, value in plan.thing.settings.items()}
        if plan.thing.module != "layers":
            name = settings.pop("name")
            layer = kind(**_understood(kind, plan.thing.name, settings))
            layer.name = name
            self._watch(layer)
            return layer
        _understood(kind, plan.thing.name, settings)
        initializers = {key: settings.get(key) for key in _initializer_names(kind)}
        if None in initializers.values():
            raise malformed(f"an initializer of {plan.thing.name} is missing")
        layer = kind(**{**settings, **dict.fromkeys(initializers, self.budget.zeros)})
        if plan.thing.name == "InputLayer":
            if not layer.batch_shape:
                raise malformed("the first side of an input is its batch")
            self.budget.see_shape(tuple(layer.batch_shape))
        else:
            self._watch(layer)
        self.made.append(_Made(layer, plan, initializers))
        self.flags.append((layer, bool(settings.get("trainable", True))))
        return layer

    def _functional(self, plan: ModelPlan, children: list[Any]) -> Any:
        """A model of layers that are called as the plan says."""
        import keras

        layers = {child.name: layer for child, layer in zip(plan.layers, children, strict=True)}
        if len(layers) != len(children):
            raise malformed("two layers of a model have the same name")
        outputs = _outputs_of_calls(plan, layers)
        inputs, results = _filled([plan.inputs, plan.outputs], outputs)
        return keras.Model(inputs, results, name=plan.name)

    def _build_alone(self, layer: Any, shapes: Any) -> None:
        """Build a layer that stands in no model, for inputs of `shapes`."""
        if shapes is None or not hasattr(layer, "build") or _is_input(layer):
            return
        _each_shape(shapes, self.budget.see_shape)
        layer.build(shapes)
        layer.compute_output_spec(_each_shape(shapes, _closed))

    def _ensure_open_sides(self, model: Any) -> None:
        """See how large outputs become where the model leaves sides of its inputs open."""
        if all(None not in tensor.shape[1:] for tensor in model.inputs):
            return
        self.budget.begin_again()
        inputs = [_closed(tuple(tensor.shape), tensor.dtype) for tensor in model.inputs]
        model.compute_output_spec(inputs if len(inputs) > 1 else inputs[0])

    def _watch(self, layer: Any) -> None:
        compute = layer.compute_output_spec

        def watched(*args: Any, **kwargs: Any) -> Any:
            output = compute(*args, **kwargs)
            self.budget.see(layer, output)
            return output

        layer.compute_output_spec = watched
        self.watched.append(layer)

    @contextmanager
    def _watched(self) -> Iterator[None]:
        """While this lasts, the shapes of every output are looked at wherever they come up."""
        self.watched: list[Any] = []
        try:
            yield
        finally:
            for layer in self.watched:
                del layer.compute_output_spec


def _class(thing: Thing) -> Any:
    return getattr(importlib.import_module(f"keras.{thing.module}"), thing.name)


def _ready(value: Any) -> Any:
    """A setting as Keras takes it, with the objects in it made."""
    if isinstance(value, Thing):
        kind = _class(value)
        settings = {key: _ready(item) for key, item in value.settings.items()}
        return kind(**_understood(kind, value.name, settings))
    if isinstance(value, Function):
        return getattr(importlib.import_module(f"keras.{value.module}"), value.name)
    if isinstance(value, list):
        return [_ready(item) for item in value]
    if isinstance(value, dict):
        return {key: _ready(item) for key, item in value.items()}
    return value


def _understood(kind: Any, name: str, settings: dict[str, Any]) -> dict[str, Any]:
    """`settings`, if the class knows all of them."""
    strange = settings.keys() - _parameters(kind)
    if strange:
        raise Untransferable(
            f"A network is described by the settings that Keras knows. Received: "
            f"`{min(strange)[:80]}` for {name}. Leave it out."
        )
    return settings


@functools.cache
def _parameters(kind: Any) -> set[str]:
    """The names that a class's constructor, or one that it passes them on to, takes."""
    # LayerNormalization alone takes one without naming it.
    unnamed = {"rms_scaling"} if kind.__name__ == "LayerNormalization" else set()
    named = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)
    return unnamed | {
        name
        for base in inspect.getmro(kind)
        if "__init__" in vars(base) and base is not object
        for name, parameter in inspect.signature(vars(base)["__init__"]).parameters.items()
        if parameter.kind in named and name != "self"
    }


def _initializer_names(kind: Any) -> set[str]:
    own = inspect.signature(kind.__init__).parameters
    return {name for name in own if name.endswith("_initializer")}


def _sequential(name: str, layers: list[Any]) -> Any:
    import keras

    if len(layers) < 2 or not _is_input(layers[0]):
        raise malformed("a model begins with its input, and has a layer")
    model = keras.Sequential(layers, name=name)
    if not model.built:
        raise malformed("its layers do not follow one another")
    return model


def _is_input(layer: Any) -> bool:
    import keras

    return isinstance(layer, keras.layers.InputLayer)


def _outputs_of_calls(plan: ModelPlan, layers: Mapping[str, Any]) -> dict[str, list[list[Any]]]:
    """The symbolic outputs of each call of each layer; calls are made once their inputs exist."""
    import keras

    outputs: dict[str, list[list[Any]]] = {
        name: [[layer.output]] if _is_input(layer) else [] for name, layer in layers.items()
    }
    waiting = {child.name: deque(child.calls) for child in plan.layers}
    progress = True
    while progress:
        progress = False
        for name, calls in waiting.items():
            while calls and all(_exists(outputs, need) for need in calls[0].needs):
                call = calls.popleft()
                args, kwargs = _filled([call.args, call.kwargs], outputs)
                outputs[name].append(keras.tree.flatten(layers[name](*args, **kwargs)))
                progress = True
    if any(waiting.values()):
        raise malformed("its layers wait for each other's outputs")
    return outputs


def _exists(outputs: Mapping[str, list[list[Any]]], output: Output) -> bool:
    if output.layer not in outputs:
        raise malformed(f"there is no layer `{output.layer}`")
    return output.call < len(outputs[output.layer])


def _filled(value: Any, outputs: Mapping[str, list[list[Any]]]) -> Any:
    """`value` with the symbolic outputs in their places."""
    if isinstance(value, Output):
        if not _exists(outputs, value) or value.index >= len(outputs[value.layer][value.call]):
            raise malformed("an output is named that does not exist")
        return outputs[value.layer][value.call][value.index]
    if isinstance(value, Constant):
        import keras

        return keras.ops.convert_to_tensor(value.numbers)
    if isinstance(value, list | tuple):
        return type(value)(_filled(item, outputs) for item in value)
    if isinstance(value, Mapping):
        return {key: _filled(item, outputs) for key, item in value.items()}
    return value


def _each_shape(shapes: Any, do: Callable[[tuple[int | None, ...]], Any]) -> Any:
    return [do(shape) for shape in shapes] if isinstance(shapes, list) else do(shapes)


def _closed(shape: tuple[int | None, ...], dtype: str = "float32") -> Any:
    """A symbolic input of this shape, one image, with every open side given a length."""
    import keras

    sides = [_OPEN_SIDE if side is None else side for side in shape[1:]]
    return keras.KerasTensor((1, *sides) if shape else (), dtype)


def _fill(made: _Made) -> None:
    """Put the numbers that arrived into a layer, and let it show its own initializers."""
    layer, plan = made.layer, made.plan
    for key, initializer in made.initializers.items():
        setattr(layer, key, initializer)
    weights = list(layer.weights)
    known_ids = set(map(id, weights))
    state = [variable for variable in layer.variables if id(variable) not in known_ids]
    for variables, numbers in ((weights, plan.weights), (state, plan.state)):
        shapes = [tuple(map(int, variable.shape)) for variable in variables]
        if shapes != [array.shape for array in numbers]:
            raise Untransferable(
                f"Weights have the shapes that their layer gives them: {_listed(shapes)} in "
                f"`{layer.name[:80]}`. Received: {_listed([array.shape for array in numbers])}. "
                f"Leave the layer as Keras builds it."
            )
        for variable, array in zip(variables, numbers, strict=True):
            variable.assign(array)


def _listed(shapes: list[tuple[int, ...]]) -> str:
    return (", ".join(map(str, shapes)) or "none")[:200]
