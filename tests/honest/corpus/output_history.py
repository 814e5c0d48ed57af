# ---
# shows: "`_`, `__`, `Out`, `In` and `_i` in use, with check cells and errors between."
# elsewhere: Graders that leave cells out, or add their own, move the numbers.
# points: {patch_response: 3, edge_kernels: 3, blur_and_sharpen: 3}
# ---

# %%
import numpy as np
from grader import check

# %%
np.array([[-1, 0, 1]] * 3)

# %%
vertical_edges = _
horizontal_edges = Out[2].T

# %%
check("edge_kernels")

# %%
np.ones((3, 3)) / 9

# %% exercise="blur_and_sharpen"
blur = Out[5]
sharpen = 2 * np.diag([0, 1, 0]) - _5

# %%
check("blur_and_sharpen")

# %%
(lambda patch, kernel: (patch * kernel).sum())

# %% exercise="patch_response"
print(_i8, In[8], len(In))
patch_response = Out[8]
