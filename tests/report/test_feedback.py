"""The feedback in a notebook: what it says, what it draws, and that nothing in it runs."""

from __future__ import annotations

import base64
import re
import struct
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import matplotlib as mpl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib import pyplot as plt
from playwright.sync_api import Page, sync_playwright

from grader.report.feedback import feedback_html, feedback_text
from grader.results import CheckResult, ExerciseResult, Shown, ShownArray, Verdict
from tests.report.samples import (
    FLIPPED,
    HOSTILE,
    array,
    check,
    exercise,
    flipped,
    hostile,
    passed,
    wrong_sum,
)

ANY_TEXT = st.text(st.characters(codec=None, exclude_categories=()))
TAGS = {"div", "span", "code", "strong", "table", "tbody", "tr", "td", "img"}
ATTRIBUTES = {"style", "title", "aria-label", "aria-hidden", "src", "alt"}
CHROMIUM = "/usr/bin/chromium"
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]


class Fragment(HTMLParser):
    """What a fragment consists of."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.text = ""
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Called for each start tag."""
        self.elements.append((tag, {name: value or "" for name, value in attrs}))

    def handle_data(self, data: str) -> None:
        """Called for the text between tags."""
        self.text += data

    @property
    def words(self) -> str:
        """The text with single spaces."""
        return " ".join(self.text.split())

    def styles(self, tag: str) -> list[str]:
        """The styles of all elements of that name."""
        return [attributes["style"] for name, attributes in self.elements if name == tag]


def format_value(result: ExerciseResult, hints_left: int = 2) -> Fragment:
    """The HTML feedback, taken apart."""
    return Fragment(feedback_html(result, hints_left=hints_left))


def large(rows: int = 28, columns: int = 28) -> CheckResult:
    """A failed check with more numbers than a table shows, first different at [3, 4]."""
    right = [[float(r * c % 7) for c in range(columns)] for r in range(rows)]
    wrong = [[-value for value in row] for row in right]
    update = {"expected": array(right), "received": array(wrong), "where": (3, 4), "given": ()}
    return wrong_sum().model_copy(update=update)


@pytest.mark.parametrize(
    ("verdict", "words"),
    [
        (Verdict.PASSED, "Passed"),
        (Verdict.FAILED, "Not there yet"),
        (Verdict.NOT_ATTEMPTED, "Not started yet"),
        (Verdict.ERROR, "Your code raised an error"),
        (Verdict.TIMEOUT, "Your code took too long"),
        (Verdict.BROKEN, "The fault is ours, not yours"),
    ],
)
def test_the_heading_says_what_happened(verdict: Verdict, words: str) -> None:
    """Every verdict has words of its own, so that color is never needed."""
    assert words in format_value(exercise(check(verdict), verdict=verdict)).words


@pytest.mark.parametrize("verdict", list(Verdict))
def test_every_verdict_can_be_shown(verdict: Verdict) -> None:
    """There is feedback for every verdict, in HTML and in text."""
    result = exercise(check(verdict), verdict=verdict)
    assert "Slide a kernel over an image" in format_value(result).words
    assert "Slide a kernel over an image" in feedback_text(result, hints_left=1)


def test_each_statement_has_its_outcome_in_words() -> None:
    """Beside each statement stand its outcome and its points."""
    words = format_value(flipped()).words
    assert "(H − k + 1)×(W − l + 1). (passed, 1/1)" in words
    assert "element by element. (failed, 0/2)" in words


def test_a_failure_shows_how_it_came_about() -> None:
    """A failed statement shows the message, the call, its inputs and what the answers look like."""
    words = format_value(flipped()).words
    for part in (
        "4 of 6 values differ; the first is at [1, 0]",
        "The call: convolve2d(image, kernel)",
        "with image",
        "with kernel",
        "expected",
        "received",
        "Outlined: the first difference, at [1, 0].",
        f"This looks like: {FLIPPED}",
    ):
        assert part in words


def test_the_first_difference_is_outlined_in_both_arrays() -> None:
    """The two cells at the first difference are outlined, and no others."""
    html = feedback_html(flipped(), hints_left=0)
    cells = re.findall(r'<td title="the first difference"[^>]*outline:3px[^>]*>([^<]*)</td>', html)
    assert cells == ["-4", "4"]


@settings(max_examples=30, deadline=None)
@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=2, max_size=12))
def test_numbers_can_be_read_on_their_color(numbers: list[float]) -> None:
    """Every cell has a contrast of at least 4.5 to 1, whatever the numbers."""
    result = exercise(wrong_sum().model_copy(update={"received": array([numbers, numbers[::-1]])}))
    for style in format_value(result).styles("td"):
        back, front = re.findall(r"#([0-9a-f]{6})", style)[:2]
        lighter, darker = sorted((luminance(back), luminance(front)), reverse=True)
        assert (lighter + 0.05) / (darker + 0.05) >= 4.5


def luminance(color: str) -> float:
    """Relative luminance as WCAG 2.2 defines it, of six hexadecimal digits."""
    red, green, blue = (int(color[at : at + 2], 16) / 255 for at in (0, 2, 4))
    linear = [
        c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in (red, green, blue)
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def test_a_large_array_is_a_picture() -> None:
    """More than 14×14 numbers become a PNG with words for those who do not see it."""
    images = [
        attributes for tag, attributes in format_value(exercise(large())).elements if tag == "img"
    ]
    assert [image["alt"].split(":")[0] for image in images] == ["expected", "received"]
    assert "28×28 values" in images[0]["alt"]
    content = base64.b64decode(images[0]["src"].removeprefix("data:image/png;base64,"))
    width, height = struct.unpack(">II", content[16:24])
    assert content.startswith(b"\x89PNG")
    assert 200 <= width <= 400
    assert 200 <= height <= 400


def test_a_long_row_is_shown_around_the_first_difference() -> None:
    """Of a long row of numbers the table holds those around the first difference."""
    right = [[float(number) for number in range(200)]]
    wrong = [[-1.0 if number == 150 else float(number) for number in range(200)]]
    update = {"expected": array(right), "received": array(wrong), "where": (0, 120), "given": ()}
    fragment = format_value(exercise(wrong_sum().model_copy(update=update)))
    assert not fragment.styles("img")
    assert len(fragment.styles("td")) == 2 * 14
    assert "columns 113 to 126" in fragment.words


def test_the_figures_of_the_student_stay_untouched() -> None:
    """Drawing opens no figure of pyplot, closes none, and keeps the student's settings."""
    figure = plt.figure()
    with mpl.rc_context({"savefig.dpi": 17, "image.origin": "lower"}):
        settings_before = dict(mpl.rcParams)
        small = feedback_html(exercise(large()), hints_left=0)
        assert dict(mpl.rcParams) == settings_before
    assert plt.get_fignums() == [figure.number]
    assert plt.gcf() is figure
    plt.close(figure)
    assert small == feedback_html(exercise(large()), hints_left=0)


def test_scalars_and_tuples_are_text() -> None:
    """What is no array stands as code."""
    update = {"expected": Shown(text="25"), "received": Shown(text="(5, 5)"), "given": ()}
    fragment = format_value(exercise(wrong_sum().model_copy(update=update)))
    assert "expected 25 received (5, 5)" in fragment.words
    assert not fragment.styles("td")


def test_an_empty_array_is_text() -> None:
    """An array without values is described, not drawn."""
    nothing = ShownArray(shape=(0, 3), dtype="float32", values=())
    empty = Shown(text="array of shape 0×3, float32", array=nothing)
    update = {"expected": Shown(text="25"), "received": empty, "given": ()}
    words = format_value(exercise(wrong_sum().model_copy(update=update))).words
    assert "received array of shape 0×3" in words


@pytest.mark.parametrize(
    ("result", "hints_left", "offered"),
    [
        (flipped(), 2, True),
        (flipped(), 0, False),
        (passed(), 2, False),
        (exercise(check(Verdict.BROKEN), verdict=Verdict.BROKEN), 2, False),
        (exercise(check(Verdict.NOT_ATTEMPTED), verdict=Verdict.NOT_ATTEMPTED), 1, True),
    ],
)
def test_a_hint_is_offered_where_it_helps(
    result: ExerciseResult, hints_left: int, *, offered: bool
) -> None:
    """The next step is a hint where one is left and something is still to do."""
    expected = f'hint("{result.id}")'
    assert (f"Run {expected}" in format_value(result, hints_left).words) is offered
    assert (f"Run {expected}" in feedback_text(result, hints_left=hints_left)) is offered


def test_what_was_not_started_is_no_failure() -> None:
    """An exercise that was not started lists what to do, calmly."""
    untouched = exercise(check(Verdict.NOT_ATTEMPTED), verdict=Verdict.NOT_ATTEMPTED)
    words = format_value(untouched).words
    assert "Not started yet" in words
    assert "(to do, 0/1)" in words
    assert "failed" not in words


def test_a_fault_of_ours_takes_no_points() -> None:
    """A broken check says that nothing is lost, and shows no score of zero."""
    words = format_value(exercise(check(Verdict.BROKEN), verdict=Verdict.BROKEN)).words
    assert "nothing is lost" in words
    assert "score withheld" in words


def test_names_in_backticks_are_code() -> None:
    """A name in backticks is set as code; a single backtick is left alone."""
    message = "`convolve2d` is still the starter's `...`."
    html = feedback_html(exercise(verdict=Verdict.NOT_ATTEMPTED, message=message), hints_left=0)
    assert re.search(r"<code [^>]*>convolve2d</code> is still", html)
    assert "a ` b" in format_value(exercise(message="a ` b")).text


def test_a_message_is_not_repeated() -> None:
    """What the exercise says already is not said again by its check."""
    failed = check(Verdict.ERROR).model_copy(update={"message": "It broke."})
    result = exercise(failed, verdict=Verdict.ERROR, message="It broke.")
    assert format_value(result).words.count("It broke.") == 1


def test_the_text_is_the_same_in_plain_words() -> None:
    """The text version has statements, arrays, diagnosis and next step, without any escape."""
    text = feedback_text(flipped(), hints_left=1)
    assert "✘ Each value is the sum" in text
    assert "[-4]  2   5" in text
    assert 'Stuck? Run hint("convolve2d") (1 hint left).' in text
    assert "\x1b" not in text
    assert all(len(line) <= 80 for line in text.splitlines())


@settings(max_examples=50, deadline=None)
@given(ANY_TEXT)
def test_any_text_is_text(text: str) -> None:
    """Whatever a student's text is, the fragment has no element or attribute but its own."""
    value = Shown(text=text)
    update = {"message": text, "expected": value, "received": value, "call": text, "hint": text}
    failed = check(Verdict.ERROR).model_copy(update=update)
    result = exercise(failed, message=text, diagnosis=text, flags=(text,))
    fragment = format_value(result)
    assert {tag for tag, _ in fragment.elements} <= TAGS
    assert {name for _, attributes in fragment.elements for name in attributes} <= ATTRIBUTES
    feedback_html(result, hints_left=1).encode()
    feedback_text(result, hints_left=1).encode()


def test_nothing_is_loaded() -> None:
    """The only sources are pictures within the fragment, and no style loads anything."""
    for result in (hostile(), flipped(), exercise(large())):
        fragment = format_value(result)
        sources = [a["src"] for _, a in fragment.elements if "src" in a]
        assert all(source.startswith("data:image/png;base64,") for source in sources)
        assert not any("url(" in a.get("style", "") for _, a in fragment.elements)


@pytest.fixture
def browser_page() -> Iterator[Page]:
    """A page of a real browser."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser.new_page()
        browser.close()


@pytest.mark.browser
def test_nothing_runs_in_a_browser(browser_page: Page, tmp_path: Path) -> None:
    """In a real browser hostile text changes nothing, asks for nothing, and can be read."""
    file = tmp_path / "page.html"
    fragment = feedback_html(hostile(), hints_left=1)
    file.write_text(f"<!doctype html><meta charset=utf-8><title>calm</title>{fragment}")
    asked: list[str] = []
    dialogs: list[str] = []
    browser_page.on("request", lambda request: asked.append(request.url))
    browser_page.on("dialog", lambda dialog: dialogs.append(dialog.message))
    browser_page.goto(file.as_uri(), wait_until="networkidle")
    assert browser_page.title() == "calm"
    assert asked == [file.as_uri()]
    assert not dialogs
    assert browser_page.locator("script, a, iframe, img, object, style").count() == 0
    assert HOSTILE.split("\x1b")[0] in browser_page.inner_text("body")


@pytest.mark.browser
@pytest.mark.parametrize(("back", "front"), [("#ffffff", "#000000"), ("#111111", "#eeeeee")])
def test_the_feedback_takes_the_colors_of_its_page(
    browser_page: Page, back: str, front: str
) -> None:
    """On a light and on a dark page the text has the page's color and lies on its background."""
    style = f"body {{ background: {back}; color: {front} }}"
    fragment = feedback_html(flipped(), hints_left=1)
    browser_page.set_content(f"<style>{style}</style>{fragment}")
    colors = browser_page.evaluate(
        "[document.body, document.querySelector('body > div')]"
        ".map(element => getComputedStyle(element).color)"
    )
    assert colors[0] == colors[1]
    outlined = browser_page.locator("td[title='the first difference']")
    assert outlined.all_inner_texts() == ["-4", "4"]
