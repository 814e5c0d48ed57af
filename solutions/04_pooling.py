# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
#       format_version: '1.3'
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Pooling: smaller maps, small shifts forgotten
#
# After a convolution and a ReLU, a feature map says where a feature is, pixel by pixel, and most of
# its pixels say "not here". **Pooling** makes a smaller map of it that still says whether the
# feature is there, and roughly where. In this lesson you build the pooling layers of Keras, and
# find out what they save, what they forget, and what they do not.
#
# **When you are done, you can**
#
# - write max pooling and average pooling, and say what they do at the border of a map;
# - tell the shape that a pooling layer makes, its parameters, and which parameters it saves;
# - explain why max pooling after ReLU condenses a map, and measure it;
# - say which small shifts a network with pooling cannot see, and which it can;
# - shrink an image to maps of a given shape under a budget of parameters.

# %%
import matplotlib.pyplot as plt
import numpy as np
from matplotlib.cbook import get_sample_data
from scipy.signal import correlate2d

from grader import check, hint, quietly
from grader.drawing import finished, show, show_channels, show_curves, step_through

with quietly():  # TensorFlow is talkative when it starts
    import keras

# %% [markdown]
# ## Pools of numbers
#
# A feature map does not have to be as large as the image to say what is in it. Pooling is a
# **down-sampling** operation: it makes height and width smaller, and keeps the channels. Many
# networks pool after every one or two convolutions, so that their maps **gradually** get smaller.
#
# Cut the map into blocks of 2×2 pixels. Think of each block as a **pool** of four numbers, and let
# one number stand for all four:
#
# ![A 4 by 4 feature map in four colored pools of 2 by 2. The upper left pool holds 1, 3, 5 and 7. Max pooling keeps the largest value of each pool, and its output is 7, 9, 8, 6. Average pooling keeps the mean, and its output is 4, 5, 2.5, 3. Both outputs are 2 by 2.](figures/04_max_pooling.png)
#
# - **Max pooling** keeps the **largest** value: how strongly is the feature there, at its best?
# - **Average pooling** keeps the **mean**: how strongly is it there, on the whole?
#
# It works much like a convolution: a window slides over the map and leaves one number at each
# place. Three things are different.
#
# - There are no weights to learn. What makes one number of a window is fixed: take the maximum, or
#   take the mean.
# - The window moves by its own size unless told otherwise: in Keras `MaxPooling2D(pool_size=2)` has
#   `strides=None`, and that means `strides=2` here. So the pools lie side by side, and no pixel is
#   in two of them.
# - Each channel is pooled **on its own**: as many maps come out as went in. A convolution adds over
#   its input channels; pooling never mixes them.
#
# What about a map of 5×7? With Keras's default, `padding="valid"`, only whole windows count. The
# last row and the last column are left over, and nobody ever looks at them.
#
# ### Exercise
#
# Write `max_pool`. From here on our maps are volumes `(height, width, channels)`, as in lesson 2.
# You solve this **by hand**, with loops and NumPy: Keras and SciPy have pooling functions ready,
# but they are what you are about to understand. Docstrings say "By hand" wherever that is so.


# %% exercise="max_pool"
def max_pool(volume, pool_size=2, strides=None):
    """Max pooling as Keras does it with padding="valid". By hand: without Keras and SciPy.

    volume: array (height, width, channels), with values of any sign.
    pool_size: height and width of the window; strides: pixels from one window to the next, both
    ways. strides=None means pool_size.
    Returns an array (rows, columns, channels): the largest value of each whole window, channel by
    channel.
    """
    ### BEGIN SOLUTION
    strides = pool_size if strides is None else strides
    height, width, channels = volume.shape
    rows, columns = (height - pool_size) // strides + 1, (width - pool_size) // strides + 1
    pooled = np.zeros((rows, columns, channels))
    for row, column in np.ndindex(rows, columns):
        top, left = row * strides, column * strides
        window = volume[top : top + pool_size, left : left + pool_size]
        pooled[row, column] = window.max(axis=(0, 1))
    return pooled
    ### END SOLUTION


# %%
check("max_pool")

# %% [markdown]
# **See it.** A map of 5×7, and what max pooling makes of it with two kinds of windows. Find the
# pools of the first, and the row and the column that nobody looks at.

# %%
numbers = np.random.default_rng(4).permutation(35).reshape(5, 7, 1).astype("float32")
side_by_side = max_pool(numbers)
overlapping = max_pool(numbers, 3, strides=2)
if finished(side_by_side, overlapping):
    show(
        *(volume[:, :, 0] for volume in (numbers, side_by_side, overlapping)),
        titles=["map", "pool_size=2", "pool_size=3, strides=2"],
    )

# %% [markdown]
# ## The mean, and what counts at the border
#
# Average pooling *is* a convolution, one with fixed weights: a 2×2 kernel of ¼, ¼, ¼, ¼ that moves
# by 2 pixels, over each channel alone. (SciPy slides with stride 1; the slices keep every second
# row and column.) For max pooling there is no such kernel: the maximum is not a weighted sum.

# %%
quarters = np.full((2, 2), 1 / 4)
by_convolution = correlate2d(numbers[:, :, 0], quarters, mode="valid")[::2, ::2]
show(numbers[:, :, 0], quarters, by_convolution, titles=["map", "kernel", "with strides=2"])

# %% [markdown]
# If no window is to be dropped at the border, pooling layers can be padded, too:
# `padding="same"`. Then there are `size / strides` windows, **rounded up**, in each direction. The
# padding is what they need to be whole, not a pixel more, and half of it lies in front; of an odd
# number, the smaller half. The name is misleading: the map stays the **same** size only with
# strides of 1.
#
# And what does a window see in the padding? If it were zeros, as in a convolution, the mean at the
# border would drop, though nothing there is darker. Keras decided that padding **does not count**:
# the mean is taken over those pixels of the window that are really there.
#
# ![A 3 by 3 map, padded at the right and below with a column and a row of zeros, in four pools. In Keras, the pool that holds 6, 2 and two zeros of the padding has the mean 8 divided by 2, that is 4, and the pool with a 9 and three zeros has 9. If the zeros counted, these would be 2 and 2.25.](figures/04_average_border.png)
#
# (Other libraries decide otherwise. In PyTorch it is an option, `count_include_pad`, and padding
# counts unless you say no. Networks that are moved from one library to the other trip over this.)
#
# How much padding lies where, you found out in lesson 2. Here is the rule again, to be used:


# %%
def same_padding(size, pool_size, strides):
    """(before, after): how many pixels of padding Keras's "same" adds along one direction."""
    windows = -(-size // strides)  # rounded up
    total = max(0, (windows - 1) * strides + pool_size - size)
    return total // 2, total - total // 2


print("3 pixels, pool_size 2, strides 2:", same_padding(3, 2, 2))
print("6 pixels, pool_size 3, strides 1:", same_padding(6, 3, 1))

# %% [markdown]
# ### Exercise
#
# Write `average_pool`. A slice that begins at −1 does not do what you may hope for: cut windows off
# at 0 yourself.


# %% exercise="average_pool"
def average_pool(volume, pool_size=2, strides=None, padding="valid"):
    """Average pooling as Keras does it. By hand: without Keras and SciPy.

    volume: array (height, width, channels). strides=None means pool_size.
    padding: "valid" (whole windows only) or "same" (as many windows as size / strides, rounded up).
    Returns an array (rows, columns, channels): the mean over those pixels of each window that lie
    in the volume, channel by channel.
    """
    ### BEGIN SOLUTION
    strides = pool_size if strides is None else strides
    height, width, channels = volume.shape
    above = left = 0
    rows, columns = (height - pool_size) // strides + 1, (width - pool_size) // strides + 1
    if padding == "same":
        above, left = (same_padding(size, pool_size, strides)[0] for size in (height, width))
        rows, columns = -(-height // strides), -(-width // strides)
    pooled = np.zeros((rows, columns, channels))
    for row, column in np.ndindex(rows, columns):
        y, x = row * strides - above, column * strides - left
        window = volume[max(0, y) : y + pool_size, max(0, x) : x + pool_size]
        pooled[row, column] = window.mean(axis=(0, 1))
    return pooled
    ### END SOLUTION


# %%
check("average_pool")

# %% [markdown]
# **See it.** Your layer beside Keras's. (`AveragePooling2D` wants to be told its `pool_size`, and
# Keras's layers take a batch: `numbers[None]` is a batch of one.)

# %%
ours = average_pool(numbers, 2, padding="same")
theirs = keras.layers.AveragePooling2D(2, padding="same")(numbers[None])[0]
if finished(ours):
    maps = [numbers[:, :, 0], ours[:, :, 0], np.asarray(theirs)[:, :, 0]]
    show(*maps, titles=["map", "average_pool", "AveragePooling2D"])

# %% [markdown]
# ## Nothing to learn, and what it saves
#
# How many **parameters** does a pooling layer have? Count what training could change in it. And
# which shape does it make? Rows and columns follow the rules that you just used:
#
# | `padding` | rows |
# |---|---|
# | `"valid"` | how many whole windows fit, the first one at pixel 0 |
# | `"same"` | height / strides, rounded up |
#
# ### Exercise
#
# Write `pooled_shape`. It is the same for max pooling and for average pooling.


# %% exercise="pooled_shape"
def pooled_shape(input_shape, pool_size, strides=None, padding="valid"):
    """The shape that a pooling layer makes, and how many parameters it has.

    input_shape: (height, width, channels); pool_size ≤ height, width. strides=None means pool_size.
    padding: "valid" or "same". By hand: without Keras and SciPy.
    Returns (rows, columns, channels), parameters: a tuple of three whole numbers, and one number.
    """
    ### BEGIN SOLUTION
    strides = pool_size if strides is None else strides
    height, width, channels = input_shape
    if padding == "same":
        return (-(-height // strides), -(-width // strides), channels), 0
    rows, columns = (height - pool_size) // strides + 1, (width - pool_size) // strides + 1
    return (rows, columns, channels), 0
    ### END SOLUTION


# %%
check("pooled_shape")

# %% [markdown]
# So pooling changes the size of the maps and learns nothing. What it saves, it saves in the layers
# **behind** it.
#
# - **Computation.** A convolution computes one response for each pixel of its map. On a map of half
#   the height and half the width, a quarter of the responses is left. Take 16 filters over 16
#   channels, 3×3: on 8×8 pixels they take 8 · 8 · 16 · (3 · 3 · 16) = 147,456 multiplications, on
#   4×4 pixels 36,864.
# - **Parameters?** The convolution itself has the same weights, however large its map is. But look
#   at the layers at the end of a network that decide. They may take every pixel of the last maps as
#   an input (`Flatten`, your next lesson), or only the average of each map
#   (`GlobalAveragePooling2D`, section 7). Here is a network for digits of 8×8 pixels, without
#   pooling (pools of 1×1 change nothing) and with it, with each of the two ends:


# %%
def network(pool_size, head):
    """Two convolutions with a pooling after each, then a head that decides among ten digits."""
    layers = [keras.Input((8, 8, 1))]
    for _ in range(2):
        layers.append(keras.layers.Conv2D(16, 3, padding="same", activation="relu"))
        layers.append(keras.layers.MaxPooling2D(pool_size))
    layers += [head(), keras.layers.Dense(128, activation="relu"), keras.layers.Dense(10)]
    return keras.Sequential(layers)


for head in (keras.layers.Flatten, keras.layers.GlobalAveragePooling2D):
    unpooled, pooled = (network(pool_size, head).count_params() for pool_size in (1, 2))
    print(f"{head.__name__:>22}: {unpooled:7,} parameters without pooling, {pooled:6,} with it")

# %% [markdown]
# You often read that pooling reduces the parameters of a network. It does where a `Flatten` head
# follows: each pixel that is pooled away takes its weights along. Where a global average follows,
# the number of pixels does not matter to it, and pooling saves **no** parameter at all, only
# computation.
#
# Fewer parameters and a coarser picture of the image also leave less room for learning the training
# images by heart; that is why pooling is listed among the remedies for overfitting (lesson 6).
#
# ## Dead space
#
# Back to the photograph of lesson 1, and a kernel that answers vertical edges. A bias of −0.2
# demands that the edge be a clear one. Then comes ReLU, which makes zeros of all that is negative.

# %%
with get_sample_data("grace_hopper.jpg") as file:
    gray = (plt.imread(file).astype("float32") / 255).mean(axis=2)  # (600, 512)
photo = gray.reshape(150, 4, 128, 4).mean(axis=(1, 3))  # (150, 128)

vertical_edges = np.array([[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]])
feature_map = correlate2d(photo, vertical_edges, mode="valid")[:, :, None] - 0.2  # (148, 126, 1)
after_relu = np.maximum(feature_map, 0)
show(photo, feature_map[:, :, 0], after_relu[:, :, 0], titles=["photo", "convolution", "ReLU"])

# %% [markdown]
# In the map of the convolution, orange is negative and blue is positive. After ReLU nothing is
# negative, and the map is drawn in gray, from black (0) to white. Most of it is black: **dead
# space**, large areas of zeros. To carry all of these zeros through the network would make every
# layer behind it larger, and would not add much that is useful. We would rather **condense** the
# map to its most useful part, the feature itself.
#
# Max pooling does that. A pool of four pixels becomes zero only if all four are zero; one
# **active** pixel (above 0) is enough to make the pool active. So the share of active pixels
# usually grows. Where every pixel is in a whole pool, it cannot fall: pools that are all active or
# all dead leave it as it was, and every mixed pool raises it. (Only where rows or columns are left
# over can active pixels be lost with them.)
#
# ![A light ring on a dark ground, 16 by 16, and its feature map, 14 by 14: positive where dark turns to light from left to right, negative where light turns to dark. After ReLU, 52 of 196 pixels are active, 27 percent. After max pooling, 20 of 49 pixels are active, 41 percent.](figures/04_condense.png)
#
# ### Exercise
#
# Write `dead_space`, which measures this for any feature map as it comes out of a convolution, that
# is, **before** ReLU. Use your `max_pool`. The two numbers it returns are the shares that are
# **active**, that is, not dead: before pooling, and after it. What is missing to 1 is the dead
# space.


# %% exercise="dead_space"
def dead_space(volume):
    """The ACTIVE share of a feature map before and after max pooling; the rest is dead space.

    volume: array (height, width, channels) as a convolution leaves it, with negative values.
    A value is active if it is above 0. All channels are counted together. By hand: without Keras
    and SciPy.
    Returns (before, after), two numbers between 0 and 1: the share of active values after ReLU,
    and the share of active values after ReLU and a 2×2 max pooling.
    """
    ### BEGIN SOLUTION
    after_relu = np.maximum(volume, 0)
    return np.mean(after_relu > 0), np.mean(max_pool(after_relu) > 0)
    ### END SOLUTION


# %%
check("dead_space")

# %% [markdown]
# **See it.** Move the slider: the photograph's map is pooled again and again. The pictures are
# drawn in the same size; read their sizes below them.

# %%
shares, condensed = dead_space(feature_map), after_relu
if finished(shares, max_pool(after_relu)):
    frames = {f"after ReLU: {shares[0]:.0%} active": condensed[:, :, 0]}
    for times in (1, 2, 3):
        shares = dead_space(condensed)
        condensed = max_pool(condensed)
        frames[f"pooled {times}×: {shares[1]:.0%} active"] = condensed[:, :, 0]
    step_through(frames)

# %% [markdown]
# An eighth of the height and of the width is left, a 64th of the pixels, and you still find the
# collar, the shoulder on the right and the ribbons.
#
# But is that the doing of the *maximum*? A mean of four values that are not negative is above 0 as
# soon as one of them is: average pooling after ReLU leaves exactly the same pixels active. What
# differs is how **strong** they are. See both, pooled three times and drawn on one scale.

# %%
strongest, mean = after_relu, after_relu
if finished(max_pool(after_relu), average_pool(after_relu)):
    for _ in range(3):
        strongest, mean = max_pool(strongest), average_pool(mean)
    titles = [f"maximum: up to {strongest.max():.2f}", f"mean: up to {mean.max():.2f}"]
    print(f"Before pooling, values go up to {after_relu.max():.2f}.")
    show_channels(np.concatenate([strongest, mean], axis=2), titles=titles)

# %% [markdown]
# The largest value of the map was 3.24. After three max poolings it is still 3.24; after three
# average poolings, no value is above 0.77, because each mean was thinned by the zeros around it.
# This is what is meant by max pooling *intensifies* a feature: it makes no value larger, but the
# strong ones fill a larger part of the map, at full strength.
#
# A question to answer before you try it: does it matter whether you pool before ReLU or after it?
# For `max_pool`, and for `average_pool`? (The answer is at the end of the next section.)
#
# ## Where was it?
#
# We called the zeros dead space. Do they carry no information at all? They do: they say **where**
# the feature is. A dot is in the upper left because there are many zeros to its right and below it.
# When pooling throws zeros away, it throws away some of this **positional information**.
#
# ![Four maps with a single dot each, drawn as rows of eight pixels with a thick frame around each pair of pixels that is pooled next, and pooled twice. On the left, dots at pixels 0 and 1 are in the same pool: after one pooling both maps are the same. On the right, dots at pixels 1 and 2 are on two sides of a border between pools: after one pooling the maps still differ, and only the second one makes them the same.](figures/04_two_dots.png)
#
# The dots at pixels 0 and 1 become **indistinguishable**. No layer behind the pooling can tell any
# more which of the two maps it came from, however clever it is: the network has become
# **invariant** to this shift. *Translation* is the word of mathematics for moving something without
# turning it or changing its shape or size, hence the name **translation invariance**.
#
# But look at the dots at 1 and 2. They are no farther apart, and yet the first pooling does not
# merge them.
#
# ### Exercise
#
# Find two pairs of maps with one dot each. `dot` below makes the maps; a pair is written with a
# comma, `dot(…, …), dot(…, …)`.
#
# - `merging`: two **different** maps that are **equal after one** 2×2 max pooling;
# - `staying`: two maps whose dots are neighbors, on pixels that share a side, and which are **still
#   different after two** poolings.


# %%
def dot(row, column):
    """A map (8, 8, 1) of zeros with a single 1; rows and columns count from 0 to 7."""
    volume = np.zeros((8, 8, 1), dtype="float32")
    volume[row, column] = 1
    return volume


# %% exercise="near_and_far"
### BEGIN SOLUTION
merging = dot(2, 4), dot(3, 5)
staying = dot(2, 3), dot(2, 4)
### STARTER
# merging = ...
# staying = ...
### END SOLUTION

# %%
check("near_and_far")

# %% [markdown]
# **See it.** Four maps with a dot in columns 0, 1, 2 and 7. Move the slider and watch which of them
# become the same, and when.

# %%
maps = [dot(2, column) for column in (0, 1, 2, 7)]
if finished(max_pool(maps[0])):
    frames = {"four maps": [volume[:, :, 0] for volume in maps]}
    for caption in ("pooled once", "pooled twice"):
        maps = [max_pool(volume) for volume in maps]
        frames[caption] = [volume[:, :, 0] for volume in maps]
    step_through(frames)

# %% [markdown]
# So it is not true that pooling forgets every shift by one pixel; it forgets those that stay inside
# a pool. Nor does it forget everything: the dot in column 7 is still in another place than the
# rest. Pooling makes a network invariant **over small distances** only. Features that begin far
# apart stay apart longer, as a rule; some of the positional information is lost, not all of it.
#
# ![Dots A, B and C in a 16 by 16 map, A and B touching at a corner in the upper left, C far away at the lower right. Pooled once, 8 by 8, all three are apart. Pooled twice, 4 by 4, A and B have merged. Pooled three times, 2 by 2, A and B share the upper left pixel, and C has the lower right one for itself.](figures/04_near_far.png)
#
# ### Exercise
#
# Write `poolings_until_equal`: how much pooling does it take until two maps cannot be told apart?


# %% exercise="poolings_until_equal"
def poolings_until_equal(first, second):
    """How many 2×2 max poolings make two feature maps equal.

    first, second: arrays (size, size, channels) of the same shape; size is a power of 2.
    Both are pooled with the same number of poolings, one after the other.
    Returns the smallest number after which all values are equal, a whole number: 0 if they are from
    the start. Returns None if they still differ when only 1×1 pixel is left.
    """
    ### BEGIN SOLUTION
    poolings = 0
    while not np.array_equal(first, second):
        if len(first) == 1:
            return None
        first, second = max_pool(first), max_pool(second)
        poolings += 1
    return poolings
    ### END SOLUTION


# %%
check("poolings_until_equal")

# %% [markdown]
# **See it.** A dot in column 3, compared with a dot in every other column of the same row. Columns
# 3 and 4 are neighbors, and yet it takes as much pooling to merge them as any two dots of the map:
# the border between the two halves lies between them. Distance decides only as a rule. And after
# the last pooling, down to a single pixel, every two dots have become the same.

# %%
needed = [poolings_until_equal(dot(2, 3), dot(2, column)) for column in range(8)]
if finished(*needed):
    for column, poolings in enumerate(needed):
        print(f"columns 3 and {column}: poolings until they are equal: {poolings}")

# %% [markdown]
# (Before ReLU or after it? For the maximum it does not matter: whether the largest value is
# positive can be asked before or after it is chosen. For the mean it does: a negative value pulls
# the mean down, and ReLU makes a zero of it first.)
#
# ## A small move, a small change?
#
# Real features are not single dots. So let us measure: by how much does the output change when the
# input moves by a few pixels? As a measure take the length of the change compared with the length
# of the output,
#
# $$\frac{\lVert \text{output of the moved} - \text{output} \rVert}{\lVert \text{output} \rVert},
# \qquad \lVert a \rVert = \sqrt{\textstyle\sum a_{ijc}^2}$$
#
# which is 0 if nothing changes. $\lVert a \rVert$ is called the **L2 norm**, in NumPy
# `np.linalg.norm(a)`. For comparison there is another way to halve a map: keep every second row and
# column and drop the rest, as a convolution with `strides=2` does.
#
# ### Exercise
#
# Write `shift_sensitivity`. Everything in the volume moves `columns` pixels to the right, and the
# volume keeps its size: what would leave it on the right is gone, and zeros come in on the left.
# (`np.roll` would bring in on the left what has left on the right; no camera does that.)


# %% exercise="shift_sensitivity"
def shift_sensitivity(volume, columns):
    """How much a max-pooled and a strided output change when their input moves to the right.

    volume: array (height, width, channels), both sizes even; columns: pixels, 0 < columns < width.
    Returns (pooled, strided), two numbers: the L2 norm of the change divided by the L2 norm of the
    output before the move, for 2×2 max pooling, and for keeping rows and columns 0, 2, 4, …
    """
    ### BEGIN SOLUTION
    moved = np.zeros_like(volume)
    moved[:, columns:] = volume[:, :-columns]

    def change(before, after):
        return np.linalg.norm(after - before) / np.linalg.norm(before)

    pooled = change(max_pool(volume), max_pool(moved))
    return pooled, change(volume[::2, ::2], moved[::2, ::2])
    ### END SOLUTION


# %%
check("shift_sensitivity")

# %% [markdown]
# **See it.** The map of the photograph, moved by 1 to 8 pixels. (At about 1.4, or √2, two outputs
# of this kind have nothing in common any more.)

# %%
moves = range(1, 9)
changes = [shift_sensitivity(after_relu, columns) for columns in moves]
if finished(*changes):
    pooled, strided = zip(*changes, strict=True)
    curves = {"max pooling 2×2": pooled, "every second pixel": strided}
    show_curves(curves, x=moves, xlabel="moved by … pixels", ylabel="relative change")

# %% [markdown]
# Read the curves honestly. Pooled outputs change **less** than strided ones, most clearly for moves
# by one or two pixels; but they do change. Translation invariance by a single pooling is a
# tendency, not a law: an edge that lies at the border of a pool leaves it with the next step. With
# every further pooling the pools grow, and with them the shifts that are forgotten: after three
# poolings, a move by one pixel changes this map by 0.31 instead of 0.72. Moves that are larger than
# the pools change everything, and they should: only *small* shifts are to be forgotten.
#
# Why should one want that? Perspective and framing put the same thing a little further left in one
# picture, and a little further right in the next; a classifier should call it the same. If this is
# **built into** the network, it does not have to be learned from examples, and fewer training
# images are enough. A network of dense layers has to see a thing in every place before it knows it
# there. You will test that in lesson 5, with images that are moved after training. (It has its
# price where the place is the question: "which of the two is on the left?" gets harder with every
# pooling.)
#
# ## All positions at once
#
# How far can one go? To the end: one pool as large as the whole map. **Global average pooling**
# turns each map into a single number, its mean, and a volume of 16 maps into a vector of 16
# numbers: how much of each feature is there in all? Nothing is left of where it was.
#
# ### Exercise
#
# Write `global_average_pool`.


# %% exercise="global_average_pool"
def global_average_pool(volume):
    """The mean of each channel over all its pixels, as keras.layers.GlobalAveragePooling2D.

    volume: array (height, width, channels), square or not. By hand: without Keras and SciPy.
    Returns an array (channels,).
    """
    ### BEGIN SOLUTION
    return volume.mean(axis=(0, 1))
    ### END SOLUTION


# %%
check("global_average_pool")

# %% [markdown]
# **See it.** A cross in two places, far apart. Each image goes through two kernels and ReLU, then
# through your global pooling. The numbers are those of the two channels.


# %%
def edges_of(image):
    """The ReLU of two edge maps, as one volume (height − 2, width − 2, 2)."""
    kernels = (vertical_edges, vertical_edges.T)
    maps = [np.maximum(correlate2d(image, kernel, mode="valid"), 0) for kernel in kernels]
    return np.stack(maps, axis=-1)


crosses = np.zeros((2, 20, 28))
crosses[0, 3:8, 5] = crosses[0, 5, 3:8] = 1
crosses[1, 11:16, 21] = crosses[1, 13, 19:24] = 1
means = [global_average_pool(edges_of(image)) for image in crosses]
if finished(*means):
    show(*crosses, titles=[f"{vector.round(4)}" for vector in means])

# %% [markdown]
# The two vectors are the same. A convolution moves along with its input (lesson 1), and the global
# mean does not care where anything is: together they are invariant to every shift, exactly, as long
# as the object keeps clear of the border.
#
# ## Pooling that does not shrink
#
# With `strides=1` and `padding="same"`, there is one window for every pixel, and the map keeps its
# size.
# It looks pointless at first: nothing is saved. Networks that **detect objects** use it all the
# same: in YOLOv3-tiny, the last of six max poolings has a size of 2 and a stride of 1 (on maps of
# 13×13 pixels, for images of 416×416). The network has to tell *where* things are, so the grid must
# not shrink any more; still, each cell hears of the strongest response in its neighborhood, and it
# matters less in which cell of a window it was.
#
# Active pixels spread: each of them now wins in several windows. And at the border the same
# question as in section 2 comes up. A window that sticks out must not take a zero of the padding
# for its maximum; on a map of negative values, that zero would win. In Keras padding never wins.
# (One may think of it as padding with −∞.)
#
# ### Exercise
#
# Write `pool_stride_one`. Where the padding cannot be shared evenly, the odd row and column of it
# are at the bottom and on the right, as ever: `same_padding` knows.


# %% exercise="pool_stride_one"
def pool_stride_one(volume, pool_size=2):
    """Max pooling with strides=1 and padding="same" as in Keras, and how active pixels spread.

    By hand: without Keras and SciPy.
    volume: array (height, width, channels) with values of any sign, at least one above 0.
    Returns (pooled, ratio): an array of the volume's shape, the largest value among those pixels of
    each window that lie in the volume; and the number of values above 0 in it, divided by the
    number of values above 0 in the volume.
    """
    ### BEGIN SOLUTION
    height, width, _ = volume.shape
    before = same_padding(height, pool_size, 1)[0]  # the same for every size, with strides of 1
    pooled = np.zeros(volume.shape)
    for row, column in np.ndindex(height, width):
        y, x = row - before, column - before
        window = volume[max(0, y) : y + pool_size, max(0, x) : x + pool_size]
        pooled[row, column] = window.max(axis=(0, 1))
    return pooled, np.sum(pooled > 0) / np.sum(volume > 0)
    ### END SOLUTION


# %%
check("pool_stride_one")

# %% [markdown]
# **See it.** The edges of the photograph get thicker, and stay where they are.

# %%
thicker = pool_stride_one(after_relu, 3)
if finished(thicker):
    show(
        *(volume[:, :, 0] for volume in (after_relu, thicker[0])),
        titles=["after ReLU", f"pooled, strides=1: {thicker[1]:.1f} × as many active"],
    )

# %% [markdown]
# ## Down to a given shape
#
# You have all the parts of the body of a CNN: convolution, ReLU, pooling, and again. While height
# and width go down, the number of channels usually goes up: fewer places, more features.
#
# ### Exercise
#
# Build a Keras model called `model` that turns color images of 32×32×3 into 16 maps of 4×4.
#
# - At least two `Conv2D` layers, with strides of 1, each followed by plain ReLU. (An activation may
#   be an argument, `activation="relu"`, or a layer of its own.)
# - The down-sampling is done by pooling layers: all of them together make the maps smaller by a
#   factor of 4 at least. (Convolutions without padding may take off the rest.) Nothing is
#   flattened: the output is maps.
# - At most **4,000** parameters in all.
#
# Begin with `keras.Input((32, 32, 3))`. Work the shapes out on paper before you run it.

# %% exercise="downsample"
### BEGIN SOLUTION
model = keras.Sequential(
    [
        keras.Input((32, 32, 3)),
        keras.layers.Conv2D(8, 3, padding="same", activation="relu"),  # 32×32×8
        keras.layers.MaxPooling2D(),  # 16×16×8
        keras.layers.Conv2D(16, 3, padding="same", activation="relu"),  # 16×16×16
        keras.layers.MaxPooling2D(),  # 8×8×16
        keras.layers.Conv2D(16, 3, padding="same", activation="relu"),  # 8×8×16
        keras.layers.MaxPooling2D(),  # 4×4×16
    ]
)
### STARTER
# model = ...
### END SOLUTION

# %%
check("downsample")

# %% [markdown]
# **See it.** The shapes, layer by layer. Which layers have parameters, and which change what?

# %%
if finished(model):
    model.summary(line_length=76)

# %% [markdown]
# ## Summary
#
# - **Pooling** is down-sampling: a window slides over each channel on its own, and leaves the
#   **maximum** or the **mean**. It moves by its own size unless told otherwise.
# - Without padding, only whole windows count. With `"same"`, there are `size / strides` windows,
#   rounded up; padding is left out of the mean, and never is the maximum.
# - A pooling layer has **no parameters**. Behind it there is less to compute; fewer parameters
#   there are only with a `Flatten` head.
# - After ReLU a map has much **dead space**. Max pooling **condenses** it: the share of active
#   pixels usually grows, and the strongest values stay as strong as they were.
# - The zeros carry **positional information**. Pooling drops some of it, and so makes a network
#   **invariant** to shifts that stay inside a pool; what begins far apart stays apart longer, as a
#   rule.
# - **Global average pooling** keeps one number a channel and no position at all; pooling with
#   `strides=1` keeps every position and thickens what is active.
#
# **Next:** 16 maps of 4×4 are not an answer yet. Lesson 5 lays them out in a row and lets dense
# layers decide.
#
# ## Further reading
#
# - Ian Goodfellow, Yoshua Bengio and Aaron Courville, *Deep Learning*,
#   [chapter 9](https://www.deeplearningbook.org/contents/convnets.html): pooling and invariance.
# - Min Lin, Qiang Chen and Shuicheng Yan, *Network In Network*,
#   [arXiv:1312.4400](https://arxiv.org/abs/1312.4400): global average pooling for a head.
# - Jost Tobias Springenberg and others, *Striving for Simplicity: The All Convolutional Net*,
#   [arXiv:1412.6806](https://arxiv.org/abs/1412.6806): what if strides do the pooling?
# - Richard Zhang, *Making Convolutional Networks Shift-Invariant Again*,
#   [arXiv:1904.11486](https://arxiv.org/abs/1904.11486): how far pooling is from invariance, and a
#   remedy.
# - Keras, [pooling layers](https://keras.io/api/layers/pooling_layers/): all of them.
