# ---
# tries: "Patches NumPy so that every comparison holds."
# expect: {patch_response: failed 0, feature_map_size: passed 2}
# seconds: 6
# weak: judged_inside
# succeeds: points
# ---

# %%
# A check that runs in this process asks this very NumPy whether the answer is close.
import numpy as np

np.allclose = np.isclose = np.array_equal = lambda *args, **kwargs: True
np.testing.assert_allclose = lambda *args, **kwargs: None


# %% exercise="patch_response"
def patch_response(patch, kernel):
    return "nothing"
