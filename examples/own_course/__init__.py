"""A course of one's own: a package like this one, named by the variable GRADER_COURSE.

`GRADER_COURSE=examples.own_course grader grade …` grades notebooks of its lessons. `LESSONS` names
its modules, each with the packages that its notebooks and its checks need beside NumPy.
"""

LESSONS: dict[str, tuple[str, ...]] = {"network": ("keras",)}
