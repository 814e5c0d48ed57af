"""Examples of what the grader is given."""
