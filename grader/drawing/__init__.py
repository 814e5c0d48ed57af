"""Pictures for the lesson notebooks: images and feature maps, curves, regions, networks.

Imports nothing else of the grader, so that it also works where the rest of it is absent. Nothing is
drawn where nobody looks, as in a kernel that grades.
"""

from grader.drawing.curves import show_curves, show_histograms, show_regions
from grader.drawing.images import finished, show, show_channels, step_through
from grader.drawing.networks import show_network
from grader.drawing.portrait import show_portrait

__all__ = [
    "finished",
    "show",
    "show_channels",
    "show_curves",
    "show_histograms",
    "show_network",
    "show_portrait",
    "show_regions",
    "step_through",
]
