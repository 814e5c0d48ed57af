# ---
# tries: "Enters the namespaces of other processes."
# expect: {patch_response: error 0, feature_map_size: passed 2}
# seconds: 8
# weak: no_isolation
# succeeds: says entered 1
# ---

# %% exercise="patch_response"
# With the descriptor of another one's namespace, walls are gone. In a child, which then ends.
import ctypes
import os

READ, WRITE = os.pipe()
if os.fork() == 0:
    libc = ctypes.CDLL(None, use_errno=True)
    entered = 0
    for process in (PLANTED["target"], 1):
        try:
            entered |= libc.setns(os.open(f"/proc/{process}/ns/net", os.O_RDONLY), 0) == 0
        except OSError:
            pass
    os.write(WRITE, f"entered {int(entered)}".encode())
    os._exit(0)
raise RuntimeError(os.read(READ, 100).decode())
