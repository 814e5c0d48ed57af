"""The scopes of a syntax tree: the names that each binds, and what those names are aliases of."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Sequence

Aliases = dict[str, tuple[str, ...]]
"""The names that a scope binds, each with the dotted names that it may be an alias of.

A name that stands for a value of the scope's own has none. A dotted name that begins with a dot
comes from an import, whatever the names of the notebook mean.
"""

MOST_ALIASES = 8
"""How many dotted names are kept that one name may stand for; the rest becomes "..."."""

# How many parts of a dotted name are kept.
_MOST_PARTS = 5

_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)


def split_by_scope(node: ast.AST) -> tuple[list[ast.AST], list[ast.AST] | None]:
    """What of a node is read where it stands, and what in a scope of its own (None: no scope)."""
    if isinstance(node, _FUNCTIONS):
        defaults = [*node.args.defaults, *(d for d in node.args.kw_defaults if d is not None)]
        if isinstance(node, ast.Lambda):
            return [*defaults], [node.body]
        return [*node.decorator_list, *defaults], [*node.body]
    if isinstance(node, ast.ClassDef):
        return [*node.decorator_list, *node.bases, *node.keywords], [*node.body]
    if isinstance(node, _COMPREHENSIONS):
        return [], [*ast.iter_child_nodes(node)]
    return [], None


def walk_scope(nodes: Iterable[ast.AST]) -> Iterator[ast.AST]:
    """`nodes` and what is inside them, in order; of inner scopes only their own node."""
    left = list(nodes)[::-1]
    while left:
        node = left.pop()
        yield node
        outer, inner = split_by_scope(node)
        left += [] if inner is None else outer[::-1]
        left += list(ast.iter_child_nodes(node))[::-1] if inner is None else []


def local_names(node: ast.AST, inner: Iterable[ast.AST]) -> Aliases:
    """The names that belong to the scope of a node, which consists of `inner`."""
    nodes = list(walk_scope(inner))
    declared = declared_global(nodes)
    local = {name: meant for name, meant in all_names(nodes).items() if name not in declared}
    if isinstance(node, _FUNCTIONS):
        arguments = [part.arg for part in ast.walk(node.args) if isinstance(part, ast.arg)]
        return dict.fromkeys(arguments, ()) | local
    return local


def global_names(scope: Iterable[ast.AST]) -> Aliases:
    """The names that the nodes of one scope bind for the whole notebook, as they declare it."""
    nodes = list(scope)
    declared = declared_global(nodes)
    return {name: meant for name, meant in all_names(nodes).items() if name in declared}


def declared_global(nodes: Iterable[ast.AST]) -> set[str]:
    """The names in `global` statements."""
    return {name for node in nodes if isinstance(node, ast.Global) for name in node.names}


def all_names(nodes: Iterable[ast.AST]) -> Aliases:
    """The names that the nodes of one scope bind, whichever scope they belong to."""
    names: dict[str, dict[str, None]] = {}
    for node in nodes:
        for name, dotted in _bindings(node):
            names.setdefault(name, {}).update({dotted: None} if dotted else {})
    return {name: tuple(meant) for name, meant in names.items()}


def _bindings(node: ast.AST) -> Iterator[tuple[str, str]]:
    """The names that a node binds itself, each with what it makes it an alias of, or ""."""
    match node:
        case (
            ast.Name(id=name, ctx=ast.Store() | ast.Del())
            | ast.FunctionDef(name=name)
            | ast.AsyncFunctionDef(name=name)
            | ast.ClassDef(name=name)
            | ast.ExceptHandler(name=str(name))
            | ast.MatchAs(name=str(name))
            | ast.MatchStar(name=str(name))
            | ast.MatchMapping(rest=str(name))
        ):
            yield name, ""
        case ast.Import(names=imports):
            for alias in imports:
                package = alias.name.partition(".")[0]
                yield alias.asname or package, "." + (alias.name if alias.asname else package)
        case ast.ImportFrom(module=module, names=imports):
            for alias in imports:
                yield alias.asname or alias.name, f".{module}.{alias.name}"
        case ast.Assign(targets=targets, value=value) if dotted := dotted_name(value):
            yield from ((target.id, dotted) for target in targets if isinstance(target, ast.Name))


def resolve_in_scopes(dotted: str, scopes: Sequence[Aliases]) -> list[str]:
    """What `dotted` may stand for outside of `scopes`, the innermost last.

    Nothing for a value of their own.
    """
    found: dict[str, None] = {}
    # Each with the number of scopes that it is looked up in, and the aliases that led to it.
    left = [(dotted, len(scopes), frozenset[str]())]
    for _ in range(4 * MOST_ALIASES):
        if not left:
            return list(found)
        name, depth, seen = left.pop()
        head, _, rest = name.partition(".")
        # `x = x.y` reads the `x` of a scope further out.
        while depth and (head in seen or head not in scopes[depth - 1]):
            depth -= 1
        if depth:
            aliases = scopes[depth - 1][head]
            left += [(join_dotted(other, rest), depth, seen | {head}) for other in aliases[:99]]
        else:
            found[name] = None
    return [*found, "..."]


def dotted_name(node: ast.AST) -> str:
    """`np.lib.pad` for such an expression, "" for any other."""
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    if not isinstance(node, ast.Name):
        return ""
    return ".".join([node.id, *reversed(parts)])


def root_name(node: ast.AST) -> str:
    """`conv` of `conv.weights[0]`, "" where there is no name."""
    while isinstance(node, ast.Attribute | ast.Subscript):
        node = node.value
    return node.id if isinstance(node, ast.Name) else ""


def join_dotted(name: str, rest: str) -> str:
    """`name.rest`, cut where it gets long."""
    if name == "...":
        return name
    joined = f"{name}.{rest}" if rest else name
    return ".".join(joined.split(".", _MOST_PARTS + 1)[: _MOST_PARTS + 1])


def packages_of(module: str) -> list[str]:
    """`a`, `a.b` and `a.b.c` for `a.b.c`; of a long name only the first."""
    parts = module.split(".")
    return [".".join(parts[: count + 1]) for count in range(min(len(parts), _MOST_PARTS))]
