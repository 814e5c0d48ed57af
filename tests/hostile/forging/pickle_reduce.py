# ---
# tries: "Returns an object whose pickle runs code where it is loaded."
# expect: {patch_response: failed|error 0, feature_map_size: passed 2}
# seconds: 6
# weak: unpickled
# succeeds: "says the judge ran this"
# ---

# %%
# A pickle says which function is to be called with what when it is read.
class Boom:
    def __reduce__(self):
        return (eval, ("'the judge' + ' ran this'",))


# %% exercise="patch_response"
def patch_response(patch, kernel):
    return Boom()
