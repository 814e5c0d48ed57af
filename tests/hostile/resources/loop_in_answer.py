# ---
# tries: "Answers its question never, while its cell ends at once."
# expect: {patch_response: timeout 0, feature_map_size: passed 2}
# seconds: 30
# weak: judged_inside
# succeeds: "says slept to the end"
# ---

# %% exercise="patch_response"
# A limit on cells says nothing about the functions that they define.
import time


def patch_response(patch, kernel):
    time.sleep(8)
    print("slept to the end")
    return "nothing"
