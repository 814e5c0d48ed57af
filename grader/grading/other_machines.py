"""What a notebook asks of the machine it was written on: read from its code, never run.

Services of Colab, packages to install, a screen.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

from grader.inside.other_machines import SHELLS, does_nothing_here
from grader.judging.parsing import parse_cell

# A cell without any of these words asks for nothing, and is not parsed for it.
_WORDS = re.compile(
    r"colab|piplite|micropip|pyodide|\bjs\b|\bpip|conda|mamba|\bapt\b|apt-get|\bbrew\b|matplotlib|"
    r"%gui|switch_backend"
)
_INSTALLER = re.compile(r"(?:^|[\s/;&|!])(pip[\d.]*|conda|mamba|micromamba|apt|apt-get|brew)\s")
_NO_SCREENS = ("agg", "inline", "module://matplotlib_inline.backend_inline", "svg", "pdf")

_ELSEWHERE = "does nothing where grading happens"


def notes(sources: Iterable[str]) -> tuple[str, ...]:
    """What of these cells does nothing where grading happens, a sentence for each kind."""
    trees = [tree for source in sources if _WORDS.search(source) and (tree := parse_cell(source))]
    meanings = dict(item for tree in trees for item in _imports(tree))
    found: dict[str, None] = {}
    for tree in trees:
        for node in ast.walk(tree):
            found.update(dict.fromkeys(_said_of(node, meanings)))
    return tuple(found)


def _said_of(node: ast.AST, meanings: Mapping[str, str]) -> Iterator[str]:
    if isinstance(node, ast.Import | ast.ImportFrom):
        for _, module in _imported(node):
            yield from _about_module(module)
    elif isinstance(node, ast.Call):
        magic, line = _magic(node)
        if magic:
            yield from _about_magic(magic, line)
        else:
            yield from _about_call(_resolved(node.func, meanings), node)


def _about_module(module: str) -> Iterator[str]:
    parts = module.split(".")
    if parts[:2] == ["google", "colab"]:
        match parts[2:3]:
            case ["drive"]:
                yield "Colab's drive was not mounted: there is none where grading happens."
            case ["files"]:
                yield "No file was uploaded or downloaded: Colab's `files` " + _ELSEWHERE + "."
            case [name]:
                yield f"Colab's `{name}` {_ELSEWHERE}."
    elif parts[0] in ("piplite", "micropip"):
        yield f"`{parts[0]}` installed nothing: {_FIXED}"
    elif parts[0] in ("pyodide", "pyodide_js", "pyodide_http", "js", "pyodide_kernel"):
        yield f"`{parts[0]}`, which is a browser's, {_ELSEWHERE}."


_FIXED = "the packages are those of the course where grading happens."


def _about_magic(magic: str, line: str) -> Iterator[str]:
    if not does_nothing_here(magic, line):
        return
    if magic == "matplotlib":
        yield f"`%matplotlib {line.split()[0]}` {_ELSEWHERE}: there is no screen."
    elif magic == "gui":
        yield f"`%gui` {_ELSEWHERE}: there is no screen."
    else:
        command = line if magic in SHELLS else f"{magic} {line}"
        found = _INSTALLER.search(f"{command} ")
        sign = "!" if magic in SHELLS else "%"
        yield f"`{sign}{found[1] if found else command.split()[0]}` installed nothing: {_FIXED}"


def _about_call(function: str, node: ast.Call) -> Iterator[str]:
    if function.startswith("google.colab."):
        yield from _about_module(function)
    given = node.args[0].value if node.args and isinstance(node.args[0], ast.Constant) else ""
    chooses = function in ("matplotlib.use", "matplotlib.pyplot.switch_backend")
    if chooses and isinstance(given, str) and given.lower() not in _NO_SCREENS:
        yield f"The backend `{given}` of Matplotlib {_ELSEWHERE}: there is no screen."


def _imports(tree: ast.AST) -> Iterator[tuple[str, str]]:
    """Each imported name of a cell, with what it stands for."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import | ast.ImportFrom):
            yield from _imported(node)


def _imported(node: ast.Import | ast.ImportFrom) -> Sequence[tuple[str, str]]:
    if isinstance(node, ast.ImportFrom):
        return [(alias.asname or alias.name, f"{node.module}.{alias.name}") for alias in node.names]
    return [(a.asname or a.name.partition(".")[0], a.name) for a in node.names]


def _resolved(function: ast.expr, meanings: Mapping[str, str]) -> str:
    """The dotted name that is called, through imports; "" if it has none."""
    parts: list[str] = []
    while isinstance(function, ast.Attribute):
        parts.insert(0, function.attr)
        function = function.value
    if not isinstance(function, ast.Name):
        return ""
    head = meanings.get(function.id, function.id)
    # `import google.colab` gives the name `google`.
    head = function.id if head.startswith(f"{function.id}.") else head
    return ".".join([head, *parts])


def _magic(call: ast.Call) -> tuple[str, str]:
    """The name and the line of a magic or a shell command; ("", "") for any other call."""
    function = call.func
    if not (isinstance(function, ast.Attribute) and isinstance(function.value, ast.Call)):
        return "", ""
    owner = function.value.func
    if not (isinstance(owner, ast.Name) and owner.id == "get_ipython"):
        return "", ""
    texts = [one.value for one in call.args if isinstance(one, ast.Constant)]
    lines = [text for text in texts if isinstance(text, str)]
    if function.attr in SHELLS:
        return function.attr, " ".join(lines)
    if function.attr != "run_line_magic" or not lines:
        return "", ""
    return lines[0], " ".join(lines[1:])
