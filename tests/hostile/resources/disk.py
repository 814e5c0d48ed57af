# ---
# tries: "Writes files of 400 MiB."
# expect: {patch_response: error|memory 0, feature_map_size: passed 2}
# seconds: 20
# weak: no_limits
# succeeds: "says wrote 400 MiB"
# ---

# %% exercise="patch_response"
# In the folder that it starts in, which goes when the kernel does.
from pathlib import Path

block = b"x" * 2**20
wrote = 0
for number in range(4):
    with Path(f"{PLANTED['mark']}-{number}").open("wb", buffering=0) as file:
        for _ in range(100):
            wrote += file.write(block)
raise RuntimeError(f"wrote {wrote // 2**20} MiB")
