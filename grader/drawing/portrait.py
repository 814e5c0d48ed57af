"""One page about a trained network: what flows through it, how it learned, what it looks at.

Keras is not imported here: a network is asked for what it has, and a part of the page that a model
has nothing for is left out.
"""

from __future__ import annotations

import base64
import math
from collections.abc import Callable, Mapping, Sequence
from html import escape
from io import BytesIO
from pathlib import Path
from textwrap import fill
from typing import Any, NamedTuple

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure, SubFigure
from matplotlib.ticker import MaxNLocator

from grader.drawing.curves import COLORS
from grader.drawing.images import SIGNED, WIDTH, Array, finished, nobody_looks
from grader.drawing.inspection import (
    Facts,
    blocks_of,
    curves_of,
    features_of,
    gap_between,
    layers_of,
    occlusion_map,
    probabilities_of,
    work_of,
)
from grader.drawing.networks import draw_blocks

_QUIET, _INK, _GOOD, _LINE = "#555555", "#222222", "#00775A", "#D5DEE5"
_MAPS, _MISTAKES, _LOOKS = 8, 8, 6
_DPI = 150


class _Sheet(NamedTuple):
    """On what is drawn: its width in inches, and how many blocks and mistakes stand in a row."""

    width: float
    blocks: int
    mistakes: int
    numbers: bool  # whether they stand beside the curves


_WIDE, _NARROW = _Sheet(WIDTH, 7, 8, numbers=True), _Sheet(6.0, 4, 4, numbers=False)
"""A picture in a notebook; and the pictures of a page that a phone can show as well."""


class _Part(NamedTuple):
    """A part of the page: its height in inches, how to draw it, and what it shows in words."""

    height: float
    draw: Callable[[Any, _Sheet], None]
    words: str


def show_portrait(
    model: Any,
    history: Any,
    images: Any,
    labels: Any,
    *,
    names: Sequence[str] = (),
    training: tuple[Any, Any] | None = None,
    title: str = "My network",
    occlusion: Sequence[tuple[Any, Any]] | None = None,
    save_as: str | Path | None = None,
) -> None:
    """Draw one page about a trained classifier of images, and save it as one HTML file if asked to.

    `history` is what `fit` returned. `images` (N, H, W, C) and `labels` (N,) are validation data,
    `names` what the labels stand for. With the `training` images and labels the gap is measured on
    both; without them it is the last one of the history. `occlusion` are pairs of an image and its
    map; without it, maps of some images are computed. Where something is None or `...`, one
    sentence is printed instead.
    """
    if not finished(model, history, images, labels) or nobody_looks():
        return
    page = _Page(model, history, np.asarray(images), np.asarray(labels), names, training, occlusion)
    page.draw(title)
    if save_as is not None:
        Path(save_as).write_text(_html(title, page), encoding="utf-8")
        print(f"Saved as {save_as}. Open it in a browser.")  # noqa: T201 - for the reader
    plt.show()


class _Page:
    """What is drawn, computed once; each part is None or empty where a model has nothing for it."""

    def __init__(
        self,
        model: Any,
        history: Any,
        images: Array,
        labels: Array,
        names: Sequence[str],
        training: tuple[Any, Any] | None,
        occlusion: Sequence[tuple[Any, Any]] | None,
    ) -> None:
        self.model = model
        self.layers = layers_of(model)
        self.curves = curves_of(history)
        self.images, self.labels = images, labels
        self.names = names
        self.blocks = blocks_of(model, self.layers)
        self.probabilities = probabilities_of(model, images)
        self.learned_from = None if training is None else len(training[0])
        self.facts = self._facts(history, training)
        self.looks = _given(occlusion) if occlusion is not None else self._look()
        self.mistakes = self._mistakes()
        self.features = features_of(model, self.layers, images[:1])

    def _facts(self, history: Any, training: tuple[Any, Any] | None) -> Facts:
        said = self.probabilities
        gap = None
        if training is not None:
            learned, known = (np.asarray(part) for part in training)
            gap = gap_between(said, self.labels, probabilities_of(self.model, learned), known)
        elif {"loss", "val_loss"} <= set(self.curves):
            gap = self.curves["val_loss"][-1] - self.curves["loss"][-1]
        right = None if said is None else float(np.mean(said.argmax(axis=-1) == self.labels))
        seconds = getattr(history, "seconds", None)
        epochs = max((len(curve) for curve in self.curves.values()), default=None)
        count = int(self.model.count_params())
        return Facts(count, work_of(self.layers), epochs, seconds, right, gap, len(self.labels))

    def sentence(self) -> str:
        """What this is, for those who have never heard of a network."""
        count = "" if self.learned_from is None else f"{self.learned_from} "
        kinds = [self.name(label) for label in np.unique(self.labels)] if len(self.names) else []
        apart = f" to tell {', '.join(kinds[:-1])} and {kinds[-1]} apart" if kinds[1:] else ""
        told = f"A program that learned from {count}labeled images{apart}."
        if self.facts.accuracy is not None:
            right = round(self.facts.accuracy * len(self.labels))
            told += f" Of {len(self.labels)} other images it reads {right} rightly."
        return told

    def name(self, label: Any) -> str:
        """What a label stands for."""
        return str(self.names[int(label)]) if int(label) < len(self.names) else str(int(label))

    def _mistakes(self) -> list[tuple[Array, str]]:
        if self.probabilities is None:
            return []
        answers = self.probabilities.argmax(axis=-1)
        chosen = np.flatnonzero(answers != self.labels)[:_MISTAKES]
        return [
            (self.images[i], f"{self.name(self.labels[i])} →\n{self.name(answers[i])}")
            for i in chosen
        ]

    def _look(self) -> list[tuple[Array, Array, str]]:
        """An image that is read rightly, of each class, with its occlusion map."""
        if self.probabilities is None or self.images.ndim != 4:
            return []
        right = self.probabilities.argmax(axis=-1) == self.labels
        found: list[tuple[Array, Array, str]] = []
        for label in np.unique(self.labels)[:_LOOKS]:
            chosen = np.flatnonzero(right & (self.labels == label))
            if len(chosen):
                image = self.images[chosen[0]]
                found.append(
                    (image, occlusion_map(self.model, image, int(label)), self.name(label))
                )
        return found

    def parts(self, sheet: _Sheet) -> list[_Part]:
        """The parts of the page that there is something for."""
        narrow = sheet.width / WIDTH
        rows = math.ceil(len(self.blocks) / sheet.blocks)
        flow = ", ".join(f"{name} {'×'.join(map(str, shape))}" for name, shape, _ in self.blocks)
        words = f"What flows through the network: {flow}.".replace("\n", "")
        parts = [_Part(1.95 * rows + 0.35, self._network, words)]
        parts.append(_Part(3.1, self._training, self._curves_in_words()))
        if self.features:
            layers = ", ".join(name for name, _, _ in self.features)
            words = f"Filters and feature maps of one image: {layers}."
            height = max(1.75 * narrow, 1.35) * len(self.features) + 0.45
            parts.append(_Part(height, self._draw_features, words))
        if self.looks:
            words = " ".join(
                f"Covering a part of a {name} lowers its probability by "
                f"{found.max(initial=0.0):.2f} at most."
                for _, found, name in self.looks
            )
            parts.append(_Part(3.75, self._draw_looks, words))
        if self.mistakes:
            wrong = ", ".join(words.replace("\n", " ") for _, words in self.mistakes)
            rows = math.ceil(len(self.mistakes) / sheet.mistakes)
            parts.append(_Part(1.5 * rows + 0.4, self._draw_mistakes, f"Mistakes: {wrong}."))
        return parts

    def _curves_in_words(self) -> str:
        ends = {name: self.curves[name] for name in ("loss", "val_loss") if name in self.curves}
        return " ".join(
            f"The curve of {name} goes from {curve[0]:.2f} to {curve[-1]:.2f}"
            f", smallest in epoch {int(np.argmin(curve))}."
            for name, curve in ends.items()
        )

    def draw(self, title: str) -> Figure:
        """The whole page as one picture, with its title and its numbers."""
        parts = self.parts(_WIDE)
        heights = [1.05, *(part.height for part in parts)]
        figure = plt.figure(figsize=(WIDTH, sum(heights)), facecolor="white")
        grid = figure.add_gridspec(len(heights), 1, height_ratios=heights, hspace=0)
        top = figure.add_subfigure(grid[0])
        _title(top, title, self.sentence())
        for row, part in enumerate(parts, start=1):
            part.draw(figure.add_subfigure(grid[row]), _WIDE)
        return figure

    def pictures(self) -> list[tuple[str, str]]:
        """Each part as a picture of its own, as PNG in base64, and what it shows in words."""
        found = []
        for part in self.parts(_NARROW):
            figure = plt.figure(figsize=(_NARROW.width, part.height), facecolor="white")
            part.draw(figure.subfigures(), _NARROW)
            found.append((_png(figure), part.words))
            plt.close(figure)
        return found

    def _network(self, part: SubFigure, sheet: _Sheet) -> None:
        _heading(part, "What flows through it")
        rows = [
            self.blocks[start : start + sheet.blocks]
            for start in range(0, len(self.blocks), sheet.blocks)
        ]
        axes = part.subplots(
            len(rows), 1, squeeze=False,
            gridspec_kw={"left": 0.02, "right": 0.99, "bottom": 0.02, "top": 0.88},
        )  # fmt: skip
        sizes = [shape[0] for _, shape, _ in self.blocks if len(shape) == 3]
        channels = [shape[2] for _, shape, _ in self.blocks if len(shape) == 3]
        for ax, row in zip(axes[:, 0], rows, strict=True):
            draw_blocks(ax, row, max(sizes, default=1), max(channels, default=1))
            left, right = ax.get_xlim()
            ax.set_xlim(left, right * sheet.blocks / _WIDE.blocks)

    def _training(self, part: SubFigure, sheet: _Sheet) -> None:
        _heading(part, "How it learned")
        place = {"left": 0.09, "right": 0.96, "bottom": 0.17, "top": 0.84, "wspace": 0.12}
        if not sheet.numbers:
            _draw_curves(part.subplots(gridspec_kw=place), self.curves)
            return
        left, right = part.subplots(1, 2, gridspec_kw={**place, "width_ratios": (1.6, 1)})
        _draw_curves(left, self.curves)
        right.set_axis_off()
        for line, (name, value) in enumerate(self.facts.lines()):
            y = 0.93 - 0.17 * line
            right.text(0.0, y, name, fontsize=9, color=_QUIET, va="center")
            right.text(1.0, y, value, fontsize=12, color=_INK, va="center", ha="right")
            right.plot([0, 1], [y - 0.085] * 2, color=_LINE, lw=0.8, clip_on=False)
        right.set(xlim=(0, 1), ylim=(0, 1))

    def _draw_features(self, part: SubFigure, sheet: _Sheet) -> None:
        _heading(part, "What its filters answer to one image")
        ratios = (1.05, 1.0 * _MAPS)
        height = part.bbox.height / part.get_figure(root=True).dpi
        top = 1 - 0.62 / height
        place = {"left": 0.04, "right": 0.985, "bottom": 0.01, "top": top, "hspace": 0.3}
        axes = part.subplots(
            len(self.features), 2, squeeze=False,
            gridspec_kw={**place, "width_ratios": ratios, "wspace": 0.06},
        )  # fmt: skip
        for row, (name, kernels, maps) in enumerate(self.features):
            left, right = axes[row]
            if row:
                left.set_axis_off()
            else:
                _picture(left, self.images[0])
                left.set_title("the image", fontsize=9, color=_QUIET)
            _draw_maps(right, kernels, maps)
            count = maps.shape[-1]
            shown = f"{min(count, _MAPS)} of {count}" if count > _MAPS else f"all {count}"
            size = " × ".join(map(str, maps.shape[:2]))
            what = "maps" if kernels is None else "filters (first channel), and their maps"
            words = f"{name}: {shown} {what}, {size}"
            if kernels is not None and sheet is _NARROW:
                words = f"{name}: {shown} filters, and their maps, {size}"
            right.set_title(words, fontsize=9, color=_QUIET, loc="left")

    def _draw_looks(self, part: SubFigure, _sheet: _Sheet) -> None:
        _heading(part, "What it looks at")
        height = part.bbox.height / part.get_figure(root=True).dpi
        words = (
            "A gray square covers a part of the image. Blue: there it makes the right answer less\n"
            "sure. Orange: more sure. White: no difference. All maps have one scale."
        )
        part.text(0.03, 1 - 0.52 / height, words, fontsize=9, color=_QUIET, va="center")
        count = len(self.looks)
        place = {"left": 0.03, "right": 0.97, "bottom": 0.09, "top": 0.7, "hspace": 0.08}
        limit = max(0.05, *(float(np.abs(found).max(initial=0.0)) for _, found, _ in self.looks))
        axes = part.subplots(2, max(count, 4), squeeze=False, gridspec_kw=place)
        for ax in axes.flat:
            ax.set_axis_off()
        for column, (image, found, name) in enumerate(self.looks):
            _picture(axes[0, column], image)
            axes[0, column].set_title(_plain(name), fontsize=9.5, color=_INK)
            axes[1, column].imshow(found, cmap=SIGNED, vmin=-limit, vmax=limit)
            axes[1, column].text(
                0.5, -0.1, f"falls by {found.max(initial=0.0):.2f} at most", fontsize=8,
                color=_QUIET, ha="center", transform=axes[1, column].transAxes,
            )  # fmt: skip

    def _draw_mistakes(self, part: SubFigure, sheet: _Sheet) -> None:
        _heading(part, "Where it was wrong: what it is → what it said")
        height = part.bbox.height / part.get_figure(root=True).dpi
        rows = math.ceil(len(self.mistakes) / sheet.mistakes)
        place = {"left": 0.03, "right": 0.97, "bottom": 0.03, "top": 1 - 0.8 / height,
                 "hspace": 0.5}  # fmt: skip
        axes = part.subplots(rows, sheet.mistakes, squeeze=False, gridspec_kw=place)
        for ax in axes.flat:
            ax.set_axis_off()
        for ax, (image, words) in zip(axes.flat, self.mistakes, strict=False):
            _picture(ax, image)
            ax.set_title(_plain(words), fontsize=9, color=_INK)


def _given(occlusion: Sequence[tuple[Any, Any]]) -> list[tuple[Array, Array, str]]:
    """Pairs of an image and its map, as they were handed over."""
    return [(np.asarray(image), np.asarray(found), "") for image, found in occlusion][:_LOOKS]


# Drawing.


def _plain(text: str) -> str:
    """Text in which no sign asks Matplotlib for mathematics."""
    return str(text).replace("$", r"\$")


def _title(part: SubFigure, title: str, sentence: str) -> None:
    part.text(
        0.5, 0.72, _plain(title), ha="center", va="center", fontsize=19, weight="bold", color=_INK
    )
    words = fill(_plain(sentence), 105)
    part.text(0.5, 0.47, words, ha="center", va="top", fontsize=9.5, color=_QUIET)


def _heading(part: SubFigure, words: str) -> None:
    height = part.bbox.height / part.get_figure(root=True).dpi  # in inches
    part.text(0.03, 1 - 0.16 / height, words, fontsize=12, weight="bold", color=COLORS[0],
              va="center")  # fmt: skip


def _draw_curves(ax: Axes, curves: Mapping[str, Sequence[float]]) -> None:
    ax.spines[["top", "right"]].set_visible(False)
    ax.tick_params(labelsize=9, colors=_QUIET)
    shown = [name for name in ("loss", "val_loss") if name in curves]
    if not shown:
        ax.set_axis_off()
        ax.text(0.5, 0.5, "no curves", color=_QUIET, ha="center", transform=ax.transAxes)
        return
    words = {"loss": "training loss", "val_loss": "validation loss"}
    for name, color, style in zip(shown, (COLORS[0], "#A66F00"), ("-", "--"), strict=False):
        ax.plot(curves[name], color=color, ls=style, lw=2.2, label=words[name])
    ax.set_xlabel("epoch", fontsize=9, color=_QUIET)
    ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    ax.set_ylim(bottom=0)
    if "val_loss" in curves:
        finite = np.nan_to_num(np.asarray(curves["val_loss"]), nan=np.inf)
        best = int(finite.argmin())
        ax.plot(
            best, curves["val_loss"][best], "o", ms=10, mfc="none", mec=_GOOD, mew=2,
            label=f"best epoch: {best}",
        )  # fmt: skip
    if len(shown) == 2:
        epochs = range(min(len(curves[name]) for name in shown))
        low, high = (np.asarray(curves[name])[: len(epochs)] for name in shown)
        ax.fill_between(
            epochs, low, high, where=high >= low, color="#F3E3C2", lw=0, label="gap of the curves"
        )
    ax.legend(frameon=False, fontsize=9, loc="upper right")


def _picture(ax: Axes, image: Array) -> None:
    """One image, gray or in color, or whatever its first channel has."""
    ax.set_axis_off()
    if image.ndim == 3 and image.shape[2] == 3:
        low, high = float(image.min()), float(image.max())
        ax.imshow((image - low) / max(high - low, 1e-6))
    elif image.ndim >= 2:
        ax.imshow(image[..., 0] if image.ndim == 3 else image, cmap="gray")


def _draw_maps(ax: Axes, kernels: Array | None, maps: Array) -> None:
    """Kernels in a row, and under each its map; every row has a scale of its own."""
    ax.set_axis_off()
    count = min(maps.shape[-1], _MAPS)
    ax.set(xlim=(0, _MAPS), ylim=(1.55, -0.05), aspect="equal", anchor="W")
    if kernels is not None:
        limit = max(float(np.abs(kernels).max(initial=0.0)), 1e-6)
        for index in range(count):
            side = 0.42
            left = index + 0.45 - side / 2
            ax.imshow(kernels[:, :, index], cmap=SIGNED, vmin=-limit, vmax=limit, zorder=2,
                      extent=(left, left + side, side, 0), interpolation="nearest")  # fmt: skip
    low, high = float(maps.min()), max(float(maps.max()), 1e-6)
    for index in range(count):
        extent = (index, index + 0.9, 1.5, 0.55)
        if low < 0:
            limit = max(-low, high)
            ax.imshow(maps[:, :, index], cmap=SIGNED, vmin=-limit, vmax=limit, extent=extent)
        else:
            ax.imshow(maps[:, :, index], cmap="gray", vmin=0, vmax=high, extent=extent)
    ax.set(xlim=(0, _MAPS), ylim=(1.55, -0.05), aspect="equal", anchor="W")


def _png(figure: Figure) -> str:
    buffer = BytesIO()
    figure.savefig(buffer, format="png", dpi=_DPI)
    return base64.b64encode(buffer.getvalue()).decode()


_STYLE = """body{margin:0;background:#F4F7F9;color:#222;font:16px/1.5 system-ui,sans-serif}
main{max-width:44rem;margin:0 auto;padding:1.5rem clamp(.7rem,4vw,2rem);background:#fff}
h1{margin:0 0 .5rem;font-size:1.7rem}img{display:block;width:100%;max-width:100%;height:auto;
margin:1rem 0}
table{border-collapse:collapse;margin:1rem 0}td,th{padding:.3rem 1.2rem .3rem 0;text-align:left;
border-bottom:1px solid #D5DEE5;font-weight:400}td{text-align:right;padding:.3rem 0}"""


def _html(title: str, page: _Page) -> str:
    """A page of its own, with everything in it that it needs."""
    rows = "".join(
        f'<tr><th scope="row">{escape(name)}</th><td>{escape(value)}</td></tr>'
        for name, value in page.facts.lines()
    )
    pictures = "".join(
        f'<img alt="{escape(words, quote=True)}" src="data:image/png;base64,{picture}">\n'
        for picture, words in page.pictures()
    )
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(title)}</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n<main>\n"
        f"<h1>{escape(title)}</h1>\n<p>{escape(page.sentence())}</p>\n<table>{rows}</table>\n"
        f"{pictures}</main>\n</body>\n</html>\n"
    )
