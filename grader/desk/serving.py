"""The desk is opened: one for each folder, at one address, until somebody ends it."""

from __future__ import annotations

import os
import signal
import socket
import sys
import tempfile
import webbrowser
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import uvicorn

from grader.desk.application import Answers, application
from grader.desk.guard import Guard, Hosts, Keys
from grader.desk.regrades import Regrades, Way
from grader.desk.shelf import Shelf
from grader.errors import UsageError
from grader.files import held
from grader.gradebook import Gradebook
from grader.report.text import visible

_LOCK = ".desk"
_TURN = 0.001  # seconds until a thread that reads the class makes way for one that answers
_GRACE = 3  # seconds that answers have to end in
_CONNECTIONS = 200
_THIS_MACHINE = ("127.0.0.1", "::1", "localhost")

Say = Callable[[str], None]


@dataclass(frozen=True)
class Desk:
    """What a desk is of: a gradebook, how hand-ins are graded again, and who decides."""

    book: Gradebook
    way: Way
    author: str

    @property
    def folder(self) -> Path:
        """The folder of the class."""
        return self.way.folder


def run(desk: Desk, host: str, port: int, *, say: Say, browser: bool) -> str:
    """Serve a desk until Ctrl-C; what was being graded again then, or nothing.

    The address, with its secret, is the one line on standard output. Raises UsageError where the
    address cannot be had, and where another desk is open in the folder.
    """
    with _listening(host, port) as listener, _only_one(desk.folder, _origin(host, listener)) as at:
        say(f"Reading what stands in {visible(str(desk.folder))} …")
        sys.setswitchinterval(_TURN)
        shelf, regrades = Shelf(desk.folder, desk.book), Regrades(desk.way)
        keys = Keys()
        try:
            answers = Answers(desk.book, shelf, regrades, keys, desk.author)
            guard = Guard(application(answers), keys, Hosts.of(host))
            for line in shelf.present().said:
                say(line)
            address = f"{at}/?token={keys.token}"
            sys.stdout.write(f"{address}\n")
            sys.stdout.flush()
            if host not in _THIS_MACHINE:
                say("Others can reach this address. Whoever has it can change marks.")
            say("Ctrl-C ends it.")
            with _shown(address, browser=browser):
                _serve(guard, listener)
        finally:
            left = regrades.close()
            shelf.close()
    return ", ".join(f"{visible(one.student)}/{visible(one.lesson)}" for one in left)


def _serve(guard: Guard, listener: socket.socket) -> None:
    """Answer until a signal ends it."""
    config = uvicorn.Config(
        guard,
        access_log=False,  # addresses have names and, once, the token
        log_level="error",
        lifespan="off",
        ws="none",
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=_GRACE,
        limit_concurrency=_CONNECTIONS,
    )
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    ours = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        uvicorn.Server(config).run(sockets=[listener])
    except KeyboardInterrupt:  # which the server raises again when it has ended
        return
    finally:
        signal.signal(signal.SIGTERM, before)
        signal.signal(signal.SIGINT, ours)


@contextmanager
def _listening(host: str, port: int) -> Iterator[socket.socket]:
    """A socket that listens; UsageError where it cannot."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except OSError as error:
        raise UsageError(
            f"--host is an address of this machine. Received: {visible(host)!r} "
            f"({error.strerror}). Leave it out, or correct it."
        ) from error
    family, kind, protocol, _, place = found[0]
    with socket.socket(family, kind, protocol) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind(place)
            listener.listen(_CONNECTIONS)
        except OSError as error:
            raise UsageError(
                f"A desk listens at a port that is free. Received: port {port} of "
                f"{visible(host)} ({error.strerror}). Choose another one with --port, or --port 0 "
                f"for any."
            ) from error
        yield listener


def _origin(host: str, listener: socket.socket) -> str:
    """The address of a desk, as a browser on this machine reaches it."""
    port = listener.getsockname()[1]
    name = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - compared with
    return f"http://[{name}]:{port}" if ":" in name else f"http://{name}:{port}"


@contextmanager
def _only_one(folder: Path, origin: str) -> Iterator[str]:
    """Hold a folder for one desk, which is at `origin`; UsageError where there is another one."""
    path = folder / _LOCK
    with ExitStack() as holding:
        try:
            lock = holding.enter_context(held(path))
        except BlockingIOError as error:
            told = path.read_text(encoding="utf-8", errors="replace")[:200].strip()
            there = visible(told) or "some address"
            raise UsageError(
                f"One `grader serve` at a time is open for a folder. Received: "
                f"{visible(str(folder))}, which is served at {there} already. Use that one, or "
                f"end it with Ctrl-C."
            ) from error
        lock.truncate(0)
        lock.write(origin)
        lock.flush()
        yield origin


@contextmanager
def _shown(address: str, *, browser: bool) -> Iterator[None]:
    """Open a browser with the address, unless told not to.

    Others on this machine see what programs are started with. So the browser is given a file that
    only its owner can read, and that leads to the address.
    """
    if not browser:
        yield
        return
    descriptor, name = tempfile.mkstemp(prefix="grader-desk-", suffix=".html")
    path = Path(name)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(
                f'<!doctype html><meta http-equiv="refresh" content="0; url={address}">'
                f'<a href="{address}">The desk</a>'
            )
        webbrowser.open(path.as_uri())
        yield
    finally:
        path.unlink(missing_ok=True)
