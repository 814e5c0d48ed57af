# ---
# shows: Warnings turned into exceptions, and NumPy told to raise, for the whole notebook.
# elsewhere: Test code that runs in the student's kernel raises on its own deprecation warnings.
# points: {patch_response: 3, edge_kernels: 3, feature_map_size: 2}
# ---

# %%
import warnings
import numpy as np

warnings.simplefilter("error")
np.seterr(all="raise")

# %% exercise="patch_response"
def patch_response(patch, kernel):
    return np.sum(patch * kernel)

# %% exercise="edge_kernels"
vertical_edges = np.array([[-1, 0, 1]] * 3)
horizontal_edges = vertical_edges.T

# %% exercise="feature_map_size"
def feature_map_size(image_size, kernel_size):
    return image_size - kernel_size + 1
