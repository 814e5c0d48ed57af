"""The page about a trained network."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import keras
import matplotlib as mpl
import numpy as np
import pytest

from cnn_course.data.shapes import NAMES, draw_shapes
from grader import drawing
from grader.drawing import images as drawn_images

mpl.use("agg")

from matplotlib import pyplot as plt
from matplotlib.figure import Figure

pytestmark = pytest.mark.slow

layers: Any = keras.layers
IMAGES, LABELS = draw_shapes(30, 0)
CURVES = {"loss": [1.4, 0.9, 0.5, 0.3], "val_loss": [1.3, 0.8, 0.7, 0.9]}


@pytest.fixture(autouse=True)
def _no_window(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Figures stay where a test can look at them, and are closed after it."""
    monkeypatch.setattr(plt, "show", lambda: None)
    yield
    plt.close("all")


def sequential(*parts: Any, shape: tuple[int | None, ...] = (28, 28, 1)) -> Any:
    """A network of these layers and four scores."""
    return keras.Sequential([keras.Input(shape), *parts, layers.Dense(4)])


def cnn() -> Any:
    """A network like that of the lesson."""
    return sequential(
        layers.RandomFlip(),
        layers.Conv2D(4, 3, padding="same", activation="relu"),
        layers.MaxPooling2D(),
        layers.Conv2D(12, 3),
        layers.BatchNormalization(),
        layers.GlobalMaxPooling2D(),
        layers.Dropout(0.2),
    )


def functional() -> Any:
    """A network with a branch, an operation and a layer that is used twice."""
    inputs = keras.Input((28, 28, 1))
    shared = layers.Conv2D(3, 3, padding="same")
    maps = layers.Conv2D(3, 3, padding="same")(inputs)
    both = keras.ops.relu(shared(maps)) + shared(shared(maps))
    return keras.Model(inputs, layers.Dense(4)(layers.GlobalAveragePooling2D()(both)))


def nested() -> Any:
    """A network in a network."""
    inner = keras.Sequential(
        [keras.Input((28, 28, 1)), layers.Conv2D(3, 3), layers.GlobalMaxPooling2D()]
    )
    return keras.Sequential([keras.Input((28, 28, 1)), inner, layers.Dense(4)])


MODELS: dict[str, Callable[[], Any]] = {
    "a CNN": cnn,
    "no convolution": lambda: sequential(layers.Flatten()),
    "probabilities": lambda: sequential(layers.Flatten(), layers.Dense(3), layers.Softmax()),
    "other kinds of layers": lambda: sequential(
        layers.ZeroPadding2D(1),
        layers.SeparableConv2D(4, 3),
        layers.DepthwiseConv2D(3),
        layers.LayerNormalization(),
        layers.Conv2DTranspose(2, 2, strides=2),
        layers.Activation("tanh"),
        layers.GaussianNoise(0.1),
        layers.AveragePooling2D(4),
        layers.Reshape((-1,)),
    ),
    "functional": functional,
    "nested": nested,
    "of any size": lambda: sequential(
        layers.Conv2D(2, 3), layers.GlobalMaxPooling2D(), shape=(None, None, 1)
    ),
}


def texts(part: Any) -> list[str]:
    """Every text of a figure and its parts."""
    own = [text.get_text() for text in part.texts]
    in_axes = [
        found
        for ax in part.axes
        for found in (*(text.get_text() for text in ax.texts), ax.get_title(), ax.get_title("left"))
    ]
    return [*own, *in_axes, *(text for inner in part.subfigs for text in texts(inner))]


def portrait(model: Any, **settings: Any) -> Figure:
    """The figure of a portrait."""
    drawing.show_portrait(model, CURVES, IMAGES, LABELS, names=NAMES, **settings)
    return plt.gcf()


@pytest.mark.parametrize("kind", MODELS)
def test_any_network_for_images_has_a_portrait(kind: str, tmp_path: Path) -> None:
    """Branches, nested models and layers of any kind are drawn, or left out, and never raise."""
    figure = portrait(MODELS[kind](), save_as=tmp_path / "page.html")  # which draws it
    assert "What flows through it" in texts(figure)


def test_the_page_says_the_numbers() -> None:
    """Parameters, work, epochs, accuracy and gap stand on the page."""
    model = cnn()
    written = texts(portrait(model, training=(IMAGES, LABELS)))
    assert f"{model.count_params():,}" in written
    work = 28 * 28 * 9 * 4 + 12 * 12 * 9 * 4 * 12 + 12 * 4
    assert f"{work:,}" in written
    assert "0.00" in written  # validated with what it was trained with, there is no gap
    scores = np.asarray(model(IMAGES, training=False))  # without it, RandomFlip would act
    right = np.mean(scores.argmax(axis=1) == LABELS)
    assert f"{right:.1%}" in written


def test_the_gap_is_that_of_the_curves_without_training_images() -> None:
    """Where the training images are not given, the gap of the last epoch is named."""
    assert "0.60" in texts(portrait(cnn()))


def test_feature_maps_are_drawn_for_each_convolution() -> None:
    """Each of the first convolutions has a row with its filters and maps."""
    written = " ".join(texts(portrait(cnn())))
    assert "Conv2D 1: all 4 filters" in written
    assert "Conv2D 2: 8 of 12 filters" in written


def test_occlusion_maps_can_be_handed_over() -> None:
    """Pairs of an image and its map are drawn as they are."""
    written = texts(portrait(cnn(), occlusion=[(IMAGES[0], np.full((3, 3), 0.125))]))
    assert "falls by 0.12 at most" in written


def test_a_history_without_curves_is_no_reason_to_fail() -> None:
    """A network whose curves are lost still has a portrait."""
    drawing.show_portrait(cnn(), {}, IMAGES, LABELS)
    assert "no curves" in texts(plt.gcf())


def test_losses_that_are_no_numbers_are_drawn_around() -> None:
    """A training that broke down has a portrait as well."""
    curves = {"loss": [1.0, np.nan], "val_loss": [1.0, np.nan]}
    drawing.show_portrait(cnn(), curves, IMAGES, LABELS)
    plt.gcf().canvas.draw()


def test_the_saved_page_has_everything_in_it(tmp_path: Path) -> None:
    """One file: the title escaped, the picture inside, and words for who cannot see it."""
    page = tmp_path / "my_network.html"
    portrait(cnn(), title="<b>5 & $6</b>", save_as=page)
    text = page.read_text(encoding="utf-8")
    assert "<b>" not in text
    assert "<title>&lt;b&gt;5 &amp; $6&lt;/b&gt;</title>" in text
    assert not re.search(r'(src|href)="(?!data:)', text)
    assert "<script" not in text
    pictures = re.findall(r'src="data:image/png;base64,([^"]+)"', text)
    assert len(pictures) == 5
    assert all(base64.b64decode(picture).startswith(b"\x89PNG") for picture in pictures)
    alternatives = re.findall(r'alt="([^"]+)"', text)
    assert len(alternatives) == 5
    assert "The curve of val_loss goes from 1.30 to 0.90, smallest in epoch 2." in alternatives[1]


def test_the_saved_page_has_its_title_and_numbers_once(tmp_path: Path) -> None:
    """They are text there, and its pictures leave them out."""
    page = tmp_path / "page.html"
    figure = portrait(cnn(), training=(IMAGES, LABELS), title="Mine", save_as=page)
    text = page.read_text(encoding="utf-8")
    assert text.count("<h1>Mine</h1>") == 1
    assert "<p>A program that learned from 30 labeled images to tell circle, square," in text
    assert "accuracy on 30 validation images" in text
    assert "Mine" in texts(figure)
    assert plt.get_fignums() == [figure.number]


def test_maps_have_one_scale() -> None:
    """The same fall has the same color in every map."""
    small, large = np.full((3, 3), 0.1), np.full((3, 3), 0.8)
    figure = portrait(cnn(), occlusion=[(IMAGES[0], small), (IMAGES[1], large)])
    scales = {
        image.get_clim()
        for part in figure.subfigs
        for ax in part.axes
        for image in ax.images
        if np.asarray(image.get_array()).shape == (3, 3)
        and part.texts
        and part.texts[0].get_text() == "What it looks at"
    }
    assert scales == {(-0.8, 0.8)}


def test_epochs_are_whole_numbers() -> None:
    """No axis has an epoch between two."""
    figure = portrait(cnn())
    figure.canvas.draw()
    ticks = [ax.get_xticks() for part in figure.subfigs for ax in part.axes if ax.get_xlabel()]
    drawing.show_curves(CURVES)
    ticks.append(plt.gcf().axes[0].get_xticks())
    assert all((found == np.round(found)).all() for found in ticks)


def test_names_are_escaped_too(tmp_path: Path) -> None:
    """What the classes are called cannot become a part of the page."""
    page = tmp_path / "page.html"
    names = ['"><script>', "<i>", "&", "$x$"]
    drawing.show_portrait(cnn(), CURVES, IMAGES, LABELS, names=names, save_as=page)
    plt.gcf().canvas.draw()
    assert "<script" not in page.read_text(encoding="utf-8")


def test_nothing_is_drawn_or_saved_where_nobody_looks(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """In a kernel that grades, the page costs nothing and leaves no file."""
    monkeypatch.setattr("grader.drawing.portrait.nobody_looks", lambda: True)
    drawing.show_portrait(cnn(), CURVES, IMAGES, LABELS, save_as=tmp_path / "page.html")
    assert not plt.get_fignums()
    assert not list(tmp_path.iterdir())


def test_an_unfinished_network_is_said_in_a_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    """Where the network is not there yet, the exercise is asked for."""
    drawing.show_portrait(..., CURVES, IMAGES, LABELS)
    assert capsys.readouterr().out == f"{drawn_images.UNFINISHED}\n"
