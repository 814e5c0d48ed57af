# ---
# shows: Names of right answers mean something else further down, and some are deleted.
# elsewhere: Graders that look at the notebook's final names fail all three.
# points: {patch_response: 3, feature_map_size: 2, blur_and_sharpen: 3}
# ---

# %%
import numpy as np

# %% exercise="patch_response"
def patch_response(patch, kernel):
    return np.sum(patch * kernel)

# %% exercise="feature_map_size"
def feature_map_size(image_size, kernel_size):
    return image_size - kernel_size + 1

# %% exercise="blur_and_sharpen"
blur = np.full((3, 3), 1 / 9)
sharpen = np.array([[0, -1, 0], [-1, 5, -1], [0, -1, 0]])

# %%
feature_map_size = feature_map_size(28, 3)
patch_response = patch_response(np.eye(2), np.eye(2))
for blur in range(3):
    print(blur)
del sharpen
np = None
