# ---
# shows: One exercise's cell never ends; those before and after it are right.
# elsewhere: otter-grader never ends on an endless loop, nor does the class.
# points: {patch_response: 3, convolve2d: 0, feature_map_size: 2}
# ---

# %%
import numpy as np

# %% exercise="patch_response"
def patch_response(patch, kernel):
    return np.sum(patch * kernel)

# %% exercise="convolve2d"
def convolve2d(image, kernel):
    result = np.zeros(image.shape)
    row = 0
    while row < len(image):
        result[row] = patch_response(image[row], kernel[0, 0])
    return result

convolve2d(np.eye(4), np.eye(2))

# %% exercise="feature_map_size"
def feature_map_size(image_size, kernel_size):
    return image_size - kernel_size + 1
