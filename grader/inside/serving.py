"""What a forked kernel does from its first moment on: it binds its sockets and serves."""

from __future__ import annotations

import json
import os
import resource
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import launch  # the modules beside this one; see fork_server.py
import numpy as np
from channels import CHANNELS

_NO_HISTORY = ["--HistoryManager.hist_file=:memory:"]


def serve(
    make_application: Callable[[], Any],
    key: str,
    limits: dict[str, int],
    folder: str,
    sockets: str,
) -> None:
    """Be a kernel in `folder` until it is told to end; its sockets' paths begin with `sockets`."""
    os.setsid()
    os.chdir(folder)
    for limit, value in (
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_DATA, limits["data"]),
        (resource.RLIMIT_NPROC, limits["processes"]),
        (resource.RLIMIT_NOFILE, limits["open_files"]),
        (resource.RLIMIT_FSIZE, limits["file"]),
    ):
        resource.setrlimit(limit, (value, value))
    connection = {
        "transport": "ipc",
        "ip": sockets,
        **{f"{name}_port": port for port, name in enumerate(CHANNELS, start=1)},
        "key": key,
        "signature_scheme": "hmac-sha256",
    }
    file = Path(folder) / ".connection.json"
    file.write_text(json.dumps(connection), encoding="utf-8")
    signal.signal(signal.SIGINT, signal.default_int_handler)
    arguments = ["-f", str(file), "--IPKernelApp.log_level=50", *_NO_HISTORY]
    application = make_application()
    application.initialize(arguments)
    _become_ordinary()
    application.start()
    os._exit(0)


def _become_ordinary() -> None:
    """Make up for what an isolated and forked Python lacks beside another kernel's."""
    from matplotlib_inline import backend_inline

    # It was imported when there was no shell yet whose figures to draw at the end of a cell.
    backend_inline._enable_matplotlib_integration()  # type: ignore[no-untyped-call]  # noqa: SLF001
    # Python draws a new seed in every fork by itself; NumPy's global generator would be the same.
    np.random.seed()  # noqa: NPY002
    launch.find_own_modules()
    # A student's own modules may have the names of ours.
    ours = str(Path(__file__).parent)
    sys.path[:] = [folder for folder in sys.path if folder != ours]
    for name, module in list(sys.modules.items()):
        if "." not in name and str(getattr(module, "__file__", "")).startswith(f"{ours}/"):
            del sys.modules[name]
