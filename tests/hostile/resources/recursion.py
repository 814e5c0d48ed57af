# ---
# tries: "Calls itself until the C stack is full."
# expect: {patch_response: crashed|memory 0, feature_map_size: passed 2}
# seconds: 20
# weak: judged_inside
# succeeds: silences
# ---

# %% exercise="patch_response"
# With Python's own limit lifted, the process dies of it: whoever shares it says nothing more.
import sys

sys.setrecursionlimit(2**31 - 1)


class Deep:
    def __getattr__(self, name):
        return getattr(self, name)


Deep().deeper
