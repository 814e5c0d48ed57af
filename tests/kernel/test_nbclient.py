"""What Jupyter's own client sees of a warm kernel: the same as of an ordinary one.

Each notebook is run twice by plain nbclient, once in a kernel that a fork server made and once in
an ordinary `python3` kernel of this Python, started cold; their outputs must be the same.

Left out is what nbclient itself cannot do: with `coalesce_streams` it loses count of the outputs of
a cell, so that an update of a display reaches another one, or raises IndexError (nbclient 0.11).
"""

from __future__ import annotations

import asyncio
import json
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest
from jupyter_client.kernelspec import KernelSpec, KernelSpecManager
from jupyter_client.manager import AsyncKernelManager
from nbclient import NotebookClient
from nbformat.v4 import new_code_cell, new_notebook

from grader.kernel.provisioner import KernelsOfForkServer
from grader.kernel.sandbox import ENVIRONMENT
from grader.kernel.warm import KernelForkServer

pytestmark = pytest.mark.kernel

NOTEBOOKS = {
    "streams": """
        print("one")
        print("two", end="")
        # %%
        import sys
        print("to stderr", file=sys.stderr)
        sys.stdout.write("no newline")
        # %%
        for number in range(5):
            print(number, flush=True)
        # %%
        print("änderung 🎉 \\x1b[31mred\\x1b[0m \\u2028")
        # %%
        print("x" * 100_000)
        """,
    "streams in turns": """
        import sys
        print("out 1", flush=True)
        print("err 1", file=sys.stderr, flush=True)
        print("out 2", flush=True)
        print("err 2", file=sys.stderr, flush=True)
        """,
    "results": """
        6 * 7
        # %%
        "text"; None
        # %%
        1; 2
        # %%
        x = 3;
        x;
        # %%
        import numpy as np
        np.arange(12).reshape(3, 4) / 7
        # %%
        {"b": [1, 2], "a": {"nested": (1,)}, "long": list(range(60))}
        # %%
        print("before")
        "result"
        # %%
        class Own:
            def __repr__(self):
                return "an own repr"
        Own()
        # %%
        class Bad:
            def __repr__(self):
                raise ValueError("no repr")
        Bad()
        """,
    "rich output": """
        from IPython.display import *
        HTML("<b>bold</b>")
        # %%
        display(Markdown("# big"), Latex("$x$"), Math("x^2"), JSON({"a": [1]}), Javascript("1"))
        # %%
        SVG('<svg xmlns="http://www.w3.org/2000/svg" width="1" height="1"></svg>')
        # %%
        import base64
        start = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk"
        end = "+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
        Image(base64.b64decode(start + end), width=10)
        # %%
        display({"text/plain": "plain", "application/x-own+json": {"a": 1}}, raw=True)
        # %%
        class Rich:
            def _repr_html_(self):
                return "<i>html</i>"
            def _repr_latex_(self):
                return "$l$"
            def __repr__(self):
                return "Rich()"
        Rich()
        # %%
        class Bundle:
            def _repr_mimebundle_(self, include=None, exclude=None):
                return {"text/plain": "b", "text/markdown": "*b*"}, {"text/markdown": {"m": 1}}
        display(Bundle(), metadata={"k": 1})
        # %%
        class Broken:
            def _repr_html_(self):
                raise RuntimeError("no html")
        Broken() and None
        """,
    "display updates": """
        from IPython.display import HTML, display, update_display
        handle = display("first", display_id="one")
        display("other", display_id="two")
        # %%
        handle.update("second")
        # %%
        update_display(HTML("<b>third</b>"), display_id="one")
        display("two again", display_id="two")
        # %%
        update_display("never shown", display_id="unknown")
        # %%
        display("a", display_id="one"); handle.update("everywhere")
        # %%
        from IPython.utils.capture import capture_output
        with capture_output() as caught:
            hidden = display("hidden", display_id="three")
        hidden.update("too early")
        caught.show()
        hidden.update("in time")
        # %%
        import threading, time
        late = display("soon", display_id="four")
        threading.Thread(target=lambda: (time.sleep(0.3), late.update("late"))).start()
        # %%
        time.sleep(0.8)
        # %%
        last = display("before the error", display_id="five")
        1 / 0
        # %%
        last.update("after the error")
        last.display("again")
        """,
    "clear_output": """
        from IPython.display import clear_output, display
        print("gone")
        clear_output()
        print("stays")
        # %%
        for step in range(4):
            clear_output(wait=True)
            print("step", step)
        # %%
        print("kept, as nothing follows")
        clear_output(wait=True)
        # %%
        handle = display("x", display_id="d")
        clear_output(wait=True)
        display("y", display_id="d")
        # %%
        handle.update("z")
        clear_output(wait=True)
        handle.update("not an output that follows")
        print("an output that follows")
        """,
    "progress": """
        import sys, time
        for step in range(5):
            print(f"\\r{step * 25:3}%|{'#' * step}", end="", flush=True)
        # %%
        for step in range(5):
            sys.stderr.write(f"\\r{step * 25:3}%|{'#' * step}")
            sys.stderr.flush()
        # %%
        print("abc\\b\\bX")
        """,
    "exceptions": """
        def inner(x):
            y = x + 1
            return y / 0
        # %%
        def outer(x):
            return inner(x)
        outer(3)
        # %%
        try:
            {}["key"]
        except KeyError as error:
            raise ValueError("chained") from error
        # %%
        try:
            int("x")
        except ValueError:
            undefined_name
        # %%
        assert 1 == 2, "they differ"
        # %%
        raise ExceptionGroup("several", [ValueError(1), TypeError("two")])
        # %%
        class Own(Exception):
            pass
        error = Own("with notes")
        error.add_note("a note")
        raise error
        # %%
        def deep(n):
            return deep(n + 1)
        try:
            deep(0)
        except RecursionError as error:
            print(error)
        # %%
        import json
        json.loads("{")
        # %%
        print("still here")
        """,
    "syntax errors": """
        def unfinished(
        # %%
        print("old" "Python"
        # %%
        x = 1
          y = 2
        # %%
        if True:
        x = 1
        # %%
        print "old Python"
        # %%
        return 1
        # %%
        x = "C:\\Users"
        # %%
        "\\d"
        # %%
        1 is 1
        """,
    "leaving": """
        raise SystemExit
        # %%
        raise SystemExit("with a text")
        # %%
        import sys
        sys.exit(3)
        # %%
        raise KeyboardInterrupt
        # %%
        print("still here")
        """,
    "line magics": """
        %env GREETING=hello
        # %%
        %env GREETING
        # %%
        a, text = 1, "two"
        %who
        # %%
        %whos int str
        # %%
        %pwd
        %cd -q /
        %pwd
        # %%
        %cd /usr
        # %%
        %precision 3
        1 / 7
        # %%
        %xmode Plain
        1 / 0
        # %%
        %nosuchmagic
        # %%
        %history -n
        # %%
        %pinfo2 nosuchname
        # %%
        %alias_magic t timeit
        # %%
        %reset -f
        a
        """,
    "cell magics": """
        %%capture caught
        print("not shown")
        # %%
        caught.stdout
        # %%
        %%writefile written.py
        value = 42
        print("run")
        # %%
        %run written.py
        value
        # %%
        %load written.py
        # %%
        %%writefile -a written.py
        1 / 0
        # %%
        %run written.py
        # %%
        %%html
        <b>bold</b>
        # %%
        %%bash
        echo from bash; echo to stderr >&2
        # %%
        %%bash
        exit 3
        # %%
        %%script cat
        through cat
        # %%
        %%nosuchmagic
        # %%
        %%latex
        $x$
        """,
    "shell": """
        !echo from the shell
        # %%
        !printf 'a\\nb\\n'; echo to stderr >&2
        # %%
        lines = !printf 'a\\nb\\n'
        lines
        # %%
        !nosuchprogram
        # %%
        !exit 3
        _exit_code
        # %%
        name = "value"
        !echo {name} $name
        # %%
        !!echo twice
        # %%
        !cd / && pwd
        """,
    "processes": """
        import os, subprocess, sys, time
        subprocess.run(["echo", "from a process"], capture_output=True, text=True).stdout
        # %%
        subprocess.run([sys.executable, "-c", "print(1 + 1)"], check=True)
        time.sleep(0.5)
        # %%
        os.system("echo from os.system")
        time.sleep(0.5)
        # %%
        os.write(1, b"to descriptor 1\\n")
        time.sleep(0.5)
        """,
    "figures": """
        import matplotlib.pyplot as plt
        import numpy as np
        plt.plot([1, 3, 2])
        plt.title("a line")
        # %%
        plt.imshow(np.arange(12).reshape(3, 4))
        plt.show()
        # %%
        fig, ax = plt.subplots(figsize=(2, 1))
        ax.bar(["a", "b"], [1, 2])
        print("before the figure")
        # %%
        fig
        # %%
        %config InlineBackend.figure_format = "svg"
        plt.rcParams["svg.hashsalt"] = "same"
        plt.rcParams["figure.figsize"]
        # %%
        %matplotlib inline
        plt.get_backend(), plt.isinteractive()
        # %%
        plt.figure(); plt.figure(); plt.show(); plt.get_fignums()
        """,
    "figures after a magic": """
        %matplotlib inline
        %config InlineBackend.figure_format = "retina"
        import matplotlib.pyplot as plt
        plt.rcParams["figure.dpi"], plt.rcParams["figure.figsize"], plt.rcParams["figure.facecolor"]
        # %%
        plt.plot([1, 2]);
        # %%
        import warnings
        for _ in range(22):
            plt.figure()
        plt.close("all")
        """,
    "figures in high resolution": """
        %config InlineBackend.figure_format = "retina"
        import matplotlib.pyplot as plt
        plt.figure(figsize=(1, 1));
        # %%
        %config InlineBackend.close_figures = False
        plt.bar([1, 2], [3, 4])
        # %%
        %config InlineBackend
        # %%
        len(plt.get_fignums())
        """,
    "IPython itself": """
        shell = get_ipython()
        type(shell).__name__, shell.execution_count, shell.has_trait("kernel")
        # %%
        shell.run_line_magic("env", "HOME") is None
        # %%
        shell.run_cell("print('nested'); 5")
        # %%
        from IPython import get_ipython as again
        again() is shell
        # %%
        shell.events.register("post_run_cell", lambda _: print("ran"))
        # %%
        shell.set_next_input("next")
        # %%
        __name__, "__file__" in globals(), __builtins__.__name__, __doc__
        # %%
        [name for name in sorted(globals()) if not name.startswith("_i")]
        # %%
        exit, quit
        # %%
        len?
        # %%
        shell.config.get("IPKernelApp", {}).keys() - {"connection_file", "log_level"}
        """,
    "history": """
        1 + 1
        # %%
        _ * 10
        # %%
        Out, In[1], _1, __, _i
        # %%
        2 + 2;
        _
        # %%
        len(In), sorted(Out)
        # %%
        1 / 0
        # %%
        Out[2], _ih[1]
        """,
    "input": """
        input("name: ")
        # %%
        import getpass
        getpass.getpass()
        # %%
        breakpoint()
        # %%
        import sys
        sys.stdin.readline()
        # %%
        open(0).read()
        """,
    "await": """
        import asyncio
        await asyncio.sleep(0.01)
        "done"
        # %%
        async def add(a, b):
            await asyncio.sleep(0)
            return a + b
        await asyncio.gather(add(1, 2), add(3, 4))
        # %%
        task = asyncio.create_task(add(5, 6))
        # %%
        task.result()
        # %%
        async def fails():
            raise ValueError("in a task")
        await fails()
        # %%
        asyncio.run(add(1, 1))
        # %%
        async for x in add(1, 2):
            pass
        # %%
        [await add(n, 1) for n in range(3)]
        """,
    "threads": """
        import threading
        thread = threading.Thread(target=lambda: print("from a thread"))
        thread.start()
        thread.join()
        # %%
        def fails():
            raise ValueError("in a thread")
        threading.excepthook = lambda args: print("hook", args.exc_type.__name__)
        thread = threading.Thread(target=fails)
        thread.start()
        thread.join()
        # %%
        from concurrent.futures import ThreadPoolExecutor
        with ThreadPoolExecutor(2) as pool:
            print(list(pool.map(abs, [-1, -2])))
        # %%
        import multiprocessing
        with multiprocessing.get_context("fork").Pool(1) as pool:
            print(pool.map(abs, [-3]))
        """,
    "warnings and logging": """
        import warnings
        warnings.warn("mind this")
        # %%
        warnings.warn("old", DeprecationWarning)
        # %%
        import numpy as np
        np.float64(1) / 0
        # %%
        np.array([1, 2]) / np.array([0, 1])
        # %%
        import logging
        logging.warning("a warning")
        logging.info("not shown")
        # %%
        logging.basicConfig(level="DEBUG", force=True, format="%(name)s %(message)s")
        logging.getLogger("own").debug("shown")
        # %%
        logging.captureWarnings(True)
        # %%
        logging.getLogger().handlers, logging.root.level
        """,
    "widgets": """
        from comm import create_comm
        kind = {"_model_name": "IntSliderModel", "_model_module": "@jupyter-widgets/controls"}
        data = {"state": {**kind, "_model_module_version": "2.0.0", "value": 1}, "buffer_paths": []}
        comm = create_comm(target_name="jupyter.widget", data=data, comm_id="abc")
        # %%
        comm.send({"method": "update", "state": {"value": 2}})
        # %%
        comm.send({"state": {"data": None}, "buffer_paths": [["data"]]}, buffers=[b"bytes"])
        # %%
        comm.on_msg(print)
        comm.close()
        # %%
        from IPython.display import display
        view = {"model_id": "abc", "version_major": 2, "version_minor": 0}
        bundle = {"application/vnd.jupyter.widget-view+json": view, "text/plain": "IntSlider()"}
        display(bundle, raw=True)
        # %%
        import ipywidgets
        """,
    "imports from the folder": """
        %%writefile helpers_of_mine.py
        def double(x):
            return 2 * x
        # %%
        from helpers_of_mine import double
        double(4)
        # %%
        %load_ext autoreload
        %autoreload 2
        # %%
        import fork_server, launch
        """,
    "surroundings": """
        import sys
        sys.flags.dev_mode, sys.flags.optimize, sys.warnoptions
        # %%
        import os
        {name for name in os.environ if name.startswith(("PYTHON", "CLICOLOR"))}
        # %%
        os.environ.get("TERM"), os.environ.get("PAGER"), os.environ.get("COLUMNS")
        # %%
        sys.stdin.isatty(), sys.stdout.isatty(), sys.stdout.encoding
        # %%
        import signal
        signal.getsignal(signal.SIGINT)
        # %%
        import random, numpy
        random.random() != 0.1, numpy.random.rand() != 0.1
        # %%
        sys.getrecursionlimit(), sys.gettrace(), sys.getdefaultencoding(), sys.stdout.fileno() > 2
        # %%
        import threading, asyncio
        threading.current_thread() is threading.main_thread(), threading.current_thread().name
        # %%
        asyncio.get_running_loop().is_running()
        # %%
        import gc
        gc.isenabled(), gc.get_threshold()
        # %%
        import faulthandler
        faulthandler.is_enabled()
        # %%
        "keras" in sys.modules, "tensorflow" in sys.modules
        # %%
        import locale, time
        locale.getlocale(), time.tzname
        """,
}
"""Ordinary notebooks by what they show, their cells parted by `# %%`."""


class OrdinaryKernel(KernelSpecManager):
    """Knows one kernel: `python3` as Jupyter starts it, with this Python."""

    def get_kernel_spec(self, kernel_name: str) -> KernelSpec:  # noqa: ARG002 - Jupyter's signature
        """The spec that `ipykernel install` writes."""
        command = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
        return KernelSpec(argv=command, display_name="Python 3", language="python")


@pytest.fixture(scope="module")
def server() -> Iterator[KernelForkServer]:
    """A kernel fork server, warm."""
    made = KernelForkServer()
    assert made.wait_until_ready()
    yield made
    made.close()


def warm(server: KernelForkServer) -> tuple[AsyncKernelManager, dict[str, Any]]:
    """A kernel that the fork server forked, and what starting it takes."""
    return KernelsOfForkServer(server).manager()


def cold(folder: Path) -> tuple[AsyncKernelManager, dict[str, Any]]:
    """An ordinary kernel that starts in an empty folder, and what starting it takes."""
    manager = AsyncKernelManager(
        kernel_spec_manager=OrdinaryKernel(),
        transport="ipc",
        ip=str(folder / "k"),
        connection_file=str(folder / "connection.json"),
    )
    work = folder / "work"
    work.mkdir()
    kept = {name: value for name, value in ENVIRONMENT.items() if name != "MPLBACKEND"}
    home = {"HOME": str(work), "IPYTHONDIR": str(folder)}
    nowhere = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    return manager, {"cwd": str(work), "env": {**kept, **home}, **nowhere}


async def outputs(
    sources: list[str], kernel: tuple[AsyncKernelManager, dict[str, Any]], home: str
) -> list[Any]:
    """What each cell puts out when nbclient runs it, and last the state of widgets.

    Without what differs from run to run: addresses, numbers of processes, the kernel's folder.
    """
    manager, arguments = kernel
    cells = [new_code_cell(source) for source in sources]  # type: ignore[no-untyped-call]
    notebook = new_notebook(cells=cells)  # type: ignore[no-untyped-call]
    client = NotebookClient(notebook, km=manager, timeout=60, allow_errors=True)
    try:
        done = await client.async_execute(cleanup_kc=True, **arguments)
    finally:
        await manager.shutdown_kernel(now=True)
    found = [
        {"number": cell.execution_count, "outputs": _joined(cell.outputs)} for cell in done.cells
    ]
    text = json.dumps([found, client.widget_state], default=repr)
    for pattern, same in (
        (r"(0x| at )[0-9a-f]{6,}", "0x…"),
        (r"ipykernel_\d+", "ipykernel_…"),
        ("~(?=/)", home),  # IPython's tracebacks shorten paths below the home folder
        (re.escape(home), "/tmp"),
    ):
        text = re.sub(pattern, same, text)
    cells_found, widgets = json.loads(text)
    return [*cells_found, widgets]


def _joined(outputs: list[Any]) -> list[Any]:
    """Outputs with neighboring pieces of a stream joined: how it is cut is a matter of time."""
    joined: list[Any] = []
    for output in outputs:
        last = joined[-1] if joined else {}
        if output["output_type"] == "stream" and output["name"] == last.get("name"):
            last["text"] += output["text"]
        else:
            joined.append(dict(output))
    return joined


async def both(name: str, server: KernelForkServer, folder: Path) -> tuple[list[Any], list[Any]]:
    """What a notebook puts out in a warm and in a cold kernel."""
    sources = dedent(NOTEBOOKS[name]).strip("\n").split("\n# %%\n")
    ours = outputs(sources, warm(server), "/tmp")
    ordinary = outputs(sources, cold(folder), str(folder / "work"))
    return await asyncio.gather(ours, ordinary)


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_outputs_are_those_of_an_ordinary_kernel(name: str, server: KernelForkServer) -> None:
    """Plain nbclient finds the same outputs, errors and numbers in a warm kernel as in a cold."""
    with tempfile.TemporaryDirectory(prefix="cold-") as folder:
        ours, ordinary = asyncio.run(both(name, server, Path(folder)))
    for cell, (mine, its) in enumerate(zip(ours, ordinary, strict=True), start=1):
        assert mine == its, f"cell {cell}"


def test_a_client_that_knows_nothing_of_us_can_use_warm_kernels(server: KernelForkServer) -> None:
    """The provisioner is Jupyter's own interface: nbclient runs cells in a kernel of ours."""
    sources = ["print('hello')", "6 * 7"]
    first, second, _ = asyncio.run(outputs(sources, warm(server), "/tmp"))
    assert first["outputs"][0]["text"] == "hello\n"
    assert second["outputs"][0]["data"]["text/plain"] == "42"
    assert (first["number"], second["number"]) == (1, 2)
