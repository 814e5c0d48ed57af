# ---
# tries: "Writes a score and a whole record to every descriptor there is."
# expect: {patch_response: failed|timeout|crashed 0, feature_map_size: passed 2}
# seconds: 20
# weak: judged_inside
# succeeds: points
# ---

# %%
# One of them may lead to whoever writes the gradebook.
import atexit
import json
import os

record = {"record": {"student": "ana", "score": 3, "verdict": "passed"}}


def tell():
    for number in range(256):
        try:
            os.write(number, f"\n{json.dumps(record)}\nscore: 3\n".encode())
        except OSError:
            pass


tell()
atexit.register(tell)


# %% exercise="patch_response"
def patch_response(patch, kernel):
    return "nothing"
