# ---
# tries: "Starts 300 processes."
# expect: {patch_response: error|timeout 0, feature_map_size: passed 2}
# seconds: 20
# weak: no_limits
# succeeds: "says started 300"
# ---

# %% exercise="patch_response"
# They only sleep, and end by themselves.
import os
import time

children = []
try:
    for _ in range(300):
        child = os.fork()
        if child == 0:
            time.sleep(3)
            os._exit(0)
        children.append(child)
finally:
    for child in children:
        os.kill(child, 9)
raise RuntimeError(f"started {len(children)}")
