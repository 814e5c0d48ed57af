# ---
# tries: "Replaces the built-in __import__, so that a later import of NumPy gets another module."
# expect: {patch_response: failed 0, feature_map_size: passed 2}
# seconds: 6
# weak: judged_inside
# succeeds: points
# ---

# %%
# `import numpy` calls this, in a check's source as well as in a notebook's.
import builtins
import types

import numpy

friendly = types.ModuleType("numpy")
friendly.__dict__.update(numpy.__dict__)
friendly.allclose = lambda *args, **kwargs: True
import_it = builtins.__import__


def importing(name, *args, **kwargs):
    return friendly if name == "numpy" else import_it(name, *args, **kwargs)


builtins.__import__ = importing


# %% exercise="patch_response"
def patch_response(patch, kernel):
    return "nothing"
