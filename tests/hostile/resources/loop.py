# ---
# tries: "Never ends."
# expect: {patch_response: timeout 0, feature_map_size: passed 2}
# seconds: 15
# weak: no_limits
# succeeds: "says the loop went on"
# ---

# %% exercise="patch_response"
# Like an endless loop; it would end three seconds after the time that a cell has here.
import time

end = time.monotonic() + 7
while time.monotonic() < end:
    pass
raise RuntimeError("the loop went on")
