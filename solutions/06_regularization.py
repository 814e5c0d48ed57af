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
# # Regularization: curves that turn up, and what turns them down
#
# A network can get better and better at what it is shown, and worse and worse at everything else.
# That is called **overfitting**. In this lesson you make a network overfit, on purpose, until you
# can see it in its curves. Then you treat it with one remedy after the other. Together they are
# called **regularization**.
#
# **When you are done, you can**
#
# - read the curves of a training: the best epoch, the gap, underfitting and overfitting;
# - show what a network has learned by heart, and say why CNNs are prone to it;
# - do by hand what dropout, penalties (L1 and L2), batch normalization and early stopping do, and
#   use each of them in Keras;
# - augment images and add noise where it belongs, in training only, and keep the labels true;
# - say what each remedy does to the curves and what it costs, and compare them fairly.
#
# For every remedy the road is the same: by hand first, then in Keras, then its effect on the
# curves, then its price. (Only pooling you have done by hand already, in lesson 4.) Where a price
# is in seconds, they are those of an epoch on one core of our machine, in which the baseline takes
# 0.06 s.

# %%
import numpy as np

from grader import check, hint, quietly
from cnn_course.data.digits import noisy_digits
from grader.drawing import finished, show, show_curves, show_histograms

with quietly():  # TensorFlow is talkative when it starts
    import keras
    import tensorflow as tf
    from keras import layers

# %% [markdown]
# ## To learn, or to learn by heart
#
# We train a network on some images, the **training data**. But we want to use it on others, which
# nobody has seen yet. Both come from the same source: somebody writes digits, and how people write
# digits is what the network should find out. Statisticians call it the **underlying
# distribution** of the data.
#
# Every set of training data also has peculiarities that the next one will not have: a blot, an odd
# 7, a wrong label. This is its **noise**, or its **variance**: it varies from one set to the next.
# A network that adapts to the noise, too, is **overfitting**: it describes the accidents of its
# training data, and not what they were drawn from. The opposite, a network that does not even
# describe what is common to all of them, is **underfitting**.
#
# ![Twelve noisy training points of a wave, twelve new points of the same wave, and three polynomials fitted to the training points. Underfitting: a straight line, degree 1, misses the wave, with a mean squared error of 0.192 on the training points and 0.231 on new ones. Good fit: degree 3 follows the wave, with 0.054 and 0.059. Overfitting: degree 9 winds through nearly every training point, with a bump at each end where the wave has none: 0.007 on the training points, but 0.368 on new ones.](figures/06_fits.png)
#
# The polynomials in the figure are only an example: for networks, too, the more freedom a model
# has, the closer it can come to the training data. What counts is the error on *new* points.
#
# Deep networks, CNNs among them, are particularly prone to overfitting because of their
# **capacity**: they can represent very complicated functions and learn fine details of many images,
# and one function that they can represent simply knows every training image. (Zhang and others, see
# the end, trained well-known CNNs on photographs with labels *drawn by lot*. There is nothing to be
# learned from such labels. The networks knew nearly all of them in the end.)
#
# To see it for ourselves we need data with noise in them that we know of. Here are 320 handwritten
# digits to train with. We gave a fifth of them, 64, **a wrong label**. Another 400 digits, all with
# their right labels, are the **validation data**: the network never learns from them; they only
# tell how it does on images that it has not seen.

# %%
digits = noisy_digits(0)
wrong = digits.labels != digits.true_labels
print(f"to train with: {digits.images.shape}, {wrong.sum()} of the labels are wrong")
print(f"to validate with: {digits.validation_images.shape}, no label is wrong")

# %% [markdown]
# Some of the wrong ones, with the label that the network will be given, and what was really
# written. Nothing in such an image speaks for its label. Whoever gets it right has learned it by
# heart.

# %%
titles = [
    f"given {given}, is {true}"
    for given, true in zip(digits.labels[wrong], digits.true_labels[wrong], strict=True)
]
gray = digits.images[wrong][:6].repeat(3, axis=3)  # as with colors: no numbers are written in
show(*gray, titles=titles[:6])

# %% [markdown]
# ## Two curves
#
# Here is the training, the same for every network of this lesson. `fit` compiles a network, if you
# have not done so yourself, and trains it: the training digits are shuffled and handed out 32 at a
# time, and after each epoch it looks at the 400 validation digits. The loss takes **scores**
# (`from_logits=True`): it applies the softmax itself, so the network ends in ten plain numbers.

# %%
training = digits.images, digits.labels
validation = digits.validation_images, digits.validation_labels


def fit(model, epochs=25, callbacks=()):
    """Train a network (8, 8, 1) → 10 scores on the digits; returns what Keras returns, a History.

    `history.history["loss"]` and `history.history["val_loss"]` are lists, one number an epoch.
    """
    if not model.compiled:
        loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        model.compile(keras.optimizers.Adam(0.003), loss, metrics=["accuracy"])
    batches = tf.data.Dataset.from_tensor_slices(training).shuffle(320).batch(32)
    tests = tf.data.Dataset.from_tensor_slices(validation).batch(400)
    settings = {"epochs": epochs, "callbacks": list(callbacks), "shuffle": False, "verbose": 0}
    return model.fit(batches, validation_data=tests, **settings)  # shuffled already


# %% [markdown]
# The history of a training holds two losses for every epoch: `loss`, on the training data, and
# `val_loss`, on the validation data. Together they tell nearly everything about it.
#
# ![The two losses over 25 epochs. The training loss falls from 2.2 to 0.04. The validation loss falls to 0.53 in epoch 6, the best epoch, marked with a circle, and rises from there on to 1.05. The region after epoch 6 is shaded: from here on the validation loss turns up, overfitting. An arrow at the last epoch marks the gap between the two curves, 1.05 minus 0.04, which is 1.01.](figures/06_curves.png)
#
# - **Both fall**: the network is learning something that holds for new images, too. Train on.
# - **Both stay high**: underfitting. The network is too small, or has not been trained enough.
# - **The training loss falls, the validation loss turns up**: overfitting. From the **best epoch**
#   on, where the validation loss is smallest, what it learns holds for the training data only.
# - **Both turn up**: no overfitting. The training has broken down; take a smaller learning rate.
#
# The distance between the curves, validation loss minus training loss, is the **gap**. Some gap is
# normal. It is no illness as long as the validation loss still falls.
#
# One thing looks odd in the figure: at first the *validation* loss is the smaller one. A fifth of
# the training labels are wrong and none of the validation labels, so an honest network, one that
# has learned what digits look like, does better on the validation data.
#
# ### Exercise
#
# Write three functions. The lists have one loss for each epoch, at least two epochs; the first
# epoch has the number **0**, as in the list. The rule for the third: it is overfitting if, from the
# best to the last epoch, **both** hold:
#
# - the validation loss has risen by **more than 10 %** of its smallest value;
# - the training loss has fallen.


# %% exercise="read_the_curve"
def best_epoch(val_losses):
    """The epoch, counted from 0, with the smallest validation loss; the first, if several are."""
    ### BEGIN SOLUTION
    return int(np.argmin(val_losses))
    ### END SOLUTION


def gap_at_the_end(losses, val_losses):
    """Validation loss minus training loss, both of the last epoch; a number."""
    ### BEGIN SOLUTION
    return val_losses[-1] - losses[-1]
    ### END SOLUTION


def is_overfitting(losses, val_losses):
    """True or False, by the rule above."""
    ### BEGIN SOLUTION
    best = best_epoch(val_losses)
    return val_losses[-1] > 1.1 * val_losses[best] and losses[-1] < losses[best]
    ### END SOLUTION


# %%
check("read_the_curve")

# %% [markdown]
# ## Overfit on purpose
#
# To learn 320 labels by heart, wrong ones too, a network needs room. This one has plenty: it
# neither pools nor strides, so its dense layer sees 8 · 8 · 16 = 1,024 numbers of every image.
#
# | layer | output | parameters |
# |---|---|---|
# | convolution, 16 filters of 3×3, `same`, ReLU | 8×8×16 | 160 |
# | convolution, 16 filters of 3×3, `same`, ReLU | 8×8×16 | 2,320 |
# | flatten | 1,024 | 0 |
# | dense, 128 units, ReLU | 128 | 131,200 |
# | dense, 10 units, no activation: the scores | 10 | 1,290 |
#
# That makes 134,970 parameters for 320 images: more than 400 numbers for each label to be
# remembered. Look where they are: only 2,480 of them belong to the convolutions, which use the same
# few weights everywhere. A CNN has its capacity from the dense layers behind, or, in today's large
# ones, from hundreds of filters in dozens of layers.
#
# ### Exercise
#
# Build the network of the table, or one of your own that does it, too: `baseline`. Train it for 25
# epochs with `fit`; `baseline_history` is what `fit` returned, as it is. Use no remedy yet.
#
# The check does not simply believe the curve. It computes the losses of your network itself: the
# one on the validation digits has to be larger by **0.3** at least, and it has to be the last
# `val_loss` of your history. In the history, the last `val_loss` has to be at least **1.2 times**
# the smallest one, which came in the first 70 % of the epochs.
#
# The first line makes the random numbers (the weights at the start, the order of the images) the
# same whenever you run the cell. Your numbers may still differ from ours a little.

# %% exercise="overfit_on_purpose"
keras.utils.set_random_seed(0)
### BEGIN SOLUTION
baseline = keras.Sequential(
    [
        keras.Input((8, 8, 1)),
        layers.Conv2D(16, 3, padding="same", activation="relu"),
        layers.Conv2D(16, 3, padding="same", activation="relu"),
        layers.Flatten(),
        layers.Dense(128, activation="relu"),
        layers.Dense(10),
    ]
)
baseline_history = fit(baseline)
### STARTER
# baseline = ...  # keras.Sequential([...])
# baseline_history = ...  # fit(baseline)
### END SOLUTION

# %%
check("overfit_on_purpose")

# %% [markdown]
# **See it.** Your curves, with what your own functions read from them:

# %%
if finished(
    baseline, baseline_history, best_epoch([2.0, 1.0]), is_overfitting([2.0, 1.0], [2.0, 1.0])
):
    losses, val_losses = (baseline_history.history[name] for name in ("loss", "val_loss"))
    best = best_epoch(val_losses)
    print(f"best epoch {best}, gap {gap_at_the_end(losses, val_losses):.2f} at the end,")
    print("overfitting" if is_overfitting(losses, val_losses) else "not overfitting")
    both = {"loss": losses, "val_loss": val_losses}
    show_curves(both, marks={f"best epoch: {best}": best}, gap=("loss", "val_loss"))

# %% [markdown]
# And the accuracies, the share of digits that are read right. On the training digits it goes to
# nearly 100 %, although a fifth of the labels are wrong: that is the alarm. On the validation
# digits it falls, but less dramatically than the loss rises. The loss also notices *how certain* a
# network is of its mistakes, and a network that overfits gets more and more certain. That is why we
# watch the loss.

# %%
if finished(baseline_history):
    names = ("accuracy", "val_accuracy")
    show_curves({name: baseline_history.history[name] for name in names}, ylabel="accuracy")

# %% [markdown]
# ## What did it learn by heart?
#
# An image with a wrong label can be answered in three ways: with what it shows, with the wrong
# label, or with a third digit. Only the second one cannot be a conclusion from other images: it was
# learned by heart.
#
# ### Exercise
#
# Write `memorised`: **of the images with a wrong label**, for which share does the network predict
# **that wrong label**? It predicts the digit with the largest score.


# %% exercise="memorised"
def memorised(scores, labels, true_labels):
    """The share of the wrongly labeled images that are predicted as their wrong label.

    scores: array (images, classes); labels, true_labels: arrays (images,) of whole numbers, the
    label each image was given and what it shows. At least one label is wrong.
    Returns a number from 0 to 1.
    """
    ### BEGIN SOLUTION
    wrong = labels != true_labels
    predicted = np.argmax(scores, axis=1)
    return np.mean(predicted[wrong] == labels[wrong])
    ### END SOLUTION


# %%
check("memorised")

# %% [markdown]
# **See it.** The wrong labels that your network knows by heart. Somebody who knows how digits look
# would get none of these "right".

# %%
if finished(baseline, memorised(np.eye(2), np.arange(2), 1 - np.arange(2))):
    scores = np.asarray(baseline(digits.images))
    share = memorised(scores, digits.labels, digits.true_labels)
    print(f"learned by heart: {share:.0%} of the wrong labels")
    known = wrong & (scores.argmax(axis=1) == digits.labels)
    titles = [f"says {label}" for label in digits.labels[known][:6]]
    show(*digits.images[known][:6].repeat(3, axis=3), titles=titles)

# %% [markdown]
# How did it come to that? We train a twin, for 16 epochs, and look after each of them. For that,
# Keras has **callbacks**: objects that `fit` calls at certain moments. This one calls a function of
# ours at the end of every epoch, and the function writes down how much is known by heart by then.


# %%
shares = []


def note(*_):
    shares.append(memorised(np.asarray(twin(digits.images)), digits.labels, digits.true_labels))


if finished(baseline, memorised(np.eye(2), np.arange(2), 1 - np.arange(2))):
    keras.utils.set_random_seed(0)
    twin = keras.models.clone_model(baseline)
    watching = keras.callbacks.LambdaCallback(on_epoch_end=note)
    twin_history = fit(twin, epochs=16, callbacks=[watching])
    read = twin_history.history["val_accuracy"]
    curves = {"wrong labels learned by heart": shares, "validation digits read": read}
    show_curves(curves, ylabel="share")

# %% [markdown]
# In the first epochs next to nothing is learned by heart: the network gets better at reading
# digits, and the wrong labels contradict what most images say. Once little is left to be gained
# that way, the loss falls further only by taking in the contradictions one after the other, and
# what was known before suffers. **First what is common, then what is particular**: nearly every
# remedy of this lesson rests on that order.
#
# ## Dropout
#
# A unit of the dense layer never works alone. It can afford to be useful only together with three
# others, which mend what it spoils: together they encode one odd image. **Dropout** makes such
# alliances useless. In training it switches off units at random, other ones for each image and each
# step. What a unit says has to be of use whoever else is there, so the remaining ones are forced
# to learn features that stand on their own.
#
# The **rate** is the probability that a unit is dropped. With a rate of 0.4, about 60 % of the
# activations are left, and the next layer would get only 60 % of its usual input. So those that
# stay are divided by 0.6, to make up for the missing ones *on average*. When training is over,
# nothing is dropped, and nothing needs to be rescaled. This is called **inverted dropout**, and it
# is what Keras does.
#
# ![Dropout with a rate of 0.4 on the outputs of six units. In training, of image 0 four units are passed on, each divided by 0.6, so that 0.6 becomes 1.0 and 1.8 becomes 3.0, and two are off and pass on 0. For image 1 another mask is drawn, and three units are on. At inference all six outputs are passed on unchanged.](figures/06_dropout.png)
#
# ### Exercise
#
# Write `dropout`. The random numbers are given, so that there is one right answer: `u` has one
# number for every activation, drawn evenly from 0 to 1. An activation is **dropped where `u` is
# less than the rate**, and kept elsewhere.


# %% exercise="dropout"
def dropout(activations, rate, u, training):
    """Inverted dropout.

    activations: array of any shape, the first axis counts the images of a batch;
    rate: the probability of being dropped, 0 < rate < 1; u: array of the same shape;
    training: True in training, False at inference (when the network is used).
    In training: 0 where u < rate, and activation / (1 - rate) elsewhere.
    At inference: the activations as they are. Returns an array of the same shape.
    """
    ### BEGIN SOLUTION
    if not training:
        return activations
    return np.where(u < rate, 0, activations / (1 - rate))
    ### END SOLUTION


# %%
check("dropout")

# %% [markdown]
# **See it.** The first row are eight activations, the rows below what your function leaves of them
# in three steps of training, with a rate of 0.4. And the mean of 10,000 steps: on average, nothing
# has changed.

# %%
activations = np.array([[0.6, 1.2, 0.3, 1.8, 0.9, 2.4, 0.1, 1.5]])
drawn = np.random.default_rng(0).uniform(size=(10_000, 1, 8))
if finished(dropout(activations, 0.4, drawn[0], training=True)):
    steps = [dropout(activations, 0.4, u, training=True) for u in drawn]
    show(np.concatenate([activations, *steps[:3]]), titles=["activations, and 3 steps"])
    print("mean of all steps:", np.mean(steps, axis=0).round(1)[0])

# %% [markdown]
# In Keras it is a layer, `layers.Dropout(rate)`, without any parameters. It knows by itself whether
# a network is being trained: `fit` says so. If you *call* a model or a layer yourself, you are
# using it, and it drops nothing unless you ask for it with `training=True`.

# %%
layer = layers.Dropout(0.4)
batch = activations.astype("float32")
print("called:          ", np.asarray(layer(batch))[0].round(2))
print("training=True:   ", np.asarray(layer(batch, training=True))[0].round(2))

# %% [markdown]
# ### Exercise
#
# Build `dropout_model`: the layers of your baseline, and a `Dropout` with a rate of **0.5** between
# the last hidden layer and the layer of the scores. Train it with `fit`, for 25 epochs as before;
# `dropout_history` is what it returned.
#
# The check computes the gap itself, on your network as it is when it is used. It has to stay below
# 0.6; the network of the table has a gap of 0.6 to 1.0 without dropout.

# %% exercise="with_dropout"
keras.utils.set_random_seed(0)
### BEGIN SOLUTION
dropout_model = keras.Sequential(
    [
        keras.Input((8, 8, 1)),
        layers.Conv2D(16, 3, padding="same", activation="relu"),
        layers.Conv2D(16, 3, padding="same", activation="relu"),
        layers.Flatten(),
        layers.Dense(128, activation="relu"),
        layers.Dropout(0.5),
        layers.Dense(10),
    ]
)
dropout_history = fit(dropout_model)
### STARTER
# dropout_model = ...
# dropout_history = ...
### END SOLUTION

# %%
check("with_dropout")

# %% [markdown]
# **See it.** What your Dropout layer passes on of one digit, in a grid of 16 columns: when the
# network is used, and in three steps of training. The same digit, and each time another half of the
# network has to do without the other, with twice the numbers.

# %%
drops = []
if finished(dropout_model):
    drops = [layer for layer in dropout_model.layers if isinstance(layer, layers.Dropout)]
if drops:
    hidden = keras.Model(dropout_model.inputs[0], drops[0].output)
    modes = (False, True, True, True)
    steps = [np.ravel(hidden(digits.images[:1], training=mode)) for mode in modes]
    grids = [step[: step.size // 16 * 16].reshape(-1, 16) / np.max(steps) for step in steps]
    show(*grids, titles=["when used", "in training, step 1", "step 2", "step 3"])
    print(f"switched off in step 1: {np.mean(steps[1][steps[0] > 0] == 0):.0%} of the active ones")

# %% [markdown]
# What dropout did to the validation loss:

# %%
if finished(baseline_history, dropout_history):
    histories = {"baseline": baseline_history, "dropout": dropout_history}
    show_curves(
        {name: history.history["val_loss"] for name, history in histories.items()},
        ylabel="validation loss",
    )

# %% [markdown]
# It turns up later and much less, if at all. Dropout is no wall against learning by heart; it makes
# it more expensive. Now compare *both* curves of the training with dropout:

# %%
if finished(dropout_history, dropout_model):
    show_curves({name: dropout_history.history[name] for name in ("loss", "val_loss")})
    for name, part in zip(("training", "validation"), (training, validation), strict=True):
        loss, accuracy = dropout_model.evaluate(*part, batch_size=400, verbose=0)
        print(f"evaluated on the {name} digits: loss {loss:.2f}, accuracy {accuracy:.0%}")

# %% [markdown]
# The `loss` of the history is much larger than the one that `evaluate` finds on the same digits,
# and for most of the time it lies above `val_loss`. People often take that for a bug. It is not:
# `loss` is measured *while* training, with half of the units off, and averaged over an epoch in
# which the network was still changing. `val_loss` is measured at the end of the epoch, with all
# units on. For a fair gap, both have to be measured the same way: with `evaluate`, as the check
# did.
#
# **What it costs.** No parameters, hardly any time (0.06 s an epoch), and nothing at all when the
# network is used. But learning gets slower: each step trains only a part of the units, and the
# gradients are noisier. With dropout, networks want to be trained longer, and a little larger. Too
# high a rate makes them underfit.
#
# ## Early stopping
#
# The simplest remedy: if the validation loss turns up after the best epoch, then **stop there**.
# Watch the loss on the validation data during training, and stop as soon as it no longer improves.
#
# But a curve of losses is not smooth. One epoch that is a little worse may be chance. So we wait:
# **patience** is how many epochs in a row may pass without a new best before training stops. And a
# new best by a hair may be chance, too: an epoch counts as better only if its loss is less than the
# best one so far by **more than `min_delta`**. When training stops, the network has already had
# `patience` epochs to get worse, so the weights of the best epoch are brought back.
#
# ![A validation loss over the epochs, with a patience of 3. It falls until epoch 4, is higher in epoch 5, which is marked wait 1, and reaches its smallest value, 0.534, in epoch 6, the best epoch. In epochs 7, 8 and 9 it is higher: wait 1, wait 2, wait 3. A dashed line marks the stop after epoch 9, three epochs without a new best, and an arrow leads back: the weights of epoch 6 are restored. Without the stop, the loss would go on rising, to 0.81 in epoch 15.](figures/06_early_stopping.png)
#
# ### Exercise
#
# Write `early_stop_epoch`. It is given the losses that training *would* have, epoch by epoch, and
# returns two epochs: the last one that is trained, and the one that is kept.


# %% exercise="early_stop_epoch"
def early_stop_epoch(val_losses, patience, min_delta):
    """The last epoch that is trained, and the epoch whose weights are kept.

    val_losses: list of losses, one an epoch; epochs are counted from 0. patience: 1 or more.
    An epoch is better if its loss < best loss so far - min_delta; epoch 0 is the first best.
    Training ends with the epoch that is the `patience`-th in a row that is not better,
    or else with the last of the list. What comes after it is not known.
    Returns two whole numbers: (last epoch trained, best epoch so far).
    """
    ### BEGIN SOLUTION
    best = 0
    for epoch, loss in enumerate(val_losses):
        if loss < val_losses[best] - min_delta:
            best = epoch
        elif epoch - best == patience:
            return epoch, best
    return len(val_losses) - 1, best
    ### END SOLUTION


# %%
check("early_stop_epoch")

# %% [markdown]
# **See it.** Your baseline was trained to the end. When would it have been stopped, and what would
# have been saved, with more and with less patience?

# %%
if finished(baseline_history, early_stop_epoch([1.0, 2.0], 1, 0.0)):
    val_losses = baseline_history.history["val_loss"]
    for patience in (1, 3, 10):
        stop, kept = early_stop_epoch(val_losses, patience, 0.0)
        print(f"patience {patience:2}: {stop + 1} epochs trained, epoch {kept} is kept,", end=" ")
        print(
            f"with a validation loss of {val_losses[kept]:.2f} (at the end: {val_losses[-1]:.2f})"
        )

# %% [markdown]
# In Keras, early stopping is a callback: `keras.callbacks.EarlyStopping(…)`. It has an argument for
# the curve that it watches (`monitor`), one for its `patience`, and `restore_best_weights` says
# whether the best weights are brought back. By default they are **not**, and the patience is 0.
#
# ### Exercise
#
# Make a callback, `early_stopping`, that watches the validation loss, has a patience of **3**, and
# restores the best weights. Build the network of your baseline anew, `stopped_model`, and train it
# with `fit` for 25 epochs at most. `stopped_history` is what `fit` returned.

# %% exercise="with_early_stopping"
keras.utils.set_random_seed(0)
### BEGIN SOLUTION
early_stopping = keras.callbacks.EarlyStopping(
    monitor="val_loss", patience=3, restore_best_weights=True
)
stopped_model = keras.Sequential(
    [
        keras.Input((8, 8, 1)),
        layers.Conv2D(16, 3, padding="same", activation="relu"),
        layers.Conv2D(16, 3, padding="same", activation="relu"),
        layers.Flatten(),
        layers.Dense(128, activation="relu"),
        layers.Dense(10),
    ]
)
stopped_history = fit(stopped_model, callbacks=[early_stopping])
### STARTER
# early_stopping = ...
# stopped_model = ...
# stopped_history = ...
### END SOLUTION

# %%
check("with_early_stopping")

# %% [markdown]
# **See it.** The three trainings so far, and how much of the wrong labels each network has learned
# by heart. If you left the first line of the cells as it is, baseline and stopped network began
# with the same random numbers: up to the stop they are the same, and one curve hides the other.

# %%
models = {"baseline": baseline, "dropout": dropout_model, "stopped early": stopped_model}
histories = (baseline_history, dropout_history, stopped_history)
if finished(*models.values(), *histories, memorised(np.eye(2), np.arange(2), np.ones(2))):
    curves = [history.history["val_loss"] for history in histories]
    show_curves(dict(zip(models, curves, strict=True)), ylabel="validation loss")
    for name, model in models.items():
        share = memorised(np.asarray(model(digits.images)), digits.labels, digits.true_labels)
        accuracy = model.evaluate(*validation, batch_size=400, verbose=0)[1]
        print(f"{name:14} {share:4.0%} of the wrong labels learned by heart,", end=" ")
        print(f"{accuracy:.0%} of the validation digits right")

# %% [markdown]
# Was it the stop that your own function predicted? Stopping early comes before the contradictions
# are learned, so hardly any of the wrong labels is known by heart. With dropout many of them are
# learned in the end, and still new digits are read better than by the baseline. Nothing keeps you
# from using both.
#
# **What it costs.** It even saves time: epochs that are not trained. But it needs validation data,
# which are then not there to learn from. And as you *chose* the epoch by the validation loss, the
# smallest validation loss is a little too good to be true: of 25 epochs, you took the luckiest.
# How well the network really does is told by a third part of the data that has decided nothing, the
# **test data**.

# %% [markdown]
# ## A price on weights: L1 and L2
#
# To bend its answer for one odd image and leave all others as they are, a network needs large
# weights that nearly cancel each other. So put a price on weights: add a **penalty** to the loss,
# and the network will pay it only where it gains more than it costs. Two prices are usual:
#
# $$\text{L1} = \lambda_1 \sum |w| \qquad \text{L2} = \lambda_2 \sum w^2$$
#
# The sums run over the weights of all kernels. $\lambda$ is the **strength** of the penalty. Biases
# go free, as a rule: they are few, and a bias does the same to every image.
#
# ![Three plots of a weight w at strength 0.01. Added to the loss: L1 is a V with its corner at 0, L2 a parabola; they cross at minus 1 and 1. The slope: that of L1 is minus 0.01 left of 0 and plus 0.01 right of it, that of L2 a straight line through 0; at w = 0.1 they are 0.010 and 0.002. The penalty alone pulls a weight of 0.3: under L1 it falls evenly and is 0 after 300 steps, under L2 it falls ever more slowly, and 0.09 is left after 600.](figures/06_penalties.png)
#
# The slope in the middle explains what the two do. L1 pulls at every weight with the same force
# until it is zero: what is not needed vanishes, and the weights get **sparse**. As an input that
# has only zero weights is not looked at, L1 also chooses features. L2 pulls the harder the larger a
# weight is: it makes weights **small**, so that no single one has too much influence, but near zero
# it hardly pulls at all.
#
# (Textbooks often write $\frac{\lambda}{2} w^2$, for a handsome derivative. Keras leaves the ½
# out.)
#
# ### Exercise
#
# Write `penalties`, as Keras counts.


# %% exercise="penalties"
def penalties(weights, l1, l2):
    """What an L1 and an L2 penalty would add to the loss of a network.

    weights: a list of pairs of arrays (kernel, bias), one for each layer; kernels have any shape.
    l1, l2: the strengths, numbers. Only kernels are penalized.
    Returns two numbers: (l1 · sum of |w|, l2 · sum of w²), each over all layers.
    """
    ### BEGIN SOLUTION
    absolute = sum(np.abs(kernel).sum() for kernel, bias in weights)
    squares = sum((kernel**2).sum() for kernel, bias in weights)
    return l1 * absolute, l2 * squares
    ### END SOLUTION


# %%
check("penalties")

# %% [markdown]
# In Keras, a penalty is a setting of the layer: `kernel_regularizer=keras.regularizers.L1(0.001)`.
# To keep the code short from here on, `network` builds the network of our baseline. What you give
# it first stands in front of the first convolution, and named settings go to all layers that have
# weights. `with_optimizer` compiles a model with another optimizer than `fit` would take.


# %%
def network(*first, **settings):
    """The network of the baseline, new: `first` in front, `settings` for all its layers."""
    same = {"padding": "same", "activation": "relu", **settings}
    inside = [layers.Conv2D(16, 3, **same), layers.Conv2D(16, 3, **same), layers.Flatten()]
    dense = [layers.Dense(128, activation="relu", **settings), layers.Dense(10, **settings)]
    return keras.Sequential([keras.Input((8, 8, 1)), *first, *inside, *dense])


def with_optimizer(model, optimizer):
    """The same model, compiled with an optimizer of its own."""
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(optimizer, loss, metrics=["accuracy"])
    return model


# %% [markdown]
# ### Exercise
#
# Train two networks for 25 epochs each, both with `keras.optimizers.SGD(0.05, momentum=0.9)`:
#
# - `l1_model` with an L1 penalty of strength **0.001** on all kernels, `l1_history` from its `fit`;
# - `l2_model` with an L2 penalty of strength **0.01** on all kernels, `l2_history` from its `fit`.
#
# With that optimizer and no penalty, about 1 % of the weights end up below 0.001 (we call them
# *zero*), and the norm of all kernels together, the root of the sum of squares, is about 20.7.

# %% exercise="with_l1_and_l2"
keras.utils.set_random_seed(0)
### BEGIN SOLUTION
l1_model = network(kernel_regularizer=keras.regularizers.L1(0.001))
l1_history = fit(with_optimizer(l1_model, keras.optimizers.SGD(0.05, momentum=0.9)))

l2_model = network(kernel_regularizer=keras.regularizers.L2(0.01))
l2_history = fit(with_optimizer(l2_model, keras.optimizers.SGD(0.05, momentum=0.9)))
### STARTER
# l1_model = ...  # network(...)
# l1_history = ...  # fit(with_optimizer(l1_model, ...))
# l2_model = ...
# l2_history = ...
### END SOLUTION

# %%
check("with_l1_and_l2")

# %% [markdown]
# **See it.** To compare fairly, one thing may differ, the penalty. Your baseline was trained by
# Adam; so here is the same network, trained by the same SGD without a penalty.

# %%
keras.utils.set_random_seed(0)
plain_model = network()
plain_history = fit(with_optimizer(plain_model, keras.optimizers.SGD(0.05, momentum=0.9)))

# %% [markdown]
# Where the weights of each network lie: which penalty makes a spike at zero, and which one draws
# all weights closer?

# %%
if finished(l1_model, l2_model):
    weights = {}
    for name, model in {"no penalty": plain_model, "L1": l1_model, "L2": l2_model}.items():
        kernels = [np.ravel(weight) for weight in model.get_weights() if np.ndim(weight) > 1]
        weights[name] = np.concatenate(kernels)
        left, norm = (np.abs(weights[name]) >= 0.001).sum(), np.linalg.norm(weights[name])
        zero = 1 - left / weights[name].size
        print(f"{name:10} zero: {zero:4.0%}, left: {left:7,}, norm {norm:.1f}")
    show_histograms(weights, xlabel="weight", limit=0.1)

# %% [markdown]
# L2 makes hardly any weight exactly zero, and still more of its weights lie below 0.001 than
# without it: what is of no use loses the same *share* of its size at every step, and 250 steps are
# enough to bring some of that below our border.
#
# Their effect on the curves:

# %%
if finished(l1_history, l2_history):
    histories = {"no penalty": plain_history, "L1": l1_history, "L2": l2_history}
    show_curves(
        {name: history.history["val_loss"] for name, history in histories.items()},
        ylabel="validation loss, with its penalty",
    )

# %% [markdown]
# The curve without a penalty turns up, the other two fall nearly to the end. But careful:
# the losses of a history *contain* the penalty. In the first epochs it is most of what you see, and
# not how badly the network reads. So we compute the gap from the loss alone, on your networks as
# they are now. We shall need `gap_of` again.


# %%
def gap_of(model):
    """Validation loss minus training loss of the model as it is, without penalties."""
    losses = []
    for images, labels in (
        (digits.images, digits.labels),
        (digits.validation_images, digits.validation_labels),
    ):
        scores = model(images, training=False)
        each = keras.losses.sparse_categorical_crossentropy(labels, scores, from_logits=True)
        losses.append(float(np.mean(each)))
    return losses[1] - losses[0]


# %%
if finished(l1_model, l2_model):
    for name, model in {"no penalty": plain_model, "L1": l1_model, "L2": l2_model}.items():
        print(f"{name:10} gap {gap_of(model):5.2f}")

# %% [markdown]
# At this strength L2 closes most of the gap, and L1 less of it: it has thrown away about five of
# six weights, but what is left, some 20,000, is enough to remember 320 labels. Sparse is one thing,
# and regularized another.
#
# ### Is L2 the same as weight decay?
#
# The slope of $\lambda w^2$ is $2 \lambda w$. A step of plain gradient descent with learning rate
# $\eta$ and slope $g$ of the loss is then
#
# $$w - \eta\,(g + 2\lambda w) \;=\; (1 - 2\eta\lambda)\,w - \eta\,g$$
#
# First every weight *decays* by a fixed share, then comes the usual step. That is why L2 is also
# called **weight decay**. For plain SGD, the two are the same. Adam divides each step by the size
# of that weight's gradients, and a penalty is part of the gradient: it is divided along. Decay is
# not. Two weights of 0.8, one with a gentle and one with a steep slope, make one step:

# %%
slopes = np.array([0.3, 3.0], dtype="float32")
for optimizer in (keras.optimizers.SGD, keras.optimizers.Adam):
    penalized = keras.Variable([0.8, 0.8])
    optimizer(0.1).apply([slopes + 2 * 0.05 * 0.8], [penalized])
    decayed = keras.Variable([0.8, 0.8])
    optimizer(0.1, weight_decay=2 * 0.05).apply([slopes], [decayed])
    first, second = (np.asarray(variable).round(3) for variable in (penalized, decayed))
    print(f"{optimizer.__name__:4} L2 penalty {first}, decay {second}")

# %% [markdown]
# Under SGD the pairs are equal. Under Adam they are not. Its first step is as long as the learning
# rate, 0.1, however steep the slope is. So both weights go from 0.8 to 0.7, and would do so without
# any penalty: it has vanished. The decay is still there, another 0.1 · 0.1 · 0.8 = 0.008, and the
# same for both. That is no detail: with Adam, use `keras.optimizers.AdamW`, which decays, if you
# want what L2 does under SGD (Loshchilov and Hutter, see the end).
#
# **What penalties cost.** Little time (0.06 s an epoch), and no parameters. But a strength has to
# be found: ten times too strong, and the network would rather have no weights than read digits.
#
# ## Batch normalization
#
# A layer learns to handle numbers of a certain size. While it learns, the layers before it learn,
# too, and what they pass on changes its mean and spread all the time. **Batch normalization** puts
# that in order. For each channel, over all images of the batch and all places of the map, it
# computes mean and variance, and makes of them mean 0 and variance 1:
#
# $$y = \gamma \, \frac{x - \text{mean}}{\sqrt{\text{variance} + \varepsilon}} + \beta$$
#
# Then it gives each channel a new spread $\gamma$ and a new mean $\beta$, which are **learned**. So
# the network can have any mean and spread it likes, but it sets them with one number each, and not
# with the interplay of thousands of weights. The small $\varepsilon$ is there for channels that are
# the same everywhere.
#
# ![A batch of two images with two channels of 2 by 2. Channel 0 has 8 numbers with mean 5 and variance 4, channel 1 has 8 numbers with mean 40 and variance 400. Normalized, both have mean 0 and variance 1. Then channel 0 is scaled by gamma = 3 and moved by beta = 1, channel 1 by 2 and minus 4: their means are 1 and minus 4, their variances 9 and 4. Mean and variance run over images, rows and columns; gamma and beta are learned.](figures/06_batch_norm.png)
#
# **At inference** there may be a single image, and its answer should not depend on its company. So
# the layer keeps **moving statistics**: in training, each batch moves them a little,
#
# $$\text{moving} \leftarrow \text{momentum} \cdot \text{moving} + (1 - \text{momentum}) \cdot
# \text{of this batch}$$
#
# and at inference they stand in for the mean and the variance of the batch, and stay as they are.
#
# ### Exercise
#
# Write `batch_norm`, for training and for inference. The variance is the mean of the squared
# differences, as `np.var` has it. (With this word, beware: what Keras calls momentum is the share
# that *stays*, and its default is 0.99.)


# %% exercise="batch_norm"
def batch_norm(batch, gamma, beta, moving_mean, moving_variance, momentum, epsilon, training):
    """Batch normalization of maps (N, H, W, C), as keras.layers.BatchNormalization does it.

    gamma, beta, moving_mean, moving_variance: arrays (C,), left as they are; make new ones.
    training: True or False. momentum: the share of the moving statistics that stays.
    Returns three arrays: the output (N, H, W, C), and the moving mean and the moving variance
    after this call, (C,) each. In training the output is made with the statistics of the batch.
    """
    ### BEGIN SOLUTION
    mean, variance = moving_mean, moving_variance
    if training:
        mean, variance = batch.mean(axis=(0, 1, 2)), batch.var(axis=(0, 1, 2))
        moving_mean = momentum * moving_mean + (1 - momentum) * mean
        moving_variance = momentum * moving_variance + (1 - momentum) * variance
    output = gamma * (batch - mean) / np.sqrt(variance + epsilon) + beta
    return output, moving_mean, moving_variance
    ### END SOLUTION


# %%
check("batch_norm")

# %% [markdown]
# **See it.** The layer of Keras and your function, on the same maps. And why momentum matters: our
# digits make 10 batches an epoch. After 8 epochs with a momentum of 0.99, how much of the moving
# mean is still what it was at the very beginning?

# %%
maps = np.random.default_rng(0).normal(3, 5, size=(32, 8, 8, 4)).astype("float32")
ones, zeros = np.ones(4, dtype="float32"), np.zeros(4, dtype="float32")
by_hand = batch_norm(maps, ones, zeros, zeros, ones, 0.9, 0.001, training=True)
if finished(by_hand):
    by_keras = layers.BatchNormalization(momentum=0.9)(maps, training=True)
    print("largest difference:", np.abs(by_hand[0] - np.asarray(by_keras)).max())
    print(f"left after 80 batches: {0.99**80:.0%} at momentum 0.99, {0.9**80:.2%} at 0.9")

# %% [markdown]
# That is a trap: with few batches and the default, training goes well, and validation looks awful,
# since it works with statistics that have not arrived yet. We take 0.9.
#
# ### Exercise
#
# The layer keeps some numbers for each channel. Keras lists all of them among its parameters, and
# `summary()` tells which are trained (by gradients) and which are not. Write
# `batch_norm_parameters`. It serves after a dense layer as well: there, each unit is a channel.


# %% exercise="batch_norm_parameters"
def batch_norm_parameters(input_shape):
    """How many numbers a batch normalization keeps.

    input_shape: (height, width, channels) of a map, or (units,); without the batch.
    Returns two whole numbers: (how many are trained, how many are kept, but not trained).
    """
    ### BEGIN SOLUTION
    return 2 * input_shape[-1], 2 * input_shape[-1]
    ### END SOLUTION


# %%
check("batch_norm_parameters")

# %% [markdown]
# The bias of a layer right before it is of no use: the mean is subtracted anyway, and $\beta$ does
# its work. So one writes `use_bias=False` there. Usually the layer stands between a convolution and
# its ReLU:


# %%
def normalized_network():
    """The network of the baseline with batch normalization after both convolutions."""
    inside = []
    for _ in range(2):
        inside += [layers.Conv2D(16, 3, padding="same", use_bias=False)]
        inside += [layers.BatchNormalization(momentum=0.9), layers.ReLU()]
    inside += [layers.Flatten(), layers.Dense(128, activation="relu"), layers.Dense(10)]
    return keras.Sequential([keras.Input((8, 8, 1)), *inside])


# %% [markdown]
# **See it.** The same network without and with it, from the same random numbers on, trained by
# plain SGD for eight epochs.

# %%
curves = {}
for name, build in {"plain": network, "normalized": normalized_network}.items():
    keras.utils.set_random_seed(0)
    history = fit(with_optimizer(build(), keras.optimizers.SGD(0.05)), epochs=8).history
    curves[f"{name}: loss"], curves[f"{name}: val_loss"] = history["loss"], history["val_loss"]
show_curves(curves)

# %% [markdown]
# After three epochs the plain network is still near where it began (2.3 is guessing), and the loss
# of the normalized one has halved: batch normalization **speeds up** training. (Its validation loss
# lags behind at first, until the moving statistics have arrived. And as they follow a network that
# goes on changing, it may jump now and then, to the end.) It also **stabilizes** training, so that
# larger learning rates work: of 20 small pooled networks on digits without wrong labels, at a rate
# of 0.2 with momentum 0.9, those without it read 9 % to 62 % of the validation digits after eight
# epochs, those with it 88 % to 99 %.
#
# And overfitting? The mean of a batch is a little different each time, and that is a kind of noise.
# So it **regularizes, but only a little**: trained as long as the baseline, by Adam, our network
# has a gap of 0.6 to 0.7 with it, 0.9 without (two trainings each), and knows every training label
# by heart. Why it helps is not settled, by the way. Its inventors spoke of the changing inputs of
# the layers; Santurkar and others found that the loss simply becomes smoother.
#
# **What it costs.** Four numbers a channel, here 128 in all, half of them trained; time in each
# step, as the whole batch has to be gone through before anything can go on (0.07 s an epoch); and
# trouble with small batches, whose means are a matter of luck.
#
# ## Data augmentation
#
# The surest remedy against learning 320 images by heart is to have more images. **Data
# augmentation** makes them: each time an image is shown, it is moved, turned, zoomed or cropped a
# little, at random. No image comes back, so there is nothing to be learned by heart but what all of
# its variants have in common. One condition: the change must **keep the label**.
#
# ![Above, small changes keep the label: a 3 as it is, moved by 1 pixel, turned by 15 degrees, a little larger and a little smaller is still a 3. Below, half a turn does not: a 6 turned by 180 degrees looks like a 9 and its label 6 is now wrong; next to it the digit that is most similar to it, with the label 9. Of 181 sixes turned by 180 degrees, 160 look most like a nine.](figures/06_augment.png)
#
# Flipping is a good change for photographs of cats, and a bad one for digits, or for traffic signs.
# No program knows that. You have to. Would you say of the second and the fourth that the label is
# still true?

# %%
two, six = (digits.images[digits.true_labels == label][1].repeat(3, axis=2) for label in (2, 6))
forbidden = ["label 2", "mirrored, label 2", "label 6", "half a turn, label 6"]
show(two, two[:, ::-1], six, six[::-1, ::-1], titles=forbidden)

# %% [markdown]
# The exercise below begins by hand, with the simplest change of all: a move by whole pixels. In
# Keras there are layers for that. Their factors are *shares*: `RandomTranslation(0.1, 0.1)` moves
# by up to a tenth of the height and of the width, `RandomRotation(0.05)` turns by up to 0.05 of a
# full turn, which is 18 degrees, to either side. What comes in from outside cannot be known, and
# `fill_mode` says what to put there: by default (`"reflect"`) the pixels at the edge are mirrored
# into it, `"nearest"` repeats the last one, `"constant"` takes 0. There are two places where the
# layers can stand:
#
# - **in the model**, in front of the first convolution. There they act while `fit` is training, and
#   not when it validates, nor in `evaluate` and `predict`;
# - **in the pipeline** of the training data:
#   `training.map(lambda images, labels: (augmentation(images, training=True), labels))`. There they
#   always act, so take care that the validation data do not go the same way: they should tell how
#   the network does on digits as people write them.
#
# One trap. The layers of Keras do not agree on what happens when you simply call them:

# %%
few = digits.images[:20]
remedies = [layers.RandomFlip(), layers.RandomTranslation(0.2, 0.2)]
remedies += [layers.GaussianNoise(0.4), layers.Dropout(0.5)]
for layer in remedies:
    changed = np.abs(np.asarray(layer(few)) - few).max(axis=(1, 2, 3)) > 0
    print(f"{type(layer).__name__:17} simply called: {changed.mean():4.0%} of the digits change")

# %% [markdown]
# The `Random…` layers act unless they are told `training=False`; all others act only if they are
# told `training=True`. So also say `training=False` when you call a *model* that begins with random
# layers, or use `predict`.
#
# ### Exercise
#
# First by hand: `move`. It moves digits by whole pixels, `down` and to the `right`; negative
# numbers move them up and to the left. What leaves the picture is lost, and what comes in is 0,
# black. Then in Keras:
#
# - `augmentation`: a `keras.Sequential` that begins with `keras.Input((8, 8, 1))`. Its layers move
#   digits by up to **a tenth** in each direction and turn them by up to **18 degrees**;
# - `augmented_model`, `augmented_history`: the network of the baseline, trained for 25 epochs on
#   digits that `augmentation` changes anew each time, and validated on digits as they are.


# %% exercise="augment"
def move(images, down, right):
    """Images that are moved by whole pixels, in a new array of the same shape.

    images: array (N, H, W, 1), left as it is. down, right: whole numbers, also 0 or negative, at
    most H and W. What comes in from outside is 0.
    """
    ### BEGIN SOLUTION
    height, width = images.shape[1:3]
    edges = ((0, 0), (abs(down), abs(down)), (abs(right), abs(right)), (0, 0))
    top, left = abs(down) - down, abs(right) - right
    return np.pad(images, edges)[:, top : top + height, left : left + width]
    ### END SOLUTION


keras.utils.set_random_seed(0)
### BEGIN SOLUTION
augmentation = keras.Sequential(
    [
        keras.Input((8, 8, 1)),
        layers.RandomTranslation(0.1, 0.1, fill_mode="nearest"),
        layers.RandomRotation(0.05, fill_mode="nearest"),
    ]
)
augmented_model = network(augmentation)
augmented_history = fit(augmented_model)
### STARTER
# augmentation = ...  # keras.Sequential([...])
# augmented_model = ...
# augmented_history = ...
### END SOLUTION

# %%
check("augment")

# %% [markdown]
# **See it.** Three digits: on the left as it is, with its label, then moved by your function by a
# pixel to the right and by one down and left, then as your network gets to see it, new each time.

# %%
if finished(augmentation, move(digits.images[:1], 0, 1)):
    for label in (2, 5, 7):
        image = digits.images[~wrong & (digits.labels == label)][1:2]
        versions = [image, move(image, 0, 1), move(image, 1, -1)]
        versions += [np.asarray(augmentation(image, training=True)) for _ in range(4)]
        titles = [f"label {label}", "move 0, 1", "move 1, −1", *["new"] * 4]
        show(*[version[0].repeat(3, axis=2) for version in versions], titles=titles)

# %% [markdown]
# Then the curves:

# %%
if finished(baseline_history, augmented_history):
    both = {"baseline": baseline_history.history, "augmented": augmented_history.history}
    show_curves(
        {f"{name}: {loss}": both[name][loss] for name in both for loss in ("loss", "val_loss")}
    )

# %% [markdown]
# The training loss now lies *above* the validation loss: the network is trained with changed
# digits, a fifth of them with wrong labels, and validated on clean ones. The validation loss no
# longer turns up.
#
# **What it costs.** No parameters. Time in every step, for the pictures have to be made (0.07 s an
# epoch), and more epochs until the network has seen enough. And it needs you: nobody else knows
# what leaves the label true.
#
# ## Noise injection
#
# Instead of moving a digit one can disturb it: add random numbers to the inputs, other ones each
# time. Whatever the network learns must then hold for the whole neighborhood of the image, so it
# becomes more **robust**. The outputs of hidden layers can be disturbed in the same way: then no
# unit may rely on the exact value of another. All that in training only. At inference, noise would
# just make the answer a matter of luck.
#
# ![A handwritten 2 as it is, and with noise of standard deviation 0.1, 0.2, 0.4 and 0.8, other noise each time, in training. With 0.2 it is easily read, with 0.8 hardly. At inference, with standard deviation 0.8, it is unchanged.](figures/06_noise.png)
#
# ### Exercise
#
# First by hand: `add_noise`. Then in Keras: its layer is called `GaussianNoise(stddev)`, and it is
# silent at inference. Build the network of the baseline with noise of standard deviation **0.4** on
# the input, and **0.2** on the outputs of the hidden dense layer: `noisy_model`. As layers have to
# stand inside, write it as a list of layers, like your baseline. Train it for 25 epochs with `fit`;
# `noisy_history` is what `fit` returned.


# %% exercise="noise_injection"
def add_noise(values, stddev, draws, training):
    """Values (of any shape) with noise of standard deviation `stddev`; at inference without.

    draws: an array of the same shape, drawn with mean 0 and standard deviation 1.
    training: True or False. Returns an array of the same shape; nothing is cut off.
    """
    ### BEGIN SOLUTION
    return values + stddev * draws if training else values
    ### END SOLUTION


keras.utils.set_random_seed(0)
### BEGIN SOLUTION
convolutions = [layers.Conv2D(16, 3, padding="same", activation="relu") for _ in range(2)]
dense = [layers.Dense(128, activation="relu"), layers.GaussianNoise(0.2), layers.Dense(10)]
noisy_model = keras.Sequential(
    [keras.Input((8, 8, 1)), layers.GaussianNoise(0.4), *convolutions, layers.Flatten(), *dense]
)
noisy_history = fit(noisy_model)
### STARTER
# noisy_model = ...  # keras.Sequential([...])
# noisy_history = ...
### END SOLUTION

# %%
check("noise_injection")

# %% [markdown]
# **See it.** Its curves, beside those of the baseline. As with augmentation, the training loss is
# that of disturbed digits, a fifth of them with wrong labels, and the validation loss that of clean
# ones.

# %%
if finished(baseline_history, noisy_history):
    both = {"baseline": baseline_history.history, "with noise": noisy_history.history}
    show_curves(
        {f"{name}: {loss}": both[name][loss] for name in both for loss in ("loss", "val_loss")}
    )

# %% [markdown]
# Both networks get digits on speckled paper that neither has seen, with more and more noise. Which
# one is robust?

# %%
if finished(baseline, noisy_model):
    levels, shares = np.linspace(0, 0.8, 9), {"baseline": [], "trained with noise": []}
    draws = np.random.default_rng(1).normal(size=digits.validation_images.shape)
    for level in levels:
        images = (digits.validation_images + level * draws).astype("float32")
        for name, model in zip(shares, (baseline, noisy_model), strict=True):
            right = np.asarray(model(images)).argmax(axis=1) == digits.validation_labels
            shares[name].append(right.mean())
    show_curves(shares, x=levels, xlabel="standard deviation of the noise", ylabel="accuracy")

# %% [markdown]
# Noise and L2 are relatives. For a linear model and the squared error, noise of variance $\sigma^2$
# on the inputs adds on average exactly $\sigma^2 \sum w^2$ to the loss, which is an L2 penalty
# (Bishop found it in 1995; for curved networks it holds approximately, for little noise):

# %%
rng = np.random.default_rng(0)
inputs, weights, targets = rng.normal(size=(400, 5)), rng.normal(size=5), rng.normal(size=400)
clean = np.mean((inputs @ weights - targets) ** 2)
noisy = [inputs + 0.3 * rng.normal(size=inputs.shape) for _ in range(2000)]
added = np.mean([(inputs @ weights - targets) ** 2 for inputs in noisy]) - clean
print(f"added by noise: {added:.3f}, L2 penalty of strength 0.3²: {0.09 * (weights**2).sum():.3f}")

# %% [markdown]
# **What it costs.** Little time (0.07 s an epoch), no parameters, and one number to be found: so
# much noise that learning by heart is hard, and so little that the digit is still there.
#
# ## The league table
#
# You have many remedies now. Which one is best? To compare fairly, change **one thing at a time**:
# the same digits, the same start, the same batches, the same epochs. And decide beforehand what
# counts. Here it is the **gap**, both losses measured on digits as they are, at inference.
#
# ### Exercise
#
# Write `build_remedy`, which builds the network of the baseline, new, with one remedy:
#
# | name | what it adds |
# |---|---|
# | `"nothing"` | nothing |
# | `"dropout"` | dropout at a rate of 0.5 behind the hidden dense layer |
# | `"augmentation"` | moves by a tenth, turns by 18 degrees, as above |
# | `"batch normalization"` | after both convolutions, momentum 0.9, as above |
#
# Then predict, before anything is trained:
#
# - `league`: the three rows `"nothing"`, `"dropout"` and `"augmentation"` of the table, ordered
#   from the **smallest** gap to the largest (gaps below 0 are the smallest): a tuple of three;
# - `batch_norm_changes`: what batch normalization changes most in this network, the `"gap"`, the
#   `"sparsity"` of the weights, or the `"speed"` of learning.
#
# The check trains your networks itself, on *other* digits and other wrong labels: one without and
# one with a remedy for 20 epochs, and a normalized one for 30 steps of SGD. It takes some seconds.


# %% exercise="league_table"
def build_remedy(remedy):
    """A new network (8, 8, 1) → 10 scores with one remedy; it need not be compiled.

    remedy: "nothing", "dropout", "augmentation" or "batch normalization".
    """
    ### BEGIN SOLUTION
    if remedy == "augmentation":
        return network(layers.RandomTranslation(0.1, 0.1), layers.RandomRotation(0.05))
    if remedy == "batch normalization":
        return normalized_network()
    if remedy == "nothing":
        return network()
    *hidden, scores = network().layers
    return keras.Sequential([keras.Input((8, 8, 1)), *hidden, layers.Dropout(0.5), scores])
    ### END SOLUTION


### BEGIN SOLUTION
league = ("augmentation", "dropout", "nothing")
batch_norm_changes = "speed"
### STARTER
# league = ...
# batch_norm_changes = ...
### END SOLUTION

# %%
check("league_table")

# %% [markdown]
# Had we ordered by *training* loss, the baseline would have won. It always does: that is what
# overfitting is. Nor is the gap alone the whole truth: a network that learns nothing has a gap of
# 0. Look at the gap **and** at how well the network does on the validation data.
#
# ## Pooling layers, seen again
#
# Pooling (lesson 4) is a remedy as well, one that is built in. It makes the maps smaller, so the
# network passes on a more **abstract** form of the image, that some feature is about here, and no
# longer exactly where and how. And where a Flatten and a dense layer follow, there are far fewer
# weights to learn by heart with. The baseline has no pooling. With two of them:

# %%
keras.utils.set_random_seed(0)
pooled = keras.Sequential(
    [
        keras.Input((8, 8, 1)),
        layers.Conv2D(16, 3, padding="same", activation="relu"),
        layers.MaxPooling2D(),
        layers.Conv2D(16, 3, padding="same", activation="relu"),
        layers.MaxPooling2D(),
        layers.Flatten(),
        layers.Dense(128, activation="relu"),
        layers.Dense(10),
    ]
)
pooled_history = fit(pooled)

# %%
if finished(baseline_history):
    histories = {"baseline": baseline_history, "pooling": pooled_history}
    show_curves(
        {name: history.history["val_loss"] for name, history in histories.items()},
        ylabel="validation loss",
    )

# %% [markdown]
# It costs no time, it saves some (0.045 s an epoch), and it costs detail: where exactly a stroke
# ends is no longer known behind the second pooling.
#
# And now all networks of this lesson, each trained once. Those trained by SGD have a line of their
# own to be compared with.

# %%
models = {"nothing": baseline, "dropout": dropout_model, "early stopping": stopped_model}
models |= {"augmentation": augmented_model, "noise": noisy_model, "pooling": pooled}
models |= {"nothing (SGD)": plain_model, "L1 (SGD)": l1_model, "L2 (SGD)": l2_model}
if finished(*models.values()):
    print("remedy         parameters    gap   validation digits read")
    for name, model in models.items():
        scores = np.asarray(model(digits.validation_images, training=False))
        share = np.mean(scores.argmax(axis=1) == digits.validation_labels)
        print(f"{name:14} {model.count_params():10,} {gap_of(model):6.2f}   {share:.0%}")

# %% [markdown]
# What can be concluded from that? Each line is *one* training. With another start the gap of
# augmentation lies somewhere from −0.5 to −0.2 (20 starts), and 1 % of the validation digits are
# four digits. So augmentation and noise, which lie close together, may well change places: to rank
# those two, train each of them many times. That both are far below "nothing", whose gap is 0.6 and
# more with every start, is beyond doubt.
#
# And pooling? 134,970 parameters have become 12,090, and the gap has all but gone; over 20 starts
# the pooled network read 3.5 to 10.7 points more of the validation digits. It reduces the *chance*
# of overfitting; it does not rule it out: trained long enough, this network, too, would learn wrong
# labels. And with a global average in place of Flatten, pooling would save no parameters at all.
#
# ## Summary
#
# - **Overfitting** is adapting to the accidents of the training data. In the curves, the training
#   loss falls and the validation loss turns up; the **gap** grows. CNNs have the capacity for it:
#   they can learn wrong labels by heart.
# - **Dropout** switches off units at random in training, so that none can rely on others; the
#   kept ones are scaled up, and at inference all are on.
# - **Early stopping** ends the training when the validation loss has not improved for a while, and
#   brings back the best weights.
# - **L1** makes weights sparse, **L2** makes them small. L2 is weight decay under plain SGD; under
#   Adam it is not, so use AdamW.
# - **Batch normalization** gives each channel mean 0 and variance 1 over the batch, then a learned
#   spread and mean; at inference, moving statistics stand in. Above all it makes training faster
#   and more stable. It regularizes only a little.
# - **Augmentation** shows other versions of each image that keep the label. Training data only.
# - **Noise injection** disturbs inputs and hidden outputs, in training only.
# - **Pooling** leaves fewer positions and, with a Flatten head, fewer parameters to overfit with.
# - Compare remedies one at a time, by gap *and* validation loss, both measured at inference.
#
# **Next:** in the last lesson you design a network of your own, choose its remedies, and defend it.
#
# ## Further reading
#
# - Chiyuan Zhang, Samy Bengio, Moritz Hardt, Benjamin Recht and Oriol Vinyals, *Understanding deep
#   learning requires rethinking generalization* (2017),
#   [arXiv:1611.03530](https://arxiv.org/abs/1611.03530): networks that learn random labels by
#   heart.
# - Nitish Srivastava, Geoffrey Hinton, Alex Krizhevsky, Ilya Sutskever and Ruslan Salakhutdinov,
#   [*Dropout: a simple way to prevent neural networks from
#   overfitting*](https://jmlr.org/papers/v15/srivastava14a.html), Journal of Machine Learning
#   Research 15 (2014).
# - Sergey Ioffe and Christian Szegedy, *Batch normalization: accelerating deep network training by
#   reducing internal covariate shift* (2015),
#   [arXiv:1502.03167](https://arxiv.org/abs/1502.03167).
# - Shibani Santurkar, Dimitris Tsipras, Andrew Ilyas and Aleksander Mądry, *How does batch
#   normalization help optimization?* (2018),
#   [arXiv:1805.11604](https://arxiv.org/abs/1805.11604): not by what its inventors thought.
# - Ilya Loshchilov and Frank Hutter, *Decoupled weight decay regularization* (2019),
#   [arXiv:1711.05101](https://arxiv.org/abs/1711.05101): L2 and weight decay under Adam.
# - Christopher Bishop, *Training with noise is equivalent to Tikhonov regularization*, Neural
#   Computation 7 (1995).
# - Ian Goodfellow, Yoshua Bengio and Aaron Courville, *Deep Learning*,
#   [chapter 7](https://www.deeplearningbook.org/contents/regularization.html): all of it, and more.
