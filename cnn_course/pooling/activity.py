"""What pooling does to active pixels: dead space, global average pooling, pooling with stride 1."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from cnn_course.pooling.references import (
    READY_MADE,
    Array,
    Rng,
    active,
    draw_volume,
    pooled,
)
from grader import Exercise, expect
from grader.authoring.telling_apart import draw_apart, outcomes

Function = Callable[..., Any]

# ------------------------------------------------------------------------------------------------
dead_space = Exercise(
    "dead_space",
    title="How much of a map is active, and how much dead space",
    forbid=READY_MADE,
    hints=(
        (
            "A value is active if it is above 0. Comparing an array with 0 gives an array of True "
            "and False; what is the mean of that?"
        ),
        "ReLU leaves positive values and makes all others 0. Pool what it leaves with `max_pool`.",
        (
            "Each share has its own whole: the first is a share of all values before pooling, the "
            "second of all values that pooling leaves."
        ),
    ),
)


@dead_space.check(points=1)
def tells_the_share_before_pooling(dead_space: Function, rng: Rng) -> None:
    """The first number is the share of values above 0 after ReLU, between 0 and 1."""
    for volume in _maps(rng):
        before, _ = _shares(dead_space(volume))
        expect.close(before, active(volume) / volume.size)


@dead_space.check(points=2)
def tells_the_share_after_pooling(dead_space: Function, rng: Rng) -> None:
    """The second is the share of values above 0 that 2×2 max pooling leaves, between 0 and 1."""
    for volume in _maps(rng):
        _, after = _shares(dead_space(volume))
        expect.close(after, _active_windows(volume))


def _shares(answer: Any) -> tuple[Any, Any]:
    """Two numbers, or a Mismatch that says how to return them."""
    pair = isinstance(answer, tuple | list | np.ndarray) and len(answer) == 2
    expect.that(
        pair,
        "Two shares are expected. End with `return before, after`.",
        received=answer,
    )
    return answer[0], answer[1]


def _active_windows(volume: Array) -> float:
    """The share of 2×2 windows that hold anything above 0."""
    return float(np.mean(pooled(volume > 0, reduce=np.any)))


def _maps(rng: Rng) -> list[Array]:
    """Maps before ReLU, mostly negative and with zeros, on which no two mistakes agree."""
    shapes = ((4, 6, 1), (7, 8, 2), (6, 10, 3))
    return [_map_apart(rng, shape) for shape in shapes]


def _map_apart(rng: Rng, shape: tuple[int, int, int]) -> Array:
    def draw() -> Array:
        return _draw_map(rng, shape)

    return draw_apart(draw, _all_shares, _second_shares, where=_wrong_in_both_places, margin=0.01)


def _draw_map(rng: Rng, shape: tuple[int, int, int]) -> Array:
    volume = draw_volume(rng, shape, -0.9, 0.9)
    silent = rng.uniform(size=shape)
    volume = np.where(silent < 0.45, -np.abs(volume), volume)
    drawn: Array = np.where(silent > 0.85, np.float32(0), volume)
    return drawn


def _right(volume: Array) -> tuple[float, float]:
    return active(volume) / volume.size, _active_windows(volume)


def _all_shares(volume: Array) -> dict[str, Any]:
    """The right shares, and those of mistakes that are made in both of them."""
    wrong = [
        *(shares_of_zeros, without_relu, zeros_active, in_percent, mean_values, numbers_of_values),
        *(signs_dropped, shares_exchanged),
    ]
    return outcomes([_right, *(mistake.function for mistake in wrong)], [(volume,)])


def _second_shares(volume: Array) -> dict[str, Any]:
    """All that may stand in the second place; some mistakes are made there only."""
    wrong = [
        *(share_of_the_input, all_of_the_window),
        *(shares_of_zeros, without_relu, zeros_active, in_percent, mean_values, numbers_of_values),
    ]
    answers = outcomes([_right, *(mistake.function for mistake in wrong)], [(volume,)])
    seconds = {name: pair[1] for name, [pair] in answers.items()}
    return {"the share before": _right(volume)[0], **seconds}


def _wrong_in_both_places(volume: Array) -> bool:
    """Whether mistakes in both shares show in each of them."""
    right, *wrong = (np.array(pair) for [pair] in _all_shares(volume).values())
    return all(np.abs(pair - right).min() > 0.02 for pair in wrong)


@dead_space.misconception(
    "You return the shares of zeros: how much dead space there is. Asked for is the rest, the "
    "share of active values."
)
def shares_of_zeros(volume: Array) -> tuple[float, float]:
    return 1 - active(volume) / volume.size, 1 - _active_windows(volume)


@dead_space.misconception(
    "You count negative values as active. ReLU makes zeros of them before anything is pooled: what "
    "does it leave of −0.4?"
)
def without_relu(volume: Array) -> tuple[float, float]:
    return float(np.mean(volume != 0)), float(np.mean(pooled(volume) != 0))


@dead_space.misconception(
    "You drop the signs, so that negative values count as active. ReLU is not the absolute value: "
    "what does it leave of −0.4?"
)
def signs_dropped(volume: Array) -> tuple[float, float]:
    sizes = np.abs(volume)
    return float(np.mean(sizes > 0)), float(np.mean(pooled(sizes) > 0))


@dead_space.misconception(
    "The two shares are exchanged: the one before pooling comes first. Which of them would you "
    "expect to be larger?"
)
def shares_exchanged(volume: Array) -> tuple[float, float]:
    return _active_windows(volume), active(volume) / volume.size


@dead_space.misconception(
    "You count zeros as active (`>= 0`). After ReLU nothing is below 0, so that would be every "
    "value. Which comparison leaves the zeros out?"
)
def zeros_active(_volume: Array) -> tuple[float, float]:
    return 1.0, 1.0


@dead_space.misconception(
    "You return percentages. A share is a number between 0 and 1: the mean of True and False is "
    "one already."
)
def in_percent(volume: Array) -> tuple[float, float]:
    return 100 * active(volume) / volume.size, 100 * _active_windows(volume)


@dead_space.misconception(
    "You return how many values are active. Maps of different sizes can only be compared by their "
    "shares: how many of how many?"
)
def numbers_of_values(volume: Array) -> tuple[int, int]:
    return active(volume), active(pooled(volume))


@dead_space.misconception(
    "You average the values themselves, so that a strong value counts for more than a weak one. A "
    "share counts each active value once: compare with 0 first."
)
def mean_values(volume: Array) -> tuple[float, float]:
    after_relu = np.maximum(volume, 0)
    return float(after_relu.mean()), float(pooled(after_relu).mean())


@dead_space.misconception(
    "You divide the active values after pooling by the size of the map before it. Pooling leaves "
    "about a quarter of the values, active or not: of how many are these a share?"
)
def share_of_the_input(volume: Array) -> tuple[float, float]:
    return active(volume) / volume.size, active(pooled(volume)) / volume.size


@dead_space.misconception(
    "You count only the windows in which every value is active. The maximum of a window is active "
    "as soon as one of its four values is."
)
def all_of_the_window(volume: Array) -> tuple[float, float]:
    return active(volume) / volume.size, float(np.mean(pooled(volume > 0, reduce=np.all)))


# ------------------------------------------------------------------------------------------------
global_average_pool = Exercise(
    "global_average_pool",
    title="One number a channel",
    forbid=READY_MADE,
    hints=(
        (
            "It is average pooling with a single window, as high and as wide as the map, which "
            "need not be square. Does it take a loop to visit a single window?"
        ),
        (
            "The axes of a volume are 0: height, 1: width, 2: channels. Two of them should be gone "
            "afterwards."
        ),
        "`mean` takes several axes at once, as a tuple.",
    ),
)


@global_average_pool.check(points=1)
def leaves_one_number_a_channel(global_average_pool: Function, rng: Rng) -> None:
    """A volume (H, W, C) becomes a vector (C,)."""
    for shape in ((4, 3, 2), (6, 5, 8)):
        expect.shape(global_average_pool(_volume_of(rng, shape)), shape[2:])


@global_average_pool.check(points=1, after=leaves_one_number_a_channel)
def averages_each_channel(global_average_pool: Function, rng: Rng) -> None:
    """Each number is the mean of all values of its channel, zeros and negative ones included."""
    for shape in ((4, 3, 2), (5, 7, 3)):
        volume = _volume_of(rng, shape)
        expected = np.einsum("hwc->c", volume.astype(np.float64)) / (shape[0] * shape[1])
        expect.close(global_average_pool(volume), expected)


def _volume_of(rng: Rng, shape: tuple[int, int, int]) -> Array:
    """A volume with zeros and negative values, whose channels have clearly positive means."""
    volume = draw_volume(rng, shape, -0.5, 2.0)
    volume[0], volume[1, 0], volume[-1, -1] = 0.0, -0.4, 1.5
    volume[2, :2] += rng.integers(4, 8)
    return volume


@global_average_pool.misconception(
    "You average over the channels, and a map is left. What should stay is one number for each "
    "channel: which axes should be gone?"
)
def over_channels(volume: Array) -> Array:
    return np.asarray(volume.mean(axis=2))


@global_average_pool.misconception(
    "The numbers are right, but height and width are still there, with a size of 1 each. A vector "
    "(C,) is asked for, as Keras's layer gives it, too."
)
def axes_kept(volume: Array) -> Array:
    return np.asarray(volume.mean(axis=(0, 1), keepdims=True))


@global_average_pool.misconception(
    "You average over height, width and channels: a single number. Each channel holds another "
    "feature; what is left of them?"
)
def over_everything(volume: Array) -> float:
    return float(volume.mean())


@global_average_pool.misconception(
    "You average over one direction only. How many numbers a channel are left, and how many should "
    "there be?"
)
def over_the_height_only(volume: Array) -> Array:
    return np.asarray(volume.mean(axis=0))


@global_average_pool.misconception(
    "You take the maximum of each channel. That exists, too (`GlobalMaxPooling2D`), and asks "
    "whether a feature is anywhere; the average tells how much of it there is in all."
)
def maximum_of_channels(volume: Array) -> Array:
    return np.asarray(volume.max(axis=(0, 1)))


@global_average_pool.misconception(
    "You add the values of a channel up. The sum of a larger map would be larger, though there is "
    "no more of the feature in each place: what turns a sum into an average?"
)
def sum_of_channels(volume: Array) -> Array:
    return np.asarray(volume.sum(axis=(0, 1)))


@global_average_pool.misconception(
    "You average the active values only. The zeros say where the feature is not, and the average "
    "over the whole map counts them, too."
)
def mean_of_the_active(volume: Array) -> Array:
    return np.asarray(np.where(volume > 0, volume, 0).sum(axis=(0, 1)) / (volume > 0).sum((0, 1)))


# ------------------------------------------------------------------------------------------------
pool_stride_one = Exercise(
    "pool_stride_one",
    title="Pooling that does not shrink",
    forbid=READY_MADE,
    hints=(
        (
            "With strides of 1 and `same`, there is one window for every pixel. `same_padding` "
            "tells how many pixels of it lie before that pixel."
        ),
        (
            "At the border, take the maximum of the part of the window that lies inside. If you "
            "would rather pad, which number can never be the maximum?"
        ),
        (
            "The ratio compares two counts of values above 0. Above 1 it says that pooling made "
            "more of them."
        ),
    ),
)


@pool_stride_one.check(points=1)
def keeps_the_shape(pool_stride_one: Function, rng: Rng) -> None:
    """The pooled map is as large as the map, for windows of 2 pixels and of more."""
    for shape, pool_size in (((4, 6, 2), 2), ((5, 4, 1), 3), ((6, 5, 1), 4)):
        made, _ = _map_and_ratio(pool_stride_one(_sparse(rng, shape), pool_size))
        expect.shape(made, shape)


@pool_stride_one.check(points=2, after=keeps_the_shape)
def lets_no_padding_win(pool_stride_one: Function, rng: Rng) -> None:
    """Each value is the largest of the pixels in its window, where all are negative, too."""
    cases = [(_sparse(rng, shape), pool_size) for shape, pool_size in
             (((3, 4, 1), 2), ((5, 6, 2), 3), ((6, 5, 1), 4), ((7, 6, 1), 5))]  # fmt: skip
    far_below = _sparse(rng, (5, 6, 2))
    cases.append((np.where(far_below < 0, 60 * far_below, far_below), 3))
    for volume, pool_size in cases:
        made, _ = _map_and_ratio(pool_stride_one(volume, pool_size))
        expect.close(made, pooled(volume, pool_size, 1, "same"))


@pool_stride_one.check(points=1)
def tells_how_active_pixels_spread(pool_stride_one: Function, rng: Rng) -> None:
    """The ratio is the number of values above 0 afterwards, divided by their number before."""
    for shape, pool_size in (((5, 7, 1), 2), ((6, 8, 2), 3)):
        volume = _sparse_apart(rng, shape, pool_size)
        _, ratio = _map_and_ratio(pool_stride_one(volume, pool_size))
        expect.close(ratio, active(pooled(volume, pool_size, 1, "same")) / active(volume))


def _map_and_ratio(answer: Any) -> tuple[Any, Any]:
    """A map and a number, or a Mismatch that says how to return them."""
    expect.that(
        isinstance(answer, tuple | list) and len(answer) == 2,
        "Two things are expected: the pooled map and the ratio. End with `return pooled, ratio`.",
        received=answer,
    )
    return answer[0], answer[1]


def _sparse(rng: Rng, shape: tuple[int, int, int]) -> Array:
    """Negative maps with a few positive pixels inside, one of them next to the first corner.

    The windows in the last corner see negative values only.
    """
    volume = draw_volume(rng, shape, -0.9, -0.1)
    inside = volume[1:-2, 1:-2]
    inside[rng.uniform(size=inside.shape) < 0.3] *= -1
    volume[1, 1] = int(rng.integers(3, 10)) / 10
    return volume


def _sparse_apart(rng: Rng, shape: tuple[int, int, int], pool_size: int) -> Array:
    """A sparse map for which every answer about the ratio is another one."""
    wrong = (ratio_upside_down, share_for_ratio, negatives_in_the_ratio)
    answers = [_of_stride_one, *(mistake.function for mistake in wrong)]

    def draw() -> Array:
        return _sparse(rng, shape)

    def ratios(volume: Array) -> dict[str, Any]:
        found = outcomes(answers, [(volume, pool_size)])
        return {
            "no two active pixels near": float(pool_size**2),
            **{name: pair[1] for name, [pair] in found.items()},
        }

    return draw_apart(draw, ratios, margin=0.01)


def _of_stride_one(
    volume: Array, pool_size: int, padding: str = "same", fill: float = np.nan
) -> tuple[Array, float]:
    made = pooled(volume, pool_size, 1, padding, fill=fill)
    return made, active(made) / active(volume)


@pool_stride_one.misconception(
    "Your map shrinks as if the windows lay side by side. With strides of 1 the next window lies "
    "one pixel further; how many are there, with `same`?"
)
def shape_of_a_larger_stride(volume: Array, pool_size: int = 2) -> tuple[Array, float]:
    made = pooled(volume, pool_size, None, "same")
    return made, active(made) / active(volume)


@pool_stride_one.misconception(
    "A row and a column are missing, or more: only whole windows got a value. `same` also counts "
    "the ones that stick out, so that every pixel keeps its place."
)
def whole_windows_only(volume: Array, pool_size: int = 2) -> tuple[Array, float]:
    return _of_stride_one(volume, pool_size, padding="valid")


@pool_stride_one.misconception(
    "You pad with zeros, and where all pixels are negative a zero that is not in the image becomes "
    "the maximum. Padding must never win: which number is smaller than every pixel?"
)
def padding_wins(volume: Array, pool_size: int = 2) -> tuple[Array, float]:
    return _of_stride_one(volume, pool_size, fill=0.0)


@pool_stride_one.misconception(
    "A window of 2 begins one pixel too early. When padding cannot be shared evenly, Keras puts "
    "the odd row or column behind: what does `same_padding(size, 2, 1)` say?"
)
def odd_one_in_front(volume: Array, pool_size: int = 2) -> tuple[Array, float]:
    made, ratio = _of_stride_one(volume[::-1, ::-1], pool_size)
    return made[::-1, ::-1], ratio


@pool_stride_one.misconception(
    "You pad with −1, and where all pixels are below that, it becomes the maximum. Maps go down to "
    "−50 and further: which number is smaller than every pixel, whatever the map?"
)
def minus_one_wins(volume: Array, pool_size: int = 2) -> tuple[Array, float]:
    return _of_stride_one(volume, pool_size, fill=-1.0)


@pool_stride_one.misconception(
    "Your ratio is upside down. It should say how many active values there are afterwards for "
    "each one before: above 1 if they became more."
)
def ratio_upside_down(volume: Array, pool_size: int = 2) -> tuple[Array, float]:
    made, ratio = _of_stride_one(volume, pool_size)
    return made, 1 / ratio


@pool_stride_one.misconception(
    "You return the share of active values afterwards. The ratio compares it with the share "
    "before: how many times as many are there?"
)
def share_for_ratio(volume: Array, pool_size: int = 2) -> tuple[Array, float]:
    made, _ = _of_stride_one(volume, pool_size)
    return made, active(made) / made.size


@pool_stride_one.misconception(
    "You count negative values as active. Only values above 0 are: that is what ReLU leaves."
)
def negatives_in_the_ratio(volume: Array, pool_size: int = 2) -> tuple[Array, float]:
    made, _ = _of_stride_one(volume, pool_size)
    return made, np.count_nonzero(made) / np.count_nonzero(volume)
