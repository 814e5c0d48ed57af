# ---
# tries: "Keeps every processor busy with 280 processes while its own cell sleeps."
# expect: {patch_response: error 0, feature_map_size: passed 2}
# seconds: 25
# weak: no_limits
# succeeds: "says 280 at work"
# ---

# %%
# Other submissions are graded meanwhile, and have their time limits too.
import os
import time

BUSY = 280
workers = []
for _ in range(BUSY):
    child = os.fork()
    if child == 0:
        end = time.monotonic() + 2
        while time.monotonic() < end:
            pass
        os._exit(0)
    workers.append(child)
time.sleep(2)

# %% exercise="patch_response"
raise RuntimeError(f"{len(workers)} at work")
