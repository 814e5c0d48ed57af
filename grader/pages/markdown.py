"""Markdown of a notebook → HTML as Jupyter shows it, cleaned; formulas become MathML.

Most text cells are the lesson's own, the same for every student, so what was rendered is kept.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache, lru_cache
from html import escape
from typing import Any

import pygments
from markupsafe import Markup
from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath
from pygments.formatters import HtmlFormatter
from pygments.lexer import Lexer
from pygments.lexers import get_lexer_by_name

from grader.pages.safe_html import IMAGE_TYPES, clean, image_uri
from grader.report.text import visible, visible_lines

_LONGEST = 10_000  # characters of a cell of text; a lesson's longest has 2,400
_LONGEST_CODE = 20_000
_LINES = 1000
_LONGEST_FORMULA = 1000
_NOT_REPEATED = "A picture of the lesson, not repeated here"
_MANY_SPACES = re.compile(r" {200,}")  # with thousands of them the parser takes seconds
_IPYTHON = re.compile(r"^\s*[%!?]|\?\s*$|= *[%!]", re.MULTILINE)
_BACKSLASH = re.compile(r"\\[a-zA-Z]+")
_FORMATTER = HtmlFormatter()  # as nbconvert's filter, which makes a new one for each cell

Attachments = tuple[tuple[str, str, str], ...]
"""Of each attachment of a cell its name, its type and its content in base64."""


def markdown(
    source: str, attachments: Attachments = (), left_out: frozenset[str] = frozenset()
) -> Markup:
    """A cell of Markdown, rendered and harmless; what is too long is cut and counted.

    Of pictures whose content is in `left_out`, the words that stand for them are shown.
    """
    used = tuple(one for one in attachments if one[0] in source)
    return _markdown(source, used, left_out & {data for _, _, data in used})


@lru_cache(maxsize=4096)
def _markdown(source: str, attachments: Attachments, left_out: frozenset[str]) -> Markup:
    text = visible_lines(source, limit=_LONGEST, lines=_LINES)
    try:
        narrow = _MANY_SPACES.sub(" " * 200, text)
        html = MarkdownWithMath(_Renderer(attachments, left_out)).render(narrow)
    except RecursionError:  # quotes or lists inside each other, hundreds deep
        html = f"<pre>{escape(text)}</pre>"
    return clean(html)


def attachments_of(cell: Mapping[str, Any]) -> Attachments:
    """The attachments of a cell that are pictures, of each the type that shows most."""
    found = []
    attached = cell.get("attachments")
    for name, kinds in attached.items() if isinstance(attached, dict) else ():
        for kind in IMAGE_TYPES if isinstance(kinds, dict) else ():
            data = kinds.get(kind)
            data = "".join(map(str, data)) if isinstance(data, list) else data
            if isinstance(data, str):
                found.append((name, kind, data))
                break
    return tuple(found)


class _Renderer(IPythonRenderer):
    """As nbconvert renders, with pictures of the cell only, formulas drawn, headings below ours."""

    def __init__(self, attachments: Attachments, left_out: frozenset[str]) -> None:
        super().__init__(escape=False, exclude_anchor_links=True)
        self._attached = {name: (kind, data) for name, kind, data in attachments}
        self._left_out = left_out

    def heading(self, text: str, level: int, **_attrs: Any) -> str:
        """A heading, two levels further down: the page's own are above it."""
        level = min(6, level + 2)
        return f"<h{level}>{text}</h{level}>\n"

    def block_code(self, code: str, info: str | None = None) -> str:
        """Code between fences, in colors where it is Python: other lexers can be made to hang."""
        language = (info or "").split(maxsplit=1)
        if language and language[0].lower() in ("python", "python3", "py", "ipython", "ipython3"):
            return highlighted(code)
        return f"<pre><code>{escape(code)}</code></pre>\n"

    def image(self, text: str, url: str, title: str | None = None) -> str:  # noqa: ARG002 - mistune's names
        """A picture of the cell; of any other, `clean` says why it is not shown."""
        alt = escape(text)
        if not url.startswith("attachment:"):
            return f'<img src="{escape(url)}" alt="{alt}">'
        kind, data = self._attached.get(url.removeprefix("attachment:"), ("", ""))
        if data in self._left_out:
            return f"<small>{_NOT_REPEATED}: {alt}.</small>"
        uri = image_uri(kind, data) if data else ""
        return f'<img src="{uri or escape(url)}" alt="{alt}">'

    def block_math(self, body: str) -> str:
        """A formula on a line of its own."""
        return formula(body, block=True)

    def inline_math(self, body: str) -> str:
        """A formula in a line of text."""
        return formula(body, block=False)

    def latex_environment(self, name: str, body: str) -> str:
        """An environment, such as `aligned`."""
        return formula(rf"\begin{{{name}}}{body}\end{{{name}}}", block=True)


@lru_cache(maxsize=4096)
def formula(tex: str, *, block: bool) -> str:
    """TeX as MathML, not yet cleaned; as code where it is no formula that can be drawn."""
    shown = _drawn(tex, "block" if block else "inline") if len(tex) <= _LONGEST_FORMULA else None
    if shown is None:
        return f"<code>{escape(visible(tex, limit=_LONGEST_FORMULA))}</code>"
    return shown


def _drawn(tex: str, display: str) -> str | None:
    from latex2mathml.converter import convert

    try:
        mathml = convert(tex, display=display)
    except Exception:  # noqa: BLE001 - whatever it meets in what is no TeX
        return None
    # What it does not know it leaves standing: then TeX is read more easily.
    return None if _BACKSLASH.search(mathml) else mathml


@lru_cache(maxsize=8192)
def highlighted(source: str) -> Markup:
    """Python in colors, as classes of our style sheet; Pygments escapes the text."""
    text = visible_lines(source, limit=_LONGEST_CODE, lines=_LINES)
    # The lexer that knows IPython's own lines takes nearly twice as long.
    language = "ipython3" if _IPYTHON.search(text) else "python3"
    return Markup(pygments.highlight(text, _lexer(language), _FORMATTER))  # noqa: S704


@cache
def _lexer(language: str) -> Lexer:
    return get_lexer_by_name(language)
