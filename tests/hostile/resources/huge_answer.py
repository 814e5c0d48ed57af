# ---
# tries: "Answers with an array of 400 MiB."
# expect: {patch_response: failed|memory 0, feature_map_size: passed 2}
# seconds: 25
# weak: unpickled
# succeeds: "says size 400"
# ---

# %% exercise="patch_response"
# Whoever asked has to hold the answer as well.
import numpy as np


class Large(np.ndarray):
    def __repr__(self):
        return f"size {self.nbytes // 2**20}"

    __str__ = __repr__

    def __reduce__(self):
        return (
            eval,
            (
                "type('L', (), {'__repr__': lambda s: 'size %d' % (len(bytearray(400 * 2**20)) >> 20)})()",
            ),
        )


def patch_response(patch, kernel):
    return np.zeros(400 * 2**20, "u1").view(Large)
