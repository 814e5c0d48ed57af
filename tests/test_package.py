"""The package as others meet it: what it offers, what it says, and what it loads."""

from __future__ import annotations

import ast
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest

import grader
from grader import errors

FOLDER = Path(grader.__file__).parent
MODULES = sorted(FOLDER.rglob("*.py"))
HEAVY = ["numpy", "keras", "tensorflow", "matplotlib", "pandas", "nbformat", "IPython"]
HEAVY += ["pydantic", "sqlalchemy"]


def loaded_by(statement: str) -> set[str]:
    """The modules that a fresh Python has loaded after `statement`."""
    program = f"{statement}\nimport sys\nprint(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60
    )
    return set(done.stdout.split())


def test_the_package_offers_five_names() -> None:
    """Students need three names, authors of rubrics two more."""
    assert grader.__all__ == ["Exercise", "check", "expect", "hint", "quietly"]
    for name in grader.__all__:
        assert getattr(grader, name) is not None


def test_an_unknown_name_is_told() -> None:
    """The package has no other names, and says so as modules do."""
    with pytest.raises(AttributeError, match="module 'grader' has no attribute 'nope'"):
        _ = grader.nope


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(FOLDER)))
def test_every_module_says_what_it_is_for(path: Path) -> None:
    """A module's docstring begins with one sentence, or with the tree of what it holds."""
    docstring = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))
    assert docstring
    assert docstring.partition("\n\n")[0].rstrip()[-1] in ".:?"


@pytest.mark.parametrize(
    "statement", ["import grader", "import grader.cli", "import grader.errors"]
)
def test_the_command_line_starts_light(statement: str) -> None:
    """Neither NumPy nor Keras nor any other slow package is loaded to read arguments."""
    assert not loaded_by(statement) & set(HEAVY)


def test_a_rubric_in_numpy_loads_no_keras() -> None:
    """Judging a lesson in plain NumPy does not wait for TensorFlow."""
    loaded = loaded_by(
        "from grader.judging import judge, testing\nfrom cnn_course import convolution"
    )
    assert not loaded & {"keras", "tensorflow"}


def test_every_exception_stands_in_the_tree() -> None:
    """The tree on top of `grader.errors` names every exception, below its base."""
    tree = (errors.__doc__ or "").splitlines()
    depth = {
        line.lstrip("│├└─ ").split()[0]: len(line) - len(line.lstrip("│├└─ "))
        for line in tree
        if line.strip("│├└─ ")
    }
    found = [
        value
        for value in vars(errors).values()
        if isinstance(value, type) and issubclass(value, Exception)
    ]
    assert len(found) > 10
    for error in found:
        assert error.__doc__
        base = error.__base__
        assert base is not None
        assert depth[error.__name__] == depth.get(base.__name__, -4) + 4


def test_the_version_is_told_once() -> None:
    """The package's version is that of its distribution."""
    assert version("cnn-course-grader") == grader.__version__
