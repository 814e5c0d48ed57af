# ---
# tries: "Reads the file by links, by other roots of /proc and by inherited folders."
# expect: {patch_response: error 0, feature_map_size: passed 2}
# seconds: 8
# weak: no_isolation
# succeeds: tells file
# ---

# %% exercise="patch_response"
# A path may be forbidden by one name and open by another.
import os

path = PLANTED["secret_file"]
os.symlink(path, "link")
ways = ["link", f"/../../../..{path}", f"/proc/self/root{path}", f"/proc/self/cwd/../../..{path}"]
ways += [f"/proc/{pid}/root{path}" for pid in os.listdir("/proc") if pid.isdigit()]
ways += [f"/proc/self/fd/{fd}/..{path}" for fd in os.listdir("/proc/self/fd")]
found = []
for way in ways:
    try:
        found.append(open(way).read())
    except OSError:
        pass
raise RuntimeError(f"found {found}")
