"""From volumes to vectors, and back to the place where a value stood."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from cnn_course.dense.references import (
    READY_MADE,
    Function,
    Shape,
    index_by_counting,
)
from cnn_course.references import Array, Rng
from grader import Exercise, expect
from grader.authoring.telling_apart import draw_apart, outcomes

# ------------------------------------------------------------------------------------------------
flatten = Exercise(
    "flatten",
    title="From a volume to a vector",
    forbid=READY_MADE,
    hints=(
        "How many numbers does one image have? That is the length of its vector.",
        (
            "The batch comes first and stays: as many vectors come out as volumes went in. Only "
            "the three axes after it become one."
        ),
        (
            "NumPy keeps the last axis fastest when it gives an array another shape, which is just "
            "the order asked for. In a shape, −1 stands for “whatever is left”."
        ),
    ),
)


def _volumes(rng: Rng) -> Iterator[Array]:
    """Batches whose values are all different, so that every other order shows."""
    for shape in ((2, 2, 3, 2), (3, 3, 2, 4), (1, 4, 5, 3), (4, 2, 2, 2)):
        values = rng.permutation(int(np.prod(shape))) + 1
        yield values.reshape(shape).astype(np.float32)


@flatten.check(points=1)
def gives_one_vector_an_image(flatten: Function, rng: Rng) -> None:
    """A batch (N, H, W, C) becomes N vectors of H·W·C numbers: the batch stays as it is."""
    for volumes in _volumes(rng):
        expect.shape(flatten(volumes), (len(volumes), volumes[0].size))


@flatten.check(points=2, after=gives_one_vector_an_image)
def keeps_the_order_of_keras(flatten: Function, rng: Rng) -> None:
    """Channels come fastest, then columns, then rows, as in Keras's `Flatten`."""
    for volumes in _volumes(rng):
        expected = [[volume[place] for place in np.ndindex(volume.shape)] for volume in volumes]
        expect.close(flatten(volumes), np.array(expected))


@flatten.misconception(
    "You flatten the batch, too: all images end up in one vector. A dense layer has to answer each "
    "image on its own. Which axis must stay?"
)
def batch_flattened(volumes: Array) -> Array:
    return volumes.reshape(-1)


@flatten.misconception(
    "You keep the channels as an axis of their own, as if each were an image. A dense layer takes "
    "one vector an image; where do the channels go?"
)
def channels_kept(volumes: Array) -> Array:
    return volumes.reshape(len(volumes), -1, volumes.shape[3])


@flatten.misconception(
    "You keep the rows: one vector for each row of each image. The whole volume becomes one "
    "vector. How many of the axes stay?"
)
def rows_kept(volumes: Array) -> Array:
    return volumes.reshape(len(volumes), volumes.shape[1], -1)


@flatten.misconception(
    "You write the batch below the features: one column for each image. In Keras the batch is "
    "always the first axis."
)
def batch_last(volumes: Array) -> Array:
    return volumes.reshape(len(volumes), -1).T


@flatten.misconception(
    "You write one whole channel after the other. Here the channels come last in the shape, so "
    "they change fastest: all channels of the first pixel stand before the second pixel."
)
def channels_first(volumes: Array) -> Array:
    return volumes.transpose(0, 3, 1, 2).reshape(len(volumes), -1)


@flatten.misconception(
    "You go down the columns first. The second pixel of the vector is the right-hand neighbor of "
    "the first, not the one below: rows are read like lines of a text."
)
def columns_first(volumes: Array) -> Array:
    return volumes.transpose(0, 2, 1, 3).reshape(len(volumes), -1)


@flatten.misconception(
    'You let the first axis run fastest (`order="F"`, as MATLAB does). NumPy and Keras let the '
    "last one run fastest. What happens if you leave the order to NumPy?"
)
def order_of_fortran(volumes: Array) -> Array:
    return np.stack([volume.flatten(order="F") for volume in volumes])


@flatten.misconception(
    "The shape is right, but the images are mixed up: a vector holds values of several images. "
    "Look at where the batch stands before you change the shape, and whether an axis moved."
)
def images_mixed(volumes: Array) -> Array:
    return np.moveaxis(volumes, 0, -1).reshape(len(volumes), -1)


# ------------------------------------------------------------------------------------------------
flat_index = Exercise(
    "flat_index",
    title="Where in the vector?",
    names=("flat_index", "position"),
    functions=("flat_index", "position"),
    forbid=(*READY_MADE, "numpy.ravel_multi_index", "numpy.unravel_index", "numpy.ndindex"),
    hints=(
        (
            "Count what stands before the value: how many whole rows, then how many whole pixels "
            "of its own row, then how many channels of its own pixel?"
        ),
        "A row holds `width` pixels, and each pixel holds `channels` values. Height is not needed.",
        (
            "For the way back, `divmod(a, b)` tells how often b fits into a, and what is left "
            "over. Take the channel off first."
        ),
    ),
)


def _numbered(index: int, shape: Shape) -> Shape:
    """The position with this index, found by trying all."""
    return next(place for i, place in enumerate(np.ndindex(shape)) if i == index)


def _positions(rng: Rng) -> Iterator[tuple[Shape, Shape]]:
    """Positions and shapes on which no two answers agree, in either direction."""

    def draw() -> tuple[Shape, Shape]:
        height, width, channels = (int(size) for size in rng.permutation([3, 4, 5, 6])[:3])
        shape = (height, width, channels)
        return tuple(int(rng.integers(1, size)) for size in shape), shape

    def there(case: tuple[Shape, Shape]) -> dict[str, Any]:
        wrong = [ways["flat_index"] for ways in _wrong_ways()]
        return outcomes([index_by_counting, *wrong], [case])

    def back(case: tuple[Shape, Shape]) -> dict[str, Any]:
        wrong = [ways["position"] for ways in _wrong_ways()]
        return outcomes([_numbered, *wrong], [(index_by_counting(*case), case[1])])

    for _ in range(3):
        yield draw_apart(draw, there, back)


@flat_index.check(points=2)
def finds_the_place_in_the_vector(flat_index: Function, rng: Rng) -> None:
    """`flat_index` gives the place of a value in the vector, counted from 0."""
    corner = ((0, 0, 0), (2, 3, 4))
    for position, shape in (*_positions(rng), corner):
        expect.equal(flat_index(position, shape), index_by_counting(position, shape))


@flat_index.check(points=2)
def finds_the_way_back(position: Function, rng: Rng) -> None:
    """`position` gives the (row, column, channel) that a value of the vector came from."""
    for place, shape in _positions(rng):
        expect.equal(position(index_by_counting(place, shape), shape), place)
    for index in (0, 23):
        expect.equal(position(index, (2, 3, 4)), _numbered(index, (2, 3, 4)))


@flat_index.misconception(
    "You count down the columns: a pixel's right-hand neighbor is a whole column away from it. In "
    "the vector it comes next. What stands before the start of a row: rows, or columns?"
)
def rows_and_columns_exchanged() -> dict[str, Function]:
    def there(position: Shape, shape: Shape) -> int:
        row, column, channel = position
        return (column * shape[0] + row) * shape[2] + channel

    def back(index: int, shape: Shape) -> Shape:
        pixel, channel = divmod(index, shape[2])
        column, row = divmod(pixel, shape[0])
        return row, column, channel

    return {"flat_index": there, "position": back}


@flat_index.misconception(
    "You write a position as (x, y, channel). Here the row comes first, as in the shape (height, "
    "width, channels): which of the two numbers counts downward?"
)
def x_comes_first() -> dict[str, Function]:
    def there(position: Shape, shape: Shape) -> int:
        column, row, channel = position
        return (row * shape[1] + column) * shape[2] + channel

    def back(index: int, shape: Shape) -> Shape:
        pixel, channel = divmod(index, shape[2])
        row, column = divmod(pixel, shape[1])
        return column, row, channel

    return {"flat_index": there, "position": back}


@flat_index.misconception(
    "You skip `height` pixels for each row above. How many pixels does one row hold: as many as "
    "the image is high, or as it is wide?"
)
def multiplied_by_height() -> dict[str, Function]:
    def there(position: Shape, shape: Shape) -> int:
        row, column, channel = position
        return (row * shape[0] + column) * shape[2] + channel

    def back(index: int, shape: Shape) -> Shape:
        pixel, channel = divmod(index, shape[2])
        row, column = divmod(pixel, shape[0])
        return row, column, channel

    return {"flat_index": there, "position": back}


@flat_index.misconception(
    "You write one whole channel after the other. Channels are the last axis, so they change "
    "fastest: the next value in the vector is the next channel of the same pixel."
)
def channels_slowest() -> dict[str, Function]:
    def there(position: Shape, shape: Shape) -> int:
        row, column, channel = position
        return (channel * shape[0] + row) * shape[1] + column

    def back(index: int, shape: Shape) -> Shape:
        rest, column = divmod(index, shape[1])
        channel, row = divmod(rest, shape[0])
        return row, column, channel

    return {"flat_index": there, "position": back}


@flat_index.misconception(
    "You count pixels, and leave out that each of them holds several channels. How many values "
    "stand before the second pixel?"
)
def pixels_counted() -> dict[str, Function]:
    def there(position: Shape, shape: Shape) -> int:
        row, column, channel = position
        return row * shape[1] + column + channel

    def back(index: int, shape: Shape) -> Shape:
        row, column = divmod(index, shape[1])
        return row, column, index % shape[2]

    return {"flat_index": there, "position": back}


@flat_index.misconception(
    "You count from 1. The first value of the vector has index 0, as everywhere in Python: how "
    "many values stand before it?"
)
def counted_from_one() -> dict[str, Function]:
    def there(position: Shape, shape: Shape) -> int:
        return index_by_counting(position, shape) + 1

    def back(index: int, shape: Shape) -> Shape:
        row, column, channel = _numbered(index, shape)
        return row + 1, column + 1, channel + 1

    return {"flat_index": there, "position": back}


def _wrong_ways() -> list[dict[str, Any]]:
    return [known.objects("flat_index") for known in flat_index.misconceptions]
