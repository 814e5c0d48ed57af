"""What a network can be asked for: its layers and shapes, its work, its answers, its feature maps.

Keras is not imported: what a model does not have is None, or left out.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from grader.drawing.images import Array

MOST_CONVOLUTIONS = 3
"""How many convolutions are asked for their feature maps."""


class Facts(NamedTuple):
    """What the page says of a network in numbers; None where it is not known."""

    parameters: int
    work: int | None
    epochs: int | None
    seconds: float | None
    accuracy: float | None
    gap: float | None
    images: int

    def lines(self) -> list[tuple[str, str]]:
        """Each number with its name, as a person reads it."""
        written = [
            ("parameters", f"{self.parameters:,}"),
            ("multiplications for an image", None if self.work is None else f"{self.work:,}"),
            ("epochs trained", None if self.epochs is None else str(self.epochs)),
            ("seconds to train", None if self.seconds is None else f"{self.seconds:.1f}"),
            (
                f"accuracy on {self.images} validation images",
                None if self.accuracy is None else f"{self.accuracy:.1%}",
            ),
            (
                "gap (validation minus training loss)",
                None if self.gap is None else f"{self.gap:.2f}",
            ),
        ]
        return [(name, value) for name, value in written if value is not None]


def layers_of(model: Any) -> list[Any]:
    """The layers of a model and of the models in it, without its inputs."""
    return [
        layer
        for part in getattr(model, "layers", [])
        if type(part).__name__ != "InputLayer"
        for layer in (layers_of(part) if hasattr(part, "layers") else [part])
    ]


def output_shape(layer: Any) -> tuple[int, ...] | None:
    """The shape that comes out of a layer, without the batch; None if it has no single one."""
    try:
        shape = layer.output.shape
    except (AttributeError, ValueError, RuntimeError):
        return None  # used more than once, or with several outputs
    return tuple(int(size or 1) for size in shape[1:])


def blocks_of(model: Any, layers: Sequence[Any]) -> list[tuple[str, tuple[int, ...], int]]:
    """The input and each layer: its name, the shape that comes out, its parameters."""
    inputs = getattr(model, "inputs", None) or []
    blocks = [("input", tuple(int(size or 1) for size in inputs[0].shape[1:]), 0)] if inputs else []
    for layer in layers:
        shape = output_shape(layer)
        if shape is not None:
            blocks.append((short_name(type(layer).__name__), shape, int(layer.count_params())))
    return blocks


def short_name(kind: str) -> str:
    """The class of a layer, in two lines where it is long."""
    kind = kind.removesuffix("2D")
    if len(kind) <= 12:
        return kind
    breaks = [i for i, sign in enumerate(kind) if i and sign.isupper()]
    middle = min(breaks, key=lambda i: abs(i - len(kind) / 2), default=0)
    return f"{kind[:middle]}\n{kind[middle:]}" if middle else kind


def curves_of(history: Any) -> dict[str, list[float]]:
    """The curves of what `fit` returned, or of a dict."""
    curves = getattr(history, "history", history)
    if not isinstance(curves, Mapping):
        return {}
    return {str(name): list(map(float, curve)) for name, curve in curves.items() if len(curve)}


def work_of(layers: Sequence[Any]) -> int | None:
    """The multiplications of one image: each weight of a kernel once for each place."""
    total = 0
    for layer in layers:
        kernels = [w for w in getattr(layer, "weights", []) if len(w.shape) > 1]
        if not kernels:
            continue
        shape = output_shape(layer)
        if shape is None:
            return None
        total += sum(math.prod(kernel.shape) for kernel in kernels) * math.prod(shape[:-1])
    return int(total)


def probabilities_of(model: Any, images: Array) -> Array | None:
    """What the model says of images, (N, classes), as probabilities; None for other outputs."""
    said = model(images, training=False)
    if isinstance(said, list | tuple | dict):
        return None
    outputs = np.asarray(said, np.float64)
    if outputs.ndim != 2 or outputs.shape[1] < 2:
        return None
    if (outputs >= 0).all() and np.allclose(outputs.sum(axis=1), 1, atol=1e-3):
        return outputs
    powers = np.exp(outputs - outputs.max(axis=1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=1, keepdims=True))


def gap_between(
    said: Array | None, labels: Array, learned: Array | None, known: Array
) -> float | None:
    """Validation loss minus training loss."""
    if said is None or learned is None:
        return None
    losses = [
        -np.log(np.maximum(found[np.arange(len(truth)), truth], 1e-12)).mean()
        for found, truth in ((said, labels), (learned, known))
    ]
    return float(losses[0] - losses[1])


def occlusion_map(model: Any, image: Array, label: int) -> Array:
    """How far the probability of a class falls where a square of a quarter's width covers it."""
    size = max(1, round(image.shape[0] * 0.28))
    stride = max(1, size // 4)
    rows, columns = ((side - size) // stride + 1 for side in image.shape[:2])
    covered = np.repeat(image[None], rows * columns + 1, axis=0)
    gray = image.min() + 0.2 * (image.max() - image.min())
    for one, (row, column) in zip(covered[1:], np.ndindex(rows, columns), strict=True):
        one[row * stride : row * stride + size, column * stride : column * stride + size] = gray
    said = probabilities_of(model, covered)
    assert said is not None
    return np.asarray((said[0, label] - said[1:, label]).reshape(rows, columns))


def features_of(
    model: Any, layers: Sequence[Any], image: Array
) -> list[tuple[str, Array | None, Array]]:
    """Name, kernels (h, w, filters) and maps (H, W, filters) of the first convolutions."""
    found: list[tuple[str, Array | None, Array]] = []
    for layer in layers:
        if "Conv" not in type(layer).__name__ or len(found) == MOST_CONVOLUTIONS:
            continue
        maps = maps_of(model, layer, image)
        if maps is not None:
            found.append((f"{type(layer).__name__} {len(found) + 1}", kernels_of(layer), maps))
    return found


def maps_of(model: Any, layer: Any, image: Array) -> Array | None:
    """What a layer makes of one image, (H, W, channels); None where that cannot be known."""
    kinds = [kind for kind in type(model).__mro__ if kind.__name__ == "Model"]
    try:
        (start,) = model.inputs
        part = kinds[-1](start, layer.output)
        maps = np.asarray(part(image, training=False))[0]
    except Exception:  # noqa: BLE001 - a layer of a nested model, for one: left out of the page
        return None
    return maps if maps.ndim == 3 else None


def kernels_of(layer: Any) -> Array | None:
    """What the filters of a convolution have for its first channel, (h, w, filters)."""
    kernel = np.asarray(layer.kernel) if type(layer).__name__ == "Conv2D" else np.zeros(0)
    return kernel[:, :, 0, :] if kernel.ndim == 4 else None
