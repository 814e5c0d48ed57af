"""The lessons' pictures: each as new as the script that draws it."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

FIGURES = Path(__file__).parents[2] / "solutions" / "figures"
SCRIPTS = sorted(FIGURES.glob("draw_*.py"))


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.name)
def test_no_picture_is_older_than_its_script(script: Path) -> None:
    """Since the pictures were drawn, neither their script nor the canvas has changed."""
    drawn = json.loads((FIGURES / "drawn.json").read_text(encoding="utf-8"))
    text = script.read_bytes() + (FIGURES / "canvas.py").read_bytes()
    now = hashlib.sha256(text).hexdigest()
    assert drawn.get(script.name) == now, f"Run `make figures`: {script.name} has changed."


def test_every_picture_of_a_lesson_is_drawn_by_a_script() -> None:
    """No picture stands in the folder that no script saves."""
    saved = "".join(script.read_text(encoding="utf-8") for script in SCRIPTS)
    assert {path.name for path in FIGURES.glob("*.png") if path.name not in saved} == set()
