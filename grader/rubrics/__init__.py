"""What each lesson asks and how wrong answers are recognized: one module a lesson.

`LESSONS` names the modules in the order of the course. A rubric draws its cases from the `rng` that
its checks are given, and builds nothing when it is imported.
"""

LESSONS = ("convolution",)
