"""What a notebook shows under its cells → parts of a page that show the same and do nothing."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from grader.pages.markdown import formula, markdown
from grader.pages.safe_html import IMAGE_TYPES, clean, image_uri, svg_uri, terminal
from grader.report.words import counted

_MOST_OUTPUTS = 40  # of a cell
_LONGEST_TEXT = 6_000  # characters of an output
_LONGEST_HTML = 40_000
_LONGEST_READ = 2_000_000
_MOST_LINES = 120
_TAG = re.compile(r"<[^>]*>")

_CUT = "… {} more characters are not shown."
_SCRIPT = "What a script would draw is not shown: nothing of a notebook runs here."
_UNREADABLE = "An output that cannot be read is not shown."


_NOTHING = Markup()


@dataclass(frozen=True)
class Output:
    """One part of what a cell showed: text of a terminal, HTML, a picture, or a note of ours."""

    text: Markup = _NOTHING
    html: Markup = _NOTHING
    image: str = ""
    note: str = ""
    is_error: bool = False


def outputs_of(cell: Mapping[str, Any], *, as_text: bool = False) -> tuple[Output, ...]:
    """The outputs of a cell; what is too long or too many is cut, and a note says so.

    With `as_text`, what has a plain text is shown as that.
    """
    found = cell.get("outputs")
    if not isinstance(found, list) or not found:
        return ()
    shown: list[Output] = []
    for output in _joined(found[:_MOST_OUTPUTS]):
        shown += _shown(output, as_text=as_text)
    if len(found) > _MOST_OUTPUTS:
        more = counted(len(found) - _MOST_OUTPUTS, "more output")
        shown.append(Output(note=f"{more} of this cell: not shown."))
    return tuple(shown)


def _joined(outputs: Sequence[Any]) -> list[dict[str, Any]]:
    """The outputs, with neighbors of one stream as one: a print is often cut anywhere."""
    joined: list[dict[str, Any]] = []
    for output in outputs:
        if not isinstance(output, dict):
            joined.append({"output_type": ""})
            continue
        last = joined[-1] if joined else {}
        if output.get("output_type") == last.get("output_type") == "stream" and output.get(
            "name"
        ) == last.get("name"):
            joined[-1] = {**last, "text": _text(last.get("text")) + _text(output.get("text"))}
        else:
            joined.append(output)
    return joined


def _shown(output: Mapping[str, Any], *, as_text: bool) -> list[Output]:
    kind = output.get("output_type")
    if kind == "stream":
        return _terminal(_text(output.get("text")))
    if kind == "error":
        traceback = output.get("traceback")
        lines = [_text(line) for line in traceback] if isinstance(traceback, list) else []
        said = f"{_text(output.get('ename'))}: {_text(output.get('evalue'))}"
        return _terminal("\n".join(lines) or said, is_error=True)
    data = output.get("data")
    if kind not in ("display_data", "execute_result") or not isinstance(data, dict):
        return [Output(note=_UNREADABLE)]
    return _displayed(data, as_text=as_text)


def _displayed(data: Mapping[str, Any], *, as_text: bool) -> list[Output]:
    """A display as the best of its kinds that shows something here."""
    if as_text and _text(data.get("text/plain")).strip():
        return _terminal(_text(data["text/plain"]))
    note = [] if not any("javascript" in kind or "widget" in kind for kind in data) else [_SCRIPT]
    for kind, show in _KINDS.items():
        if kind in data and (shown := show(_text(data[kind]))):
            return shown + [Output(note=text) for text in note]
        if kind in data and kind.startswith("image/"):
            note.append("An image that cannot be read, or is too large, is not shown.")
        if kind in data and kind == "text/html":
            note.append(_SCRIPT)
    return [Output(note=text) for text in note[:1] or [_UNREADABLE]]


def _terminal(text: str, *, is_error: bool = False) -> list[Output]:
    if not text.strip():
        return []
    cut, note = _cut(text, _LONGEST_TEXT)
    return [Output(text=terminal(cut), is_error=is_error), *note]


def _cut(text: str, limit: int) -> tuple[str, list[Output]]:
    """The beginning and the end of a long text, and a note on what is between them."""
    kept = text[:_LONGEST_READ]
    lines = kept.split("\n")
    if len(lines) > _MOST_LINES:
        half = _MOST_LINES // 2
        kept = "\n".join([*lines[:half], "…", *lines[-half:]])
    if len(kept) > limit:
        kept = f"{kept[: limit // 2]}\n…\n{kept[-limit // 2 :]}"
    missing = len(text) - len(kept)
    return kept, [Output(note=_CUT.format(f"{missing:,}"))] if missing > 0 else []


def _html(text: str) -> list[Output]:
    if len(text) > _LONGEST_HTML:
        return []
    html = clean(text)
    return [Output(html=html)] if "<img" in html or _TAG.sub("", html).strip() else []


def _markdown(text: str) -> list[Output]:
    return [Output(html=markdown(text))] if text.strip() else []


def _latex(text: str) -> list[Output]:
    html = clean(formula(text.strip().strip("$").strip(), block=True))
    return [Output(html=html)] if text.strip() else []


def _svg(text: str) -> list[Output]:
    uri = svg_uri(text)
    return [Output(image=uri)] if uri else []


def _raster(kind: str) -> Callable[[str], list[Output]]:
    def show(data: str) -> list[Output]:
        uri = image_uri(kind, data)
        return [Output(image=uri)] if uri else []

    return show


_KINDS: Mapping[str, Callable[[str], list[Output]]] = {
    "text/html": _html,
    "text/markdown": _markdown,
    "image/svg+xml": _svg,
    **{kind: _raster(kind) for kind in IMAGE_TYPES if kind != "image/svg+xml"},
    "text/latex": _latex,
    "text/plain": _terminal,
}


def _text(value: Any) -> str:
    """A text as notebooks have it, whole or as a list of lines; empty where it is neither."""
    if isinstance(value, list):
        return "".join(line for line in value if isinstance(line, str))
    return value if isinstance(value, str) else ""
