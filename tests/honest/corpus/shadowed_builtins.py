# ---
# shows: Variables called `list`, `sum`, `type`, `print`, `id`, `input`, `str` and `_`.
# elsewhere: Test code that runs among the student's names finds no `list` and no `print`.
# points: {patch_response: 3, feature_map_size: 2}
# ---

# %%
list = [1, 2, 3]
sum = 0
for type in list:
    sum += type
str, int, float, len, dict, tuple, isinstance, callable = "12345678"
id = input = max = min = None
_ = __ = "mine"
exit = quit = In = Out = np = plt = 3

def print(*values):
    pass

# %% exercise="patch_response"
def patch_response(patch, kernel):
    total = 0
    for row, weights in zip(patch, kernel):
        for pixel, weight in zip(row, weights):
            total = total + pixel * weight
    return total

# %% exercise="feature_map_size"
def feature_map_size(image_size, kernel_size):
    return image_size - kernel_size + 1
