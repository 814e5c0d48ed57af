"""What the students of the example class answer where they do not answer as the lesson solves it.

A module a lesson, each with `ANSWERS`: from a student to the exercises that the student answered in
another way, right or wrong, each with the source of its cell.
"""
