"""Lesson 1, convolution: what each exercise asks, and how wrong answers are recognized."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from cnn_course.references import (
    Array,
    Rng,
    correlate,
    draw_image,
    draw_kernel,
    frame,
    images_and_kernels,
    overlap,
    positions,
)
from grader import Exercise, expect

TITLE = "Convolution"

Function = Callable[..., Any]

# Ready-made convolutions: in this lesson they are what the student builds.
READY_MADE = (
    "scipy",
    "keras",
    "tensorflow",
    "torch",
    "cv2",
    "skimage",
    "PIL.ImageFilter",
    "numpy.convolve",
    "numpy.correlate",
)

# ------------------------------------------------------------------------------------------------
patch_response = Exercise(
    "patch_response",
    title="One patch, one number",
    forbid=READY_MADE,
    hints=(
        "Patch and kernel have the same shape, so each weight lies on exactly one pixel.",
        "NumPy's `*` multiplies two arrays of the same shape number by number; `@` does not.",
        (
            "After the multiplication you hold as many products as pixels. One number is asked "
            "for: what do you do with the products?"
        ),
    ),
)


@patch_response.check(points=1)
def returns_one_number(patch_response: Function, rng: Rng) -> None:
    """The response of a patch to a kernel is a single number."""
    for shape in ((3, 3), (2, 2)):
        expect.shape(patch_response(draw_image(rng, shape), draw_kernel(rng, shape)), ())


@patch_response.check(points=2, after=returns_one_number)
def sums_the_products(patch_response: Function, rng: Rng) -> None:
    """Each pixel is multiplied by the weight that lies on it, and the products are added up."""
    cases = list(_patches_and_kernels(rng))
    for patch, kernel in cases[:2]:
        patch_response(patch, kernel)  # two answers tell which mistake it is; one may be chance
    for patch, kernel in cases:
        expect.close(patch_response(patch, kernel), correlate(patch, kernel)[0, 0])


def _patches_and_kernels(rng: Rng) -> Iterator[tuple[Array, Array]]:
    """Two square and two oblong patches, on which no two answers, right or wrong, are the same.

    The first response is positive, the second negative.
    """
    anywhere = (mean_of_products, divided_by_the_weights, kernel_turned_around, sum_times_sum)
    for case, shape in enumerate(((3, 3), (3, 3), (2, 4), (5, 2))):
        wrong_answers = (*anywhere, matrix_product_summed) if shape == (3, 3) else anywhere
        while True:
            patch, kernel = draw_image(rng, shape), draw_kernel(rng, shape)
            answers = [float(wrong.function(patch, kernel)) for wrong in wrong_answers]
            response = float(correlate(patch, kernel)[0, 0])
            apart = np.diff(np.sort([*answers, response, -response])).min() > 0.05
            if apart and (case > 1 or (response < 0) == (case == 1)):
                break
        yield patch, kernel


@patch_response.misconception(
    "You return the products themselves. They are the right ones, but a kernel answers each patch "
    "with one number: how much of its pattern is there in all?"
)
def products_not_summed(patch: Array, kernel: Array) -> Array:
    return patch * kernel


@patch_response.misconception(
    "You multiply patch and kernel as matrices, rows by columns. A kernel lies on the patch like a "
    "stencil: each weight meets only the one pixel under it. Which operator does that?"
)
def matrix_product(patch: Array, kernel: Array) -> Any:
    return patch @ kernel


@patch_response.misconception(
    "You add up the entries of the matrix product. There every pixel meets several weights; on a "
    "patch, each weight meets only the pixel under it. Which operator keeps to those pairs?"
)
def matrix_product_summed(patch: Array, kernel: Array) -> Any:
    return (patch @ kernel).sum()


@patch_response.misconception(
    "You return the mean of the products. A response is their sum; dividing by the number of "
    "pixels would make the same weights answer more weakly the larger the kernel is."
)
def mean_of_products(patch: Array, kernel: Array) -> Any:
    return (patch * kernel).mean()


@patch_response.misconception(
    "You divide by the sum of the weights, as for a weighted average. A kernel is used as it "
    "stands, and for one whose weights sum to zero the division would not even be possible."
)
def divided_by_the_weights(patch: Array, kernel: Array) -> Any:
    return (patch * kernel).sum() / kernel.sum()


@patch_response.misconception(
    "You turn the kernel around before multiplying. In a CNN the kernel lies on the patch as it "
    "is: its top-left weight on the top-left pixel."
)
def kernel_turned_around(patch: Array, kernel: Array) -> Any:
    return (patch * kernel[::-1, ::-1]).sum()


@patch_response.misconception(
    "You add up first and multiply afterwards. Then it no longer matters which pixel lies under "
    "which weight, and that pairing is all that a kernel knows. What comes first?"
)
def sum_times_sum(patch: Array, kernel: Array) -> Any:
    return patch.sum() * kernel.sum()


# ------------------------------------------------------------------------------------------------
convolve2d = Exercise(
    "convolve2d",
    title="Slide a kernel over an image",
    forbid=READY_MADE,
    hints=(
        (
            "Begin with the size: in how many places can the window stand, down and across? Make "
            "an array of zeros of that shape."
        ),
        (
            "Two nested loops, over the rows and over the columns of the feature map, visit every "
            "place of the window."
        ),
        (
            "The window that belongs to `feature_map[row, column]` has its top-left corner at that "
            "same row and column of the image. How far does it reach?"
        ),
        (
            "Cut the window out with a slice for the rows and a slice for the columns; "
            "`patch_response` does the rest."
        ),
    ),
)


@convolve2d.check(points=1)
def shrinks_the_image(convolve2d: Function, rng: Rng) -> None:
    """The feature map of an H×W image and a k×l kernel is (H − k + 1)×(W − l + 1)."""
    for image, kernel in images_and_kernels(rng):
        expect.shape(convolve2d(image, kernel), correlate(image, kernel).shape)


@convolve2d.check(points=2, after=shrinks_the_image)
def sums_patch_times_kernel(convolve2d: Function, rng: Rng) -> None:
    """Each value is the sum of one image patch times the kernel, element by element."""
    for image, kernel in images_and_kernels(rng):
        expect.close(convolve2d(image, kernel), correlate(image, kernel))


@convolve2d.misconception(
    "You flip the kernel before sliding it. That is the convolution of mathematics; a CNN slides "
    "its kernel as it is."
)
def slides_a_flipped_kernel(image: Array, kernel: Array) -> Array:
    return correlate(image, kernel[::-1, ::-1])


@convolve2d.misconception(
    "Your feature map ends one row and one column too early. A window can also stand flush with "
    "the last row and column: count the places of a 3-pixel window in a row of 4 pixels."
)
def one_short(image: Array, kernel: Array) -> Array:
    return correlate(image, kernel)[:-1, :-1]


@convolve2d.misconception(
    "Rows and columns of your feature map are exchanged. The first index counts rows, downward, "
    "in the image and in the feature map alike; which loop runs over which?"
)
def rows_and_columns_exchanged(image: Array, kernel: Array) -> Array:
    return correlate(image, kernel).T


@convolve2d.misconception(
    "You take the number of columns from the height of the image, so only square images come out "
    "right. Which entry of `image.shape` counts the columns?"
)
def square_images_only(image: Array, kernel: Array) -> Array:
    height = image.shape[0]
    return correlate(image[:, :height], kernel)


@convolve2d.misconception(
    "Your feature map is as large as the image, so some of your windows reach past its border. "
    "Here a window must lie fully inside the image; in how many places can it?"
)
def as_large_as_the_image(image: Array, kernel: Array) -> Array:
    before = np.subtract(kernel.shape, 1) // 2
    after = np.subtract(kernel.shape, 1) - before
    return correlate(np.pad(image, list(zip(before, after, strict=True))), kernel)


@convolve2d.misconception(
    "You average the products of a window instead of adding them up. A feature map holds sums; a "
    "kernel that should average carries the division in its weights."
)
def averages_each_window(image: Array, kernel: Array) -> Array:
    return correlate(image, kernel) / kernel.size


@convolve2d.misconception(
    "You set negative sums to zero. They are part of the feature map: they say that the opposite "
    "of the pattern is there. (Networks do drop them, in a step of its own: see lesson 3.)"
)
def drops_negative_sums(image: Array, kernel: Array) -> Array:
    return np.maximum(correlate(image, kernel), 0)


# ------------------------------------------------------------------------------------------------
feature_map_size = Exercise(
    "feature_map_size",
    title="How large is the feature map?",
    hints=(
        (
            "Take a row of 7 pixels and a window of 3, and list the pixels that the window can "
            "start at. Where does the last one lie?"
        ),
        "Starts are counted from 0: the last possible start is not yet the number of starts.",
        "Nothing needs to be halved: try a window of 2 and one of 4 as well.",
    ),
)


def _sizes(rng: Rng, kernel_sizes: tuple[int, ...]) -> Iterator[tuple[int, int]]:
    """Pairs of image size and kernel size; the image is never a multiple of the kernel.

    A kernel of 7 comes first: smaller ones do not tell all wrong answers apart.
    """
    for kernel_size in kernel_sizes:
        yield kernel_size * int(rng.integers(6, 10)) + 1, kernel_size


@feature_map_size.check(points=1)
def counts_the_places_of_odd_kernels(feature_map_size: Function, rng: Rng) -> None:
    """The size is the number of places where a kernel of odd size fits into the image."""
    for image_size, kernel_size in _sizes(rng, (7, 5, 3)):
        expect.equal(feature_map_size(image_size, kernel_size), positions(image_size, kernel_size))


@feature_map_size.check(points=1)
def counts_the_places_of_any_kernel(feature_map_size: Function, rng: Rng) -> None:
    """It is so for kernels of any size, even ones too; one as large as the image fits once."""
    whole = int(rng.integers(3, 9)) * 2
    for image_size, kernel_size in (*_sizes(rng, (7, 4, 2, 6)), (whole, whole)):
        expect.equal(feature_map_size(image_size, kernel_size), positions(image_size, kernel_size))


@feature_map_size.misconception(
    "You subtract the kernel's size from the image's and stop there. That is where the last window "
    "starts, counted from 0; how many starts are there from 0 up to that one?"
)
def no_plus_one(image_size: int, kernel_size: int) -> int:
    return image_size - kernel_size


@feature_map_size.misconception(
    "You take half a kernel off once. If you place the window by its center, there is a half that "
    "may not stick out on the left, and another one on the right."
)
def half_a_kernel_once(image_size: int, kernel_size: int) -> int:
    return image_size - kernel_size // 2


@feature_map_size.misconception(
    "You take half a kernel off on both sides. For odd kernels that is right; an even one has no "
    "center pixel, and its two halves differ by one. Try to count where the window starts."
)
def half_a_kernel_twice(image_size: int, kernel_size: int) -> int:
    return image_size - 2 * (kernel_size // 2)


@feature_map_size.misconception(
    "You divide the image's size by the kernel's, as if windows were laid side by side. The window "
    "moves on by one pixel at a time, so neighboring windows overlap."
)
def side_by_side(image_size: int, kernel_size: int) -> int:
    return image_size // kernel_size


@feature_map_size.misconception(
    "You return the image's own size. Without padding the window must lie fully inside the image: "
    "where would the window of the last pixel reach?"
)
def size_kept(image_size: int, _kernel_size: int) -> int:
    return image_size


# ------------------------------------------------------------------------------------------------
edge_kernels = Exercise(
    "edge_kernels",
    title="Two kernels that find edges",
    names=("vertical_edges", "horizontal_edges"),
    hints=(
        (
            "In a row of pixels, the weights −1, 0, 1 answer with right minus left. What do they "
            "say about an even area, and about one that gets brighter to the right?"
        ),
        (
            "A vertical edge runs through all three rows of the window, so all three rows may ask "
            "the same question."
        ),
        (
            "The other kernel asks the same question from top to bottom. Which operation exchanges "
            "rows and columns of an array?"
        ),
    ),
)

TO_THE_RIGHT = np.array([[-1.0, 0.0, 1.0]] * 3)


@edge_kernels.check(points=1)
def are_silent_on_even_areas(vertical_edges: Any, horizontal_edges: Any, rng: Rng) -> None:
    """Where the image is evenly bright, both kernels (3×3) answer 0."""
    kernels = {"vertical_edges": vertical_edges, "horizontal_edges": horizontal_edges}
    for name, kernel in kernels.items():
        _answers_something(name, kernel)
        brightness = int(rng.integers(2, 10)) / 10
        response = _response(np.full((3, 3), brightness), kernel)
        expect.that(
            abs(response) < 1e-3,
            f"On an area that is {brightness} everywhere, `{name}` answers {response:.4g}, not 0.",
            received=kernel,
        )


def _answers_something(name: str, kernel: Any) -> None:
    """A 3×3 kernel that is not all zeros: one that never answers is silent everywhere for free."""
    expect.shape(kernel, (3, 3))
    expect.that(
        bool(np.any(np.asarray(kernel) != 0)),
        f"`{name}` is zero everywhere, so it answers nothing at all.",
        received=kernel,
    )


@edge_kernels.check(points=1)
def ignore_edges_of_the_other_kind(vertical_edges: Any, horizontal_edges: Any, rng: Rng) -> None:
    """`vertical_edges` answers 0 to a horizontal edge, `horizontal_edges` to a vertical one."""
    _answers_something("vertical_edges", vertical_edges)
    _answers_something("horizontal_edges", horizontal_edges)
    for window in _brightening_to_the_right(rng):
        kept_quiet = {
            "vertical_edges` answers a horizontal": _response(window.T, vertical_edges),
            "horizontal_edges` answers a vertical": _response(window, horizontal_edges),
        }
        for which, response in kept_quiet.items():
            expect.that(abs(response) < 1e-3, f"`{which} edge with {response:.4g}, not with 0.")


@edge_kernels.check(points=1)
def are_positive_where_it_gets_brighter(
    vertical_edges: Any, horizontal_edges: Any, rng: Rng
) -> None:
    """Brighter to the right, `vertical_edges` is positive; brighter downward, `horizontal_edges`.

    Where it gets darker instead, they are negative.
    """
    expect.shape(vertical_edges, (3, 3))
    expect.shape(horizontal_edges, (3, 3))
    for window in _brightening_to_the_right(rng):
        across, down = (
            (vertical_edges, "vertical", "right"),
            (horizontal_edges, "horizontal", "bottom"),
        )
        for seen, (kernel, name, side) in ((window, across), (window.T, down)):
            brighter, darker = _response(seen, kernel), _response(seen[::-1, ::-1], kernel)
            expect.that(
                brighter > 1e-3,
                f"`{name}_edges` answers a window that is brighter at the {side} with "
                f"{brighter:.4g}, which is not positive.",
                received=kernel,
            )
            expect.that(
                darker < -1e-3,
                f"`{name}_edges` answers a window that is darker at the {side} with "
                f"{darker:.4g}, which is not negative.",
                received=kernel,
            )


def _response(window: Array, kernel: Any) -> float:
    """What a 3×3 kernel answers to a 3×3 window."""
    return float(correlate(window, np.asarray(kernel, dtype=np.float64))[0, 0])


def _brightening_to_the_right(rng: Rng) -> Iterator[Array]:
    """Windows whose columns get brighter to the right, most of it left or right of the middle."""
    for small, large in ((0.1, 0.5), (0.05, 0.4)):
        start = int(rng.integers(1, 4)) / 10
        for steps in ((0.0, small, small + large), (0.0, large, small + large)):
            yield np.tile(start + np.array(steps), (3, 1))


def _slopes(kernel: Any) -> tuple[float, float, float] | None:
    """Sum of the weights, answer to a ramp to the right and to a ramp downward; None if not 3×3."""
    try:
        weights = np.asarray(kernel, dtype=np.float64)
    except (TypeError, ValueError):
        return None
    if weights.shape != (3, 3) or not np.isfinite(weights).all():
        return None
    ramp = np.tile([-1.0, 0.0, 1.0], (3, 1))
    return weights.sum(), (weights * ramp).sum(), (weights * ramp.T).sum()


def _signs(vertical_edges: Any, horizontal_edges: Any) -> tuple[int, ...]:
    """The signs of both kernels' sum, slope to the right and slope downward; () if not 3×3."""
    slopes = (_slopes(vertical_edges), _slopes(horizontal_edges))
    if slopes[0] is None or slopes[1] is None:
        return ()
    return tuple(int(np.sign(np.round(value, 3))) for value in slopes[0] + slopes[1])


def _are_exchanged(vertical_edges: Any, horizontal_edges: Any) -> bool:
    match _signs(vertical_edges, horizontal_edges):
        case (0, 0, vertical, 0, horizontal, 0):
            return vertical != 0 and horizontal != 0
    return False


def _have_a_reversed_sign(vertical_edges: Any, horizontal_edges: Any) -> bool:
    match _signs(vertical_edges, horizontal_edges):
        case (0, vertical, 0, 0, 0, horizontal):
            return vertical * horizontal != 0 and -1 in (vertical, horizontal)
    return False


def _do_not_sum_to_zero(vertical_edges: Any, horizontal_edges: Any) -> bool:
    match _signs(vertical_edges, horizontal_edges):
        case (vertical, _, _, horizontal, _, _):
            return vertical != 0 or horizontal != 0
    return False


def _find_lines(vertical_edges: Any, horizontal_edges: Any) -> bool:
    if _signs(vertical_edges, horizontal_edges) != (0, 0, 0, 0, 0, 0):
        return False
    across, down = np.asarray(vertical_edges), np.asarray(horizontal_edges)
    same_on_both_sides = np.allclose(across, across[:, ::-1]) and np.allclose(down, down[::-1])
    return bool(same_on_both_sides and across.any() and down.any())


def _are_slanted(vertical_edges: Any, horizontal_edges: Any) -> bool:
    match _signs(vertical_edges, horizontal_edges):
        case (0, right, down, 0, also_right, also_down):
            return right * down != 0 or also_right * also_down != 0
    return False


@edge_kernels.misconception(
    "You exchanged the two. A vertical edge is a line that runs from top to bottom, and to find it "
    "the kernel compares what lies left of it with what lies right of it.",
    recognize=_are_exchanged,
)
def exchanged() -> dict[str, Array]:
    return {"vertical_edges": TO_THE_RIGHT.T, "horizontal_edges": TO_THE_RIGHT}


@edge_kernels.misconception(
    "A kernel of yours has its signs the wrong way round: it is positive where the image gets "
    "darker. Lay it on the pixels 0.1, 0.5, 0.9 and compute the response.",
    recognize=_have_a_reversed_sign,
)
def sign_reversed() -> dict[str, Array]:
    return {"vertical_edges": -TO_THE_RIGHT, "horizontal_edges": -TO_THE_RIGHT.T}


@edge_kernels.misconception(
    "The weights of a kernel of yours do not sum to zero, so it answers even where there is no "
    "edge at all, and the more the brighter the area is. What must the two sides do to each other?",
    recognize=_do_not_sum_to_zero,
)
def does_not_sum_to_zero() -> dict[str, Array]:
    brighter = np.array([[-1.0, 0.0, 2.0]] * 3)
    return {"vertical_edges": brighter, "horizontal_edges": brighter.T}


@edge_kernels.misconception(
    "Your kernels have the same weights on both sides, so they find thin lines: something that "
    "differs from both its neighbors. At an edge the two sides differ from each other.",
    recognize=_find_lines,
)
def finds_lines() -> dict[str, Array]:
    line = np.array([[-1.0, 2.0, -1.0]] * 3)
    return {"vertical_edges": line, "horizontal_edges": line.T}


@edge_kernels.misconception(
    "A kernel of yours answers both to steps to the right and to steps downward: it finds slanted "
    "edges. For edges of one direction only, what must hold in every single row (or column)?",
    recognize=_are_slanted,
)
def slanted() -> dict[str, Array]:
    corner = np.array([[0.0, 1.0, 2.0], [-1.0, 0.0, 1.0], [-2.0, -1.0, 0.0]])
    return {"vertical_edges": corner, "horizontal_edges": corner[::-1]}


# ------------------------------------------------------------------------------------------------
blur_and_sharpen = Exercise(
    "blur_and_sharpen",
    title="Blur and sharpen",
    names=("blur", "sharpen"),
    hints=(
        (
            "A pixel of a blurred picture is an average of a pixel and its neighbors. How many "
            "weights share the whole, and how large is each?"
        ),
        "To sharpen is to exaggerate: add to each pixel what sets it apart from its neighbors.",
        (
            "What sets a pixel apart from its four neighbors is 4 times the pixel minus each of "
            "them. Write that as a kernel, then add the kernel that leaves the image as it is."
        ),
    ),
)

BOX = np.full((3, 3), 1 / 9)
AS_IS = np.array([[0.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 0.0]])
SET_APART = np.array([[0.0, -1.0, 0.0], [-1.0, 4.0, -1.0], [0.0, -1.0, 0.0]])


@blur_and_sharpen.check(points=1)
def keep_the_brightness(blur: Any, sharpen: Any, rng: Rng) -> None:
    """Where the image is evenly bright, it stays as bright as it was under both kernels (3×3)."""
    for name, kernel in {"blur": blur, "sharpen": sharpen}.items():
        expect.shape(kernel, (3, 3))
        brightness = int(rng.integers(2, 10)) / 10
        response = _response(np.full((3, 3), brightness), kernel)
        expect.that(
            abs(response - brightness) < 1e-2 * brightness,
            f"`{name}` turns an area that is {brightness} everywhere into {response:.4g}.",
            received=kernel,
        )


@blur_and_sharpen.check(points=1)
def blur_spreads_a_bright_dot(blur: Any, rng: Rng) -> None:
    """`blur` spreads a dot over its neighbors: all four get some light, it keeps half at most.

    Nothing becomes darker than the dark ground.
    """
    expect.shape(blur, (3, 3))
    dot = np.zeros((5, 5))
    dot[2, 2] = int(rng.integers(2, 10)) / 10
    spread = correlate(dot, np.asarray(blur, dtype=np.float64))
    expect.that(
        bool(spread[1, 1] <= dot[2, 2] / 2 + 1e-6),
        f"A dot of {dot[2, 2]} still stands at {spread[1, 1]:.4g}: more than half of it.",
        received=blur,
    )
    neighbors = spread[[0, 1, 1, 2], [1, 0, 2, 1]]
    expect.that(
        bool((neighbors > 1e-6).all()),
        "Not all four neighbors (up, down, left, right) get light from the dot.",
        received=blur,
    )
    expect.that(
        bool((spread > -1e-6).all()),
        "A neighbor of the bright dot becomes darker than the dark ground.",
        received=blur,
    )


@blur_and_sharpen.check(points=1)
def sharpen_makes_edges_steeper(sharpen: Any, rng: Rng) -> None:
    """`sharpen` makes the step across a vertical and across a horizontal edge larger."""
    expect.shape(sharpen, (3, 3))
    even = _response(np.full((3, 3), 0.5), sharpen)
    expect.that(
        abs(even - 0.5) < 5e-3,
        f"`sharpen` turns an even area of 0.5 into {even:.4g}: steps are compared where it keeps "
        f"the brightness.",
        received=sharpen,
    )
    dark, bright = int(rng.integers(1, 5)) / 10, int(rng.integers(5, 10)) / 10
    for first, second in ((dark, bright), (bright, dark)):
        image = np.tile(np.repeat([first, second], 3), (3, 1))
        steps = {
            "vertical": _step(image, sharpen),
            "horizontal": _step(image, np.asarray(sharpen).T),
        }
        for which, step in steps.items():
            before = abs(second - first)
            after = step * np.sign(second - first)
            expect.that(
                bool(after > 1.05 * before),
                f"Across a {which} edge, a step of {before:.1f} becomes {after:.4g}: no larger.",
                received=sharpen,
            )


def _step(image: Array, kernel: Any) -> float:
    """The step of the feature map across the middle of an image (3, 6)."""
    row = correlate(image, np.asarray(kernel, dtype=np.float64))[0]
    return float(row[2] - row[1])


def _weights(kernel: Any) -> Array:
    """The kernel as 3×3 numbers, or nine NaN, which compare as False, for anything else."""
    try:
        weights = np.asarray(kernel, dtype=np.float64)
    except (TypeError, ValueError):
        return np.full((3, 3), np.nan)
    return weights if weights.shape == (3, 3) else np.full((3, 3), np.nan)


def _averages(kernel: Any) -> bool:
    weights = _weights(kernel)
    return bool((weights >= 0).all()) and bool(weights[1, 1] < 0.9 * weights.sum())


def _only_adds_up(kernel: Any) -> bool:
    weights = _weights(kernel)
    return bool(np.all(weights == np.round(weights))) and bool(weights.sum() > 1)


def _lies_on_one_line(kernel: Any) -> bool:
    """Whether all the light stays in the middle row, in the middle column or on one diagonal."""
    weights = _weights(kernel)
    lines = (weights[1], weights[:, 1], np.diag(weights), np.diag(weights[:, ::-1]))
    return any(np.count_nonzero(line) == np.count_nonzero(weights) for line in lines)


def _sharpens(kernel: Any) -> bool:
    weights = _weights(kernel)
    return bool(weights[1, 1] > 1) and bool((weights < 0).any())


@blur_and_sharpen.misconception(
    "You exchanged the two. Ask each kernel what it does to a single bright dot: which one spreads "
    "it, which one makes it stand out?",
    recognize=lambda blur, sharpen: _sharpens(blur) and _averages(sharpen),
)
def sharpen_for_blur() -> dict[str, Array]:
    return {"blur": AS_IS + SET_APART, "sharpen": BOX}


@blur_and_sharpen.misconception(
    "Your blur adds the neighbors up without dividing, so the picture becomes several times too "
    "bright. What must the nine weights sum to, so that an even area stays as it is?",
    recognize=lambda blur: _averages(blur) and _only_adds_up(blur),
)
def not_normalized() -> dict[str, Array]:
    return {"blur": np.ones((3, 3)), "sharpen": AS_IS + SET_APART}


@blur_and_sharpen.misconception(
    "Your blur gives every pixel back as it was: all the weight lies in the middle. To blur, the "
    "neighbors must have a say.",
    recognize=lambda blur: bool(np.allclose(_weights(blur), AS_IS)),
)
def blur_does_nothing() -> dict[str, Array]:
    return {"blur": AS_IS, "sharpen": AS_IS + SET_APART}


@blur_and_sharpen.misconception(
    "Your blur mixes pixels along one direction only, which looks like a moving camera. Light "
    "should spread upward, downward, to the left and to the right.",
    recognize=lambda blur: (
        _averages(blur)
        and bool(np.isclose(_weights(blur).sum(), 1, atol=0.01))
        and bool(np.count_nonzero(_weights(blur)) > 1)
        and _lies_on_one_line(blur)
    ),
)
def blurs_one_direction() -> dict[str, Array]:
    return {"blur": np.array([[0.0] * 3, [1 / 3] * 3, [0.0] * 3]), "sharpen": AS_IS + SET_APART}


@blur_and_sharpen.misconception(
    "The weights of your sharpen sum to zero. That finds edges and leaves everything else black: "
    "add the image back.",
    recognize=lambda sharpen: (
        bool(abs(_weights(sharpen).sum()) < 0.01) and bool(_weights(sharpen).any())
    ),
)
def sharpen_finds_edges() -> dict[str, Array]:
    return {"blur": BOX, "sharpen": SET_APART}


@blur_and_sharpen.misconception(
    "Your sharpen has its signs the wrong way round: it takes away what sets a pixel apart, and "
    "edges turn over. Should the neighbors count for a pixel or against it?",
    recognize=lambda sharpen: (
        bool(np.isclose(_weights(sharpen).sum(), 1, atol=0.01))
        and bool(_weights(sharpen)[1, 1] < 0)
    ),
)
def sharpen_with_reversed_signs() -> dict[str, Array]:
    return {"blur": BOX, "sharpen": AS_IS - SET_APART}


@blur_and_sharpen.misconception(
    "Your sharpen looks at one pixel only: it can make the picture brighter, not sharper. An edge "
    "is a difference between neighbors, so the neighbors need weights too.",
    recognize=lambda sharpen: (
        bool(_weights(sharpen)[1, 1] > 0)
        and bool(np.allclose(_weights(sharpen), AS_IS * _weights(sharpen)[1, 1]))
    ),
)
def sharpen_without_neighbors() -> dict[str, Array]:
    return {"blur": BOX, "sharpen": 2 * AS_IS}


# ------------------------------------------------------------------------------------------------
true_convolution = Exercise(
    "true_convolution",
    title="The mathematician's convolution",
    forbid=READY_MADE,
    hints=(
        "You can already slide a kernel. Only one thing has to be done to it before.",
        (
            "The flipped kernel has the old bottom-right weight at its top left: rows and columns "
            "both run backward."
        ),
        "A slice with the step −1 reads an axis backward, and a kernel has two axes.",
    ),
)


@true_convolution.check(points=1)
def a_dot_becomes_the_kernel(true_convolution: Function, rng: Rng) -> None:
    """A single bright pixel in a dark image becomes a copy of the kernel, the right way round."""
    for kernel_shape in ((3, 3), (2, 3)):
        kernel = draw_kernel(rng, kernel_shape)
        image = np.zeros((6, 8), dtype=np.float32)
        row, column = int(rng.integers(2, 4)), int(rng.integers(2, 6))
        image[row, column] = 1
        expect.close(true_convolution(image, kernel), correlate(image, kernel[::-1, ::-1]))


@true_convolution.check(points=2)
def flips_both_axes(true_convolution: Function, rng: Rng) -> None:
    """Each value is the sum of a patch times the kernel flipped upside down and left to right."""
    for image, kernel in images_and_kernels(rng, count=3):
        expect.close(true_convolution(image, kernel), correlate(image, kernel[::-1, ::-1]))


@true_convolution.misconception(
    "You slide the kernel as it is. That is cross-correlation, what a CNN does; what sets the "
    "convolution of mathematics apart from it?"
)
def not_flipped(image: Array, kernel: Array) -> Array:
    return correlate(image, kernel)


@true_convolution.misconception(
    "You turn the kernel upside down, and its columns still run as before. A convolution reads "
    "both axes of the kernel backward."
)
def rows_flipped_only(image: Array, kernel: Array) -> Array:
    return correlate(image, kernel[::-1])


@true_convolution.misconception(
    "You mirror the kernel left to right, and its rows still run as before. A convolution reads "
    "both axes of the kernel backward."
)
def columns_flipped_only(image: Array, kernel: Array) -> Array:
    return correlate(image, kernel[:, ::-1])


@true_convolution.misconception(
    "You transpose the kernel, which exchanges its rows and columns. Flipping keeps rows rows and "
    "columns columns; they only run backward."
)
def transposed(image: Array, kernel: Array) -> Array:
    return correlate(image, kernel.T)


@true_convolution.misconception(
    "You turn the kernel by a quarter. Flipping both axes is the same as a half turn: how many "
    "quarters is that?"
)
def quarter_turn(image: Array, kernel: Array) -> Array:
    return correlate(image, np.rot90(kernel))


@true_convolution.misconception(
    "You flip the image instead of the kernel, so the whole feature map comes out backward. The "
    "image stays as it is; flip what slides."
)
def image_flipped(image: Array, kernel: Array) -> Array:
    return correlate(image[::-1, ::-1], kernel)


# ------------------------------------------------------------------------------------------------
zero_pad = Exercise(
    "zero_pad",
    title="A frame of zeros",
    forbid=(*READY_MADE, "numpy.pad"),
    hints=(
        "There are two steps: a larger array of zeros, and the image written into its middle.",
        (
            "The frame has a left and a right side, a top and a bottom. How much higher and wider "
            "does the array become?"
        ),
        (
            "`image.shape[2:]` is `()` for a gray image and `(channels,)` for a color one: added "
            "to `(height, width)`, it serves both."
        ),
        (
            "Say where the middle ends by adding to where it starts. A slice that ends at "
            "`-padding` is empty for `padding` = 0."
        ),
    ),
)


@zero_pad.check(points=1)
def grows_on_every_side(zero_pad: Function, rng: Rng) -> None:
    """A gray image gets `padding` more pixels at the top, bottom, left and right; 0 adds none."""
    for padding in (3, 1, 2, 0):
        image = _oblong(rng)
        expect.shape(zero_pad(image, padding), frame(image, padding).shape)


@zero_pad.check(points=1, after=grows_on_every_side)
def frames_the_image_with_zeros(zero_pad: Function, rng: Rng) -> None:
    """The image stands unchanged in the middle, and everything around it is zero."""
    for padding in (3, 1, 2, 0):
        image = _oblong(rng)
        expect.close(zero_pad(image, padding), frame(image, padding))


@zero_pad.check(points=1)
def leaves_the_channels_alone(zero_pad: Function, rng: Rng) -> None:
    """An image with channels, (height, width, channels), gets the frame around each channel."""
    for padding, channels in ((3, 3), (1, 2)):
        image = _oblong(rng, channels)
        expect.close(zero_pad(image, padding), frame(image, padding))


def _oblong(rng: Rng, *channels: int) -> Array:
    """An image that is wider than high."""
    height = int(rng.integers(3, 6))
    return draw_image(rng, (height, height + int(rng.integers(1, 4)), *channels))


@zero_pad.misconception(
    "You add zeros at the top and at the left only. A frame has four sides: pixels at the bottom "
    "and at the right are at a border too."
)
def before_only(image: Array, padding: int) -> Array:
    height, width = image.shape[:2]
    return frame(image, padding)[: height + padding, : width + padding]


@zero_pad.misconception(
    "You add zeros at the bottom and at the right only. A frame has four sides: where does the "
    "image start in the larger array?"
)
def after_only(image: Array, padding: int) -> Array:
    return frame(image, padding)[padding:, padding:]


@zero_pad.misconception(
    "You repeat the pixels of the border. That is a kind of padding too, but here (and in Keras's "
    "convolutions) the frame consists of zeros."
)
def border_repeated(image: Array, padding: int) -> Array:
    return np.pad(image, [(padding, padding)] * 2 + [(0, 0)] * (image.ndim - 2), mode="edge")


@zero_pad.misconception(
    "You pad the channels too, so the image gets new, empty channels. The frame lies around the "
    "picture, along height and width."
)
def channels_padded_too(image: Array, padding: int) -> Array:
    return np.pad(image, padding)


@zero_pad.misconception(
    "You share `padding` out among the sides. It counts the zeros on each side: with `padding` = "
    "2 there are two new rows at the top and two more at the bottom."
)
def padding_shared_out(image: Array, padding: int) -> Array:
    spare = padding - padding // 2
    height, width = image.shape[:2]
    return frame(image, padding)[spare : height + padding + spare, spare : width + padding + spare]


@zero_pad.misconception(
    "Your function breaks when there is nothing to pad: a slice from 0 to −0 is empty, and the "
    "image does not fit into it. Say where the middle ends by counting from where it starts."
)
def empty_middle_at_zero(image: Array, padding: int) -> Array:
    framed = np.zeros_like(frame(image, padding))
    framed[padding:-padding, padding:-padding] = image
    return framed


# ------------------------------------------------------------------------------------------------
convolve2d_strided = Exercise(
    "convolve2d_strided",
    title="Strides and padding",
    forbid=READY_MADE,
    hints=(
        "First the frame of zeros, then the size, then the loops: you have met each of them.",
        (
            "The last start is at most the padded size minus the kernel's size. How many steps of "
            "length `strides` fit into that, and how many places are that?"
        ),
        (
            "Loop over the feature map as before. Where does the window of its row 1 start when "
            "every step is 2 pixels long? And that of row 2?"
        ),
    ),
)


def _strided(image: Array, kernel: Array, strides: int, padding: int) -> Array:
    """The feature map at every `strides`-th place of the framed image."""
    return correlate(frame(image, padding), kernel)[::strides, ::strides]


def _last_start(image: Array, kernel: Array, padding: int) -> Array:
    """Where the last window may start, down and across: H + 2p − k and W + 2p − l."""
    last: Array = np.subtract(image.shape, kernel.shape) + 2 * padding
    return last


def _strided_cases(rng: Rng) -> Iterator[tuple[Array, Array, int, int]]:
    """Image, kernel, strides and padding.

    The first case has padding and no stride, the second a stride that leaves pixels over in both
    directions (and 2 in one of them, so that rounding shows), the third one that leaves none:
    together they tell the wrong sizes apart.
    """
    yield draw_image(rng, (5, 7)), draw_kernel(rng, (3, 2)), 1, 2
    for padding, kernel_shape, leaves_over in (
        (1, (3, 3), True),
        (0, (2, 3), False),
        (3, (4, 2), True),
    ):
        kernel = draw_kernel(rng, kernel_shape)
        while True:
            strides = 3 if leaves_over else int(rng.integers(2, 4))
            height, width = (int(size) for size in rng.integers(7, 12, size=2))
            image = draw_image(rng, (height, width))
            over = _last_start(image, kernel, padding) % strides
            fits = over.all() and 2 in over if leaves_over else not over.any()
            if height != width and fits:
                break
        yield image, kernel, strides, padding


@convolve2d_strided.check(points=1)
def has_the_right_size(convolve2d_strided: Function, rng: Rng) -> None:
    """The map has as many rows and columns as the window has places in the padded image."""
    for image, kernel, strides, padding in _strided_cases(rng):
        wanted = _strided(image, kernel, strides, padding).shape
        expect.shape(convolve2d_strided(image, kernel, strides, padding), wanted)


@convolve2d_strided.check(points=2, after=has_the_right_size)
def moves_on_by_strides(convolve2d_strided: Function, rng: Rng) -> None:
    """From one value to the next, the window moves on by `strides` pixels, across and down."""
    for image, kernel, strides, padding in _strided_cases(rng):
        wanted = _strided(image, kernel, strides, padding)
        expect.close(convolve2d_strided(image, kernel, strides, padding), wanted)


@convolve2d_strided.misconception(
    "Your size counts the padding once. There is a frame at the top and one at the bottom (left "
    "and right, too): by how much does the image grow?"
)
def padding_counted_once(image: Array, kernel: Array, strides: int, padding: int) -> Array:
    rows, columns = (_last_start(image, kernel, padding) - padding) // strides + 1
    return _strided(image, kernel, strides, padding)[:rows, :columns]


@convolve2d_strided.misconception(
    "You leave the padding out. The frame of zeros comes first; everything else happens on the "
    "larger image."
)
def padding_left_out(image: Array, kernel: Array, strides: int, _padding: int) -> Array:
    return _strided(image, kernel, strides, 0)


@convolve2d_strided.misconception(
    "Your feature map lacks its last row and column: you count the steps. Before the first step "
    "the window has already stood in one place."
)
def steps_for_places(image: Array, kernel: Array, strides: int, padding: int) -> Array:
    rows, columns = _last_start(image, kernel, padding) // strides
    return _strided(image, kernel, strides, padding)[:rows, :columns]


@convolve2d_strided.misconception(
    "You divide the number of possible starts by `strides`. What is divided is the way from the "
    "first start to the last one; the place before the first step comes on top."
)
def starts_divided(image: Array, kernel: Array, strides: int, padding: int) -> Array:
    rows, columns = (_last_start(image, kernel, padding) + 1) // strides
    return _strided(image, kernel, strides, padding)[:rows, :columns]


@convolve2d_strided.misconception(
    "You leave the strides out: your window stops at every pixel. How far apart are the places "
    "where it should stop?"
)
def strides_left_out(image: Array, kernel: Array, _strides: int, padding: int) -> Array:
    return correlate(frame(image, padding), kernel)


@convolve2d_strided.misconception(
    "You round the size up, so your last windows reach past the image. A window that does not fit "
    "any more is left out, and the remaining pixels are simply not seen."
)
def rounds_up(image: Array, kernel: Array, strides: int, padding: int) -> Array:
    down, across = -_last_start(image, kernel, padding) % strides
    larger = np.pad(frame(image, padding), [(0, down), (0, across)])
    return correlate(larger, kernel)[::strides, ::strides]


@convolve2d_strided.misconception(
    "You use the position in the feature map as the position in the image, so the window moves on "
    "by one pixel only. Where does the window of row 2 start when a step is 3 pixels long?"
)
def output_index_in_the_image(image: Array, kernel: Array, strides: int, padding: int) -> Array:
    rows, columns = _strided(image, kernel, strides, padding).shape
    return correlate(frame(image, padding), kernel)[:rows, :columns]


@convolve2d_strided.misconception(
    "You take the stride downward and not across: every column is still there. The window moves on "
    "by `strides` in both directions."
)
def stride_on_rows_only(image: Array, kernel: Array, strides: int, padding: int) -> Array:
    return correlate(frame(image, padding), kernel)[::strides]


@convolve2d_strided.misconception(
    "You leave pixels out of the image before you slide the kernel. Inside each window all pixels "
    "count, side by side; it is the window that takes larger steps."
)
def skips_pixels(image: Array, kernel: Array, strides: int, padding: int) -> Array:
    return correlate(frame(image, padding)[::strides, ::strides], kernel)


# ------------------------------------------------------------------------------------------------
strongest_match = Exercise(
    "strongest_match",
    title="Where is it?",
    forbid=READY_MADE,
    hints=(
        (
            "The feature map already answers for every place of the window: you only look for its "
            "largest value."
        ),
        "`np.argmax` counts through the whole map, row by row, and returns one number.",
        (
            "Divide that number by the number of columns of the feature map: what do the quotient "
            "and the remainder say? (`np.unravel_index` knows too.)"
        ),
        (
            "A value at `feature_map[row, column]` belongs to the window whose top-left corner is "
            "at that row and column of the image."
        ),
    ),
)


def _place(values: Array, index: Any) -> tuple[int, int]:
    row, column = np.unravel_index(int(index), values.shape)
    return int(row), int(column)


def _largest(image: Array, kernel: Array) -> tuple[int, int]:
    responses = correlate(image, kernel)
    return _place(responses, responses.argmax())


def _searches(rng: Rng) -> Iterator[tuple[Array, Array]]:
    """Images and kernels on which every wrong answer names another place; one largest response.

    In the second case all responses are negative; in the others the largest is so by its size too.
    A window is 4 pixels long, so that its middle is not the place one further on.
    """
    wrong_answers = (x_before_y, center_of_the_window, smallest_response, brightest_pixel)
    for case in range(4):
        while True:
            image = draw_image(rng, (7, 9) if case % 2 == 0 else (9, 7))
            kernel = draw_kernel(rng, (4, 2) if case % 2 == 0 else (2, 4))
            if case == 1:
                kernel = -np.abs(kernel) - 1
            responses = correlate(image, kernel)
            first, second, *_, last_but_one, last = np.sort(responses, axis=None)[::-1]
            places = {(0, 0), _largest(image, kernel)}
            places |= {wrong.function(image, kernel) for wrong in wrong_answers}
            apart = min(first - second, last_but_one - last) > 0.05
            apart = apart and len(places) == len(wrong_answers) + 2
            if apart and (first < 0 if case == 1 else first + last > 0.05):
                break
        yield image, kernel


@strongest_match.check(points=1)
def names_a_row_and_a_column(strongest_match: Function, rng: Rng) -> None:
    """The answer is a position: a pair (row, column) of two numbers."""
    for image, kernel in _searches(rng):
        answer = strongest_match(image, kernel)
        expect.that(
            answer is not None,
            "Nothing came back (None). End the function with `return …`.",
            expected=_largest(image, kernel),
            received=answer,
        )
        expect.that(
            _is_a_pair(answer),
            "A position is a pair of whole numbers, (row, column).",
            expected=_largest(image, kernel),
            received=answer,
        )


def _is_a_pair(answer: Any) -> bool:
    return (
        isinstance(answer, tuple | list | np.ndarray)
        and len(answer) == 2
        and all(isinstance(number, int | float | np.number) for number in answer)
    )


@strongest_match.check(points=2, after=names_a_row_and_a_column)
def points_at_the_largest_response(strongest_match: Function, rng: Rng) -> None:
    """It is the top-left corner of the window of the largest response, even of negative ones."""
    cases = list(_searches(rng))
    for image, kernel in cases:
        strongest_match(image, kernel)  # all answers tell which mistake it is; one may be chance
    for image, kernel in cases:
        expect.equal(strongest_match(image, kernel), _largest(image, kernel))


@strongest_match.misconception(
    "You return the position as one number, counted through the whole feature map row by row. "
    "Which row does it fall in, and how far along?"
)
def flat_index(image: Array, kernel: Array) -> int:
    return int(correlate(image, kernel).argmax())


@strongest_match.misconception(
    "You return (column, row), as x and y are written. Arrays are indexed the other way: first "
    "how far down, then how far across."
)
def x_before_y(image: Array, kernel: Array) -> tuple[int, int]:
    row, column = _largest(image, kernel)
    return column, row


@strongest_match.misconception(
    "You return the middle of the window. Here a window is named by its top-left corner, and that "
    "is the very position its response has in the feature map."
)
def center_of_the_window(image: Array, kernel: Array) -> tuple[int, int]:
    row, column = _largest(image, kernel)
    return row + kernel.shape[0] // 2, column + kernel.shape[1] // 2


@strongest_match.misconception(
    "You return the place of the smallest response, where the image is most unlike the kernel. The "
    "best match answers with the largest sum."
)
def smallest_response(image: Array, kernel: Array) -> tuple[int, int]:
    responses = correlate(image, kernel)
    return _place(responses, responses.argmin())


@strongest_match.misconception(
    "You look for the largest size, whatever the sign. A strongly negative response says that the "
    "opposite of the kernel is there; among negative ones, the best is the one closest to 0."
)
def sign_ignored(image: Array, kernel: Array) -> tuple[int, int]:
    responses = correlate(image, kernel)
    return _place(responses, np.abs(responses).argmax())


@strongest_match.misconception(
    "You look for the brightest pixel of the image. The kernel decides what is a match: look for "
    "the largest value of the feature map."
)
def brightest_pixel(image: Array, _kernel: Array) -> tuple[int, int]:
    return _place(image, image.argmax())


@strongest_match.misconception(
    "Your search starts from a best value of 0, so where all responses are negative nothing ever "
    "beats it. What can you start from that is surely one of the responses?"
)
def best_starts_at_zero(image: Array, kernel: Array) -> tuple[int, int]:
    return _largest(image, kernel) if correlate(image, kernel).max() > 0 else (0, 0)


# ------------------------------------------------------------------------------------------------
shift = Exercise(
    "shift",
    title="Move the image, and the map moves along",
    hints=(
        (
            "Draw a map of 4 rows on paper and move it down by 1 behind a frame of the same size. "
            "Which of its rows can still be seen?"
        ),
        (
            "Moved down, a map loses rows at its bottom; moved up, at its top. Columns do the same "
            "with right and left."
        ),
        (
            "For each axis find where the slice of the old map starts and where it stops. For a "
            "move of 0 both must lie at the ends of the map."
        ),
        "`max(0, …)` turns the moves that do not matter at one end into 0.",
    ),
)


def _moved_maps(
    rng: Rng, moves: tuple[tuple[int, int], ...]
) -> Iterator[tuple[Array, Array, int, int]]:
    """A feature map, the part of it seen again once the image has moved, and the move.

    Both maps are computed from two photographs of one scene; nothing is cut out of the first.
    """
    height, width = 6, 8
    for rows, columns in moves:
        scene = draw_image(rng, (height + 10, width + 10))
        kernel = draw_kernel(rng, (2, 3))
        before = correlate(scene[5 : 5 + height, 5 : 5 + width], kernel)
        top, left = 5 - rows, 5 - columns  # the frame goes up when its content goes down
        after = correlate(scene[top : top + height, left : left + width], kernel)
        known = after[
            max(0, rows) : len(after) + min(0, rows),
            max(0, columns) : after.shape[1] + min(0, columns),
        ]
        yield before.astype(np.float32), known, rows, columns


@shift.check(points=1)
def moves_down_and_to_the_right(shift: Function, rng: Rng) -> None:
    """Moved down and to the right, the map keeps what a map of the moved image shows too."""
    for feature_map, wanted, rows, columns in _moved_maps(rng, ((1, 2), (3, 1))):
        expect.close(shift(feature_map, rows, columns), wanted)


@shift.check(points=1)
def moves_up_and_to_the_left(shift: Function, rng: Rng) -> None:
    """Negative numbers move the map up and to the left, each axis on its own."""
    for feature_map, wanted, rows, columns in _moved_maps(rng, ((-1, -2), (-2, 1), (1, -3))):
        expect.close(shift(feature_map, rows, columns), wanted)


@shift.check(points=1)
def stays_where_it_is(shift: Function, rng: Rng) -> None:
    """Along an axis with a move of 0, nothing is lost."""
    for feature_map, wanted, rows, columns in _moved_maps(rng, ((0, 2), (-1, 0), (0, 0))):
        expect.close(shift(feature_map, rows, columns), wanted)


@shift.misconception(
    "Your map moves the other way. When the image moves down, what leaves the frame is its bottom; "
    "which rows of the old map are then still seen?"
)
def the_other_way(feature_map: Array, rows: int, columns: int) -> Array:
    return overlap(feature_map, -rows, -columns)


@shift.misconception(
    "What leaves your map on one side comes in again on the other. A photograph does not go round: "
    "what comes in was never seen, so only the overlap is known."
)
def wraps_round(feature_map: Array, rows: int, columns: int) -> Array:
    return np.roll(feature_map, (rows, columns), axis=(0, 1))


@shift.misconception(
    "Rows and columns are exchanged. The first number moves the map down, along axis 0; the "
    "second moves it to the right, along axis 1."
)
def axes_exchanged(feature_map: Array, rows: int, columns: int) -> Array:
    return overlap(feature_map, columns, rows)


@shift.misconception(
    "You fill the part that comes in with zeros. Nothing is known about it, and zero would be a "
    "claim; return only the part that is known, which is smaller than the map."
)
def zeros_moved_in(feature_map: Array, rows: int, columns: int) -> Array:
    filled = np.zeros_like(feature_map)
    height, width = feature_map.shape
    filled[max(0, rows) : height + min(0, rows), max(0, columns) : width + min(0, columns)] = (
        overlap(feature_map, rows, columns)
    )
    return filled


@shift.misconception(
    "Negative moves change nothing in your function: a slice that would end past the map takes "
    "all of it. When a map moves up, where must the slice start?"
)
def negative_moves_ignored(feature_map: Array, rows: int, columns: int) -> Array:
    return overlap(feature_map, max(0, rows), max(0, columns))


@shift.misconception(
    "For a move of 0 nothing is left of your map: a slice that ends at −0 ends at 0, before it "
    "began. Say where the slice ends by counting from the start."
)
def empty_when_standing_still(feature_map: Array, rows: int, columns: int) -> Array:
    known = overlap(feature_map, rows, columns)
    return known[: len(known) * bool(rows), : known.shape[1] * bool(columns)]
