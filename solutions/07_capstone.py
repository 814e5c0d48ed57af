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
# # Capstone: a network you can defend
#
# You know all the parts now. In this lesson you put them together, once, from a blank page to a
# network that you show to others: design it, predict it on paper, build it, train it, find out what
# it looks at, and defend it with numbers that somebody else can check.
#
# **When you are done, you can**
#
# - tell from two curves whether a network underfits, overfits or is well, and what to try first;
# - write down every shape, every parameter and the work of a network before it exists;
# - build and regularize a network within a budget, and train it so that it holds on new images;
# - make an occlusion map, and say what it shows and what it does not;
# - make claims about a network that stand up when they are measured again.
#
# Nothing here has only one right answer: the design is yours. Our solution is one of many.

# %%
import time

import matplotlib.pyplot as plt
import numpy as np

from grader import check, hint, quietly
from grader.drawing import finished, show, show_channels, show_curves
from grader.drawing import show_network, show_portrait
from cnn_course.data.shapes import NAMES, draw_shapes

with quietly():  # TensorFlow is talkative when it starts
    import keras
    import tensorflow as tf
    from keras import layers

# %% [markdown]
# ## The challenge
#
# The images show one shape each: a circle, a square, a triangle or a cross, anywhere in the
# picture, of any size, turned in any way, more or less bright, with a little noise. There are only
# **320 of them to train with**, on purpose: a careless network will learn them by heart. Another
# 400 are there to validate with. How good your network really is will be told by 800 **hidden**
# shapes. They are drawn when your network is judged, other ones each time.

# %%
rng = np.random.default_rng(0)
images, labels = draw_shapes(320, rng)
validation_images, validation_labels = draw_shapes(400, rng)
print(f"to train with: {images.shape}, to validate with: {validation_images.shape}")
show(*images[:6, :, :, 0], titles=[NAMES[label] for label in labels[:6]])

# %% [markdown]
# These are the rules. They are strict, and all of them are checked on the network that you deliver:
#
# | rule | bound |
# |---|---|
# | input and output | 28×28×1, four **scores** (the loss applies the softmax) |
# | parameters | at most **10,000** |
# | regularization | at least **two kinds** of it act in training: see below |
# | work of the training | at most **4,000 million** multiplications: see below |
# | gap, validation loss minus training loss | below **0.4** |
# | accuracy on hidden shapes | at least **85 %** |
#
# **Kinds of regularization** are dropout, a penalty (L1, L2 or weight decay), batch normalization,
# augmentation, noise and early stopping. Two dropouts are one kind. A strength of next to nothing
# is none: rates, noise and the factors of an augmentation count from **0.01**, and the strengths of
# a penalty from **0.000001** (1e-6). Early stopping counts if it watches the validation data and
# brings back the best weights. Pooling helps, too, but it is not counted, and neither is a small
# network.
#
# **Work** is counted, and not timed: seconds depend on the computer, multiplications do not. We
# count the multiplications of the convolutions and dense layers for one image, as in lesson 2,
# forward only, times 320 images, times the number of epochs. (Going back, for the gradients, takes
# about twice as much on top, for every network alike. Augmentation costs time, but counts as
# nothing.) So you may choose: a larger network, or more epochs. The seconds are printed as well.
# When a notebook is graded, no cell may take more than 20 of them, so keep below 60 epochs: a small
# network takes about 1 second for 3 of them on a slow computer.
#
# Here is the training. It is that of lesson 6, with shapes, and with a learning rate of 0.005 if
# you do not compile the network yourself. Use it as it is: an epoch is one pass over the 320
# shapes, in 10 batches of 32, so 10 steps. The network counts its steps, and all of them count as
# work: a second `fit` of the same network goes on where the first one ended.


# %%
def fit(model, epochs=20, callbacks=()):
    """Train a network (28, 28, 1) → 4 scores on the 320 shapes; returns Keras's History."""
    if not model.compiled:
        loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        model.compile(keras.optimizers.Adam(0.005), loss, metrics=["accuracy"])
    batches = tf.data.Dataset.from_tensor_slices((images, labels)).shuffle(320).batch(32)
    tests = tf.data.Dataset.from_tensor_slices((validation_images, validation_labels))
    settings = {"epochs": epochs, "callbacks": list(callbacks), "shuffle": False, "verbose": 0}
    began = time.perf_counter()
    history = model.fit(batches, validation_data=tests.batch(400), **settings)
    history.seconds = time.perf_counter() - began
    print(f"{len(history.epoch)} epochs in {history.seconds:.1f} s")
    return history


# %% [markdown]
# ## Three patients
#
# Before you design, look at three designs of others. A training can go wrong in two ways, and it
# matters which one: what helps against the one makes the other worse.
#
# ![Training and validation loss of three networks over 20 epochs, trained on 600 shapes; guessing has a loss of 1.39. Underfitting: both curves stay high and together, 1.24 and 1.25 at the end. Good fit: both fall together to 0.01 and 0.04. Overfitting: the training loss falls to 0.03, while the validation loss falls to about 1.1 in epoch 4, the best epoch, and then rises to 1.51.](figures/07_three_curves.png)
#
# To make a rule of it we look at the **end** of each curve. As curves jump a little from epoch to
# epoch, the end is the **mean of the last three epochs**. The first line that holds decides:
#
# 1. The end of the training loss is above **0.7** (half of what guessing has): `"underfitting"`.
#    The network has not even learned what it was shown.
# 2. The end of the validation loss is more than **0.4** above the end of the training loss:
#    `"overfitting"`. It has learned what it was shown, and not what the shapes have in common.
# 3. Otherwise: `"good fit"`.
#
# The two numbers are a convention, good for this task. Some overfitting networks were once better,
# and the best epoch tells when: that was lesson 6. This rule asks what you have *now*. And "good
# fit" does not mean "good enough": a training loss of 0.6 and a validation loss of 0.7 fit each
# other well, and many shapes are still read wrongly.
#
# And the first thing to try:
#
# | first aid | what it does |
# |---|---|
# | `"more epochs"` | for curves that both fell by more than 0.1 in the last five epochs |
# | `"larger network"` | for curves that hardly fall: with more filters it can represent more |
# | `"more regularization"` | a further remedy, or a stronger one: it learns less by heart |
# | `"less regularization"` | a remedy less, or a weaker one: it is held back less |
# | `"smaller learning rate"` | for curves that jump wildly, or rise together |
# | `"nothing"` | leave it as it is |
#
# Three networks were trained on the 320 shapes. These are their losses, as measured, rounded to two
# decimals. `"a"` has 9,402 parameters, most of them in a dense layer behind a Flatten. `"b"` has
# 60: four filters, a global average, and the scores. `"c"` has 6,020. Only `"c"` was regularized.

# %%
patients = {"a": {}, "b": {}, "c": {}}
patients["a"]["loss"] = [1.38, 1.31, 1.16, 1.02, 0.95, 0.87, 0.8, 0.76, 0.74, 0.68]
patients["a"]["loss"] += [0.62, 0.58, 0.56, 0.53, 0.48, 0.47, 0.42, 0.43, 0.4, 0.35]
patients["a"]["val_loss"] = [1.37, 1.32, 1.19, 1.07, 1.11, 1.09, 1.06, 1.08, 1.01, 1.0]
patients["a"]["val_loss"] += [1.12, 1.02, 0.96, 1.01, 1.0, 0.98, 1.14, 1.15, 1.09, 1.15]
patients["b"]["loss"] = [1.39, 1.37, 1.35, 1.32, 1.29, 1.27, 1.24, 1.22, 1.2, 1.18]
patients["b"]["loss"] += [1.17, 1.15, 1.14, 1.13, 1.12, 1.11, 1.1, 1.09, 1.08, 1.08]
patients["b"]["val_loss"] = [1.38, 1.36, 1.34, 1.32, 1.29, 1.26, 1.25, 1.23, 1.2, 1.19]
patients["b"]["val_loss"] += [1.17, 1.16, 1.15, 1.13, 1.13, 1.12, 1.11, 1.11, 1.1, 1.09]
patients["c"]["loss"] = [1.37, 1.29, 1.19, 1.0, 0.78, 0.62, 0.5, 0.48, 0.37, 0.33]
patients["c"]["loss"] += [0.3, 0.26, 0.26, 0.22, 0.17, 0.2, 0.17, 0.19, 0.22, 0.19]
patients["c"]["val_loss"] = [1.35, 1.26, 1.06, 0.83, 0.64, 0.51, 0.4, 0.44, 0.37, 0.29]
patients["c"]["val_loss"] += [0.32, 0.19, 0.22, 0.18, 0.2, 0.14, 0.12, 0.22, 0.23, 0.12]

# %% [markdown]
# Training loss (blue, solid) and validation loss (orange, dashed), the three on one axis, and the
# loss of guessing as a dotted line:

# %%
_, axes = plt.subplots(1, 3, figsize=(9, 2.8), sharey=True, layout="constrained")
for ax, (name, curves) in zip(axes, patients.items(), strict=True):
    ax.plot(curves["loss"], color="#0072B2", label="loss")
    ax.plot(curves["val_loss"], "--", color="#A66F00", label="val_loss")
    ax.axhline(1.39, color="gray", linestyle=":", label="guessing")
    ax.set(title=f'"{name}"', xlabel="epoch", xticks=range(0, 20, 5), ylim=(0, 1.5))
axes[2].legend()
plt.show()

# %% [markdown]
# ### Exercise
#
# - `diagnose`: the rule above, for any two curves of at least three epochs.
# - `diagnoses`: what the rule says of each of the three.
# - `first_aid`: what you would try first, in the words of the table.


# %% exercise="diagnose_curves"
def diagnose(losses, val_losses):
    """What the rule says of a training: "underfitting", "overfitting" or "good fit".

    losses, val_losses: lists of the same length, one loss for each epoch, at least three.
    """
    ### BEGIN SOLUTION
    training, validation = np.mean(losses[-3:]), np.mean(val_losses[-3:])
    if training > 0.7:
        return "underfitting"
    if validation - training > 0.4:
        return "overfitting"
    return "good fit"
    ### END SOLUTION


### BEGIN SOLUTION
diagnoses = {
    name: diagnose(curves["loss"], curves["val_loss"]) for name, curves in patients.items()
}
first_aid = {"a": "more regularization", "b": "larger network", "c": "nothing"}
### STARTER
# diagnoses = ...  # {"a": ..., "b": ..., "c": ...}
# first_aid = ...  # {"a": ..., "b": ..., "c": ...}
### END SOLUTION

# %%
check("diagnose_curves")

# %% [markdown]
# "First" is meant seriously. Change **one** thing, train again, look at the curves, and only then
# change the next one. And note that the curves do not say *which* remedy, nor where the room is
# missing. That takes a look at the data and at the design.
#
# ## Plan it on paper
#
# Whoever can predict a network understands it. So the plan comes first: every layer that changes
# the shape or has parameters, in its order, with the shape that comes out of it and its number of
# parameters. Think of these things while you choose:
#
# - A shape may lie **anywhere**. What did the moved images of lesson 5 say about heads with a
#   weight for every place, and about heads that pool over all places? And a shape is **small**:
#   most of every map is dark. What is left of one strong response in a global average over 49
#   places, and what in a global maximum? (The design of our solution with a global average instead
#   read 62 % of the validation shapes after 30 epochs, and with the maximum 99 %, in one training
#   each.)
# - Where do the **parameters** go? In the budget there is room for a few dozen filters, or for one
#   dense layer behind a Flatten.
# - Where does the **work** go? Into the largest maps. Pool or stride early, and add filters later.
# - How far does the last convolution see? Its **receptive field** should take in most of a shape,
#   which is 10 to 16 pixels wide.
#
# ### Exercise
#
# - `plan`: a list of rows `(layer, shape, parameters)`. The layer is Keras's word for it, as text:
#   `"Conv2D"`, `"MaxPooling2D"`, `"AveragePooling2D"`, `"GlobalMaxPooling2D"`,
#   `"GlobalAveragePooling2D"`, `"Flatten"`, `"Dense"` or `"BatchNormalization"`. The shape is a
#   tuple, without the batch: `(height, width, channels)` or `(units,)`, with its comma. You may add
#   rows for layers that change neither, such as `("Dropout", (32,), 0)`, or leave them out.
# - `planned_parameters`: how many the network has in all. As ever, Keras counts all four numbers of
#   a batch normalization.
# - `planned_work`: how many **multiplications** one image takes, in convolutions and dense layers.
#   Biases are added, so they are not counted, nor is a batch normalization.
#
# The first row is what becomes of an image of (28, 28, 1), the last one leaves four scores. Kernels
# are square. Convolutions and dense layers have biases, unless the next row is a
# `"BatchNormalization"`: then it is up to you.
#
# Type the numbers, or sums and products of numbers. Keras is not allowed here: its turn comes next.
# For an image of 12×12×1 a plan might begin like this:
#
# `[("Conv2D", (10, 10, 4), 40), ("MaxPooling2D", (5, 5, 4), 0), …]`

# %% exercise="plan"
### BEGIN SOLUTION
plan = [
    ("Conv2D", (28, 28, 8), (3 * 3 * 1 + 1) * 8),
    ("MaxPooling2D", (14, 14, 8), 0),
    ("Conv2D", (14, 14, 16), (3 * 3 * 8 + 1) * 16),
    ("MaxPooling2D", (7, 7, 16), 0),
    ("Conv2D", (7, 7, 32), (3 * 3 * 16 + 1) * 32),
    ("GlobalMaxPooling2D", (32,), 0),
    ("Dense", (4,), 32 * 4 + 4),
]
planned_parameters = 80 + 1168 + 4640 + 132
planned_work = 28 * 28 * 9 * 8 + 14 * 14 * 72 * 16 + 7 * 7 * 144 * 32 + 32 * 4
### STARTER
# plan = ...  # [("Conv2D", (28, 28, …), …), …]
# planned_parameters = ...
# planned_work = ...
### END SOLUTION

# %%
check("plan")

# %% [markdown]
# **See it.** Your plan as a table, and for how many epochs the budget of work lasts:

# %%
if finished(plan, planned_parameters, planned_work):
    for layer, shape, parameters in plan:
        print(f"{layer:24}{' × '.join(map(str, shape)):>14}{parameters:10,}")
    print(f"{planned_parameters:,} parameters, {planned_work:,} multiplications for one image")
    print(f"4,000 million last for {4_000_000_000 // (320 * planned_work)} epochs")

# %% [markdown]
# ## Build what you planned
#
# The plan has no rows for what acts in training only. Choose your remedies now, at least two kinds:
#
# | kind | in Keras | where |
# |---|---|---|
# | dropout | `Dropout(rate)` | before a dense layer, or behind a convolution |
# | penalty | `kernel_regularizer=…`, or the optimizer `AdamW` | in a layer, in `compile` |
# | batch normalization | `BatchNormalization(momentum=0.9)` | between a convolution and its ReLU |
# | augmentation | `RandomFlip()`, `RandomTranslation(…)`, … | in front |
# | noise | `GaussianNoise(stddev)` | in front, or inside |
# | early stopping | `EarlyStopping(patience=…, restore_best_weights=True)` | in `my_callbacks` |
#
# In lesson 6 it was wrong to flip digits. Is it wrong here? Ask what is asked of every
# augmentation: is the label still true? A mirrored triangle is a triangle, and a square on its head
# a square. So for *these* classes flips and turns are not only allowed but the most natural remedy
# of all: they tell the network what you know about shapes, and what 320 images cannot.
#
# ### Exercise
#
# - `build_network`: a function that returns the network of your plan, with its remedies. It makes a
#   new one at each call, so its layers are made inside it. (`AveragePooling2D(2)` wants to be told
#   its size.) It need not be compiled; if you want another optimizer than `fit` takes, compile it
#   with the loss of `fit` and `metrics=["accuracy"]`.
# - `my_callbacks`: a list of callbacks for its training, `[]` if you need none.
#
# The check compares every shape and every count with your plan. Should they differ, find out why,
# and correct what was wrong. That is no disgrace: it is what a prediction is for.


# %% exercise="build_network"
def build_network():
    """A new network (28, 28, 1) → 4 scores, the one that was planned, with its remedies."""
    ### BEGIN SOLUTION
    same = {"padding": "same", "activation": "relu"}
    return keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            layers.RandomFlip(),
            layers.Conv2D(8, 3, **same),
            layers.MaxPooling2D(),
            layers.Conv2D(16, 3, **same),
            layers.MaxPooling2D(),
            layers.Conv2D(32, 3, **same),
            layers.GlobalMaxPooling2D(),
            layers.Dropout(0.3),
            layers.Dense(4),
        ]
    )
    ### END SOLUTION


### BEGIN SOLUTION
my_callbacks = [keras.callbacks.EarlyStopping(patience=6, restore_best_weights=True)]
### STARTER
# my_callbacks = ...
### END SOLUTION

# %%
check("build_network")

# %% [markdown]
# **See it.** What flows through your network:

# %%
if finished(build_network()):
    show_network(build_network())

# %% [markdown]
# For later: a function that counts the multiplications of any network for one image. It looks at
# each kernel, and at how many places its layer uses it.


# %%
def work_of(model):
    """The multiplications of one image in the convolutions and dense layers of a model."""
    work = 0
    for layer in model.layers:
        if hasattr(layer, "layers"):  # a model in the model
            work += work_of(layer)
        elif hasattr(layer, "kernel"):
            places = np.prod(layer.output.shape[1:-1], dtype=int)  # 1 for a vector
            work += int(places * np.prod(layer.kernel.shape))
    return work


# %%
if finished(build_network(), planned_work):
    print(f"planned: {planned_work:,}, counted: {work_of(build_network()):,}")

# %% [markdown]
# ## Train it
#
# Now it gets serious. Train your network, look at its curves, diagnose them, change one thing, and
# train again, as often as you like. When you are content, keep network and history of **one** run.
# (If you change the architecture, change the plan as well.)
#
# ### Exercise
#
# - `my_model`: a network from `build_network`, trained once with `fit`, and with your callbacks;
# - `my_history`: what `fit` returned, as it is.
#
# As in lesson 6, the check does not simply believe the curves. It evaluates the network itself, on
# the training and validation shapes, and on hidden ones. And it asks how many steps the network has
# taken: 10 for each epoch of the history.

# %% exercise="trained"
keras.utils.set_random_seed(0)
### BEGIN SOLUTION
my_model = build_network()
my_history = fit(my_model, callbacks=my_callbacks)
### STARTER
# my_model = ...  # build_network()
# my_history = ...  # fit(my_model, ...)
### END SOLUTION

# %%
check("trained")

# %% [markdown]
# **See it.** Your curves, and what your own rule says of them. Keep in mind that dropout and
# augmentation make the *training* loss of the history larger: the real gap is measured with both
# switched off.

# %%
if finished(my_model, my_history, diagnose([1.0] * 3, [1.0] * 3)):
    curves = {name: my_history.history[name] for name in ("loss", "val_loss")}
    print(diagnose(*curves.values()))
    best = int(np.argmin(curves["val_loss"]))
    show_curves(curves, marks={"best epoch": best})

# %% [markdown]
# If you have the time, try what each remedy was worth: take one out, train again with the same
# seed, and compare. A remedy that you cannot see in any number is none that you could defend.
#
# ## What does it look at?
#
# Your network reads shapes. Does it look at the shape? It could also have found something else
# that goes along with it. There are stories of networks that told photographs apart by the snow in
# the background. One simple way to find out is to **cover** a part of the image and see whether the
# network minds. Zeiler and Fergus did it in 2014: a gray square is moved over the image, and at
# each place one notes what becomes of the probability of the right class.
#
# ![An image of a triangle, which a network gives a probability of 1.00, and the same image with a dark gray square of 8 by 8 pixels at three places: at (0, 0), over background, still 1.00; at (4, 16), over the upper edge, 0.64; at (8, 12), over the left corner, 0.02. Beside it the table of the probability of "triangle" for all 6 by 6 places, the occlusion map, in darker orange where it is smaller: around the left corner, most of all, and along the right part of the shape. Over the background it stays near 1.](figures/07_occlusion.png)
#
# The figure notes the probability itself. We write down how far it **falls**, so that large numbers
# mean "this was important".
#
# ### Exercise
#
# Write `occlusion_map`, by hand. `predict` is a function: it takes a batch of images, an array (N,
# height, width, 1), and gives the probabilities of the classes, (N, classes). As networks do, it
# may give a tensor of TensorFlow; `np.asarray` makes an array of it.
#
# Cover first and ask afterwards: put all covered images into **one** batch, and call `predict` only
# once or twice. A call takes about as long for 40 small images as for one, some milliseconds. In a
# loop over all the places the cells below would take many seconds, and with the batch they take
# less than one.


# %% exercise="occlusion_map"
def occlusion_map(predict, image, label, size, stride, gray):
    """How far the probability of a class falls where a gray square covers the image.

    predict: images (N, H, W, 1) → probabilities (N, classes), an array or a tensor;
    image: array (H, W, 1), left as it is; label: the class; size: pixels on each side of the
    square, whose pixels all become `gray`; stride: pixels from one place to the next. Row r,
    column c of the map belongs to the square whose upper left pixel is (r · stride, c · stride).
    Only whole squares inside the image count.
    Returns an array (rows, columns): probability without the square minus probability with it.
    """
    ### BEGIN SOLUTION
    rows, columns = ((side - size) // stride + 1 for side in image.shape[:2])
    covered = np.repeat(image[None], rows * columns, axis=0)
    for one, (row, column) in zip(covered, np.ndindex(rows, columns), strict=True):
        top, left = row * stride, column * stride
        one[top : top + size, left : left + size] = gray
    free = np.asarray(predict(image[None]))[0, label]
    return free - np.asarray(predict(covered))[:, label].reshape(rows, columns)
    ### END SOLUTION


# %%
check("occlusion_map")

# %% [markdown]
# Your network gives scores, so a softmax has to follow before we can ask for probabilities:


# %%
def probabilities(batch):
    """The probabilities (N, 4) that your network gives to images (N, 28, 28, 1)."""
    return np.asarray(keras.ops.softmax(my_model(batch, training=False)))


# %% [markdown]
# **See it.** A shape of each class, and below it your network's map: blue where the probability of
# the right class falls if this part is covered, orange where it rises, all on one scale. The square
# has 8×8 pixels and moves in steps of 4, so there are 6×6 places.

# %%
chosen = [int(np.argmax(validation_labels == label)) for label in range(4)]
flat = np.ones((4, 4, 1))
tried = occlusion_map(lambda batch: np.ones((len(batch), 2)) / 2, flat, 0, 2, 2, 0.2)
if finished(my_model, tried):
    maps = [
        occlusion_map(probabilities, validation_images[index], label, 8, 4, 0.2)
        for label, index in enumerate(chosen)
    ]
    show(*validation_images[chosen, :, :, 0], titles=NAMES)
    falls = [f"falls by {found.max():.2f} at most" for found in maps]
    show_channels(np.stack(maps, axis=-1), titles=falls, columns=4)

# %% [markdown]
# Where is the square hurt most, at a side or at a corner? And what does your network need of a
# circle?
#
# **Read such maps with care.** An occlusion map shows what the network's answer *depends on*, for
# this image, with this square.
#
# - It does not show what the network sees in that place, nor why it matters.
# - A low value does not mean "not used". If two corners say the same, covering one of them changes
#   nothing: the other one still says it.
# - The square is an image, too. A **bright** square on a dark ground is itself a square! (Your
#   network may see another shape in it.) Compare four grays, and look at the places far away from
#   the shape. In the end, the brightest square stands alone on black:

# %%
if finished(my_model, tried):
    image, grays = validation_images[chosen[0]], (0.0, 0.2, 0.5, 0.9)
    maps = [occlusion_map(probabilities, image, 0, 8, 4, gray) for gray in grays]
    show_channels(np.stack(maps, axis=-1), titles=[f"gray {gray}" for gray in grays], columns=4)
    alone = np.zeros((1, 28, 28, 1), dtype="float32")
    alone[:, 10:18, 10:18] = 0.9
    for name, probability in zip(NAMES, probabilities(alone)[0], strict=True):
        print(f"the square alone, {name}: {probability:.2f}")

# %% [markdown]
# A square of 0.2 is hardly brighter than the noise. With 0.5 or more the network may see a second
# shape, wherever it is, and the map tells about the square instead of the image. And completely
# black? It leaves no trace on the background, but cuts a dark corner into the shape, with edges of
# its own. There is no neutral way to hide something.
#
# ## Defend it
#
# A claim about a network is worth as much as the way in which it was measured. So: which images?
# With which weights? By which formula? Here is a function that measures loss and accuracy of a
# network as it is, without penalties, with every remedy switched off:


# %%
def measure(model, images, labels):
    """The loss (without penalties) and the accuracy of a model on images, at inference."""
    scores = model(images, training=False)
    each = keras.losses.sparse_categorical_crossentropy(labels, scores, from_logits=True)
    return float(np.mean(each)), float(np.mean(np.asarray(scores).argmax(axis=1) == labels))


# %% [markdown]
# A single accuracy also hides *which* mistakes are made. A **confusion matrix** shows them: in row
# $r$ and column $c$ stands how many images of class $r$ were taken for class $c$. On its diagonal
# are the right answers. (Some books and programs have rows and columns the other way round, so
# always say which is which.)
#
# ### Exercise
#
# - `confusion`: the confusion matrix, by hand.
# - `defense`: a dict of claims about `my_model`, as it is now:
#   - `"parameters"` and `"work"`: the multiplications of the **whole training**, as the rules count
#     them, with the epochs that were really trained;
#   - `"accuracy"` on the validation shapes, a share from 0 to 1, and `"gap"`, validation loss minus
#     training loss, both as `measure` gives them (round to three decimals if you like);
#   - `"most_confused"`: a pair of names from `NAMES`, (what it is, what it was taken for), of the
#     mistake that is most frequent among the validation shapes; any of them if there are several,
#     `None` if there is no mistake.


# %% exercise="defense"
def confusion(labels, predicted, classes):
    """The confusion matrix: an array (classes, classes) of counts.

    labels, predicted: arrays (N,) of whole numbers from 0 to classes - 1, what each image is, and
    what it was taken for. Row: what it is. Column: what it was taken for.
    """
    ### BEGIN SOLUTION
    matrix = np.zeros((classes, classes), dtype=int)
    for label, answer in zip(labels, predicted, strict=True):
        matrix[label, answer] += 1
    return matrix
    ### END SOLUTION


### BEGIN SOLUTION
val_loss, val_accuracy = measure(my_model, validation_images, validation_labels)
predicted = np.asarray(my_model(validation_images, training=False)).argmax(axis=1)
mistakes = confusion(validation_labels, predicted, 4)
np.fill_diagonal(mistakes, 0)
row, column = np.unravel_index(mistakes.argmax(), mistakes.shape)
defense = {
    "parameters": my_model.count_params(),
    "work": work_of(my_model) * 320 * len(my_history.epoch),
    "accuracy": val_accuracy,
    "gap": val_loss - measure(my_model, images, labels)[0],
    "most_confused": (NAMES[row], NAMES[column]) if mistakes.any() else None,
}
### STARTER
# defense = ...  # {"parameters": ..., "work": ..., ...}
### END SOLUTION

# %%
check("defense")

# %% [markdown]
# **See it.** Your confusion matrix, and some validation shapes that your network took for something
# else. Would you have known?

# %%
if finished(my_model, confusion(np.zeros(1, int), np.zeros(1, int), 1)):
    answers = probabilities(validation_images).argmax(axis=1)
    print("rows: what it is; columns: what it was taken for;", ", ".join(NAMES))
    print(confusion(validation_labels, answers, 4))
    wrong = np.flatnonzero(answers != validation_labels)[:6]
    titles = [f"{NAMES[validation_labels[i]]} → {NAMES[answers[i]]}" for i in wrong]
    if len(wrong):
        show(*validation_images[wrong, :, :, 0], titles=titles)

# %% [markdown]
# One honest remark belongs in every defense. You looked at the validation shapes again and again
# while you designed, and chose what did best on them. So they are a little too kind to your
# network: they have become a part of its training, through you. That is why the last word is spoken
# by shapes that had no part in any decision.
#
# ## Show it
#
# The last page is for others. `show_portrait` draws your network, its curves, what its filters
# answer to one image, what it looks at, where it was wrong, and its numbers. Give it a title of
# your own. Without the `#` in front of `save_as`, the page is also written into one file,
# `my_network.html`, which has everything in it, opens in any browser, on a phone as well, and can
# be sent to anybody.

# %%
if finished(my_model, my_history):
    show_portrait(
        my_model,
        my_history,
        validation_images,
        validation_labels,
        names=NAMES,
        training=(images, labels),
        title="The network that reads shapes",
        # save_as="my_network.html",
    )

# %% [markdown]
# ## Summary
#
# - **Diagnose first.** Training loss high at the end: underfitting. Training loss low and
#   validation loss far above: overfitting. Then change one thing.
# - **Predict before you build**: shapes, parameters and work follow from the design. Where plan and
#   network differ, one of the two has a mistake.
# - **Choose for the data.** Shapes anywhere ask for a head that pools over all places. Labels that
#   survive a flip ask for flips.
# - **Rules make networks comparable**: a budget of parameters, a budget of work, two remedies that
#   really act, a gap measured at inference, an accuracy on images that nobody has seen.
# - An **occlusion map** shows on which parts of an image the answer depends. It does not show why,
#   and the square is an image as well.
# - A **confusion matrix** shows which mistakes are made. Say what its rows are.
# - A claim comes with its measurement. The validation data take part in your decisions, so keep
#   test data that do not.
#
# **You have come from a single patch of pixels to a network that you designed, trained and can
# defend.** From here on the networks get larger, and the questions stay the same.
#
# ## Further reading
#
# - Matthew Zeiler and Rob Fergus, *Visualizing and understanding convolutional networks* (2014),
#   [arXiv:1311.2901](https://arxiv.org/abs/1311.2901): occlusion maps, and much more of what
#   filters answer to.
# - Marco Tulio Ribeiro, Sameer Singh and Carlos Guestrin, *"Why should I trust you?" Explaining the
#   predictions of any classifier* (2016), [arXiv:1602.04938](https://arxiv.org/abs/1602.04938): the
#   wolf, the husky and the snow.
# - Julius Adebayo, Justin Gilmer, Michael Muelly, Ian Goodfellow, Moritz Hardt and Been Kim,
#   *Sanity checks for saliency maps* (2018), [arXiv:1810.03292](https://arxiv.org/abs/1810.03292):
#   some pictures of what a network looks at do not depend on the network.
# - Margaret Mitchell and others, *Model cards for model reporting* (2019),
#   [arXiv:1810.03993](https://arxiv.org/abs/1810.03993): what should be said about a network when
#   it is handed to others.
# - Andrej Karpathy, [*A recipe for training neural
#   networks*](https://karpathy.github.io/2019/04/25/recipe/) (2019): on doing one thing at a time.
# - François Chollet, *Deep Learning with Python*: networks in Keras, by the one who made it.
