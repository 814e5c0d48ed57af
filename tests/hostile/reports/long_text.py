# ---
# tries: "Fails with a line of 400 000 characters, and answers with one as long."
# expect: {patch_response: error 0, feature_map_size: passed 2}
# seconds: 8
# weak: judged_inside
# succeeds: says W{20000}
# ---

# %% exercise="patch_response"
# A page that holds it for each student cannot be opened any more.
class Loud(Exception):
    def __str__(self):
        return "W" * 400_000


Loud.__name__ = "L" * 400_000


def patch_response(patch, kernel):
    raise Loud
