# ---
# shows: Modules reloaded, imported anew, and a module of the student's own called `template`.
# points: {patch_response: 3, feature_map_size: 2}
# ---

# %%
# %%writefile template.py
best = 3

def subtract(a, b):
    return a - b

# %%
import importlib, sys
import numpy as np
import matplotlib.pyplot as plt
import template

importlib.reload(np)
importlib.reload(plt)
importlib.reload(template)

# %% exercise="patch_response"
def patch_response(patch, kernel):
    return np.sum(patch * kernel)

# %% exercise="feature_map_size"
def feature_map_size(image_size, kernel_size):
    return template.subtract(image_size, kernel_size) + 1
