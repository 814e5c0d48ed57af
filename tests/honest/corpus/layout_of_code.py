# ---
# shows: Cells indented as a whole, tabs, semicolons, nested definitions, and code under `if`.
# elsewhere: Graders that parse a cell as plain Python find no answer in it.
# points: {patch_response: 3, feature_map_size: 2, edge_kernels: 3, blur_and_sharpen: 3, zero_pad: 3}
# ---

# %% exercise="patch_response"
    import numpy as np

    def patch_response(patch, kernel):
        return np.sum(patch * kernel)

# %% exercise="feature_map_size"
if __name__ == "__main__":
	def feature_map_size(image_size, kernel_size): return image_size-kernel_size+1;

# %% exercise="edge_kernels"
(vertical_edges, horizontal_edges) = [*(k := np.array([[-1, 0, 1]] * 3), k.T)][:0] or (k, k.T)

# %% exercise="blur_and_sharpen"
try:
    blur = np.ones((3, 3)) / 9
finally:
    with np.errstate(all="ignore"):
        for sharpen in [2 * np.diag([0, 1, 0]) - blur]:
            pass

# %% exercise="zero_pad"



# my first attempt, does not work:
# def zero_pad(image, padding):
#     return np.pad(image, padding)

def \
zero_pad(image, padding, ):
    "adds zeros"; n = padding; out = np.zeros(
        tuple(s + 2 * n if i < 2 else s for i, s in enumerate(image.shape))
    ); out[n:len(out) - n, n:out.shape[1] - n] = image
    return out
