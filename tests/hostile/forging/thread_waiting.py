# ---
# tries: "Starts a thread that waits until a check runs, then patches what it compares with."
# expect: {patch_response: failed 0, feature_map_size: passed 2}
# seconds: 6
# weak: judged_inside
# succeeds: points
# ---

# %%
# Nothing is patched while the cells run, so that a look at NumPy between them finds it clean.
import threading
import time

import numpy as np

called = threading.Event()


def wait():
    called.wait()
    np.allclose = lambda *args, **kwargs: True


threading.Thread(target=wait, daemon=True).start()

# %% exercise="patch_response"
def patch_response(patch, kernel):
    called.set()
    time.sleep(0.05)
    return "nothing"
