"""The plan: shapes and parameters of a network that does not exist yet, row by row."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from cnn_course.capstone.references import BUDGET, CLASSES, IMAGES
from cnn_course.capstone.rows import (
    POOLING,
    Row,
    Shape,
    fault,
    is_whole,
    kernels_of,
    rows_of,
    weights_of,
    work_of_plan,
)
from grader import Exercise, expect
from grader.errors import Mismatch

plan = Exercise(
    "plan",
    title="The plan",
    names=("plan", "planned_parameters", "planned_work"),
    functions=(),
    forbid=("keras", "tensorflow"),
    hints=(
        (
            "Go from row to row. What goes into a layer is the shape in the row above; into the "
            "first one goes (28, 28, 1)."
        ),
        (
            "A filter has one weight for each pixel of its window and each channel that comes "
            "in, and one bias. How many filters are there?"
        ),
        (
            "Flatten keeps every number: height times width times channels. A dense layer has one "
            "weight for each pair of an input and a unit, and a bias for each unit."
        ),
        (
            "`planned_work`: each weight of a kernel is multiplied once for each place of the "
            "output. Biases are added, not multiplied, and pooling multiplies nothing."
        ),
    ),
)


@plan.check(points=3)
def each_row_follows_from_the_one_before(plan: Any) -> None:
    """Each row follows from the one before: its shape, and its parameters."""
    for row in rows_of(plan):
        expect.that(not fault(row), fault(row))


@plan.check(points=1, after=each_row_follows_from_the_one_before)
def ends_in_four_scores_within_the_budget(plan: Any) -> None:
    """It has a convolution, ends in four scores, and has 10,000 parameters at most."""
    rows = rows_of(plan)
    expect.that(
        any(row.kind == "Conv2D" for row in rows), "A CNN is asked for: where is its convolution?"
    )
    expect.that(
        rows[-1].shape == (CLASSES,),
        f"The last row should leave four scores, (4,). Your plan says {rows[-1].shape}.",
    )
    expect.that(
        rows[-1].kind != "Softmax",
        "The last row should leave scores, not probabilities: the loss applies the softmax itself. "
        "Leave that row out.",
    )
    total = sum(row.parameters for row in rows)
    expect.that(
        total <= BUDGET, f"The rows have {total:,} parameters together; {BUDGET:,} are the budget."
    )


@plan.check(points=1, after=each_row_follows_from_the_one_before)
def adds_up(plan: Any, planned_parameters: Any) -> None:
    """`planned_parameters` are those of all rows together."""
    total = sum(row.parameters for row in rows_of(plan))
    expect.that(
        _is_count(planned_parameters) and int(planned_parameters) == total,
        "`planned_parameters` is not what your rows have together.",
        received=planned_parameters,
    )


@plan.check(points=1, after=each_row_follows_from_the_one_before)
def knows_the_work(plan: Any, planned_work: Any) -> None:
    """`planned_work` is how often the plan multiplies for one image."""
    expect.that(
        _is_count(planned_work) and int(planned_work) == work_of_plan(plan),
        "`planned_work` is not how often the rows of your plan multiply for one image. Begin with "
        "the convolutions: weights of all kernels, times places of the output.",
        received=planned_work,
    )


def _is_count(value: Any) -> bool:
    """Whether it is a whole number, as an int or as a float that has nothing behind the point."""
    return is_whole(value) or (isinstance(value, float | np.floating) and float(value).is_integer())


# Wrong plans. Each differs from this one in a row or a number.
RIGHT = [
    ("Conv2D", (28, 28, 8), 80),
    ("MaxPooling2D", (14, 14, 8), 0),
    ("Conv2D", (14, 14, 16), 1168),
    ("BatchNormalization", (14, 14, 16), 64),
    ("MaxPooling2D", (7, 7, 16), 0),
    ("Conv2D", (5, 5, 8), 1160),
    ("Flatten", (200,), 0),
    ("Dense", (16,), 3216),
    ("Dense", (4,), 68),
]


def _with(changes: dict[int, tuple[str, Shape, int]]) -> dict[str, Any]:
    rows = [changes.get(index, row) for index, row in enumerate(RIGHT)]
    total = sum(row[2] for row in rows)
    return {"plan": rows, "planned_parameters": total, "planned_work": _work(rows)}


def _work(rows: Any) -> int:
    try:
        return work_of_plan(rows)
    except Mismatch:
        return 0


def _faulty(plan: Any) -> Row:
    """The first row that does not follow; StopIteration where all do."""
    return next(row for row in rows_of(plan) if fault(row))


def _sound(plan: Any) -> bool:
    return not any(fault(row) for row in rows_of(plan))


def _has_batch(plan: Any) -> bool:
    return any(None in row[1] or len(row[1]) == 4 for row in plan if isinstance(row[1], tuple))


@plan.misconception(
    "Your shapes have the batch in front. Keras writes it in a summary, as None, because it stays "
    "open how many images come. A plan says what becomes of one image.",
    recognize=lambda plan: _has_batch(plan),
)
def batch_axis_included() -> dict[str, Any]:
    rows: list[Any] = [(kind, (None, *shape), parameters) for kind, shape, parameters in RIGHT]
    return {"plan": rows}


@plan.misconception(
    "You count one bias too few for each filter: none. In Keras a convolution has biases unless it "
    "is told otherwise, and only where a BatchNormalization follows can it do without. What is "
    "added to each filter's sum?",
    recognize=lambda plan: _lacks_biases(_faulty(plan), "Conv2D"),
)
def biases_of_filters_forgotten() -> dict[str, Any]:
    return _with({0: ("Conv2D", (28, 28, 8), 72)})


@plan.misconception(
    "You count the weights of your dense layer, and not its biases. Each unit has one. ",
    recognize=lambda plan: _lacks_biases(_faulty(plan), "Dense"),
)
def biases_of_units_forgotten() -> dict[str, Any]:
    return _with({8: ("Dense", (4,), 64)})


def _lacks_biases(row: Row, kind: str) -> bool:
    if row.kind == kind == "Conv2D" and list(kernels_of(row)):
        return False  # it can be read with biases: something else is wrong
    if row.kind != kind or row.normalized or len(row.before) != (3 if kind == "Conv2D" else 1):
        return False
    window, rest = divmod(row.parameters, row.before[-1] * row.units)
    return not rest and (window == 1 if kind == "Dense" else math.isqrt(window) ** 2 == window > 1)


@plan.misconception(
    "You count filters of one channel. A filter has a window for each channel that comes in, and "
    "looks at all of them. How many channels does the map above it have?",
    recognize=lambda plan: _is_flat(_faulty(plan)),
)
def kernel_depth_forgotten() -> dict[str, Any]:
    return _with({2: ("Conv2D", (14, 14, 16), 160)})


def _is_flat(row: Row) -> bool:
    if row.kind != "Conv2D" or row.before[-1] == 1:
        return False
    return row.parameters in [row.units * (side**2 + 1) for side in range(2, 10)]


@plan.misconception(
    "You count a single bias for the whole convolution. Each filter has its own.",
    recognize=lambda plan: _has_one_bias(_faulty(plan)),
)
def one_bias_for_all_filters() -> dict[str, Any]:
    return _with({2: ("Conv2D", (14, 14, 16), 1153)})


def _has_one_bias(row: Row) -> bool:
    if row.kind != "Conv2D":
        return False
    window, rest = divmod(row.parameters - 1, row.before[-1] * row.units)
    return not rest and math.isqrt(window) ** 2 == window > 1


@plan.misconception(
    "A valid window of k pixels in a row of n has one place more than n − k: count them for n = 3 "
    "and k = 3.",
    recognize=lambda plan: _is_one_short(_faulty(plan)),
)
def one_place_short() -> dict[str, Any]:
    return _with({0: ("Conv2D", (25, 25, 8), 80), 1: ("MaxPooling2D", (12, 12, 8), 0)})


def _is_one_short(row: Row) -> bool:
    if row.kind != "Conv2D" or len(row.shape) != 3 or not list(kernels_of(row)):
        return False
    side = next(kernels_of(row))[0][0]
    return all(row.shape[axis] == row.before[axis] - side for axis in (0, 1))


@plan.misconception(
    "Your Flatten forgets the channels: it has one number for each place of the map. What becomes "
    "of the other channels at that place?",
    recognize=lambda plan: _flattens_one_channel(_faulty(plan)),
)
def flatten_without_channels() -> dict[str, Any]:
    return _with({6: ("Flatten", (25,), 0), 7: ("Dense", (16,), 416)})


def _flattens_one_channel(row: Row) -> bool:
    return (
        row.kind == "Flatten"
        and len(row.before) == 3
        and row.shape == (math.prod(row.before[:-1]),)
    )


@plan.misconception(
    "Your Flatten has another number of values than goes in: it keeps every one of them. How many "
    "rows, columns and channels has the map above it, and what is their product?",
    recognize=lambda plan: _flattens_wrongly(_faulty(plan)),
)
def flatten_of_another_size() -> dict[str, Any]:
    return _with({6: ("Flatten", (392,), 0), 7: ("Dense", (16,), 6288)})


def _flattens_wrongly(row: Row) -> bool:
    """A Flatten of another size, without parameters, and not one that forgets the channels."""
    return (
        row.kind == "Flatten"
        and len(row.shape) == 1
        and row.shape != (math.prod(row.before),)
        and not row.parameters
        and not _flattens_one_channel(row)
    )


@plan.misconception(
    "Your dense layer follows a map, and your numbers are those of a layer that sees all of it at "
    "once. In Keras it would look at each place alone. Which layer has to stand between?",
    recognize=lambda plan: _lacks_a_flatten(_faulty(plan)),
)
def flatten_left_out() -> dict[str, Any]:
    rows = [row for row in RIGHT if row[0] != "Flatten"]
    return {"plan": rows, "planned_parameters": 5756}


def _lacks_a_flatten(row: Row) -> bool:
    return row.kind == "Dense" and len(row.before) == 3 and len(row.shape) == 1


@plan.misconception(
    "You give batch normalization two numbers for each channel. It learns a spread and a mean; and "
    "what does it keep besides, for inference?",
    recognize=lambda plan: _normalizes_by_two(_faulty(plan)),
)
def two_numbers_for_each_channel() -> dict[str, Any]:
    return _with({3: ("BatchNormalization", (14, 14, 16), 32)})


def _normalizes_by_two(row: Row) -> bool:
    return row.kind == "BatchNormalization" and row.parameters == 2 * row.units


@plan.misconception(
    "You give parameters to a layer that has nothing to learn: it chooses, moves or switches off, "
    "but weighs nothing. What could a pooling or a dropout learn?",
    recognize=lambda plan: _learns_nothing(_faulty(plan)),
)
def parameters_for_pooling() -> dict[str, Any]:
    return _with({4: ("MaxPooling2D", (7, 7, 16), 64)})


def _learns_nothing(row: Row) -> bool:
    return row.kind not in ("Conv2D", "Dense", "BatchNormalization") and row.parameters > 0


@plan.misconception(
    "Your pooling also changes the number of channels. It works on each channel for itself, and "
    "leaves as many as came in. What sets the number of channels?",
    recognize=lambda plan: _pools_channels(_faulty(plan)),
)
def channels_pooled() -> dict[str, Any]:
    return _with({1: ("MaxPooling2D", (14, 14, 4), 0), 2: ("Conv2D", (14, 14, 16), 592)})


def _pools_channels(row: Row) -> bool:
    return row.kind in POOLING and len(row.shape) == 3 and row.shape[2] != row.before[2]


@plan.misconception(
    "Your network is larger than the budget allows. In which row sit most of its parameters, and "
    "what could make the input of that row smaller?",
    recognize=lambda plan: _sound(plan) and sum(row[2] for row in plan) > BUDGET,
)
def budget_exceeded() -> dict[str, Any]:
    return _with({7: ("Dense", (64,), 12_864), 8: ("Dense", (4,), 260)})


@plan.misconception(
    "You add only what is trained, and leave out the moving statistics of the normalization. Keras "
    "counts them too: the network needs them when it is used.",
    recognize=lambda plan, planned_parameters: (
        _sound(plan)
        and planned_parameters
        == sum(row[2] // 2 if row[0] == "BatchNormalization" else row[2] for row in plan)
        != sum(row[2] for row in plan)
    ),
)
def trained_ones_only() -> dict[str, Any]:
    return {**_with({}), "planned_parameters": 5724}


@plan.misconception(
    "You take the parameters for the work. The few weights of a convolution are used again at "
    "every place of the map. At how many?",
    recognize=lambda plan, planned_work: (
        _sound(plan)
        and planned_work != work_of_plan(plan)
        and planned_work
        in (sum(row[2] for row in plan), sum(weights_of(row) for row in rows_of(plan)))
    ),
)
def parameters_for_work() -> dict[str, Any]:
    return {**_with({}), "planned_work": sum(row[2] for row in RIGHT)}


@plan.misconception(
    "You count the biases among the multiplications. They are added once the products are summed. "
    "Which numbers of a filter are multiplied?",
    recognize=lambda plan, planned_work: _claims_work(plan, planned_work, _biased(plan)),
)
def biases_multiplied() -> dict[str, Any]:
    return {**_with({}), "planned_work": _biased(RIGHT)}


@plan.misconception(
    "You multiply at every place of what comes into a convolution. The sums are made for the "
    "places of what comes out. Where the two differ (`valid`, strides), which counts?",
    recognize=lambda plan, planned_work: _claims_work(plan, planned_work, _at_the_input(plan)),
)
def places_of_the_input() -> dict[str, Any]:
    return {**_with({}), "planned_work": _at_the_input(RIGHT)}


@plan.misconception(
    "You multiply in one channel of what comes in. A filter has a window for each of them, and all "
    "their products are summed.",
    recognize=lambda plan, planned_work: _claims_work(plan, planned_work, _in_one_channel(plan)),
)
def work_without_kernel_depth() -> dict[str, Any]:
    return {**_with({}), "planned_work": _in_one_channel(RIGHT)}


@plan.misconception(
    "You leave the dense layers out. They are small beside the convolutions, but each of their "
    "weights is multiplied as well, once for an image.",
    recognize=lambda plan, planned_work: _claims_work(plan, planned_work, _without_dense(plan)),
)
def work_without_dense_layers() -> dict[str, Any]:
    return {**_with({}), "planned_work": _without_dense(RIGHT)}


@plan.misconception(
    "You count the work of all the training shapes. Asked is that of one image; the number of "
    "shapes and the epochs come in later, when the training is counted.",
    recognize=lambda plan, planned_work: _claims_work(
        plan, planned_work, IMAGES * work_of_plan(plan)
    ),
)
def work_of_all_images() -> dict[str, Any]:
    return {**_with({}), "planned_work": IMAGES * work_of_plan(RIGHT)}


def _claims_work(plan: Any, claimed: Any, wrong: int) -> bool:
    """Whether the plan is sound, and the work that is claimed is this wrong one."""
    return _sound(plan) and claimed == wrong != work_of_plan(plan)


def _biased(plan: Any) -> int:
    rows = [row for row in rows_of(plan) if row.kind in ("Conv2D", "Dense")]
    return sum(row.parameters * math.prod(row.shape[:-1]) for row in rows)


def _in_one_channel(plan: Any) -> int:
    return sum(
        weights_of(row)
        * math.prod(row.shape[:-1])
        // (row.before[-1] if row.kind == "Conv2D" else 1)
        for row in rows_of(plan)
    )


def _without_dense(plan: Any) -> int:
    return sum(
        weights_of(row) * math.prod(row.shape[:-1]) for row in rows_of(plan) if row.kind == "Conv2D"
    )


def _at_the_input(plan: Any) -> int:
    return sum(weights_of(row) * math.prod(row.before[:-1]) for row in rows_of(plan))
