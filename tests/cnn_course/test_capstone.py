"""The rubric of lesson 7: right answers written another way, and wrong ones it does not know."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from textwrap import dedent
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from cnn_course.capstone import diagnosing, planning, references
from cnn_course.capstone.references import remedies_of, training_part, validation_part
from cnn_course.capstone.rows import work_of_plan
from cnn_course.data.shapes import NAMES
from grader.crossing.networks import Callback
from grader.judging.diagnose import diagnose
from grader.results import Verdict
from tests.cnn_course.judged import Rubric

pytestmark = pytest.mark.slow

layers: Any = keras.layers
SEEDS = range(2)
SOURCE = Path(__file__).parents[2] / "solutions" / "07_capstone.py"


RUBRIC = Rubric("capstone", "import numpy as np\n")

DICTS = """
diagnoses = {"a": "overfitting", "b": "underfitting", "c": "good fit"}
first_aid = {"a": "more regularization", "b": "larger network", "c": "nothing"}
"""

RIGHT = {
    "sums of the last three": (
        "diagnose_curves",
        """
        def diagnose(losses, val_losses):
            if sum(losses[-3:]) > 2.1:
                return "underfitting"
            gaps = [v - l for l, v in zip(losses, val_losses)]
            return "overfitting" if sum(gaps[-3:]) > 1.2 else "good fit"
        """
        + DICTS.replace("\n", "\n        "),
    ),
    "arrays and NumPy's text": (
        "diagnose_curves",
        """
        def diagnose(losses, val_losses):
            t, v = np.array([losses, val_losses])[:, -3:].mean(axis=1)
            return str(np.select([t > 0.7, v - t > 0.4], ["underfitting", "overfitting"],
                                 "good fit"))
        """
        + DICTS.replace("\n", "\n        "),
    ),
    "one square after the other": (
        "occlusion_map",
        """
        def occlusion_map(predict, image, label, size, stride, gray):
            rows = range(0, image.shape[0] - size + 1, stride)
            columns = range(0, image.shape[1] - size + 1, stride)
            found = np.zeros((len(rows), len(columns)))
            for i, top in enumerate(rows):
                for j, left in enumerate(columns):
                    covered = image.copy()
                    covered[top:top + size, left:left + size, :] = gray
                    both = predict(np.stack([image, covered]))
                    found[i, j] = both[0, label] - both[1, label]
            return found
        """,
    ),
    "lists of rows, made an array": (
        "occlusion_map",
        """
        def occlusion_map(predict, image, label, size, stride, gray):
            free = float(predict(image[np.newaxis])[0][label])
            def fall(top, left):
                mask = np.zeros(image.shape, bool)
                mask[top:top + size, left:left + size] = True
                return free - float(predict(np.where(mask, gray, image)[None])[0][label])
            height, width, _ = image.shape
            return np.array([[fall(top, left) for left in range(0, width - size + 1, stride)]
                             for top in range(0, height - size + 1, stride)])
        """,
    ),
}

WRONG = {
    "always a good fit": (
        "diagnose_curves",
        """
        def diagnose(losses, val_losses):
            return "good fit"
        """
        + DICTS.replace("\n", "\n        "),
    ),
    "only whether it rises": (
        "diagnose_curves",
        """
        def diagnose(losses, val_losses):
            if val_losses[-1] > min(val_losses) * 1.1:
                return "overfitting"
            return "good fit" if losses[-1] < 0.5 else "underfitting"
        """
        + DICTS.replace("\n", "\n        "),
    ),
    "nothing is covered": (
        "occlusion_map",
        """
        def occlusion_map(predict, image, label, size, stride, gray):
            rows, columns = ((side - size) // stride + 1 for side in image.shape[:2])
            return np.zeros((rows, columns))
        """,
    ),
    "the other part is covered": (
        "occlusion_map",
        """
        def occlusion_map(predict, image, label, size, stride, gray):
            rows, columns = ((side - size) // stride + 1 for side in image.shape[:2])
            found = np.zeros((rows, columns))
            for i, j in np.ndindex(rows, columns):
                covered = np.full_like(image, gray)
                part = np.s_[i * stride:i * stride + size, j * stride:j * stride + size]
                covered[part] = image[part]
                found[i, j] = predict(image[None])[0, label] - predict(covered[None])[0, label]
            return found
        """,
    ),
}


@pytest.mark.parametrize("answer", RIGHT)
def test_right_answers_may_be_written_another_way(answer: str) -> None:
    """Other idioms and other kinds of numbers pass."""
    name, source = RIGHT[answer]
    RUBRIC.assert_passes(name, source, SEEDS)


@pytest.mark.parametrize("answer", WRONG)
def test_no_other_mistake_is_taken_for_a_misconception(answer: str) -> None:
    """A wrong answer that the rubric does not know fails, and nothing is said about its reason."""
    name, source = WRONG[answer]
    RUBRIC.assert_told(name, source, None, SEEDS)


# The three patients.


def test_the_lessons_rule_says_of_the_three_what_the_rubric_expects() -> None:
    """The losses that the notebook gives lead to the diagnoses that are judged."""
    cell = SOURCE.read_text(encoding="utf-8").split("patients = {")[1].split("# %%")[0]
    names: dict[str, Any] = {}
    exec(f"patients = {{{cell}", names)
    for name, curves in names["patients"].items():
        assert len(curves["loss"]) == len(curves["val_loss"]) == 20
        assert diagnosing.rule(curves["loss"], curves["val_loss"]) == diagnosing.TRUTH[name]


# The plan.

POOLED = [
    ("Conv2D", (14, 14, 6), 156),  # 5×5, strides 2
    ("BatchNormalization", (14, 14, 6), 24),
    ("ReLU", (14, 14, 6), 0),
    ("Conv2D", (12, 12, 12), 648),  # valid, without biases before a normalization
    ("BatchNormalization", [12, 12, 12], 48),
    ("AveragePooling2D", (6, 6, 12), 0),
    ("SpatialDropout2D", (6, 6, 12), 0),
    ("Flatten", (432,), 0),
    ("Dense", (np.int64(10),), 4330),
    ("Dense", (4,), 44),
]
RIGHT_PLANS = {
    "strides, normalization, Flatten": (
        POOLED,
        14 * 14 * 25 * 6 + 12 * 12 * 9 * 6 * 12 + 4320 + 40,
    ),
    "valid throughout": (
        (
            ("Input", (28, 28, 1), 0),
            ("layers.Conv2D", (26, 26, 4), 40),
            ("MaxPool2D", (13, 13, 4), 0),
            ("Conv2D", (11, 11, 8), 296),
            ("GlobalAveragePooling2D", (8,), 0),
            ("Dropout", (8,), 0),
            ("Dense", (4,), 36),
        ),
        26 * 26 * 36 + 11 * 11 * 288 + 32,
    ),
    "a convolution makes the scores": (
        [
            ("RandomFlip", (28, 28, 1), 0),
            ("Conv2D", (28, 28, 4), 104),
            ("MaxPooling2D", (7, 7, 4), 0),
            ("Conv2D", (7, 7, 4), 20),
            ("GlobalMaxPooling2D", (1, 1, 4), 0),
            ("Flatten", (4,), 0),
        ],
        28 * 28 * 25 * 4 + 49 * 16,
    ),
}


@pytest.mark.parametrize("kind", RIGHT_PLANS)
def test_plans_of_any_design_pass(kind: str) -> None:
    """Strides, valid convolutions, normalization without biases, other heads can be planned."""
    rows, work = RIGHT_PLANS[kind]
    total = sum(row[2] for row in rows)
    answer = {"plan": list(rows), "planned_parameters": total, "planned_work": float(work)}
    result = RUBRIC.judged("plan", answer).result
    assert result.verdict is Verdict.PASSED, result.checks


@pytest.mark.parametrize(
    ("place", "row"),
    [
        (0, ("Conv2D", (20, 20, 8), 80)),
        (1, ("MaxPooling2D", (20, 20, 8), 0)),
        (2, ("Conv2D", (14, 14, 16), 1169)),
        (3, ("BatchNormalization", (14, 14, 8), 32)),
        (0, ("Conv2D", (26, 28, 8), 80)),  # one padding for both sides
        (1, ("MaxPooling2D", (13, 14, 8), 0)),
        (7, ("Dense", (16,), 3000)),
        (8, ("Dense", (5,), 85)),
        (5, ("Unknown", (5, 5, 8), 1160)),
        (5, ("Conv2D", (5.0, 5.0, 8), 1160)),
        (5, "Conv2D"),
        (8, ("Dense", 4, 68)),
    ],
)
def test_wrong_rows_fail_and_are_no_known_mistake(place: int, row: Any) -> None:
    """A row that does not follow is refused, and nothing is said about its reason."""
    rows: list[Any] = list(planning.RIGHT)
    rows[place] = row
    answer = {"plan": rows, "planned_parameters": 1, "planned_work": 1}
    assert RUBRIC.diagnosis("plan", answer) is None


def test_a_plan_leaves_scores() -> None:
    """A softmax at the end is refused: the loss has its own."""
    rows = [*planning.RIGHT, ("Softmax", (4,), 0)]
    answer = {
        "plan": rows,
        "planned_parameters": sum(row[2] for row in rows),
        "planned_work": work_of_plan(rows),
    }
    result = RUBRIC.judged("plan", answer).result
    failed = [check.name for check in result.checks if check.verdict is Verdict.FAILED]
    assert failed == ["ends_in_four_scores_within_the_budget"]


def test_a_plan_of_dense_layers_does_not_take_parameters_for_work() -> None:
    """Without a convolution the weights and the work are the same, and that is no mistake."""
    rows = [("Flatten", (784,), 0), ("Dense", (4,), 3140)]
    answer = {"plan": rows, "planned_parameters": 3140, "planned_work": 3136}
    assert RUBRIC.diagnosis("plan", answer) is None


def test_a_plan_may_not_be_read_from_keras() -> None:
    """Asking Keras for shapes and counts is not planning."""
    code = """
    import keras
    model = keras.Sequential([keras.Input((28, 28, 1)), keras.layers.GlobalMaxPooling2D()])
    plan = [("Dense", (4,), model.count_params())]
    planned_parameters = planned_work = 1
    """
    from grader.judging.judge import judge
    from grader.judging.testing import ask_here, run_here

    source = dedent(code)
    ask = ask_here(run_here(source))
    result = judge(RUBRIC.exercise("plan"), ask, secret=b"", code=source, cells=(source,)).result
    assert result.verdict is Verdict.FAILED
    assert "by hand" in result.message


def test_the_work_of_a_plan_is_that_of_the_network() -> None:
    """What the plan's rows multiply is what Keras's layers of these sizes do."""
    model = keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            layers.Conv2D(6, 5, strides=2, padding="same"),
            layers.BatchNormalization(),
            layers.Conv2D(12, 3, use_bias=False),
            layers.BatchNormalization(),
            layers.AveragePooling2D(2),
            layers.Flatten(),
            layers.Dense(10),
            layers.Dense(4),
        ]
    )
    assert references.multiplications(model) == work_of_plan(POOLED)


# The network.


def build(*parts: Any, **compiled: Any) -> Any:
    """A network of these layers."""
    model = keras.Sequential([keras.Input((28, 28, 1)), *parts])
    if compiled:
        model.compile(**compiled)
    return model


def test_the_network_of_a_plan_may_be_nested_and_leave_out_rows() -> None:
    """Rows for remedies may be written or not, and a network may contain another one."""

    def build_network() -> Any:
        front = build(layers.RandomRotation(0.5), layers.Conv2D(4, 5, padding="same"))
        return build(
            front,
            layers.ReLU(),
            layers.MaxPooling2D(4),
            layers.Dropout(0.1),
            layers.Conv2D(4, 1),
            layers.GlobalMaxPooling2D(keepdims=True),
            layers.Reshape((4,)),
        )

    rows = RIGHT_PLANS["a convolution makes the scores"][0]
    answer = {"build_network": build_network, "my_callbacks": [], "plan": rows}
    result = RUBRIC.judged("build_network", answer).result
    assert result.verdict is Verdict.PASSED, result.checks


def test_the_row_that_differs_is_named() -> None:
    """The first row on which plan and network disagree is shown with both sides."""
    rows = RIGHT_PLANS["a convolution makes the scores"][0]

    def build_network() -> Any:
        return build(
            layers.Conv2D(4, 5, padding="same"),
            layers.BatchNormalization(),
            layers.Dropout(0.1),
            layers.GlobalMaxPooling2D(),
        )

    result = RUBRIC.judged(
        "build_network", {"build_network": build_network, "my_callbacks": [], "plan": rows}
    ).result
    failed = [check for check in result.checks if check.verdict is Verdict.FAILED]
    assert [check.name for check in failed] == ["is_the_network_of_the_plan"]
    assert failed[0].message == "Row 3 of your plan and your network do not agree."


@pytest.mark.parametrize(
    ("kind", "model"),
    [
        ({"dropout"}, lambda: build(layers.SpatialDropout2D(0.1))),
        ({"noise"}, lambda: build(layers.GaussianNoise(0.1))),
        ({"batch normalization"}, lambda: build(layers.BatchNormalization())),
        ({"augmentation"}, lambda: build(layers.RandomFlip("horizontal"))),
        ({"augmentation"}, lambda: build(layers.RandomTranslation(0.1, 0.0))),
        ({"augmentation"}, lambda: build(layers.RandomZoom((-0.1, 0.1)))),
        (set(), lambda: build(layers.RandomTranslation(0.0, 0.0))),
        (set(), lambda: build(layers.Dropout(0.0), layers.MaxPooling2D())),
        ({"penalty"}, lambda: build(layers.Conv2D(2, 3, kernel_regularizer="l2"))),
        (
            {"penalty"},
            lambda: build(
                layers.Conv2D(2, 3, kernel_regularizer=keras.regularizers.L1L2(1e-3, 0.0))
            ),
        ),
        (set(), lambda: build(layers.Conv2D(2, 3, kernel_regularizer=keras.regularizers.L2(0.0)))),
        ({"penalty"}, lambda: build(layers.Flatten(), optimizer=keras.optimizers.AdamW())),
        (set(), lambda: build(layers.Flatten(), optimizer="adam")),
        (set(), lambda: build(layers.Dropout(1e-9), layers.GaussianNoise(1e-3))),
        ({"dropout"}, lambda: build(layers.Dropout(0.01))),
        (set(), lambda: build(layers.Conv2D(2, 3, kernel_regularizer=keras.regularizers.L2(1e-9)))),
        (
            {"penalty"},
            lambda: build(layers.Dense(1, kernel_regularizer=keras.regularizers.L1(1e-6))),
        ),
        (
            set(),
            lambda: build(layers.Flatten(), optimizer=keras.optimizers.AdamW(weight_decay=0.0)),
        ),
    ],
)
def test_only_remedies_that_act_are_counted(kind: set[str], model: Any) -> None:
    """Each kind is found in its forms, and those with a rate or strength of 0 are not."""
    assert remedies_of(model()) == kind


FLIPPED = [
    ("Conv2D", (28, 28, 4), 40),
    ("GlobalMaxPooling2D", (4,), 0),
    ("Dense", (4,), 20),
]


def flipped(filters: int = 4, **compiled: Any) -> Any:
    """A small network with two remedies."""
    parts = (
        layers.RandomFlip(),
        layers.Conv2D(filters, 3, padding="same"),
        layers.GlobalMaxPooling2D(),
        layers.Dropout(0.1),
        layers.Dense(4),
    )
    return build(*parts, **compiled)


@pytest.mark.parametrize("returned", [None, (1, 2), "a network"])
def test_what_is_no_network_is_refused_in_words(returned: Any) -> None:
    """A function that returns nothing, or a pair, fails, and nothing breaks."""
    answer = {"build_network": lambda: returned, "my_callbacks": [], "plan": FLIPPED}
    result = RUBRIC.judged("build_network", answer).result
    assert {check.verdict for check in result.checks} == {Verdict.FAILED, Verdict.SKIPPED}
    assert RUBRIC.diagnosis("build_network", answer) is None


def test_a_network_with_other_filters_is_no_other_padding() -> None:
    """A plan of five filters and a network of four do not differ in their padding."""
    rows = [("Conv2D", (28, 28, 5), 50), FLIPPED[1], ("Dense", (4,), 24)]
    rows[1] = ("GlobalMaxPooling2D", (5,), 0)
    answer = {"build_network": flipped, "my_callbacks": [], "plan": rows}
    assert RUBRIC.diagnosis("build_network", answer) == "another_network"


def test_a_decay_of_zero_is_a_strength_of_zero() -> None:
    """AdamW without decay is no remedy, and that is said."""

    def build_network() -> Any:
        loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        model = build(*(layer for layer in flipped().layers if layer.name[:6] != "random"))
        model.compile(keras.optimizers.AdamW(weight_decay=0.0), loss)
        return model

    answer = {"build_network": build_network, "my_callbacks": [], "plan": FLIPPED}
    assert RUBRIC.diagnosis("build_network", answer) == "strength_of_zero"


def test_a_network_may_be_the_same_at_each_start() -> None:
    """Weights that a seed in the layers makes the same are not those of one network."""

    def build_network() -> Any:
        start = keras.initializers.GlorotUniform(seed=1)
        return build(
            layers.RandomFlip(),
            layers.Conv2D(4, 3, padding="same", kernel_initializer=start),
            layers.GlobalMaxPooling2D(),
            layers.Dropout(0.1),
            layers.Dense(4, kernel_initializer=start),
        )

    answer = {"build_network": build_network, "my_callbacks": [], "plan": FLIPPED}
    assert RUBRIC.judged("build_network", answer).result.verdict is Verdict.PASSED


# The training.


def fitted(model: Any, epochs: int, callbacks: Any = (), rate: float = 0.005) -> dict[str, Any]:
    """The names of a student who trained this network."""
    keras.utils.set_random_seed(0)
    if not model.compiled:
        loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        model.compile(keras.optimizers.Adam(rate), loss, metrics=["accuracy"])
    part = tf.data.Dataset.from_tensor_slices(training_part()).shuffle(320).batch(32)
    tests = tf.data.Dataset.from_tensor_slices(validation_part()).batch(400)
    history = model.fit(
        part, epochs=epochs, validation_data=tests, callbacks=list(callbacks), shuffle=False,
        verbose=0,
    )  # fmt: skip
    return {
        "my_model": model,
        "my_history": history,
        "my_callbacks": list(callbacks),
        "build_network": lambda: keras.models.clone_model(model),
    }


@cache
def normalized() -> dict[str, Any]:
    """A design unlike the solution's: strides, normalization and L2, stopped early."""
    l2 = {"kernel_regularizer": keras.regularizers.L2(1e-3), "padding": "same"}
    model = build(
        layers.Conv2D(8, 5, strides=2, **l2),
        layers.BatchNormalization(momentum=0.9),
        layers.ReLU(),
        layers.Conv2D(16, 3, **l2),
        layers.BatchNormalization(momentum=0.9),
        layers.ReLU(),
        layers.MaxPooling2D(),
        layers.Conv2D(32, 3, activation="relu", **l2),
        layers.GlobalMaxPooling2D(),
        layers.Dense(4),
    )
    stop = keras.callbacks.EarlyStopping("val_accuracy", patience=6, restore_best_weights=True)
    return fitted(model, 13, [stop])


def test_another_design_passes() -> None:
    """Strides, batch normalization, a penalty and another curve to stop by are right as well."""
    result = RUBRIC.judged("trained", normalized()).result
    assert result.verdict is Verdict.PASSED, result.checks


def test_each_rule_is_judged_on_its_own() -> None:
    """A network that breaks a rule still gets the points for the others."""
    names = {**normalized(), "my_callbacks": []}
    names["my_model"] = keras.models.clone_model(names["my_model"])
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    names["my_model"].compile("adam", loss)
    result = RUBRIC.judged("trained", names).result
    kept = {check.name for check in result.checks if check.verdict is Verdict.PASSED}
    assert {"keeps_to_the_budgets", "is_regularized_in_two_ways"} <= kept
    assert "reads_hidden_shapes" not in kept
    assert RUBRIC.diagnosis("trained", names) == "built_anew"


def fitted_to(parts: list[Any], epochs: int, *, batch: int = 32) -> dict[str, Any]:
    """The names of a student who trained on these images and labels."""
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model = flipped(optimizer=keras.optimizers.Adam(0.005), loss=loss, metrics=["accuracy"])
    images, labels = (np.concatenate(part) for part in zip(*parts, strict=True))
    history = model.fit(
        images, labels, epochs=epochs, batch_size=batch, validation_data=validation_part(),
        validation_batch_size=400, verbose=0,
    )  # fmt: skip
    return {
        "my_model": model,
        "my_history": history,
        "my_callbacks": [],
        "build_network": flipped,
    }


@pytest.mark.parametrize(
    ("found", "steps", "names"),
    [
        (
            "trained_with_validation_shapes",
            23,
            lambda: fitted_to([training_part(), validation_part()], 1),
        ),
        ("trained_with_validation_shapes", 13, lambda: fitted_to([validation_part()], 1)),
        ("more_shapes_in_an_epoch", 30, lambda: fitted_to([training_part()] * 3, 1)),
        ("more_shapes_in_an_epoch", 20, lambda: fitted_to([training_part()], 1, batch=16)),
        ("larger_batches", 5, lambda: fitted_to([training_part()], 1, batch=64)),
    ],
)
def test_trainings_that_break_the_rules_are_told(found: str, steps: int, names: Any) -> None:
    """More shapes, repeated ones or other batches show in the steps of an epoch."""
    judgement = RUBRIC.judged("trained", names())
    (check,) = (
        check for check in judgement.result.checks if check.name == "was_trained_by_fit_once"
    )
    assert check.verdict is Verdict.FAILED
    assert f"One epoch took {steps} steps" in check.message
    told = diagnose(RUBRIC.exercise("trained"), judgement)
    assert told is not None
    assert told.misconception == found


def test_a_second_fit_is_told() -> None:
    """The network knows more steps than the history of the second training tells of."""
    first = fitted(flipped(), 2)
    names = {**fitted(first["my_model"], 1), "build_network": flipped}
    judgement = RUBRIC.judged("trained", names)
    messages = " ".join(check.message for check in judgement.result.checks)
    assert "took 30 steps, your history tells of 10" in messages
    told = diagnose(RUBRIC.exercise("trained"), judgement)
    assert told is not None
    assert told.misconception == "fit_called_twice"


def test_a_history_that_does_not_know_its_steps_is_not_judged_by_them() -> None:
    """Histories of other origins have none."""
    names = normalized()
    assert references.steps_of(names["my_history"]) is None  # Keras's own object has them inside
    references.is_of_ten_steps(names["my_history"])
    references.tells_of_all_steps(names["my_model"], names["my_history"])


def test_early_stopping_of_another_training_is_not_counted() -> None:
    """A callback acted only if the best that it remembers stands in the history."""
    names = normalized()
    stop = names["my_callbacks"][0]
    attributes = {
        "monitor": "val_accuracy", "restore_best_weights": True, "best": float(stop.best),
    }  # fmt: skip
    own, other = (
        Callback("EarlyStopping", {**attributes, "best": best})
        for best in (attributes["best"], 0.123)
    )
    assert references.was_in_training(own, names["my_history"])
    assert not references.was_in_training(other, names["my_history"])


# The defense.

CONFUSION = """
def confusion(labels, predicted, classes):
    return np.array([[np.sum((labels == r) & (predicted == c)) for c in range(classes)]
                     for r in range(classes)])
"""


def claims() -> dict[str, Any]:
    """What can be said of the network of these tests, measured by Keras itself."""
    names = normalized()
    model, history = names["my_model"], names["my_history"]
    losses = [
        float(
            np.mean(
                keras.losses.sparse_categorical_crossentropy(
                    labels, model.predict(images, verbose=0), from_logits=True
                )
            )
        )
        for images, labels in (training_part(), validation_part())
    ]
    images, labels = validation_part()
    answers = model.predict(images, verbose=0).argmax(axis=1)
    matrix = np.zeros((4, 4))
    np.add.at(matrix, (labels, answers), 1)
    np.fill_diagonal(matrix, 0)
    row, column = np.unravel_index(int(matrix.argmax()), (4, 4))
    return {
        "parameters": model.count_params(),
        "work": (14 * 14 * 25 * 8 + 14 * 14 * 72 * 16 + 49 * 144 * 32 + 128)
        * 320
        * len(history.epoch),
        "accuracy": np.float64(np.mean(answers == labels)),
        "gap": np.float32(losses[1] - losses[0]),
        "most_confused": [NAMES[row], NAMES[column]],
    }


def test_claims_that_are_true_pass() -> None:
    """Whatever computed them, and in whichever kind of number they come."""
    names: dict[str, Any] = {"np": np}
    exec(CONFUSION, names)
    answer = {**normalized(), "defense": claims(), "confusion": names["confusion"]}
    result = RUBRIC.judged("defense", answer).result
    assert result.verdict is Verdict.PASSED, result.checks


def test_scalars_of_any_kind_are_numbers() -> None:
    """A tensor or an array of no axes is a number as well."""
    names: dict[str, Any] = {"np": np}
    exec(CONFUSION, names)
    true = claims()
    kinds = {
        "parameters": np.array(true["parameters"]),
        "work": tf.constant(true["work"], tf.int64),
        "accuracy": np.array(true["accuracy"]),
        "gap": tf.constant(true["gap"]),
    }
    answer = {**normalized(), "defense": {**true, **kinds}, "confusion": names["confusion"]}
    result = RUBRIC.judged("defense", answer).result
    assert result.verdict is Verdict.PASSED, result.checks


def test_a_claim_that_is_missing_fails_its_check_alone() -> None:
    """The others are judged as ever."""
    names: dict[str, Any] = {"np": np}
    exec(CONFUSION, names)
    true = claims()
    del true["gap"]
    answer = {**normalized(), "defense": true, "confusion": names["confusion"]}
    result = RUBRIC.judged("defense", answer).result
    failed = [check.name for check in result.checks if check.verdict is not Verdict.PASSED]
    assert failed == ["claims_what_the_network_does"]


@pytest.mark.parametrize(
    "change",
    [
        {"parameters": 1},
        {"work": 1e9},
        {"accuracy": 0.5},
        {"gap": 5.0},
        {"gap": "small"},
        {"gap": None},
        {"most_confused": "circle"},
        {"most_confused": ("circle", "moon")},
    ],
)
def test_other_claims_fail_and_are_no_known_mistake(change: dict[str, Any]) -> None:
    """A claim that is not true is refused, and nothing is said about its reason."""
    names: dict[str, Any] = {"np": np}
    exec(CONFUSION, names)
    answer = {**normalized(), "confusion": names["confusion"], "defense": {**claims(), **change}}
    assert RUBRIC.diagnosis("defense", answer) is None


@pytest.mark.parametrize(("apart", "kept"), [(1e-7, True), (0.01, False)])
def test_scores_tied_up_to_rounding_may_come_in_either_order(apart: float, kept: bool) -> None:
    """On another machine the other of two equal scores may be larger: both claims hold then."""
    model = build(layers.Flatten(), layers.Dense(4, kernel_initializer="zeros"))
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile("adam", loss)
    model.layers[-1].set_weights([np.zeros((784, 4)), np.array([1.0 + apart, 1.0, 0.0, 0.0])])
    _, labels = validation_part()
    often = int(np.bincount(labels, minlength=4)[[0, 2, 3]].argmax())
    claimed = {
        "accuracy": float(np.mean(labels == 1)),  # as if the second score were the larger one
        "gap": references.gap_of(model),
        "most_confused": (NAMES[(0, 2, 3)[often]], NAMES[1]),
    }
    answer = {**normalized(), "my_model": model, "defense": claimed, "confusion": None}
    checks = {check.name: check.verdict for check in RUBRIC.judged("defense", answer).result.checks}
    wanted = Verdict.PASSED if kept else Verdict.FAILED
    assert checks["claims_what_the_network_does"] is wanted
    assert checks["knows_its_weakest_point"] is wanted


# What the prose says.


def test_the_lesson_says_the_rules_that_are_judged() -> None:
    """The numbers of the table are those of the rubric."""
    prose = re.sub(r"\s*\n# ?", " ", SOURCE.read_text(encoding="utf-8"))
    assert f"at most **{references.BUDGET:,}**" in prose
    assert f"at most **{references.WORK // 10**6:,} million**" in prose
    assert f"below **{references.GAP}**" in prose
    assert f"at least **{references.ACCURACY:.0%}**".replace("%", " %") in prose


def test_a_maximum_keeps_what_an_average_thins_out() -> None:
    """One strong response among 49 places is a 49th of the average, and all of the maximum."""
    maps = np.zeros((1, 7, 7, 1), dtype="float32")
    maps[0, 3, 3] = 1
    assert np.asarray(layers.GlobalMaxPooling2D()(maps))[0, 0] == 1
    assert abs(np.asarray(layers.GlobalAveragePooling2D()(maps))[0, 0] - 1 / 49) < 1e-6
