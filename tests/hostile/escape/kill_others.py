# ---
# tries: "Kills another process of the person who grades."
# expect: {patch_response: error|failed 0, feature_map_size: passed 2}
# seconds: 8
# weak: no_isolation
# succeeds: kills victim
# ---

# %% exercise="patch_response"
# By its number: in a sandbox, the same number is another process, or none.
import os
import signal
import time

time.sleep(1.5)  # others look into the same victim first
os.kill(PLANTED["victim"], signal.SIGKILL)
raise RuntimeError("killed it")
