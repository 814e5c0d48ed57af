# ---
# tries: "Leaves a daemon behind that has left its session, its parent and its output."
# expect: {patch_response: failed 0, feature_map_size: passed 2}
# seconds: 8
# weak: no_isolation
# succeeds: leaves process
# ---

# %%
# It outlives its kernel wherever only the kernel's own process group is killed.
import os
import subprocess

if os.fork() == 0:
    os.setsid()
    subprocess.Popen(
        [PLANTED["mark"], "300"],
        executable="/bin/sleep",
        start_new_session=True,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    os._exit(0)
os.wait()


# %% exercise="patch_response"
def patch_response(patch, kernel):
    return "nothing"
