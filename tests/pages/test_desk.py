"""The desk as a teacher uses it, in a real browser: look, decide, grade again, watch."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Literal

import pytest
from playwright.sync_api import Browser, Page, expect

from grader.gradebook import Standing, gradebook_of
from grader.pages import lesson_page
from grader.pages.addresses import of_lesson, of_student
from grader.pages.material import Material
from tests.notebooks import RIGHT, WRONG, cells_of, write_notebook
from tests.pages.axe import violations
from tests.pages.desk import PATIENCE, Desk, open_desk

pytestmark = pytest.mark.browser

MILLISECONDS = PATIENCE * 1000
expect.set_options(timeout=MILLISECONDS)
ADA = of_lesson("Ada Abel", "convolution")
Entered = Callable[[Desk], Page]


@pytest.fixture(scope="module")
def desk(class_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """A desk over the small class."""
    folder = tmp_path_factory.mktemp("desk") / "graded"
    shutil.copytree(class_folder, folder)
    with open_desk(folder) as opened:
        opened.folder = folder
        yield opened


@pytest.fixture
def entered(browser: Browser) -> Iterator[Entered]:
    """Opens a desk with its token, in a browser that knows nothing yet; no page reports a fault."""
    contexts = []
    wrong: list[str] = []

    def enter(desk: Desk) -> Page:
        context = browser.new_context()
        context.set_default_timeout(MILLISECONDS)
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("console", lambda message: wrong.append(message.text))
        page.goto(desk.url)
        return page

    yield enter
    for context in contexts:
        context.close()
    assert [text for text in wrong if "status of 422" not in text] == []


def at(page: Page, desk: Desk, address: str) -> Page:
    """The page at an address, with the desk open."""
    page.goto(f"{desk.origin}/{address}")
    page.get_by_text("The desk: points").click()
    return page


def standing(desk: Desk, student: str = "Ada Abel", lesson: str = "convolution") -> Standing:
    """What stands in the gradebook."""
    with gradebook_of(desk.folder) as book:
        [one] = [
            each for each in book.current() if (each.person.name, each.lesson) == (student, lesson)
        ]
    return one


def test_points_are_given_and_taken_back(desk: Desk, entered: Entered) -> None:
    """With a reason they count at once; taken back, what was graded does. The token is nowhere."""
    page = entered(desk)
    assert page.url == f"{desk.origin}/"
    assert desk.token not in page.content()
    at(page, desk, ADA).select_option("#desk-place", "convolution/feature_map_size")
    page.fill("#desk-points", "+1.5")
    page.fill("#desk-reason", "She explained <b>it</b>.")
    page.get_by_role("button", name="Give these points").click()
    expect(page.locator(".desk-told")).to_contain_text("1.5 of 2 points by hand (0 graded)")
    expect(page.locator(".mark h2")).to_have_text("5.5 of 6 points")
    assert page.locator(".mark b").count() == 0
    assert standing(desk).score == 5.5
    [given] = standing(desk).overrides
    assert (given.reason, given.author) == ("She explained <b>it</b>.", "Ms Lee")
    page.get_by_role("form", name="Take back points").get_by_role("button").click()
    expect(page.locator(".mark h2")).to_have_text("4 of 6 points")
    assert standing(desk).overrides == ()


@pytest.mark.parametrize(
    ("points", "reason", "said"),
    [
        ("3", "Because.", "is worth 2. Received: 3. If more is meant, tick the box"),
        ("2", " ", "A mark by hand has a reason. Received: none."),
        ("two", "Because.", "Points are a number like 2 or 1.5"),
        ("-3", "Because.", "Points are a number from 0"),
    ],
)
def test_points_that_cannot_be_given_stay_in_the_form(
    points: str, reason: str, said: str, desk: Desk, entered: Entered
) -> None:
    """A sentence says why, what was typed is still there, and nothing has changed."""
    before = standing(desk)
    page = at(entered(desk), desk, ADA)
    page.select_option("#desk-place", "convolution/feature_map_size")
    page.fill("#desk-points", points)
    page.fill("#desk-reason", reason)
    page.get_by_role("button", name="Give these points").click()
    expect(page.get_by_role("alert")).to_contain_text(said)
    assert page.input_value("#desk-place") == "convolution/feature_map_size"
    assert (page.input_value("#desk-points"), page.input_value("#desk-reason")) == (points, reason)
    assert standing(desk) == before


def test_a_comment_reaches_the_student(desk: Desk, entered: Entered) -> None:
    """It stands on both pages of the student, on the one that is sent, and in `grader show`."""
    said = "Look at <img src=x onerror=alert(1)>\nonce more."
    page = at(entered(desk), desk, of_student("Ada Abel"))
    page.select_option("#desk-about", "convolution/feature_map_size")
    page.fill("#desk-text", said)
    page.get_by_role("button", name="Keep this comment").click()
    expect(page.locator("blockquote")).to_have_text(said)
    assert page.locator("blockquote img").count() == 0
    page.goto(f"{desk.origin}/{ADA}")
    expect(page.locator("blockquote")).to_have_text(said)
    with gradebook_of(desk.folder) as book:
        sent = lesson_page.self_contained(Material.of(desk.folder, book), "Ada Abel", "convolution")
    assert "Look at &lt;img src=x onerror=alert(1)&gt;\nonce more." in sent
    command = [sys.executable, "-m", "grader", "show", str(desk.folder), "Ada Abel"]
    shown = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert "Ms Lee wrote" in shown
    assert "once more." in shown
    at(page, desk, ADA).get_by_role("form", name="Take back a comment").get_by_role(
        "button"
    ).click()
    expect(page.locator("blockquote")).to_have_count(0)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_desk_can_be_used_by_everybody(
    scheme: Literal["light", "dark"], desk: Desk, browser: Browser
) -> None:
    """Axe finds no serious violation with the desk open, and it is no wider than a phone."""
    context = browser.new_context(color_scheme=scheme, viewport={"width": 360, "height": 800})
    context.set_default_timeout(MILLISECONDS)
    page = context.new_page()
    page.goto(desk.url)
    at(page, desk, of_student("Dana Diaz")).get_by_role("button", name="Give these").click()
    expect(page.get_by_role("alert")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    assert violations(page) == []
    context.close()


HOSTILE = """<!doctype html><title>a page of somebody else</title>
<form id="form" method="post" action="{desk}/desk" target="frame">
<input name="do" value="comment"><input name="page" value="{page}"><input name="key" value="?">
<input name="place" value="convolution"><input name="text" value="PWNED"></form>
<iframe name="frame"></iframe><iframe id="framed" src="{desk}/"></iframe>
<img id="img" src="{desk}/"><script>
window.read = [];
async function go() {{
  for (const mode of ["cors", "no-cors", "same-origin"])
    for (const method of ["GET", "POST"])
      try {{
        const body = method === "POST" ? "do=comment" : undefined;
        const answer = await fetch("{desk}/desk/news", {{ mode, method, body,
          credentials: "include" }});
        window.read.push(await answer.text());
      }} catch {{ }}
  document.getElementById("form").submit();
  await new Promise((done) => setTimeout(done, 500));
  window.popup = window.open("{desk}/");
  await new Promise((done) => setTimeout(done, 500));
  try {{ window.read.push(window.popup.document.body.textContent); }} catch {{ }}
  window.over = true;
}}
go();
</script>"""


class Elsewhere(BaseHTTPRequestHandler):
    """Serves one page of somebody else."""

    page = ""

    def do_GET(self) -> None:
        """Called for each request."""
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(self.page.encode())

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_a_page_of_another_origin_gets_nothing(
    host: str, class_folder: Path, desk: Desk, browser: Browser
) -> None:
    """In the browser that the desk is open in, it can neither post, fetch, frame nor read it.

    Another port of the same address is the same site, and its cookies are sent; another name is
    another site.
    """
    html = HOSTILE.format(desk=desk.origin, page=of_student("Ada Abel"))
    handler = type("Page", (Elsewhere,), {"page": html})
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(handler))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    context = browser.new_context()
    context.set_default_timeout(MILLISECONDS)
    try:
        page = context.new_page()
        page.goto(desk.url)
        refused: list[int] = []
        context.on("response", lambda one: refused.append(one.status))
        page.goto(f"http://{host}:{server.server_port}/")
        page.wait_for_function("window.over")
        assert not [text for text in page.evaluate("window.read") if text]
        frames = [frame.evaluate("document.body.textContent") for frame in page.frames[1:]]
        assert not [text for text in frames if "Ada" in text]
        assert page.evaluate("document.getElementById('img').naturalWidth") == 0
        assert 403 in refused
    finally:
        context.close()
        server.shutdown()
        server.server_close()
    assert not [one for one in standing(desk).comments if one.text == "PWNED"]


@pytest.mark.kernel
@pytest.mark.slow
def test_a_class_is_watched_and_one_is_graded_again(tmp_path: Path, entered: Entered) -> None:
    """While it is graded, progress and results come by themselves; one is graded again for real.

    What was written by hand before stays, and the notebook is the one that the folder kept.
    """
    handed_in, to = tmp_path / "class", tmp_path / "graded"
    write_notebook(handed_in / "zoe.ipynb", cells_of(RIGHT))
    options = ["--to", str(to), "--jobs", "1", "--timeout", "60", "--quiet"]
    command = [sys.executable, "-m", "grader", "grade", str(handed_in), *options]
    first = subprocess.run(command, capture_output=True, text=True, check=False)
    assert first.returncode == 1, first.stderr
    for number in range(6):
        cells = [f"import time; time.sleep(1.5)  # {number}", *cells_of(WRONG)]
        write_notebook(handed_in / f"student{number}.ipynb", cells)
    with open_desk(to, "--timeout", "60") as desk:
        desk.folder = to
        page = entered(desk)
        expect(page.locator("#desk-run")).to_be_hidden()
        with subprocess.Popen(command, stderr=subprocess.PIPE) as run:
            expect(page.locator("#desk-run")).to_be_visible()
            expect(page.locator("#desk-count")).to_have_text(re.compile("[2-6] of 7"))
            expect(page.locator("#desk-newest li").first).to_contain_text("convolution: 1/29")
            # The page itself shows them, too, without anybody doing anything.
            expect(page.get_by_role("link", name="student0")).not_to_have_count(
                0, timeout=MILLISECONDS
            )
            run.communicate(timeout=PATIENCE)
        expect(page.locator("#desk-run")).to_be_hidden()
        expect(page.get_by_role("link", name="student5")).not_to_have_count(0)

        shutil.rmtree(handed_in)
        before = standing(desk, "zoe")
        at(page, desk, of_lesson("zoe", "convolution"))
        page.fill("#desk-text", "Well done.")
        page.get_by_role("button", name="Keep this comment").click()
        page.get_by_role("button", name="again").click()
        done = page.locator("#desk-jobs li", has_text="Graded again: zoe, convolution: 5/")
        expect(done).to_be_visible()
        page.close()  # before the desk is, which it would ask for news
    after = standing(desk, "zoe")
    assert after.graded_at is not None
    assert before.graded_at is not None
    assert after.graded_at > before.graded_at
    assert [one.text for one in after.comments] == ["Well done."]
    assert (after.score, after.attempts) == (before.score, 1)
