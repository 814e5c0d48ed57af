# ---
# tries: "Reads the notebook of another student in the same class."
# expect: {patch_response: error 0, feature_map_size: passed 2}
# seconds: 8
# weak: no_isolation
# succeeds: tells submission
# ---

# %% exercise="patch_response"
# Their answers lie in the folder that this notebook came from.
import re

text = open(PLANTED["neighbor"]).read()
raise RuntimeError(re.findall("planted-[a-z0-9-]+", text))
