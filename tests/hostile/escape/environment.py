# ---
# tries: "Reads tokens from its environment."
# expect: {patch_response: error 0, feature_map_size: passed 2}
# seconds: 8
# weak: judged_inside
# succeeds: tells environment
# ---

# %% exercise="patch_response"
# CI keeps its tokens there, and a process inherits them.
import os

raise RuntimeError(f"{dict(os.environ)}")
