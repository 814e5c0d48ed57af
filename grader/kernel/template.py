"""The warm parent of kernels: imports once, then forks a kernel whenever one is asked for.

`python -I template.py FD SETTINGS`, behind the walls of `sandbox.py` where there are any. FD is a
socket to the grader; SETTINGS, as JSON, are the level of isolation, the packages that lessons need,
and the limits of a kernel. One kernel is always forked ahead, so that it is up when it is asked
for. No student code ever runs in this process.

Between this process and a kernel stands the submission's first process, `namespaces.py` or
`other_user.py`: it takes the rights away, ends what a submission has started, and tells the grader
how the kernel ended, over a pipe that student code cannot reach.
"""

from __future__ import annotations

import gc
import importlib
import json
import os
import secrets
import socket
import sys
import threading
from typing import Any

import launch  # the modules beside this one; nothing else of the package is here
import namespaces
import other_user
from forking import assert_safe_to_fork
from serving import serve

_LEVELS = {"sandbox": namespaces, "user": other_user}


class Template:
    """Forks kernels on request; `limits` bound each of them, as in limits.py."""

    def __init__(self, control: socket.socket, settings: dict[str, Any]) -> None:
        self._control = control
        self._limits: dict[str, int] = settings["limits"]
        self._level = _LEVELS[settings["level"]]
        launch.install_stub()
        self._kernel_class = launch.kernel_class()
        for name in (
            "numpy",
            "matplotlib.pyplot",
            "matplotlib_inline.backend_inline",
            "ipykernel.kernelapp",
            "ipykernel.zmqshell",
            *launch.INSIDE,
            *settings["packages"],
        ):
            importlib.import_module(name)
        gc.collect()
        gc.freeze()  # what is here now is never written to by a collection, so it stays shared

    def serve(self) -> None:
        """Hand out kernels until the grader hangs up."""
        ready = self._fork()
        while request := self._control.recv(4096):
            if request == b"kernel":
                self._hand_out(*ready)
                ready = self._fork()

    def _hand_out(self, described: bytes, descriptors: list[int]) -> None:
        socket.send_fds(self._control, [described], descriptors)
        for descriptor in descriptors:
            os.close(descriptor)

    def _fork(self) -> tuple[bytes, list[int]]:
        """A new kernel: how to reach it as JSON, a pidfd of its first process, a pipe's end."""
        assert_safe_to_fork()
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        go_between = os.fork()
        if go_between == 0:
            ours.close()
            self._control.close()
            self._fork_first_process(theirs)
        theirs.close()
        described, descriptors, _, _ = socket.recv_fds(ours, 4096, 2)
        ours.close()
        os.waitpid(go_between, 0)
        return described, descriptors

    def _fork_first_process(self, to_template: socket.socket) -> None:
        """In the go-between: fork the first process of a submission, and hand it over."""
        sockets, key = self._level.prepare(), secrets.token_hex(32)
        end_read, end_write = os.pipe()
        first = os.fork()
        if first == 0:
            to_template.close()
            os.close(end_read)

            def serve_in(folder: str, inner_sockets: str) -> None:
                serve(self._kernel_class, key, self._limits, folder, inner_sockets)

            self._level.first_process(serve_in, self._limits, end_write, sockets)
        how = {"key": key, "sockets": sockets, "kill": int(self._level.KILL)}
        described = json.dumps(how).encode()
        socket.send_fds(to_template, [described], [os.pidfd_open(first), end_read])
        os._exit(0)


def main() -> None:
    """Import, then serve."""
    control = socket.socket(fileno=int(sys.argv[1]))
    settings = json.loads(sys.argv[2])
    template = Template(control, settings)
    assert threading.active_count() == 1
    control.send(b"ready")
    template.serve()


if __name__ == "__main__":
    main()
