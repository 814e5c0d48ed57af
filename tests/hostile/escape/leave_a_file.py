# ---
# tries: "Leaves files in every folder it can write to."
# expect: {patch_response: failed 0, feature_map_size: passed 2}
# seconds: 8
# weak: no_isolation
# succeeds: leaves file
# ---

# %%
# Beside the next submission, or where Python and the shell look for what they load.
from pathlib import Path

for place in PLANTED["places"]:
    try:
        Path(place, f"{PLANTED['mark']}-left").write_text("import evil")
    except OSError:
        pass


# %% exercise="patch_response"
def patch_response(patch, kernel):
    return "nothing"
