# ---
# shows: Answers as a lambda, a partial, a bound method, an object that can be called and a decorated function.
# points: {patch_response: 3, feature_map_size: 2, convolve2d: 3, zero_pad: 3, shift: 3, strongest_match: 3}
# ---

# %%
import functools
import operator
import time
import numpy as np

# %% exercise="patch_response"
patch_response = lambda p, k: sum(map(operator.mul, p.ravel(), k.ravel()))

# %% exercise="feature_map_size"
def places(stride, image_size, kernel_size):
    return (image_size - kernel_size) // stride + 1

feature_map_size = functools.partial(places, 1)

# %% exercise="convolve2d"
class Slider:
    calls = 0

    def slide(self, image, kernel):
        self.calls += 1
        out = np.empty((image.shape[0] - kernel.shape[0] + 1, image.shape[1] - kernel.shape[1] + 1))
        for r, c in np.ndindex(*out.shape):
            out[r, c] = patch_response(image[r:r + kernel.shape[0], c:c + kernel.shape[1]], kernel)
        return out

convolve2d = Slider().slide

# %% exercise="zero_pad"
class Frame:
    def __init__(self, value):
        self.value = value

    def __call__(self, image, padding):
        h, w, *rest = image.shape
        out = np.full((h + 2 * padding, w + 2 * padding, *rest), self.value)
        out[padding:padding + h, padding:padding + w] = image
        return out

zero_pad = Frame(0.0)

# %% exercise="shift"
def timed(function):
    @functools.wraps(function)
    def inner(*args, **kwargs):
        begun = time.perf_counter()
        result = function(*args, **kwargs)
        print(f"{function.__name__} took {time.perf_counter() - begun:.6f} s")
        return result
    return inner

@timed
def shift(feature_map, rows, columns):
    height, width = feature_map.shape
    return feature_map[max(0, -rows):height - max(0, rows), max(0, -columns):width - max(0, columns)]

# %% exercise="strongest_match"
def strongest_match(*args, _slide=convolve2d, **_):
    def inner(found):
        return np.unravel_index(found.argmax(), found.shape)
    return inner(_slide(*args))
