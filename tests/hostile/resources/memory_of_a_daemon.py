# ---
# tries: "Takes memory in a process that has left its session and its parent."
# expect: {patch_response: memory 0, feature_map_size: passed 2}
# seconds: 20
# weak: no_limits
# succeeds: "says held 640 MiB"
# ---

# %% exercise="patch_response"
# Whoever follows parents and children does not find it.
import os
import time

READ, WRITE = os.pipe()
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        held = bytearray(b"x" * (640 * 2**20))
        os.write(WRITE, b".")
        time.sleep(2)
    os._exit(0)
os.wait()
os.close(WRITE)
full = len(os.read(READ, 1))
time.sleep(1)
raise RuntimeError(f"held {full * 640} MiB")
