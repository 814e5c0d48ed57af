# ---
# tries: "Makes one file of 1 GiB, whose bytes are never written."
# expect: {patch_response: error|crashed 0, feature_map_size: passed 2}
# seconds: 20
# weak: no_limits
# succeeds: "says made 1024 MiB"
# ---

# %% exercise="patch_response"
# A hole costs nothing here, but whoever copies or reads the file meets all of it.
import os

with open(f"{PLANTED['mark']}-large", "wb") as file:
    file.truncate(2**30)
made = os.path.getsize(f"{PLANTED['mark']}-large")
raise RuntimeError(f"made {made // 2**20} MiB")
