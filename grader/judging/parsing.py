"""The syntax tree of a notebook's cell: Python, and what IPython adds to it."""

from __future__ import annotations

import ast
import itertools
import re
import warnings

LONGEST_CELL = 250_000
"""A cell with more characters is not read: reading it could take long."""

# Magics that run the rest of their cell, or of their line, as Python.
_OPTIONS = r"[ \t]+(?:-(?:[lsTD][ \t]*\S+|[A-Za-z]+(?:[ \t]*\d+)?)(?:[ \t]+|$))*"
_PYTHON_CELL = re.compile(r"\A(\s*)%%(?:time|timeit|capture|prun)\b.*")
_PYTHON_LINE = re.compile(
    rf"^([ \t]*(?:\w+[ \t]*=[ \t]*)?)%(?:time|timeit|prun){_OPTIONS}", re.MULTILINE
)
# What only IPython understands, told by its line alone.
_ESCAPED = re.compile(r"^([ \t]*)(?:[%!?].*|[^\n]*\?[ \t]*$)", re.MULTILINE)
_ASSIGNED = re.compile(r"^([ \t]*\w+[ \t]*=)[ \t]*[%!].*", re.MULTILINE)
# IPython reads a cell again for each of these, and long lines in the square of their length.
_MARKS = re.compile(r"[%!?]|^[ \t]*[,;/]", re.MULTILINE)
_MOST_READ, _LONGEST_LINE = 400_000, 2000


def parse_cell(source: str) -> ast.Module | None:
    """The syntax tree of a cell as IPython runs it, magics included; None if there is none."""
    if len(source) > LONGEST_CELL:
        return None
    text = source.lstrip("\n")
    python = _PYTHON_LINE.sub(r"\1", _PYTHON_CELL.sub(r"\1pass", text))
    tree = None if text[:1].isspace() else _tree(text) or _tree(python)
    if tree is None:
        tree = _tree(_transformed(python))
    if tree is not None and len(source) > len(text):
        ast.increment_lineno(tree, len(source) - len(text))
    return tree


def _tree(text: str) -> ast.Module | None:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # such as "\s" in a student's text
            return ast.parse(text)
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        return None


def _transformed(text: str) -> str:
    """A cell as IPython hands it to Python; where that would take long, without its magics."""
    from IPython.core.inputtransformer2 import TransformerManager  # slow, and seldom needed

    most = _MOST_READ // (len(text) + 1)
    marks = sum(1 for _ in itertools.islice(_MARKS.finditer(text), most + 1))
    if marks < most and max(map(len, text.split("\n"))) <= _LONGEST_LINE:
        try:
            manager = TransformerManager()  # type: ignore[no-untyped-call]
            return str(manager.transform_cell(text))
        except Exception:  # noqa: BLE001 - its tokenizer raises whatever a monstrous cell leads to
            return text
    return _ESCAPED.sub(r"\1pass", _ASSIGNED.sub(r"\1 None", text))
