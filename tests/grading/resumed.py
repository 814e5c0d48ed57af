"""A run that tests kill: `python -m tests.grading.resumed FOLDER KEPT` grades what lies in FOLDER.

It keeps each result in KEPT and says how many were graded and used again, as two numbers.
"""

from __future__ import annotations

import sys
from pathlib import Path

from grader.grading.collecting.submissions import Submission
from grader.grading.kept import grade_changed
from grader.grading.pool import Plan
from grader.kernel.limits import Limits
from tests.grading.keeping import InFiles

PLAN = Plan(b"a secret for tests", Limits(cell=60.0, submission=300.0), jobs=2)


def main() -> None:
    """Grade, and keep."""
    folder, kept = map(Path, sys.argv[1:])
    submissions = [Submission(path.stem, path) for path in sorted(folder.glob("*.ipynb"))]
    tally = grade_changed(submissions, PLAN, lambda *_: None, InFiles(kept))
    sys.stdout.write(f"{tally.graded} {tally.reused}")


if __name__ == "__main__":
    main()
