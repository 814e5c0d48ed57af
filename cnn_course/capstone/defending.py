"""The defense: what is claimed of a network is computed again."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from cnn_course.capstone.references import (
    CLASSES,
    IMAGES,
    VALIDATION,
    claimed_work_of,
    gap_of,
    is_reader,
    multiplications,
    training_part,
    validation_part,
    work_of,
)
from cnn_course.data.shapes import NAMES
from cnn_course.references import Array, Rng
from grader import Exercise, expect
from grader.crossing.networks import History
from grader.judging.expect import training

Function = Callable[..., Any]

KEYS = ("parameters", "work", "accuracy", "gap", "most_confused")
NEAR = 0.002
"""How far a claimed accuracy or gap may be off: it is rounded to three decimals at most."""
TIED = 1e-5
"""Scores closer than this share of the largest one may come in another order on another machine."""

defense = Exercise(
    "defense",
    title="The defense",
    names=("confusion", "defense", "my_model", "my_history"),
    functions=("confusion",),
    slow=True,
    hints=(
        (
            "`confusion`: begin with zeros. For each image one number of the matrix grows by one. "
            "Which row, and which column?"
        ),
        (
            "`accuracy` and `gap` are those of `my_model` as it is: the given `measure` returns "
            "the loss, without penalties, and the accuracy on the images that it gets. On which "
            "images should it be called for each of the two?"
        ),
        (
            "`most_confused`: set the diagonal of the confusion matrix to zero first, for those "
            "answers are right. Where is the largest number then, in which row and column?"
        ),
    ),
)


def confusion_of(labels: Array, predicted: Array, classes: int) -> Array:
    """Counts (true class, predicted class), by numbering the pairs."""
    pairs = np.asarray(labels) * classes + np.asarray(predicted)
    return np.bincount(pairs, minlength=classes**2).reshape(classes, classes)


@defense.check(points=2)
def counts_what_is_taken_for_what(confusion: Function, rng: Rng) -> None:
    """In row r and column c stands how many images of class r were taken for class c."""
    for labels, predicted, classes in _answers(rng):
        received = confusion(labels, predicted, classes)
        expect.close(received, confusion_of(labels, predicted, classes))


def _answers(rng: Rng) -> Iterator[tuple[Array, Array, int]]:
    """True and predicted classes: on no two of them do right and wrong answers agree."""
    for count, classes in ((7, 3), (40, 5), (24, 4)):
        for _ in range(500):
            labels = rng.integers(classes - 1, size=count)  # none of the last class
            predicted = np.where(rng.random(count) < 0.5, labels, rng.integers(classes, size=count))
            found = confusion_of(labels, predicted, classes)
            if (found != found.T).any() and (labels != predicted).any() and found[:-1].any(1).all():
                break
        else:
            raise RuntimeError("No case of `confusion` tells its wrong answers apart.")
        yield labels, predicted, classes


@defense.check(points=1)
def knows_its_size_and_work(defense: Any, my_model: Any, my_history: Any) -> None:
    """`parameters` and `work`, the multiplications of the whole training, are those of my_model."""
    _has(defense, "parameters", "work")
    expect.model(my_model)
    training.curve(my_history, "val_loss")
    _is_number(defense, "parameters")
    _is_number(defense, "work")
    _agrees("parameters", defense["parameters"], int(my_model.count_params()), 0.5)
    if _number(defense["work"]) != work_of(my_model, my_history):  # of a network trained before
        _agrees("work", defense["work"], claimed_work_of(my_model, my_history), 0.5)


@defense.check(points=2)
def claims_what_the_network_does(defense: Any, my_model: Any) -> None:
    """`accuracy` and `gap` are those of my_model, evaluated, to three decimals."""
    _has(defense, "accuracy", "gap")
    is_reader(my_model)
    _is_number(defense, "accuracy")
    _is_number(defense, "gap")
    accuracy = training.accuracy_of(my_model, *validation_part())
    lowest, highest = accuracy_bounds(my_model)
    claimed = _number(defense["accuracy"])
    if not lowest - NEAR <= claimed <= highest + NEAR:
        _agrees("accuracy", defense["accuracy"], accuracy, NEAR)
    _agrees("gap", defense["gap"], gap_of(my_model), NEAR)


@defense.check(points=1)
def knows_its_weakest_point(defense: Any, my_model: Any) -> None:
    """`most_confused` is the pair (what it is, what it is taken for) of most of its mistakes."""
    _has(defense, "most_confused")
    is_reader(my_model)
    pairs = _most_confused(my_model)
    claimed = defense["most_confused"]
    if claimed is None and _may_be_free_of_mistakes(my_model):
        return
    if not pairs:
        expect.that(
            claimed is None,
            "It makes no mistake on the validation shapes: `most_confused` is None.",
            received=claimed,
        )
        return
    expect.that(
        isinstance(claimed, list | tuple) and len(claimed) == 2 and set(claimed) <= set(NAMES),
        f"`most_confused` is a pair of names, such as {(NAMES[0], NAMES[1])}.",
        received=claimed,
    )
    expect.that(
        tuple(claimed) in pairs,
        "Another mistake is more frequent among the validation shapes than this one.",
        received=claimed,
    )


def _has(claims: Any, *keys: str) -> None:
    """Whether the claims are a dict, and these are among them."""
    expect.that(
        isinstance(claims, dict),
        f"`defense` is a dict with the keys {', '.join(map(repr, KEYS))}. "
        f"Received: a {type(claims).__name__}.",
    )
    for key in keys:
        expect.that(key in claims, f"`defense` has no claim {key!r} yet.")
        expect.that(claims[key] is not ..., f"`defense[{key!r}]` is still open.")


def _is_number(claims: Any, key: str) -> None:
    value = claims[key]
    found = np.asarray(value)  # of a tensor as well
    is_number = found.ndim == 0 and found.dtype.kind in "iuf" and bool(np.isfinite(found))
    expect.that(is_number, f"`defense[{key!r}]` should be a number.", received=value)


def _agrees(key: str, claimed: Any, own: float, near: float) -> None:
    expect.that(
        abs(_number(claimed) - own) <= near,
        f"`defense[{key!r}]` is not what we find when we compute it from your network.",
        expected=own if key == "parameters" else round(own, 4),
        received=claimed,
    )


def _number(value: Any) -> float:
    """A scalar of any kind as a float; a tensor of no backend has no `__float__`."""
    return float(np.asarray(value))


def _matrix(model: Any) -> Array:
    images, labels = validation_part()
    predicted = np.asarray(model(images, training=False)).argmax(axis=-1)
    return confusion_of(labels, predicted, CLASSES)


def _matrix_bounds(model: Any) -> tuple[Array, Array]:
    """What stands in the confusion matrix at least and at most, on whichever machine it is made.

    An image whose two best scores are the same up to rounding may be taken for either.
    """
    images, labels = validation_part()
    scores = np.asarray(model(images, training=False), dtype=np.float64)
    tied = scores >= (scores.max(axis=-1) - TIED * np.abs(scores).max(axis=-1))[:, np.newaxis]
    rows, columns = np.nonzero(tied)
    sure = tied[rows].sum(axis=-1) == 1
    highest = confusion_of(labels[rows], columns, CLASSES)
    return confusion_of(labels[rows[sure]], columns[sure], CLASSES), highest


def accuracy_bounds(model: Any) -> tuple[float, float]:
    """Between which shares its accuracy on the validation shapes lies, on whichever machine."""
    lowest, highest = _matrix_bounds(model)
    return float(lowest.trace() / VALIDATION), float(highest.trace() / VALIDATION)


def _most_confused(model: Any) -> list[tuple[str, str]]:
    """The most frequent mistakes, more than one where they may be equally frequent."""
    lowest, highest = _matrix_bounds(model)
    for matrix in (lowest, highest):
        np.fill_diagonal(matrix, 0)
    if not highest.any():
        return []
    often = (highest >= lowest.max()) & (highest > 0)
    return [(NAMES[row], NAMES[column]) for row, column in np.argwhere(often)]


def _may_be_free_of_mistakes(model: Any) -> bool:
    """Whether it makes no mistake on the validation shapes, or none that is sure."""
    lowest, _ = _matrix_bounds(model)
    return int(lowest.sum() - lowest.trace()) == 0


# Wrong confusion matrices.


@defense.misconception(
    "Your matrix is transposed: its rows are what was predicted. A row should hold all images of "
    "one class, so that it shows what they are taken for. Which index is the label?"
)
def confusion_transposed() -> dict[str, Any]:
    return {
        "confusion": lambda labels, predicted, classes: confusion_of(labels, predicted, classes).T
    }


@defense.misconception(
    "You note that a pair occurs, and not how often. With `matrix[labels, predicted] += 1` NumPy "
    "adds one for each pair, once, however often it stands in the lists. Count in a loop, or find "
    "another way."
)
def each_pair_once() -> dict[str, Any]:
    def confusion(labels: Array, predicted: Array, classes: int) -> Array:
        matrix = np.zeros((classes, classes), int)
        matrix[labels, predicted] += 1
        return matrix

    return {"confusion": confusion}


@defense.misconception(
    "You divide each row by its sum. Such a matrix of shares is useful, too, but asked are counts; "
    "and what becomes of a class without images?"
)
def shares_instead_of_counts() -> dict[str, Any]:
    def confusion(labels: Array, predicted: Array, classes: int) -> Array:
        matrix = confusion_of(labels, predicted, classes)
        with np.errstate(all="ignore"):
            return np.asarray(matrix / matrix.sum(axis=1, keepdims=True))

    return {"confusion": confusion}


@defense.misconception(
    "You count the mistakes only. The right answers belong in the matrix as well; on which part "
    "of it?"
)
def mistakes_only() -> dict[str, Any]:
    def confusion(labels: Array, predicted: Array, classes: int) -> Array:
        matrix = confusion_of(labels, predicted, classes)
        np.fill_diagonal(matrix, 0)
        return matrix

    return {"confusion": confusion}


@defense.misconception(
    "Your matrix has a row only for classes that occur. A class may be missing among the images; "
    "its row is zeros, and the others keep their place. What is `classes` for?"
)
def classes_that_occur() -> dict[str, Any]:
    def confusion(labels: Array, predicted: Array, classes: int) -> Array:
        size = int(labels.max()) + 1
        return np.asarray(confusion_of(labels, predicted, classes)[:size, :])

    return {"confusion": confusion}


# Wrong claims. The network and its history are the student's own.


def _network() -> Any:
    """A network with a gap and with mistakes, and its history."""
    from cnn_course.capstone.mistakes import network, overfitted, with_weights

    weights, history = overfitted()
    return with_weights(network(pooled=False), weights), history


def _claims(**changes: Any) -> dict[str, Any]:
    model, history = _network()
    right = {
        "parameters": int(model.count_params()),
        "work": work_of(model, history),
        "accuracy": round(training.accuracy_of(model, *validation_part()), 3),
        "gap": round(gap_of(model), 3),
        "most_confused": _most_confused(model)[0],
    }
    return {"defense": {**right, **changes}, "my_model": model, "my_history": history}


def _is(claimed: Any, value: float, near: float = NEAR) -> bool:
    return abs(_number(claimed) - value) <= near


def _is_off(claims: Any, model: Any, key: str) -> bool:
    own = gap_of(model) if key == "gap" else training.accuracy_of(model, *validation_part())
    return not _is(claims[key], own)


@defense.misconception(
    "Your accuracy is that on the training shapes. A network may know those by heart; what do you "
    "want to claim, and which shapes can show it?",
    recognize=lambda defense, my_model: (
        _is_off(defense, my_model, "accuracy")
        and _is(defense["accuracy"], training.accuracy_of(my_model, *training_part()))
    ),
)
def accuracy_on_training_shapes() -> dict[str, Any]:
    model, _ = _network()
    return _claims(accuracy=round(training.accuracy_of(model, *training_part()), 3))


@defense.misconception(
    "Your accuracy is in percent. It is a share here, from 0 to 1.",
    recognize=lambda defense, my_model: (
        _number(defense["accuracy"]) > 1
        and _is(
            _number(defense["accuracy"]) / 100,
            training.accuracy_of(my_model, *validation_part()),
            0.006,
        )
    ),
)
def accuracy_in_percent() -> dict[str, Any]:
    model, _ = _network()
    return _claims(accuracy=100 * training.accuracy_of(model, *validation_part()))


@defense.misconception(
    "Your accuracy is the best of the history. The network that you have is not that of its "
    "luckiest epoch. What does `evaluate` say of it now?",
    recognize=lambda defense, my_model, my_history: (
        _is_off(defense, my_model, "accuracy")
        and not _is(defense["accuracy"], training.accuracy_of(my_model, *training_part()))
        and _is(defense["accuracy"], max(my_history.history["val_accuracy"]), 1e-3)
    ),
)
def luckiest_accuracy() -> dict[str, Any]:
    _, history = _network()
    lucky = max(history.history["val_accuracy"]) + 0.05  # in some epoch that is over
    curves = dict(history.history)
    curves["val_accuracy"] = (lucky, *history.history["val_accuracy"][1:])
    claims = _claims(accuracy=lucky)
    return {**claims, "my_history": History(history.epoch, curves)}


@defense.misconception(
    "Your gap has the opposite sign. A network that does worse on new images has the larger loss "
    "there, and a positive gap.",
    recognize=lambda defense, my_model: (
        _is_off(defense, my_model, "gap") and _is(-_number(defense["gap"]), gap_of(my_model))
    ),
)
def gap_with_the_other_sign() -> dict[str, Any]:
    model, _ = _network()
    return _claims(gap=-round(gap_of(model), 3))


@defense.misconception(
    "You took the gap from the history. Its training loss was measured during the epochs, with "
    "every remedy at work, and on a network that was still changing. Measure both losses the same "
    "way, on the network as it is.",
    recognize=lambda defense, my_model, my_history: (
        _is_off(defense, my_model, "gap")
        and any(_is(defense["gap"], gap, 2e-3) for gap in _claimed_gaps(my_history))
    ),
)
def gap_of_the_history() -> dict[str, Any]:
    _, history = _network()
    return _claims(gap=_claimed_gaps(history)[-1])


def _claimed_gaps(history: Any) -> list[float]:
    curves = history.history
    return [own - other for own, other in zip(curves["val_loss"], curves["loss"], strict=True)]


@defense.misconception(
    "Your gap is one of accuracies. In this course the gap is that of the losses, which also tell "
    "how certain the network is of its mistakes.",
    recognize=lambda defense, my_model: (
        _is_off(defense, my_model, "gap")
        and _is(abs(_number(defense["gap"])), abs(_accuracy_gap(my_model)))
    ),
)
def gap_of_accuracies() -> dict[str, Any]:
    model, _ = _network()
    return _claims(gap=_accuracy_gap(model))


def _accuracy_gap(model: Any) -> float:
    own, other = (
        training.accuracy_of(model, *part) for part in (training_part(), validation_part())
    )
    return own - other


@defense.misconception(
    "Your work is that of a single image: what `work_of` gives. The rules count the whole "
    "training. How many images went through the network in one epoch, and how many epochs were "
    "there?",
    recognize=lambda defense, my_model: _number(defense["work"]) == multiplications(my_model),
)
def work_of_one_image() -> dict[str, Any]:
    model, _ = _network()
    return _claims(work=multiplications(model))


@defense.misconception(
    "Your work is that of one epoch, or of one image in each epoch. The rules count the whole "
    "training: all images, in every epoch that was trained.",
    recognize=lambda defense, my_model, my_history: (
        len(my_history.epoch) > 1
        and _number(defense["work"])
        in (
            multiplications(my_model) * IMAGES,
            multiplications(my_model) * len(my_history.epoch),
        )
    ),
)
def work_of_one_epoch() -> dict[str, Any]:
    model, _ = _network()
    return _claims(work=multiplications(model) * IMAGES)


@defense.misconception(
    "You name the pair the wrong way round: first what it is, then what it is taken for. Squares "
    "that are taken for circles are another mistake than circles taken for squares.",
    recognize=lambda defense, my_model: (
        tuple(defense["most_confused"]) not in _most_confused(my_model)
        and tuple(defense["most_confused"])[::-1] in _most_confused(my_model)
    ),
)
def pair_the_wrong_way_round() -> dict[str, Any]:
    model, _ = _network()
    pairs = _most_confused(model)
    return _claims(most_confused=next(pair[::-1] for pair in pairs if pair[::-1] not in pairs))


@defense.misconception(
    "You name the class with most right answers: on the diagonal of the matrix, nothing is "
    "confused with anything else. Where are its mistakes?",
    recognize=lambda defense: (
        defense["most_confused"][0] == defense["most_confused"][1]
        and defense["most_confused"][0] in NAMES
    ),
)
def diagonal_taken_for_confusion() -> dict[str, Any]:
    return _claims(most_confused=(NAMES[3], NAMES[3]))
