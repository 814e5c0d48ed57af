"""What the code of a notebook binds and uses, read from its syntax tree and never run."""

from __future__ import annotations

import ast
import builtins
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

# What of `grader` a notebook may use: the student's own tools.
ALLOWED_OF_GRADER = ("grader.check", "grader.hint", "grader.drawing")

# Ways to reach a name that its spelling does not show. Flagged for a person, never failed.
_DYNAMIC = frozenset(
    ["getattr", "eval", "exec", "compile", "globals", "locals", "vars", "__import__", "importlib"]
)

_LINE_MAGIC = re.compile(r"^(\s*)[%!?].*$", re.MULTILINE)
_CELL_MAGIC = re.compile(r"\A\s*%%")


@dataclass(frozen=True)
class Use:
    """A dotted name that code uses, `numpy.pad`, with its line (from 1) in its cell."""

    name: str
    line: int


@dataclass(frozen=True)
class _Statement:
    """One top-level statement: the names it binds and reads, and what they are aliases of."""

    node: ast.stmt
    binds: frozenset[str]
    reads: frozenset[str]
    aliases: dict[str, str]


def bound_names(source: str) -> frozenset[str]:
    """The names that a cell's top-level statements bind; none for code that does not parse."""
    return frozenset().union(*(statement.binds for statement in _statements(source)))


def only_calls(source: str, functions: Iterable[str]) -> bool:
    """Whether a cell does nothing but call `functions` by name: `check("relu")` and the like."""
    tree = _parse(source)
    wanted = set(functions)
    return bool(tree and tree.body) and all(
        isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Call)
        and isinstance(node.value.func, ast.Name)
        and node.value.func.id in wanted
        and all(isinstance(argument, ast.Constant) for argument in node.value.args)
        for node in tree.body  # type: ignore[union-attr]  # bool(tree) above
    )


def forbidden_uses(
    cells: Sequence[str], names: Iterable[str], forbid: Iterable[str]
) -> tuple[list[Use], list[Use]]:
    """Which forbidden names the code behind `names` uses, and which dynamic ones.

    Followed from the statements that bind `names` to every top-level statement they rest on,
    through imports and aliases. `forbid` lists dotted names; whatever lies below one is forbidden
    too, and so is all of `grader` but the student's tools.
    """
    statements = [statement for cell in cells for statement in _statements(cell)]
    aliases: dict[str, str] = {}
    for statement in statements:
        for name, dotted in statement.aliases.items():
            head, _, rest = dotted.partition(".")
            aliases[name] = ".".join(part for part in (aliases.get(head, head), rest) if part)
    relevant = _behind(statements, frozenset(names))
    uses = [use for statement in relevant for use in _uses(statement.node, aliases)]
    rules = (*forbid, "grader")
    forbidden = [
        use
        for use in uses
        if any(_below(use.name, rule) for rule in rules)
        and not any(_below(use.name, allowed) for allowed in ALLOWED_OF_GRADER)
    ]
    dynamic = [use for use in uses if use.name.partition(".")[0] in _DYNAMIC]
    return _once(forbidden), _once(dynamic)


def names_behind(cells: Sequence[str], names: Iterable[str]) -> frozenset[str]:
    """Every name that the code behind `names` reads, through all the statements it rests on."""
    statements = [statement for cell in cells for statement in _statements(cell)]
    behind = _behind(statements, frozenset(names))
    return frozenset().union(*(statement.reads for statement in behind))


def _once(uses: list[Use]) -> list[Use]:
    """The first use of every name."""
    return list({use.name: use for use in reversed(uses)}.values())[::-1]


def _below(name: str, rule: str) -> bool:
    return name == rule or name.startswith(rule + ".")


def _parse(source: str) -> ast.Module | None:
    if _CELL_MAGIC.match(source):
        return None
    try:
        return ast.parse(_LINE_MAGIC.sub(r"\1pass", source))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def _statements(source: str) -> list[_Statement]:
    tree = _parse(source)
    return [_statement(node) for node in tree.body] if tree else []


def _statement(node: ast.stmt) -> _Statement:
    binds: set[str] = set()
    aliases: dict[str, str] = {}
    reads = {
        inner.id
        for inner in ast.walk(node)
        if isinstance(inner, ast.Name) and isinstance(inner.ctx, ast.Load)
    }
    for inner in _same_scope(node):
        if isinstance(inner, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            binds.add(inner.name)
        elif isinstance(inner, ast.Name) and isinstance(inner.ctx, ast.Store | ast.Del):
            binds.add(inner.id)
        elif isinstance(inner, ast.Assign):
            dotted = _dotted(inner.value)
            if dotted:
                aliases |= {t.id: dotted for t in inner.targets if isinstance(t, ast.Name)}
        elif isinstance(inner, ast.Attribute | ast.Subscript) and isinstance(inner.ctx, ast.Store):
            # `conv.weights = …` changes what `conv` is: the statement counts for that name too.
            root = (_dotted(inner) or "").partition(".")[0]
            binds |= {root} if root else set()
    # Imports count wherever they stand: one inside a function is an alias as well.
    for inner in ast.walk(node):
        if isinstance(inner, ast.Import):
            imported = {
                alias.asname or alias.name.partition(".")[0]: alias.name
                if alias.asname
                else alias.name.partition(".")[0]
                for alias in inner.names
            }
        elif isinstance(inner, ast.ImportFrom):
            imported = {
                alias.asname or alias.name: f"{inner.module}.{alias.name}" for alias in inner.names
            }
        else:
            continue
        aliases |= imported
        binds |= set(imported)
    return _Statement(node, frozenset(binds), frozenset(reads), aliases)


def _same_scope(node: ast.AST) -> Iterator[ast.AST]:
    """`node` and what is inside it, without the bodies of functions and classes."""
    yield node
    if isinstance(
        node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Lambda | ast.ListComp
    ):
        return
    for child in ast.iter_child_nodes(node):
        yield from _same_scope(child)


def _behind(statements: Sequence[_Statement], names: frozenset[str]) -> list[_Statement]:
    """The statements that bind `names`, or anything that those statements read, and so on."""
    wanted = set(names)
    found: list[_Statement] = []
    left = list(statements)
    while True:
        next_found = [statement for statement in left if statement.binds & wanted]
        if not next_found:
            return found
        found += next_found
        left = [statement for statement in left if statement not in next_found]
        wanted |= {
            name
            for statement in next_found
            for name in statement.reads
            if not hasattr(builtins, name)
        }


def _uses(node: ast.AST, aliases: dict[str, str]) -> Iterator[Use]:
    """Every dotted name in `node`, with its root replaced by what it is an alias of."""
    if isinstance(node, ast.ImportFrom):
        for alias in node.names:
            yield Use(f"{node.module}.{alias.name}", node.lineno)
    elif isinstance(node, ast.Name | ast.Attribute) and (dotted := _dotted(node)):
        head, _, rest = dotted.partition(".")
        resolved = ".".join(part for part in (aliases.get(head, head), rest) if part)
        yield Use(resolved, node.lineno)
    else:
        for child in ast.iter_child_nodes(node):
            yield from _uses(child, aliases)


def _dotted(node: ast.AST) -> str:
    """`np.lib.pad` for such an expression, "" for any other."""
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    if not isinstance(node, ast.Name):
        return ""
    return ".".join([node.id, *reversed(parts)])
