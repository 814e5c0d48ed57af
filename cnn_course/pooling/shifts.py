"""How much pooled and strided outputs change when their input moves."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from cnn_course.pooling.references import (
    Array,
    Rng,
    draw_volume,
    pooled,
    windows,
)
from grader import Exercise, expect
from grader.authoring.telling_apart import draw_apart, outcomes

Function = Callable[..., Any]

# ------------------------------------------------------------------------------------------------
shift_sensitivity = Exercise(
    "shift_sensitivity",
    title="How much does a small move change?",
    hints=(
        (
            "Make the moved volume first: zeros of the same shape, into which the part that stays "
            "in the frame is written, `columns` further to the right."
        ),
        (
            "Compute both outputs twice, of the volume and of the moved one. Keeping every second "
            "row and column is a slice with a step."
        ),
        (
            "`np.linalg.norm` of an array's differences says how large the change is; what has it "
            "to be divided by, to be a share of the output?"
        ),
    ),
)


@shift_sensitivity.check(points=2)
def measures_pooling(shift_sensitivity: Function, rng: Rng) -> None:
    """The first number is the relative change of the max-pooled output."""
    for volume, columns in _moves(rng):
        received, _ = _two_numbers(shift_sensitivity(volume, columns))
        expect.close(received, _change(volume, columns, pooled))


@shift_sensitivity.check(points=1)
def measures_strides(shift_sensitivity: Function, rng: Rng) -> None:
    """The second number is the relative change of every second row and column."""
    for volume, columns in _moves(rng):
        _, received = _two_numbers(shift_sensitivity(volume, columns))
        expect.close(received, _change(volume, columns, _every_second))


def _two_numbers(answer: Any) -> tuple[Any, Any]:
    """Two numbers, or a Mismatch that says how to return them."""
    expect.that(
        isinstance(answer, tuple | list | np.ndarray) and len(answer) == 2,
        "Two numbers are expected. End with `return pooled, strided`.",
        received=answer,
    )
    return answer[0], answer[1]


def _moves(rng: Rng) -> list[tuple[Array, int]]:
    """Volumes and how far they move; on the first, no two mistakes agree in either number."""

    def draw() -> Array:
        return _sparse(rng, (4, 6, 1))

    first = draw_apart(draw, _pooled_changes, _strided_changes, where=_nothing_empty, margin=0.01)
    others = (((6, 8, 2), 1), ((4, 8, 1), 3), ((8, 10, 2), 2))
    return [(first, 1), *((_sparse(rng, shape), columns) for shape, columns in others)]


def _sparse(rng: Rng, shape: tuple[int, int, int]) -> Array:
    """A feature map as ReLU leaves it: half of it zeros, but not all of what leaves the frame."""
    volume = draw_volume(rng, shape)
    volume[rng.uniform(size=shape) < 0.5] = 0
    volume[::2, -1] = 1.3
    volume[0, 2] = 0.7  # so that neither output is zero
    return volume


def _nothing_empty(volume: Array) -> bool:
    """Whether both outputs have something in them, moved or not: a norm of 0 divides nothing."""
    outputs = [f(moved) for f in (pooled, _every_second) for moved in (volume, _moved(volume, 1))]
    return all(output.any() for output in outputs)


def _pooled_changes(volume: Array) -> dict[str, Any]:
    return {name: pair[0] for name, pair in _all_changes(volume).items()}


def _strided_changes(volume: Array) -> dict[str, Any]:
    return {name: pair[1] for name, pair in _all_changes(volume).items()}


def _right(volume: Array, columns: int) -> tuple[float, float]:
    return _change(volume, columns, pooled), _change(volume, columns, _every_second)


def _all_changes(volume: Array) -> dict[str, Any]:
    """Both changes that each answer, right or wrong, finds for a move by one column."""
    wrong = (
        *(wraps_around, not_relative, without_the_root, relative_to_the_moved),
        *(to_the_left, moves_the_output, sums_of_absolutes, exchanged, downwards),
        *(change_of_the_norms, size_of_the_change_of_norms, relative_to_the_input),
    )
    answers = outcomes([_right, *(mistake.function for mistake in wrong)], [(volume, 1)])
    return {name: pair for name, [pair] in answers.items()}


def _moved(volume: Array, columns: int) -> Array:
    """The volume behind a frame of its size, moved to the right: cut out of a wider one."""
    width = volume.shape[1]
    wider = np.pad(volume, [(0, 0), (abs(columns), abs(columns)), (0, 0)])
    start = abs(columns) - columns
    return wider[:, start : start + width]


def _every_second(volume: Array) -> Array:
    return windows(volume, 1, 2)[..., 0, 0]


def _difference(volume: Array, columns: int, output: Function) -> Array:
    made: Array = output(_moved(volume, columns)) - output(volume)
    return made.astype(np.float64)


def _change(volume: Array, columns: int, output: Function) -> float:
    before = output(volume).astype(np.float64)
    change = _difference(volume, columns, output)
    return float(np.sqrt(np.einsum("hwc,hwc", change, change) / np.sum(before**2)))


def _both(measure: Function) -> tuple[float, float]:
    return float(measure(pooled)), float(measure(_every_second))


@shift_sensitivity.misconception(
    "What leaves the volume on the right comes in again on the left: `np.roll` goes round in a "
    "circle. Behind a camera's frame something new comes in; here it is zeros."
)
def wraps_around(volume: Array, columns: int) -> tuple[float, float]:
    rolled = np.roll(volume, columns, axis=1)
    return _both(lambda f: np.linalg.norm(f(rolled) - f(volume)) / np.linalg.norm(f(volume)))


@shift_sensitivity.misconception(
    "You return the size of the change as it is. Pooling makes other outputs than a stride, larger "
    "ones, so their changes can only be compared as parts of the output itself: divide."
)
def not_relative(volume: Array, columns: int) -> tuple[float, float]:
    return _both(lambda f: np.linalg.norm(_difference(volume, columns, f)))


@shift_sensitivity.misconception(
    "You leave out the root: the L2 norm is the root of the sum of the squares. `np.linalg.norm` "
    "takes it for you."
)
def without_the_root(volume: Array, columns: int) -> tuple[float, float]:
    return _both(lambda f: _change(volume, columns, f) ** 2)


@shift_sensitivity.misconception(
    "You divide by the norm of the output after the move. What the change is measured by is the "
    "output that there was before."
)
def relative_to_the_moved(volume: Array, columns: int) -> tuple[float, float]:
    def measure(output: Function) -> float:
        moved = np.linalg.norm(output(_moved(volume, columns)))
        return float(np.linalg.norm(_difference(volume, columns, output)) / moved)

    return _both(measure)


@shift_sensitivity.misconception(
    "You move the volume to the left. To the right means: what was in column 0 is in column "
    "`columns` afterwards. Which side do the zeros come in from?"
)
def to_the_left(volume: Array, columns: int) -> tuple[float, float]:
    return _both(lambda f: _change(volume, -columns, f))


@shift_sensitivity.misconception(
    "You move the output and compare it with itself. What moves is the input: pool what has moved, "
    "and see what that changes."
)
def moves_the_output(volume: Array, columns: int) -> tuple[float, float]:
    def measure(output: Function) -> float:
        made = output(volume)
        return float(np.linalg.norm(_moved(made, columns) - made) / np.linalg.norm(made))

    return _both(measure)


@shift_sensitivity.misconception(
    "You add up absolute values: that is the L1 norm. The L2 norm squares the differences first, "
    "so that large ones count for more, and takes the root of the sum."
)
def sums_of_absolutes(volume: Array, columns: int) -> tuple[float, float]:
    def measure(output: Function) -> float:
        return float(np.abs(_difference(volume, columns, output)).sum() / output(volume).sum())

    return _both(measure)


@shift_sensitivity.misconception(
    "The two numbers are exchanged: pooling comes first, the stride second. Which of them would "
    "you expect to be larger?"
)
def exchanged(volume: Array, columns: int) -> tuple[float, float]:
    return _change(volume, columns, _every_second), _change(volume, columns, pooled)


@shift_sensitivity.misconception(
    "You move the volume down. To the right means: what was in column 0 is in column `columns` "
    "afterwards. Which axis of a volume (height, width, channels) holds the columns?"
)
def downwards(volume: Array, columns: int) -> tuple[float, float]:
    moved = _moved(volume.swapaxes(0, 1), columns).swapaxes(0, 1)
    return _both(lambda f: np.linalg.norm(f(moved) - f(volume)) / np.linalg.norm(f(volume)))


def _change_of_norms(volume: Array, columns: int, output: Function) -> float:
    before = float(np.linalg.norm(output(volume)))
    return (float(np.linalg.norm(output(_moved(volume, columns)))) - before) / before


@shift_sensitivity.misconception(
    "You subtract one norm from the other. Two outputs with nothing in common may have the same "
    "norm: subtract the outputs first, pixel by pixel, and take the norm of that."
)
def change_of_the_norms(volume: Array, columns: int) -> tuple[float, float]:
    return _both(partial(_change_of_norms, volume, columns))


@shift_sensitivity.misconception(
    "You compare the lengths of the two outputs. They may be equal though nothing else is: what "
    "changes from one output to the other, pixel by pixel? Take the norm of that."
)
def size_of_the_change_of_norms(volume: Array, columns: int) -> tuple[float, float]:
    return _both(lambda output: abs(_change_of_norms(volume, columns, output)))


@shift_sensitivity.misconception(
    "You divide by the norm of the input. Pooled and strided outputs are smaller than that, each "
    "in its own way: what was each output's norm before the move?"
)
def relative_to_the_input(volume: Array, columns: int) -> tuple[float, float]:
    whole = np.linalg.norm(volume)
    return _both(lambda output: np.linalg.norm(_difference(volume, columns, output)) / whole)
