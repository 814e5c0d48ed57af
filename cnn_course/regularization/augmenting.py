"""Augmentation: digits that are moved and turned anew in every epoch, and keep their labels."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np

from cnn_course.data.digits import noisy_digits
from cnn_course.references import Array, Rng
from cnn_course.regularization import references
from cnn_course.regularization.mistakes import history_of, network, overfitted
from cnn_course.regularization.references import (
    LEARNED,
    belongs,
    gap_of,
    honest_history,
    is_of_another,
    is_reader,
    training_part,
    validation_part,
)
from cnn_course.regularization.remedies import (
    ASKED,
    MOST,
    MOVED_GAP,
    MOVED_LOSS,
    train_side_by_side,
)
from grader import Exercise, expect
from grader.authoring.telling_apart import ask_all, draw_apart, outcomes
from grader.crossing.networks import History
from grader.judging.expect import training

Function = Callable[..., Any]

augment = Exercise(
    "augment",
    title="More digits than there are",
    names=("move", "augmentation", "augmented_model", "augmented_history"),
    functions=("move",),
    forbid=("scipy",),
    slow=True,
    hints=(
        (
            "`move`: begin with zeros of the same shape. The part of the images that stays in the "
            "picture is copied to another place: which rows does it come from, and where do they "
            "go?"
        ),
        (
            "`keras.Sequential([keras.Input((8, 8, 1)), …])` with the layers `RandomTranslation` "
            "and `RandomRotation`. Which unit has a translation, and which a rotation?"
        ),
        (
            "A translation is given as a share of the picture, a rotation as a share of a full "
            "turn. How many degrees are 0.05 of a turn?"
        ),
        (
            "Where should the layers stand so that they act in training only? `network(…)` puts "
            "what it is given in front of the first convolution."
        ),
    ),
)


@augment.check(points=1)
def moves_by_whole_pixels(move: Function, rng: Rng) -> None:
    """`move` moves every image by so many pixels; what comes in from outside is 0."""
    cases = list(_moves_to_make(rng))
    ask_all(move, cases)
    for images, down, right in cases:
        expected = np.zeros_like(images)
        for place, pixel in np.ndenumerate(images):
            row, column = place[1] + down, place[2] + right
            if 0 <= row < images.shape[1] and 0 <= column < images.shape[2]:
                expected[place[0], row, column, place[3]] = pixel
        expect.close(move(images.copy(), down, right), expected)


def _moves_to_make(rng: Rng) -> list[tuple[Array, int, int]]:
    """Images (N, H, W, 1) and how far they move: both ways, one way, out of sight, not at all."""
    distances = [(1, 2), (-2, 1), (0, -1), (-1, 0), (0, 0)]

    def draw() -> list[tuple[Array, int, int]]:
        signs = rng.choice([-1, 1], 2).tolist()
        shapes = [(1, 3, 4, 1), (2, 5, 6, 1), (2, 4, 3, 1), (1, 3, 5, 1), (2, 4, 4, 1)]
        cases = [
            ((rng.integers(1, 10, shape) / 10).astype(np.float32), down, right)
            for shape, (down, right) in zip(shapes, distances, strict=True)
        ]
        far = (rng.integers(1, 10, (1, 3, 4, 1)) / 10).astype(np.float32)
        return [*cases, (far, 3 * signs[0], 4 * signs[1])]

    return draw_apart(
        draw,
        lambda cases: outcomes([_moved, *_WRONG_MOVES], cases[:2]),
        lambda cases: outcomes([_moved, *_WRONG_MOVES], cases[:1]),
    )


def _moved(images: Array, down: int, right: int) -> Array:
    """What is asked for: the images in a frame of zeros, and a part of that."""
    height, width = images.shape[1:3]
    margins = ((0, 0), (abs(down), abs(down)), (abs(right), abs(right)), (0, 0))
    top, left = abs(down) - down, abs(right) - right
    return np.pad(images, margins)[:, top : top + height, left : left + width]


@augment.check(points=1)
def keeps_the_label(augmentation: Any, rng: Rng) -> None:
    """A digit stays the digit that its label says: nothing is flipped, and no move is too large."""
    shown = _some_digits(rng)
    expect.shape(np.asarray(augmentation(shown, training=True)), shown.shape)
    for layer in expect.every_layer(augmentation):
        kind, largest = type(layer).__name__, _largest_factor(layer)
        expect.that(
            kind != "RandomFlip",
            "`augmentation` flips digits. Is the mirror image of a 2, a 4 or a 7 still one?",
        )
        expect.that(
            kind not in MOST or largest <= MOST[kind],
            f"In `augmentation` a {kind} has a factor of {largest:g}; at most "
            f"{MOST.get(kind)} leaves a digit what it is.",
        )


@augment.check(points=1)
def moves_digits_in_training_only(augmentation: Any, rng: Rng) -> None:
    """In training digits are moved by up to a tenth and turned by up to 18 degrees, only then."""
    shown = _some_digits(rng)
    kinds = ", ".join(type(layer).__name__ for layer in expect.every_layer(augmentation))
    expect.that(
        _moves(augmentation),
        "`augmentation` should have a layer that moves, turns or zooms images, such as "
        "`RandomTranslation`. Received: "
        f"{kinds or 'none'}.",
    )
    _moves_as_asked(augmentation)
    changed = _share_changed(shown, np.asarray(augmentation(shown, training=True)))
    expect.that(
        changed > 0.5,
        f"With training=True `augmentation` changes {changed:.0%} of the digits; nearly all of "
        "them are expected.",
    )
    kept = np.asarray(augmentation(shown, training=False))
    expect.that(
        _share_changed(shown, kept) == 0,
        "With training=False `augmentation` should leave every digit as it is.",
    )


def _moves_as_asked(augmentation: Any) -> None:
    """It has a translation and a rotation, with about the factors that are asked for."""
    down, right = (
        _largest(augmentation, "RandomTranslation", name)
        for name in ("height_factor", "width_factor")
    )
    turn = _largest(augmentation, "RandomRotation", "factor")
    low, high = ASKED["RandomTranslation"]
    expect.that(
        low <= min(down, right) and max(down, right) <= high,
        "Digits should be moved by up to a tenth of the height and of the width, with a "
        f"`RandomTranslation`. Received: {down:g} of the height and {right:g} of the width.",
    )
    low, high = ASKED["RandomRotation"]
    expect.that(
        low <= turn <= high,
        "Digits should be turned by up to 0.05 of a full turn, 18 degrees to either side, with a "
        f"`RandomRotation`. Received: {turn:g} of a turn, {360 * turn:.0f} degrees.",
    )


@augment.check(points=2)
def has_learned_from_moved_digits(
    augmentation: Any, augmented_model: Any, augmented_history: Any
) -> None:
    """Trained for 20 epochs or more on digits moved anew, it reads them, with a gap below 0.12."""
    is_reader(augmented_model)
    accuracy = training.accuracy_of(augmented_model, *validation_part())
    expect.that(
        accuracy >= LEARNED,
        f"It reads {accuracy:.0%} of the validation digits; {LEARNED:.0%} are needed. Guessing "
        "gives 10 %.",
    )
    training.region(
        gap_of(augmented_model),
        "We compare the loss of your network on the validation digits with its loss on the "
        "training digits, all of them as they are. The gap is that of a network that learned "
        "them by heart.",
        augmented_history,
        below=MOVED_GAP,
    )
    epochs = len(augmented_history.epoch)
    expect.that(
        epochs >= references.LONG,
        f"To compare, train as long as the baseline: {references.EPOCHS} epochs. Received: "
        f"{epochs}.",
    )
    claimed = float(training.curve(augmented_history, "loss")[-1])
    moved = loss_on_moved(augmentation, augmented_model)
    low, high = MOVED_LOSS
    expect.that(
        low * moved < claimed < high * moved,
        f"The last training loss of your history is {claimed:.2f}. On training digits that your "
        f"`augmentation` moves anew, your network has a loss of {moved:.2f}. If it had met other "
        "pictures in every epoch, the two would be about the same.",
    )


@augment.check(points=1)
def was_validated_on_digits_as_they_are(augmented_model: Any, augmented_history: Any) -> None:
    """The `val_loss` is that of this network on the validation digits as they are."""
    is_reader(augmented_model)
    honest_history(augmented_model, augmented_history)


def loss_on_moved(augmentation: Any, model: Any) -> float:
    """The loss of the model on the training digits, moved anew a few times."""
    images, labels = training_part()
    return float(
        np.mean(
            [
                training.loss_of(model, np.asarray(augmentation(images, training=True)), labels)
                for _ in range(3)
            ]
        )
    )


def _some_digits(rng: Rng) -> Array:
    images = validation_part()[0]
    return np.asarray(images[rng.permutation(len(images))[:32]])


def _moves(augmentation: Any) -> bool:
    """Whether a layer of Keras's random ones is among the layers."""
    kinds = [type(layer).__name__ for layer in expect.every_layer(augmentation)]
    return any(kind.startswith("Random") for kind in kinds)


def _share_changed(before: Array, after: Array) -> float:
    return float(np.mean(np.abs(after - before).max(axis=(1, 2, 3)) > 1e-3))


def _largest_factor(layer: Any) -> float:
    """The largest of a random layer's factors, without their signs."""
    settings = layer.get_config()
    values = [settings.get(name) for name in ("factor", "height_factor", "width_factor")]
    numbers = [np.abs(np.asarray(value, float)).max() for value in values if value is not None]
    return float(max(numbers, default=0.0))


def _largest(augmentation: Any, kind: str, name: str) -> float:
    """The largest of a factor called `name` in the layers of a kind, without signs; 0 if none."""
    factors = [
        np.abs(np.asarray(layer.get_config()[name], float)).max()
        for layer in expect.every_layer(augmentation)
        if type(layer).__name__ == kind
    ]
    return float(max(factors, default=0.0))


def _exceeds(augmentation: Any, kind: str) -> bool:
    return any(
        type(layer).__name__ == kind and _largest_factor(layer) > MOST[kind]
        for layer in expect.every_layer(augmentation)
    )


def _is_sound(augmentation: Any) -> bool:
    """Whether the layers are what is asked for, so that a mistake lies elsewhere."""
    digits = validation_part()[0][:32]
    kinds = {type(layer).__name__ for layer in expect.every_layer(augmentation)}
    return (
        _moves(augmentation)
        and "RandomFlip" not in kinds
        and not any(_exceeds(augmentation, kind) for kind in MOST)
        and _share_changed(digits, np.asarray(augmentation(digits, training=True))) > 0.5
    )


@augment.misconception(
    "What leaves the picture on one side comes in again on the other (`np.roll` does that). A "
    "piece of a digit at the wrong edge is nothing that anybody writes. What should stand where "
    "nothing came from?"
)
def wraps_around(images: Array, down: int, right: int) -> Any:
    return np.roll(images, (down, right), axis=(1, 2))


@augment.misconception(
    "You have exchanged the two directions: `down` moves along the rows, which is axis 1 of "
    "(N, H, W, 1), `right` along the columns. Which axis has the columns?"
)
def down_and_right_exchanged(images: Array, down: int, right: int) -> Any:
    return _moved(images, right, down)


@augment.misconception(
    "You move the other way: up for down, and left for right. Rows are counted from above. If "
    "row 0 goes down by 1, in which row is it then?"
)
def the_other_way(images: Array, down: int, right: int) -> Any:
    return _moved(images, -down, -right)


@augment.misconception(
    "You repeat the edge of the picture where nothing came in. Keras can do that, too "
    '(`fill_mode="nearest"`), but here what comes in is 0, black.'
)
def edge_repeated(images: Array, down: int, right: int) -> Any:
    height, width = images.shape[1:3]
    rows = np.clip(np.arange(height) - down, 0, height - 1)
    columns = np.clip(np.arange(width) - right, 0, width - 1)
    return images[:, rows][:, :, columns]


@augment.misconception(
    "You move the pixels within the array that you were given. Then the digits as they are, are "
    "gone, and the next move begins where this one ended. Where can the result be put?"
)
def changed_in_place(images: Array, down: int, right: int) -> Any:
    images[...] = _moved(images, down, right)
    return images


_WRONG_MOVES: tuple[Function, ...] = (
    wraps_around.function,
    down_and_right_exchanged.function,
    the_other_way.function,
    edge_repeated.function,
)


@augment.misconception(
    "You flip the digits. On photographs of cats that is fine: a mirrored cat is a cat. A mirrored "
    "2 is no 2, and a 6 on its head is a 9: the label is no longer true. Which changes leave a "
    "digit what it is?",
    recognize=lambda augmentation: any(
        type(layer).__name__ == "RandomFlip" for layer in expect.every_layer(augmentation)
    ),
)
def digits_flipped() -> dict[str, Any]:
    from keras import layers

    return {"augmentation": _sequence(layers.RandomFlip("horizontal"), *_good_layers())}


@augment.misconception(
    "Your digits are turned too far. Keras measures a rotation in full turns, not in degrees or "
    "radians, and turns by up to so much to either side: with a factor of 0.5, a 6 is a 9. How "
    "many turns are 18 degrees?",
    recognize=lambda augmentation: (
        _largest(augmentation, "RandomRotation", "factor") > ASKED["RandomRotation"][1]
        and not _exceeds(augmentation, "RandomTranslation")
    ),
)
def turned_too_far() -> dict[str, Any]:
    from keras import layers

    return {"augmentation": _sequence(_good_layers()[0], layers.RandomRotation(0.5))}


@augment.misconception(
    "Your digits are moved out of the picture. Keras measures a translation in shares of the "
    "height or width, not in pixels: 1.0 is the whole picture. Which share is one pixel of eight, "
    "about?",
    recognize=lambda augmentation: _exceeds(augmentation, "RandomTranslation"),
)
def moved_out_of_the_picture() -> dict[str, Any]:
    from keras import layers

    return {"augmentation": _sequence(layers.RandomTranslation(1.0, 1.0), _good_layers()[1])}


@augment.misconception(
    "You add noise to the digits. That disturbs them, too (it is the next remedy), but here they "
    "should be moved and turned, as other people would have written them. Which layers do that?",
    recognize=lambda augmentation: (
        not _moves(augmentation)
        and any("Noise" in type(layer).__name__ for layer in expect.every_layer(augmentation))
    ),
)
def noise_instead() -> dict[str, Any]:
    from keras import layers

    return {"augmentation": _sequence(layers.GaussianNoise(0.3))}


@augment.misconception(
    "Your layers are there, but with factors of 0: every digit comes out as it went in. How far "
    "may a digit be moved?",
    recognize=lambda augmentation: (
        _moves(augmentation)
        and all(_largest_factor(layer) == 0 for layer in expect.every_layer(augmentation))
    ),
)
def nothing_moves() -> dict[str, Any]:
    from keras import layers

    return {"augmentation": _sequence(layers.RandomTranslation(0.0, 0.0))}


def _by_heart(model: Any) -> bool:
    """Whether it knows the training digits as they are by heart."""
    return (
        gap_of(model) >= MOVED_GAP
        and training.loss_of(model, *training_part(), penalties=False) < 0.25
    )


@augment.misconception(
    "Your layers are right, but the network knows the training digits by heart, so it has seen "
    "them as they are, in every epoch. Did your augmentation ever meet a digit? It can stand in "
    "front of the network, or in the pipeline that `fit` trains with.",
    recognize=lambda augmentation, augmented_model: (
        _is_sound(augmentation) and _by_heart(augmented_model)
    ),
)
def augmentation_forgotten() -> dict[str, Any]:
    model, history = overfitted()
    copy = network()
    copy.set_weights(model.get_weights())
    return {"augmented_model": copy, "augmented_history": history}


def _validated_on_moved(augmentation: Any, model: Any, history: Any) -> bool:
    """Whether the last `val_loss` is what the network has on validation digits that are moved."""
    images, labels = validation_part()
    own, claimed = training.loss_of(model, images, labels), history.history["val_loss"][-1]
    moved = [
        training.loss_of(model, np.asarray(augmentation(images, training=True)), labels)
        for _ in range(4)
    ]
    near = abs(claimed - np.mean(moved)) < 4 * np.std(moved) + 0.02
    return claimed > own + 0.04 and bool(near) and training.accuracy_of(model, images, labels) > 0.6


def _is_steady(model: Any, history: Any) -> bool:
    """Whether it was trained for many epochs, not by heart, and the history is its own."""
    is_long = len(history.epoch) >= references.LONG
    return is_long and not _by_heart(model) and belongs(model, history)


@augment.misconception(
    "Your layers are right, but they moved each digit once, before the training. From then on it "
    "was the same picture in every epoch, and the network knows those by heart. The moves belong "
    "into the network, or into the pipeline (`training.map(…)`): who draws new ones there?",
    recognize=lambda augmentation, augmented_model, augmented_history: (
        _is_sound(augmentation)
        and _is_steady(augmented_model, augmented_history)
        and augmented_history.history["loss"][-1]
        < MOVED_LOSS[0] * loss_on_moved(augmentation, augmented_model)
    ),
)
def moved_once() -> dict[str, Any]:
    return _handed_in(25, 0.05)


@augment.misconception(
    "You trained for a few epochs only. Then the gap is small, but because training ended before "
    "anything could be learned by heart. Moved digits take longer, too: let it run as long as the "
    "baseline.",
    recognize=lambda augmentation, augmented_model, augmented_history: (
        _is_sound(augmentation)
        and len(augmented_history.epoch) < references.LONG
        and belongs(augmented_model, augmented_history)
    ),
)
def too_few_epochs() -> dict[str, Any]:
    return _handed_in(8, 0.9)


def _handed_in(epochs: int, loss: float) -> dict[str, Any]:
    """A network that has seen moved digits, with a history that ends with a training loss."""
    model = network()
    model.set_weights(_trained_on_moved(references.SEED))
    last = training.loss_of(model, *validation_part())
    curves = {
        name: np.linspace(2.3, end, epochs) for name, end in (("loss", loss), ("val_loss", last))
    }
    history = {name: tuple(map(float, curve)) for name, curve in curves.items()}
    return {
        "augmentation": _sequence(*_good_layers()),
        "augmented_model": model,
        "augmented_history": History(tuple(range(epochs)), history),
    }


@augment.misconception(
    "You moved and turned the validation digits, too: your `val_loss` is that of changed digits, "
    "higher than on real ones, and different every time. Validation should tell how the network "
    "will do on digits as people write them. Which of the two pipelines is to be augmented?",
    recognize=lambda augmentation, augmented_model, augmented_history: (
        _is_sound(augmentation)
        and not _by_heart(augmented_model)
        and not belongs(augmented_model, augmented_history)
        and _validated_on_moved(augmentation, augmented_model, augmented_history)
    ),
)
def validation_augmented() -> dict[str, Any]:
    handed = _handed_in(25, 0.95)
    images, labels = validation_part()
    moved = np.asarray(handed["augmentation"](images, training=True))
    last = training.loss_of(handed["augmented_model"], moved, labels)
    history = handed["augmented_history"]
    curves = {**history.history, "val_loss": tuple(map(float, np.linspace(2.0, last, 25)))}
    return {**handed, "augmented_history": History(history.epoch, curves)}


@augment.misconception(
    "This history does not end where your network stands. It belongs to another training, or the "
    "weights were changed after it. In which cell do network and history come from the same `fit`?",
    recognize=lambda augmentation, augmented_model, augmented_history: (
        _is_sound(augmentation)
        and not _by_heart(augmented_model)
        and is_of_another(augmented_model, augmented_history)
        and not _validated_on_moved(augmentation, augmented_model, augmented_history)
    ),
)
def history_of_another() -> dict[str, Any]:
    return {"augmented_model": network(), "augmented_history": history_of(_other(), 25)}


def _other() -> Any:
    """A network whose loss no other has."""
    model = network()
    model.set_weights([2.5 * weight for weight in model.get_weights()])
    return model


def _good_layers() -> list[Any]:
    from keras import layers

    return [layers.RandomTranslation(0.1, 0.1), layers.RandomRotation(0.05)]


def _sequence(*layers: Any) -> Any:
    import keras

    return keras.Sequential([keras.Input((8, 8, 1)), *layers])


@cache
def _trained_on_moved(seed: int) -> list[Array]:
    """Weights of a network that has seen moved digits for a few epochs: about a second."""
    import keras

    digits = noisy_digits(seed)
    keras.utils.set_random_seed(0)
    model = network()
    moved = keras.Sequential([keras.Input((8, 8, 1)), *_good_layers(), *model.layers])
    rng = np.random.default_rng(0)
    optimizer = keras.optimizers.Adam(0.003)
    train_side_by_side([moved], digits.images, digits.labels, optimizer, 14, rng)
    return [np.asarray(weight) for weight in model.get_weights()]
