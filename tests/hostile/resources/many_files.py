# ---
# tries: "Makes 40 000 empty files, which take no space but everybody's patience."
# expect: {patch_response: error|timeout|memory 0, feature_map_size: passed 2}
# seconds: 25
# weak: no_limits
# succeeds: "says made 40000 files"
# ---

# %% exercise="patch_response"
# Each needs an inode; a file system has only so many, whatever room is left.
import os

folder = os.open(".", os.O_RDONLY)
for number in range(40_000):
    os.close(os.open(f"f{number}", os.O_CREAT | os.O_WRONLY, dir_fd=folder))
raise RuntimeError("made 40000 files")
