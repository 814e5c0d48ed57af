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
# # Activation: why depth needs a bend
#
# A network with more layers can do more: that is what "deep" learning is named after. But
# convolutions alone gain nothing by being stacked. In this lesson you find out why, put in the
# small thing that is missing, and see what it does to a network and to its training.
#
# **When you are done, you can**
#
# - let gradient descent find a kernel that nobody wrote;
# - merge two convolutional layers into one that computes the same, and say why that is possible;
# - tell a linear layer from one that bends, by trying it;
# - use ReLU in Keras, and show what it does to a decision boundary;
# - explain why deep networks of sigmoids learn slowly, and measure it.

# %%
import numpy as np

from grader import check, hint, quietly
from grader.drawing import finished, show, show_curves, show_regions, step_through
from cnn_course.data.shapes import draw_shapes

with quietly():  # TensorFlow is talkative when it starts
    import keras
    import tensorflow as tf
    from keras import layers

# %% [markdown]
# The sliding window is known from lesson 1, so here it is given, in a fast version: an image
# `(height, width)` and a kernel `(k, l)` make a feature map, without padding, stride 1.


# %%
def convolve2d(image, kernel):
    """The feature map of an image under a kernel that slides as it is."""
    windows = np.lib.stride_tricks.sliding_window_view(image, kernel.shape)
    return np.einsum("ijkl,kl->ij", windows, kernel)


# %% [markdown]
# ## A kernel that nobody wrote
#
# In lesson 1 you wrote the weights of every kernel yourself. In a network each weight is
# **learned**. Here is the smallest case: a kernel that your code will not get to see, only an image
# and the feature map it made. (You do see it, in the next cell, to compare with in the end.)

# %%
rng = np.random.default_rng(3)
noise = rng.normal(size=(16, 16))
hidden_kernel = np.array([[-1.0, 0.0, 1.0], [-2.0, 0.0, 2.0], [-1.0, 0.0, 1.0]])
target = convolve2d(noise, hidden_kernel)
show(noise, target, titles=["noise", "target"])

# %% [markdown]
# Begin with any kernel, random numbers say. Its map is wrong: at each place there is an **error**,
# *response − target*. The **loss** says in one number how wrong it is, the mean of the squared
# errors over all $N$ places of the window:
#
# $$\text{loss} = \frac{1}{N} \sum_{i,j} (\text{response}_{ij} - \text{target}_{ij})^2$$
#
# Now ask for each weight: if it grew a little, would the loss grow or fall, and how fast? That
# number is the slope of the loss along this weight, and the slopes of all weights together are the
# **gradient**. It has the shape of the kernel.
#
# A response is a **weighted sum** of pixels. If the weight $w_{ab}$ grows by a little, the response
# at $(i, j)$ grows by that much times the pixel under the weight, which is
# $\text{image}_{i+a,\,j+b}$. By the chain rule, the slope of the loss is
#
# $$\frac{\partial\,\text{loss}}{\partial w_{ab}} =
# \frac{2}{N} \sum_{i,j} \text{error}_{ij} \cdot \text{image}_{i+a,\,j+b}$$
#
# Look at the sum once more: the error lies on the image like a kernel, at the place $(a, b)$. You
# know this operation.
#
# ### Exercise
#
# Write `kernel_gradient`. The given `convolve2d` is all you need for the sums.
#
# This exercise and those of sections 2, 3 and 4 are done **by hand**, and so are the slopes in
# sections 8 and 9: with NumPy's arithmetic, without a ready-made convolution, activation or
# gradient, be it of Keras, SciPy or NumPy (`np.convolve`).


# %% exercise="kernel_gradient"
def kernel_gradient(image, kernel, target):
    """The gradient of the loss, mean((response − target)²), with respect to the kernel.

    image has shape (height, width), kernel (k, l), target (height − k + 1, width − l + 1).
    Returns an array of the kernel's shape; the 2 and the mean are part of it.
    """
    ### BEGIN SOLUTION
    error = convolve2d(image, kernel) - target
    return 2 * convolve2d(image, error) / error.size
    ### END SOLUTION


# %%
check("kernel_gradient")

# %% [markdown]
# ### Walk down
#
# The gradient points to where the loss grows fastest. So take a step the other way, and look again.
# How far a step goes is a number one chooses, the **learning rate**. This is **gradient descent**,
# and all networks of this course are trained by a variant of it.
#
# ![Five kernels, after 0, 2, 5, 10 and 40 steps: random numbers turn into a column of −1, one of 0 and one of 1, a kernel that finds vertical edges. Below, the loss falls from 18.4 at the start to 0.2 after 10 steps and below 0.001 after 40.](figures/03_descent.png)
#
# ### Exercise
#
# Write `learn_kernel`. Each step uses the gradient of the kernel as it then is.


# %% exercise="learn_kernel"
def learn_kernel(image, target, kernel, rate, steps):
    """The kernel after some steps of gradient descent.

    kernel: where to begin, an array (k, l) that stays as it is; each step subtracts
    rate times the gradient. steps: how many, 0 or more.
    Returns the last kernel (k, l).
    """
    ### BEGIN SOLUTION
    for _ in range(steps):
        kernel = kernel - rate * kernel_gradient(image, kernel, target)
    return kernel
    ### END SOLUTION


# %%
check("learn_kernel")

# %% [markdown]
# **See it.** Move the slider and watch the kernel *emerge*. Nobody tells the descent about edges:
# it is only told how wrong its map is.

# %%
start = rng.normal(size=(3, 3))
stops = (0, 1, 2, 4, 8, 16, 32)
if finished(slope := kernel_gradient(noise, start, target)) and np.shape(slope) == (3, 3):
    learned = {steps: learn_kernel(noise, target, start, 0.2, steps) for steps in stops}
    if finished(*learned.values()):
        step_through(
            {
                f"the kernel after {steps} steps, its map, the target": [
                    kernel,
                    convolve2d(noise, kernel),
                    target,
                ]
                for steps, kernel in learned.items()
            }
        )

# %% [markdown]
# This is what was meant in lesson 1 by "features emerge". Two things are different in a network:
# there are thousands of weights, and nobody has a target for the maps in the middle. The error is
# measured at the very end, and the chain rule carries it back through the layers. At the end of
# this lesson you will see how much of it arrives.
#
# ## A convolution is a weighted sum
#
# Every response is a weighted sum of pixels, and a weighted sum is **linear**. For a layer $f$ and
# any two images $x$ and $y$, that means two things:
#
# - $f(x + y) = f(x) + f(y)$: the map of a sum is the sum of the maps;
# - $f(a \cdot x) = a \cdot f(x)$ for every number $a$: a brighter image makes a stronger map, and
#   the negative image the negative map.
#
# **Strictly speaking** a convolutional layer with a **bias** is not linear but **affine**: the bias
# moves all responses by a constant, and $f(x) + f(y)$ has it twice. This matters little in what
# follows: a bias moves things, it does not bend them.
#
# ### What comes of two in a row
#
# Send a row of pixels through one kernel and the map through another. Each value of the second map
# is a weighted sum of weighted sums of pixels, so it is a weighted sum of pixels. Hence there is
# *one* kernel that answers the same:
#
# ![A row of 8 pixels goes through kernel 1 with the weights 1, 2, −1, and its map through kernel 2 with 1, −1. The last values are −5, −4, 3, 6, −5. Beside it, the same row goes through a single kernel with the weights 1, 1, −3, 1, and the values are the same.](figures/03_collapse.png)
#
# Find out how its weights come about. On which ways does the first pixel of the row get into the
# first of the last values, and on which ways does the second?
#
# ### Exercise
#
# Write `compose_1d`. Both kernels slide as they are, without padding, at stride 1.


# %% exercise="compose_1d"
def compose_1d(first, second):
    """The one kernel that answers as `first` and then `second` do.

    first and second are one-dimensional arrays with k and l weights.
    Returns an array with as many weights as both reach together.
    """
    ### BEGIN SOLUTION
    composed = np.zeros(len(first) + len(second) - 1)
    for place, weight in enumerate(second):
        composed[place : place + len(first)] += weight * first
    return composed
    ### END SOLUTION


# %%
check("compose_1d")

# %% [markdown]
# ### Exercise
#
# Now for images: write `compose_kernels`. The kernels need not be square, nor of the same size.


# %% exercise="compose_kernels"
def compose_kernels(first, second):
    """The one kernel that answers on every image as `first` and then `second` do.

    first has shape (k, l), second (p, q).
    Returns an array (k + p − 1, l + q − 1).
    """
    ### BEGIN SOLUTION
    height, width = first.shape
    composed = np.zeros(np.add(first.shape, second.shape) - 1)
    for row, column in np.ndindex(second.shape):
        composed[row : row + height, column : column + width] += second[row, column] * first
    return composed
    ### END SOLUTION


# %%
check("compose_kernels")

# %% [markdown]
# **See it.** A blur and then an edge kernel: two layers, or one? (The famous Sobel kernel is just
# such a product, of a small blur and a small difference.)

# %%
blur = np.ones((2, 2)) / 4
difference = np.array([[-1.0, 1.0], [-1.0, 1.0]])
both = compose_kernels(blur, difference)
if finished(both):
    picture = draw_shapes(1, 5)[0][0, :, :, 0]
    show(blur, difference, both, titles=["first", "second", "the one kernel"])
    in_a_row = convolve2d(convolve2d(picture, blur), difference)
    show(picture, in_a_row, convolve2d(picture, both), titles=["picture", "two in a row", "one"])

# %% [markdown]
# ## A whole layer collapses
#
# A layer has channels and biases, too. Two Keras layers without an activation have the weights
#
# - `kernel1` of shape `(k, l, C, M)` and `bias1` of shape `(M,)`: from `C` channels to `M`;
# - `kernel2` of shape `(p, q, M, F)` and `bias2` of shape `(F,)`: from `M` channels to `F`.
#
# From an input channel $c$ to an output channel $f$ there is a way through each of the $M$ channels
# between. And the first bias stands in all of the maps between, so the second layer sees it, at
# every weight.
#
# ### Exercise
#
# Write `collapse`. Go in steps, as the checks do: first with one channel and biases of 0, where
# your `compose_kernels` does it all; then with channels; then with biases.


# %% exercise="collapse"
def collapse(kernel1, bias1, kernel2, bias2):
    """Kernel and bias of the one layer with the same outputs as two linear layers in a row.

    kernel1 (k, l, C, M), bias1 (M,), kernel2 (p, q, M, F), bias2 (F,): valid, stride 1.
    Returns two arrays: kernel (k + p − 1, l + q − 1, C, F) and bias (F,).
    """
    ### BEGIN SOLUTION
    height, width, channels, _ = kernel1.shape
    rows, columns, _, filters = kernel2.shape
    kernel = np.zeros((height + rows - 1, width + columns - 1, channels, filters))
    for row, column in np.ndindex(rows, columns):
        kernel[row : row + height, column : column + width] += kernel1 @ kernel2[row, column]
    bias = bias2 + bias1 @ kernel2.sum(axis=(0, 1))
    return kernel, bias
    ### END SOLUTION


# %%
check("collapse")

# %% [markdown]
# **See it.** Here are two real Keras layers with random weights, and the single layer with the
# weights that you computed. How far apart are their outputs, and how many weights do they have?

# %%
keras.utils.set_random_seed(1)
settings = {"bias_initializer": "normal"}
two = keras.Sequential(
    [keras.Input((28, 28, 3)), layers.Conv2D(16, 3, **settings), layers.Conv2D(8, 3, **settings)]
)
one = keras.Sequential([keras.Input((28, 28, 3)), layers.Conv2D(8, 5)])
images = rng.normal(size=(4, 28, 28, 3)).astype("float32")

# %%
weights = collapse(*(np.array(weight) for weight in two.get_weights()))
fits = finished(weights) and [np.shape(w) for w in weights] == [(5, 5, 3, 8), (8,)]
if fits:
    one.set_weights(list(weights))
    print("two layers:", two.count_params(), "parameters, one layer:", one.count_params())
    print("largest difference of their outputs:", np.abs(two(images) - one(images)).max())

# %% [markdown]
# The difference is rounding. Two layers with more parameters compute *nothing* that a single one
# cannot. And two become one, then the next one joins: a network of a hundred convolutions without
# an activation is a single convolution.
#
# Three remarks, for exactness:
#
# - With strides the layers collapse as well. If the first has strides $s_1$, the single kernel has
#   $k_1 + s_1 (k_2 - 1)$ rows, and its strides are the product of both.
# - With `padding="same"` they collapse inside of the image only. At the border the second layer
#   meets zeros where the single one would see pixels, and the outputs differ.
# - Two small kernels can have *fewer* parameters than the large one they amount to, as you computed
#   in lesson 2. That is a saving, not a new ability.
#
# **Find out.** The next cell gives the same weights to layers with `padding="same"`. Where do the
# outputs of the two layers and of the single one differ now? Predict how wide the border is before
# you run it.

# %%
same = {"padding": "same"}
two_same = keras.Sequential(
    [keras.Input((28, 28, 3)), layers.Conv2D(16, 3, **same), layers.Conv2D(8, 3, **same)]
)
one_same = keras.Sequential([keras.Input((28, 28, 3)), layers.Conv2D(8, 5, **same)])
if fits:
    two_same.set_weights(two.get_weights())
    one_same.set_weights(list(weights))
    apart = np.abs(two_same(images) - one_same(images)).max(axis=(0, 3))
    show(apart > 1e-4, titles=["white: not the same"])

# %% [markdown]
# Only the outermost pixels differ: at them, the second 3×3 kernel reaches one pixel past the map
# between.

# %% [markdown]
# ## ReLU
#
# So something must stand between two convolutions that is *not* linear: an **activation function**,
# applied to every value of a map. The most common one could not be simpler. The **rectified linear
# unit**, **ReLU**, sets negative values to 0 and lets positive ones pass:
#
# $$\text{relu}(x) = \max(0, x)$$
#
# Read a response as "how much of my pattern is here?". ReLU then drops the answers "the opposite of
# it".
#
# ### Exercise
#
# Write `relu` for arrays of any shape. The array that comes in is needed again: leave it as it is.


# %% exercise="relu"
def relu(x):
    """Negative values become 0, all others stay.

    x is an array of any shape, which is not changed. Returns a new array of the same shape.
    """
    ### BEGIN SOLUTION
    return np.maximum(x, 0)
    ### END SOLUTION


# %%
check("relu")

# %% [markdown]
# **See it.** An edge kernel answers both edges of a shape, one positively and one negatively. After
# ReLU the map says where it gets brighter to the right, and nothing else.

# %%
picture = draw_shapes(1, 5)[0][0, :, :, 0]
edges = convolve2d(picture, hidden_kernel)
show(picture, edges, relu(edges), titles=["picture", "responses", "after ReLU"])

# %% [markdown]
# ReLU is made of two straight pieces, but as a whole it bends, and that is enough to keep layers
# from collapsing. Here are the row and the kernels of the figure in section 2 once more:
#
# ![A row of pixels and the same row with all signs turned. Through kernel 1 and kernel 2, the second result is the first with its signs turned: −5, −4, 3, 6, −5 and 5, 4, −3, −6, 5. With ReLU after kernel 1, the results are −4, −4, 3, 5, −4 and 1, 0, 0, −1, 1: not the same with turned signs.](figures/03_bend.png)
#
# Any single kernel turns all signs of its answer when all signs of the input turn. The stack with
# ReLU does not, so no single kernel can replace it.
#
# ## Does it bend?
#
# You need not know what is inside of a layer to find out whether it is linear: send something
# through it and compare. No number of tries *proves* that a layer is linear, but a single one
# proves that it is not, if it is chosen well. Random numbers are a good choice: a layer that bends
# would have to be lucky.
#
# ### Exercise
#
# Write `is_linear`. It gets a Keras layer and finds out whether the layer is linear **in the strict
# sense** of section 2 (affine is not). Call it like a function: `layer(batch)` gives a tensor, and
# `np.asarray(…)` makes an array of that. Every layer that you get takes batches of images with two
# channels, 6×6 pixels: arrays `(n, 6, 6, 2)` of float32.
#
# Numbers of type float32 have some seven digits, and each sum is rounded. So f(x + y) and
# f(x) + f(y) differ a little even for a linear layer. What `np.allclose` tolerates by itself is too
# little for sums that come out near 0: give it a tolerance such as `atol=1e-4`.


# %% exercise="is_linear"
def is_linear(layer):
    """Whether a Keras layer is linear: f(x + y) = f(x) + f(y) and f(a·x) = a·f(x), up to rounding.

    layer takes batches (n, 6, 6, 2), float32, with numbers of any sign and size. Up to rounding:
    differences below 1e-4 do not count, for inputs of about 1. Returns True or False.
    """
    ### BEGIN SOLUTION
    numbers = np.random.default_rng(0)
    x = numbers.normal(size=(4, 6, 6, 2)).astype("float32")
    y = numbers.normal(size=(4, 6, 6, 2)).astype("float32")
    of_the_sum, of_x, of_y = (np.asarray(layer(batch)) for batch in (x + y, x, y))
    return np.allclose(of_the_sum, of_x + of_y, atol=1e-4)
    ### END SOLUTION


# %%
check("is_linear")

# %% [markdown]
# **See it.** Which of these bend? Say so before you run the cell. One answer surprises many people.

# %%
several = [
    layers.Conv2D(4, 3),
    layers.AveragePooling2D(2),
    layers.MaxPooling2D(2),
    layers.UpSampling2D(2),
    layers.Softmax(),
    layers.Conv2D(4, 3, bias_initializer="ones"),
]
answers = {layer.name: is_linear(layer) for layer in several}
if finished(*answers.values()):
    for name, answer in answers.items():
        print(f"{name:20} linear: {answer}")

# %% [markdown]
# Max pooling bends, though it has no activation. (You build it in the next lesson.) And the first
# convolution is linear although it *has* a bias: biases begin at 0 in Keras, and are moved in
# training. The last one shows what a bias of 1 does.
#
# ## What a bend is good for
#
# Think of a network that decides between two classes. It computes one number for each input, its
# **score**: above a threshold it says class 1, below it class 0. Its **decision boundary** is where
# it changes its mind. To be able to draw the boundary, take points in a plane instead of images,
# two numbers each, and the simplest layers there are: in a `Dense` layer each **unit** computes a
# weighted sum of *all* its inputs, plus a bias. (Lesson 5 is about them.)
#
# Without an activation, the score is a weighted sum of the two numbers, however many layers there
# are, and where a weighted sum crosses a threshold is a **straight line**. With a bend, the output
# cannot be written as such a sum any more, and the boundary can bend, too.
#
# ![Points of two classes: a disc, and an arch around it. On the left, a network without activation separates them by a straight line that has 73 % of the points on the correct side. On the right, with ReLU, the boundary is a closed shape of straight pieces around the disc: 100 %.](figures/03_boundary.png)
#
# ### Exercise
#
# Write `build_model`, which returns a Keras model:
#
# - it takes points, two numbers each: `keras.Input(shape=(2,))`;
# - then at least one hidden `Dense` layer with 16 units or so, and the given activation;
# - last a `Dense` layer with a single unit and the activation `"sigmoid"`, which turns a score into
#   the probability of class 1.
#
# The check trains your model with `"relu"`, `"tanh"` and `"linear"` on points that no straight line
# can separate. `"linear"` is Keras's name for no activation at all.


# %% exercise="boundary"
def build_model(activation):
    """A network for points of the plane, with one output between 0 and 1.

    activation: the name of the hidden layers' activation, such as "relu" or "linear".
    Returns a Keras model, not compiled: input (2,), output (1,).
    """
    ### BEGIN SOLUTION
    return keras.Sequential(
        [
            keras.Input(shape=(2,)),
            layers.Dense(16, activation=activation),
            layers.Dense(1, activation="sigmoid"),
        ]
    )
    ### END SOLUTION


# %%
check("boundary")

# %% [markdown]
# **See it.** A disc in a ring, and your model with and without a bend. (`compile` and `fit` are
# what trains a Keras model: a loss, a variant of gradient descent, and data, gone through many
# times, in **epochs**. More on that in lesson 6.) Make the linear model as wide and as deep as you
# like, by changing your `build_model`: what changes in its picture?

# %%
labels = np.arange(400) % 2
radius = np.where(labels == 1, rng.uniform(0, 0.5, 400), rng.uniform(0.8, 1.1, 400))
angle = rng.uniform(0, 2 * np.pi, 400)
points = np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=1).astype("float32")


def trained(activation):
    keras.utils.set_random_seed(0)
    model = build_model(activation)
    model.compile(optimizer=keras.optimizers.Adam(0.05), loss="binary_crossentropy")
    batches = tf.data.Dataset.from_tensors((points, labels[:, None])).repeat(150)
    model.fit(batches, shuffle=False, verbose=0)
    return model


# %%
if finished(build_model("relu")):
    models = {activation: trained(activation) for activation in ("linear", "relu")}
    show_regions(models, points, labels)

# %% [markdown]
# The boundary of the ReLU network is made of straight pieces: each unit bends along one line.
# ReLU is not the only function that does: `"tanh"` passed the check as well. Any bend keeps the
# layers from collapsing.
#
# ## The block that CNNs are made of
#
# That is why in a CNN a convolution is followed by an activation, nearly always. In Keras it is the
# argument `activation="relu"` of a layer, or a layer of its own, `layers.ReLU()` or
# `layers.Activation("relu")`. Which of them you take makes no difference to what is computed.
#
# ### Exercise
#
# Make `block`, a Keras model for gray images of 28×28 pixels: eight filters of 3×3 that keep height
# and width, and ReLU on what they find.

# %% exercise="conv_relu_block"
### BEGIN SOLUTION
block = keras.Sequential(
    [
        keras.Input(shape=(28, 28, 1)),
        layers.Conv2D(8, 3, padding="same", activation="relu"),
    ]
)
### STARTER
# block = ...
### END SOLUTION

# %%
check("conv_relu_block")

# %% [markdown]
# ## How steep is it?
#
# If any bend will do, why ReLU? For a long time the **sigmoid** was the usual one,
#
# $$\sigma(x) = \frac{1}{1 + e^{-x}}$$
#
# It was observed in experiments that networks with ReLU train faster. Look at the slopes to see
# why. In training, the error is carried back through the layers by the chain rule, and at each
# activation it is multiplied by the slope of the activation there.
#
# ![Sigmoid and ReLU, and their gradients below. The sigmoid climbs from 0 to 1; its gradient is a bell, never above 0.25, and 0.007 at −5 and at 5. ReLU is 0 on the left and climbs straight on the right; its gradient is 0 on the left, where nothing passes, and 1 on the right, where nothing is lost.](figures/03_relu_sigmoid.png)
#
# ### Exercise
#
# Write both derivatives, for arrays. The sigmoid's has a handy form: $\sigma'(x) = \sigma(x) \cdot
# (1 - \sigma(x))$. ReLU has a corner at 0, where no slope is the true one; take 0 there, as Keras
# does.


# %% exercise="gradients"
def sigmoid_gradient(x):
    """The slope of the sigmoid at each value of the array x. Returns an array of x's shape."""
    ### BEGIN SOLUTION
    value = 1 / (1 + np.exp(-x))
    return value * (1 - value)
    ### END SOLUTION


def relu_gradient(x):
    """The slope of ReLU at each value of the array x; 0 where x is 0. Returns x's shape."""
    ### BEGIN SOLUTION
    return (x > 0) * 1.0
    ### END SOLUTION


# %%
check("gradients")

# %% [markdown]
# **See it.** Your two gradients, over the same numbers.

# %%
x = np.linspace(-6, 6, 241)
slopes = {"sigmoid": sigmoid_gradient(x), "ReLU": relu_gradient(x)}
show_curves(slopes, x=x, xlabel="x", ylabel="slope")

# %% [markdown]
# ## What is left of a gradient
#
# Now let a gradient go back through a chain of $d$ layers with one unit each. Layer $l$ computes
# its **pre-activation** $z_l = w_l \cdot a_{l-1}$, and from it $a_l = \sigma(z_l)$. How much does
# the last output $a_d$ change if the input $a_0$ changes a little? By the chain rule, each layer
# multiplies by its weight and by the slope of its sigmoid.
#
# ### Exercise
#
# Write `gradient_left`.


# %% exercise="vanishing"
def gradient_left(pre_activations, weights):
    """The derivative of the last output with respect to the input, through a chain of sigmoids.

    pre_activations: array (d,), what goes into each sigmoid; weights: array (d,), one a layer.
    Returns one number.
    """
    ### BEGIN SOLUTION
    return np.prod(sigmoid_gradient(pre_activations) * weights)
    ### END SOLUTION


# %%
check("vanishing")

# %% [markdown]
# **See it.** The sigmoid where it is steepest, all pre-activations 0, with weights of 1. The power
# of ten that is left:

# %%
depths = range(1, 11)
if finished(sigmoid_gradient(np.zeros(1))):
    left = [gradient_left(np.zeros(depth), np.ones(depth)) for depth in depths]
    if finished(*left):
        powers = {"sigmoid": np.log10(left), "ReLU, where it is positive": np.zeros(10)}
        show_curves(powers, x=depths, xlabel="layers", ylabel="power of ten left")

# %% [markdown]
# This is called the **vanishing gradient**: the first layers of a deep network of sigmoids hardly
# learn anything, as hardly any of the error reaches them. Where ReLU is positive its slope is 1, so
# it takes nothing away. (Where it is negative it lets nothing through at all: a unit that is
# negative on every image learns no more. People speak of a *dead* unit.)
#
# In a real layer there are many units, what arrives is a sum over many ways, and how much that is
# depends on the weights, too. Those of the figure are drawn as is usual for ReLU, **He-normal**: at
# random, with the variance 2 divided by the number of inputs, here 2/64. It is chosen so that a
# layer of ReLUs, half of which let nothing through, keeps a gradient about as long as it was. With
# these weights, a layer of sigmoids leaves a factor of 0.31. Keras's default, **Glorot**, draws
# smaller ones (the variance is 2 divided by inputs and outputs together, 2/128); then it is 0.23
# for the sigmoids and 0.70 for ReLU. The trend is the same: with both weights the sigmoids lose
# about three times as much a layer.
#
# ![The length of the gradient after 1 to 8 layers of 64 units, both with the same weights. With ReLU 0.9 of it is left after 8 layers, with sigmoids one part in 13,000.](figures/03_vanishing.png)
#
# ## Does it matter? Measure it
#
# Two networks, twins but for the activation, learn to tell circles, squares, triangles and crosses
# apart. Same pictures, same random start, same training: `twin` sets the seed first, so the
# pictures come in the same order, too. The code is given; it takes some seconds.

# %%
pictures, kinds = draw_shapes(512, 0)


# %%
def twin(activation):
    keras.utils.set_random_seed(0)
    batches = tf.data.Dataset.from_tensor_slices((pictures, kinds)).shuffle(512, seed=0).batch(32)
    model = keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            layers.Conv2D(8, 5, strides=2, activation=activation),
            layers.Conv2D(16, 3, strides=2, activation=activation),
            layers.Conv2D(16, 3, activation=activation),
            layers.Flatten(),
            layers.Dense(4),
        ]
    )
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(optimizer=keras.optimizers.Adam(0.01), loss=loss)
    return model.fit(batches, epochs=9, shuffle=False, verbose=0).history["loss"]


# %%
losses = {"relu": twin("relu")}

# %%
losses["sigmoid"] = twin("sigmoid")
show_curves(losses)

# %% [markdown]
# To say it in a number: how many epochs until the loss is below a target?
#
# ### Exercise
#
# Write `epochs_until`. A loss may go up again; what counts is the first time. And it may never get
# there: then there is no such epoch, which Python calls `None`.


# %% exercise="epochs_until"
def epochs_until(losses, target):
    """The first epoch whose loss is below the target, counted from 0.

    losses: a list of numbers, one an epoch; target: a number. A loss equal to it is not below.
    Returns a whole number, or None if no loss is below the target.
    """
    ### BEGIN SOLUTION
    for epoch, loss in enumerate(losses):
        if loss < target:
            return epoch
    return None
    ### END SOLUTION


# %%
check("epochs_until")

# %% [markdown]
# **See it.** When do the twins get below a loss of 1? (Guessing one of four kinds gives 1.39.)

# %%
if finished(epochs_until([2.0, 1.0], 1.5)):  # None is a good answer for a twin, but not here
    for name, curve in losses.items():
        print(f"{name:8} below 1 in epoch {epochs_until(curve, 1.0)}, last loss {curve[-1]:.2f}")

# %% [markdown]
# The sigmoid stays at guessing for many epochs. Is its small slope to blame? Do not be too quick:
# the twins differ in more than that. A sigmoid's outputs are all positive, around 1/2, so they are
# **not centered on 0** as well. To tell the two causes apart, change one thing at a time. Measured
# with `twin`, the loss in the last epoch was
#
# | activation | its slope | its outputs | last loss |
# |---|---|---|---|
# | `"relu"` | 0 or 1 | from 0 up | 0.64 |
# | `"tanh"` | up to 1 | around 0 | 0.82 |
# | `lambda x: keras.ops.tanh(x) / 4` | up to 1/4 | around 0 | 1.00 |
# | `lambda x: keras.ops.sigmoid(x) - 0.5` | up to 1/4 | around 0 | 0.98 |
# | `"sigmoid"` | up to 1/4 | around 1/2 | 1.38 |
# | `lambda x: 4 * keras.ops.sigmoid(x)` | up to 1 | around 2 | 1.46 |
#
# The sigmoid moved down by 1/2 has the very same slopes, and it learns from the first epoch on.
# Made four times as steep, but not centered, it does not learn at all. So the standstill comes
# mostly from **outputs that are not centered**: every layer hands on nearly the same numbers for
# every picture. (At the start, those that leave the third layer are 0.53 on average, and from one
# picture to another they differ by 0.0014 only.) And the **small slope** costs speed: with a
# slope of at most 1/4, both centered curves lag behind tanh. That it costs no more is owed to the
# optimizer in part: Adam rescales the step of each weight by the size of its gradients, so small
# ones do not mean small steps. And this network is not deep.
#
# Do not take more from this than it shows: these pictures, this learning rate, few epochs, one
# seed. (With other seeds the sigmoid gets off its plateau sooner or later. Pass some of these to
# `twin` yourself, and change its seed.) ReLU's outputs are not centered either, and yet it is the
# fastest here. Tanh was somewhat behind it at the end. On larger networks and pictures, ReLU was
# measured to be faster than tanh as well (see the paper by Krizhevsky and others below), and it is
# the cheapest of all to compute.
#
# ## Summary
#
# - The weights of a kernel are **learned**: by **gradient descent**, against the gradient of the
#   loss. The gradient of a kernel is a convolution itself, of the image with the error.
# - A convolution is a **weighted sum**, so it is **linear** (with a bias: **affine**).
# - Linear layers in a row **collapse** into a single one: depth alone gains nothing.
# - An **activation function** between them bends. Only then are there decision boundaries that bend
#   as well.
# - **ReLU** sets negative values to 0 and lets positive ones pass. A CNN is made of convolutions
#   followed by ReLU.
# - The sigmoid's slope is at most 1/4, so through many layers the gradient **vanishes**. ReLU's is
#   1 where it is positive.
# - Networks with ReLU were measured to be faster to train than those with sigmoids. The slope is
#   one reason; that a sigmoid's outputs are not centered on 0 is another.
#
# **Next:** after ReLU, much of a feature map is 0. Lesson 4 makes it smaller, and keeps what
# matters.
#
# ## Further reading
#
# - Xavier Glorot, Antoine Bordes and Yoshua Bengio,
#   [*Deep Sparse Rectifier Neural Networks*](https://proceedings.mlr.press/v15/glorot11a.html)
#   (2011): ReLU against tanh, in experiments.
# - Alex Krizhevsky, Ilya Sutskever and Geoffrey Hinton, [*ImageNet Classification with Deep
#   Convolutional Neural
#   Networks*](https://papers.nips.cc/paper/4824-imagenet-classification-with-deep-convolutional-neural-networks)
#   (2012): section 3.1 compares how fast a CNN trains with ReLU and with tanh.
# - Ian Goodfellow, Yoshua Bengio and Aaron Courville, *Deep Learning*,
#   [chapter 6](https://www.deeplearningbook.org/contents/mlp.html): hidden units and what they are
#   for.
# - Keras, [layer activation functions](https://keras.io/api/layers/activations/): all that there
#   are.
