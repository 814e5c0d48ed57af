"""The rubric of lesson 4, asked about right answers in other words and about unknown mistakes."""

from __future__ import annotations

from textwrap import dedent
from typing import Any

import numpy as np
import pytest

from grader.course import lesson
from grader.diagnose import diagnose
from grader.results import Verdict
from grader.rubrics.pooling.references import counted, pooled
from grader.testing import judge_here

SEEDS = range(3)

SETUP = """
import numpy as np

def windows(volume, pool_size, strides):
    views = np.lib.stride_tricks.sliding_window_view(volume, (pool_size, pool_size), axis=(0, 1))
    return views[::strides, ::strides]

def dot(row, column):
    volume = np.zeros((8, 8, 1), dtype="float32")
    volume[row, column] = 1
    return volume

def largest(volume):
    return windows(volume, 2, 2).max(axis=(-2, -1))

def frame(volume, pool_size, strides, value):
    around = []
    for size in volume.shape[:2]:
        total = max(0, (-(-size // strides) - 1) * strides + pool_size - size)
        around.append((total // 2, total - total // 2))
    return np.pad(volume.astype(float), [*around, (0, 0)], constant_values=value)
"""

RIGHT = {
    "max_pool: views": """
        def max_pool(volume, pool_size=2, strides=None):
            return windows(volume, pool_size, strides or pool_size).max(axis=(-2, -1))
    """,
    "max_pool: lists of lists, channel by channel": """
        def max_pool(volume, pool_size=2, strides=None):
            step = pool_size if strides is None else strides
            height, width, channels = volume.shape
            return np.array([[[max(volume[y + i, x + j, c] for i in range(pool_size)
                                   for j in range(pool_size)) for c in range(channels)]
                              for x in range(0, width - pool_size + 1, step)]
                             for y in range(0, height - pool_size + 1, step)])
    """,
    "max_pool: slices of the whole map": """
        def max_pool(volume, pool_size=2, strides=None):
            step = strides or pool_size
            rows = (volume.shape[0] - pool_size) // step + 1
            columns = (volume.shape[1] - pool_size) // step + 1
            made = np.full((rows, columns, volume.shape[2]), -np.inf, dtype="float32")
            for i in range(pool_size):
                for j in range(pool_size):
                    np.maximum(made, volume[i::step, j::step][:rows, :columns], out=made)
            return made
    """,
    "average_pool: NaN for padding": """
        def average_pool(volume, pool_size=2, strides=None, padding="valid"):
            step = strides or pool_size
            if padding == "same":
                volume = frame(volume, pool_size, step, np.nan)
            return np.nanmean(windows(volume, pool_size, step), axis=(-2, -1))
    """,
    "average_pool: sums divided by sums of ones": """
        def average_pool(volume, pool_size=2, strides=None, padding="valid"):
            step = strides or pool_size
            ones = np.ones(volume.shape)
            if padding == "same":
                volume, ones = (frame(part, pool_size, step, 0) for part in (volume, ones))
            total, count = (windows(part, pool_size, step).sum((-2, -1)) for part in (volume, ones))
            return (total / count).astype("float32")
    """,
    "pooled_shape: a list of NumPy's numbers": """
        def pooled_shape(input_shape, pool_size, strides=None, padding="valid"):
            size, step = np.array(input_shape[:2]), strides or pool_size
            size = (size - 1) // step + 1 if padding == "same" else (size - pool_size) // step + 1
            return [*size, input_shape[2]], 0
    """,
    "pooled_shape: Keras is asked": """
        import keras

        def pooled_shape(input_shape, pool_size, strides=None, padding="valid"):
            layer = keras.layers.AveragePooling2D(pool_size, strides, padding)
            return layer.compute_output_shape((1, *input_shape))[1:], layer.count_params()
    """,
    "dead_space: pooled before ReLU": """
        def dead_space(volume):
            return [float((volume > 0).mean()), float((largest(volume) > 0).mean())]
    """,
    "dead_space: counted": """
        def dead_space(volume):
            after = largest(np.maximum(volume, 0))
            return np.count_nonzero(volume > 0) / volume.size, np.count_nonzero(after) / after.size
    """,
    "near_and_far: one above the other": """
        merging = [dot(6, 1), dot(7, 1)]
        staying = [dot(4, 6), dot(3, 6)]
    """,
    "near_and_far: two volumes in one array": """
        merging = np.stack([dot(6, 0), dot(7, 1)])
        staying = np.stack([dot(1, 4), dot(1, 3)])
    """,
    "poolings_until_equal: recursion": """
        def poolings_until_equal(first, second):
            if (first == second).all():
                return 0
            if first.shape[0] < 2:
                return None
            rest = poolings_until_equal(largest(first), largest(second))
            return None if rest is None else 1 + rest
    """,
    "poolings_until_equal: one large pooling": """
        def poolings_until_equal(first, second):
            for n in range(int(np.log2(len(first))) + 1):
                one, two = (windows(m, 2**n, 2**n).max(axis=(-2, -1)) for m in (first, second))
                if np.allclose(one, two):
                    return np.int64(n)
    """,
    "shift_sensitivity: padded and cut": """
        def shift_sensitivity(volume, columns):
            moved = np.pad(volume, ((0, 0), (columns, 0), (0, 0)))[:, :-columns]
            outputs = ((largest(volume), largest(moved)), (volume[::2, ::2], moved[::2, ::2]))
            return [np.sqrt(((b - a) ** 2).sum() / (a**2).sum()) for a, b in outputs]
    """,
    "shift_sensitivity: rolled, then cleared": """
        def shift_sensitivity(volume, columns):
            moved = np.roll(volume.astype(float), columns, axis=1)
            moved[:, :columns] = 0
            change = lambda a, b: np.linalg.norm((b - a).ravel()) / np.linalg.norm(a.ravel())
            pooled = change(largest(volume), largest(moved))
            return np.array([pooled, change(volume[::2, ::2], moved[::2, ::2])])
    """,
    "global_average_pool: a long table": """
        def global_average_pool(volume):
            return volume.reshape(-1, volume.shape[-1]).mean(axis=0)
    """,
    "global_average_pool: Keras's layer": """
        import keras

        def global_average_pool(volume):
            return keras.layers.GlobalAveragePooling2D()(volume[None])[0]
    """,
    "pool_stride_one: padded with minus infinity": """
        def pool_stride_one(volume, pool_size=2):
            made = windows(frame(volume, pool_size, 1, -np.inf), pool_size, 1).max(axis=(-2, -1))
            return made, (made > 0).sum() / (volume > 0).sum()
    """,
    "pool_stride_one: Keras's layer": """
        import keras

        def pool_stride_one(volume, pool_size=2):
            layer = keras.layers.MaxPooling2D(pool_size, strides=1, padding="same")
            made = np.asarray(layer(volume[None]))[0]
            return [made, np.mean(made > 0) / np.mean(volume > 0)]
    """,
    "downsample: without padding, two poolings": """
        import keras
        from keras import layers

        inputs = keras.Input((32, 32, 3))
        x = layers.MaxPooling2D()(layers.Conv2D(8, 3, activation="relu")(inputs))
        x = layers.MaxPool2D()(layers.ReLU()(layers.Conv2D(12, 3)(x)))
        model = keras.Model(inputs, layers.Conv2D(16, 3, activation=keras.activations.relu)(x))
    """,
    "downsample: nested, normalized, one large average pooling": """
        import keras
        from keras import layers

        body = keras.Sequential([layers.Conv2D(8, 3, padding="same", use_bias=False),
                                 layers.BatchNormalization(), layers.Activation("relu")])
        model = keras.Sequential([
            keras.Input((32, 32, 3)), body, layers.MaxPooling2D(2),
            layers.Conv2D(16, 3, padding="same"), layers.BatchNormalization(), layers.ReLU(),
            layers.AveragePooling2D(4)])
    """,
}

OTHER_MISTAKES = {
    "the smallest value": """
        def max_pool(volume, pool_size=2, strides=None):
            return windows(volume, pool_size, strides or pool_size).min(axis=(-2, -1))
    """,
    "the largest absolute value": """
        def max_pool(volume, pool_size=2, strides=None):
            return np.abs(windows(volume, pool_size, strides or pool_size)).max(axis=(-2, -1))
    """,
    "the size of the figure": """
        def max_pool(volume, pool_size=2, strides=None):
            return np.zeros((2, 2, volume.shape[2]))
    """,
    "sums": """
        def average_pool(volume, pool_size=2, strides=None, padding="valid"):
            step = strides or pool_size
            if padding == "same":
                volume = frame(volume, pool_size, step, 0)
            return windows(volume, pool_size, step).sum(axis=(-2, -1))
    """,
    "one parameter for the maximum": """
        def pooled_shape(input_shape, pool_size, strides=None, padding="valid"):
            step = strides or pool_size
            size = [n // step for n in input_shape[:2]]
            return (*size, input_shape[2] + 1), 1
    """,
    "only the shape": """
        def pooled_shape(input_shape, pool_size, strides=None, padding="valid"):
            return input_shape
    """,
    "the two shares exchanged": """
        def dead_space(volume):
            return (largest(volume) > 0).mean(), (volume > 0).mean()
    """,
    "maps without a dot": """
        merging = np.zeros((8, 8, 1)), np.zeros((8, 8, 1))
        staying = merging
    """,
    "dots that differ in brightness": """
        merging = dot(0, 0), 2 * dot(1, 1)
        staying = dot(0, 3), 2 * dot(0, 4)
    """,
    "the distance of the dots": """
        def poolings_until_equal(first, second):
            return int(abs(first.argmax() - second.argmax()))
    """,
    "the part that is left": """
        def shift_sensitivity(volume, columns):
            return 0.25, 0.5
    """,
    "the median": """
        def global_average_pool(volume):
            return np.median(volume, axis=(0, 1))
    """,
    "nothing is pooled": """
        def pool_stride_one(volume, pool_size=2):
            return volume, 1.0
    """,
    "a global pooling": """
        import keras

        model = keras.Sequential([keras.Input((32, 32, 3)), keras.layers.Conv2D(16, 3),
                                  keras.layers.GlobalMaxPooling2D(keepdims=True)])
    """,
}


def _exercise_in(source: str) -> Any:
    names = {name: exercise for exercise in lesson("pooling").exercises for name in exercise.names}
    return next(
        exercise
        for name, exercise in names.items()
        if f"def {name}(" in source or f"\n{name} = " in source
    )


@pytest.mark.parametrize("answer", RIGHT)
def test_a_right_answer_in_other_words_passes(answer: str) -> None:
    """Whatever idiom or library call a right answer is written with, it gets full marks."""
    source = dedent(RIGHT[answer])
    exercise = _exercise_in(source)
    assert answer.startswith(exercise.id)
    for seed in SEEDS:
        judgement = judge_here(
            exercise, SETUP + source, secret=f"seed {seed}".encode(), code="only its answer counts"
        )
        messages = [check.message for check in judgement.result.checks]
        assert judgement.result.verdict is Verdict.PASSED, messages


@pytest.mark.parametrize("mistake", OTHER_MISTAKES)
def test_no_other_mistake_is_taken_for_a_misconception(mistake: str) -> None:
    """A wrong answer that the rubric does not know fails, and nothing is said about its reason."""
    source = dedent(OTHER_MISTAKES[mistake])
    exercise = _exercise_in(source)
    for seed in SEEDS:
        judgement = judge_here(exercise, SETUP + source, secret=f"seed {seed}".encode(), code="0")
        assert judgement.result.verdict is Verdict.FAILED
        assert diagnose(exercise, judgement) is None


@pytest.mark.parametrize("answer", ["'maps'", "7", "(1, 2, 3)", "[[1], [2, 3]]", "np.inf"])
@pytest.mark.parametrize("name", ["pooled_shape", "dead_space", "shift_sensitivity"])
def test_an_answer_of_the_wrong_kind_is_the_students_mistake(name: str, answer: str) -> None:
    """Whatever comes back instead of a pair, the check says so; it never breaks itself."""
    exercise = lesson("pooling").exercise(name)
    assert exercise is not None
    source = f"import numpy as np\ndef {name}(*given):\n    return {answer}"
    judgement = judge_here(exercise, source)
    assert judgement.result.verdict is Verdict.FAILED
    assert not judgement.result.score


@pytest.mark.parametrize("pair", ["5", "(dot(1, 1),)", "('a', 'b')", "(dot(0, 0), None)"])
def test_a_pair_of_something_else_earns_nothing(pair: str) -> None:
    """What is no pair of maps with a dot each is said to be none."""
    exercise = lesson("pooling").exercise("near_and_far")
    assert exercise is not None
    judgement = judge_here(exercise, SETUP + f"merging = {pair}\nstaying = {pair}\n")
    assert not judgement.result.score
    assert "two maps" in judgement.result.checks[0].message


def test_activations_that_make_no_zeros_do_not_pass_for_relu() -> None:
    """A sigmoid never goes below 0 either, and is told from ReLU."""
    exercise = lesson("pooling").exercise("downsample")
    assert exercise is not None
    source = dedent("""
        import keras

        layers = [keras.Input((32, 32, 3))]
        for filters in (8, 16, 16):
            layers.append(keras.layers.Conv2D(filters, 3, padding="same", activation="sigmoid"))
            layers.append(keras.layers.MaxPooling2D())
        model = keras.Sequential(layers)
    """)
    judgement = judge_here(exercise, source)
    diagnosis = diagnose(exercise, judgement)
    assert diagnosis is not None
    assert diagnosis.misconception == "another_activation"


@pytest.mark.parametrize(
    ("kind", "reduce"), [("MaxPooling2D", np.nanmax), ("AveragePooling2D", np.nanmean)]
)
@pytest.mark.parametrize("padding", ["valid", "same"])
def test_the_reference_pools_as_keras_does(kind: str, reduce: Any, padding: str) -> None:
    """Padding is left out of the mean and never is the maximum, in Keras and in the reference."""
    import keras

    rng = np.random.default_rng(7)
    for shape, pool_size, strides in (
        ((5, 7, 2), 2, None),
        ((6, 8, 1), 3, 2),
        ((7, 6, 3), 2, 3),
        ((4, 5, 2), 3, 1),
        ((5, 4, 1), 2, 1),
    ):
        volume = -rng.uniform(0.1, 1, shape).astype("float32")
        layer = getattr(keras.layers, kind)(pool_size, strides, padding)
        made = np.asarray(layer(volume[None]))[0]
        np.testing.assert_allclose(pooled(volume, pool_size, strides, padding, reduce), made, 1e-5)
        assert made.shape[:2] == tuple(
            counted(size, pool_size, strides, padding) for size in shape[:2]
        )
        assert layer.count_params() == 0


def test_average_pooling_is_a_convolution_of_each_channel() -> None:
    """A kernel of quarters that moves by two pixels gives the mean of each pool."""
    from scipy.signal import correlate2d

    volume = np.random.default_rng(3).normal(size=(5, 7, 1))
    by_convolution = correlate2d(volume[:, :, 0], np.full((2, 2), 0.25), "valid")[::2, ::2]
    np.testing.assert_allclose(by_convolution, pooled(volume, reduce=np.mean)[:, :, 0])


def test_pooling_saves_parameters_with_a_flatten_head_only() -> None:
    """The lesson's four counts: 134,970 and 12,090 with Flatten, 5,946 twice with averages."""
    import keras

    counts = []
    for head in (keras.layers.Flatten, keras.layers.GlobalAveragePooling2D):
        for pool_size in (1, 2):
            layers: list[Any] = [keras.Input((8, 8, 1))]
            for _ in range(2):
                layers.append(keras.layers.Conv2D(16, 3, padding="same"))
                layers.append(keras.layers.MaxPooling2D(pool_size))
            layers += [head(), keras.layers.Dense(128), keras.layers.Dense(10)]
            counts.append(keras.Sequential(layers).count_params())
    assert counts == [134_970, 12_090, 5_946, 5_946]


def test_the_lessons_numbers_about_the_photograph_are_right() -> None:
    """Active pixels: 14 %, then 23, 40 and 60. A move by a pixel: .72, .94 strided, .31 later."""
    import matplotlib.pyplot as plt
    from matplotlib.cbook import get_sample_data
    from scipy.signal import correlate2d

    sample: Any = get_sample_data
    with sample("grace_hopper.jpg") as file:
        gray = (plt.imread(file).astype("float32") / 255).mean(axis=2)
    photo = gray.reshape(150, 4, 128, 4).mean(axis=(1, 3))
    kernel = np.array([[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]])
    edges = np.maximum(correlate2d(photo, kernel, "valid")[:, :, None] - 0.2, 0)
    maps = [edges]
    for _ in range(3):
        maps.append(pooled(maps[-1]))
    assert [round(100 * float((one > 0).mean())) for one in maps] == [14, 23, 40, 60]
    moved = np.pad(edges, [(0, 0), (1, 0), (0, 0)])[:, :-1]
    outputs = ((pooled(edges), pooled(moved)), (edges[::2, ::2], moved[::2, ::2]),
               (pooled(edges, 8), pooled(moved, 8)))  # fmt: skip
    changes = [np.linalg.norm(after - before) / np.linalg.norm(before) for before, after in outputs]
    np.testing.assert_allclose(changes, [0.72, 0.94, 0.31], atol=0.006)
