# ---
# tries: "Reads what Linux itself has logged about this machine."
# expect: {patch_response: error 0, feature_map_size: passed 2}
# seconds: 8
# weak: no_isolation
# succeeds: says log of [1-9]
# ---

# %% exercise="patch_response"
# It names devices, addresses and other people's processes.
import ctypes

libc = ctypes.CDLL(None, use_errno=True)
room = ctypes.create_string_buffer(2**16)
length = libc.klogctl(3, room, len(room))
raise RuntimeError(f"log of {max(0, length)} bytes")
