# ---
# shows: Installing packages, Colab's imports and magics, none of which exist where it is graded.
# elsewhere: A run that stops at the first exception grades nothing.
# points: {patch_response: 3, feature_map_size: 2}
# ---

# %%
# %tensorflow_version 2.x
# %pip install -q keras matplotlib
# !pip install -q --upgrade tensorflow

# %%
from google.colab import drive
drive.mount("/content/drive")
# %cd /content/drive/MyDrive/cnn

# %%
# !nvidia-smi
# !pwd && ls -la

# %%
import numpy as np

# %% exercise="patch_response"
def patch_response(patch, kernel):
    return np.sum(patch * kernel)

# %%
from google.colab import files
uploaded = files.upload()

# %% exercise="feature_map_size"
def feature_map_size(image_size, kernel_size):
    return image_size - kernel_size + 1

# %%
drive.flush_and_unmount()
