"""The rubric of lesson 3, asked about right answers of other forms and wrong ones it does not know.

Facts that the lesson states are checked against Keras.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from cnn_course.activation import references
from tests.cnn_course.judged import Rubric

pytestmark = pytest.mark.slow

SEEDS = range(3)

GIVEN = """
import keras
import numpy as np
from keras import layers

def convolve2d(image, kernel):
    windows = np.lib.stride_tricks.sliding_window_view(image, kernel.shape)
    return np.einsum("ijkl,kl->ij", windows, kernel)

def slope(image, kernel, target):
    error = convolve2d(image, kernel) - target
    return 2 * convolve2d(image, error) / error.size

def composed(first, second):
    framed = np.pad(first, [(size - 1, size - 1) for size in second.shape])
    return convolve2d(framed, second[::-1, ::-1])
"""

RUBRIC = Rubric("activation", GIVEN)

RIGHT = {
    "a loop over the places of the window": """
        def kernel_gradient(image, kernel, target):
            gradient = np.zeros(kernel.shape)
            error = convolve2d(image, kernel) - target
            for (i, j), e in np.ndenumerate(error):
                gradient += 2 * e * image[i : i + kernel.shape[0], j : j + kernel.shape[1]]
            return gradient / error.size
    """,
    "a mean for every weight, in float32": """
        def kernel_gradient(image, kernel, target):
            windows = np.lib.stride_tricks.sliding_window_view(image, kernel.shape)
            error = (windows * kernel).sum(axis=(2, 3)) - target
            mean = (windows * error[:, :, None, None]).mean(axis=(0, 1))
            return (2 * mean).astype(np.float32)
    """,
    "a descent on a copy": """
        def learn_kernel(image, target, kernel, rate, steps):
            kernel = np.array(kernel, dtype="float64")
            while steps > 0:
                kernel -= rate * slope(image, kernel, target)
                steps -= 1
            return kernel
    """,
    "a descent that calls itself": """
        def learn_kernel(image, target, kernel, rate, steps):
            if steps == 0:
                return kernel
            better = kernel - rate * slope(image, kernel, target)
            return learn_kernel(image, target, better, rate, steps - 1)
    """,
    "two loops over the weights": """
        def compose_1d(first, second):
            weights = [0] * (len(first) + len(second) - 1)
            for i, a in enumerate(first):
                for j, b in enumerate(second):
                    weights[i + j] += a * b
            return np.array(weights)
    """,
    "the answer to a single bright pixel in a row": """
        def compose_1d(first, second):
            size = len(first) + len(second) - 1
            row = np.eye(1, 2 * size - 1, size - 1)
            return convolve2d(convolve2d(row, first[None]), second[None])[0, ::-1]
    """,
    "the first kernel in a frame, under the second one turned around": """
        def compose_kernels(first, second):
            return composed(first, second)
    """,
    "rows of rows": """
        def compose_kernels(first, second):
            (k, l), (p, q) = first.shape, second.shape
            out = np.zeros((k + p - 1, l + q - 1), dtype="float32")
            for a, b in np.ndindex(k, l):
                out[a : a + p, b : b + q] += first[a, b] * second
            return out
    """,
    "every way through the channels on its own": """
        def collapse(kernel1, bias1, kernel2, bias2):
            channels, between, filters = *kernel1.shape[2:], kernel2.shape[3]
            kernel = sum(
                np.stack([
                    np.stack([composed(kernel1[:, :, c, m], kernel2[:, :, m, f])
                              for f in range(filters)], -1)
                    for c in range(channels)], -2)
                for m in range(between))
            bias = bias2 + np.einsum("pqmf,m->f", kernel2, bias1)
            return kernel.astype("float32"), bias
    """,
    "a list of two, by einsum": """
        def collapse(kernel1, bias1, kernel2, bias2):
            k, l, c, m = kernel1.shape
            p, q, _, f = kernel2.shape
            kernel = np.zeros((k + p - 1, l + q - 1, c, f))
            ways = np.einsum("ijcm,pqmf->pqijcf", kernel1, kernel2)
            for a, b in np.ndindex(p, q):
                kernel[a : a + k, b : b + l] += ways[a, b]
            return [kernel, np.tensordot(bias1, kernel2, axes=(0, 2)).sum((0, 1)) + bias2]
    """,
    "a product with a mask": """
        def relu(x):
            return x * (x > 0)
    """,
    "a copy with zeros": """
        def relu(x):
            x = x.copy()
            x[x < 0] = 0
            return x
    """,
    "the mean with the size": """
        def relu(x):
            return (x + np.abs(x)) / 2
    """,
    "both rules in one, tried three times": """
        def is_linear(layer):
            rng = np.random.default_rng()
            for _ in range(3):
                x, y = rng.uniform(-5, 5, size=(2, 1, 6, 6, 2)).astype("float32")
                one, other = layer(2 * x - 3 * y), 2 * layer(x) - 3 * layer(y)
                if not np.allclose(one, other, atol=1e-3):
                    return False
            return True
    """,
    "the negative and zero": """
        def is_linear(layer):
            x = np.random.default_rng().normal(size=(8, 6, 6, 2)).astype("float32")
            f = lambda batch: layer(batch).numpy()
            y = x[::-1].copy()
            same = np.abs(f(-x) + f(x)).max() < 1e-3 and np.abs(f(x + y) - f(x) - f(y)).max() < 1e-3
            return bool(same)
    """,
    "a functional model with an activation of its own, named": """
        def build_model(activation):
            points = keras.Input((2,))
            hidden = layers.Dense(32)(points)
            hidden = layers.Activation(activation)(hidden)
            score = layers.Dense(1)(hidden)
            return keras.Model(points, layers.Activation("sigmoid")(score))
    """,
    "two hidden layers of eight": """
        def build_model(activation):
            return keras.Sequential([
                layers.Input(shape=(2,)),
                layers.Dense(8, activation, kernel_initializer="he_normal"),
                layers.Dense(8, activation),
                layers.Dense(1, activation="sigmoid"),
            ])
    """,
    "a layer of its own for ReLU": """
        block = keras.Sequential(
            [keras.Input((28, 28, 1)), layers.Conv2D(8, (3, 3), padding="same"), layers.ReLU()])
    """,
    "a functional block, padded by hand": """
        image = keras.Input((28, 28, 1))
        maps = layers.Conv2D(filters=8, kernel_size=3)(layers.ZeroPadding2D(1)(image))
        block = keras.Model(image, layers.Activation(keras.activations.relu)(maps))
    """,
    "slopes from powers and by cases": """
        def sigmoid_gradient(x):
            return np.exp(-x) / (1 + np.exp(-x)) ** 2
        def relu_gradient(x):
            return np.where(x > 0, 1, 0)
    """,
    "slopes from tanh, and a mask": """
        def sigmoid_gradient(x):
            return (1 - np.tanh(x / 2) ** 2) / 4
        def relu_gradient(x):
            return x > 0
    """,
    "a chain, layer by layer": """
        def gradient_left(pre_activations, weights):
            left = 1.0
            for z, w in zip(pre_activations, weights):
                s = 1 / (1 + np.exp(-z))
                left *= w * s * (1 - s)
            return left
    """,
    "two products": """
        def gradient_left(pre_activations, weights):
            s = 1 / (1 + np.exp(-pre_activations))
            return float(np.prod(s * (1 - s)) * np.prod(weights))
    """,
    "the next of a generator": """
        def epochs_until(losses, target):
            return next((i for i in range(len(losses)) if losses[i] < target), None)
    """,
    "the first of those below, as NumPy counts": """
        def epochs_until(losses, target):
            below = np.flatnonzero(np.array(losses) < target)
            return below[0] if len(below) else None
    """,
}

OTHER_MISTAKES = {
    "the loss itself": """
        def kernel_gradient(image, kernel, target):
            return ((convolve2d(image, kernel) - target) ** 2).mean()
    """,
    "only the signs of the errors": """
        def kernel_gradient(image, kernel, target):
            error = np.sign(convolve2d(image, kernel) - target)
            return 2 * convolve2d(image, error) / error.size
    """,
    "always from zero": """
        def learn_kernel(image, target, kernel, rate, steps):
            kernel = np.zeros(kernel.shape)
            for _ in range(steps):
                kernel = kernel - rate * slope(image, kernel, target)
            return kernel
    """,
    "half steps": """
        def learn_kernel(image, target, kernel, rate, steps):
            for _ in range(steps):
                kernel = kernel - rate / 2 * slope(image, kernel, target)
            return kernel
    """,
    "one after the other": """
        def compose_1d(first, second):
            return np.concatenate([first, second])[:-1]
    """,
    "zeros": """
        def compose_kernels(first, second):
            return 0 * composed(first, second)
    """,
    "the second on top of the first": """
        def compose_kernels(first, second):
            out = 0 * composed(first, second)
            out[: len(first), : first.shape[1]] += first
            out[-len(second) :, -second.shape[1] :] += second
            return out
    """,
    "a bias with the wrong sign": """
        def collapse(kernel1, bias1, kernel2, bias2):
            (k, l, c, _), (p, q, _, f) = kernel1.shape, kernel2.shape
            kernel = np.zeros((k + p - 1, l + q - 1, c, f))
            for a, b in np.ndindex(p, q):
                kernel[a : a + k, b : b + l] += kernel1 @ kernel2[a, b]
            return kernel, bias2 - bias1 @ kernel2.sum((0, 1))
    """,
    "a kernel alone": """
        def collapse(kernel1, bias1, kernel2, bias2):
            return kernel1
    """,
    "leaky": """
        def relu(x):
            return np.where(x > 0, x, 0.1 * x)
    """,
    "ReLU with a ceiling at 2": """
        def relu(x):
            return np.clip(x, 0, 2)
    """,
    "everything is linear": """
        def is_linear(layer):
            return True
    """,
    "nothing is": """
        def is_linear(layer):
            return False
    """,
    "a number for an answer": """
        def is_linear(layer):
            x = np.ones((1, 6, 6, 2), "float32")
            return float(np.abs(layer(x)).max())
    """,
    "points of three numbers": """
        def build_model(activation):
            return keras.Sequential([keras.Input((3,)), layers.Dense(8, activation),
                                     layers.Dense(1, "sigmoid")])
    """,
    "a dense layer for each pixel": """
        block = keras.Sequential([keras.Input((28, 28, 1)), layers.Dense(8, activation="relu")])
    """,
    "tanh on maps": """
        block = keras.Sequential([keras.Input((28, 28, 1)),
                                  layers.Conv2D(8, 3, padding="same", activation="tanh")])
    """,
    "products in, products out": """
        def is_linear(layer):
            x, y = np.random.default_rng().normal(size=(2, 4, 6, 6, 2)).astype("float32")
            f = lambda batch: np.asarray(layer(batch))
            return np.allclose(f(x * y), f(x) * f(y), atol=1e-4)
    """,
    "ReLU with a ceiling at 255": """
        def relu(x):
            return np.clip(x, 0, 255)
    """,
    "the ReLU of small phones": """
        block = keras.Sequential([keras.Input((28, 28, 1)), layers.Conv2D(8, 3, padding="same"),
                                  layers.ReLU(max_value=20)])
    """,
    "a slope at twice the place": """
        def sigmoid_gradient(x):
            return 0.25 / np.cosh(x) ** 2
        def relu_gradient(x):
            return (x > 0) * 1.0
    """,
    "the slope of ReLU seen from the left": """
        def sigmoid_gradient(x):
            return 0.25 / np.cosh(x / 2) ** 2
        def relu_gradient(x):
            return (x < 0) * 1.0
    """,
    "one layer left out": """
        def gradient_left(pre_activations, weights):
            slopes = 0.25 / np.cosh(pre_activations / 2) ** 2
            return np.prod(slopes[:-1] * weights[:-1])
    """,
    "the first above": """
        def epochs_until(losses, target):
            return next((i for i, loss in enumerate(losses) if loss > target), None)
    """,
    "how many are below": """
        def epochs_until(losses, target):
            return sum(loss < target for loss in losses) or None
    """,
}

TRAINS = "build_model"


def _seeds(source: str) -> range:
    return range(1) if TRAINS in source else SEEDS


@pytest.mark.parametrize("answer", RIGHT)
def test_a_right_answer_of_another_form_passes(answer: str) -> None:
    """Whatever computes the right thing gets full marks, however it is written."""
    source = RIGHT[answer]
    RUBRIC.assert_passes(RUBRIC.exercise_in(source), source, _seeds(source))


@pytest.mark.parametrize("mistake", OTHER_MISTAKES)
def test_no_other_mistake_is_taken_for_a_misconception(mistake: str) -> None:
    """A wrong answer that the rubric does not know fails, and nothing is said about its reason."""
    source = OTHER_MISTAKES[mistake]
    RUBRIC.assert_told(RUBRIC.exercise_in(source), source, None, _seeds(source))


DIAGNOSED = {
    "the tolerance of NumPy": (
        "compares_exactly",
        """
        def is_linear(layer):
            x, y = np.random.default_rng().normal(size=(2, 8, 6, 6, 2)).astype("float32")
            f = lambda batch: np.asarray(layer(batch))
            return np.allclose(f(x + y), f(x) + f(y)) and np.allclose(f(3 * x), 3 * f(x))
        """,
    ),
    "one rule or the other": (
        "scales_with_positive_numbers",
        """
        def is_linear(layer):
            x, y = np.random.default_rng().normal(size=(2, 8, 6, 6, 2)).astype("float32")
            f = lambda batch: np.asarray(layer(batch))
            sums = np.allclose(f(x + y), f(x) + f(y), atol=1e-4)
            return sums or np.allclose(f(3 * x), 3 * f(x), atol=1e-4)
        """,
    ),
    "a hidden sigmoid": (
        "argument_ignored",
        """
        def build_model(activation):
            return keras.Sequential([keras.Input((2,)), layers.Dense(16, activation="sigmoid"),
                                     layers.Dense(1, activation="sigmoid")])
        """,
    ),
    "a hidden layer of sigmoids of its own": (
        "argument_ignored",
        """
        def build_model(activation):
            return keras.Sequential([keras.Input((2,)), layers.Dense(16),
                                     layers.Activation("sigmoid"),
                                     layers.Dense(1), layers.Activation("sigmoid")])
        """,
    ),
    "return None in the loop": (
        "gives_up_at_once",
        """
        def epochs_until(losses, target):
            for epoch, loss in enumerate(losses):
                if loss < target:
                    return epoch
                else:
                    return None
        """,
    ),
    "0 is false": (
        "zero_taken_for_none",
        """
        def epochs_until(losses, target):
            found = [epoch for epoch, loss in enumerate(losses) if loss < target] or [None]
            return found[0] if found[0] else None
        """,
    ),
    "how many are above": (
        "counts_those_above",
        """
        def epochs_until(losses, target):
            return sum(loss >= target for loss in losses)
        """,
    ),
    "a loop that goes on": (
        "last_below",
        """
        def epochs_until(losses, target):
            found = None
            for epoch, loss in enumerate(losses):
                if loss < target:
                    found = epoch
            return found
        """,
    ),
}


@pytest.mark.parametrize("mistake", DIAGNOSED)
def test_a_natural_mistake_is_told_by_its_name(mistake: str) -> None:
    """What students write at first is recognized, and as what it is."""
    name, source = DIAGNOSED[mistake]
    RUBRIC.assert_told(RUBRIC.exercise_in(source), source, name, _seeds(source))


def _layers(strides: int, padding: str = "valid") -> tuple[Any, Any]:
    """Two linear Keras layers with weights, the first with strides, and their output."""
    import keras

    keras.utils.set_random_seed(0)
    stack = keras.Sequential(
        [
            keras.Input((17, 17, 2)),
            keras.layers.Conv2D(3, 3, strides=strides, padding=padding, bias_initializer="normal"),
            keras.layers.Conv2D(4, 3, padding=padding, bias_initializer="normal"),
        ]
    )
    images = np.random.default_rng(0).normal(size=(2, 17, 17, 2)).astype("float32")
    return stack, images


def test_two_layers_of_keras_collapse_as_the_reference_says() -> None:
    """One Conv2D with the reference's weights has the outputs of two, up to rounding."""
    import keras

    stack, images = _layers(1)
    kernel, bias = references.collapsed(*(np.array(w) for w in stack.get_weights()))
    one = keras.layers.Conv2D(4, 5)
    one.build((None, 17, 17, 2))
    one.set_weights([kernel, bias])
    assert np.abs(stack(images) - one(images)).max() < 1e-5


def test_same_padding_spoils_the_border_only() -> None:
    """With `same` padding the single layer differs in a border one pixel wide."""
    import keras

    stack, images = _layers(1, "same")
    one = keras.layers.Conv2D(4, 5, padding="same")
    one.build((None, 17, 17, 2))
    one.set_weights(references.collapsed(*(np.array(w) for w in stack.get_weights())))
    differs = np.abs(stack(images) - one(images)).max(axis=(0, 3)) > 1e-4
    assert not differs[1:-1, 1:-1].any()
    assert differs[0].any()
    assert differs[:, -1].any()


def test_strides_collapse_as_the_lesson_says() -> None:
    """With strides 2 in the first layer, the single kernel has 3 + 2·(3 − 1) rows, and strides 2.

    Its weights are the first kernel's copies, two places apart.
    """
    import keras

    stack, images = _layers(2)
    kernel1, bias1, kernel2, bias2 = (np.array(w) for w in stack.get_weights())
    kernel = np.zeros((7, 7, 2, 4))
    for p, q in np.ndindex(3, 3):
        kernel[2 * p : 2 * p + 3, 2 * q : 2 * q + 3] += kernel1 @ kernel2[p, q]
    one = keras.layers.Conv2D(4, 7, strides=2)
    one.build((None, 17, 17, 2))
    one.set_weights([kernel, bias2 + bias1 @ kernel2.sum((0, 1))])
    assert np.abs(stack(images) - one(images)).max() < 1e-5


def test_the_slopes_are_those_of_keras() -> None:
    """Keras takes 0 for the slope of ReLU at 0, and the reference's bell for the sigmoid's."""
    import keras
    import tensorflow as tf

    x = tf.Variable([-3.0, -0.5, 0.0, 0.5, 3.0])
    with tf.GradientTape(persistent=True) as tape:
        bent, curved = keras.ops.relu(x), keras.ops.sigmoid(x)
    assert tape.gradient(bent, x).numpy().tolist() == [0, 0, 0, 1, 1]
    assert np.allclose(tape.gradient(curved, x), references.sigmoid_slope(x.numpy()), atol=1e-6)


def test_no_line_separates_the_disc_from_the_ring() -> None:
    """The best of many straight lines stays well below what a linear network must not reach."""
    from cnn_course.activation.decisions import STRAIGHT, disc_and_ring

    points, labels = disc_and_ring(np.random.default_rng(0), 1000)
    best = 0.0
    for angle in np.linspace(0, 2 * np.pi, 40):
        across = points @ [np.cos(angle), np.sin(angle)]
        shares = [np.mean((across < place) == labels) for place in np.linspace(-1.2, 1.2, 60)]
        best = max(best, *shares)
    assert best < STRAIGHT - 0.04
