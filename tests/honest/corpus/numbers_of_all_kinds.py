# ---
# shows: Right values as float32, integers, a matrix, lists, zero-dimensional arrays, Fortran order and views.
# points: {patch_response: 3, feature_map_size: 2, convolve2d: 3, edge_kernels: 3, blur_and_sharpen: 3, true_convolution: 3, strongest_match: 3}
# ---

# %%
import numpy as np

# %% exercise="patch_response"
def patch_response(patch, kernel):
    return np.array(np.einsum("ij,ij->", patch, kernel))

# %% exercise="feature_map_size"
def feature_map_size(image_size, kernel_size):
    return np.int64(image_size) - kernel_size + 1

# %% exercise="convolve2d"
def convolve2d(image, kernel):
    k, l = kernel.shape
    windows = np.lib.stride_tricks.sliding_window_view(image, (k, l))
    return np.asfortranarray(np.einsum("abij,ij->ab", windows, kernel).astype("float32"))

# %% exercise="edge_kernels"
vertical_edges = np.array([[-1, 0, 1]] * 3, dtype=np.int8)
horizontal_edges = np.matrix([[-1, -1, -1], [0, 0, 0], [1, 1, 1]])

# %% exercise="blur_and_sharpen"
blur = (np.ones((3, 3)) / 9).astype("float32")
sharpen = np.array([[0, -1, 0], [-1, 5, -1], [0, -1, 0]], dtype="float16")[::-1, ::-1]

# %% exercise="true_convolution"
def true_convolution(image, kernel):
    return convolve2d(image, np.flipud(np.fliplr(kernel)))

# %% exercise="strongest_match"
def strongest_match(image, kernel):
    found = convolve2d(image, kernel)
    return list(np.argwhere(found == found.max())[0])
