"""Where a published network keeps its parameters."""

from __future__ import annotations

from typing import Any

from cnn_course.dense.references import (
    READY_MADE,
    Function,
    Layer,
    Shape,
    keras_costs,
    plain,
)
from cnn_course.references import Rng
from grader import Exercise, expect
from grader.authoring.telling_apart import ask_all, draw_apart

audit_network = Exercise(
    "audit_network",
    title="Audit a published network",
    forbid=READY_MADE,
    hints=(
        (
            "Go through the table row by row, and keep the current (height, width, channels). "
            "Every row uses it and leaves another one behind."
        ),
        (
            "Convolutions change the channels only, poolings the height and the width only. Which "
            "rows learn something?"
        ),
        (
            "The table does not list Flatten. When the first dense row comes, how many numbers are "
            "in the volume? And how many come out for the next one?"
        ),
    ),
)

Table = list[tuple[Any, ...]]


VGG16: Table = [
    row
    for repeats, filters in ((2, 64), (2, 128), (3, 256), (3, 512), (3, 512))
    for row in [("conv", 3, filters)] * repeats + [("pool", 2)]
] + [("dense", 4096), ("dense", 4096), ("dense", 1000)]


def _counts(input_shape: Shape, table: Table) -> tuple[int, ...]:
    """The parameters that Keras gives to each row, with Flatten before the first dense one."""
    layers: list[Layer] = []
    for kind, *numbers in table:
        if kind == "conv":
            size, filters = numbers
            conv = {"layer": "Conv2D", "filters": filters, "kernel_size": size, "padding": "same"}
            layers.append(conv)
        elif kind == "pool":
            layers.append({"layer": "MaxPooling2D", "pool_size": numbers[0]})
        else:
            layers += [{"layer": "Flatten"}] if layers[-1]["layer"] != "Dense" else []
            layers.append({"layer": "Dense", "units": numbers[0]})
    rows = zip(layers, keras_costs(input_shape, layers), strict=True)
    return tuple(row[1] for layer, row in rows if layer["layer"] != "Flatten")


def _draw_tables(rng: Rng) -> list[tuple[Shape, Table]]:
    """A short network to be counted on paper, and one like VGG-16, smaller in every way."""

    def between(low: int, high: int) -> int:
        return int(rng.integers(low, high + 1))

    short: Table = [("conv", 3, between(2, 5)), ("pool", 2), ("dense", between(3, 9))]
    deep: Table = []
    filters = between(4, 9)
    for pool_size in rng.permutation([2, 3, between(2, 3)]).tolist():
        deep += [("conv", int(rng.choice([1, 3, 5])), filters) for _ in range(between(1, 3))]
        deep.append(("pool", pool_size))
        filters += between(2, 6)
    deep += [("dense", between(20, 60)), ("dense", between(10, 40)), ("dense", between(5, 9))]
    return [
        ((between(7, 9), between(10, 12), 1), short),
        ((between(40, 60), between(40, 60), 3), deep),
    ]


def _tables(rng: Rng) -> list[tuple[Shape, Table]]:
    def answers(tables: list[tuple[Shape, Table]]) -> dict[str, Any]:
        return {slip: [_audited(*table, slip) for table in tables] for slip in ("", *SLIPS)}

    return draw_apart(lambda: _draw_tables(rng), answers)


def _same_counts(received: Any, expected: tuple[int, ...], table: Table) -> None:
    if received is not None:  # `equal` says it better
        counts = plain(received)
        expect.that(
            isinstance(counts, tuple) and len(counts) == len(expected),
            f"A list with one number for each of the {len(expected)} rows is expected.",
            expected=list(expected),
            received=received,
        )
        for index, (found, wanted) in enumerate(zip(counts, expected, strict=True)):
            expect.that(
                bool(found == wanted),
                f"Row {index}, {table[index]}: {wanted:,} parameters are expected. "
                f"Received: {found!s:.80}.",
                expected=list(expected),
                received=received,
            )
    expect.equal(received, expected)


@audit_network.check(points=2)
def counts_every_row(audit_network: Function, rng: Rng) -> None:
    """The parameters of every row, in networks like VGG-16 but smaller."""
    tables = _tables(rng)
    ask_all(audit_network, tables)
    for input_shape, table in tables:
        _same_counts(audit_network(input_shape, table), _counts(input_shape, table), table)


@audit_network.check(points=1)
def counts_vgg16(audit_network: Function) -> None:
    """VGG-16, from the table in its paper, has 138,357,544 parameters in all."""
    received = audit_network((224, 224, 3), VGG16)
    expected = _counts((224, 224, 3), VGG16)
    counts = plain(received)
    if isinstance(counts, tuple) and len(counts) == len(expected):
        total = sum(count for count in counts if isinstance(count, int | float))
        expect.that(
            total == sum(expected),
            f"VGG-16 has {sum(expected):,} parameters. Received: {total:,} in all.",
            received=received,
        )
    _same_counts(received, expected, VGG16)


def _audited(input_shape: Shape, table: Table, mistake: str = "") -> list[int]:
    """The counts as made by hand, with a mistake."""
    height, width, channels = input_shape
    counts, vector = [], 0
    for kind, *numbers in table:
        weights = outputs = 0
        if kind == "conv":
            size, outputs = numbers
            depth = {"depth of the image": input_shape[2], "depth left out": 1}
            weights = size * size * depth.get(mistake, channels) * outputs
            channels = outputs
        elif kind == "pool":
            (size,) = numbers
            up = size - 1 if mistake == "pooling rounds up" else 0
            if mistake != "pooling ignored":
                height, width = (height + up) // size, (width + up) // size
        else:
            (outputs,) = numbers
            weights = (vector or _flat(height, width, channels, mistake)) * outputs
            vector = outputs
        biases = 0 if mistake == "no biases" else outputs
        dropped = kind == "dense" and mistake == "dense left out"
        counts.append(0 if dropped else weights + biases)
    return counts


def _flat(height: int, width: int, channels: int, mistake: str) -> int:
    """How many numbers the first dense row sees."""
    if mistake == "channels only":
        return channels
    return height * width * (1 if mistake == "channels dropped" else channels)


SLIPS = (
    "dense left out",
    "no biases",
    "channels only",
    "channels dropped",
    "pooling ignored",
    "pooling rounds up",
    "depth of the image",
    "depth left out",
)


@audit_network.misconception(
    "You count the convolutions only. They are most of the layers, but not most of the parameters: "
    "what does a dense row learn?"
)
def dense_left_out(input_shape: Shape, table: Table) -> list[int]:
    return _audited(input_shape, table, "dense left out")


@audit_network.misconception(
    "You leave the biases out; for VGG-16 you would find 138,344,128. Every filter and every unit "
    "has one."
)
def biases_left_out(input_shape: Shape, table: Table) -> list[int]:
    return _audited(input_shape, table, "no biases")


@audit_network.misconception(
    "Your first dense row sees only one number for each channel. Without a Flatten, Keras would "
    "give the same count, and answer every position on its own; here the whole volume becomes one "
    "vector first. How many numbers is that?"
)
def channels_only(input_shape: Shape, table: Table) -> list[int]:
    return _audited(input_shape, table, "channels only")


@audit_network.misconception(
    "Your first dense row sees height times width, as if there were one channel. How many maps lie "
    "on top of each other by then?"
)
def channels_dropped(input_shape: Shape, table: Table) -> list[int]:
    return _audited(input_shape, table, "channels dropped")


@audit_network.misconception(
    "You let the map stay as large as the image. Poolings learn nothing, but they do change what "
    "the first dense row sees."
)
def pooling_ignored(input_shape: Shape, table: Table) -> list[int]:
    return _audited(input_shape, table, "pooling ignored")


@audit_network.misconception(
    "You round up when a pooling does not divide the map. A window that does not fit any more is "
    "left out, so its row or column is lost."
)
def pooling_rounds_up(input_shape: Shape, table: Table) -> list[int]:
    return _audited(input_shape, table, "pooling rounds up")


@audit_network.misconception(
    "You give every kernel the depth of the image. From the second convolution on, how many "
    "channels come in?"
)
def depth_of_the_image(input_shape: Shape, table: Table) -> list[int]:
    return _audited(input_shape, table, "depth of the image")


@audit_network.misconception(
    "You leave the depth of the kernels out. Each filter has weights for every channel that comes "
    "in."
)
def depth_left_out(input_shape: Shape, table: Table) -> list[int]:
    return _audited(input_shape, table, "depth left out")


@audit_network.misconception(
    "You return the total. One number for each row is asked for: then one sees where the "
    "parameters are."
)
def total_only(input_shape: Shape, table: Table) -> int:
    return sum(_audited(input_shape, table))
