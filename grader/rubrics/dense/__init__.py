"""Lesson 5, dense: what each exercise asks, and how wrong answers are recognized."""

# The order of the lesson, which is not that of the alphabet.
# isort: off
from grader.rubrics.dense.flattening import flatten, flat_index
from grader.rubrics.dense.layers import dense, dense_parameters, dense_as_conv
from grader.rubrics.dense.networks import summarize
from grader.rubrics.dense.costs import heads, pooling_saves
from grader.rubrics.dense.audit import audit_network
from grader.rubrics.dense.lenet import lenet5
from grader.rubrics.dense.probabilities import softmax
from grader.rubrics.dense.measures import cross_entropy, accuracy
from grader.rubrics.dense.moving import moved_test
from grader.rubrics.dense.digits import budget_network
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
