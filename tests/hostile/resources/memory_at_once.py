# ---
# tries: "Asks for 1 GiB in one array."
# expect: {patch_response: memory 0, feature_map_size: passed 2}
# seconds: 20
# weak: no_limits
# succeeds: "says held 1 GiB"
# ---

# %% exercise="patch_response"
import numpy as np

held = np.ones(2**30, "u1")
raise RuntimeError(f"held {held.nbytes // 2**30} GiB")
