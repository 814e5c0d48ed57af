"""What a layer has to learn: its parameters, counted on paper and in Keras."""

from __future__ import annotations

from typing import Any

import numpy as np

from cnn_course.conv_layer.references import (
    NETWORK_LIBRARIES,
    Case,
    Function,
    keras_parameters,
)
from cnn_course.references import Rng
from grader import Exercise, expect
from grader.authoring.telling_apart import ask_all, draw_apart, outcomes

Shape = tuple[int, int, int]
Size = tuple[int, int]

# ------------------------------------------------------------------------------------------------
conv_parameters = Exercise(
    "conv_parameters",
    title="What a layer has to learn",
    forbid=NETWORK_LIBRARIES,
    hints=(
        "Count for a single filter first. How many weights has it in one slice, how many slices?",
        "Besides its weights, each filter has one number more. Which?",
        "All filters of a layer have the same size, so the rest is one multiplication.",
        "Two numbers of `input_shape` do not matter at all. Which, and why?",
    ),
)


def _count(input_shape: Shape, kernel_size: Size, filters: int) -> int:
    return filters * (kernel_size[0] * kernel_size[1] * input_shape[2] + 1)


def _layers(rng: Rng, count: int) -> list[Case]:
    """Layers of which no two wrong counts are the same, on any of them."""

    def draw() -> list[Case]:
        height, width = (int(size) for size in rng.choice(np.arange(8, 40), 2, replace=False))
        kernel_size = tuple(int(size) for size in rng.choice(np.arange(2, 8), 2, replace=False))
        return [((height, width, int(rng.integers(2, 9))), kernel_size, int(rng.integers(2, 33)))]

    functions = (_count, *(known.function for known in conv_parameters.misconceptions))
    return [
        case
        for _ in range(count)
        for case in draw_apart(draw, lambda cases: outcomes(functions, cases))
    ]


@conv_parameters.check(points=1)
def counts_ten_filters(conv_parameters: Function) -> None:
    """Ten filters of 5×5, slid over 32×32×3, have 760 parameters: weights and biases."""
    expect.equal(conv_parameters((32, 32, 3), (5, 5), 10), 760)


@conv_parameters.check(points=1)
def counts_any_layer(conv_parameters: Function, rng: Rng) -> None:
    """It is the number of parameters that Keras gives the layer, also for oblong kernels."""
    cases = _layers(rng, 3)
    ask_all(conv_parameters, cases)
    for case in cases:
        expect.equal(conv_parameters(*case), keras_parameters(*case))


@conv_parameters.check(points=1)
def does_not_care_how_large_the_image_is(conv_parameters: Function, rng: Rng) -> None:
    """The same layer on a larger image has just as many parameters."""
    ((height, width, channels), kernel_size, filters), *_ = _layers(rng, 1)
    larger = (height + int(rng.integers(3, 9)), 2 * width, channels)
    known = keras_parameters((height, width, channels), kernel_size, filters)
    for input_shape in ((height, width, channels), larger):
        expect.equal(conv_parameters(input_shape, kernel_size, filters), known)


@conv_parameters.misconception(
    "You count the weights and leave out the biases. What does a filter add to its map besides the "
    "weighted sum?"
)
def no_bias(input_shape: Shape, kernel_size: Size, filters: int) -> int:
    return _count(input_shape, kernel_size, filters) - filters


@conv_parameters.misconception(
    "You leave out the depth: your filters have a single slice. Over a color image each of them "
    "has one for red, one for green and one for blue, each with weights of its own."
)
def depth_left_out(_input_shape: Shape, kernel_size: Size, filters: int) -> int:
    return _count((0, 0, 1), kernel_size, filters)


@conv_parameters.misconception(
    "You count one bias for the whole layer. Each filter has a bias of its own, so that each map "
    "can be lifted or lowered by itself. How many is that?"
)
def one_bias_in_all(input_shape: Shape, kernel_size: Size, filters: int) -> int:
    return no_bias.function(input_shape, kernel_size, filters) + 1  # type: ignore[no-any-return]


@conv_parameters.misconception(
    "You count a bias for each slice of a filter. The slices are added up to one map, and several "
    "biases in one sum would do no more than a single one. How many does a map need?"
)
def a_bias_for_each_slice(input_shape: Shape, kernel_size: Size, filters: int) -> int:
    return input_shape[2] * _count((0, 0, 1), kernel_size, filters)


def _positions(input_shape: Shape, kernel_size: Size) -> int:
    height, width = np.subtract(input_shape[:2], kernel_size) + 1
    return int(height * width)


@conv_parameters.misconception(
    "You multiply by the number of places of the window. That many times the weights are used, "
    "but they are the same weights everywhere: how many of them must be stored and learned?"
)
def times_the_places(input_shape: Shape, kernel_size: Size, filters: int) -> int:
    return _count(input_shape, kernel_size, filters) * _positions(input_shape, kernel_size)


@conv_parameters.misconception(
    "You count a bias for every pixel of the maps. All values of one map share its bias, as they "
    "share the weights of its filter."
)
def a_bias_for_each_pixel(input_shape: Shape, kernel_size: Size, filters: int) -> int:
    weights = _count(input_shape, kernel_size, filters) - filters
    return weights + filters * _positions(input_shape, kernel_size)


@conv_parameters.misconception(
    "You count the image's pixels as weights, as if every filter were as large as the image. A "
    "filter has weights for one window only. How large is that?"
)
def pixels_for_weights(input_shape: Shape, _kernel_size: Size, filters: int) -> int:
    height, width, channels = input_shape
    return filters * (height * width * channels + 1)


@conv_parameters.misconception(
    "You count a single filter. The layer has several, each with weights and a bias of its own."
)
def one_filter_only(input_shape: Shape, kernel_size: Size, _filters: int) -> int:
    return _count(input_shape, kernel_size, 1)


@conv_parameters.misconception(
    "You square one side of the kernel. That is right for square kernels only; a kernel of 2×5 has "
    "how many weights in a slice?"
)
def square_kernels_only(input_shape: Shape, kernel_size: Size, filters: int) -> int:
    return _count(input_shape, (kernel_size[0], kernel_size[0]), filters)


# ------------------------------------------------------------------------------------------------
ten_filters = Exercise(
    "ten_filters",
    title="Ten filters in Keras",
    functions=(),
    hints=(
        (
            "The model above has all the parts. Which of its numbers belong to the image, which to "
            "the filters, and what does each have to be here?"
        ),
        (
            "Print `ten_filters.output_shape`. With a window of 5, how many places are there in a "
            "row of 32 pixels? Lesson 1 has an answer, and a remedy."
        ),
        '`Conv2D` has an argument `padding`. Its default is `"valid"`: no frame at all.',
    ),
)


def _ten_filters() -> Any:
    import keras

    convolution = keras.layers.Conv2D(10, 5, padding="same")
    return keras.Sequential([keras.Input((32, 32, 3)), convolution])


@ten_filters.check(points=1)
def has_760_parameters(ten_filters: Any) -> None:
    """It takes color images of 32×32 and has 760 parameters, all in one convolutional layer."""
    expect.input_shape(ten_filters, (32, 32, 3))
    expect.layers(ten_filters, "Conv2D", 1)
    expect.parameter_count(ten_filters, 760)


@ten_filters.check(points=1)
def makes_ten_maps_as_large_as_the_image(ten_filters: Any) -> None:
    """Its output is a volume of 32×32×10."""
    expect.output_shape(ten_filters, (32, 32, 10))


@ten_filters.check(points=1, after=makes_ten_maps_as_large_as_the_image)
def slides_ten_filters_over_a_framed_image(ten_filters: Any, rng: Rng) -> None:
    """Each map is a filter's response to the image in a frame of zeros, plus the filter's bias."""
    image = rng.uniform(size=(1, 32, 32, 3)).astype("float32")
    expect.same_outputs(ten_filters, _ten_filters(), rng, inputs=image)


def _convolutions(model: Any) -> list[Any]:
    return [one for one in expect.every_layer(model) if type(one).__name__ == "Conv2D"]


def _built(*layers: Any, input_shape: Shape = (32, 32, 3)) -> dict[str, Any]:
    import keras

    return {"ten_filters": keras.Sequential([keras.Input(input_shape), *layers])}


def _conv2d(filters: int = 10, kernel_size: int = 5, **settings: Any) -> Any:
    import keras

    return keras.layers.Conv2D(filters, kernel_size, **settings)


@ten_filters.misconception(
    "Your maps are 28×28. It is what comes of 5×5 windows that stay inside of 32×32, and the "
    'default in Keras, so "10 filters of 5×5×3 give 32×32×10" is not the whole truth. What has to '
    "happen to the image so that the window has 32 places?",
    recognize=lambda ten_filters: (
        tuple(ten_filters.output_shape) == (None, 28, 28, 10)
        and tuple(ten_filters.input_shape) == (None, 32, 32, 3)
    ),
)
def without_padding() -> dict[str, Any]:
    return _built(_conv2d())


@ten_filters.misconception(
    "Your input has the depth 1: a gray image. The filters then have one slice instead of three. "
    "Keras takes their depth from the input; what is the shape of a color image of 32×32?",
    recognize=lambda ten_filters: ten_filters.input_shape[-1] == 1,
)
def gray_images() -> dict[str, Any]:
    return _built(_conv2d(padding="same"), input_shape=(32, 32, 1))


@ten_filters.misconception(
    "Your input has the channels first, as some other libraries have it. Keras reads (3, 32, 32) "
    "as an image 3 pixels high and 32 wide, with 32 channels. Where do the channels belong?",
    recognize=lambda ten_filters: tuple(ten_filters.input_shape[1:]) == (3, 32, 32),
)
def channels_first() -> dict[str, Any]:
    return _built(_conv2d(padding="same"), input_shape=(3, 32, 32))


@ten_filters.misconception(
    "You have five filters of 10×10. `Conv2D` takes the number of filters first and the size of "
    "the kernel second; writing `filters=` and `kernel_size=` makes it safe.",
    recognize=lambda ten_filters: any(
        (one.filters, tuple(one.kernel_size)) == (5, (10, 10)) for one in _convolutions(ten_filters)
    ),
)
def filters_and_size_exchanged() -> dict[str, Any]:
    return _built(_conv2d(5, 10, padding="same"))


@ten_filters.misconception(
    "Your filters have no biases, so ten numbers are missing. In Keras they are there unless you "
    "switch them off.",
    recognize=lambda ten_filters: (
        [one.use_bias for one in _convolutions(ten_filters)] == [False]
        and ten_filters.count_params() == 750
    ),
)
def without_biases() -> dict[str, Any]:
    return _built(_conv2d(padding="same", use_bias=False))


def _darkens_the_border(ten_filters: Any) -> bool:
    """Whether the border of the maps is 0 even where every filter answers its bias everywhere."""
    for one in _convolutions(ten_filters):
        kernel, bias = one.weights
        kernel.assign(np.zeros(kernel.shape))
        bias.assign(np.ones(bias.shape))
    maps = np.asarray(ten_filters(np.ones((1, 32, 32, 3), "float32"), training=False))[0]
    return bool((maps[[0, -1]] == 0).all() and (maps[16, 16] == 1).all())


@ten_filters.misconception(
    "You pad the maps instead of the image. The sizes are right then, but the border of every map "
    "is a frame of zeros in which no window ever stood. What has to be padded, and when?",
    recognize=_darkens_the_border,
)
def maps_padded_afterwards() -> dict[str, Any]:
    import keras

    return _built(_conv2d(), keras.layers.ZeroPadding2D(2))


def _rectifies(ten_filters: Any) -> bool:
    """Whether what goes below 0 in the maps is lost, with the padding as it should be."""
    for one in _convolutions(ten_filters):
        for weight in one.weights:
            weight.assign(np.full(weight.shape, -1.0))
    maps = np.asarray(ten_filters(np.ones((1, 32, 32, 3), "float32"), training=False))[0]
    return maps.shape == (32, 32, 10) and bool((maps >= 0).all())


@ten_filters.misconception(
    "Your layer has an activation, which changes the maps after the convolution. Its time comes in "
    "lesson 3; here the maps are wanted as the filters make them.",
    recognize=_rectifies,
)
def with_an_activation() -> dict[str, Any]:
    return _built(_conv2d(padding="same", activation="relu"))
