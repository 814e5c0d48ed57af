# ---
# shows: Standard output sent elsewhere, replaced, and closed.
# elsewhere: Graders that read points from what a kernel prints find none.
# points: {patch_response: 3, feature_map_size: 2, edge_kernels: 3}
# ---

# %%
import contextlib, io, sys
import numpy as np

with contextlib.redirect_stdout(io.StringIO()) as buffer:
    print("caught")
with contextlib.redirect_stderr(None):
    pass

# %% exercise="patch_response"
def patch_response(patch, kernel):
    with contextlib.redirect_stdout(io.StringIO()):
        print(patch)
    return np.sum(patch * kernel)

# %%
old = sys.stdout
sys.stdout = open("log.txt", "w")
print("to a file")

# %% exercise="feature_map_size"
def feature_map_size(image_size, kernel_size):
    print("to a file, too")
    return image_size - kernel_size + 1

# %%
sys.stdout.close()
sys.stdout = old
print("back")

# %% exercise="edge_kernels"
sys.stdin.close()
vertical_edges = np.array([[-1, 0, 1]] * 3)
horizontal_edges = vertical_edges.T
