# ---
# tries: "Stops its own process, so that it neither ends nor takes an interrupt."
# expect: {patch_response: timeout 0, feature_map_size: passed 2}
# seconds: 25
# weak: no_limits
# succeeds: "says woken again"
# ---

# %% exercise="patch_response"
# A stopped process is alive to whoever asks for it. A child wakes it up again after 8 s.
import os
import signal
import time

me = os.getpid()
if os.fork() == 0:
    time.sleep(8)
    os.kill(me, signal.SIGCONT)
    os._exit(0)
os.kill(me, signal.SIGSTOP)
raise RuntimeError("woken again")
