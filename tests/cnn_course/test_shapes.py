"""The shapes to learn from: right, reproducible, and within their frame."""

from __future__ import annotations

import numpy as np
import pytest

from cnn_course.data.shapes import NAMES, draw_shapes


def test_a_seed_always_draws_the_same_pictures() -> None:
    """Two calls with one seed agree; another seed, and a generator that goes on, do not."""
    images, labels = draw_shapes(20, 3)
    again, same_labels = draw_shapes(20, 3)
    assert np.array_equal(images, again)
    assert np.array_equal(labels, same_labels)
    rng = np.random.default_rng(3)
    assert np.array_equal(draw_shapes(20, rng)[0], images)
    assert not np.array_equal(draw_shapes(20, rng)[0], images)


@pytest.mark.parametrize("size", [16, 28])
def test_every_shape_lies_within_its_frame(size: int) -> None:
    """Images are float32 from 0 to 1, and the outermost pixels belong to no shape."""
    images, labels = draw_shapes(400, 0, size=size)
    assert images.shape == (400, size, size, 1)
    assert images.dtype == np.float32
    assert images.min() >= 0
    assert images.max() <= 1
    assert set(labels) == set(range(len(NAMES)))
    border = np.ones((size, size), bool)
    border[1:-1, 1:-1] = False
    assert (images[:, border, 0].mean(axis=1) < 0.1).all()


def test_the_labels_tell_the_shapes() -> None:
    """Of the box around it a disk fills π / 4, and a cross the least."""
    images, labels = draw_shapes(400, 1, centered=True)
    inside = images[..., 0] > 0.3
    filled = []
    for name in range(len(NAMES)):
        shares = []
        for picture in inside[labels == name]:
            rows, columns = picture.any(axis=1).nonzero()[0], picture.any(axis=0).nonzero()[0]
            height, width = np.ptp(rows) + 1, np.ptp(columns) + 1
            shares.append(picture.sum() / (height * width))
        filled.append(np.median(shares))
    circle, square, triangle, cross = filled
    assert abs(circle - np.pi / 4) < 0.06
    assert cross < triangle < circle
    assert square > triangle


def test_centered_shapes_do_not_move() -> None:
    """With `centered`, the middle of every disk is the middle of its image."""
    images, labels = draw_shapes(200, 2, centered=True)
    for picture in images[labels == 0][:, :, :, 0]:
        rows, columns = (picture > 0.3).nonzero()
        assert abs(rows.mean() - 13.5) < 0.6
        assert abs(columns.mean() - 13.5) < 0.6
