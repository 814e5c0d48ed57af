"""The hash under which a result is kept: of all that it rests on, and of nothing else.

What changes no result changes no key: outputs, counts, ids of cells, the text between them. What a
notebook means to the grader is what `reading` makes of it, so that is what is hashed; the numbers
of its cells are a part of it, as sentences name them.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from grader.errors import Rejected
from grader.grading.collecting.companions import carried
from grader.grading.collecting.files import fingerprint
from grader.grading.collecting.reading import admitted, parse
from grader.grading.environment import Environment, environment
from grader.judging.course import given_files

if TYPE_CHECKING:
    from grader.grading.collecting.submissions import Submission
    from grader.grading.slot import Plan

_MADE_FOR = b"cnn-course-grader: the key of a kept result\n"


def key_of(
    submission: Submission, content: bytes, plan: Plan, here: Environment | None = None
) -> str:
    """The key of what comes of `content`, the submission's file, when it is graded by `plan`.

    It is an HMAC with the plan's secret, so it does not give that away. `here` is what would grade
    it (default: this installation). Raises Rejected, with the reason, where there is no key, as
    nothing would be graded: that costs nothing to find again.
    """
    if submission.refused:
        raise Rejected(submission.refused)
    here = here or environment()
    notebook = admitted(parse(content, submission.path), plan.lesson)
    rests_on: dict[str, Any] = {
        "lesson": notebook.lesson.name,
        "cells": [(cell.number, cell.source, cell.exercise) for cell in notebook.cells],
        "faults": {exercise: tuple(fault) for exercise, fault in notebook.faults.items()},
        "remarks": notebook.remarks,
        "companions": _of_companions(submission, notebook.lesson.name),
        "limits": asdict(plan.limits),
        "isolation": plan.isolation,
        "course": here.course,
        "rubric": here.rubrics[notebook.lesson.name],
        "grader": here.grader,
        "versions": here.versions,
    }
    text = json.dumps(rests_on, sort_keys=True)
    return hmac.new(plan.secret, _MADE_FOR + text.encode(), hashlib.sha256).hexdigest()


def _of_companions(submission: Submission, lesson: str) -> dict[str, Any]:
    """The hashes of the files that lie beside a notebook when it is graded, and what is noted.

    They are chosen as for grading: those that stay behind are read neither here nor there. Which
    those are is a part of the record.
    """
    if not submission.companions:
        return {}
    below = submission.below or submission.path.parent
    beside = carried(submission.companions, below, given_files(lesson))
    files = {name: fingerprint(content) for name, content in beside.files.items()}
    return {"files": files, "notes": beside.notes}
