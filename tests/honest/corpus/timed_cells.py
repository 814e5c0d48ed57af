# ---
# shows: Cell magics `%%time`, `%%capture` and `%time` around exercises, with line magics about.
# elsewhere: Graders that parse a cell as plain Python find no answer in it.
# points: {patch_response: 3, feature_map_size: 2, edge_kernels: 3, zero_pad: 3}
# ---

# %%
# %time import numpy as np
# %load_ext autoreload
# %autoreload 2
# %precision 3
# %autosave 60

# %% exercise="patch_response"
# %%time
def patch_response(patch, kernel):
    return np.sum(patch * kernel)

# %% exercise="feature_map_size"
# %%capture output
def feature_map_size(image_size, kernel_size):
    return image_size - kernel_size + 1

print(feature_map_size(7, 3))

# %%
# %timeit -n 2 -r 2 patch_response(np.eye(3), np.eye(3))
took = %timeit -o -q -n 2 -r 2 feature_map_size(7, 3)
output.show()

# %% exercise="edge_kernels"
# %time vertical_edges = np.array([[-1, 0, 1]] * 3)
# %time horizontal_edges = vertical_edges.T

# %% exercise="zero_pad"
# %%prun -q
def zero_pad(image, padding):
    framed = np.zeros((image.shape[0] + 2 * padding, image.shape[1] + 2 * padding, *image.shape[2:]))
    framed[padding : padding + image.shape[0], padding : padding + image.shape[1]] = image
    return framed
