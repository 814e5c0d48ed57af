"""Images, kernels and feature maps, side by side or one after the other.

Gray images are drawn from black (0) to white (1 or their maximum). Arrays with negative values,
such as kernels and feature maps, are drawn from orange (negative) over white (0) to blue
(positive). Small ones show their numbers.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from html import escape
from io import BytesIO
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from matplotlib_inline.config import InlineBackend
from numpy.typing import NDArray

Array = NDArray[Any]

UNFINISHED = "Nothing to show yet: finish the exercise above."
SIGNED = LinearSegmentedColormap.from_list("signed", ["#B35806", "#F7F7F7", "#08519C"])
NUMBERS_UP_TO = 12  # pixels on a side; more numbers would not be legible
WIDTH = 9.0  # inches: what a notebook shows without scaling
MARK = "#E69F00"


def finished(*values: Any) -> bool:
    """Whether no value is still None or the starter's `...`; says so in a sentence otherwise."""
    if all(value is not None and value is not ... for value in values):
        return True
    print(UNFINISHED)  # noqa: T201 - the notebook's reader is who this is for
    return False


def show(
    *images: Any, titles: Sequence[str] = (), window: tuple[int, int, int, int] | None = None
) -> None:
    """Draw images side by side, each with its size below.

    Each image is an array (height, width), or (height, width, 3) with colors from 0 to 1. `window`
    is (row, column, height, width) of a frame drawn around some pixels of the first image. Where an
    image is None or `...`, one sentence is printed instead.
    """
    arrays = _arrays(images)
    if arrays is None or nobody_looks():
        return
    figure = plt.figure()
    _draw_row(figure, arrays, titles, window)
    plt.show()


def show_channels(volume: Any, *, titles: Sequence[str] = (), columns: int = 6) -> None:
    """Draw every channel of a volume (height, width, channels) as an image of its own, in rows.

    All of them share one scale, so that they can be compared. Channels without a title are
    numbered. Where the volume is None or `...`, one sentence is printed instead.
    """
    if not finished(volume):
        return
    array = np.asarray(volume, dtype=np.float64)
    if array.ndim != 3 or not array.size:
        print(  # noqa: T201 - the notebook's reader is who this is for
            "Only a volume (height, width, channels) has channels to show. "
            f"Received: an array of shape {array.shape}."
        )
        return
    if nobody_looks():
        return
    count = array.shape[2]
    columns = min(columns, count)
    rows = -(-count // columns)
    width, height = (
        WIDTH / max(columns, 3),
        WIDTH / max(columns, 3) * array.shape[0] / array.shape[1],
    )
    figure, axes = plt.subplots(
        rows,
        columns,
        figsize=(width * columns, (height + 0.35) * rows),
        squeeze=False,
        layout="constrained",
    )
    for ax in axes.flat[count:]:
        ax.set_axis_off()
    for channel in range(count):
        title = titles[channel] if channel < len(titles) else f"channel {channel}"
        _draw(axes.flat[channel], array[:, :, channel], title, scale=array)
        axes.flat[channel].set_xlabel("")
    height_, width_ = array.shape[:2]
    figure.supxlabel(f"{height_} × {width_} × {count}", fontsize=9, color="#555555")
    plt.show()


def step_through(frames: Mapping[str, Any]) -> None:
    """Draw several rows of images, one at a time, with a slider to go from one to the next.

    `frames` maps a caption to an image, or to a list of images as `show` takes them. Where no
    slider can work, as on a printed page, all rows stand below one another. Where an image is None
    or `...`, one sentence is printed instead.
    """
    rows = {
        caption: list(images) if isinstance(images, list | tuple) else [images]
        for caption, images in frames.items()
    }
    drawn: dict[str, list[Array]] = {}
    for caption, images in rows.items():
        arrays = _arrays(images)
        if arrays is None:
            return
        drawn[caption] = arrays
    if nobody_looks():
        return
    from IPython.display import HTML, display

    pictures = []
    for caption, arrays in drawn.items():
        figure = plt.figure()
        _draw_row(figure, arrays, (), None)
        pictures.append((caption, _png(figure)))
        plt.close(figure)
    display(HTML(_slider(pictures)))  # type: ignore[no-untyped-call]


def _slider(pictures: list[tuple[str, str]]) -> str:
    """HTML in which one of `pictures`, captions with PNGs in base64, is seen at a time.

    It needs no script to be read: without the slider's own, every picture is seen.
    """
    parts = [
        f"<figure data-step='{step}' style='margin:0'{' hidden' if step else ''}>"
        f"<figcaption style='font-weight:600'>{escape(caption)}</figcaption>"
        f"<img alt='{escape(caption, quote=True)}' src='data:image/png;base64,{picture}'></figure>"
        for step, (caption, picture) in enumerate(pictures)
    ]
    move = (
        "for (const f of this.closest('div').querySelectorAll('figure')) "
        "f.hidden = f.dataset.step !== this.value;"
    )
    slider = (
        f"<input type='range' min='0' max='{len(pictures) - 1}' value='0' step='1' "
        f'aria-label="step" style="width:16em" oninput="{move}">'
    )
    return f"<div>{slider}{''.join(parts)}</div>"


def _png(figure: Figure) -> str:
    buffer = BytesIO()
    figure.savefig(buffer, format="png", dpi=80)
    return base64.b64encode(buffer.getvalue()).decode()


def _arrays(images: Sequence[Any]) -> list[Array] | None:
    """The images as arrays; None, and a sentence is printed, where one cannot be shown."""
    if not finished(*images):
        return None
    arrays = [np.asarray(image) for image in images]
    for array in arrays:
        if array.ndim not in (2, 3) or array.size == 0 or array.shape[2:] not in ((), (3,)):
            print(  # noqa: T201 - the notebook's reader is who this is for
                "Only an array (height, width) or (height, width, 3) can be shown as an image. "
                f"Received: one of shape {array.shape}."
            )
            return None
    return arrays


def _draw_row(
    figure: Figure,
    arrays: list[Array],
    titles: Sequence[str],
    window: tuple[int, int, int, int] | None,
) -> None:
    """Fill `figure` with the images side by side."""
    figure.set_layout_engine("constrained")
    figure.set_size_inches(*_figure_size(arrays))
    axes = figure.subplots(
        1, len(arrays), squeeze=False, width_ratios=[_share(array) for array in arrays]
    )
    for i, (ax, array) in enumerate(zip(axes[0], arrays, strict=True)):
        _draw(ax, array, titles[i] if i < len(titles) else "")
    for ax, array in zip(axes[0], arrays, strict=True):
        if array.ndim == 2 and max(array.shape) <= NUMBERS_UP_TO:
            _write_numbers(ax, array.astype(np.float64))
    if window is not None:
        row, column, height, width = window
        corner = (column - 0.5, row - 0.5)
        axes[0, 0].add_patch(Rectangle(corner, width, height, fill=False, ec=MARK, lw=2.5))


def nobody_looks() -> bool:
    """Whether figures are left undrawn, as in a kernel that grades."""
    return InlineBackend.initialized() and not InlineBackend.instance().figure_formats


def _share(array: Array) -> float:
    """The share of the figure's width: its own, but small images stay legible beside large ones."""
    widest = 1.6 * array.shape[0]
    wide = min(max(array.shape[1], 0.5 * array.shape[0]), widest)
    return float(wide / array.shape[0])


def _figure_size(arrays: list[Array]) -> tuple[float, float]:
    """Width and height in inches: one height for all, as wide as a notebook at most."""
    shares = sum(_share(array) for array in arrays)
    height = min(3.4, WIDTH / shares)
    return height * shares, height + 0.6


def _draw(ax: Axes, array: Array, title: str, scale: Array | None = None) -> None:
    """One image with its title above and its size below; `scale` holds the values to span."""
    gray = array.ndim == 2
    values = array.astype(np.float64)
    spanned = values if scale is None else scale
    if not gray:
        ax.imshow(np.clip(values, 0, 1))
    elif np.nanmin(spanned) < 0:
        limit = float(np.nanmax(np.abs(spanned)))
        ax.imshow(values, cmap=SIGNED, vmin=-limit, vmax=limit)
    else:
        ax.imshow(values, cmap="gray", vmin=0, vmax=max(1.0, float(np.nanmax(spanned))))
    ax.set_title(title, fontsize=11)
    ax.set_xlabel(f"{array.shape[0]} × {array.shape[1]}", fontsize=9, color="#555555")
    ax.set_xticks([])
    ax.set_yticks([])


def _write_numbers(ax: Axes, values: Array) -> None:
    """Every value in the middle of its pixel, dark on light and light on dark."""
    picture = ax.images[0]
    texts = [
        f"{value + 0.0:.2f}".rstrip("0").rstrip(".").replace("-", "−")
        for value in values.round(2).flat
    ]
    longest = max(map(_ems, texts))
    figure = ax.get_figure()
    assert figure is not None
    figure.canvas.draw()  # the layout is known only once it was drawn
    pixel = ax.get_window_extent().width / figure.dpi * 72 / values.shape[1]  # in points
    size = min(10.0, 0.85 * pixel / longest)
    for (row, column), text in zip(np.ndindex(values.shape), texts, strict=True):
        red, green, blue, _ = picture.to_rgba(values[row, column])
        light = 0.299 * red + 0.587 * green + 0.114 * blue > 0.5
        color = "black" if light else "white"
        ax.text(column, row, text, ha="center", va="center", fontsize=size, color=color)


def _ems(number: str) -> float:
    """How wide a number is in Matplotlib's own font, in units of the font's size."""
    return sum({"−": 0.84, ".": 0.32}.get(sign, 0.64) for sign in number)
