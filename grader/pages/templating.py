"""Templates → pages that load nothing: style and script stand in each, and no other script runs."""

from __future__ import annotations

import base64
import hashlib
from functools import cache
from pathlib import Path
from typing import Any

import jinja2

from grader.pages.addresses import link
from grader.report.text import visible, visible_lines
from grader.report.words import counted, points

_TEMPLATES = Path(__file__).parent / "templates"


def render(
    template: str, *, address: str, script: str = "", live: bool = False, **shown: Any
) -> str:
    """The page at `address`: a template, filled with what is `shown`, escaped wherever it stands.

    `script` names a file beside the templates; it is the only one that the page runs. A `live` page
    may send its own forms back to where it came from, and ask there for news.
    """
    environment = _environment()
    code = _source(script) if script else ""
    return environment.get_template(template).render(
        address=address,
        style=_source("pages.css"),
        script=code,
        policy=_policy(code, live=live),
        link=lambda to: link(to, address),
        **shown,
    )


def _policy(code: str, *, live: bool) -> str:
    """The content policy: nothing is loaded, nothing sent, and only our own script runs."""
    digest = base64.b64encode(hashlib.sha256(code.encode()).digest()).decode()
    here = "'self'" if live else "'none'"
    scripts = f"'sha256-{digest}'" if code else "'none'"
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
    environment.globals["counted"] = counted
    return environment
