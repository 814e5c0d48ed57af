# ---
# tries: "Reads another process's memory by the system call made for it."
# expect: {patch_response: error 0, feature_map_size: passed 2}
# seconds: 8
# weak: no_isolation
# succeeds: says read [1-9]\d* bytes
# ---

# %% exercise="patch_response"
import ctypes


class Piece(ctypes.Structure):
    _fields_ = [("base", ctypes.c_void_p), ("length", ctypes.c_size_t)]


libc = ctypes.CDLL(None, use_errno=True)
pid = PLANTED["target"]
start = next(int(line.split("-")[0], 16) for line in open(f"/proc/{pid}/maps") if " rw" in line)
room = ctypes.create_string_buffer(64)
here, there = Piece(ctypes.addressof(room), 64), Piece(start, 64)
read = libc.process_vm_readv(pid, ctypes.byref(here), 1, ctypes.byref(there), 1, 0)
raise RuntimeError(f"read {read} bytes")
