# ---
# shows: Progress bars, by tqdm where there is one and with carriage returns where not.
# elsewhere: A bar goes to standard error, which nbgrader takes for a failure.
# points: {patch_response: 3, convolve2d: 3}
# ---

# %%
import sys
import time
import numpy as np

try:
    from tqdm.auto import tqdm
except ImportError:
    def tqdm(things):
        things = list(things)
        for number, thing in enumerate(things, 1):
            print(f"\r{100 * number // len(things):3}%|{'█' * number}", end="", file=sys.stderr)
            yield thing
        print(file=sys.stderr)

for _ in tqdm(range(20)):
    time.sleep(0.01)

# %% exercise="patch_response"
def patch_response(patch, kernel):
    total = 0
    for row in tqdm(range(len(patch))):
        total += np.sum(patch[row] * kernel[row])
    return total

# %% exercise="convolve2d"
def convolve2d(image, kernel):
    k, l = kernel.shape
    return np.array(
        [
            [patch_response(image[r : r + k, c : c + l], kernel) for c in range(image.shape[1] - l + 1)]
            for r in tqdm(range(image.shape[0] - k + 1))
        ]
    )
