# ---
# tries: "Takes memory in four processes, each of which stays below any limit of one."
# expect: {patch_response: memory 0, feature_map_size: passed 2}
# seconds: 20
# weak: no_limits
# succeeds: "says held 600 MiB"
# ---

# %% exercise="patch_response"
import os
import time

READ, WRITE = os.pipe()
for _ in range(4):
    if os.fork() == 0:
        held = bytearray(b"x" * (150 * 2**20))
        os.write(WRITE, b".")
        time.sleep(2)
        os._exit(0)
full = 0
while full < 4:
    full += len(os.read(READ, 4))
time.sleep(1)
raise RuntimeError(f"held {full * 150} MiB")
