"""Lesson 4, pooling: what each exercise asks, and how wrong answers are recognized."""

# The order of these imports is the order of the lesson.
# isort: off
from grader.rubrics.pooling.layers import max_pool
from grader.rubrics.pooling.averages import average_pool
from grader.rubrics.pooling.shapes import pooled_shape
from grader.rubrics.pooling.activity import dead_space
from grader.rubrics.pooling.positions import near_and_far
from grader.rubrics.pooling.merging import poolings_until_equal
from grader.rubrics.pooling.shifts import shift_sensitivity
from grader.rubrics.pooling.activity import global_average_pool, pool_stride_one
from grader.rubrics.pooling.pipeline import downsample
# isort: on

TITLE = "Pooling"

__all__ = [
    "TITLE",
    "average_pool",
    "dead_space",
    "downsample",
    "global_average_pool",
    "max_pool",
    "near_and_far",
    "pool_stride_one",
    "pooled_shape",
    "poolings_until_equal",
    "shift_sensitivity",
]
