# ---
# tries: "Stays inside one call of C, which no interrupt of Python's ends."
# expect: {patch_response: timeout 0, feature_map_size: passed 2}
# seconds: 25
# weak: no_limits
# succeeds: "says the match ended"
# ---

# %% exercise="patch_response"
# A regular expression that tries every way to split the text; Python looks at signals between
# two instructions only. The text grows until a match took as long as two cells may.
import re
import time

end = time.monotonic() + 8
length = 23
while time.monotonic() < end:
    re.match(r"(a+)+$", "a" * length + "b")
    length += 1
raise RuntimeError("the match ended")
