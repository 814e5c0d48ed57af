# ---
# shows: "`input()`, `getpass`, `breakpoint()` and `%debug` in cells, where nobody answers."
# elsewhere: jupyter execute stops at the first, and the rest is never run.
# points: {patch_response: 3, feature_map_size: 2}
# ---

# %%
name = input("Your name: ")

# %%
import getpass
import numpy as np
password = getpass.getpass()

# %% exercise="patch_response"
def patch_response(patch, kernel):
    return np.sum(patch * kernel)

# %%
breakpoint()

# %%
import pdb
pdb.set_trace()

# %%
1 / 0

# %%
# %debug

# %%
# %pdb on

# %%
patch_response(1)

# %% exercise="feature_map_size"
def feature_map_size(image_size, kernel_size):
    return image_size - kernel_size + 1
