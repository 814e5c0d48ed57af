# ---
# tries: "Writes to Linux's own settings: who is called when a program crashes, and its own limits."
# expect: {patch_response: error 0, feature_map_size: passed 2}
# seconds: 8
# weak: no_isolation
# succeeds: says may write [1-9]
# ---

# %% exercise="patch_response"
# A program named in core_pattern runs as root, outside. Opened only, never written to.
import os

places = ("sys/kernel/core_pattern", "sys/vm/overcommit_memory", "sysrq-trigger", "1/mem", "kcore")
opened = 0
for place in places:
    try:
        os.close(os.open(f"/proc/{place}", os.O_WRONLY if place != "kcore" else os.O_RDONLY))
        opened += 1
    except OSError:
        pass
for place in (
    "/sys/fs/cgroup/cgroup.procs",
    "/sys/fs/cgroup/memory/tasks",
    "/sys/kernel/uevent_helper",
):
    opened += os.access(place, os.W_OK)
if "places" in PLANTED and len(PLANTED["places"]) > 1:
    opened -= os.access("/proc/1/mem", os.W_OK) and os.stat("/proc/1").st_uid == os.getuid()
raise RuntimeError(f"may write {max(0, opened)}")
