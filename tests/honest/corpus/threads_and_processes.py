# ---
# shows: Threads, pools and processes, in cells and in answers; one thread never ends.
# elsewhere: A process that is left behind holds the grader's output open, and the run hangs.
# points: {patch_response: 3, convolve2d: 3}
# ---

# %%
import multiprocessing
import subprocess
import threading
import time
from concurrent.futures import ThreadPoolExecutor
import numpy as np

thread = threading.Thread(target=lambda: print("from a thread"))
thread.start()
thread.join()

def tick():
    while True:
        time.sleep(0.05)

threading.Thread(target=tick, daemon=True).start()
subprocess.run(["echo", "from a process"])
left = subprocess.Popen(["sleep", "600"])
timer = threading.Timer(0.2, print, ["late"])
timer.start()

def square(x):
    return x * x

with multiprocessing.get_context("fork").Pool(2) as pool:
    print(pool.map(square, range(5)))

# %% exercise="patch_response"
def patch_response(patch, kernel):
    with ThreadPoolExecutor(2) as pool:
        return sum(pool.map(np.vdot, patch, kernel))

# %% exercise="convolve2d"
def convolve2d(image, kernel):
    k, l = kernel.shape
    out = np.zeros((image.shape[0] - k + 1, image.shape[1] - l + 1))

    def one_row(r):
        for c in range(out.shape[1]):
            out[r, c] = np.sum(image[r:r + k, c:c + l] * kernel)

    threads = [threading.Thread(target=one_row, args=(r,)) for r in range(len(out))]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    return out
