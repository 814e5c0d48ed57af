# ---
# tries: "Fills System V shared memory, which belongs to no process and outlives all of them."
# expect: {patch_response: memory|error 0, feature_map_size: passed 2}
# seconds: 20
# weak: no_limits
# succeeds: "says filled 600 MiB"
# ---

# %% exercise="patch_response"
# Marked to be destroyed once nobody is attached, so that it ends with this kernel.
import ctypes
import time

libc = ctypes.CDLL(None, use_errno=True)
libc.shmat.restype = ctypes.c_void_p
filled = 0
for _ in range(8):
    segment = libc.shmget(0, 75 * 2**20, 0o1600)
    if segment < 0:
        raise OSError(ctypes.get_errno(), "no segment")
    where = libc.shmat(segment, None, 0)
    libc.shmctl(segment, 0, None)
    ctypes.memset(where, 1, 75 * 2**20)
    filled += 75
time.sleep(1)
raise RuntimeError(f"filled {filled} MiB")
