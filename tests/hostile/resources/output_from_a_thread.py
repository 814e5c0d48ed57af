# ---
# tries: "Prints without end from a thread, also after its cell has ended."
# expect: {patch_response: failed|output_limit|timeout 0, feature_map_size: passed 2}
# seconds: 25
# weak: judged_inside
# succeeds: "says (yyyy\\n){1000}"
# ---

# %%
# What comes between two cells belongs to neither.
import threading
import time


def talk():
    end = time.monotonic() + 5
    while time.monotonic() < end:
        print("yyyy\n" * 2000)
        time.sleep(0.002)


threading.Thread(target=talk, daemon=True).start()


# %% exercise="patch_response"
def patch_response(patch, kernel):
    return "nothing"
