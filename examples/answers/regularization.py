"""Lesson 6: what Keras's defaults do to early stopping, and a history that nobody computed."""

ANSWERS = {
    "mia_her_own_way": {
        "overfit_on_purpose": """
            keras.utils.set_random_seed(4)
            inputs = keras.Input((8, 8, 1))
            maps = inputs
            for _ in range(2):
                maps = layers.Activation("relu")(layers.Conv2D(16, 3, padding="same")(maps))
            hidden = layers.Dense(128, activation="relu")(layers.Reshape((1024,))(maps))
            baseline = keras.Model(inputs, layers.Dense(10)(hidden))
            baseline_history = fit(baseline, epochs=25)
            """,
        "batch_norm": """
            def batch_norm(
                batch, gamma, beta, moving_mean, moving_variance, momentum, epsilon, training
            ):
                if not training:
                    scale = gamma / np.sqrt(moving_variance + epsilon)
                    return (batch - moving_mean) * scale + beta, moving_mean, moving_variance
                rows = batch.reshape(-1, batch.shape[-1])
                mean, variance = rows.mean(axis=0), rows.var(axis=0)
                scale = gamma / np.sqrt(variance + epsilon)
                moving_mean = moving_mean + (1 - momentum) * (mean - moving_mean)
                moving_variance = moving_variance + (1 - momentum) * (variance - moving_variance)
                return (batch - mean) * scale + beta, moving_mean, moving_variance
            """,
    },
    "ola_default_padding": {
        "with_dropout": """
            keras.utils.set_random_seed(0)
            dropout_model = keras.Sequential(
                [
                    keras.Input((8, 8, 1)),
                    layers.Conv2D(16, 3, padding="same", activation="relu"),
                    layers.Conv2D(16, 3, padding="same", activation="relu"),
                    layers.Flatten(),
                    layers.Dense(128, activation="relu"),
                    layers.Dense(10),
                    layers.Dropout(0.5),
                ]
            )
            dropout_history = fit(dropout_model)
            """,
        "with_early_stopping": """
            keras.utils.set_random_seed(0)
            early_stopping = keras.callbacks.EarlyStopping(patience=3)
            stopped_model = keras.models.clone_model(baseline)
            stopped_history = fit(stopped_model, callbacks=[early_stopping])
            """,
        "penalties": """
            def penalties(weights, l1, l2):
                absolute = sum(np.abs(kernel).sum() for kernel, bias in weights)
                squares = sum((kernel**2).sum() for kernel, bias in weights)
                return l1 * absolute, l2 * squares / 2
            """,
    },
    "ned_hard_coded": {
        "overfit_on_purpose": """
            keras.utils.set_random_seed(0)
            baseline = keras.Sequential(
                [keras.Input((8, 8, 1)), layers.Flatten(), layers.Dense(10)]
            )
            fit(baseline, epochs=3)
            baseline_history = keras.callbacks.History()
            baseline_history.epoch = list(range(25))
            baseline_history.history = {
                "loss": [round(2.2 - 0.09 * epoch, 2) for epoch in range(25)],
                "val_loss": [round(0.5 + 0.05 * abs(epoch - 6), 2) for epoch in range(25)],
                "accuracy": [0.9] * 25,
                "val_accuracy": [0.8] * 25,
            }
            """,
    },
}
