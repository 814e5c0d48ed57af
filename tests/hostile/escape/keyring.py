# ---
# tries: "Leaves a key in Linux's keyring, which outlives processes."
# expect: {patch_response: error 0, feature_map_size: passed 2}
# seconds: 8
# weak: no_isolation
# succeeds: says key [1-9]
# ---

# %% exercise="patch_response"
# In the keyring of this thread only, which ends with it.
import ctypes
import platform

libc = ctypes.CDLL(None, use_errno=True)
add_key = {"x86_64": 248, "aarch64": 217}[platform.machine()]
key = libc.syscall(add_key, b"user", PLANTED["mark"].encode(), b"x", 1, -1)
raise RuntimeError(f"key {max(0, key)}")
