"""The rubric of lesson 1, asked about wrong answers that are none of its misconceptions."""

from __future__ import annotations

import pytest

from grader.results import Verdict
from tests.cnn_course.judged import Rubric

pytestmark = pytest.mark.slow

SEEDS = range(20)

RESPONSES = """
import numpy as np

def responses(image, kernel):
    k, l = kernel.shape
    windows = np.lib.stride_tricks.sliding_window_view(image, (k, l))
    return (windows * kernel).sum(axis=(2, 3))

def framed(image, padding):
    return np.pad(image, padding)
"""

OTHER_MISTAKES = {
    "the sign is dropped": """
        def patch_response(patch, kernel):
            return abs((patch * kernel).sum())
    """,
    "the sign is turned": """
        def patch_response(patch, kernel):
            return -(patch * kernel).sum()
    """,
    "only the first row counts": """
        def patch_response(patch, kernel):
            return (patch * kernel)[0].sum()
    """,
    "the map stays empty": """
        def convolve2d(image, kernel):
            return np.zeros_like(responses(image, kernel))
    """,
    "the map is cut to what a picture shows": """
        def convolve2d(image, kernel):
            return np.clip(responses(image, kernel), 0, 1)
    """,
    "every kernel takes off two": """
        def convolve2d(image, kernel):
            return np.resize(responses(image, kernel), (image.shape[0] - 2, image.shape[1] - 2))
    """,
    "one is added twice": """
        def feature_map_size(image_size, kernel_size):
            return image_size - kernel_size + 2
    """,
    "every kernel has three pixels": """
        def feature_map_size(image_size, kernel_size):
            return image_size - 2
    """,
    "the answer of the figure": """
        def feature_map_size(image_size, kernel_size):
            return 5
    """,
    "a kernel that finds nothing": """
        vertical_edges = np.array([[-1, 0, 1], [1, 0, -1], [0, 0, 0]])
        horizontal_edges = vertical_edges.T
    """,
    "a blur divided by the wrong number": """
        blur = np.ones((3, 3)) / 8
        sharpen = np.array([[0, -1, 0], [-1, 5, -1], [0, -1, 0]])
    """,
    "a blur along both diagonals": """
        blur = np.array([[1, 0, 1], [0, 1, 0], [1, 0, 1]]) / 5
        sharpen = np.array([[0, -1, 0], [-1, 5, -1], [0, -1, 0]])
    """,
    "a frame of one pixel": """
        def zero_pad(image, padding):
            return np.pad(image, [(1, 1), (1, 1)] + [(0, 0)] * (image.ndim - 2))
    """,
    "counted from one": """
        def strongest_match(image, kernel):
            found = responses(image, kernel)
            row, column = np.unravel_index(found.argmax(), found.shape)
            return row + 1, column + 1
    """,
    "the flipped kernel": """
        def strongest_match(image, kernel):
            found = responses(image, kernel[::-1, ::-1])
            return np.unravel_index(found.argmax(), found.shape)
    """,
    "places of all maxima, by row and by column": """
        def strongest_match(image, kernel):
            found = responses(image, kernel)
            return found.argmax(axis=0), found.argmax(axis=1)
    """,
}


RUBRIC = Rubric("convolution", RESPONSES)


@pytest.mark.parametrize("mistake", OTHER_MISTAKES)
def test_no_other_mistake_is_taken_for_a_misconception(mistake: str) -> None:
    """A wrong answer that the rubric does not know fails, and nothing is said about its reason."""
    source = OTHER_MISTAKES[mistake]
    ready_made = Rubric("convolution", RESPONSES + "np_pad = np.pad\n")
    code = source.replace("np.pad", "np_pad")  # forbidden to students; only its answer counts here
    ready_made.assert_told(ready_made.exercise_in(source), code, None, SEEDS)


@pytest.mark.parametrize("answer", ["'top left'", "(None, 'x')", "[[1], [2, 3]]", "(0, 0, 0)", "5"])
def test_a_position_of_the_wrong_kind_is_the_students_mistake(answer: str) -> None:
    """Whatever comes back instead of a pair, the check says so; it never breaks itself."""
    judgement = RUBRIC.judged(
        "strongest_match", f"def strongest_match(image, kernel):\n    return {answer}"
    )
    assert judgement.result.verdict is Verdict.FAILED
    assert not judgement.result.score


def test_a_position_that_never_comes_back_is_said() -> None:
    """A search that prints its result, or forgets it, is told to return it."""
    judgement = RUBRIC.judged(
        "strongest_match", "def strongest_match(image, kernel):\n    found = image"
    )
    assert "return" in judgement.result.checks[0].message


def test_every_formula_for_the_strided_size_is_told_from_the_right_one() -> None:
    """One that is right only where pixels are left over, or only where none are, never passes."""
    formulas = (
        "(last + 1) // strides",
        "-(-last // strides) + 1",
        "last // strides",
        "round(last / strides) + 1",
    )
    for formula in formulas:
        source = f"""
            def size(last, strides):
                return {formula}

            def convolve2d_strided(image, kernel, strides=1, padding=0):
                image = framed(image, padding)
                rows = size(image.shape[0] - kernel.shape[0], strides)
                columns = size(image.shape[1] - kernel.shape[1], strides)
                below = np.pad(image, [(0, strides), (0, strides)])
                return responses(below, kernel)[::strides, ::strides][:rows, :columns]
        """
        for seed in SEEDS:
            judgement = RUBRIC.judged("convolve2d_strided", source, seed)
            assert not judgement.result.score, formula


@pytest.mark.parametrize(
    ("exercise", "source"),
    [
        (
            "edge_kernels",
            "import numpy as np\nvertical_edges = horizontal_edges = np.zeros((3, 3))",
        ),
        ("blur_and_sharpen", "import numpy as np\nblur = sharpen = np.ones((3, 3))"),
    ],
)
def test_a_kernel_that_does_nothing_asked_earns_nothing(exercise: str, source: str) -> None:
    """Kernels of zeros are silent for free, and kernels of ones make every step larger."""
    assert RUBRIC.judged(exercise, source).result.score == 0
