"""Two networks are trained on centered shapes, which then move."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from cnn_course.data.shapes import draw_shapes
from cnn_course.dense.readers_references import (
    SIZE,
    Rng,
    expect_probabilities,
    gives_scores,
    moved,
    share_read,
    train_on_centered_shapes,
)
from grader import Exercise, expect

Function = Callable[..., Any]

# Shares of shapes that are read. Lowest / median / highest over 20 seeds, 200 test images each:
#   convolutions and global maximum    centered            moved
#   8, pool, 16 (padded)               .91 / .98 / 1.00    .89 / .98 / 1.00
#   8, 16 with kernels of 5, valid     .97 / 1.00 / 1.00   .63 / .83 / .92
#   16, pool, 32, then Dense(32)       .98 / 1.00 / 1.00   .72 / .88 / .96
#   Flatten head, one pooling *        .96 / .99 / 1.00    .19 / .27 / .33
#   Flatten head, two poolings *       .96 / .98 / 1.00    .19 / .26 / .33
#   global average                     .54 / .60 / .69     .37 / .52 / .66
#   dense, 16 hidden units             .70 / .84 / .90     .19 / .25 / .34
#   dense, 64 units with tanh          .75 / .82 / .86     .22 / .27 / .32
#   dense, 256 hidden units            .94 / .97 / .99     .20 / .25 / .32
#   dense, 64 and 64 hidden units      .94 / .98 / 1.00    .21 / .25 / .34
# (* with Adam at 0.005 instead of 0.008.)
CENTERED, STILL_READ, NO_LONGER_READ = 0.8, 0.5, 0.5

moved_test = Exercise(
    "moved_test",
    title="Who still reads moved images?",
    names=("build_cnn", "build_dense"),
    functions=("build_cnn", "build_dense"),
    slow=True,
    seconds=10.0,
    hints=(
        (
            "`build_dense`: flatten the picture, then a dense layer with a bend, then the four "
            "probabilities. Its first layer has one weight for each pixel, at its place."
        ),
        (
            "`build_cnn`: convolutions find a feature wherever it is, but their maps still say "
            "where. Which layer between the maps and the output forgets it?"
        ),
        (
            "A Flatten head hands every place of the map to a weight of its own. A global pooling "
            "layer keeps one number for each map. Which of the two knows places?"
        ),
        (
            "Global max pooling asks “is it anywhere?”, global average pooling “on how much of "
            "the map is it?”. Small shapes fill little of a map, and ten epochs are short."
        ),
    ),
)


def _kinds(network: Any) -> set[str]:
    return {type(layer).__name__ for layer in expect.every_layer(network)}


def _of_kind(network: Any, words: Iterable[str]) -> list[str]:
    return sorted(kind for kind in _kinds(network) if any(word in kind for word in words))


def _moves_images(network: Any) -> bool:
    return bool(_of_kind(network, ("Random",)))


@moved_test.check(points=1)
def build_readers_of_shapes(build_cnn: Function, build_dense: Function) -> None:
    """Both networks take gray images of 20×20 and give four probabilities."""
    builders = {"build_cnn()": build_cnn, "build_dense()": build_dense}
    for build in builders.values():
        build()  # both networks tell which mistake it is
    for name, build in builders.items():  # the call that is shown last is that of the fault
        expect_probabilities(build(), name, (SIZE, SIZE, 1), 4)


@moved_test.check(points=2, after=build_readers_of_shapes)
def the_dense_network_is_lost(build_dense: Function, rng: Rng) -> None:
    """The dense network, flatten and dense layers only, reads centered shapes but no moved ones."""
    network = build_dense()
    strange = _of_kind(network, ("Conv", "Pooling", "Random"))
    expect.that(
        not strange and bool(_of_kind(network, ("Dense",))),
        "The dense network should flatten the image and go through dense layers. "
        f"Received: {', '.join(strange) or 'no Dense layer'}.",
    )
    centered, shifted = shares_read(network, rng)
    expect.that(
        centered >= NO_LONGER_READ,
        f"After training it reads {centered:.0%} of new centered shapes; at least "
        f"{NO_LONGER_READ:.0%} are needed to speak of reading. Guessing gives 25 %.",
    )
    expect.that(
        shifted <= NO_LONGER_READ,
        f"It still reads {shifted:.0%} of the moved shapes, more than {NO_LONGER_READ:.0%}.",
    )


@moved_test.check(points=3, after=build_readers_of_shapes)
def the_cnn_still_reads(build_cnn: Function, rng: Rng) -> None:
    """The CNN, trained on centered shapes only, still reads them when they are moved."""
    network = build_cnn()
    expect.that(
        bool(_of_kind(network, ("Conv",))),
        "The CNN should have a convolutional layer, such as `Conv2D`.",
    )
    expect.that(
        not _moves_images(network),
        "The CNN should learn from the training images as they are. Received: "
        f"{', '.join(_of_kind(network, ('Random',)))}.",
    )
    centered, shifted = shares_read(network, rng)
    expect.that(
        centered >= CENTERED,
        f"After training it reads {centered:.0%} of new centered shapes; {CENTERED:.0%} are "
        "needed. It has not learned enough in ten epochs.",
    )
    expect.that(
        shifted >= STILL_READ,
        f"It reads {centered:.0%} of the centered shapes, but {shifted:.0%} of the moved ones; "
        f"{STILL_READ:.0%} are needed. Guessing gives 25 %.",
    )


def shares_read(network: Any, rng: Rng) -> tuple[float, float]:
    """Which shares of centered and of moved shapes a network reads, once trained on centered."""
    train_on_centered_shapes(network, rng)
    images, labels = draw_shapes(200, rng, size=SIZE, centered=True)
    return (
        share_read(network, images, labels),
        share_read(network, moved(images, rng), labels),
    )


def _cnn(
    head: str, *, output: str = "softmax", moving: bool = False, maps: Sequence[Any] = ()
) -> Any:
    import keras
    from keras import layers

    heads = {
        "maximum": layers.GlobalMaxPooling2D,
        "average": layers.GlobalAveragePooling2D,
        "flatten": layers.Flatten,
    }
    usual = [
        layers.Conv2D(8, 3, padding="same", activation="relu"),
        layers.MaxPooling2D(),
        layers.Conv2D(16, 3, padding="same", activation="relu"),
    ]
    return keras.Sequential(
        [
            keras.Input((SIZE, SIZE, 1)),
            *([layers.RandomTranslation(0.2, 0.2)] if moving else []),
            *(maps or usual),
            heads[head](),
            layers.Dense(4, activation=output),
        ]
    )


def _dense(*first: Any, output: str = "softmax") -> Any:
    import keras
    from keras import layers

    return keras.Sequential(
        [
            keras.Input((SIZE, SIZE, 1)),
            *first,
            layers.Flatten(),
            layers.Dense(64, activation="relu"),
            layers.Dense(4, activation=output),
        ]
    )


@moved_test.misconception(
    "A network of yours ends in scores, not in probabilities: its outputs do not sum to 1. Which "
    "activation of the last layer makes probabilities of them?",
    recognize=lambda build_cnn, build_dense: any(map(gives_scores, [*build_cnn, *build_dense])),
)
def without_softmax() -> dict[str, Any]:
    return {
        "build_cnn": lambda: _cnn("maximum", output="linear"),
        "build_dense": lambda: _dense(output="linear"),
    }


@moved_test.misconception(
    "Your CNN moves its training images itself, so it learns from moved images. That is data "
    "augmentation, and a good remedy (lesson 6); here the architecture should make moves not "
    "matter. Which layer forgets where a feature was found?",
    recognize=lambda build_cnn: any(map(_moves_images, build_cnn)),
)
def cnn_trained_on_moved_images() -> dict[str, Any]:
    return {
        "build_cnn": lambda: _cnn("flatten", moving=True),
        "build_dense": _dense,
    }


def _dense_moves_images(network: Any) -> bool:
    return _moves_images(network) and not _of_kind(network, ("Conv",))


@moved_test.misconception(
    "Your dense network moves its training images itself. Then it learns every place anew; here we "
    "ask what it makes of places at which it never saw a shape. Let it see the images as they are.",
    recognize=lambda build_dense: any(map(_dense_moves_images, build_dense)),
)
def dense_trained_on_moved_images() -> dict[str, Any]:
    def build_dense() -> Any:
        from keras import layers

        return _dense(layers.RandomTranslation(0.2, 0.2))

    return {"build_cnn": lambda: _cnn("maximum"), "build_dense": build_dense}


@moved_test.misconception(
    "Your dense network has a convolution or a pooling layer in it, so it is a CNN with a dense "
    "head. For the comparison it should consist of flatten and dense layers.",
    recognize=lambda build_dense: any(
        _of_kind(found, ("Conv", "Pooling")) for found in build_dense
    ),
)
def dense_with_a_convolution() -> dict[str, Any]:
    def build_dense() -> Any:
        from keras import layers

        return _dense(layers.Conv2D(8, 3, activation="relu"))

    return {"build_cnn": lambda: _cnn("maximum"), "build_dense": build_dense}


def _is_plain_cnn(network: Any) -> bool:
    """Whether a network has convolutions, ends in probabilities, and moves no images itself."""
    return (
        bool(_of_kind(network, ("Conv",)))
        and not _of_kind(network, ("Random",))
        and not gives_scores(network)
    )


def _shrinks_to_one(network: Any) -> bool:
    """Whether maps of 1×1 reach the head, though nothing as large as a map pooled them."""
    if not _is_plain_cnn(network):
        return False
    heads = [
        layer
        for layer in expect.every_layer(network)
        if "Global" in type(layer).__name__ or type(layer).__name__ in ("Flatten", "Reshape")
    ]
    return any(tuple(head.input.shape[1:-1]) == (1, 1) for head in heads)


@moved_test.misconception(
    "Your last map is 1×1, so a head behind it finds a single place and has nothing left to pool. "
    "The layers before have put all places together, and the last of them has a weight for each, "
    "as a dense layer has: a shape that moved meets other weights. How large should the map still "
    "be when the global pooling takes over?",
    recognize=lambda build_cnn: any(map(_shrinks_to_one, build_cnn)),
)
def shrinks_to_one_place() -> dict[str, Any]:
    def build_cnn() -> Any:
        from keras import layers

        maps = [
            layers.Conv2D(8, 3, activation="relu"),
            layers.MaxPooling2D(),
            layers.Conv2D(16, 3, activation="relu"),
            layers.MaxPooling2D(),
            layers.Conv2D(16, 3, activation="relu"),
        ]
        return _cnn("maximum", maps=maps)

    return {"build_cnn": build_cnn, "build_dense": _dense}


def _knows_places(network: Any) -> bool:
    return (
        _is_plain_cnn(network)
        and not _of_kind(network, ("Global",))
        and not _shrinks_to_one(network)
    )


@moved_test.misconception(
    "Your convolutions do find the moved shape, and their maps move along with it. But the head "
    "behind them has a weight for each place of the map, and it was trained where shapes used to "
    "be. Which head keeps only whether a feature was found?",
    recognize=lambda build_cnn: any(map(_knows_places, build_cnn)),
)
def head_without_pooling() -> dict[str, Any]:
    return {"build_cnn": lambda: _cnn("flatten"), "build_dense": _dense}


def _averages(network: Any) -> bool:
    return (
        _is_plain_cnn(network)
        and "GlobalAveragePooling2D" in _kinds(network)
        and not _of_kind(network, ("GlobalMax",))
        and not _shrinks_to_one(network)
    )


@moved_test.misconception(
    "You take the average of each map. That forgets places, as it should, but a shape fills only "
    "a small part of the picture: its few strong values are averaged with many weak ones, so all "
    "four shapes give nearly the same numbers, and ten epochs are too few to learn from them. "
    "Which global pooling keeps the strongest value of each map?",
    recognize=lambda build_cnn: any(map(_averages, build_cnn)),
)
def averages_thin_the_traces_out() -> dict[str, Any]:
    return {"build_cnn": lambda: _cnn("average"), "build_dense": _dense}


def _has_one_convolution(network: Any) -> bool:
    convolutions = [each for each in expect.every_layer(network) if "Conv" in type(each).__name__]
    return (
        _is_plain_cnn(network)
        and len(convolutions) == 1
        and bool(_of_kind(network, ("GlobalMax",)))
        and not _shrinks_to_one(network)
    )


@moved_test.misconception(
    "Your CNN has a single convolution. Its kernels see small windows of the picture, in which "
    "there are edges and corners but no whole shape, and the maximum forgets how they lay to one "
    "another. What could a second convolution find in the maps of the first?",
    recognize=lambda build_cnn: any(map(_has_one_convolution, build_cnn)),
)
def a_single_convolution() -> dict[str, Any]:
    def build_cnn() -> Any:
        from keras import layers

        return _cnn("maximum", maps=[layers.Conv2D(4, 3, activation="relu")])

    return {"build_cnn": build_cnn, "build_dense": _dense}
