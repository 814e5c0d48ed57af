# ---
# shows: "`from numpy import *` and friends, which replace `sum`, `min`, `round` and `abs`."
# elsewhere: Test code that runs among the student's names finds NumPy's `sum` and `any`.
# points: {patch_response: 3, feature_map_size: 2, edge_kernels: 3}
# ---

# %%
from numpy import *
from math import *
from random import *
from matplotlib.pyplot import *

# %% exercise="patch_response"
def patch_response(patch, kernel):
    return sum(patch * kernel)

# %% exercise="feature_map_size"
def feature_map_size(image_size, kernel_size):
    return int(floor(image_size - kernel_size)) + 1

# %% exercise="edge_kernels"
vertical_edges = outer([1, 2, 1], [-1, 0, 1])
horizontal_edges = transpose(vertical_edges)
