"""Lesson 2, conv_layer: what each exercise asks, and how wrong answers are recognized.

`volumes` has the layer itself, `counting` its parameters and the same layer in Keras, `sizes` the
size of its maps, `reach` what kernel size, padding and strides do to the pixels at the border;
`weights` has one's own kernels in Keras, `mixing` windows of one pixel, `fields` what a stack of
layers sees, `costs` and `shapes` what layers cost and make.
"""

# The order of the imports is the order of the lesson.
# isort: off
from cnn_course.conv_layer.volumes import convolve_volume, conv_layer
from cnn_course.conv_layer.counting import conv_parameters, ten_filters
from cnn_course.conv_layer.sizes import output_size, same_padding
from cnn_course.conv_layer.reach import pixel_uses, deepest_stack
from cnn_course.conv_layer.weights import sobel_layer
from cnn_course.conv_layer.mixing import pointwise
from cnn_course.conv_layer.fields import receptive_field
from cnn_course.conv_layer.fields import small_or_large
from cnn_course.conv_layer.costs import multiply_adds
from cnn_course.conv_layer.shapes import feature_map_shapes
# isort: on

TITLE = "Convolutional layers"

__all__ = [
    "conv_layer",
    "conv_parameters",
    "convolve_volume",
    "deepest_stack",
    "feature_map_shapes",
    "multiply_adds",
    "output_size",
    "pixel_uses",
    "pointwise",
    "receptive_field",
    "same_padding",
    "small_or_large",
    "sobel_layer",
    "ten_filters",
]
