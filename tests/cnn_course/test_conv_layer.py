"""The rubric of lesson 2: right answers written another way, and wrong ones it does not know."""

from __future__ import annotations

import keras
import numpy as np
import pytest

from cnn_course.conv_layer.references import covering, keras_padding
from grader.judging.judge import judge
from grader.judging.testing import ask_here, run_here
from grader.results import Verdict
from tests.cnn_course.judged import Rubric

pytestmark = pytest.mark.slow

SEEDS = range(4)

SETUP = """
import keras
import numpy as np

view = np.lib.stride_tricks.sliding_window_view
"""

RIGHT = {
    "convolve_volume: all products at once": """
        def convolve_volume(image, kernel):
            windows = view(image, kernel.shape)
            return np.einsum("ijcklm,klm->ij", windows, kernel)
    """,
    "convolve_volume: patch by patch": """
        def convolve_volume(image, kernel):
            k, l, _ = kernel.shape
            height, width = image.shape[0] - k + 1, image.shape[1] - l + 1
            feature_map = np.zeros((height, width), dtype="float32")
            for row in range(height):
                for column in range(width):
                    patch = image[row:row + k, column:column + l]
                    feature_map[row, column] = np.sum(patch * kernel)
            return feature_map
    """,
    "conv_layer: a tensor product": """
        def conv_layer(image, kernels, biases):
            windows = view(image, kernels.shape[:2], axis=(0, 1))
            return np.tensordot(windows, kernels, axes=([3, 4, 2], [0, 1, 2])) + biases
    """,
    "conv_layer: every place multiplied as a vector": """
        def conv_layer(image, kernels, biases):
            k, l, channels, filters = kernels.shape
            rows, columns = image.shape[0] - k + 1, image.shape[1] - l + 1
            maps = np.empty((rows, columns, filters))
            for r, c in np.ndindex(rows, columns):
                maps[r, c] = image[r:r + k, c:c + l].ravel() @ kernels.reshape(-1, filters) + biases
            return maps
    """,
    "conv_parameters: counted in arrays": """
        def conv_parameters(input_shape, kernel_size, filters):
            return np.empty((*kernel_size, input_shape[-1], filters)).size + np.empty(filters).size
    """,
    "conv_parameters: a NumPy product": """
        def conv_parameters(input_shape, kernel_size, filters):
            return np.prod(kernel_size) * input_shape[2] * filters + filters
    """,
    "ten_filters: functional": """
        inputs = keras.Input(shape=(32, 32, 3))
        outputs = keras.layers.Conv2D(10, (5, 5), strides=1, padding="SAME")(inputs)
        ten_filters = keras.Model(inputs, outputs)
    """,
    "ten_filters: padded by a layer of its own": """
        ten_filters = keras.Sequential()
        ten_filters.add(keras.Input((32, 32, 3)))
        ten_filters.add(keras.layers.ZeroPadding2D(2))
        ten_filters.add(keras.layers.Conv2D(10, 5, activation="linear"))
    """,
    "output_size: a list, rounded down by math": """
        import math
        def output_size(size, kernel_size, padding, strides):
            pairs = zip(size, kernel_size)
            return [math.floor((n + 2 * padding - k) / strides + 1) for n, k in pairs]
    """,
    "output_size: counted": """
        def output_size(size, kernel_size, padding, strides):
            def places(n, k):
                return len(range(-padding, n + padding - k + 1, strides))
            return places(size[0], kernel_size[0]), places(size[1], kernel_size[1])
    """,
    "same_padding: by what is left over": """
        def same_padding(size, kernel_size, strides):
            over = size % strides or strides
            zeros = max(kernel_size - over, 0)
            return zeros // 2, (zeros + 1) // 2
    """,
    "same_padding: an array": """
        def same_padding(size, kernel_size, strides):
            zeros = max((int(np.ceil(size / strides)) - 1) * strides + kernel_size - size, 0)
            return np.array([zeros // 2, zeros - zeros // 2])
    """,
    "pixel_uses: an outer product of floats": """
        def pixel_uses(size, kernel_size, padding, strides):
            def line(n, k):
                uses = np.zeros(n)
                for start in range(-padding, n + padding - k + 1, strides):
                    uses[max(start, 0):max(start + k, 0)] += 1
                return uses
            return np.outer(line(size[0], kernel_size[0]), line(size[1], kernel_size[1]))
    """,
    "pixel_uses: pixel by pixel": """
        def pixel_uses(size, kernel_size, padding, strides):
            (height, width), (k, l) = size, kernel_size
            uses = np.zeros(size, dtype=np.int32)
            for top in range(-padding, height + padding - k + 1, strides):
                for left in range(-padding, width + padding - l + 1, strides):
                    for row in range(top, top + k):
                        for column in range(left, left + l):
                            if 0 <= row < height and 0 <= column < width:
                                uses[row, column] += 1
            return uses
    """,
    "deepest_stack: divided": """
        def deepest_stack(size, kernel_size):
            return (size - 1) // (kernel_size - 1)
    """,
    "deepest_stack: by recursion": """
        def deepest_stack(size, kernel_size):
            if size < kernel_size:
                return 0
            return 1 + deepest_stack(size - kernel_size + 1, kernel_size)
    """,
}

WRONG = {
    "convolve_volume: flipped along the channels, too": """
        def convolve_volume(image, kernel):
            windows = view(image, kernel.shape)
            return np.einsum("ijcklm,klm->ij", windows, np.flip(kernel))
    """,
    "convolve_volume: channels backward": """
        def convolve_volume(image, kernel):
            windows = view(image, kernel.shape)
            return np.einsum("ijcklm,klm->ij", windows, kernel[:, :, ::-1])
    """,
    "convolve_volume: the strongest channel": """
        def convolve_volume(image, kernel):
            windows = view(image, kernel.shape)
            return np.einsum("ijcklm,klm->ijm", windows, kernel).max(axis=2)
    """,
    "conv_layer: the bias taken off": """
        def conv_layer(image, kernels, biases):
            windows = view(image, kernels.shape[:2], axis=(0, 1))
            return np.tensordot(windows, kernels, axes=([3, 4, 2], [0, 1, 2])) - biases
    """,
    "conv_layer: negative values dropped": """
        def conv_layer(image, kernels, biases):
            windows = view(image, kernels.shape[:2], axis=(0, 1))
            maps = np.tensordot(windows, kernels, axes=([3, 4, 2], [0, 1, 2])) + biases
            return np.maximum(maps, 0) - 1e-3
    """,
    "conv_parameters: the answer of the figure": """
        def conv_parameters(input_shape, kernel_size, filters):
            return 760
    """,
    "conv_parameters: one side of the kernel": """
        def conv_parameters(input_shape, kernel_size, filters):
            return (kernel_size[0] * input_shape[2] + 1) * filters
    """,
    "ten_filters: the right size by a stretched image": """
        ten_filters = keras.Sequential([
            keras.Input((32, 32, 3)), keras.layers.Resizing(36, 36), keras.layers.Conv2D(10, 5)
        ])
    """,
    "ten_filters: eleven filters": """
        ten_filters = keras.Sequential([
            keras.Input((32, 32, 3)), keras.layers.Conv2D(11, 5, padding="same")
        ])
    """,
    "ten_filters: a layer, no model": """
        ten_filters = keras.layers.Conv2D(10, 5, padding="same")
    """,
    "ten_filters: no shape stated": """
        ten_filters = keras.Sequential([keras.layers.Conv2D(10, 5, padding="same")])
    """,
    "output_size: the size of same": """
        def output_size(size, kernel_size, padding, strides):
            return tuple(-(-n // strides) for n in size)
    """,
    "output_size: one number": """
        def output_size(size, kernel_size, padding, strides):
            return (size[0] + 2 * padding - kernel_size[0]) // strides + 1
    """,
    "same_padding: always one": """
        def same_padding(size, kernel_size, strides):
            return 1, 1
    """,
    "same_padding: all in front": """
        def same_padding(size, kernel_size, strides):
            return max((-(-size // strides) - 1) * strides + kernel_size - size, 0), 0
    """,
    "pixel_uses: seen or not": """
        def pixel_uses(size, kernel_size, padding, strides):
            return np.ones(size)
    """,
    "pixel_uses: one direction only": """
        def pixel_uses(size, kernel_size, padding, strides):
            uses = np.zeros(size)
            for top in range(-padding, size[0] + padding - kernel_size[0] + 1, strides):
                uses[max(top, 0):max(top + kernel_size[0], 0)] += 1
            return uses
    """,
    "deepest_stack: the size that is left": """
        def deepest_stack(size, kernel_size):
            return (size - 1) % (kernel_size - 1) + 1
    """,
    "deepest_stack: the size after one layer": """
        def deepest_stack(size, kernel_size):
            return size - kernel_size + 1
    """,
}

# Mistakes that the rubric knows, written as students write them.
KNOWN = {
    "convolve_volume: kernel_flipped": """
        def convolve_volume(image, kernel):
            windows = view(image, kernel.shape)
            return np.einsum("ijcklm,klm->ij", windows, kernel[::-1, ::-1])
    """,
    "conv_layer: rows_of_the_kernels_for_filters": """
        def convolve_volume(image, kernel):
            channels = range(image.shape[2])
            windows = [view(image[:, :, i], kernel.shape[:2]) for i in channels]
            return sum((windows[i] * kernel[:, :, i]).sum(axis=(2, 3)) for i in channels)

        def conv_layer(image, kernels, biases):
            filters = range(kernels.shape[3])
            return np.stack([convolve_volume(image, kernels[f]) + biases[f] for f in filters], 2)
    """,
    "conv_parameters: square_kernels_only": """
        def conv_parameters(input_shape, kernel_size, filters):
            return (kernel_size[0] ** 2 * input_shape[2] + 1) * filters
    """,
    "same_padding: total_only": """
        def same_padding(size, kernel_size, strides):
            return max((-(-size // strides) - 1) * strides + kernel_size - size, 0)
    """,
    "same_padding: kernel_less_stride": """
        def same_padding(size, kernel_size, strides):
            total = max(0, kernel_size - strides)
            return total // 2, total - total // 2
    """,
    "pixel_uses: windows_side_by_side": """
        def pixel_uses(size, kernel_size, padding, strides):
            rows = (size[0] + 2 * padding - kernel_size[0]) // strides + 1
            columns = (size[1] + 2 * padding - kernel_size[1]) // strides + 1
            uses = np.zeros((size[0] + 2 * padding, size[1] + 2 * padding))
            for row in range(rows):
                for column in range(columns):
                    uses[row:row + kernel_size[0], column:column + kernel_size[1]] += 1
            return uses[padding:padding + size[0], padding:padding + size[1]]
    """,
    "pixel_uses: strides_ignored": """
        def pixel_uses(size, kernel_size, padding, strides):
            uses = np.zeros((size[0] + 2 * padding, size[1] + 2 * padding))
            for row in range(len(uses) - kernel_size[0] + 1):
                for column in range(len(uses[0]) - kernel_size[1] + 1):
                    uses[row:row + kernel_size[0], column:column + kernel_size[1]] += 1
            return uses[padding:padding + size[0], padding:padding + size[1]]
    """,
}


RUBRIC = Rubric("conv_layer", SETUP)


@pytest.mark.parametrize("case", RIGHT)
def test_a_right_answer_written_another_way_passes(case: str) -> None:
    """Other loops, other kinds of numbers, other ways to build the model: all of it counts."""
    RUBRIC.assert_passes(case.partition(": ")[0], RIGHT[case], SEEDS)


@pytest.mark.parametrize("case", WRONG)
def test_no_other_mistake_is_taken_for_a_misconception(case: str) -> None:
    """A wrong answer that the rubric does not know fails, and nothing is said about its reason."""
    RUBRIC.assert_told(case.partition(": ")[0], WRONG[case], None, SEEDS)


@pytest.mark.parametrize("case", KNOWN)
def test_a_known_mistake_is_known_however_it_is_written(case: str) -> None:
    """The rubric says what was done, on every draw."""
    exercise, _, misconception = case.partition(": ")
    RUBRIC.assert_told(exercise, KNOWN[case], misconception, SEEDS)


def test_strides_leave_the_grid_that_the_lesson_describes() -> None:
    """With 3×3 at strides of 2, crossings count 4 times; 2×2 at strides of 3 miss 64 of 100."""
    line = covering(10, 3, 0, 2)
    assert line.tolist() == [1, 1, 2, 1, 2, 1, 2, 1, 1, 0]
    assert covering(10, 3, 1, 2).min() == 1
    gaps = covering(10, 2, 0, 3)
    assert int((np.outer(gaps, gaps) == 0).sum()) == 64


def test_same_keeps_the_size_at_stride_1_only() -> None:
    """With `same`, as many windows come out as the size over the stride, rounded up."""
    for size in range(3, 12):
        for strides in (1, 2, 3):
            layer = keras.layers.Conv1D(1, 3, strides=strides, padding="same")
            shape = layer.compute_output_shape((1, size, 1))
            assert shape == (1, -(-size // strides), 1)


@pytest.mark.parametrize(
    ("row", "zeros"),
    [((6, 3, 1), (1, 1)), ((6, 4, 1), (1, 2)), ((6, 3, 2), (0, 1)), ((9, 1, 3), (0, 0))],
)
def test_the_figures_zeros_are_where_keras_puts_them(
    row: tuple[int, int, int], zeros: tuple[int, int]
) -> None:
    """What the lesson's figure shows is what a Keras layer pads."""
    assert keras_padding(*row) == zeros


def test_ten_filters_keep_the_size_only_with_same_padding() -> None:
    """Ten filters of 5×5 on 32×32×3 make 28×28×10 by default, with the same 760 parameters."""
    sizes = {}
    for padding in ("valid", "same"):
        layer = keras.layers.Conv2D(10, 5, padding=padding)
        sizes[padding] = tuple(layer(np.zeros((1, 32, 32, 3), "float32")).shape[1:])
        assert layer.count_params() == 760
    assert sizes == {"valid": (28, 28, 10), "same": (32, 32, 10)}


def test_the_ready_made_layer_is_not_an_answer() -> None:
    """What is worked out by hand may not be asked of Keras, not even through a given function."""
    cells = [
        "import keras\ndef places(n, k): return keras.ops.conv(n, k).shape",
        "def output_size(size, kernel_size, padding, strides): return places(size, kernel_size)",
    ]
    ask = ask_here(run_here("\n".join(cells)))
    result = judge(
        RUBRIC.exercise("output_size"), ask, secret=b"", code=cells[1], cells=cells
    ).result
    assert result.verdict is Verdict.FAILED
    assert "keras" in result.checks[0].message
