# ---
# shows: All ten exercises of the lesson in plain Python, without a single NumPy function but array.
# points: {patch_response: 3, convolve2d: 3, feature_map_size: 2, edge_kernels: 3, blur_and_sharpen: 3, true_convolution: 3, zero_pad: 3, convolve2d_strided: 3, strongest_match: 3, shift: 3}
# ---

# %%
from numpy import array

# %% exercise="patch_response"
def patch_response(patch, kernel):
    total = 0
    for i in range(len(patch)):
        for j in range(len(patch[0])):
            total += patch[i][j] * kernel[i][j]
    return total

# %% exercise="convolve2d"
def convolve2d(image, kernel):
    return convolve2d_strided(image, kernel, 1, 0)

# %% exercise="feature_map_size"
def feature_map_size(image_size, kernel_size):
    count = 0
    start = 0
    while start + kernel_size <= image_size:
        start += 1
        count += 1
    return count

# %% exercise="edge_kernels"
vertical_edges = array([[-1.0, 0, 1], [-1, 0, 1], [-1, 0, 1]])
horizontal_edges = array([list(column) for column in zip(*vertical_edges)])

# %% exercise="blur_and_sharpen"
blur = array([[1 / 16, 2 / 16, 1 / 16], [2 / 16, 4 / 16, 2 / 16], [1 / 16, 2 / 16, 1 / 16]])
sharpen = array([[-1, -1, -1], [-1, 9, -1], [-1, -1, -1]])

# %% exercise="true_convolution"
def true_convolution(image, kernel):
    flipped = [list(reversed(row)) for row in reversed(kernel.tolist())]
    return convolve2d(image, array(flipped))

# %% exercise="zero_pad"
def zero_pad(image, padding):
    if padding == 0:
        return image.copy()
    zero = image[0, 0] * 0
    width = image.shape[1] + 2 * padding
    rows = [[zero] * width for _ in range(padding)]
    rows += [[zero] * padding + list(row) + [zero] * padding for row in image]
    rows += [[zero] * width for _ in range(padding)]
    return array(rows)

# %% exercise="convolve2d_strided"
def convolve2d_strided(image, kernel, strides=1, padding=0):
    framed = zero_pad(image, padding)
    k, l = kernel.shape
    result = []
    for row in range(0, framed.shape[0] - k + 1, strides):
        result.append([])
        for column in range(0, framed.shape[1] - l + 1, strides):
            result[-1].append(patch_response(framed[row:row + k, column:column + l], kernel))
    return array(result)

# %% exercise="strongest_match"
def strongest_match(image, kernel):
    found = convolve2d(image, kernel).tolist()
    best = max(max(row) for row in found)
    for row in range(len(found)):
        if best in found[row]:
            return row, found[row].index(best)

# %% exercise="shift"
def shift(feature_map, rows, columns):
    if rows > 0:
        feature_map = feature_map[:-rows]
    elif rows < 0:
        feature_map = feature_map[-rows:]
    if columns > 0:
        feature_map = feature_map[:, :-columns]
    elif columns < 0:
        feature_map = feature_map[:, -columns:]
    return feature_map
