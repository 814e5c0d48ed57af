# ---
# shows: The starter's `...`, `pass` or `raise NotImplementedError` was left beside the answer.
# points: {patch_response: 3, feature_map_size: 2, edge_kernels: 3}
# ---

# %%
import numpy as np

# %% exercise="patch_response"
def patch_response(patch, kernel):
    """The response of a patch to a kernel."""
    ...
    return np.sum(patch * kernel)
    ...

# %% exercise="feature_map_size"
def feature_map_size(image_size, kernel_size):
    pass
    # YOUR CODE HERE
    return image_size - kernel_size + 1
    raise NotImplementedError()

# %% exercise="edge_kernels"
vertical_edges = ...
horizontal_edges = ...
vertical_edges = np.array([[-1, 0, 1]] * 3)
horizontal_edges = np.array([[-1] * 3, [0] * 3, [1] * 3])
