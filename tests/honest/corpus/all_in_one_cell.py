# ---
# shows: Everything was merged into the first exercise's cell, and the other cells are deleted.
# points: {patch_response: 3, feature_map_size: 2, edge_kernels: 3}
# ---

# %% exercise="patch_response"
import numpy as np
import matplotlib.pyplot as plt
from grader import check

def patch_response(patch, kernel):
    return np.sum(patch * kernel)

check("patch_response")

def feature_map_size(image_size, kernel_size):
    return image_size - kernel_size + 1

check("feature_map_size")

vertical_edges = np.array([[-1, 0, 1]] * 3)
horizontal_edges = vertical_edges.T
plt.imshow(vertical_edges)
plt.show()
