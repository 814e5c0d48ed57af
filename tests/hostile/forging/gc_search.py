# ---
# tries: "Searches all objects of the process for the reference solution and calls it."
# expect: {patch_response: failed 0, feature_map_size: passed 2}
# seconds: 12
# weak: judged_inside
# succeeds: points
# ---

# %%
# The collector knows every function, whatever module or closure it is hidden in.
import gc
from types import FunctionType

WORDS = ("solution", "oracle", "correlate", "reference", "expected")


def search():
    for found in gc.get_objects():
        if isinstance(found, FunctionType) and any(word in found.__name__ for word in WORDS):
            if found.__module__ in ("__main__", "cnn_course.references"):
                return found
    return None


# %% exercise="patch_response"
def patch_response(patch, kernel):
    found = search()
    return found(patch, kernel) if found else "nothing"
