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
# # Flatten and dense layers
#
# Convolutions, activations and poolings turn an image into a small stack of feature maps: where in
# the image is which feature? What is still missing is an answer. *A four*, say, or *a cat*. The
# last part of a CNN, its **head**, reads the features and decides. In this lesson you build a head
# by hand, count whole networks on paper, and rebuild one that was published in 1998.
#
# **When you are done, you can**
#
# - say in which order Flatten lines up a volume, and find any value again in the vector;
# - compute what a dense layer answers, and count its parameters;
# - write down every shape and every parameter count of a CNN before Keras does;
# - tell where a network keeps its parameters and where it spends its multiplications, and what
#   pooling saves of either;
# - rebuild a published network from its description;
# - turn scores into probabilities, and measure how good they are;
# - compare a CNN with a network of dense layers on images that have moved;
# - train a small network that keeps to a budget of parameters.

# %%
import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_digits

from grader import check, hint, quietly
from grader.drawing import finished, show, show_channels, show_curves, show_network

with quietly():  # TensorFlow is talkative when it starts
    import keras

# %% [markdown]
# ## Flatten: from a volume to a vector
#
# What leaves the last pooling layer is a volume of shape `(height, width, channels)`. The layers
# that decide take a plain **vector**, one long row of numbers. In between stands a **Flatten**
# layer: it lines up all values of the volume. It computes nothing, drops nothing and learns
# nothing; it has no parameters. It comes once, after the last convolution and pooling, since behind
# it there are no neighbors left for a kernel to slide over.
#
# The order is that of reading a text. Row by row from the top, in each row pixel by pixel from the
# left, and of each pixel all channels, before the next pixel comes. In other words: the last axis
# runs fastest, the first one slowest.
#
# ![A volume of 2 rows, 3 columns and 2 channels: channel 0 holds the letters A to F, channel 1 the letters a to f. Flatten makes the vector A a B b C c D d E e F f of them, with the indices 0 to 11: the channel changes fastest, then the column, then the row.](figures/05_flatten.png)
#
# Keras works on a whole **batch** of images at once. The batch is the first axis, and Flatten
# leaves it alone: N volumes in, N vectors out.
#
# ### Exercise
#
# Write `flatten`, with NumPy only.


# %% exercise="flatten"
def flatten(volumes):
    """One vector for each volume of a batch, in the order of Keras's Flatten.

    volumes has shape (batch, height, width, channels).
    Returns an array (batch, height · width · channels): channels run fastest, then columns,
    then rows.
    """
    ### BEGIN SOLUTION
    return volumes.reshape(len(volumes), -1)
    ### END SOLUTION


# %%
check("flatten")

# %% [markdown]
# **See it.** A volume of 3 × 4 positions and 2 channels. Every position has a color of its own;
# your `flatten` lines up the values, and each keeps the color of the position that it came from.
# (Red, green and blue are flattened one after the other, and put together again.)

# %%
rows, columns = np.mgrid[:3, :4]
position_colors = np.stack([rows / 2, columns / 3, 1 - rows / 4 - columns / 6], axis=2)
volume = np.repeat(position_colors[:, :, None], 2, axis=2)  # (3, 4, 2 channels, RGB)
vectors = [flatten(volume[None, ..., part]) for part in range(3)]
if finished(*vectors):
    line = np.stack(vectors, axis=-1)  # (1, 24, RGB)
    fig, axes = plt.subplots(2, 1, figsize=(9, 3.2), height_ratios=(3, 1), layout="constrained")
    axes[0].imshow(position_colors)
    axes[1].imshow(line)
    axes[0].set(title="positions of the volume", xticks=range(4), yticks=range(3))
    axes[1].set(title="the vector", xticks=range(0, line.shape[1], 2), yticks=[])
    plt.show()

# %% [markdown]
# Each color comes twice in a row, once for each channel, and the rows follow one another. Now look
# for two positions that were neighbors, one below the other: in the vector they are far apart.
#
# ## Where is it in the vector?
#
# Nothing is lost in Flatten, so one can say where each value went, and where each came from. You
# will need that order whenever you want to know *which pixel* a weight behind Flatten belongs to,
# or when weights are moved from one library to another: some keep the channels first, and a network
# whose weights were lined up in another order is as good as untrained.
#
# ### Exercise
#
# Write both directions, with plain whole numbers:
#
# - `flat_index`: where in the vector is the value at a position?
# - `position`: at which position was the value with a given index?


# %% exercise="flat_index"
def flat_index(position, shape):
    """The index in the flattened volume of the value at a position.

    position is (row, column, channel), shape is (height, width, channels).
    Everything is counted from 0. Returns a whole number.
    """
    ### BEGIN SOLUTION
    row, column, channel = position
    _, width, channels = shape
    return (row * width + column) * channels + channel
    ### END SOLUTION


def position(index, shape):
    """The position (row, column, channel) of the value at an index of the flattened volume.

    shape is (height, width, channels). Everything is counted from 0.
    """
    ### BEGIN SOLUTION
    pixel, channel = divmod(index, shape[2])
    row, column = divmod(pixel, shape[1])
    return row, column, channel
    ### END SOLUTION


# %%
check("flat_index")

# %% [markdown]
# ## The dense layer
#
# The layers behind Flatten are those of traditional, feed-forward neural networks: **dense**
# layers, also called **fully connected**, because every output looks at every input. They take the
# high-level features that all the convolutions and poolings before have brought out, and weigh them
# against one another for the final prediction.
#
# A dense layer has a number of **units**. Each unit has one weight for every input and one bias: it
# multiplies each input by its weight, adds up the products, and adds the bias.
#
# ![A dense layer from 4 inputs to 3 units: a line from every input to every unit, in the color of the unit. Beside it the same as numbers: the inputs 1, 0, 2, 3, a kernel of 4 by 3 weights with one column for each unit, the biases 3, minus 2, 0 and the outputs 2, 3, 5. The first unit computes 1 times 2 plus 0 times 1 plus 2 times 0 plus 3 times minus 1, plus its bias 3. In all there are 4 times 3 weights and 3 biases, 15 parameters.](figures/05_dense.png)
#
# You know this operation: it is the response of a patch to a kernel, only that the "patch" is the
# whole input. For a batch of inputs, one row each, and the weights of one unit in each column, all
# sums at once are a product of two matrices.
#
# ### Exercise
#
# Write `dense`. There is no activation in it: in a network, a ReLU or softmax may follow.


# %% exercise="dense"
def dense(inputs, weights, biases):
    """What a dense layer without activation answers to a batch of inputs.

    inputs has shape (batch, inputs), weights (inputs, units), biases (units,).
    Returns an array (batch, units).
    """
    ### BEGIN SOLUTION
    return inputs @ weights + biases
    ### END SOLUTION


# %%
check("dense")

# %% [markdown]
# **See it.** Is it the same as Keras's `Dense`? The layer below has random weights. It is given the
# vectors that your `flatten` makes of eight volumes, and so is your function.

# %%
rng = np.random.default_rng(5)
volumes = rng.normal(size=(8, 3, 4, 2)).astype("float32")
layer = keras.layers.Dense(10, bias_initializer="normal")
in_keras = np.asarray(layer(keras.layers.Flatten()(volumes)))
flat = flatten(volumes)
if finished(flat):
    by_hand = dense(flat, *map(np.asarray, layer.weights))
    if finished(by_hand):
        print("largest difference:", np.abs(by_hand - in_keras).max())

# %% [markdown]
# ### A dense layer asks about the whole image
#
# As a unit has one weight for every pixel, its weights can be drawn as an image. Here is a dense
# layer for the handwritten digits of scikit-learn, 8 × 8 pixels each. Nothing was trained: the
# weights of unit *d* are simply the mean of all images of the digit *d*, minus the mean of all
# images. The biases are chosen so that the largest score belongs to the digit whose mean image is
# nearest to the input.

# %%
digits = load_digits()
images = (digits.images / 16).astype("float32")[..., None]  # (1797, 8, 8, 1), from 0 to 1
middle = images.mean(axis=0)
means = np.stack([images[digits.target == digit].mean(axis=0) for digit in range(10)])
templates = np.stack([(mean - middle).ravel() for mean in means], axis=1)  # (64, 10)
template_biases = -((means**2 - middle**2).sum(axis=(1, 2, 3))) / 2  # (10,)
show_channels(templates.reshape(8, 8, 10), titles=[f"unit {d}" for d in range(10)], columns=5)

# %% [markdown]
# Blue says "here should be ink", orange says "here should be none". Six digits, and below them the
# ten scores of each, a row for a digit. Look for the largest score of each row: does it stand in
# the right column?

# %%
some = images[[0, 11, 22, 33, 44, 55]]
vectors = flatten(some)
show(np.concatenate(some[..., 0], axis=1), titles=["six digits"])
if finished(vectors):
    digit_scores = dense(vectors, templates, template_biases)
    show(digit_scores, titles=["their scores for 0 to 9, a row each"])

# %% [markdown]
# Such a layer has no idea that two pixels are neighbors. Below, the pixels of all six digits are
# shuffled in the same way, and the weights along with them. To the eye nothing is left, and every
# score stays what it was.

# %%
order = np.random.default_rng(0).permutation(64)
if finished(vectors):
    shuffled = vectors[:, order]
    show(np.concatenate(shuffled.reshape(-1, 8, 8), axis=1), titles=["six digits, shuffled"])
    again = dense(shuffled, templates[order], template_biases)
    if finished(again):
        print("largest difference of the scores:", np.abs(again - digit_scores).max())

# %% [markdown]
# So a dense layer on pixels has to learn everything about neighborhoods anew, and for every place
# in the image on its own: when a digit moves by two pixels, its ink lies under other weights. That
# is why CNNs put convolutions and poolings in front.
#
# ### Exercise
#
# Look at the picture of the layer again. One line is one weight; what else is learned?


# %% exercise="dense_parameters"
def dense_parameters(inputs, units):
    """How many numbers a dense layer learns, weights and biases.

    inputs and units count the numbers that come in and go out. Returns a whole number.
    """
    ### BEGIN SOLUTION
    return inputs * units + units
    ### END SOLUTION


# %%
check("dense_parameters")

# %% [markdown]
# **See it.** Why not use dense layers only? Here is what a first layer of 32 units costs on images
# of several sizes, next to a convolution with 32 filters of 3×3. The convolution uses the same
# weights everywhere, so the size of the image does not enter.

# %%
for size in (8, 32, 224):
    count = dense_parameters(size * size * 3, 32)
    if not finished(count):
        break
    print(f"{size:3} × {size:3} × 3: dense {count:9,}, convolution {(3 * 3 * 3 + 1) * 32:,}")

# %% [markdown]
# ### What if Flatten is forgotten?
#
# Keras does not complain. A `Dense` layer that is given a volume works on the last axis only: each
# position is answered on its own, from its channels. That is a 1×1 convolution, and out comes a
# volume again, not a decision:

# %%
forgotten = keras.Sequential([keras.Input((5, 5, 16)), keras.layers.Dense(10)])
remembered = keras.Sequential(
    [keras.Input((5, 5, 16)), keras.layers.Flatten(), keras.layers.Dense(10)]
)
for model in (forgotten, remembered):
    print(model.output_shape, f"{model.count_params():,} parameters")

# %% [markdown]
# ## A dense layer is a very large kernel
#
# A unit is a kernel that covers the whole map. So a dense layer over Flatten can be replaced by a
# convolution whose kernel is as large as the map, with a filter for each unit. It has a single
# place to stand, and its output has the shape `(1, 1, units)`. The numbers are the same; only the
# weights must be put where they belong.
#
# ![Above, a flattened map of 8 values and the 8 weights of one unit: the products add up to 3. Below, the same values as a map of 2 by 2 with 2 channels, and the same weights as a kernel of 2 by 2 with 2 channels: the first, third, fifth and seventh value belong to channel 0, the others to channel 1. The kernel fits in one place only, and its response is 3, too.](figures/05_dense_as_conv.png)
#
# ### Exercise
#
# Write `dense_as_conv`: the kernel with which `Conv2D` answers what the dense layer over Flatten
# answers. (The biases need no change: one for each unit, one for each filter.)


# %% exercise="dense_as_conv"
def dense_as_conv(weights, map_shape):
    """The kernel of the convolution that equals Flatten and then a dense layer.

    weights has shape (height · width · channels, units), for volumes in the order of Flatten;
    map_shape is (height, width, channels).
    Returns an array (height, width, channels, units): the shape of Keras's kernels.
    """
    ### BEGIN SOLUTION
    return weights.reshape(*map_shape, -1)
    ### END SOLUTION


# %%
check("dense_as_conv")

# %% [markdown]
# **See it.** What is this good for? A kernel can slide, and a dense layer cannot. Below, the layer
# that knows digits of 8 × 8 pixels only is turned into a convolution, and reads a strip with
# several of them. Each column of the lower picture is one place of the window, each row the score
# of a digit, 0 on top; bright is high.

# %%
kernel = dense_as_conv(templates, (8, 8, 1))
if finished(kernel) and kernel.shape == (8, 8, 1, 10):
    strip = np.concatenate(images[[4, 0, 7, 3]], axis=1)  # (8, 32, 1)
    slide = keras.layers.Conv2D(10, 8)
    slide.build((None, *strip.shape))
    slide.set_weights([kernel, template_biases])
    reading = np.asarray(slide(strip[None]))[0, 0].T  # (10, 25)
    show(strip[..., 0], titles=["4, 0, 7, 3"])
    fig, ax = plt.subplots(figsize=(7, 2.8), layout="constrained")
    ax.imshow(reading, cmap="gray", aspect="auto")
    ax.set(xlabel="column where the window starts", ylabel="digit", yticks=range(10))
    ax.set_xticks(range(0, 25, 8))
    plt.show()

# %% [markdown]
# At the columns 0, 8, 16 and 24 the window stands exactly on a digit: which row is brightest there?
# In between it sees halves of two, and guesses. Networks that find
# things in photos larger than those they were trained on can be built in this way: a classifier's
# dense layers become convolutions, and slide.
#
# ## The whole network on paper
#
# Now everything is together that a plain CNN has. Each layer takes a shape, leaves another, and has
# its parameters:
#
# | layer | output shape | parameters |
# |---|---|---|
# | `Conv2D` | (places down, places across, filters) | (kernel_size² · depth + 1) · filters |
# | `MaxPooling2D` | (places down, places across, depth) | 0 |
# | `Flatten` | (height · width · depth,) | 0 |
# | `Dense` | (units,) | (inputs + 1) · units |
#
# Here height, width and depth are those of what comes *in*. Kernels and pools follow the same rule
# for their number of places along a direction of `size` pixels:
#
# - `padding="valid"`: `(size - window) // strides + 1`. A window that does not fit any more is left
#   out.
# - `padding="same"`: `size / strides`, rounded **up**. Zeros are added until every step finds a
#   place; with strides of 1, the size stays the same.
#
# A network is written as a list of dictionaries, in Keras's own words. This one reads the digits:

# %%
digit_shape = (8, 8, 1)
digit_layers = [
    {"layer": "Conv2D", "filters": 16, "kernel_size": 3, "strides": 1, "padding": "same"},
    {"layer": "MaxPooling2D", "pool_size": 2, "strides": 2, "padding": "valid"},
    {"layer": "Conv2D", "filters": 16, "kernel_size": 3, "strides": 1, "padding": "same"},
    {"layer": "MaxPooling2D", "pool_size": 2, "strides": 2, "padding": "valid"},
    {"layer": "Flatten"},
    {"layer": "Dense", "units": 128},
    {"layer": "Dense", "units": 10},
]

# %% [markdown]
# ### Exercise
#
# Write `summarize`, which says what `model.summary()` would say, without Keras. Every kind of layer
# has the keys that it has above; kernels, pools and strides are square, so one number serves both
# directions. But maps may be oblong.


# %% exercise="summarize"
def summarize(input_shape, layers):
    """The output shape and the parameters of every layer of a network.

    input_shape is (height, width, channels); layers is a list of dictionaries as above, with
    one Flatten before the first Dense.
    Returns a list with a pair for each layer: (output shape, parameters). Shapes are tuples
    without the batch: (height, width, channels), or (units,) from Flatten on.
    """

    ### BEGIN SOLUTION
    def places(size, window, layer):
        if layer["padding"] == "same":
            return -(-size // layer["strides"])
        return (size - window) // layer["strides"] + 1

    shape, rows = tuple(input_shape), []
    for layer in layers:
        parameters = 0
        if layer["layer"] == "Conv2D":
            window, depth, filters = layer["kernel_size"], shape[2], layer["filters"]
            parameters = (window**2 * depth + 1) * filters
            shape = (*(places(size, window, layer) for size in shape[:2]), filters)
        elif layer["layer"] == "MaxPooling2D":
            window, depth = layer["pool_size"], shape[2]
            shape = (*(places(size, window, layer) for size in shape[:2]), depth)
        elif layer["layer"] == "Flatten":
            shape = (shape[0] * shape[1] * shape[2],)
        else:
            parameters = dense_parameters(shape[0], layer["units"])
            shape = (layer["units"],)
        rows.append((shape, parameters))
    return rows
    ### END SOLUTION


# %%
check("summarize")

# %% [markdown]
# **See it.** Keras builds the network from the same list. Your rows stand beside its own, and the
# drawing shows what you have computed: the volume gets smaller and is a vector from Flatten on.


# %%
def in_keras_words(layer):
    settings = {name: value for name, value in layer.items() if name != "layer"}
    return getattr(keras.layers, layer["layer"])(**settings)


model = keras.Sequential([keras.Input(digit_shape), *map(in_keras_words, digit_layers)])
rows = summarize(digit_shape, digit_layers)
if finished(rows):
    for layer, row in zip(model.layers, rows, strict=False):
        in_keras = layer.output.shape[1:], layer.count_params()
        print(f"{type(layer).__name__:12}  Keras: {in_keras!s:20}  yours: {row}")
show_network(model)

# %% [markdown]
# ## Two heads
#
# Look at the largest number in that list. It belongs to the first dense layer, and most of it is
# there because Flatten hands over every position of every map. There is a second way to get from a
# volume to a vector, which you built in lesson 4: **global average pooling** keeps one number for
# each channel, its mean over all positions. It says *how much* of a feature there is, and no longer
# *where*.
#
# ### Exercise
#
# How many parameters do both heads have, if a single dense layer follows, with a unit for each
# class?


# %% exercise="heads"
def heads(map_shape, classes):
    """The parameters of two heads: with Flatten, and with global average pooling.

    map_shape is (height, width, channels) of the maps that come in. Behind Flatten, or behind
    global average pooling, stands one dense layer with `classes` units and biases.
    Returns two whole numbers: (with Flatten, with global average pooling).
    """
    ### BEGIN SOLUTION
    height, width, channels = map_shape
    flat = dense_parameters(height * width * channels, classes)
    return flat, dense_parameters(channels, classes)
    ### END SOLUTION


# %%
check("heads")

# %% [markdown]
# The picture shows both heads, with ten units each, on the convolutions of the network above
# without its poolings:
#
# ![Two networks with the same two convolutions, which have 2,480 parameters and give 16 maps of 8 by 8. Above, Flatten makes 1,024 numbers of them, and a dense layer with ten units has 10,250 parameters, 12,730 with the convolutions. Below, global average pooling leaves 16 numbers, and the dense layer has 170 parameters, 2,650 with the convolutions.](figures/05_heads.png)
#
# **See it.** Both heads on 64 maps of several sizes, for ten classes. When the maps become twice as
# high and twice as wide, what happens to each?

# %%
for size in (4, 8, 16, 32):
    both = heads((size, size, 64), 10)
    if not finished(both):
        break
    print(f"{size:2} × {size:2} × 64: Flatten {both[0]:7,}, average {both[1]:,}")

# %% [markdown]
# The averaged head does not ask how large the maps are, so a network that ends in it can be given
# images of any size. What it gives up is the place of each feature.
#
# ## What does pooling save?
#
# It is often said that pooling reduces the parameters of a network, and its computations. Pooling
# itself learns nothing, so whatever it saves, it saves in *other* layers. In which? Find out by
# counting. As a measure of computation we count **multiplications** of a weight with a value, for
# one image:
#
# - a convolution uses each weight of its kernels once at every position of its output (positions at
#   a zero-padded border count like any other);
# - a dense layer uses each weight once;
# - biases are only added, and pooling has no weights: neither counts.
#
# The network is the one above, with a few things left open: square gray images, two convolutions
# with the same number of `filters`, a 2×2 max pooling after **each** of them or after none, a head,
# a dense layer of `units`, and a last dense layer for ten classes. Both convolutions are 3×3 with
# `padding="same"`.
#
# ### Exercise
#
# Write `costs`. Before you check, guess: which of the four numbers change when `pooled` does?


# %% exercise="pooling_saves"
def costs(size, filters, units, pooled, head):
    """Parameters and multiplications of the network above, for one image of size × size × 1.

    size is a multiple of 4; pooled is True or False; head is "flatten" or "average" (global
    average pooling), and stands between the maps and the two dense layers (`units`, then 10).
    Returns four whole numbers: parameters and multiplications of both convolutions, then
    parameters and multiplications of both dense layers. Biases count as parameters.
    """
    ### BEGIN SOLUTION
    step = 2 if pooled else 1
    kernels = 3 * 3 * 1 * filters, 3 * 3 * filters * filters
    conv_work = kernels[0] * size**2 + kernels[1] * (size // step) ** 2
    inputs = (size // step**2) ** 2 * filters if head == "flatten" else filters
    dense_work = inputs * units + units * 10
    return sum(kernels) + 2 * filters, conv_work, dense_work + units + 10, dense_work
    ### END SOLUTION


# %%
check("pooling_saves")

# %% [markdown]
# **See it.** The network for the digits in all four forms:

# %%
forms = [(head, pooled) for head in ("flatten", "average") for pooled in (False, True)]
counted = [costs(8, 16, 128, pooled, head) for head, pooled in forms]
if finished(*counted):
    for (head, pooled), (conv, conv_work, last, last_work) in zip(forms, counted, strict=True):
        print(f"{head}, {'pooled' if pooled else 'not pooled'}:")
        print(f"  parameters      {conv:7,} + {last:7,} = {conv + last:7,}")
        print(f"  multiplications {conv_work:7,} + {last_work:7,} = {conv_work + last_work:7,}")

# %% [markdown]
# Three things to take away:
#
# - With a Flatten head, pooling brings 134,970 parameters down to 12,090. **None** of those saved
#   belongs to a convolution: they are weights of the first dense layer, which sees fewer inputs.
# - With a global-average head the count does not change at all: 5,946 and 5,946. The sentence
#   "pooling reduces the parameters" is about networks with Flatten.
# - The computations of the convolutions shrink with either head, because the second one has a
#   quarter of the positions. In this way pooling makes every later layer cheaper.
#
# Fewer parameters are not better as such. They often need less data to be learned, and always less
# room; whether they suffice is for a test to say.
#
# ## Audit a published network
#
# VGG-16 (Simonyan and Zisserman, 2014) is one of the best-known CNNs: thirteen convolutions of 3×3,
# five poolings, three dense layers, for photographs of 224 × 224 pixels in color and 1000 classes.
# In papers, a network is a table. This one has three kinds of rows:
#
# - `("conv", kernel_size, filters)`: a convolution with `padding="same"` and strides of 1;
# - `("pool", size)`: max pooling of `size` × `size` with strides of `size`, without padding;
# - `("dense", units)`: a dense layer.
#
# Flatten is not listed: that it comes before the first dense row goes without saying.

# %%
vgg16 = [("conv", 3, 64)] * 2 + [("pool", 2)]
vgg16 += [("conv", 3, 128)] * 2 + [("pool", 2)]
for filters in (256, 512, 512):
    vgg16 += [("conv", 3, filters)] * 3 + [("pool", 2)]
vgg16 += [("dense", 4096), ("dense", 4096), ("dense", 1000)]
print(len(vgg16), "rows, of which", sum(row[0] != "pool" for row in vgg16), "learn something")

# %% [markdown]
# ### Exercise
#
# Write `audit_network`: the parameters of each row of such a table.


# %% exercise="audit_network"
def audit_network(input_shape, table):
    """The parameters of each row of a network's table, weights and biases.

    input_shape is (height, width, channels); table is a list of rows as above. The dense rows
    come last; before the first of them the volume is flattened.
    Returns a list with one whole number for each row, 0 for a pooling.
    """
    ### BEGIN SOLUTION
    height, width, channels = input_shape
    inputs, counts = None, []
    for kind, *numbers in table:
        if kind == "conv":
            counts.append((numbers[0] ** 2 * channels + 1) * numbers[1])
            channels = numbers[1]
        elif kind == "pool":
            height, width = height // numbers[0], width // numbers[0]
            counts.append(0)
        else:
            counts.append(dense_parameters(inputs or height * width * channels, numbers[0]))
            inputs = numbers[0]
    return counts
    ### END SOLUTION


# %%
check("audit_network")

# %% [markdown]
# **See it.** Where does VGG-16 keep its parameters?

# %%
counts = audit_network((224, 224, 3), vgg16)
if finished(counts):
    print(f"{sum(counts):,} parameters, {sum(counts[:-3]):,} of them without the dense rows")
    fig, ax = plt.subplots(figsize=(9, 3), layout="constrained")
    colors = {"conv": "#0072B2", "pool": "#8C8C8C", "dense": "#E69F00"}
    ax.bar(range(len(vgg16)), np.array(counts) / 1e6, color=[colors[row[0]] for row in vgg16])
    ax.set_xticks(range(len(vgg16)), [f"{row[0]} {row[-1]}" for row in vgg16], rotation=90)
    ax.set_ylabel("million parameters")
    ax.spines[["top", "right"]].set_visible(False)
    plt.show()

# %% [markdown]
# Of 138,357,544 parameters, only 14,714,688 belong to the thirteen convolutions. Three quarters of
# all belong to one single layer, the first dense one, although it has no more units than the
# second. (Why? Compute what Flatten hands over to it.) The work is spent elsewhere: of 15.5 billion
# multiplications for one image, 15.3 billion are the convolutions', whose few weights are used at
# thousands of positions. Later networks, such as ResNet, end in global average pooling.
#
# ## LeNet-5
#
# In 1998, Yann LeCun, Léon Bottou, Yoshua Bengio and Patrick Haffner published a network that read
# the digits on bank checks. It has everything this course has built so far:
#
# | row | layer | activation | output shape |
# |---|---|---|---|
# | input | a gray image | | 32 × 32 × 1 |
# | C1 | convolution, 6 filters of 5×5, `valid` | tanh | 28 × 28 × 6 |
# | S2 | **average** pooling, 2×2, strides 2 | | 14 × 14 × 6 |
# | C3 | convolution, 16 filters of 5×5, `valid` | tanh | 10 × 10 × 16 |
# | S4 | **average** pooling, 2×2, strides 2 | | 5 × 5 × 16 |
# | C5 | convolution, 120 filters of 5×5, `valid` | tanh | 1 × 1 × 120 |
# | | Flatten | | 120 |
# | F6 | dense, 84 units | tanh | 84 |
# | output | dense, 10 units | softmax | 10 |
#
# Look at C5: its kernels are as large as the maps that come in. You know what that is: a dense
# layer in the form of a convolution. (If you build it as Flatten and a dense layer, that is right,
# too.)
#
# The original differs from this table in details: most maps of C3 saw only some of the six maps
# before, poolings had a weight and a bias for each map, tanh was stretched, and the output compared
# the 84 numbers with a drawn picture of each digit. It had 60,000 parameters; in the form that is
# usual today there are 61,706.
#
# ### Exercise
#
# Build it in Keras, with a bias in every layer that learns. On paper first: what do C1, C3, C5, F6
# and the output contribute to 61,706? Nothing has to be trained or compiled.

# %% exercise="lenet5"
### BEGIN SOLUTION
lenet5 = keras.Sequential(
    [
        keras.Input((32, 32, 1)),
        keras.layers.Conv2D(6, 5, activation="tanh", name="C1"),
        keras.layers.AveragePooling2D(2, name="S2"),
        keras.layers.Conv2D(16, 5, activation="tanh", name="C3"),
        keras.layers.AveragePooling2D(2, name="S4"),
        keras.layers.Conv2D(120, 5, activation="tanh", name="C5"),
        keras.layers.Flatten(name="flatten"),
        keras.layers.Dense(84, activation="tanh", name="F6"),
        keras.layers.Dense(10, activation="softmax", name="output"),
    ]
)
### STARTER
# lenet5 = ...
### END SOLUTION

# %%
check("lenet5")

# %% [markdown]
# **See it.** Your network, as what flows through it:

# %%
show_network(lenet5)

# %% [markdown]
# Below it is drawn with C5 as a dense layer over Flatten. The numbers are the same, and it is
# easier to see that LeNet-5, too, keeps nearly everything it knows in its head:
#
# ![LeNet-5 with C5 as a dense layer. Image 32 by 32 by 1; convolution 28 by 28 by 6, 156 parameters; average pooling 14 by 14 by 6; convolution 10 by 10 by 16, 2,416 parameters; average pooling 5 by 5 by 16; Flatten 400; dense layers of 120, 84 and 10 units with 48,120, 10,164 and 850 parameters. Together 61,706 parameters, 59,134 of them (96 percent) in the dense layers.](figures/05_network.png)
#
# It is 2242 times smaller than VGG-16, and the shape is the same: maps that get smaller and more
# numerous, then a vector, then one number for each class. What do these numbers mean, and how does
# one measure whether they are any good?

# %% [markdown]
# ## From scores to probabilities
#
# The last dense layer has one unit for each class, and its outputs are **scores** (also called
# **logits**): any numbers, the largest for the class that the network believes in most. To say
# *how much* it believes, we turn the scores $s_1, \dots, s_n$ of an image into probabilities: none
# negative, 1 in all. The function that does it is the **softmax**:
#
# $$p_i = \frac{e^{s_i}}{e^{s_1} + e^{s_2} + \dots + e^{s_n}}$$
#
# The powers of e make every score positive and keep their order. The division shares out a total of
# 1 among the classes, so that they compete: what one of them gains, the others lose. In Keras this
# is `activation="softmax"` in the last layer.
#
# One difficulty is not in the formula. e¹⁰⁰⁰ is larger than any number the computer can hold; it
# becomes `inf`. A helpful fact: if you add the same number to all scores of an image, every power
# is multiplied by the same factor, and the factor cancels out.
#
# ### Exercise
#
# Write `softmax`. It gets the scores of a single image, of a batch, or of anything with more axes:
# the classes always lie along the **last** axis. Large scores, 1000 or −1000, must do no harm.


# %% exercise="softmax"
def softmax(scores):
    """The probabilities that belong to scores.

    scores: an array (..., classes) with one, two or more axes, of any finite numbers.
    Returns an array of the same shape; over the last axis it sums to 1.
    """
    ### BEGIN SOLUTION
    powers = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return powers / powers.sum(axis=-1, keepdims=True)
    ### END SOLUTION


# %%
check("softmax")

# %% [markdown]
# **See it.** The scores of one image for four classes; the same with 5 added to each; and all of
# them multiplied by 3. Which change does softmax notice?

# %%
scores = np.array([2.0, 1.0, 0.5, -1.0])
rows = np.stack([scores, scores + 5, 3 * scores])
shares = softmax(rows)
if finished(shares):
    show(shares, titles=["probabilities: scores, scores + 5, 3 · scores"])

# %% [markdown]
# Only differences between scores count. Larger differences make the network more certain, and no
# probability ever becomes exactly 0 or 1. (The 0 in the picture is a small number, rounded.)
#
# ## How surprised was the network?
#
# Training needs a number that says how wrong the network is: the **loss**. For classes, the usual
# one is the **cross-entropy**. Of all probabilities that the network gave for an image, look only
# at the one of the *right* class, $p$, and take $-\ln p$. It measures surprise: 0 if the network
# gave the right class probability 1, 0.69 for one half, and the more, the less it expected what is
# true. The loss is the mean over all images.

# %%
right = np.linspace(0.01, 1, 100)
show_curves(
    {"surprise": -np.log(right)},
    x=right,
    xlabel="probability of the right class",
    ylabel="−ln p",
    title="The surprise at one image",
)

# %% [markdown]
# A network that guesses evenly among ten classes has a loss of $-\ln 0.1 = 2.30$. Keep that number
# in mind: a loss that stays near 2.30 says that nothing has been learned.
#
# The logarithm of 0 is −∞, and one such image would spoil the mean. So a probability below 1e-7
# counts as 1e-7, as Keras's function of probabilities has it (`keras.config.epsilon()`).
#
# ### Exercise
#
# Write `cross_entropy`. Labels are whole numbers, one for each image. Keras calls the same function
# `sparse_categorical_crossentropy`: *sparse* because a label is a number and not a row of zeros
# with a single 1.


# %% exercise="cross_entropy"
def cross_entropy(probabilities, labels):
    """The mean over all images of −ln of the probability that the right class was given.

    probabilities: (images, classes), none negative, each row sums to 1; what is below 1e-7
    counts as 1e-7. labels: (images,), whole numbers from 0. Returns one number.
    """
    ### BEGIN SOLUTION
    right = probabilities[np.arange(len(labels)), labels]
    return np.mean(-np.log(np.maximum(right, 1e-7)))
    ### END SOLUTION


# %%
check("cross_entropy")

# %% [markdown]
# **See it: softmax twice.** A frequent mistake: the network ends with a softmax, and another one is
# applied to its probabilities, by a second softmax layer or by a loss that was told to expect
# scores (`from_logits=True`). No error is raised. Below, the score of the right class among ten
# grows from 0 to 12 while the others stay 0.

# %%
labels = np.zeros(25, dtype=int)
growing = np.zeros((25, 10))
growing[:, 0] = np.linspace(0, 12, 25)
once = softmax(growing)
if finished(once, cross_entropy(np.eye(2), np.arange(2))):
    losses = {"softmax once": [], "softmax twice": []}
    for row, label in zip(once, labels, strict=True):
        losses["softmax once"].append(cross_entropy(row[None], [label]))
        losses["softmax twice"].append(cross_entropy(softmax(row[None]), [label]))
    show_curves(losses, x=growing[:, 0], xlabel="score of the right class")
    print("softmax twice never gets below", round(float(losses["softmax twice"][-1]), 2))

# %% [markdown]
# Probabilities lie between 0 and 1, so a second softmax gets scores that hardly differ: at best a 1
# and nine zeros, for which the right class gets $e / (e + 9) = 0.23$. The loss cannot fall below
# $-\ln 0.23 = 1.46$. If you ever see a loss get stuck at 1.46 with ten classes, you know where to
# look. Either the network ends in probabilities, and the loss is told nothing; or it ends in
# scores, and the loss is told `from_logits=True`.
#
# (Keras knows this mistake. Where it can see that a network's last step is a softmax, a loss with
# `from_logits=True` warns, and takes the scores before it. Two softmax layers it cannot forgive,
# nor probabilities that come as a plain array. The opposite mistake, scores for a loss that was
# told nothing, raises no error and no warning: such a loss may well stay near 2.30.)
#
# ## How many are right?
#
# Cross-entropy is what training makes smaller. People would rather know how many answers are
# right: the **accuracy**. The network's answer is the class with the largest score; the scores may
# be of any size, and it does not matter whether a softmax has been applied, as it keeps their
# order.
#
# ### Exercise
#
# Write `accuracy`.


# %% exercise="accuracy"
def accuracy(scores, labels):
    """The share of images whose largest score is that of their label.

    scores: (images, classes), scores or probabilities, no two of an image the same.
    labels: (images,), whole numbers from 0. Returns one number from 0 to 1.
    """
    ### BEGIN SOLUTION
    return np.mean(scores.argmax(axis=-1) == labels)
    ### END SOLUTION


# %%
check("accuracy")

# %% [markdown]
# **See it.** Three networks and three images, whose labels are 0, 1 and 2. Before you run the cell:
# which two have the same accuracy, and which of all has the largest loss?

# %%
networks = {
    "hesitant": [[0.4, 0.3, 0.3], [0.3, 0.4, 0.3], [0.3, 0.3, 0.4]],
    "certain": [[0.98, 0.01, 0.01], [0.01, 0.98, 0.01], [0.01, 0.01, 0.98]],
    "overconfident": [[0.98, 0.01, 0.01], [0.01, 0.98, 0.01], [0.999, 0.0005, 0.0005]],
}
truth = np.arange(3)
if finished(accuracy(np.eye(3), truth), cross_entropy(np.eye(3), truth)):
    for name, given in networks.items():
        given = np.array(given)
        share, loss = accuracy(given, truth), cross_entropy(given, truth)
        print(f"{name:14} accuracy {share:.2f}, loss {loss:.2f}")

# %% [markdown]
# The loss also sees *how* a network is right or wrong: one certain mistake costs more than three
# hesitant answers. That is why loss and accuracy sometimes go different ways, as you will see in
# lesson 6.
#
# ## Who still reads moved images?
#
# Lesson 4 said: pooling makes a network forget where a feature was, and so a CNN needs less data
# than a network with only dense layers, which would have to learn every place anew. Time to put it
# to the test, with four shapes. Below, the same pictures moved by 4 pixels down and to the left.

# %%
from cnn_course.data.shapes import NAMES, draw_shapes

shape_images, shape_labels = draw_shapes(200, 5, size=20, centered=True)
moved_images = np.roll(shape_images, (4, -4), axis=(1, 2))
show(*shape_images[:5, :, :, 0], titles=[NAMES[label] for label in shape_labels[:5]])
show(*moved_images[:5, :, :, 0], titles=["moved"] * 5)

# %% [markdown]
# Networks learn from 480 centered shapes, and are then tested on shapes that have moved. Here is
# the training, the same for everybody. `compile` chooses the loss (as probabilities are expected,
# the network has to end in a softmax) and the method of descent; `fit` goes through the images
# `epochs` times, 32 at a time.

# %%
import tensorflow as tf


def fit_shapes(network):
    """Train a network (20, 20, 1) → 4 probabilities on 480 centered shapes; some seconds."""
    images, labels = draw_shapes(480, 1, size=20, centered=True)
    batches = tf.data.Dataset.from_tensor_slices((images, labels)).shuffle(480).batch(32)
    network.compile(keras.optimizers.Adam(0.008), "sparse_categorical_crossentropy")
    network.fit(batches, epochs=10, shuffle=False, verbose=0)  # shuffled above


# %% [markdown]
# A dense network has a weight for each pixel at its place. What it learned about the middle of the
# picture says nothing about the pixels at the side.
#
# A convolution uses the same kernel everywhere: when the shape moves, its map moves along (lesson
# 1). But that alone does not help. A **head** that flattens the map has a weight for each place of
# it, as a dense network has. Only a head that keeps *whether* a feature was found, and not *where*,
# forgets the move.
#
# ### Exercise
#
# Write two functions that build a network, without training it. Both networks take gray images of
# shape `(20, 20, 1)` and end with four probabilities (softmax).
#
# - `build_dense`: flatten and dense layers only.
# - `build_cnn`: with convolutions, and a head that lets it read moved shapes. It learns from the
#   centered shapes as they are: no layer of it moves them.
#
# The check trains both as `fit_shapes` does and tests them on new shapes, centered ones and the
# same moved by 4 pixels in both directions. Your CNN has to read at least 80 % of the centered
# shapes and half of the moved ones. The dense network has to read at least half of the centered
# ones; more than half of the moved ones it will not. Guessing gives 25 %. (Checking takes a few
# seconds.)


# %% exercise="moved_test"
def build_cnn():
    """A new CNN, not trained: (20, 20, 1) → 4 probabilities."""
    ### BEGIN SOLUTION
    return keras.Sequential(
        [
            keras.Input((20, 20, 1)),
            keras.layers.Conv2D(8, 3, padding="same", activation="relu"),
            keras.layers.MaxPooling2D(),
            keras.layers.Conv2D(16, 3, padding="same", activation="relu"),
            keras.layers.GlobalMaxPooling2D(),
            keras.layers.Dense(4, activation="softmax"),
        ]
    )
    ### END SOLUTION


def build_dense():
    """A new network of flatten and dense layers, not trained: (20, 20, 1) → 4 probabilities."""
    ### BEGIN SOLUTION
    return keras.Sequential(
        [
            keras.Input((20, 20, 1)),
            keras.layers.Flatten(),
            keras.layers.Dense(64, activation="relu"),
            keras.layers.Dense(4, activation="softmax"),
        ]
    )
    ### END SOLUTION


# %%
check("moved_test")

# %% [markdown]
# **See it.** Your networks, trained on centered shapes; the test shapes move farther and farther to
# the right.

# %%
readers = {"CNN": build_cnn(), "dense network": build_dense()}
shares = {name: [] for name in readers}
if finished(*readers.values(), accuracy(np.eye(2), np.arange(2))):
    for name, reader in readers.items():
        fit_shapes(reader)
        for pixels in range(6):
            moved_images = np.roll(shape_images, pixels, axis=2)
            shares[name].append(accuracy(np.asarray(reader(moved_images)), shape_labels))
    show_curves(shares, xlabel="pixels moved to the right", ylabel="accuracy")
    for name, reader in readers.items():
        print(f"{name}: {reader.count_params():,} parameters")

# %% [markdown]
# The dense network falls to guessing within a few pixels. The CNN hardly notices: its answer
# depends on the largest value of each map, and that value moves along with the shape.
#
# Two things are worth trying. Give the CNN a Flatten head: it falls like the dense network, so it
# is not the convolution alone that makes the difference. And pool more often on the way, with
# `valid` convolutions: a map of 3×3 has few places left, windows miss the rows that do not fill
# them, and whether a move is a multiple of all strides begins to matter. "Translation invariance"
# is a property of the whole architecture, and mostly not an exact one.
#
# Could the dense network learn moved shapes, too? Yes, from moved training images, many of them,
# for each place has to be learned. What the CNN has built in, it need not learn from data.
#
# ## A network of your own
#
# Now everything comes together: convolutions find features, pooling makes maps smaller, Flatten or
# a global pooling makes a vector of them, and dense layers use the features for the final
# prediction. The data are 1,797 handwritten digits of 8×8 pixels, which come with scikit-learn. Its
# pixels go from 0 to 16; we divide them by 16. 1,300 digits are for training, the others are held
# out. (They are drawn here with four pixels for each of theirs.)

# %%
from sklearn.datasets import load_digits

digits = load_digits()
digit_images = (digits.images / 16).astype("float32")[..., None]  # (1797, 8, 8, 1), from 0 to 1
order = np.random.default_rng(0).permutation(len(digit_images))
learned, held_out = order[:1300], order[1300:]
enlarged = digit_images[learned[:8], :, :, 0].repeat(2, axis=1).repeat(2, axis=2)
show(*enlarged, titles=[str(label) for label in digits.target[learned[:8]]])

# %% [markdown]
# The training, for any network from `(8, 8, 1)` to ten probabilities. It returns the curves.


# %%
def fit_digits(network, epochs=15):
    """Train a network on the digits; returns its curves, a dict of lists."""
    batches, tests = (
        tf.data.Dataset.from_tensor_slices((digit_images[chosen], digits.target[chosen]))
        for chosen in (learned, held_out)
    )
    network.compile(
        keras.optimizers.Adam(0.005), "sparse_categorical_crossentropy", metrics=["accuracy"]
    )
    batches = batches.shuffle(len(learned)).batch(32)
    return network.fit(
        batches, epochs=epochs, validation_data=tests.batch(500), shuffle=False, verbose=0
    ).history


# %% [markdown]
# ### Exercise
#
# Design a network, count its parameters on paper first, then train it:
#
# - it takes images of shape `(8, 8, 1)` with pixels from 0 to 1 and gives ten probabilities;
# - it has **fewer than 10,000 parameters**;
# - on 400 digits that it has not seen like this, it is right for **at least 85 %**, and its
#   cross-entropy is **at most 0.7**. They are digits of the collection, written paler (down to
#   three quarters of the brightness) on speckled paper (noise with a standard deviation of 0.06).
#
# `budget_network` is the trained network, `digit_curves` what `fit_digits(budget_network)`
# returned.

# %% exercise="budget_network"
### BEGIN SOLUTION
budget_network = keras.Sequential(
    [
        keras.Input((8, 8, 1)),
        keras.layers.Conv2D(16, 3, activation="relu"),
        keras.layers.MaxPooling2D(),
        keras.layers.Flatten(),
        keras.layers.Dense(32, activation="relu"),
        keras.layers.Dense(10, activation="softmax"),
    ]
)
digit_curves = fit_digits(budget_network)
### STARTER
# budget_network = ...  # keras.Sequential([...])
# digit_curves = ...  # fit_digits(budget_network)
### END SOLUTION

# %%
check("budget_network")

# %% [markdown]
# **See it.** What flows through your network, and how it learned. `loss` and `accuracy` are
# measured on the training digits, `val_loss` and `val_accuracy` on those held out. Is the loss
# still falling at the end? Do the two curves part?

# %%
if finished(budget_network, digit_curves):
    show_network(budget_network)
    curves = getattr(digit_curves, "history", digit_curves)
    show_curves({name: curves[name] for name in ("loss", "val_loss") if name in curves})

# %% [markdown]
# And here are held-out digits that it got wrong, as "label → answer". Would you have known?

# %%
if finished(budget_network):
    answers = np.asarray(budget_network(digit_images[held_out])).argmax(axis=-1)
    wrong = held_out[answers != digits.target[held_out]][:6]
    given = answers[answers != digits.target[held_out]]
    pairs = zip(digits.target[wrong], given, strict=False)
    enlarged = digit_images[wrong, :, :, 0].repeat(2, axis=1).repeat(2, axis=2)
    if len(wrong):
        show(*enlarged, titles=[f"{label} → {answer}" for label, answer in pairs])

# %% [markdown]
# One question is left: does it read digits that are moved? These digits fill their frame, so we can
# move them by one pixel only. Think of your head before you run the cell.

# %%
if finished(budget_network, accuracy(np.eye(2), np.arange(2))):
    tests, truth = digit_images[held_out], digits.target[held_out]
    for name, pixels in (("one to the left", -1), ("as they are", 0), ("one to the right", 1)):
        outputs = np.asarray(budget_network(np.roll(tests, pixels, axis=2)))
        print(f"{name:17}", round(float(accuracy(outputs, truth)), 2))

# %% [markdown]
# All digits of the collection are centered, so a network with a Flatten head is good at them, and
# even a single dense layer (650 parameters) passes this exercise. Only the moved digits tell the
# networks apart. A test measures what is in it: an accuracy without its data says little.
#
# ## Summary
#
# - **Flatten** turns a volume (height, width, channels) into a vector, row by row, pixel by pixel,
#   channel by channel. It has no parameters, and only changes the shape.
# - A **dense** (fully connected) layer joins every input with every unit:
#   `inputs * units + units` parameters. It is a convolution with a kernel as large as the map.
# - Most parameters of older CNNs sit in the first dense layer after Flatten. Pooling before it
#   makes *that* layer smaller; a convolution has the same parameters whatever the size of its maps,
#   and so has a head behind global average pooling.
# - **Softmax** turns scores into probabilities, over the last axis; only differences of scores
#   count. **Cross-entropy** is the mean of −ln of the right class's probability: 2.30 for guessing
#   among ten, never below 1.46 with softmax twice. **Accuracy** counts the right answers.
# - A convolution moves along with its image, a Flatten head does not; a head with **global
#   pooling** lets a CNN read moved images without having been trained on them. That is why a CNN
#   gets along with less data than a network with only dense layers.
#
# **Next:** so far the networks learned what they should. Lesson 6 shows how they learn too much,
# and what can be done about it.
#
# ## Further reading
#
# - Yann LeCun, Léon Bottou, Yoshua Bengio and Patrick Haffner, *Gradient-based learning applied to
#   document recognition*, Proceedings of the IEEE 86 (1998): LeNet-5, with every layer counted.
# - Karen Simonyan and Andrew Zisserman, *Very deep convolutional networks for large-scale image
#   recognition*, [arXiv:1409.1556](https://arxiv.org/abs/1409.1556): VGG-16, most of whose
#   parameters are dense.
# - Min Lin, Qiang Chen and Shuicheng Yan, *Network in network*,
#   [arXiv:1312.4400](https://arxiv.org/abs/1312.4400): global average pooling as a head.
# - Richard Zhang, *Making convolutional networks shift-invariant again*,
#   [arXiv:1904.11486](https://arxiv.org/abs/1904.11486): what strides do to invariance.
# - Ian Goodfellow, Yoshua Bengio and Aaron Courville, *Deep Learning*,
#   [chapter 6](https://www.deeplearningbook.org/contents/mlp.html): softmax units and
#   cross-entropy.
# - Keras, [probabilistic losses](https://keras.io/api/losses/probabilistic_losses/): what
#   `from_logits` means.
