"""A lesson's source is read into cells, with a starter in the place of every solution."""

from __future__ import annotations

import pytest

from grader.authoring.source import Answer, CheckCall, Code, Prose, parse, solution, starter
from grader.errors import AuthorError

ANSWER = """\
def relu(x):
    \"\"\"Rectify.\"\"\"
    ### BEGIN SOLUTION
    kept = x > 0
    return kept * x
    ### END SOLUTION"""

WITH_STARTER = """\
def relu(x):
    ### BEGIN SOLUTION
    return np.maximum(x, 0)
    ### STARTER
    # kept = ...
    # # Where x is kept:
    # return kept * x
    ### END SOLUTION"""


def test_cells_are_read_by_kind() -> None:
    """Prose, code, answers and calls of `check` are told apart and keep their order."""
    text = (
        "# %% [markdown]\n# # Title\n#\n# Text.\n\n# %%\nimport numpy as np\n\n"
        f'# %% exercise="relu"\n{ANSWER}\n\n# %%\ncheck("relu")\nhint("relu")\n'
    )
    assert parse(text, "x.py") == [
        Prose("# Title\n\nText."),
        Code("import numpy as np"),
        Answer("relu", ANSWER),
        CheckCall('check("relu")\nhint("relu")'),
    ]


def test_an_ellipsis_stands_for_the_solution() -> None:
    """Without a starter of its own, a solution becomes `...` at its indentation."""
    assert starter(ANSWER) == 'def relu(x):\n    """Rectify."""\n    ...'
    assert Answer("relu", ANSWER).starter == starter(ANSWER)


def test_a_starter_of_its_own_is_uncommented() -> None:
    """The lines below STARTER lose one comment sign; a comment in them stays one."""
    lines = ["def relu(x):", "    kept = ...", "    # Where x is kept:", "    return kept * x"]
    assert starter(WITH_STARTER) == "\n".join(lines)


def test_the_solution_has_no_trace_of_markers() -> None:
    """A solved cell is the source without its markers and without the starter."""
    assert solution(WITH_STARTER) == "def relu(x):\n    return np.maximum(x, 0)"
    assert solution(ANSWER) == ANSWER.replace("    ### BEGIN SOLUTION\n", "").replace(
        "\n    ### END SOLUTION", ""
    )


def test_a_cell_may_have_several_solutions() -> None:
    """Each region has its own starter; what stands between them is kept."""
    cell = (
        "### BEGIN SOLUTION\na = 1\n### STARTER\n# a = ...\n### END SOLUTION\nb = a\n"
        "### BEGIN SOLUTION\nc = b\n### END SOLUTION"
    )
    assert starter(cell) == "a = ...\nb = a\n..."
    assert solution(cell) == "a = 1\nb = a\nc = b"


def test_a_cell_without_a_solution_is_kept() -> None:
    """Code outside solutions is never touched."""
    assert starter("a = 1\n\n# b") == solution("a = 1\n\n# b") == "a = 1\n\n# b"


@pytest.mark.parametrize(
    ("cell", "sentence"),
    [
        ("### BEGIN SOLUTION\na = 1", "`### BEGIN SOLUTION` stands without `### END SOLUTION`"),
        (
            "### BEGIN SOLUTION\n### END SOLUTION\n### END SOLUTION",
            "`### END SOLUTION` stands without `### BEGIN SOLUTION`",
        ),
        (
            "### BEGIN SOLUTION\n### BEGIN SOLUTION\n### END SOLUTION",
            "`### BEGIN SOLUTION` stands twice",
        ),
        ("a = 1", "An answer cell holds its solution between"),
    ],
)
def test_markers_come_in_pairs(cell: str, sentence: str) -> None:
    """A marker without its partner is refused, with the file's name, so that nothing leaks."""
    with pytest.raises(AuthorError, match=sentence) as refusal:
        parse(f'# %% exercise="relu"\n{cell}\n', "01_x.py")
    assert "01_x.py" in str(refusal.value)


@pytest.mark.parametrize("marker", ["### BEGIN SOLUTION", "### END SOLUTION"])
def test_a_solution_outside_an_answer_is_refused(marker: str) -> None:
    """A solution in a cell that is not marked as an answer would reach the students."""
    with pytest.raises(AuthorError, match=r"Received: one outside, in 01_x\.py"):
        parse(f"# %%\n{marker}\na = 1\n", "01_x.py")


def test_a_raw_cell_is_refused() -> None:
    """A lesson has no third kind of cell."""
    with pytest.raises(AuthorError, match=r"Received: raw in 01_x\.py"):
        parse("# %% [raw]\n# text\n", "01_x.py")
