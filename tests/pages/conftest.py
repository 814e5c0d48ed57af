"""What tests of pages share: a real browser, and a small class of all kinds."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from grader.gradebook import gradebook_of
from grader.pages.material import Material
from tests.pages.classes import small_class

CHROMIUM = shutil.which("chromium")
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Debian's Chromium, for all tests of a module: Playwright holds an event loop meanwhile."""
    assert CHROMIUM, "Install Chromium: `make system`."
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield started
        started.close()


@pytest.fixture(scope="session")
def class_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that a small class was graded into; not to be changed: copy it for that."""
    return small_class(tmp_path_factory.mktemp("class") / "graded")


@pytest.fixture(scope="session")
def material(class_folder: Path) -> Material:
    """What stands in the small class."""
    with gradebook_of(class_folder) as book:
        return Material.of(class_folder, book)


Opened = Callable[[Path], Page]


@pytest.fixture
def opened(browser: Browser) -> Iterator[Callable[..., Page]]:
    """Opens a file in a page of its own, and holds that it asked for nothing and reported nothing.

    Keywords go to the browser's context: `color_scheme`, `viewport`, `java_script_enabled` …
    """
    contexts = []
    asked: list[str] = []
    wrong: list[str] = []

    def open_(file: Path, **options: object) -> Page:
        context = browser.new_context(**options)  # type: ignore[arg-type]
        contexts.append(context)
        page = context.new_page()
        page.on("request", lambda request: asked.append(request.url))
        page.on("console", lambda message: wrong.append(message.text))
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.goto(file.as_uri())
        return page

    yield open_
    for context in contexts:
        context.close()
    assert not wrong
    assert all(url.startswith(("file:", "data:")) for url in asked), asked
