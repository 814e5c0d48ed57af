"""What the code of a notebook binds and uses, read from its syntax tree and never run."""

from __future__ import annotations

import ast
import builtins
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache

from grader.judging.parsing import LONGEST_CELL, parse_cell
from grader.kernel.visible import course_data, course_package

# What of `grader` a notebook may use: the student's own tools.
_ALLOWED_OF_GRADER = ("grader.check", "grader.hint", "grader.quietly", "grader.drawing")

# Ways to reach a name that its spelling does not show. Flagged for a person, never failed: these
# in the code behind an exercise,
_DYNAMIC = (
    *("getattr", "setattr", "locals", "vars", "__import__", "importlib", "imp", "pkgutil", "pydoc"),
    *("runpy", "pickle", "code", "codeop", "operator.attrgetter", "operator.methodcaller"),
    *("sys.modules", "numpy.core", "..."),
)
# and these anywhere in the notebook.
_DYNAMIC_ANYWHERE = (
    *("eval", "exec", "compile", "globals", "builtins", "__builtins__", "get_ipython"),
    *("IPython.get_ipython", "IPython.core", "%run", "%pylab", "%load", "%loadpy", "%macro"),
    *("%recall", "%rerun", "%store", "%edit", "%alias_magic", "%unread"),
)

# How many meanings of one name are kept, and how many parts of each.
_MOST_MEANINGS, _MOST_PARTS = 8, 5

# Where a statement of a cell begins, and what such a statement gives a value.
_AT_THE_MARGIN = re.compile(r"^(?=[^\s#)\]}])(?!(?:else|elif|except|finally)\b)", re.MULTILINE)
_BEGINS_WITH_A_NAME = re.compile(r"(?:async\s+)?(?:def|class)\s+(\w+)|(\w+)\s*(?::[^=\n]*)?=(?!=)")
_MOST_PARTS_READ = 500

# Methods that store what they are given.
_STORING = (
    *("add", "append", "appendleft", "extend", "insert", "setdefault", "update"),
    *("__setattr__", "__setitem__"),
)

_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
_SCOPES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)

# What the names of a scope may stand for: dotted names, or nothing for a value of their own.
_Scope = dict[str, tuple[str, ...]]


@dataclass(frozen=True)
class Use:
    """A dotted name that code uses, `numpy.pad`, with its line (from 1) in its cell."""

    name: str
    line: int


@dataclass(frozen=True)
class _Statement:
    """One top-level statement: the names it binds, what they are aliases of, and what it uses.

    `touches` are names whose methods it calls; `reads` are those names of the notebook that it
    rests on. Dotted names in `aliases` and `uses` are as far as the statement itself tells them;
    one that begins with a dot comes from an import, whatever the notebook's names mean.
    """

    binds: frozenset[str] = frozenset()
    touches: frozenset[str] = frozenset()
    aliases: tuple[tuple[str, str], ...] = ()
    uses: tuple[Use, ...] = ()
    modules: frozenset[str] = frozenset()

    @property
    def reads(self) -> frozenset[str]:
        return frozenset(use.name.partition(".")[0] for use in self.uses) - {""}


class _Notebook:
    """The statements of some cells, and every meaning their names have at any time."""

    def __init__(self, cells: Iterable[str]) -> None:
        self.statements = [statement for cell in cells for statement in _statements(cell)]
        self.bound = _union(statement.binds for statement in self.statements)
        self.modules = _union(statement.modules for statement in self.statements)
        aliases = [alias for statement in self.statements for alias in statement.aliases]
        self.stars = list(dict.fromkeys(dotted[:-2] for name, dotted in aliases if name == "*"))
        self.meanings = _meanings(aliases, self.bound)
        self.binding: dict[str, list[_Statement]] = {}
        for statement in self.statements:
            touched = {name for name in statement.touches if not self._imported(name)}
            for name in statement.binds | touched:
                self.binding.setdefault(name, []).append(statement)

    def _imported(self, name: str) -> bool:
        return any(meant.startswith(".") for meant in self.meanings.get(name, ()))

    def behind(self, names: Iterable[str]) -> list[_Statement]:
        """The statements that bind `names`, or anything that those statements read, and so on."""
        found: dict[int, _Statement] = {}
        seen = set(names)
        left = list(seen)
        while left:
            for statement in self.binding.get(left.pop(), ()):
                if id(statement) in found:
                    continue
                found[id(statement)] = statement
                new = statement.reads - seen
                # A name from nowhere may come from a module of which everything was imported.
                if any(n not in self.bound and not hasattr(builtins, n) for n in new):
                    new |= {"*"} - seen
                seen |= new
                left += new
        return [statement for statement in self.statements if id(statement) in found]

    def resolved(self, use: Use) -> list[Use]:
        """`use` under every name it may stand for; from an import, with a dot before it."""
        head, _, rest = use.name.partition(".")
        names = [_joined(meant, rest) for meant in self.meanings.get(head, ())]
        if not head or head not in self.bound or hasattr(builtins, head):
            names.append(use.name)
        if head and head not in self.bound:
            names += [_joined(star, use.name) for star in self.stars[:_MOST_MEANINGS]]
        return [Use(name, use.line) for name in names]

    def is_dynamic(self, name: str) -> bool:
        """Whether a resolved name leads where its spelling does not show."""
        plain = name.removeprefix(".") if name != "..." else name
        if any(_below(plain, way) for way in (*_DYNAMIC, *_DYNAMIC_ANYWHERE)):
            return True
        if not name.startswith("."):
            return False
        private = [part for part in plain.split(".")[1:] if part.startswith("_")]
        return plain in self.modules or bool(private and private != ["__version__"])


def _runs_text(name: str) -> bool:
    """Whether a resolved name runs code that is given as text, which may bind any name."""
    plain = name.removeprefix(".")
    last = plain.rpartition(".")[2]
    return last.startswith("run_cell") or any(_below(plain, way) for way in _DYNAMIC_ANYWHERE)


@lru_cache(maxsize=8)
def _notebook(cells: tuple[str, ...]) -> tuple[_Notebook, tuple[Use, ...]]:
    """The cells as they are read, and what of all of them runs code that is given as text."""
    notebook = _Notebook(cells)
    uses = _once([use for statement in notebook.statements for use in statement.uses])
    texts = [found for use in uses for found in notebook.resolved(use) if _runs_text(found.name)]
    return notebook, tuple(texts)


def _meanings(aliases: list[tuple[str, str]], bound: frozenset[str]) -> dict[str, set[str]]:
    """What each alias stands for in the end: imports, and names that the notebook never binds."""
    after: dict[str, list[tuple[str, str]]] = {}
    left: list[tuple[str, str]] = []
    for name, dotted in aliases:
        root, _, rest = dotted.partition(".")
        if root in bound:
            after.setdefault(root, []).append((name, rest))
        if root not in bound or hasattr(builtins, root):
            left.append((name, dotted))
    meanings: dict[str, set[str]] = {}
    while left:
        name, meant = left.pop()
        known = meanings.setdefault(name, set())
        if len(known) >= _MOST_MEANINGS:
            meant = "..."
        if meant not in known:
            known.add(meant)
            left += [(other, _joined(meant, rest)) for other, rest in after.get(name, ())]
    return meanings


def _joined(name: str, rest: str) -> str:
    """`name.rest`, cut where it gets long."""
    if name == "...":
        return name
    joined = f"{name}.{rest}" if rest else name
    return ".".join(joined.split(".", _MOST_PARTS + 1)[: _MOST_PARTS + 1])


def _union(sets: Iterable[frozenset[str]]) -> frozenset[str]:
    return frozenset[str]().union(*sets)


def bound_names(source: str) -> frozenset[str]:
    """The names that a cell's top-level statements bind; none for code that does not parse."""
    return _union(statement.binds for statement in _statements(source))


def read_names(source: str) -> frozenset[str]:
    """The names that a cell reads, in the functions that it defines as well."""
    return _union(statement.reads for statement in _statements(source))


@lru_cache(maxsize=2048)
def names_meant(source: str) -> frozenset[str]:
    """The names that a cell's top-level statements are meant to bind, even where it has an error.

    Of code that does not parse, what can be read is read: statement by statement, and of one that
    cannot, the name with which it begins.
    """
    if _statements(source):
        return bound_names(source)
    parts = _AT_THE_MARGIN.split(source)[:_MOST_PARTS_READ]
    begun = (_BEGINS_WITH_A_NAME.match(part) for part in parts)
    names = {found[1] or found[2] for found in begun if found}
    return _union(bound_names(part) for part in parts) | names


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


def forbidden_uses(
    cells: Sequence[str], names: Iterable[str], forbid: Iterable[str]
) -> tuple[list[Use], list[Use]]:
    """Which forbidden names the code behind `names` uses, and which dynamic ones.

    Followed from the statements that bind `names` to every top-level statement they rest on,
    through imports and aliases. `forbid` lists dotted names; whatever lies below one is forbidden
    too, and so is all of `grader` but the student's tools. What runs text as code is dynamic
    wherever it stands.
    """
    notebook, texts = _notebook(tuple(cells))
    spelled = _once([use for statement in notebook.behind(names) for use in statement.uses])
    uses = _once([found for use in spelled for found in notebook.resolved(use)])
    rules = (*forbid, "grader", course_package())
    allowed = (*_ALLOWED_OF_GRADER, *_course_data())
    dynamic = [use for use in uses if notebook.is_dynamic(use.name)]
    plain = [Use(use.name.removeprefix("."), use.line) for use in uses]
    forbidden = [
        use
        for use in plain
        if any(_below(use.name, rule) for rule in rules)
        and not any(_below(use.name, name) for name in allowed)
    ]
    return _once(forbidden), _once(
        [Use(use.name.strip(".") or "…", use.line) for use in (*dynamic, *texts)]
    )


def homes(cells: Sequence[str], names: Iterable[str]) -> dict[str, int]:
    """The index of the cell in which the code behind `names` first uses each resolved name."""
    notebook, _ = _notebook(tuple(cells))
    index_of = {
        id(statement): index
        for index, source in reversed(list(enumerate(cells)))
        for statement in _statements(source)
    }
    spelled: dict[str, tuple[Use, int]] = {}
    for statement in notebook.behind(names):
        if id(statement) in index_of:
            for use in statement.uses:
                spelled.setdefault(use.name, (use, index_of[id(statement)]))
    found: dict[str, int] = {}
    for use, index in spelled.values():
        for resolved in notebook.resolved(use):
            found.setdefault(resolved.name.removeprefix("."), index)
    return found


@cache
def _course_data() -> tuple[str, ...]:
    """The names under which notebooks import the data of the course."""
    folder = course_data()
    files = folder.glob("*.py") if folder is not None else ()
    return (f"{course_package()}.data", *sorted(f"grader.{file.stem}" for file in files))


def names_behind(cells: Sequence[str], names: Iterable[str]) -> frozenset[str]:
    """Every name that the code behind `names` reads, through all the statements it rests on."""
    notebook, _ = _notebook(tuple(cells))
    return _union(statement.reads for statement in notebook.behind(names))


def _once(uses: list[Use]) -> list[Use]:
    """The first use of every name."""
    return list({use.name: use for use in reversed(uses)}.values())[::-1]


def _below(name: str, rule: str) -> bool:
    return name == rule or name.startswith(rule + ".")


@lru_cache(maxsize=2048)
def _statements(source: str) -> tuple[_Statement, ...]:
    tree = parse_cell(source)
    if tree is None and len(source) > LONGEST_CELL:
        return (_Statement(uses=(Use("%unread", 1),)),)
    return tuple(_statement(part) for node in tree.body for part in _parted(node)) if tree else ()


def _parted(node: ast.stmt) -> list[ast.stmt]:
    """A statement, and before it each import in its bodies as a statement of its own.

    What stands in one `with` or `try` is not one thing: who uses `keras` from there does not use
    what the next line imports.
    """
    if isinstance(node, _SCOPES):
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
                elif not isinstance(inner, _SCOPES):
                    parts.append(inner)
    return [*imports, node]


def _statement(node: ast.stmt) -> _Statement:
    here = list(_in_scope([node]))
    names = _names_in(here)
    # `conv.weights = …` and `conv[0] = …` change what `conv` is: they count for that name too.
    changed = {
        _root(inner)
        for inner in here
        if isinstance(inner, ast.Attribute | ast.Subscript) and isinstance(inner.ctx, ast.Store)
    } - {""}
    everything = list(ast.walk(node))
    # A function may set a name of the notebook's too.
    told = {n for inner in everything if isinstance(inner, ast.Global) for n in inner.names}
    aliases = [(name, dotted) for name, meant in names.items() for dotted in meant]
    for inner in everything if told else ():
        scope = _names_in(_in_scope(_parts(inner)[1] or []), told)
        aliases += [(name, dotted) for name, meant in scope.items() for dotted in meant]
    return _Statement(
        frozenset(names) | changed | told,
        frozenset(_touched(here)),
        tuple(dict.fromkeys(aliases)),
        tuple(_uses(node)),
        frozenset(
            ".".join(alias.name.split(".")[: count + 1])
            for inner in everything
            if isinstance(inner, ast.Import)
            for alias in inner.names
            for count in range(min(alias.name.count(".") + 1, _MOST_PARTS))
        ),
    )


def _touched(nodes: list[ast.AST]) -> Iterator[str]:
    """The names that statements change by calls: `h` of `h.update(…)` and `setattr(h, …)`."""
    alone = {id(node.value) for node in nodes if isinstance(node, ast.Expr)}
    for node in nodes:
        if not isinstance(node, ast.Call):
            continue
        if isinstance(node.func, ast.Attribute):
            root = _root(node.func)
            if id(node) in alone or node.func.attr in _STORING:
                yield root
            given = node.args if hasattr(builtins, root) else []
        else:
            given = node.args if _root(node.func) == "setattr" else []
        yield from (_root(argument) for argument in given[:1])


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


def _names_in(nodes: Iterable[ast.AST], only: Iterable[str] | None = None) -> _Scope:
    """The names that the nodes of one scope bind, and all that they are aliases of.

    A function's names are without those of the notebook; with `only`, they are those alone.
    """
    nodes = list(nodes)
    names: dict[str, dict[str, None]] = {}
    for node in nodes:
        for name, dotted in _bindings(node):
            names.setdefault(name, {}).update({dotted: None} if dotted else {})
    told = {name for node in nodes if isinstance(node, ast.Global) for name in node.names}
    kept = names.keys() - told if only is None else names.keys() & told & set(only)
    return {name: tuple(names[name]) for name in names if name in kept}


def _bindings(node: ast.AST) -> Iterator[tuple[str, str]]:
    """The names that a node binds itself, each with what it makes it an alias of, or ""."""
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        yield node.name, ""
    elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store | ast.Del):
        yield node.id, ""
    elif isinstance(node, ast.Import):
        for alias in node.names:
            root = alias.name.partition(".")[0]
            yield alias.asname or root, "." + (alias.name if alias.asname else root)
    elif isinstance(node, ast.ImportFrom):
        for alias in node.names:
            yield alias.asname or alias.name, f".{node.module}.{alias.name}"
    elif isinstance(node, ast.ExceptHandler | ast.MatchAs | ast.MatchStar) and node.name:
        yield node.name, ""
    elif isinstance(node, ast.MatchMapping) and node.rest:
        yield node.rest, ""
    elif isinstance(node, ast.Assign) and (dotted := _dotted(node.value)):
        yield from ((target.id, dotted) for target in node.targets if isinstance(target, ast.Name))


def _uses(statement: ast.stmt) -> Iterator[Use]:
    """Every dotted name that is read, unless it is a value of an inner scope's own."""
    left: list[tuple[ast.AST, tuple[_Scope, ...]]] = [(statement, ())]
    while left:
        node, scopes = left.pop()
        outer, inner = _parts(node)
        if isinstance(node, ast.ImportFrom):
            yield from (Use(f".{node.module}.{alias.name}", node.lineno) for alias in node.names)
        elif isinstance(node, ast.Name | ast.Attribute) and (dotted := _dotted(node)):
            if isinstance(node.ctx, ast.Load):
                yield from (Use(name, node.lineno) for name in _resolved(dotted, scopes))
        elif isinstance(node, ast.Call) and (magic := _magic(node)):
            yield Use(magic, node.lineno)
        elif inner is not None:
            local = _names_in(_in_scope(inner))
            if isinstance(node, _FUNCTIONS):
                arguments = [n.arg for n in ast.walk(node.args) if isinstance(n, ast.arg)]
                local = dict.fromkeys(arguments, ()) | local
            within = (*scopes, local) if local else scopes
            left += [(part, within) for part in inner[::-1]]
            left += [(part, scopes) for part in outer[::-1]]
        else:
            left += [(part, scopes) for part in list(ast.iter_child_nodes(node))[::-1]]


def _magic(call: ast.Call) -> str:
    """`%run` for what IPython makes of such a line, "" for any other call."""
    function = call.func
    if not (isinstance(function, ast.Attribute) and isinstance(function.value, ast.Call)):
        return ""
    name = call.args[0].value if call.args and isinstance(call.args[0], ast.Constant) else ""
    known = function.attr in ("run_line_magic", "run_cell_magic", "system", "getoutput")
    if not (known and _dotted(function.value.func) == "get_ipython" and isinstance(name, str)):
        return ""
    return f"%{name}" if function.attr.startswith("run") else "%system"


def _resolved(dotted: str, scopes: Sequence[_Scope]) -> list[str]:
    """What `dotted` may stand for outside of `scopes`; nothing for a value of their own."""
    found: dict[str, None] = {}
    left = [(dotted, len(scopes), frozenset[str]())]
    for _ in range(4 * _MOST_MEANINGS):
        if not left:
            return list(found)
        name, level, seen = left.pop()
        head, _, rest = name.partition(".")
        while level and (head in seen or head not in scopes[level - 1]):
            level -= 1
        if level:
            meant = scopes[level - 1][head]
            left += [(_joined(other, rest), level, seen | {head}) for other in meant[:99]]
        else:
            found[name] = None
    return [*found, "..."]


def _root(node: ast.AST) -> str:
    """`conv` of `conv.weights[0]`, "" where there is no name."""
    while isinstance(node, ast.Attribute | ast.Subscript):
        node = node.value
    return node.id if isinstance(node, ast.Name) else ""


def _dotted(node: ast.AST) -> str:
    """`np.lib.pad` for such an expression, "" for any other."""
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    if not isinstance(node, ast.Name):
        return ""
    return ".".join([node.id, *reversed(parts)])
