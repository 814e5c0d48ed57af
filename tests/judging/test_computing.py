"""Answers that compute the same have the same hash; it tells nothing else and decides nothing."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from grader.crossing.values import Packet
from grader.errors import OutOfTime
from grader.judging.computing import computes, value_hash
from grader.judging.course import lesson
from grader.judging.exercise import Exercise
from grader.judging.testing import ask_here, run_here

SECRET = b"a secret for tests"
CONVOLVE = next(one for one in lesson("convolution").exercises if one.id == "convolve2d")

# The same mistake, as three students write it, and two other ones.
FLIPPED_IN_LOOPS = """
def convolve2d(image, kernel):
    k, l = kernel.shape
    rows, columns = image.shape[0] - k + 1, image.shape[1] - l + 1
    result = [[0.0] * columns for _ in range(rows)]
    for i in range(rows):
        for j in range(columns):
            for a in range(k):
                for b in range(l):
                    result[i][j] += image[i + a, j + b] * kernel[k - 1 - a, l - 1 - b]
    return np.array(result)
"""
FLIPPED_IN_WINDOWS = """
def convolve2d(image, kernel):  # quite another way
    windows = np.lib.stride_tricks.sliding_window_view(image, kernel.shape)
    return np.einsum("ijab,ab->ij", windows, np.flip(kernel))
"""
FLIPPED_IN_FLOAT32 = """
def convolve2d(image, kernel):
    windows = np.lib.stride_tricks.sliding_window_view(image.astype("float32"), kernel.shape)
    flipped = kernel.astype("float32")[::-1, ::-1]
    return np.tensordot(windows, flipped, axes=2).astype("float64")
"""
TRANSPOSED = """
def convolve2d(image, kernel):
    windows = np.lib.stride_tricks.sliding_window_view(image, kernel.shape[::-1])
    return np.einsum("ijab,ab->ij", windows, kernel.T)
"""
RAISES = "def convolve2d(image, kernel):\n    return image[{}]"


def hash_of(source: str, exercise: Exercise = CONVOLVE, secret: bytes = SECRET) -> str:
    """What comes of comparing an answer, in this process."""
    return computes(exercise, ask_here(run_here(f"import numpy as np\n{source}")), secret=secret)


def test_the_same_mistake_has_the_same_hash_however_it_is_written() -> None:
    """Loops, windows and float32 agree; another mistake, another exception and a value do not."""
    flipped = {hash_of(one) for one in (FLIPPED_IN_LOOPS, FLIPPED_IN_WINDOWS, FLIPPED_IN_FLOAT32)}
    assert len(flipped) == 1
    others = [
        *(TRANSPOSED, RAISES.format("1 / 0"), RAISES.format("10**9")),
        "def convolve2d(image, kernel):\n    return 0.0",
        "convolve2d = 3",
    ]
    assert len({*flipped, *map(hash_of, others)}) == 1 + len(others)
    assert all(len(one) == 16 and int(one, 16) >= 0 for one in flipped)


def test_an_exception_counts_by_its_kind_alone() -> None:
    """What an exception says may differ: it is the same mistake."""
    assert hash_of(RAISES.format("10**9")) == hash_of(RAISES.format("10**8"))


def test_the_cases_are_of_the_secret_and_nothing_else() -> None:
    """Another instructor's secret asks for other cases; the same one always for the same."""
    assert hash_of(TRANSPOSED) == hash_of(f"{TRANSPOSED}# a remark")
    assert hash_of(TRANSPOSED) != hash_of(TRANSPOSED, secret=b"another secret")


@pytest.mark.parametrize(
    "source", ["", "convolve2d = ...", "def convolve2d(image, kernel):\n    ..."]
)
def test_where_nothing_is_computed_there_is_nothing_to_compare(source: str) -> None:
    """A missing name and an untouched starter have no hash."""
    assert hash_of(source) == ""


def test_a_call_that_does_not_end_is_the_last() -> None:
    """After the first loop nothing more is asked, and nothing is told."""
    asked: list[float] = []

    def ask(
        question: Packet, seconds: float, answer_callback: Callable[[Packet], Packet]
    ) -> Packet:
        asked.append(seconds)
        if len(asked) > 1:
            raise OutOfTime("The call", seconds)
        return ask_here(run_here(RAISES.format("0")))(question, seconds, answer_callback)

    assert computes(CONVOLVE, ask, secret=SECRET) == ""
    assert len(asked) == 2


def numbers(rng: np.random.Generator) -> Any:
    """An array, a number or a list of arrays of drawn sizes."""
    shape = tuple(rng.integers(1, 9, size=rng.integers(0, 4)))
    drawn = rng.normal(size=shape) * 10.0 ** rng.integers(-2, 4)
    return [drawn, float(rng.normal())] if rng.random() < 0.3 else drawn


def nudged(value: Any, rng: np.random.Generator, by: float) -> Any:
    """The value as another processor computes it: each number off by a part of the largest."""
    if isinstance(value, list):
        return [nudged(part, rng, by) for part in value]
    array = np.asarray(value)
    off = by * np.abs(array).max() * rng.uniform(-1, 1, size=array.shape)
    return float(array + off) if isinstance(value, float) else array + off


def test_last_digits_change_nothing_and_all_else_does() -> None:
    """Of 2,000 drawn values, float64's last digits change none, float32's hardly one; 3 % each."""
    seed = random.SystemRandom().randrange(10**6)
    print(f"seed {seed}")  # noqa: T201
    rng = np.random.default_rng(seed)
    values = [numbers(rng) for _ in range(2000)]
    hashes = [value_hash(value) for value in values]

    def same(by: float) -> int:
        again = (value_hash(nudged(value, rng, by)) for value in values)
        return sum(one == other for one, other in zip(hashes, again, strict=True))

    assert same(1e-15) == 2000
    assert same(1e-7) >= 1960
    assert same(0.03) <= 100


@pytest.mark.parametrize("parts", [1, 3, 7, 10, 16, 100, 255])
def test_numbers_that_people_compute_are_never_on_an_edge(parts: int) -> None:
    """Fractions such as 1/16, 0.1 and 7/255 may be off by float32's last digits."""
    for count in range(-2 * parts, 2 * parts + 1):
        for value in (
            count / parts,
            np.array([count / parts, 0.0]),
            np.full((5, 5), count / parts),
        ):
            off = {value_hash(value * (1 + by) + by * 1e-3) for by in (0.0, 1.2e-7, -1.2e-7)}
            assert len(off) == 1, (count, parts)


def test_what_is_not_the_same_is_told_apart() -> None:
    """Kinds, shapes, signs, places of NaN, texts and one number of a thousand all count."""
    thousand = np.linspace(0, 1, 1000)
    changed = thousand.copy()
    changed[500] += 0.5
    nan = np.array([1.0, np.nan])
    values = [
        *(None, True, 1, 1.0, "1", [1.0], np.ones((1, 1)), -1.0, {"a": 1.0}, {"b": 1.0}),
        *(thousand, changed, thousand[::-1], nan, nan[::-1], np.array([True, False])),
        *(1e300, 1e-5 + 1j, float("inf"), 0.0, "x" * 2000, "x" * 2001, [], {}, object()),
    ]
    assert len({*map(value_hash, values)}) == len(values)
    assert value_hash((1.0, 2.0)) == value_hash([1.0, 2.0])
    assert value_hash(np.float32(0.1)) == value_hash(0.1)


@pytest.mark.slow
def test_networks_count_by_how_they_are_made() -> None:
    """Two that are made the same are the same, whatever their first weights and names are."""
    import keras

    def made(activation: str, units: int = 3) -> Any:
        inputs = keras.Input((4,))
        hidden = keras.layers.Dense(units, activation=activation)(inputs)
        return keras.Model(inputs, keras.layers.Dense(2)(hidden))

    def layered(rate: float) -> Any:
        return keras.Sequential([keras.Input((4,)), keras.layers.Dropout(rate)])

    def with_kernel(*numbers: float) -> Any:
        layer = keras.layers.Conv2D(1, (2, 2))
        layer.build((None, 4, 4, 1))
        layer.set_weights([np.reshape(numbers, (2, 2, 1, 1)), np.zeros(1)])
        return layer

    assert value_hash(with_kernel(1, 0, 0, -1)) == value_hash(with_kernel(1, 0, 0, -1))
    assert value_hash(with_kernel(1, 0, 0, -1)) != value_hash(with_kernel(-1, 0, 0, 1))
    assert value_hash(made("relu")) == value_hash(made("relu"))
    assert value_hash(layered(0.5)) == value_hash(layered(0.5))
    others = [made("relu"), made("tanh"), made("relu", 4), layered(0.5), layered(0.4)]
    assert len({*map(value_hash, others)}) == len(others)
