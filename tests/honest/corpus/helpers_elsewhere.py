# ---
# shows: Helper functions in cells of their own, above, below and in a module that a cell writes.
# points: {patch_response: 3, convolve2d: 3, feature_map_size: 2}
# ---

# %%
import numpy as np

# %%
# %%writefile my_helpers.py
def total(values):
    return values.sum()

# %%
import my_helpers
from my_helpers import total as add_up

# %% exercise="patch_response"
def patch_response(patch, kernel):
    return add_up(patch * kernel)

# %% exercise="convolve2d"
def convolve2d(image, kernel):
    return slide(image, kernel)

# %% exercise="feature_map_size"
def feature_map_size(image_size, kernel_size):
    return len(starts(image_size, kernel_size))

# %%
def starts(image_size, kernel_size):
    return range(image_size - kernel_size + 1)

def slide(image, kernel):
    rows, columns = (starts(*sizes) for sizes in zip(image.shape, kernel.shape))
    k, l = kernel.shape
    return np.array([[patch_response(image[r:r + k, c:c + l], kernel) for c in columns] for r in rows])
