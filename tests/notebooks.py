"""Notebooks for tests, made of source cells."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from textwrap import dedent
from typing import Any

RIGHT = {
    "patch_response": """
        def patch_response(patch, kernel):
            total = 0.0
            for row in range(patch.shape[0]):
                for column in range(patch.shape[1]):
                    total += patch[row, column] * kernel[row, column]
            return total
        """,
    "feature_map_size": """
        def feature_map_size(image_size, kernel_size):
            return image_size - kernel_size + 1
        """,
}
"""Right answers, written without NumPy, to two exercises of the first lesson."""

WRONG = {
    "patch_response": "def patch_response(patch, kernel):\n    return 0.0",
    "feature_map_size": "def feature_map_size(image_size, kernel_size):\n    return 0",
}
"""Wrong answers to the same exercises."""

POINTS = {"patch_response": 3, "feature_map_size": 2}
"""What those exercises are worth."""

Cell = str | tuple[str, str]


def cells_of(answers: Mapping[str, str]) -> list[Cell]:
    """A marked answer cell for each exercise."""
    return list(answers.items())


def notebook(cells: Sequence[Cell], lesson: str | None = "convolution") -> dict[str, Any]:
    """A notebook of code cells: a source, or an (exercise, source) whose cell is marked."""
    made: list[dict[str, Any]] = []
    for number, cell in enumerate(cells):
        exercise, source = cell if isinstance(cell, tuple) else (None, cell)
        made.append(
            {
                "cell_type": "code",
                "execution_count": None,
                "id": f"cell-{number}",
                "metadata": {"grader": {"exercise": exercise}} if exercise else {},
                "outputs": [],
                "source": dedent(source).strip(),
            }
        )
    metadata = {"grader": {"lesson": lesson}} if lesson else {}
    return {"cells": made, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}


def write_notebook(path: Path, cells: Sequence[Cell], lesson: str | None = "convolution") -> Path:
    """Write such a notebook to `path`, with the folders that it needs."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(notebook(cells, lesson)), encoding="utf-8")
    return path
