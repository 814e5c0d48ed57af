# ---
# shows: A cell copied for another exercise with its mark, a split one, and a mark from last year.
# elsewhere: Graders that believe the mark grade the answer of another exercise.
# points: {patch_response: 3, feature_map_size: 2, edge_kernels: 3, blur_and_sharpen: 3}
# ---

# %% exercise="convolution_2024"
import numpy as np

# %% exercise="patch_response"
def multiply(a, b):
    return a * b

# %% exercise="patch_response"
def patch_response(patch, kernel):
    return multiply(patch, kernel).sum()

# %% exercise="patch_response"
def feature_map_size(image_size, kernel_size):
    return image_size - kernel_size + 1

# %% exercise="edge_kernels"
blur = np.ones((3, 3)) / 9
sharpen = 2 * np.diag([0, 1, 0]) - blur

# %% exercise="blur_and_sharpen"
vertical_edges = np.array([[-1, 0, 1]] * 3)
horizontal_edges = vertical_edges.T
