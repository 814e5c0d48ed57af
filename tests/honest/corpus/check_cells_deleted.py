# ---
# shows: No check cell is left, nor the cell that imports `check`.
# elsewhere: Tests that stand in cells of the notebook are gone with them.
# points: {patch_response: 3, feature_map_size: 2}
# ---

# %% exercise="patch_response"
def patch_response(patch, kernel):
    return (patch * kernel).sum()

# %% exercise="feature_map_size"
def feature_map_size(image_size, kernel_size):
    return image_size - kernel_size + 1
