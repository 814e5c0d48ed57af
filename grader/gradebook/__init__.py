"""The gradebook: what every student handed in, what came of it, and what a teacher decided.

`Gradebook` keeps and finds results in a database; `gradebook_of` opens the one of a folder.
"""

from grader.gradebook.book import Gradebook, Kept
from grader.gradebook.opening import gradebook_of
from grader.gradebook.standings import Standing

__all__ = ["Gradebook", "Kept", "Standing", "gradebook_of"]
