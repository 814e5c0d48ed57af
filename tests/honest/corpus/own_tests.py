# ---
# shows: "Tests of the student's own: asserts, doctest, unittest and a seeded comparison."
# elsewhere: "`unittest.main` ends with SystemExit and writes to standard error."
# points: {patch_response: 3, feature_map_size: 2}
# ---

# %%
import doctest, unittest
import numpy as np

# %% exercise="patch_response"
def patch_response(patch, kernel):
    """One patch.

    >>> float(patch_response(np.eye(2), np.eye(2)))
    2.0
    >>> patch_response(1, 2)
    3
    """
    return np.sum(patch * kernel)

doctest.testmod()

# %%
class Test(unittest.TestCase):
    def test_it(self):
        self.assertEqual(feature_map_size(7, 3), 5)

unittest.main(argv=[""], exit=False)

# %% exercise="feature_map_size"
def feature_map_size(image_size, kernel_size):
    return image_size - kernel_size + 1

assert feature_map_size(7, 3) == 5

# %%
unittest.main(argv=[""])

# %%
assert feature_map_size(7, 3) == 4, "this test of mine is wrong"
