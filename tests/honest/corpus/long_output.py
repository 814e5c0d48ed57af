# ---
# shows: Output of several megabytes, in one line, in many, and from every call.
# elsewhere: Graders that keep outputs grow with it, or stop at a limit of messages a second.
# points: {patch_response: 3, feature_map_size: 2}
# ---

# %%
import numpy as np

for number in range(20_000):
    print(number, "x" * 80)
print("y" * 2_000_000)
list(range(100_000))

# %% exercise="patch_response"
def patch_response(patch, kernel):
    print("debug " * 10_000)
    return np.sum(patch * kernel)

# %%
import sys
for number in range(2_000):
    print(number, flush=True)
    print(number, file=sys.stderr, flush=True)

# %% exercise="feature_map_size"
def feature_map_size(image_size, kernel_size):
    for step in range(200):
        print(step, flush=True)
    return image_size - kernel_size + 1
