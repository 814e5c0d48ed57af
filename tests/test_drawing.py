"""The drawing functions of the lesson notebooks."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import matplotlib as mpl
import numpy as np
import pytest

from grader import drawing

mpl.use("agg")

from matplotlib import pyplot as plt


@pytest.fixture(autouse=True)
def _no_window(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Figures stay where a test can look at them, and are closed after it."""
    monkeypatch.setattr(plt, "show", lambda: None)
    yield
    plt.close("all")


@pytest.mark.parametrize("unfinished", [None, ...])
def test_an_unfinished_value_is_said_in_a_sentence(
    unfinished: object, capsys: pytest.CaptureFixture[str]
) -> None:
    """`show` draws nothing for None and `...`, and asks for the exercise instead."""
    drawing.show(np.ones((3, 3)), unfinished)
    assert capsys.readouterr().out == "Nothing to show yet: finish the exercise above.\n"
    assert not plt.get_fignums()


def test_finished_is_silent_about_values(capsys: pytest.CaptureFixture[str]) -> None:
    """`finished` is true, and prints nothing, when every name has a value; zero is one too."""
    assert drawing.finished(0, np.zeros(3), "")
    assert not capsys.readouterr().out


def test_every_image_has_its_title_and_its_size() -> None:
    """Titles stand above the images in order, and below each its height and width."""
    drawing.show(np.ones((3, 4)), np.ones((20, 10)), titles=["small", "tall"])
    small, tall = plt.gcf().axes
    assert (small.get_title(), small.get_xlabel()) == ("small", "3 × 4")
    assert (tall.get_title(), tall.get_xlabel()) == ("tall", "20 × 10")


def test_only_small_images_show_their_numbers() -> None:
    """Up to 12 pixels a side every value is written; above, none is."""
    drawing.show(np.full((12, 2), -0.5), np.ones((13, 2)))
    written, bare = plt.gcf().axes
    assert [text.get_text() for text in written.texts] == ["−0.5"] * 24
    assert not bare.texts


@pytest.mark.parametrize("neighbors", [0, 1, 2])
@pytest.mark.parametrize("columns", [3, 7, 12])
def test_every_number_stays_in_its_pixel(columns: int, neighbors: int) -> None:
    """However many pixels and images share the width, no number touches the next one."""
    values = np.full((5, columns), -0.08)
    drawing.show(values, *[np.ones((5, 7))] * neighbors)
    ax = plt.gcf().axes[0]
    pixel = ax.get_window_extent().width / columns
    assert max(text.get_window_extent().width for text in ax.texts) < 0.9 * pixel


def test_zero_is_white_in_a_signed_map() -> None:
    """An array with negative values is drawn between its largest size below and above zero."""
    drawing.show(np.array([[-3.0, 1.0]]))
    assert plt.gcf().axes[0].images[0].get_clim() == (-3.0, 3.0)


def test_brightness_keeps_its_meaning_in_a_gray_image() -> None:
    """An array without negative values is drawn from black at 0 to white at 1, or its maximum."""
    drawing.show(np.full((2, 2), 0.2), np.full((2, 2), 9.0))
    dark, bright = plt.gcf().axes
    assert dark.images[0].get_clim() == (0.0, 1.0)
    assert bright.images[0].get_clim() == (0.0, 9.0)


def test_a_window_is_framed_in_the_first_image() -> None:
    """`window` counts pixels: its frame runs around them, half a pixel outside their middles."""
    drawing.show(np.ones((9, 9)), np.ones((9, 9)), window=(2, 3, 4, 5))
    first, second = plt.gcf().axes
    frame = first.patches[0]
    assert frame.get_bbox().bounds == (2.5, 1.5, 5, 4)  # type: ignore[attr-defined]
    assert not second.patches


@pytest.mark.parametrize("shape", [(), (4,), (2, 2, 2), (0, 3)])
def test_what_is_no_image_is_said_in_a_sentence(
    shape: tuple[int, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    """Numbers and stacks that cannot be drawn are named by their shape, without a traceback."""
    drawing.show(np.ones(shape))
    assert str(shape) in capsys.readouterr().out
    assert not plt.get_fignums()


def test_color_images_are_drawn_in_color() -> None:
    """An array (height, width, 3) is drawn with its three channels, cut to what can be shown."""
    drawing.show(np.full((4, 5, 3), 1.5))
    array = plt.gcf().axes[0].images[0].get_array()
    assert array is not None
    assert array.shape == (4, 5, 3)
    assert array.max() == 1


def test_drawing_stands_alone() -> None:
    """The module imports nothing else of the grader, so it also works where that is absent."""
    tree = ast.parse(Path(drawing.__file__).read_text(encoding="utf-8"))
    imported = {
        name
        for node in ast.walk(tree)
        for name in (
            [node.module or ""]
            if isinstance(node, ast.ImportFrom)
            else [alias.name for alias in node.names]
            if isinstance(node, ast.Import)
            else []
        )
    }
    roots = {name.partition(".")[0] for name in imported}
    assert roots <= {
        "__future__",
        "matplotlib_inline",
        "collections",
        "typing",
        "matplotlib",
        "numpy",
    }
