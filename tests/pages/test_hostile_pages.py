"""What came out of notebooks does nothing in the pages that show it, in a real browser."""

from __future__ import annotations

import re
import time
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, Route

from grader.pages import lesson_page, student_page
from grader.report.text import is_visible
from tests.hostile.corpus import attacks
from tests.notebooks import notebook
from tests.pages.hostile import (
    HTML,
    MARKDOWN,
    hostile_notebook,
    hostile_record,
    material_of,
    record,
)
from tests.report.samples import HOSTILE, hostile

pytestmark = pytest.mark.browser

ON_REPORTS = attacks(["reports"])
NOTHING = "script, iframe, object, embed, form, input, button, select, textarea, base, video, audio"
TRIES = 10.0


class Watching:
    """A page of a browser, and all that it does which a page of ours does not."""

    def __init__(self, browser: Browser) -> None:
        self.context = browser.new_context()
        self.page: Page = self.context.new_page()
        self.asked: list[str] = []
        self.said: list[str] = []
        self.context.route("**/*", self._answer)
        self.context.on("page", lambda page: self.said.append(f"a window: {page.url}"))
        self.page.on("dialog", lambda dialog: self.said.append(f"a dialog: {dialog.message}"))
        self.page.on("console", lambda message: self.said.append(message.text))
        self.page.on("pageerror", lambda error: self.said.append(str(error)))

    def _answer(self, route: Route) -> None:
        if not route.request.url.startswith(("file:", "data:")):
            self.asked.append(route.request.url)
        route.continue_()

    def shows(self, html: str, file: Path) -> Page:
        """Open a page, unfold all of it, and hold that it stays what it is."""
        file.write_text(html, encoding="utf-8")
        self.page.goto(file.as_uri(), wait_until="load")
        title = self.page.title()
        self.page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
        self.page.wait_for_timeout(150)
        assert self.page.title() == title != "owned"
        assert self.page.url == file.as_uri()
        assert self.asked == []
        assert self.said == []
        return self.page


@pytest.fixture
def watching(browser: Browser) -> Watching:
    """A browser that sees every request."""
    return Watching(browser)


def test_a_hostile_notebook_does_nothing(watching: Watching, tmp_path: Path) -> None:
    """Of a notebook whose every part attacks, nothing runs, is asked for, covers or sends."""
    content = hostile_notebook()
    made = material_of(tmp_path / "class", [hostile_record(content)], content)
    html = lesson_page.page(made, "eve", "convolution")
    page = watching.shows(html, tmp_path / "page.html")
    assert page.locator(NOTHING).count() == 0
    assert page.locator("main .cell").count() > len(MARKDOWN)
    sources = page.locator("img").evaluate_all("all => all.map(one => one.src)")
    assert sources
    assert all(re.match(r"data:image/(png|svg\+xml);base64,", source) for source in sources)
    links = page.locator("a").evaluate_all("all => all.map(one => [one.getAttribute('href'), one.target])")
    pages = r"(\.\./\.\./[\w/.]+|#[\w-]+|https?://[^\s]+)"
    assert [one for one in links if one[1] or not (one[0] is None or re.fullmatch(pages, one[0]))] == []
    own = page.evaluate("[...document.querySelectorAll('[id]')].map(one => one.id)")
    assert len(own) == len(set(own))
    acting = page.evaluate(
        "[...document.querySelectorAll('*')].flatMap(one => [...one.attributes].map(a => a.name))"
    )
    assert [name for name in acting if name.startswith("on") or name in ("ping", "srcset")] == []
    fixed = page.evaluate(
        "[...document.querySelectorAll('main *')].filter(one => "
        "['fixed', 'sticky'].includes(getComputedStyle(one).position)).length"
    )
    assert fixed == 0


def test_what_is_not_shown_is_said(watching: Watching, tmp_path: Path) -> None:
    """A note stands for each picture from elsewhere, for scripts, and for what is cut."""
    content = hostile_notebook()
    made = material_of(tmp_path / "class", [hostile_record(content)], content)
    html = lesson_page.page(made, "eve", "convolution")
    text = watching.shows(html, tmp_path / "page.html").inner_text("main")
    assert "An image from the network is not shown" in text
    assert "An image that is not in the notebook is not shown" in text
    assert "An image that cannot be read, or is too large, is not shown." in text
    assert "nothing of a notebook runs here" in text
    assert "more characters are not shown" in text
    assert "after the end" in text


def test_links_cannot_run_anything(watching: Watching, tmp_path: Path) -> None:
    """Clicking every link that a notebook brings never runs a script in the page."""
    links = "\n\n".join(html for html in HTML if "trap" in html)
    cells = [{"cell_type": "markdown", "metadata": {}, "source": links}]
    content = bytes(_document(cells), "utf-8")
    made = material_of(tmp_path / "class", [record(content)], content)
    html = lesson_page.page(made, "eve", "convolution")
    page = watching.shows(html, tmp_path / "page.html")
    title, found = page.title(), page.locator(".prose-cell a")
    assert found.count() == 8
    for at in range(found.count()):
        if found.nth(at).get_attribute("href") is None:
            found.nth(at).click()
    assert page.title() == title
    assert page.url == (tmp_path / "page.html").as_uri()
    assert {found.nth(at).get_attribute("href") for at in range(8)} == {None, "http://evil.example"}
    assert "noopener" in (found.last.get_attribute("rel") or "")


def _document(cells: object) -> str:
    import json

    return json.dumps({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5})


@pytest.mark.parametrize("attack", ON_REPORTS, ids=lambda attack: attack.id)
def test_the_corpus_on_reports_does_nothing(
    attack: object, watching: Watching, tmp_path: Path
) -> None:
    """A notebook of the corpus, and its text in each place of a record, is text in the pages."""
    from tests.hostile.corpus import Attack

    assert isinstance(attack, Attack)
    content = bytes(__import__("json").dumps(notebook(attack.cells)), "utf-8")
    student = attack.student or "eve"
    made = material_of(tmp_path / "class", [hostile_record(content, student)], content)
    for html in (
        lesson_page.self_contained(made, student, "convolution"),
        student_page.page(made, student),
    ):
        page = watching.shows(html, tmp_path / "page.html")
        assert page.locator(NOTHING).count() == 0
        assert HOSTILE.split("\x1b")[0] in page.inner_text("main") or "Points" in html
    watching.context.close()


def test_no_character_hides(tmp_path: Path) -> None:
    """Every invisible or bidirectional character is a visible escape, even where HTML spells it."""
    content = hostile_notebook()
    made = material_of(tmp_path / "class", [hostile_record(content)], content)
    html = lesson_page.page(made, "eve", "convolution") + student_page.page(made, "eve")
    html.encode()
    assert {one for one in html if not is_visible(one)} <= {"\n"}
    assert "&#8238;" not in html
    assert "&#x202e;" not in html.casefold()


def test_hostile_notebooks_take_little_time(tmp_path: Path) -> None:
    """A notebook made to be slow is cut before it takes ten seconds."""
    slow = ["a" + " " * 20_000 + str(n) for n in range(120)]
    slow += [r"\begin{a}" * 1000 + str(n) for n in range(120)]
    cells = [{"cell_type": "markdown", "metadata": {}, "source": text} for text in slow]
    content = bytes(_document(cells), "utf-8")
    made = material_of(tmp_path / "class", [record(content)], content)
    began = time.process_time()
    html = lesson_page.page(made, "eve", "convolution")
    assert time.process_time() - began < TRIES * 6
    assert html.count('class="cell') <= 240


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1400])
def test_the_pages_are_accessible(
    scheme: str, width: int, browser: Browser, tmp_path: Path, material: object
) -> None:
    """Axe finds no serious violation in any page of the small class, unfolded."""
    from grader.pages.material import Material

    assert isinstance(material, Material)
    context = browser.new_context(
        viewport={"width": width, "height": 900},
        color_scheme="dark" if scheme == "dark" else "light",
    )
    page = context.new_page()
    wrong = []
    for student in ("Ben Bauer", "Cem Can", "Eve Ek", "Hal Nothing"):
        lessons = material.by_student[student]
        pages = [lesson_page.page(material, student, lesson) for lesson in lessons]
        for html in [student_page.page(material, student), *pages]:
            (tmp_path / "page.html").write_text(html, encoding="utf-8")
            page.goto((tmp_path / "page.html").as_uri())
            page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
            wrong += _serious(page)
            assert page.evaluate("document.documentElement.scrollWidth") <= width
    context.close()
    assert wrong == []


def _serious(page: Page) -> list[str]:
    found = Axe().run(page).response["violations"]
    return [
        f"{one['id']}: {one['nodes'][0]['html'][:200]}"
        for one in found
        if one["impact"] in ("serious", "critical")
    ]
