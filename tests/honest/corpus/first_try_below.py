# ---
# shows: The right answer stands in the exercise's cell, an old try is kept in a cell below it.
# points: {patch_response: 3, feature_map_size: 2}
# ---

# %%
import numpy as np

# %% exercise="patch_response"
def patch_response(patch, kernel):
    return np.sum(patch * kernel)

# %% exercise="feature_map_size"
def feature_map_size(image_size, kernel_size):
    return image_size - kernel_size + 1

# %% [markdown]
# old versions

# %%
def feature_map_size(image_size, kernel_size):
    return image_size - kernel_size
def patch_response(patch, kernel):
    return patch @ kernel
