"""Lesson 3, activation: what each exercise asks, and how wrong answers are recognized."""

# The order of the lesson:
# isort: off
from grader.rubrics.activation.descent import kernel_gradient, learn_kernel
from grader.rubrics.activation.stacks import compose_1d, compose_kernels, collapse
from grader.rubrics.activation.bends import relu, is_linear
from grader.rubrics.activation.decisions import boundary
from grader.rubrics.activation.block import conv_relu_block
from grader.rubrics.activation.slopes import gradients, vanishing, epochs_until
# isort: on

__all__ = [
    "TITLE",
    "boundary",
    "collapse",
    "compose_1d",
    "compose_kernels",
    "conv_relu_block",
    "epochs_until",
    "gradients",
    "is_linear",
    "kernel_gradient",
    "learn_kernel",
    "relu",
    "vanishing",
]

TITLE = "Activation"
