"""How long a student waits for the first cell of a lesson, and for what.

Each cell runs as the first of a fresh kernel, as JupyterLab starts it. What a Keras lesson's first
cell takes is compared with `import keras` alone, and lesson 1's with NumPy and Matplotlib alone.
The cells take turns; medians, and ratios within this run: seconds alone say little about another
machine. JupyterLab brings packages with it that other packages load if they are there, so the
`notebook` extra should be installed. Run as `python -m benchmarks.first_cell [--rounds 5]`.
"""

from __future__ import annotations

import argparse
import statistics
import sys
from importlib.util import find_spec
from pathlib import Path
from time import perf_counter

from jupyter_client.manager import KernelManager

from grader.authoring.build import student_notebook
from grader.judging.course import lesson

COURSE = Path(__file__).parent.parent
LIBRARIES = "import matplotlib.pyplot as plt\nimport numpy as np"


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    rounds = range(parser.parse_args().rounds)
    cells = {
        "pass": "pass",
        "NumPy and Matplotlib": LIBRARIES,
        "lesson 1": first_cell("convolution"),
        "import keras": "import keras",
        "lesson 2": first_cell("conv_layer"),
        "lesson 7": first_cell("capstone"),
    }
    times = [[seconds(source) for source in cells.values()] for _ in rounds]
    medians = dict(zip(cells, map(statistics.median, zip(*times, strict=True)), strict=True))
    for name, median in medians.items():
        sys.stdout.write(f"{name:22} {median:6.3f} s\n")
    for name, alone in (
        ("lesson 1", "NumPy and Matplotlib"),
        ("lesson 2", "import keras"),
        ("lesson 7", "import keras"),
    ):
        sys.stdout.write(f"{name} takes {medians[name] / medians[alone]:.2f} × {alone}\n")
    if find_spec("jupyterlab") is None:
        sys.stdout.write("Without JupyterLab, which is not installed here.\n")


def first_cell(name: str) -> str:
    """The first code cell of the notebook that students get."""
    cells = student_notebook(lesson(name), COURSE).cells
    return next(str(cell.source) for cell in cells if cell.cell_type == "code")


def seconds(source: str) -> float:
    """How long a cell takes as the first of a kernel."""
    manager = KernelManager(kernel_name="python3")
    manager.start_kernel(extra_arguments=["--IPKernelApp.log_level=50"])
    client = manager.client()
    try:
        client.start_channels()
        client.wait_for_ready(timeout=60)
        begun = perf_counter()
        reply = client.execute_interactive(source, timeout=120, output_hook=lambda _message: None)
        assert reply["content"]["status"] == "ok", reply["content"]
        return perf_counter() - begun
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)


if __name__ == "__main__":
    main()
