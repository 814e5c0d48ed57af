"""The warm parent of kernels: imports once, then forks a kernel whenever one is asked for.

`python -I fork_server.py FD SETTINGS`, in the sandbox of `sandbox.py` where there is one. FD is
a socket to the grader; SETTINGS, as JSON, are the level of isolation, the packages that lessons
need, and the limits of a kernel. No student code ever runs in this process.

Between this process and a kernel stands the submission's first process, `namespaces.py` or
`other_user.py`: it takes the rights away, ends what a submission has started, and tells the grader
how the kernel ended, over a pipe that student code cannot reach.
"""

from __future__ import annotations

import importlib
import json
import os
import secrets
import socket
import sys
from typing import Any, NoReturn

import launch  # the modules beside this one; nothing else of the package is here
import namespaces
import other_user
from forking import fork_on_request
from serving import serve

# What every kernel needs, and what ipykernel and IPython import only when a kernel starts: a kernel
# imports nothing more until its first cell.
_EARLY = (
    "numpy.random",
    "matplotlib.pyplot",
    "matplotlib_inline.backend_inline",
    "ipykernel.debugger",
    "ipykernel.kernelapp",
    "ipykernel.zmqshell",
    "IPython.core.completerlib",
    "IPython.core.debugger",
    "IPython.core.logger",
    "IPython.core.oinspect",
    "IPython.extensions.storemagic",
    "faulthandler",
    "sqlite3",
    "tornado.platform.asyncio",
    "tornado.queues",
)
_LEVELS = {"sandbox": namespaces, "user": other_user}


class ForkServer:
    """Forks kernels on request; `limits` bound each of them, as in limits.py."""

    def __init__(self, control: socket.socket, settings: dict[str, Any]) -> None:
        self._control = control
        self._limits: dict[str, int] = settings["limits"]
        self._level = _LEVELS[settings["level"]]
        modules = launch.install_stub()
        self._make_application = launch.application_maker()
        for name in (*_EARLY, *modules, *settings["packages"]):
            importlib.import_module(name)

    def hand_out(self) -> None:
        """Hand out a new kernel: how to reach it as JSON, a pidfd of its first process, a pipe."""
        # A process may make one PID namespace for its children, so each kernel has a go-between
        # that makes it and ends: what has ended is not this process's to wait for.
        go_between = os.fork()
        if go_between == 0:
            self._be_go_between()
        status = os.waitstatus_to_exitcode(os.waitpid(go_between, 0)[1])
        if status != 0:
            # The grader must not wait for nobody: it sees our end, and starts another.
            sys.exit(status if status > 0 else 128 - status)

    def _be_go_between(self) -> NoReturn:
        sockets, key = self._level.prepare(), secrets.token_hex(32)
        end_read, end_write = os.pipe()
        first = os.fork()
        if first == 0:
            os.close(end_read)
            self._control.close()

            def serve_in(folder: str, inner_sockets: str) -> None:
                serve(self._make_application, key, self._limits, folder, inner_sockets)

            self._level.first_process(serve_in, self._limits, end_write, sockets)
        folder = self._level.folder(sockets)
        how = {"key": key, "sockets": sockets, "folder": folder, "kill": int(self._level.KILL)}
        descriptors = [os.pidfd_open(first), end_read]
        socket.send_fds(self._control, [json.dumps(how).encode()], descriptors)
        os._exit(0)


def main() -> None:
    """Import, then fork a kernel for each request until the grader hangs up."""
    control = socket.socket(fileno=int(sys.argv[1]))
    settings = json.loads(sys.argv[2])
    fork_on_request(control, ForkServer(control, settings).hand_out)


if __name__ == "__main__":
    main()
