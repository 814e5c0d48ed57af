"""Lesson 3, activation: what each exercise asks, and how wrong answers are recognized."""

# The order of the lesson:
# isort: off
from cnn_course.activation.descent import kernel_gradient, learn_kernel
from cnn_course.activation.stacks import compose_1d, compose_kernels, collapse
from cnn_course.activation.bends import relu, is_linear
from cnn_course.activation.decisions import boundary
from cnn_course.activation.block import conv_relu_block
from cnn_course.activation.slopes import gradients, vanishing, epochs_until
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

TITLE = "Activation: why depth needs a bend"
