# ---
# shows: An answer that is begun in its cell and finished in the next ones, in place.
# points: {blur_and_sharpen: 3, edge_kernels: 3}
# ---

# %%
import numpy as np

# %% exercise="blur_and_sharpen"
blur = np.zeros((3, 3))
sharpen = np.zeros((3, 3))

# %%
blur[:] = 1
sharpen[1, :] = sharpen[:, 1] = -1
sharpen[1, 1] = 5

# %%
blur /= blur.sum()

# %% exercise="edge_kernels"
horizontal_edges = vertical_edges = None

# %%
def make_kernels():
    global vertical_edges, horizontal_edges
    vertical_edges = np.outer([1, 2, 1], [-1, 0, 1])
    horizontal_edges = np.outer([-1, 0, 1], [1, 2, 1])

make_kernels()
