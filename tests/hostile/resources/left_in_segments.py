# ---
# tries: "Leaves System V shared memory to whoever is graded next by the same fork server."
# expect: {patch_response: error 0, feature_map_size: passed 2}
# seconds: 8
# weak: no_isolation
# succeeds: says RuntimeError.{1,3}found what another submission left
# copies: 4
# ---

# %%
# It ends with its namespace, not with the process that made it: memory that nobody gives back,
# and answers handed from one student to the next. Four copies on two slots: two meet.
import ctypes

libc = ctypes.CDLL(None, use_errno=True)
libc.shmat.restype = ctypes.c_void_p
found = libc.shmget(PLANTED["segment"], 4096, 0o666)
made = libc.shmget(PLANTED["segment"], 4096, 0o1666) if found < 0 else -1

# %% exercise="patch_response"
if found >= 0:
    raise RuntimeError("found what another submission left")
raise RuntimeError("found nothing" if made >= 0 else "could not leave anything")
