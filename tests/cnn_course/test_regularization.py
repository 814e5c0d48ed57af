"""The rubric of lesson 6: right answers written another way, and wrong ones it does not know."""

from __future__ import annotations

import warnings
from functools import cache
from textwrap import dedent
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from cnn_course.data.digits import noisy_digits
from cnn_course.regularization import overfitting, references, stopping
from grader.results import Verdict
from tests.cnn_course.judged import Rubric

pytestmark = pytest.mark.slow

layers: Any = keras.layers
SEEDS = range(5)

RUBRIC = Rubric("regularization", "import numpy as np\n")

RIGHT = {
    "lists and their methods": (
        "read_the_curve",
        """
        def best_epoch(val_losses):
            return val_losses.index(min(val_losses))

        def gap_at_the_end(losses, val_losses):
            *_, (last, val_last) = zip(losses, val_losses)
            return np.float32(val_last - last)

        def is_overfitting(losses, val_losses):
            best = best_epoch(val_losses)
            rise = (val_losses[-1] - val_losses[best]) / val_losses[best]
            if rise > 0.1 and losses[best] > losses[-1]:
                return True
            return False
        """,
    ),
    "arrays throughout": (
        "read_the_curve",
        """
        def best_epoch(val_losses):
            return np.argmin(np.array(val_losses))

        def gap_at_the_end(losses, val_losses):
            return (np.array(val_losses) - np.array(losses))[-1]

        def is_overfitting(losses, val_losses):
            losses, val_losses = np.array(losses), np.array(val_losses)
            best = val_losses.argmin()
            return (val_losses[-1] / val_losses[best] > 1.1) & (losses[-1] < losses[best])
        """,
    ),
    "a loop that counts": (
        "memorised",
        """
        def memorised(scores, labels, true_labels):
            wrong = [i for i in range(len(labels)) if labels[i] != true_labels[i]]
            return sum(int(scores[i].argmax() == labels[i]) for i in wrong) / len(wrong)
        """,
    ),
    "a mean over a masked array": (
        "memorised",
        """
        def memorised(scores, labels, true_labels):
            hits = np.argsort(scores, axis=-1)[:, -1] == labels
            return np.average(hits, weights=labels != true_labels)
        """,
    ),
    "a mask that is multiplied": (
        "dropout",
        """
        def dropout(activations, rate, u, training):
            mask = (u >= rate).astype(float) / (1 - rate)
            return activations * mask if training else activations.copy()
        """,
    ),
    "a copy that is changed": (
        "dropout",
        """
        def dropout(x, p, random, is_training):
            x = np.array(x)
            if is_training:
                x[random < p] = 0
                x /= 1 - p
            return x
        """,
    ),
    "a counter, as Keras has it": (
        "early_stop_epoch",
        """
        def early_stop_epoch(val_losses, patience, min_delta):
            best, kept, wait = np.inf, 0, 0
            for epoch, loss in enumerate(val_losses):
                wait += 1
                if loss < best - min_delta:
                    best, kept, wait = loss, epoch, 0
                elif wait >= patience:
                    break
            return [epoch, kept]
        """,
    ),
    "a while loop over arrays": (
        "early_stop_epoch",
        """
        def early_stop_epoch(val_losses, patience, min_delta):
            val_losses = np.array(val_losses)
            best = epoch = 0
            while epoch + 1 < len(val_losses) and epoch - best < patience:
                epoch += 1
                if val_losses[best] - val_losses[epoch] > min_delta:
                    best = epoch
            return np.int64(epoch), np.int64(best)
        """,
    ),
}

WRONG = {
    "the last of the falling epochs": (
        "read_the_curve",
        """
        def best_epoch(val_losses):
            return len(val_losses) // 2

        def gap_at_the_end(losses, val_losses):
            return val_losses[-1]

        def is_overfitting(losses, val_losses):
            return True
        """,
    ),
    "the smallest score": (
        "memorised",
        """
        def memorised(scores, labels, true_labels):
            wrong = labels != true_labels
            return np.mean(scores.argmin(axis=1)[wrong] == labels[wrong])
        """,
    ),
    "the share of wrong labels": (
        "memorised",
        """
        def memorised(scores, labels, true_labels):
            return np.mean(labels != true_labels)
        """,
    ),
    "scaled by the share that was really kept": (
        "dropout",
        """
        def dropout(activations, rate, u, training):
            return np.where(u < rate, 0, activations / np.mean(u >= rate) * 0.97) if training else (
                activations
            )
        """,
    ),
    "one unit for each image": (
        "dropout",
        """
        def dropout(activations, rate, u, training):
            return activations * (u > u.min()) if training else activations
        """,
    ),
    "stops at the first rise": (
        "early_stop_epoch",
        """
        def early_stop_epoch(val_losses, patience, min_delta):
            for epoch in range(1, len(val_losses)):
                if val_losses[epoch] > val_losses[epoch - 1]:
                    return epoch, epoch - 1
            return len(val_losses) - 1, len(val_losses) - 1
        """,
    ),
    "never stops": (
        "early_stop_epoch",
        """
        def early_stop_epoch(val_losses, patience, min_delta):
            return len(val_losses) - 1, 0
        """,
    ),
}


@pytest.mark.parametrize("answer", RIGHT)
def test_right_answers_may_be_written_another_way(answer: str) -> None:
    """Other idioms, other kinds of numbers and other names of parameters pass."""
    name, source = RIGHT[answer]
    RUBRIC.assert_passes(name, source, SEEDS)


@pytest.mark.parametrize("answer", WRONG)
def test_no_other_mistake_is_taken_for_a_misconception(answer: str) -> None:
    """A wrong answer that the rubric does not know fails, and nothing is said about its reason."""
    name, source = WRONG[answer]
    RUBRIC.assert_told(name, source, None, SEEDS)


def test_each_of_three_functions_is_diagnosed_on_its_own() -> None:
    """Two mistakes in one answer do not hide the first one."""
    source = """
        def best_epoch(val_losses):
            return int(np.argmax(val_losses))

        def gap_at_the_end(losses, val_losses):
            return losses[-1] - val_losses[-1]

        def is_overfitting(losses, val_losses):
            return val_losses[-1] > losses[-1]
    """
    assert RUBRIC.diagnosis("read_the_curve", source) is not None


def test_dropout_may_not_change_its_argument() -> None:
    """Activations that are set to 0 in place are lost to the caller, and the student is told."""
    source = """
        def dropout(activations, rate, u, training):
            if training:
                activations[u < rate] = 0
                activations /= 1 - rate
            return activations
    """
    result = RUBRIC.judged("dropout", source).result
    assert result.verdict is Verdict.FAILED
    assert "changed its argument" in result.checks[0].message


def test_the_rule_of_the_exercise_is_that_of_keras() -> None:
    """On random losses the plain rule stops where Keras's callback does, and keeps what it does."""
    rng = np.random.default_rng(0)
    for _ in range(200):
        losses = (rng.integers(0, 20, size=rng.integers(2, 15)) / 64).tolist()
        patience, min_delta = int(rng.integers(1, 5)), int(rng.integers(0, 4)) / 64
        ours = stopping._right(losses, patience, min_delta)
        assert ours == stopping._as_keras_does(losses, patience, min_delta)


# Networks that are really trained, once for all tests.


def new_network(*, dropout: float = 0.0, functional: bool = False, softmax: bool = False) -> Any:
    """A network of the lesson, built in one of two ways."""
    inputs = keras.Input((8, 8, 1))
    hidden = [
        layers.Conv2D(16, 3, padding="same"),
        layers.ReLU(),
        layers.Conv2D(16, 3, padding="same", activation="relu"),
        layers.Reshape((1024,)),
        layers.Dense(128),
        layers.Activation("relu"),
        *([layers.Dropout(dropout)] if dropout else []),
    ]
    stack = [*hidden, layers.Dense(10, activation="softmax" if softmax else None)]
    if not functional:
        return keras.Sequential([inputs, *stack])
    outputs = inputs
    for layer in stack:
        outputs = layer(outputs)
    return keras.Model(inputs, outputs)


def fit(model: Any, epochs: int = 25, on: str = "training", **settings: Any) -> Any:
    """Train as the lesson does; `on` says with which digits."""
    digits = noisy_digits(references.SEED)
    parts: dict[str, Any] = {
        "training": (digits.images, digits.labels),
        "validation": (digits.validation_images, digits.validation_labels),
    }
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.Adam(0.003), loss, metrics=["accuracy"])
    batches = tf.data.Dataset.from_tensor_slices(parts[on]).shuffle(400).batch(32)
    tests = tf.data.Dataset.from_tensor_slices(parts["validation"]).batch(400)
    return model.fit(
        batches, epochs=epochs, validation_data=tests, shuffle=False, verbose=0, **settings
    )


@cache
def trained(kind: str) -> tuple[Any, ...]:
    """A model and what `fit` returned; for early stopping the callback first."""
    keras.utils.set_random_seed(3)
    if kind == "overfit":
        model = new_network(functional=True)
        return model, fit(model)
    if kind == "dropout":
        model = new_network(dropout=0.5, functional=True)
        return model, fit(model)
    if kind == "brief":
        model = new_network()
        return model, fit(model, 3)
    if kind == "seen":
        model = new_network()
        return model, fit(model, 10, on="validation")
    model = new_network()
    callback = keras.callbacks.EarlyStopping(
        "val_loss", patience=3, mode="min", restore_best_weights=kind == "stopped"
    )
    return callback, model, fit(model, callbacks=[callback])


def overfit_answer(model: Any, history: Any) -> dict[str, Any]:
    """The names of the exercise."""
    return {"baseline": model, "baseline_history": history}


def stopped_answer(callback: Any, model: Any, history: Any) -> dict[str, Any]:
    """The names of the exercise."""
    return {"early_stopping": callback, "stopped_model": model, "stopped_history": history}


def test_a_functional_network_that_overfits_passes() -> None:
    """Activations as layers, a Reshape for Flatten and another seed make no difference."""
    result = RUBRIC.judged("overfit_on_purpose", overfit_answer(*trained("overfit"))).result
    assert result.verdict is Verdict.PASSED, result.checks


def test_a_functional_network_with_dropout_passes() -> None:
    """The gap of a network with dropout is small, whichever way it was built."""
    model, history = trained("dropout")
    baseline, _ = trained("overfit")
    answer = {"dropout_model": model, "dropout_history": history, "baseline": baseline}
    result = RUBRIC.judged("with_dropout", answer).result
    assert result.verdict is Verdict.PASSED, result.checks


def test_real_early_stopping_passes() -> None:
    """A callback with another notation of the same settings passes, with its real training."""
    result = RUBRIC.judged("with_early_stopping", stopped_answer(*trained("stopped"))).result
    assert result.verdict is Verdict.PASSED, result.checks


def test_real_mistakes_in_training_are_known() -> None:
    """What the rubric builds without training is recognized where it was really trained, too."""
    assert (
        RUBRIC.diagnosis("overfit_on_purpose", overfit_answer(*trained("brief")))
        == "too_few_epochs"
    )
    assert (
        RUBRIC.diagnosis("overfit_on_purpose", overfit_answer(*trained("seen")))
        == "trained_with_validation_digits"
    )
    assert (
        RUBRIC.diagnosis(
            "overfit_on_purpose", overfit_answer(trained("overfit")[0], trained("brief")[1])
        )
        == "history_of_another"
    )
    assert (
        RUBRIC.diagnosis("with_early_stopping", stopped_answer(*trained("not restored")))
        == "not_restored"
    )


def test_a_callback_that_was_only_declared_is_known() -> None:
    """A callback that `fit` never got has seen no epoch; where another one stopped it, that too."""
    fresh = keras.callbacks.EarlyStopping("val_loss", patience=3, restore_best_weights=True)
    answer = stopped_answer(fresh, *trained("overfit"))
    assert RUBRIC.diagnosis("with_early_stopping", answer) == "only_declared"
    assert RUBRIC.diagnosis(
        "with_early_stopping", stopped_answer(fresh, *trained("stopped")[1:])
    ) == ("made_anew")


def with_curve(history: Any, val_losses: Any) -> Any:
    """The history of the same training, with another `val_loss`."""
    changed = keras.callbacks.History()
    changed.epoch = history.epoch
    changed.history = {**history.history, "val_loss": list(map(float, val_losses))}
    return changed


@pytest.mark.parametrize("smoothing", ["mean so far", "smallest so far"])
def test_a_smoothed_history_is_refused(smoothing: str) -> None:
    """A curve made to look better fails by its last value, though no number in it is round."""
    model, history = trained("overfit")
    curve = np.asarray(history.history["val_loss"])
    means = np.cumsum(curve) / np.arange(1, len(curve) + 1)
    smooth = means if smoothing == "mean so far" else np.minimum.accumulate(curve)
    answer = overfit_answer(model, with_curve(history, smooth))
    assert RUBRIC.diagnosis("overfit_on_purpose", answer) == "history_of_another"
    checks = {
        check.name: check for check in RUBRIC.judged("overfit_on_purpose", answer).result.checks
    }
    assert checks["comes_with_its_own_history"].verdict is Verdict.FAILED


def test_an_epoch_that_a_loss_meets_by_chance_does_not_hide_a_false_end() -> None:
    """A curve that passes through the model's loss midway, and ends elsewhere, is of another."""
    model, history = trained("overfit")
    own = history.history["val_loss"][-1]
    passing = np.linspace(2 * own, own / 2, len(history.epoch))
    passing[np.argmin(np.abs(passing - own))] = own
    answer = overfit_answer(model, with_curve(history, passing))
    assert RUBRIC.diagnosis("overfit_on_purpose", answer) == "history_of_another"


def test_of_a_curve_only_the_end_can_be_told() -> None:
    """A curve smoothed up to its last value is believed: no weights of those epochs are there."""
    model, history = trained("overfit")
    curve = np.asarray(history.history["val_loss"])
    smooth = np.append((curve[:-1] + np.append(curve[1:-1], curve[-1])) / 2, curve[-1])
    result = RUBRIC.judged(
        "overfit_on_purpose", overfit_answer(model, with_curve(history, smooth))
    ).result
    checks = {check.name: check for check in result.checks}
    assert checks["comes_with_its_own_history"].verdict is Verdict.PASSED


def test_a_remedy_in_the_baseline_is_told_whatever_its_gap_is() -> None:
    """A network that has dropout and overfits all the same is refused by its layers."""
    plain, history = trained("overfit")
    model = new_network(dropout=0.5, functional=True)
    model.set_weights(plain.get_weights())
    model.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    answer = overfit_answer(model, history)
    checks = {
        check.name: check for check in RUBRIC.judged("overfit_on_purpose", answer).result.checks
    }
    assert "remedy" in checks["knows_the_training_digits_by_heart"].message
    assert RUBRIC.diagnosis("overfit_on_purpose", answer) == "regularized_already"


@pytest.mark.parametrize(
    ("layer", "acts"),
    [
        (layers.Dropout(0.2), True),
        (layers.GaussianNoise(0.1), True),
        (layers.RandomTranslation(0.1, 0.1), True),
        (layers.Conv2D(2, 3, kernel_regularizer="l2"), True),
        (layers.Dropout(0.0), False),
        (layers.BatchNormalization(), False),
        (layers.Conv2D(2, 3, kernel_regularizer=keras.regularizers.L2(0.0)), False),
    ],
)
def test_only_what_works_against_learning_by_heart_is_a_remedy(layer: Any, acts: bool) -> None:
    """A rate or a strength of 0 does nothing, and a normalized network may overfit."""
    model = keras.Sequential([keras.Input((8, 8, 1)), layer, layers.Flatten(), layers.Dense(10)])
    assert overfitting.has_an_acting_remedy(model) is acts


@pytest.mark.parametrize("history", ["dict", "none", "numbers"])
def test_what_is_no_history_is_told(history: str) -> None:
    """The dict of curves, None or a list is the student's mistake, never the check's."""
    model, real = trained("overfit")
    given = {"dict": dict(real.history), "none": None, "numbers": [1.0, 2.0]}[history]
    result = RUBRIC.judged("overfit_on_purpose", overfit_answer(model, given)).result
    assert result.verdict is Verdict.FAILED
    assert all(check.verdict is not Verdict.BROKEN for check in result.checks)


@pytest.mark.parametrize("callback", [None, 3, "EarlyStopping"])
def test_what_is_no_early_stopping_is_told(callback: Any) -> None:
    """Another object in place of the callback is the student's mistake."""
    _, model, history = trained("stopped")
    result = RUBRIC.judged("with_early_stopping", stopped_answer(callback, model, history)).result
    assert result.verdict is Verdict.FAILED
    assert all(check.verdict is not Verdict.BROKEN for check in result.checks)


def test_a_typed_history_is_refused_though_its_last_loss_is_true() -> None:
    """Most of its numbers are round, so it fails, and is diagnosed."""
    model, history = trained("overfit")
    typed = keras.callbacks.History()
    typed.epoch = list(range(25))
    last = history.history["val_loss"][-1]
    typed.history = {
        "loss": np.linspace(2, 0.04, 25).tolist(),
        "val_loss": [1.5, 0.5, *[0.6] * 22, last],
    }
    assert (
        RUBRIC.diagnosis("overfit_on_purpose", overfit_answer(model, typed)) == "typed_in_by_hand"
    )
    checks = RUBRIC.judged("overfit_on_purpose", overfit_answer(model, typed)).result.checks
    assert "four decimals" in checks[1].message


def test_the_dict_of_curves_is_told_in_a_few_words() -> None:
    """A dict where the History belongs is named, and not shown number by number."""
    model, history = trained("overfit")
    answer = overfit_answer(model, dict(history.history))
    assert RUBRIC.diagnosis("overfit_on_purpose", answer) == "dict_for_a_history"
    assert len(RUBRIC.judged("overfit_on_purpose", answer).result.checks[1].message) < 200


def test_five_epochs_on_the_validation_digits_are_known() -> None:
    """It has not seen them often enough to know them by heart, but its gap says it all."""
    keras.utils.set_random_seed(3)
    model = new_network()
    history = fit(model, 5, on="validation")
    found = RUBRIC.diagnosis("overfit_on_purpose", overfit_answer(model, history))
    assert found == "trained_with_validation_digits"


@pytest.mark.parametrize("kind", ["SpatialDropout2D", "GaussianDropout"])
def test_relatives_of_dropout_are_not_called_a_baseline(kind: str) -> None:
    """Other kinds of dropout fail with a true sentence."""
    model = keras.Sequential(
        [
            keras.Input((8, 8, 1)),
            layers.Conv2D(16, 3, padding="same", activation="relu"),
            layers.Conv2D(16, 3, padding="same", activation="relu"),
            getattr(layers, kind)(0.5),
            layers.Flatten(),
            layers.Dense(128, activation="relu"),
            layers.Dense(10),
        ]
    )
    history = fit(model, 1)
    answer = {"dropout_model": model, "dropout_history": history, "baseline": trained("overfit")[0]}
    assert RUBRIC.diagnosis("with_dropout", answer) == "relative_of_dropout"


def test_a_callback_that_looks_for_the_largest_loss_is_known() -> None:
    """With `mode="max"` the first epoch is the best."""
    callback = keras.callbacks.EarlyStopping(patience=3, mode="max", restore_best_weights=True)
    model = new_network()
    answer = stopped_answer(callback, model, fit(model, 6, callbacks=[callback]))
    assert RUBRIC.diagnosis("with_early_stopping", answer) == "largest_loss"


def test_a_wrong_best_epoch_is_named_first() -> None:
    """Where `is_overfitting` raises because of `best_epoch`, nothing is said of an error."""
    source = """
        def best_epoch(val_losses):
            return min(val_losses)

        def gap_at_the_end(losses, val_losses):
            return val_losses[-1] - losses[-1]

        def is_overfitting(losses, val_losses):
            best = best_epoch(val_losses)
            return val_losses[-1] > 1.1 * val_losses[best] and losses[-1] < losses[best]
    """
    result = RUBRIC.judged("read_the_curve", source).result
    assert result.verdict is Verdict.FAILED
    assert "`best_epoch`" in result.checks[2].message
    assert RUBRIC.diagnosis("read_the_curve", source) == "loss_instead_of_epoch"


TENSORS = {
    "read_the_curve": """
        def best_epoch(val_losses):
            return tf.argmin(val_losses)

        def gap_at_the_end(losses, val_losses):
            return tf.constant(val_losses[-1] - losses[-1])

        def is_overfitting(losses, val_losses):
            best = min(range(len(val_losses)), key=val_losses.__getitem__)
            return tf.constant(
                val_losses[-1] > 1.1 * val_losses[best] and losses[-1] < losses[best]
            )
    """,
    "memorised": """
        def memorised(scores, labels, true_labels):
            wrong = labels != true_labels
            hits = np.argmax(scores, axis=1)[wrong] == labels[wrong]
            return tf.reduce_mean(tf.cast(hits, tf.float32))
    """,
    "batch_norm_parameters": """
        def batch_norm_parameters(input_shape):
            return tf.constant([2 * input_shape[-1]] * 2)
    """,
}


@pytest.mark.parametrize("name", TENSORS)
def test_tensors_break_no_check(name: str) -> None:
    """A tensor in place of a number is right, or refused in a sentence."""
    source = "import numpy as np\nimport tensorflow as tf\n" + dedent(TENSORS[name])
    result = RUBRIC.judged(name, source).result
    assert result.verdict in (Verdict.PASSED, Verdict.FAILED), result
    assert name != "memorised" or result.verdict is Verdict.PASSED


def test_probabilities_where_scores_belong_are_known() -> None:
    """A softmax at the end is named, whatever else is wrong."""
    model = new_network(softmax=True)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Keras warns of the softmax, too
        history = fit(model, 1)
        assert (
            RUBRIC.diagnosis("overfit_on_purpose", overfit_answer(model, history))
            == "softmax_twice"
        )


def test_an_untrained_network_is_no_answer() -> None:
    """A network as it was built, with dropout in it, has no gap, and has learned nothing."""
    model = new_network(dropout=0.5)
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile("adam", loss)
    answer = {"dropout_model": model, "dropout_history": trained("dropout")[1], "baseline": model}
    checks = {check.name: check for check in RUBRIC.judged("with_dropout", answer).result.checks}
    assert checks["has_a_smaller_gap"].verdict is Verdict.FAILED
    assert checks["comes_with_its_own_history"].verdict is Verdict.FAILED


def test_importing_the_rubric_loads_no_keras() -> None:
    """What the command line imports stays light."""
    import subprocess
    import sys

    code = "import sys, cnn_course.regularization; print('keras' in sys.modules)"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "False"
