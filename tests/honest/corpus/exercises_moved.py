# ---
# shows: The exercises stand in another order, each below its check cell.
# elsewhere: Tests that stand in cells of the notebook run before the answer exists.
# points: {patch_response: 3, convolve2d: 3, feature_map_size: 2}
# ---

# %%
from grader import check
import numpy as np

# %%
check("feature_map_size")

# %% exercise="feature_map_size"
def feature_map_size(image_size, kernel_size):
    return image_size - kernel_size + 1

# %% exercise="convolve2d"
def convolve2d(image, kernel):
    rows = feature_map_size(image.shape[0], kernel.shape[0])
    columns = feature_map_size(image.shape[1], kernel.shape[1])
    result = np.zeros((rows, columns))
    for r in range(rows):
        for c in range(columns):
            window = image[r : r + kernel.shape[0], c : c + kernel.shape[1]]
            result[r, c] = patch_response(window, kernel)
    return result

# %% exercise="patch_response"
def patch_response(patch, kernel):
    return np.sum(patch * kernel)
