"""Sentences of records → text of a page: what stands between backticks is code."""

from __future__ import annotations

from functools import lru_cache

from markupsafe import Markup, escape

from grader.report.text import visible_lines

_LONGEST = 2000
_CODE = Markup("<code>{}</code>")


def prose(text: str) -> Markup:
    """`text` as it is read, harmless: in lines, with code where backticks are in pairs."""
    return _common(text) if len(text) <= _LONGEST else _made(text)


def _made(text: str) -> Markup:
    parts = visible_lines(text, limit=_LONGEST).split("`")
    if len(parts) % 2 == 0:
        parts = ["`".join(parts)]
    marked = (_CODE.format(part) if at % 2 else escape(part) for at, part in enumerate(parts))
    return Markup('<span class="prose">{}</span>').format(Markup().join(marked))


# Statements and diagnoses are the same sentences for all students. No long text is ever kept.
_common = lru_cache(maxsize=4096)(_made)
