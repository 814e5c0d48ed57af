"""What a notebook does for the machine it was written on: stand-ins that do nothing, in its place.

Colab's drive, packages to be installed, a screen for figures: none of them exists here. What does
nothing is decided by these rules alone, also where the grader says so to a person.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Generator, Iterator
from typing import Any, Self

_MODULES = (
    *("google.colab", "piplite", "micropip", "pyodide", "pyodide_js", "pyodide_http", "js"),
    "pyodide_kernel",
)
# What calls give whose result code goes on to use; all others give something that does nothing.
_ANSWERS: dict[str, Callable[[], Any]] = {
    "google.colab.files.upload": dict,
    "google.colab.files.upload_file": str,
    "google.colab.userdata.get": str,
}

# Commands that change what is installed, when nothing else stands in them.
_INSTALLING = re.compile(
    r"\s*(sudo\s+)?(\S*/)?((python[\d.]*|'[^']*python[\d.]*')\s+-m\s+)?(uv\s+)?"
    r"(pip[\d.]*|conda|mamba|micromamba|apt|apt-get|aptitude|brew|npm|jupyter)\s+(-\S+\s+)*"
    r"(install|uninstall|update|upgrade|remove|download|add|build-dep|labextension|nbextension)\b"
    r"[^;&|]*"
)
_CAPTURE_NOTHING = "--no-stdout --no-stderr --no-display"
_INSTALLERS = ("pip", "conda", "mamba", "micromamba", "uv")
SHELLS = ("system", "getoutput")
"""The methods of IPython that run a shell command."""


class Nothing:
    """Stands for something of another machine: takes any call, and does nothing."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __repr__(self) -> str:
        return f"<{self._name}, which does nothing where this runs>"

    def __getattr__(self, name: str) -> Nothing:
        if name.startswith("__"):
            raise AttributeError(name)
        return Nothing(f"{self._name}.{name}")

    def __call__(self, *_args: object, **_kwargs: object) -> Any:
        """Do nothing, and give nothing, in the form that code goes on with."""
        return _ANSWERS.get(self._name, lambda: Nothing(f"{self._name}()"))()

    def __bool__(self) -> bool:
        return False

    def __iter__(self) -> Iterator[Any]:
        return iter(())

    def __await__(self) -> Generator[None, None, None]:
        return
        yield

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        return None


def _is_elsewhere(module: str) -> bool:
    return any(module == known or module.startswith(f"{known}.") for known in _MODULES)


class StandIns(ast.NodeTransformer):
    """Puts stand-ins where code takes another machine for granted, and leaves out its magics.

    Where code asks (`try: import google.colab`), the import fails as ever, so that a notebook which
    knows what to do without Colab does it. Imports of several modules become a statement each.
    """

    def __init__(self) -> None:
        self._asking = 0

    def visit_Try(self, node: ast.Try) -> ast.Try:
        """Leave imports in what a `try` guards as they are."""
        body, node.body = node.body, []
        self.generic_visit(node)
        node.body = self._guarded(body)
        return node

    def visit_With(self, node: ast.With) -> ast.With:
        """Under `suppress(ImportError)`, too."""
        if any("suppress" in ast.dump(item.context_expr) for item in node.items):
            node.body = self._guarded(node.body)
            return node
        self.generic_visit(node)
        return node

    def _guarded(self, body: list[ast.stmt]) -> list[ast.stmt]:
        self._asking += 1
        visited = ast.Module(body, [])
        self.generic_visit(visited)
        self._asking -= 1
        return visited.body

    def visit_Import(self, node: ast.Import) -> list[ast.stmt]:
        """Give each module a statement of its own, or a stand-in."""
        return [self._imported(node, alias) for alias in node.names]

    def _imported(self, node: ast.Import, alias: ast.alias) -> ast.stmt:
        if self._asking or not _is_elsewhere(alias.name):
            return ast.copy_location(ast.Import([alias]), node)
        root = alias.name.partition(".")[0]
        return _assigned(alias.asname or root, alias.name if alias.asname else root, node)

    def visit_ImportFrom(self, node: ast.ImportFrom) -> list[ast.stmt]:
        """Give each name that comes from another machine's module a stand-in."""
        if self._asking or node.level or not node.module:
            return [node]
        names = [(alias, f"{node.module}.{alias.name}") for alias in node.names]
        others = [alias for alias, name in names if not _is_elsewhere(name)]
        found: list[ast.stmt] = [
            _assigned(alias.asname or alias.name, name, node)
            for alias, name in names
            if alias not in others and alias.name != "*"
        ]
        if others:
            found.append(ast.copy_location(ast.ImportFrom(node.module, others, 0), node))
        return found or [ast.copy_location(ast.Pass(), node)]

    def visit_Call(self, node: ast.Call) -> ast.expr:
        """Leave out magics and shell commands that are about the machine alone."""
        self.generic_visit(node)
        values = [part.value for part in node.args if isinstance(part, ast.Constant)]
        texts = [value for value in values if isinstance(value, str)]
        magic = node.func.attr if isinstance(node.func, ast.Attribute) else ""
        if not (_is_ipython(node.func) and texts):
            return node
        if magic == "run_cell_magic" and texts[0] == "time":
            # Nobody reads the time, and only `%%capture` runs its cell as any other cell is run.
            names = (ast.Constant(text) for text in ("capture", _CAPTURE_NOTHING))
            node.args[:2] = [ast.copy_location(name, node) for name in names]
            return node
        if magic == "run_line_magic":
            left_out = does_nothing_here(texts[0], " ".join(texts[1:]))
        else:
            left_out = does_nothing_here(magic, texts[0])
        return ast.copy_location(ast.Constant(None), node) if left_out else node


def _is_ipython(function: ast.expr) -> bool:
    """Whether a call's function is a method of `get_ipython()`."""
    owner = function.value if isinstance(function, ast.Attribute) else None
    called = owner.func if isinstance(owner, ast.Call) else None
    return isinstance(called, ast.Name) and called.id == "get_ipython"


def does_nothing_here(magic: str, line: str) -> bool:
    """Whether a line magic, or a shell command, is only for a screen, or only installs.

    A shell command's `magic` is one of SHELLS, the method of IPython that runs it.
    """
    if magic == "matplotlib":
        return line.split()[:1] not in ([], ["inline"], ["--list"], ["-l"])
    if magic in SHELLS:
        return _INSTALLING.fullmatch(line) is not None
    installs = magic in _INSTALLERS and _INSTALLING.fullmatch(f"{magic} {line}")
    return magic == "gui" or bool(installs)


def _assigned(target: str, name: str, place: ast.stmt) -> ast.stmt:
    """The statement that gives `target` the stand-in for `name`."""
    maker = f"__import__({__name__!r}, fromlist=['Nothing']).Nothing({name!r})"
    made = ast.parse(f"{target} = {maker}").body[0]
    for node in ast.walk(made):
        ast.copy_location(node, place)
    return made
