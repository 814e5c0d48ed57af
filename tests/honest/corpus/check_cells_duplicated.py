# ---
# shows: Check cells copied, twice in a row and far from their exercise.
# elsewhere: nbgrader aborts the whole class at a duplicated test cell.
# points: {patch_response: 3, feature_map_size: 2}
# ---

# %%
from grader import check, hint
import numpy as np

# %% exercise="patch_response"
def patch_response(patch, kernel):
    return np.sum(patch * kernel)

# %%
check("patch_response")

# %%
check("patch_response")

# %%
check("feature_map_size")

# %% exercise="feature_map_size"
def feature_map_size(image_size, kernel_size):
    return image_size - kernel_size + 1

# %%
check("feature_map_size")
hint("feature_map_size")

# %%
print(check("patch_response"))
