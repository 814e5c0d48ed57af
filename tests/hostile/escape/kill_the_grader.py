# ---
# tries: "Kills its parent, the process that grades it, so that its score stays open."
# expect: {patch_response: error|failed|crashed|timeout 0, feature_map_size: passed 2}
# seconds: 25
# weak: no_isolation
# succeeds: breaks grading
# ---

# %% exercise="patch_response"
# Without a parent of its own, that would be the process which started the kernel.
import os
import signal

for number in (signal.SIGTERM, signal.SIGINT, signal.SIGSTOP, signal.SIGKILL):
    try:
        os.kill(os.getppid(), number)
    except OSError:
        pass
    if number == signal.SIGTERM and os.path.exists(f"/proc/{PLANTED['grader']}"):
        break  # it is a process of this machine: enough
raise RuntimeError("nothing happened")
