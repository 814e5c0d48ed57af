"""Lesson 5, dense: what each exercise asks, and how wrong answers are recognized."""

# The order of the lesson, which is not that of the alphabet.
# isort: off
from cnn_course.dense.flattening import flatten, flat_index
from cnn_course.dense.layers import dense, dense_parameters, dense_as_conv
from cnn_course.dense.networks import summarize
from cnn_course.dense.costs import heads, pooling_saves
from cnn_course.dense.audit import audit_network
from cnn_course.dense.lenet import lenet5
from cnn_course.dense.probabilities import softmax
from cnn_course.dense.measures import cross_entropy, accuracy
from cnn_course.dense.moving import moved_test
from cnn_course.dense.digits import budget_network
# isort: on

TITLE = "Flatten and dense layers"

__all__ = [
    "TITLE",
    "accuracy",
    "audit_network",
    "budget_network",
    "cross_entropy",
    "dense",
    "dense_as_conv",
    "dense_parameters",
    "flat_index",
    "flatten",
    "heads",
    "lenet5",
    "moved_test",
    "pooling_saves",
    "softmax",
    "summarize",
]
