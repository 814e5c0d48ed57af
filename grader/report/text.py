"""The one place that makes untrusted text harmless.

Names, messages and values come from submissions. Whatever could move a cursor, reverse a line or be
no text at all is shown as a visible escape, and length is bounded; what a format then needs on top
(HTML, XML, Markdown) is that format's own escaping.
"""

from __future__ import annotations

import unicodedata

LINE_LIMIT = 300
BLOCK_LIMIT = 4000
BLOCK_LINES = 60

# Joiners that ordinary words of some scripts, and emoji, are written with.
_JOINERS = "\u200c\u200d"
# Controls, formats (bidi among them), surrogates, private and unassigned, line separators.
_HIDDEN = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}


def visible(text: str, *, limit: int = LINE_LIMIT) -> str:
    r"""`text` as one harmless line: a line break reads `\n`, an escape character `\x1b`.

    At most `limit` characters of `text` are kept; the rest is counted: `… (12 more characters)`.
    """
    return text[:limit].translate(_ESCAPES) + _more(len(text) - limit)


def visible_lines(text: str, *, limit: int = BLOCK_LIMIT, lines: int = BLOCK_LINES) -> str:
    r"""`text` as harmless lines: only `\n` still breaks one, and a tab is four spaces.

    At most `limit` characters and `lines` lines of `text` are kept; the rest is counted.
    """
    kept = "\n".join(text[:limit].split("\n")[:lines])
    shown = kept.replace("\r\n", "\n").replace("\t", "    ").split("\n")
    return "\n".join(line.translate(_ESCAPES) for line in shown) + _more(len(text) - len(kept))


def is_visible(character: str) -> bool:
    """Whether a character shows itself and nothing else: no control, no bidi, no lone surrogate."""
    return character in _JOINERS or unicodedata.category(character) not in _HIDDEN


def escape(character: str) -> str:
    r"""A character as Python writes it in a string: `\n`, `\x1b`, `\u202e`, `\U000e0001`."""
    return character.encode("unicode_escape", "surrogatepass").decode("ascii")


def _more(count: int) -> str:
    if count <= 0:
        return ""
    return f"… ({count} more character{'s' if count > 1 else ''})"


class _Escapes(dict[int, str]):
    """What `str.translate` asks; every character is looked up once."""

    def __missing__(self, code: int) -> str:
        character = chr(code)
        self[code] = character if is_visible(character) else escape(character)
        return self[code]


_ESCAPES = _Escapes()
