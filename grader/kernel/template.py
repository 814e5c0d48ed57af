"""The warm parent of kernels: imports once, then forks a kernel whenever one is asked for.

Runs behind the walls of `sandbox.py`: `python -I template.py FD PACKAGES`, where FD is a socket
to the grader and PACKAGES, by commas, what lessons need. One kernel is always forked ahead, so that
it is up when it is asked for. No student code ever runs in this process.

For every kernel there is a PID namespace and a mount namespace of its own, with a tiny init that
reaps: when it is killed, everything that a submission started ends with it, and its /tmp is gone.
"""

from __future__ import annotations

import array
import ctypes
import gc
import importlib
import json
import os
import resource
import secrets
import signal
import socket
import sys
import threading
from pathlib import Path
from typing import Any

import launch  # the modules beside this one; nothing else of the package is here
import system_calls

# Linux's own numbers, from sched.h, sys/mount.h, sys/prctl.h and linux/capability.h.
_NEW_MOUNTS, _NEW_PIDS = 0x00020000, 0x20000000
_NO_SUID, _NO_DEVICES, _NO_EXEC, _BIND, _RECURSIVE = 2, 4, 8, 4096, 16384
_DUMPABLE, _DROP_BOUND, _NO_NEW_PRIVILEGES, _AMBIENT, _CLEAR_ALL = 4, 24, 38, 47, 4
_CAPABILITY_VERSION = 0x20080522

# Users that nothing else on a machine runs as; each kernel becomes one of them at random, whichever
# template forked it, so that the limit on processes, which Linux counts for each user, counts each
# submission alone.
_FIRST_USER, _USERS = 1_200_000_000, 800_000_000

SOCKETS = "/run/kernel"
_NO_HISTORY = ["--HistoryManager.hist_file=:memory:"]

_libc = ctypes.CDLL(None, use_errno=True)


class Template:
    """Forks kernels on request; `limits` bound each of them."""

    def __init__(self, control: socket.socket, packages: list[str]) -> None:
        self._control = control
        launch.install_stub()
        self._kernel_class = launch.kernel_class()
        for name in (
            "numpy",
            "matplotlib.pyplot",
            "matplotlib_inline.backend_inline",
            "ipykernel.kernelapp",
            "ipykernel.zmqshell",
            *packages,
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
        os.close(ready[1])

    def _hand_out(self, described: bytes, pidfd: int) -> None:
        rights = array.array("i", [pidfd])
        self._control.sendmsg([described], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, rights)])
        os.close(pidfd)

    def _fork(self) -> tuple[bytes, int]:
        """A new kernel: its key as JSON, and a pidfd of its first process."""
        _assert_safe_to_fork()
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        go_between = os.fork()
        if go_between == 0:
            ours.close()
            self._control.close()
            _unshare_and_fork(theirs, self._kernel_class)
        theirs.close()
        described, rights, _, _ = ours.recvmsg(4096, 100)
        ours.close()
        os.waitpid(go_between, 0)
        return described, array.array("i", rights[0][2])[0]


def _assert_safe_to_fork() -> None:
    """One thread, and a TensorFlow that has not computed yet: else a forked `fit` deadlocks."""
    threads = list(Path("/proc/self/task").iterdir())
    assert len(threads) == 1, f"{len(threads)} threads in a kernel template"
    context = sys.modules.get("tensorflow.python.eager.context")
    if context is not None:
        assert not context.context()._initialized, "TensorFlow has been used in a kernel template"  # noqa: SLF001


def _unshare_and_fork(to_template: socket.socket, kernel_class: type[Any]) -> None:
    """In the go-between: make the namespaces, fork the init, and hand its pidfd over."""
    _must(_libc.unshare(_NEW_MOUNTS | _NEW_PIDS), "unshare")
    described = json.dumps({"key": secrets.token_hex(32)}).encode()
    first = os.fork()
    if first == 0:
        to_template.close()
        _init(json.loads(described)["key"], kernel_class)
    rights = array.array("i", [os.pidfd_open(first)])
    to_template.sendmsg([described], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, rights)])
    os._exit(0)


def _init(key: str, kernel_class: type[Any]) -> None:
    """The first process of a submission: mounts, gives up every right, forks the kernel, reaps."""
    os.setsid()
    _mount_tmp()
    _mount("tmpfs", "/dev/shm", "size=64m,mode=1777")  # noqa: S108
    _mount("tmpfs", "/run", "size=1m,mode=755")
    _mount("proc", "/proc", "")
    user = _FIRST_USER + secrets.randbelow(_USERS) if os.geteuid() == 0 else os.geteuid()
    Path(SOCKETS).mkdir()
    os.chown(SOCKETS, user, user if os.geteuid() == 0 else os.getegid())
    _give_up_rights(user)
    # What went wrong until here is told to the grader; from here on it is student code that talks.
    nowhere = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(nowhere, descriptor)
    kernel = os.fork()
    if kernel == 0:
        _serve_kernel(key, kernel_class)
    # The grader can signal only this process; what it sends is meant for the kernel.
    signal.signal(signal.SIGINT, lambda *_: os.kill(kernel, signal.SIGINT))
    while True:
        pid, status = os.wait()
        if pid == kernel:
            code = os.waitstatus_to_exitcode(status)
            os._exit(code if code >= 0 else 128 - code)


def _serve_kernel(key: str, kernel_class: type[Any]) -> None:
    from ipykernel.kernelapp import IPKernelApp

    os.setsid()
    os.chdir("/tmp")  # noqa: S108
    for limit, value in (
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_DATA, 4 * 2**30),
        (resource.RLIMIT_NPROC, 256),
        (resource.RLIMIT_NOFILE, 512),
        (resource.RLIMIT_FSIZE, 256 * 2**20),
    ):
        resource.setrlimit(limit, (value, value))
    connection = {
        "transport": "ipc",
        "ip": f"{SOCKETS}/k",
        **{f"{name}_port": port for port, name in enumerate(CHANNELS, start=1)},
        "key": key,
        "signature_scheme": "hmac-sha256",
    }
    file = Path("/tmp/.connection.json")  # noqa: S108
    file.write_text(json.dumps(connection), encoding="utf-8")
    signal.signal(signal.SIGINT, signal.default_int_handler)
    arguments = ["-f", str(file), "--IPKernelApp.log_level=50", *_NO_HISTORY]
    application: Any = IPKernelApp.instance(kernel_class=kernel_class)
    application.initialize(arguments)
    application.start()
    os._exit(0)


CHANNELS = ("shell", "iopub", "stdin", "control", "hb")


def _give_up_rights(user: int) -> None:
    """Become `user` for good, without a capability and without a way to get one."""
    if os.geteuid() == 0:
        for capability in range(64):
            _libc.prctl(_DROP_BOUND, capability, 0, 0, 0)  # ends at the last one that exists
        os.setgroups([])
        os.setresgid(user, user, user)
        os.setresuid(user, user, user)
    _libc.prctl(_AMBIENT, _CLEAR_ALL, 0, 0, 0)
    header = (ctypes.c_uint32 * 2)(_CAPABILITY_VERSION, 0)
    nothing = (ctypes.c_uint32 * 6)(0, 0, 0, 0, 0, 0)
    _must(_libc.capset(header, nothing), "capset")
    _must(_libc.prctl(_NO_NEW_PRIVILEGES, 1, 0, 0, 0), "no_new_privs")
    system_calls.install()
    # A process that changed its user may not be looked into until it says so itself; the grader
    # reaches the sockets through /proc/PID/root.
    _libc.prctl(_DUMPABLE, 1, 0, 0, 0)


def _mount_tmp() -> None:
    """A private, bounded /tmp; a Python that lies in the old one is seen in the new one too."""
    folders = {sys.prefix, sys.base_prefix, str(Path(sys.executable).resolve().parent.parent)}
    hidden = sorted(Path(path) for path in folders if Path(path).is_relative_to("/tmp"))  # noqa: S108
    aside = [Path("/dev/shm") / str(number) for number in range(len(hidden))]  # noqa: S108
    for folder, place in zip(hidden, aside, strict=True):
        place.mkdir(exist_ok=True)
        _must(_bind(folder, place), f"bind {folder}")
    _mount("tmpfs", "/tmp", "size=256m,mode=1777")  # noqa: S108
    for folder, place in zip(hidden, aside, strict=True):
        folder.mkdir(parents=True, exist_ok=True)
        _must(_bind(place, folder), f"bind {folder}")


def _bind(source: Path, target: Path) -> int:
    flags = _BIND | _RECURSIVE
    done: int = _libc.mount(bytes(source), bytes(target), None, flags, None)
    return done


def _mount(kind: str, where: str, options: str) -> None:
    flags = _NO_SUID | _NO_DEVICES | (_NO_EXEC if kind == "proc" else 0)
    done = _libc.mount(kind.encode(), where.encode(), kind.encode(), flags, options.encode())
    _must(done, f"mount {where}")


def _must(result: int, what: str) -> None:
    if result != 0:
        raise OSError(ctypes.get_errno(), f"{what}: {os.strerror(ctypes.get_errno())}")


def main() -> None:
    """Import, then serve."""
    control = socket.socket(fileno=int(sys.argv[1]))
    packages = [name for name in sys.argv[2].split(",") if name]
    template = Template(control, packages)
    assert threading.active_count() == 1
    control.send(b"ready")
    template.serve()


if __name__ == "__main__":
    main()
