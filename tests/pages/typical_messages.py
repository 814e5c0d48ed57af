"""What the grader says of answers that do not pass, made by the code that says it in records."""

from __future__ import annotations

from grader.errors import KernelDied, Missing, OutOfMemory, OutOfTime, Placeholder, Raised
from grader.judging.diagnose import explained
from grader.judging.exercise import Exercise
from grader.judging.judge import Judgement
from grader.pages.failures import Kind
from grader.results import ExerciseResult, Verdict
from tests.gradebook.records import exercise


def _resting() -> str:
    """What `explained` says of an answer that rests on two others."""
    result: ExerciseResult = exercise(earned=1)
    judgement = Judgement(result)
    return explained(Exercise("relu", title="Relu"), judgement, ["conv", "pad"]).message


LOST = "`pad` is missing: cell 24 (`frame = int(x)`) raised NameError: name 'x' is not defined."
SLOW = f"`pad` is missing: cell 24 (`fit()`) {str(OutOfTime('It', 20))[3:]} Fix that first."

MESSAGES = [
    (_resting(), Verdict.FAILED, Kind.RESTS, "Rests on `conv` and `pad`"),
    (str(Placeholder("relu")), Verdict.NOT_ATTEMPTED, Kind.NO_ANSWER, "starter's"),
    (str(Missing("relu", "Relu")), Verdict.NOT_ATTEMPTED, Kind.NO_ANSWER, "No cell defines it"),
    ("", Verdict.NOT_ATTEMPTED, Kind.NO_ANSWER, "Not attempted"),
    (LOST, Verdict.ERROR, Kind.LOST, "raised NameError"),
    (SLOW, Verdict.ERROR, Kind.LOST, "did not end in time"),
    (str(Raised("KeyError", "'x'", "a['x']", 3)), Verdict.ERROR, Kind.ERROR, "Raises KeyError"),
    (str(OutOfTime("Your code", 3)), Verdict.TIMEOUT, Kind.LIMIT, "Does not end in time"),
    (str(OutOfMemory("Your code", 2**31)), Verdict.MEMORY, Kind.LIMIT, "too much memory"),
    (str(KernelDied("Your code", -9)), Verdict.CRASHED, Kind.LIMIT, "Ends the whole process"),
    ("4 of 4 values differ.", Verdict.FAILED, Kind.STATEMENT, "Does not hold: It holds."),
]
"""(message, verdict, the kind of its cause, what its name says)."""
