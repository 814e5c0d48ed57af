"""What the code of a notebook binds and uses, read from its syntax tree and never run."""

from __future__ import annotations

import ast
import builtins
import re
import warnings
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

# What of `grader` a notebook may use: the student's own tools.
ALLOWED_OF_GRADER = ("grader.check", "grader.hint", "grader.drawing")

# Ways to reach a name that its spelling does not show. Flagged for a person, never failed.
_DYNAMIC = (
    *("getattr", "eval", "exec", "compile", "globals", "locals", "vars", "__import__"),
    *("importlib", "builtins", "__builtins__", "sys.modules", "get_ipython"),
)

# Magics that run the rest of their cell, or of their line, as Python.
_PYTHON_CELL = re.compile(r"\A(\s*)%%(?:time|timeit|capture|prun)\b.*")
_PYTHON_LINE = re.compile(r"^(\s*)%(?:time|timeit|prun)\s+(?:-\S+\s+)*", re.MULTILINE)

_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)

# What the names of a scope stand for: a dotted name, or None for a value of their own.
_Scope = dict[str, str | None]


@dataclass(frozen=True)
class Use:
    """A dotted name that code uses, `numpy.pad`, with its line (from 1) in its cell."""

    name: str
    line: int


@dataclass(frozen=True)
class _Statement:
    """One top-level statement: the names it binds, what they are aliases of, and what it uses.

    `uses` are dotted names as far as the statement itself tells them; `reads` are those names of
    the notebook that it rests on.
    """

    binds: frozenset[str]
    aliases: dict[str, str]
    uses: tuple[Use, ...]
    reads: frozenset[str]


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
        and all(
            isinstance(argument, ast.Constant)
            for argument in (*node.value.args, *(word.value for word in node.value.keywords))
        )
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
    aliases: _Scope = {}
    for statement in statements:
        aliases |= statement.aliases
    relevant = _behind(statements, frozenset(names))
    uses = [
        Use(_resolved(use.name, [aliases]) or use.name, use.line)
        for statement in relevant
        for use in statement.uses
    ]
    rules = (*forbid, "grader")
    forbidden = [
        use
        for use in uses
        if any(_below(use.name, rule) for rule in rules)
        and not any(_below(use.name, allowed) for allowed in ALLOWED_OF_GRADER)
    ]
    dynamic = [use for use in uses if any(_below(use.name, way) for way in _DYNAMIC)]
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
    """The syntax tree of a cell as IPython runs it, magics included; None if there is none."""
    from IPython.core.inputtransformer2 import TransformerManager  # slow, and seldom needed

    source = _PYTHON_LINE.sub(r"\1", _PYTHON_CELL.sub(r"\1pass", source))
    text = source.lstrip("\n")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # such as "\s" in a student's text
            manager = TransformerManager()  # type: ignore[no-untyped-call]
            tree = ast.parse(manager.transform_cell(text))
    except Exception:  # noqa: BLE001 - tokenizer and parser raise whatever a monstrous cell leads to
        return None
    ast.increment_lineno(tree, len(source) - len(text))
    return tree


@lru_cache(maxsize=2048)
def _statements(source: str) -> tuple[_Statement, ...]:
    tree = _parse(source)
    return tuple(_statement(node) for node in tree.body) if tree else ()


def _statement(node: ast.stmt) -> _Statement:
    names = _names_in([node])
    # `conv.weights = …` and `conv[0] = …` change what `conv` is: they count for that name too.
    changed = {
        root.id
        for inner in _in_scope([node])
        if isinstance(inner, ast.Attribute | ast.Subscript) and isinstance(inner.ctx, ast.Store)
        for root in [_root(inner)]
        if isinstance(root, ast.Name)
    }
    # A function may set a name of the notebook's too.
    told = {
        name for inner in ast.walk(node) if isinstance(inner, ast.Global) for name in inner.names
    }
    uses = tuple(_uses([node], []))
    return _Statement(
        frozenset(names) | changed | told,
        {name: dotted for name, dotted in names.items() if dotted and dotted != name},
        uses,
        frozenset(use.name.partition(".")[0] for use in uses),
    )


def _in_scope(nodes: Iterable[ast.AST]) -> Iterator[ast.AST]:
    """`nodes` and what is inside them, in order; of inner scopes only their own node."""
    left = list(nodes)[::-1]
    while left:
        node = left.pop()
        yield node
        outer, inner = _parts(node)
        left += [] if inner is None else outer[::-1]
        left += list(ast.iter_child_nodes(node))[::-1] if inner is None else []


def _parts(node: ast.AST) -> tuple[list[ast.AST], list[ast.AST] | None]:
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


def _names_in(nodes: Iterable[ast.AST]) -> _Scope:
    """The names that are bound in one scope, and what they are aliases of."""
    names: _Scope = {}
    for node in _in_scope(nodes):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            names[node.name] = None
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store | ast.Del):
            names.setdefault(node.id, None)
        elif isinstance(node, ast.Import):
            for alias in node.names:
                root = alias.name.partition(".")[0]
                names[alias.asname or root] = alias.name if alias.asname else root
        elif isinstance(node, ast.ImportFrom):
            for alias in node.names:
                names[alias.asname or alias.name] = f"{node.module}.{alias.name}"
        elif isinstance(node, ast.ExceptHandler | ast.MatchAs | ast.MatchStar) and node.name:
            names[node.name] = None
        if isinstance(node, ast.Assign) and (dotted := _dotted(node.value)):
            names |= {target.id: dotted for target in node.targets if isinstance(target, ast.Name)}
    for node in _in_scope(nodes):
        for name in node.names if isinstance(node, ast.Global) else ():
            names.pop(name, None)
    return names


def _behind(statements: Sequence[_Statement], names: frozenset[str]) -> list[_Statement]:
    """The statements that bind `names`, or anything that those statements read, and so on."""
    bound = frozenset[str]().union(*(statement.binds for statement in statements))
    wanted = set(names)
    found: list[_Statement] = []
    left = list(statements)
    while next_found := [statement for statement in left if statement.binds & wanted]:
        found += next_found
        left = [statement for statement in left if not statement.binds & wanted]
        reads = frozenset[str]().union(*(statement.reads for statement in next_found))
        wanted |= reads
        # A name from nowhere may come from a module of which everything was imported.
        wanted |= {"*"} if any(not hasattr(builtins, name) for name in reads - bound) else set()
    return found


def _uses(nodes: list[ast.AST], scopes: list[_Scope]) -> Iterator[Use]:
    """Every dotted name that is read in `nodes`, unless it is a value of an inner scope's own."""
    left = nodes[::-1]
    while left:
        node = left.pop()
        outer, inner = _parts(node)
        if isinstance(node, ast.ImportFrom):
            yield from (Use(f"{node.module}.{alias.name}", node.lineno) for alias in node.names)
        elif isinstance(node, ast.Name | ast.Attribute) and (dotted := _dotted(node)):
            if isinstance(node.ctx, ast.Load) and (name := _resolved(dotted, scopes)):
                yield Use(name, node.lineno)
        elif inner is not None:
            left += outer[::-1]
            local = _names_in(inner)
            if isinstance(node, _FUNCTIONS):
                arguments = [n.arg for n in ast.walk(node.args) if isinstance(n, ast.arg)]
                local = dict.fromkeys(arguments) | local
            yield from _uses(inner, [*scopes, local])
        else:
            left += list(ast.iter_child_nodes(node))[::-1]


def _resolved(dotted: str, scopes: Sequence[_Scope]) -> str | None:
    """`dotted` with its first part replaced by what it stands for; None for a value of its own."""
    seen: set[str] = set()
    for scope in reversed(scopes):
        while True:
            head, _, rest = dotted.partition(".")
            if head not in scope or head in seen:
                break
            seen.add(head)
            meant = scope[head]
            if meant is None:
                return None
            dotted = f"{meant}.{rest}" if rest else meant
    return dotted


def _root(node: ast.AST) -> ast.AST:
    """`conv` of `conv.weights[0]`."""
    while isinstance(node, ast.Attribute | ast.Subscript):
        node = node.value
    return node


def _dotted(node: ast.AST) -> str:
    """`np.lib.pad` for such an expression, "" for any other."""
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    if not isinstance(node, ast.Name):
        return ""
    return ".".join([node.id, *reversed(parts)])
