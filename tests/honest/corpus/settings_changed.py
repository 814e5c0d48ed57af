# ---
# shows: Print options, seeds, the recursion limit, locale, folder, environment and collector.
# points: {patch_response: 3, feature_map_size: 2, zero_pad: 3}
# ---

# %%
import gc, locale, os, random, sys
import numpy as np

np.set_printoptions(precision=2, suppress=True, threshold=sys.maxsize, linewidth=200)
np.random.seed(0)
random.seed(42)
sys.setrecursionlimit(10_000)
locale.setlocale(locale.LC_ALL, "C")
gc.disable()
os.makedirs("results", exist_ok=True)
os.chdir("results")
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "2"
os.environ["PYTHONHASHSEED"] = "0"
sys.path.append("..")
sys.set_int_max_str_digits(0)
np.save("noise.npy", np.random.rand(10, 10))

# %% exercise="patch_response"
def patch_response(patch, kernel):
    np.random.seed(1)
    return np.sum(patch * kernel)

# %% exercise="feature_map_size"
def feature_map_size(image_size, kernel_size):
    if image_size < kernel_size:
        return 0
    return 1 + feature_map_size(image_size - 1, kernel_size)

# %% exercise="zero_pad"
def zero_pad(image, padding):
    np.savetxt("last.txt", image.reshape(image.shape[0], -1))
    os.makedirs("deeper", exist_ok=True)
    os.chdir("deeper")
    h, w = image.shape[:2]
    out = np.zeros((h + 2 * padding, w + 2 * padding) + image.shape[2:], image.dtype)
    out[padding:padding + h, padding:padding + w] = image
    return out

# %%
import shutil
os.chdir("..")
shutil.rmtree("results", ignore_errors=True)
