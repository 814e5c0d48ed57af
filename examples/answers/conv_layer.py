"""Lesson 2: `valid` where `same` was needed, biases forgotten, Sobel kernels exchanged."""

ANSWERS = {
    "dan_flipped_kernel": {
        "sobel_layer": """
            sobel_layer = keras.layers.Conv2D(2, 3, use_bias=False)
            sobel_layer.build((None, None, None, 1))
            sobel_layer.set_weights([np.stack([sobel_y, sobel_x], axis=-1)[:, :, None, :]])
            """
    },
    "eve_padding_once": {
        "output_size": """
            def output_size(size, kernel_size, padding, strides):
                return tuple(
                    (n + padding - k) // strides + 1 for n, k in zip(size, kernel_size)
                )
            """,
        "same_padding": """
            def same_padding(size, kernel_size, strides):
                return (kernel_size - 1) // 2, kernel_size // 2
            """,
    },
    "gus_no_plus_one": {
        "conv_parameters": """
            def conv_parameters(input_shape, kernel_size, filters):
                return kernel_size[0] * kernel_size[1] * input_shape[2] * filters
            """,
        "receptive_field": """
            def receptive_field(layers):
                return sum(kernel_size for kernel_size, strides in layers)
            """,
    },
    "mia_her_own_way": {
        "convolve_volume": """
            def convolve_volume(image, kernel):
                windows = np.lib.stride_tricks.sliding_window_view(image, kernel.shape)
                return np.einsum("rcxijk,ijk->rc", windows, kernel)
            """,
        "ten_filters": """
            image = keras.Input((32, 32, 3))
            maps = keras.layers.Conv2D(10, (5, 5), padding="same", activation="linear")(image)
            ten_filters = keras.Model(image, maps)
            """,
        "pointwise": """
            def pointwise(image, kernel, bias):
                return np.tensordot(image, np.squeeze(kernel, (0, 1)), axes=1) + bias
            """,
    },
    "ola_default_padding": {
        "ten_filters": """
            ten_filters = keras.Sequential(
                [keras.layers.Input((32, 32, 3)), keras.layers.Conv2D(10, kernel_size=5)]
            )
            """
    },
}
