# ---
# tries: "Returns an object that claims to be a float, and is asked for its value again and again."
# expect: {patch_response: failed|error 1, feature_map_size: passed 2}
# seconds: 6
# weak: judged_inside
# succeeds: points
# ---

# %%
# `isinstance` believes `__class__`. The value is another one each time, or equal to all.
import itertools

import numpy as np

numbers = itertools.count()


class Liar:
    __class__ = float
    shape = ()

    def __float__(self):
        return float(next(numbers))

    def __array__(self, dtype=None, copy=None):
        return np.asarray(float(next(numbers)))

    def __eq__(self, other):
        return True

    __hash__ = None


# %% exercise="patch_response"
def patch_response(patch, kernel):
    return Liar()
