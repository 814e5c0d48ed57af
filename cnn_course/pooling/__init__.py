"""Lesson 4, pooling: what each exercise asks, and how wrong answers are recognized."""

# The order of these imports is the order of the lesson.
# isort: off
from cnn_course.pooling.layers import max_pool
from cnn_course.pooling.averages import average_pool
from cnn_course.pooling.shapes import pooled_shape
from cnn_course.pooling.activity import dead_space
from cnn_course.pooling.positions import near_and_far
from cnn_course.pooling.merging import poolings_until_equal
from cnn_course.pooling.shifts import shift_sensitivity
from cnn_course.pooling.activity import global_average_pool, pool_stride_one
from cnn_course.pooling.pipeline import downsample
# isort: on

TITLE = "Pooling: smaller maps, small shifts forgotten"

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
