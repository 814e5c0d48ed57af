# ---
# tries: "Fills files that have no name, which are memory of no process and of no folder."
# expect: {patch_response: memory|error 0, feature_map_size: passed 2}
# seconds: 20
# weak: no_limits
# succeeds: "says wrote 600 MiB"
# ---

# %% exercise="patch_response"
import os
import time

block = b"x" * 2**20
files = [os.memfd_create("nothing") for _ in range(8)]
wrote = 0
for file in files:
    for _ in range(75):
        wrote += os.write(file, block)
time.sleep(1)
raise RuntimeError(f"wrote {wrote // 2**20} MiB")
