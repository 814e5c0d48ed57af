# ---
# shows: A Keras model that warns when it is built and draws a progress bar when it is trained.
# elsewhere: nbgrader shows a warning as a failed cell; four right exercises beside one got 0 of 4.
# points: {patch_response: 3, feature_map_size: 2}
# ---

# %%
import numpy as np

# %%
import keras

# %% exercise="patch_response"
def patch_response(patch, kernel):
    return np.sum(patch * kernel)

# %%
model = keras.Sequential(
    [
        keras.layers.Conv2D(2, 3, input_shape=(8, 8, 1), activation="relu"),
        keras.layers.Flatten(),
        keras.layers.Dense(1),
    ]
)
model.compile(optimizer="adam", loss="mse", metrics=["mae"])
model.summary()
history = model.fit(np.zeros((16, 8, 8, 1)), np.zeros((16, 1)), epochs=2, validation_split=0.25)
history.history["loss"]

# %% exercise="feature_map_size"
def feature_map_size(image_size, kernel_size):
    return image_size - kernel_size + 1

# %%
# The layer agrees.
assert model.layers[0].output.shape[1] == feature_map_size(8, 3)
