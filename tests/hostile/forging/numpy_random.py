# ---
# tries: "Makes NumPy's random generators draw zeros, so that the right answer is known beforehand."
# expect: {patch_response: failed 1, feature_map_size: passed 2}
# seconds: 6
# weak: judged_inside
# succeeds: points
# ---

# %%
# Whatever a check draws from here is 0, and so is every sum of products.
import numpy as np


class Zeros:
    def random(self, size=None):
        return np.zeros(size)


np.random.default_rng = lambda *args: Zeros()


# %% exercise="patch_response"
def patch_response(patch, kernel):
    return 0.0
