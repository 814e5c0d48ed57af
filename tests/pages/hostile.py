"""A notebook whose every part attacks the page that shows it, and the record that goes with it."""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from grader.gradebook import gradebook_of
from grader.grading.collecting.files import fingerprint
from grader.grading.handed_in_files import path_of
from grader.pages.material import Material
from grader.results import (
    CellOutcome,
    CellStatus,
    ExerciseResult,
    FailedCell,
    Isolation,
    NotebookFile,
    SubmissionResult,
    Verdict,
)
from tests.report.samples import HOSTILE, hostile

EVIL = "http://evil.example"
OWN = "document.title='owned'"
SCRIPT = f"<script>{OWN};fetch('{EVIL}')</script>"
PNG = (
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJ"
    "AAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
SVG = (
    f'<svg xmlns="http://www.w3.org/2000/svg" xmlns:x="http://www.w3.org/1999/xlink" width="9" '
    f'height="9" onload="{OWN}"><script>{OWN}</script><image x:href="{EVIL}/i.png"/>'
    f'<foreignObject><iframe src="{EVIL}"/></foreignObject><a href="javascript:{OWN}"><rect '
    f'width="9" height="9"/></a><style>@import "{EVIL}/s.css";</style></svg>'
)
SVG64 = base64.b64encode(SVG.encode()).decode()

HTML = (
    SCRIPT,
    f'<img src=x onerror="{OWN}"><img src="{EVIL}/a.png"><img srcset="{EVIL}/b.png 2x">',
    f'<svg onload="{OWN}"><script>{OWN}</script><use href="{EVIL}#a"/></svg>',
    (
        f'<iframe src="{EVIL}"></iframe><iframe srcdoc="{SCRIPT}"></iframe><object data="{EVIL}">'
        f'</object><embed src="{EVIL}"><video src="{EVIL}" autoplay></video><audio src="{EVIL}">'
    ),
    (
        f'<meta http-equiv="refresh" content="0;url={EVIL}"><base href="{EVIL}/"><link '
        f'rel="stylesheet" href="{EVIL}/s.css"><link rel="prefetch" href="{EVIL}/p">'
    ),
    f"<style>* {{ display: none !important; background: url({EVIL}/b) }}</style>",
    '<div style="position:fixed;inset:0;z-index:9999;background:red">covered</div>',
    (
        f'<form action="{EVIL}" id="mark"><input name="a" autofocus onfocus="{OWN}"><button '
        f'formaction="javascript:{OWN}">send</button><select><option>a</select></form>'
    ),
    (
        f'<a href="javascript:{OWN}" target="_top" class="trap">a</a><a href="JaVa\tscript:{OWN}" '
        f'class="trap">b</a><a href="&#106;avascript:{OWN}">c</a><a '
        f'href="data:text/html,{SCRIPT}">d</a><a href="vbscript:x">e</a><a '
        f'href="file:///etc/passwd">f</a><a href="//evil.example">g</a><a '
        f'href="{EVIL}" target="_top" ping="{EVIL}/ping" download>h</a>'
    ),
    '<a id="content" name="main"></a><p id="exercise-1" class="mark beside skip">id</p>',
    "<details open ontoggle=\"document.title='owned'\"><summary>s</summary>d</details>",
    (
        f'<math><mtext><table><mglyph><style><!--</style><img title="--&gt;&lt;img src=1 '
        f'onerror={OWN}&gt;"></table></mtext></math><math '
        f"href='javascript:{OWN}'><mi>x</mi></math>"
    ),
    f'<noscript><p title="</noscript><img src=x onerror={OWN}>"></noscript>',
    f"<template>{SCRIPT}</template><textarea></textarea>{SCRIPT}<title></title>{SCRIPT}",
    f'<table background="{EVIL}/t.png"><tr><td colspan="99999999" onclick="{OWN}">t</td></table>',
    f'<img src="data:text/html;base64,AAAA"><img src="data:image/svg+xml;base64,{SVG64}">',
    "</div></div></main></body></html><p>after the end</p><!-- <p>never closed",
    "&#x202e;reversed&#x2066; &#x200b;&#xfeff;&#8238; \u202eraw\u2066 \x00\x1b",
    "<marquee>m</marquee><blink>b</blink><dialog open>d</dialog><portal src=x></portal>",
    (
        f'<p contenteditable accesskey="a" tabindex="1" lang="x" dir="rtl" is="x" slot="y" '
        f'data-x="{EVIL}" hidden popover>attributes</p>'
    ),
)
MARKDOWN = (
    *HTML,
    (f"# [a](javascript:{OWN}) ![b]({EVIL}/m.png \"{OWN}\") <{EVIL}/auto>\n\n"
    f"[r]: javascript:{OWN}\n[r] ![r][r] [x]({EVIL} \"onmouseover={OWN}\")"),
    f"```mermaid\ngraph TD; a-->b; click a \"javascript:{OWN}\"\n```\n```{SCRIPT}\ncode\n```",
    (rf"$\href{{javascript:{OWN}}}{{x}} \text{{{SCRIPT}}} \unicode{{x3C}}$ $${SCRIPT}$$ "
    rf"\begin{{equation}}{SCRIPT}\end{{equation}} $\style{{position:fixed}}{{x}}$ $\frac$ ${{{{$"),
    ("![a](attachment:a.svg) ![b](attachment:b.html) ![c](attachment:missing.png) ![d](x.png) "
    "![e](../../../etc/passwd) ![f](file:///etc/passwd) ![g](attachment:c.png)"),
    "> " * 400 + "deep", "* " * 300 + "deep", "[" * 3000, "**" * 2000, "`" * 2001,
    "| a | b |\n|---|---|\n| <script>x</script> | [x](javascript:x) |",
    "\ud800 lone \udfff surrogates", "a" * 30_000,
)  # fmt: skip
ATTACHMENTS = {
    "a.svg": {"image/svg+xml": SVG64},
    "b.html": {"text/html": base64.b64encode(SCRIPT.encode()).decode()},
    "c.png": {"image/png": "not base64 at all <>\"'"},
    f'"><img src=x onerror={OWN}>': {"image/png": PNG},
}


def outputs() -> list[Any]:
    """Outputs of all kinds, hostile, malformed, or far too large."""
    shown: list[dict[str, Any]] = [{"text/html": html, "text/plain": "plain"} for html in HTML]
    shown += [{"text/html": [part]} for part in MARKDOWN]
    shown += [
        {"application/javascript": OWN, "text/plain": "a script"},
        {"application/vnd.jupyter.widget-view+json": {"model_id": "x"}, "text/plain": "a widget"},
        {"text/markdown": "\n\n".join(MARKDOWN)},
        {"text/latex": rf"$\href{{javascript:{OWN}}}{{x}} {SCRIPT}$"},
        {"image/svg+xml": SVG},
        {"image/svg+xml": '<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><svg>&b;</svg>'},
        {"image/png": PNG},
        {"image/png": f'{PNG}" onerror="{OWN}'},
        {"image/png": base64.b64encode(SCRIPT.encode()).decode(), "text/plain": "no picture"},
        {"image/png": base64.b64encode(_bomb()).decode()},
        {"image/jpeg": ["x", 1, None]},
        {"text/html": {"a": 1}},
        {"text/plain": HOSTILE},
        {},
    ]
    of_displays = [{"output_type": "display_data", "metadata": {}, "data": one} for one in shown]
    return [
        *of_displays,
        {"output_type": "stream", "name": "stdout", "text": HOSTILE + "\x1b[31mred\x1b[38m"},
        {"output_type": "stream", "name": SCRIPT, "text": ["a\r" * 9000, "b\b" * 9000]},
        {"output_type": "stream", "name": "stderr", "text": "line\n" * 100_000},
        {"output_type": "stream", "text": "\x1b]0;title\x07\x1b]8;;http://evil.example\x07x\x9b31m"},
        {"output_type": "error", "ename": SCRIPT, "evalue": HOSTILE, "traceback": [SCRIPT, 3]},
        {"output_type": "error", "ename": 1, "evalue": None, "traceback": None},
        {"output_type": "nothing"}, {}, None, 3, "text", [],
    ]  # fmt: skip


def _bomb() -> bytes:
    """The beginning of a PNG of 60,000 × 60,000 pixels."""
    import struct
    import zlib

    body = b"IHDR" + struct.pack(">IIBBBBB", 60_000, 60_000, 8, 6, 0, 0, 0)
    checked = struct.pack(">I", 13) + body + struct.pack(">I", zlib.crc32(body))
    return b"\x89PNG\r\n\x1a\n" + checked


def hostile_notebook() -> bytes:
    """A notebook of all that, in cells of every kind, with metadata of the worst sort."""
    evil = {"tags": [SCRIPT], "name": SCRIPT, "magics_language": SCRIPT, "trusted": True,
            "grader": {"exercise": SCRIPT, "lesson": [SCRIPT]}, "collapsed": True}  # fmt: skip
    cells: list[dict[str, Any]] = [
        {"cell_type": "markdown", "metadata": evil, "source": text, "attachments": ATTACHMENTS}
        for text in MARKDOWN
    ]
    shown = outputs()
    cells += [
        {"cell_type": "code", "metadata": evil, "execution_count": SCRIPT, "id": '"><script>',
         "source": f"%%html\n{SCRIPT}", "outputs": shown[at : at + 12]}
        for at in range(0, len(shown), 12)
    ]  # fmt: skip
    cells += [
        {"cell_type": "code", "metadata": {}, "source": "check('x')", "outputs": shown},
        {"cell_type": "code", "metadata": None, "source": HOSTILE, "outputs": {}},
        {"cell_type": "code", "source": ["a = 1\n", 2, None], "outputs": None},
        {"cell_type": "raw", "metadata": {"format": "text/html"}, "source": SCRIPT},
        {"cell_type": SCRIPT, "source": SCRIPT, "attachments": [1]},
        {"source": None}, {},
    ]  # fmt: skip
    metadata = {"grader": {"lesson": "convolution"}, "title": SCRIPT, "widgets": {"a": SCRIPT},
                "kernelspec": {"name": SCRIPT, "language": SCRIPT}}  # fmt: skip
    document = {"cells": cells, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}
    return json.dumps(document).encode()


def record(
    content: bytes, student: str = "eve", *exercises: ExerciseResult, **more: Any
) -> SubmissionResult:
    """A record of a notebook of these bytes, in which cells ended in every way."""
    count = content.count(b'"cell_type"')
    statuses = list(CellStatus)
    told: dict[str, Any] = {
        "verdict": Verdict.FAILED,
        "exercises": exercises,
        "cells": tuple(
            CellOutcome(number=number, status=statuses[number % len(statuses)], seconds=number / 7)
            for number in range(1, count + 1)
        ),
        "failed_cells": (FailedCell(number=2, first_line=HOSTILE, message=HOSTILE),),
        "notes": (HOSTILE,),
        "message": HOSTILE,
    }
    return SubmissionResult(
        student=student,
        lesson="convolution",
        notebook=NotebookFile(path=f"{HOSTILE}/a.ipynb", sha256=fingerprint(content)),
        isolation=Isolation(level="none"),
        **told | more,
    )


def hostile_record(content: bytes, student: str = "eve") -> SubmissionResult:
    """A record whose every text attacks, of a notebook of these bytes."""
    one = hostile().model_copy(update={"cell": 3, "flags": (HOSTILE,)})
    return record(content, student, one)


def material_of(folder: Path, results: Sequence[SubmissionResult], *notebooks: bytes) -> Material:
    """What stands where these were graded into `folder`, with the notebooks that were kept."""
    with gradebook_of(folder, new=True) as book:
        for result in results:
            book.keep(result)
        for content in notebooks:
            path = path_of(folder, fingerprint(content))
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(content)
        return Material.of(folder, book)
