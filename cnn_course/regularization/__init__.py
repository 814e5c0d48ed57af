"""Lesson 6, regularization: what each exercise asks, and how wrong answers are recognized."""

# The order of the lesson, which is not that of the alphabet.
# isort: off
from cnn_course.regularization.reading import read_the_curve
from cnn_course.regularization.overfitting import overfit_on_purpose
from cnn_course.regularization.labels import memorised
from cnn_course.regularization.dropping import dropout, with_dropout
from cnn_course.regularization.stopping import early_stop_epoch
from cnn_course.regularization.callback import with_early_stopping
from cnn_course.regularization.penalizing import penalties, with_l1_and_l2
from cnn_course.regularization.normalizing import batch_norm, batch_norm_parameters
from cnn_course.regularization.augmenting import augment
from cnn_course.regularization.injecting import noise_injection
from cnn_course.regularization.comparing import league_table
# isort: on

TITLE = "Regularization: curves that turn up, and what turns them down"
SECONDS = 45.0  # nine networks are trained in it

__all__ = [
    "SECONDS",
    "TITLE",
    "augment",
    "batch_norm",
    "batch_norm_parameters",
    "dropout",
    "early_stop_epoch",
    "league_table",
    "memorised",
    "noise_injection",
    "overfit_on_purpose",
    "penalties",
    "read_the_curve",
    "with_dropout",
    "with_early_stopping",
    "with_l1_and_l2",
]
