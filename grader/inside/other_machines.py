"""What a notebook does for the machine it was written on, and a graded kernel passes over.

Colab's drive, packages to be installed, a screen for figures, files beside the notebook: none of
them exists here. Where code takes them for granted it meets stand-ins that do nothing; where a
statement fails for the lack of them, the statements after it run all the same. No statement is ever
run twice. What was passed over is told to the grader, as data.
"""

from __future__ import annotations

import ast
import dis
import errno
import re
import subprocess
from collections.abc import Callable, Generator, Iterator
from contextlib import suppress
from types import CodeType
from typing import Any, Self

from ipykernel.zmqshell import ZMQInteractiveShell
from IPython.core.error import UsageError

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
# Magics that run Python of the student's own: what fails in them is the student's.
_RUNNING = ("time", "timeit", "prun", "run", "debug", "memit", "mprun", "lprun")
# What the operating system says where files, rights or a network are missing.
_MISSING = (errno.EROFS, errno.ENETUNREACH, errno.EHOSTUNREACH, errno.ENETDOWN)
_UNREACHED = ("gaierror", "URLError", "HTTPError", "MaxRetryError", "NewConnectionError")
_MOST, _MOST_NAMES, _LONGEST, _DEEPEST = 50, 200, 500, 10


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


class _StandIns(ast.NodeTransformer):
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
        left_out = (magic in ("system", "getoutput") and _INSTALLING.fullmatch(texts[0])) or (
            magic == "run_line_magic" and _does_nothing_here(texts[0], " ".join(texts[1:]))
        )
        return ast.copy_location(ast.Constant(None), node) if left_out else node


def _is_ipython(function: ast.expr) -> bool:
    """Whether a call's function is a method of `get_ipython()`."""
    owner = function.value if isinstance(function, ast.Attribute) else None
    called = owner.func if isinstance(owner, ast.Call) else None
    return isinstance(called, ast.Name) and called.id == "get_ipython"


def _does_nothing_here(magic: str, line: str) -> bool:
    """Whether a line magic is for a screen, or for installing."""
    if magic == "matplotlib":
        return line.split()[:1] not in ([], ["inline"], ["--list"], ["-l"])
    installs = magic in _INSTALLERS and _INSTALLING.fullmatch(f"{magic} {line}")
    return magic == "gui" or bool(installs)


def _assigned(target: str, name: str, place: ast.stmt) -> ast.stmt:
    """The statement that gives `target` the stand-in for `name`."""
    maker = f"__import__({__name__!r}, fromlist=['Nothing']).Nothing({name!r})"
    made = ast.parse(f"{target} = {maker}").body[0]
    for node in ast.walk(made):
        ast.copy_location(node, place)
    return made


class Shell(ZMQInteractiveShell):
    """IPython's shell, which goes on where a statement fails only for what this machine lacks.

    It does so once `graded` is set; until then, it is any kernel's shell.
    `passed_over` lists the statements of the latest cell that failed like this, as plain data:
    the exception's kind and text, and the names that were to be bound. `inner_error` is what
    stopped a cell that a magic such as `%%capture` ran, and hid.
    """

    def __init__(self, **kwargs: Any) -> None:
        self.graded = False
        self.passed_over: list[dict[str, Any]] = []
        self.inner_error: BaseException | None = None
        self._lost: set[str] = set()
        self._statements_left = 0
        super().__init__(**kwargs)  # type: ignore[no-untyped-call]  # IPython is half typed

    def begin_cell(self) -> None:
        """Forget what is known of the last cell; called before each."""
        self.passed_over, self.inner_error = [], None

    def transform_ast(self, node: Any) -> Any:
        """Called with the syntax tree of each cell before it is compiled."""
        if not self.graded:
            return super().transform_ast(node)  # type: ignore[no-untyped-call]  # IPython's
        with suppress(RecursionError):  # what is nested too deeply runs as it stands, or does not
            node = _StandIns().visit(node)
        return super().transform_ast(node)  # type: ignore[no-untyped-call]  # IPython is half typed

    async def run_ast_nodes(self, nodelist: list[ast.stmt], *args: Any, **kwargs: Any) -> bool:
        """Run the statements of a cell; whether it ended before the last of them."""
        outer, self._statements_left = self._statements_left, len(nodelist or ())
        try:
            run = super().run_ast_nodes(nodelist, *args, **kwargs)
            return bool(await run)
        finally:
            self._statements_left = outer

    async def run_code(self, code_obj: Any, result: Any = None, *, async_: bool = False) -> bool:
        """Run one statement of a cell; whether the cell ends here.

        What the last one raises is told as in any kernel: there is nothing to go on with.
        """
        self._statements_left -= 1
        run = super().run_code(code_obj, result, async_=async_)  # type: ignore[no-untyped-call]  # IPython is half typed
        stopped: bool = await run
        forgives = stopped and self.graded and result is not None
        error = result.error_in_exec if forgives else None
        if error is None or not self._lacks_something(code_obj, error):
            return stopped
        names = _names_bound(code_obj)
        self._lost.update(names)
        if self._statements_left <= 0:
            return stopped
        if len(self.passed_over) < _MOST:
            text = str(error)[:_LONGEST]
            told = {"kind": type(error).__name__[:_LONGEST], "text": text, "names": names}
            self.passed_over.append(told)
        result.error_in_exec = None
        return False

    def _lacks_something(self, code: CodeType, error: BaseException) -> bool:
        """Whether `error` says that something is not here which another machine may have."""
        if not isinstance(error, Exception):
            return False
        if isinstance(error, NameError):
            return error.name in self._lost and error.name not in self.user_ns
        magic = _magic_of(code)
        if isinstance(error, UsageError) or (magic and magic not in _RUNNING):
            return True
        return any(_is_lack(one) for one in _chain(error))

    def run_cell(self, *args: Any, **kwargs: Any) -> Any:
        """Run a cell within a cell, as magics do, and keep what stopped it."""
        result = super().run_cell(*args, **kwargs)  # type: ignore[no-untyped-call]  # IPython is half typed
        self.inner_error = result.error_before_exec or result.error_in_exec or self.inner_error
        return result


def _chain(error: BaseException) -> Iterator[BaseException]:
    """An exception, what it was raised from, and so on."""
    left: BaseException | None = error
    for _ in range(_DEEPEST):
        if left is None:
            return
        yield left
        left = left.__cause__ or left.__context__


def _is_lack(error: BaseException) -> bool:
    if isinstance(error, ImportError | FileNotFoundError | PermissionError | ConnectionError):
        return True
    if isinstance(error, subprocess.CalledProcessError):
        command = error.cmd if isinstance(error.cmd, str) else " ".join(map(str, error.cmd))
        return re.search(r"\b(pip|conda|mamba|apt|apt-get)\b", command) is not None
    if isinstance(error, OSError) and error.errno in _MISSING:
        return True
    return type(error).__name__ in _UNREACHED


def _magic_of(code: CodeType) -> str:
    """The magic that a statement is, "!" for a shell command, "" for neither."""
    if "get_ipython" not in code.co_names:
        return ""
    if "run_line_magic" in code.co_names:
        texts = [constant for constant in code.co_consts if isinstance(constant, str)]
        return texts[0] if texts else ""
    return "!" if {"system", "getoutput"} & set(code.co_names) else ""


def _names_bound(code: CodeType) -> list[str]:
    """The names that a statement gives a value when it runs."""
    stores = (step for step in dis.get_instructions(code) if step.opname.startswith("STORE_"))
    names = (str(step.argval) for step in stores if step.opname in ("STORE_NAME", "STORE_GLOBAL"))
    return list(dict.fromkeys(names))[:_MOST_NAMES]


# Code that asks whether it runs in a notebook asks for this name.
Shell.__name__ = Shell.__qualname__ = ZMQInteractiveShell.__name__
