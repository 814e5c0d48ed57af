# ---
# shows: A figure in every cell, `plt.show()` in answers, styles, ion, and files that are saved.
# elsewhere: Without a display, or with one figure too many, tests in the kernel warn or fail.
# points: {patch_response: 3, feature_map_size: 2, shift: 3}
# ---

# %%
# %matplotlib inline
# %config InlineBackend.figure_format = "retina"
import matplotlib.pyplot as plt
import numpy as np

plt.style.use("ggplot")
plt.rcParams["figure.figsize"] = (2, 1)
plt.ion()
plt.plot([1, 2, 3]);

# %% exercise="patch_response"
def patch_response(patch, kernel):
    plt.figure()
    plt.imshow(patch * kernel)
    plt.show()
    return np.sum(patch * kernel)

# %%
fig, axes = plt.subplots(1, 3)
for ax in axes:
    ax.imshow(np.random.rand(8, 8), cmap="gray")
plt.savefig("three.png")
plt.show()

# %% exercise="feature_map_size"
def feature_map_size(image_size, kernel_size):
    plt.plot(image_size, kernel_size, "o")
    return image_size - kernel_size + 1

plt.hist(np.random.randn(100))
plt.show()

# %% exercise="shift"
def shift(feature_map, rows, columns):
    fig, ax = plt.subplots()
    ax.set_title("before")
    height, width = feature_map.shape
    top, left = max(0, -rows), max(0, -columns)
    bottom, right = height - max(0, rows), width - max(0, columns)
    return feature_map[top:bottom, left:right]

# %%
for number in range(25):
    plt.figure()
plt.close("all")
