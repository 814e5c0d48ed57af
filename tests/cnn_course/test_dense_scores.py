"""Softmax, losses, accuracy and trained readers: other right answers, other mistakes, facts."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from cnn_course.dense.digits import linear_reader, stays_within_the_budget
from cnn_course.dense.readers_references import (
    BUDGET,
    accuracy_of,
    cross_entropy_of,
    hidden_digits,
    softmax_of,
)
from grader.crossing.networks import History
from grader.errors import Mismatch
from grader.judging.diagnose import diagnose
from grader.results import Verdict
from tests.cnn_course.judged import Rubric

pytestmark = pytest.mark.slow

SEEDS = range(10)

RIGHT = {
    "softmax by logarithms": """
        def softmax(scores):
            scores = np.asarray(scores, dtype="float64")
            return np.exp(scores - np.logaddexp.reduce(scores, axis=-1, keepdims=True))
    """,
    "softmax image by image": """
        def softmax(scores):
            if scores.ndim > 1:
                return np.stack([softmax(part) for part in scores])
            powers = np.exp(scores - max(scores))
            return powers / sum(powers)
    """,
    "softmax with the axis put back": """
        def softmax(scores):
            scores = scores - np.expand_dims(np.max(scores, -1), -1)
            return np.exp(scores) / np.exp(scores).sum(-1)[..., None]
    """,
    "cross-entropy in a loop": """
        def cross_entropy(probabilities, labels):
            total = 0
            for row, label in zip(probabilities, labels):
                total -= np.log(max(row[label], 1e-7))
            return total / len(labels)
    """,
    "cross-entropy clipped at both ends, as in Keras": """
        def cross_entropy(probabilities, labels):
            clipped = np.clip(probabilities, 1e-7, 1 - 1e-7)
            return -np.mean(np.log(np.take_along_axis(clipped, labels[:, None], axis=1)))
    """,
    "cross-entropy with rows of zeros and a one": """
        def cross_entropy(probabilities, labels):
            one_hot = np.eye(probabilities.shape[1])[labels]
            return -(one_hot * np.log(probabilities + 1e-7)).sum(axis=1).mean()
    """,
    "accuracy in a loop": """
        def accuracy(scores, labels):
            right = 0
            for row, label in zip(scores, labels):
                right += int(np.argmax(row)) == label
            return right / len(labels)
    """,
    "accuracy by sorting": """
        def accuracy(scores, labels):
            return np.float32((np.argsort(scores, axis=1)[:, -1] == labels).sum() / labels.size)
    """,
}

OTHER_MISTAKES = {
    "the powers of two": """
        def softmax(scores):
            powers = 2.0 ** (scores - scores.max(axis=-1, keepdims=True))
            return powers / powers.sum(axis=-1, keepdims=True)
    """,
    "the sign turned": """
        def softmax(scores):
            powers = np.exp(scores.min(axis=-1, keepdims=True) - scores)
            return powers / powers.sum(axis=-1, keepdims=True)
    """,
    "everyone the same": """
        def softmax(scores):
            return np.full(scores.shape, 1 / scores.shape[-1])
    """,
    "scores cut at 100": """
        def softmax(scores):
            powers = np.exp(np.clip(scores, -100, 80))
            return powers / powers.sum(axis=-1, keepdims=True)
    """,
    "the probabilities themselves": """
        def cross_entropy(probabilities, labels):
            return 1 - probabilities[np.arange(len(labels)), labels].mean()
    """,
    "the median": """
        def cross_entropy(probabilities, labels):
            return np.median(-np.log(probabilities[np.arange(len(labels)), labels] + 1e-7))
    """,
    "the wrong classes": """
        def cross_entropy(probabilities, labels):
            return -np.log(1 - probabilities[np.arange(len(labels)), labels]).mean()
    """,
    "the worst class": """
        def accuracy(scores, labels):
            return (scores.argmin(axis=-1) == labels).mean()
    """,
    "counted from one": """
        def accuracy(scores, labels):
            return (scores.argmax(axis=-1) + 1 == labels).mean()
    """,
    "always right": """
        def accuracy(scores, labels):
            return 1.0
    """,
}

NETWORKS = "import keras\nfrom keras import layers\n"

DENSE = """
def build_dense():
    return keras.Sequential(
        [
            keras.Input((20, 20, 1)),
            layers.Reshape((400,)),
            layers.Dense(64),
            layers.ReLU(),
            layers.Dropout(0.1),
            layers.Dense(4),
            layers.Softmax(),
        ]
    )
"""

FUNCTIONAL_CNN = """
def build_cnn():
    inputs = keras.Input((20, 20, 1))
    maps = layers.Conv2D(16, 3, padding="same", activation="relu")(inputs)
    maps = layers.MaxPooling2D()(maps)
    maps = layers.Conv2D(32, 3, padding="same", activation="relu")(maps)
    strongest = keras.ops.max(maps, axis=(1, 2))
    return keras.Model(inputs, layers.Dense(4, activation="softmax")(strongest))
"""

NESTED_CNN = """
def build_cnn():
    features = keras.Sequential(
        [layers.Conv2D(16, 3, activation="relu"), layers.Conv2D(32, 3, activation="relu")]
    )
    return keras.Sequential(
        [
            keras.Input((20, 20, 1)),
            features,
            layers.MaxPooling2D(16),
            layers.Flatten(),
            layers.Dense(4),
            layers.Activation("softmax"),
        ]
    )
"""


RUBRIC = Rubric("dense", "import numpy as np\n")


@pytest.mark.parametrize("answer", RIGHT)
def test_right_answers_written_another_way_pass(answer: str) -> None:
    """Loops, other functions of NumPy and other types of numbers are right answers too."""
    source = RIGHT[answer]
    RUBRIC.assert_passes(RUBRIC.exercise_in(source), source, SEEDS)


@pytest.mark.parametrize("mistake", OTHER_MISTAKES)
def test_no_other_mistake_is_taken_for_a_misconception(mistake: str) -> None:
    """A wrong answer that the rubric does not know fails, and nothing is said about its reason."""
    source = OTHER_MISTAKES[mistake]
    RUBRIC.assert_told(RUBRIC.exercise_in(source), source, None, SEEDS)


@pytest.mark.parametrize("cnn", [FUNCTIONAL_CNN, NESTED_CNN])
def test_a_head_without_places_passes_however_it_is_written(cnn: str) -> None:
    """A maximum over the whole map may be an operation, or a pooling as large as the map."""
    RUBRIC.assert_passes("moved_test", NETWORKS + DENSE + cnn)


@pytest.mark.parametrize("wrong", ["build_cnn", "build_dense"])
def test_the_network_at_fault_is_the_one_whose_call_is_shown(wrong: str) -> None:
    """Where one of two networks has a wrong output, the student sees the call that built it."""
    short = "keras.Sequential([keras.Input((20, 20, 1)), layers.Flatten(), layers.Dense(5)])"
    right = DENSE + FUNCTIONAL_CNN
    judgement = RUBRIC.judged("moved_test", f"{NETWORKS}{right}\n{wrong} = lambda: {short}")
    assert judgement.result.checks[0].verdict is Verdict.FAILED
    assert judgement.result.checks[0].call == f"{wrong}()"


SOFTMAX_IN_PLACE = """
    def softmax(scores):
        scores -= scores.max(axis=-1, keepdims=True)
        powers = np.exp(scores)
        return powers / powers.sum(axis=-1, keepdims=True)
"""
CROSS_ENTROPY_IN_PLACE = """
    def cross_entropy(probabilities, labels):
        probabilities[probabilities < 0.5] = 0.5
        return -np.log(probabilities[np.arange(len(labels)), labels]).mean()
"""


@pytest.mark.parametrize("source", [SOFTMAX_IN_PLACE, CROSS_ENTROPY_IN_PLACE])
def test_a_changed_argument_is_not_explained_by_another_mistake(source: str) -> None:
    """The check says what is wrong; no misconception that leaves its argument alone is named."""
    exercise = RUBRIC.exercise_in(source)
    for seed in SEEDS:
        judgement = RUBRIC.judged(exercise, source, seed)
        assert "changed its argument" in judgement.result.checks[0].message
        assert diagnose(RUBRIC.exercise(exercise), judgement) is None


@pytest.mark.parametrize("what", ["a dict of curves", "a history of curves"])
def test_curves_instead_of_the_network_are_told_so(what: str) -> None:
    """Who hands in the curves of the training reads what to hand in, and nothing else."""
    curves = {"loss": (2.3, 1.0), "val_loss": (2.2, 1.1)}
    received = curves if "dict" in what else History(epoch=(0, 1), history=curves)
    with pytest.raises(Mismatch, match=f"the network that was trained. Received: {what}"):
        stays_within_the_budget.function(budget_network=received)


def test_a_network_without_convolutions_is_no_cnn() -> None:
    """The dense network in both places earns no points for the CNN, and no wrong reason."""
    source = NETWORKS + DENSE + "build_cnn = build_dense"
    judgement = RUBRIC.judged("moved_test", source)
    assert [check.verdict for check in judgement.result.checks] == [
        Verdict.PASSED,
        Verdict.PASSED,
        Verdict.FAILED,
    ]
    assert diagnose(RUBRIC.exercise("moved_test"), judgement) is None


def _digit_reader(*, scale: float = 1.0, functional: bool = False) -> Any:
    """A reader of digits from 0 to 1 that was found without Keras."""
    import keras
    from keras import layers

    output = layers.Dense(10)
    inputs = keras.Input((8, 8, 1))
    if functional:
        flat = layers.Reshape((64,))(layers.Rescaling(scale)(inputs))
        network = keras.Model(inputs, layers.Activation("softmax")(output(flat)))
    else:
        network = keras.Sequential([inputs, layers.Flatten(), output, layers.Softmax()])
    output.set_weights(list(linear_reader(scale)))
    return network


@pytest.mark.parametrize("functional", [False, True])
def test_a_network_that_reads_digits_passes_however_it_is_written(functional: bool) -> None:
    """Pixels may be scaled inside of the network, and softmax may be a layer or an activation."""
    network = _digit_reader(scale=16.0 if functional else 1.0, functional=functional)
    RUBRIC.assert_passes("budget_network", {"budget_network": network}, SEEDS)


def test_a_network_that_always_answers_the_same_fails() -> None:
    """Ten equal probabilities are no answer: a tie is not counted as right."""
    import keras
    from keras import layers

    network = keras.Sequential(
        [
            keras.Input((8, 8, 1)),
            layers.Flatten(),
            layers.Dense(10, activation="softmax", kernel_initializer="zeros"),
        ]
    )
    judgement = RUBRIC.judged("budget_network", {"budget_network": network})
    assert judgement.result.score == 2
    found = diagnose(RUBRIC.exercise("budget_network"), judgement)
    assert found is not None
    assert found.misconception == "not_trained"


def test_a_network_that_confuses_two_digits_is_not_explained() -> None:
    """One that exchanges four digits fails, and is not taken for one that was not trained."""
    network = _digit_reader()
    weights, biases = linear_reader(1.0)
    order = [1, 0, 3, 2, 4, 5, 6, 7, 8, 9]
    network.layers[-2].set_weights([weights[:, order], biases[order]])
    RUBRIC.assert_told("budget_network", {"budget_network": network}, None)


def test_one_parameter_too_many_is_over_budget() -> None:
    """The budget is a bound that is not reached: 10,000 parameters are too many."""
    import keras
    from keras import layers

    network = keras.Sequential(
        [
            keras.Input((8, 8, 1)),
            layers.Flatten(),
            layers.Dense(132),
            layers.Dense(10, use_bias=False),
            layers.PReLU(),
            layers.Dense(9, use_bias=False),
            layers.Softmax(),
        ]
    )
    assert network.count_params() == BUDGET
    judgement = RUBRIC.judged("budget_network", {"budget_network": network})
    assert judgement.result.checks[1].verdict is Verdict.FAILED


def test_softmax_twice_never_gets_below_what_the_lesson_says() -> None:
    """Certain and right among ten, the loss is 0 with one softmax and 1.46 with two."""
    certain, labels = np.eye(10, dtype=np.float32), np.arange(10)
    assert cross_entropy_of(certain, labels) < 1e-6
    twice = softmax_of(certain).astype(np.float32)
    assert round(cross_entropy_of(twice, labels), 2) == 1.46
    assert round(float(twice.max()), 2) == 0.23


def test_guessing_has_the_loss_that_the_lesson_says() -> None:
    """Ten equal probabilities have a cross-entropy of 2.30."""
    even = np.full((4, 10), 0.1, dtype=np.float32)
    assert round(cross_entropy_of(even, np.arange(4)), 2) == 2.30


def test_keras_counts_a_probability_of_zero_as_the_lesson_says() -> None:
    """Keras's smallest probability is 1e-7."""
    import keras

    assert keras.config.epsilon() == 1e-7
    certain = np.array([[1.0, 0.0]], dtype=np.float32)
    assert cross_entropy_of(certain, np.array([1])) == pytest.approx(-np.log(1e-7), rel=1e-5)


def test_hidden_digits_are_no_copies_but_can_be_read() -> None:
    """No hidden digit equals one of the collection; a single dense layer reads most of them."""
    from sklearn.datasets import load_digits

    known = {image.tobytes() for image in (load_digits().data / 16).astype(np.float32)}
    weights, biases = linear_reader(1.0)
    for seed in SEEDS:
        images, labels = hidden_digits(np.random.default_rng(seed))
        assert not any(image.tobytes() in known for image in images)
        assert accuracy_of(images.reshape(-1, 64) @ weights + biases, labels) > 0.88
