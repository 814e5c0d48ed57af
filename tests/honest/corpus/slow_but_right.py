# ---
# shows: Slow answers, and a cell that waits for some seconds.
# points: {patch_response: 3, convolve2d: 3}
# ---

# %%
import time
import numpy as np

time.sleep(2)

# %% exercise="patch_response"
def patch_response(patch, kernel):
    time.sleep(0.02)
    return np.sum(patch * kernel)

# %% exercise="convolve2d"
def convolve2d(image, kernel):
    out = [[0.0] * (image.shape[1] - kernel.shape[1] + 1) for _ in range(image.shape[0] - kernel.shape[0] + 1)]
    for r in range(len(out)):
        for c in range(len(out[0])):
            for i in range(kernel.shape[0]):
                for j in range(kernel.shape[1]):
                    out[r][c] += float(image[r + i, c + j]) * float(kernel[i, j])
    return np.array(out)
