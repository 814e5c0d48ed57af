# ---
# tries: "Goes on after every interrupt."
# expect: {patch_response: timeout 0, feature_map_size: passed 2}
# seconds: 25
# weak: no_limits
# succeeds: "says nothing stopped it"
# ---

# %% exercise="patch_response"
# An interrupt is an exception like any other, and can be caught.
import time

end = time.monotonic() + 8
while time.monotonic() < end:
    try:
        time.sleep(0.1)
    except BaseException:
        pass
raise RuntimeError("nothing stopped it")
