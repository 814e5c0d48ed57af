"""The rubric of lesson 4, asked about right answers in other words and about unknown mistakes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from cnn_course.pooling.references import counted, pooled
from grader.judging.resolving import forbidden_uses
from grader.results import Verdict
from tests.cnn_course.judged import Rubric

pytestmark = pytest.mark.slow

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
    "pool_stride_one: padded with minus infinity": """
        def pool_stride_one(volume, pool_size=2):
            made = windows(frame(volume, pool_size, 1, -np.inf), pool_size, 1).max(axis=(-2, -1))
            return made, (made > 0).sum() / (volume > 0).sum()
    """,
    "pooled_shape: counted": """
        def pooled_shape(input_shape, pool_size, strides=None, padding="valid"):
            step = strides or pool_size
            last = 1 if padding == "same" else pool_size
            rows, columns = (len(range(0, n - last + 1, step)) for n in input_shape[:2])
            return (rows, columns, input_shape[-1]), 0
    """,
    "global_average_pool: channel by channel": """
        def global_average_pool(volume):
            sizes = volume.shape[0] * volume.shape[1]
            return np.array([volume[..., c].sum() / sizes for c in range(volume.shape[2])])
    """,
    "pool_stride_one: pixel by pixel": """
        def pool_stride_one(volume, pool_size=2):
            height, width, channels = volume.shape
            before, made = (pool_size - 1) // 2, np.array(volume, dtype=float)
            for y, x, c in np.ndindex(volume.shape):
                for i in range(max(0, y - before), min(height, y - before + pool_size)):
                    for j in range(max(0, x - before), min(width, x - before + pool_size)):
                        made[y, x, c] = max(made[y, x, c], volume[i, j, c])
            return made, len(made[made > 0]) / len(volume[volume > 0])
    """,
    "downsample: functions for ReLU, a sum and a dense layer on maps": """
        import keras
        from keras import layers

        inputs = keras.Input((32, 32, 3))
        x = keras.ops.relu(layers.Conv2D(8, 3, padding="same")(inputs))
        x = layers.AveragePooling2D(2)(x)
        y = layers.Dropout(0.3)(layers.Conv2D(8, 3, padding="same")(x))
        x = layers.ReLU()(layers.Add()([x, y]))
        model = keras.Model(inputs, layers.Dense(16)(layers.MaxPooling2D(4)(x)))
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
    "the size of the figure": """
        def max_pool(volume, pool_size=2, strides=None):
            return np.zeros((2, 2, volume.shape[2]))
    """,
    "a start at the same number for every map": """
        def max_pool(volume, pool_size=2, strides=None):
            made = windows(volume, pool_size, strides or pool_size).max(axis=(-2, -1))
            return np.maximum(made, -10)
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
    "maps without a dot": """
        merging = np.zeros((8, 8, 1)), np.zeros((8, 8, 1))
        staying = merging
    """,
    "dots that differ in brightness": """
        merging = dot(0, 0), 2 * dot(1, 1)
        staying = dot(0, 3), 2 * dot(0, 4)
    """,
    "always one": """
        def poolings_until_equal(first, second):
            return 1
    """,
    "the part that is left": """
        def shift_sensitivity(volume, columns):
            return 0.25, 0.5
    """,
    "the median": """
        def global_average_pool(volume):
            return np.median(volume, axis=(0, 1))
    """,
    "padding for 2 and 3 only": """
        def pool_stride_one(volume, pool_size=2):
            before = {2: 0, 3: 1}.get(pool_size, 2)
            around = [(before, pool_size), (before, pool_size), (0, 0)]
            framed = np.pad(volume.astype(float), around, constant_values=-np.inf)
            made = windows(framed, pool_size, 1).max(axis=(-2, -1))
            made = made[:volume.shape[0], :volume.shape[1]]
            return made, (made > 0).sum() / (volume > 0).sum()
    """,
    "one convolution": """
        import keras

        model = keras.Sequential([
            keras.Input((32, 32, 3)),
            keras.layers.Conv2D(16, 3, padding="same", activation="relu"),
            keras.layers.MaxPooling2D(8)])
    """,
    "nothing is pooled": """
        def pool_stride_one(volume, pool_size=2):
            return volume, 1.0
    """,
}


SAME = """
        def pooled_shape(input_shape, pool_size, strides=None, padding="valid"):
            s = pool_size if strides is None else strides
            def size(n):
                return RULE if padding == "same" else (n - pool_size) // s + 1
            return (size(input_shape[0]), size(input_shape[1]), input_shape[2]), 0
"""

LOOP = """
        def poolings_until_equal(first, second):
            n = 0
            while TEST:
                if np.array_equal(first, second):
                    return n
                rows, columns = first.shape[0] // 2, first.shape[1] // 2
                first, second = (POOL if rows else m[:0] for m in (first, second))
                n += 1
            return None
"""
MAXIMUM = "m.reshape(rows, 2, columns, 2, -1).max((1, 3))"

FRAMES = """
        def average_pool(volume, pool_size=2, strides=None, padding="valid"):
            s = strides or pool_size
            rows, columns = ((n - pool_size) // s + 1 for n in volume.shape[:2])
            above = left = 0
            if padding == "same":
                rows, columns = (-(-n // s) for n in volume.shape[:2])
                totals = [max(0, (count - 1) * s + pool_size - n)
                          for count, n in zip((rows, columns), volume.shape)]
                above, left = (BEFORE for total in totals)
            made = np.zeros((rows, columns, volume.shape[2]))
            for r, c in np.ndindex(rows, columns):
                y, x = r * s - above, c * s - left
                made[r, c] = WINDOW
            return made
"""
CUT = "volume[max(0, y):y + pool_size, max(0, x):x + pool_size]"

# What the student wrote, and the misconception that is told for it.
KNOWN = [
    (SAME.replace("RULE", "(n + 2 * (pool_size // 2) - pool_size) // s + 1"),
     "padded_by_half_a_window"),
    (SAME.replace("RULE", "int(n / s + 0.5)"), "rounded_to_the_nearest"),
    (SAME.replace("RULE", "int(np.round(n / s))"), "rounded_to_even"),
    (SAME.replace("RULE", "(n + 1) // s"), "one_added_to_the_size"),
    (SAME.replace("RULE", "n // s"), "rounded_down"),
    (LOOP.replace("TEST", "first.shape[0] > 1").replace("POOL", MAXIMUM), "last_not_compared"),
    (LOOP.replace("TEST", "first.size > 0").replace("POOL", MAXIMUM), None),
    (LOOP.replace("TEST", "len(first)").replace("POOL", "m.reshape(rows, 2, columns, 2, -1)"
                                                ".mean((1, 3))"), "by_averages"),
    (FRAMES.replace("BEFORE", "0").replace("WINDOW", f"{CUT}.mean((0, 1))"),
     "all_padding_behind"),
    (FRAMES.replace("BEFORE", "total - total // 2").replace("WINDOW", f"{CUT}.mean((0, 1))"),
     "sides_exchanged"),
    (FRAMES.replace("BEFORE", "total // 2").replace("WINDOW", f"{CUT}.mean()"),
     "mean_of_all_channels"),
    (FRAMES.replace("BEFORE", "total // 2").replace(
        "WINDOW", "volume[max(0, y):max(0, y) + pool_size, max(0, x):max(0, x) + pool_size]"
        ".mean((0, 1))"), "moved_into_the_image"),
]  # fmt: skip


# Only what an answer computes counts here.
RUBRIC = Rubric("pooling", SETUP, searched=False)


@pytest.mark.parametrize(("source", "misconception"), KNOWN, ids=[name for _, name in KNOWN])
def test_a_known_mistake_is_told_by_name(source: str, misconception: str | None) -> None:
    """A student's own code for a mistake is recognized on every seed; None stands for right."""
    exercise = RUBRIC.exercise_in(source)
    if misconception is None:
        RUBRIC.assert_passes(exercise, source, SEEDS)
    else:
        RUBRIC.assert_told(exercise, source, misconception, SEEDS)


@pytest.mark.parametrize("answer", RIGHT)
def test_a_right_answer_in_other_words_passes(answer: str) -> None:
    """Whatever idiom or library call a right answer is written with, it gets full marks."""
    exercise = RUBRIC.exercise_in(RIGHT[answer])
    assert answer.startswith(exercise)
    RUBRIC.assert_passes(exercise, RIGHT[answer], SEEDS)


@pytest.mark.parametrize("mistake", OTHER_MISTAKES)
def test_no_other_mistake_is_taken_for_a_misconception(mistake: str) -> None:
    """A wrong answer that the rubric does not know fails, and nothing is said about its reason."""
    source = OTHER_MISTAKES[mistake]
    RUBRIC.assert_told(RUBRIC.exercise_in(source), source, None, SEEDS)


@pytest.mark.parametrize("answer", ["'maps'", "7", "(1, 2, 3)", "[[1], [2, 3]]", "np.inf"])
@pytest.mark.parametrize("name", ["pooled_shape", "dead_space", "shift_sensitivity"])
def test_an_answer_of_the_wrong_kind_is_the_students_mistake(name: str, answer: str) -> None:
    """Whatever comes back instead of a pair, the check says so; it never breaks itself."""
    judgement = RUBRIC.judged(name, f"def {name}(*given):\n    return {answer}")
    assert judgement.result.verdict is Verdict.FAILED
    assert not judgement.result.score


@pytest.mark.parametrize("pair", ["5", "(dot(1, 1),)", "('a', 'b')", "(dot(0, 0), None)"])
def test_a_pair_of_something_else_earns_nothing(pair: str) -> None:
    """What is no pair of maps with a dot each is said to be none."""
    judgement = RUBRIC.judged("near_and_far", f"merging = {pair}\nstaying = {pair}\n")
    assert not judgement.result.score
    assert "two maps" in judgement.result.checks[0].message


def _network(first: str, rest: str = "MaxPooling2D()", *, size: str = "(32, 32, 3)") -> str:
    """Code of a model: a first convolution, another layer, and a way down to 4×4×16."""
    return f"""
import keras
from keras.layers import *

model = keras.Sequential([keras.Input({size}), {first}, {rest},
                          Conv2D(16, 3, padding="same", activation="relu"), MaxPooling2D(4)])
"""


CONVOLUTION = 'Conv2D(8, 3, padding="same", activation={})'
RELU = CONVOLUTION.format('"relu"')
NETWORKS = {
    **{
        _network(CONVOLUTION.format(repr(name))): "another_activation"
        for name in ("tanh", "sigmoid", "softplus", "elu", "gelu", "relu6", "leaky_relu", "softmax")
    },
    _network(CONVOLUTION.format("None"), "MaxPooling2D(), ReLU(negative_slope=0.1)"): (
        "another_activation"
    ),
    _network(CONVOLUTION.format("None"), "MaxPooling2D(), PReLU()"): "another_activation",
    _network(CONVOLUTION.format("None")): "relu_left_out_once",
    _network(CONVOLUTION.format("None"), "MaxPooling2D(), ReLU(), BatchNormalization()"): None,
    _network(RELU, size="(28, 28, 1)"): "other_images",
    f"""
import keras
from keras.layers import *

model = keras.Sequential([keras.Input((32, 32, 3)), {RELU}, MaxPooling2D(),
                          Conv2D(16, 3, activation="relu"), GlobalMaxPooling2D(keepdims=True)])
""": "pooled_globally",
    """
import keras
from keras.layers import *

model = keras.Sequential([keras.Input((32, 32, 3)), Conv2D(1, 17, activation="relu"),
                          Conv2D(16, 13, activation="relu"), MaxPooling2D(1)])
""": "large_kernels",
    """
import keras
from keras.layers import *

model = keras.Sequential([keras.Input((32, 32, 3)), Conv2D(8, 3, activation="relu"),
                          MaxPooling2D(), Conv2D(8, 3, activation="relu"), MaxPooling2D(),
                          Conv2D(16, 3, activation="relu")])
""": None,
}


@pytest.mark.parametrize(
    ("source", "misconception"), NETWORKS.items(), ids=map(str, NETWORKS.values())
)
def test_a_network_is_judged_by_what_flows_through_it(
    source: str, misconception: str | None
) -> None:
    """Plain ReLU after every convolution, and poolings that shrink by 4: nothing else passes."""
    if misconception is None:
        RUBRIC.assert_passes("downsample", source)
    else:
        RUBRIC.assert_told("downsample", source, misconception)


@pytest.mark.parametrize(
    "name",
    ["max_pool", "average_pool", "pooled_shape", "dead_space", "global_average_pool",
     "pool_stride_one"],
)  # fmt: skip
def test_an_exercise_by_hand_refuses_ready_made_pooling(name: str) -> None:
    """Keras is refused alike wherever the docstring says that the exercise is solved by hand."""
    exercise = RUBRIC.exercise(name)
    source = f"import keras\ndef {name}(*given, **more):\n    return keras.layers.MaxPooling2D()"
    forbidden, _ = forbidden_uses([source], exercise.names, exercise.forbid)
    assert forbidden


def test_the_places_of_dots_are_named_instead_of_their_maps() -> None:
    """What is said about a pair of maps takes a line or two, and says where the dots are."""
    source = "merging = dot(2, 2), dot(2, 2)\nstaying = dot(0, 3), 2 * dot(0, 4)\n"
    checks = RUBRIC.judged("near_and_far", source).result.checks
    told = [check for check in checks if check.message]
    assert "(2, 2)" in told[0].message
    assert any("(0, 3) and at (0, 4)" in check.message for check in told)
    assert all(check.received is None for check in checks)


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
    thinned = edges
    for _ in range(3):
        thinned = pooled(thinned, reduce=np.mean)
    assert [round(float(one.max()), 2) for one in (edges, maps[3], thinned)] == [3.24, 3.24, 0.77]
    assert np.array_equal(thinned > 0, maps[3] > 0)
