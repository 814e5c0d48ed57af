"""The top-level statements of a notebook's cells: what each binds, changes and uses.

Read from the syntax tree, and never run.
"""

from __future__ import annotations

import ast
import builtins
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from grader.judging.parsing import LONGEST_CELL, parse_cell
from grader.judging.scopes import (
    Aliases,
    all_names,
    declared_global,
    dotted_name,
    global_names,
    local_names,
    packages_of,
    resolve_in_scopes,
    root_name,
    split_by_scope,
    walk_scope,
)

# Where a statement of a cell begins, and what such a statement gives a value.
_AT_THE_MARGIN = re.compile(r"^(?=[^\s#)\]}])(?!(?:else|elif|except|finally)\b)", re.MULTILINE)
_BEGINS_WITH_A_NAME = re.compile(r"(?:async\s+)?(?:def|class)\s+(\w+)|(\w+)\s*(?::[^=\n]*)?=(?!=)")
_MOST_PARTS_READ = 500

# Methods that store what they are given.
_STORING = (
    *("add", "append", "appendleft", "extend", "insert", "setdefault", "update"),
    *("__setattr__", "__setitem__"),
)

_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


@dataclass(frozen=True)
class Use:
    """A dotted name that code uses, `numpy.pad`, with its line (from 1) in its cell."""

    name: str
    line: int


@dataclass(frozen=True)
class Statement:
    """One top-level statement: the names it binds, what they are aliases of, and what it uses.

    `touches` are names whose methods it calls; `reads` are those names of the notebook that it
    rests on; `modules` are those that it imports. Dotted names in `aliases` and `uses` are as far
    as the statement itself tells them; one that begins with a dot comes from an import, whatever
    the notebook's names mean.
    """

    binds: frozenset[str] = frozenset()
    touches: frozenset[str] = frozenset()
    aliases: tuple[tuple[str, str], ...] = ()
    uses: tuple[Use, ...] = ()
    modules: frozenset[str] = frozenset()

    @property
    def reads(self) -> frozenset[str]:
        """The names with which its uses begin."""
        return frozenset(use.name.partition(".")[0] for use in self.uses) - {""}


def union(sets: Iterable[frozenset[str]]) -> frozenset[str]:
    """All names in `sets`."""
    return frozenset[str]().union(*sets)


def bound_names(source: str) -> frozenset[str]:
    """The names that a cell's top-level statements bind; none for code that does not parse."""
    return union(statement.binds for statement in statements(source))


def read_names(source: str) -> frozenset[str]:
    """The names that a cell reads, in the functions that it defines as well."""
    return union(statement.reads for statement in statements(source))


@lru_cache(maxsize=2048)
def names_meant(source: str) -> frozenset[str]:
    """The names that a cell's top-level statements are meant to bind, even where it has an error.

    Of code that does not parse, what can be read is read: statement by statement, and of one that
    cannot, the name with which it begins.
    """
    if statements(source):
        return bound_names(source)
    parts = _AT_THE_MARGIN.split(source)[:_MOST_PARTS_READ]
    begun = (_BEGINS_WITH_A_NAME.match(part) for part in parts)
    names = {found[1] or found[2] for found in begun if found}
    return union(bound_names(part) for part in parts) | names


def only_calls(source: str, functions: Iterable[str]) -> bool:
    """Whether a cell does nothing but call `functions` by name: `check("relu")` and the like."""
    tree = parse_cell(source)
    wanted = set(functions)
    return bool(tree and tree.body) and all(
        isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Call)
        and isinstance(node.value.func, ast.Name)
        and node.value.func.id in wanted
        and all(
            isinstance(argument, ast.Constant)
            for argument in (*node.value.args, *(word.value for word in node.value.keywords))
        )
        for node in tree.body  # type: ignore[union-attr]  # bool(tree) above
    )


@lru_cache(maxsize=2048)
def statements(source: str) -> tuple[Statement, ...]:
    """The top-level statements of a cell; none for code that does not parse.

    Of a cell that is too long to be read there is one, which says that it was not.
    """
    tree = parse_cell(source)
    if tree is None and len(source) > LONGEST_CELL:
        return (Statement(uses=(Use("%unread", 1),)),)
    return tuple(_read(part) for node in tree.body for part in _parted(node)) if tree else ()


def _parted(node: ast.stmt) -> list[ast.stmt]:
    """A statement, and before it each import in its bodies as a statement of its own.

    What stands in one `with` or `try` is not one thing: who uses `keras` from there does not use
    what the next line imports.
    """
    if isinstance(node, _DEFINITIONS):
        return [node]
    imports: list[ast.stmt] = []
    parts: list[ast.AST] = [node]
    for part in parts:  # which grows meanwhile
        for name in ("body", "handlers", "orelse", "finalbody", "cases"):
            body = getattr(part, name, [])
            for index, inner in enumerate(body):
                if isinstance(inner, ast.Import | ast.ImportFrom):
                    imports.append(inner)
                    body[index] = ast.copy_location(ast.Pass(), inner)
                elif not isinstance(inner, _DEFINITIONS):
                    parts.append(inner)
    return [*imports, node]


def _read(node: ast.stmt) -> Statement:
    here = list(walk_scope([node]))
    everything = list(ast.walk(node))
    own = all_names(here)  # `global` changes nothing where names are the notebook's anyway
    declared = declared_global(everything)
    aliases = _pairs(own)
    # A function may set a name of the notebook's too.
    for inner in everything if declared else ():
        aliases += _pairs(global_names(walk_scope(split_by_scope(inner)[1] or [])))
    return Statement(
        binds=frozenset({*own, *_changed(here), *declared}),
        touches=frozenset(_touched(here)),
        aliases=tuple(dict.fromkeys(aliases)),
        uses=tuple(_uses(node)),
        modules=frozenset(_modules(everything)),
    )


def _pairs(names: Aliases) -> list[tuple[str, str]]:
    return [(name, dotted) for name, meant in names.items() for dotted in meant]


def _changed(nodes: Iterable[ast.AST]) -> set[str]:
    """The names into which something is put: `conv.weights = …` and `conv[0] = …` change `conv`."""
    return {
        root_name(node)
        for node in nodes
        if isinstance(node, ast.Attribute | ast.Subscript) and isinstance(node.ctx, ast.Store)
    } - {""}


def _touched(nodes: Sequence[ast.AST]) -> Iterator[str]:
    """The names that statements change by calls: `h` of `h.update(…)` and `setattr(h, …)`."""
    alone = {id(node.value) for node in nodes if isinstance(node, ast.Expr)}
    for node in nodes:
        if not isinstance(node, ast.Call):
            continue
        if isinstance(node.func, ast.Attribute):
            root = root_name(node.func)
            if id(node) in alone or node.func.attr in _STORING:
                yield root
            given = node.args if hasattr(builtins, root) else []
        else:
            given = node.args if root_name(node.func) == "setattr" else []
        yield from (root_name(argument) for argument in given[:1])


def _modules(nodes: Iterable[ast.AST]) -> Iterator[str]:
    """The modules that `import` statements name, and the packages they are in."""
    for node in nodes:
        for alias in node.names if isinstance(node, ast.Import) else ():
            yield from packages_of(alias.name)


def _uses(statement: ast.stmt) -> Iterator[Use]:
    """Every dotted name that is read, unless it is a value of an inner scope's own."""
    left: list[tuple[ast.AST, tuple[Aliases, ...]]] = [(statement, ())]
    while left:
        node, scopes = left.pop()
        uses, parts = _visit(node, scopes)
        yield from uses
        left += parts[::-1]


def _visit(
    node: ast.AST, scopes: tuple[Aliases, ...]
) -> tuple[list[Use], list[tuple[ast.AST, tuple[Aliases, ...]]]]:
    """What a node uses itself, and its parts that are yet to be visited, each with its scopes."""
    if isinstance(node, ast.ImportFrom):
        return [Use(f".{node.module}.{alias.name}", node.lineno) for alias in node.names], []
    if isinstance(node, ast.Name | ast.Attribute) and (dotted := dotted_name(node)):
        names = resolve_in_scopes(dotted, scopes) if isinstance(node.ctx, ast.Load) else []
        return [Use(name, node.lineno) for name in names], []
    if isinstance(node, ast.Call) and (magic := _magic(node)):
        return [Use(magic, node.lineno)], []
    outer, inner = split_by_scope(node)
    if inner is None:
        return [], [(part, scopes) for part in ast.iter_child_nodes(node)]
    local = local_names(node, inner)
    within = (*scopes, local) if local else scopes
    return [], [*((part, scopes) for part in outer), *((part, within) for part in inner)]


def _magic(call: ast.Call) -> str:
    """`%run` for what IPython makes of such a line, "" for any other call."""
    function = call.func
    if not (isinstance(function, ast.Attribute) and isinstance(function.value, ast.Call)):
        return ""
    name = call.args[0].value if call.args and isinstance(call.args[0], ast.Constant) else ""
    known = function.attr in ("run_line_magic", "run_cell_magic", "system", "getoutput")
    if not (known and dotted_name(function.value.func) == "get_ipython" and isinstance(name, str)):
        return ""
    return f"%{name}" if function.attr.startswith("run") else "%system"
