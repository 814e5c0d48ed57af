"""What the names of a notebook stand for, and which of them the code of an exercise rests on.

Every statement counts, in whatever order the cells are run: a name has all the meanings that any
of them gives it. So an alias hides nothing that an exercise by hand forbids.
"""

from __future__ import annotations

import builtins
from collections.abc import Iterable, Sequence
from functools import cache, lru_cache

from grader.judging.scopes import MOST_ALIASES, join_dotted
from grader.judging.statements import Statement, Use, statements, union
from grader.kernel.mounted import course_data, course_package

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
        use for use in plain if _below_any(use.name, rules) and not _below_any(use.name, allowed)
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
        for statement in statements(source)
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


def names_behind(cells: Sequence[str], names: Iterable[str]) -> frozenset[str]:
    """Every name that the code behind `names` reads, through all the statements it rests on."""
    notebook, _ = _notebook(tuple(cells))
    return union(statement.reads for statement in notebook.behind(names))


class _Notebook:
    """The statements of some cells, and every meaning their names have at any time."""

    def __init__(self, cells: Iterable[str]) -> None:
        self.statements = [statement for cell in cells for statement in statements(cell)]
        self.bound = union(statement.binds for statement in self.statements)
        self.modules = union(statement.modules for statement in self.statements)
        aliases = [alias for statement in self.statements for alias in statement.aliases]
        # The modules of which everything was imported.
        self.stars = list(dict.fromkeys(dotted[:-2] for name, dotted in aliases if name == "*"))
        self.meanings = _meanings(aliases, self.bound)
        self.binding: dict[str, list[Statement]] = {}
        for statement in self.statements:
            touched = {name for name in statement.touches if not self._imported(name)}
            for name in statement.binds | touched:
                self.binding.setdefault(name, []).append(statement)

    def _imported(self, name: str) -> bool:
        return any(meant.startswith(".") for meant in self.meanings.get(name, ()))

    def behind(self, names: Iterable[str]) -> list[Statement]:
        """The statements that bind `names`, or anything that those statements read, and so on."""
        found: dict[int, Statement] = {}
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
        names = [join_dotted(meant, rest) for meant in self.meanings.get(head, ())]
        if not head or head not in self.bound or hasattr(builtins, head):
            names.append(use.name)
        if head and head not in self.bound:
            names += [join_dotted(star, use.name) for star in self.stars[:MOST_ALIASES]]
        return [Use(name, use.line) for name in names]

    def is_dynamic(self, name: str) -> bool:
        """Whether a resolved name leads where its spelling does not show."""
        plain = name.removeprefix(".") if name != "..." else name
        if _below_any(plain, (*_DYNAMIC, *_DYNAMIC_ANYWHERE)):
            return True
        if not name.startswith("."):
            return False
        private = [part for part in plain.split(".")[1:] if part.startswith("_")]
        return plain in self.modules or bool(private and private != ["__version__"])


@lru_cache(maxsize=8)
def _notebook(cells: tuple[str, ...]) -> tuple[_Notebook, tuple[Use, ...]]:
    """The cells as they are read, and what of all of them runs code that is given as text."""
    notebook = _Notebook(cells)
    uses = _once([use for statement in notebook.statements for use in statement.uses])
    texts = [found for use in uses for found in notebook.resolved(use) if _runs_text(found.name)]
    return notebook, tuple(texts)


def _meanings(aliases: list[tuple[str, str]], bound: frozenset[str]) -> dict[str, set[str]]:
    """What each alias stands for in the end: imports, and names that the notebook never binds."""
    # By a name that the notebook binds: its aliases, each with what follows the name in it.
    aliases_of: dict[str, list[tuple[str, str]]] = {}
    # What an alias is known to stand for, yet to be handed on to the aliases of that alias.
    left: list[tuple[str, str]] = []
    for alias, dotted in aliases:
        root, _, rest = dotted.partition(".")
        if root in bound:
            aliases_of.setdefault(root, []).append((alias, rest))
        if root not in bound or hasattr(builtins, root):
            left.append((alias, dotted))
    meanings: dict[str, set[str]] = {}
    while left:
        name, meant = left.pop()
        known = meanings.setdefault(name, set())
        if len(known) >= MOST_ALIASES:
            meant = "..."
        if meant not in known:
            known.add(meant)
            left += [(alias, join_dotted(meant, rest)) for alias, rest in aliases_of.get(name, ())]
    return meanings


def _runs_text(name: str) -> bool:
    """Whether a resolved name runs code that is given as text, which may bind any name."""
    plain = name.removeprefix(".")
    last = plain.rpartition(".")[2]
    return last.startswith("run_cell") or _below_any(plain, _DYNAMIC_ANYWHERE)


@cache
def _course_data() -> tuple[str, ...]:
    """The names under which notebooks import the data of the course."""
    folder = course_data()
    files = folder.glob("*.py") if folder is not None else ()
    return (f"{course_package()}.data", *sorted(f"grader.{file.stem}" for file in files))


def _once(uses: list[Use]) -> list[Use]:
    """The first use of every name."""
    return list({use.name: use for use in reversed(uses)}.values())[::-1]


def _below_any(name: str, rules: Iterable[str]) -> bool:
    """Whether a dotted name is one of `rules`, or lies below one."""
    return any(name == rule or name.startswith(f"{rule}.") for rule in rules)
