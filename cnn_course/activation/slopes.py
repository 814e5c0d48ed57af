"""How much of a gradient gets through, and how soon training gets somewhere."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from cnn_course.activation.references import sigmoid_slope
from cnn_course.references import Array, Rng
from grader import Exercise, expect
from grader.authoring.telling_apart import ask_each, draw_apart, outcomes

Function = Callable[..., Any]

# ------------------------------------------------------------------------------------------------
gradients = Exercise(
    "gradients",
    title="Slopes of sigmoid and ReLU",
    names=("sigmoid_gradient", "relu_gradient"),
    forbid=("scipy", "keras", "tensorflow", "torch", "jax", "numpy.gradient"),
    hints=(
        (
            "The slope of the sigmoid can be written with its own value, σ(x). Compute that "
            "first; it has a name of its own then."
        ),
        (
            "ReLU consists of two straight pieces. How steep is the one on the left, how steep the "
            "one on the right?"
        ),
        "A comparison such as `x > 2` gives True and False for each value; `* 1.0` makes numbers.",
    ),
)


def _values(rng: Rng) -> Iterator[Array]:
    """Numbers on both sides of 0, small and large, never 0; first few of them, then a map."""
    for shape in ((5,), (3, 4)):
        values = rng.integers(2, 40, size=shape) / 10
        signs = np.indices(shape).sum(axis=0) % 2 * 2 - 1
        values.flat[0], values.flat[1] = 0.5, 2.5
        yield np.asarray(values * signs * float(rng.choice([-1, 1])), dtype=np.float32)


@gradients.check(points=2)
def sigmoid_is_steepest_in_the_middle(sigmoid_gradient: Function, rng: Rng) -> None:
    """The slope of the sigmoid is right for every number: 1/4 at 0, almost 0 far from it."""
    for x in (*_values(rng), np.array([-8.0, 0.0, 8.0], dtype=np.float32)):
        expect.close(sigmoid_gradient(x), sigmoid_slope(x))


@gradients.check(points=1)
def relu_is_steep_on_one_side(relu_gradient: Function, rng: Rng) -> None:
    """The slope of ReLU is 1 where x is positive, 0 where it is negative, and at 0 we take 0."""
    for x in (*_values(rng), np.array([-2.0, 0.0, 3.0], dtype=np.float32)):
        expect.close(relu_gradient(x), np.heaviside(x, 0.0))


def _sigmoid(x: Any) -> Array:
    return np.asarray(1 / (1 + np.exp(-x)))


@gradients.misconception(
    "You write the slope of the sigmoid with x where σ(x) belongs: x·(1 − x). (That formula is "
    "right if x already went through the sigmoid.) What should 1/4 come out of, at x = 0?"
)
def x_for_sigmoid_of_x() -> dict[str, Any]:
    return {"sigmoid_gradient": lambda x: x * (1 - x)}


@gradients.misconception(
    "You return the sigmoid itself. Its slope is large where it climbs, around 0, and small where "
    "it is flat, on both sides."
)
def the_sigmoid_itself() -> dict[str, Any]:
    return {"sigmoid_gradient": _sigmoid}


@gradients.misconception(
    "You return the slope of tanh, which looks much like the sigmoid but climbs from −1 to 1, and "
    "four times as steeply at 0. Begin with σ(x) itself. How large is it at 0?"
)
def slope_of_tanh() -> dict[str, Any]:
    return {"sigmoid_gradient": lambda x: 1 - np.tanh(x) ** 2}


@gradients.misconception(
    "One of the two factors is missing. The slope has to be small on both sides: far to the left, "
    "where σ(x) is small, and far to the right, where 1 − σ(x) is."
)
def one_factor_only() -> dict[str, Any]:
    return {"sigmoid_gradient": lambda x: 1 - _sigmoid(x)}


@gradients.misconception(
    "You go through the sigmoid twice: your formula computes σ(σ(x)) on the way. σ(x) is needed "
    "twice, but each time of x."
)
def sigmoid_twice() -> dict[str, Any]:
    return {"sigmoid_gradient": lambda x: _sigmoid(_sigmoid(x)) * (1 - _sigmoid(_sigmoid(x)))}


@gradients.misconception(
    "Your slope has the wrong sign. The sigmoid climbs everywhere, so its slope is never negative. "
    "Where did the minus of e⁻ˣ go when you took the derivative?"
)
def sign_lost() -> dict[str, Any]:
    return {"sigmoid_gradient": lambda x: -_sigmoid(x) * (1 - _sigmoid(x))}


@gradients.misconception(
    "You return ReLU itself. The slope says how steep it is, not how high: is ReLU steeper at 3 "
    "than at 1?"
)
def relu_itself() -> dict[str, Any]:
    return {"relu_gradient": lambda x: np.maximum(x, 0)}


@gradients.misconception(
    "Your ReLU goes down on the left: you give it the slope −1 there. What is its value at −2, and "
    "at −1?"
)
def falls_on_the_left() -> dict[str, Any]:
    return {"relu_gradient": np.sign}


@gradients.misconception(
    "At 0 your slope is 1. ReLU has a corner there, and neither slope is the true one; it was "
    "agreed to take 0, as Keras does. `>` or `>=`?"
)
def one_at_the_corner() -> dict[str, Any]:
    return {"relu_gradient": lambda x: np.heaviside(x, 1.0)}


@gradients.misconception(
    "Your slope of ReLU is 1 everywhere. That is so for a straight line through 0. What happens to "
    "ReLU's value if x moves a little, far on the left?"
)
def steep_on_both_sides() -> dict[str, Any]:
    return {"relu_gradient": lambda x: np.ones_like(x)}


# ------------------------------------------------------------------------------------------------
vanishing = Exercise(
    "vanishing",
    title="What is left of a gradient",
    names=("gradient_left",),
    forbid=("scipy", "keras", "tensorflow", "torch", "jax", "numpy.gradient"),
    hints=(
        (
            "Nudge the input a little. The first layer's sum changes by its weight times the "
            "nudge. By how much does its output change?"
        ),
        (
            "What comes out of the first layer is what goes into the second: a change is passed "
            "on from layer to layer, multiplied by something in each."
        ),
        "`np.prod` multiplies all numbers of an array; your `sigmoid_gradient` takes arrays.",
    ),
)


def _stacks(rng: Rng) -> Iterator[tuple[Array, Array]]:
    """Pre-activations and weights of 2, 1, 3 and 4 layers, the weights far from 1 and of any sign.

    On all but the single layer, no two answers, right or wrong, are the same.
    """
    answers = [_left, *(known.function for known in vanishing.misconceptions)]
    for depth in (2, 1, 3, 4):

        def draw(depth: int = depth) -> tuple[Array, Array]:
            z = (rng.integers(-20, 21, size=depth) / 10).astype(np.float32)
            w = (rng.integers(15, 60, size=depth) / 10).astype(np.float32)
            w *= rng.choice([-1, 1], size=depth)
            return z, w

        def outcomes_of(stack: tuple[Array, Array]) -> dict[str, Any]:
            return outcomes(answers, [stack]) if len(stack[0]) > 1 else {}

        yield draw_apart(draw, outcomes_of, margin=0.01)


def _left(pre_activations: Array, weights: Array) -> float:
    """The product of all slopes and weights, by way of logarithms, the signs counted."""
    sizes = np.log(np.abs(weights)) + np.log(sigmoid_slope(pre_activations))
    return float(np.exp(sizes.sum()) * (-1) ** int((weights < 0).sum()))


@vanishing.check(points=1)
def is_one_number(gradient_left: Function, rng: Rng) -> None:
    """What is left of the gradient is a single number, also for a single layer."""
    cases = list(_stacks(rng))
    for pre_activations, weights in cases:
        expect.shape(gradient_left(pre_activations, weights), ())
    pre_activations, weights = cases[1]
    expect.close(gradient_left(pre_activations, weights), _left(pre_activations, weights))


@vanishing.check(points=2, after=is_one_number)
def multiplies_along_the_way(gradient_left: Function, rng: Rng) -> None:
    """Each layer multiplies what comes through by its slope and by its weight."""
    for pre_activations, weights in _stacks(rng):
        left = gradient_left(pre_activations, weights)
        expect.close(left, _left(pre_activations, weights), tolerance=1e-5)


@vanishing.misconception(
    "You add up what the layers do. A change goes through one layer after the other, and each "
    "makes it larger or smaller by a factor. What do two halvings in a row make?"
)
def adds_up(pre_activations: Array, weights: Array) -> Any:
    return (sigmoid_slope(pre_activations) * weights).sum()


@vanishing.misconception(
    "The weights are left out: you multiply only the slopes. Before it reaches the sigmoid of a "
    "layer, the change is multiplied by the layer's weight."
)
def weights_left_out(pre_activations: Array, _weights: Array) -> Any:
    return sigmoid_slope(pre_activations).prod()


@vanishing.misconception(
    "You multiply by the sigmoids' values where their slopes belong. How high a layer's output is "
    "does not matter for how it changes."
)
def values_for_slopes(pre_activations: Array, weights: Array) -> Any:
    return (_sigmoid(pre_activations) * weights).prod()


@vanishing.misconception(
    "The slopes of the sigmoids are left out: you multiply only the weights. So would layers "
    "without activation; a sigmoid passes on a quarter at best."
)
def slopes_left_out(_pre_activations: Array, weights: Array) -> Any:
    return weights.prod()


@vanishing.misconception(
    "You take 1/4 for the slope of every sigmoid. So steep it is only where its pre-activation is "
    "0. What are the pre-activations here?"
)
def steepest_everywhere(_pre_activations: Array, weights: Array) -> Any:
    return (weights / 4).prod()


@vanishing.misconception(
    "You take the mean over the layers. The change has to get through all of them, one after the "
    "other, and each takes its share of what the last one left."
)
def takes_the_mean(pre_activations: Array, weights: Array) -> Any:
    return (sigmoid_slope(pre_activations) * weights).mean()


@vanishing.misconception(
    "You take the slope at weight times pre-activation. A pre-activation is the weighted sum "
    "already, what goes into the sigmoid; the weight comes in as a factor of its own."
)
def weighted_twice(pre_activations: Array, weights: Array) -> Any:
    return (sigmoid_slope(weights * pre_activations) * weights).prod()


# ------------------------------------------------------------------------------------------------
epochs_until = Exercise(
    "epochs_until",
    title="How soon is it there?",
    hints=(
        "Go through the losses in order. When can you stop?",
        "`enumerate` counts along, from 0.",
        (
            "What does your function return when the loop has come to its end and no loss was "
            "below the target?"
        ),
    ),
)


def _histories(rng: Rng) -> Iterator[tuple[list[float], float, int | None]]:
    """Losses, a target and the epoch; where there is one, no two answers are the same.

    Losses are sixty-fourths, so that equal is equal. One of them is the target itself, and after
    the first below it, two lie above it again.
    """
    for case in range(4):
        before, target = int(rng.integers(5, 8)), int(rng.integers(20, 40))
        above = sorted((target + rng.integers(2, 20, size=before)).tolist(), reverse=True)
        if case in (1, 3):
            losses, epoch = [*above, target, target + 1], None
        else:
            below = [-4, 1, -2, 2, -3, -6, -1]
            below = [target + distance for distance in below]
            losses, epoch = [*above, target, *below], before + 1
        yield [loss / 64 for loss in losses], target / 64, epoch


@epochs_until.check(points=2)
def names_the_first_epoch(epochs_until: Function, rng: Rng) -> None:
    """It is the first epoch, counted from 0, whose loss is below the target."""
    cases = [case for case in _histories(rng) if case[2] is not None]
    _name_epochs(epochs_until, [*cases, ([0.25, 0.125], 0.5, 0)])


@epochs_until.check(points=1)
def says_when_it_never_is(epochs_until: Function, rng: Rng) -> None:
    """Where no loss is below the target (as large as it is not enough), the answer is None."""
    _name_epochs(epochs_until, list(_histories(rng)))


def _name_epochs(
    epochs_until: Function, cases: list[tuple[list[float], float, int | None]]
) -> None:
    """The answer to each case is its epoch, or None; all are asked before any is judged."""
    answers = ask_each(epochs_until, [(losses, target) for losses, target, _ in cases])
    for (_, _, epoch), answer in zip(cases, answers, strict=True):
        expect.that(
            answer is not None or epoch is None,
            f"You say it never got there (None), but the loss of epoch {epoch} is below.",
            expected=epoch,
            received=answer,
        )
        expect.equal(answer, epoch, or_none=True)


@epochs_until.misconception(
    "You give up at the first epoch that is not below the target: `return None` stands inside of "
    "the loop. When do you know that it never gets there?"
)
def gives_up_at_once(losses: Any, target: float) -> int | None:
    return 0 if losses[0] < target else None


@epochs_until.misconception(
    "You return None where the very first epoch is below. Its number is 0, and Python takes 0 for "
    "false, in `or` and in `if epoch`. How can you ask for None and nothing else?"
)
def zero_taken_for_none(losses: Any, target: float) -> int | None:
    return next((epoch for epoch, loss in enumerate(losses) if loss < target), None) or None


@epochs_until.misconception(
    "You count how many losses are not below the target. That is the epoch only if no loss rises "
    "above the target again. Where can you stop?"
)
def counts_those_above(losses: Any, target: float) -> int:
    return sum(loss >= target for loss in losses)


@epochs_until.misconception(
    "You name the last epoch below the target. A loss may be below several times; asked is the "
    "first time. Does your loop go on after it has found one?"
)
def last_below(losses: Any, target: float) -> int | None:
    below = [epoch for epoch, loss in enumerate(losses) if loss < target]
    return below[-1] if below else None


@epochs_until.misconception(
    "You count the epochs from 1. Here the first epoch has the number 0, as its loss has in the "
    "list."
)
def counted_from_one(losses: Any, target: float) -> int | None:
    return next((epoch + 1 for epoch, loss in enumerate(losses) if loss < target), None)


@epochs_until.misconception(
    "Where the target is never reached, you return the number of epochs. That reads as if it "
    "happened right after the end; nobody knows. Which value says that there is no answer?"
)
def length_when_never(losses: Any, target: float) -> int:
    return next((epoch for epoch, loss in enumerate(losses) if loss < target), len(losses))


@epochs_until.misconception(
    "You name the last epoch that was above the target, or the one after it. A loss may rise again "
    "after it was low; asked is when it was below for the first time."
)
def last_crossing(losses: Any, target: float) -> int | None:
    above = [epoch for epoch, loss in enumerate(losses) if loss >= target]
    first = above[-1] + 1 if above else 0
    return first if first < len(losses) else None


@epochs_until.misconception("You count a loss that is as large as the target. Below means smaller.")
def equal_counted(losses: Any, target: float) -> int | None:
    return next((epoch for epoch, loss in enumerate(losses) if loss <= target), None)


@epochs_until.misconception(
    "You name the epoch with the smallest loss. Asked is when the loss was low enough, not when it "
    "was lowest."
)
def best_epoch(losses: Any, target: float) -> int | None:
    epoch = int(np.argmin(losses))
    return epoch if losses[epoch] < target else None


@epochs_until.misconception(
    "Where the target is never reached, you return 0: `argmax` of nothing but False is 0. That is "
    "also the answer of a network that was there at once. How can you tell the two apart?"
)
def zero_when_never(losses: Any, target: float) -> int:
    return int(np.argmax(np.asarray(losses) < target))


@epochs_until.misconception(
    "Where the target is never reached, you return −1. In Python that is a place, too: the last "
    "epoch. Which value says that there is no answer?"
)
def minus_one_when_never(losses: Any, target: float) -> int:
    return next((epoch for epoch, loss in enumerate(losses) if loss < target), -1)


@epochs_until.misconception(
    "You return the loss. Asked is the epoch in which it was reached: its place in the list."
)
def the_loss_itself(losses: Any, target: float) -> float | None:
    return next((loss for loss in losses if loss < target), None)
