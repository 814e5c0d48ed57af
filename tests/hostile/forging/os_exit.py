# ---
# tries: "Prints a score and ends the process before its check can say anything."
# expect: {patch_response: crashed 0, feature_map_size: passed 2}
# seconds: 15
# weak: judged_inside
# succeeds: points
# ---

# %% exercise="patch_response"
# No exit status tells of it, no finally runs, and nothing is printed after it.
import os
import sys


def patch_response(patch, kernel):
    sys.stdout.write("score: 3\n")
    sys.stdout.flush()
    os._exit(0)
