"""Lesson 5, from Flatten to LeNet-5: other right answers, unknown mistakes, and facts."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cnn_course.dense.audit import VGG16
from grader.authoring.source import Answer, read_source, solution
from grader.judging.course import lesson
from grader.judging.judge import judge
from grader.judging.testing import ask_here, run_here
from grader.results import Verdict
from tests.cnn_course.judged import Rubric

pytestmark = pytest.mark.slow

COURSE = Path(__file__).parents[2]

SETUP = """
import math
import numpy as np
import keras
from keras import layers

def size_after(size, window, strides, padding):
    return math.ceil((size if padding == "same" else size - window + 1) / strides)
"""

LENET = """
def lenet(first="valid", c5=True, hidden="tanh", last="softmax", pool=layers.AveragePooling2D):
    parts = [keras.Input((32, 32, 1)), layers.Conv2D(6, 5, padding=first, activation=hidden)]
    parts += [pool(2), layers.Conv2D(16, 5, activation=hidden), pool(2)]
    if c5:
        parts += [layers.Conv2D(120, 5, activation=hidden), layers.Flatten()]
    else:
        parts += [layers.Flatten(), layers.Dense(120, activation=hidden)]
    return [*parts, layers.Dense(84, activation=hidden), layers.Dense(10, activation=last)]
"""

RIGHT = {
    "flatten": (
        """
        def flatten(volumes):
            return np.array([volume.ravel() for volume in volumes])
        """,
        """
        def flatten(volumes):
            batch, height, width, channels = volumes.shape
            vectors = np.zeros((batch, height * width * channels))
            for index, place in enumerate(np.ndindex(height, width, channels)):
                vectors[:, index] = volumes[:, *place]
            return vectors
        """,
    ),
    "flat_index": (
        """
        def flat_index(position, shape):
            return position[0] * shape[1] * shape[2] + position[1] * shape[2] + position[2]

        def position(index, shape):
            row = index // (shape[1] * shape[2])
            return [row, index // shape[2] % shape[1], index % shape[2]]
        """,
        """
        def flat_index(position, shape):
            return np.dot(position, [shape[1] * shape[2], shape[2], 1])

        def position(index, shape):
            return np.argwhere(np.arange(np.prod(shape)).reshape(shape) == index)[0]
        """,
    ),
    "dense": (
        """
        def dense(inputs, weights, biases):
            return np.array([weights.T @ row for row in inputs]) + biases
        """,
        """
        def dense(inputs, weights, biases):
            answers = np.zeros((len(inputs), len(biases)))
            for image, row in enumerate(inputs):
                for unit, bias in enumerate(biases):
                    answers[image, unit] = sum(row * weights[:, unit]) + bias
            return answers
        """,
        """
        def dense(inputs, weights, biases):
            with_one = np.column_stack([inputs, np.ones(len(inputs))])
            return np.dot(with_one, np.vstack([weights, biases]))
        """,
    ),
    "dense_parameters": (
        "def dense_parameters(inputs, units):\n    return (inputs + 1) * units",
        "def dense_parameters(inputs, units):\n    return np.int64(units) + units * inputs",
    ),
    "dense_as_conv": (
        """
        def dense_as_conv(weights, map_shape):
            kernel = np.zeros((*map_shape, weights.shape[-1]))
            for unit in range(weights.shape[-1]):
                kernel[..., unit] = weights[:, unit].reshape(map_shape)
            return kernel
        """,
        """
        def dense_as_conv(weights, map_shape):
            return np.stack([w.reshape(map_shape) for w in weights.T], axis=-1)
        """,
    ),
    "summarize": (
        """
        def summarize(input_shape, layers):
            shape, table = list(input_shape), []
            for layer in layers:
                match layer:
                    case {"layer": "Dense", "units": units}:
                        parameters, shape = shape[0] * units + units, [units]
                    case {"layer": "Flatten"}:
                        parameters, shape = 0, [np.prod(shape)]
                    case {"strides": s, "padding": p}:
                        k = layer.get("kernel_size") or layer["pool_size"]
                        out = [size_after(size, k, s, p) for size in shape[:2]]
                        filters = layer.get("filters", 0)
                        parameters = filters * (k * k * shape[2] + 1)
                        shape = [*out, filters or shape[2]]
                table.append([tuple(shape), parameters])
            return table
        """,
        """
        def summarize(input_shape, layers):
            def walk(shape, rest):
                if not rest:
                    return ()
                layer, *others = rest
                kind = layer["layer"]
                parameters = 0
                if kind == "Flatten":
                    out = (math.prod(shape),)
                elif kind == "Dense":
                    out, parameters = (layer["units"],), (shape[0] + 1) * layer["units"]
                else:
                    k = layer["kernel_size" if kind == "Conv2D" else "pool_size"]
                    how = k, layer["strides"], layer["padding"]
                    deep = layer["filters"] if kind == "Conv2D" else shape[2]
                    out = (size_after(shape[0], *how), size_after(shape[1], *how), deep)
                    parameters = (k**2 * shape[2] + 1) * deep if kind == "Conv2D" else 0
                return ((out, parameters), *walk(out, others))
            return walk(input_shape, layers)
        """,
    ),
    "heads": (
        """
        def heads(map_shape, classes):
            return [math.prod(map_shape) * classes + classes, map_shape[2] * classes + classes]
        """,
        """
        def heads(map_shape, classes):
            inputs = np.array([np.prod(map_shape), map_shape[-1]])
            return (inputs + 1) * classes
        """,
    ),
    "pooling_saves": (
        """
        def costs(size, filters, units, pooled, head):
            k1, k2 = 9 * filters, 9 * filters**2
            after = size // 4 if pooled else size
            n = filters * after * after if head == "flatten" else filters
            second = size * size // 4 if pooled else size * size
            return [k1 + k2 + 2 * filters, k1 * size * size + k2 * second,
                    (n + 1) * units + (units + 1) * 10, n * units + units * 10]
        """,
        """
        def costs(size, filters, units, pooled, head):
            side, depth, parameters, work = size, 1, 0, 0
            for _ in range(2):
                weights = 3 * 3 * depth * filters
                parameters, work = parameters + weights + filters, work + weights * side * side
                depth = filters
                side = side // 2 if pooled else side
            inputs = {"flatten": side * side * depth, "average": depth}[head]
            dense = np.array([inputs * units, units * 10])
            return parameters, work, dense.sum() + units + 10, dense.sum()
        """,
    ),
    "audit_network": (
        """
        def audit_network(input_shape, table):
            shape, counts = list(input_shape), []
            for row in table:
                if row[0] == "conv":
                    counts.append(row[1] * row[1] * shape[2] * row[2] + row[2])
                    shape[2] = row[2]
                elif row[0] == "pool":
                    counts.append(0)
                    shape[:2] = [side // row[1] for side in shape[:2]]
                else:
                    counts.append(math.prod(shape) * row[1] + row[1])
                    shape = [row[1]]
            return tuple(counts)
        """,
        """
        def audit_network(input_shape, table):
            shape, counts = np.array(input_shape), np.zeros(len(table), dtype=int)
            for i, (kind, *rest) in enumerate(table):
                if kind == "pool":
                    shape = np.array([*(shape[:2] // rest[0]), shape[2]])
                    continue
                weights = rest[0] ** 2 * shape[2] if kind == "conv" else shape.prod()
                counts[i] = (weights + 1) * rest[-1]
                shape = np.array([*shape[:2], rest[-1]] if kind == "conv" else [rest[-1]])
            return list(counts)
        """,
    ),
    "lenet5": (
        "lenet5 = keras.Sequential(lenet(c5=False))",
        """
        image = keras.Input((32, 32, 1))
        x = image
        for part in lenet()[1:]:
            x = part(x)
        lenet5 = keras.Model(image, x)
        """,
        """
        lenet5 = keras.Sequential([keras.Input((32, 32, 1))])
        for filters in (6, 16):
            lenet5.add(layers.Conv2D(filters, (5, 5), strides=1))
            lenet5.add(layers.Activation("tanh"))
            lenet5.add(layers.AveragePooling2D(pool_size=(2, 2), strides=2))
        lenet5.add(layers.Conv2D(120, 5, activation=keras.activations.tanh))
        lenet5.add(layers.Reshape((120,)))
        lenet5.add(keras.Sequential([keras.Input((120,)), layers.Dense(84, "tanh")]))
        lenet5.add(layers.Dense(10))
        lenet5.add(layers.Softmax())
        """,
        """
        parts = lenet()
        lenet5 = keras.Sequential([*parts[:6], parts[7], parts[8], parts[6]])
        """,
    ),
}

OTHER_MISTAKES = {
    "vectors turned around": """
        def flatten(volumes):
            return volumes.reshape(len(volumes), -1)[:, ::-1]
    """,
    "one image only": """
        def flatten(volumes):
            return volumes[:1].reshape(1, -1)
    """,
    "sorted": """
        def flatten(volumes):
            return np.sort(volumes.reshape(len(volumes), -1))
    """,
    "width forgotten": """
        def flat_index(position, shape):
            return (position[0] + position[1]) * shape[2] + position[2]

        def position(index, shape):
            return index // shape[2], index % shape[2], 0
    """,
    "bias subtracted": """
        def dense(inputs, weights, biases):
            return inputs @ weights - biases
    """,
    "mean instead of sum": """
        def dense(inputs, weights, biases):
            return inputs @ weights / weights.shape[0] + biases
    """,
    "one too many": """
        def dense_parameters(inputs, units):
            return (inputs + 1) * (units + 1)
    """,
    "one unit for all": """
        def dense_as_conv(weights, map_shape):
            return np.repeat(weights[:, :1], weights.shape[1], axis=1).reshape(*map_shape, -1)
    """,
    "rows turned around": """
        def dense_as_conv(weights, map_shape):
            return weights.reshape(*map_shape, -1)[::-1]
    """,
    "nothing but zeros": """
        def summarize(input_shape, layers):
            return [(tuple(input_shape), 0) for layer in layers]
    """,
    "a total at the end": """
        def summarize(input_shape, layers):
            return [(tuple(input_shape), 0)] * (len(layers) + 1)
    """,
    "text": """
        def summarize(input_shape, layers):
            return "Conv2D"
    """,
    "shapes only": """
        def summarize(input_shape, layers):
            return [input_shape for layer in layers]
    """,
    "both axes halved": """
        def heads(map_shape, classes):
            h, w, c = map_shape
            return (h // 2 * (w // 2) * c + 1) * classes, (c + 1) * classes
    """,
    "all zero": """
        def costs(size, filters, units, pooled, head):
            return 0, 0, 0, 0
    """,
    "a pair": """
        def costs(size, filters, units, pooled, head):
            return 9 * filters, 9 * filters
    """,
    "every kernel 3 by 3": """
        def audit_network(input_shape, table):
            channels, counts = input_shape[2], []
            for row in table:
                counts.append((9 * channels + 1) * row[-1] if row[0] == "conv" else 0)
                channels = row[-1] if row[0] == "conv" else channels
            return counts
    """,
    "the published total": """
        def audit_network(input_shape, table):
            return [138357544] + [0] * (len(table) - 1)
    """,
    "pooling forgotten at the end": """
        parts = lenet()
        lenet5 = keras.Sequential([*parts[:4], *parts[5:]])
    """,
    "eleven classes": """
        lenet5 = keras.Sequential([*lenet()[:-1], layers.Dense(11, activation="softmax")])
    """,
}


RUBRIC = Rubric("dense", SETUP + LENET)


@pytest.mark.parametrize(
    ("name", "source"), [(name, source) for name, sources in RIGHT.items() for source in sources]
)
def test_right_answers_written_otherwise_pass(name: str, source: str) -> None:
    """Another idiom, another container or another way to build a network is as right."""
    RUBRIC.assert_passes(name, source, range(2))


@pytest.mark.parametrize("mistake", OTHER_MISTAKES)
def test_no_other_mistake_is_taken_for_a_misconception(mistake: str) -> None:
    """A wrong answer that the rubric does not know fails, and nothing is said about its reason."""
    source = OTHER_MISTAKES[mistake]
    RUBRIC.assert_told(RUBRIC.exercise_in(source), source, None, range(2))


@pytest.mark.parametrize(
    ("name", "answer"),
    [
        ("summarize", "5"),
        ("summarize", "[None for layer in args[1]]"),
        ("summarize", "[(None, None) for layer in args[1]]"),
        ("summarize", "[('a', 'b') for layer in args[1]]"),
        ("summarize", "np.zeros((len(args[1]), 2))"),
        ("audit_network", "[None for row in args[1]]"),
        ("audit_network", "['many' for row in args[1]]"),
        ("audit_network", "np.zeros((3, 3, 3))"),
        ("audit_network", "{}"),
        ("pooling_saves", "(None, None, None, None)"),
        ("pooling_saves", "np.zeros((4, 4))"),
        ("pooling_saves", "'four'"),
        ("heads", "(1, 'x')"),
        ("flat_index", "'here'"),
    ],
)
def test_an_answer_of_the_wrong_kind_is_the_students_mistake(name: str, answer: str) -> None:
    """Whatever comes back instead, the checks say so; they never break themselves."""
    functions = RUBRIC.exercise(name).names
    code = "\n".join(f"def {function}(*args):\n    return {answer}" for function in functions)
    result = RUBRIC.judged(name, code).result
    assert {check.verdict for check in result.checks} == {Verdict.FAILED}


@pytest.mark.parametrize("name", ["summarize", "audit_network", "pooling_saves"])
def test_a_function_that_returns_nothing_is_told_to_return(name: str) -> None:
    """A summary that is printed instead of returned is told so."""
    function = RUBRIC.exercise(name).names[0]
    result = RUBRIC.judged(name, f"def {function}(*args):\n    print(args)").result
    assert "return" in result.checks[0].message


@pytest.mark.parametrize(
    ("source", "misconception"),
    [
        ("lenet('same', c5=False)", "same_in_the_first"),
        ("lenet(hidden='relu', c5=False)", "uses_relu"),
        ("lenet(hidden='relu', pool=layers.MaxPooling2D)", "takes_the_maximum"),
        ("lenet(last='sigmoid', c5=False)", "sigmoid_at_the_end"),
        ("lenet(hidden='sigmoid', last='sigmoid')", "uses_sigmoid"),
        ("[*lenet()[:5], layers.Conv2D(120, 5), *lenet()[6:]]", "one_without_activation"),
        ("[*lenet()[:7], layers.Dense(84), *lenet()[8:]]", "one_without_activation"),
        ("[*lenet()[:6], *lenet()[7:]]", "without_flatten"),
        ("[*lenet()[:4], layers.AveragePooling2D(2, strides=1), *lenet()[5:]]", "pools_by_one"),
        (
            "lenet()[:8] + [layers.Dense(10, use_bias=False, activation='softmax')]",
            "without_a_bias",
        ),
    ],
)
def test_a_known_mistake_in_lenet_is_named_in_other_forms(source: str, misconception: str) -> None:
    """With C5 as a dense layer, or with two mistakes at once, the first known one is named."""
    RUBRIC.assert_told("lenet5", f"lenet5 = keras.Sequential({source})", misconception)


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("flatten", "def flatten(volumes):\n    return np.asarray(layers.Flatten()(volumes))"),
        ("flat_index", "def flat_index(p, s):\n    return np.ravel_multi_index(p, s)"),
        ("summarize", "def summarize(s, rows):\n    return keras.Sequential().summary()"),
    ],
)
def test_by_hand_means_by_hand(name: str, code: str) -> None:
    """What the lesson lets the student build may not be taken ready-made."""
    names = run_here(SETUP + code)
    judgement = judge(
        RUBRIC.exercise(name), ask_here(names), secret=b"", code=code, cells=[SETUP, code]
    )
    assert judgement.result.verdict is Verdict.FAILED
    assert "by hand" in judgement.result.message


# ------------------------------------------------------------------------------------------------
# The lesson's own formulas and facts, against Keras.


@cache
def _solutions() -> dict[str, Any]:
    """The names that the lesson's own answers define, without the rest of its notebook."""
    wanted = ("dense_parameters", "summarize", "audit_network", "heads", "pooling_saves")
    names: dict[str, Any] = {"__name__": "__main__"}
    for cell in read_source(lesson("dense"), COURSE):
        if isinstance(cell, Answer) and cell.exercise in wanted:
            run_here(solution(cell.source), names)
    return names


def _solution(name: str) -> Callable[..., Any]:
    function: Callable[..., Any] = _solutions()[name]
    return function


@st.composite
def _networks(draw: st.DrawFn) -> tuple[tuple[int, int, int], list[dict[str, Any]]]:
    """A network of convolutions and poolings that fit, then Flatten and dense layers."""
    sizes = st.integers(24, 40)
    shape = (draw(sizes), draw(sizes), draw(st.integers(1, 4)))
    small, padding = st.integers(1, 3), st.sampled_from(["same", "valid"])
    conv = st.fixed_dictionaries(
        {
            "layer": st.just("Conv2D"),
            "filters": st.integers(1, 6),
            "kernel_size": st.integers(1, 4),
            "strides": st.integers(1, 2),
            "padding": padding,
        }
    )
    pool = st.fixed_dictionaries(
        {"layer": st.just("MaxPooling2D"), "pool_size": small, "strides": small, "padding": padding}
    )
    dense = st.fixed_dictionaries({"layer": st.just("Dense"), "units": st.integers(1, 9)})
    # Two layers at most shrink 24 pixels to 24 / 9 = 2; the next window may be larger than that.
    body = draw(st.lists(st.one_of(conv, pool), min_size=1, max_size=2))
    body += draw(st.lists(conv.map(lambda layer: layer | {"padding": "same"}), max_size=2))
    return shape, [*body, {"layer": "Flatten"}, *draw(st.lists(dense, max_size=3))]


@given(_networks())
@settings(max_examples=25, deadline=None)
def test_the_summary_by_hand_is_that_of_keras(
    network: tuple[tuple[int, int, int], list[dict[str, Any]]],
) -> None:
    """For any network, the lesson's formulas give the shapes and parameters that Keras reports."""
    shape, rows = network
    built = [
        getattr(keras.layers, row["layer"])(**{k: v for k, v in row.items() if k != "layer"})
        for row in rows
    ]
    keras.Sequential([keras.Input(shape), *built])
    expected = [(tuple(layer.output.shape[1:]), layer.count_params()) for layer in built]
    assert _solution("summarize")(shape, rows) == expected


@given(
    st.tuples(st.integers(16, 48), st.integers(16, 48), st.integers(1, 4)),
    st.lists(
        st.one_of(
            st.tuples(st.just("conv"), st.integers(1, 5), st.integers(1, 9)),
            st.tuples(st.just("pool"), st.integers(2, 2)),
        ),
        max_size=4,
    ),
    st.lists(st.integers(1, 12), min_size=1, max_size=3),
)
@settings(max_examples=20, deadline=None)
def test_the_audit_by_hand_is_that_of_keras(
    shape: tuple[int, int, int], maps: list[tuple[Any, ...]], units: list[int]
) -> None:
    """For any table of rows, the lesson's audit counts what Keras counts."""
    table = [*maps, *(("dense", count) for count in units)]
    built: list[Any] = [
        keras.layers.Conv2D(row[2], row[1], padding="same")
        if row[0] == "conv"
        else keras.layers.MaxPooling2D(row[1])
        for row in maps
    ]
    dense = [keras.layers.Dense(count) for count in units]
    keras.Sequential([keras.Input(shape), *built, keras.layers.Flatten(), *dense])
    expected = [layer.count_params() for layer in (*built, *dense)]
    assert _solution("audit_network")(shape, table) == expected


def test_vgg16_has_the_published_number_of_parameters() -> None:
    """Keras's own VGG-16, the network of the lesson's table, and the audit agree."""
    with keras.StatelessScope(initialize_variables=False):  # 550 MB, if its weights were made
        whole = keras.applications.VGG16(weights=None)
        convolutions = keras.applications.VGG16(weights=None, include_top=False)
        assert whole.count_params() == 138_357_544
        assert convolutions.count_params() == 14_714_688
        by_layer = [layer.count_params() for layer in whole.layers if _is_a_row(layer)]
    assert _solution("audit_network")((224, 224, 3), VGG16) == by_layer


def _is_a_row(layer: Any) -> bool:
    return isinstance(layer, keras.layers.Conv2D | keras.layers.MaxPooling2D | keras.layers.Dense)


def test_vgg16_without_biases_has_the_count_that_the_feedback_names() -> None:
    """The number that the misconception mentions is what leaving the biases out gives."""
    biases = sum(row[-1] for row in VGG16 if row[0] != "pool")
    assert 138_357_544 - biases == 138_344_128


def test_vgg16_spends_its_multiplications_in_the_convolutions() -> None:
    """15.3 of 15.5 billion multiplications are those of the convolutions, as the lesson says."""
    with keras.StatelessScope(initialize_variables=False):
        work: dict[str, int] = {"Conv2D": 0, "Dense": 0}
        for layer in keras.applications.VGG16(weights=None).layers:
            if (kernel := getattr(layer, "kernel", None)) is not None:
                positions = int(np.prod(layer.output.shape[1:-1]))
                work[type(layer).__name__] += int(np.prod(kernel.shape)) * positions
    assert round(work["Conv2D"] / 1e9, 1) == 15.3
    assert round(sum(work.values()) / 1e9, 1) == 15.5


@pytest.mark.parametrize(
    ("arguments", "parameters"),
    [
        ("", 61_706),
        ("c5=False", 61_706),
        ("'same'", 91_946),
        ("'same', c5=False", 82_826),
    ],
)
def test_keras_counts_lenet5_as_the_lesson_does(arguments: str, parameters: int) -> None:
    """LeNet-5 has 61,706 parameters in either form, and as many as the feedback knows if padded."""
    names = run_here(SETUP + LENET + f"model = keras.Sequential(lenet({arguments}))")
    assert names["model"].count_params() == parameters


@pytest.mark.parametrize(
    ("head", "pooled", "parameters"),
    [
        ("flatten", False, 134_970),
        ("flatten", True, 12_090),
        ("average", False, 5_946),
        ("average", True, 5_946),
    ],
)
def test_pooling_saves_what_the_lesson_says(head: str, pooled: bool, parameters: int) -> None:
    """With Flatten, pooling saves nine tenths of the parameters; with global averages, none."""
    block = [keras.layers.MaxPooling2D(2)] if pooled else []
    heads = {"flatten": keras.layers.Flatten, "average": keras.layers.GlobalAveragePooling2D}
    model = keras.Sequential(
        [
            keras.Input((8, 8, 1)),
            keras.layers.Conv2D(16, 3, padding="same"),
            *block,
            keras.layers.Conv2D(16, 3, padding="same"),
            *block,
            heads[head](),
            keras.layers.Dense(128),
            keras.layers.Dense(10),
        ]
    )
    conv, _, dense, _ = _solution("costs")(8, 16, 128, pooled, head)
    assert model.count_params() == conv + dense == parameters


def test_a_dense_layer_on_a_volume_answers_every_position() -> None:
    """Without Flatten, Dense is a 1×1 convolution: the same outputs from the same weights."""
    rng = np.random.default_rng(0)
    volume = rng.normal(size=(2, 5, 5, 16)).astype("float32")
    dense, pointwise = keras.layers.Dense(10), keras.layers.Conv2D(10, 1)
    answer = np.asarray(dense(volume))
    pointwise.build(volume.shape)
    kernel, bias = (np.asarray(weight) for weight in dense.weights)
    pointwise.set_weights([kernel[None, None], bias])
    np.testing.assert_allclose(answer, np.asarray(pointwise(volume)), atol=1e-5)
