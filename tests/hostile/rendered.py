"""Reports of a record, made with and without care, and what would be wrong with them."""

from __future__ import annotations

import csv
import io
import tempfile
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree as ET

from markdown_it import MarkdownIt
from rich.console import Console
from rich.errors import MarkupError
from rich.text import Text

from grader.gradebook import gradebook_of
from grader.pages import lesson_page, student_page
from grader.pages.material import Material
from grader.report import console, feedback, github, junit, records
from grader.results import SubmissionResult
from tests.report.test_github import obeyed
from tests.report.test_text import hidden

Rendered = dict[str, str]
"""Texts by what will read them: a browser, a terminal, a runner of CI, a spreadsheet …"""

ACTIVE = {"script", "style", "svg", "iframe", "object", "b", "link", "meta", "form", "base"}


def plain_report(result: SubmissionResult) -> Rendered:
    """As one writes it without a second thought: each text put where it belongs."""
    texts = [result.student, *(exercise.message for exercise in result.exercises)]
    for exercise in result.exercises:
        for check in exercise.checks:
            texts += [check.message, check.received.text if check.received else ""]
    table = io.StringIO()
    csv.writer(table).writerows([text] for text in texts)
    return {
        "html": "".join(f"<p title='{text}'>{text}</p>" for text in texts),
        "terminal": "\n".join(texts),
        "rich": "".join(map(_as_markup, texts)),
        "commands": "\n".join(texts),
        "xml": "<cases>" + "".join(f"<case>{text}</case>" for text in texts) + "</cases>",
        "markdown": "\n\n".join(texts),
        "csv": table.getvalue(),
    }


def _as_markup(text: str) -> str:
    try:
        return Text.from_markup(text).plain
    except MarkupError as error:
        return f"no report: {error}"


def real_report(result: SubmissionResult) -> Rendered:
    """What the grader's own reports make of the same record."""
    page, commands = io.StringIO(), io.StringIO()
    terminal = Console(file=page, width=10_000)
    terminal.print(console.class_table([result]))
    terminal.print(console.submission_report(result))
    github.write([result], commands, {})
    exercises = result.exercises
    return {
        "html": "".join(feedback.feedback_html(one, hints_left=1) for one in exercises),
        "page": _pages(result),
        "terminal": page.getvalue(),
        "rich": page.getvalue(),
        "text": "\n".join(feedback.feedback_text(one, hints_left=1) for one in exercises),
        "commands": commands.getvalue(),
        "xml": junit.to_xml([result]).decode(),
        "markdown": github.summary([result]),
        "record": records.to_json([result]),
    }


def _pages(result: SubmissionResult) -> str:
    """The pages of a class in which there is nobody else."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with gradebook_of(folder, new=True) as book:
            book.keep(result)
            made = Material.of(folder, book)
        [(student, lesson)] = made.results
        return lesson_page.page(made, student, lesson) + student_page.page(made, student)


class _Elements(HTMLParser):
    def __init__(self, html: str) -> None:
        super().__init__()
        self.active: list[str] = []
        self.acting = False
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in ACTIVE or any(name.startswith("on") for name, _ in attrs):
            self.active.append(tag)
        self.acting |= any(name.startswith("on") for name, _ in attrs)


def _html(of: Rendered) -> bool:
    return bool(_Elements(of["html"]).active)


def _page(of: Rendered) -> bool:
    page = _Elements(of.get("page", ""))
    ours = {"style", "meta", "svg"}
    return bool(set(page.active) - ours) or page.acting


def _ansi(of: Rendered) -> bool:
    return any(not line.isprintable() for line in of["terminal"].split("\n"))


def _markup(of: Rendered) -> bool:
    return "[link=http://evil.example]" not in of["rich"]


def _command(of: Rendered) -> bool:
    found = obeyed(of["commands"])
    forged = [one for one in found if one.name != "error" or one.message.startswith("forged")]
    return bool(forged)


def _xml(of: Rendered) -> bool:
    try:
        ET.fromstring(of["xml"])
    except (ET.ParseError, ValueError):
        return True
    return False


def _hidden(of: Rendered) -> bool:
    kinds = {"html", "page", "terminal", "markdown", "commands"} & set(of)
    return any(hidden(of[kind]) - {"\n"} for kind in kinds)


def _formula(of: Rendered) -> bool:
    rows = csv.reader(io.StringIO(of.get("csv", "")))
    return any(cell.startswith(("=", "+", "-", "@", "\t", "\r")) for row in rows for cell in row)


def _markdown(of: Rendered) -> bool:
    html = MarkdownIt().render(of["markdown"])
    return "<img" in html or "<h1>" in html


HARM: dict[str, Callable[[Rendered], bool]] = {
    "html": _html,
    "page": _page,
    "ansi": _ansi,
    "markup": _markup,
    "command": _command,
    "xml": _xml,
    "hidden": _hidden,
    "formula": _formula,
    "markdown": _markdown,
}
"""Whether a report does what an attack on it wants, by the name that headers use."""
