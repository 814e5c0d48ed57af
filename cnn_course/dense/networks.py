"""The whole network on paper: shapes and parameters, layer by layer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from cnn_course.dense.references import (
    READY_MADE,
    Function,
    Layer,
    Shape,
    keras_rows,
    plain,
)
from cnn_course.references import Rng
from grader import Exercise, expect
from grader.authoring.telling_apart import ask_all, draw_apart

Network = tuple[Shape, list[Layer]]
Row = tuple[Shape, int]

# ------------------------------------------------------------------------------------------------
summarize = Exercise(
    "summarize",
    title="The whole network on paper",
    forbid=READY_MADE,
    hints=(
        (
            "Keep the current shape in a variable that starts as `input_shape`. Each layer turns "
            "it into the next one, and its parameters depend on the shape that comes in."
        ),
        (
            "Write a branch for each kind of layer. `Conv2D` and `MaxPooling2D` share the rule for "
            "their size; take it into a small function of its own."
        ),
        (
            "`valid`: how many steps of `strides` fit after the first window? `same`: every step "
            "begins inside of the map, so nothing is left out. `-(-a // b)` divides and rounds up."
        ),
        "The depth of a kernel is the last number of the shape that comes in.",
    ),
)


def _conv(filters: int, kernel_size: int, strides: int = 1, padding: str = "valid") -> Layer:
    return {
        "layer": "Conv2D",
        "filters": filters,
        "kernel_size": kernel_size,
        "strides": strides,
        "padding": padding,
    }


def _pool(pool_size: int, strides: int, padding: str = "valid") -> Layer:
    return {
        "layer": "MaxPooling2D",
        "pool_size": pool_size,
        "strides": strides,
        "padding": padding,
    }


def _dense(units: int) -> Layer:
    return {"layer": "Dense", "units": units}


_FLATTEN: Layer = {"layer": "Flatten"}


def _draw_networks(rng: Rng) -> list[Network]:
    """A short network that a student can count on paper, and two that have everything."""

    def between(low: int, high: int) -> int:
        return int(rng.integers(low, high + 1))

    height = between(7, 9)
    short: Network = (
        (height, height + 1 + between(0, 1), 1),
        [_conv(between(2, 4), 3), _pool(2, 2), _FLATTEN, _dense(between(3, 5))],
    )
    height = between(15, 20)
    strided: Network = (
        (height, height + between(2, 5), 3),
        [
            _conv(between(4, 6), 5, strides=2, padding="same"),
            _pool(2, 2),
            _conv(between(7, 9), 2, padding="same"),
            _FLATTEN,
            _dense(between(10, 20)),
            _dense(between(3, 9)),
        ],
    )
    anything: Network = (
        (between(18, 26), between(18, 26), between(1, 4)),
        [
            _conv(between(2, 8), between(1, 4), strides=between(1, 2), padding=_either(rng)),
            _pool(between(2, 3), 2, padding=_either(rng)),
            _conv(between(2, 8), between(1, 3), strides=between(1, 2), padding=_either(rng)),
            _pool(2, between(1, 2), padding=_either(rng)),
            _FLATTEN,
            _dense(between(2, 30)),
            _dense(between(2, 9)),
        ],
    )
    return [short, strided, anything]


def _either(rng: Rng) -> str:
    return "same" if rng.integers(2) else "valid"


def _networks(rng: Rng, part: int) -> list[Network]:
    """Networks on which every mistake in the `part` of a row, shape or parameters, shows."""

    # A mistake in the parameters only is right about every shape.
    mistakes = [one for one in MISTAKES if part or one not in _IN_PARAMETERS_ONLY]

    def answers(networks: list[Network]) -> dict[str, Any]:
        return {
            mistake: [[row[part] for row in _on_paper(*network, mistake)] for network in networks]
            for mistake in mistakes
        }

    return draw_apart(lambda: _draw_networks(rng), answers, where=_nothing_vanishes)


def _nothing_vanishes(networks: list[Network]) -> bool:
    """Whether every window fits into its map, since Keras builds no layer without a place."""
    rows = [row for network in networks for row in _on_paper(*network)]
    return all(min(shape) > 0 for shape, _ in rows)


@summarize.check(points=2)
def every_shape_is_right(summarize: Function, rng: Rng) -> None:
    """The output shape of every layer is the one that Keras reports."""
    networks = _networks(rng, part=0)
    ask_all(summarize, networks)
    for input_shape, layers in networks:
        rows = keras_rows(input_shape, layers)
        received = summarize(input_shape, layers)
        _same_rows(received, rows, layers, part=0, what="output shape")


@summarize.check(points=2)
def every_count_is_right(summarize: Function, rng: Rng) -> None:
    """The parameters of every layer are as many as Keras reports."""
    networks = _networks(rng, part=1)
    ask_all(summarize, networks)
    for input_shape, layers in networks:
        rows = keras_rows(input_shape, layers)
        received = summarize(input_shape, layers)
        _same_rows(received, rows, layers, part=1, what="number of parameters")


def _same_rows(
    received: Any, rows: Sequence[Row], layers: Sequence[Layer], *, part: int, what: str
) -> None:
    """The shapes, or the parameters, of all rows, and in which row they first go wrong."""
    if received is not None:  # `equal` says it better
        table = plain(received)
        expect.that(
            isinstance(table, tuple) and len(table) == len(rows),
            f"A list with one row for each of the {len(rows)} layers is expected.",
            received=received,
        )
        for index, (row, layer) in enumerate(zip(table, layers, strict=True)):
            expect.that(
                isinstance(row, tuple) and len(row) == 2,
                f"Row {index} should be a pair: (output shape, parameters).",
                received=row,
            )
            expect.that(
                bool(row[part] == rows[index][part]),
                f"Row {index}, `{layer['layer']}`: the {what} should be {rows[index][part]}. "
                f"Received: {row[part]!s:.80}.",
                expected=list(rows),
                received=received,
            )
    expect.equal(
        received if received is None else tuple(row[part] for row in plain(received)),
        tuple(row[part] for row in rows),
    )


def _on_paper(input_shape: Shape, layers: Sequence[Layer], mistake: str = "") -> list[Row]:
    """The rows as counted by hand, with a mistake."""
    shape = input_shape
    rows: list[Row] = []
    for layer in layers:
        kind, before = layer["layer"], shape
        parameters = 0
        if kind == "Conv2D":
            shape = (*_sizes(before, layer["kernel_size"], layer, mistake), layer["filters"])
            depth = {"depth left out": 1, "depth of the image": input_shape[2]}
            window = layer["kernel_size"] ** 2 * depth.get(mistake, before[2])
            parameters = _with_biases(window, layer["filters"], mistake)
        elif kind == "MaxPooling2D":
            shape = (*_sizes(before, layer["pool_size"], layer, mistake), before[2])
            if mistake == "pooling learns":
                parameters = layer["pool_size"] ** 2 * before[2]
        elif kind == "Flatten":
            size = before[0] * before[1]
            shape = (size if mistake == "channels dropped" else size * before[2],)
        else:
            shape = (layer["units"],)
            parameters = _with_biases(before[0], layer["units"], mistake)
        rows.append((shape, parameters))
    return rows


def _with_biases(weights: int, outputs: int, mistake: str) -> int:
    """The parameters of `outputs` filters or units that weigh `weights` values each."""
    biases = {"no biases": 0, "one bias": 1, "bias per input": weights}
    return weights * outputs + biases.get(mistake, outputs)


def _sizes(before: Shape, window: int, layer: Layer, mistake: str) -> tuple[int, int]:
    """Height and width after a window went over the map."""
    strides, padding = layer["strides"], layer["padding"]
    if mistake == "padding ignored":
        padding = "valid"
    if mistake == "strides ignored":
        strides = 1
    if padding == "same":
        if mistake == "same keeps the size":
            strides = 1
        up = 0 if mistake == "same rounds down" else strides - 1
        return (before[0] + up) // strides, (before[1] + up) // strides
    up = strides - 1 if mistake == "valid rounds up" else 0
    one = 0 if mistake == "no plus one" else 1
    height, width = ((size - window + up) // strides + one for size in before[:2])
    return height, width


_IN_PARAMETERS_ONLY = (
    "no biases",
    "one bias",
    "bias per input",
    "depth left out",
    "depth of the image",
    "pooling learns",
)
MISTAKES = (
    "",
    *_IN_PARAMETERS_ONLY,
    "channels dropped",
    "padding ignored",
    "strides ignored",
    "same keeps the size",
    "same rounds down",
    "valid rounds up",
    "no plus one",
)


@summarize.misconception(
    "You leave the biases out. Every filter and every unit has one, and Keras counts them."
)
def no_biases(input_shape: Shape, layers: list[Layer]) -> list[Row]:
    return _on_paper(input_shape, layers, "no biases")


@summarize.misconception(
    "You count one bias for each layer. There is one for each filter, and one for each unit."
)
def one_bias(input_shape: Shape, layers: list[Layer]) -> list[Row]:
    return _on_paper(input_shape, layers, "one bias")


@summarize.misconception(
    "You count a bias for each input of a layer. A bias is added to what comes out: one for each "
    "filter and one for each unit."
)
def bias_per_input(input_shape: Shape, layers: list[Layer]) -> list[Row]:
    return _on_paper(input_shape, layers, "bias per input")


@summarize.misconception(
    "You leave the depth of the kernels out. A filter reaches through all channels that come in, "
    "with weights for each of them."
)
def depth_left_out(input_shape: Shape, layers: list[Layer]) -> list[Row]:
    return _on_paper(input_shape, layers, "depth left out")


@summarize.misconception(
    "You give every kernel the depth of the image. Only the first layer sees the image; how many "
    "channels does the second one see?"
)
def depth_of_the_image(input_shape: Shape, layers: list[Layer]) -> list[Row]:
    return _on_paper(input_shape, layers, "depth of the image")


@summarize.misconception(
    "You give parameters to pooling. It takes the largest value of a window; what would there be "
    "to learn?"
)
def pooling_learns(input_shape: Shape, layers: list[Layer]) -> list[Row]:
    return _on_paper(input_shape, layers, "pooling learns")


@summarize.misconception(
    "Your Flatten loses the channels: it gives height times width. Nothing is dropped in it; how "
    "many numbers are there in the whole volume?"
)
def flatten_drops_channels(input_shape: Shape, layers: list[Layer]) -> list[Row]:
    return _on_paper(input_shape, layers, "channels dropped")


@summarize.misconception(
    'You treat `padding="same"` like `valid`. With `same`, zeros are put around the map so that a '
    "window can stand at its very border: how many places does it have then?"
)
def padding_ignored(input_shape: Shape, layers: list[Layer]) -> list[Row]:
    return _on_paper(input_shape, layers, "padding ignored")


@summarize.misconception(
    "You take strides of 1 everywhere. Each layer names its own; a window that moves by 2 has "
    "about half as many places."
)
def strides_ignored(input_shape: Shape, layers: list[Layer]) -> list[Row]:
    return _on_paper(input_shape, layers, "strides ignored")


@summarize.misconception(
    "You take `same` at its word: the same size comes out. That is so for strides of 1. What is "
    "left when the window moves by 2 pixels?"
)
def same_keeps_the_size(input_shape: Shape, layers: list[Layer]) -> list[Row]:
    return _on_paper(input_shape, layers, "same keeps the size")


@summarize.misconception(
    "You round down where the padding is `same`. Then the last pixels would not be seen; Keras "
    "adds zeros until they are. Try 5 pixels and strides of 2."
)
def same_rounds_down(input_shape: Shape, layers: list[Layer]) -> list[Row]:
    return _on_paper(input_shape, layers, "same rounds down")


@summarize.misconception(
    "You round up where the padding is `valid`. A window that does not fit any more is left out, "
    "and the pixels that remain are not seen."
)
def valid_rounds_up(input_shape: Shape, layers: list[Layer]) -> list[Row]:
    return _on_paper(input_shape, layers, "valid rounds up")


@summarize.misconception(
    "Your maps are one short where the padding is `valid`. You count the steps of the window: it "
    "also stands somewhere before its first step."
)
def no_plus_one(input_shape: Shape, layers: list[Layer]) -> list[Row]:
    return _on_paper(input_shape, layers, "no plus one")
