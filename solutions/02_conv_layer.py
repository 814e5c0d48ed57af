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
# # Convolutional layers
#
# In lesson 1 you slid one kernel over one channel. A **convolutional layer** does that with many
# kernels over many channels at once: it takes a volume of numbers and makes a new volume. In this
# lesson you build such a layer with NumPy, find that it does what Keras's `Conv2D` does, and then
# learn what its settings do.
#
# **When you are done, you can**
#
# - say what one filter does with a color image, and what ten of them make of it;
# - build a convolutional layer by hand, and the same layer in Keras;
# - count the parameters and the multiplications of a layer on paper;
# - tell the size of every map beforehand, with padding, kernel size and strides, and know when
#   Keras does not do what you may have read;
# - say what each of these settings costs and what it is good for: what happens at the border, how
#   deep a network can be, and how much of the image one value sees.

# %%
import matplotlib.pyplot as plt
import numpy as np

from grader import check, hint, quietly
from grader.drawing import finished, show, show_channels, show_curves, show_network

with quietly():  # TensorFlow is talkative when it starts
    import keras

# %% [markdown]
# From lesson 1 you take your sliding window along. Here it is once more, written without loops so
# that it is fast: it does what your `convolve2d` did (no padding, stride 1).


# %%
def convolve2d(image, kernel):
    """The feature map (H − k + 1, W − l + 1) of an image (H, W) under a kernel (k, l)."""
    windows = np.lib.stride_tricks.sliding_window_view(image, kernel.shape)  # (rows, columns, k, l)
    return (windows * kernel).sum(axis=(2, 3))


# %% [markdown]
# ## A volume: several input channels
#
# This time the photograph stays in color. It is an array of shape `(height, width, channels)`: a
# **volume**. Its **depth** is the number of channels, here 3.

# %%
from matplotlib.cbook import get_sample_data

with get_sample_data("grace_hopper.jpg") as file:
    photograph = plt.imread(file)[:592].astype("float32") / 255  # (592, 512, 3)

color = photograph.reshape(148, 4, 128, 4, 3).mean(axis=(1, 3))  # blocks of 4×4 averaged
print("color:", color.shape, color.dtype)
show(color, titles=["color"])

# %% [markdown]
# Look at the three channels by themselves. The red stripes of the flag are bright in the red
# channel and dark in the other two; her uniform is dark in all three.

# %%
show_channels(color, titles=["red", "green", "blue"])

# %% [markdown]
# What does a kernel do with three channels? It gets three **slices**, a small kernel for each input
# channel. Each slice slides over its own channel as in lesson 1. The results are added up, place by
# place, and a single number, the **bias**, is added at the end:
#
# ![A 4 by 4 input with three channels. One filter has a 3 by 3 slice for each channel; every slice makes a 2 by 2 grid of responses to its channel. At the top left these are −1, 3 and −1. Together with the bias, 2, their sum is 3, the top-left value of the one 2 by 2 feature map.](figures/02_volume.png)
#
# The slices together are one **filter**. Its depth is always the depth of the input, so that nobody
# has to state it: over a color image, a "5×5 filter" is 5×5×3. It moves down and to the right only.
# Along the channels there is nowhere to move, and that is why one filter makes *one* map, however
# many channels come in.
#
# (The words vary. Some say *kernel* for one slice and *filter* for all of them. Keras calls the
# size of the window `kernel_size`, and the array with all weights of a layer its `kernel`.)
#
# ### Exercise
#
# Write `convolve_volume`, still without a bias. `image[:, :, 0]` is the first channel of an image.


# %% exercise="convolve_volume"
def convolve_volume(image, kernel):
    """The feature map of a volume under one filter: windows inside the image, stride 1.

    image has shape (height, width, channels), kernel (k, l, channels): one slice for each channel.
    Returns an array (height − k + 1, width − l + 1), without a channel axis.
    """
    ### BEGIN SOLUTION
    channels = range(image.shape[2])
    return sum(convolve2d(image[:, :, i], kernel[:, :, i]) for i in channels)
    ### END SOLUTION


# %%
check("convolve_volume")

# %% [markdown]
# **Stuck?** Every exercise has hints; each run of this cell shows one more. For other exercises,
# write the same line with their name.

# %%
hint("convolve_volume")

# %% [markdown]
# **See it.** A filter over all channels can ask for a *color*. This one adds up red and takes off
# half of green and half of blue, averaged over 3×3 pixels: is it redder here than it is green and
# blue? On gray things, white ones too, the three cancel.

# %%
average = np.ones((3, 3)) / 9
reddish = np.stack([average, -average / 2, -average / 2], axis=2)  # (3, 3, 3)
red_things = convolve_volume(color, reddish)
show(color, red_things, titles=["color", "redder than green and blue?"])

# %% [markdown]
# The colors of such a map say the sign of an answer and nothing else, whatever the question was:
# the bluer, the more positive, and the more orange, the more negative. So the red stripes of the
# flag, her face and the red ribbons say yes. The white stripes, the cap and the uniform stay pale,
# and the blue backdrop says no. In the gray photograph of lesson 1 no kernel could have told her
# face from the white of her cap by its color.
#
# ## Many filters: many output channels
#
# One filter asks one question. A layer asks many: it has a **bank** of filters, all of the same
# size, each with its own weights and its own bias. Every filter makes one map, and the maps are
# stacked along the last axis. So the **number of filters is the number of output channels**, and
# what comes out is again a volume, ready to be the input of the next layer.
#
# ![An input of 4 by 4 with two channels goes to three filters, each with two 3 by 3 slices and a bias. Each filter makes one 2 by 2 feature map of its own color: three in all.](figures/02_filter_bank.png)
#
# Two input channels and three filters: that makes 2 · 3 = 6 slices, 3 biases, and 3 maps. For each
# filter, the responses of its slices are added up; the maps of different filters are not.
#
# All weights of the layer stand in one array. Its axes are those of Keras: `(k, l, channels,
# filters)`, so that `kernels[:, :, :, 0]` is the first filter.
#
# ### Exercise
#
# Write `conv_layer`. Your `convolve_volume` makes one map; `np.stack` lays maps on each other.


# %% exercise="conv_layer"
def conv_layer(image, kernels, biases):
    """The volume of feature maps that a convolutional layer makes: windows inside, stride 1.

    image (height, width, channels), kernels (k, l, channels, filters), biases (filters,).
    Returns an array (height − k + 1, width − l + 1, filters): map f is the response of filter f
    over all channels, plus biases[f].
    """
    ### BEGIN SOLUTION
    maps = [
        convolve_volume(image, kernels[:, :, :, f]) + biases[f] for f in range(kernels.shape[3])
    ]
    return np.stack(maps, axis=2)
    ### END SOLUTION


# %%
check("conv_layer")

# %% [markdown]
# **See it.** A bank for you to play with: each line is a filter, made of one 3×3 pattern and a
# factor for each of the channels. The last one is yours. Change its pattern and its colors, add
# filters of your own (your kernels of lesson 1!), and run the next cell again.

# %%
edge = np.array([[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]]) / 4
dot = np.array([[-1, -1, -1], [-1, 8, -1], [-1, -1, -1]]) / 8
bank = {
    "vertical edges": edge[:, :, None] * [1 / 3, 1 / 3, 1 / 3],  # (3, 3, 3)
    "horizontal edges": edge.T[:, :, None] * [1 / 3, 1 / 3, 1 / 3],
    "fine texture": dot[:, :, None] * [1, 1, 1],
    "red": average[:, :, None] * [1, -0.5, -0.5],
    "red becomes blue": edge[:, :, None] * [-1, 0, 1],
    "my own": average[:, :, None] * [0, 0, 1],
}

# %%
kernels = np.stack(list(bank.values()), axis=3)  # (3, 3, 3, filters)
volume = conv_layer(color, kernels, np.zeros(len(bank)))
show_channels(volume, titles=list(bank), columns=3)

# %% [markdown]
# Six questions, six answers, one volume: `(146, 126, 6)`. Each slice of its depth is a feature map.
#
# **And Keras?** `keras.layers.Conv2D(filters, kernel_size)` is this layer. It takes a whole *batch*
# of images, hence the axis in front, `color[None]`. Give it your weights, and compare:

# %%
layer = keras.layers.Conv2D(filters=len(bank), kernel_size=3)
of_keras = np.asarray(layer(color[None]))[0]  # called once, it knows the depth of its input
print("its weights:", [tuple(weight.shape) for weight in layer.weights], "maps:", of_keras.shape)

if finished(volume):
    layer.set_weights([kernels, np.zeros(len(bank))])
    of_keras = np.asarray(layer(color[None]))[0]
    print("largest difference to yours:", np.abs(of_keras - volume).max())

# %% [markdown]
# A difference below 0.00001 is rounding: Keras computes with 32 bits. You have built `Conv2D`.
#
# ## What filters detect
#
# A single filter finds simple **patterns**: edges, spots, colors, the grain of a texture. Shapes
# and objects are too large for a small window, and too varied for one weighted sum. They come with
# depth: the filters of the second layer slide over the maps of the first, so they see *where there
# are edges* and not how bright it is. Their patterns are patterns of patterns.
#
# Two layers by hand show how. The first one finds edges, left sides and upper sides, of the gray
# shapes below. (Negative responses are set to 0 before the next layer: why that matters is the
# subject of lesson 3.)

# %%
shapes = np.zeros((14, 30))
shapes[3:11, 2:10] = 1  # a square
shapes[3:11, 13:15] = 1  # a bar
shapes[6:8, 18:28] = shapes[3:11, 22:24] = 1  # a plus

first = np.stack([edge, edge.T], axis=2)[:, :, None, :]  # (3, 3, 1, 2)
maps = conv_layer(shapes[:, :, None], first, np.zeros(2))
if finished(maps):
    maps = np.maximum(maps, 0)
    framed = np.pad(maps, [(1, 1), (1, 1), (0, 0)])  # zeros around, as large as the picture again
    show(shapes, framed[:, :, 0], framed[:, :, 1], titles=["shapes", "left sides", "upper sides"])

# %% [markdown]
# The second layer has one filter with two slices. It asks: does a left side go *down* from here,
# and an upper side *to the right*, and is there no left side above and no upper side to the left?
# Its bias is negative, so that one half of the pattern alone is not enough.

# %%
second = np.zeros((3, 3, 2, 1))
second[:, :, 0, 0] = [[0, -2, 0], [0, 2, 0], [0, 2, 0]]  # left sides
second[:, :, 1, 0] = [[0, 0, 0], [-2, 2, 2], [0, 0, 0]]  # upper sides
if finished(maps):
    corners = np.maximum(conv_layer(maps, second, [-5]), 0)
    show(shapes, np.pad(corners[:, :, 0], 2), titles=["shapes", "upper left corners"])

# %% [markdown]
# Edges became corners: one of the square, one of the bar, two of the plus, and nothing else. A
# third layer could make a window frame of four corners. In the same way, curves, textures, shapes
# and at last whole objects can be put together from edges, spots and colors, layer by layer. What
# trained networks really make of that is the subject of section 15, when you can also tell how much
# of the image a filter deep down sees.
#
# ## Parameters: what has to be learned
#
# In a network nobody writes the weights. Weights and biases are the layer's **parameters**: they
# start as random numbers, and training changes them. How many are there?
#
# Ten filters of 5×5 over a color image have 760 parameters. Two things are worth noticing:
#
# - The depth counts. The same ten filters over a volume of 64 channels have more than 16,000.
# - The places do not. A filter uses the *same* weights and the same bias everywhere (the weights
#   are **shared**).
#
# ### Exercise
#
# Write `conv_parameters` for any layer.


# %% exercise="conv_parameters"
def conv_parameters(input_shape, kernel_size, filters):
    """The number of parameters of a convolutional layer: all weights and all biases.

    input_shape is (height, width, channels), kernel_size (k, l), filters a whole number.
    Returns a whole number.
    """
    ### BEGIN SOLUTION
    weights = kernel_size[0] * kernel_size[1] * input_shape[2]
    return (weights + 1) * filters
    ### END SOLUTION


# %%
check("conv_parameters")

# %% [markdown]
# For the ten filters of 5×5, your function has counted this:
#
# ![A filter of 5 by 5 with 3 channels has 75 weights; with its bias that is 76 numbers. Ten such filters have 760 parameters.](figures/02_parameters.png)
#
# In a formula, with the kernel's width $k_w$, height $k_h$ and depth $k_d$ (the depth of the input)
# and $C_{out}$ filters:
#
# $$\text{parameters} = (k_w \cdot k_h \cdot k_d + 1) \cdot C_{out}$$
#
# **See it.** Why share the weights? Suppose that every value of the output had weights of its own
# for *all* numbers of the input, as in the dense layers of lesson 5.

# %%
shared = conv_parameters((148, 128, 3), (5, 5), 10)
if finished(shared):
    inputs, outputs = 148 * 128 * 3, 144 * 124 * 10
    print(f"10 filters of 5×5 over the photograph: {shared:15,} parameters")
    print(f"a weight from every number to every value: {inputs * outputs:11,} parameters")

# %% [markdown]
# ## The layer in Keras: do ten filters keep the size?
#
# A Keras model states the shape of its input (without the batch) and then its layers. Here are four
# filters of 3×3 over gray images of 28×28. A gray image is a volume of depth 1.

# %%
four_filters = keras.Sequential(
    [
        keras.Input((28, 28, 1)),
        keras.layers.Conv2D(filters=4, kernel_size=3),
    ]
)
show_network(four_filters)

# %% [markdown]
# Many introductions say: *apply 10 filters of size 5×5×3 to an input of size 32×32×3, and you get
# an output of 32×32×10, in which each slice of the depth is a feature map.* Is that so?
#
# ### Exercise
#
# Build `ten_filters`, a Keras model with one `Conv2D` layer that really does it: 10 filters of 5×5,
# color images of 32×32 in, ten maps of 32×32 out, 760 parameters. No activation yet (lesson 3).
# Look at the shape before you believe it: `show_network(ten_filters)`.

# %% exercise="ten_filters"
### BEGIN SOLUTION
ten_filters = keras.Sequential(
    [
        keras.Input((32, 32, 3)),
        keras.layers.Conv2D(filters=10, kernel_size=5, padding="same"),
    ]
)
### STARTER
# ten_filters = ...
### END SOLUTION

# %%
check("ten_filters")

# %% [markdown]
# So the sentence is true of *some* layers. Keras's default is `padding="valid"`, which means no
# padding; then 28×28×10 comes out, and with `padding="same"` it is 32×32×10. The number of
# parameters is the same in both: zeros are not learned.
#
# **See it.** Ten feature maps of a piece of the photograph. Nobody chose these weights and nobody
# trained them: they are the random numbers that Keras starts with. Even so, many maps look as if
# their filter had found something. Random filters answer to bright things, edges and colors too,
# but to nothing in particular that would be useful.

# %%
if finished(ten_filters):
    piece = color[20:52, 40:72]  # (32, 32, 3)
    show(piece, titles=["the input"])
    show_channels(np.asarray(ten_filters(piece[None]))[0], columns=5)

# %% [markdown]
# ## The size of a map
#
# Weights are learned. The settings of a layer are not: how many filters, how large a kernel, which
# padding, which strides. Someone has to choose them before training. They are called
# **hyperparameters**, and the rest of this lesson is about what they do. First, to the size of the
# maps.
#
# The **stride** is the number of pixels by which the window moves on. A larger stride makes a
# smaller map. What if the steps do not come out even?
#
# ![A row of 7 pixels and a window of 3. With stride 1 it has 5 places and with stride 2 it has 3; both times every pixel is in a window. With stride 3 it has 2 places, the second one ends at the sixth pixel, and the last pixel is in no window.](figures/02_strides.png)
#
# ### Exercise
#
# Write `output_size` for both directions at once. Images and kernels may be oblong; `padding` and
# `strides` are the same both ways.


# %% exercise="output_size"
def output_size(size, kernel_size, padding, strides):
    """The size of a feature map.

    size is (height, width) of the image, kernel_size (k, l), padding the number of zeros on each
    side, strides the pixels from window to window. Windows that do not fit are left out.
    Returns (height, width) of the map, two whole numbers.
    """
    ### BEGIN SOLUTION
    height = (size[0] + 2 * padding - kernel_size[0]) // strides + 1
    width = (size[1] + 2 * padding - kernel_size[1]) // strides + 1
    return height, width
    ### END SOLUTION


# %%
check("output_size")

# %% [markdown]
# **See it.** What does a larger stride cost? Each map below has the weights of the first filter of
# your bank; with stride 2, three quarters of the values are gone, with stride 4 fifteen of sixteen.

# %%
vertical = keras.ops.cast(kernels[:, :, :, :1], "float32")
strided = [
    np.asarray(keras.ops.conv(color[None], vertical, strides=strides))[0, :, :, 0]
    for strides in (1, 2, 4)
]
show(*strided, titles=["strides = 1", "strides = 2", "strides = 4"])
print("values:", [one.size for one in strided])

# %% [markdown]
# A smaller stride takes more data from the image and gives larger maps: more of its features
# are seen. A larger stride gives smaller maps, is faster, and misses details: find the stars, the
# ribbons and the name tag in all three. The number of *maps* is the same, and so is the number of
# parameters. In this, a stride has a similar effect to a larger kernel: less comes out. Networks
# therefore use stride 1 in most layers and shrink the maps in a few, on purpose.
#
# ## Padding, and what Keras means by "same"
#
# With `padding="same"`, Keras works out by itself how many zeros to put around the image. How many,
# and where? Let it show you. The next cell gives Keras a row of pixels, p0, p1, p2, …, and prints
# what each window sees, one window a line; 0 is padding. (Its layer has one filter for each place
# of the window, which copies what it finds there.)


# %%
def windows(size, kernel_size, strides, padding="same"):
    """Print what each window of a Keras layer sees of a row of pixels; 0 is padding."""
    names = np.array(["0", *(f"p{pixel}" for pixel in range(size))])
    pixels = np.arange(1.0, size + 1)[None, :, None]  # (batch, pixels, channels): p0 is 1 inside
    copies = np.eye(kernel_size)[:, None, :]  # (places, channels, filters)
    seen = keras.ops.conv(pixels, copies, strides=strides, padding=padding)
    print(f"{size} pixels, kernel_size={kernel_size}, strides={strides}:")
    for window in np.rint(np.asarray(seen)[0]).astype(int):
        print("   ", *names[window])


windows(6, 3, strides=1)
windows(6, 3, strides=2)

# %% [markdown]
# With a window of 3 at stride 1 there is a zero before the row and one after it, as one would
# expect. At stride 2 there is one zero in all! Try other sizes, kernels (even ones, too) and
# strides (larger than the kernel, too) until you can foretell what Keras does:

# %%
windows(6, 2, strides=1)
windows(7, 3, strides=2)

# %% [markdown]
# ### Exercise
#
# Write `same_padding`, for one direction: how many zeros does Keras add before the row, and how
# many after it? (A rule, not an experiment: Keras itself is not allowed in your answer.)


# %% exercise="same_padding"
def same_padding(size, kernel_size, strides):
    """The zeros that Keras adds along one direction for padding="same".

    size counts the pixels of the row, kernel_size those of the window (kernel_size ≤ size),
    strides those from window to window; all are whole numbers from 1.
    Returns (before, after), two whole numbers, never negative.
    """
    ### BEGIN SOLUTION
    places = -(-size // strides)  # rounded up
    zeros = max((places - 1) * strides + kernel_size - size, 0)
    return zeros // 2, zeros - zeros // 2
    ### END SOLUTION


# %%
check("same_padding")

# %% [markdown]
# ![Where the zeros stand for a row of 6 pixels. Valid, kernel 3: none, 4 values. Same, kernel 3: one before and one after, 6 values. Same, kernel 4: one before and two after, 6 values. Same, kernel 3, stride 2: none before and one after, 3 values.](figures/02_same_padding.png)
#
# So `same` has its name from what it does at stride 1: it **preserves the size**. At other strides
# it makes $\lceil \text{size} / \text{strides} \rceil$ values. An odd kernel at stride 1 has a
# single pixel in its **center** and gets the same number of zeros on both sides. With an even
# kernel, the zeros are lopsided, and the map is half a pixel off. That is why most kernels are 3×3
# or 5×5, though nothing forbids a 2×2 or 4×4 one. And with strides, the zeros can be lopsided even
# for odd kernels. Other libraries share them out in another way, which is a common reason for a
# network giving slightly different numbers after it moved from one to the other.
#
# ### What the border loses
#
# Without padding, a pixel in the corner lies in one single window, and one in the middle of the
# image in as many as the kernel has weights. What happens at the border hardly reaches the map.
#
# ### Exercise
#
# Write `pixel_uses`: for every pixel of the image, in how many windows does it lie? No image is
# needed for it, only its size.


# %% exercise="pixel_uses"
def pixel_uses(size, kernel_size, padding, strides):
    """In how many windows each pixel of an image lies.

    size is (height, width), kernel_size (k, l), padding the number of zeros on each side, strides
    the pixels from window to window. Windows that do not fit are left out; zeros are not counted.
    Returns an array (height, width) of whole numbers.
    """
    ### BEGIN SOLUTION
    rows, columns = output_size(size, kernel_size, padding, strides)
    uses = np.zeros((size[0] + 2 * padding, size[1] + 2 * padding), dtype=int)
    for row, column in np.ndindex(rows, columns):
        top, left = row * strides, column * strides
        uses[top : top + kernel_size[0], left : left + kernel_size[1]] += 1
    return uses[padding : padding + size[0], padding : padding + size[1]]
    ### END SOLUTION


# %%
check("pixel_uses")

# %% [markdown]
# **See it.** A heat map of the border, for a 5×5 kernel on 10×10 pixels: without padding, and with
# a padding of 2, which is `same`. (The brighter, the more windows.)

# %%
valid, same = pixel_uses((10, 10), (5, 5), 0, 1), pixel_uses((10, 10), (5, 5), 2, 1)
if finished(valid, same):
    show(valid / 25, same / 25, titles=["padding = 0: share of 25 windows", "padding = 2"])
    print("a corner is seen", valid[0, 0], "time without padding and", same[0, 0], "times with it")

# %% [markdown]
# Padding **helps to keep the information at the border**: the corner counts 9 times instead of
# once, though still not 25 times. (It has its price: lesson 1 showed that the border of a framed
# image looks like an edge.) Strides make other patterns. In the pictures below, where are the
# pixels that nobody sees? And which pixels count most with windows of 3×3 at strides of 2, and why
# just those?

# %%
titles = ["3×3, strides 2", "3×3, strides 2, padding 1", "2×2, strides 3"]
settings = [((3, 3), 0, 2), ((3, 3), 1, 2), ((2, 2), 0, 3)]
show(*[pixel_uses((10, 10), *setting) for setting in settings], titles=titles)

# %% [markdown]
# Windows of 3 at strides of 2 share one row or column with the next window. So every second line
# counts twice, and the pixels where two such lines cross count 4 times: a grid, all over the map.
# Without padding the steps do not come out even, and the last row and column are seen by nobody;
# with a padding of 1 they are. Windows of 2×2 at strides of 3 see their own four pixels once and
# leave gaps between them: 64 of the 100 pixels are in no window.
#
# ## Kernel size: small or large?
#
# The kernel size has a large influence on what a network can do. A **small** kernel answers to
# **local** features, fine ones, and to many of them. A **large** one answers to **large** features;
# what is smaller than its window gets averaged away. Here is the same question, *brighter on the
# right than on the left?*, in three sizes:

# %%
gray = color.mean(axis=2)
answers = []
for kernel_size in (2, 8, 32):
    sides = np.repeat([-1.0, 1.0], kernel_size // 2) / kernel_size**2
    answers.append(convolve2d(gray, np.tile(sides, (kernel_size, 1))))
show(gray, *answers, titles=["gray", "2×2", "8×8", "32×32"])

# %% [markdown]
# The smallest kernel draws stripes, stars and wrinkles. The largest one knows nothing of them, only
# where large dark and bright areas lie side by side, such as her uniform and her shirt. Look at the
# sizes below the pictures, too: a large kernel takes a large border off the map. How many layers
# can follow one another before nothing is left to stand on?
#
# ### Exercise
#
# Write `deepest_stack`: how many convolutional layers, all with the same kernel size, stride 1 and
# without padding, can be stacked on a square image? Each layer slides over the maps of the one
# before, and its kernel has to fit into them.


# %% exercise="deepest_stack"
def deepest_stack(size, kernel_size):
    """How many layers without padding, at stride 1, fit on each other.

    size is the height and width of the image, kernel_size that of all kernels (at least 2).
    Returns a whole number; 0 if not even the first kernel fits into the image.
    """
    ### BEGIN SOLUTION
    layers = 0
    while size >= kernel_size:
        size = size - kernel_size + 1
        layers = layers + 1
    return layers
    ### END SOLUTION


# %%
check("deepest_stack")

# %% [markdown]
# **See it.** The size of the maps, layer by layer, for an image of 32×32. The curves end where no
# further layer fits; with `same`, no such end comes.

# %%
depths = [deepest_stack(32, kernel_size) for kernel_size in (3, 5, 7)]
if finished(*depths):
    curves = {}
    for kernel_size, depth in zip((3, 5, 7), depths, strict=True):
        curves[f"kernel {kernel_size}, valid"] = 32 - (kernel_size - 1) * np.arange(depth + 1)
    curves["any kernel, same"] = np.full(16, 32)
    show_curves(curves, xlabel="layer", ylabel="height and width of the maps")

# %% [markdown]
# This is the second thing that padding is good for: as the **size is preserved**, networks can be
# **deeper**, and deeper networks can perform better. And it is one reason for small kernels: they
# make the maps shrink more slowly, so that more layers can be stacked, and more complex features
# learned.
#
# You will read that small kernels therefore perform better. Is that so? It depends on how much of
# the image a value sees (section 11), and on what that takes: parameters, which you can count, and
# multiplications (section 13). Section 12 weighs them against each other.

# %% [markdown]
# ## Your own kernels in a Keras layer
#
# In section 2 you handed your bank to Keras, ready-made. Now do it from the start, with kernels of
# your own. A new `Conv2D` is filled with random weights. `get_weights` hands you the layer's arrays
# in a list, and `set_weights` takes such a **list** back: the same number of arrays, each of the
# same shape as the one it takes the place of. A single array has to go into a list, too:
# `[kernel]`.
#
# First the layer has to know how many channels its input has, because its kernels are as deep as
# that. A layer inside a model learns it from the model's input, and the layer of section 2 from the
# first image that it got; otherwise you tell it with `build`, which takes the shape of a whole
# batch of images. `None` leaves a size open.
#
# Before you run the cell: four filters with windows of 2 rows and 3 columns, over images of 5
# channels. Which shape will the kernel have?

# %%
layer = keras.layers.Conv2D(filters=4, kernel_size=(2, 3))
layer.build((None, None, None, 5))  # (images, height, width, channels)
for weight in layer.get_weights():
    print(weight.shape)

# %% [markdown]
# The first array is the **kernel** of the whole layer, the second holds the four biases. The axes
# stand as in your `conv_layer`, in an order that confuses nearly everybody once:
#
# `kernel[row, column, input_channel, filter]`
#
# So `kernel[:, :, 0, 2]` is the grid of weights with which filter 2 looks at channel 0, and
# `kernel[..., 2]` is the whole filter 2, a volume.
#
# Say you have two kernels of 2×2, for an image of one channel. Together they need the shape
# `(2, 2, 1, 2)`. There are eight numbers, and `reshape` would give those eight that shape without
# complaint. But `reshape` moves nothing: it reads all the numbers in a row, and cuts the row anew.
# `np.stack` with `axis=-1` makes a new last axis and lays the kernels along it.

# %%
one, other = np.full((2, 2), 0.2), np.full((2, 2), 0.9)
reshaped = np.reshape([one, other], (2, 2, 2))
stacked = np.stack([one, other], axis=-1)
titles = ["first kernel", "second kernel", "filter 0, reshape", "filter 0, stack"]
show(one, other, reshaped[:, :, 0], stacked[:, :, 0], titles=titles)

# %% [markdown]
# Both arrays have the right shape, and Keras would take either. Only one of them holds your
# kernels. That is what makes this mistake so hard to find, and a look at a single filter such a
# good habit.
#
# What the stack still lacks is the third axis, for the one input channel. Indexing with `None` adds
# an axis of length 1 wherever it stands: `stacked[:, :, None, :]` has the shape `(2, 2, 1, 2)`.
#
# In the next exercise you fill a layer with the two kernels of Irwin Sobel. `sobel_x` answers where
# the image gets brighter to the right, `sobel_y` where it gets brighter downward.

# %%
sobel_x = np.array([[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]], dtype="float32")
sobel_y = sobel_x.T
show(sobel_x, sobel_y, titles=["sobel_x", "sobel_y"])

# %% [markdown]
# ### Exercise
#
# Make `sobel_layer`, a `keras.layers.Conv2D` for images of **one** channel that turns an image into
# two maps: the first under `sobel_x`, the second under `sobel_y`. It has 18 parameters, so there
# are no biases. Everything else is as Keras has it by default: the window stays inside the image,
# its stride is 1, and no activation follows.

# %% exercise="sobel_layer"
### BEGIN SOLUTION
sobel_layer = keras.layers.Conv2D(filters=2, kernel_size=3, use_bias=False)
sobel_layer.build((None, None, None, 1))
sobel_layer.set_weights([np.stack([sobel_x, sobel_y], axis=-1)[:, :, None, :]])
### STARTER
# sobel_layer = ...
### END SOLUTION

# %%
check("sobel_layer")

# %% [markdown]
# **See it.** Keras works on batches of images with channels, so a gray photograph `(height, width)`
# goes in as `(1, height, width, 1)`: one image, one channel. What comes out is a batch of one as
# well, and `[0]` takes its only volume of maps.

# %%
gray = color.mean(axis=2)
if finished(sobel_layer):
    edge_maps = np.asarray(sobel_layer(gray[None, :, :, None]))[0]
    show(gray, titles=["gray"])
    show_channels(edge_maps, titles=["sobel_x", "sobel_y"])

# %% [markdown]
# These are the edge maps of lesson 1, computed by the layer that every CNN in Keras is made of.
# Training will do to the weights what you just did, only that nobody writes them down: they are
# found, step by step (lesson 3). Filters that look like Sobel's turn up in the first layer of
# nearly every network that was trained on photographs, next to some that answer to *colors*.

# %% [markdown]
# ## Windows of one pixel
#
# What would a kernel of 1×1 be good for? On a gray image, nothing: it multiplies every pixel by the
# same number. But a filter is as deep as its input. On a volume, a 1×1 window holds *all the
# channels of one pixel*, and its response is a weighted sum of them. The layer mixes channels, and
# leaves every pixel where it is.
#
# For one pixel, $C$ numbers go in and $F$ numbers come out, one for each filter, and each is a sum
# over all $C$, plus the filter's bias:
#
# $$\text{out}_f = b_f + \sum_{c} \text{pixel}_c \cdot \text{kernel}_{0,0,c,f}$$
#
# That is a row of $C$ numbers times a matrix of $C \times F$: a **matrix product for every pixel**,
# with the same matrix everywhere.
#
# ### Exercise
#
# Write `pointwise` with NumPy. It gets the kernel and the biases as Keras holds them.


# %% exercise="pointwise"
def pointwise(image, kernel, bias):
    """What a convolutional layer with windows of 1×1 makes of an image, stride 1.

    image has shape (height, width, C), kernel (1, 1, C, F), bias (F,).
    Returns an array (height, width, F).
    """
    ### BEGIN SOLUTION
    return image @ kernel[0, 0] + bias
    ### END SOLUTION


# %%
check("pointwise")

# %% [markdown]
# **See it.** Turning a color image into a gray one is a 1×1 convolution: three channels in, one
# out. The eye is most sensitive to green and least to blue, and the weights of the television
# standard ITU-R BT.601 say so: 0.299, 0.587 and 0.114. Two more filters ask questions about color
# instead: more red than blue? More green than the rest?

# %%
mixing = np.array([[0.299, 1, -0.5], [0.587, 0, 1], [0.114, -1, -0.5]])  # (channels, filters)
mixed = pointwise(color, mixing[None, None], np.zeros(3))
if finished(mixed):
    show(color, mixed[:, :, 0], titles=["color", "brightness"])
    show_channels(mixed[:, :, 1:], titles=["red, not blue", "green, not red or blue"])

# %% [markdown]
# In the map of *red, not blue*, the flag's stripes, the ribbons and the face are positive, and the
# backdrop is negative. Hardly anything in the picture is green, and the last map says so: its
# strongest yes is 0.16, from the golden cord of the flag, and the gold on her cap comes close.
# Filters find colors, too; no kernel of lesson 1 could, as it saw a single channel.
#
# And is it what Keras computes? The same weights in a layer of its own:

# %%
layer = keras.layers.Conv2D(filters=3, kernel_size=1)
layer.build((None, None, None, 3))
layer.set_weights([mixing[None, None], np.zeros(3)])
if finished(mixed):
    print("largest difference:", np.abs(np.asarray(layer(color[None]))[0] - mixed).max())

# %% [markdown]
# A 1×1 layer changes one thing only: how many channels there are. From 256 maps it can make 64 that
# hold mixtures of them, with `256 * 64 + 64` parameters and without touching height or width. Lin,
# Chen and Yan brought it into fashion in 2013; further on you will see what it saves.

# %% [markdown]
# ## How much does one value see?
#
# One value of the first feature map has seen one window of the image, and nothing else. One value
# of the *second* map has seen a window of the first map: several windows of the image, next to each
# other. So the deeper the layer, the larger the part of the image that a single value depends on.
# This part is its **receptive field**.
#
# ![Two cones through three layers with kernels of size 3, in one direction. Left, strides 1, 1, 1: one value of layer 3 looks at 3 values of layer 2, at 5 of layer 1 and at 7 pixels of the input. Right, strides 2, 1, 1: the values of layer 1 stand 2 pixels apart, and one value of layer 3 sees 11 pixels of the input.](figures/02_receptive_field.png)
#
# On the left, every layer adds 2 pixels: the window of 3 reaches out by one value on either side,
# and the value next door begins one pixel further on. On the right, the first layer has a stride of
# 2, so its values stand two pixels apart. From there on, one value at the side is *two* pixels
# more. The first layer itself sees 3 pixels in both drawings: a stride says how far it is to the
# next window, not how wide a window is.
#
# ### Exercise
#
# Write `receptive_field`, for one direction. (A value sees a square, as high as it is wide.)


# %% exercise="receptive_field"
def receptive_field(layers):
    """How many pixels of the image, in a row, one value of the last layer's map sees.

    layers is a list of (kernel_size, strides), from the layer at the image to the last one.
    Returns a whole number: from the first pixel seen to the last one, both counted, as if
    the image went on forever on both sides.
    """
    ### BEGIN SOLUTION
    field, apart = 1, 1  # pixels seen, pixels between neighboring values
    for kernel_size, strides in layers:
        field += (kernel_size - 1) * apart
        apart *= strides
    return field
    ### END SOLUTION


# %%
check("receptive_field")

# %% [markdown]
# **See it.** Is it true? Ask a real network. The cell below builds two stacks of layers with three
# 3×3 kernels of ones. Then it switches on the pixels of a dark 15×15 image one at a time, which
# makes 225 images, and notes what the value in the middle of the last map says to each.

# %%
one_pixel_on = np.eye(225).reshape(225, 15, 15, 1)  # 225 images
views = []
for strides in ([1, 1, 1], [2, 1, 1]):
    stack = keras.Sequential([keras.Input((15, 15, 1))])
    for step in strides:
        stack.add(keras.layers.Conv2D(1, 3, strides=step, kernel_initializer="ones"))
    answers = np.asarray(stack(one_pixel_on))  # (225, rows, columns, 1)
    middle = answers.shape[1] // 2
    views.append(answers[:, middle, middle, 0].reshape(15, 15))

# %% [markdown]
# Below, a pixel is the brighter the stronger the answer it got, and black pixels go unnoticed. (The
# square root makes weak answers easier to see.) How many columns are not black? Compare with what
# your function says.

# %%
show(*[np.sqrt(view / view.max()) for view in views], titles=["strides 1, 1, 1", "strides 2, 1, 1"])
fields = receptive_field([(3, 1), (3, 1), (3, 1)]), receptive_field([(3, 2), (3, 1), (3, 1)])
if finished(*fields):
    print("your function says:", fields)

# %% [markdown]
# The field has the size that you computed, and it is not evenly lit: toward the middle a pixel lies
# in many windows, a corner in only one. With strides of 2, 1, 1 the grid shows through that your
# `pixel_uses` made in section 7. The center itself is dimmer than the four pixels diagonally next
# to it (9 against 25, before the square root), because it lies in a single window of the first
# layer and each of those in four. In trained networks, too, the middle counts for much more than
# the rim (Luo and others, 2016, call the part that really matters the *effective* receptive field).
# So the field says what a value *can* see, not what it looks at.

# %% [markdown]
# ## Small kernels or large ones?
#
# Two layers of 3×3 see 5×5 pixels, three see 7×7. So there are two ways to look at a large window:
# one large kernel, or several small ones in a row. Which one is better? Let us count before we
# judge.
#
# (Exercises marked *extra* go a step further than the rest of the course needs. Their points count
# like all others.)
#
# ### Exercise (extra)
#
# Write `small_or_large`. It compares `count` layers of 3×3 in a row with a single layer whose
# kernel is as large as the field of the whole row. All have strides of 1, take `channels` channels
# and give `channels` maps, so that either could stand in for the other.


# %% exercise="small_or_large"
def small_or_large(count, channels):
    """The field and the parameters of stacked 3×3 layers, beside one layer of the same field.

    count ≥ 2 layers of 3×3, stride 1; every layer has `channels` input channels and as many
    filters, each with a bias.
    Returns (field, small, large), three whole numbers: the receptive field of the stack in
    one direction, the parameters of all its layers together, and the parameters of the one
    layer whose kernel is field × field.
    """
    ### BEGIN SOLUTION
    field = 2 * count + 1
    small = count * (3 * 3 * channels + 1) * channels
    large = (field * field * channels + 1) * channels
    return field, small, large
    ### END SOLUTION


# %%
check("small_or_large")

# %% [markdown]
# **See it.** With 64 channels in and out:

# %%
compared = [small_or_large(count, 64) for count in (2, 3, 4, 5)]
if finished(*compared):
    for field, small, large in compared:
        times = f"{large / small:.2f} times as many parameters"
        print(f"field {field:2}: stacked 3×3 {small:7,}, one large kernel {large:7,}: {times}")

# %% [markdown]
# That was the argument of Karen Simonyan and Andrew Zisserman, who in 2014 built the VGG networks
# out of nothing but 3×3 kernels. Three of them have the field of a 7×7 kernel, fewer weights
# ($27\,C^2$ against $49\,C^2$), and between them there is room for three activations instead of
# one, which lesson 3 is about. They also tried it out: a network with one 5×5 layer in the place of
# each pair of 3×3 layers made more mistakes.
#
# It is the strongest reason for the rule that small kernels **generally perform better**: for the
# same view they cost less, and they let more layers be stacked, which learn more complex features.
# Large kernels suit large features, but a stack of small ones sees them, too. Most networks since
# then have been built of 3×3 kernels. So how far does the rule hold?
#
# - Small kernels **extract more local information**: each value tells of a smaller place, and
#   without padding their maps are larger. (With `same`, no kernel shrinks its map.) In a single
#   layer they do not see *more*, though. Any 3×3 kernel is also a 5×5 kernel, with a border of
#   zeros.
# - Seeing as much is not being able to do as much. With one channel throughout, two 3×3 layers have
#   18 weights where a 5×5 layer has 25, and cannot imitate all that it does.
# - Where there are few channels, a large kernel is cheap. Many good networks begin with one layer
#   of 7×7 on the three color channels.
# - A filter that looks at a single channel is cheap as well. ConvNeXt (2022) has windows of 7×7 in
#   all its blocks, each over one channel, and 1×1 layers between that mix the channels.
#
# Small kernels are a good habit, found by experiment. The rule is about whole networks and what
# they may cost, not about kernels, and it is not a law.

# %% [markdown]
# ## What a layer costs
#
# Parameters are what a layer *stores*. What it *computes* is another matter: every weight is used
# anew at every place of the window. The usual measure is the number of **multiply–adds**: one
# multiplication, together with the addition of its product to the sum, counts as one.
#
# The ten filters of 5×5×3 over an image of 32×32×3 (`same`) store 760 numbers. But each value of
# the ten maps is a sum of 75 products, and there are 10,240 values: 768,000 multiply–adds.
#
# ### Exercise
#
# Write `multiply_adds`. Where `same` lays zeros around the image, the products with those zeros
# count like all others: Keras's window is always full.


# %% exercise="multiply_adds"
def multiply_adds(input_shape, filters, kernel_size, strides, padding):
    """How many multiplications a Conv2D layer does for one image. Biases are not multiplied.

    input_shape is (height, width, channels); kernel_size and strides are whole numbers, the
    same in both directions; padding is "valid" or "same".
    Returns a whole number.
    """
    ### BEGIN SOLUTION
    height, width, channels = input_shape
    rows = places(height, kernel_size, strides, padding)
    columns = places(width, kernel_size, strides, padding)
    return rows * columns * filters * kernel_size**2 * channels


def places(size, kernel_size, strides, padding):
    """How many windows start along one direction."""
    if padding == "same":
        return -(-size // strides)  # rounded up
    return (size - kernel_size) // strides + 1
    ### END SOLUTION


# %%
check("multiply_adds")

# %% [markdown]
# **See it.** A layer of 32 filters of 5×5 over 192 maps of 28×28 is expensive. GoogLeNet (Szegedy
# and others, 2015) first mixes the 192 maps into 16 with a 1×1 layer, and lets the 5×5 filters look
# at those. What does the detour cost, and what does a stride of 2 save?

# %%
direct = multiply_adds((28, 28, 192), 32, 5, 1, "same")
squeeze = multiply_adds((28, 28, 192), 16, 1, 1, "same")
after = multiply_adds((28, 28, 16), 32, 5, 1, "same")
strided = multiply_adds((28, 28, 192), 32, 5, 2, "same")
if finished(direct, squeeze, after, strided):
    print(f"5×5 on all 192 maps:       {direct:11,}")
    print(f"1×1 first, then 5×5 on 16: {squeeze + after:11,}")
    print(f"5×5 on all, stride 2:      {strided:11,}")

# %% [markdown]
# The detour saves nine tenths. What it costs is information: 16 mixtures cannot say all that 192
# maps can; training has to find out which mixtures are worth keeping. A stride of 2 computes only
# every second value in both directions: a quarter of the work, a quarter of the values.

# %% [markdown]
# ## Through a whole stack
#
# A network is a list of layers, each working on what the one before has made. Its height and width
# shrink by and by, and its depth is whatever the number of filters says. Whoever can follow the
# shapes on paper finds most mistakes in a network before it is run.
#
# ### Exercise (extra)
#
# Write `feature_map_shapes`: the shape of every volume of feature maps in a stack of `Conv2D`
# layers. (Keras could tell you, so it is not allowed here.)


# %% exercise="feature_map_shapes"
def feature_map_shapes(input_shape, layers):
    """The shape of the output of every layer of a stack, from first to last.

    input_shape is (height, width, channels); layers is a list of
    (filters, kernel_size, strides, padding), with padding "valid" or "same".
    Returns a list of tuples (height, width, channels), one for each layer.
    """
    ### BEGIN SOLUTION
    height, width, _ = input_shape
    shapes = []
    for filters, kernel_size, strides, padding in layers:
        height = places(height, kernel_size, strides, padding)
        width = places(width, kernel_size, strides, padding)
        shapes.append((height, width, filters))
    return shapes
    ### END SOLUTION


# %%
check("feature_map_shapes")

# %% [markdown]
# **See it.** Here is a stack for our photograph, in the form that your function takes. Keras builds
# it and says what comes out; your shapes stand beside.

# %%
layers = [(8, 5, 2, "same"), (16, 3, 1, "valid"), (32, 3, 2, "same"), (64, 3, 2, "valid")]
network = keras.Sequential([keras.Input(color.shape)])
for filters, kernel_size, strides, padding in layers:
    network.add(keras.layers.Conv2D(filters, kernel_size, strides=strides, padding=padding))
show_network(network)
print("Keras:", [layer.output.shape[1:] for layer in network.layers])
foretold = feature_map_shapes(color.shape, layers)
if finished(foretold):
    print("you:  ", foretold)

# %% [markdown]
# And what does each of these layers store, compute and see? Your functions know:

# %%
costs = [multiply_adds(network.layers[i].input.shape[1:], *layers[i]) for i in range(4)]
steps = [(kernel_size, strides) for _, kernel_size, strides, _ in layers]
fields = [receptive_field(steps[: i + 1]) for i in range(4)]
if finished(*costs, *fields):
    for i in range(4):
        stored = f"{network.layers[i].count_params():6,} parameters"
        print(f"layer {i + 1}: {stored}, {costs[i]:9,} multiply–adds, sees {fields[i]:2} pixels")

# %% [markdown]
# Storing and computing do not go together. The last layer stores thirty times as many numbers as
# the first, but uses each of them in fewer places, and takes not even twice as many multiply–adds.
#
# ## What deeper filters find
#
# **The deeper the layer, the more sophisticated its filters**: first edges and colors, then simple
# textures, curves and shapes, then parts like eyes, ears, hair, fur, feathers or beaks, and at last
# whole dogs, cats, lizards and birds. You saw one step of that, when edges became corners. Why
# should it go on? Half of the reason is that each layer combines what the one before has found. The
# other half is how much a value sees, and that you can compute now.

# %%
deep = [(3, 1), (3, 2), (3, 1), (3, 2), (3, 1), (3, 2), (3, 1)]
depths = [1, 2, 4, 6, 7]
fields = [receptive_field(deep[:depth]) for depth in depths]
if finished(*fields):
    row, column = 56, 65  # the nose
    starts = [(row - field // 2, column - field // 2) for field in fields]
    crops = [
        color[top : top + field, left : left + field]
        for (top, left), field in zip(starts, fields, strict=True)
    ]
    show(*crops, titles=[f"layer {depth}" for depth in depths])

# %% [markdown]
# This is all that a single value of each layer ever gets to see. No filter of layer 2 can know this
# face, however long it is trained. A value of layer 7 sees eyes, nose and mouth together: there a
# filter could.
#
# It *could*: a field as large as a face does not make a filter for faces. The weights must be
# learned from images in which faces matter, and each layer must bend what it passes on, or the
# whole stack is no more than one layer (lesson 3). Whoever looked into trained networks, for the
# images that excite a map most, did find the way from edges to textures to parts to objects (Zeiler
# and Fergus, 2014; Olah and others, 2017). But take it as a rule of thumb, and not as a ladder.
# Nobody tells a filter to find ears; many maps answer to several unrelated things, and many to
# nothing that has a name. Networks trained on photographs often recognize an animal by the texture
# of its fur rather than by its shape (Geirhos and others, 2019). The deeper, the more *complex*:
# that is certain. That each filter stands for one *object* is not.
#
# ## Summary
#
# - A filter is as **deep** as its input: it has a slice of weights for every input channel, adds up
#   all the products and its **bias**, and makes **one** feature map. The number of filters is the
#   number of output channels.
# - A layer has `(kernel_height * kernel_width * input_channels + 1) * filters` **parameters**,
#   whatever the size of the image.
# - **Padding** with `same` keeps the size at stride 1, and lets the pixels at the border be seen
#   more often; **kernel size** decides how much one window sees and, without padding, how fast maps
#   shrink; larger **strides** make smaller maps, with less work and less detail.
# - Keras keeps a layer's weights as `kernel[row, column, input_channel, filter]` and
#   `bias[filter]`; `set_weights` takes a list of your own. Stack kernels along the last axis;
#   `reshape` mixes them up.
# - A **1×1** convolution mixes the channels of each pixel: a matrix product.
# - The **receptive field** grows by `kernel_size - 1` with every layer, times all the strides
#   *before* it.
# - Small kernels in a row see as much as one large kernel, with fewer parameters: a good rule, not
#   a law.
# - A layer's **multiply–adds** are its weights times the places of its output.
# - Deeper filters see more and combine more; *what* they find is decided by training.
#
# **Next:** so far, a stack of layers can do no more than a single one. Lesson 3 shows why, and puts
# the bend between them that makes depth worth its price.
#
# ## Further reading
#
# - Keras, [`Conv2D`](https://keras.io/api/layers/convolution_layers/convolution2d/): every argument
#   of the layer.
# - Vincent Dumoulin and Francesco Visin, *A guide to convolution arithmetic for deep learning*,
#   [arXiv:1603.07285](https://arxiv.org/abs/1603.07285): padding and strides, drawn.
# - Karen Simonyan and Andrew Zisserman, *Very Deep Convolutional Networks for Large-Scale Image
#   Recognition*, [arXiv:1409.1556](https://arxiv.org/abs/1409.1556): the case for 3×3.
# - Min Lin, Qiang Chen and Shuicheng Yan, *Network In Network*,
#   [arXiv:1312.4400](https://arxiv.org/abs/1312.4400), and Christian Szegedy and others, *Going
#   Deeper with Convolutions*, [arXiv:1409.4842](https://arxiv.org/abs/1409.4842): 1×1 kernels.
# - André Araujo, Wade Norris and Jack Sim, *Computing Receptive Fields of Convolutional Neural
#   Networks*, [Distill, 2019](https://distill.pub/2019/computing-receptive-fields/); Wenjie Luo and
#   others, *Understanding the Effective Receptive Field in Deep Convolutional Neural Networks*,
#   [arXiv:1701.04128](https://arxiv.org/abs/1701.04128).
# - Zhuang Liu and others, *A ConvNet for the 2020s*,
#   [arXiv:2201.03545](https://arxiv.org/abs/2201.03545): larger kernels are back.
# - Matthew Zeiler and Rob Fergus, *Visualizing and Understanding Convolutional Networks*,
#   [arXiv:1311.2901](https://arxiv.org/abs/1311.2901); Chris Olah, Alexander Mordvintsev and Ludwig
#   Schubert, *Feature Visualization*, [Distill, 2017](https://distill.pub/2017/feature-visualization/):
#   what the filters of deep layers find.
# - Robert Geirhos and others, *ImageNet-trained CNNs are biased towards texture*,
#   [arXiv:1811.12231](https://arxiv.org/abs/1811.12231).
