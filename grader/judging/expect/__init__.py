"""What rubric authors call to say what must hold: each raises Mismatch where it does not."""

from grader.judging.expect import training
from grader.judging.expect.models import (
    compiled,
    every_layer,
    input_shape,
    layers,
    model,
    output_shape,
    outputs,
    parameter_count,
    same_outputs,
)
from grader.judging.expect.values import close, equal, shape, that

__all__ = [
    "close",
    "compiled",
    "equal",
    "every_layer",
    "input_shape",
    "layers",
    "model",
    "output_shape",
    "outputs",
    "parameter_count",
    "same_outputs",
    "shape",
    "that",
    "training",
]
