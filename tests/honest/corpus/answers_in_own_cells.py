# ---
# shows: The starters are left as they were; the answers stand in cells that the student added.
# elsewhere: Tests that stand beside the marked cell meet the starter.
# points: {patch_response: 3, feature_map_size: 2, edge_kernels: 3}
# ---

# %%
import numpy as np

# %% exercise="patch_response"
def patch_response(patch, kernel):
    """The response of a patch to a kernel."""
    ...

# %%
# my solution
def patch_response(patch, kernel):
    return np.sum(patch * kernel)

# %% exercise="feature_map_size"
def feature_map_size(image_size, kernel_size):
    ...

# %% exercise="edge_kernels"
vertical_edges = ...
horizontal_edges = ...

# %%
vertical_edges = np.array([[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]])

# %%
horizontal_edges = vertical_edges.T.copy()

# %%
feature_map_size = lambda image_size, kernel_size: image_size - kernel_size + 1
