# ---
# tries: "Returns a float of a class of its own that says it equals every other."
# expect: {patch_response: failed 1, feature_map_size: passed 2}
# seconds: 6
# weak: judged_inside
# succeeds: points
# ---

# %%
# It is a float to `isinstance`, to NumPy and to json; only its comparisons are made up.
class Right(float):
    def __eq__(self, other):
        return True

    def __sub__(self, other):
        return 0.0

    __rsub__ = __sub__
    __hash__ = float.__hash__


# %% exercise="patch_response"
def patch_response(patch, kernel):
    return Right(0)
