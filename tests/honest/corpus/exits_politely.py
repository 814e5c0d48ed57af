# ---
# shows: Leaving by `exit()`, `quit`, `sys.exit`, `raise SystemExit` and Ctrl-C between the exercises.
# elsewhere: A run that stops at the first exception loses all that follows.
# points: {patch_response: 3, feature_map_size: 2, shift: 3}
# ---

# %%
import sys
import numpy as np

# %% exercise="patch_response"
def patch_response(patch, kernel):
    return np.sum(patch * kernel)

# %%
exit()

# %% exercise="feature_map_size"
def feature_map_size(image_size, kernel_size):
    return image_size - kernel_size + 1

sys.exit("done with this one")

# %%
raise SystemExit

# %%
raise KeyboardInterrupt

# %% exercise="shift"
def shift(feature_map, rows, columns):
    height, width = feature_map.shape
    return feature_map[max(0, -rows) : height - max(0, rows), max(0, -columns) : width - max(0, columns)]

# %%
quit

# %%
exit(0)
