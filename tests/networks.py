"""Networks for tests, of the kinds that students build."""

from __future__ import annotations

from typing import Any

import keras
from keras import layers, ops


def plain() -> Any:
    """A compiled CNN like those of the course."""
    model = keras.Sequential(
        [
            keras.Input((12, 12, 1)),
            layers.Conv2D(4, 3, activation="relu", padding="same", kernel_regularizer="l2"),
            layers.BatchNormalization(),
            layers.MaxPooling2D(),
            layers.Dropout(0.5),
            layers.Flatten(),
            layers.Dense(10, activation="softmax", kernel_initializer="he_normal"),
        ]
    )
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def first_layer_with_input_shape() -> Any:
    """The way of older tutorials, of which Keras warns."""
    return keras.Sequential([layers.Conv2D(2, 3, input_shape=(8, 8, 3)), layers.Flatten()])


def built_by_data() -> Any:
    """A model without an input, that was called."""
    model = keras.Sequential([layers.Conv2D(2, 3), layers.GlobalAveragePooling2D()])
    model(ops.zeros((1, 8, 8, 3)))
    return model


def augmented() -> Any:
    """Data augmentation inside of the model."""
    return keras.Sequential(
        [
            keras.Input((16, 16, 3)),
            layers.Rescaling(1 / 255, offset=-0.5),
            layers.RandomFlip("horizontal"),
            layers.RandomRotation(0.1),
            layers.RandomTranslation(0.1, 0.1),
            layers.RandomZoom(0.1),
            layers.RandomContrast(0.2),
            layers.RandomBrightness(0.2),
            layers.GaussianNoise(0.1),
            layers.Resizing(8, 8),
            layers.SpatialDropout2D(0.2),
            layers.Conv2D(2, 3),
        ]
    )


def residual() -> Any:
    """Branches, additions and operations of keras.ops."""
    image = keras.Input((8, 8, 3), name="image")
    x = layers.Conv2D(4, 3, padding="same")(image / 255.0)
    y = layers.SeparableConv2D(4, 3, padding="same", use_bias=False)(x)
    x = ops.relu(layers.GroupNormalization(2)(x + y) * 2 - ops.array([1.0, 2.0, 3.0, 4.0]))
    x = layers.Concatenate()([x, layers.DepthwiseConv2D(3, padding="same")(y)])
    x = layers.Activation(ops.gelu)(x[:, ::2, ..., 1:])
    x = ops.reshape(x, (-1, 4 * 8 * 7))
    return keras.Model(image, layers.Dense(3)(x), name="residual")


def shared() -> Any:
    """Two inputs, one layer and one model used for both, two outputs."""
    left, right = keras.Input((8, 8, 1), name="left"), keras.Input((8, 8, 1), name="right")
    inner = keras.Input((8, 8, 4))
    tower = keras.Model(inner, layers.Flatten()(layers.PReLU(shared_axes=[1, 2])(inner)))
    conv = layers.Conv2D(4, 3, padding="same")
    one, two = tower(conv(left)), tower(conv(right))
    model = keras.Model([left, right], [layers.Subtract()([one, two]), layers.Dense(2)(two)])
    model.compile(
        keras.optimizers.SGD(keras.optimizers.schedules.ExponentialDecay(0.1, 10, 0.5)),
        ["mse", keras.losses.Huber(0.5)],
        metrics=[["mae"], ["mse", keras.metrics.RootMeanSquaredError()]],
        loss_weights=[1.0, 0.5],
    )
    return model


def one_after_another() -> Any:
    """One layer and one nested model whose outputs go back into them."""
    image = keras.Input((6, 6, 2))
    conv = layers.Conv2D(2, 3, padding="same", activation=layers.LeakyReLU(0.1))
    block = keras.Sequential([keras.Input((6, 6, 2)), layers.Conv2D(2, 1), layers.ReLU()])
    return keras.Model(image, block(conv(block(conv(image)), training=False)))


def named_inputs_and_outputs() -> Any:
    """Inputs and outputs in dicts."""
    inputs = {"a": keras.Input((4,), name="a"), "b": keras.Input((4,), name="b")}
    total = layers.Add()([inputs["a"], inputs["b"]])
    return keras.Model(inputs, {"sum": total, "score": layers.Dense(1, name="score")(total)})


def feature_maps() -> Any:
    """A model of another one's intermediate outputs."""
    model = plain()
    return keras.Model(model.inputs, [layer.output for layer in model.layers[:3]])


def upper_half() -> Any:
    """A model that begins in the middle of another one."""
    model = residual()
    return keras.Model(model.layers[1].output, model.output)


def any_size() -> Any:
    """Images of any size."""
    image = keras.Input((None, None, 3))
    x = layers.UpSampling2D()(layers.Conv2D(4, 3, strides=2, padding="same")(image))
    return keras.Model(image, layers.GlobalMaxPooling2D()(layers.Conv2DTranspose(2, 3)(x)))


def frozen() -> Any:
    """A frozen base below a head that learns, as in transfer learning."""
    base = keras.Sequential(
        [keras.Input((8, 8, 3)), layers.Conv2D(4, 3), layers.BatchNormalization()], name="base"
    )
    base.trainable = False
    base.layers[1].trainable = True
    image = keras.Input((8, 8, 3))
    x = base(image, training=False)
    return keras.Model(image, layers.Dense(2)(layers.GlobalAveragePooling2D()(x)))


def a_model_in_a_sequential() -> Any:
    """A functional model as the first layer of a Sequential."""
    return keras.Sequential([residual(), layers.Softmax()])


def half_precision() -> Any:
    """Layers that compute in 16 bits."""
    return keras.Sequential(
        [
            keras.Input((4, 4, 1)),
            layers.Conv2D(2, 3, dtype="mixed_float16"),
            layers.Conv2D(2, 1, dtype="bfloat16"),
        ]
    )


MODELS = [
    plain,
    first_layer_with_input_shape,
    built_by_data,
    augmented,
    residual,
    shared,
    one_after_another,
    named_inputs_and_outputs,
    feature_maps,
    upper_half,
    any_size,
    frozen,
    a_model_in_a_sequential,
    half_precision,
]

LAYERS: list[tuple[Any, tuple[Any, ...] | list[tuple[Any, ...]]]] = [
    (lambda: layers.Conv1D(2, 3), (None, 8, 3)),
    (
        lambda: layers.Conv2D(2, 3, strides=2, dilation_rate=1, kernel_constraint="max_norm"),
        (1, 8, 8, 3),
    ),
    (lambda: layers.Conv3D(2, 3), (None, 8, 8, 8, 1)),
    (
        lambda: layers.Conv2DTranspose(2, 3, kernel_initializer=keras.initializers.Constant(0.5)),
        (1, 4, 4, 2),
    ),
    (lambda: layers.DepthwiseConv2D(3, depth_multiplier=2), (None, 8, 8, 3)),
    (lambda: layers.SeparableConv2D(2, 3), (None, 8, 8, 3)),
    (lambda: layers.Dense(2, bias_regularizer=keras.regularizers.L1L2(0.1, 0.2)), (None, 3)),
    (
        lambda: layers.Dense(2, kernel_initializer=keras.initializers.GlorotUniform(seed=2**40)),
        (None, 3),
    ),
    (lambda: layers.BatchNormalization(momentum=0.9), (None, 4, 4, 3)),
    (lambda: layers.LayerNormalization(axis=[1, 2, 3]), (None, 4, 4, 3)),
    (lambda: layers.GroupNormalization(-1), (None, 4, 4, 3)),
    (lambda: layers.UnitNormalization(), (None, 3)),
    (lambda: layers.PReLU(), (None, 4, 4, 3)),
    (lambda: layers.ELU(0.5), (None, 3)),
    (lambda: layers.ReLU(max_value=6, negative_slope=0.1), (None, 3)),
    (lambda: layers.Softmax(axis=-1), (None, 3)),
    (lambda: layers.Activation("tanh"), (None, 3)),
    (lambda: layers.Reshape((2, -1)), (None, 6)),
    (lambda: layers.Permute((2, 1)), (None, 2, 3)),
    (lambda: layers.RepeatVector(3), (None, 2)),
    (lambda: layers.Flatten(), (None, 2, 3)),
    (lambda: layers.MaxPooling2D((2, 3), strides=1), (None, 8, 8, 3)),
    (lambda: layers.AveragePooling2D(2, padding="same"), (None, 8, 8, 3)),
    (lambda: layers.GlobalAveragePooling2D(keepdims=True), (None, 8, 8, 3)),
    (lambda: layers.Dropout(0.3, seed=7), (None, 3)),
    (lambda: layers.AlphaDropout(0.3), (None, 3)),
    (lambda: layers.GaussianDropout(0.3), (None, 3)),
    (lambda: layers.GaussianNoise(0.3), (None, 3)),
    (lambda: layers.SpatialDropout2D(0.3), (None, 4, 4, 3)),
    (lambda: layers.ActivityRegularization(l2=0.1), (None, 3)),
    (lambda: layers.ZeroPadding2D(((1, 2), (3, 4))), (None, 8, 8, 3)),
    (lambda: layers.Cropping2D(1), (None, 8, 8, 3)),
    (lambda: layers.UpSampling2D(2, interpolation="bilinear"), (None, 8, 8, 3)),
    (lambda: layers.Rescaling([0.5, 0.25, 0.125]), (None, 4, 4, 3)),
    (lambda: layers.Resizing(4, 4, crop_to_aspect_ratio=True), (None, 8, 8, 3)),
    (lambda: layers.CenterCrop(4, 4), (None, 8, 8, 3)),
    (lambda: layers.RandomCrop(4, 4), (None, 8, 8, 3)),
    (lambda: layers.RandomFlip(seed=1), (None, 8, 8, 3)),
    (lambda: layers.RandomZoom((-0.2, 0.2)), (None, 8, 8, 3)),
    (lambda: layers.Identity(), (None, 3)),
    (lambda: layers.Add(), [(None, 4, 3), (None, 4, 3)]),
    (lambda: layers.Average(), [(None, 4, 3), (None, 4, 3)]),
    (lambda: layers.Concatenate(), [(None, 4, 3), (None, 4, 3)]),
    (lambda: layers.Maximum(), [(None, 4, 3), (None, 4, 3)]),
    (lambda: layers.Minimum(), [(None, 4, 3), (None, 4, 3)]),
    (lambda: layers.Multiply(), [(None, 4, 3), (None, 4, 3)]),
    (lambda: layers.Subtract(), [(None, 4, 3), (None, 4, 3)]),
]
