# ---
# shows: "The exercise's cell was split: its mark is on the comment, the code in cells without."
# elsewhere: Graders that look at the marked cell alone find no answer in it.
# points: {patch_response: 3, feature_map_size: 2}
# ---

# %% exercise="patch_response"
# Exercise: one patch, one number

# %%
import numpy as np

# %%
def patch_response(patch, kernel):
    return np.sum(patch * kernel)

# %% exercise="feature_map_size"

# %%
def feature_map_size(image_size, kernel_size):
    return image_size - kernel_size + 1
