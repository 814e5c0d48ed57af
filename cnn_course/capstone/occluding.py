"""The occlusion map: how far the probability of a class falls, by where a square covers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from cnn_course.references import Array, Rng
from grader import Exercise, expect

Function = Callable[..., Any]
Case = tuple[Any, Array, int, int, int, float]

occlusion_map = Exercise(
    "occlusion_map",
    title="What does it look at?",
    forbid=("keras", "tensorflow", "scipy", "skimage"),
    slow=True,
    hints=(
        (
            "Begin with one place: a copy of the image, some pixels of it set to `gray`, and what "
            "`predict` says of it. How many places are there in a column of `height` pixels?"
        ),
        (
            "`predict` takes a batch, (N, height, width, 1). A single image becomes a batch of one "
            "by `image[None]`; better still, cover many copies first and ask once. What comes back "
            "may be a tensor, which has no `reshape`: make an array of it first, `np.asarray(…)`."
        ),
        (
            "Row `i` of the map belongs to the squares that begin in row `i * stride` of the "
            "image. Does every place begin with an image that is not covered yet?"
        ),
    ),
)


def falls(predict: Any, image: Array, label: int, size: int, stride: int, gray: float) -> Array:
    """The map, found by masks: each place of a window is one mask."""
    rows, columns = np.mgrid[: image.shape[0], : image.shape[1]]
    tops = [top for top in range(image.shape[0]) if top % stride == 0 and top + size <= len(image)]
    lefts = [left for left in range(image.shape[1] - size + 1) if left % stride == 0]
    masks = np.array(
        [
            [
                (rows >= top) & (rows < top + size) & (columns >= left) & (columns < left + size)
                for left in lefts
            ]
            for top in tops
        ]
    )
    covered = np.where(masks[..., None], np.float32(gray), image)
    said = np.asarray(predict(covered.reshape(-1, *image.shape)), np.float64)[:, label]
    free = np.asarray(predict(image[None]), np.float64)[0, label]
    return np.asarray((free - said).reshape(len(tops), len(lefts)))


def _weights(rng: Rng, height: int, width: int, classes: int) -> Array:
    """Weights (pixels, classes) by which every pixel matters in another way."""
    return np.asarray(rng.integers(-6, 7, size=(height * width, classes)) / 10, np.float32)


def _computed(weights: Array) -> Function:
    """A function from images to probabilities, in NumPy."""

    def predict(images: Array) -> Array:
        scores = np.asarray(images, np.float64).reshape(len(images), -1) @ weights
        powers = np.exp(scores - scores.max(axis=1, keepdims=True))
        return np.asarray(powers / powers.sum(axis=1, keepdims=True))

    return predict


def _reader(weights: Array, height: int, width: int) -> Any:
    """The same as a network, which can be handed over."""
    import keras
    from keras import layers

    head = layers.Dense(weights.shape[1], activation="softmax", use_bias=False)
    model = keras.Sequential([keras.Input((height, width, 1)), layers.Flatten(), head])
    model.set_weights([weights])
    return model


def _cases(rng: Rng, count: int = 3) -> Iterator[tuple[Case, Array]]:
    """Images on which no two answers agree, oblong, with rows and columns left over; the map."""
    for height, width, size, stride in ((7, 11, 2, 3), (5, 8, 2, 1), (9, 12, 4, 2))[:count]:
        for _ in range(200):
            weights = _weights(rng, height, width, 3)
            predict = _computed(weights)
            image = (rng.integers(3, 10, size=(height, width, 1)) / 10).astype(np.float32)
            label = int(np.argsort(predict(image[None])[0])[1])  # not the largest
            if stride == 1 or _is_telling((predict, image, label, size, stride, 0.2)):
                break
        else:
            raise RuntimeError("No case of `occlusion_map` tells its wrong answers apart.")
        expected = falls(predict, image, label, size, stride, 0.2)
        yield (_reader(weights, height, width), image, label, size, stride, 0.2), expected


def _is_telling(case: Case) -> bool:
    predict, image, label, size, stride, gray = case
    answers = [
        np.asarray(answer(predict, image.copy(), label, size, stride, gray))
        for answer in (falls, *WRONG)
    ]
    return all(
        one.shape != other.shape or np.abs(one - other).max() > 2e-3
        for index, one in enumerate(answers)
        for other in answers[:index]
    )


@occlusion_map.check(points=1)
def has_a_row_and_a_column_for_each_place(occlusion_map: Function, rng: Rng) -> None:
    """The map has a row and a column for each place of the square, and no more."""
    for case, expected in _cases(rng, 1):
        expect.shape(occlusion_map(*case), expected.shape)


@occlusion_map.check(points=3, after=has_a_row_and_a_column_for_each_place)
def says_how_far_the_probability_falls(occlusion_map: Function, rng: Rng) -> None:
    """Each value is how far the probability of the given class falls when the square is there."""
    for case, expected in _cases(rng):
        expect.close(occlusion_map(*case), expected)


def _squares(image: Array, size: int, stride: int) -> Iterator[tuple[int, int, int, int]]:
    """Row and column of the map, row and column of the image."""
    for row in range((image.shape[0] - size) // stride + 1):
        for column in range((image.shape[1] - size) // stride + 1):
            yield row, column, row * stride, column * stride


def _empty(image: Array, size: int, stride: int) -> Array:
    rows, columns = ((side - size) // stride + 1 for side in image.shape[:2])
    return np.zeros((rows, columns))


def _map(
    predict: Any,
    image: Array,
    label: int,
    size: int,
    stride: int,
    gray: float,
    *,
    read: Callable[[Array, Array, int], Any] = lambda free, said, label: free[label] - said[label],
    longer: int = 0,
    one_copy: bool = False,
    unstrided: bool = False,
) -> Array:
    """The map with one thing done in another way."""
    found = _empty(image, size, stride)
    free = np.asarray(predict(image[None]))[0]
    covered = image.copy()
    for row, column, top, left in _squares(image, size, stride):
        covered = covered if one_copy else image.copy()
        top, left = (row, column) if unstrided else (top, left)
        covered[top : top + size + longer, left : left + size + longer] = gray
        found[row, column] = read(free, np.asarray(predict(covered[None]))[0], label)
    return found


@occlusion_map.misconception(
    "Your signs are reversed: you note a rise. Where the square hides what speaks for the class, "
    "its probability falls, and the map should be positive. What is subtracted from what?"
)
def rise_instead_of_fall(
    predict: Any, image: Array, label: int, size: int, stride: int, gray: float
) -> Array:
    return -falls(predict, image, label, size, stride, gray)


@occlusion_map.misconception(
    "You return the probabilities under the square themselves. How far have they fallen? What did "
    "`predict` say of the image as it is?"
)
def probability_itself(
    predict: Any, image: Array, label: int, size: int, stride: int, gray: float
) -> Array:
    rest = (label, size, stride, gray)
    return _map(predict, image, *rest, read=lambda _, said, label: said[label])


@occlusion_map.misconception(
    "Your squares pile up: each place begins with an image that has all the squares before it. In "
    "the end everything is gray. Where should the copy be made?"
)
def squares_pile_up(
    predict: Any, image: Array, label: int, size: int, stride: int, gray: float
) -> Array:
    return _map(predict, image, label, size, stride, gray, one_copy=True)


@occlusion_map.misconception(
    "Your squares pile up, and they stay in the image of the caller: you cover the image that you "
    "were given. A copy for each place keeps both clean."
)
def covers_the_argument(
    predict: Any, image: Array, label: int, size: int, stride: int, gray: float
) -> Array:
    found = _empty(image, size, stride)
    for row, column, top, left in _squares(image, size, stride):
        free = np.asarray(predict(image[None]))[0, label]
        image[top : top + size, left : left + size] = gray
        found[row, column] = free - np.asarray(predict(image[None]))[0, label]
    return found


@occlusion_map.misconception(
    "Rows and columns are exchanged. The first index of the map counts the rows of the image, from "
    "top to bottom."
)
def axes_exchanged(
    predict: Any, image: Array, label: int, size: int, stride: int, gray: float
) -> Array:
    return falls(predict, image, label, size, stride, gray).T


@occlusion_map.misconception(
    "You follow the largest probability, whatever class it belongs to. When the network changes "
    "its mind, another class is the largest, and the fall is hidden. Which class is asked for?"
)
def largest_probability(
    predict: Any, image: Array, label: int, size: int, stride: int, gray: float
) -> Array:
    rest = (label, size, stride, gray)
    return _map(predict, image, *rest, read=lambda free, said, _: free.max() - said.max())


@occlusion_map.misconception(
    "Your square is one pixel too large on each side. A slice `a:b` ends before `b`: how many "
    "pixels are `0:size`?"
)
def one_pixel_too_large(
    predict: Any, image: Array, label: int, size: int, stride: int, gray: float
) -> Array:
    return _map(predict, image, label, size, stride, gray, longer=1)


@occlusion_map.misconception(
    "The map has the right size, but you lay the square one pixel further each time. Where in the "
    "image does the square of row 1 of the map begin?"
)
def index_of_the_map_taken_for_the_image(
    predict: Any, image: Array, label: int, size: int, stride: int, gray: float
) -> Array:
    return _map(predict, image, label, size, stride, gray, unstrided=True)


@occlusion_map.misconception(
    "You cover with black and leave `gray` aside. Black is the background of our shapes, but that "
    "need not be so; the caller says what to cover with."
)
def always_black(
    predict: Any, image: Array, label: int, size: int, stride: int, _gray: float
) -> Array:
    return falls(predict, image, label, size, stride, 0.0)


@occlusion_map.misconception(
    "Your map has a place for a square that reaches over the edge of the image. Only whole squares "
    "count; where does the last one begin?"
)
def over_the_edge(
    predict: Any, image: Array, label: int, size: int, stride: int, gray: float
) -> Array:
    free = np.asarray(predict(image[None]))[0, label]
    found = np.zeros([len(range(0, side, stride)) for side in image.shape[:2]])
    for row, column in np.ndindex(*found.shape):
        covered = image.copy()
        top, left = row * stride, column * stride
        covered[top : top + size, left : left + size] = gray
        found[row, column] = free - np.asarray(predict(covered[None]))[0, label]
    return found


@occlusion_map.misconception(
    "Your map is one row and one column short. A square of 2 in a row of 3 pixels has two places: "
    "count them."
)
def one_place_short(
    predict: Any, image: Array, label: int, size: int, stride: int, gray: float
) -> Array:
    last = [max(1, (side - size) // stride) for side in image.shape[:2]]
    return falls(predict, image, label, size, stride, gray)[: last[0], : last[1]]


@occlusion_map.misconception(
    "Your map has no negative values: what rises is set to 0. Where covering a part helps the "
    "network, the probability rises, and that is worth knowing. Which sign should it have?"
)
def rises_cut_off(
    predict: Any, image: Array, label: int, size: int, stride: int, gray: float
) -> Array:
    return np.maximum(falls(predict, image, label, size, stride, gray), 0)


@occlusion_map.misconception(
    "Your map takes the size of each change and drops its sign, so that a rise looks like a fall. "
    "Covering a part can also help the network. Which sign should that have?"
)
def change_without_its_sign(
    predict: Any, image: Array, label: int, size: int, stride: int, gray: float
) -> Array:
    return np.abs(falls(predict, image, label, size, stride, gray))


@occlusion_map.misconception(
    "Your squares lie around their place: half of each is above and to the left of it. Here the "
    "place is the upper left pixel of the square. Which pixels does the very first square cover?"
)
def centered_on_the_place(
    predict: Any, image: Array, label: int, size: int, stride: int, gray: float
) -> Array:
    found = _empty(image, size, stride)
    free = np.asarray(predict(image[None]))[0, label]
    half = size // 2
    for row, column, top, left in _squares(image, size, stride):
        covered = image.copy()
        part = covered[max(0, top - half) : top + size - half]
        part[:, max(0, left - half) : left + size - half] = gray
        found[row, column] = free - np.asarray(predict(covered[None]))[0, label]
    return found


@occlusion_map.misconception(
    "You divide by the probability of the free image. That is a share of it; asked is how far it "
    "falls, a difference."
)
def share_instead_of_difference(
    predict: Any, image: Array, label: int, size: int, stride: int, gray: float
) -> Array:
    free = float(np.asarray(predict(image[None]))[0, label])
    return falls(predict, image, label, size, stride, gray) / free


WRONG: tuple[Callable[..., Array], ...] = tuple(
    known.function for known in occlusion_map.misconceptions
)
