# ---
# tries: "Blocks every signal that can be blocked, ignores the rest, and never ends."
# expect: {patch_response: timeout 0, feature_map_size: passed 2}
# seconds: 25
# weak: no_limits
# succeeds: "says no signal came"
# ---

# %% exercise="patch_response"
import signal
import time

signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
for number in signal.valid_signals():
    try:
        signal.signal(number, signal.SIG_IGN)
    except (OSError, ValueError):
        pass
time.sleep(8)
raise RuntimeError("no signal came")
