# ---
# shows: The import of `check` is deleted, so that check cells and one mixed with notes raise.
# elsewhere: A run that stops at the first exception loses all that follows.
# points: {patch_response: 3, feature_map_size: 2}
# ---

# %%
import numpy as np

# %% exercise="patch_response"
def patch_response(patch, kernel):
    return np.sum(patch * kernel)

# %%
x = patch_response(np.eye(3), np.eye(3))
print(x)
check("patch_response")

# %% exercise="feature_map_size"
def feature_map_size(image_size, kernel_size):
    return image_size - kernel_size + 1

# %%
check("feature_map_size")
