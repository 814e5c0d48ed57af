"""A course of two small lessons, of which the second one's solution is wrong."""

LESSONS: dict[str, tuple[str, ...]] = {"twice": (), "thrice": ()}
