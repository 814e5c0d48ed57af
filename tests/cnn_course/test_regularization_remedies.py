"""Remedies of overfitting: other right answers, other mistakes, and stated facts."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from cnn_course.data.digits import noisy_digits
from cnn_course.regularization import augmenting, comparing, injecting, penalizing
from cnn_course.regularization.mistakes import history_of, network, overfitted
from cnn_course.regularization.references import gap_of
from cnn_course.regularization.remedies import (
    norm,
    share_of_tiny,
    start_alike,
    train_side_by_side,
)
from grader.judging.diagnose import diagnose
from grader.results import Verdict
from tests.cnn_course.judged import Rubric

pytestmark = pytest.mark.slow

layers: Any = keras.layers

RIGHT = {
    "penalties in a loop": """
        def penalties(weights, l1, l2):
            first = second = 0.0
            for kernel, bias in weights:
                first += np.linalg.norm(kernel.ravel(), 1)
                second += np.linalg.norm(kernel.ravel()) ** 2
            return [l1 * first, l2 * second]
    """,
    "penalties as an array": """
        def penalties(weights, l1, l2):
            row = np.concatenate([kernel.reshape(-1) for kernel, _ in weights])
            return np.array([l1 * abs(row).sum(), l2 * row @ row])
    """,
    "batch_norm one channel at a time": """
        def batch_norm(batch, gamma, beta, moving_mean, moving_variance, momentum, epsilon,
                       training):
            output, means, variances = np.empty(batch.shape), [], []
            for c in range(batch.shape[-1]):
                values = batch[..., c]
                mean, variance = moving_mean[c], moving_variance[c]
                if training:
                    mean, variance = values.mean(), np.mean((values - values.mean()) ** 2)
                output[..., c] = gamma[c] * (values - mean) / (variance + epsilon) ** 0.5 + beta[c]
                keep = momentum if training else 1
                means.append(keep * moving_mean[c] + (1 - keep) * mean)
                variances.append(keep * moving_variance[c] + (1 - keep) * variance)
            return output, np.array(means), np.array(variances)
    """,
    "batch_norm by reshaping": """
        def batch_norm(batch, gamma, beta, moving_mean, moving_variance, momentum, epsilon,
                       training):
            if not training:
                scale = gamma / np.sqrt(moving_variance + epsilon)
                return [scale * batch + (beta - scale * moving_mean), moving_mean, moving_variance]
            rows = batch.reshape(-1, batch.shape[-1])
            mean, variance = rows.mean(0), rows.std(0) ** 2
            output = (gamma * (rows - mean) / np.sqrt(variance + epsilon) + beta)
            return [output.reshape(batch.shape),
                    moving_mean + (1 - momentum) * (mean - moving_mean),
                    moving_variance + (1 - momentum) * (variance - moving_variance)]
    """,
    "batch_norm_parameters as a list": """
        def batch_norm_parameters(input_shape):
            *_, channels = input_shape
            return [np.int64(2 * channels)] * 2
    """,
    "batch_norm_parameters by counting": """
        def batch_norm_parameters(input_shape):
            layer = __import__("keras").layers.BatchNormalization()
            layer.build((None, *input_shape))
            count = lambda weights: sum(int(np.prod(weight.shape)) for weight in weights)
            return count(layer.trainable_weights), count(layer.non_trainable_weights)
    """,
}

OTHER_MISTAKES = {
    "penalties with fourth powers": """
        def penalties(weights, l1, l2):
            return (l1 * sum(abs(k).sum() for k, _ in weights),
                    l2 * sum((k ** 4).sum() for k, _ in weights))
    """,
    "batch_norm with the median": """
        def batch_norm(batch, gamma, beta, moving_mean, moving_variance, momentum, epsilon,
                       training):
            mean, variance = moving_mean, moving_variance
            if training:
                mean, variance = np.median(batch, (0, 1, 2)), batch.var((0, 1, 2))
            return gamma * (batch - mean) / np.sqrt(variance + epsilon) + beta, mean, variance
    """,
    "batch_norm_parameters with three": """
        def batch_norm_parameters(input_shape):
            return 3 * input_shape[-1], input_shape[-1]
    """,
}


RUBRIC = Rubric("regularization", "import numpy as np\n")


@pytest.mark.parametrize("name", RIGHT)
def test_other_right_answers_pass(name: str) -> None:
    """What is right in another way of writing passes on every draw."""
    RUBRIC.assert_passes(name.split()[0], RIGHT[name], range(6))


@pytest.mark.parametrize("name", OTHER_MISTAKES)
def test_other_mistakes_fail_without_a_diagnosis(name: str) -> None:
    """A mistake that the rubric does not know fails, and is not taken for one that it knows."""
    RUBRIC.assert_told(name.split()[0], OTHER_MISTAKES[name], None, range(4))


def trained(model: Any, epochs: int, optimizer: Any = None) -> Any:
    """The model, compiled as it was or by Adam, after some epochs on the lesson's digits."""
    keras.utils.set_random_seed(0)
    digits = noisy_digits(0)
    rng = np.random.default_rng(0)
    chosen = optimizer or keras.optimizers.Adam(0.003)
    train_side_by_side([model], digits.images, digits.labels, chosen, epochs, rng)
    return model


@pytest.fixture(scope="module")
def penalized() -> dict[str, Any]:
    """Two networks that were trained by `fit` with their penalties, functional and Sequential."""
    digits = noisy_digits(0)
    handed: dict[str, Any] = {}
    for name, regularizer in (
        ("l1", keras.regularizers.L1L2(l1=1e-3)),
        ("l2", keras.regularizers.L2(1e-2)),
    ):
        keras.utils.set_random_seed(0)
        settings = {"kernel_regularizer": regularizer, "activation": "relu"}
        image = keras.Input((8, 8, 1))
        maps = layers.Conv2D(16, 3, padding="same", **settings)(image)
        maps = layers.Conv2D(16, 3, padding="same", **settings)(maps)
        hidden = layers.Dense(128, **settings)(layers.Reshape((1024,))(maps))
        model = keras.Model(image, layers.Dense(10, kernel_regularizer=regularizer)(hidden))
        model.compile(
            keras.optimizers.SGD(0.05, momentum=0.9),
            keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        )
        handed[f"{name}_model"] = model
        handed[f"{name}_history"] = model.fit(
            digits.images,
            digits.labels,
            epochs=25,
            verbose=0,
            validation_data=(digits.validation_images, digits.validation_labels),
        )
    return handed


def test_penalized_functional_models_pass(penalized: dict[str, Any]) -> None:
    """A functional model, arrays in place of pipelines, and `L1L2` are right as well."""
    result = RUBRIC.judged("with_l1_and_l2", penalized).result
    assert result.verdict is Verdict.PASSED, result


def test_a_penalty_on_one_layer_only_is_no_known_mistake(penalized: dict[str, Any]) -> None:
    """A network with one layer penalized fails, and gets no wrong explanation."""
    model = penalizing._network("", 0)
    partly = keras.Sequential([keras.Input((8, 8, 1)), *model.layers[:-1]])
    partly.add(layers.Dense(10, kernel_regularizer=keras.regularizers.L1(1e-3)))
    partly.compile(
        keras.optimizers.SGD(0.05, 0.9),
        keras.losses.SparseCategoricalCrossentropy(from_logits=True),
    )
    handed = {**penalized, "l1_model": partly, "l1_history": history_of(partly, 25)}
    judgement = RUBRIC.judged("with_l1_and_l2", handed)
    assert judgement.result.verdict is Verdict.FAILED
    assert diagnose(RUBRIC.exercise("with_l1_and_l2"), judgement) is None


def test_l1_makes_zeros_and_l2_makes_small_weights(penalized: dict[str, Any]) -> None:
    """The thresholds are far from both networks."""
    assert share_of_tiny(penalized["l1_model"]) > 0.6
    assert share_of_tiny(penalized["l2_model"]) < 0.25
    assert norm(penalized["l2_model"]) < 8.5 < norm(penalized["l1_model"])


def moving(*more: Any) -> Any:
    """What the lesson asks for, with bounds as pairs, and `more` layers."""
    inside = [
        layers.RandomTranslation(0.1, (-0.1, 0.1)),
        layers.RandomRotation((-0.05, 0.05), fill_mode="constant"),
        *more,
    ]
    return keras.Sequential([keras.Input((8, 8, 1)), *inside])


def move(images: Any, down: int, right: int) -> Any:
    """Moved pixel by pixel, by index."""
    result = np.zeros_like(images)
    for row in range(images.shape[1]):
        for column in range(images.shape[2]):
            if 0 <= row - down < images.shape[1] and 0 <= column - right < images.shape[2]:
                result[:, row, column] = images[:, row - down, column - right]
    return result


def fitted(model: Any, epochs: int, *, mapped: Any = None, images: Any = None) -> Any:
    """What `fit` returns for the lesson's digits, or other `images`, `mapped` in the pipeline."""
    digits = noisy_digits(0)
    shown = digits.images if images is None else images
    batches = tf.data.Dataset.from_tensor_slices((shown, digits.labels)).shuffle(320).batch(32)
    if mapped is not None:
        batches = batches.map(lambda some, labels: (mapped(some, training=True), labels))
    tests = tf.data.Dataset.from_tensor_slices((digits.validation_images, digits.validation_labels))
    return compiled(model).fit(
        batches, validation_data=tests.batch(400), epochs=epochs, shuffle=False, verbose=0
    )


def augmented(model: Any, history: Any, augmentation: Any = None) -> dict[str, Any]:
    """The names of the exercise."""
    return {
        "move": move,
        "augmentation": augmentation or moving(),
        "augmented_model": model,
        "augmented_history": history,
    }


def test_augmentation_in_a_pipeline_passes_too() -> None:
    """Random layers may stand outside of the model, in front of it, and zooming is welcome."""
    keras.utils.set_random_seed(1)
    outside, model = moving(), network()
    handed = {"outside": augmented(model, fitted(model, 20, mapped=outside), outside)}
    inside = moving(layers.RandomZoom(0.1))
    model = keras.Sequential([keras.Input((8, 8, 1)), inside, *network().layers])
    handed["inside"] = augmented(model, fitted(model, 20), inside)
    for name, answer in handed.items():
        result = RUBRIC.judged("augment", answer).result
        assert result.verdict is Verdict.PASSED, (name, result)


def test_digits_that_are_not_moved_anew_are_noticed() -> None:
    """Copies made once, no layer for 8 epochs, no layer for 25: each fails, each is known."""
    keras.utils.set_random_seed(1)
    copies = np.asarray(moving()(noisy_digits(0).images, training=True))
    found = {}
    for name, epochs, images in (("once", 22, copies), ("brief", 8, None), ("without", 22, None)):
        model = network()
        judgement = RUBRIC.judged("augment", augmented(model, fitted(model, epochs, images=images)))
        assert judgement.result.verdict is Verdict.FAILED
        told = diagnose(RUBRIC.exercise("augment"), judgement)
        found[name] = told.misconception if told else None
    wanted = {"once": "moved_once", "brief": "too_few_epochs", "without": "augmentation_forgotten"}
    assert found == wanted


@pytest.mark.parametrize(
    ("translation", "rotation"), [(0.1, None), (None, 0.05), (0.02, 0.05), (0.1, 0.1), (0.2, 0.05)]
)
def test_factors_that_were_not_asked_for_fail(translation: Any, rotation: Any) -> None:
    """A layer that is missing, and factors that are too small or too large, are told."""
    inside = [layers.RandomTranslation(translation, translation)] if translation else []
    inside += [layers.RandomRotation(rotation)] if rotation else []
    model = network()
    augmentation = keras.Sequential([keras.Input((8, 8, 1)), *inside])
    answer = augmented(model, history_of(model, 25), augmentation)
    checks = {check.name: check for check in RUBRIC.judged("augment", answer).result.checks}
    assert checks["moves_by_whole_pixels"].verdict is Verdict.PASSED
    message = checks["moves_digits_in_training_only"].message
    assert "Received" in message
    assert "should be" in message


def compiled(model: Any) -> Any:
    """The model, compiled as `fit` would."""
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.Adam(0.003), loss)
    return model


def noisy(*, stddevs: tuple[float, float] = (0.4, 0.2), behind: str = "dense") -> Any:
    """A nested, functional network with noise on its input, and behind what `behind` says."""
    inside = keras.Sequential(
        [
            keras.Input((8, 8, 1)),
            layers.GaussianNoise(stddevs[0]),
            layers.Conv2D(16, 3, padding="same", activation="relu"),
            *([layers.GaussianNoise(stddevs[1])] if behind == "convolution" else []),
            layers.Conv2D(16, 3, padding="same", activation="relu"),
        ]
    )
    image = keras.Input((8, 8, 1))
    hidden = layers.Dense(128)(layers.Flatten()(inside(image)))
    hidden = layers.Activation("relu")(hidden)
    if behind == "dense":
        hidden = layers.GaussianNoise(stddevs[1])(hidden)
    scores = layers.Dense(10)(hidden)
    scores = layers.GaussianNoise(stddevs[1])(scores) if behind == "scores" else scores
    return compiled(keras.Model(image, scores))


def add_noise(values: Any, stddev: float, draws: Any, training: bool) -> Any:
    """A right answer."""
    return np.where(training, values + draws * stddev, values)


def noisy_answer(model: Any, epochs: int = 25) -> dict[str, Any]:
    """The names of the exercise."""
    return {
        "add_noise": add_noise, "noisy_model": model, "noisy_history": history_of(model, epochs),
    }  # fmt: skip


def test_noise_in_a_nested_network_passes() -> None:
    """Where the layers stand is found by what they are given, not by their place in a list."""
    result = RUBRIC.judged("noise_injection", noisy_answer(trained(noisy(), 18))).result
    assert result.verdict is Verdict.PASSED, result


@pytest.mark.parametrize(
    ("model", "epochs", "told"),
    [
        ({"stddevs": (0.2, 0.4)}, 25, "strengths_exchanged"),
        ({"behind": "convolution"}, 25, "behind_a_convolution"),
        ({"behind": "scores"}, 25, "noise_on_the_scores"),
        ({"behind": "nothing"}, 25, "input_only"),
        ({}, 8, "too_few_epochs"),
        ({"stddevs": (0.4, 0.3)}, 25, None),
    ],
)
def test_noise_that_was_not_asked_for_fails(model: Any, epochs: int, told: str | None) -> None:
    """Other strengths, other places and a few epochs fail, and are called what they are."""
    judgement = RUBRIC.judged("noise_injection", noisy_answer(noisy(**model), epochs))
    assert judgement.result.verdict is Verdict.FAILED
    found = diagnose(RUBRIC.exercise("noise_injection"), judgement)
    assert (found.misconception if found else None) == told


def test_a_linear_network_with_noise_is_no_known_mistake() -> None:
    """An untrained network with its own history fails, and is not taken for another mistake."""
    model = injecting._network(0.4, 0.2)
    handed = {
        "add_noise": injecting._noisy,
        "noisy_model": model,
        "noisy_history": history_of(model, 25),
    }
    judgement = RUBRIC.judged("noise_injection", handed)
    assert judgement.result.verdict is Verdict.FAILED
    assert diagnose(RUBRIC.exercise("noise_injection"), judgement) is None


def test_a_league_of_functional_and_compiled_networks_passes() -> None:
    """Compiled or not, one layer of batch normalization more or less, a list for the tuple."""

    def build_remedy(remedy: str) -> Any:
        image = maps = keras.Input((8, 8, 1))
        if remedy == "augmentation":
            maps = layers.RandomTranslation(0.1, 0.1, fill_mode="nearest")(maps)
            maps = layers.RandomRotation(0.05, fill_mode="nearest")(maps)
        for _ in range(2):
            maps = layers.Conv2D(16, 3, padding="same", activation="relu")(maps)
            if remedy == "batch normalization":
                maps = layers.BatchNormalization(momentum=0.9)(maps)
        hidden = layers.Dense(128, activation="relu")(layers.Flatten()(maps))
        if remedy == "dropout":
            hidden = layers.Dropout(0.5)(hidden)
        return compiled(keras.Model(image, layers.Dense(10)(hidden)))

    handed = {
        "build_remedy": build_remedy,
        "league": ["augmentation", "dropout", "nothing"],
        "batch_norm_changes": "speed",
    }
    for seed in range(2):
        result = RUBRIC.judged("league_table", handed, seed).result
        assert result.verdict is Verdict.PASSED, result


def test_a_league_of_other_names_is_no_known_mistake() -> None:
    """A league with names of one's own fails without an explanation that does not fit."""
    handed = {
        "build_remedy": lambda _remedy: keras.Sequential(
            [keras.Input((8, 8, 1)), layers.Flatten(), layers.Dense(9)]
        ),
        "league": ("dropout", "nothing", "augmentation"),
        "batch_norm_changes": "momentum",
    }
    judgement = RUBRIC.judged("league_table", handed)
    assert judgement.result.verdict is Verdict.FAILED
    assert diagnose(RUBRIC.exercise("league_table"), judgement) is None


def test_no_message_of_the_league_gives_its_order_away() -> None:
    """The names stand in the order of the table, and flipped digits are told."""

    def build_remedy(remedy: str) -> Any:
        return comparing._network({remedy}, flips=True)

    handed = {"build_remedy": build_remedy, "league": ("a",), "batch_norm_changes": np.ones(2)}
    judgement = RUBRIC.judged("league_table", handed)
    checks = {check.name: check for check in judgement.result.checks}
    assert "'nothing', 'dropout', 'augmentation'" in checks["ranks_by_the_gap"].message
    assert "flips" in checks["builds_one_remedy_at_a_time"].message
    assert checks["names_what_batch_norm_changes"].verdict is Verdict.FAILED
    found = diagnose(RUBRIC.exercise("league_table"), judgement)
    assert found
    assert found.misconception == "flips_digits"


def test_exchanged_strengths_are_called_so() -> None:
    """0.01 for L1 and 0.001 for L2 are named, whatever became of the networks."""
    models = {"l1": penalizing._network("L1", 0.01), "l2": penalizing._network("L2", 0.001)}
    handed = {f"{name}_model": model for name, model in models.items()}
    handed |= {f"{name}_history": history_of(model, 25) for name, model in models.items()}
    found = diagnose(RUBRIC.exercise("with_l1_and_l2"), RUBRIC.judged("with_l1_and_l2", handed))
    assert found
    assert found.misconception == "exchanged_strengths"


def test_networks_that_start_alike_learn_alike() -> None:
    """Two equal networks have the same losses, step by step, whatever they began with."""
    digits = noisy_digits(3)
    models = [comparing._network(), comparing._network()]
    start_alike(models, np.random.default_rng(0))
    optimizer = keras.optimizers.SGD(0.05)
    rng = np.random.default_rng(1)
    losses = train_side_by_side(models, digits.images, digits.labels, optimizer, 1, rng)
    assert losses.shape == (1, 2)
    assert losses[0, 0] == pytest.approx(losses[0, 1], abs=1e-6)


def test_random_layers_act_when_called_and_noise_does_not() -> None:
    """The trap that the lesson names; a model that begins with random layers has it, too."""
    images = noisy_digits(0).images[:20]

    def changes(layer: Any, **told: Any) -> bool:
        return bool((np.asarray(layer(images, **told)) != images).any())

    assert changes(layers.RandomFlip())
    assert changes(layers.RandomTranslation(0.2, 0.2))
    assert changes(augmenting._sequence(layers.RandomTranslation(0.2, 0.2)))
    assert not changes(layers.RandomTranslation(0.2, 0.2), training=False)
    assert not changes(layers.GaussianNoise(0.4))
    assert not changes(layers.Dropout(0.5))
    assert changes(layers.GaussianNoise(0.4), training=True)


def test_l2_is_weight_decay_for_sgd_and_not_for_adam() -> None:
    """One step from 0.8 with a penalty or with decay: the same under SGD, not under Adam."""
    slopes = np.array([0.3, 3.0], dtype="float32")
    apart = {}
    for optimizer in (keras.optimizers.SGD, keras.optimizers.Adam):
        penalized, decayed = keras.Variable([0.8, 0.8]), keras.Variable([0.8, 0.8])
        optimizer(0.1).apply([slopes + 2 * 0.05 * 0.8], [penalized])
        optimizer(0.1, weight_decay=2 * 0.05).apply([slopes], [decayed])
        apart[optimizer.__name__] = float(np.abs(np.asarray(penalized) - decayed).max())
    assert apart["SGD"] < 1e-6
    assert apart["Adam"] > 0.005


def test_the_counts_that_the_lesson_states() -> None:
    """134,970 parameters without pooling, 12,090 with two; 170 of the former are biases."""
    plain = network()
    assert plain.count_params() == 134_970
    assert sum(int(np.prod(w.shape)) for w in plain.weights if len(w.shape) == 1) == 170
    pooled = keras.Sequential(
        [
            keras.Input((8, 8, 1)),
            layers.Conv2D(16, 3, padding="same"),
            layers.MaxPooling2D(),
            layers.Conv2D(16, 3, padding="same"),
            layers.MaxPooling2D(),
            layers.Flatten(),
            layers.Dense(128),
            layers.Dense(10),
        ]
    )
    assert pooled.count_params() == 12_090
    assert gap_of(overfitted()[0]) > 0.6
