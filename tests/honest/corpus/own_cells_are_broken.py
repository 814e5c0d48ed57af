# ---
# shows: Cells of the student's own with syntax errors, exceptions, text and unfinished code.
# elsewhere: A run that stops at the first exception grades nothing; a parser stops at the first.
# points: {patch_response: 3, feature_map_size: 2}
# ---

# %%
def unfinished(

# %%
import numpy as np
np.float(3)

# %%
This is not code but a note: the kernel is flipped?

# %%
    indented = "by too much"
  and_back = "by too little"

# %% exercise="patch_response"
def patch_response(patch, kernel):
    return np.sum(patch * kernel)

# %%
print "old Python"

# %%
path = "C:\Users\new\images"

# %%
return patch_response

# %%
<<<<<<< HEAD
x = 1
=======
x = 2
>>>>>>> main

# %%
raise Exception("on purpose") from ValueError("why")

# %%
x = “quoted by a word processor”

# %% exercise="feature_map_size"
def feature_map_size(image_size, kernel_size):
    return image_size - kernel_size + 1

feature_map_size(7)
