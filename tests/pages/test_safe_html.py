"""What may be shown of HTML and of terminals: only what is listed is left, of any text."""

from __future__ import annotations

from html.parser import HTMLParser

import nh3
import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.pages.markdown import formula, markdown
from grader.pages.safe_html import clean, image_uri, settled, svg_uri, terminal
from grader.report.text import is_visible
from tests.pages.hostile import HTML, MARKDOWN, PNG, SVG

ELEMENTS = """
    a abbr b blockquote br caption code col colgroup dd del details div dl dt em h1 h2 h3 h4 h5 h6
    hr i img ins kbd li mark math mfrac mi mn mo mover mpadded mphantom mroot mrow mspace msqrt
    mstyle msub msubsup msup mtable mtd mtext mtr munder munderover ol p pre q s samp small span
    strong sub summary sup table tbody td tfoot th thead tr tt u ul var
    """
ALLOWED = set(ELEMENTS.split())
NAMES = """
    accent accentunder alt class colspan display fence form href linethickness mathvariant
    movablelimits rel rowspan scope separator src start stretchy title
    """
ATTRIBUTES = set(NAMES.split())
MARKS = "< > </ <! <!-- --> \" ' = &lt; &#60; <a <b> href= src= on javascript: $ ` [ ]("
PIECES = st.lists(
    st.one_of(
        st.sampled_from([*HTML, *(text[:300] for text in MARKDOWN)]),
        st.sampled_from(MARKS.split(" ")),
        st.text(st.characters(codec=None, exclude_categories=()), max_size=20),
    ),
    max_size=8,
).map("".join)  # fmt: skip


class Elements(HTMLParser):
    """The elements of HTML and their attributes."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: list[tuple[str, str]] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Keep an element's name and its attributes."""
        self.tags.add(tag)
        self.attributes += [(name, value or "") for name, value in attrs]


def ensure_harmless(html: str) -> None:
    """Hold that only elements and attributes are left that do nothing."""
    found = Elements(html)
    assert found.tags <= ALLOWED
    assert {name for name, _ in found.attributes} <= ATTRIBUTES
    for name, value in found.attributes:
        if name == "src":
            assert value.startswith("data:image/")
        if name == "href":
            assert value.strip().lower().startswith(("http://", "https://", "mailto:"))
    assert all(is_visible(one) for one in html if one != "\n")
    html.encode()


@given(PIECES)
def test_any_html_is_harmless_when_cleaned(html: str) -> None:
    """Whatever pieces of hostile HTML meet, what is left is listed, and reads the same again."""
    cleaned = clean(html)
    ensure_harmless(cleaned)
    again = nh3.clean(cleaned, tags=ALLOWED, attributes={"*": ATTRIBUTES - {"rel"}}, link_rel=None)
    assert Elements(again).tags == Elements(cleaned).tags


@given(PIECES)
def test_any_markdown_is_harmless_when_rendered(source: str) -> None:
    """The same of Markdown, in which HTML, formulas, links and code mix."""
    ensure_harmless(markdown(source))


@given(st.text(st.sampled_from("\\{}^_&$<>ab1 frchletmxngi[]()\n"), max_size=80))
def test_any_formula_is_harmless(tex: str) -> None:
    """Whatever stands between dollars is a formula or code, never an error or an element."""
    ensure_harmless(clean(formula(tex, block=True)))


@given(st.text(st.sampled_from("\x1b[]m;0123458K<b>\r\b\n\x07\x9b "), max_size=60))
def test_any_terminal_text_is_harmless(text: str) -> None:
    """Of escape sequences only colors are left, as classes; no other control remains."""
    found = Elements(terminal(text))
    assert found.tags <= {"span"}
    assert all(name == "class" for name, _ in found.attributes)
    assert all(is_visible(one) for one in terminal(text) if one != "\n")


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("1/2\r2/2", "2/2"),
        ("1/2\r2/2\r", "2/2"),
        ("a\r\nb\n", "a\nb\n"),
        ("1/2\b\b\b2/2\ndone", "1/22/2\ndone"),
        ("plain", "plain"),
    ],
)
def test_progress_bars_settle(text: str, left: str) -> None:
    """Of a line that was written over, its last state is left."""
    assert settled(text) == left


@pytest.mark.parametrize(
    ("kind", "data"),
    [
        ("image/png", "not base64"),
        ("image/png", ""),
        ("image/png", "AAAA"),
        ("image/jpeg", PNG),
        ("image/png", "A" * 5_000_000),
        ("image/bmp", PNG),
        ("text/html", PNG),
        ("image/png", PNG + '" onerror="x'),
    ],
)
def test_what_is_no_picture_of_its_kind_is_none(kind: str, data: str) -> None:
    """A picture is base64 of bytes that are of its kind, and not too large."""
    assert image_uri(kind, data) is None


def test_pictures_are_data_uris() -> None:
    """A PNG and an SVG are shown as the content of an `img`, where no script of an SVG runs."""
    assert image_uri("image/png", f"{PNG[:20]}\n{PNG[20:]}") == f"data:image/png;base64,{PNG}"
    assert (svg_uri(SVG) or "").startswith("data:image/svg+xml;base64,")
    assert svg_uri("<p>no picture</p>") is None
    assert svg_uri('<!DOCTYPE svg [<!ENTITY a "b">]><svg>&a;</svg>') is None
