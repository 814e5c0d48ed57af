# ---
# tries: "Ends its kernel in every cell, so that it is started again and again."
# expect: {patch_response: crashed 0, feature_map_size: passed 2}
# seconds: 25
# weak: judged_inside
# succeeds: silences
# ---

# %%
import os
import signal

# %%
os.kill(os.getpid(), signal.SIGKILL)

# %%
os.abort()

# %%
os._exit(0)

# %% exercise="patch_response"
os.kill(os.getpid(), signal.SIGSEGV)
