"""A training curve is believed where the delivered model bears it out, and nowhere else."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any, NamedTuple

import keras
import numpy as np
import pytest

from cnn_course.data.digits import NoisyDigits, noisy_digits, other_digits
from grader import expect
from grader.crossing.networks import History
from grader.crossing.values import pack, unpack
from grader.judging.expect import training
from grader.judging.format import format_curves
from grader.judging.judge import judge
from grader.judging.testing import ask_here
from grader.report.console import exercise_report
from grader.report.feedback import feedback_html
from tests.judging.test_expect import mismatch

pytestmark = pytest.mark.slow

layers: Any = keras.layers


class Trained(NamedTuple):
    """A model and the history of its training, as they arrive at a judge."""

    model: Any
    history: History


@pytest.fixture(scope="module")
def digits() -> NoisyDigits:
    """The digits that the networks here are trained on."""
    return noisy_digits(0)


def small_network() -> Any:
    """A network with a convolution, a penalty and dropout."""
    model = keras.Sequential(
        [
            keras.Input((8, 8, 1)),
            layers.Conv2D(8, 3, activation="relu"),
            layers.Flatten(),
            layers.Dense(32, activation="relu", kernel_regularizer=keras.regularizers.L2(1e-3)),
            layers.Dropout(0.3),
            layers.Dense(10),
        ]
    )
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.Adam(0.01), loss, metrics=["accuracy"])
    return model


def fitted(digits: NoisyDigits, seed: int, **settings: Any) -> Trained:
    """A small network, trained for a few epochs."""
    keras.utils.set_random_seed(seed)
    model = small_network()
    history = model.fit(
        digits.images,
        digits.labels,
        batch_size=32,
        epochs=settings.pop("epochs", 6),
        validation_data=(digits.validation_images, digits.validation_labels),
        verbose=0,
        **settings,
    )
    return Trained(unpack(pack(model)), unpack(pack(history)))


@pytest.fixture(scope="module")
def honest(digits: NoisyDigits) -> Trained:
    """A network that was trained, and its own history."""
    return fitted(digits, 0)


def test_an_honest_history_belongs_to_its_model(honest: Trained, digits: NoisyDigits) -> None:
    """The judge's own loss, penalty included, is the last `val_loss`; the accuracy is exact."""
    data = (digits.validation_images, digits.validation_labels)
    own = training.belongs(honest.model, honest.history, *data)
    assert own == pytest.approx(honest.history.history["val_loss"][-1], abs=1e-5)
    accuracy = training.accuracy_of(honest.model, *data)
    assert accuracy == pytest.approx(honest.history.history["val_accuracy"][-1], abs=1e-6)
    assert training.loss_of(honest.model, *data, penalties=False) < own


def test_restored_weights_belong_to_the_best_epoch(digits: NoisyDigits) -> None:
    """With `restore_best_weights` the smallest `val_loss` is the model's, and not the last."""
    stop = keras.callbacks.EarlyStopping(patience=2, restore_best_weights=True)
    trained = fitted(digits, 1, epochs=30, callbacks=[stop])
    data = (digits.validation_images, digits.validation_labels)
    training.belongs(trained.model, trained.history, *data, restored=True)
    message = mismatch(training.belongs, trained.model, trained.history, *data).message
    assert "That is what the history says of epoch" in message


def test_a_history_of_another_model_is_refused(honest: Trained, digits: NoisyDigits) -> None:
    """The same network trained from another seed has another history, and the numbers say so."""
    other = fitted(digits, 2)
    data = (digits.validation_images, digits.validation_labels)
    raised = mismatch(training.belongs, honest.model, other.history, *data)
    assert "not that of this model" in raised.message
    assert raised.curves.curves["val_loss"] == other.history.history["val_loss"]


@pytest.mark.parametrize("change", ["smoothed", "last one improved", "turned around"])
def test_an_invented_history_is_refused(honest: Trained, digits: NoisyDigits, change: str) -> None:
    """A curve made to look better no longer ends where its model stands."""
    curves = dict(honest.history.history)
    claimed = np.array(curves["val_loss"])
    curves["val_loss"] = tuple(
        {
            "smoothed": np.linspace(2, 0.3, len(claimed)),
            "last one improved": np.append(claimed[:-1], claimed[-1] - 0.01),
            "turned around": claimed[::-1],
        }[change].tolist()
    )
    forged = History(honest.history.epoch, curves)
    data = (digits.validation_images, digits.validation_labels)
    mismatch(training.belongs, honest.model, forged, *data)


@pytest.mark.parametrize(("apart", "belongs"), [(2e-5, True), (-2e-5, True), (5e-4, False)])
def test_a_loss_of_another_arithmetic_is_the_same_and_another_loss_is_not(
    honest: Trained, digits: NoisyDigits, apart: float, belongs: bool
) -> None:
    """Ten times what arithmetics differ by is no difference; what any training changes is one."""
    curve = list(honest.history.history["val_loss"])
    curve[-1] += apart
    claimed = History(honest.history.epoch, {"val_loss": tuple(curve)})
    data = (digits.validation_images, digits.validation_labels)
    if belongs:
        training.belongs(honest.model, claimed, *data)
    else:
        mismatch(training.belongs, honest.model, claimed, *data)


_ELSEWHERE = """
import sys, numpy as np
from cnn_course.data.digits import noisy_digits
from tests.judging.test_expect_training import small_network, training
digits, model, stored = noisy_digits(0), small_network(), np.load(sys.argv[1])
for moved in (0, 1e-6, -1e-6):
    model.set_weights([stored[name] * np.float32(1 + moved) for name in stored.files])
    print(training.loss_of(model, digits.validation_images, digits.validation_labels))
"""


@pytest.mark.parametrize(("onednn", "threads"), [("0", "1"), ("0", "2"), ("1", "1"), ("1", "2")])
def test_the_loss_is_the_same_in_a_judge_of_another_arithmetic(
    honest: Trained, tmp_path: Path, onednn: str, threads: str
) -> None:
    """With oneDNN or without, on one thread or two, with weights moved by 10⁻⁶: the claim holds."""
    np.savez(tmp_path / "weights.npz", *honest.model.get_weights())
    found = subprocess.run(
        [sys.executable, "-c", _ELSEWHERE, str(tmp_path / "weights.npz")],
        env={
            **os.environ,
            "TF_ENABLE_ONEDNN_OPTS": onednn,
            "TF_NUM_INTRAOP_THREADS": threads,
        },
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        check=True,
    )
    losses = list(map(float, found.stdout.split()))
    claimed = honest.history.history["val_loss"][-1]
    assert len(losses) == 3
    assert max(abs(loss - claimed) for loss in losses) < training.CLOSE / 5


def test_a_gap_is_measured_at_inference_on_both_sides(honest: Trained, digits: NoisyDigits) -> None:
    """The gap is what `evaluate` would give, without the penalty, whatever the history says."""
    training_data = (digits.images, digits.labels)
    validation = (digits.validation_images, digits.validation_labels)
    losses = [
        float(np.mean(keras.losses.sparse_categorical_crossentropy(y, honest.model(x), True)))
        for x, y in (training_data, validation)
    ]
    measured = training.gap(honest.model, training_data, validation)
    assert measured == pytest.approx(losses[1] - losses[0], abs=1e-5)


@pytest.mark.parametrize(
    ("history", "says"),
    [
        (None, "Received: None."),
        ({"loss": [1.0]}, "Received: {'loss': [1.0]}."),
        (History((0,), {"loss": (1.0,)}), "Received: `loss`."),
        (History((0, 1), {"val_loss": (1.0,)}), "Received: 1 of `val_loss` for 2 epochs."),
        (History((), {"val_loss": ()}), "Received: 0 of `val_loss` for 0 epochs."),
        (History((0, 1), {"val_loss": (1.0, float("nan"))}), "`val_loss` is nan in epoch 1"),
    ],
)
def test_what_is_no_curve_is_said(history: Any, says: str) -> None:
    """Each thing that is no curve of numbers has its sentence."""
    assert says in mismatch(training.curve, history, "val_loss").message


def test_the_digits_have_exactly_a_fifth_of_wrong_labels(digits: NoisyDigits) -> None:
    """Every wrong label is another digit; no image is in both parts; a seed gives the same."""
    wrong = digits.labels != digits.true_labels
    assert wrong.sum() == 64
    assert digits.images.shape == (320, 8, 8, 1)
    assert digits.validation_images.shape == (400, 8, 8, 1)
    training_images = {image.tobytes() for image in digits.images}
    assert not training_images & {image.tobytes() for image in digits.validation_images}
    assert np.array_equal(noisy_digits(0).labels, digits.labels)
    assert not np.array_equal(noisy_digits(1).labels, digits.labels)
    images, labels = other_digits(np.random.default_rng(0), 50)
    assert images.shape == (50, 8, 8, 1)
    assert labels.shape == (50,)
    assert images.max() <= 1


def test_feedback_shows_the_student_s_own_curve_against_the_region(honest: Trained) -> None:
    """A curve outside its region is drawn in the notebook and told in words in the console."""
    exercise = _exercise()
    ask = ask_here({"history": _lent(honest.history)})
    result = judge(exercise, ask, secret=b"secret", code="").result
    page = feedback_html(result, hints_left=0)
    assert "your curves" in page
    assert "data:image/png;base64," in page
    assert "smallest" in page
    shown = result.checks[0].curves
    assert shown is not None
    assert shown.high == 0.1
    assert len(shown.curves["val_loss"]) == 6
    from rich.console import Console

    console = Console(width=100)
    with console.capture() as printed:
        console.print(exercise_report(result))
    assert "expected: below 0.1 from epoch 1 on" in printed.get()


def test_long_curves_are_cut_in_the_record() -> None:
    """A history of many thousand epochs makes no record of many megabytes."""
    shown = format_curves(training.Curves({"loss": (1.0,) * 50_000}))
    assert len(shown.curves["loss"]) == 1000


def _exercise() -> Any:
    from grader import Exercise

    exercise = Exercise("fit", title="Fit", names=("history",), functions=())

    @exercise.check(points=1)
    def ends_low(history: Any) -> None:
        """The loss on new images ends below 0.1."""
        last = float(expect.training.curve(history, "val_loss")[-1])
        training.region(
            last, "Your network is not good enough.", history, below=0.1, band=(None, 0.1)
        )

    return exercise


def _lent(history: History) -> Any:
    real = keras.callbacks.History()
    real.epoch = list(history.epoch)
    real.history = {name: list(curve) for name, curve in history.history.items()}
    return real
