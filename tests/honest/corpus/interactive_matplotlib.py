# ---
# shows: Back ends of Matplotlib that need a window, a browser or a package that is not there.
# elsewhere: A run that stops at the first exception grades nothing.
# points: {patch_response: 3, feature_map_size: 2}
# ---

# %%
# %matplotlib widget
import matplotlib.pyplot as plt

# %%
# %matplotlib notebook
import numpy as np

# %%
import matplotlib
matplotlib.use("TkAgg")
plt.plot([1, 2])
plt.show()

# %%
# %pylab inline

# %% exercise="patch_response"
def patch_response(patch, kernel):
    return np.sum(patch * kernel)

# %%
# %matplotlib qt

# %% exercise="feature_map_size"
def feature_map_size(image_size, kernel_size):
    return image_size - kernel_size + 1
