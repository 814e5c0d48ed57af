"""Average pooling, by hand."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from cnn_course.pooling.references import READY_MADE, Array, Rng, draw_volume, padded, pooled
from grader import Exercise, expect
from grader.authoring.telling_apart import ask_all

Function = Callable[..., Any]

# ------------------------------------------------------------------------------------------------
average_pool = Exercise(
    "average_pool",
    title="Average pooling, and what counts at the border",
    forbid=READY_MADE,
    hints=(
        (
            "Without padding it is your `max_pool` with another word in one place. Write that "
            "first, and run the check."
        ),
        (
            'With `padding="same"`, `same_padding` tells how many pixels of the first window lie '
            "before the image. The number of windows is the size divided by the stride, rounded up."
        ),
        (
            "A window that starts at −1 reaches past the border. Cut it back to the part that lies "
            "inside the image, `max(0, …)`, and take the mean of that part. A slice that ends past "
            "the last pixel is cut by NumPy itself."
        ),
    ),
)


@average_pool.check(points=1)
def has_as_many_windows_as_keras(average_pool: Function, rng: Rng) -> None:
    """Without padding only whole windows count; with `same`, size / strides, rounded up."""
    for padding in ("valid", "same"):
        layers = [(draw_volume(rng, shape), pool_size, strides, padding) for shape, pool_size,
                  strides in (((5, 7, 2), 2, None), ((10, 7, 1), 3, None), ((7, 9, 3), 3, 2))
                  ]  # fmt: skip
        ask_all(average_pool, layers)
        for layer in layers:
            expect.shape(average_pool(*layer), pooled(*layer).shape)


@average_pool.check(points=1, after=has_as_many_windows_as_keras)
def averages_each_window(average_pool: Function, rng: Rng) -> None:
    """Each value is the mean of its window, channel by channel, zeros in it included."""
    for shape, pool_size, strides in (((4, 6, 1), 2, None), ((6, 7, 2), 3, 2)):
        volume = _volume_with_zeros(rng, shape)
        expected = pooled(volume, pool_size, strides, reduce=np.nanmean)
        expect.close(average_pool(volume, pool_size, strides), expected)


@average_pool.check(points=2, after=has_as_many_windows_as_keras)
def leaves_padding_out_of_the_mean(average_pool: Function, rng: Rng) -> None:
    """With `same`, a window at the border averages the pixels of the image only, as in Keras."""
    layers = [(draw_volume(rng, shape), pool_size, strides, "same") for shape, pool_size, strides
              in (((5, 5, 1), 2, None), ((4, 6, 2), 3, 1), ((7, 8, 2), 3, 2))]  # fmt: skip
    ask_all(average_pool, layers)
    for layer in layers:
        expect.close(average_pool(*layer), pooled(*layer, np.nanmean))


def _volume_with_zeros(rng: Rng, shape: tuple[int, int, int]) -> Array:
    """A feature map as ReLU leaves it: about half of it zero, but a positive value in each 2×2."""
    volume = draw_volume(rng, shape)
    rows, columns = np.indices(shape[:2])
    checkered = (rows + columns + int(rng.integers(2))) % 2 == 0
    return np.where(checkered[..., None], volume, np.float32(0))


def _mean_of_positive(values: Array, axis: tuple[int, int]) -> Array:
    counts = np.count_nonzero(values > 0, axis=axis)
    total: Array = values.sum(axis=axis) / np.maximum(counts, 1)
    return total


@average_pool.misconception(
    "You divide by the number of pixels in a whole window even where part of it is padding, so the "
    "border gets darker. Keras leaves padding out of the mean: how many pixels of the image does "
    "the window in the corner see?"
)
def padding_counted(
    volume: Array, pool_size: int = 2, strides: int | None = None, padding: str = "valid"
) -> Array:
    return pooled(volume, pool_size, strides, padding, np.nanmean, fill=0.0)


@average_pool.misconception(
    "You leave every zero out of the mean. Zeros of the padding do not count, but a feature map "
    "has zeros of its own, and those do. If not by their value, how can the two be told apart?"
)
def zeros_left_out(
    volume: Array, pool_size: int = 2, strides: int | None = None, padding: str = "valid"
) -> Array:
    return pooled(volume, pool_size, strides, padding, _mean_of_positive, fill=0.0)


@average_pool.misconception(
    "You take the maximum of each window. Average pooling weighs all its values alike: which NumPy "
    "function has to stand in the place of `max`?"
)
def maximum(
    volume: Array, pool_size: int = 2, strides: int | None = None, padding: str = "valid"
) -> Array:
    return pooled(volume, pool_size, strides, padding)


@average_pool.misconception(
    'Your maps are the same size whatever `padding` is. With `"same"`, windows that stick out of '
    "the image count as well: how many are there along 5 pixels with strides of 2?"
)
def padding_ignored(
    volume: Array, pool_size: int = 2, strides: int | None = None, _padding: str = "valid"
) -> Array:
    return pooled(volume, pool_size, strides, reduce=np.nanmean)


@average_pool.misconception(
    'With `padding="same"` your map is as large as the input. The name is only true for strides of '
    "1; with larger ones the map shrinks all the same, to size / strides, rounded up."
)
def same_as_large(
    volume: Array, pool_size: int = 2, strides: int | None = None, padding: str = "valid"
) -> Array:
    steps = 1 if padding == "same" else strides
    return pooled(volume, pool_size, steps, padding, np.nanmean)


@average_pool.misconception(
    "You repeat the pixels at the border into the padding and average them too. Then they count "
    "twice; Keras averages just the pixels that are there."
)
def border_repeated(
    volume: Array, pool_size: int = 2, strides: int | None = None, padding: str = "valid"
) -> Array:
    if padding == "same":
        outside = np.isnan(padded(volume, pool_size, strides or pool_size))
        rows, columns = np.where(~outside[..., 0])
        height, width = outside.shape[:2]
        around = [
            (int(rows.min()), height - 1 - int(rows.max())),
            (int(columns.min()), width - 1 - int(columns.max())),
            (0, 0),
        ]
        volume = np.pad(volume, around, mode="edge")
    return pooled(volume, pool_size, strides, reduce=np.mean)


@average_pool.misconception(
    "You average over the channels too, and one map is left. Each channel is pooled on its own: "
    "along which axes of a window should `mean` run?"
)
def averaged_over_channels(
    volume: Array, pool_size: int = 2, strides: int | None = None, padding: str = "valid"
) -> Array:
    return np.asarray(pooled(volume, pool_size, strides, padding, np.nanmean).mean(axis=-1))


@average_pool.misconception(
    "You take one mean over the whole window, channels included, and write it into every channel. "
    "Each channel has a mean of its own: along which axes should `mean` run?"
)
def mean_of_all_channels(
    volume: Array, pool_size: int = 2, strides: int | None = None, padding: str = "valid"
) -> Array:
    made = pooled(volume, pool_size, strides, padding, np.nanmean)
    return np.broadcast_to(made.mean(axis=-1, keepdims=True), made.shape).copy()


@average_pool.misconception(
    "Left out, your `strides` are 1. A pooling layer then takes its own size, so that the windows "
    "lie side by side: what does `strides=None` have to become?"
)
def steps_of_one(
    volume: Array, pool_size: int = 2, strides: int | None = None, padding: str = "valid"
) -> Array:
    return pooled(volume, pool_size, strides or 1, padding, np.nanmean)


def _moved(
    start: Function, volume: Array, pool_size: int, strides: int | None, padding: str
) -> Array:
    """Means with `same` where windows start and end at other places: `start(before, after)`.

    NaN where nothing of the volume is in a window.
    """
    step = strides or pool_size
    right = pooled(volume, pool_size, strides, padding, np.nanmean)
    if padding != "same":
        return right
    frames = padded(volume, pool_size, step).shape[:2]
    made = np.full(right.shape, np.nan)
    spans = []
    for size, framed, count in zip(volume.shape, frames, right.shape, strict=False):
        total = framed - size
        spans.append(
            [
                start(place * step, total // 2, total - total // 2, pool_size)
                for place in range(count)
            ]
        )
    for row, column in np.ndindex(right.shape[:2]):
        (top, bottom), (left, end) = spans[0][row], spans[1][column]
        window = volume[top:bottom, left:end]
        if window.size:
            made[row, column] = np.einsum("hwc->c", window) / (window.shape[0] * window.shape[1])
    return made


@average_pool.misconception(
    "All of your padding lies behind the image: your first window starts at pixel 0. Half of it "
    "lies in front, as `same_padding` says. Where does the first window start then?"
)
def all_padding_behind(
    volume: Array, pool_size: int = 2, strides: int | None = None, padding: str = "valid"
) -> Array:
    def start(place: int, _before: int, _after: int, size: int) -> tuple[int, int]:
        return place, place + size

    return _moved(start, volume, pool_size, strides, padding)


@average_pool.misconception(
    "You move a window that starts before the image into it, so that it is as large as the others. "
    "Only its part in the padding is to be cut off: where does a window of 3 that starts at −1 end?"
)
def moved_into_the_image(
    volume: Array, pool_size: int = 2, strides: int | None = None, padding: str = "valid"
) -> Array:
    def start(place: int, before: int, _after: int, size: int) -> tuple[int, int]:
        first = max(0, place - before)
        return first, first + size

    return _moved(start, volume, pool_size, strides, padding)


@average_pool.misconception(
    "You exchange the two sides: you use the padding after the image as if it were before it. "
    "`same_padding` returns (before, after), and where they differ, the larger half is after."
)
def sides_exchanged(
    volume: Array, pool_size: int = 2, strides: int | None = None, padding: str = "valid"
) -> Array:
    def start(place: int, _before: int, after: int, size: int) -> tuple[int, int]:
        return max(0, place - after), max(0, place - after + size)

    return _moved(start, volume, pool_size, strides, padding)


@average_pool.misconception(
    'With `"same"` you round size / strides to the nearest whole number. 10 / 3 is 3.33, and '
    "three windows of 3 leave one pixel over: which way do you have to round?"
)
def rounded_to_the_nearest(
    volume: Array, pool_size: int = 2, strides: int | None = None, padding: str = "valid"
) -> Array:
    made = pooled(volume, pool_size, strides, padding, np.nanmean)
    if padding != "same":
        return made
    rows, columns = (int(size / (strides or pool_size) + 0.5) for size in volume.shape[:2])
    return made[:rows, :columns]
