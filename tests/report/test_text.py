"""Untrusted text becomes text that only shows itself."""

from __future__ import annotations

import re
import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from grader.report.text import visible, visible_lines

ANY_TEXT = st.text(st.characters(codec=None, exclude_categories=()))
MORE = re.compile(r"… \((\d+) more characters?\)\Z")
JOINERS = {"\u200c", "\u200d"}


def hidden(text: str) -> set[str]:
    """The characters of a text that do something else than show themselves."""
    return {c for c in text if unicodedata.category(c)[0] == "C" or c in "\u2028\u2029"} - JOINERS


@given(ANY_TEXT)
def test_a_line_has_no_hidden_character(text: str) -> None:
    """One line of visible text holds no control, bidi override, surrogate or line break."""
    assert not hidden(visible(text))


@given(ANY_TEXT)
def test_lines_break_at_newlines_only(text: str) -> None:
    """Several lines of visible text hold no hidden character but the newline."""
    assert hidden(visible_lines(text)) <= {"\n"}


@given(ANY_TEXT, st.integers(0, 20))
def test_what_is_cut_is_counted(text: str, limit: int) -> None:
    """A cut line says exactly how many characters of the text are missing."""
    cut = MORE.search(visible(text, limit=limit))
    assert (int(cut[1]) if cut and len(text) > limit else 0) == max(0, len(text) - limit)


@given(ANY_TEXT, st.integers(0, 20), st.integers(1, 4))
def test_lines_that_are_cut_are_counted(text: str, limit: int, lines: int) -> None:
    """Lines are cut at the limit of characters or lines, and the missing rest is counted."""
    kept = "\n".join(text[:limit].split("\n")[:lines])
    shown = visible_lines(text, limit=limit, lines=lines)
    assert shown.endswith(")") == (len(kept) < len(text)) or text.endswith(")")
    if len(kept) < len(text):
        cut = MORE.search(shown)
        assert cut is not None
        assert int(cut[1]) == len(text) - len(kept)


@given(st.text(st.characters(categories=("L", "N", "P", "S")), max_size=100))
def test_ordinary_text_stays_as_it_is(text: str) -> None:
    """Letters, digits, punctuation and symbols of every script are shown unchanged."""
    assert visible(text) == text
    assert visible_lines(text) == text


def test_escapes_are_those_of_python() -> None:
    """A hidden character reads as Python writes it in a string."""
    attack = "a\r\n\x1b[31m\u202e\ud800\U000e0041"
    assert visible(attack) == r"a\r\n\x1b[31m\u202e\ud800\U000e0041"


def test_lines_keep_their_shape() -> None:
    """Windows line ends and tabs become newlines and spaces; a lone carriage return is shown."""
    assert visible_lines("a\r\n\tb\rc") == "a\n    b\\rc"


def test_megabytes_are_cut() -> None:
    """Ten megabytes of one letter take no more than a line and a count."""
    assert visible("x" * 10_000_000) == "x" * 300 + "… (9999700 more characters)"
