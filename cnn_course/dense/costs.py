"""What the two heads of a network cost, and what pooling saves."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from cnn_course.dense.references import (
    READY_MADE,
    Function,
    Layer,
    Shape,
    keras_costs,
    keras_rows,
    plain,
)
from cnn_course.references import Rng
from grader import Exercise, expect
from grader.authoring.telling_apart import ask_all, draw_apart, outcomes

# ------------------------------------------------------------------------------------------------
heads = Exercise(
    "heads",
    title="Two heads",
    forbid=READY_MADE,
    hints=(
        "How many numbers reach the dense layer after Flatten, and how many after the averages?",
        (
            "Neither Flatten nor the average learns anything. What is left is twice the same "
            "question: `dense_parameters` of how many inputs?"
        ),
    ),
)


def _maps(rng: Rng) -> Iterator[tuple[Shape, int]]:
    """A small map on which no two answers agree, then the last map of VGG-16."""

    def draw() -> tuple[Shape, int]:
        height, width, channels, classes = (int(size) for size in rng.integers(3, 10, size=4))
        return (height, width, channels), classes

    answers = [_two_heads, *(wrong.function for wrong in heads.misconceptions)]
    yield draw_apart(draw, lambda case: outcomes(answers, [case]))
    yield (7, 7, 512), 1000


@heads.check(points=2)
def counts_both_heads(heads: Function, rng: Rng) -> None:
    """The dense layer's parameters after Flatten, and after global average pooling."""
    flattened, averaged = ({"layer": kind} for kind in HEADS.values())
    for map_shape, classes in _maps(rng):
        expected = tuple(
            keras_rows(map_shape, [before, {"layer": "Dense", "units": classes}])[-1][1]
            for before in (flattened, averaged)
        )
        expect.equal(heads(map_shape, classes), expected)


def _two_heads(map_shape: Shape, classes: int) -> tuple[int, int]:
    height, width, channels = map_shape
    return (height * width * channels + 1) * classes, (channels + 1) * classes


@heads.misconception(
    "You still count the axes that were averaged. Global average pooling leaves one number for "
    "each channel, however large the map is."
)
def pooled_axes_still_counted(map_shape: Shape, classes: int) -> tuple[int, int]:
    flat = _two_heads(map_shape, classes)[0]
    return flat, flat


@heads.misconception("You leave the biases out: each class has one, in both heads.")
def no_bias(map_shape: Shape, classes: int) -> tuple[int, int]:
    flat, averaged = _two_heads(map_shape, classes)
    return flat - classes, averaged - classes


@heads.misconception(
    "You average over the channels, too, so that one number is left. Each channel is a feature, "
    "and gets an average of its own."
)
def channels_averaged_too(map_shape: Shape, classes: int) -> tuple[int, int]:
    return _two_heads(map_shape, classes)[0], 2 * classes


@heads.misconception(
    "You average over the channels, and keep the positions. It is the other way round: the average "
    "runs over height and width, and one number for each channel is left."
)
def only_channels_averaged(map_shape: Shape, classes: int) -> tuple[int, int]:
    height, width, _ = map_shape
    return _two_heads(map_shape, classes)[0], (height * width + 1) * classes


@heads.misconception("Your Flatten loses the channels. It keeps every number of the volume.")
def channels_left_out(map_shape: Shape, classes: int) -> tuple[int, int]:
    height, width, _ = map_shape
    return (height * width + 1) * classes, _two_heads(map_shape, classes)[1]


@heads.misconception(
    "Both numbers are right, but in the other order: the head with Flatten comes first."
)
def exchanged(map_shape: Shape, classes: int) -> tuple[int, int]:
    flat, averaged = _two_heads(map_shape, classes)
    return averaged, flat


# ------------------------------------------------------------------------------------------------
pooling_saves = Exercise(
    "pooling_saves",
    title="What does pooling save?",
    names=("costs",),
    functions=("costs",),
    forbid=READY_MADE,
    hints=(
        (
            "Write down the four volumes first: the image, after the first convolution, after the "
            "second, and what reaches the dense part. Where does pooling change them?"
        ),
        (
            "The parameters of a convolution depend on its kernel, its depth and its filters. Is "
            "the size of the map among these?"
        ),
        (
            "A kernel's weights are used once at each position of its output: multiplications = "
            "weights without biases × positions. Pooling comes after the convolution."
        ),
        (
            "A dense layer uses each weight once. How many numbers reach it after Flatten, and how "
            "many after the averages?"
        ),
    ),
)

Case = tuple[int, int, int, bool, str]
Four = tuple[int, int, int, int]
HEADS = {"flatten": "Flatten", "average": "GlobalAveragePooling2D"}


def _as_layers(filters: int, units: int, pooled: bool, head: str) -> list[Layer]:  # noqa: FBT001
    conv = {"layer": "Conv2D", "filters": filters, "kernel_size": 3, "padding": "same"}
    block = [conv, {"layer": "MaxPooling2D", "pool_size": 2}] if pooled else [conv]
    dense = [{"layer": "Dense", "units": count} for count in (units, 10)]
    return [*block, *block, {"layer": HEADS[head]}, *dense]


def _as_keras_counts(size: int, filters: int, units: int, pooled: bool, head: str) -> Four:  # noqa: FBT001
    """What Keras says: layers that multiply maps first, then those that multiply vectors."""
    layers = _as_layers(filters, units, pooled, head)
    rows = list(zip(layers, keras_costs((size, size, 1), layers), strict=True))
    conv = [row for layer, row in rows if layer["layer"] == "Conv2D"]
    dense = [row for layer, row in rows if layer["layer"] == "Dense"]
    conv_parameters, conv_work = sum(row[1] for row in conv), sum(row[2] for row in conv)
    dense_parameters, dense_work = sum(row[1] for row in dense), sum(row[2] for row in dense)
    return conv_parameters, conv_work, dense_parameters, dense_work


def _cases(rng: Rng) -> list[Case]:
    """The four networks of one size, pooled or not, with either head; every mistake shows."""

    def draw() -> list[Case]:
        size = 4 * int(rng.integers(2, 6))
        filters, units = (int(rng.integers(low, high)) for low, high in ((2, 9), (11, 30)))
        return [(size, filters, units, pooled, h) for h in HEADS for pooled in (False, True)]

    def counts(cases: list[Case]) -> dict[str, Any]:
        return {
            mistake: [_counted(*case, mistake) for case in cases] for mistake in ("", *MISTAKES)
        }

    return draw_apart(draw, counts)


def _compare(costs: Function, rng: Rng, part: int, what: str) -> None:
    cases = _cases(rng)
    ask_all(costs, cases)
    for case in cases if part > 1 else cases[:2]:  # the convolutions do not know their head
        answer = costs(*case)
        received = plain(answer)
        expected = _as_keras_counts(*case)
        if received is not None:  # `equal` says it better
            expect.that(
                isinstance(received, tuple) and len(received) == 4,
                "Four whole numbers are expected: parameters and multiplications of the "
                "convolutions, then of the dense layers.",
                received=answer,
            )
            expect.that(
                bool(received[part] == expected[part]),
                f"{what} are {expected[part]:,}. Received: {received[part]!s:.80}.",
                expected=expected,
                received=answer,
            )
        expect.equal(answer if received is None else received[part], expected[part])


@pooling_saves.check(points=1)
def parameters_of_the_convolutions(costs: Function, rng: Rng) -> None:
    """The parameters of both convolutions, pooled or not."""
    _compare(costs, rng, 0, "The parameters of the convolutions")


@pooling_saves.check(points=1)
def multiplications_of_the_convolutions(costs: Function, rng: Rng) -> None:
    """The multiplications of both convolutions, pooled or not."""
    _compare(costs, rng, 1, "The multiplications of the convolutions")


@pooling_saves.check(points=1)
def parameters_of_the_dense_layers(costs: Function, rng: Rng) -> None:
    """The parameters of both dense layers, pooled or not, after either head."""
    _compare(costs, rng, 2, "The parameters of the dense layers")


@pooling_saves.check(points=1)
def multiplications_of_the_dense_layers(costs: Function, rng: Rng) -> None:
    """The multiplications of both dense layers, pooled or not, after either head."""
    _compare(costs, rng, 3, "The multiplications of the dense layers")


def _counted(
    size: int,
    filters: int,
    units: int,
    pooled: bool,  # noqa: FBT001
    head: str,
    mistake: str = "",
) -> Four:
    """The four numbers as counted by hand, with a mistake."""
    by = 2 if pooled else 1
    first, second = size, size // by
    if mistake == "pooled before":
        first, second = first // by, second // by
    depth = 1 if mistake == "one channel" else filters
    kernels = (9 * filters, 9 * depth * filters)
    conv_parameters = sum(kernels) + 2 * filters
    if mistake == "conv parameters shrink" and pooled:
        conv_parameters = (kernels[0] + filters) // 4 + (kernels[1] + filters) // 16
    conv_work = kernels[0] * first**2 + kernels[1] * second**2
    if mistake == "work is parameters":
        conv_work = sum(kernels)
    left = size // by**2
    if mistake == "pooled once":
        left = size // by
    inputs = left**2 * filters
    if head == "average" and mistake != "averages ignored":
        inputs = filters // by**4 if mistake == "average shrinks" else filters
    dense_weights = dense_work = inputs * units + units * 10
    biases = 0 if mistake == "no biases" else units + 10
    if mistake == "no biases":
        conv_parameters -= 2 * filters
    if mistake == "biases multiplied":
        conv_work += filters * (first**2 + second**2)
        dense_work += units + 10
    return conv_parameters, conv_work, dense_weights + biases, dense_work


MISTAKES = (
    "conv parameters shrink",
    "average shrinks",
    "averages ignored",
    "work is parameters",
    "pooled before",
    "pooled once",
    "one channel",
    "no biases",
    "biases multiplied",
)


@pooling_saves.misconception(
    "You let pooling shrink the convolutions' parameters. A kernel is as large as it is, however "
    "small the map that it slides over. What does shrink: the number of weights, or how often each "
    "is used?"
)
def conv_parameters_shrink(size: int, filters: int, units: int, pooled: bool, head: str) -> Four:  # noqa: FBT001
    return _counted(size, filters, units, pooled, head, "conv parameters shrink")


@pooling_saves.misconception(
    "You let pooling shrink what reaches the dense layers after the averages. Global average "
    "pooling gives one number for each channel: does it matter how large the map was before?"
)
def average_shrinks(size: int, filters: int, units: int, pooled: bool, head: str) -> Four:  # noqa: FBT001
    return _counted(size, filters, units, pooled, head, "average shrinks")


@pooling_saves.misconception(
    "You count the averaged head like the flat one. After global average pooling one number for "
    "each channel is left; how many inputs does the first dense layer have then?"
)
def averages_ignored(size: int, filters: int, units: int, pooled: bool, head: str) -> Four:  # noqa: FBT001
    return _counted(size, filters, units, pooled, head, "averages ignored")


@pooling_saves.misconception(
    "You count each weight of a kernel once. The kernel slides: its weights are used anew at every "
    "position of the output. How many positions are there?"
)
def work_is_parameters(size: int, filters: int, units: int, pooled: bool, head: str) -> Four:  # noqa: FBT001
    return _counted(size, filters, units, pooled, head, "work is parameters")


@pooling_saves.misconception(
    "You count the positions after the pooling. The convolution comes first and fills the whole "
    "map; only then is most of it dropped. Whose work does the first pooling save?"
)
def pooled_before(size: int, filters: int, units: int, pooled: bool, head: str) -> Four:  # noqa: FBT001
    return _counted(size, filters, units, pooled, head, "pooled before")


@pooling_saves.misconception(
    "You pool once only. There is a pooling after each convolution, so the map that is flattened "
    "was halved twice, in height and in width."
)
def pooled_once(size: int, filters: int, units: int, pooled: bool, head: str) -> Four:  # noqa: FBT001
    return _counted(size, filters, units, pooled, head, "pooled once")


@pooling_saves.misconception(
    "You give the second convolution kernels of one channel. It sees the maps of the first; how "
    "deep does each of its kernels reach?"
)
def one_channel(size: int, filters: int, units: int, pooled: bool, head: str) -> Four:  # noqa: FBT001
    return _counted(size, filters, units, pooled, head, "one channel")


@pooling_saves.misconception(
    "You leave the biases out of the parameters. They are added, not multiplied, but they are "
    "learned: which of the two counts do they belong to?"
)
def no_biases(size: int, filters: int, units: int, pooled: bool, head: str) -> Four:  # noqa: FBT001
    return _counted(size, filters, units, pooled, head, "no biases")


@pooling_saves.misconception(
    "You count the biases among the multiplications. They are only added; what is multiplied are "
    "the weights."
)
def biases_multiplied(size: int, filters: int, units: int, pooled: bool, head: str) -> Four:  # noqa: FBT001
    return _counted(size, filters, units, pooled, head, "biases multiplied")
