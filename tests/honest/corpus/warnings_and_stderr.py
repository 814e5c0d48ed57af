# ---
# shows: Warnings and prints to standard error, in cells and in every call of an answer.
# elsewhere: nbgrader takes any output to standard error in a test cell for a failure.
# points: {patch_response: 3, feature_map_size: 2}
# ---

# %%
import sys
import warnings
import numpy as np

warnings.warn("this notebook is a draft")
print("loading", file=sys.stderr)
np.float64(1) / np.float64(0)

# %% exercise="patch_response"
def patch_response(patch, kernel):
    warnings.warn("patch_response is slow", DeprecationWarning)
    print("patch", patch.shape, file=sys.stderr)
    return (patch * kernel).sum()

# %% exercise="feature_map_size"
def feature_map_size(image_size, kernel_size):
    sys.stderr.write("computing a size\n")
    return image_size - kernel_size + 1

# %%
sys.stderr.flush()
warnings.warn("done", FutureWarning)
