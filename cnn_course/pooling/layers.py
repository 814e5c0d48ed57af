"""Max pooling, by hand."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from cnn_course.pooling.references import (
    READY_MADE,
    Array,
    Rng,
    draw_volume,
    pooled,
    windows,
)
from grader import Exercise, expect
from grader.authoring.telling_apart import ask_all, draw_apart, outcomes

Function = Callable[..., Any]

# ------------------------------------------------------------------------------------------------
max_pool = Exercise(
    "max_pool",
    title="Max pooling",
    forbid=READY_MADE,
    hints=(
        (
            "Begin with the shape: how many windows of `pool_size` pixels fit into the height and "
            "into the width, if each starts `strides` pixels after the one before? That is the "
            "rule of lesson 1, without padding."
        ),
        (
            "As in a convolution, two loops visit the windows. The window of `[row, column]` "
            "starts at `row * strides`, `column * strides`. How far does it reach?"
        ),
        (
            "A slice of rows and a slice of columns leave a window (pool_size, pool_size, "
            "channels). Which axes of it should the maximum run over, so that one number a channel "
            "stays?"
        ),
    ),
)


@max_pool.check(points=1)
def has_one_value_a_window(max_pool: Function, rng: Rng) -> None:
    """One value a window and channel: only whole windows count, and strides default to the pool."""
    volumes = [(draw_volume(rng, shape), pool_size) for shape, pool_size in
               (((5, 7, 2), 2), ((4, 6, 2), 2), ((8, 11, 3), 3))]  # fmt: skip
    ask_all(max_pool, volumes)
    for volume, pool_size in volumes:
        expect.shape(max_pool(volume, pool_size), pooled(volume, pool_size).shape)
    # Left out, the size of the pool is 2.
    volume = volumes[0][0]
    expect.shape(max_pool(volume), pooled(volume).shape)


@max_pool.check(points=2, after=has_one_value_a_window)
def takes_the_maximum_of_each_channel(max_pool: Function, rng: Rng) -> None:
    """Each value is the largest of its window, for every channel on its own."""
    for shape, pool_size in (((4, 6, 2), 2), ((7, 8, 3), 3)):
        volume = _volume_apart(rng, shape, pool_size)
        expect.close(max_pool(volume, pool_size), pooled(volume, pool_size))


@max_pool.check(points=1, after=has_one_value_a_window)
def keeps_negative_maxima(max_pool: Function, rng: Rng) -> None:
    """Where every value of a window is negative, so is the largest of them."""
    volumes = [draw_volume(rng, shape, low, low + span) for shape, low, span in
               (((4, 4, 1), -0.9, 0.8), ((6, 5, 2), -60.0, 20.0))]  # fmt: skip
    ask_all(max_pool, [(volume,) for volume in volumes])
    for volume in volumes:
        expect.close(max_pool(volume), pooled(volume))


@max_pool.check(points=1, after=has_one_value_a_window)
def moves_by_the_stride(max_pool: Function, rng: Rng) -> None:
    """With strides of its own, windows overlap (3, strides 2) or leave gaps (2, strides 3)."""
    layers = [(draw_volume(rng, shape, -0.9, 0.9), pool_size, strides) for shape, pool_size, strides
              in (((7, 9, 2), 3, 2), ((8, 6, 1), 2, 3), ((5, 6, 2), 2, 1))]  # fmt: skip
    ask_all(max_pool, layers)
    for layer in layers:
        expect.close(max_pool(*layer), pooled(*layer))


def _volume_apart(rng: Rng, shape: tuple[int, int, int], pool_size: int) -> Array:
    """A volume on which no two mistakes that keep the shape give the same, nor the right answer."""
    alike = (mean_of_the_window, starts_not_multiplied, first_of_the_window, shared_by_channels)
    answers = [pooled, *(wrong.function for wrong in alike)]

    def draw() -> Array:
        return draw_volume(rng, shape)

    return draw_apart(draw, lambda volume: outcomes(answers, [(volume, pool_size)]), margin=0.01)


@max_pool.misconception(
    "Your windows move by one pixel unless told otherwise. A convolution does so; a pooling layer "
    "moves by its own size, so that every value belongs to one pool only. What does `strides=None` "
    "have to become?"
)
def stride_one_by_default(volume: Array, pool_size: int = 2, strides: int | None = None) -> Array:
    return pooled(volume, pool_size, strides or 1)


@max_pool.misconception(
    "You take the maximum over all channels too, and one map is left. Each channel holds another "
    "feature, and pooling keeps them apart: which axes of a window are height and width?"
)
def over_all_channels(volume: Array, pool_size: int = 2, strides: int | None = None) -> Array:
    return np.asarray(pooled(volume, pool_size, strides).max(axis=-1))


@max_pool.misconception(
    "You take the maximum of the whole window, channels included, and write it into every channel. "
    "Each channel has a maximum of its own: along which axes should `max` run?"
)
def shared_by_channels(volume: Array, pool_size: int = 2, strides: int | None = None) -> Array:
    made = pooled(volume, pool_size, strides)
    return np.broadcast_to(made.max(axis=-1, keepdims=True), made.shape).copy()


def _rows_by_rule(rule: Function, volume: Array, pool_size: int, strides: int | None) -> Array:
    """Windows that start at multiples of the stride, as many as `rule` says, cut at the border."""
    step = strides or pool_size
    rows, columns = (max(0, rule(size, pool_size, step)) for size in volume.shape[:2])
    around = [(0, max(rows, columns) * step + pool_size)] * 2
    framed = np.pad(volume.astype(np.float64), [*around, (0, 0)], constant_values=np.nan)
    bottom, right = ((count - 1) * step + pool_size for count in (rows, columns))
    return pooled(framed[:bottom, :right], pool_size, step)


@max_pool.misconception(
    "You forget the first window: (height − pool_size) // strides counts the steps from it to the "
    "last one. Three steps on a path leave how many footprints?"
)
def first_window_forgotten(volume: Array, pool_size: int = 2, strides: int | None = None) -> Array:
    return _rows_by_rule(lambda n, pool, step: (n - pool) // step, volume, pool_size, strides)


@max_pool.misconception(
    "You add 1 before you divide by the stride. That is the rule for strides of 1; in general the "
    "steps are counted first, and the window before the first step afterwards. Try 4 pixels with "
    "pools of 2: where do they start?"
)
def one_added_too_early(volume: Array, pool_size: int = 2, strides: int | None = None) -> Array:
    return _rows_by_rule(lambda n, pool, step: (n - pool + 1) // step, volume, pool_size, strides)


@max_pool.misconception(
    "You make height // strides rows, whatever the pool's size. That is right while the windows "
    "lie side by side; how many windows of 2 fit into 5 pixels if they move by 1?"
)
def divided_by_the_stride(volume: Array, pool_size: int = 2, strides: int | None = None) -> Array:
    return _rows_by_rule(lambda n, _pool, step: n // step, volume, pool_size, strides)


@max_pool.misconception(
    "You keep the pieces of windows at the right and lower border. With Keras's default, "
    '`padding="valid"`, only whole windows count: what becomes of the row that is left over?'
)
def partial_windows_kept(volume: Array, pool_size: int = 2, strides: int | None = None) -> Array:
    step = strides or pool_size
    below = [
        (0, max(0, (len(range(0, size, step)) - 1) * step + pool_size - size))
        for size in volume.shape[:2]
    ]
    framed = np.pad(volume.astype(np.float64), [*below, (0, 0)], constant_values=np.nan)
    return pooled(framed, pool_size, step)


@max_pool.misconception(
    "You never return less than 0, as if every window held a zero: perhaps your search starts at "
    "0, or the frame is of zeros. After ReLU that goes unnoticed, but in a window of −0.7 and "
    "−0.2, which value is the largest?"
)
def zero_wins(volume: Array, pool_size: int = 2, strides: int | None = None) -> Array:
    return np.maximum(pooled(volume, pool_size, strides), 0)


@max_pool.misconception(
    "You never return less than −1, as if every window held a −1: perhaps your search starts "
    "there. No number that you choose is below every map; which value of the window itself could "
    "the search start with?"
)
def minus_one_wins(volume: Array, pool_size: int = 2, strides: int | None = None) -> Array:
    return np.maximum(pooled(volume, pool_size, strides), -1)


@max_pool.misconception(
    "You leave out the sign: the largest is not the value that is farthest from 0. In a window of "
    "−0.7 and −0.2, which one is larger?"
)
def largest_size(volume: Array, pool_size: int = 2, strides: int | None = None) -> Array:
    return pooled(np.abs(volume), pool_size, strides)


@max_pool.misconception(
    "You average the window. That is a pooling too, and your next exercise; max pooling keeps the "
    "strongest value of each window, however weak its neighbors are."
)
def mean_of_the_window(volume: Array, pool_size: int = 2, strides: int | None = None) -> Array:
    return pooled(volume, pool_size, strides, reduce=np.nanmean)


@max_pool.misconception(
    "Your window starts at the row and column of the pooled map. On the input it moves by "
    "`strides` pixels at a time: where does the window of `[1, 1]` start?"
)
def starts_not_multiplied(volume: Array, pool_size: int = 2, strides: int | None = None) -> Array:
    rows, columns = pooled(volume, pool_size, strides).shape[:2]
    return pooled(volume, pool_size, 1)[:rows, :columns]


@max_pool.misconception(
    "You keep the first value of each window and drop the others. That is what a stride does, not "
    "a pool: it loses the strongest value unless that happens to stand first."
)
def first_of_the_window(volume: Array, pool_size: int = 2, strides: int | None = None) -> Array:
    made: Array = windows(volume, pool_size, strides or pool_size)[..., 0, 0]
    return made


@max_pool.misconception(
    "You lay the windows side by side whatever `strides` says. It may differ from `pool_size`: "
    "with smaller steps the windows overlap, with larger ones they leave gaps."
)
def strides_ignored(volume: Array, pool_size: int = 2, _strides: int | None = None) -> Array:
    return pooled(volume, pool_size)
