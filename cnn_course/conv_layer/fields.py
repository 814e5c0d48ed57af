"""What one value of a deep map sees, and what small kernels cost beside large ones."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from cnn_course.conv_layer.stack_references import seen_pixels
from cnn_course.references import Rng
from grader import Exercise, expect
from grader.authoring.telling_apart import draw_apart, outcomes

Function = Callable[..., Any]
Layers = list[tuple[int, int]]
"""Layers from first to last, each as (kernel_size, strides)."""

# ------------------------------------------------------------------------------------------------
receptive_field = Exercise(
    "receptive_field",
    title="How much does one value see?",
    functions=("receptive_field",),
    hints=(
        (
            "Begin with strides of 1. A value of the first map sees one kernel. By how many pixels "
            "does each further layer widen the view?"
        ),
        (
            "After a layer of stride 2, neighboring values lie 2 pixels of the image apart. How "
            "many pixels does one more value at the side then add?"
        ),
        (
            "Go through the layers with two numbers: the field so far, and how many pixels of the "
            "image lie between neighboring values. Before the first layer both are 1."
        ),
        (
            "A layer's own stride thins out its output. Its window lies on its input: which of "
            "the two numbers has to be brought up to date first?"
        ),
    ),
)


def _unstrided(rng: Rng) -> Iterator[Layers]:
    """One layer, then two and three of stride 1, on which no two wrong answers agree."""
    yield [(int(rng.integers(2, 8)), 1)]
    known = (sum_of_kernels, product_of_kernels, nothing_to_begin_with, last_kernel_only)
    wrong = [one.function for one in known]
    for depth in (2, 3, 5):

        def draw(depth: int = depth) -> Layers:
            return [(int(rng.integers(2, 6)), 1) for _ in range(depth)]

        yield draw_apart(draw, lambda layers: outcomes([seen_pixels, *wrong], [(layers,)]))


def _strided(rng: Rng) -> Iterator[Layers]:
    """Stacks whose strides matter: no answer, right or wrong, agrees with another."""
    wrong = [known.function for known in receptive_field.misconceptions]
    for depth in (3, 3, 4, 5):

        def draw(depth: int = depth) -> Layers:
            return [(int(rng.integers(2, 6)), int(rng.integers(1, 4))) for _ in range(depth)]

        yield draw_apart(draw, lambda layers: outcomes([seen_pixels, *wrong], [(layers,)]))


@receptive_field.check(points=1)
def grows_with_every_kernel(receptive_field: Function, rng: Rng) -> None:
    """With strides of 1, the first layer sees its kernel, and each further one a bit more."""
    for layers in _unstrided(rng):
        expect.equal(receptive_field(layers), seen_pixels(layers))


@receptive_field.check(points=2)
def is_widened_by_strides_before(receptive_field: Function, rng: Rng) -> None:
    """Each layer widens the field by steps as long as all the strides before it make them."""
    for layers in _strided(rng):
        expect.equal(receptive_field(layers), seen_pixels(layers))


@receptive_field.misconception(
    "You add up the kernel sizes. Neighboring windows overlap: the second layer's window of 3 "
    "values covers three windows of the first, most of whose pixels are the same. How many new "
    "ones come with each value at the side?"
)
def sum_of_kernels(layers: Layers) -> int:
    return sum(kernel_size for kernel_size, _ in layers)


@receptive_field.misconception(
    "You multiply the kernel sizes, as if the windows of a layer lay side by side. They overlap: "
    "with strides of 1, the next window begins only one pixel further on."
)
def product_of_kernels(layers: Layers) -> int:
    product = 1
    for kernel_size, _ in layers:
        product *= kernel_size
    return product


@receptive_field.misconception(
    "You return the last kernel's size. That is how much a value sees of the map before it; but "
    "each value there has seen a window of its own. How far down to the image does that reach?"
)
def last_kernel_only(layers: Layers) -> int:
    return layers[-1][0]


@receptive_field.misconception(
    "You leave the strides out. After a layer of stride 2, neighboring values lie two pixels of "
    "the image apart, so everything after it sees twice as far."
)
def strides_ignored(layers: Layers) -> int:
    return 1 + sum(kernel_size - 1 for kernel_size, _ in layers)


@receptive_field.misconception(
    "You count a layer's own stride too early. The stride is the step from one window to the next; "
    "a single window is not wider for it. From which layer on does it make a difference?"
)
def own_stride_too_early(layers: Layers) -> int:
    field, apart = 1, 1
    for kernel_size, strides in layers:
        apart *= strides
        field += (kernel_size - 1) * apart
    return field


@receptive_field.misconception(
    "You widen the field by each layer's own stride. The stride is the step from one window to the "
    "next; a single window is not wider for it. How far apart the values are that a layer looks "
    "at was decided by other strides: by which?"
)
def own_stride_only(layers: Layers) -> int:
    return 1 + sum((kernel_size - 1) * strides for kernel_size, strides in layers)


@receptive_field.misconception(
    "You look at the stride of one layer before only. Strides multiply: after two layers of stride "
    "2, neighboring values lie 4 pixels of the image apart."
)
def one_stride_before(layers: Layers) -> int:
    field, before = 1, 1
    for kernel_size, strides in layers:
        field += (kernel_size - 1) * before
        before = strides
    return field


@receptive_field.misconception(
    "You add the strides up where they multiply. If neighbors lie 2 pixels apart, and then only "
    "every third value is kept, how far apart are the values that are left?"
)
def strides_added(layers: Layers) -> int:
    field, apart = 1, 1
    for kernel_size, strides in layers:
        field += (kernel_size - 1) * apart
        apart += strides - 1
    return field


@receptive_field.misconception(
    "You go through the layers in the wrong order for your rule, so the strides of late layers "
    "widen the early ones. The list begins with the layer that looks at the image."
)
def last_layer_first(layers: Layers) -> int:
    return seen_pixels(layers[::-1])


@receptive_field.misconception(
    "You are one short: you begin with 0. Before the first layer, a value is a pixel, and how many "
    "pixels does a pixel see?"
)
def nothing_to_begin_with(layers: Layers) -> int:
    return seen_pixels(layers) - 1


# ------------------------------------------------------------------------------------------------
small_or_large = Exercise(
    "small_or_large",
    title="Many small kernels or one large?",
    functions=("small_or_large",),
    hints=(
        (
            "The field comes first: each 3×3 layer of stride 1 widens it by the same number of "
            "pixels. That field is the size of the large kernel."
        ),
        (
            "One layer: every filter has kernel × kernel × input channels weights and a bias, and "
            "there are as many filters as output channels. Both are `channels` here."
        ),
        "Every one of the small layers has all its parameters: none is shared between layers.",
    ),
)


def _counted(kernel_size: int, channels: int) -> int:
    """The parameters of one layer, filter by filter and slice by slice."""
    return sum(1 + sum(kernel_size * kernel_size for _ in range(channels)) for _ in range(channels))


def _right(count: int, channels: int) -> tuple[int, int, int]:
    field = seen_pixels([(3, 1)] * count)
    return field, sum(_counted(3, channels) for _ in range(count)), _counted(field, channels)


def _stacks(rng: Rng) -> Iterator[tuple[int, int]]:
    """How many layers and channels; the wrong answers are all different ones."""
    wrong = [known.function for known in small_or_large.misconceptions]
    for most in (4, 7, 20):

        def draw(most: int = most) -> tuple[int, int]:
            return int(rng.integers(2, 5)), int(rng.integers(2, most))

        yield draw_apart(draw, lambda case: outcomes([_right, *wrong], [case]))


def _three_numbers(answer: Any) -> Any:
    expect.that(
        isinstance(answer, tuple | list) and len(answer) == 3,
        "Three whole numbers are expected: (field, small, large).",
        received=answer,
    )
    return answer


@small_or_large.check(points=1)
def sees_as_much(small_or_large: Function, rng: Rng) -> None:
    """The first number is the field of the stacked 3×3 layers."""
    for count, channels in _stacks(rng):
        answer = _three_numbers(small_or_large(count, channels))
        expect.equal(answer[0], _right(count, channels)[0])


@small_or_large.check(points=2)
def counts_both_ways(small_or_large: Function, rng: Rng) -> None:
    """The second number counts the parameters of all 3×3 layers, the third of the large one."""
    cases = list(_stacks(rng))
    for count, channels in cases:
        expect.equal(_three_numbers(small_or_large(count, channels)), _right(count, channels))


def _counts(field: int, count: int, layer: Callable[[int], int]) -> tuple[int, int, int]:
    return field, count * layer(3), layer(field)


@small_or_large.misconception(
    "You count one filter. A layer that gives `channels` maps has as many filters, each with its "
    "own weights and bias."
)
def one_filter(count: int, channels: int) -> tuple[int, int, int]:
    return _counts(2 * count + 1, count, lambda size: size * size * channels + 1)


@small_or_large.misconception(
    "Your filters are flat: they look at one input channel. Each filter has a slice of weights for "
    "every channel of its input, and here there are `channels` of those."
)
def one_input_channel(count: int, channels: int) -> tuple[int, int, int]:
    return _counts(2 * count + 1, count, lambda size: (size * size + 1) * channels)


@small_or_large.misconception(
    "You leave the biases out. Every filter has one, in each layer of the stack and in the large "
    "layer, too."
)
def no_biases(count: int, channels: int) -> tuple[int, int, int]:
    return _counts(2 * count + 1, count, lambda size: size * size * channels * channels)


@small_or_large.misconception(
    "You count one bias for a layer. A bias belongs to a filter: how many filters does a layer "
    "have that gives `channels` maps?"
)
def one_bias_for_a_layer(count: int, channels: int) -> tuple[int, int, int]:
    return _counts(2 * count + 1, count, lambda size: size * size * channels * channels + 1)


@small_or_large.misconception(
    "You count the parameters of one 3×3 layer. There are `count` of them in the stack, and each "
    "has weights of its own."
)
def one_small_layer(count: int, channels: int) -> tuple[int, int, int]:
    field, _, large = _right(count, channels)
    return field, _counted(3, channels), large


@small_or_large.misconception(
    "Your field grows by 3 pixels with every layer. Windows of neighboring values overlap: by how "
    "many pixels does a window of 3 reach out on either side of its center?"
)
def three_more_each(count: int, channels: int) -> tuple[int, int, int]:
    return _counts(3 * count, count, lambda size: _counted(size, channels))


@small_or_large.misconception(
    "Your field is multiplied by 3 with every layer. That would be so if the windows lay side by "
    "side; they overlap. How many pixels does the second layer really add?"
)
def three_times_each(count: int, channels: int) -> tuple[int, int, int]:
    return _counts(3**count, count, lambda size: _counted(size, channels))


@small_or_large.misconception(
    "The parameters are exchanged: the stack of small kernels comes second, the single large one "
    "third."
)
def large_before_small(count: int, channels: int) -> tuple[int, int, int]:
    field, small, large = _right(count, channels)
    return field, large, small
