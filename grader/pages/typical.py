"""Typical wrong answers to an exercise: grouped by what they compute, and shown without a name."""

from __future__ import annotations

import io
import json
import re
import tokenize
from collections import Counter, defaultdict
from dataclasses import dataclass
from pathlib import Path

from grader.grading.handed_in_files import notebook_bytes
from grader.pages.failures import failed
from grader.pages.material import Material
from grader.report.words import unhappy_checks
from grader.results import CheckResult, ExerciseResult, SubmissionResult

MOST = 10
_MOST_READ = 4  # notebooks of a group, of which the shortest answer is shown
_LONGEST_SOURCE = 6000
_SHORTEST_NAME = 3


@dataclass(frozen=True)
class Typical:
    """Answers that compute the same; `source` is the shortest one read, "" where none can be shown.

    `misconception` is empty where none was found in them.
    """

    count: int
    misconception: str
    source: str
    check: CheckResult | None


_Given = tuple[SubmissionResult, ExerciseResult]


def typical_answers(material: Material, lesson: str, exercise: str) -> list[Typical]:
    """The groups of wrong answers that can be compared, the largest first; at most MOST."""
    groups: dict[str, list[_Given]] = defaultdict(list)
    for (_, of), record in material.results.items():
        for one in record.exercises if of == lesson else ():
            if one.id == exercise and one.computes and failed(one):
                groups[one.computes].append((record, one))
    ordered = sorted(groups.items(), key=lambda item: (-len(item[1]), item[0]))
    return [_typical(material, group) for _, group in ordered[:MOST]]


def _typical(material: Material, group: list[_Given]) -> Typical:
    names = [one.diagnosis.misconception for _, one in group if one.diagnosis]
    checks = [each for _, one in group for each in unhappy_checks(one) if each.received]
    sources = [_source(material.folder, record, one) for record, one in group[:_MOST_READ]]
    return Typical(
        count=len(group),
        misconception=Counter(names).most_common(1)[0][0].replace("_", " ") if names else "",
        source=min(filter(None, sources), key=len, default=""),
        check=min(checks, key=lambda check: len(check.received.text), default=None),  # type: ignore[union-attr]
    )


def _source(folder: Path, record: SubmissionResult, one: ExerciseResult) -> str:
    """The cell of an answer without comments; "" where it is not kept, or tells who wrote it."""
    content = notebook_bytes(folder, record.notebook.sha256) if one.cell else None
    if content is None or one.cell is None:
        return ""
    source = without_comments(_cell(content, one.cell))
    own = [record.student, record.handed_in.email.partition("@")[0], record.handed_in.id]
    parts = [part for name in own for part in re.split(r"[\W_]+", name.casefold())]
    told = source.casefold()
    return "" if any(len(p) >= _SHORTEST_NAME and p in told for p in parts) else source


def _cell(content: bytes, number: int) -> str:
    """The source of a notebook's cell, counted from 1; "" where there is none."""
    try:
        cells = json.loads(content)["cells"]
        source = cells[number - 1]["source"]
        text = source if isinstance(source, str) else "".join(source)
    except (ValueError, RecursionError, LookupError, TypeError):
        return ""  # no page fails for what a student's file is like
    return text[:_LONGEST_SOURCE]


def without_comments(source: str) -> str:
    """Python code without its comments, in which people write who they are; "" if it is none."""
    lines = source.split("\n")
    try:
        tokens = list(tokenize.generate_tokens(io.StringIO(source).readline))
    except (tokenize.TokenError, SyntaxError):
        return ""
    for token in reversed(tokens):
        if token.type == tokenize.COMMENT:
            row, column = token.start[0] - 1, token.start[1]
            lines[row] = lines[row][:column].rstrip()
            if not lines[row]:
                del lines[row]
    return "\n".join(lines).strip("\n")
