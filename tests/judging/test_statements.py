"""What a statement binds is read from its syntax tree, however it is written."""

from __future__ import annotations

import pytest

from grader.judging.statements import bound_names, only_calls


@pytest.mark.parametrize(
    ("cell", "names"),
    [
        ("a = b = 1", {"a", "b"}),
        ("a, (b, *c) = d", {"a", "b", "c"}),
        ("def f(x):\n    y = x\n    return y", {"f"}),
        ("async def f(): pass", {"f"}),
        ("class A:\n    b = 1", {"A"}),
        ("import numpy as np, scipy.signal", {"np", "scipy"}),
        ("from a import b as c, d", {"c", "d"}),
        ("for i in x:\n    y = i", {"i", "y"}),
        ("with open(p) as file: pass", {"file"}),
        ("if x:\n    y = 1\nelse:\n    z = 2", {"y", "z"}),
        ("a += 1", {"a"}),
        ("a: int = 1", {"a"}),
        ("(a := 1)", {"a"}),
        ("total = sum(row for row in rows)", {"total"}),
        ("squares = {k: v for k, v in pairs}", {"squares"}),
        ("kernel[0] = 1", {"kernel"}),
        ("conv.weights = 1", {"conv"}),
        ("try: pass\nexcept ValueError as error: pass", {"error"}),
        ("def f():\n    import numpy as np", {"f"}),
        ("'\\sigma'\na = 1", {"a"}),
        ("%matplotlib inline\n!ls\na = 1", {"a"}),
        ("%time a = 1", {"a"}),
        ("if True:\n    !ls\n    a = 1", {"a"}),
        ("a ==", set()),
        ("a = 1\x00", set()),
        ("", set()),
    ],
)
def test_bound_names(cell: str, names: set[str]) -> None:
    """The names that a cell gives a value are found, and only those."""
    assert bound_names(cell) == names


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ('check("relu")', True),
        ('check("relu")\nhint("relu", 2)  # stuck', True),
        ("check()", True),
        ("", False),
        ("# check", False),
        ('x = check("relu")', False),
        ('print(check("relu"))', False),
        ("check(relu(image))", False),
        ('check("relu", answer=(relu := 1))', False),
        ('grader.check("relu")', False),
        ('check("relu")\nrelu(3)', False),
        ('check("relu', False),
    ],
)
def test_only_calls(cell: str, *, expected: bool) -> None:
    """A cell that merely asks for its checks is told from one that does anything else."""
    assert only_calls(cell, ("check", "hint")) is expected
