"""An assignment of three exercises, with and without a training, to compare graders with.

A course of one's own (GRADER_COURSE=benchmarks.assignment); `notebooks` writes the same assignment
for other graders.
"""

LESSONS: dict[str, tuple[str, ...]] = {
    "trained": ("keras", "sklearn.datasets"),
    "untrained": ("keras",),
}
