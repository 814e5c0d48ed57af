# ---
# shows: Answers that cache, count their calls, print, and use the global random state.
# points: {patch_response: 3, feature_map_size: 2, shift: 3}
# ---

# %%
from functools import cache, lru_cache
import numpy as np

calls = 0
seen = {}

# %% exercise="patch_response"
def patch_response(patch, kernel):
    global calls
    calls += 1
    seen[calls] = patch.copy()
    order = np.random.permutation(patch.size)
    return float(np.dot(patch.ravel()[order], kernel.ravel()[order]))

# %% exercise="feature_map_size"
@lru_cache(maxsize=None)
def feature_map_size(image_size, kernel_size):
    return image_size - kernel_size + 1

# %% exercise="shift"
@np.printoptions(precision=3)
def shift(feature_map, rows, columns):
    def cut(length, move):
        return slice(max(0, -move), length - max(0, move))

    return feature_map[tuple(map(cut, feature_map.shape, (rows, columns)))]
