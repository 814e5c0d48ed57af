"""Templates → pages that load nothing: style and script stand in each, and no other script runs."""

from __future__ import annotations

import base64
import hashlib
import html
import re
import secrets
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import jinja2
from markupsafe import Markup

from grader.gradebook.tables import time
from grader.pages.addresses import link
from grader.pages.prose import prose
from grader.report.text import visible, visible_lines
from grader.report.words import counted, points

DESK_PLACE = f"<!-- desk {secrets.token_hex(16)} -->"
"""In a live page, the place of what the desk shows at one moment; nobody can guess it."""
DESK_SCRIPT = "desk.js"

_POLICY = re.compile(r'<meta http-equiv="Content-Security-Policy" content="([^"]*)">')
_TEMPLATES = Path(__file__).parent / "templates"


def render(
    template: str,
    *,
    address: str,
    script: str = "",
    styles: Sequence[str] = (),
    live: bool = False,
    **shown: Any,
) -> str:
    """The page at `address`: a template, filled with what is `shown`, escaped wherever it stands.

    `script` names a file beside the templates; it is the only one that the page runs. `styles` are
    further style sheets there, after that of all pages. A `live` page may send its own forms back
    to where it came from, and ask there for news: it has a DESK_PLACE, and runs the desk's script,
    too.
    """
    environment = _environment()
    code = _source(script) if script else ""
    return environment.get_template(template).render(
        address=address,
        style="".join(map(_source, ("pages.css", *styles, *(["desk.css"] if live else [])))),
        script=code,
        policy=_policy([code, _source(DESK_SCRIPT)] if live else [code], live=live),
        live=live,
        desk_place=Markup(DESK_PLACE) if live else "",  # noqa: S704 - our own
        desk_script=_source(DESK_SCRIPT) if live else "",
        link=lambda to: link(to, address),
        **shown,
    )


def part(template: str, **shown: Any) -> str:
    """A part of a page: a template, filled with what is `shown`, escaped wherever it stands."""
    return _environment().get_template(template).render(**shown)


def macro(template: str, name: str) -> Callable[..., Markup]:
    """A macro of a template, to be called with its arguments: a part of a page as HTML."""
    found: Callable[..., Markup] = getattr(_environment().get_template(template).module, name)
    return found


def policy_in(page: str) -> str:
    """The content policy that stands in a page of ours, for who sends it as a header, too."""
    found = _POLICY.search(page)
    assert found is not None, "no page of ours"
    return html.unescape(found[1])


def _policy(codes: Sequence[str], *, live: bool) -> str:
    """The content policy: nothing is loaded, nothing sent, and only our own scripts run."""
    here = "'self'" if live else "'none'"
    digests = (hashlib.sha256(code.encode()).digest() for code in codes if code)
    scripts = " ".join(f"'sha256-{base64.b64encode(one).decode()}'" for one in digests) or "'none'"
    return (
        "default-src 'none'; img-src data:; style-src 'unsafe-inline'; "
        f"script-src {scripts}; "
        f"connect-src {here}; form-action {here}; base-uri 'none'"
    )


@cache
def _source(name: str) -> str:
    return (_TEMPLATES / name).read_text(encoding="utf-8")


@cache
def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"visible": visible, "visible_lines": visible_lines, "points": points}
    environment.filters["prose"] = prose
    environment.filters["time"] = time
    environment.globals["counted"] = counted
    return environment
