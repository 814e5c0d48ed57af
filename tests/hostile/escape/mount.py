# ---
# tries: "Makes a user namespace, is root in there, and mounts."
# expect: {patch_response: error 0, feature_map_size: passed 2}
# seconds: 8
# weak: no_isolation
# succeeds: says mounted it
# ---

# %% exercise="patch_response"
# In a namespace of its own a mount harms nobody; but who may mount can look under other mounts, and
# reaches parts of Linux that only root is meant to. It ends with the child.
import ctypes
import os

NEW_USER, NEW_MOUNTS, PRIVATE = 0x10000000, 0x00020000, 0x44000
READ, WRITE = os.pipe()
if os.fork() == 0:
    libc = ctypes.CDLL(None, use_errno=True)
    os.mkdir("here")
    made = libc.unshare(NEW_USER | NEW_MOUNTS)
    libc.mount(None, b"/", None, PRIVATE, None)
    done = made == 0 and libc.mount(b"tmpfs", b"here", b"tmpfs", 0, b"size=1m") == 0
    os.write(WRITE, b"mounted it" if done else os.strerror(ctypes.get_errno()).encode())
    os._exit(0)
raise RuntimeError(os.read(READ, 100).decode())
