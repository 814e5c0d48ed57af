"""Draws the figures of lesson 1 into this folder."""

from __future__ import annotations


import numpy as np
from canvas import (
    BLUE,
    GRAY,
    GREEN,
    HERE,
    INK,
    ORANGE,
    OUTPUT,
    PADDING,
    PAPER,
    SUM,
    WINDOW,
    arrow,
    canvas,
    draw_all,
    grid,
    label,
    limits,
    outline,
    palette,
    save,
)
from matplotlib.patches import Rectangle
from PIL import Image

IMAGE = np.array(
    [
        [0, 0, 1, 2, 2, 1],
        [0, 1, 2, 3, 1, 0],
        [1, 0, 3, 2, 0, 1],
        [0, 2, 2, 1, 1, 0],
        [1, 1, 3, 0, 0, 2],
    ]
)
KERNEL = np.array([[-1, 0, 1], [-1, 0, 1], [-1, 0, 1]])


def draw_patch_response() -> None:
    """Patch, kernel, products and their sum."""
    patch = np.array([[0.1, 0.2, 0.7], [0.0, 0.3, 0.6], [0.1, 0.1, 0.5]])
    figure, ax = canvas(6.6, 1.95)
    limits(ax, 16.5, 4.9)
    products = (patch * KERNEL).round(1) + 0.0
    response = products.sum()
    for left, title, values, fill in (
        (0.4, "patch", patch, PAPER),
        (4.9, "kernel", KERNEL, WINDOW),
        (9.4, "products", products, PAPER),
    ):
        label(ax, left + 1.5, 0.55, title)
        grid(ax, values, left, 1.1, fill=fill, size=10)
    label(ax, 14.9, 0.55, "response")
    grid(ax, [[f"{response:.1f}"]], 14.4, 2.1, fill=SUM, size=12)
    outline(ax, 14.4, 2.1, 1, 1, GREEN)
    for x, sign in ((4.15, "×"), (8.65, "=")):
        label(ax, x, 2.6, sign, fontsize=17)
    arrow(ax, (12.6, 2.6), (14.2, 2.6))
    label(ax, 13.35, 2.1, "sum", fontsize=9.5)
    save(figure, "01_patch_response.png")


def sliding_frame(step: int) -> Image.Image:
    """The window at one place, its products, and the feature map up to there."""
    rows, columns = np.subtract(IMAGE.shape, KERNEL.shape) + 1
    row, column = divmod(step, columns)
    patch = IMAGE[row : row + 3, column : column + 3]
    responses = [
        int((IMAGE[r : r + 3, c : c + 3] * KERNEL).sum()) for r, c in np.ndindex(rows, columns)
    ]
    figure, ax = canvas(6.6, 3.5)
    limits(ax, 16.5, 8.75)

    label(ax, 3.4, 0.5, "input channel (5 × 6)")
    fill = np.full(IMAGE.shape, PAPER, dtype=object)
    fill[row : row + 3, column : column + 3] = WINDOW
    grid(ax, IMAGE, 0.4, 1.0, fill=fill)
    outline(ax, 0.4 + column, 1.0 + row, 3, 3, ORANGE)

    label(ax, 8.7, 0.5, "kernel (3 × 3)")
    grid(ax, KERNEL, 7.2, 1.0, fill=WINDOW)
    label(ax, 8.7, 4.55, "window × kernel")
    grid(ax, patch * KERNEL, 7.2, 5.0)
    label(
        ax,
        0.4,
        7.3,
        "Each pixel in the window is\nmultiplied by the weight at\nthe same place.",
        ha="left",
    )

    label(ax, 13.6, 0.5, "output channel (3 × 4)")
    shown = [str(value) if i <= step else "" for i, value in enumerate(responses)]
    fill = np.array([OUTPUT if i <= step else PAPER for i in range(len(shown))], dtype=object)
    values = np.array(shown, dtype=object).reshape(rows, columns)
    grid(ax, values, 11.6, 1.0, fill=fill.reshape(rows, columns))
    outline(ax, 11.6 + column, 1.0 + row, 1, 1, BLUE)

    arrow(ax, (10.3, 6.5), (11.5, 6.5))
    label(ax, 10.85, 6.05, "sum", fontsize=9.5)
    grid(ax, [[responses[step]]], 11.6, 6.0, fill=OUTPUT, size=12)
    outline(ax, 11.6, 6.0, 1, 1, BLUE)
    label(ax, 12.85, 6.5, f"at row {row}, column {column}", ha="left", color=BLUE)
    arrow(ax, (12.1, 5.9), (12.1 + column, 2.1 + row), BLUE)
    return palette(figure)


def draw_sliding_window() -> None:
    """One frame for each place of the window; the complete map stays a little longer."""
    steps = int(np.prod(np.subtract(IMAGE.shape, KERNEL.shape) + 1))
    frames = [sliding_frame(step) for step in range(steps)]
    frames[0].save(
        HERE / "01_sliding_window.gif",
        save_all=True,
        append_images=frames[1:],
        duration=[1600] + [1100] * (steps - 2) + [3500],
        loop=0,
        optimize=True,
    )


def draw_size() -> None:
    """A row of seven pixels, and each of the five places of a kernel of three."""
    figure, ax = canvas(6.6, 2.75)
    limits(ax, 16.5, 6.875)
    label(ax, 3.6, 0.9, "image_size = 7", ha="right")
    grid(ax, [list(range(7))], 4.2, 0.4, ink=GRAY)
    label(ax, 3.6, 4.0, "kernel_size = 3\ncan start at …", ha="right")
    for start in range(5):
        y = 1.75 + 0.95 * start
        for column in range(7):
            ax.plot([4.2 + column] * 2, [y, y + 0.7], color="#DDDDDD", lw=0.8, zorder=0)
        box = Rectangle((4.2 + start, y), 3, 0.7, fc=WINDOW, ec=ORANGE, lw=2)
        ax.add_patch(box)
        label(ax, 5.7 + start, y + 0.36, f"pixel {start}", fontsize=10)
    label(ax, 12.9, 4.0, "5 places,\nso the map\nhas 5 values", ha="left", color=BLUE)
    ax.plot([12.4, 12.7, 12.7, 12.4], [1.8, 1.8, 6.2, 6.2], color=BLUE, lw=1.6)
    save(figure, "01_size.png")


def draw_flip() -> None:
    """A bright dot under cross-correlation and under the convolution of mathematics."""
    letters = np.array(list("abcdefghi")).reshape(3, 3)
    dot = np.zeros((5, 5), dtype=int)
    dot[2, 2] = 1
    figure, ax = canvas(6.6, 2.35)
    limits(ax, 21.5, 7.655)
    label(ax, 3.0, 0.6, "image: one bright dot")
    fill = np.full(dot.shape, PAPER, dtype=object)
    fill[2, 2] = SUM
    grid(ax, dot, 0.5, 1.2, fill=fill)
    label(ax, 8.2, 0.6, "kernel")
    grid(ax, letters, 6.7, 2.2, fill=WINDOW)
    arrow(ax, (10.0, 3.7), (11.4, 3.7))
    for left, title, values, caption in (
        (
            11.9,
            "cross-correlation",
            letters[::-1, ::-1],
            "kernel slides as it is:\nletters reversed",
        ),
        (17.4, "convolution", letters, "kernel is flipped first:\nletters in order"),
    ):
        label(ax, left + 1.5, 1.2, title, weight="bold")
        grid(ax, values, left, 2.2, fill=OUTPUT)
        label(ax, left + 1.5, 6.2, caption, fontsize=9)
    save(figure, "01_flip.png")


def draw_padding() -> None:
    """A 4×4 image in its frame, the window at the first place, and the 4×4 map."""
    figure, ax = canvas(6.6, 3.0)
    limits(ax, 16.5, 7.5)
    image = IMAGE[:4, 1:5]
    framed = np.pad(image, 1)
    fill = np.full(framed.shape, PADDING, dtype=object)
    fill[1:-1, 1:-1] = PAPER
    label(ax, 3.7, 0.45, "image (4 × 4), padding = 1")
    grid(ax, framed, 0.7, 1.0, fill=fill)
    outline(ax, 1.7, 2.0, 4, 4, INK)
    outline(ax, 0.7, 1.0, 3, 3, ORANGE)
    for text, y, color in (
        ("the image", 2.6, INK),
        ("first window (3 × 3)", 3.6, "#A86E00"),
        ("frame of zeros", 4.6, "#6E6E6E"),
    ):
        label(ax, 7.2, y, text, ha="left", color=color, weight="bold", fontsize=9.5)
    arrow(ax, (7.3, 5.5), (11.3, 5.5))
    label(ax, 13.6, 0.45, "feature map (4 × 4)")
    responses = [
        [int((framed[r : r + 3, c : c + 3] * KERNEL).sum()) for c in range(4)] for r in range(4)
    ]
    fill = np.full((4, 4), PAPER, dtype=object)
    fill[0, 0] = OUTPUT
    grid(ax, responses, 11.6, 2.0, fill=fill)
    outline(ax, 11.6, 2.0, 1, 1, BLUE)
    save(figure, "01_padding.png")


def draw_strides() -> None:
    """Where windows of size 3 start in a 7×8 image at stride 2, and the map they fill."""
    figure, ax = canvas(6.6, 3.6)
    limits(ax, 16.5, 9.0)
    label(ax, 4.7, 0.45, "image (7 × 8), kernel_size = 3, strides = 2")
    fill = np.full((7, 8), PAPER, dtype=object)
    fill[:, 7] = PADDING
    words = np.full((7, 8), "", dtype=object)
    for row, column in np.ndindex(3, 3):
        words[2 * row, 2 * column] = "abcdefghi"[3 * row + column]
    fill[0:3, 0:3] = WINDOW
    grid(ax, words, 0.7, 1.0, fill=fill)
    outline(ax, 0.7, 1.0, 3, 3, ORANGE)
    outline(ax, 2.7, 1.0, 3, 3, ORANGE, "--")
    label(ax, 4.7, 8.55, "letters: where windows start; gray: seen by none", fontsize=9.5)
    arrow(ax, (9.3, 4.5), (11.3, 4.5))
    label(ax, 13.4, 2.25, "feature map (3 × 3)")
    grid(ax, np.array(list("abcdefghi")).reshape(3, 3), 11.9, 3.0, fill=OUTPUT)
    save(figure, "01_strides.png")


def draw_shift() -> None:
    """A map that moves one down and two to the right behind a frame: what stays, what comes in."""
    figure, ax = canvas(6.6, 2.9)
    limits(ax, 16.5, 7.25)
    values = np.arange(10, 30).reshape(4, 5)
    stays = np.full(values.shape, PAPER, dtype=object)
    stays[:3, :3] = OUTPUT
    label(ax, 3.3, 0.5, "feature map")
    grid(ax, values, 0.8, 1.0, fill=stays)
    outline(ax, 0.8, 1.0, 5, 4, INK)
    arrow(ax, (6.3, 3.0), (8.3, 3.0))
    label(ax, 7.3, 2.2, "rows = 1\ncolumns = 2", fontsize=9.5)
    label(ax, 11.3, 0.5, "map of the moved image")
    moved = np.full(values.shape, "?", dtype=object)
    moved[1:, 2:] = values[:3, :3]
    fill = np.full(values.shape, PADDING, dtype=object)
    fill[1:, 2:] = OUTPUT
    grid(ax, values[3:], 10.8, 5.0, ink="#BBBBBB")
    grid(ax, values[:3, 3:], 13.8, 2.0, ink="#BBBBBB")
    grid(ax, moved, 8.8, 1.0, fill=fill)
    outline(ax, 8.8, 1.0, 5, 4, INK)
    for x, color, text in ((0.8, OUTPUT, "overlap"), (4.0, PADDING, "comes in, unknown")):
        ax.add_patch(Rectangle((x, 6.35), 0.6, 0.5, fc=color, ec="#B5B5B5"))
        label(ax, x + 0.8, 6.62, text, ha="left", fontsize=9.5)
    save(figure, "01_shift.png")


if __name__ == "__main__":
    draw_all(
        draw_patch_response,
        draw_sliding_window,
        draw_size,
        draw_flip,
        draw_padding,
        draw_strides,
        draw_shift,
    )
