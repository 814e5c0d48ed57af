"""The rubrics' references agree with plain loops and with SciPy; their random cases are telling."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import signal

from cnn_course.references import (
    Array,
    correlate,
    draw_image,
    draw_kernel,
    frame,
    images_and_kernels,
    overlap,
    positions,
)

sizes = st.integers(1, 7)
seeds = st.integers(0, 2**32 - 1)


def slow_correlate(image: Array, kernel: Array) -> Array:
    """Every window times the kernel, number by number."""
    rows, columns = (max(0, size) for size in np.subtract(image.shape, kernel.shape) + 1)
    feature_map = np.zeros((rows, columns))
    for row, column in np.ndindex(rows, columns):
        for i, j in np.ndindex(*kernel.shape):
            feature_map[row, column] += float(image[row + i, column + j]) * float(kernel[i, j])
    return feature_map


@given(sizes, sizes, sizes, sizes, seeds)
def test_correlate_is_the_sum_over_every_window(
    height: int,
    width: int,
    kernel_height: int,
    kernel_width: int,
    seed: int,
) -> None:
    """`correlate` equals four nested loops for every shape, and is empty for too large kernels."""
    rng = np.random.default_rng(seed)
    image, kernel = rng.normal(size=(height, width)), rng.normal(size=(kernel_height, kernel_width))
    np.testing.assert_allclose(correlate(image, kernel), slow_correlate(image, kernel), atol=1e-8)


def test_correlate_agrees_with_scipy() -> None:
    """`correlate` is SciPy's `correlate2d` with windows inside the image."""
    for image, kernel in images_and_kernels(np.random.default_rng(1), count=20):
        expected = signal.correlate2d(image, kernel, mode="valid")
        np.testing.assert_allclose(correlate(image, kernel), expected, atol=1e-5)


def test_correlate_with_a_flipped_kernel_is_mathematical_convolution() -> None:
    """With both axes of the kernel flipped, `correlate` is SciPy's `convolve2d`."""
    for image, kernel in images_and_kernels(np.random.default_rng(2), count=20):
        expected = signal.convolve2d(image, kernel, mode="valid")
        np.testing.assert_allclose(correlate(image, kernel[::-1, ::-1]), expected, atol=1e-5)


@given(sizes, sizes)
def test_positions_counts_the_starts_that_fit(image_size: int, kernel_size: int) -> None:
    """`positions` is the number of starts from which the window ends inside the image."""
    if kernel_size > image_size:
        return
    starts = [start for start in range(image_size) if start + kernel_size <= image_size]
    assert positions(image_size, kernel_size) == len(starts)


@pytest.mark.parametrize("channels", [(), (1,), (3,)])
def test_frame_surrounds_height_and_width_only(channels: tuple[int, ...]) -> None:
    """`frame` holds the image in its middle, zeros elsewhere, and the same channels."""
    image = draw_image(np.random.default_rng(3), (4, 5, *channels))
    for padding in range(3):
        framed = frame(image, padding)
        assert framed.shape == (4 + 2 * padding, 5 + 2 * padding, *channels)
        assert np.array_equal(framed[padding : padding + 4, padding : padding + 5], image)
        assert framed.sum() == pytest.approx(image.sum())


@given(st.integers(-3, 3), st.integers(-3, 3), seeds)
def test_overlap_is_what_the_map_of_a_moved_image_shows(rows: int, columns: int, seed: int) -> None:
    """Convolving a moved image gives the moved map: both hold the same values in the overlap."""
    rng = np.random.default_rng(seed)
    scene, kernel = draw_image(rng, (16, 18)), draw_kernel(rng, (2, 3))
    before = correlate(scene[4:11, 4:13], kernel)
    after = correlate(scene[4 - rows : 11 - rows, 4 - columns : 13 - columns], kernel)
    down, across = max(0, rows), max(0, columns)
    known = overlap(before, rows, columns)
    seen = after[down : down + known.shape[0], across : across + known.shape[1]]
    assert known.shape == (before.shape[0] - abs(rows), before.shape[1] - abs(columns))
    np.testing.assert_allclose(known, seen)


@given(st.sampled_from([(2, 2), (3, 3), (2, 3), (4, 2)]), seeds)
def test_drawn_kernels_are_changed_by_every_turn_and_flip(
    shape: tuple[int, int], seed: int
) -> None:
    """No half turn, quarter turn, flip or transposition leaves a drawn kernel as it is."""
    kernel = draw_kernel(np.random.default_rng(seed), shape)
    views = [np.rot90(side, turns) for side in (kernel, kernel.T) for turns in range(4)]
    same = [view for view in views if np.array_equal(view, kernel)]
    assert len(same) == 1
    assert kernel.sum() not in (0, 1)


def test_a_kernel_of_one_row_cannot_be_lopsided() -> None:
    """A shape whose kernels equal their own flip is refused instead of searched forever."""
    with pytest.raises(ValueError, match="lopsided"):
        draw_kernel(np.random.default_rng(0), (1, 3))


@given(seeds)
def test_the_first_cases_are_wide_then_tall_with_an_even_kernel(seed: int) -> None:
    """The first two cases tell square, transposed and odd-only answers from right ones."""
    first, second = itertools.islice(images_and_kernels(np.random.default_rng(seed)), 2)
    assert first[0].shape[0] < first[0].shape[1]
    assert first[1].shape[0] == first[1].shape[1]
    assert second[0].shape[0] > second[0].shape[1]
    assert second[1].shape == (2, 3)
    assert all(array.dtype == np.float32 for array in (*first, *second))
