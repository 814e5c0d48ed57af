# ---
# shows: "Lines of IPython's own: `?help`, `np.sum?`, `??`, `%lsmagic`, `!!ls`, `/f x` and aliases."
# elsewhere: Graders that parse a cell as plain Python find no answer in it.
# points: {patch_response: 3, feature_map_size: 2}
# ---

# %%
?help

# %%
import numpy as np
np.sum?
np.random.*and*?

# %% exercise="patch_response"
?np.multiply
def patch_response(patch, kernel):
    return np.sum(patch * kernel)
patch_response??

# %%
%lsmagic
%who
%whos
%env HOME
files = !ls
folder = %pwd
!!echo done
/print 1 2
,print a b

# %% exercise="feature_map_size"
feature_map_size?
def feature_map_size(image_size, kernel_size):
    return image_size - kernel_size + 1
%timeit -n1 -r1 feature_map_size(7, 3)
!echo {feature_map_size(7, 3)}
