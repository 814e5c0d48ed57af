# ---
# tries: "Fills /dev/shm, whose files are memory."
# expect: {patch_response: error|memory 0, feature_map_size: passed 2}
# seconds: 20
# weak: no_limits
# succeeds: "says wrote 200 MiB"
# ---

# %% exercise="patch_response"
# The files' memory is counted to no process.
import os

name = f"/dev/shm/{PLANTED['mark']}"
block = b"x" * 2**20
try:
    with open(name, "wb", buffering=0) as file:
        for number in range(200):
            file.write(block)
    wrote = os.path.getsize(name) // 2**20
finally:
    os.unlink(name)
raise RuntimeError(f"wrote {wrote} MiB")
