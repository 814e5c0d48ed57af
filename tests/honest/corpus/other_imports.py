# ---
# shows: NumPy under other names, imported again and again, in functions, or not at all.
# points: {patch_response: 3, feature_map_size: 2, edge_kernels: 3, blur_and_sharpen: 3}
# ---

# %%
import numpy as xp
import numpy
from numpy import sum as add_up, ones

try:
    import cupy as cp
except ImportError:
    cp = xp

# %% exercise="patch_response"
def patch_response(patch, kernel):
    import numpy as npy
    return float(add_up(npy.multiply(patch, kernel)))

# %% exercise="feature_map_size"
def feature_map_size(image_size, kernel_size):
    return int.__add__(image_size - kernel_size, 1)

# %% exercise="edge_kernels"
vertical_edges = cp.asarray([[-1, 0, 1]] * 3)
horizontal_edges = numpy.rot90(vertical_edges, -1)

# %% exercise="blur_and_sharpen"
import numpy as np
from numpy import array as A
blur = ones((3, 3)) / 9
sharpen = 2 * A([[0, 0, 0], [0, 1, 0], [0, 0, 0]]) - blur
del np
