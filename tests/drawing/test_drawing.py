"""The drawing functions of the lesson notebooks."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import matplotlib as mpl
import numpy as np
import pytest

from grader import drawing

mpl.use("agg")

from matplotlib import pyplot as plt
from matplotlib.collections import PathCollection
from matplotlib.patches import Rectangle


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
    """The package imports nothing else of the grader, so it also works where that is absent."""
    allowed = {*sys.stdlib_module_names, "IPython", "matplotlib", "matplotlib_inline", "numpy"}
    for path in Path(drawing.__file__).parent.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom):
                names = [node.module or ""]
            elif isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            else:
                continue
            for name in names:
                own = name.startswith("grader.drawing")
                assert own or name.partition(".")[0] in allowed, f"{path.name} imports {name}"


def test_channels_share_one_scale_and_fill_rows() -> None:
    """Every channel has its own place, and all are drawn with the same scale of colors."""
    volume = np.stack([np.full((4, 6), value) for value in (-1.0, 0.5, 2.0)], axis=2)
    drawing.show_channels(volume, titles=["left", "middle"], columns=2)
    axes = plt.gcf().axes
    assert [ax.get_title() for ax in axes[:3]] == ["left", "middle", "channel 2"]
    assert {ax.images[0].get_clim() for ax in axes[:3]} == {(-2.0, 2.0)}
    assert not axes[3].images


@pytest.mark.parametrize("volume", [np.ones((3, 3)), np.ones((0, 3, 2)), np.float64(1)])
def test_what_has_no_channels_is_said_in_a_sentence(
    volume: object, capsys: pytest.CaptureFixture[str]
) -> None:
    """`show_channels` says which shape it can draw, and which it received."""
    drawing.show_channels(volume)
    assert "(height, width, channels)" in capsys.readouterr().out
    assert not plt.get_fignums()


def test_curves_are_told_apart_and_places_are_marked() -> None:
    """Each curve has a color, a style and a name of its own; a mark stands where it belongs."""
    drawing.show_curves({"training": [3, 2, 1], "validation": [3, 2.5, 2.6]}, marks={"best": 1})
    ax = plt.gcf().axes[0]
    training, validation, mark = ax.lines
    assert training.get_color() != validation.get_color()
    assert training.get_linestyle() != validation.get_linestyle()
    assert np.asarray(mark.get_xdata()).tolist() == [1, 1]
    legend = ax.get_legend()
    assert legend is not None
    assert [text.get_text() for text in legend.get_texts()] == ["training", "validation"]


def test_the_gap_is_marked_at_the_end_with_its_size() -> None:
    """The gap is the second curve less the first in the last epoch, and stands there in figures."""
    drawing.show_curves({"loss": [2, 1, 0.25], "val_loss": [2, 1, 1.5]}, gap=("loss", "val_loss"))
    written = [text.get_text() for text in plt.gcf().axes[0].texts]
    assert "gap 1.25" in written


def test_histograms_say_which_share_of_the_values_lies_where() -> None:
    """Every name has a picture, in which a bar is as high as its share, in per cent."""
    drawing.show_histograms(
        {"at zero": np.zeros((2, 2)), "half": np.array([0.0, 9.0])}, xlabel="weight", limit=1
    )
    tallest = [
        max(patch.get_height() for patch in ax.patches if isinstance(patch, Rectangle))
        for ax in plt.gcf().axes
    ]
    assert tallest == [100, 50]
    assert [ax.get_title() for ax in plt.gcf().axes] == ["at zero", "half"]


def test_regions_show_every_decider_over_the_same_points() -> None:
    """Each decider is asked about the plane and drawn with all points of both classes."""
    points = np.array([[0, 0], [1, 1], [2, 0]])
    drawing.show_regions(
        {"right half": lambda plane: plane[:, 0], "none": lambda plane: 0 * plane[:, :1]},
        points,
        [0, 1, 1],
    )
    axes = plt.gcf().axes
    assert [ax.get_title() for ax in axes] == ["right half", "none"]
    for ax in axes:
        scattered = [part for part in ax.collections if isinstance(part, PathCollection)]
        assert sorted(len(np.asarray(part.get_offsets())) for part in scattered) == [1, 2]


def test_a_network_is_drawn_with_every_shape_and_count() -> None:
    """Each layer's output shape and parameters stand below it, as Keras counts them."""
    import keras

    inputs = keras.Input((8, 8, 3))
    features = keras.layers.Flatten()(keras.layers.Conv2D(4, 3)(inputs))
    drawing.show_network(keras.Model(inputs, keras.layers.Dense(10)(features)))
    written = {text.get_text() for ax in plt.gcf().axes for text in ax.texts}
    assert {"8 × 8 × 3", "6 × 6 × 4", "144", "10"} <= written
    assert {"112 parameters", "1,450 parameters"} <= written


@pytest.mark.parametrize("unfinished", [None, ...])
def test_nothing_unfinished_is_drawn(
    unfinished: object, capsys: pytest.CaptureFixture[str]
) -> None:
    """Every function asks for the exercise where a value is still None or the starter's dots."""
    drawing.show_channels(unfinished)
    drawing.show_curves({"loss": unfinished})  # type: ignore[dict-item]
    drawing.show_histograms({"mine": unfinished}, xlabel="weight", limit=1)
    drawing.show_regions({"mine": unfinished}, [[0, 0]], [0])  # type: ignore[dict-item]
    drawing.show_network(unfinished)
    drawing.step_through({"first": np.ones((2, 2)), "second": [unfinished]})
    assert capsys.readouterr().out == "Nothing to show yet: finish the exercise above.\n" * 6
    assert not plt.get_fignums()


@pytest.fixture
def stepped(monkeypatch: pytest.MonkeyPatch) -> str:
    """The HTML of three steps, one of them with two images and a caption that is no HTML."""
    shown: list[str] = []
    monkeypatch.setattr("IPython.display.display", lambda shows: shown.append(shows.data))
    drawing.step_through(
        {
            "whole": np.ones((4, 4)),
            "<b>half</b> & 'rest'": [np.ones((2, 2)), np.zeros((2, 2))],
            "nothing": np.zeros((1, 1)),
        }
    )
    (html,) = shown
    return html


def test_steps_can_all_be_read_without_the_slider(stepped: str) -> None:
    """Every step is in the page with a caption and a picture; captions are text, not HTML."""
    assert stepped.count("<img ") == 3
    assert stepped.count("data:image/png;base64,") == 3
    assert "&lt;b&gt;half&lt;/b&gt; &amp;" in stepped
    assert "<b>" not in stepped
    assert not plt.get_fignums()


@pytest.mark.browser
def test_the_slider_shows_one_step_at_a_time(stepped: str) -> None:
    """In a browser the first step is seen; moving the slider shows another one instead."""
    from playwright.sync_api import sync_playwright

    from tests.report.test_feedback import CHROMIUM, FLAGS

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        page = browser.new_page()
        page.set_content(stepped)
        assert page.locator("figure:visible figcaption").all_inner_texts() == ["whole"]
        page.locator("input").fill("2")
        assert page.locator("figure:visible figcaption").all_inner_texts() == ["nothing"]
        browser.close()
