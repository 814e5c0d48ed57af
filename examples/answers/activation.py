"""Lesson 3: slopes with the wrong sign, ReLU in place, and linearity probed too kindly."""

ANSWERS = {
    "gus_no_plus_one": {
        "kernel_gradient": """
            def kernel_gradient(image, kernel, target):
                error = target - convolve2d(image, kernel)
                return 2 * convolve2d(image, error) / error.size
            """,
        "epochs_until": """
            def epochs_until(losses, target):
                for epoch, loss in enumerate(losses):
                    if loss < target:
                        return epoch + 1
                return None
            """,
    },
    "mia_her_own_way": {
        "compose_1d": """
            def compose_1d(first, second):
                composed = np.zeros(len(first) + len(second) - 1)
                for place, weight in enumerate(first):
                    composed[place : place + len(second)] += weight * second
                return composed
            """,
        "relu": """
            def relu(x):
                return x * (x > 0)
            """,
        "boundary": """
            def build_model(activation):
                point = keras.Input((2,))
                hidden = layers.Dense(32, activation)(layers.Dense(32, activation)(point))
                return keras.Model(point, layers.Dense(1, "sigmoid")(hidden))
            """,
    },
    "pia_stride_one": {
        "relu": """
            def relu(x):
                x[x < 0] = 0
                return x
            """,
        "is_linear": """
            def is_linear(layer):
                x = np.random.default_rng(1).normal(size=(2, 6, 6, 2)).astype("float32")
                return np.allclose(layer(2 * x), 2 * np.asarray(layer(x)), atol=1e-4)
            """,
    },
}
