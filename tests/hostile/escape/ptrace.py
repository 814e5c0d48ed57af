# ---
# tries: "Attaches to another process as a debugger does."
# expect: {patch_response: error 0, feature_map_size: passed 2}
# seconds: 8
# weak: no_isolation
# succeeds: says attached to it
# ---

# %% exercise="patch_response"
# A debugger may read and write whatever the process has. It is let go at once.
import ctypes
import os

libc = ctypes.CDLL(None, use_errno=True)
ATTACH, DETACH = 16, 17
if libc.ptrace(ATTACH, PLANTED["target"], None, None) != 0:
    raise OSError(ctypes.get_errno(), "no ptrace")
os.waitpid(PLANTED["target"], 0x40000000)
libc.ptrace(DETACH, PLANTED["target"], None, None)
raise RuntimeError("attached to it")
