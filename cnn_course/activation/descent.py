"""A kernel that nobody writes: the gradient of its error, and the descent along it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from cnn_course.activation.references import (
    READY_MADE,
    curvature,
    descended,
    loss_gradient,
    whole_numbers,
)
from cnn_course.references import Array, Rng, correlate
from grader import Exercise, expect
from grader.authoring.telling_apart import ask_all, draw_apart, outcomes

Function = Callable[..., Any]
Gradient = tuple[Array, Array, Array]  # an image, a kernel, the target
Search = tuple[Array, Array, Array, Array, int]
"""Image, target, start, the hidden kernel and a number of steps."""

# ------------------------------------------------------------------------------------------------
kernel_gradient = Exercise(
    "kernel_gradient",
    title="The gradient of a kernel",
    forbid=READY_MADE,
    hints=(
        (
            "Take one weight only, the top-left one. If it grows a little, every response grows by "
            "the pixel under that weight. Which pixels are those?"
        ),
        (
            "For each weight, the pixels that it meets are multiplied by the errors of the "
            "responses they went into, and the products are added up. You know an operation that "
            "does so for all weights at once."
        ),
        (
            "Slide the error over the image, as if it were the kernel. The map you get has the "
            "shape of the kernel. What is left is the 2 and the mean."
        ),
    ),
)


def _data(rng: Rng, image_shape: tuple[int, int], shape: tuple[int, int]) -> Gradient:
    """An image with values from −1 to 1, a kernel, and the map of another kernel: the target."""
    image = (rng.integers(-9, 10, size=image_shape) / 10).astype(np.float32)
    kernel, hidden = whole_numbers(rng, shape), whole_numbers(rng, shape)
    return image, kernel, correlate(image, hidden).astype(np.float32)


def _gradients(rng: Rng) -> Iterator[Gradient]:
    """Small cases first; on each no two answers, right or wrong, are the same."""
    answers = [loss_gradient, *(known.function for known in kernel_gradient.misconceptions)]
    for sizes in (((4, 4), (2, 2)), ((5, 6), (3, 3)), ((7, 6), (2, 3))):

        def draw(sizes: tuple[tuple[int, int], tuple[int, int]] = sizes) -> Gradient:
            return _data(rng, *sizes)

        yield draw_apart(draw, lambda case: outcomes(answers, [case]))


@kernel_gradient.check(points=1)
def has_a_number_for_each_weight(kernel_gradient: Function, rng: Rng) -> None:
    """The gradient has the shape of the kernel: one slope for each weight."""
    for image, kernel, target in _gradients(rng):
        expect.shape(kernel_gradient(image, kernel, target), kernel.shape)


@kernel_gradient.check(points=2, after=has_a_number_for_each_weight)
def says_how_the_loss_changes(kernel_gradient: Function, rng: Rng) -> None:
    """Each number is the slope of the mean squared error along that weight."""
    for image, kernel, target in _gradients(rng):
        expect.close(kernel_gradient(image, kernel, target), loss_gradient(image, kernel, target))


@kernel_gradient.check(points=1, after=has_a_number_for_each_weight)
def is_zero_at_the_goal(kernel_gradient: Function, rng: Rng) -> None:
    """Where the kernel is the one that made the target, no weight wants to change."""
    for image, kernel, _ in _gradients(rng):
        target = correlate(image, kernel).astype(np.float32)
        expect.close(kernel_gradient(image, kernel, target), np.zeros(kernel.shape))


def _error(image: Array, kernel: Array, target: Array) -> Array:
    return correlate(image, kernel) - target


@kernel_gradient.misconception(
    "Your gradient has its sign the wrong way round: you subtract the responses from the target. "
    "Were a weight a bit larger and all responses with it, which way would (response − target)² go?"
)
def sign_reversed(image: Array, kernel: Array, target: Array) -> Array:
    error = _error(image, kernel, target)
    return -2 * correlate(image, error) / error.size


@kernel_gradient.misconception(
    "You flip the error before you slide it over the image. A response belongs to the window that "
    "starts at its own place, so error and image run in the same direction. What needs no flip?"
)
def error_flipped(image: Array, kernel: Array, target: Array) -> Array:
    error = _error(image, kernel, target)
    return 2 * correlate(image, error[::-1, ::-1]) / error.size


@kernel_gradient.misconception(
    "You add up over all places of the window, but the loss is a mean. With the sum, the steps of "
    "the descent would grow with the size of the image. What is missing?"
)
def not_averaged(image: Array, kernel: Array, target: Array) -> Array:
    return 2 * correlate(image, _error(image, kernel, target))


@kernel_gradient.misconception(
    "Your gradient is half of the slope. The loss here is the mean of error², without a ½ before "
    "it. What is the derivative of a square?"
)
def factor_two_left_out(image: Array, kernel: Array, target: Array) -> Array:
    error = _error(image, kernel, target)
    return correlate(image, error) / error.size


@kernel_gradient.misconception(
    "Two factors are missing: the loss is a mean, and the derivative of a square has a factor of "
    "its own. You return the sums alone. What stands before the sum in the formula?"
)
def sums_alone(image: Array, kernel: Array, target: Array) -> Array:
    return correlate(image, _error(image, kernel, target))


@kernel_gradient.misconception(
    "You divide by the number of pixels of the image. The mean in the loss is taken over the "
    "errors, one for each place of the window, and the window has fewer places than the image "
    "has pixels. Which array has one value a place?"
)
def averaged_over_the_pixels(image: Array, kernel: Array, target: Array) -> Array:
    return 2 * correlate(image, _error(image, kernel, target)) / image.size


@kernel_gradient.misconception(
    "You divide by the number of weights. The mean in the loss is taken over the responses, one "
    "for each place of the window. How many are there?"
)
def averaged_over_the_weights(image: Array, kernel: Array, target: Array) -> Array:
    return 2 * correlate(image, _error(image, kernel, target)) / kernel.size


@kernel_gradient.misconception(
    "You return a single number, the mean error. But a weight can only help where its pixel is not "
    "0, so each weight has a slope of its own. Where does the image come in?"
)
def image_left_out(image: Array, kernel: Array, target: Array) -> Array:
    return np.asarray(2 * _error(image, kernel, target).mean())


@kernel_gradient.misconception(
    "You slide the target over the image, not the error. The target knows nothing of the kernel "
    "you have now, so this gradient does not vanish when the kernel is right. What should it "
    "compare?"
)
def target_for_error(image: Array, _kernel: Array, target: Array) -> Array:
    return 2 * correlate(image, target) / target.size


# ------------------------------------------------------------------------------------------------
learn_kernel = Exercise(
    "learn_kernel",
    title="A kernel that nobody wrote",
    forbid=READY_MADE,
    hints=(
        "The gradient points uphill, to a larger loss. Where do you want to go?",
        (
            "One step is one line: the new kernel is the old one and `rate` times something. "
            "Repeat it `steps` times."
        ),
        (
            "In every step the kernel is another one, so its gradient has to be computed anew. "
            "`kernel = kernel …` makes a new array; `kernel -= …` would change the caller's."
        ),
    ),
)

RATE = 0.4


def _searches(rng: Rng, steps: tuple[int, ...]) -> Iterator[Search]:
    """A search for each number of steps, on which the answers are told apart."""
    for case, count in enumerate(steps):
        shape = ((2, 2), (3, 3), (3, 2))[case % 3]

        def draw(shape: tuple[int, int] = shape, count: int = count) -> Search:
            image, start, target = _data(rng, (8, 8), shape)
            return image, target, start / 2, _hidden(image, target, shape), count

        yield draw_apart(draw, _kernels_found, where=_can_be_found)


def _can_be_found(search: Search) -> bool:
    """Whether it is steep enough for that, and not so steep that a step leaps over the valley."""
    image, _, start, *_ = search
    slopes = np.linalg.eigvalsh(curvature(image, start.shape))
    return bool(slopes.min() > 0.15 and slopes.max() * RATE < 1)


def _kernels_found(search: Search) -> dict[str, Any]:
    """All answers after a few steps; none after one, or at the goal, where some are the same."""
    image, target, start, hidden, count = search
    if not 1 < count < 10:
        return {}
    wrong = [known.function for known in learn_kernel.misconceptions]
    wrong.remove(changes_the_start.function)  # whose answer is the right one
    right = outcomes([descended], [(image, hidden, start, RATE, count)])
    return right | outcomes(wrong, [(image, target, start, RATE, count)])


def _hidden(image: Array, target: Array, shape: tuple[int, int]) -> Array:
    patches = np.lib.stride_tricks.sliding_window_view(image.astype(np.float64), shape)
    flat = patches.reshape(target.size, -1)
    found = np.linalg.lstsq(flat, target.astype(np.float64).ravel(), rcond=None)[0]
    return np.asarray(np.round(found.reshape(shape), 3) + 0.0)


@learn_kernel.check(points=2)
def goes_down_step_by_step(learn_kernel: Function, rng: Rng) -> None:
    """Every step takes the kernel from where it stands against its gradient, by `rate` times it."""
    cases = list(_searches(rng, (2, 3, 5, 1)))
    ask_all(
        learn_kernel,
        [(image, target, start, RATE, steps) for image, target, start, _, steps in cases[:2]],
    )
    for image, target, start, hidden, steps in cases:
        expected = descended(image, hidden, start, RATE, steps)
        expect.close(learn_kernel(image, target, start, RATE, steps), expected)


@learn_kernel.check(points=1)
def stays_without_steps(learn_kernel: Function, rng: Rng) -> None:
    """After 0 steps the kernel is still the one it began with, and after 3 it has moved."""
    for image, target, start, hidden, _ in _searches(rng, (3,)):
        for steps in (3, 0):
            expected = descended(image, hidden, start, RATE, steps)
            expect.close(learn_kernel(image, target, start, RATE, steps), expected)


@learn_kernel.check(points=2)
def finds_the_hidden_kernel(learn_kernel: Function, rng: Rng) -> None:
    """After 300 steps it is the kernel that made the target, wherever it began."""
    for image, target, start, hidden, steps in _searches(rng, (300, 300)):
        expect.close(learn_kernel(image, target, start, RATE, steps), hidden, tolerance=2e-3)


def _descend(
    image: Array, target: Array, kernel: Array, rate: float, steps: int, sign: float = -1
) -> Array:
    patches = np.lib.stride_tricks.sliding_window_view(image.astype(np.float64), kernel.shape)
    flat, weights = patches.reshape(target.size, -1), kernel.astype(np.float64).ravel()
    for _ in range(steps):
        error = flat @ weights - target.ravel()
        weights = weights + sign * rate * 2 / target.size * (error @ flat)
    return weights.reshape(kernel.shape)


@learn_kernel.misconception(
    "Your kernel climbs: you add the gradient, which points to where the loss grows. After many "
    "steps its weights are enormous. Which way is down?"
)
def climbs(image: Array, target: Array, kernel: Array, rate: float, steps: int) -> Array:
    return _descend(image, target, kernel, rate, steps, sign=1)


@learn_kernel.misconception(
    "You take a single step, whatever `steps` says. Is the `return` inside the loop?"
)
def one_step_only(image: Array, target: Array, kernel: Array, rate: float, steps: int) -> Array:
    return _descend(image, target, kernel, rate, min(steps, 1))


@learn_kernel.misconception(
    "Your kernel never moves: what comes back is what you began with. A new kernel is computed, "
    "perhaps, but does the next step see it?"
)
def never_moves(_image: Array, _target: Array, kernel: Array, _rate: float, _steps: int) -> Array:
    return kernel


@learn_kernel.misconception(
    "You walk all the steps along the gradient of the start. The slope changes on the way: near "
    "the goal it is nearly flat. When must it be computed?"
)
def gradient_of_the_start(
    image: Array, target: Array, kernel: Array, rate: float, steps: int
) -> Array:
    return np.asarray(kernel + steps * (_descend(image, target, kernel, rate, 1) - kernel))


@learn_kernel.misconception(
    "Your steps are as long as the gradient itself: `rate` is left out. Without it the steps leap "
    "over the valley on one image and creep on another. Where does it belong?"
)
def rate_left_out(image: Array, target: Array, kernel: Array, _rate: float, steps: int) -> Array:
    return _descend(image, target, kernel, 1.0, steps)


@learn_kernel.misconception(
    "You take one step too many: as if the kernel you begin with had to be counted too. After 0 "
    "steps, where should it stand?"
)
def one_step_too_many(image: Array, target: Array, kernel: Array, rate: float, steps: int) -> Array:
    return _descend(image, target, kernel, rate, steps + 1)


@learn_kernel.misconception(
    "Your steps are right, but they change the kernel that you were given: `-=` works on the very "
    "array of the caller, who still needs it. Which line makes a new array instead?"
)
def changes_the_start(image: Array, target: Array, kernel: Array, rate: float, steps: int) -> Array:
    kernel[...] = _descend(image, target, kernel, rate, steps)
    return kernel
