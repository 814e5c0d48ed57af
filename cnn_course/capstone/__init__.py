"""Lesson 7, capstone: what each exercise asks, and how wrong answers are recognized."""

# The order of the lesson, which is not that of the alphabet.
# isort: off
from cnn_course.capstone.diagnosing import diagnose_curves
from cnn_course.capstone.planning import plan
from cnn_course.capstone.building import build_network
from cnn_course.capstone.training_mistakes import trained
from cnn_course.capstone.occluding import occlusion_map
from cnn_course.capstone.defending import defense
# isort: on

TITLE = "Capstone: a network you can defend"
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
