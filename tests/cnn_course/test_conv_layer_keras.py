"""Lesson 2 in Keras and on whole stacks: other right answers, and mistakes nobody foresaw."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from grader.judging.diagnose import diagnose
from grader.results import Verdict
from tests.cnn_course.judged import Rubric

pytestmark = pytest.mark.slow

SEEDS = range(3)

IMPORTS = """
import numpy as np
import keras

sobel_x = np.array([[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]], dtype="float32")
sobel_y = sobel_x.T
both = np.stack([sobel_x, sobel_y], axis=-1)[:, :, None, :]
"""

RIGHT = {
    "a model with an input of any size": """
        sobel_layer = keras.Sequential(
            [keras.Input((None, None, 1)), keras.layers.Conv2D(2, (3, 3), use_bias=False)]
        )
        sobel_layer.set_weights([both])
    """,
    "a model for the photograph's size only": """
        sobel_layer = keras.Sequential(
            [keras.Input((150, 128, 1)), keras.layers.Conv2D(2, 3, use_bias=False)]
        )
        sobel_layer.layers[0].kernel.assign(both)
    """,
    "weights given to the layer at birth": """
        sobel_layer = keras.layers.Conv2D(
            2, 3, use_bias=False, kernel_initializer=keras.initializers.Constant(both)
        )
        sobel_layer(np.zeros((1, 5, 5, 1)))
    """,
    "every number put in its place": """
        sobel_layer = keras.layers.Conv2D(2, 3, use_bias=False, activation="linear")
        sobel_layer.build((1, 150, 128, 1))
        kernel = np.zeros((3, 3, 1, 2))
        kernel[:, :, 0, 0], kernel[:, :, 0, 1] = sobel_x, sobel_y
        sobel_layer.set_weights([kernel])
    """,
    "weights given to a layer that is never built": """
        sobel_layer = keras.layers.Conv2D(
            2, 3, use_bias=False, kernel_initializer=keras.initializers.Constant(both)
        )
    """,
    "two layers side by side": """
        image = keras.Input((None, None, 1))
        one, other = (keras.layers.Conv2D(1, 3, use_bias=False) for _ in range(2))
        maps = keras.layers.Concatenate()([one(image), other(image)])
        sobel_layer = keras.Model(image, maps)
        one.set_weights([sobel_x[..., None, None]])
        other.set_weights([sobel_y[..., None, None]])
    """,
    "einsum": """
        def pointwise(image, kernel, bias):
            return np.einsum("ijk,abkl->ijl", image, kernel) + bias
    """,
    "a loop over pixels": """
        def pointwise(image, kernel, bias):
            maps = np.zeros((*image.shape[:2], len(bias)), dtype="float32")
            for place in np.ndindex(*image.shape[:2]):
                for f in range(len(bias)):
                    maps[place][f] = (image[place] * kernel[0, 0, :, f]).sum() + bias[f]
            return maps
    """,
    "one matrix product of all pixels": """
        def pointwise(image, kernel, bias):
            height, width, channels = image.shape
            mixed = np.dot(image.reshape(-1, channels), kernel.reshape(channels, -1))
            return (mixed + bias).reshape(height, width, -1)
    """,
    "from the last layer to the first": """
        def receptive_field(layers):
            field = 1
            for kernel_size, strides in reversed(layers):
                field = (field - 1) * strides + kernel_size
            return field
    """,
    "strides by NumPy": """
        def receptive_field(layers):
            sizes, strides = np.array(layers).T
            return 1 + np.sum((sizes - 1) * np.cumprod([1, *strides[:-1]]))
    """,
    "by recursion": """
        def receptive_field(layers):
            if not layers:
                return 1
            (kernel_size, strides), *later = layers
            return kernel_size + strides * (receptive_field(later) - 1)
    """,
    "as a list": """
        def small_or_large(count, channels):
            field = 1 + sum(2 for _ in range(count))
            layer = lambda k: k * k * channels**2 + channels
            return [field, layer(3) * count, layer(field)]
    """,
    "counted by Keras": """
        def small_or_large(count, channels):
            def stored(*sizes):
                layers = [keras.layers.Conv2D(channels, size, padding="same") for size in sizes]
                return keras.Sequential([keras.Input((9, 9, channels)), *layers]).count_params()
            field = 2 * count + 1
            return field, stored(*[3] * count), stored(field)
    """,
    "rounded by math": """
        def multiply_adds(input_shape, filters, kernel_size, strides, padding):
            import math
            *sizes, channels = input_shape
            lost = kernel_size - 1 if padding == "valid" else 0
            rows, columns = (math.ceil((size - lost) / strides) for size in sizes)
            return rows * columns * filters * kernel_size * kernel_size * channels
    """,
    "from Keras's own shape": """
        def multiply_adds(input_shape, filters, kernel_size, strides, padding):
            layer = keras.layers.Conv2D(filters, kernel_size, strides=strides, padding=padding)
            shape = layer.compute_output_shape((1, *input_shape))
            return np.prod(shape) * kernel_size**2 * input_shape[-1]
    """,
    "lists for shapes": """
        def feature_map_shapes(input_shape, layers):
            shapes, (height, width, _) = [], input_shape
            for filters, k, s, padding in layers:
                if padding == "valid":
                    height, width = (height - k + s) // s, (width - k + s) // s
                else:
                    height, width = (height + s - 1) // s, (width + s - 1) // s
                shapes.append([height, width, filters])
            return shapes
    """,
    "an array of shapes": """
        def feature_map_shapes(input_shape, layers):
            shapes, size = [], np.array(input_shape[:2])
            for filters, k, s, padding in layers:
                size = np.ceil((size - (k - 1) * (padding == "valid")) / s).astype(int)
                shapes.append((*size, filters))
            return tuple(shapes)
    """,
}

OTHER_MISTAKES = {
    "kernels scaled down": """
        sobel_layer = keras.layers.Conv2D(2, 3, use_bias=False)
        sobel_layer.build((None, None, None, 1))
        sobel_layer.set_weights([both / 8])
    """,
    "the weights alone": """
        sobel_layer = both
    """,
    "a stride of two": """
        sobel_layer = keras.layers.Conv2D(2, 3, strides=2, use_bias=False)
        sobel_layer.build((None, None, None, 1))
        sobel_layer.set_weights([both])
    """,
    "bias taken off": """
        def pointwise(image, kernel, bias):
            return image @ kernel[0, 0] - bias
    """,
    "channels first": """
        def pointwise(image, kernel, bias):
            return np.moveaxis(image @ kernel[0, 0] + bias, 2, 0)
    """,
    "negative sums dropped": """
        def pointwise(image, kernel, bias):
            return np.maximum(image @ kernel[0, 0] + bias, 0)
    """,
    "counted as an area": """
        def receptive_field(layers):
            field, apart = 1, 1
            for kernel_size, strides in layers:
                field, apart = field + (kernel_size - 1) * apart, apart * strides
            return field * field
    """,
    "two for every layer": """
        def receptive_field(layers):
            return 1 + 2 * len(layers)
    """,
    "the field as an area": """
        def small_or_large(count, channels):
            k = 2 * count + 1
            small, large = (9 * count * channels + count) * channels, (k * k * channels + 1)
            return k * k, small, large * channels
    """,
    "one more layer": """
        def small_or_large(count, channels):
            k = 2 * count + 3
            layer = lambda k: (k * k * channels + 1) * channels
            return k, (count + 1) * layer(3), layer(k)
    """,
    "kernel along one side only": """
        def multiply_adds(input_shape, filters, kernel_size, strides, padding):
            *sizes, channels = input_shape
            lost = kernel_size - 1 if padding == "valid" else 0
            rows, columns = (-(-(size - lost) // strides) for size in sizes)
            return rows * columns * filters * kernel_size * channels
    """,
    "square inputs only": """
        def multiply_adds(input_shape, filters, kernel_size, strides, padding):
            height, _, channels = input_shape
            lost = kernel_size - 1 if padding == "valid" else 0
            rows = -(-(height - lost) // strides)
            return rows * rows * filters * kernel_size**2 * channels
    """,
    "channels first in the shapes": """
        def feature_map_shapes(input_shape, layers):
            shapes, (height, width, _) = [], input_shape
            for filters, k, s, padding in layers:
                lost = k - 1 if padding == "valid" else 0
                height, width = -(-(height - lost) // s), -(-(width - lost) // s)
                shapes.append((filters, height, width))
            return shapes
    """,
    "two taken off by every kernel": """
        def feature_map_shapes(input_shape, layers):
            shapes, (height, width, _) = [], input_shape
            for filters, k, s, padding in layers:
                lost = 2 if padding == "valid" else 0
                height, width = -(-(height - lost) // s), -(-(width - lost) // s)
                shapes.append((height, width, filters + 1))
            return shapes
    """,
}


# Right or wrong in what it computes: what an exercise forbids is not the matter here.
RUBRIC = Rubric("conv_layer", IMPORTS, searched=False)


@pytest.mark.parametrize("answer", RIGHT)
def test_a_right_answer_passes_however_it_is_written(answer: str) -> None:
    """What computes the right thing gets full marks on every draw."""
    source = RIGHT[answer]
    RUBRIC.assert_passes(RUBRIC.exercise_in(source), source, SEEDS)


@pytest.mark.parametrize("mistake", OTHER_MISTAKES)
def test_no_other_mistake_is_taken_for_a_misconception(mistake: str) -> None:
    """A wrong answer that the rubric does not know fails, and nothing is said about its reason."""
    source = OTHER_MISTAKES[mistake]
    RUBRIC.assert_told(RUBRIC.exercise_in(source), source, None, SEEDS)


@pytest.mark.parametrize(
    ("misconception", "source"),
    [
        (
            "reshaped",
            """
            sobel_layer = keras.Sequential(
                [keras.Input((28, 28, 1)), keras.layers.Conv2D(2, 3, use_bias=False)]
            )
            sobel_layer.set_weights([np.array([sobel_x, sobel_y]).reshape(3, 3, 1, 2)])
            """,
        ),
        (
            "exchanged",
            """
            sobel_layer = keras.layers.Conv2D(2, 3, use_bias=False)
            sobel_layer.build((None, 10, 12, 1))
            sobel_layer.set_weights([np.array([[sobel_x, sobel_y]]).T.swapaxes(2, 3)
                                     .reshape(3, 3, 1, 2)])
            """,
        ),
        (
            "padded",
            """
            sobel_layer = keras.Sequential([
                keras.Input((20, 30, 1)),
                keras.layers.Conv2D(2, 3, padding="same", use_bias=False),
            ])
            sobel_layer.set_weights([both])
            """,
        ),
        (
            "with_an_activation",
            """
            sobel_layer = keras.Sequential([
                keras.Input((None, None, 1)),
                keras.layers.Conv2D(2, 3, use_bias=False),
                keras.layers.ReLU(),
            ])
            sobel_layer.set_weights([both])
            """,
        ),
        (
            "weights_not_set",
            "sobel_layer = keras.layers.Conv2D(2, 3)\nsobel_layer.build((None, None, None, 1))",
        ),
        (
            "weights_not_set",
            """
            sobel_layer = keras.layers.Conv2D(2, 3, use_bias=False)
            sobel_layer.build((None, None, None, 1))
            try:
                sobel_layer.set_weights(both)
            except ValueError:
                pass  # where a cell of a notebook would have stopped
            """,
        ),
        ("not_built", "sobel_layer = keras.layers.Conv2D(2, 3, use_bias=False)"),
        (
            "exchanged",
            """
            kernels = keras.initializers.Constant(both[..., ::-1])
            sobel_layer = keras.layers.Conv2D(2, 3, use_bias=False, kernel_initializer=kernels)
            """,
        ),
        (
            "one_kernel_twice",
            """
            sobel_layer = keras.layers.Conv2D(2, 3, use_bias=False)
            sobel_layer.build((None, None, None, 1))
            sobel_layer.set_weights([np.stack([sobel_y, sobel_y], axis=-1)[:, :, None, :]])
            """,
        ),
        (
            "own_stride_only",
            """
            def receptive_field(layers):
                f = 1
                for k, s in layers:
                    f += (k - 1) * s
                return f
            """,
        ),
        (
            "same_rounded_down",
            """
            def multiply_adds(input_shape, filters, kernel_size, strides, padding):
                (h, w, c), k, s = input_shape, kernel_size, strides
                if padding == "same":
                    h, w = h // s, w // s
                else:
                    h, w = (h - k) // s + 1, (w - k) // s + 1
                return h * w * filters * k * k * c
            """,
        ),
        (
            "strides_ignored_with_same",
            """
            def multiply_adds(input_shape, filters, kernel_size, strides, padding):
                (h, w, c), k, s = input_shape, kernel_size, strides
                if padding == "same":
                    h, w = h, w
                else:
                    h, w = (h - k) // s + 1, (w - k) // s + 1
                return h * w * filters * k * k * c
            """,
        ),
        (
            "valid_rounded_up",
            """
            def multiply_adds(input_shape, filters, kernel_size, strides, padding):
                (h, w, c), k, s = input_shape, kernel_size, strides
                if padding == "same":
                    h, w = -(-h // s), -(-w // s)
                else:
                    h, w = -(-(h - k) // s) + 1, -(-(w - k) // s) + 1
                return h * w * filters * k * k * c
            """,
        ),
        (
            "paddings_exchanged",
            """
            def multiply_adds(input_shape, filters, kernel_size, strides, padding):
                (h, w, c), k, s = input_shape, kernel_size, strides
                if padding == "same":
                    h, w = (h - k) // s + 1, (w - k) // s + 1
                else:
                    h, w = -(-h // s), -(-w // s)
                return h * w * filters * k * k * c
            """,
        ),
        (
            "padding_ignored",
            """
            def multiply_adds(input_shape, filters, kernel_size, strides, padding):
                (h, w, c), k, s = input_shape, kernel_size, strides
                if padding == "same":
                    h, w = (h - k) // s + 1, (w - k) // s + 1
                else:
                    h, w = (h - k) // s + 1, (w - k) // s + 1
                return h * w * filters * k * k * c
            """,
        ),
        (
            "half_a_kernel_for_same",
            """
            def feature_map_shapes(input_shape, layers):
                shapes, (h, w, _) = [], input_shape
                for filters, k, s, padding in layers:
                    if padding == "same":
                        h, w = ((n + 2 * (k // 2) - k) // s + 1 for n in (h, w))
                    else:
                        h, w = (h - k) // s + 1, (w - k) // s + 1
                    shapes.append((h, w, filters))
                return shapes
            """,
        ),
        (
            "half_a_kernel_off",
            """
            def feature_map_shapes(input_shape, layers):
                shapes, (h, w, _) = [], input_shape
                for filters, k, s, padding in layers:
                    if padding == "same":
                        h, w = -(-h // s), -(-w // s)
                    else:
                        h, w = (h - k // 2) // s + 1, (w - k // 2) // s + 1
                    shapes.append((h, w, filters))
                return shapes
            """,
        ),
        (
            "starts_divided",
            """
            def feature_map_shapes(input_shape, layers):
                shapes, (h, w, _) = [], input_shape
                for filters, k, s, padding in layers:
                    if padding == "same":
                        h, w = -(-h // s), -(-w // s)
                    else:
                        h, w = (h - k + 1) // s, (w - k + 1) // s
                    shapes.append((h, w, filters))
                return shapes
            """,
        ),
        (
            "one_number_per_channel",
            """
            def pointwise(image, kernel, bias):
                return image * kernel[0, 0].mean(axis=1)
            """,
        ),
        (
            "last_layer_first",
            """
            def receptive_field(layers):
                field = 1
                for kernel_size, strides in layers:
                    field = (field - 1) * strides + kernel_size
                return field
            """,
        ),
        (
            "always_valid",
            """
            def feature_map_shapes(input_shape, layers):
                shapes, (height, width, _) = [], input_shape
                for filters, k, s, _ in layers:
                    height, width = (height - k) // s + 1, (width - k) // s + 1
                    shapes.append((height, width, filters))
                return shapes
            """,
        ),
    ],
)
def test_a_known_mistake_is_known_however_it_is_written(misconception: str, source: str) -> None:
    """A misconception is told by what it computes, in models as well as in layers."""
    RUBRIC.assert_told(RUBRIC.exercise_in(source), source, misconception, SEEDS)


@pytest.mark.parametrize("answer", ["None", "...", "3", "'18'", "[1, 2]"])
@pytest.mark.parametrize("exercise", ["pointwise", "receptive_field", "small_or_large"])
def test_an_answer_of_another_kind_is_the_students_mistake(exercise: str, answer: str) -> None:
    """Whatever comes back instead of an answer, the check says so; it never breaks itself."""
    parameters = {"pointwise": "image, kernel, bias", "receptive_field": "layers"}
    signature = parameters.get(exercise, "count, channels")
    source = f"def {exercise}({signature}):\n    return {answer}"
    judgement = RUBRIC.judged(exercise, source)
    assert judgement.result.verdict in (Verdict.FAILED, Verdict.NOT_ATTEMPTED)
    assert not judgement.result.score


def test_an_unbuilt_layer_is_told_to_be_built() -> None:
    """A layer without weights is judged by those it would hold, and asked to be built."""
    source = "sobel_layer = keras.layers.Conv2D(2, 3, use_bias=False)"
    judgement = RUBRIC.judged("sobel_layer", source)
    found = diagnose(RUBRIC.exercise("sobel_layer"), judgement)
    assert judgement.result.verdict is Verdict.FAILED
    assert found is not None
    assert "no weights yet" in found.message


def _weights_of_layer(**settings: Any) -> list[tuple[int, ...]]:
    import keras

    layer = keras.layers.Conv2D(4, (2, 3), **settings)
    layer.build((None, None, None, 5))
    return [tuple(weight.shape) for weight in layer.get_weights()]


def test_keras_keeps_the_filter_axis_last() -> None:
    """The kernel is (kernel_height, kernel_width, input channels, filters), as the lesson says."""
    assert _weights_of_layer() == [(2, 3, 5, 4), (4,)]
    assert _weights_of_layer(use_bias=False) == [(2, 3, 5, 4)]


def test_a_pointwise_layer_is_a_matrix_product() -> None:
    """A Keras layer of 1×1 computes what `@` computes."""
    import keras

    rng = np.random.default_rng(5)
    image = rng.normal(size=(1, 6, 7, 4)).astype("float32")
    layer = keras.layers.Conv2D(3, 1, bias_initializer="ones")
    maps = np.asarray(layer(image))
    kernel, bias = layer.get_weights()
    np.testing.assert_allclose(maps, image @ kernel[0, 0] + bias, atol=1e-5)


def test_the_reference_of_the_field_is_what_a_network_sees() -> None:
    """Exactly the pixels of the field change a value in a stack of layers of ones."""
    import keras

    from cnn_course.conv_layer.stack_references import seen_pixels

    for stack in ([(3, 1), (3, 1), (3, 1)], [(3, 2), (3, 1), (3, 1)], [(2, 2), (5, 3), (3, 2)]):
        size = seen_pixels(stack) + 4  # room for pixels that are not seen
        layers = [
            keras.layers.Conv1D(1, kernel_size, strides=strides, kernel_initializer="ones")
            for kernel_size, strides in stack
        ]
        network = keras.Sequential([keras.Input((size, 1)), *layers])
        answers = np.asarray(network(np.eye(size)[..., None]))[:, 0, 0]
        assert np.count_nonzero(answers) == seen_pixels(stack)


def test_numbers_in_the_prose_are_right() -> None:
    """Ten filters do 768,000 multiply–adds; GoogLeNet's detour saves nine tenths."""
    from cnn_course.conv_layer.costs import _multiplications

    direct = _multiplications((28, 28, 192), 32, 5, 1, "same")
    detour = _multiplications((28, 28, 192), 16, 1, 1, "same")
    detour += _multiplications((28, 28, 16), 32, 5, 1, "same")
    assert 0.1 < detour / direct < 0.11
    assert _multiplications((32, 32, 3), 10, 5, 1, "same") == 768_000


def test_a_center_may_be_dimmer_than_its_neighbors() -> None:
    """With strides of 2, 1, 1 the center of the field answers 9 and four neighbors answer 25."""
    import keras

    stack = keras.Sequential([keras.Input((15, 15, 1))])
    for strides in (2, 1, 1):
        stack.add(keras.layers.Conv2D(1, 3, strides=strides, kernel_initializer="ones"))
    answers = np.asarray(stack(np.eye(225).reshape(225, 15, 15, 1)))
    view = answers[:, 1, 1, 0].reshape(15, 15)
    assert view[7, 7] == 9
    assert view[[6, 6, 8, 8], [6, 8, 6, 8]].tolist() == [25.0] * 4
    assert view.max() == 25
