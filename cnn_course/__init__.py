"""What each lesson asks and how wrong answers are recognized: a module or a
package for each.

`LESSONS` names the modules in the order of the course, each with the packages that its notebooks
and its checks need beside NumPy. A rubric draws its cases from the `rng` that its checks are given,
and builds nothing when it is imported; nor does it import those packages, which take seconds: what
needs them imports them when it is called.
"""

LESSONS: dict[str, tuple[str, ...]] = {
    "convolution": (),
    "conv_layer": ("keras",),
    "activation": ("keras",),
    "pooling": ("keras",),
    "dense": ("keras", "sklearn.datasets"),
    "regularization": ("keras", "sklearn.datasets"),
    "capstone": ("keras",),
}
