# ---
# shows: A thread that prints again and again for as long as the notebook lives.
# elsewhere: Its messages belong to other cells than the one that runs, and mix with what is printed.
# points: {patch_response: 3, feature_map_size: 2}
# ---

# %%
import itertools, sys, threading, time
import numpy as np

def tell():
    for number in itertools.count():
        print("still alive", number, flush=True)
        print("warning", number, file=sys.stderr, flush=True)
        time.sleep(0.002)

threading.Thread(target=tell, daemon=True).start()

# %% exercise="patch_response"
def patch_response(patch, kernel):
    return np.sum(patch * kernel)

# %% exercise="feature_map_size"
def feature_map_size(image_size, kernel_size):
    return image_size - kernel_size + 1
