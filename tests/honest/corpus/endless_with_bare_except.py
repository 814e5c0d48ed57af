# ---
# shows: An answer that never returns and swallows Ctrl-C in a bare `except`; the others are right.
# elsewhere: Where an interrupt is all that stops a cell, nothing after it is ever run.
# points: {patch_response: 3, zero_pad: 0, feature_map_size: 2}
# ---

# %%
import numpy as np

# %% exercise="patch_response"
def patch_response(patch, kernel):
    return np.sum(patch * kernel)

# %% exercise="zero_pad"
def zero_pad(image, padding):
    while image.shape[0] < 1000:
        try:
            image = np.stack(image, 0)
        except:
            continue
    return image

# %% exercise="feature_map_size"
def feature_map_size(image_size, kernel_size):
    return image_size - kernel_size + 1
