"""Starts a kernel for student code: `python -I launch.py -f CONNECTION_FILE`.

An ordinary IPython kernel that also answers `ask_request` messages. It is started as a script, so
that nothing of the installed grader is imported: inside the kernel `grader` is a stub made here,
with a `check` and a `hint` that do nothing, the drawing functions and shapes of the lessons, and
the few modules that answering needs. Rubrics, references and solutions are not among them.
"""

from __future__ import annotations

import contextvars
import importlib.abc
import importlib.util
import os
import sys
import threading
import time
from collections.abc import Callable
from contextlib import nullcontext
from functools import partial
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType
from typing import Any

PACKAGE = Path(__file__).resolve().parent.parent

DATA_VARIABLE = "GRADER_COURSE_DATA"
"""The environment variable that says, as COURSE=FOLDER, what of the course notebooks may import."""

# What of the package a notebook may import beside the stub: what the lessons draw with, and what
# answering needs.
_SEEN = ("errors", "crossing", "drawing", "inside.answer", "inside.other_machines", "inside.shell")


# How long the grader may take to connect, in milliseconds.
_CONNECTING = 10_000


class _OnlyTheStub(importlib.abc.MetaPathFinder):
    """Finds what a notebook may import of the grader and of `course`, and says of all else so.

    A module of the course's data, `COURSE.data.NAME`, is `grader.NAME`, too.
    """

    def __init__(self, course: str, data: Path | None) -> None:
        self._course, self._data = course, data

    def find_spec(self, fullname: str, _path: Any, _target: Any = None) -> ModuleSpec | None:
        """Called by Python's import for every module that is not loaded yet."""
        if f"{self._course}.".startswith(f"{fullname}."):
            return ModuleSpec(fullname, None, is_package=True)  # in its place: it holds the rubrics
        if not fullname.startswith(("grader.", f"{self._course}.")):
            return None
        if file := self._file(fullname):
            return importlib.util.spec_from_file_location(fullname, file)
        raise ModuleNotFoundError(
            f"`{fullname}` is not available to a notebook: an exercise by hand is solved "
            f"without the grader's own code.",
            name=fullname,
        )

    def _file(self, fullname: str) -> Path | None:
        package, _, name = fullname.partition(".")
        if package == "grader" and any(_within(name, seen) for seen in _SEEN):
            return _module(PACKAGE, name)
        if self._data is None:
            return None
        if fullname == f"{self._course}.data":
            return _module(self._data, "")
        for beginning in (f"{self._course}.data.", "grader."):
            if fullname.startswith(beginning):
                return _module(self._data, fullname.removeprefix(beginning))
        return None


def _within(name: str, room: str) -> bool:
    return name == room or name.startswith(f"{room}.") or room.startswith(f"{name}.")


def _module(folder: Path, name: str) -> Path | None:
    """The file of the module `name` below `folder`, or None."""
    place = folder.joinpath(*name.split(".")) if name else folder
    files = (place / "__init__.py", place.with_suffix(".py"))
    return next((file for file in files if file.is_file()), None)


def install_stub() -> list[str]:
    """Put the stub of `grader` in place of the package; the modules that can be imported of it."""
    course, _, folder = os.environ.pop(DATA_VARIABLE, "").partition("=")
    data = Path(folder) if folder else None
    stub = ModuleType("grader", "What a graded notebook sees of the grader.")
    stub.check = _nothing  # type: ignore[attr-defined]
    stub.hint = _nothing  # type: ignore[attr-defined]
    stub.quietly = nullcontext  # type: ignore[attr-defined]
    stub.__path__ = []
    sys.modules["grader"] = stub
    sys.meta_path.insert(0, _OnlyTheStub(course, data))
    own = [f"grader.{name}" for seen in _SEEN for name in _modules(PACKAGE, seen)]
    return own + [f"{course}.{name}" for name in (_modules(data.parent, "data") if data else ())]


def _modules(folder: Path, seen: str) -> list[str]:
    """The names of the modules in a room, or of the one that `seen` is."""
    place = folder.joinpath(*seen.split("."))
    files = sorted(place.glob("*.py")) if place.is_dir() else []
    return [seen, *(f"{seen}.{file.stem}" for file in files if file.stem != "__init__")]


def _nothing(*_args: object, **_kwargs: object) -> None:
    """Do nothing: a graded notebook is judged from outside."""


def kernel_class() -> type[Any]:
    """The kernel that answers questions; to be called once the stub is installed."""
    # Nobody debugs a graded kernel, and importing the debugger is two thirds of a kernel's start.
    sys.modules.setdefault("debugpy", None)  # type: ignore[arg-type]  # None means "not installed"
    import zmq
    from ipykernel.ipkernel import IPythonKernel
    from jupyter_client.session import Session
    from matplotlib_inline.config import InlineBackend

    from grader.crossing.values import Packet
    from grader.inside.answer import Answerer
    from grader.inside.shell import Shell

    class AnsweringKernel(IPythonKernel):
        """An IPython kernel that answers questions about its names, beside running cells."""

        def __init__(self, **kwargs: Any) -> None:
            kwargs["shell_class"] = Shell
            super().__init__(**kwargs)  # type: ignore[no-untyped-call]  # ipykernel is half typed
            self.shell_handlers["begin_request"] = self.begin_request
            self.shell_handlers["ask_request"] = self.ask_request
            self._asking: tuple[Any, Any] = (None, None)
            # `exit()` in a cell would end the kernel some time later, in the middle of anything.
            assert self.shell is not None
            self.shell.ask_exit = _nothing
            # As in a kernel with a debugger that nobody has attached to.
            sys.breakpointhook = _nothing
            self._answerer = Answerer(self.names, self._call_back, interrupt_is_an_answer=True)

        @property
        def names(self) -> dict[str, Any]:
            """The names of the notebook."""
            assert self.shell is not None
            names: dict[str, Any] = self.shell.user_ns
            return names

        @property
        def messages(self) -> Session:
            """What packs and signs this kernel's messages."""
            assert self.session is not None
            return self.session

        def begin_request(self, stream: Any, ident: Any, parent: dict[str, Any]) -> None:
            """Get ready for a notebook that is graded, whose figures nobody looks at.

            Drawing them would be most of the time of many a lesson. They are closed at the end of
            each cell as ever.
            """
            shell: Any = self.shell
            InlineBackend.instance(parent=shell).figure_formats = set()
            shell.graded = True
            let_threads_keep_their_cell()
            if self.stdin_socket.poll(_CONNECTING, zmq.POLLIN):
                self.messages.recv(self.stdin_socket)
            self.messages.send(stream, "begin_reply", {"status": "ok"}, parent, ident=ident)

        async def do_execute(self, *args: Any, **kwargs: Any) -> dict[str, Any]:
            """Run a cell; called by the kernel. The reply tells what was passed over, too."""
            shell: Any = self.shell
            shell.begin_cell()
            done = super().do_execute(*args, **kwargs)  # type: ignore[no-untyped-call]
            reply: dict[str, Any] = await done
            if not shell.graded:
                return reply
            if reply["status"] == "ok" and shell.inner_error is not None:
                kind, text = type(shell.inner_error).__name__, str(shell.inner_error)
                reply |= {"status": "error", "ename": kind, "evalue": text, "traceback": []}
            return reply | {"passed_over": shell.passed_over}

        def ask_request(self, stream: Any, ident: Any, parent: dict[str, Any]) -> None:
            """Answer one question; called by the kernel for each `ask_request` message."""
            self._asking = (ident, parent)
            answer = self._answerer.answer(_packet(parent))
            for output in (sys.stdout, sys.stderr):
                if output is not None:
                    output.flush()
            self.messages.send(
                stream,
                "ask_reply",
                {"tree": answer.tree},
                parent,
                ident=ident,
                buffers=list(answer.buffers),
            )

        def _call_back(self, call: Packet) -> Packet:
            """Send a call of a judge's function over the channel made for a kernel's questions."""
            ident, parent = self._asking
            sent = self.messages.send(
                self.stdin_socket,
                "callback_request",
                {"tree": call.tree},
                parent,
                ident=ident,
                buffers=list(call.buffers),
            )
            while True:
                if self.stdin_socket.poll(100, zmq.POLLIN):
                    _, reply = self.messages.recv(self.stdin_socket)
                    if reply and sent and _answers(reply, sent):
                        return _packet(reply)
                time.sleep(0)

    def _answers(reply: dict[str, Any], sent: dict[str, Any]) -> bool:
        nonce: str = sent["header"]["msg_id"]
        return bool(reply["parent_header"].get("msg_id") == nonce)

    def _packet(message: dict[str, Any]) -> Packet:
        return Packet(message["content"]["tree"], tuple(bytes(part) for part in message["buffers"]))

    return AnsweringKernel


def let_threads_keep_their_cell() -> None:
    """Let what a thread publishes be that of the cell which started it, whichever runs by then.

    The kernel keeps in a context variable whose output it is, and a thread begins without any.
    """
    start = threading.Thread.start

    def start_in_context(thread: threading.Thread) -> None:
        context = contextvars.copy_context()
        thread.run = partial(context.run, thread.run)  # type: ignore[method-assign]
        start(thread)

    threading.Thread.start = start_in_context  # type: ignore[assignment, method-assign]


def application_maker() -> Callable[[], Any]:
    """A function that makes what runs a kernel; to be called once the stub is installed."""
    from ipykernel.kernelapp import IPKernelApp

    return partial(IPKernelApp.instance, kernel_class=kernel_class())


def main() -> None:
    """Start the kernel and serve it until it is shut down."""
    install_stub()
    application = application_maker()()
    application.initialize()
    find_own_modules()
    application.start()


def find_own_modules() -> None:
    """Let a notebook import what lies beside it, which an isolated Python leaves out.

    Whatever is installed comes first: a `scipy.py` beside a notebook takes nothing's place.
    """
    sys.path.append("")


if __name__ == "__main__":
    main()
