# ---
# shows: The exercise's cell was copied, mark and all, to keep the first try; the copy is right.
# elsewhere: Graders that find cells by their id stop at one that is there twice.
# points: {patch_response: 3, feature_map_size: 2}
# ---

# %%
import numpy as np

# %% exercise="patch_response"
def patch_response(patch, kernel):
    return np.mean(patch * kernel)  # first try

# %% exercise="patch_response"
def patch_response(patch, kernel):
    return np.sum(patch * kernel)

# %% exercise="feature_map_size"
def feature_map_size(image_size, kernel_size):
    return image_size - kernel_size + 1

# %% exercise="feature_map_size"
def feature_map_size(image_size, kernel_size):
    return image_size - kernel_size + 1
