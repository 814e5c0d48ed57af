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
# # Convolution
#
# A convolutional neural network (CNN) picks out patterns in an image: edges, shapes, faces. It does
# so in its **convolutional layers**, which look at the image through small windows. In this lesson
# you build what happens in such a window, by hand, with NumPy only.
#
# **When you are done, you can**
#
# - compute what a kernel answers to a patch of an image, and slide it over the whole image;
# - tell the size of the feature map beforehand, with padding and strides too;
# - write kernels that find edges, blur and sharpen, and see them at work on a photograph;
# - say what a CNN's "convolution" has to do with the convolution of mathematics;
# - find something in an image, and explain why a convolution finds it wherever it is.
#
# **How it works.** Replace each `...` with your own code and run the cell, then run the check cell
# below it. It says which statements about your code hold and which do not, and shows the input it
# tried. Check as often as you like.

# %%
import matplotlib.pyplot as plt
import numpy as np

from grader import check, hint
from grader.drawing import finished, show

# %% [markdown]
# ## An image is a grid of numbers
#
# A gray image is an array of shape `(height, width)`. Each number is the brightness of one pixel:
# 0 is black, 1 is white. The first index counts rows from the top, the second counts columns from
# the left.

# %%
arrow = np.zeros((7, 9), dtype="float32")
arrow[3, 1:8] = 1
arrow[2, 6] = arrow[4, 6] = 1
arrow[1, 5] = arrow[5, 5] = 0.5
show(arrow, titles=["arrow"])

# %% [markdown]
# A photograph is the same, only larger. The one below ships with Matplotlib: Grace
# Hopper, who wrote one of the first compilers. A color photograph has three numbers a pixel (red,
# green, blue), so its shape is `(height, width, 3)`, and each of the three grids is called a
# **channel**. In this lesson one channel is enough: we average the three into a gray image.

# %%
from matplotlib.cbook import get_sample_data

with get_sample_data("grace_hopper.jpg") as file:
    color = plt.imread(file).astype("float32") / 255  # (600, 512, 3)

gray = color.mean(axis=2)  # (600, 512)
photo = gray.reshape(150, 4, 128, 4).mean(axis=(1, 3))  # (150, 128): blocks of 4×4 averaged
show(color, photo, titles=["color", "photo"])

# %% [markdown]
# ## One patch, one number
#
# A **kernel** (also called a **filter**) is a small grid of numbers, its **weights**. Lay it on an
# equally large **patch** of the image: each weight meets the pixel under it. Multiply each pair and
# add up the products. The sum is the **response** of the patch to the kernel.
#
# ![A 3 by 3 patch of an image, times a 3 by 3 kernel element by element, gives nine products; their sum is 1.6, the response.](figures/01_patch_response.png)
#
# With the pixels $a_{11} \dots a_{33}$ of the patch and the weights $b_{11} \dots b_{33}$ of the
# kernel, that is
#
# $$\text{response} = a_{11}b_{11} + a_{12}b_{12} + \dots + a_{33}b_{33}$$
#
# Read it as a question. Where weights are positive, the kernel asks for bright pixels, where they
# are negative for dark ones, and where they are 0 it does not care. A patch that is bright and dark
# in the right places gets a large response; one that is bright exactly where it should be dark, a
# negative one. The kernel below asks: is it brighter on the right than on the left?

# %%
patch = np.array([[0.1, 0.2, 0.7], [0.0, 0.3, 0.6], [0.1, 0.1, 0.5]])
question = np.array([[-1, 0, 1], [-1, 0, 1], [-1, 0, 1]])
show(patch, question, patch * question, titles=["patch", "kernel", "products"])

# %% [markdown]
# ### Exercise
#
# Write `patch_response`. In NumPy, `*` multiplies two arrays of the same shape number by number.


# %% exercise="patch_response"
def patch_response(patch, kernel):
    """The response of a patch to a kernel.

    patch and kernel are arrays of the same shape, (k, l), square or not.
    Returns one number: the sum of pixel times weight over all pairs.
    """
    ### BEGIN SOLUTION
    return np.sum(patch * kernel)
    ### END SOLUTION


# %%
check("patch_response")

# %% [markdown]
# **Stuck?** Every exercise has hints, from a nudge to plain words; each run of the next cell shows
# one more. For the exercises to come, write the same line with their name in a cell of your own.

# %%
hint("patch_response")

# %% [markdown]
# ## The sliding window
#
# One response tells something about one patch. To learn about the whole image, slide the kernel
# over it, one pixel at a time, and write each response down where the window stands. This is the
# operation that gives convolutional networks their name: a **convolution** turns an **input
# channel** into an **output channel** by means of a kernel and a sliding window. At every place of
# the window, the sum of the element-wise products is computed and stored.
#
# ![Animation: a 3 by 3 window slides over a 5 by 6 input channel, row by row. At every step the nine products are added up, and the sum fills the next cell of the 3 by 4 output channel.](figures/01_sliding_window.gif)
#
# The output channel is called a **feature map**: it shows where in the image a feature, such as an
# edge, is to be found. Its value at `[row, column]` is the response of the patch whose top-left
# corner is `image[row, column]`.
#
# Two conventions, which are also Keras's defaults: the window never leaves the image
# (`padding="valid"`), and it moves by one pixel (`strides=1`).

# %% [markdown]
# ### Exercise
#
# Write `convolve2d`. Neither the image nor the kernel needs to be square, and a kernel may have an
# even number of rows or columns. Two loops are fine; your `patch_response` is welcome inside.


# %% exercise="convolve2d"
def convolve2d(image, kernel):
    """The feature map of an image under a kernel: windows inside the image, stride 1.

    image has shape (height, width), kernel (k, l) with k ≤ height and l ≤ width.
    Returns an array; [row, column] is the response of the window that starts there.
    """
    ### BEGIN SOLUTION
    rows, columns = np.subtract(image.shape, kernel.shape) + 1
    feature_map = np.zeros((rows, columns))
    for row in range(rows):
        for column in range(columns):
            patch = image[row : row + kernel.shape[0], column : column + kernel.shape[1]]
            feature_map[row, column] = patch_response(patch, kernel)
    return feature_map
    ### END SOLUTION


# %%
check("convolve2d")

# %% [markdown]
# **See it.** This kernel asks for a bright pixel with a dark one on its right. Blue is a positive
# response, orange a negative one, white is 0. Where does the arrow answer, and where with which
# sign?

# %%
bright_then_dark = np.array([[1, -1]])
show(
    arrow,
    bright_then_dark,
    convolve2d(arrow, bright_then_dark),
    titles=["arrow", "kernel", "feature map"],
)

# %% [markdown]
# The map is positive where something bright ends and negative where it begins. Inside the shaft
# nothing changes from pixel to pixel, and the responses are 0: the kernel does not find the arrow,
# it finds its *ends*.
#
# ## How large is the feature map?
#
# The window has to fit, so the feature map is smaller than the image. Look at one direction only, a
# row of 7 pixels and a kernel of 3:
#
# ![A row of 7 pixels and, below it, every place of a kernel of size 3: it can start at pixel 0, 1, 2, 3 or 4. The feature map has 5 values.](figures/01_size.png)
#
# Rows and columns each follow this rule on their own, so one function of two whole numbers serves
# both.
#
# ### Exercise
#
# Write `feature_map_size`, for images and kernels of any size.


# %% exercise="feature_map_size"
def feature_map_size(image_size, kernel_size):
    """How many places a kernel has along one direction of an image, without padding, stride 1.

    image_size and kernel_size count pixels, kernel_size ≤ image_size.
    Returns a whole number.
    """
    ### BEGIN SOLUTION
    return image_size - kernel_size + 1
    ### END SOLUTION


# %%
check("feature_map_size")

# %% [markdown]
# ## Kernels that find edges
#
# An edge is where the brightness changes. In a single row of pixels, the weights −1, 0, 1 compute
# *right neighbor minus left neighbor*:

# %%
row = np.array([[0.2, 0.2, 0.2, 0.8, 0.8, 0.8, 0.3, 0.3]])
right_minus_left = np.array([[-1, 0, 1]])
show(row, convolve2d(row, right_minus_left), titles=["a row of pixels", "right minus left"])

# %% [markdown]
# Three things to notice, and to keep for the exercise:
#
# - Where the row is evenly bright, the response is 0, *however* bright it is: the weights sum to 0.
# - Where it gets brighter to the right, the response is positive.
# - Where it gets darker to the right, it is negative.
#
# An image has edges in all directions. A **vertical edge** runs from top to bottom, so brightness
# changes from left to right; a **horizontal edge** runs from left to right, and brightness changes
# from top to bottom. A kernel with three rows looks at three pixels of the edge at once, so that a
# single noisy pixel does not count for much.
#
# ### Exercise
#
# Write two 3×3 kernels as NumPy arrays:
#
# - `vertical_edges` answers vertical edges: positive where the image gets brighter **to the
#   right**, negative where it gets darker, and 0 along horizontal edges and on even areas;
# - `horizontal_edges` answers horizontal edges: positive where it gets brighter **downward**,
#   negative where it gets darker, and 0 along vertical edges and on even areas.
#
# There are many right answers; famous ones are named after Prewitt, Sobel and Scharr.

# %% exercise="edge_kernels"
### BEGIN SOLUTION
vertical_edges = np.array([[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]])
horizontal_edges = vertical_edges.T
### STARTER
# vertical_edges = ...
# horizontal_edges = ...
### END SOLUTION

# %%
check("edge_kernels")

# %% [markdown]
# **See it.** Your kernels, slid by your own function over the photograph:

# %%
across = down = None
if finished(vertical_edges, horizontal_edges):
    across = convolve2d(photo, vertical_edges)
    down = convolve2d(photo, horizontal_edges)
    show(photo, across, down, titles=["photo", "vertical edges", "horizontal edges"])

# %% [markdown]
# Compare the stripes of the flag, the rim of the cap and the lapels in both maps: each kernel sees
# only its own direction, and slanted edges appear in both. Squaring both maps, adding them and
# taking the root (Pythagoras) gives the strength of an edge whatever its direction:

# %%
if finished(across, down):
    strength = np.sqrt(across**2 + down**2)
    show(photo, strength / strength.max(), titles=["photo", "strength of the edges"])

# %% [markdown]
# ### Why "feature" map?
#
# You just turned an image into a new representation of it: not "how bright is it here?" but "is
# there a vertical edge here?". Such a property of an image is a **feature**, and the map says where
# it is.
#
# You chose the weights yourself. In a CNN, nobody does: the weights start as random numbers, and
# training changes them step by step so that the network's answers improve. Kernels that find edges
# then **emerge** by themselves, because edges are useful to almost any question about images. And
# since the next layer slides its kernels over feature maps instead of pixels, its features are
# combinations of features: the deeper the layer, the more complex they become. In lesson 3 you will
# watch a kernel being learned.
#
# ## Blur and sharpen
#
# The kernel with a single 1 in its middle answers with the pixel itself: it leaves the image as it
# is (and takes off the border). Two changes to it are in every photo editor.
#
# - To **blur**, let the neighbors have a say: each pixel becomes an average of its neighborhood.
# - To **sharpen**, exaggerate: add to each pixel what sets it apart from its neighbors.
#
# Both keep the brightness of even areas, so their weights sum to 1.

# %%
as_it_is = np.array([[0, 0, 0], [0, 1, 0], [0, 0, 0]])
dots = np.zeros((7, 9), dtype="float32")
dots[1:3, 1:4] = dots[4, 6] = 1
show(dots, as_it_is, convolve2d(dots, as_it_is), titles=["dots", "kernel", "feature map"])

# %% [markdown]
# ### Exercise
#
# Write two 3×3 kernels as NumPy arrays:
#
# - `blur` keeps the brightness of even areas, and spreads a bright dot over its neighbors: all four
#   (up, down, left, right) get some of its light, the dot itself keeps half at most, and no weight
#   is negative;
# - `sharpen` keeps the brightness of even areas, and makes the step across every vertical and every
#   horizontal edge larger.

# %% exercise="blur_and_sharpen"
### BEGIN SOLUTION
blur = np.ones((3, 3)) / 9
sharpen = np.array([[0, -1, 0], [-1, 5, -1], [0, -1, 0]])
### STARTER
# blur = ...
# sharpen = ...
### END SOLUTION

# %%
check("blur_and_sharpen")

# %% [markdown]
# **See it.** Values above 1 or below 0, which sharpening makes at edges, are cut off for the
# picture. Compare the name tag and the ribbons on the uniform in all three.

# %%
if finished(blur, sharpen):
    show(
        photo,
        convolve2d(photo, blur),
        np.clip(convolve2d(photo, sharpen), 0, 1),
        titles=["photo", "blurred", "sharpened"],
    )

# %% [markdown]
# ## Two operations, one name
#
# In mathematics, the convolution of an image with a kernel flips the kernel first, upside down
# *and* left to right, and then slides it. Sliding the kernel as it is, as you did so far, is called
# **cross-correlation**. Deep learning libraries, Keras among them, compute the cross-correlation
# and call it convolution all the same: the weights are learned anyway, and a network that needs the
# flipped kernel simply learns the flipped one.
#
# A single bright dot shows the difference:
#
# ![An image with one bright dot and a kernel with the letters a to i. Cross-correlation leaves the letters around the dot in reverse order; mathematical convolution leaves a copy of the kernel.](figures/01_flip.png)
#
# With the flip, every bright pixel stamps a copy of the kernel onto the output, the right way
# round. The flip also makes image and kernel equal partners: mathematicians may exchange the two,
# and convolve with several kernels in any order.
#
# ### Exercise
#
# Write `true_convolution`, again only with windows that lie inside the image. Your `convolve2d` may
# do the sliding.


# %% exercise="true_convolution"
def true_convolution(image, kernel):
    """The convolution of mathematics, where the window lies inside the image.

    image has shape (height, width), kernel (k, l), square or not.
    Returns an array (height − k + 1, width − l + 1).
    """
    ### BEGIN SOLUTION
    return convolve2d(image, kernel[::-1, ::-1])
    ### END SOLUTION


# %%
check("true_convolution")

# %% [markdown]
# From here on, "convolution" means what it means in a CNN: the kernel slides as it is.
#
# ## Padding
#
# Every convolution takes off a border: 2 rows and 2 columns for a 3×3 kernel. And the pixels in the
# corners are seen by a single window, those in the middle by nine. **Padding** helps with both: lay
# a frame of zeros around the image before sliding.
#
# ![A 4 by 4 image in a frame of zeros, 6 by 6 in all. The 3 by 3 window in the top-left corner has the first pixel of the image in its center; the feature map is 4 by 4, as large as the image.](figures/01_padding.png)
#
# `padding` counts the zeros on **each** side. For a 3×3 kernel, `padding = 1` keeps the size, which
# Keras calls `padding="same"`. (Keras works the number out by itself; here you choose it.)
#
# ### Exercise
#
# Write `zero_pad` for gray images and for images with channels: the frame lies around the picture,
# and the number of channels stays the same. (`np.pad` is what you are building here, so it is not
# allowed.)


# %% exercise="zero_pad"
def zero_pad(image, padding):
    """The image in a frame of zeros.

    image has shape (height, width) or (height, width, channels); padding ≥ 0.
    Returns (height + 2·padding, width + 2·padding), with the channels if there were any.
    """
    ### BEGIN SOLUTION
    height, width = image.shape[:2]
    framed = np.zeros((height + 2 * padding, width + 2 * padding, *image.shape[2:]))
    framed[padding : padding + height, padding : padding + width] = image
    return framed
    ### END SOLUTION


# %%
check("zero_pad")

# %% [markdown]
# **See it.** Padding has a price. The frame is black, so at the border of a bright image the kernel
# finds an edge that is not there. Here is a corner of the photograph with nothing but sky in it;
# which columns of the maps answer, and with which sign? (Colors are scaled to each map: compare the
# numbers.)

# %%
sky = photo[:5, 121:]
framed_sky = zero_pad(sky, 1)
if finished(framed_sky, vertical_edges):
    inside = convolve2d(sky, vertical_edges)
    same = convolve2d(framed_sky, vertical_edges)
    show(sky, inside, same, titles=["sky", "without padding", "padding = 1"])

# %% [markdown]
# ## Strides
#
# The window need not stop at every pixel. With `strides = 2` it moves on by 2 pixels, to the right
# and downward, and the feature map has about half as many rows and half as many columns.
#
# ![A 7 by 8 image with windows of size 3 at stride 2: they start at columns 0, 2 and 4 and rows 0, 2 and 4. The last column is not seen by any window. The feature map is 3 by 3.](figures/01_strides.png)
#
# In the picture, a fourth window would reach past the last column, so it is left out. With padding
# as well, count along each direction:
#
# 1. How long is the padded image?
# 2. Where does the last window start at most?
# 3. How many steps of `strides` pixels fit before that?
# 4. How many places is that?
#
# ### Exercise
#
# Write `convolve2d_strided`. With `strides=1` and `padding=0` it is your `convolve2d`.


# %% exercise="convolve2d_strided"
def convolve2d_strided(image, kernel, strides=1, padding=0):
    """The feature map of an image in a frame of zeros, with a window that takes larger steps.

    strides: pixels from window to window, both ways; padding: zeros on each side.
    Returns an array; windows that do not fit any more are left out.
    """
    ### BEGIN SOLUTION
    framed = zero_pad(image, padding)
    rows, columns = np.subtract(framed.shape, kernel.shape) // strides + 1
    feature_map = np.zeros((rows, columns))
    for row, column in np.ndindex(rows, columns):
        top, left = row * strides, column * strides
        patch = framed[top : top + kernel.shape[0], left : left + kernel.shape[1]]
        feature_map[row, column] = patch_response(patch, kernel)
    return feature_map
    ### END SOLUTION


# %%
check("convolve2d_strided")

# %% [markdown]
# **See it.** Larger strides make smaller maps: less to compute, and less detail left. All three
# pictures are drawn in the same size; look at their sizes below them.

# %%
if finished(vertical_edges):
    maps = [convolve2d_strided(photo, vertical_edges, strides, 1) for strides in (1, 2, 4)]
    show(*maps, titles=["strides = 1", "strides = 2", "strides = 4"])

# %% [markdown]
# ## A kernel as a question: where is it?
#
# A large response says that a patch is like the kernel. So take a piece of the image itself as the
# kernel, and search for it: the largest value of the feature map says where it is.
#
# Here is one of the stars on the flag. One thing has to be done first: as all its pixels are
# positive, every bright area would answer strongly, star or not. So we subtract the mean. Then the
# weights sum to 0, and the kernel asks for *brighter here than there*, as your edge kernels do.

# %%
star = photo[14:29, 9:24]
star_kernel = star - star.mean()
show(photo, star, star_kernel, titles=["photo", "star", "star_kernel"], window=(14, 9, 15, 15))

# %% [markdown]
# ### Exercise
#
# Write `strongest_match`: the position of the largest response. A window is named by its top-left
# corner, as in the feature map.


# %% exercise="strongest_match"
def strongest_match(image, kernel):
    """Where the image is most like the kernel: windows inside the image, stride 1.

    image has shape (height, width), kernel (k, l).
    Returns (row, column) of the top-left corner of the window with the largest response,
    two whole numbers counted from 0.
    """
    ### BEGIN SOLUTION
    feature_map = convolve2d(image, kernel)
    row, column = np.unravel_index(np.argmax(feature_map), feature_map.shape)
    return int(row), int(column)
    ### END SOLUTION


# %%
check("strongest_match")

# %% [markdown]
# **See it.** The found window is framed. And look at the map of all responses: how many other stars
# do you find in it? They are the small blue dots at the left. The collar and the name tag answer
# too: they are bright things on dark ground, as the star is. A single kernel is easily fooled; a
# network asks many questions and combines the answers.

# %%
found = strongest_match(photo, star_kernel)
if finished(found):
    show(
        photo,
        convolve2d(photo, star_kernel),
        titles=[f"row {found[0]}, column {found[1]}", "responses to the star"],
        window=(*found, *star_kernel.shape),
    )

# %% [markdown]
# ## Move the image, and the map moves along
#
# The kernel finds a star wherever it is, because it asks the same question everywhere. Move the
# image by some pixels, and the feature map moves by just as many. This property is called
# **translation equivariance**, and it is the reason why a network needs to learn a feature only
# once, and not anew for every position.
#
# Imagine a camera frame of fixed size. The image moves `rows` pixels down and `columns` pixels to
# the right behind it (negative numbers: up and to the left). Some of the old feature map leaves the
# frame, and on the other side something comes in that was never seen. The part that is in both maps
# is the **overlap**.
#
# ![A map of 4 by 5 values moves one row down and two columns to the right behind a frame of the same size. The first three rows and the first three columns of the map stay in the frame: the overlap.](figures/01_shift.png)
#
# ### Exercise
#
# Write `shift`: given the feature map of an image, return that part of it that is also in the
# feature map of the moved image. Nothing has to be convolved: it is already there, and only needs
# to be cut out.


# %% exercise="shift"
def shift(feature_map, rows, columns):
    """The overlap of a feature map with itself after moving down and to the right.

    rows, columns: whole numbers; negative ones move up and to the left.
    Returns an array (height − |rows|, width − |columns|): what stays in the frame.
    """
    ### BEGIN SOLUTION
    height, width = feature_map.shape
    top, left = max(0, -rows), max(0, -columns)
    bottom, right = height - max(0, rows), width - max(0, columns)
    return feature_map[top:bottom, left:right]
    ### END SOLUTION


# %%
check("shift")

# %% [markdown]
# **See it.** Two views of the photograph: in the second, the image has moved 12 rows down and 8
# columns to the right. Its feature map is computed from scratch, and the part of it that overlaps
# with the old one is compared with your `shift` of the old map.

# %%
view, moved_view = photo[20:120, 20:120], photo[8:108, 12:112]
if finished(vertical_edges):
    feature_map = convolve2d(view, vertical_edges)
    moved_map = convolve2d(moved_view, vertical_edges)
    show(view, moved_view, titles=["view", "moved"])
    show(feature_map, moved_map, titles=["map of the view", "map of the moved view"])
    shifted = shift(feature_map, 12, 8)
    if finished(shifted):
        print("largest difference in the overlap:", np.abs(shifted - moved_map[12:, 8:]).max())

# %% [markdown]
# The difference is 0: moving the image and convolving it can be exchanged. (Strides weaken this: a
# map with `strides = 2` follows only moves by multiples of 2. Padding disturbs it at the border.)
#
# ## Summary
#
# - A **kernel** (filter) is a small grid of **weights**. Its **response** to a patch is the sum of
#   the element-wise products.
# - A **convolution** slides the kernel over an **input channel** and writes the responses into an
#   **output channel**, the **feature map**. In a CNN the kernel is not flipped: strictly speaking,
#   it is a cross-correlation.
# - Along each direction the map has `(size + 2 * padding - kernel_size) // strides + 1` values.
# - Weights that sum to 0 answer to differences (edges, shapes), weights that sum to 1 keep the
#   brightness (blur, sharpen).
# - The same kernel is used everywhere, so when the image moves, the map moves along.
# - In a CNN nobody writes the weights: they are learned, and features **emerge** in training.
#
# **Next:** color images have three channels and a layer has many kernels. Lesson 2 puts them
# together into the layer that Keras calls `Conv2D`.
#
# ## Further reading
#
# - Vincent Dumoulin and Francesco Visin, *A guide to convolution arithmetic for deep learning*,
#   [arXiv:1603.07285](https://arxiv.org/abs/1603.07285): sizes, padding and strides, drawn.
# - Ian Goodfellow, Yoshua Bengio and Aaron Courville, *Deep Learning*,
#   [chapter 9](https://www.deeplearningbook.org/contents/convnets.html): convolution,
#   cross-correlation and equivariance.
# - Grant Sanderson, [*But what is a convolution?*](https://www.youtube.com/watch?v=KuXjwB4LzSA):
#   the mathematician's convolution as a film.
# - Keras, [`Conv2D`](https://keras.io/api/layers/convolution_layers/convolution2d/): the layer that
#   you build in lesson 2.
