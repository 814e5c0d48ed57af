# ---
# shows: Handlers for signals and for the end of the process that do no harm.
# elsewhere: A grader that interrupts or ends a kernel politely waits for what they do.
# points: {patch_response: 3, feature_map_size: 2}
# ---

# %%
import atexit, faulthandler, signal, sys, time, weakref
import numpy as np

atexit.register(print, "bye")
atexit.register(time.sleep, 30)
signal.signal(signal.SIGINT, lambda *_: print("no"))
signal.signal(signal.SIGTERM, signal.SIG_IGN)
signal.signal(signal.SIGALRM, lambda *_: print("ring"))
signal.setitimer(signal.ITIMER_REAL, 0.05, 0.05)
sys.excepthook = lambda *_: print("oops")

# %% exercise="patch_response"
def patch_response(patch, kernel):
    return np.sum(patch * kernel)

# %%
get_ipython().set_custom_exc((Exception,), lambda *_, **__: print("mine"))
get_ipython().events.register("post_run_cell", lambda _: print("ran"))
1 / 0

# %% exercise="feature_map_size"
def feature_map_size(image_size, kernel_size):
    return image_size - kernel_size + 1
