"""Lesson 7, capstone: what each exercise asks, and how wrong answers are recognized."""

# The order of the lesson, which is not that of the alphabet.
# isort: off
from grader.rubrics.capstone.diagnosing import diagnose_curves
from grader.rubrics.capstone.planning import plan
from grader.rubrics.capstone.building import build_network
from grader.rubrics.capstone.training_mistakes import trained
from grader.rubrics.capstone.occluding import occlusion_map
from grader.rubrics.capstone.defending import defense
# isort: on

TITLE = "A network you can defend"
SECONDS = 45.0

__all__ = [
    "SECONDS",
    "TITLE",
    "build_network",
    "defense",
    "diagnose_curves",
    "occlusion_map",
    "plan",
    "trained",
]
