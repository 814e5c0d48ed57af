"""HTML that came out of a notebook → HTML that shows and does nothing.

Whatever a student's Markdown, outputs or attachments say, what is left are the elements of text,
tables, formulas and pictures that stand in the page itself. Nothing is loaded, runs, covers the
page, or takes an id of ours.
"""

from __future__ import annotations

import base64
import binascii
import io
import re
import warnings
from functools import lru_cache

import nh3
from markupsafe import Markup, escape

from grader.report.text import visible_lines


def _names(text: str) -> set[str]:
    return set(text.split())


_TEXT = _names("""
    a abbr b blockquote br caption code col colgroup dd del details div dl dt em h1 h2 h3 h4 h5 h6
    hr i img ins kbd li mark ol p pre q s samp small span strong sub summary sup table tbody td
    tfoot th thead tr tt u ul var
    """)
_MATH = _names("""
    math mfrac mi mn mo mover mpadded mphantom mroot mrow mspace msqrt mstyle msub msubsup msup
    mtable mtd mtext mtr munder munderover
    """)
_ATTRIBUTES: dict[str, set[str]] = {
    "*": set(),
    "a": {"href", "title"},
    "abbr": {"title"},
    "code": {"class"},
    "div": {"class"},
    "img": {"alt", "src", "title"},
    "math": {"display"},
    "mfrac": {"linethickness"},
    "mi": {"mathvariant"},
    "mo": {"fence", "form", "movablelimits", "separator", "stretchy"},
    "mover": {"accent"},
    "ol": {"start"},
    "pre": {"class"},
    "span": {"class"},
    "td": {"colspan", "rowspan"},
    "th": {"colspan", "rowspan", "scope"},
    "munder": {"accentunder"},
}
_GONE_WITH_CONTENT = _names(
    "script style iframe object embed noscript template title textarea select svg"
)
# The classes of highlighted code and of colored text, which our own style sheet knows.
_CLASS = re.compile(r"(?:highlight|[kmnsopwceg][a-z0-9]{0,2}|ansi-[a-z-]{2,20})")
_SPAN = re.compile(r"[1-9][0-9]{0,2}")
_WORD = re.compile(r"[a-z]{1,12}")
_IMAGE = re.compile(r'<img((?: [a-z]+="[^"]*")*)>')
_ATTRIBUTE = re.compile(r' ([a-z]+)="([^"]*)"')
_DATA = re.compile(r"data:(image/[a-z+]{2,10});base64,([A-Za-z0-9+/=\s]*)", re.IGNORECASE)

_RASTERS = {"image/png": "PNG", "image/jpeg": "JPEG", "image/gif": "GIF", "image/webp": "WEBP"}
_SVG = "image/svg+xml"
IMAGE_TYPES = (*_RASTERS, _SVG)
"""The types of pictures that are shown, the best for outputs first."""
_LARGEST_IMAGE = 3 * 2**20  # bytes
_LARGEST_SVG = 2**19
_MOST_PIXELS = 20_000_000


def clean(html: str) -> Markup:
    """What may be shown of `html`; a note stands for each picture that may not.

    Characters that do not show themselves are visible escapes, however they were written.
    """
    kept = nh3.clean(
        visible_lines(html, limit=len(html), lines=html.count("\n") + 1),
        tags=_TEXT | _MATH,
        clean_content_tags=_GONE_WITH_CONTENT,
        attributes=_ATTRIBUTES,
        attribute_filter=_allowed,
        url_schemes={"http", "https", "mailto", "data"},
        link_rel="noopener noreferrer nofollow",
    )
    shown = visible_lines(kept, limit=len(kept), lines=kept.count("\n") + 1)
    return Markup(_IMAGE.sub(_picture, shown))  # noqa: S704 - cleaned in the lines above


def _allowed(tag: str, name: str, value: str) -> str | None:
    if name == "class":
        return " ".join(filter(_CLASS.fullmatch, value.split())) or None
    if name == "href":
        return value if re.match(r"(?:https?://|mailto:)", value.strip(), re.IGNORECASE) else None
    if name in ("colspan", "rowspan", "start"):
        return value if _SPAN.fullmatch(value) else None
    if tag in _MATH or name == "scope":
        return value if _WORD.fullmatch(value.replace("-", "")) or value == "0px" else None
    return value


def _picture(found: re.Match[str]) -> str:
    """An `img` whose source is a picture that may be shown, or a note in its place."""
    attributes = dict(_ATTRIBUTE.findall(found.group(1)))
    alt, source = attributes.get("alt", ""), attributes.get("src", "")
    data = _DATA.fullmatch(source)
    if data is not None and (uri := image_uri(data.group(1).lower(), data.group(2))):
        return f'<img alt="{alt or "a picture"}" src="{uri}">'
    what = "An image from the network is not shown"
    if source.lower().startswith("data:"):
        what = "An image that cannot be read, or is too large, is not shown"
    elif not re.match(r"(?:https?:)?//", source.strip(), re.IGNORECASE):
        what = "An image that is not in the notebook is not shown"
    return f'<span class="note">{what}{": " + alt if alt else ""}.</span>'


@lru_cache(maxsize=2048)
def image_uri(kind: str, data: str) -> str | None:
    """The data URI of a picture in base64; None where it is none of `kind`, or too large to show.

    An SVG shown as a picture runs no script and loads nothing: browsers promise that of `img`.
    """
    try:
        content = base64.b64decode("".join(data.split()), validate=True)
    except (binascii.Error, ValueError):
        return None
    if kind == _SVG:
        return svg_uri(content.decode("utf-8", "replace"))
    if kind not in _RASTERS or len(content) > _LARGEST_IMAGE or not _is_raster(kind, content):
        return None
    return f"data:{kind};base64,{base64.b64encode(content).decode()}"


def svg_uri(document: str) -> str | None:
    """The data URI of an SVG; None where it is none, too large, or defines entities."""
    content = document.encode("utf-8", "replace")
    start = document.lstrip("\ufeff \t\r\n")[:1000].lower()
    if len(content) > _LARGEST_SVG or "<svg" not in start or "<!entity" in document.lower():
        return None
    return f"data:{_SVG};base64,{base64.b64encode(content).decode()}"


def _is_raster(kind: str, content: bytes) -> bool:
    """Whether these bytes are a picture of `kind`, with no more pixels than a browser draws."""
    from PIL import Image

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")  # Pillow warns of pictures that are far too large
            with Image.open(io.BytesIO(content), formats=(_RASTERS[kind],)) as picture:
                width, height = picture.size
    except Exception:  # noqa: BLE001 - Pillow raises whatever hostile bytes make it run into
        return False
    return width * height <= _MOST_PIXELS


def terminal(text: str) -> Markup:
    """What a terminal would show of `text`: colors as classes, all other control as escapes."""
    from nbconvert.filters.ansi import ansi2html, strip_ansi

    last = settled(text)
    try:
        html = str(ansi2html(last))  # type: ignore[no-untyped-call]
    except (IndexError, ValueError):  # a color that ends in its middle
        html = str(escape(strip_ansi(last)))  # type: ignore[no-untyped-call]
    html = re.sub(r' style="[^"<>]*"', "", html)  # no color is left but those of our style sheet
    shown = visible_lines(html, limit=len(html), lines=html.count("\n") + 1)
    return Markup(shown)  # noqa: S704 - nbconvert escapes the text


def settled(text: str) -> str:
    """`text` after its carriage returns and backspaces: of a progress bar, the last state."""
    if "\r" not in text and "\b" not in text:
        return text
    return "\n".join(map(_settled_line, text.replace("\r\n", "\n").split("\n")))


def _settled_line(line: str) -> str:
    states = [state.replace("\b", "") for state in line.split("\r")]
    return next((state for state in reversed(states) if state.strip()), "")
