# ---
# shows: Exercise 2 ends the process when its cell runs; those before and after it are right.
# elsewhere: nbgrader loses every exercise of the notebook to `os._exit`.
# points: {patch_response: 3, convolve2d: 0, feature_map_size: 2}
# ---

# %%
import os
import numpy as np

# %% exercise="patch_response"
def patch_response(patch, kernel):
    return np.sum(patch * kernel)

# %% exercise="convolve2d"
def convolve2d(image, kernel):
    return image

if convolve2d(np.eye(3), np.eye(2)).shape != (2, 2):
    print("wrong, stopping here")
    os._exit(1)

# %% exercise="feature_map_size"
def feature_map_size(image_size, kernel_size):
    return image_size - kernel_size + 1
