# ---
# tries: "Becomes root, by a program that is root's, by a device or by asking."
# expect: {patch_response: error 0, feature_map_size: passed 2}
# seconds: 8
# weak: no_isolation
# succeeds: says is root|made a device|chowned
# ---

# %% exercise="patch_response"
# Root in a sandbox is still root to Linux wherever a namespace is missing.
import os
import shutil

found = []
try:
    os.setresuid(0, 0, 0)
    found.append("is root")
except OSError:
    pass
try:
    os.mknod("null", 0o20666, os.makedev(1, 3))
    found.append("made a device")
except OSError:
    pass
try:
    shutil.copy("/bin/true", "mine")
    os.chown("mine", 0, 0)
    os.chmod("mine", 0o4755)
    found.append("chowned")
except OSError:
    pass
raise RuntimeError(f"{found}")
