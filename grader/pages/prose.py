"""Sentences of records → text of a page: what stands between backticks is code."""

from __future__ import annotations

from markupsafe import Markup, escape

from grader.report.text import visible_lines

_LONGEST = 2000
_CODE = Markup("<code>{}</code>")


def prose(text: str) -> Markup:
    """`text` as it is read, harmless: in lines, with code where backticks are in pairs."""
    parts = visible_lines(text, limit=_LONGEST).split("`")
    if len(parts) % 2 == 0:
        parts = ["`".join(parts)]
    marked = (_CODE.format(part) if at % 2 else escape(part) for at, part in enumerate(parts))
    return Markup('<span class="prose">{}</span>').format(Markup().join(marked))
