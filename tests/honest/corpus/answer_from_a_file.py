# ---
# shows: Answers that a cell writes to a file and `%run` brings into the notebook.
# elsewhere: Graders that look for the answer in the notebook's own code find none.
# points: {patch_response: 3, feature_map_size: 2}
# ---

# %%
# %%writefile solution.py
import numpy as np

def patch_response(patch, kernel):
    return np.sum(patch * kernel)

def feature_map_size(image_size, kernel_size):
    return image_size - kernel_size + 1

# %% exercise="patch_response"
# %run solution.py

# %% exercise="feature_map_size"
# see solution.py
feature_map_size(7, 3)
