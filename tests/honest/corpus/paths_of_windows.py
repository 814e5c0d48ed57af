# ---
# shows: Windows paths and backslashes in comments and texts, with the warnings they bring.
# elsewhere: "`SyntaxWarning: invalid escape sequence` goes to standard error: 0 points in nbgrader."
# points: {patch_response: 3, feature_map_size: 2}
# ---

# %%
# C:\Users\new\Desktop\cnn\01_convolution.ipynb
# \N \x \u and \U are no escapes here
import numpy as np
folder = r"C:\Users\new"
other = "C:\Dokumente\photos"

# %% exercise="patch_response"
def patch_response(patch, kernel):
    # see D:\uni\notes.txt
    pattern = "\d+\w \e"
    return np.sum(patch * kernel)

# %% exercise="feature_map_size"
def feature_map_size(image_size, kernel_size):
    """$\frac{n}{k}$ \sum"""
    assert (image_size is not 3, "always true")
    return image_size - kernel_size + 1
