# ---
# tries: "Displays images of 24 MiB, as a notebook full of plots would."
# expect: {patch_response: output_limit 0, feature_map_size: passed 2}
# seconds: 20
# weak: no_limits
# succeeds: "says displayed 24 MiB"
# ---

# %% exercise="patch_response"
# Noise, which does not compress: a PNG's signature, then random bytes.
import os

from IPython.display import Image, display

for _ in range(24):
    display(Image(data=b"\x89PNG\r\n\x1a\n" + os.urandom(2**20), format="png"))
raise RuntimeError("displayed 24 MiB")
