# ---
# shows: Helpers and imports are deleted at the end, `%reset` and `%xdel` included.
# points: {patch_response: 3, convolve2d: 3, feature_map_size: 2}
# ---

# %%
import numpy as np

def multiply(a, b):
    return a * b

# %% exercise="patch_response"
def patch_response(patch, kernel):
    return np.sum(multiply(patch, kernel))

# %% exercise="convolve2d"
def convolve2d(image, kernel):
    k, l = kernel.shape
    rows, columns = image.shape[0] - k + 1, image.shape[1] - l + 1
    out = np.zeros((rows, columns))
    for r in range(rows):
        for c in range(columns):
            out[r, c] = patch_response(image[r:r + k, c:c + l], kernel)
    return out

# %%
del multiply

# %% exercise="feature_map_size"
def feature_map_size(image_size, kernel_size):
    return image_size - kernel_size + 1

# %%
# %xdel np
del patch_response

# %%
# %reset -f
