# ---
# shows: One answer never returns when it is called; it waits for others below it all the same.
# elsewhere: otter-grader never ends on an endless loop, nor does the class.
# points: {patch_response: 3, zero_pad: 0, feature_map_size: 2}
# ---

# %%
import numpy as np

# %% exercise="patch_response"
def patch_response(patch, kernel):
    return np.sum(patch * kernel)

# %% exercise="zero_pad"
def zero_pad(image, padding):
    while True:
        try:
            image[-1]
        except IndexError:
            break
    return image

# %% exercise="feature_map_size"
def feature_map_size(image_size, kernel_size):
    return image_size - kernel_size + 1
