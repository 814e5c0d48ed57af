"""What came out of notebooks does nothing in the pages that show it, in a real browser."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Literal

import pytest
from playwright.sync_api import Browser, Page, Route

from grader.pages import lesson_page, student_page
from grader.pages.material import Material
from grader.report.text import is_visible
from grader.results import ShownCurves, Verdict
from tests.hostile.corpus import Attack, attacks
from tests.notebooks import notebook
from tests.pages.axe import violations
from tests.pages.hostile import (
    HTML,
    MARKDOWN,
    PNG,
    hostile_notebook,
    hostile_record,
    material_of,
    record,
)
from tests.report.samples import FLIPPED, HOSTILE, array, check, exercise, passed, wrong_sum

pytestmark = pytest.mark.browser

ON_REPORTS = attacks(["reports"])
NOTHING = "script, iframe, object, embed, form, input, button, select, textarea, base, video, audio"
MOST_SECONDS = 60.0
CODE = 'import numpy as np\n\ndef relu(x):  # a comment\n    """Text."""\n    return max(0, 1.5, x)'


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
        self.asked.append(route.request.url)
        route.continue_()

    def shows(self, html: str, file: Path) -> Page:
        """Open a page, unfold all of it, and hold that it stays what it is."""
        file.write_text(html, encoding="utf-8")
        self.asked.clear()
        self.page.goto(file.as_uri(), wait_until="load")
        title = self.page.title()
        self.page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
        self.page.wait_for_timeout(150)
        assert self.page.title() == title != "owned"
        assert self.page.url == file.as_uri()
        others = [url for url in self.asked if not url.startswith("data:image/")]
        assert others == [file.as_uri()]
        assert self.said == []
        return self.page


@pytest.fixture
def watching(browser: Browser) -> Iterator[Watching]:
    """A browser that sees every request."""
    seen = Watching(browser)
    yield seen
    seen.context.close()


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
    links = page.locator("a").evaluate_all(
        "all => all.map(one => [one.getAttribute('href'), one.target])"
    )
    pages = r"(\.\./\.\./[\w/.]+|#[\w-]+|https?://[^\s]+)"
    assert [
        one for one in links if one[1] or not (one[0] is None or re.fullmatch(pages, one[0]))
    ] == []
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
    for width in (360, 1400):
        page.set_viewport_size({"width": width, "height": 900})
        assert page.evaluate("document.documentElement.scrollWidth") <= width


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
    content = _document(cells)
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


@pytest.mark.parametrize("attack", ON_REPORTS, ids=lambda attack: attack.id)
def test_the_corpus_on_reports_does_nothing(
    attack: Attack, watching: Watching, tmp_path: Path
) -> None:
    """A notebook of the corpus, and its text in each place of a record, is text in the pages."""
    content = json.dumps(notebook(attack.cells)).encode()
    student = attack.student or "eve"
    made = material_of(tmp_path / "class", [hostile_record(content, student)], content)
    for html in (
        lesson_page.self_contained(made, student, "convolution"),
        student_page.page(made, student),
    ):
        page = watching.shows(html, tmp_path / "page.html")
        assert page.locator(NOTHING).count() == 0
        assert HOSTILE.split("\x1b")[0] in page.inner_text("main")


def test_no_character_hides(tmp_path: Path) -> None:
    """Every invisible or bidirectional character is a visible escape, even where HTML spells it."""
    content = hostile_notebook()
    made = material_of(tmp_path / "class", [hostile_record(content)], content)
    html = lesson_page.page(made, "eve", "convolution") + student_page.page(made, "eve")
    html.encode()
    assert {one for one in html if not is_visible(one)} <= {"\n"}
    assert "&#8238;" not in html
    assert "&#x202e;" not in html.casefold()


@pytest.mark.slow
def test_a_notebook_that_is_made_to_be_slow_is_cut(tmp_path: Path) -> None:
    """However much there is of what is slow to render, a page takes seconds of the processor."""
    slow = [r"\begin{a}" * 1000 + str(n) for n in range(200)]
    cells = [{"cell_type": "markdown", "metadata": {}, "source": text} for text in slow]
    content = _document(cells)
    made = material_of(tmp_path / "class", [record(content)], content)
    began = time.process_time()
    html = lesson_page.page(made, "eve", "convolution")
    assert time.process_time() - began < MOST_SECONDS
    assert 5 <= html.count('class="cell') < 60
    assert "The notebook is too long to be shown whole" in html


def _document(cells: Sequence[Any]) -> bytes:
    """A notebook of these cells."""
    document = {"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    return json.dumps(document).encode()


def all_shown(folder: Path) -> Material:
    """A record with every kind of picture, beside a notebook with outputs of every kind."""
    large = array([[row * column % 7 - 3 for column in range(28)] for row in range(28)])
    curves = ShownCurves(
        curves={"loss": (1.0, 0.5, 0.25), "val_loss": (1.1, 0.7, 0.6)},
        high=0.3, first=2, marks={"here": 1},
    )  # fmt: skip
    drawn = wrong_sum().model_copy(
        update={"expected": large, "received": large, "where": (3, 4), "curves": curves}
    )
    exercises = [
        exercise(drawn, wrong_sum(), diagnosis=FLIPPED).model_copy(update={"cell": 2}),
        exercise(check(Verdict.ERROR), verdict=Verdict.ERROR, message="`relu` raised."),
        exercise(check(Verdict.BROKEN), verdict=Verdict.BROKEN),
        exercise(check(Verdict.NOT_ATTEMPTED), verdict=Verdict.NOT_ATTEMPTED),
        passed(),
    ]
    outputs = [
        {"output_type": "stream", "name": "stdout", "text": "\x1b[32mgreen \x1b[1;31mred\x1b[0m"},
        {"output_type": "error", "ename": "E", "evalue": "v", "traceback": ["\x1b[33mtrace"]},
        {"output_type": "display_data", "data": {"image/png": PNG}},
        {"output_type": "display_data", "data": {"text/html": "<table><tr><th>a<tr><td>1</table>"}},
    ]
    cells = [
        {"cell_type": "markdown", "metadata": {}, "source": "## Mine $x^2$ `c`\n\n> q\n\n$$y$$"},
        {"cell_type": "code", "metadata": {}, "source": CODE, "outputs": outputs},
    ]
    content = _document(cells)
    return material_of(folder, [record(content, "eve", *exercises)], content)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_pages_are_accessible(
    scheme: Literal["light", "dark"], browser: Browser, tmp_path: Path, material: Material
) -> None:
    """Axe finds no serious violation at 360 and 1400 pixels, and no page is wider than these."""
    made = all_shown(tmp_path / "class")
    pages = [
        lesson_page.page(made, "eve", "convolution"),
        lesson_page.page(material, "Ben Bauer", "convolution"),
        lesson_page.page(material, "Eve Ek", "pooling"),
        student_page.page(material, "Dana Diaz"),
    ]
    page = browser.new_page(color_scheme=scheme)
    wrong = []
    for number, html in enumerate(pages):
        (tmp_path / f"{number}.html").write_text(html, encoding="utf-8")
        page.goto((tmp_path / f"{number}.html").as_uri())
        page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
        for width in (360, 1400):
            page.set_viewport_size({"width": width, "height": 900})
            wrong += violations(page)
            assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.close()
    assert wrong == []
