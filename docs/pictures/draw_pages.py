"""Draws the pages of a class, light and dark, on a phone and on a desk: `pages_*.png`.

The class is the example class, with the records that it was graded to. Needs Chromium and the `dev`
extra; run as `python -m docs.pictures.draw_pages` from the project's folder.
"""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from grader.gradebook import gradebook_of
from grader.pages import addresses
from grader.pages.material import Material
from grader.pages.site import write_site
from tests.pages.example_class import example_class

HERE = Path(__file__).parent
SHOTS = {
    "class": (addresses.CLASS, ".cause details"),
    "exercise": (addresses.of_exercise("convolution", "convolve2d"), "#statements details"),
    "marks": (f"{addresses.CLASS}#students", ""),
    "heat_map": (f"{addresses.CLASS}#lesson-0", ""),
}
"""What is drawn: the address of a page and a place in it, and what is opened first."""
_STUDENT = "dan_flipped_kernel"
LOOKS = {"light": ("light", 1400, 1600), "dark": ("dark", 1400, 1600), "phone": ("light", 360, 800)}
"""(color scheme, width, height) of the pictures, in pixels."""


def main() -> None:
    """Draw the pictures beside this file."""
    with tempfile.TemporaryDirectory() as made, sync_playwright() as playwright:
        folder = example_class(Path(made) / "Convolutional networks")
        with gradebook_of(folder) as book:
            material = Material.of(folder, book)
        write_site(material, folder / "pages")
        shots = SHOTS | {
            "student": (addresses.of_student(_STUDENT), ""),
            "lesson": (addresses.of_lesson(_STUDENT, "convolution"), ""),
        }
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox", "--disable-gpu"]
        )
        for name, (address, opened) in shots.items():
            for look, (scheme, width, height) in LOOKS.items():
                page = browser.new_page(
                    color_scheme="dark" if scheme == "dark" else "light",
                    viewport={"width": width, "height": height},
                )
                path, _, place = address.partition("#")
                page.goto(f"{(folder / 'pages' / path).as_uri()}#{place}")
                draw(page, opened, HERE / f"pages_{name}_{look}.png")
                page.close()
        browser.close()


def draw(page: Page, opened: str, path: Path) -> None:
    """Draw what is seen of a page, with the first of what is `opened` open."""
    if opened:
        page.locator(opened).first.evaluate("one => one.open = true")
    page.screenshot(path=path)


if __name__ == "__main__":
    main()
