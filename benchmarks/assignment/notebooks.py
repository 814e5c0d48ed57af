"""The assignment as three graders want it: solved, and with tests where they stand in it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, NamedTuple

import nbformat


class Part(NamedTuple):
    """One exercise: a solution, and what nbgrader and otter-grader check of it."""

    name: str
    points: int
    solution: str
    tests: tuple[str, ...]


_FUNCTION = Part(
    "feature_map",
    2,
    """
def feature_map(image, kernel):
    rows, columns = np.subtract(image.shape, kernel.shape) + 1
    k, l = kernel.shape
    return np.array([
        [(image[i:i + k, j:j + l] * kernel).sum() for j in range(columns)] for i in range(rows)
    ])
""",
    (
        """
from scipy.signal import correlate2d
rng = np.random.default_rng(0)
for height, width in ((5, 7), (8, 4), (6, 6)):
    image, kernel = rng.normal(size=(height, width)), rng.normal(size=(3, 3))
    assert np.allclose(feature_map(image, kernel), correlate2d(image, kernel, mode="valid"))
""",
    ),
)
_NETWORK = Part(
    "network",
    3,
    """
model = keras.Sequential([
    keras.Input((8, 8, 1)),
    keras.layers.Conv2D(8, 3, activation="relu"),
    keras.layers.Flatten(),
    keras.layers.Dense(10, activation="softmax"),
])
""",
    (
        "assert model.input_shape == (None, 8, 8, 1) and model.output_shape == (None, 10)",
        "assert model.count_params() == 2970",
    ),
)
_TRAINING = Part(
    "three_epochs",
    3,
    """
from sklearn.datasets import load_digits

digits = load_digits()
images = (digits.images[..., None] / 16).astype("float32")
model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
history = model.fit(images[:1500], digits.target[:1500], epochs=3, batch_size=32, verbose=0)
""",
    (
        'assert len(history.history["loss"]) == 3',
        """
scores = np.asarray(model(images[1500:]))
assert np.mean(scores.argmax(axis=-1) == digits.target[1500:]) > 0.5
""",
    ),
)
_READING = Part(
    "read",
    3,
    """
def read(image):
    return int(np.argmax(np.asarray(model(image[None]))[0]))
""",
    (
        """
rng = np.random.default_rng(0)
for _ in range(3):
    image = rng.uniform(size=(8, 8, 1)).astype("float32")
    assert read(image) == int(np.argmax(np.asarray(model(image[None]))[0]))
""",
    ),
)
PARTS = {
    "trained": (_FUNCTION, _NETWORK, _TRAINING),
    "untrained": (_FUNCTION, _NETWORK, _READING),
}
_IMPORTS = "import keras\nimport numpy as np"


def write_ours(path: Path, lesson: str, remark: str = "") -> Path:
    """Write a solved notebook for this grader; `remark` makes two of them differ in their code."""
    cells = [_code(f"{_IMPORTS}  # {remark}" if remark else _IMPORTS)]
    cells += [_code(part.solution, grader={"exercise": part.name}) for part in PARTS[lesson]]
    return _write(path, cells, grader={"lesson": lesson})


def write_for_nbgrader(path: Path, lesson: str) -> Path:
    """Write the source of the assignment, solutions and tests in it, for `nbgrader`."""
    cells = [_code(_IMPORTS)]
    for part in PARTS[lesson]:
        source = f"### BEGIN SOLUTION\n{part.solution.strip()}\n### END SOLUTION"
        cells.append(_code(source, nbgrader=_nbgrader(part.name, solution=True)))
        for number, test in enumerate(part.tests):
            points = part.points - len(part.tests) + 1 if number == 0 else 1
            tested = _nbgrader(f"{part.name}_{number}", points=points)
            cells.append(_code(test, nbgrader=tested))
    return _write(path, cells)


def write_for_otter(path: Path, lesson: str) -> Path:
    """Write the source of the assignment for `otter assign`."""
    cells = [_raw("# ASSIGNMENT CONFIG\nname: digits\nexport_cell: false\nrun_tests: false")]
    cells.append(_code(_IMPORTS))
    for part in PARTS[lesson]:
        cells.append(_raw(f"# BEGIN QUESTION\nname: {part.name}\npoints: {part.points}"))
        cells.append(_raw("# BEGIN SOLUTION"))
        cells.append(_code(f"# BEGIN SOLUTION\n{part.solution.strip()}\n# END SOLUTION"))
        cells.append(_raw("# END SOLUTION"))
        cells.append(_raw("# BEGIN TESTS"))
        cells += [_code(test) for test in part.tests]
        cells += [_raw("# END TESTS"), _raw("# END QUESTION")]
    return _write(path, cells)


def _nbgrader(name: str, *, solution: bool = False, points: int = 0) -> dict[str, Any]:
    return {
        "grade_id": name,
        "schema_version": 3,
        "solution": solution,
        "grade": not solution,
        "locked": not solution,
        "task": False,
        **({} if solution else {"points": points}),
    }


def _code(source: str, **metadata: Any) -> Any:
    return nbformat.v4.new_code_cell(source.strip(), metadata=metadata)  # type: ignore[no-untyped-call]


def _raw(source: str) -> Any:
    return nbformat.v4.new_raw_cell(source)  # type: ignore[no-untyped-call]


def _write(path: Path, cells: list[Any], **metadata: Any) -> Path:
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    notebook = nbformat.v4.new_notebook(  # type: ignore[no-untyped-call]
        cells=cells, metadata={"kernelspec": kernel, **metadata}
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(notebook), encoding="utf-8")
    return path
